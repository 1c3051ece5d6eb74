"""A library that cannot be opened as it stands: what it is, what it means, and where to go.

In the place of the unlock page, with the same quiet: it is not a dialog, because there is nothing
behind it to go back to.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.glow import LightTightBox, paint_glow
from lighttight.ui.widgets.layouts import clear
from lighttight.ui.widgets.notes import Card, Glyph
from lighttight.ui.widgets.sheet import Answer
from lighttight.ui.widgets.text import Text


class TroublePage(QWidget):
    """`answered` carries the key of the button; the safe one has the focus."""

    answered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, Button] = {}
        self._safe = ""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 0, 24, 20)
        outer.setSpacing(0)
        centre = Qt.AlignmentFlag.AlignHCenter
        outer.addSpacing(100)
        outer.addWidget(LightTightBox(48), 0, centre)
        outer.addSpacing(24)
        card = Card()
        card.setFixedWidth(520)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(24, 24, 24, 24)
        inside.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(12)
        self._glyph = Glyph("alert", "accent_text", 20, top=2)
        head.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        self.title = Text("", "heading", wrap=True)
        head.addWidget(self.title, 1)
        inside.addLayout(head)
        inside.addSpacing(12)
        self.sentence = Text("", wrap=True)
        inside.addWidget(self.sentence)
        inside.addSpacing(8)
        self.action = Text("", "body", "text2", wrap=True)
        inside.addWidget(self.action)
        inside.addSpacing(20)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        inside.addLayout(self._row)
        outer.addWidget(card, 0, centre)
        outer.addStretch(1)

    def show_trouble(
        self,
        title: str,
        sentence: str,
        action: str,
        answers: Sequence[Answer],
        *,
        icon: str = "alert",
    ) -> None:
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self._glyph.set_glyph(icon, "accent_text")
        self.title.setText(title)
        self.sentence.setText(sentence)
        self.action.setText(action)
        self.action.setVisible(bool(action))
        clear(self._row)
        self._buttons.clear()
        self._row.addStretch(1)
        for answer in answers:
            look = Look.PRIMARY if answer.main else Look.DANGER if answer.danger else Look.RAISED
            button = Button(answer.words, look, Size.BIG)
            button.clicked.connect(lambda _=False, key=answer.key: self.answered.emit(key))
            self._row.addWidget(button)
            self._buttons[answer.key] = button
            if answer.safe:
                self._safe = answer.key

    def button(self, key: str) -> Button:
        return self._buttons[key]

    def set_busy(self) -> None:
        for button in self._buttons.values():
            button.setEnabled(False)

    def focus_first(self) -> None:
        self._buttons[self._safe].setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("bg"))
        if theme().dark:
            paint_glow(painter, QPointF(self.width() / 2, 70), 330, 0.55)
