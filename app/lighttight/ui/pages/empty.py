"""The library before its first picture: where to drop, and four first steps that disappear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.drop import DropArea
from lighttight.ui.widgets.layouts import clear
from lighttight.ui.widgets.notes import Card, Glyph, RoundBadge
from lighttight.ui.widgets.text import Text

_WIDE: Final = 840
"""Below this a card in a row of four would cut its own title."""


@dataclass(frozen=True, slots=True)
class FirstStep:
    """`action` empty: nothing to press (it is done, or it does itself)."""

    key: str
    icon: str
    title: str
    detail: str
    action: str = ""
    done: bool = False


class _StepCard(Card):
    acted = Signal(str)

    def __init__(self, step: FirstStep, done_word: str) -> None:
        super().__init__()
        self.setAccessibleName(step.title)
        self.setAccessibleDescription(step.detail)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(0)
        badge = (
            RoundBadge("check", "ok_soft", "ok")
            if step.done
            else RoundBadge(step.icon, "raised", "text2")
        )
        layout.addWidget(badge)
        layout.addSpacing(12)
        layout.addWidget(Text(step.title, strong=True))
        layout.addSpacing(2)
        layout.addWidget(Text(step.detail, "body", "text2", wrap=True))
        layout.addStretch(1)
        layout.addSpacing(14)
        if step.done:
            layout.addWidget(Text(done_word, "body", "ok", strong=True))
            layout.addSpacing(4)
        elif step.action:
            row = QHBoxLayout()
            button = Button(step.action, Look.RAISED, Size.SMALL)
            button.clicked.connect(lambda: self.acted.emit(step.key))
            row.addWidget(button)
            row.addStretch(1)
            layout.addLayout(row)
        self.setMinimumHeight(184)


class EmptyPage(QWidget):
    files_wanted = Signal()
    folder_wanted = Signal()
    dropped = Signal(list)
    step_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[_StepCard] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._outer = outer
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(scroll)
        page = QWidget()
        scroll.setWidget(page)
        centred = QHBoxLayout(page)
        centred.setContentsMargins(32, 32, 32, 24)
        column = QWidget()
        column.setMaximumWidth(864)
        centred.addStretch(1)
        centred.addWidget(column, 100)
        centred.addStretch(1)
        inside = QVBoxLayout(column)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self.drop = DropArea()
        self.drop.setFixedHeight(304)
        self.drop.files_wanted.connect(self.files_wanted)
        self.drop.folder_wanted.connect(self.folder_wanted)
        self.drop.dropped.connect(self.dropped)
        inside.addWidget(self.drop)
        inside.addSpacing(32)
        head = QHBoxLayout()
        head.setSpacing(10)
        self._head = Text(self.tr("First steps"), "heading")
        head.addWidget(self._head)
        self._count = Text("", "body", "text3")
        head.addWidget(self._count)
        head.addStretch(1)
        inside.addLayout(head)
        inside.addSpacing(12)
        self._steps = QGridLayout()
        self._steps.setSpacing(12)
        inside.addLayout(self._steps)
        inside.addSpacing(20)
        hint = QHBoxLayout()
        hint.setSpacing(8)
        hint.addWidget(Glyph("info", "text3", top=2), 0, Qt.AlignmentFlag.AlignTop)
        hint.addWidget(
            Text(
                self.tr(
                    "After importing, look at where else they are: your phone and its Recently "
                    "Deleted, iCloud or Google Photos, the chat they came from."
                ),
                "body",
                "text2",
                wrap=True,
            ),
            1,
        )
        inside.addLayout(hint)
        inside.addStretch(1)

    def take_notes(self, notes: QWidget) -> None:
        """What the program has to say is said here as well, in a row of its own."""
        hidden = notes.isHidden()
        self._outer.insertWidget(0, notes)
        notes.setHidden(hidden)

    def set_steps(self, steps: Sequence[FirstStep]) -> None:
        clear(self._steps)
        self._cards = [_StepCard(step, self.tr("Done")) for step in steps]
        for card in self._cards:
            card.acted.connect(self.step_chosen)
        self._arrange()
        done = sum(step.done for step in steps)
        self._count.setText(self.tr("{done} of {all} done").format(done=done, all=len(steps)))
        for part in (self._head, self._count):
            part.setVisible(bool(steps))

    def _arrange(self) -> None:
        """All in a row where there is room for what they say, two in a row where there is not."""
        across = len(self._cards) if self.width() >= _WIDE else 2
        for card in self._cards:
            self._steps.removeWidget(card)
        for place, card in enumerate(self._cards):
            self._steps.addWidget(card, place // across, place % across)
        for column in range(len(self._cards)):
            self._steps.setColumnStretch(column, 1 if column < across else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if (event.size().width() >= _WIDE) != (event.oldSize().width() >= _WIDE):
            self._arrange()
        super().resizeEvent(event)

    def focus_first(self) -> None:
        self.drop.files.setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
