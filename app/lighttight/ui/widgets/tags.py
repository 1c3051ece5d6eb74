"""A field for tags, and below it those there are: small chips, each with its own way out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.fields import PassingField
from lighttight.ui.widgets.layouts import discard

_HEIGHT = 24
_GAP = 6


class _Chip(QAbstractButton):
    """A tag; pressing it takes it away."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(name)
        self.setAccessibleName(self.tr("Take away the tag {tag}").format(tag=name))
        self.setToolTip(self.tr("Take away"))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("focusRadius", _HEIGHT / 2)

    def sizeHint(self) -> QSize:
        return QSize(paint.text_width(self.text(), theme().font("small")) + 36, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        fill = colour("hover") if self.underMouse() else colour("raised")
        paint.rounded(painter, self.rect(), _HEIGHT / 2, fill=fill, edge=colour("line_strong"))
        box = QRectF(10, 0, self.width() - 34, self.height())
        paint.text(painter, box, self.text(), theme().font("small"), colour("text"))
        paint_icon(painter, "close", self.width() - 21, 6, colour("text2"), 12)


class _Flow(QWidget):
    """Chips from left to right, on as many lines as they need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[_Chip] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(width, move=False)

    def sizeHint(self) -> QSize:
        width = self.width() or 248
        return QSize(width, self._arrange(width, move=False))

    def arrange(self) -> None:
        self.updateGeometry()
        self._arrange(self.width(), move=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange(self.width(), move=True)
        super().resizeEvent(event)

    def _arrange(self, width: int, *, move: bool) -> int:
        x = y = 0
        for chip in self.chips:
            wide = min(chip.sizeHint().width(), width)
            if x and x + wide > width:
                x, y = 0, y + _HEIGHT + _GAP
            if move:
                chip.setGeometry(x, y, wide, _HEIGHT)
                chip.show()
            x += wide + _GAP
        return y + _HEIGHT if self.chips else 0


class TagEditor(QWidget):
    added = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.field = PassingField(
            self.tr("Add a tag"), placeholder=self.tr("Add a tag"), icon="tag"
        )
        self.field.submitted.connect(self._add)
        # Above the tags: what is typed adds to them, and must not move from under the pointer.
        layout.addWidget(self.field)
        self._flow = _Flow()
        layout.addWidget(self._flow)
        self._tags: tuple[str, ...] = ()
        self.set_tags(())

    def tags(self) -> tuple[str, ...]:
        return self._tags

    def chip(self, name: str) -> QAbstractButton:
        return next(chip for chip in self._flow.chips if chip.text() == name)

    def set_tags(self, tags: Sequence[str]) -> None:
        if self._flow.chips and tuple(tags) == self._tags:
            return
        self._tags = tuple(tags)
        for chip in self._flow.chips:
            discard(chip)
        self._flow.chips = []
        for name in self._tags:
            chip = _Chip(name, self._flow)
            chip.clicked.connect(lambda _=False, name=name: self.removed.emit(name))
            self._flow.chips.append(chip)
        self._flow.setVisible(bool(self._tags))
        self._flow.arrange()

    def _add(self) -> None:
        name = self.field.text().strip()
        self.field.clear()
        if name:
            self.added.emit(name)
