"""Words on the page, in the four sizes and with the line heights of the design.

`Text` is a QLabel, so that screen readers meet static text, but it lays its lines out itself:
Qt's own label sets them closer than the design does, and cannot elide.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import Role, theme, tokens


class Text(QLabel):
    """A paragraph (`wrap=True`) or one line that elides; never interprets markup."""

    def __init__(
        self,
        words: str = "",
        role: Role = "body",
        tone: str = "text",
        *,
        strong: bool = False,
        wrap: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._role: Role = role
        self._strong = strong
        self._tone = tone
        self._align = align
        size = "heading" if role == "lead" else role
        self._line = int(tokens()["type"]["desktop"][size]["line"])
        self.setWordWrap(wrap)
        policy = QSizePolicy(
            QSizePolicy.Policy.Preferred,
            QSizePolicy.Policy.Fixed if not wrap else QSizePolicy.Policy.Minimum,
        )
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.setText(words)

    def set_tone(self, tone: str) -> None:
        self._tone = tone
        self.update()

    def _lines(self, width: int) -> list[tuple[int, int, float]]:
        """(start, length, natural width) of each line when set to `width`."""
        found: list[tuple[int, int, float]] = []
        font = theme().font(self._role, strong=self._strong)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        offset = 0
        for paragraph in self.text().split("\n"):
            layout = QTextLayout(paragraph, font)
            layout.setTextOption(option)
            layout.beginLayout()
            while True:
                line = layout.createLine()
                if not line.isValid():
                    break
                line.setLineWidth(max(1, width))
                found.append(
                    (offset + line.textStart(), line.textLength(), line.naturalTextWidth())
                )
            layout.endLayout()
            offset += len(paragraph) + 1
        return found

    def _widest(self) -> int:
        metrics = QFontMetrics(theme().font(self._role, strong=self._strong))
        return max((metrics.horizontalAdvance(line) for line in self.text().split("\n")), default=0)

    def sizeHint(self) -> QSize:
        width = self._widest() + 2
        if self.wordWrap():
            width = min(width, 480)
            return QSize(width, self.heightForWidth(width))
        return QSize(width, self._line)

    def minimumSizeHint(self) -> QSize:
        if self.wordWrap():
            return QSize(64, self._line)
        return QSize(min(self._widest() + 2, 24), self._line)

    def hasHeightForWidth(self) -> bool:
        return self.wordWrap()

    def heightForWidth(self, width: int) -> int:
        if not self.wordWrap():
            return self._line
        return max(1, len(self._lines(width))) * self._line

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        colour = theme().colour(self._tone)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        font = theme().font(self._role, strong=self._strong)
        if not self.wordWrap():
            align = self._align | Qt.AlignmentFlag.AlignVCenter
            paint.text(painter, self.rect(), self.text(), font, colour, align)
            return
        painter.setFont(font)
        painter.setPen(colour)
        metrics = QFontMetrics(font)
        words = self.text()
        top = 0.0
        for start, length, natural in self._lines(self.width()):
            left = 0.0
            if self._align & Qt.AlignmentFlag.AlignHCenter:
                left = (self.width() - natural) / 2
            baseline = top + (self._line + metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(left, baseline), words[start : start + length].rstrip())
            top += self._line


class Rule(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("line"))
