"""The trash: put back, or delete for good, with what that means said before it is pressed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from lighttight.model import Cell, ItemId
from lighttight.ui import words
from lighttight.ui.grid.previews import PreviewSource
from lighttight.ui.grid.view import TimelineGrid
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look
from lighttight.ui.widgets.notes import EmptyState
from lighttight.ui.widgets.text import Text


class TrashPage(QWidget):
    """Both signals carry ids; without a selection they mean everything in the trash."""

    restore_wanted = Signal(list)
    delete_wanted = Signal(list)

    def __init__(self, jobs: Jobs, source: PreviewSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(24, 20, 24, 16)
        head.setSpacing(8)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(Text(self.tr("Trash"), "heading"))
        said.addWidget(
            Text(
                self.tr(
                    "Still in the library, still locked. "
                    "Deleted for good, nobody can bring them back, and copies that "
                    "left stay where they are."
                ),
                "body",
                "text2",
                wrap=True,
            )
        )
        head.addLayout(said, 1)
        self.restore = Button("", Look.RAISED, icon="undo")
        self.restore.clicked.connect(lambda: self.restore_wanted.emit(self.chosen()))
        head.addWidget(self.restore)
        self.delete = Button("", Look.DANGER, icon="trash")
        self.delete.clicked.connect(lambda: self.delete_wanted.emit(self.chosen()))
        head.addWidget(self.delete)
        outer.addLayout(head)
        self.stack = QStackedWidget()
        outer.addWidget(self.stack, 1)
        self.grid = TimelineGrid(jobs, source)
        self.grid.selection_changed.connect(self._tell)
        self.grid.delete_wanted.connect(lambda: self.delete_wanted.emit(self.chosen()))
        self.stack.addWidget(self.grid)
        self._empty = EmptyState(
            "trash", self.tr("The trash is empty"), self.tr("What you delete waits here first.")
        )
        self.stack.addWidget(self._empty)
        self.show_cells([])

    def focus_first(self) -> None:
        if self.stack.currentWidget() is self.grid:
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def chosen(self) -> list[ItemId]:
        return self.grid.selected() or [cell.id for cell in self.grid.cells()]

    def show_cells(self, cells: Sequence[Cell]) -> None:
        self.grid.set_cells(cells)
        self.stack.setCurrentWidget(self.grid if cells else self._empty)
        self._tell()

    def _tell(self) -> None:
        selected = len(self.grid.selected())
        some = bool(self.grid.cells())
        self.restore.setVisible(some)
        self.delete.setVisible(some)
        if selected:
            count = words.items(selected)
            self.restore.setText(self.tr("Put back {items}").format(items=count))
            self.delete.setText(self.tr("Delete {items} for good").format(items=count))
        else:
            self.restore.setText(self.tr("Put all back"))
            self.delete.setText(self.tr("Empty the trash"))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
