"""The light-tight box, its glow, and the panel of the welcome pages on which it stands.

The glow is one radial gradient in a single hue; everything else is flat.
"""

from __future__ import annotations

import random
from functools import cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QRadialGradient,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme
from lighttight.ui.widgets.text import Text


def paint_glow(painter: QPainter, centre: QPointF, radius: float, strength: float = 1.0) -> None:
    """A warm light around `centre`, nothing at `radius`."""
    hue = theme().dark_colour("accent")
    gradient = QRadialGradient(centre, radius)
    dark = theme().dark
    peak = (0.16 if dark else 0.10) * strength
    for place, share in ((0.0, 1.0), (0.25, 0.82), (0.5, 0.44), (0.75, 0.14), (1.0, 0.0)):
        stop = QColor(hue)
        stop.setAlphaF(peak * share)
        gradient.setColorAt(place, stop)
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.fillRect(box, gradient)
    painter.drawImage(box.topLeft(), _grainy_disc(round(radius)))


@cache
def _grainy_disc(radius: int) -> QImage:
    """The grain, strongest in the middle and gone at the edge, as the light itself."""
    image = QImage(2 * radius, 2 * radius, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.fillRect(image.rect(), QBrush(_grain()))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    fade = QRadialGradient(QPointF(radius, radius), radius)
    fade.setColorAt(0.0, QColor(0, 0, 0, 255))
    fade.setColorAt(0.6, QColor(0, 0, 0, 200))
    fade.setColorAt(1.0, QColor(0, 0, 0, 0))
    painter.fillRect(image.rect(), fade)
    painter.end()
    return image


@cache
def _grain() -> QImage:
    """Noise of a level or two: so faint a gradient would show its steps as rings without it."""
    dice = random.Random(20)  # noqa: S311 - grain, not a secret
    image = QImage(96, 96, QImage.Format.Format_ARGB32)
    for y in range(96):
        for x in range(96):
            shade = 255 if dice.random() < 0.5 else 0
            image.setPixelColor(x, y, QColor(shade, shade, shade, dice.randrange(5)))
    return image


def paint_box(painter: QPainter, rect: QRectF) -> None:
    """The large box: two nested round squares and the half-filled disc (film behind light)."""
    colour = theme().colour
    accent = colour("accent")
    unit = rect.width() / 182
    ground = colour("sidebar") if theme().dark else colour("surface")
    paint.rounded(painter, rect, 44 * unit, fill=ground, edge=accent, width=2 * unit)
    faint = QColor(accent)
    faint.setAlphaF(0.28)
    inner = rect.adjusted(12 * unit, 12 * unit, -12 * unit, -12 * unit)
    paint.rounded(painter, inner, 34 * unit, edge=faint, width=1.2 * unit)
    disc = QRectF(0, 0, 93 * unit, 93 * unit)
    disc.moveCenter(rect.center())
    half = QPainterPath(QPointF(disc.left(), disc.center().y()))
    half.arcTo(disc, 180, 180)
    half.closeSubpath()
    painter.fillPath(half, accent)
    painter.setPen(QPen(accent, 2.2 * unit))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(disc)


class LightTightBox(QWidget):
    """The small mark above the unlock card (`size` 48) in one colour."""

    def __init__(self, size: int = 48, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        ink = theme().colour("accent_text")
        # The drawing of icons/lighttight.svg without its margin.
        unit = self.width() / 34.5
        pen = QPen(ink, 2.5 * unit)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        edge = 1.25 * unit
        rect = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        painter.drawRoundedRect(rect, 8 * unit, 8 * unit)
        disc = QRectF(0, 0, 16 * unit, 16 * unit)
        disc.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        painter.drawEllipse(disc)
        half = QPainterPath(QPointF(disc.left(), disc.center().y()))
        half.arcTo(disc, 180, 180)
        painter.fillPath(half, ink)


class GlowPanel(QWidget):
    """The left 400 px of the welcome pages: the box in its light, and a thought at the foot."""

    def __init__(self, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(400)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(40, 40, 40, 40)
        layout.setSpacing(4)
        layout.addStretch(1)
        self._title = Text(title, "heading")
        self._sentence = Text(sentence, "body", "text2", wrap=True)
        layout.addWidget(self._title)
        layout.addWidget(self._sentence)

    def set_thought(self, title: str, sentence: str) -> None:
        self._title.setText(title)
        self._sentence.setText(sentence)
        self._sentence.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(400, 600)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        ground = theme().colour("well") if theme().dark else theme().colour("sidebar")
        painter.fillRect(self.rect(), ground)
        centre = QPointF(200, max(180.0, self.height() * 0.4375))
        paint_glow(painter, centre, 320)
        box = QRectF(0, 0, 182, 182)
        box.moveCenter(centre)
        paint_box(painter, box)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme().colour("line"))
