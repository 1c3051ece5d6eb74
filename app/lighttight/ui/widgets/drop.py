"""The large target for bringing pictures in: drop, or choose.

What is dropped is only named here: paths of local files and folders. Nothing is read.
"""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.text import Text


def local_paths(data: QMimeData) -> list[str]:
    """The files and folders of this computer that a drag carries."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


class Stack(QWidget):
    """Three pictures, drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(116, 64)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        for angle, x in ((-6.0, 26.0), (6.0, 90.0)):
            painter.save()
            painter.translate(x, 35)
            painter.rotate(angle)
            box = QRectF(-22, -21, 44, 42)
            paint.rounded(painter, box, 5, fill=colour("well"), edge=colour("text3"), width=1.5)
            painter.restore()
        front = QRectF(26, 5, 64, 50)
        accent = colour("accent")
        paint.rounded(painter, front, 5, fill=colour("raised"), edge=accent, width=1.5)
        painter.setPen(QPen(accent, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = [(32, 45), (49, 29), (58, 38), (66, 32), (84, 48)]
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
        painter.drawEllipse(QPointF(73, 19), 4, 4)


class DropArea(QWidget):
    files_wanted = Signal()
    folder_wanted = Signal()
    dropped = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Drop pictures and videos here"))
        self._over = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(0)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addStretch(1)
        layout.addWidget(Stack(), 0, centre)
        layout.addSpacing(24)
        title = Text(self.tr("Drop pictures and videos here"), "title", align=centre)
        layout.addWidget(title, 0, centre)
        layout.addSpacing(4)
        layout.addWidget(
            Text(
                self.tr(
                    "Each one is sealed, then read back. "
                    "The originals stay where they are until you say so."
                ),
                "body",
                "text2",
                wrap=True,
                align=centre,
            )
        )
        layout.addSpacing(20)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.files = Button(self.tr("Choose files…"), Look.PRIMARY, Size.BIG, icon="import")
        self.files.clicked.connect(self.files_wanted)
        row.addWidget(self.files)
        self.folder = Button(self.tr("Choose a folder…"), Look.RAISED, Size.BIG, icon="folder")
        self.folder.clicked.connect(self.folder_wanted)
        row.addWidget(self.folder)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(1)

    def sizeHint(self) -> QSize:
        return QSize(720, 304)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            self._over = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._over = False
        self.update()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        paths = local_paths(event.mimeData())
        if paths:
            # Never let the source delete: the originals stay until the person says so.
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.dropped.emit(paths)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        edge = theme().colour("accent" if self._over else "control_line")
        fill = QColor(theme().colour("accent_soft" if self._over else "well"))
        radius = theme().metrics.radius_card
        width = 2 if self._over else 1
        paint.rounded(
            painter, self.rect(), radius, fill=fill, edge=edge, width=width, dashed=not self._over
        )
