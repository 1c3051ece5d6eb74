"""What the program says beside the pictures: quiet boxes, the row after unlocking, emptiness."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, IconButton, Look, Size
from lighttight.ui.widgets.text import Text


class Glyph(QWidget):
    """An icon standing in a layout; said by the words beside it, so silent itself."""

    def __init__(
        self,
        name: str,
        tone: str = "text2",
        size: int = 16,
        *,
        top: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._tone = tone
        self._size = size
        self._top = top
        self.setFixedSize(size, size + top)

    def set_glyph(self, name: str, tone: str) -> None:
        self._name = name
        self._tone = tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        paint_icon(painter, self._name, 0, self._top, theme().colour(self._tone), self._size)


class Card(QWidget):
    """A surface with an edge and round corners, for other parts to stand on."""

    def __init__(
        self,
        fill: str = "surface",
        edge: str | None = "line",
        radius: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._fill = fill
        self._edge = edge
        self._radius = theme().metrics.radius_card if radius is None else radius

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        paint.rounded(
            painter,
            self.rect(),
            self._radius,
            fill=theme().colour(self._fill),
            edge=theme().colour(self._edge) if self._edge else None,
        )


class NoteBox(Card):
    """An icon and a sentence: `quiet` grey, `warning` amber ground, `danger` red ground."""

    _STYLES: ClassVar = {
        "quiet": ("raised", "info", "accent_text", "text"),
        "plain": ("raised", "mark", "ok", "text2"),
        "warning": ("accent_soft", "alert", "accent_text", "text"),
        "danger": ("danger_soft", "alert", "danger", "text"),
        "good": ("ok_soft", "check", "ok", "text"),
    }

    def __init__(
        self,
        words: str,
        style: str = "quiet",
        *,
        icon: str | None = None,
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        fill, usual, tone, ink = self._STYLES[style]
        radius = theme().metrics.radius_control if small else theme().metrics.radius_card
        super().__init__(fill, None, radius, parent)
        layout = QHBoxLayout(self)
        side = 12 if small else 16
        layout.setContentsMargins(side, 10 if small else 12, side, 10 if small else 12)
        layout.setSpacing(8)
        glyph = Glyph(icon or usual, tone, top=0 if small else 2)
        layout.addWidget(glyph, 0, Qt.AlignmentFlag.AlignTop)
        self.words = Text(words, "small" if small else "body", ink, wrap=True)
        layout.addWidget(self.words, 1)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)


class Banner(Card):
    """A row of its own above the pictures, so that it never covers one."""

    acted = Signal()
    closed = Signal()

    def __init__(
        self,
        words: str,
        action: str = "",
        *,
        style: str = "warning",
        icon: str = "info",
        parent: QWidget | None = None,
    ) -> None:
        fill = {"warning": "accent_soft", "danger": "danger_soft", "good": "ok_soft"}[style]
        tone = {"warning": "accent_text", "danger": "danger", "good": "ok"}[style]
        super().__init__(fill, None, theme().metrics.radius_control, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(36)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(Glyph(icon, tone))
        self.words = Text(words)
        layout.addWidget(self.words, 1)
        if action:
            button = Button(action, Look.LINK, Size.SMALL)
            button.clicked.connect(self.acted)
            layout.addWidget(button)
        close = IconButton("close", self.tr("Put this note away"), size=28, icon_size=16)
        close.clicked.connect(self.closed)
        layout.addWidget(close)


class EmptyState(QWidget):
    """What stands where pictures would: an icon, one line, one sentence, perhaps a button."""

    acted = Signal()

    def __init__(
        self,
        icon: str,
        title: str,
        sentence: str,
        action: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 32, 32, 32)
        layout.setSpacing(4)
        layout.addStretch(2)
        layout.addWidget(RoundBadge(icon, "raised", "text2", 56), 0, _CENTRE)
        layout.addSpacing(12)
        self.title = Text(title, "heading", align=_CENTRE)
        layout.addWidget(self.title, 0, _CENTRE)
        self.sentence = Text(sentence, "body", "text2", wrap=True, align=_CENTRE)
        self.sentence.setFixedWidth(420)
        layout.addWidget(self.sentence, 0, _CENTRE)
        if action:
            layout.addSpacing(12)
            button = Button(action, Look.RAISED)
            button.clicked.connect(self.acted)
            layout.addWidget(button, 0, _CENTRE)
        layout.addStretch(3)


_CENTRE = Qt.AlignmentFlag.AlignHCenter


class RoundBadge(QWidget):
    """A disc with an icon in it."""

    def __init__(
        self, icon: str, fill: str, tone: str, size: int = 32, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self._fill = fill
        self._tone = tone
        self.setFixedSize(size, size)

    def set_badge(self, icon: str, fill: str, tone: str) -> None:
        self._icon, self._fill, self._tone = icon, fill, tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        size = self.width()
        paint.dot(painter, size / 2, size / 2, size / 2, theme().colour(self._fill))
        glyph = 16 if size < 48 else 24
        offset = (size - glyph) / 2
        paint_icon(painter, self._icon, offset, offset, theme().colour(self._tone), glyph)


class StatusLine(QWidget):
    """The foot of the window: what there is, and when it locks. Nothing to press."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left: list[str] = []
        self._right = ""
        self.setFixedHeight(theme().metrics.status)

    def set_texts(self, left: list[str], right: str) -> None:
        self._left = left
        self._right = right
        self.setAccessibleName(", ".join([*left, right]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, theme().metrics.status)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        painter.fillRect(self.rect(), colour("bg"))
        painter.fillRect(0, 0, self.width(), 1, colour("line"))
        font = theme().font("small")
        right = 0.0
        if self._right:
            width = paint.text_width(self._right, font)
            right = width + 16 + 26
            box = QRectF(self.width() - width - 17, 1, width + 1, self.height() - 1)
            paint.text(painter, box, self._right, font, colour("text2"))
            paint_icon(painter, "lock", box.x() - 26, 7, colour("text2"), 14)
        x = 16.0
        for number, words in enumerate(self._left):
            if number:
                dot = QRectF(x + 8, 1, 12, self.height() - 1)
                centre = Qt.AlignmentFlag.AlignCenter
                paint.text(painter, dot, "·", font, colour("text3"), centre)
                x += 28
            box = QRectF(x, 1, self.width() - x - right - 8, self.height() - 1)
            x += paint.text(painter, box, words, font, colour("text2"))
