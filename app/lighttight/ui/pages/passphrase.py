"""A passphrase instead of the password store, with why, and how well it would hold."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.pages.welcome import StepFrame
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.notes import NoteBox
from lighttight.ui.widgets.text import Text

ENOUGH = 3
"""The score of zxcvbn from which a passphrase may stand alone."""


class Strength(QWidget):
    """Four bars, and what they mean in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score: int | None = None
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_score(self, score: int | None) -> None:
        self._score = score
        self.setAccessibleName(self.said())
        self.update()

    def said(self) -> str:
        if self._score is None:
            return ""
        return (
            self.tr("Guessed at once"),
            self.tr("Guessed within hours"),
            self.tr("Guessed within days"),
            self.tr("Good"),
            self.tr("Very good"),
        )[self._score]

    def sizeHint(self) -> QSize:
        return QSize(350, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._score is None:
            return
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        good = self._score >= ENOUGH
        for bar in range(4):
            fill = colour("line_strong")
            if bar < max(1, self._score):
                fill = colour("ok" if good else "accent")
            paint.rounded(painter, QRectF(bar * 44, 10, 40, 4), 2, fill=fill)
        box = QRectF(188, 0, self.width() - 188, 24)
        ink = colour("ok" if good else "text2")
        paint.text(painter, box, self.said(), theme().font("small"), ink)


class PassphrasePage(StepFrame):
    """`given` carries what was typed twice; `typed` asks for its score."""

    given = Signal(str)
    typed = Signal(str)
    back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, parent)
        self.content.addWidget(Text(self.tr("Choose a passphrase"), "title"))
        self.content.addSpacing(4)
        self.content.addWidget(
            Text(
                self.tr(
                    "Four or more words that don’t belong together are easy to keep in mind and "
                    "hard to guess. You type it each time the library opens."
                ),
                "body",
                "text2",
                wrap=True,
            )
        )
        self.content.addSpacing(16)
        self.why = NoteBox("")
        self.content.addWidget(self.why)
        self.content.addSpacing(24)
        self.first = Field(self.tr("Passphrase"), secret=True, height=44)
        self.again = Field(self.tr("The same passphrase again"), secret=True, height=44)
        self.strength = Strength()
        for name, field in (
            (self.tr("Passphrase"), self.first),
            (self.tr("The same passphrase again"), self.again),
        ):
            self.content.addWidget(Text(name, strong=True))
            self.content.addSpacing(6)
            field.setMaximumWidth(480)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.content.addWidget(field)
            if field is self.first:
                self.content.addSpacing(4)
                self.content.addWidget(self.strength)
            self.content.addSpacing(12)
            field.edited.connect(self._edited)
        self.problem = Text("", "body", "danger", wrap=True)
        self.content.addWidget(self.problem)
        self.first.submitted.connect(lambda: self.again.setFocus())
        self.again.submitted.connect(self._submit)
        self._foot(self.foot)

    def _foot(self, foot: QHBoxLayout) -> None:
        back = Button(self.tr("Back"), Look.PLAIN, Size.BIG, icon="chevron-left")
        back.clicked.connect(self.back)
        foot.addWidget(back)
        foot.addStretch(1)
        self.go = Button(self.tr("Continue"), Look.PRIMARY, Size.BIG)
        self.go.clicked.connect(self._submit)
        foot.addWidget(self.go)
        self.lead_to(self.again.eye, self.go, back)

    def set_why(self, sentence: str) -> None:
        """Why the password store is not used here, in its own words."""
        self.why.words.setText(sentence)
        self.why.setVisible(bool(sentence))

    def set_score(self, score: int) -> None:
        self.strength.set_score(score if self.first.text() else None)

    def set_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.first.set_refused(bool(sentence))

    def _edited(self) -> None:
        self.set_problem("")
        self.typed.emit(self.first.text())

    def _submit(self) -> None:
        if not self.first.text():
            self.first.setFocus()
        elif self.first.text() != self.again.text():
            self.set_problem(self.tr("The two are not the same."))
            self.again.clear()
            self.again.setFocus()
        else:
            self.given.emit(self.first.text())

    def clear(self) -> None:
        self.first.clear()
        self.again.clear()
        self.strength.set_score(None)
        self.set_problem("")

    def focus_first(self) -> None:
        self.first.setFocus(Qt.FocusReason.OtherFocusReason)
