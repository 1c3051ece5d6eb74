"""The timeline grid: pictures by month, with pointer and keyboard. Smooth at 100,000.

Nothing leaves the grid by dragging, because that would need a file on disk; a drag on pictures is
the rubber band.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from lighttight.model import ItemId
from lighttight.ui.grid.previews import PreviewSource
from lighttight.ui.grid.surface import HEADING, USUAL_ZOOM, ZOOM, Surface
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme

__all__ = ["USUAL_ZOOM", "ZOOM", "TimelineGrid"]

_EDGE: Final = 40
"""How near to an edge the rubber band begins to scroll."""
_SECOND_MS: Final = 700
_NEAR: Final = 12
"""How soon and how near a second press opens the picture: more than the system asks for, because
between two presses on one picture nothing else can be meant."""


class TimelineGrid(Surface):
    """Give it `set_cells` and a source of previews; listen to its signals."""

    def __init__(
        self,
        jobs: Jobs,
        source: PreviewSource,
        *,
        budget: int = 96 * 1024 * 1024,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(jobs, source, budget=budget, parent=parent)
        self._press: QPoint | None = None
        self._first: tuple[ItemId, QPoint, int] | None = None
        self._band_base: set[ItemId] = set()
        self._band_last = QPoint()
        self._roller = QTimer(self)
        self._roller.setInterval(16)
        self._roller.timeout.connect(self._roll)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = event.angleDelta().y()
            if step:
                self.set_zoom(self._zoom + (1 if step > 0 else -1))
            event.accept()
            return
        pixels = event.pixelDelta().y()
        bar = self.verticalScrollBar()
        if pixels:
            bar.setValue(bar.value() - pixels)
            event.accept()
            return
        super().wheelEvent(event)

    # ---- pointer -------------------------------------------------------------------------------

    def _place_at(self, at: QPoint) -> int | None:
        x = at.x() - theme().metrics.grid_margin
        y = at.y() + self.verticalScrollBar().value()
        sticky = self._timeline.month_top and at.y() < HEADING
        return None if sticky else self._timeline.hit(x, y)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._by_keyboard = False
        at = event.position().toPoint()
        place = self._place_at(at)
        if event.button() is Qt.MouseButton.RightButton:
            if place is not None and self._cells[place].id not in self._selection.ids:
                self._after(self._selection.only(place))
            return
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        top = self.verticalScrollBar().value()
        self._press = at + QPoint(0, top)
        keys = event.modifiers()
        control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        shift = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        self._band_base = set(self._selection.ids) if control or shift else set()
        if not control and not shift and self._open_pressed(event):
            return
        if place is None:
            if not control and not shift:
                self._after(self._selection.nothing())
            return
        self._revealed = place
        if shift:
            self._after(self._selection.extend(place))
        elif control:
            self._after(self._selection.toggle(place))
        else:
            self._first = (self._cells[place].id, at, event.timestamp())
            self._after(self._selection.only(place))

    def _open_pressed(self, event: QMouseEvent) -> bool:
        """The second press opens what the first one was on, wherever that is by now: pictures
        that came in meanwhile may have moved it away from under the pointer."""
        first, self._first = self._first, None
        if first is None:
            return False
        item, at, when = first
        far = (event.position().toPoint() - at).manhattanLength() > _NEAR
        if far or event.timestamp() - when > _SECOND_MS or self._selection.place_of(item) is None:
            return False
        self._press = None
        self.opened.emit(item)
        return True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        self._band_last = event.position().toPoint()
        top = self.verticalScrollBar().value()
        moved = self._band_last + QPoint(0, top) - self._press
        if self._band is None and moved.manhattanLength() < QApplication.startDragDistance() + 4:
            return
        if self._veiled:
            return
        self._revealed = None
        self._first = None
        self._stretch()
        outside = self._band_last.y() < _EDGE or (
            self._band_last.y() > self.viewport().height() - _EDGE
        )
        if outside and not self._roller.isActive():
            self._roller.start()

    def _stretch(self) -> None:
        """Draw the rubber band from where it began to where the pointer is."""
        if self._press is None:
            return
        top = self.verticalScrollBar().value()
        end = self._band_last + QPoint(0, top)
        band = QRect(
            min(self._press.x(), end.x()),
            min(self._press.y(), end.y()),
            abs(self._press.x() - end.x()) + 1,
            abs(self._press.y() - end.y()) + 1,
        )
        self._band = band
        margin = theme().metrics.grid_margin
        touched = self._timeline.within(
            band.left() - margin, band.top(), band.right() + 1 - margin, band.bottom() + 1
        )
        self._after(self._selection.sweep(touched, self._band_base))
        self.viewport().update()

    def _roll(self) -> None:
        """The pointer holds the band at an edge: scroll on, faster the further out."""
        if self._band is None:
            self._roller.stop()
            return
        y = self._band_last.y()
        height = self.viewport().height()
        speed = 0
        if y < _EDGE:
            speed = -((_EDGE - y) // 2 + 2)
        elif y > height - _EDGE:
            speed = (y - height + _EDGE) // 2 + 2
        if not speed:
            self._roller.stop()
            return
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + speed)
        self._stretch()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._press = None
        self._band = None
        self._revealed = None
        self._roller.stop()
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._open_pressed(event):
            return
        place = self._place_at(event.position().toPoint())
        if place is not None:
            self._press = None
            self.opened.emit(self._cells[place].id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._selection.ids:
            self.menu_wanted.emit(event.globalPos())

    # ---- keyboard ------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._handle_key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_H and not event.isAutoRepeat():
            self._reveal_all = False
            self.viewport().update()
            return
        super().keyReleaseEvent(event)

    def _handle_key(self, event: QKeyEvent) -> bool:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        key = event.key()
        if control and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_zoom(self._zoom + 1)
        elif control and key == Qt.Key.Key_Minus:
            self.set_zoom(self._zoom - 1)
        elif control and key == Qt.Key.Key_0:
            self.set_zoom(USUAL_ZOOM)
        elif control and key == Qt.Key.Key_A:
            self.select_all()
        elif not self._cells:
            return False
        elif key == Qt.Key.Key_H and not control:
            self._reveal_all = True
            self.viewport().update()
        elif key == Qt.Key.Key_Escape and self._selection.ids:
            self.clear_selection()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # A rubber band, or selecting all, leaves no picture current.
            chosen = self._selection.current or next(iter(self._selection.in_order()), None)
            if chosen is not None:
                self.opened.emit(chosen)
        elif key == Qt.Key.Key_Space:
            self._press_space(control=control)
        elif key == Qt.Key.Key_F and not control:
            self.favourite_wanted.emit()
        elif key == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        else:
            place = self._target(key)
            if place is None:
                return False
            self._go(place, control=control, shift=shift)
        return True

    def _press_space(self, *, control: bool) -> None:
        place = self._selection.current_place
        if place is None:
            return
        self._by_keyboard = True
        self._after(self._selection.toggle(place) if control else self._selection.only(place))

    def _target(self, key: int) -> int | None:
        """The picture a key of movement leads to."""
        last = len(self._cells) - 1
        here = self._selection.current_place
        if here is None:
            known = (
                *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
                *(Qt.Key.Key_Home, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp),
            )
            if key == Qt.Key.Key_End:
                return last
            return self._first_seen() if key in known else None
        page = self.viewport().height() - HEADING
        match key:
            case Qt.Key.Key_Left:
                return max(0, here - 1)
            case Qt.Key.Key_Right:
                return min(last, here + 1)
            case Qt.Key.Key_Up:
                return self._timeline.beside(here, -1)
            case Qt.Key.Key_Down:
                return self._timeline.beside(here, 1)
            case Qt.Key.Key_Home:
                return 0
            case Qt.Key.Key_End:
                return last
            case Qt.Key.Key_PageUp:
                return self._timeline.beside(here, -self._timeline.rows_in(page, here, -1))
            case Qt.Key.Key_PageDown:
                return self._timeline.beside(here, self._timeline.rows_in(page, here, 1))
            case _:
                return None

    def _first_seen(self) -> int:
        top = self.verticalScrollBar().value()
        for box in self._timeline.boxes_between(top, top + self.viewport().height()):
            if box.y >= top:
                return box.index
        return 0

    def _go(self, place: int, *, control: bool, shift: bool) -> None:
        self._by_keyboard = True
        if shift:
            changed = self._selection.extend(place)
        elif control:
            changed = self._selection.move(place)
        else:
            changed = self._selection.only(place)
        self._show(place)
        self._after(changed)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        ):
            self._by_keyboard = True
            if self._selection.current is None and self._cells:
                self._selection.move(self._first_seen())
                self._tell_current()
        self.viewport().update()
        super().focusInEvent(event)
