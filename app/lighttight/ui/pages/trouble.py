"""A library that cannot be opened as it stands: what it is, what it means, and where to go.

In the place of the unlock page, with the same quiet: it is not a dialog, because there is nothing
behind it to go back to.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.hall import Hall
from lighttight.ui.widgets.layouts import clear
from lighttight.ui.widgets.notes import Card, Glyph
from lighttight.ui.widgets.sheet import Answer
from lighttight.ui.widgets.text import Text


class TroublePage(Hall):
    """`answered` carries the key of the button; the safe one has the focus. Esc is `left`."""

    answered = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(520, parent)
        self._buttons: dict[str, Button] = {}
        self._safe = ""
        card = Card()
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
        self._column = QVBoxLayout()
        self._column.setSpacing(8)
        inside.addLayout(self._column)
        self.column.addWidget(card)

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
        clear(self._column)
        self._buttons.clear()
        self._row.addStretch(1)
        stacked = len(answers) > 2
        for answer in answers:
            look = Look.PRIMARY if answer.main else Look.DANGER if answer.danger else Look.RAISED
            button = Button(answer.words, look, Size.BIG, wide=stacked)
            button.clicked.connect(lambda _=False, key=answer.key: self.answered.emit(key))
            if stacked:
                self._column.insertWidget(0, button)
            else:
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._buttons:
            # Buttons answer it themselves: nothing has the focus but the page.
            self._buttons[self._safe].click()
            return
        super().keyPressEvent(event)
