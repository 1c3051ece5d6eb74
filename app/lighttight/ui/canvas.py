"""One picture, as large as it fits, zoomed and moved; or covered.

A picture arrives twice: its preview at once, then itself. Both are drawn into the same rectangle,
which follows from the item's true size, so the change is only seen as sharpness.

`Pyramid` keeps a picture at full, half, quarter size and so on. Drawing picks the smallest that
is large enough, which is quick and does not shimmer at any zoom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme
from lighttight.ui.widgets.glow import paint_box

_SMALLEST = 256
_MOST = 8.0
_UPSCALE = 2.0


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A picture and its halves, largest first."""

    levels: Sequence[QImage]

    @classmethod
    def of(cls, image: QImage) -> Pyramid:
        """Takes some tens of milliseconds at twelve megapixels: for a worker thread."""
        levels = [image]
        while max(levels[-1].width(), levels[-1].height()) > 2 * _SMALLEST:
            last = levels[-1]
            half = QSize(max(1, last.width() // 2), max(1, last.height() // 2))
            levels.append(
                last.scaled(
                    half,
                    Qt.AspectRatioMode.IgnoreAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            )
        return cls(levels)

    def level(self, pixels: float) -> QImage:
        """The smallest that is at least `pixels` wide."""
        for image in reversed(self.levels):
            if image.width() >= pixels:
                return image
        return self.levels[0]

    def reduced(self, pixels: float) -> Pyramid:
        """Without what is larger than needed to be `pixels` wide."""
        for first in range(len(self.levels) - 1, -1, -1):
            if self.levels[first].width() >= pixels:
                return Pyramid(self.levels[first:])
        return self

    @property
    def octets(self) -> int:
        return sum(image.sizeInBytes() for image in self.levels)


class Canvas(QWidget):
    """Where the picture is drawn. The viewer around it owns the keys."""

    zoomed = Signal(float)
    pressed_twice = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._picture: Pyramid | None = None
        self._natural = QSize()
        self._free_scale = False
        self._zoom: float | None = None
        self._centre = QPointF(0.5, 0.5)
        self._covered = False
        self._holding = False
        self._grab: QPointF | None = None
        self._message = ""
        self._from: QRectF | None = None
        self._opening = QVariantAnimation(self)
        self._opening.setStartValue(0.0)
        self._opening.setEndValue(1.0)
        self._opening.setEasingCurve(theme().curve)
        self._opening.valueChanged.connect(self._grow)
        self._grown = 1.0

    # ---- what is shown -------------------------------------------------------------------------

    def show_nothing(self) -> None:
        self._picture = None
        self._natural = QSize()
        self._message = ""
        self._zoom = None
        self._centre = QPointF(0.5, 0.5)
        self.update()

    def show_message(self, words: str) -> None:
        """Instead of a picture that cannot be shown."""
        self._message = words
        self.update()

    def show_picture(self, picture: Pyramid, natural: QSize, *, enlarge: bool = False) -> None:
        """`natural` is the item's true size; `enlarge` (video) fills the view however small."""
        self._picture = picture
        self._message = ""
        if natural != self._natural or enlarge != self._free_scale:
            self._natural = natural if natural.isValid() else picture.levels[0].size()
            self._free_scale = enlarge
        self.update()

    def has_picture(self) -> bool:
        return self._picture is not None

    def sharp(self) -> bool:
        """Whether what is held is as large as the item itself."""
        return self._picture is not None and (
            self._picture.levels[0].width() >= self._natural.width()
        )

    def open_from(self, rect: QRect) -> None:
        """Let the picture grow out of its place in the grid."""
        if theme().duration("open_picture") == 0 or self._picture is None:
            return
        self._from = QRectF(rect)
        self._grown = 0.0
        self._opening.setDuration(theme().duration("open_picture"))
        self._opening.start()

    def _grow(self, value: object) -> None:
        if isinstance(value, float):
            self._grown = value
            self.update()

    # ---- covering ------------------------------------------------------------------------------

    def set_covered(self, covered: bool) -> None:
        self._covered = covered
        self._holding = False
        self.update()

    def covered(self) -> bool:
        return self._covered

    def hold(self, holding: bool) -> None:
        """Reveal for as long as something is held."""
        if self._covered and holding != self._holding:
            self._holding = holding
            self.update()

    def hidden_now(self) -> bool:
        return self._covered and not self._holding

    # ---- zoom and place ------------------------------------------------------------------------

    def fit_scale(self) -> float:
        """Logical pixels per picture pixel at which the whole picture is seen."""
        if self._natural.isEmpty() or self.width() < 1 or self.height() < 1:
            return 1.0
        scale = min(self.width() / self._natural.width(), self.height() / self._natural.height())
        most = _MOST if self._free_scale else _UPSCALE / self.devicePixelRatioF()
        return min(scale, most)

    def scale(self) -> float:
        return self.fit_scale() if self._zoom is None else self._zoom

    def fits(self) -> bool:
        return self._zoom is None

    def fit(self) -> None:
        self._zoom = None
        self._centre = QPointF(0.5, 0.5)
        self._tell()

    def true_size(self) -> None:
        """One picture pixel for one pixel of the screen."""
        self.zoom_to(1 / self.devicePixelRatioF(), QPointF(self.rect().center()))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        self.zoom_to(self.scale() * factor, at or QPointF(self.rect().center()))

    def zoom_to(self, scale: float, at: QPointF) -> None:
        """Zoom so that the point of the picture under `at` stays there."""
        if self._picture is None:
            return
        fit = self.fit_scale()
        scale = min(max(scale, fit), max(_MOST, fit))
        before = self.shown_rect()
        if scale <= fit * 1.001:
            self.fit()
            return
        u = (at.x() - before.x()) / max(1.0, before.width())
        v = (at.y() - before.y()) / max(1.0, before.height())
        self._zoom = scale
        width, height = self._natural.width() * scale, self._natural.height() * scale
        self._place(QPointF(at.x() - u * width, at.y() - v * height), width, height)
        self._tell()

    def pan_by(self, dx: float, dy: float) -> bool:
        """Move a zoomed picture; False when it already stands at that edge."""
        if self._zoom is None:
            return False
        before = self.shown_rect()
        self._place(before.topLeft() + QPointF(dx, dy), before.width(), before.height())
        self.update()
        return self.shown_rect() != before

    def _place(self, corner: QPointF, width: float, height: float) -> None:
        """Keep the picture's centre such that no edge comes inside the view without need."""

        def clamp(start: float, length: float, room: float) -> float:
            if length <= room:
                return 0.5
            start = min(0.0, max(room - length, start))
            return (room / 2 - start) / length

        self._centre = QPointF(
            clamp(corner.x(), width, self.width()), clamp(corner.y(), height, self.height())
        )

    def shown_rect(self) -> QRectF:
        """Where the whole picture lies, in this widget's coordinates."""
        scale = self.scale()
        width, height = self._natural.width() * scale, self._natural.height() * scale
        return QRectF(
            self.width() / 2 - self._centre.x() * width,
            self.height() / 2 - self._centre.y() * height,
            width,
            height,
        )

    def _tell(self) -> None:
        self.zoomed.emit(self.scale() * self.devicePixelRatioF())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._zoom is not None:
            rect = self.shown_rect()
            self._place(rect.topLeft(), rect.width(), rect.height())
        super().resizeEvent(event)

    # ---- pointer -------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y()
        if turn and not self.hidden_now():
            self.zoom_by(1.0015**turn, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        if self._covered:
            self.hold(True)
            return
        self._grab = event.position()
        if self._zoom is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is None or self._zoom is None:
            return
        delta = event.position() - self._grab
        self._grab = event.position()
        self.pan_by(delta.x(), delta.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self.hold(False)
        self._grab = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._covered:
            return
        if self._free_scale:
            self.pressed_twice.emit()
        elif self._zoom is None:
            wanted = max(1 / self.devicePixelRatioF(), self.fit_scale() * 2)
            self.zoom_to(wanted, event.position())
        else:
            self.fit()

    # ---- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme().viewer_colour("backdrop"))
        if self.hidden_now():
            self._paint_cover(painter)
            return
        if self._picture is None or self._message:
            self._paint_message(painter)
            return
        rect = self.shown_rect()
        if self._from is not None and self._grown < 1:
            rect = _between(self._from, rect, self._grown)
        self._paint_picture(painter, rect)

    def _paint_picture(self, painter: QPainter, rect: QRectF) -> None:
        if self._picture is None or rect.isEmpty():
            return
        ratio = self.devicePixelRatioF()
        image = self._picture.level(rect.width() * ratio)
        seen = rect.intersected(QRectF(self.rect()))
        if seen.isEmpty():
            return
        u = image.width() / rect.width()
        v = image.height() / rect.height()
        part = QRectF(
            (seen.x() - rect.x()) * u,
            (seen.y() - rect.y()) * v,
            seen.width() * u,
            seen.height() * v,
        )
        # Pixels are shown as such only of the picture itself, zoomed far in: never of a preview.
        smooth = rect.width() * ratio / image.width() < 3 or self._free_scale or not self.sharp()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(seen, image, part)

    def _paint_cover(self, painter: QPainter) -> None:
        paint.prepare(painter)
        centre = QPointF(self.rect().center())
        box = QRectF(0, 0, 91, 91)
        box.moveCenter(centre - QPointF(0, 28))
        paint_box(painter, box)
        line = QRectF(0, centre.y() + 36, self.width(), 24)
        align = Qt.AlignmentFlag.AlignCenter
        words = self.tr("Covered. Hold to look, or press C.")
        ink = theme().viewer_colour("text2")
        paint.text(painter, line, words, theme().font("body"), ink, align)

    def _paint_message(self, painter: QPainter) -> None:
        paint.prepare(painter)
        ink = theme().viewer_colour("text2")
        align = Qt.AlignmentFlag.AlignCenter
        paint.text(painter, self.rect(), self._message, theme().font("body"), ink, align)


def _between(start: QRectF, end: QRectF, share: float) -> QRectF:
    def mix(a: float, b: float) -> float:
        return a + (b - a) * share

    return QRectF(
        mix(start.x(), end.x()),
        mix(start.y(), end.y()),
        mix(start.width(), end.width()),
        mix(start.height(), end.height()),
    )
