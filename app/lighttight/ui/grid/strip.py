"""The year strip at the right of the grid: where one is in time, and the way to elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from lighttight.ui import paint
from lighttight.ui.grid.scrub import Scale
from lighttight.ui.theme import theme

_ROOM = 18.0
_TOP = 24.0
_FOOT = 16.0


def _nameless(_: int) -> str:
    return ""


class YearStrip(QWidget):
    """Press or drag to go there. The grid tells it what there is and where it stands."""

    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Years"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self._years: list[tuple[int, int]] = []
        self._height = 1
        self._here = 0
        self._view = 1
        self._name_of: Callable[[int], str] = _nameless
        self._scale = Scale([], 1, 1.0, _ROOM)
        self._over: float | None = None

    def sizeHint(self) -> QSize:
        return QSize(theme().metrics.year_strip, 200)

    def set_timeline(
        self, years: Sequence[tuple[int, int]], height: int, name_of: Callable[[int], str]
    ) -> None:
        """`name_of(y)` tells the month at a height of the timeline, for the tip while dragging."""
        self._years = list(years)
        self._height = height
        self._name_of = name_of
        self._rescale()

    def set_place(self, top: int, view: int) -> None:
        if (top, view) != (self._here, self._view):
            self._here, self._view = top, view
            self.update()

    def _rescale(self) -> None:
        reach = max(1.0, self.height() - _TOP - _FOOT)
        self._scale = Scale(self._years, self._height, reach, _ROOM)
        self.update()

    def resizeEvent(self, event: object) -> None:
        del event
        self._rescale()

    def current_year(self) -> int | None:
        found: int | None = None
        for year, top in self._years:
            if top <= self._here + 1 or found is None:
                found = year
        return found

    def _go(self, event: QMouseEvent) -> None:
        at = event.position().y() - _TOP
        y = self._scale.to_timeline(at)
        self.wanted.emit(y)
        name = self._name_of(y)
        if name:
            corner = self.mapToGlobal(QPoint(-96, int(event.position().y()) - 28))
            QToolTip.showText(corner, name, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._years:
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._over = event.position().y()
        if event.buttons() & Qt.MouseButton.LeftButton and self._years:
            self._go(event)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def leaveEvent(self, event: object) -> None:
        del event
        self._over = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        painter.fillRect(self.rect(), colour("bg"))
        if not self._years:
            return
        right = self.width() - 8.0
        here = self.current_year()
        shown = self._scale.labelled(_ROOM)
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for mark, following in zip(shown, [*shown[1:], None], strict=True):
            chosen = mark.year == here
            font = theme().font("small", strong=chosen)
            tone = colour("accent_text") if chosen else colour("text2" if self._over else "text3")
            box = QRectF(0, _TOP + mark.at - 8, right, 16)
            paint.text(painter, box, str(mark.year), font, tone, align)
            end = self._scale.to_strip(self._height) if following is None else following.at
            self._ticks(painter, _TOP + mark.at + 20, _TOP + end - 12, right)
        if self._height > self._view:
            y = _TOP + self._scale.to_strip(self._here)
            painter.fillRect(QRectF(self.width() - 3.0, y - 8, 3, 16), colour("accent"))
        if self._over is not None:
            painter.fillRect(QRectF(right - 16, self._over, 16, 1), colour("text2"))

    def _ticks(self, painter: QPainter, start: float, end: float, right: float) -> None:
        """Small strokes between two years, as on a film's edge."""
        number = min(11, int((end - start) // 14))
        if number <= 0:
            return
        step = (end - start) / number
        for tick in range(number):
            y = round(start + (tick + 0.5) * step)
            painter.fillRect(QRectF(right - 4, y, 4, 1), theme().colour("line_strong"))
