"""Pictures coming in: progress, the time left, cancelling, and what became of each file.

One import at a time; what is dropped meanwhile waits its turn. When the library is to be locked
the import gets a moment for the items at hand; what is not sealed by then is taken back. Nothing is
lost by that: an item was either reported as saved, or its file is where it was. It is said at the
next opening that something is missing, and what is in already is then found to be there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from lighttight.model import AlbumId
from lighttight.progress import Progress
from lighttight.ui import words
from lighttight.ui.controllers.browsing import Browsing
from lighttight.ui.controllers.choosing import choose_files, choose_folder
from lighttight.ui.controllers.program import Program
from lighttight.ui.jobs import Job, Order
from lighttight.ui.pages.imported import ImportedBody, Told, told
from lighttight.ui.widgets.notes import Banner
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Answer
from lighttight.ui.window import ClosingQuestion

if TYPE_CHECKING:
    from lighttight.session import ImportResult, ImportSummary, Session

REFRESH_MS: Final = 500
TAKEN_BACK: Final = 1.0
"""Seconds that taking back the items at hand gets. Each is asked once in a megabyte; who does not
answer then hangs in a disk, and the keys are not kept waiting for a disk."""

_LOOKED_AT: Final = 100
_LOOK: Final = 0.05


@dataclass
class Run:
    """One import. Results are put here by worker threads and read by the window."""

    paths: tuple[Path, ...]
    album: AlbumId | None
    remove_originals: bool
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    results: deque[ImportResult] = field(default_factory=deque)
    imported: int = 0
    duplicates: int = 0
    others: int = 0
    complete: threading.Event = field(default_factory=threading.Event)
    """Set when there was nothing left to do."""

    def report(self, result: ImportResult) -> None:
        self.results.append(result)
        match result.status.value:
            case "imported":
                self.imported += 1
            case "duplicate":
                self.duplicates += 1
            case _:
                self.others += 1


def may_have_been_cut_short(session: Session) -> bool:
    """Whether the last act before this opening was to bring something in, and nobody locked.

    The program was killed then, or the power failed, perhaps in the middle of an import. How much
    was to come is written down nowhere, so no more can be said.
    """
    from lighttight.session import EntryKind

    with session.vault.alone() as alone:
        if not alone:
            return False  # somebody else may be importing at this moment
    entries = iter(session.record.entries(limit=_LOOKED_AT))
    for entry in entries:
        if entry.kind is EntryKind.UNLOCKED:
            break
    of_opening = (EntryKind.UNLOCK_REFUSED, EntryKind.MIGRATED, EntryKind.OLDER_ACCEPTED)
    for entry in entries:
        if entry.kind not in of_opening:
            return entry.kind is EntryKind.IMPORTED
    return False


@dataclass(frozen=True, slots=True)
class Ending:
    """An import that was asked to end. Used by the worker that locks."""

    ended: threading.Event
    job: Job
    hurried: threading.Event = field(default_factory=threading.Event)

    def hurry(self) -> None:
        """From any thread: there is no time for the items at hand."""
        self.hurried.set()
        self.job.cancel()

    def wait(self, seconds: float) -> None:
        """Until the items at hand are done; after `seconds` they are taken back instead, and
        after a little more the library is locked under them."""
        until = time.monotonic() + seconds
        while not self.hurried.is_set() and time.monotonic() < until:
            if self.ended.wait(_LOOK):
                return
        self.job.cancel()
        if not self.ended.wait(TAKEN_BACK):
            # Its thread comes back with its disk, and others do the work until then.
            self.job.give_up()


class Importing(QObject):
    """`finished` says that an import ended, however it did."""

    finished = Signal()

    def __init__(self, program: Program, browsing: Browsing) -> None:
        super().__init__(program)
        self._program = program
        self._browsing = browsing
        self._window = program.window
        self._run: Run | None = None
        self._job: Job | None = None
        self._panel: ProgressPanel | None = None
        self._waiting: deque[Run] = deque()
        self._seen = 0
        self._place: tuple[int, int | None] = (0, None)
        self._refresher = QTimer(self)
        self._refresher.setInterval(REFRESH_MS)
        self._refresher.timeout.connect(self._show_new)
        window = program.window
        window.files_wanted.connect(self._choose_files)
        window.folder_wanted.connect(self._choose_folder)
        window.dropped.connect(lambda paths: self.bring_in([Path(one) for one in paths]))
        window.closed_to_drops = self._refusal
        window.closing_questions.append(self._before_closing)
        self._cut_short: tuple[Path, threading.Event] | None = None
        self._note: Banner | None = None
        program.opened.connect(self._opened)
        program.closed.connect(self._closed)

    @property
    def running(self) -> bool:
        return self._run is not None

    # ---- beginning -----------------------------------------------------------------------------

    def _choose_files(self) -> None:
        choose_files(self._window, self.tr("Choose photos and videos"), self.bring_in)

    def _choose_folder(self) -> None:
        choose_folder(
            self._window,
            self.tr("Choose a folder of photos and videos"),
            lambda folder: self.bring_in([folder]),
        )

    def bring_in(self, paths: Sequence[Path]) -> None:
        if not paths:
            return
        place = self._browsing.place
        album = AlbumId(place[6:]) if place.startswith("album:") else None
        self._add(Run(tuple(paths), album, remove_originals=False))

    def _add(self, run: Run) -> None:
        if self._program.session is None:
            return
        if why := self._refusal():
            self._window.refuse_drop(why)
            return
        if self._run is not None:
            self._waiting.append(run)
            self._tell_waiting()
        else:
            self._begin(run)

    def _refusal(self) -> str:
        if not self._program.rekeying:
            return ""
        return self.tr("The keys are being changed. Drop the files again when that is done.")

    def _begin(self, run: Run) -> None:
        name = run.paths[0].name or str(run.paths[0])
        title = self.tr("Importing from “{name}”") if len(run.paths) == 1 else self.tr("Importing")
        panel = self._window.add_progress(title.format(name=name))
        self._run, self._panel, self._seen, self._place = run, panel, 0, (0, None)

        def act(session: Session, watched: Progress) -> ImportSummary:
            try:
                summary = session.imports.run(
                    run.paths,
                    album=run.album,
                    remove_originals=run.remove_originals,
                    progress=watched,
                    report=run.report,
                    stop=run.stop,
                )
                if not summary.remaining:
                    run.complete.set()
                return summary
            finally:
                run.ended.set()

        job = self._program.ask(
            act,
            lambda summary: self._done(run, summary),
            failed=lambda error: self._failed(run, error),
            cancelled=lambda: self._done(run, None),
            progress=self._step,
            order=Order.LONG,
            lasting=True,
        )
        if job is None:
            self._end()
            return
        self._job = job
        panel.cancelled.connect(self._cancel)
        self._refresher.start()
        self._tell_waiting()

    def _cancel(self) -> None:
        """By the person: this one and what waits behind it."""
        self._waiting.clear()
        if self._job is not None:
            self._job.cancel()

    # ---- meanwhile -----------------------------------------------------------------------------

    def _step(self, done: int, total: int | None) -> None:
        panel, run = self._panel, self._run
        if panel is None or run is None:
            return
        self._place = (done, total)
        panel.set_progress(done, total)
        so_far = words.items(run.imported + run.duplicates + run.others)
        self._window.show_work(self.tr("Bringing in your files"), done / total if total else None)
        if total:
            panel.counts.setText(
                self.tr("{items} · {done} of {total}").format(
                    items=so_far, done=words.size(done), total=words.size(total)
                )
            )
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        panel, run = self._panel, self._run
        if panel is None or run is None:
            return
        parts: list[str] = []
        if run.duplicates:
            parts.append(
                self.tr("{count} already in the library").format(count=words.number(run.duplicates))
            )
        if run.others:
            parts.append(self.tr("{count} not imported").format(count=words.number(run.others)))
        if self._waiting:
            parts.append(self.tr("{count} more waiting").format(count=len(self._waiting)))
        panel.set_detail(" · ".join(parts))

    def _show_new(self) -> None:
        self._step(*self._place)
        if self._run is not None and self._run.imported != self._seen:
            self._seen = self._run.imported
            self._program.changed.emit()

    # ---- ending --------------------------------------------------------------------------------

    def stop(self) -> Ending | None:
        """The library is to be locked: end after the items at hand."""
        behind = bool(self._waiting)
        self._waiting.clear()
        if self._run is None or self._job is None:
            return None
        if self._program.path is not None:
            # Only which library and whether: no name of a file outlives the lock.
            complete = threading.Event() if behind else self._run.complete
            self._cut_short = (self._program.path, complete)
        self._run.stop.set()
        return Ending(self._run.ended, self._job)

    def _opened(self) -> None:
        """What the last import did not come to is said once, where it is known."""
        before, self._cut_short = self._cut_short, None
        if before is not None and before[0] == self._program.path:
            if not before[1].is_set():
                self._say_cut_short(
                    self.tr(
                        "Locking stopped the import. Bring in the same files again for the rest: "
                        "what is here already is skipped."
                    )
                )
            return

        def looked(short: bool) -> None:
            if short:
                self._say_cut_short(
                    self.tr(
                        "Lighttight ended last time without locking, after pictures came in. If "
                        "some are missing, bring in the same files again: what is here already "
                        "is skipped."
                    )
                )

        self._program.ask(lambda session, _: may_have_been_cut_short(session), looked)

    def _say_cut_short(self, text: str) -> None:
        self._note = self._window.note(text)
        self._note.closed.connect(self._forget_note)

    def _forget_note(self) -> None:
        note, self._note = self._note, None
        if note is not None:
            self._window.shell.library.remove_banner(note)

    def _before_closing(self) -> ClosingQuestion | None:
        """Closing the window ends an import."""
        run = self._run
        if run is None or self._program.session is None:
            return None
        so_far = run.imported + run.duplicates
        return ClosingQuestion(
            self.tr("An import is still running. Close anyway?"),
            self.tr(
                "{so_far} The rest is not brought in, and an import does not go on by itself the "
                "next time."
            ).format(
                so_far=words.counts().stay(so_far)
                if so_far
                else self.tr("Nothing of it is in the library yet.")
            ),
            stay=self.tr("Keep importing"),
            close=self.tr("Close"),
            icon_name="import",
        )

    def _closed(self) -> None:
        self._waiting.clear()
        self._note = None
        self._end()

    def _end(self) -> None:
        self._refresher.stop()
        panel, self._panel = self._panel, None
        self._run = self._job = None
        if panel is not None:
            self._window.remove_progress(panel)
        over = panel is not None and self._program.session is not None and self._window.covered()
        self._window.show_work(
            self.tr("The import is done. Come back to this window to see it.") if over else "",
            ended=True,
        )
        self.finished.emit()

    def _failed(self, run: Run, error: BaseException) -> None:
        if run is self._run:
            self._end()
            self._program.changed.emit()
            self._program.presenter.present(error)
            self._next()

    def _done(self, run: Run, summary: ImportSummary | None) -> None:
        if run is not self._run:
            return
        self._end()
        if self._program.session is None:
            return
        self._program.changed.emit()
        self._forget_note()
        self._tell(run, told(list(run.results), summary))
        self._next()

    def _next(self) -> None:
        if self._waiting and self._program.session is not None:
            self._begin(self._waiting.popleft())

    def _tell(self, run: Run, results: Told) -> None:
        """In front of the pictures where the person waits for it; beside them elsewhere."""
        if self._window.viewer.item() is None and not self._waiting:
            self._show_results(run, results)
            return
        banner = self._window.note(results.sentence(), self.tr("Details"), style="good")
        banner.acted.connect(lambda: self._show_results(run, results))

    def _show_results(self, run: Run, results: Told) -> None:
        answers = [Answer("close", self.tr("Done"), safe=True)]
        if results.removable and not run.remove_originals:
            one = results.removable == 1
            remove = self.tr("Remove the original…") if one else self.tr("Remove the originals…")
            answers.insert(0, Answer("remove", remove))
        sheet = self._window.ask(
            results.title(),
            results.sentence(),
            answers,
            icon_name="import",
            body=ImportedBody(results),
        )
        sheet.answered.connect(
            lambda key: self._ask_remove(run, results) if key == "remove" else None
        )

    def _ask_remove(self, run: Run, results: Told) -> None:
        one = results.removable == 1
        sheet = self._window.ask(
            self.tr("Remove {items} outside the library?").format(
                items=words.items(results.removable)
            ),
            self.tr(
                "Each file is read once more and compared with its sealed copy, and goes only if "
                "your recovery words were checked and a second copy of the library holds it. "
                "Lighttight cannot bring the files back, and a disk may keep traces of them."
            ),
            [
                Answer("keep", self.tr("Keep it") if one else self.tr("Keep them"), safe=True),
                Answer(
                    "remove",
                    self.tr("Remove the original") if one else self.tr("Remove the originals"),
                    danger=True,
                ),
            ],
            icon_name="trash",
            danger=True,
        )
        # The same again, into the same album, whatever is being looked at by then.
        again = Run(run.paths, run.album, remove_originals=True)
        sheet.answered.connect(lambda key: self._add(again) if key == "remove" else None)
