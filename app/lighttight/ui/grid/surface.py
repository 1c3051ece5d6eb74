"""The surface of the grid: cells laid out, previews asked for, everything painted.

Only what is visible, and a little beyond, is laid out in detail, asked for and held. A picture
fades in once and is never taken away while it is seen: at another size its old image is drawn
until the new one is there. What pointer and keys do to it stands in `view`.
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QHelpEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from lighttight.model import Cell, ItemId, Kind, PreviewState
from lighttight.ui import words
from lighttight.ui.grid import drawing
from lighttight.ui.grid.layout import Box, Spacing, Timeline
from lighttight.ui.grid.previews import Preview, PreviewCache, PreviewLoader, PreviewSource, Wanted
from lighttight.ui.grid.selection import Selection
from lighttight.ui.grid.strip import YearStrip
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme

ZOOM: Final = (72, 92, 112, 144, 184, 236)
"""Row heights of the zoom steps."""
USUAL_ZOOM: Final = 2
HEADING: Final = 36
"""Height of a month's heading, which sticks to the top."""

_RIGHT: Final = 12
_FOOT: Final = 16
"""Free space below the last picture."""


class Surface(QAbstractScrollArea):
    """Shows cells and a selection; `TimelineGrid` adds the hands."""

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
        self._veiled_items: frozenset[ItemId] = frozenset()
        self._revealed: int | None = None
        self._reveal_all = False
        self._by_keyboard = False
        self._band: QRect | None = None
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
        theme().changed.connect(self._redress)

        self.heading_note = ""
        """What the months are the months of, for whoever asks a heading."""

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

    def insert_cells(
        self, cells: Iterable[Cell], order: Mapping[ItemId, int] = MappingProxyType({})
    ) -> None:
        """Pictures came in: each goes to its place by date; what is seen does not move.

        `order` says which is first among those of the same second; one that it does not name
        comes last of them.
        """

        def rank(cell: Cell) -> int:
            return order.get(cell.id, sys.maxsize)

        fresh = sorted(cells, key=lambda cell: (-cell.when, rank(cell)))
        if not fresh:
            return
        if not self._cells or fresh[0].when < self._cells[-1].when:
            self._keeping_place(lambda: self._cells.extend(fresh))
            return

        def merge() -> None:
            for cell in fresh:
                place = bisect_right(self._cells, -cell.when, key=lambda c: -c.when)
                while (
                    place
                    and self._cells[place - 1].when == cell.when
                    and rank(self._cells[place - 1]) > rank(cell)
                ):
                    place -= 1
                self._cells.insert(place, cell)

        def resort() -> None:
            self._cells.extend(fresh)
            self._cells.sort(key=lambda cell: (-cell.when, rank(cell)))

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

    def ask_again(self) -> None:
        """What had no preview when it was asked for may have one by now."""
        if self._without:
            self._without.clear()
            self._asked_at = None
            self._soon()

    def forget_everything(self) -> None:
        """Lock: no picture stays in memory."""
        self._cells = []
        self._cache.clear()
        self._born.clear()
        self._veiled_items = frozenset()
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

    def set_veiled_items(self, items: frozenset[ItemId]) -> None:
        """These stay unreadable wherever they are shown: they are in an album that is veiled."""
        if items != self._veiled_items:
            self._veiled_items = items
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
        return Spacing(max(160, width), ZOOM[self._zoom], gap, HEADING)

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
        bar.setPageStep(max(1, view - HEADING))
        bar.setRange(0, max(0, self._timeline.height + _FOOT - view))
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
            for box in self._timeline.boxes_between(top + HEADING, top + height):
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
                    drawing.selected(painter, rect)
                if cell.id == current:
                    ring = rect
        if ring is not None and self._by_keyboard and self.hasFocus():
            drawing.ring(painter, ring)
        self._paint_headings(painter, top)
        if self._band is not None:
            drawing.band(painter, self._band.translated(0, -top))

    def _paint_picture(self, painter: QPainter, rect: QRect, cell: Cell, index: int) -> None:
        preview = self._cache.get(cell.id)
        born = self._born.get(cell.id) if preview is not None else None
        if preview is None or born is not None:
            drawing.frame(painter, rect)
        if preview is None:
            if cell.preview is PreviewState.NONE or cell.id in self._without:
                drawing.missing(painter, rect, cell.kind)
        elif self._hidden(cell, index):
            drawing.veil(painter, rect, preview)
            return
        else:
            if born is not None:
                age = (self._clock() - born) * 1000 / max(1, theme().fade_ms)
                painter.setOpacity(min(1.0, max(0.0, age)))
            drawing.picture(painter, rect, preview, self.devicePixelRatioF())
            painter.setOpacity(1.0)
        if cell.favourite:
            drawing.heart(painter, rect)
        if cell.kind is Kind.VIDEO:
            drawing.time_badge(painter, rect, cell.duration)

    def _hidden(self, cell: Cell, index: int) -> bool:
        veiled = self._veiled or cell.id in self._veiled_items
        return veiled and not self._reveal_all and self._revealed != index

    def _paint_headings(self, painter: QPainter, top: int) -> None:
        timeline = self._timeline
        first = timeline.month_at(top)
        right = self.viewport().width() - _RIGHT
        bottom = top + self.viewport().height()
        for number in range(first, len(timeline.months)):
            y = timeline.month_top[number] - top
            if number > first and y + top > bottom:
                break
            if number == first:
                following = (
                    timeline.month_top[number + 1] - top
                    if number + 1 < len(timeline.months)
                    else HEADING
                )
                y = min(max(y, 0), max(y, following - HEADING))
                strip = QRect(0, y, self.viewport().width(), HEADING)
                painter.fillRect(strip, theme().colour("bg"))
            drawing.heading(painter, timeline.months[number], y, right)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = event.pos()
            QToolTip.showText(
                event.globalPos(), self.heading_note if self._on_heading(at.y()) else "", self
            )
            return True
        return super().viewportEvent(event)

    def _on_heading(self, y: int) -> bool:
        if not self._timeline.months:
            return False
        top = self.verticalScrollBar().value()
        month = self._timeline.month_top[self._timeline.month_at(top + y)]
        return y < HEADING or top + y < month + HEADING

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
        if box.y - HEADING - 4 < top:
            bar.setValue(box.y - HEADING - 4)
        elif box.y + box.height + _FOOT > top + height:
            bar.setValue(box.y + box.height + _FOOT - height)

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
