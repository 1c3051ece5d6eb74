"""*What left*: fills the page from the record, and writes down what the owner found.

Everything is read beside the window, by pages: the first hundred lines are there before the rest
of the record has been looked at. What others do to the library shows within a second or so; a
long import must not have the page read again with every picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from lighttight.messages import harmless
from lighttight.model import ItemId
from lighttight.progress import Progress
from lighttight.ui import days, words
from lighttight.ui.controllers.browsing import Browsing
from lighttight.ui.controllers.choosing import choose_new_file
from lighttight.ui.controllers.program import Program
from lighttight.ui.controllers.sources import title_of
from lighttight.ui.jobs import Job, Order
from lighttight.ui.pages.left import CheckData, HolderData, LeftPage
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Answer
from lighttight.ui.widgets.story import local
from lighttight.ui.widgets.weeks import Bar

if TYPE_CHECKING:
    from lighttight.session import RecordReport, SavedProof, Session
    from lighttight.session.story import Checked, Line, Page, Summary

PAGE: Final = 100
LATER_MS: Final = 500
MOST_AT_ONCE: Final = 500
MOST_AGAIN: Final = 2000
"""Lines that are read again when something changed; whoever scrolled further sees the top anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked to show."""

    show: str = "usual"
    item: ItemId | None = None
    name: str = ""


class Telling(QObject):
    """`told` says that the page shows what was asked for."""

    told = Signal()

    def __init__(self, program: Program, browsing: Browsing) -> None:
        super().__init__(program)
        self._program = program
        self._browsing = browsing
        self._window = program.window
        self._asked = Asked()
        self._summary: Summary | None = None
        self._before: int | None = None
        self._jobs: list[Job] = []
        self._panel: ProgressPanel | None = None
        self._again = False
        self.page = LeftPage(program.jobs, program.sources, self._veiled)
        self._window.add_page(self.page)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LATER_MS)
        self._later.timeout.connect(self._look_again)
        page = self.page
        page.filter_wanted.connect(lambda show: self._ask_for(show=show))
        page.any_picture_wanted.connect(self._any_picture)
        page.chosen_picture_wanted.connect(self._chosen_picture)
        page.unanswered_wanted.connect(lambda: self._ask_for(show="unanswered"))
        page.check_wanted.connect(self.check)
        page.proof_wanted.connect(self._ask_proof)
        page.retry_wanted.connect(self._load)
        page.story.story.more_wanted.connect(self._load_more)
        page.story.folder_wanted.connect(self._show_folder)
        page.story.checked.connect(self._ask_checked)
        self._window.place_chosen.connect(self._went)
        program.changed.connect(self._changed)
        program.closed.connect(self._closed)
        browsing.surveyed.connect(page.story.look_again)

    # ---- where ---------------------------------------------------------------------------------

    def _veiled(self) -> frozenset[ItemId] | None:
        """Which pictures stay covered; not known before the library was looked over."""
        return None if self._browsing.overview is None else self._program.sources.veiled

    def _went(self, place: str) -> None:
        if place == "left" and self._program.session is not None:
            self.show()

    def show(self, item: ItemId | None = None, name: str = "") -> None:
        """The page; about one picture, where one is given."""
        if self._program.session is None:
            return
        self._asked = Asked(show="usual" if item is None else "everything", item=item, name=name)
        self._window.show_page(self.page)
        self._load()

    def show_item(self, item: ItemId) -> None:
        """From the inspector: what happened to this picture."""
        self._window.place_chosen.emit("left")
        self._program.ask(
            lambda session, _: title_of(session.library.item(item)),
            lambda name: self.show(item, harmless(name)),
            order=Order.CLICK,
        )

    def _here(self) -> bool:
        return self._window.shell.stack.currentWidget() is self.page

    def _ask_for(self, *, show: str) -> None:
        item = None if show == "unanswered" else self._asked.item
        self._asked = Asked(show, item, self._asked.name if item is not None else "")
        self._load()

    def _any_picture(self) -> None:
        self._asked = Asked(self._asked.show)
        self._load()

    def _chosen_picture(self) -> None:
        chosen = self._window.shell.library.grid.selected()
        if len(chosen) == 1:
            self.show_item(chosen[0])
            return
        self._window.present(
            self.tr("Select one picture first"),
            self.tr("In the library, select the picture that you want to know about."),
            self.tr("Then come back here, or choose “See all in What left” beside it."),
        )

    def _closed(self) -> None:
        self._later.stop()
        self._jobs.clear()
        self._asked = Asked()
        self._summary = None
        self._before = None
        self._again = False
        if self._panel is not None:
            self._window.remove_progress(self._panel)
            self._panel = None
        self.page.forget()

    # ---- reading -------------------------------------------------------------------------------

    def _cancel(self) -> None:
        for job in self._jobs:
            job.cancel()
        self._jobs = []

    def _load(self) -> None:
        """What is asked for, from the top."""
        self._cancel()
        self._later.stop()
        asked = self._asked
        self.page.set_filter(asked.show, asked.name)
        self.page.show_loading()
        self._run(
            self._program.ask(
                lambda session, _: _page(session, asked, None, PAGE),
                lambda page: self._got(asked, page),
                failed=self._failed,
                order=Order.CLICK,
            )
        )
        self._survey()

    def _run(self, job: Job | None) -> None:
        self._jobs = [one for one in self._jobs if not one.finished]
        if job is not None:
            self._jobs.append(job)

    def _failed(self, error: BaseException) -> None:
        self.page.show_trouble()
        self._program.presenter.present(error)

    def _got(self, asked: Asked, page: Page) -> None:
        if asked != self._asked:
            return
        self._before = page.before
        self.page.show_lines(page.lines, more=page.before is not None)
        if self._here():
            self.page.focus_first()
        self.told.emit()

    def _load_more(self) -> None:
        asked, before = self._asked, self._before
        if before is None:
            return

        # Whoever goes on gets more at a time: with each page all rows are laid out again.
        limit = min(MOST_AT_ONCE, max(PAGE, len(self.page.story.story.lines()) // 2))

        def got(page: Page) -> None:
            if asked != self._asked or before != self._before:
                return
            self._before = page.before
            self.page.story.story.add_lines(page.lines, more=page.before is not None)

        self._run(
            self._program.ask(
                lambda session, _: _page(session, asked, before, limit), got, order=Order.CLICK
            )
        )

    def _changed(self) -> None:
        if self._here() and not self._later.isActive():
            self._later.start()

    def _look_again(self) -> None:
        if not self._here() or self._program.session is None:
            return
        asked = self._asked
        limit = min(MOST_AGAIN, max(PAGE, len(self.page.story.story.lines())))

        def got(page: Page) -> None:
            if asked == self._asked:
                self._before = page.before
                self.page.refresh_lines(page.lines, more=page.before is not None)
                self.told.emit()

        self._run(self._program.ask(lambda session, _: _page(session, asked, None, limit), got))
        self._survey()

    def _survey(self) -> None:
        now = datetime.now().astimezone()
        self._run(self._program.ask(lambda session, _: session.story.summary(now), self._surveyed))

    def _surveyed(self, summary: Summary) -> None:
        self._summary = summary
        page = self.page
        page.set_check(self._check_words(summary.checked))
        since = None if summary.since is None else local(summary.since)
        page.set_since(
            self.tr("Since {day}").format(day=words.day(since)) if since is not None else ""
        )
        page.set_unanswered(summary.unanswered)
        page.set_weeks([Bar(week.begins, week.copies) for week in summary.weeks])
        holders = [
            self._holder(_named(one.place), harmless(one.place), one.copies)
            for one in summary.holders
        ]
        if len(holders) > 1:
            whole = self._holder(self.tr("Disks and folders"), "", summary.copies)
            holders.insert(0, whole)
        page.set_holders(holders)
        self._browsing.remarks = self._remarks(summary)
        self._browsing.listed.emit()

    def _remarks(self, summary: Summary) -> list[str]:
        said = [self.tr("{count} entries").format(count=words.number(summary.entries))]
        if summary.unanswered:
            count = words.number(summary.unanswered)
            said.append(self.tr("{count} to look at").format(count=count))
        return said

    def _holder(self, name: str, path: str, copies: int) -> HolderData:
        right = self.tr("{count} · no end").format(count=words.number(copies))
        return HolderData(name, path, right)

    def _check_words(self, checked: Checked | None) -> CheckData:
        if checked is None:
            return CheckData(self.tr("Not checked yet."), None)
        moment = local(checked.time)
        if moment is None:
            when = self.tr("at a time that no calendar has")
        elif moment.date() == datetime.now().astimezone().date():
            when = self.tr("today, {time}").format(time=words.time_of_day(moment))
        else:
            when = self.tr("{day}, {time}").format(
                day=days.day_of_week_and_year(moment.date()), time=words.time_of_day(moment)
            )
        if checked.damage:
            said = self.tr(
                "Checked {when}: something is missing or changed. Your pictures may be whole all "
                "the same. Do not write to this library before you have made a copy of its folder."
            )
            return CheckData(said.format(when=when), sound=False)
        said = self.tr("Checked {when}. Nothing missing or changed.")
        return CheckData(said.format(when=when), sound=True)

    # ---- checking ------------------------------------------------------------------------------

    def check(self) -> None:
        """Every entry against the tree, beside the window; the result is an entry itself."""
        if self._panel is not None or self._program.session is None:
            return
        panel = self._window.add_progress(self.tr("Checking the record"))
        panel.cancel.hide()
        self._panel = panel
        self.page.set_checking(on=True)

        def ended() -> None:
            if self._panel is not None:
                self._window.remove_progress(self._panel)
                self._panel = None
            self.page.set_checking(on=False)

        def done(report: RecordReport) -> None:
            del report
            ended()
            self._program.changed.emit()
            self._survey()

        def failed(error: BaseException) -> None:
            ended()
            self._program.presenter.present(error)

        self._program.ask(
            lambda session, _: session.care.verify_record(),
            done,
            failed=failed,
            cancelled=ended,
            progress=panel.set_progress,
        )

    # ---- what may have left --------------------------------------------------------------------

    def _show_folder(self, line: Line) -> None:
        place = Path(line.place)
        folder = place.parent if line.kind == "proof-made" else place
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _ask_checked(self, line: Line) -> None:
        sheet = self._window.ask(
            self.tr("What did you find there?"),
            self.tr(
                "Your answer is written down as your word, once. If you could not look, leave it "
                "open: then everything counts as sent."
            ),
            [
                Answer("later", self.tr("Leave it open"), safe=True),
                Answer("none", self.tr("None is there")),
                Answer("some", self.tr("Some are there")),
            ],
            icon_name="folder",
        )

        def answered(key: str) -> None:
            if key in ("none", "some"):
                some = key == "some"
                self._program.commit(
                    lambda session: session.record.look_into(line.sequence, some=some)
                )

        sheet.answered.connect(answered)

    # ---- a proof file --------------------------------------------------------------------------

    def _ask_proof(self) -> None:
        asked = self._asked
        about = (
            self.tr("It holds every entry about “{name}”.").format(name=asked.name)
            if asked.item is not None
            else self.tr("It holds every entry of this record, about any picture.")
        )
        sheet = self._window.ask(
            self.tr("Make a proof file?"),
            about
            + "\n"
            + self.tr(
                "Whoever gets it can read the names, folders and times in it, and check with its "
                "own page that nothing was changed. It holds no pictures."
            ),
            [
                Answer("cancel", self.tr("Cancel"), safe=True),
                Answer("choose", self.tr("Choose where…")),
            ],
            icon_name="proof",
        )
        sheet.answered.connect(
            lambda key: (
                choose_new_file(
                    self._window,
                    self.tr("Make a proof file"),
                    "proof.zip",
                    lambda path: self.make_proof(asked, path),
                )
                if key == "choose"
                else None
            )
        )

    def make_proof(self, asked: Asked, path: Path) -> None:
        def make(session: Session, _: Progress) -> SavedProof:
            items = () if asked.item is None else (asked.item,)
            return session.egress.save_proof(session.record.choose(items=items), path)

        def done(saved: SavedProof) -> None:
            self._program.changed.emit()
            self._window.tell(
                self.tr("The proof file is made"),
                self.tr("It is at {path}.").format(path=harmless(str(saved.path))),
                self.tr(
                    "Whoever checks it should compare this identity with the one you gave them: "
                    "{identity}"
                ).format(identity=saved.identity),
            )

        self._program.ask(make, done)


def _named(place: str) -> str:
    return harmless(Path(place).name or place)


def _page(session: Session, asked: Asked, before: int | None, limit: int) -> Page:
    from lighttight.session.story import Show

    if asked.show == "unanswered":
        return session.story.unanswered()
    return session.story.page(Show(asked.show), item=asked.item, before=before, limit=limit)
