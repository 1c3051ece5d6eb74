"""How the parts of the grid look: one function each, given a painter and a place."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from lighttight.model import Kind
from lighttight.ui import paint, words
from lighttight.ui.grid.layout import Month
from lighttight.ui.grid.previews import Preview
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme


def frame(painter: QPainter, rect: QRect) -> None:
    """The quiet place of a picture that is not there yet."""
    radius = theme().metrics.radius_picture
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour("raised"))
    painter.drawRoundedRect(rect, radius, radius)


def picture(painter: QPainter, rect: QRect, preview: Preview, ratio: float) -> None:
    """A plain copy where the preview has the right size; otherwise scaled until it has."""
    image = preview.image
    size = (round(rect.width() * ratio), round(rect.height() * ratio))
    if (preview.width, preview.height) == size:
        if image.devicePixelRatio() != ratio:
            image.setDevicePixelRatio(ratio)
        painter.drawImage(rect.topLeft(), image)
        return
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(rect), image, _cover(image, rect))


def _cover(image: QImage, rect: QRect) -> QRectF:
    """The middle part of an image with the shape of `rect`, in the image's own pixels."""
    width, height = image.width(), image.height()
    shape = rect.width() / max(1, rect.height())
    if width > height * shape:
        part = height * shape
        return QRectF((width - part) / 2, 0, part, height)
    part = width / shape
    return QRectF(0, (height - part) / 2, width, part)


def veil(painter: QPainter, rect: QRect, preview: Preview) -> None:
    """Two colours of the picture, run together: enough to know it is one, no more."""
    tiny = preview.image.scaled(
        3, 2, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    tiny.setDevicePixelRatio(1.0)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(rect), tiny, QRectF(0.5, 0.5, 2, 1))
    at = rect.center()
    paint_icon(painter, "eye-off", at.x() - 9, at.y() - 9, QColor(255, 255, 255, 200), 20)


def missing(painter: QPainter, rect: QRect, kind: Kind) -> None:
    ink = theme().colour("text3")
    name = "video" if kind is Kind.VIDEO else "library"
    at = rect.center()
    if rect.width() <= 88 or rect.height() <= 60:
        paint_icon(painter, name, at.x() - 10, at.y() - 10, ink, 20)
        return
    paint_icon(painter, name, at.x() - 10, at.y() - 18, ink, 20)
    box = QRectF(rect.x() + 4, at.y() + 4, rect.width() - 8, 18)
    said = QCoreApplication.translate("TimelineGrid", "No preview")
    paint.text(painter, box, said, theme().font("small"), ink, Qt.AlignmentFlag.AlignCenter)


def heart(painter: QPainter, rect: QRect) -> None:
    paint_icon(painter, "heart-filled", rect.x() + 5, rect.bottom() - 22, QColor("white"), 16)


def time_badge(painter: QPainter, rect: QRect, seconds: float | None) -> None:
    """How long a video is; only the triangle where there is no room for more."""
    font = theme().font("small")
    shown = words.clock(seconds) if seconds is not None else ""
    width = paint.text_width(shown, font) + (28 if shown else 22)
    if width > rect.width() - 8:
        shown, width = "", 22
    badge = QRectF(rect.right() - width - 3, rect.bottom() - 21, width, 18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().viewer_colour("badge"))
    painter.drawRoundedRect(badge, 4, 4)
    ink = theme().viewer_colour("text")
    painter.setBrush(ink)
    x, y = badge.x() + 8, badge.center().y()
    painter.drawPolygon([QPointF(x, y - 4), QPointF(x, y + 4), QPointF(x + 7, y)])
    if shown:
        paint.text(painter, badge.adjusted(19, 0, 0, 0), shown, font, ink)


def selected(painter: QPainter, rect: QRect) -> None:
    """Three pixels of amber inside the picture, so that nothing moves, and a check."""
    metrics = theme().metrics
    accent = theme().colour("accent")
    inner = QRectF(rect).adjusted(3, 3, -3, -3)
    paint.rounded(painter, inner, 2, edge=theme().colour("bg"), width=2)
    paint.rounded(painter, rect, metrics.radius_picture, edge=accent, width=metrics.selection)
    if rect.width() >= 40 and rect.height() >= 40:
        x, y = rect.right() - 16, rect.y() + 17
        paint.dot(painter, x, y, 10, accent)
        paint_icon(painter, "check", x - 8, y - 8, theme().colour("on_accent"), 16)


def ring(painter: QPainter, rect: QRect) -> None:
    """Where the keyboard is: in the gap around the picture."""
    metrics = theme().metrics
    outer = QRectF(rect).adjusted(-4, -4, 4, 4)
    radius = metrics.radius_picture + metrics.focus_offset + metrics.focus
    paint.rounded(painter, outer, radius, edge=theme().colour("accent"), width=metrics.focus)


def heading(painter: QPainter, month: Month, y: int, right: int) -> None:
    left = theme().metrics.grid_margin
    box = QRectF(left, y + 8, right - left, 24)
    name = words.month(month.year, month.month)
    taken = paint.text(painter, box, name, theme().font("heading"), theme().colour("text"))
    count = QRectF(left + taken + 10, y + 9, right - left - taken - 10, 24)
    shown = words.number(month.count)
    paint.text(painter, count, shown, theme().font("body"), theme().colour("text3"))


def band(painter: QPainter, rect: QRect) -> None:
    """The rubber band."""
    accent = QColor(theme().colour("accent"))
    painter.setPen(QPen(accent, 1))
    accent.setAlphaF(0.14)
    painter.setBrush(accent)
    painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5))
