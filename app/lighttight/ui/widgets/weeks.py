"""Copies out, by week: bars, painted; one of them amber. Read aloud as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from lighttight.ui import days, paint, words
from lighttight.ui.theme import theme

_LEFT: Final = 32
_TOP: Final = 10
_FOOT: Final = 26
_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A week and the number of copies that left in it."""

    begins: date
    copies: int
    unusual: bool = False


def scale(highest: int) -> int:
    """The number at the top: round, a multiple of the lines, and never below the highest bar."""
    step = 1
    while step * _LINES < highest:
        # 1, 2, 5, 10, 20, 50 …
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step * _LINES


class WeekChart(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: Sequence[Bar] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(154)
        self.set_bars([])

    def set_bars(self, bars: Sequence[Bar]) -> None:
        self._bars = bars
        self.setAccessibleName(self.tr("Copies out, by week"))
        told = [
            self.tr("week of {day}: {count}").format(
                day=days.day_and_month(bar.begins), count=words.number(bar.copies)
            )
            for bar in bars
            if bar.copies
        ]
        self.setAccessibleDescription(
            "; ".join(told) if told else self.tr("No copy left in these weeks.")
        )
        self.setToolTip("\n".join(told))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        small = theme().font("small")
        most = scale(max((bar.copies for bar in self._bars), default=0))
        ground = float(self.height() - _FOOT)
        reach = ground - _TOP
        dotted = QPen(colour("line_strong"), 1, Qt.PenStyle.CustomDashLine)
        dotted.setDashPattern([2.0, 4.0])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for number in range(_LINES + 1):
            y = round(ground - reach * number / _LINES)
            painter.setPen(QPen(colour("line_strong"), 1) if number == 0 else dotted)
            painter.drawLine(_LEFT - 4, y, self.width(), y)
            box = QRectF(0, y - 9, _LEFT - 10, 18)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            value = words.number(most * number // _LINES)
            paint.text(painter, box, value, small, colour("text3"), align)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._bars:
            return
        pitch = (self.width() - _LEFT) / len(self._bars)
        width = min(14.0, pitch - 4)
        for number, bar in enumerate(self._bars):
            if not bar.copies:
                continue
            height = max(3.0, reach * bar.copies / most)
            x = _LEFT + number * pitch + (pitch - width) / 2
            tone = "accent" if bar.unusual else "text3"
            box = QRectF(x, ground - height, width, height)
            paint.rounded(painter, box, min(3.0, height / 2), fill=colour(tone))
        foot = QRectF(_LEFT - 4, ground + 4, self.width() - _LEFT + 4, 18)
        paint.text(painter, foot, days.day_and_month(self._bars[0].begins), small, colour("text2"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        paint.text(painter, foot, self.tr("This week"), small, colour("text2"), right)
