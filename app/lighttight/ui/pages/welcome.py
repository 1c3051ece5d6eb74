"""The first minute: what it does and does not do, one question, and a PIN where it is wanted."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.choice import ChoiceGroup
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.layouts import scrolling
from lighttight.ui.widgets.notes import NoteBox
from lighttight.ui.widgets.stepper import Stepper
from lighttight.ui.widgets.text import Rule, Text

ONLY_ME = "only-me"
SOMEONE = "someone"
NOT_SURE = "not-sure"


_LOW, _SLIM = 720, 860
"""A window lower or narrower than this gets smaller margins."""


class StepFrame(QWidget):
    """The right side of every welcome page: steps above, content, and a foot with buttons.

    In a low window the content scrolls; the foot stays where it is.
    """

    def __init__(self, step: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outer = QVBoxLayout(self)
        self.outer.setSpacing(0)
        self.stepper = Stepper(
            [self.tr("What it does"), self.tr("Recovery words"), self.tr("First pictures")], step
        )
        steps = QHBoxLayout()
        steps.setContentsMargins(8, 0, 0, 0)
        steps.addWidget(self.stepper)
        steps.addStretch(1)
        self.outer.addLayout(steps)
        holder = QWidget()
        self._inside = QVBoxLayout(holder)
        self._inside.setSpacing(0)
        self.content = QVBoxLayout()
        self.content.setSpacing(0)
        self._inside.addLayout(self.content)
        self._inside.addStretch(1)
        self.outer.addWidget(scrolling(holder), 1)
        self.outer.addSpacing(12)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(12)
        self.outer.addLayout(self.foot)
        self._set_margins()

    def _set_margins(self) -> None:
        # What is scrolled is cut at its edge, and focus rings and chosen cards reach beyond theirs.
        low = self.height() < _LOW
        side = 24 if self.width() < _SLIM else 64
        self.outer.setContentsMargins(side, 24 if low else 40, side, 20 if low else 32)
        self._inside.setContentsMargins(8, 16 if low else 40, 8, 4)
        self.foot.setContentsMargins(8, 0, 8, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._set_margins()
        super().resizeEvent(event)

    def lead_to(self, *stops: QWidget) -> None:
        """Tab goes through these in this order: what was filled in leads to what acts on it."""
        for before, after in itertools.pairwise(stops):
            self.setTabOrder(before, after)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))


class QuestionPage(StepFrame):
    """`answered` tells which card was chosen; the safe one is chosen beforehand."""

    answered = Signal(str)
    have_library = Signal()
    back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, parent)
        self.content.addWidget(Text(self.tr("Your pictures, locked on this computer."), "title"))
        self.content.addSpacing(4)
        self.content.addWidget(
            Text(
                self.tr("You choose who gets a copy, and can see later what you sent."),
                "lead",
                "text2",
                wrap=True,
            )
        )
        self.content.addSpacing(16)
        self.content.addWidget(
            NoteBox(
                self.tr(
                    "It cannot stop spying software here, a camera pointed at the screen, "
                    "or someone keeping what you send."
                )
            )
        )
        self.content.addSpacing(28)
        self.content.addWidget(Rule())
        self.content.addSpacing(24)
        self.content.addWidget(
            Text(
                self.tr("Does anyone else use this computer, or know how to sign in?"),
                "heading",
                wrap=True,
            )
        )
        self.content.addWidget(
            Text(
                self.tr("Your answer decides how the library opens. You can change it later."),
                "body",
                "text2",
                wrap=True,
            )
        )
        self.content.addSpacing(12)
        self.choice = ChoiceGroup(
            [
                (
                    ONLY_ME,
                    self.tr("Only me"),
                    self.tr("Opens with one click, using this computer’s password store."),
                ),
                (
                    SOMEONE,
                    self.tr("Someone does"),
                    self.tr("Opens with the password store and a PIN that only you know."),
                ),
                (
                    NOT_SURE,
                    self.tr("Not sure"),
                    self.tr("Same as above: a PIN keeps you safe either way."),
                ),
            ],
            NOT_SURE,
            self.tr("Does anyone else use this computer, or know how to sign in?"),
        )
        self.content.addWidget(self.choice)
        self._how = Text(
            self.tr(
                "Every picture is locked with its own key before it is written. The keys are "
                "locked with one that only your ways in can open. There is no account and no "
                "server: nobody else holds a key, so nobody can help without your recovery words."
            ),
            "small",
            "text2",
            wrap=True,
        )
        self._how.hide()
        self.content.addSpacing(12)
        self.content.addWidget(self._how)
        self.back_button = Button(self.tr("Back"), Look.PLAIN, Size.BIG, icon="chevron-left")
        self.back_button.clicked.connect(self.back)
        self.back_button.hide()
        self.foot.addWidget(self.back_button)
        self.how = Button(self.tr("How it works"), Look.LINK, Size.BIG, icon="chevron-right")
        self.how.setCheckable(True)
        self.how.toggled.connect(self._toggle_how)
        self.foot.addWidget(self.how)
        self.foot.addStretch(1)
        self.have = Button(self.tr("I have a library already"), Look.PLAIN, Size.BIG)
        self.have.clicked.connect(self.have_library)
        self.foot.addWidget(self.have)
        self.go = Button(self.tr("Continue"), Look.PRIMARY, Size.BIG)
        self.go.clicked.connect(lambda: self.answered.emit(self.choice.value()))
        self.foot.addWidget(self.go)

    def set_back(self, possible: bool) -> None:
        """Whether there is a page before this one; it then offers what is here already."""
        self.back_button.setVisible(possible)
        self.have.setVisible(not possible)

    def _toggle_how(self, shown: bool) -> None:
        self._how.setVisible(shown)
        self.how.set_icon("chevron-down" if shown else "chevron-right")

    def focus_first(self) -> None:
        self.go.setFocus(Qt.FocusReason.OtherFocusReason)


class PinPage(StepFrame):
    """A PIN, twice. What is too weak is decided outside: `set_problem` says it."""

    given = Signal(str)
    back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, parent)
        self.content.addWidget(Text(self.tr("Choose a PIN"), "title"))
        self.content.addSpacing(4)
        self.content.addWidget(
            Text(
                self.tr(
                    "You type it each time the library opens. Six digits are a good start; "
                    "letters work too. Don’t use the one of your phone or bank card."
                ),
                "body",
                "text2",
                wrap=True,
            )
        )
        self.content.addSpacing(24)
        self.pin = Field(self.tr("PIN"), secret=True, height=44)
        self.again = Field(self.tr("The same PIN again"), secret=True, height=44)
        for name, field in (
            (self.tr("PIN"), self.pin),
            (self.tr("The same PIN again"), self.again),
        ):
            self.content.addWidget(Text(name, strong=True))
            self.content.addSpacing(6)
            field.setMaximumWidth(350)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.content.addWidget(field)
            self.content.addSpacing(16)
            field.edited.connect(self._edited)
        self.problem = Text("", "body", "danger", wrap=True)
        self.content.addWidget(self.problem)
        self.pin.submitted.connect(lambda: self.again.setFocus())
        self.again.submitted.connect(self._submit)
        back = Button(self.tr("Back"), Look.PLAIN, Size.BIG, icon="chevron-left")
        back.clicked.connect(self.back)
        self.foot.addWidget(back)
        self.foot.addStretch(1)
        self.go = Button(self.tr("Continue"), Look.PRIMARY, Size.BIG)
        self.go.clicked.connect(self._submit)
        self.foot.addWidget(self.go)

        self.lead_to(self.again.eye, self.go, back)

    def _edited(self) -> None:
        self.set_problem("")

    def set_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.pin.set_refused(bool(sentence))

    def _submit(self) -> None:
        if not self.pin.text():
            self.pin.setFocus()
        elif self.pin.text() != self.again.text():
            self.set_problem(self.tr("The two are not the same."))
            self.again.clear()
            self.again.setFocus()
        else:
            self.given.emit(self.pin.text())

    def clear(self) -> None:
        self.pin.clear()
        self.again.clear()
        self.set_problem("")

    def focus_first(self) -> None:
        self.pin.setFocus(Qt.FocusReason.OtherFocusReason)
