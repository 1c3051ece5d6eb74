"""Rows of a card that lead somewhere: other ways in, other libraries, parts of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.layouts import discard


@dataclass(frozen=True, slots=True)
class ListRow:
    key: str
    icon: str
    title: str
    detail: str
    enabled: bool = True


class _Row(QAbstractButton):
    def __init__(self, row: ListRow, *, first: bool, last: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._row = row
        self._first = first
        self._last = last
        self.setText(row.title)
        self.setAccessibleName(row.title)
        self.setAccessibleDescription(row.detail)
        self.setEnabled(row.enabled)
        self.setFixedHeight(52)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(400, 52)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            radius = theme().metrics.radius_card - 1
            shape = QPainterPath()
            shape.setFillRule(Qt.FillRule.WindingFill)
            body = QRectF(self.rect()).adjusted(1, 1 if self._first else 0, -1, 0)
            if self._last:
                body.adjust(0, 0, 0, -1)
            shape.addRoundedRect(body, radius, radius)
            if not self._first:
                shape.addRect(QRectF(body.left(), body.top(), body.width(), radius))
            if not self._last:
                flat = QRectF(body.left(), body.bottom() - radius, body.width(), radius)
                shape.addRect(flat)
            painter.fillPath(shape, colour("hover"))
        if not self._first:
            painter.fillRect(1, 0, self.width() - 2, 1, colour("line"))
        if not self.isEnabled():
            painter.setOpacity(0.5)
        paint_icon(painter, self._row.icon, 17, 16, colour("text2"), 20)
        room = self.width() - 48 - 44
        paint.text(
            painter, QRectF(48, 8, room, 20), self._row.title, theme().font(), colour("text")
        )
        small = theme().font("small")
        paint.text(painter, QRectF(48, 28, room, 16), self._row.detail, small, colour("text3"))
        paint_icon(painter, "chevron-right", self.width() - 33, 18, colour("text2"), 16)


class RowList(QWidget):
    """A card of rows, each a button; `chosen` tells which by its key."""

    chosen = Signal(str)

    def __init__(self, rows: Sequence[ListRow] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._buttons: dict[str, _Row] = {}
        self.set_rows(rows)

    def set_rows(self, rows: Sequence[ListRow]) -> None:
        for button in self._buttons.values():
            discard(button)
        self._buttons.clear()
        for number, row in enumerate(rows):
            button = _Row(row, first=number == 0, last=number == len(rows) - 1, parent=self)
            button.setProperty("focusRadius", theme().metrics.radius_card)
            button.clicked.connect(lambda _=False, key=row.key: self.chosen.emit(key))
            self._layout.addWidget(button)
            # At once, not with the next turn of the loop: it may be given the focus now.
            button.show()
            self._buttons[row.key] = button

    def button(self, key: str) -> QAbstractButton:
        return self._buttons[key]

    def buttons(self) -> list[QAbstractButton]:
        """All of them, from above."""
        return list(self._buttons.values())

    def __contains__(self, key: str) -> bool:
        return key in self._buttons

    def keys(self) -> list[str]:
        return list(self._buttons)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        paint.rounded(
            painter,
            self.rect(),
            theme().metrics.radius_card,
            fill=theme().colour("surface"),
            edge=theme().colour("line"),
        )
