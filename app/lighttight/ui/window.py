"""The one window: welcome, unlock, the library with its frame, and the viewer, one at a time.

It is composed of parts that know no engine, and adds what belongs to the window itself: shortcuts,
the cover when the window is not in front, sheets over everything, the place where long work is
shown. A controller fills it with plain data and listens to its signals.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lighttight.model import ItemId
from lighttight.ui.grid.previews import PreviewSource
from lighttight.ui.icons import icon
from lighttight.ui.inspector import Inspector
from lighttight.ui.jobs import Jobs
from lighttight.ui.pages.first import WelcomeFlow
from lighttight.ui.pages.unlock import UnlockData, UnlockPage
from lighttight.ui.shell import Shell
from lighttight.ui.shortcuts import show_shortcuts
from lighttight.ui.theme import theme
from lighttight.ui.viewer import Viewer, ViewerSource
from lighttight.ui.widgets.above import CoverPane, Toast
from lighttight.ui.widgets.drop import local_paths
from lighttight.ui.widgets.layouts import discard
from lighttight.ui.widgets.notes import Banner
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Answer, Sheet
from lighttight.ui.widgets.sidebar import SidebarData
from lighttight.ui.widgets.text import Text

_ACTIVITY = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)


@dataclass(frozen=True, slots=True)
class ClosingQuestion:
    """What is asked, once, before the window closes over something that is lost with it."""

    title: str
    sentence: str
    stay: str
    close: str
    icon_name: str


class Window(QWidget):
    """Signals with ids carry lists of `ItemId`; `place_chosen` carries the sidebar's key."""

    place_chosen = Signal(str)
    searched = Signal(str)
    lock_wanted = Signal()
    files_wanted = Signal()
    folder_wanted = Signal()
    dropped = Signal(list)
    share_wanted = Signal(list)
    export_wanted = Signal(list)
    favourite_wanted = Signal(list, bool)
    trash_wanted = Signal(list)
    album_add_wanted = Signal(list, str)
    album_remove_wanted = Signal(list)
    album_new_wanted = Signal(list)
    selection_changed = Signal(list)
    opened = Signal(str)
    viewer_shown = Signal(str)
    active = Signal()
    closing = Signal()

    def __init__(
        self,
        jobs: Jobs,
        previews: PreviewSource,
        viewer: ViewerSource,
        *,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._active_at = 0.0
        self._cover_when_away = True
        self._sidebar_data = SidebarData("")
        self._over = False
        """Whether files are held over the window that may be dropped."""
        self.closing_questions: list[Callable[[], ClosingQuestion | None]] = []
        """Each answers what closing now would cost; nothing, and it says nothing."""
        self.closed_to_drops: Callable[[], str] = lambda: ""
        """Answers why nothing can be brought in at this moment; nothing, and it can."""
        self._closing_sheet: Sheet | None = None
        """Asked when the window is to close; one that says no asks the person."""
        self.setWindowTitle(self.tr("Lighttight"))
        # Half of a small screen, and the whole of one that is scaled by one and a half.
        self.setMinimumSize(720, 480)
        self.resize(1280, 800)
        self.setAcceptDrops(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.stack = QStackedWidget()
        layout.addWidget(self.stack)
        self.welcome = WelcomeFlow()
        self.unlock = UnlockPage()
        self.shell = Shell(jobs, previews)
        self.viewer = Viewer(jobs, viewer)
        self.viewer_details = Inspector()
        self.viewer_details.hide()
        self._viewer_page = QWidget()
        beside = QHBoxLayout(self._viewer_page)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(self.viewer, 1)
        beside.addWidget(self.viewer_details)
        for page in (self.welcome, self.unlock, self.shell, self._viewer_page):
            self.stack.addWidget(page)
        self._outside: list[QWidget] = [self.welcome, self.unlock]
        self._cover = CoverPane(self)
        self._cover.hide()
        self.toast = Toast(self)
        self._connect()
        self._bind_keys()
        self._redress()
        theme().changed.connect(self._redress)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    # ---- wiring of its own parts ---------------------------------------------------------------

    def _connect(self) -> None:
        shell, grid = self.shell, self.shell.library.grid
        shell.sidebar.chosen.connect(self.place_chosen)
        shell.toolbar.searched.connect(self.searched)
        shell.toolbar.import_wanted.connect(self._import_menu)
        shell.toolbar.share_wanted.connect(lambda: self.share_wanted.emit(grid.selected()))
        shell.toolbar.lock_wanted.connect(self.lock_wanted)
        grid.selection_changed.connect(self._selected)
        grid.opened.connect(self._open)
        grid.favourite_wanted.connect(self._favourite_selected)
        grid.delete_wanted.connect(lambda: self._with_selection(self.trash_wanted.emit))
        grid.menu_wanted.connect(self._grid_menu)
        shell.empty.files_wanted.connect(self.files_wanted)
        shell.empty.folder_wanted.connect(self.folder_wanted)
        shell.empty.dropped.connect(self.dropped)
        for inspector in (shell.inspector, self.viewer_details):
            inspector.favourite_wanted.connect(
                lambda item, on: self.favourite_wanted.emit([item], on)
            )
            inspector.see_all.connect(lambda: self.place_chosen.emit("left"))
        self.viewer_details.left.connect(self.viewer.setFocus)
        self.viewer.closed.connect(self._left_viewer)
        self.viewer.favourite_wanted.connect(
            lambda item, on: self.favourite_wanted.emit([item], on)
        )
        self.viewer.share_wanted.connect(lambda item: self.share_wanted.emit([item]))
        self.viewer.info_toggled.connect(self.viewer_details.setVisible)
        self.viewer.full_screen_wanted.connect(self.toggle_full_screen)
        self.viewer.shown.connect(self.viewer_shown)
        self.unlock.help_wanted.connect(lambda: self.place_chosen.emit("help"))

    def _bind_keys(self) -> None:
        for keys, act in (
            ("Ctrl+L", self._lock_key),
            ("Ctrl+F", self._search_key),
            ("Ctrl+O", self._import_key),
            ("Ctrl+I", self._details_key),
            ("Ctrl+E", self._export_key),
            ("?", self._help_key),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def _in_library(self) -> bool:
        return self.stack.currentWidget() is self.shell

    def is_open(self) -> bool:
        """Whether pictures, or words that open them, can be on the screen."""
        return self.stack.currentWidget() not in self._outside

    def _lock_key(self) -> None:
        if self.is_open():
            self.lock_wanted.emit()

    def _search_key(self) -> None:
        if self._in_library():
            self.shell.toolbar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _import_key(self) -> None:
        if self._in_library():
            self.files_wanted.emit()

    def _details_key(self) -> None:
        if self._in_library():
            self.shell.toolbar.details.toggle()
        elif self.stack.currentWidget() is self._viewer_page:
            self.viewer.info.toggle()

    def _export_key(self) -> None:
        if self._asking():
            return
        if self._in_library():
            self._with_selection(self.export_wanted.emit)
        elif self.stack.currentWidget() is self._viewer_page:
            item = self.viewer.item()
            if item is not None:
                self.export_wanted.emit([item])

    def _help_key(self) -> None:
        if not self._asking():
            show_shortcuts(self)

    def _asking(self) -> bool:
        return any(sheet.isVisible() for sheet in self.findChildren(Sheet))

    # ---- what the controller does --------------------------------------------------------------

    def add_outside(self, page: QWidget) -> None:
        """A page to be shown while nothing is open, beside welcome and unlock."""
        self.stack.addWidget(page)
        self._outside.append(page)

    def show_welcome(self, *, back: bool = False) -> None:
        self.forget()
        self.stack.setCurrentWidget(self.welcome)
        self.welcome.show_question(back=back)

    def show_unlock(self, data: UnlockData) -> None:
        if self.stack.currentWidget() is not self.unlock:
            # Already there, it is only told more: what was said above it is still to be read.
            self.forget()
        self.unlock.set_data(data)
        self.stack.setCurrentWidget(self.unlock)
        self.unlock.focus_first()

    def show_shell(self) -> None:
        self.unlock.forget()
        self.stack.setCurrentWidget(self.shell)

    def show_page(self, page: QWidget) -> None:
        """One of the shell's pages; `add_page` first for pages from elsewhere."""
        self.show_shell()
        self.shell.stack.setCurrentWidget(page)
        focus_first = getattr(page, "focus_first", None)
        if callable(focus_first):
            focus_first()

    def add_page(self, page: QWidget) -> None:
        self.shell.stack.addWidget(page)

    def show_viewer(
        self, items: Sequence[ItemId], place: int, from_rect: QRect | None = None
    ) -> None:
        self.stack.setCurrentWidget(self._viewer_page)
        self.viewer.show_items(items, place, from_rect)

    def set_sidebar(self, data: SidebarData) -> None:
        self._sidebar_data = data
        self.shell.sidebar.set_data(data)

    def set_status(self, left: list[str], right: str) -> None:
        self.shell.status.set_texts(left, right)

    def set_cover_when_away(self, on: bool) -> None:
        self._cover_when_away = on
        self._cover_if_away()

    def add_progress(self, title: str) -> ProgressPanel:
        """A bar at the foot of the library; give it back with `remove_progress`."""
        panel = ProgressPanel(title)
        self.shell.add_work(panel)
        return panel

    def remove_progress(self, panel: ProgressPanel) -> None:
        self.shell.remove_work(panel)

    def note(self, words: str, action: str = "", *, style: str = "warning") -> Banner:
        """A row above the pictures: what happened while nobody looked, or what can be undone."""
        banner = Banner(words, action, style=style)
        self.shell.library.add_banner(banner)
        return banner

    def ask(
        self,
        title: str,
        sentence: str,
        answers: Sequence[Answer],
        *,
        icon_name: str | None = None,
        tone: str = "accent_text",
        danger: bool = False,
        body: QWidget | None = None,
        foot: Text | None = None,
        width: int = 480,
    ) -> Sheet:
        """One question over the window; `answered` of the sheet tells the key."""
        sheet = Sheet(
            title,
            sentence,
            answers,
            icon=icon_name,
            tone="danger" if danger else tone,
            body=body,
            foot=foot,
            width=width,
            parent=self,
        )
        if self.covered():
            # It may name what the cover is there to hide.
            self._cover.raise_()
        return sheet

    def present(self, title: str, sentence: str, action: str = "") -> Sheet:
        """An error in words. One button, and it does nothing."""
        said = f"{sentence}\n{action}" if action else sentence
        close = Answer("close", self.tr("Close"), safe=True)
        return self.ask(title, said, [close], icon_name="alert")

    def tell(self, title: str, sentence: str, action: str = "") -> Sheet:
        """That something was done as asked. One button, and it does nothing."""
        said = f"{sentence}\n{action}" if action else sentence
        close = Answer("close", self.tr("Close"), safe=True)
        return self.ask(title, said, [close], icon_name="check", tone="ok")

    def forget(self) -> None:
        """Lock: no picture, name or word stays in the window."""
        for sheet in self.findChildren(Sheet):
            discard(sheet)
        self.viewer.forget()
        self.viewer_details.set_data(None)
        self.shell.inspector.set_data(None)
        self.shell.library.grid.forget_everything()
        self.shell.trash.show_cells([])
        self.shell.trash.grid.forget_everything()
        self.shell.toolbar.search.clear()
        self._sidebar_data = SidebarData("")
        self.shell.sidebar.set_data(self._sidebar_data)
        self.shell.library.remove_banners()
        self.set_status([], "")
        self.unlock.forget()
        self.welcome.forget()
        self._cover.say("")
        self.toast.hide()
        if self.isFullScreen():
            self.showNormal()

    def toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    # ---- acts on pictures ----------------------------------------------------------------------

    def _with_selection(self, act: Callable[[list[ItemId]], object]) -> None:
        chosen = self.shell.library.grid.selected()
        if chosen:
            act(chosen)

    def _selected(self) -> None:
        self.selection_changed.emit(self.shell.library.grid.selected())

    def _favourite_selected(self) -> None:
        """All become favourites, unless all are already."""
        chosen = set(self.shell.library.grid.selected())
        if chosen:
            cells = [cell for cell in self.shell.library.grid.cells() if cell.id in chosen]
            on = not all(cell.favourite for cell in cells)
            self.favourite_wanted.emit([cell.id for cell in cells], on)

    def _open(self, item: str) -> None:
        self.opened.emit(item)

    def _left_viewer(self, item: str) -> None:
        if self.isFullScreen():
            self.showNormal()
        self.stack.setCurrentWidget(self.shell)
        grid = self.shell.library.grid
        if item:
            grid.select(ItemId(item))
        grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _import_menu(self) -> None:
        menu = QMenu(self)
        ink = theme().colour("text2")
        menu.addAction(icon("import", ink), self.tr("Choose files…"), self.files_wanted.emit)
        menu.addAction(icon("folder", ink), self.tr("Choose a folder…"), self.folder_wanted.emit)
        button = self.shell.toolbar.bring_in
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))

    def grid_menu(self) -> QMenu:
        """What can be done with the selected pictures."""
        chosen = self.shell.library.grid.selected()
        menu = QMenu(self)
        ink = theme().colour("text2")
        menu.addAction(icon("library", ink), self.tr("Open"), lambda: self.opened.emit(chosen[0]))
        menu.addAction(icon("heart", ink), self.tr("Favourite"), self._favourite_selected)
        albums = menu.addMenu(icon("album", ink), self.tr("Add to album"))
        for album in self._sidebar_data.albums:
            albums.addAction(
                album.name, lambda key=album.id: self.album_add_wanted.emit(chosen, key)
            )
        if self._sidebar_data.albums:
            albums.addSeparator()
        albums.addAction(self.tr("New album…"), lambda: self.album_new_wanted.emit(chosen))
        if self.shell.sidebar.here().startswith("album:"):
            menu.addAction(
                icon("minus", ink),
                self.tr("Take out of this album"),
                lambda: self.album_remove_wanted.emit(chosen),
            )
        menu.addSeparator()
        menu.addAction(
            icon("left", ink),
            self.tr("Save outside the library…"),
            lambda: self.export_wanted.emit(chosen),
        )
        menu.addSeparator()
        danger = theme().colour("danger")
        menu.addAction(
            icon("trash", danger), self.tr("To the trash"), lambda: self.trash_wanted.emit(chosen)
        )
        return menu

    def _grid_menu(self, at: QPoint) -> None:
        menu = self.grid_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    # ---- the window itself ---------------------------------------------------------------------

    def _redress(self) -> None:
        self.setWindowIcon(icon("lighttight", theme().colour("accent_text"), 40))

    def _refusal(self) -> str:
        """Why files cannot be dropped now; nothing, and they can."""
        if self.is_open():
            return self.closed_to_drops()
        if self.stack.currentWidget() is self.welcome:
            return self.tr("Make your library first, or open one; then drop the files again.")
        return self.tr("Open your library first, then drop the files again.")

    def refuse_drop(self, why: str) -> None:
        self.toast.say(why, "info")

    def accept_drop(self) -> None:
        """Said where the bar at the foot of the library is not to be seen."""
        words = self.tr("Bringing in your files")
        if self.covered():
            self.toast.hide()
            self.show_work(words)
        elif self._in_library() and not self._asking():
            self.toast.hide()
        else:
            self.toast.say(words)

    def show_work(self, words: str, fraction: float | None = None, *, ended: bool = False) -> None:
        """On the cover. `words` must name nothing."""
        self._cover.say(words, fraction, ended=ended)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not event.mimeData().hasUrls():
            return
        why = self._refusal()
        if not why and not local_paths(event.mimeData()):
            why = self.tr("That is not a file on this computer. Save it first, then drop the file.")
        if why:
            # A drop that is refused here is told to nobody: it is said while it can be.
            event.ignore()
            self.refuse_drop(why)
            return
        event.acceptProposedAction()
        self._over = True
        self.toast.say(self.tr("Drop to bring in"), stays=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        if self._over:
            self._over = False
            self.toast.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        paths = local_paths(event.mimeData())
        if why := self._refusal():
            event.ignore()
            self.refuse_drop(why)
        elif paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.accept_drop()
            self.dropped.emit(paths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._cover.setGeometry(self.rect())
        self.toast.place()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.ActivationChange:
            # Another window of this program may be about to become active: look afterwards.
            QTimer.singleShot(0, self, self._cover_if_away)
        super().changeEvent(event)

    def _cover_if_away(self) -> None:
        away = self._away() and self.is_open() and self._cover_when_away
        self._cover.setVisible(away)
        if away:
            self._cover.raise_()
            self.toast.raise_()
        else:
            self._cover.seen()

    def _away(self) -> bool:
        return QApplication.activeWindow() is None

    def cover_at_once(self) -> None:
        """Painted when this returns, whatever waits to be painted or done."""
        self._cover.show()
        self._cover.raise_()
        self._cover.repaint()

    def uncover(self) -> None:
        """What stands there now may be seen, and is painted when this returns."""
        self._cover_if_away()
        self.repaint()

    def close_unasked(self) -> None:
        """The computer is about to stop, or the person answered."""
        self.closing_questions.clear()
        self.close()

    def covered(self) -> bool:
        return self._cover.isVisible()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _ACTIVITY:
            now = self._clock()
            if now - self._active_at >= 1:
                self._active_at = now
                self.active.emit()
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        for question in self.closing_questions:
            if (asked := question()) is not None:
                self._ask_before_closing(asked)
                event.ignore()
                return
        self.closing.emit()
        super().closeEvent(event)

    def _ask_before_closing(self, question: ClosingQuestion) -> None:
        before = self._closing_sheet
        if before is not None and shiboken6.isValid(before) and not before.isHidden():
            return
        sheet = self.ask(
            question.title,
            question.sentence,
            [
                Answer("stay", question.stay, safe=True),
                Answer("close", question.close, danger=True),
            ],
            icon_name=question.icon_name,
        )
        sheet.answered.connect(lambda key: self.close_unasked() if key == "close" else None)
        self._closing_sheet = sheet
