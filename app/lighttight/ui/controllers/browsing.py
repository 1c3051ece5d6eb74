"""Places, search, counts: what is shown of the open library, kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from lighttight.messages import window_words
from lighttight.model import Album, AlbumId, Cell, Counts, ItemId, Scope, View
from lighttight.ui import words
from lighttight.ui.controllers.listing import Listing
from lighttight.ui.controllers.program import Program
from lighttight.ui.jobs import Job, Order
from lighttight.ui.pages.empty import FirstStep
from lighttight.ui.widgets.sidebar import SidebarData

if TYPE_CHECKING:
    from lighttight.session import Session

SEARCH_MS: Final = 120
"""Pause in typing after which a search begins."""
PREVIEWS_MS: Final = 1500
"""After a change, previews that were missing are asked for once more."""

_SCOPES: Final = {
    "library": Scope.ALL,
    "favourites": Scope.FAVOURITES,
    "videos": Scope.VIDEOS,
    "recent": Scope.RECENT,
}


@dataclass(frozen=True, slots=True)
class Overview:
    """What the sidebar and the first steps say."""

    title: str
    counts: Counts
    albums: tuple[Album, ...]
    veiled: frozenset[ItemId]
    words_confirmed: bool
    backed_up: bool


def _never_filled(counts: Counts) -> bool:
    """Nothing came in yet, or all of it was deleted for good: what is in the trash counts."""
    return not counts.all and not counts.trash


def survey(session: Session) -> Overview:
    albums = tuple(session.library.albums.all())
    veiled: set[ItemId] = set()
    for album in albums:
        if album.veiled:
            view = View(scope=Scope.ALBUM, album=album.id)
            veiled.update(cell.id for cell in session.library.timeline(view))
    return Overview(
        session.vault.title,
        session.library.counts(),
        albums,
        frozenset(veiled),
        session.vault.recovery_confirmed,
        session.vault.meta("backup") is not None,
    )


class Browsing(QObject):
    """`place` is the sidebar's key; `step_chosen` passes on the first steps.

    `surveyed` says that the counts are known anew, `listed` that the pictures shown are.
    """

    surveyed = Signal()
    listed = Signal()
    step_chosen = Signal(str)

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        window = program.window
        self._window = window
        self.place = "library"
        self.overview: Overview | None = None
        self.remarks: list[str] = []
        """What the foot of the window says about the record."""
        self._survey_job: Job | None = None
        self._survey_again = False
        page, trash = window.shell.library, window.shell.trash
        self.pictures = Listing(
            program, page.grid, first=page.show_cells, shown=self._shown, parent=self
        )
        self.thrown = Listing(
            program, trash.grid, first=trash.show_cells, shown=self._shown_trash, parent=self
        )
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(SEARCH_MS)
        self._typing.timeout.connect(self._search)
        # An item is committed a moment before its preview is kept: whoever looked in between,
        # here or in another process, saw none.
        self._previews = QTimer(self)
        self._previews.setSingleShot(True)
        self._previews.setInterval(PREVIEWS_MS)
        for grid in (page.grid, trash.grid):
            self._previews.timeout.connect(grid.ask_again)
        program.opened.connect(self._opened)
        program.closed.connect(self._closed)
        program.changed.connect(self.look_again)
        window.place_chosen.connect(self.go)
        window.searched.connect(lambda _: self._typing.start())
        page.empty_action.connect(self._leave_empty)
        window.shell.empty.step_chosen.connect(self.step_chosen)

    # ---- opening and locking -------------------------------------------------------------------

    def _opened(self) -> None:
        window = self._window
        window.shell.library.show_loading()
        window.show_page(window.shell.library)
        self.go("library")
        self._survey()

    def _closed(self) -> None:
        self._typing.stop()
        self._previews.stop()
        self.pictures.clear()
        self.thrown.clear()
        self.overview = None
        self.remarks = []
        self._survey_job = None
        self._survey_again = False
        self.place = "library"

    # ---- where ---------------------------------------------------------------------------------

    def go(self, place: str) -> None:
        """To a place of the sidebar; the page of another one is shown by whoever owns it."""
        if self._program.session is None:
            return
        if place in _SCOPES or place.startswith("album:"):
            self.place = place
            self._forget_search()
            self._window.shell.sidebar.set_here(place)
            self._window.shell.library.grid.heading_note = (
                self.tr("By the day they were imported.")
                if place == "recent"
                else self.tr(
                    "By the day they were taken. Pictures that hold no date stand by the date of "
                    "their file."
                )
            )
            self.pictures.load(self._view())
            self.listed.emit()
        elif place == "trash":
            self.place = place
            self._forget_search()
            self._window.shell.sidebar.set_here(place)
            self._window.shell.trash.grid.heading_note = self.tr(
                "By the day they were put into the trash."
            )
            self._window.show_page(self._window.shell.trash)
            self.thrown.load(View(scope=Scope.TRASH))
            self.listed.emit()
        elif place in ("settings", "left"):
            self.place = place
            self._forget_search()
            self._window.shell.sidebar.set_here(place)
            self.listed.emit()

    def _forget_search(self) -> None:
        """Going somewhere ends a search; the field says so."""
        search = self._window.shell.toolbar.search
        if search.text():
            search.edit.blockSignals(True)
            search.clear()
            search.edit.blockSignals(False)
        self._typing.stop()

    def _searching(self) -> str:
        return self._window.shell.toolbar.search.text().strip()

    def _view(self) -> View:
        text = self._searching()
        if self.place.startswith("album:"):
            return View(scope=Scope.ALBUM, album=AlbumId(self.place[6:]), text=text)
        return View(scope=_SCOPES.get(self.place, Scope.ALL), text=text)

    def _search(self) -> None:
        if self._program.session is None:
            return
        if self.place not in _SCOPES and not self.place.startswith("album:"):
            self.place = "library"
            self._window.shell.sidebar.set_here("library")
        self.pictures.load(self._view())

    def _leave_empty(self) -> None:
        """Where nothing is found, to everything; where everything was thrown away, to the trash."""
        self.go("library" if self._searching() else "trash")

    def look_again(self) -> None:
        self._survey()
        self.pictures.refresh()
        if not self._previews.isActive():
            self._previews.start()
        if self.place == "trash":
            self.thrown.refresh()

    # ---- what is there -------------------------------------------------------------------------

    def _survey(self) -> None:
        if self._survey_job is not None:
            self._survey_again = True
            return
        self._survey_job = self._program.ask(
            lambda session, _: survey(session),
            self._got_overview,
            failed=self._survey_failed,
            order=Order.CLICK,
        )

    def _survey_failed(self, error: BaseException) -> None:
        self._survey_job = None
        self._program.presenter.present(error)

    def _got_overview(self, overview: Overview) -> None:
        self._survey_job = None
        before, self.overview = self.overview, overview
        counts = overview.counts
        window = self._window
        self._program.sources.veiled = overview.veiled
        window.set_sidebar(
            SidebarData(
                overview.title,
                counts.all,
                counts.favourites,
                counts.videos,
                counts.recent,
                counts.trash,
                overview.albums,
            )
        )
        if self.place.startswith("album:") and not self._album():
            self.go("library")
        else:
            window.shell.sidebar.set_here(self.place)
        for grid in (window.shell.library.grid, window.shell.trash.grid):
            grid.set_veiled_items(overview.veiled)
        any_ = counts.all > 0
        window.shell.toolbar.set_pictures(any_=any_, sharing=any_)
        window.shell.empty.set_steps(self._steps(overview))
        if before is None or _never_filled(before.counts) != _never_filled(counts):
            self._choose_page()
        self.surveyed.emit()
        if self._survey_again:
            self._survey_again = False
            self._survey()

    def _album(self) -> Album | None:
        albums = self.overview.albums if self.overview else ()
        return next((one for one in albums if f"album:{one.id}" == self.place), None)

    def _steps(self, overview: Overview) -> list[FirstStep]:
        """Those that are not done; together they say how to keep pictures for good."""
        return [
            FirstStep(
                "words",
                "words",
                self.tr("Recovery words"),
                self.tr("Written down and checked.")
                if overview.words_confirmed
                else self.tr("Not checked yet. Without them a lost PIN is a lost library."),
                "" if overview.words_confirmed else self.tr("New words…"),
                done=overview.words_confirmed,
            ),
            FirstStep(
                "import",
                "import",
                self.tr("Bring in pictures"),
                self.tr("Start with the ones that matter most."),
                self.tr("Import…"),
            ),
            FirstStep(
                "copy",
                "copies",
                self.tr("Keep a second copy"),
                self.tr("On another disk, locked just the same."),
                self.tr("Choose a folder…"),
                done=overview.backed_up,
            ),
            FirstStep(
                "lock",
                "recent",
                self.tr("Choose when it locks"),
                self.tr("When you are away for a while, or sooner."),
                self.tr("Set…"),
            ),
        ]

    # ---- which page ----------------------------------------------------------------------------

    def _shown(self, count: int) -> None:
        page = self._window.shell.library
        veiled = self._album()
        page.grid.set_veiled(veiled is not None and veiled.veiled)
        if count:
            page.show_grid()
        else:
            self._say_empty()
        self._choose_page()
        self.listed.emit()

    def _shown_trash(self, count: int) -> None:
        if not count:
            self._window.shell.trash.show_cells([])
        self.listed.emit()

    def _say_empty(self) -> None:
        page = self._window.shell.library
        text = self._searching()
        if text:
            page.show_empty("search", *self._why_nothing(text), self.tr("Show all"))
            return
        say = {
            "library": (
                "trash",
                self.tr("Everything is in the trash"),
                self.tr("It can be put back from there."),
                self.tr("Show the trash"),
            ),
            "favourites": (
                "heart",
                self.tr("No favourites yet"),
                self.tr("Press F on a picture, and it is found here."),
            ),
            "videos": (
                "video",
                self.tr("No videos yet"),
                self.tr("They play from inside the library, from memory."),
            ),
            "recent": (
                "recent",
                self.tr("Nothing new in the last 30 days"),
                self.tr("What you import next is found here first."),
            ),
        }.get(
            self.place,
            (
                "album",
                self.tr("This album is empty"),
                self.tr("Select pictures and add them with the menu of the right button."),
            ),
        )
        page.show_empty(*say)

    def _why_nothing(self, text: str) -> tuple[str, str]:
        """Title and sentence. Nothing can be found where the question was not understood."""
        session = self._program.session
        why = session.library.why_nothing(text) if session is not None else None
        if why is None:
            title = self.tr("Nothing found for “{text}”").format(text=text)
            return title, self.tr("Try fewer or other words.")
        said = window_words(why)
        return said.title, f"{said.sentence}\n{said.action}"

    def _choose_page(self) -> None:
        """The empty library has a page of its own; everything else is the grid's."""
        shell = self._window.shell
        if self.place not in _SCOPES and not self.place.startswith("album:"):
            return
        nothing = self.overview is not None and _never_filled(self.overview.counts)
        first = nothing and self.place == "library" and not self._searching()
        wanted = shell.empty if first else None
        page = wanted or shell.library
        if shell.stack.currentWidget() is not page:
            shell.stack.setCurrentWidget(page)
            page.focus_first()

    # ---- for others ----------------------------------------------------------------------------

    def cells_changed(self, cells: Sequence[Cell]) -> None:
        """Show what was decided without waiting for the library to say it."""
        self._window.shell.library.grid.replace_cells(cells)

    def favourite(self, items: Sequence[ItemId], *, on: bool) -> None:
        chosen = set(items)
        grid = self._window.shell.library.grid
        self.cells_changed(
            [replace(cell, favourite=on) for cell in grid.cells() if cell.id in chosen]
        )

    def status(self) -> list[str]:
        """How many there are of what is shown; of a search once all of it was found."""
        if self.overview is None:
            return []
        counts, album, say = self.overview.counts, self._album(), words.counts()
        if self.place == "left":
            return self.remarks
        if self.place == "trash":
            return [say.in_trash(counts.trash)]
        if self._searching():
            return [say.found(len(self._window.shell.library.grid.cells()))]
        of_place = {
            "favourites": counts.favourites,
            "videos": counts.videos,
            "recent": counts.recent,
        }
        count = album.count if album else of_place.get(self.place, counts.all)
        return [words.items(count) if count else self.tr("No items")]
