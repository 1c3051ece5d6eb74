"""The timeline grid: pictures by month, painted by hand, smooth at 100,000.

Only what is visible, and a little beyond, is laid out in detail, asked for and held. A picture
fades in once and is never taken away while it is seen: at another size its old image is drawn
until the new one is there.

Nothing leaves the grid by dragging, because that would need a file on disk; a drag on pictures is
the rubber band.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from lighttight.model import Cell, ItemId, Kind, PreviewState
from lighttight.ui import paint, words
from lighttight.ui.grid.layout import Box, Spacing, Timeline
from lighttight.ui.grid.previews import Preview, PreviewCache, PreviewLoader, PreviewSource, Wanted
from lighttight.ui.grid.selection import Selection
from lighttight.ui.grid.strip import YearStrip
from lighttight.ui.icons import paint_icon
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme

ZOOM: Final = (72, 92, 112, 144, 184, 236)
"""Row heights of the zoom steps."""
USUAL_ZOOM: Final = 2

_HEADING: Final = 36
_RIGHT: Final = 12
_EDGE: Final = 40
"""How near to an edge the rubber band begins to scroll."""


class TimelineGrid(QAbstractScrollArea):
    """Give it `set_cells` and a source of previews; listen to its signals."""

    opened = Signal(str)
    selection_changed = Signal()
    current_changed = Signal(str)
    favourite_wanted = Signal()
    delete_wanted = Signal()
    menu_wanted = Signal(QPoint)
    zoom_changed = Signal(int)

    def __init__(
        self,
        jobs: Jobs,
        source: PreviewSource,
        *,
        budget: int = 96 * 1024 * 1024,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ownFocus", True)
        self.setViewportMargins(0, 0, theme().metrics.year_strip, 0)
        self.viewport().setMouseTracking(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Pictures by month"))
        self._cells: list[Cell] = []
        self._selection = Selection()
        self._zoom = USUAL_ZOOM
        self._timeline = Timeline([], self._spacing())
        self._cache = PreviewCache(budget)
        self._without: set[ItemId] = set()
        self._born: dict[ItemId, float] = {}
        self._veiled = False
        self._revealed: int | None = None
        self._reveal_all = False
        self._by_keyboard = False
        self._press: QPoint | None = None
        self._band: QRect | None = None
        self._band_base: set[ItemId] = set()
        self._band_last = QPoint()
        self._asked_at: tuple[int, int, int, int] | None = None
        self._loader = PreviewLoader(jobs, source, self._arrived, parent=self)
        self._clock: Callable[[], float] = time.monotonic

        self._strip = YearStrip(self)
        self._strip.wanted.connect(self._scrub)
        bar = self.verticalScrollBar()
        bar.setSingleStep(48)
        bar.valueChanged.connect(self._scrolled)
        self._fader = QTimer(self)
        self._fader.setInterval(16)
        self._fader.timeout.connect(self._fade)
        self._asker = QTimer(self)
        self._asker.setSingleShot(True)
        self._asker.setInterval(0)
        self._asker.timeout.connect(self._ask)
        self._roller = QTimer(self)
        self._roller.setInterval(16)
        self._roller.timeout.connect(self._roll)
        theme().changed.connect(self._redress)

    # ---- what the page does --------------------------------------------------------------------

    def cells(self) -> Sequence[Cell]:
        return self._cells

    def set_cells(self, cells: Sequence[Cell]) -> None:
        """Show another list, from the top, in the order given (newest first)."""
        self._cells = list(cells)
        self._loader.forget()
        self._without.clear()
        self._rebuild()
        self.verticalScrollBar().setValue(0)

    def insert_cells(self, cells: Iterable[Cell]) -> None:
        """Pictures came in: each goes to its place by date; what is seen does not move."""
        fresh = sorted(cells, key=lambda cell: -cell.when)
        if not fresh:
            return
        if not self._cells or fresh[0].when < self._cells[-1].when:
            self._keeping_place(lambda: self._cells.extend(fresh))
            return

        def merge() -> None:
            for cell in fresh:
                place = bisect_right(self._cells, -cell.when, key=lambda c: -c.when)
                self._cells.insert(place, cell)

        def resort() -> None:
            self._cells.extend(fresh)
            self._cells.sort(key=lambda cell: -cell.when)

        self._keeping_place(merge if len(fresh) < 64 else resort)

    def remove_cells(self, items: Iterable[ItemId]) -> None:
        gone = set(items)
        place = self._selection.current_place
        for item in gone:
            self._cache.drop(item)
            self._without.discard(item)

        def drop() -> None:
            self._cells = [cell for cell in self._cells if cell.id not in gone]

        lost = self._selection.current in gone
        self._keeping_place(drop)
        if lost and place is not None and self._cells:
            self._selection.move(min(place, len(self._cells) - 1))
            self._tell_current()

    def replace_cells(self, cells: Iterable[Cell]) -> None:
        """Same pictures, other facts: a heart, a preview that is ready, a corrected date."""
        fresh = {cell.id: cell for cell in cells}
        moved = False
        for place, old in enumerate(self._cells):
            new = fresh.get(old.id)
            if new is None:
                continue
            moved |= (new.when, new.width, new.height) != (old.when, old.width, old.height)
            if new.preview is not old.preview:
                self._without.discard(new.id)
                self._asked_at = None
            self._cells[place] = new
        if moved:
            self._keeping_place(lambda: self._cells.sort(key=lambda cell: -cell.when))
        else:
            self._selection.set_cells(self._cells)
            self._soon()
            self.viewport().update()

    def forget_preview(self, item: ItemId) -> None:
        """Its preview was made anew."""
        self._cache.drop(item)
        self._without.discard(item)
        self._asked_at = None
        self._soon()

    def forget_everything(self) -> None:
        """Lock: no picture stays in memory."""
        self._cells = []
        self._cache.clear()
        self._born.clear()
        self._loader.forget()
        self._rebuild()

    def selected(self) -> list[ItemId]:
        return self._selection.in_order()

    def current(self) -> ItemId | None:
        return self._selection.current

    def select(self, item: ItemId, *, show: bool = True) -> None:
        place = self._selection.place_of(item)
        if place is None:
            return
        changed = self._selection.only(place)
        if show:
            self._show(place)
        self._after(changed)

    def clear_selection(self) -> None:
        self._after(self._selection.nothing())

    def select_all(self) -> None:
        self._after(self._selection.everything())

    def zoom(self) -> int:
        return self._zoom

    def set_zoom(self, step: int) -> None:
        step = min(max(0, step), len(ZOOM) - 1)
        if step == self._zoom:
            return
        self._zoom = step
        self._keeping_place(lambda: None)
        self.zoom_changed.emit(step)

    def set_veiled(self, veiled: bool) -> None:
        """Pictures stay unreadable until one is held (pointer), or H (all)."""
        self._veiled = veiled
        self.viewport().update()

    def rect_of(self, item: ItemId) -> QRect | None:
        """Where a picture is seen, in this widget's own coordinates; None when scrolled away."""
        place = self._selection.place_of(item)
        if place is None:
            return None
        rect = self._seen(self._timeline.box(place))
        rect.translate(self.viewport().pos())
        return rect if rect.intersects(self.viewport().geometry()) else None

    def pending(self) -> int:
        """How many previews are still on their way; for tests and benchmarks."""
        return self._loader.pending() + (1 if self._asker.isActive() else 0)

    @property
    def cache(self) -> PreviewCache:
        return self._cache

    @property
    def timeline(self) -> Timeline:
        return self._timeline

    # ---- laying out ----------------------------------------------------------------------------

    def _spacing(self) -> Spacing:
        width = self.viewport().width() - theme().metrics.grid_margin - _RIGHT
        gap = theme().metrics.grid_gap
        return Spacing(max(160, width), ZOOM[self._zoom], gap, _HEADING)

    def _rebuild(self) -> None:
        """The cells changed."""
        self._timeline = Timeline(self._cells, self._spacing())
        changed = self._selection.set_cells(self._cells)
        self._measure()
        if changed:
            self.selection_changed.emit()

    def _measure(self) -> None:
        view = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setPageStep(max(1, view - _HEADING))
        bar.setRange(0, max(0, self._timeline.height + 16 - view))
        self._strip.set_timeline(
            self._timeline.years(), max(1, bar.maximum() + view), self._month_name
        )
        self._strip.set_place(bar.value(), view)
        self._asked_at = None
        self._soon()
        self.viewport().update()

    def _keeping_place(self, act: Callable[[], None]) -> None:
        """Change cells or spacing; the picture at the top (or the current one) stays in place."""
        pin: tuple[ItemId, int] | None = None
        top = self.verticalScrollBar().value()
        place = self._selection.current_place
        height = self.viewport().height()
        if place is not None:
            y = self._timeline.box(place).y - top
            if 0 <= y < height:
                pin = (self._cells[place].id, y)
        if pin is None and top > 0:
            for box in self._timeline.boxes_between(top + _HEADING, top + height):
                pin = (self._cells[box.index].id, box.y - top)
                break
        act()
        self._rebuild()
        if pin is None:
            return
        place = self._selection.place_of(pin[0])
        if place is not None:
            self.verticalScrollBar().setValue(self._timeline.box(place).y - pin[1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        strip = theme().metrics.year_strip
        self._strip.setGeometry(self.width() - strip, 0, strip, self.height())
        spacing = self._spacing()
        if spacing != self._timeline.spacing:
            pin: tuple[int, int] | None = None
            top = self.verticalScrollBar().value()
            for box in self._timeline.boxes_between(top, top + self.viewport().height()):
                pin = (box.index, box.y - top)
                break
            self._timeline.arrange(spacing)
            self._measure()
            if pin is not None and top > 0:
                self.verticalScrollBar().setValue(self._timeline.box(pin[0]).y - pin[1])
        else:
            self._measure()
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(792, 720)

    # ---- previews ------------------------------------------------------------------------------

    def _soon(self) -> None:
        if not self._asker.isActive():
            self._asker.start()

    def _ask(self) -> None:
        """Want what is visible, then one view in the direction of travel, then half behind."""
        top = self.verticalScrollBar().value()
        height = self.viewport().height()
        key = (top, height, self.viewport().width(), self._zoom)
        if key == self._asked_at or not self._cells or not self.isVisible():
            return
        down = self._asked_at is None or top >= self._asked_at[0]
        self._asked_at = key
        ahead, behind = (height, height // 2) if down else (height // 2, height)
        wanted: list[Wanted] = []
        self._collect(wanted, top, top + height)
        if down:
            self._collect(wanted, top + height, top + height + ahead)
            self._collect(wanted, max(0, top - behind), top)
        else:
            self._collect(wanted, max(0, top - behind), top)
            self._collect(wanted, top + height, top + height + ahead)
        ratio = self.devicePixelRatioF()
        self._loader.radius = theme().metrics.radius_picture * ratio
        self._loader.want(list(dict.fromkeys(wanted)))

    def _collect(self, wanted: list[Wanted], top: int, bottom: int) -> None:
        ratio = self.devicePixelRatioF()
        for box in self._timeline.boxes_between(top, bottom):
            cell = self._cells[box.index]
            if cell.preview is not PreviewState.READY or cell.id in self._without:
                continue
            width, height = round(box.width * ratio), round(box.height * ratio)
            held = self._cache.get(cell.id)
            if held is not None and (held.width, held.height) == (width, height):
                continue
            wanted.append(Wanted(cell.id, width, height))

    def _arrived(self, made: Sequence[tuple[Wanted, QImage | None]]) -> None:
        now = self._clock()
        for one, image in made:
            if image is None:
                self._without.add(one.item)
                continue
            if theme().fade_ms and self._cache.get(one.item) is None:
                self._born[one.item] = now
            self._cache.put(one.item, Preview(image, one.width, one.height))
        if self._born and not self._fader.isActive():
            self._fader.start()
        self.viewport().update()

    def _fade(self) -> None:
        limit = self._clock() - theme().fade_ms / 1000
        self._born = {item: born for item, born in self._born.items() if born > limit}
        if not self._born:
            self._fader.stop()
        self.viewport().update()

    # ---- painting ------------------------------------------------------------------------------

    def _seen(self, box: Box) -> QRect:
        return QRect(
            box.x + theme().metrics.grid_margin,
            box.y - self.verticalScrollBar().value(),
            box.width,
            box.height,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        painter.fillRect(area, theme().colour("bg"))
        if not self._cells:
            return
        top = self.verticalScrollBar().value()
        timeline = self._timeline
        chosen = self._selection.ids
        ring: QRect | None = None
        current = self._selection.current
        for row in timeline.rows_between(top + area.top() - 8, top + area.bottom() + 9):
            for box in timeline.row_boxes(row):
                cell = self._cells[box.index]
                rect = self._seen(box)
                self._paint_picture(painter, rect, cell, box.index)
                if cell.id in chosen:
                    self._paint_selected(painter, rect)
                if cell.id == current:
                    ring = rect
        if ring is not None and self._by_keyboard and self.hasFocus():
            self._paint_ring(painter, ring)
        self._paint_headings(painter, top)
        if self._band is not None:
            self._paint_band(painter, self._band.translated(0, -top))

    def _paint_picture(self, painter: QPainter, rect: QRect, cell: Cell, index: int) -> None:
        preview = self._cache.get(cell.id)
        born = self._born.get(cell.id) if preview is not None else None
        radius = theme().metrics.radius_picture
        if preview is None or born is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("raised"))
            painter.drawRoundedRect(rect, radius, radius)
        if preview is None:
            if cell.preview is PreviewState.NONE or cell.id in self._without:
                self._paint_missing(painter, rect, cell)
        elif self._veiled and not self._reveal_all and self._revealed != index:
            self._paint_veil(painter, rect, preview)
            return
        else:
            if born is not None:
                age = (self._clock() - born) * 1000 / max(1, theme().fade_ms)
                painter.setOpacity(min(1.0, max(0.0, age)))
            self._paint_image(painter, rect, preview)
            painter.setOpacity(1.0)
        if cell.favourite:
            paint_icon(
                painter, "heart-filled", rect.x() + 4, rect.bottom() - 23, QColor("white"), 16
            )
        if cell.kind is Kind.VIDEO:
            self._paint_time(painter, rect, cell.duration)

    def _paint_image(self, painter: QPainter, rect: QRect, preview: Preview) -> None:
        ratio = self.devicePixelRatioF()
        image = preview.image
        if (preview.width, preview.height) == (
            round(rect.width() * ratio),
            round(rect.height() * ratio),
        ):
            if image.devicePixelRatio() != ratio:
                image.setDevicePixelRatio(ratio)
            painter.drawImage(rect.topLeft(), image)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(rect), image, _cover(image, rect))

    def _paint_veil(self, painter: QPainter, rect: QRect, preview: Preview) -> None:
        """Six colours of the picture, run together: enough to know it is one, no more."""
        tiny = preview.image.scaled(
            3, 2, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(rect), tiny, QRectF(0.5, 0.5, 2, 1))
        paint_icon(
            painter,
            "eye-off",
            rect.center().x() - 9,
            rect.center().y() - 9,
            QColor(255, 255, 255, 200),
            20,
        )

    def _paint_missing(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        ink = theme().colour("text3")
        name = "video" if cell.kind is Kind.VIDEO else "library"
        at = rect.center()
        if rect.width() > 88 and rect.height() > 60:
            paint_icon(painter, name, at.x() - 10, at.y() - 18, ink, 20)
            box = QRectF(rect.x() + 4, at.y() + 4, rect.width() - 8, 18)
            centre = Qt.AlignmentFlag.AlignCenter
            paint.text(painter, box, self.tr("No preview"), theme().font("small"), ink, centre)
        else:
            paint_icon(painter, name, at.x() - 10, at.y() - 10, ink, 20)

    def _paint_time(self, painter: QPainter, rect: QRect, seconds: float | None) -> None:
        font = theme().font("small")
        shown = words.clock(seconds) if seconds is not None else ""
        width = paint.text_width(shown, font) + (28 if shown else 22)
        if width > rect.width() - 8:
            shown, width = "", 22
        badge = QRectF(rect.right() - width - 3, rect.bottom() - 21, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().viewer_colour("badge"))
        painter.drawRoundedRect(badge, 4, 4)
        ink = theme().viewer_colour("text")
        painter.setBrush(ink)
        x, y = badge.x() + 8, badge.center().y()
        painter.drawPolygon(
            [
                QPoint(int(x), int(y - 4)),
                QPoint(int(x), int(y + 5)),
                QPoint(int(x + 7), int(y + 0.5)),
            ]
        )
        if shown:
            paint.text(painter, badge.adjusted(19, 0, 0, 0), shown, font, ink)

    def _paint_selected(self, painter: QPainter, rect: QRect) -> None:
        metrics = theme().metrics
        accent = theme().colour("accent")
        inner = QRectF(rect).adjusted(3, 3, -3, -3)
        paint.rounded(painter, inner, 2, edge=theme().colour("bg"), width=2)
        paint.rounded(painter, rect, metrics.radius_picture, edge=accent, width=metrics.selection)
        if rect.width() >= 40 and rect.height() >= 40:
            x, y = rect.right() - 16, rect.y() + 17
            paint.dot(painter, x, y, 10, accent)
            paint_icon(painter, "check", x - 8, y - 8, theme().colour("on_accent"), 16)

    def _paint_ring(self, painter: QPainter, rect: QRect) -> None:
        metrics = theme().metrics
        outer = QRectF(rect).adjusted(-4, -4, 4, 4)
        radius = metrics.radius_picture + metrics.focus_offset + metrics.focus
        paint.rounded(painter, outer, radius, edge=theme().colour("accent"), width=metrics.focus)

    def _paint_headings(self, painter: QPainter, top: int) -> None:
        timeline = self._timeline
        first = timeline.month_at(top)
        bottom = top + self.viewport().height()
        for number in range(first, len(timeline.months)):
            y = timeline.month_top[number] - top
            if number > first and y + top > bottom:
                break
            if number == first:
                following = (
                    timeline.month_top[number + 1] - top
                    if number + 1 < len(timeline.months)
                    else _HEADING
                )
                y = min(max(y, 0), max(y, following - _HEADING))
                strip = QRect(0, y, self.viewport().width(), _HEADING)
                painter.fillRect(strip, theme().colour("bg"))
            self._paint_heading(painter, number, y)

    def _paint_heading(self, painter: QPainter, number: int, y: int) -> None:
        month = self._timeline.months[number]
        left = theme().metrics.grid_margin
        room = self.viewport().width() - left - _RIGHT
        box = QRectF(left, y + 8, room, 24)
        name = words.month(month.year, month.month)
        heading = theme().font("heading")
        taken = paint.text(painter, box, name, heading, theme().colour("text"))
        count = QRectF(left + taken + 10, y + 9, room - taken - 10, 24)
        shown = words.number(month.count)
        paint.text(painter, count, shown, theme().font("body"), theme().colour("text3"))

    def _paint_band(self, painter: QPainter, rect: QRect) -> None:
        accent = QColor(theme().colour("accent"))
        painter.setPen(QPen(accent, 1))
        accent.setAlphaF(0.14)
        painter.setBrush(accent)
        painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5))

    def _month_name(self, y: int) -> str:
        if not self._timeline.months:
            return ""
        month = self._timeline.months[self._timeline.month_at(y)]
        return words.month(month.year, month.month)

    def _redress(self) -> None:
        self.viewport().update()
        self._strip.update()

    # ---- moving about --------------------------------------------------------------------------

    def _scrolled(self, value: int) -> None:
        self._strip.set_place(value, self.viewport().height())
        self._soon()
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Painting is quick enough to do the whole view anew; headings stick, so no blitting."""
        del dx, dy
        self.viewport().update()

    def _scrub(self, y: int) -> None:
        self.verticalScrollBar().setValue(y)

    def _show(self, place: int) -> None:
        """Scroll just as far as needed to see a picture whole, its month's heading included."""
        box = self._timeline.box(place)
        bar = self.verticalScrollBar()
        top = bar.value()
        height = self.viewport().height()
        if box.y - _HEADING - 4 < top:
            bar.setValue(box.y - _HEADING - 4)
        elif box.y + box.height + 8 > top + height:
            bar.setValue(box.y + box.height + 8 - height)

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
        sticky = self._timeline.month_top and at.y() < _HEADING
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
            self._after(self._selection.only(place))

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
        place = self._place_at(event.position().toPoint())
        if place is not None and event.button() is Qt.MouseButton.LeftButton:
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
            if self._selection.current is not None:
                self.opened.emit(self._selection.current)
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
        page = self.viewport().height() - _HEADING
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

    # ---- telling -------------------------------------------------------------------------------

    def _after(self, changed: bool) -> None:
        self._tell_current()
        if changed:
            self.selection_changed.emit()
        self.viewport().update()

    def _tell_current(self) -> None:
        place = self._selection.current_place
        spoken = "" if place is None else self.describe(place)
        if spoken == self.accessibleDescription():
            return
        self.setAccessibleDescription(spoken)
        if place is None:
            self.current_changed.emit("")
            return
        self.current_changed.emit(self._cells[place].id)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, spoken))

    def describe(self, place: int) -> str:
        """What a screen reader says of a picture. Names are not held by the grid."""
        cell = self._cells[place]
        month = self._timeline.months[self._timeline.month_of(place)]
        kind = self.tr("Video") if cell.kind is Kind.VIDEO else self.tr("Photo")
        said = self.tr("{kind} {number} of {all}, {month}").format(
            kind=kind,
            number=words.number(place + 1),
            all=words.number(len(self._cells)),
            month=words.month(month.year, month.month),
        )
        if cell.duration is not None:
            said = self.tr("{picture}, {time}").format(
                picture=said, time=words.clock(cell.duration)
            )
        if cell.favourite:
            said = self.tr("{picture}, favourite").format(picture=said)
        if cell.id in self._selection.ids:
            said = self.tr("{picture}, selected").format(picture=said)
        return said


def _cover(image: QImage, rect: QRect) -> QRectF:
    """The middle part of an image with the shape of `rect`, in the image's own pixels."""
    width, height = image.width(), image.height()
    shape = rect.width() / max(1, rect.height())
    if width > height * shape:
        part = height * shape
        return QRectF((width - part) / 2, 0, part, height)
    part = width / shape
    return QRectF(0, (height - part) / 2, width, part)
