"""From the grid into the viewer and back, with what is veiled still covered."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect

from lighttight.model import ItemId
from lighttight.ui.controllers.program import Program
from lighttight.ui.grid.view import TimelineGrid


class Viewing(QObject):
    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._covered_here = False
        self._window.opened.connect(self._open)
        self._window.shell.trash.grid.opened.connect(self._open_trashed)
        self._window.viewer_shown.connect(self._shown)
        self._window.viewer.closed.connect(self._closed)

    def _open(self, item: str) -> None:
        self._show(self._window.shell.library.grid, ItemId(item))

    def _open_trashed(self, item: str) -> None:
        self._show(self._window.shell.trash.grid, ItemId(item))

    def _show(self, grid: TimelineGrid, item: ItemId) -> None:
        if self._program.session is None:
            return
        items = [cell.id for cell in grid.cells()]
        if item not in items:
            return
        self._window.show_viewer(items, items.index(item), self._place_of(grid, item))

    def _place_of(self, grid: TimelineGrid, item: ItemId) -> QRect | None:
        rect = grid.rect_of(item)
        if rect is None or item in self._program.sources.veiled:
            return None
        return QRect(grid.mapTo(self._window, rect.topLeft()), rect.size())

    def _shown(self, item: str) -> None:
        """A picture of a veiled album is covered when it appears; H or Uncover shows it."""
        veiled = ItemId(item) in self._program.sources.veiled
        cover = self._window.viewer.cover
        if veiled and not cover.isChecked():
            cover.setChecked(True)
            self._covered_here = True
        elif not veiled and self._covered_here:
            cover.setChecked(False)
            self._covered_here = False

    def _closed(self, item: str) -> None:
        del item
        if self._covered_here:
            self._window.viewer.cover.setChecked(False)
            self._covered_here = False
