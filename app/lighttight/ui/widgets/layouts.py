"""Parts that are gone from a layout at once, and parts that scroll where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QSizePolicy, QWidget


def discard(widget: QWidget) -> None:
    """Hide now, delete when Qt gets to it: until then it would still be seen, and still answer."""
    parent = widget.parentWidget()
    layout = parent.layout() if parent is not None else None
    if layout is not None:
        layout.removeWidget(widget)
    widget.hide()
    widget.deleteLater()


def clear(layout: QLayout) -> None:
    while (entry := layout.takeAt(0)) is not None:
        widget = entry.widget()
        if widget is not None:
            discard(widget)


def _make_plain(area: QScrollArea, inside: QWidget) -> None:
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    # The ground of the page shows through; setWidget had filled both.
    inside.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)


def scrolling(inside: QWidget) -> QScrollArea:
    """`inside` as wide as the room that it is given, and scrolled where it is higher."""
    area = QScrollArea()
    _make_plain(area, inside)
    return area


class Fitting(QScrollArea):
    """As high as what is inside of it, which is `width` wide; scrolled only where that is too much.

    What is inside must have its layout already.
    """

    def __init__(self, inside: QWidget, width: int) -> None:
        super().__init__()
        self._inside = inside
        self._width = width
        _make_plain(self, inside)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        inside = self._inside
        height = inside.heightForWidth(self._width) if inside.hasHeightForWidth() else -1
        return QSize(self._width, height if height >= 0 else inside.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width, min(120, self.sizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # A bar takes width, and with it the words their height: Qt would keep one for its own sake.
        needed = self.height() < self.sizeHint().height()
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if needed else policy.ScrollBarAlwaysOff
        )
        super().resizeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest and watched is self._inside:
            self.updateGeometry()
        return super().eventFilter(watched, event)
