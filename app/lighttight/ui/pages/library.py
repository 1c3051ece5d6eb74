"""The library: the grid, a row above it for a note, and what stands there when nothing is found."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from lighttight.model import Cell
from lighttight.ui.grid.previews import PreviewSource
from lighttight.ui.grid.view import TimelineGrid
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme
from lighttight.ui.widgets.layouts import clear, discard
from lighttight.ui.widgets.notes import Banner, EmptyState
from lighttight.ui.widgets.progress import Bar


class LibraryPage(QWidget):
    """`show_cells` for a place; `show_empty` where there is nothing; `show_loading` between."""

    empty_action = Signal()

    def __init__(self, jobs: Jobs, source: PreviewSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.notes = QWidget()
        """What the rows stand in; `take_notes` brings it here from another page."""
        self._banners = QVBoxLayout(self.notes)
        self._banners.setContentsMargins(0, 0, 0, 0)
        self._banners.setSpacing(8)
        self._layout.addWidget(self.notes)
        self.notes.hide()
        self.stack = QStackedWidget()
        self._layout.addWidget(self.stack, 1)
        self.grid = TimelineGrid(jobs, source)
        self.stack.addWidget(self.grid)
        self._empty: EmptyState | None = None
        self._loading = QWidget()
        loading = QVBoxLayout(self._loading)
        loading.setContentsMargins(24, 24, 56, 24)
        self._loading_bar = Bar(self.tr("Opening"))
        loading.addWidget(self._loading_bar)
        loading.addStretch(1)
        self.stack.addWidget(self._loading)

    def show_cells(self, cells: Sequence[Cell]) -> None:
        self.grid.set_cells(cells)
        self.stack.setCurrentWidget(self.grid)

    def show_grid(self) -> None:
        self.stack.setCurrentWidget(self.grid)

    def focus_first(self) -> None:
        if self.stack.currentWidget() is self.grid:
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_loading(self) -> None:
        self.stack.setCurrentWidget(self._loading)

    def show_empty(self, icon: str, title: str, sentence: str, action: str = "") -> None:
        if self._empty is not None:
            self.stack.removeWidget(self._empty)
            discard(self._empty)
        self._empty = EmptyState(icon, title, sentence, action)
        self._empty.acted.connect(self.empty_action)
        self.stack.addWidget(self._empty)
        self.stack.setCurrentWidget(self._empty)

    def take_notes(self, notes: QWidget) -> None:
        self._layout.insertWidget(0, notes)
        notes.setHidden(self._banners.isEmpty())

    def add_banner(self, banner: Banner) -> None:
        """A row of its own above the pictures, until it is put away."""
        if self._banners.isEmpty():
            right = theme().metrics.year_strip + 12
            self._banners.setContentsMargins(theme().metrics.grid_margin, 16, right, 4)
        self._banners.addWidget(banner)
        self.notes.show()
        banner.closed.connect(lambda: self.remove_banner(banner))

    def remove_banners(self) -> None:
        """Lock: what they say may be about what is inside."""
        clear(self._banners)
        self.notes.hide()
        self._banners.setContentsMargins(0, 0, 0, 0)

    def remove_banner(self, banner: Banner) -> None:
        self._banners.removeWidget(banner)
        discard(banner)
        if self._banners.isEmpty():
            self.notes.hide()
            self._banners.setContentsMargins(0, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
