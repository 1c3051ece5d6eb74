"""Choosing: cards, radio marks, switches and segmented controls.

All are Qt buttons underneath, so groups, arrow keys and screen readers work as people expect.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lighttight.ui import paint
from lighttight.ui.theme import theme


def paint_radio(painter: QPainter, x: float, y: float, *, chosen: bool, over: bool) -> None:
    """The round mark, 18 px, whose top left corner is at (x, y)."""
    size = theme().metrics.radio
    colour = theme().colour
    centre = QPointF(x + size / 2, y + size / 2)
    if chosen:
        paint.dot(painter, centre.x(), centre.y(), size / 2, colour("accent"))
        inner = colour("on_accent") if theme().dark else colour("surface")
        paint.dot(painter, centre.x(), centre.y(), 4, inner)
        return
    painter.setPen(QPen(colour("text3" if over else "control_line"), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(centre, size / 2 - 0.6, size / 2 - 0.6)


class ChoiceCard(QAbstractButton):
    """A whole card as one radio: title, what it means, and the lit edge when chosen.

    The edge of a chosen card is 2 px instead of 1 and lies inside, so the words never move.
    """

    def __init__(self, title: str, detail: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self._detail = detail
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(title)
        self.setAccessibleDescription(detail)
        self.setFixedHeight(66)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty("focusRadius", theme().metrics.radius_card)

    def sizeHint(self) -> QSize:
        return QSize(480, 66)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        metrics = theme().metrics
        chosen = self.isChecked()
        over = self.underMouse()
        fill = colour("accent_soft") if chosen else colour("hover" if over else "surface")
        paint.rounded(
            painter,
            self.rect(),
            metrics.radius_card,
            fill=fill,
            edge=colour("accent") if chosen else colour("line_strong"),
            width=metrics.chosen_card if chosen else 1,
        )
        paint_radio(painter, 18, (self.height() - 18) / 2, chosen=chosen, over=over)
        room = self.width() - 64
        font = theme().font("body", strong=True)
        paint.text(painter, QRectF(48, 13, room, 20), self.text(), font, colour("text"))
        box = QRectF(48, 33, room, 20)
        paint.text(painter, box, self._detail, theme().font(), colour("text2"))


class ChoiceGroup(QWidget):
    """Cards of which one is chosen; Up and Down move the choice."""

    chosen = Signal(str)

    def __init__(
        self,
        options: Sequence[tuple[str, str, str]],
        default: str,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        """`options` are (key, title, detail); `default` is the key chosen beforehand."""
        super().__init__(parent)
        self.setAccessibleName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._group = QButtonGroup(self)
        self._keys: list[str] = []
        for key, title, detail in options:
            card = ChoiceCard(title, detail)
            self._group.addButton(card, len(self._keys))
            self._keys.append(key)
            layout.addWidget(card)
            card.setChecked(key == default)
        self._group.idToggled.connect(self._toggled)

    def value(self) -> str:
        return self._keys[self._group.checkedId()]

    def _toggled(self, position: int, on: bool) -> None:
        if on:
            self.chosen.emit(self._keys[position])


class Switch(QAbstractButton):
    """On or off, at once. The knob slides unless movement is reduced."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        width, height = theme().metrics.switch
        self.setFixedSize(width, height)
        self.setProperty("focusRadius", height / 2)
        self._place = 0.0
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(theme().curve)
        self._slide.valueChanged.connect(self._moved)
        self.toggled.connect(self._toggled)

    def _moved(self, value: object) -> None:
        if isinstance(value, float):
            self._place = value
            self.update()

    def _toggled(self, on: bool) -> None:
        end = 1.0 if on else 0.0
        if theme().reduced_motion or not self.isVisible():
            self._slide.stop()
            self._place = end
            self.update()
            return
        self._slide.stop()
        self._slide.setStartValue(self._place)
        self._slide.setEndValue(end)
        self._slide.setDuration(theme().duration("fast"))
        self._slide.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        colour = theme().colour
        height = self.height()
        on = self.isChecked()
        paint.rounded(
            painter,
            self.rect(),
            height / 2,
            fill=colour("accent") if on else colour("well"),
            edge=None if on else colour("control_line"),
            width=1.2,
        )
        reach = self.width() - height
        knob = colour("on_accent") if on else colour("control_line")
        paint.dot(painter, height / 2 + reach * self._place, height / 2, height / 2 - 4, knob)


class _Segment(QAbstractButton):
    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("focusRadius", theme().metrics.radius_picture)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        chosen = self.isChecked()
        if chosen:
            paint.rounded(
                painter,
                self.rect(),
                theme().metrics.radius_picture,
                fill=colour("seg_on"),
                edge=colour("line_strong"),
            )
        ink = colour("text") if chosen or self.underMouse() else colour("text2")
        box = QRectF(self.rect()).adjusted(6, 0, -6, 0)
        font = theme().font("body", strong=chosen)
        paint.text(painter, box, self.text(), font, ink, Qt.AlignmentFlag.AlignCenter)


class Segmented(QWidget):
    """A few exclusive choices side by side; Left and Right move between them."""

    chosen = Signal(str)

    def __init__(
        self,
        options: Sequence[tuple[str, str]],
        default: str,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._keys = [key for key, _ in options]
        self._group = QButtonGroup(self)
        self._parts: list[_Segment] = []
        for number, (key, words) in enumerate(options):
            part = _Segment(words, self)
            part.setChecked(key == default)
            self._group.addButton(part, number)
            self._parts.append(part)
        self._group.idToggled.connect(self._toggled)
        self.setFixedHeight(theme().metrics.field)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def keys(self) -> list[str]:
        return list(self._keys)

    def value(self) -> str:
        return self._keys[self._group.checkedId()]

    def set_value(self, key: str) -> None:
        self._parts[self._keys.index(key)].setChecked(True)

    def _toggled(self, number: int, on: bool) -> None:
        if on:
            self.chosen.emit(self._keys[number])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        wanted = (self._group.checkedId() + step) % len(self._parts)
        self._parts[wanted].setChecked(True)
        self._parts[wanted].setFocus(Qt.FocusReason.OtherFocusReason)

    def sizeHint(self) -> QSize:
        font = theme().font("body", strong=True)
        widest = max(paint.text_width(part.text(), font) for part in self._parts)
        return QSize((widest + 28) * len(self._parts) + 6, theme().metrics.field)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: object) -> None:
        del event
        width = (self.width() - 6) / len(self._parts)
        for number, part in enumerate(self._parts):
            left = round(3 + number * width)
            right = round(3 + (number + 1) * width)
            part.setGeometry(left, 3, right - left, self.height() - 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        paint.rounded(
            painter,
            self.rect(),
            theme().metrics.radius_control,
            fill=theme().colour("well"),
            edge=theme().colour("line_strong"),
        )
