"""The frame of the open library, and which of its parts stand beside which page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from lighttight.ui.grid.previews import PreviewSource
from lighttight.ui.grid.view import USUAL_ZOOM, ZOOM
from lighttight.ui.inspector import Inspector
from lighttight.ui.jobs import Jobs
from lighttight.ui.pages.empty import EmptyPage
from lighttight.ui.pages.library import LibraryPage
from lighttight.ui.pages.settings import SettingsPage
from lighttight.ui.pages.trash import TrashPage
from lighttight.ui.theme import theme
from lighttight.ui.widgets.layouts import discard
from lighttight.ui.widgets.notes import StatusLine
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sidebar import Sidebar
from lighttight.ui.widgets.toolbar import Toolbar


class Shell(QWidget):
    """The frame of the open library: sidebar, toolbar, a page, the inspector, the status line."""

    def __init__(self, jobs: Jobs, previews: PreviewSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.sidebar = Sidebar()
        across.addWidget(self.sidebar)
        right = QVBoxLayout()
        right.setSpacing(0)
        across.addLayout(right, 1)
        self.toolbar = Toolbar(len(ZOOM), USUAL_ZOOM)
        right.addWidget(self.toolbar)
        below = QHBoxLayout()
        below.setSpacing(0)
        right.addLayout(below, 1)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        below.addLayout(middle, 1)
        self.stack = QStackedWidget()
        middle.addWidget(self.stack, 1)
        self._work = QVBoxLayout()
        self._work.setContentsMargins(0, 0, 0, 0)
        self._work.setSpacing(8)
        middle.addLayout(self._work)
        self.status = StatusLine()
        middle.addWidget(self.status)
        self.inspector = Inspector()
        self.inspector.hide()
        below.addWidget(self.inspector)

        self.library = LibraryPage(jobs, previews)
        self.empty = EmptyPage()
        self.trash = TrashPage(jobs, previews)
        self.settings = SettingsPage()
        for page in (self.library, self.empty, self.trash, self.settings):
            self.stack.addWidget(page)
        self.toolbar.zoomed.connect(self.library.grid.set_zoom)
        self.toolbar.zoomed.connect(self.trash.grid.set_zoom)
        self.library.grid.zoom_changed.connect(self.toolbar.zoom.setValue)
        self.toolbar.details_toggled.connect(lambda _: self._show_details())
        self.stack.currentChanged.connect(lambda _: self._show_details())
        self.toolbar.search.left.connect(self._to_pictures)
        self.inspector.left.connect(self._to_pictures)
        self.toolbar.search.submitted.connect(
            # As by Tab: the first picture is current, and Enter once more opens it.
            lambda: self.library.grid.setFocus(Qt.FocusReason.TabFocusReason)
        )
        self.stack.currentChanged.connect(self._bring_notes)

    def _bring_notes(self) -> None:
        """Notes stand above the pictures, and where pictures will be."""
        page = self.stack.currentWidget()
        if isinstance(page, LibraryPage | EmptyPage):
            page.take_notes(self.library.notes)

    def _show_details(self) -> None:
        """Beside pictures only: the settings have none."""
        here = self.stack.currentWidget() in (self.library, self.trash, self.empty)
        self.inspector.setVisible(here and self.toolbar.details.isChecked())

    def _to_pictures(self) -> None:
        page = self.trash if self.stack.currentWidget() is self.trash else self.library
        page.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def add_work(self, panel: ProgressPanel) -> None:
        self._work.setContentsMargins(24, 8, 56, 12)
        self._work.addWidget(panel)

    def remove_work(self, panel: ProgressPanel) -> None:
        self._work.removeWidget(panel)
        discard(panel)
        if self._work.isEmpty():
            self._work.setContentsMargins(0, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
