"""A question or a message over a scrim, inside the window. At most one question each.

The focus begins at the first thing to fill in, or at the safe button; Return acts only where it is.
Esc is always the safe answer. `danger` marks the button that cannot be undone. A sheet with a
`foot` is a page of its own: what is in it reaches from edge to edge, the sentence stands beside the
answers, and the focus begins at the safe one, because everything in it is chosen already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, IconButton, Look
from lighttight.ui.widgets.layouts import Fitting, discard
from lighttight.ui.widgets.notes import Card, Glyph
from lighttight.ui.widgets.text import Rule, Text


@dataclass(frozen=True, slots=True)
class Answer:
    """A button. Exactly one answer of a sheet is `safe`."""

    key: str
    words: str
    safe: bool = False
    main: bool = False
    danger: bool = False


class Sheet(QWidget):
    """Covers its parent until answered; `answered` tells the key."""

    answered = Signal(str)

    def __init__(
        self,
        title: str,
        sentence: str,
        answers: Sequence[Answer],
        *,
        icon: str | None = None,
        tone: str = "accent_text",
        body: QWidget | None = None,
        foot: Text | None = None,
        width: int = 480,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self._safe = next(answer.key for answer in answers if answer.safe)
        self._previous = parent.window().focusWidget()
        self._buttons: dict[str, Button] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 12, 12, 12)
        self._width = width
        self._card = card = _SheetCard()
        card.setFixedWidth(min(width, parent.width() - 24))
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        pad = theme().metrics.dialog_padding
        head = QHBoxLayout()
        head.setSpacing(12)
        if icon is not None:
            head.addWidget(Glyph(icon, tone, 20))
        head.addWidget(Text(title, "heading", wrap=foot is None), 1)
        self.sentence = Text(sentence, "body", "text2", wrap=True)
        # A low window: what is said scrolls, the answers stay.
        if foot is not None and body is not None:
            head.setContentsMargins(pad, pad - 4, pad - 8, pad - 4)
            close = IconButton("close", self.tr("Close"), icon_size=16)
            close.clicked.connect(lambda: self.answer(self._safe))
            head.addWidget(close)
            inside.addLayout(head)
            inside.addWidget(Rule())
            inside.addWidget(Fitting(body, width), 1)
            self.sentence.setParent(card)
            self.sentence.hide()
        else:
            said = QWidget()
            top = QVBoxLayout(said)
            top.setContentsMargins(pad, pad, pad, pad - 4)
            top.setSpacing(8)
            top.addLayout(head)
            top.addWidget(self.sentence)
            if body is not None:
                top.addSpacing(4)
                top.addWidget(body)
            inside.addWidget(Fitting(said, width), 1)
        bottom = QWidget()
        row = QHBoxLayout(bottom)
        row.setContentsMargins(pad, 14, pad, 14)
        row.setSpacing(8)
        if foot is not None:
            row.addWidget(foot, 1)
            row.addSpacing(12)
        else:
            row.addStretch(1)
        for answer in answers:
            look = Look.RAISED
            if answer.main:
                look = Look.PRIMARY
            if answer.danger:
                look = Look.DANGER
            button = Button(answer.words, look)
            button.clicked.connect(lambda _=False, key=answer.key: self.answer(key))
            row.addWidget(button)
            self._buttons[answer.key] = button
        inside.addWidget(bottom)
        card.foot = bottom
        parent.installEventFilter(self)
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        stops = self._stops(body) if body is not None and foot is None else []
        # What only scrolls, or opens more to read, is nothing to fill in.
        fields = [one for one in stops if not isinstance(one, QScrollArea | Button)]
        self._focused: QWidget = fields[0] if fields else self.button(self._safe)
        self._focused.setFocus(Qt.FocusReason.OtherFocusReason)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._hold_focus)

    def _hold_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        """A page below that fills itself late must not take the keys away."""
        del before
        if now is None or self.isHidden():
            return
        if self.isAncestorOf(now):
            self._focused = now
        elif self._on_top() and now.window() is self.window():
            # There it goes when this is answered.
            self._previous = now
            held = self._focused if shiboken6.isValid(self._focused) else self.button(self._safe)
            held.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_top(self) -> bool:
        parent = self.parentWidget()
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        sheets = parent.findChildren(Sheet, options=direct) if parent is not None else []
        shown = [sheet for sheet in sheets if not sheet.isHidden()]
        return bool(shown) and shown[-1] is self

    def button(self, key: str) -> Button:
        return self._buttons[key]

    def answer(self, key: str) -> None:
        parent = self.parentWidget()
        if parent is not None:
            parent.removeEventFilter(self)
        previous = self._previous
        discard(self)
        if previous is not None and shiboken6.isValid(previous) and previous.isVisible():
            previous.setFocus(Qt.FocusReason.OtherFocusReason)
        self.answered.emit(key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and watched is self.parentWidget():
            parent = self.parentWidget()
            if parent is not None:
                self.setGeometry(parent.rect())
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._card.setFixedWidth(min(self._width, self.width() - 24))
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.answer(self._safe)
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            for button in self._buttons.values():
                if button.hasFocus():
                    button.click()
                    return
        super().keyPressEvent(event)

    @staticmethod
    def _stops(part: QWidget) -> list[QWidget]:
        return [
            widget
            for widget in part.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.isEnabled()
            and widget.isVisible()
            and widget.focusProxy() is None
        ]

    def focusNextPrevChild(self, next_: bool) -> bool:
        """Tab stays inside the sheet."""
        stops = self._stops(self)
        if not stops:
            return True
        here = self.window().focusWidget()
        place = stops.index(here) if here in stops else -1
        step = 1 if next_ else -1
        stops[(place + step) % len(stops)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Nothing below the scrim is to be pressed."""
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("scrim"))


class _SheetCard(Card):
    def __init__(self) -> None:
        super().__init__("surface", "line_strong")
        self.foot: QWidget | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        paint.prepare(painter)
        foot = 61 if self.foot is None else self.foot.height() + 1
        painter.setClipRect(1, self.height() - foot, self.width() - 2, foot - 1)
        radius = theme().metrics.radius_card - 1
        inner = self.rect().adjusted(1, 1, -1, -1)
        paint.rounded(painter, inner, radius, fill=theme().colour("raised"))
        painter.fillRect(1, self.height() - foot, self.width() - 2, 1, theme().colour("line"))
