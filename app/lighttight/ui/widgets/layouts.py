"""Parts that are gone from a layout at once, and parts that scroll where there is no room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QWidget


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


def scrolling(inside: QWidget) -> QScrollArea:
    """`inside` as wide as the room that it is given, and scrolled where it is higher."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    # The ground of the page shows through; setWidget had filled both.
    inside.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
