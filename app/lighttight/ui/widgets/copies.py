"""Where copies went: a person or a disk, what happened, and what is left of the time."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy. Without a `person` the `icon` stands in an amber disc (a disk, a sealed file)."""

    key: str
    title: str
    detail: str
    right: str = ""
    person: bool = True
    icon: str = "usb"
    wants_attention: bool = False
    remaining: float | None = None
    """Share of the time that is left, 0…1, drawn as a bar; None draws none."""


def avatar_colour(name: str) -> QColor:
    """The same colour for the same name, on every computer."""
    avatars = theme().avatars
    return avatars[crc32(name.encode("utf-8")) % len(avatars)]


def paint_avatar(painter: QPainter, rect: QRectF, name: str) -> None:
    centre = rect.center()
    paint.dot(painter, centre.x(), centre.y(), rect.width() / 2, avatar_colour(name))
    letter = next((c for c in name if c.isalnum()), "?").upper()
    role = "small" if rect.width() <= 28 else "body" if rect.width() <= 36 else "title"
    font = theme().font(role, strong=True)
    paint.text(painter, rect, letter, font, QColor("#FFFFFF"), Qt.AlignmentFlag.AlignCenter)


class CopyRow(QAbstractButton):
    """A line of the inspector; pressing it opens the copy in What left."""

    def __init__(self, line: CopyLine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = line
        self.setText(line.title)
        self.setAccessibleName(", ".join(p for p in (line.title, line.detail, line.right) if p))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(60 if line.remaining is not None else 51)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(248, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        line = self.line
        if self.underMouse():
            box = self.rect().adjusted(0, 0, 0, 0)
            paint.rounded(painter, box, theme().metrics.radius_control, fill=colour("hover"))
        disc = QRectF(0, 4, 28, 28)
        if line.person:
            paint_avatar(painter, disc, line.title)
        else:
            paint.dot(painter, 14, 18, 14, colour("accent_soft"))
            paint_icon(painter, line.icon, 6, 10, colour("accent_text"), 16)
        width = self.width()
        right = 0.0
        if line.right:
            strong = line.wants_attention
            font = theme().font("small", strong=strong)
            tone = "accent_text" if strong or line.remaining is not None else "text3"
            right = paint.text_width(line.right, font) + 8.0
            box = QRectF(width - right + 8, 4, right, 20)
            paint.text(painter, box, line.right, font, colour(tone))
        name = theme().font("body", strong=True)
        paint.text(painter, QRectF(40, 4, width - 40 - right, 20), line.title, name, colour("text"))
        small = theme().font("small")
        box = QRectF(40, 24, width - 40, 18)
        paint.text(painter, box, line.detail, small, colour("text2"))
        if line.remaining is not None:
            track = QRectF(40, 47, width - 40, 3)
            paint.rounded(painter, track, 1.5, fill=colour("line_strong"))
            track.setWidth(max(3.0, track.width() * min(1.0, max(0.0, line.remaining))))
            paint.rounded(painter, track, 1.5, fill=colour("accent"))
