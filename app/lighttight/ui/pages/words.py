"""The recovery words: shown once to be written by hand, then three of them asked for.

They are read downwards, in columns of six, which is how people copy by hand. There is no copy
button and nothing can be selected; Cover hides them at once, and so does a window that loses the
focus. A screen reader still reads them: whoever uses one must be able to write them down.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.features import Feature, built
from lighttight.ui.pages.welcome import StepFrame
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.notes import Card, NoteBox
from lighttight.ui.widgets.text import Text

_ROWS = 6


class WordCell(QWidget):
    """One numbered word, or nothing while covered."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._word = ""
        self._covered = False
        self.setFixedHeight(36)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_word(self, word: str) -> None:
        self._word = word
        self._tell()

    def set_covered(self, covered: bool) -> None:
        self._covered = covered
        self._tell()

    def _tell(self) -> None:
        hidden = self._covered or not self._word
        self.setAccessibleName("" if hidden else f"{self._number} {self._word}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(150, 36)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        paint.rounded(painter, self.rect(), theme().metrics.radius_control, fill=colour("well"))
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        number = QRectF(0, 0, 27, self.height())
        small = theme().font("small")
        paint.text(painter, number, str(self._number), small, colour("text3"), align)
        box = QRectF(38, 0, self.width() - 42, self.height())
        if self._covered or not self._word:
            bar = QRectF(38, self.height() / 2 - 4, 56 + (self._number * 7) % 24, 8)
            paint.rounded(painter, bar, 4, fill=colour("line_strong"))
        else:
            paint.text(painter, box, self._word, theme().font("heading"), colour("text"))


class WordsPage(StepFrame):
    """`set_words` fills it; `forget` empties it. `written` says that they were written down."""

    written = Signal()
    back = Signal()
    print_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1, parent)
        self._words: list[str] = []
        self.title = Text("", "title")
        self.content.addWidget(self.title)
        self.content.addSpacing(4)
        lead = Text(
            self.tr(
                "They are the way in if this computer is lost or you forget your PIN. "
                "Write them by hand, in this order; printers can keep copies."
            ),
            "body",
            "text2",
            wrap=True,
        )
        lead.setMaximumWidth(640)
        self.content.addWidget(lead)
        self.content.addSpacing(24)

        card = Card()
        inside = QVBoxLayout(card)
        inside.setContentsMargins(20, 14, 20, 20)
        inside.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Text(self.tr("Recovery words"), strong=True))
        self.library = Text("", "body", "text3")
        head.addWidget(self.library, 1)
        self.cover = Button(self.tr("Cover"), Look.PLAIN, icon="eye-off")
        self.cover.setCheckable(True)
        self.cover.toggled.connect(self.set_covered)
        head.addWidget(self.cover)
        self.print = Button(self.tr("Print"), Look.PLAIN, icon="print")
        self.print.clicked.connect(self.print_wanted)
        self.print.setVisible(built(Feature.PRINTING))
        head.addWidget(self.print)
        inside.addLayout(head)
        grid = QGridLayout()
        grid.setSpacing(8)
        self.cells = [WordCell(number + 1) for number in range(24)]
        for number, cell in enumerate(self.cells):
            grid.addWidget(cell, number % _ROWS, number // _ROWS)
        inside.addLayout(grid)
        self.content.addWidget(card)
        self.content.addSpacing(16)
        self.content.addWidget(
            NoteBox(
                self.tr(
                    "Anyone with these words and the library’s files can see everything. "
                    "If you lose every way in, nobody can open it, including us."
                ),
                "warning",
            )
        )
        self.back_button = Button(self.tr("Back"), Look.PLAIN, Size.BIG, icon="chevron-left")
        self.back_button.clicked.connect(self.back)
        self.foot.addWidget(self.back_button)
        self.foot.addStretch(1)
        self.foot.addWidget(Text(self.tr("Next, we ask for three of them."), "body", "text2"))
        self.go = Button(self.tr("I wrote them down"), Look.PRIMARY, Size.BIG)
        self.go.clicked.connect(self.written)
        self.foot.addWidget(self.go)

    def set_words(self, words: Sequence[str], library: str) -> None:
        self._words = list(words)
        self.title.setText(self.tr("Write down your %Ln recovery word(s)", "", len(self._words)))
        self.library.setText(library)
        for cell, word in zip(self.cells, self._words, strict=True):
            cell.set_word(word)
        self.cover.setChecked(False)

    def forget(self) -> None:
        self._words = []
        for cell in self.cells:
            cell.set_word("")

    def set_covered(self, covered: bool) -> None:
        for cell in self.cells:
            cell.set_covered(covered)
        self.cover.setText(self.tr("Show") if covered else self.tr("Cover"))
        self.cover.set_icon("eye" if covered else "eye-off")
        self.cover.setChecked(covered)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.WindowDeactivate and self.isVisible():
            self.set_covered(True)
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.set_covered(True)
        super().hideEvent(event)

    def showEvent(self, event: object) -> None:
        del event
        self.set_covered(False)

    def focus_first(self) -> None:
        self.go.setFocus(Qt.FocusReason.OtherFocusReason)


class ConfirmPage(StepFrame):
    """Three of the words, drawn by lot. A wrong one is named by its number, never shown."""

    confirmed = Signal()
    back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1, parent)
        self._words: list[str] = []
        self.asked: list[int] = []
        self.content.addWidget(Text(self.tr("Three of your words"), "title"))
        self.content.addSpacing(4)
        self.content.addWidget(
            Text(
                self.tr("Take your paper and type these three. It shows that you can read them."),
                "body",
                "text2",
                wrap=True,
            )
        )
        self.content.addSpacing(24)
        self.fields: list[Field] = []
        self._names: list[Text] = []
        for number in range(3):
            name = Text("", strong=True)
            field = Field("", height=44)
            field.setMaximumWidth(350)
            field.edited.connect(self._edited)
            if number < 2:
                field.submitted.connect(lambda at=number: self.fields[at + 1].setFocus())
            else:
                field.submitted.connect(self._check)
            self.content.addWidget(name)
            self.content.addSpacing(6)
            self.content.addWidget(field)
            self.content.addSpacing(16)
            self._names.append(name)
            self.fields.append(field)
        self.problem = Text("", "body", "danger", wrap=True)
        self.content.addWidget(self.problem)
        see = Button(self.tr("See the words again"), Look.PLAIN, Size.BIG, icon="chevron-left")
        see.clicked.connect(self.back)
        self.foot.addWidget(see)
        self.foot.addStretch(1)
        self.go = Button(self.tr("Continue"), Look.PRIMARY, Size.BIG)
        self.go.clicked.connect(self._check)
        self.foot.addWidget(self.go)
        self.lead_to(self.fields[-1].edit, self.go, see)

    def set_words(self, words: Sequence[str]) -> None:
        self._words = list(words)
        chosen = secrets.SystemRandom().sample(range(len(self._words)), 3)
        self.asked = sorted(chosen)
        for number, place in enumerate(self.asked):
            label = self.tr("Word {number}").format(number=place + 1)
            self._names[number].setText(label)
            self.fields[number].edit.setAccessibleName(label)
            self.fields[number].clear()
            self.fields[number].set_refused(False)
        self.problem.setText("")

    def forget(self) -> None:
        self._words = []
        self.asked = []
        for field in self.fields:
            field.clear()

    def _edited(self) -> None:
        self.problem.setText("")

    def _check(self) -> None:
        for place, field in zip(self.asked, self.fields, strict=True):
            if field.text().strip().casefold() != self._words[place].casefold():
                field.set_refused(True)
                field.setFocus()
                self.problem.setText(
                    self.tr("That is not word {number}. Look at your paper once more.").format(
                        number=place + 1
                    )
                )
                return
        self.confirmed.emit()

    def focus_first(self) -> None:
        self.fields[0].setFocus(Qt.FocusReason.OtherFocusReason)
