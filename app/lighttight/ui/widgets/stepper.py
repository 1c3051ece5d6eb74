"""Where one is in a short way: done, here, to come."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme

_DISC = 20
_DASH = 24
_GAP = 12


class Stepper(QWidget):
    def __init__(self, steps: Sequence[str], here: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps = list(steps)
        self._here = here
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_here(here)

    def set_here(self, here: int) -> None:
        self._here = here
        self.setAccessibleName(
            self.tr("Step {here} of {all}: {name}").format(
                here=here + 1, all=len(self._steps), name=self._steps[here]
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        strong = theme().font("small", strong=True)
        words = sum(paint.text_width(step, strong) for step in self._steps)
        return QSize(words + len(self._steps) * (_DISC + 8 + 2 * _GAP + _DASH), _DISC)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, _DISC)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        x = 0.0
        for number, words in enumerate(self._steps):
            here = number == self._here
            done = number < self._here
            fill = colour("accent") if here or done else colour("raised")
            ink = colour("on_accent") if here or done else colour("text2")
            paint.dot(painter, x + _DISC / 2, _DISC / 2, _DISC / 2, fill)
            box = QRectF(x, 0, _DISC, _DISC)
            if done:
                paint_icon(painter, "check", x + 3, 3, ink, 14)
            else:
                small = theme().font("small", strong=True)
                paint.text(painter, box, str(number + 1), small, ink, Qt.AlignmentFlag.AlignCenter)
            x += _DISC + 8
            font = theme().font("small", strong=here)
            tone = colour("text") if here else colour("text3")
            room = QRectF(x, 0, max(0.0, self.width() - x), _DISC)
            x += paint.text(painter, room, words, font, tone) + _GAP
            if number + 1 < len(self._steps):
                painter.fillRect(QRectF(x, _DISC / 2, _DASH, 1), colour("line_strong"))
                x += _DASH + _GAP
