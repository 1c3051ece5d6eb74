"""The few strokes that every painted part shares: edges, elided text, dots."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def prepare(painter: QPainter) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)


def rounded(
    painter: QPainter,
    rect: QRectF | QRect,
    radius: float,
    *,
    fill: QColor | None = None,
    edge: QColor | None = None,
    width: float = 1.0,
    dashed: bool = False,
) -> None:
    """A filled round rectangle whose edge lies wholly inside `rect`, so nothing moves with it."""
    inner = QRectF(rect)
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        half = width / 2
        inner.adjust(half, half, -half, -half)
        radius = max(0.0, radius - half)
        pen = QPen(edge, width)
        if dashed:
            pen.setStyle(Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([3.0, 3.0])
        painter.setPen(pen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(inner, radius, radius)


def text(
    painter: QPainter,
    rect: QRectF | QRect,
    words: str,
    font: QFont,
    colour: QColor,
    align: Qt.AlignmentFlag = _LEFT,
    *,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> float:
    """One line, elided where it does not fit; returns the width it took."""
    box = QRectF(rect)
    if box.width() <= 0 or not words:
        return 0.0
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(words, elide, int(box.width()) + 1)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(box, int(align) | int(Qt.TextFlag.TextSingleLine), shown)
    return float(metrics.horizontalAdvance(shown))


def text_width(words: str, font: QFont) -> int:
    return QFontMetrics(font).horizontalAdvance(words)


def dot(painter: QPainter, x: float, y: float, radius: float, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(x, y), radius, radius)
