"""What is shown first, what is said once after opening, and leaving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lighttight import settings
from lighttight.errors import Integrity
from lighttight.messages import WORDS
from lighttight.messages import window_words as error_words
from lighttight.ui import words
from lighttight.ui.controllers.program import Program
from lighttight.ui.pages.start import StartPage
from lighttight.ui.widgets.notes import Banner

if TYPE_CHECKING:
    from lighttight.session import Session


class Starting(QObject):
    """`unfinished` carries how many deletions something still holds up."""

    unfinished = Signal(int)
    words_wanted = Signal()

    def __init__(
        self,
        program: Program,
        *,
        open_library: Callable[[], None],
        new_library: Callable[[], None],
    ) -> None:
        super().__init__(program)
        self.page = StartPage()
        program.window.add_outside(self.page)
        self.page.open_wanted.connect(open_library)
        self.page.new_wanted.connect(new_library)
        self._program = program
        self._window = program.window
        self._notes: list[Banner] = []
        self._unchecked: Banner | None = None
        self._said_no_anchor = False
        program.opened.connect(self._opened)
        program.closed.connect(self._closed)
        program.changed.connect(self._look_at_words)

    def first(self) -> Path | None:
        """The library that was open last, where such a thing is remembered."""
        recent = settings.load().settings.recent
        return Path(recent[0]) if recent else None

    def used_before(self) -> bool:
        """Whether a library was made or opened here, or one stands where they are made."""
        return settings.load().settings.used or any(Path.home().glob("*.lighttight/"))

    def show(self) -> None:
        """Where no list is kept: open one, or make one."""
        self._window.forget()
        self._window.stack.setCurrentWidget(self.page)
        self.page.focus_first()

    # ---- after opening -------------------------------------------------------------------------

    def _opened(self) -> None:
        session = self._program.session
        if session is None:
            return
        self._say_since(session)
        self._say_findings(session)
        self._settle_in()

    def _closed(self) -> None:
        notes, self._notes = self._notes, []
        self._unchecked = None
        for note in notes:
            self._window.shell.library.remove_banner(note)

    def _note(self, text: str, action: str = "", *, style: str = "warning") -> Banner:
        banner = self._window.note(text, action, style=style)
        self._notes.append(banner)
        banner.closed.connect(lambda: self._put_away(banner))
        return banner

    def _put_away(self, banner: Banner) -> None:
        self._notes.remove(banner)
        if banner is self._unchecked:
            self._unchecked = None

    def _say_since(self, session: Session) -> None:
        """“Last opened 09:14; 2 failed tries since.”"""
        since = session.vault.since
        tries = since.failed_tries + since.unreadable_tries
        if since.last_opened is None:
            if tries:
                self._note(self.tr("%Ln failed tries since it was made.", "", tries))
            return
        last = datetime.fromtimestamp(since.last_opened / 1000, UTC).astimezone()
        today = datetime.now(UTC).astimezone().date()
        when = words.time_of_day(last) if last.date() == today else words.day_and_time(last)
        if tries:
            text = self.tr("Last opened {when}; %Ln failed tries since.", "", tries)
            self._note(text.format(when=when))
        else:
            self._note(self.tr("Last opened {when}.").format(when=when), style="good")

    def _say_findings(self, session: Session) -> None:
        finding = session.vault.finding
        if finding.forged:
            forged = WORDS["anchor-forged"]
            self._note(f"{forged.sentence} {forged.action}", style="danger")
        if finding.state.value == "failing":
            self._note(
                self.tr(
                    "This computer’s password store isn’t answering, so nothing can be saved "
                    "outside for now."
                )
            )
        elif finding.state.value == "none" and not self._said_no_anchor:
            self._said_no_anchor = True
            self._note(
                self.tr(
                    "This computer has no usable password store, so an older version of the "
                    "library put in its place would not be noticed here."
                )
            )
        if session.vault.used_reserve:
            self._note(
                self.tr(
                    "This disk is full. Lighttight used its spare room to open; the next opening "
                    "may fail. Free some space."
                )
            )
        lock = session.vault.lock
        if lock.elsewhere is not None:
            self._note(
                self.tr(
                    "This library seems to be open on “{machine}” too. Use it on one computer at "
                    "a time."
                ).format(machine=lock.elsewhere.machine)
            )
        elif lock.synchronised is not None:
            self._note(
                self.tr(
                    "This library stands in a folder that {service} copies. Use it on one "
                    "computer at a time."
                ).format(service=lock.synchronised)
            )
        if not session.vault.recovery_confirmed:
            banner = self._note(
                self.tr("Your recovery words were never checked. Make new ones and check them."),
                self.tr("New words…"),
            )
            banner.acted.connect(self.words_wanted)
            self._unchecked = banner

    def _look_at_words(self) -> None:
        """What was said of them is taken back once they were checked, here or elsewhere."""

        def looked(confirmed: bool) -> None:
            if confirmed and self._unchecked is not None:
                self._unchecked.closed.emit()

        if self._unchecked is not None:
            self._program.ask(lambda session, _: session.vault.recovery_confirmed, looked)

    def _settle_in(self) -> None:
        """In the background: finish what was interrupted, and hash every row once more."""

        def settled(unfinished: int) -> None:
            if unfinished:
                self.unfinished.emit(unfinished)
            self._make_previews()

        self._program.ask(
            lambda session, _: session.care.settle_in(), settled, failed=self._unsettled
        )

    def _unsettled(self, error: BaseException) -> None:
        if isinstance(error, Integrity):
            # The engine refuses by itself what would leave, for the same reason.
            said = error_words(error)
            self._note(f"{said.title}. {said.sentence}", style="danger")
        else:
            self._program.presenter.present(error)

    def _make_previews(self) -> None:
        def made(count: int) -> None:
            if count:
                grid = self._window.shell.library.grid
                for cell in grid.cells():
                    if grid.cache.get(cell.id) is None:
                        grid.forget_preview(cell.id)
                self._program.changed.emit()

        self._program.ask(
            lambda session, watched: session.care.make_previews(progress=watched),
            made,
            cancelled=lambda: None,
        )
