"""Painted sliders: the zoom of the grid and the volume of the viewer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSlider, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme


class ThinSlider(QSlider):
    """A line with a round knob. A click goes where it points; arrow keys step."""

    def __init__(
        self,
        name: str,
        steps: int,
        width: int = 96,
        *,
        viewer: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._viewer = viewer
        self.setRange(0, steps)
        self.setPageStep(max(1, steps // 5))
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(width + 12, 24)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("focusRadius", 6)

    def sizeHint(self) -> QSize:
        return self.size()

    def _colour(self, name: str) -> QColor:
        return theme().dark_colour(name) if self._viewer else theme().colour(name)

    def _at(self, x: float) -> int:
        reach = max(1, self.width() - 12)
        share = min(1.0, max(0.0, (x - 6) / reach))
        return round(share * self.maximum())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setValue(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self._at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self.setSliderDown(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        middle = self.height() / 2
        reach = self.width() - 12
        share = self.value() / max(1, self.maximum())
        knob = 6 + reach * share
        full = QRectF(6, middle - 1, reach, 2)
        paint.rounded(painter, full, 1, fill=self._colour("line_strong"))
        paint.rounded(painter, QRectF(6, middle - 1, knob - 6, 2), 1, fill=self._colour("text2"))
        ink = self._colour("text2") if not self.isEnabled() else self._colour("text")
        paint.dot(painter, knob, middle, 7 if self.underMouse() else 6.5, ink)
