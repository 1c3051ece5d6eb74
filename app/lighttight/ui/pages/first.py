"""The whole welcome: question, PIN where wanted, words, three of them, first pictures.

It leads through the pages and tells what was decided; creating the library is done outside. The
words pass through here, from `show_words` until they are confirmed, and are forgotten then.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from lighttight.ui.pages.passphrase import PassphrasePage
from lighttight.ui.pages.welcome import ONLY_ME, PinPage, QuestionPage, StepFrame
from lighttight.ui.pages.words import ConfirmPage, WordsPage
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.drop import DropArea
from lighttight.ui.widgets.glow import GlowPanel
from lighttight.ui.widgets.notes import Glyph
from lighttight.ui.widgets.text import Text


class FirstPicturesPage(StepFrame):
    later = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(2, parent)
        self.content.addWidget(Text(self.tr("Bring in your first pictures"), "title"))
        self.content.addSpacing(4)
        self.content.addWidget(
            Text(
                self.tr("Start with the ones that matter most. More can follow at any time."),
                "body",
                "text2",
                wrap=True,
            )
        )
        self.content.addSpacing(24)
        self.drop = DropArea()
        self.drop.setMinimumHeight(304)
        self.content.addWidget(self.drop)
        self.content.addSpacing(20)
        hint = QHBoxLayout()
        hint.setSpacing(10)
        hint.addWidget(Glyph("info", "text3"))
        hint.addWidget(
            Text(
                self.tr(
                    "After importing, look at where else they are: your phone and its Recently "
                    "Deleted, iCloud or Google Photos, the chat they came from."
                ),
                "small",
                "text2",
                wrap=True,
            ),
            1,
        )
        self.content.addLayout(hint)
        self.place = Text("", "small", "text3", wrap=True)
        self.foot.addWidget(self.place, 1)
        self.foot.addSpacing(24)
        later = Button(self.tr("Later"), Look.RAISED, Size.BIG)
        later.clicked.connect(self.later)
        self.foot.addWidget(later)

    def set_place(self, path: str) -> None:
        """Where the library lies: whoever makes copies of it, or moves it, must know."""
        self.place.setText(self.tr("Your library is the folder {path}").format(path=path))

    def focus_first(self) -> None:
        self.drop.files.setFocus()


_NARROW = 1040
"""A window narrower than this has no room for the panel at the left."""

_Page = QuestionPage | PinPage | PassphrasePage | WordsPage | ConfirmPage | FirstPicturesPage


class WelcomeFlow(QWidget):
    """Signals in order: `create_wanted(answer, pin)`, `words_confirmed`, then the pictures'."""

    create_wanted = Signal(str, str)
    passphrase_given = Signal(str)
    passphrase_typed = Signal(str)
    have_library = Signal()
    left = Signal()
    words_confirmed = Signal()
    print_wanted = Signal()
    files_wanted = Signal()
    folder_wanted = Signal()
    dropped = Signal(list)
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._panel = GlowPanel("", "")
        layout.addWidget(self._panel)
        self.stack = QStackedWidget()
        layout.addWidget(self.stack, 1)
        self.question = QuestionPage()
        self.pin = PinPage()
        self.passphrase = PassphrasePage()
        self.words = WordsPage()
        self.confirm = ConfirmPage()
        self.pictures = FirstPicturesPage()
        for page in (
            *(self.question, self.pin, self.passphrase),
            *(self.words, self.confirm, self.pictures),
        ):
            self.stack.addWidget(page)
        self.question.answered.connect(self._answered)
        self.question.have_library.connect(self.have_library)
        self.question.back.connect(self.left)
        self.pin.back.connect(lambda: self._go(self.question))
        self.pin.given.connect(self._pin_given)
        self.passphrase.back.connect(lambda: self._go(self.question))
        self.passphrase.given.connect(self.passphrase_given)
        self.passphrase.typed.connect(self.passphrase_typed)
        self.words.written.connect(lambda: self._go(self.confirm))
        self.words.print_wanted.connect(self.print_wanted)
        self.confirm.back.connect(lambda: self._go(self.words))
        self.confirm.confirmed.connect(self._confirmed)
        self.pictures.later.connect(self.finished)
        self.pictures.drop.files_wanted.connect(self.files_wanted)
        self.pictures.drop.folder_wanted.connect(self.folder_wanted)
        self.pictures.drop.dropped.connect(self.dropped)
        self.show_question()

    def show_question(self, *, back: bool = False) -> None:
        """`back` where there is a page before this one: leaving is then told by `left`."""
        self.forget()
        self.question.set_back(back)
        self.set_busy(False)
        self._go(self.question)

    def show_words(self, words: Sequence[str], library: str) -> None:
        """After the library was made: from here there is no way back, only on."""
        self.set_busy(False)
        self.pin.clear()
        self.passphrase.clear()
        self.words.set_words(words, library)
        self.words.back_button.hide()
        self.confirm.set_words(words)
        self._go(self.words)

    def show_pictures(self) -> None:
        self._forget_words()
        self._go(self.pictures)

    def set_busy(self, busy: bool) -> None:
        """While the library is being made."""
        for button in (self.question.go, self.pin.go, self.passphrase.go):
            button.setEnabled(not busy)
            button.setText(self.tr("One moment…") if busy else self.tr("Continue"))

    def ask_passphrase(self, why: str) -> None:
        """The password store cannot be used: say why, and ask for a passphrase instead."""
        self.pin.clear()
        self.passphrase.set_why(why)
        self._go(self.passphrase)

    def forget(self) -> None:
        """Leave nothing of what was typed or shown."""
        self._forget_words()
        self.pin.clear()
        self.passphrase.clear()

    def set_pin_problem(self, sentence: str) -> None:
        self.set_busy(False)
        self._go(self.pin)
        self.pin.set_problem(sentence)

    def _forget_words(self) -> None:
        self.words.forget()
        self.confirm.forget()

    def _answered(self, answer: str) -> None:
        self._answer = answer
        if answer == ONLY_ME:
            self.set_busy(True)
            self.create_wanted.emit(answer, "")
        else:
            self._go(self.pin)

    def _pin_given(self, pin: str) -> None:
        self.set_busy(True)
        self.create_wanted.emit(self._answer, pin)

    def _confirmed(self) -> None:
        self._forget_words()
        self.words_confirmed.emit()
        self._go(self.pictures)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back one step, and loses nothing that was typed."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
            return
        page = self.stack.currentWidget()
        if page is self.confirm:
            self._go(self.words)
        elif not self.question.go.isEnabled():
            return
        elif page in (self.pin, self.passphrase):
            self._go(self.question)
        elif page is self.question and not self.question.back_button.isHidden():
            self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._panel.setVisible(self.width() >= _NARROW)
        super().resizeEvent(event)

    def _go(self, page: _Page) -> None:
        thoughts = {
            self.question: (
                self.tr("Lighttight"),
                self.tr("A light-tight box keeps film from being exposed."),
            ),
            self.pin: (
                self.tr("Why a PIN"),
                self.tr(
                    "Whoever can sign in to this computer can ask its password store. "
                    "The PIN is the part that only you know."
                ),
            ),
            self.passphrase: (
                self.tr("Why a passphrase"),
                self.tr("Here it is all that stands before your pictures, so it must hold alone."),
            ),
            self.words: (
                self.tr("Why on paper"),
                self.tr(
                    "A phone, a cloud note or a screenshot can be opened by someone else. "
                    "A sheet of paper in a drawer cannot."
                ),
            ),
            self.confirm: (
                self.tr("Why we ask"),
                self.tr("Words that were not written down are found out on the worst day."),
            ),
            self.pictures: (
                self.tr("Sealed one by one"),
                self.tr("A picture counts as saved only after it was read back."),
            ),
        }
        self._panel.set_thought(*thoughts[page])
        self.stack.setCurrentWidget(page)
        page.focus_first()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
