"""The quiet page before a library: the mark, one column, scrolled where the window is low."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSpacerItem, QVBoxLayout, QWidget

from lighttight.ui.theme import theme
from lighttight.ui.widgets.glow import LightTightBox, paint_glow
from lighttight.ui.widgets.layouts import scrolling

_LOW = 720
"""A window lower than this gives less room above."""


class Hall(QWidget):
    """`above` stands under the mark in the middle; `column` is `width` wide; `foot` stays below."""

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(24, 0, 24, 16)
        inside.setSpacing(0)
        self._inside = inside
        self._room = QSpacerItem(0, 100)
        inside.addSpacerItem(self._room)
        inside.addWidget(LightTightBox(48), 0, Qt.AlignmentFlag.AlignHCenter)
        self.above = QVBoxLayout()
        self.above.setSpacing(0)
        inside.addLayout(self.above)
        inside.addSpacing(24)
        column = QWidget()
        column.setFixedWidth(width)
        self.column = QVBoxLayout(column)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        # Not by alignment: that would give the column a height for another width than it has.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(column)
        middle.addStretch(1)
        inside.addLayout(middle)
        inside.addStretch(1)
        outer.addWidget(scrolling(page), 1)
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(24, 0, 24, 0)
        outer.addLayout(self.foot)
        outer.addSpacing(20)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._room.changeSize(0, 32 if self.height() < _LOW else 100)
        self._inside.invalidate()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("bg"))
        if theme().dark:
            paint_glow(painter, QPointF(self.width() / 2, 70), 330, 0.55)
