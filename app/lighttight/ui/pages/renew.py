"""New recovery words for a library that is open: written down and checked before they count.

The same two pages as in the welcome, without its steps. Until `confirmed` the old words are in
force; going back leaves them so.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from lighttight.ui.pages.words import ConfirmPage, WordsPage
from lighttight.ui.theme import theme


class RenewPage(QWidget):
    confirmed = Signal()
    given_up = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        self.stack = QStackedWidget()
        self.stack.setMaximumWidth(960)
        layout.addWidget(self.stack, 100)
        layout.addStretch(1)
        self.words = WordsPage()
        self.confirm = ConfirmPage()
        for page in (self.words, self.confirm):
            page.stepper.hide()
            self.stack.addWidget(page)
        self.words.back_button.setText(self.tr("Keep the old ones"))
        self.words.back.connect(self.given_up)
        self.words.written.connect(lambda: self._go(self.confirm))
        self.confirm.back.connect(lambda: self._go(self.words))
        self.confirm.confirmed.connect(self.confirmed)

    def show_words(self, words: Sequence[str], library: str) -> None:
        self.words.set_words(words, library)
        self.confirm.set_words(words)
        self._go(self.words)

    def forget(self) -> None:
        self.words.forget()
        self.confirm.forget()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the words; there it only asks, for they may be written down."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.stack.currentWidget() is self.confirm:
            self._go(self.words)
        else:
            self.left.emit()

    def _go(self, page: WordsPage | ConfirmPage) -> None:
        self.stack.setCurrentWidget(page)
        page.focus_first()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
