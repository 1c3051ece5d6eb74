"""Every shortcut of the program in one table: bound from it, and shown from it by `?`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme
from lighttight.ui.widgets.sheet import Answer, Sheet
from lighttight.ui.widgets.text import Text


def table() -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, [(keys, what they do)]) in the order they are shown."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("Shortcuts", text)

    return [
        (
            tr("Everywhere"),
            [
                ("Ctrl+L", tr("Lock and hide at once")),
                ("Ctrl+F", tr("Search")),
                ("Ctrl+O", tr("Import")),
                ("Ctrl+I", tr("Details")),
                ("Ctrl+E", tr("Save outside the library")),
                ("?", tr("This list")),
            ],
        ),
        (
            tr("Pictures"),
            [
                ("← ↑ ↓ →", tr("Move; with Shift, select")),
                ("Ctrl+A", tr("Select all")),
                ("Enter", tr("Open")),
                ("F", tr("Favourite")),
                ("Ctrl+ +  Ctrl+ −", tr("Larger, smaller")),
                ("Delete", tr("To the trash")),
            ],
        ),
        (
            tr("Viewer"),
            [
                ("C", tr("Cover, uncover")),
                ("H", tr("Hold to look")),
                ("← →", tr("Previous, next")),
                ("+  −  0  1", tr("Zoom, whole, true size")),
                ("Esc", tr("Back")),
            ],
        ),
        (
            tr("Video"),
            [
                (tr("Space") + "  K", tr("Play, pause")),
                ("J  L", tr("Ten seconds back, on")),
                (",  .", tr("One frame back, on")),
                ("M", tr("Sound off")),
                ("F11", tr("Full screen")),
            ],
        ),
    ]


class Keys(QWidget):
    """A key as it stands on the keyboard."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setAccessibleName(keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        width = paint.text_width(self._keys, theme().font("small", strong=True))
        return QSize(max(24, width + 14), 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        edge = colour("line_strong")
        paint.rounded(painter, self.rect(), 4, fill=colour("raised"), edge=edge)
        font = theme().font("small", strong=True)
        centre = Qt.AlignmentFlag.AlignCenter
        paint.text(painter, QRectF(self.rect()), self._keys, font, colour("text2"), centre)


def show_shortcuts(parent: QWidget) -> Sheet:
    body = QWidget()
    grid = QGridLayout(body)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    for number, (heading, lines) in enumerate(table()):
        column, top = (number % 2) * 3, (number // 2) * 8
        if number >= 2:
            grid.setRowMinimumHeight(top, 36)
        head = Text(heading, strong=True)
        grid.addWidget(head, top, column, 1, 2, Qt.AlignmentFlag.AlignBottom)
        for row, (keys, words) in enumerate(lines, start=1):
            right = Qt.AlignmentFlag.AlignRight
            grid.addWidget(Keys(keys), top + row, column, right)
            grid.addWidget(Text(words, "body", "text2"), top + row, column + 1)
    grid.setColumnMinimumWidth(2, 24)
    grid.setColumnStretch(1, 1)
    grid.setColumnStretch(4, 1)
    tr = QCoreApplication.translate
    return Sheet(
        tr("Shortcuts", "Keyboard"),
        tr("Shortcuts", "Everything works without a mouse."),
        [Answer("close", tr("Shortcuts", "Close"), safe=True)],
        icon="keyboard",
        body=body,
        width=680,
        parent=parent,
    )
