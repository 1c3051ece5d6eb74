"""Saving outside the library: the sheet that says what leaves, the saving, and what became of it.

No file exists before the person has seen what leaves, in which form, and where to. Unchanged files
leave only by an act of their own: chosen in the sheet, which then shows what they reveal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lighttight import settings
from lighttight.errors import Environment, LighttightError
from lighttight.messages import harmless
from lighttight.messages import window_words as error_words
from lighttight.model import Item, ItemId, Kind
from lighttight.progress import Progress
from lighttight.ui import words
from lighttight.ui.controllers.choosing import choose_folder
from lighttight.ui.controllers.program import Program
from lighttight.ui.features import Feature, built
from lighttight.ui.jobs import Job, Order
from lighttight.ui.reveals import Reveals, what
from lighttight.ui.widgets.buttons import Look
from lighttight.ui.widgets.leaving import MOST_SHOWN, WIDTH, LeavingForm
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Answer, Sheet
from lighttight.ui.widgets.text import Text

if TYPE_CHECKING:
    from lighttight.session import Disk, Exported, Session, Told

NAMED = 8
"""Names that are told one by one; more are counted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for, as the sheet had it when it was answered."""

    chosen: tuple[ItemId, ...]
    folder: Path
    original: bool = False
    side: str = "full"
    keep_names: bool = False


class Exporting(QObject):
    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._window.export_wanted.connect(lambda items: self.ask(items))
        self._panel: ProgressPanel | None = None
        self._job: Job | None = None
        self.asking: Asking | None = None
        program.closed.connect(self._closed)

    def _closed(self) -> None:
        self._job = None
        if self.asking is not None:
            self.asking.end()
            self.asking.deleteLater()
            self.asking = None
        self._end_panel()

    # ---- before --------------------------------------------------------------------------------

    def ask(
        self, items: Sequence[ItemId], *, original: bool = False, folder: Path | None = None
    ) -> None:
        """Open the sheet for these, with the form and folder of an earlier act, if there was."""
        chosen = list(dict.fromkeys(items))
        if not chosen or self.asking is not None:
            return
        if self._panel is not None:
            self._window.present(
                self.tr("One after the other"),
                self.tr("Other copies are being saved just now."),
                self.tr("Wait for them, or stop them, then save these."),
            )
            return

        def opened(found: Sequence[Item]) -> None:
            if self.asking is None:
                self.asking = Asking(self._program, found, original=original, folder=folder)
                self.asking.done = self._answered

        self._program.ask(
            lambda session, _: [session.library.item(one) for one in chosen],
            opened,
            order=Order.CLICK,
        )

    def _answered(self, wish: Wish | None) -> None:
        self.asking = None
        if wish is not None:
            self.export(wish)

    # ---- saving --------------------------------------------------------------------------------

    def export(self, wish: Wish, *, without_anchor: bool = False) -> None:
        if self._panel is not None or self._program.session is None:
            return
        panel = self._window.add_progress(
            self.tr("Saving to “{folder}”").format(folder=name_of(wish.folder))
        )
        self._panel = panel
        saved: list[Exported] = []

        def act(session: Session, watched: Progress) -> list[Exported]:
            if wish.original:
                return session.egress.export_originals(
                    wish.chosen,
                    wish.folder,
                    screen="library",
                    without_anchor=without_anchor,
                    progress=watched,
                    report=saved.append,
                )
            from lighttight.session import Size

            return session.egress.export_copies(
                wish.chosen,
                wish.folder,
                session.decoder,
                screen="library",
                size=Size(wish.side),
                keep_names=wish.keep_names,
                without_anchor=without_anchor,
                progress=watched,
                report=saved.append,
            )

        def step(done: int, total: int | None) -> None:
            panel.set_progress(done, total)
            panel.counts.setText(
                self.tr("{done} of {all}").format(
                    done=words.number(len(saved)), all=words.items(len(wish.chosen))
                )
            )

        self._job = self._program.ask(
            act,
            lambda all_: self._exported(wish, all_),
            failed=lambda error: self._failed(error, wish, saved),
            cancelled=lambda: self._exported(wish, saved, stopped=True),
            progress=step,
        )
        if self._job is not None:
            panel.cancelled.connect(self._job.cancel)

    def _end_panel(self) -> None:
        panel, self._panel = self._panel, None
        if panel is not None:
            self._window.remove_progress(panel)

    # ---- afterwards ----------------------------------------------------------------------------

    def _exported(self, wish: Wish, all_: Sequence[Exported], *, stopped: bool = False) -> None:
        self._end_panel()
        self._program.changed.emit()
        if self._program.session is None:
            return
        failed = [one for one in all_ if one.error is not None]
        self._tell(wish, len(all_) - len(failed), worse=bool(failed) or stopped, stopped=stopped)
        if failed:
            self._look_up(failed, lambda named: self._list_failed(wish, failed, named))

    def _tell(self, wish: Wish, done: int, *, worse: bool, stopped: bool = False) -> None:
        if stopped:
            said = self.tr("Stopped. {items} saved to “{folder}”, and written down.")
        else:
            said = self.tr("{items} saved to “{folder}”, and written down.")
        banner = self._window.note(
            said.format(items=words.items(done), folder=name_of(wish.folder)),
            self.tr("Show folder"),
            style="warning" if worse else "good",
        )
        banner.acted.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(wish.folder))))

    def _look_up(
        self, failed: Sequence[Exported], done: Callable[[dict[ItemId, str]], None]
    ) -> None:
        ids = [one.item for one in failed]
        self._program.ask(
            lambda session, _: {one: session.library.item(one).name for one in ids},
            done,
            order=Order.CLICK,
        )

    def _list_failed(
        self, wish: Wish, failed: Sequence[Exported], named: dict[ItemId, str]
    ) -> None:
        """First what is broken, then what could only not be copied cleanly: that has a way out."""
        broken = [one for one in failed if _code(one) != "copy-impossible"]
        unclean = [one for one in failed if _code(one) == "copy-impossible"]
        if broken and broken[0].error is not None:
            said = error_words(broken[0].error)
            sheet = self._window.ask(
                words.counts().not_saved(len(broken)),
                f"{said.sentence}\n{said.action}",
                [Answer("close", self.tr("Close"), safe=True)],
                icon_name="alert",
                body=self._names([named[one.item] for one in broken]),
            )
            if unclean:
                sheet.answered.connect(lambda _: self._offer_unchanged(wish, unclean, named))
        elif unclean:
            self._offer_unchanged(wish, unclean, named)

    def _offer_unchanged(
        self, wish: Wish, unclean: Sequence[Exported], named: dict[ItemId, str]
    ) -> None:
        sheet = self._window.ask(
            words.counts().no_clean_copy(len(unclean)),
            self.tr(
                "Damaged, or in a format of which place, date and device cannot be taken away for "
                "sure. Nothing of this was saved. It is safe in your library."
            ),
            [
                Answer("leave", self.tr("Leave it at that"), safe=True),
                Answer("unchanged", self.tr("Look at saving unchanged…"), danger=True),
            ],
            icon_name="info",
            body=self._names([named[one.item] for one in unclean]),
        )
        sheet.button("leave").setFocus()
        chosen = [one.item for one in unclean]

        def answered(key: str) -> None:
            if key == "unchanged":
                self.ask(chosen, original=True, folder=wish.folder)

        sheet.answered.connect(answered)

    def _names(self, names: Sequence[str]) -> QWidget:
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        shown = [harmless(name) for name in names]
        if len(shown) > NAMED:
            more = words.counts().and_more(shown[NAMED - 1], len(shown) - NAMED)
            shown = [*shown[: NAMED - 1], more]
        for name in shown:
            rows.addWidget(Text(name))
        return body

    def _failed(self, error: BaseException, wish: Wish, saved: Sequence[Exported]) -> None:
        self._end_panel()
        self._program.changed.emit()
        unanchored = isinstance(error, Environment) and error.code.startswith("keyring-")
        if not unanchored or not isinstance(error, LighttightError) or saved:
            left = sum(one.error is None for one in saved)
            if left and self._program.session is not None:
                self._tell(wish, left, worse=True, stopped=True)
            self._program.presenter.present(error)
            return
        sheet = self._window.ask(
            self.tr("Nothing was saved"),
            self.tr(
                "{why} Without it, Lighttight could not notice here if someone put back an older "
                "version of the library, with this act missing from it. You can save all the "
                "same; that too is written down."
            ).format(why=error_words(error).sentence),
            [
                Answer("close", self.tr("Don’t save"), safe=True),
                Answer("anyway", self.tr("Save all the same"), danger=True),
            ],
            icon_name="alert",
        )

        def answered(key: str) -> None:
            if key == "anyway":
                self.export(wish, without_anchor=True)

        sheet.answered.connect(answered)


class Asking(QObject):
    """One sheet, from its opening to its answer, and the jobs that fill it."""

    def __init__(
        self,
        program: Program,
        items: Sequence[Item],
        *,
        original: bool = False,
        folder: Path | None = None,
    ) -> None:
        super().__init__(program)
        self._program = program
        self._items = items
        self._ids = [item.id for item in items]
        self._folder: Path | None = None
        self._wanted: Path | None = None
        self._ended = False
        self._named = ""
        self._jobs: list[Job | None] = []
        self.done: Callable[[Wish | None], None] = _nobody
        self.reveals = Reveals(items)
        self.form = LeavingForm(
            len(items),
            words.size(sum(item.size for item in items)),
            original=original,
            videos=any(item.kind is Kind.VIDEO for item in items),
        )
        self._foot = Text("", wrap=True)
        self._what = what(items)
        window = program.window
        self.sheet: Sheet = window.ask(
            words.counts().save_outside(len(items), self._what),
            "",
            [
                Answer("cancel", self.tr("Cancel"), safe=True),
                Answer("save", words.counts().save(len(items), self._what), main=True),
            ],
            body=self.form,
            foot=self._foot,
            width=WIDTH,
        )
        self._save = self.sheet.button("save")
        self.sheet.answered.connect(self._answered)
        self.sheet.destroyed.connect(self.end)
        self.form.changed.connect(self._show)
        self.form.folder_wanted.connect(self._choose)
        self._show()
        self._begin()
        if folder is not None:
            self._look_at(folder)

    # ---- filling it ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Pictures first, because they are seen first; then each file is looked into."""
        found: list[Told] = []
        shown = self._ids[:MOST_SHOWN]

        def paint(_: Session, watched: Progress) -> list[QImage | None]:
            sources, images = self._program.sources, []
            for place, one in enumerate(shown):
                watched.step(place, len(shown))
                images.append(None if one in sources.veiled else sources.preview(one))
            return images

        def painted(images: Sequence[QImage | None]) -> None:
            for place, image in enumerate(images):
                self.form.thumbs.set_image(place, image)

        def look(session: Session, watched: Progress) -> None:
            for number, one in enumerate(self._ids):
                watched.step(number, len(self._ids))
                found.append(session.exports.told_by(one))
            watched.step(len(self._ids), len(self._ids))

        def step(done: int, total: int | None) -> None:
            self._take(found)
            if not self.reveals.complete:
                self.form.looking.setText(
                    self.tr("Looking inside: {done} of {total}").format(
                        done=words.number(done), total=words.number(total or 0)
                    )
                )
            self._show()

        def looked(_: None) -> None:
            self._take(found)
            self.form.looking.setText("")
            self._show()

        ask = self._program.ask
        self._jobs.append(ask(paint, painted, failed=_quietly, order=Order.CLICK))
        self._jobs.append(ask(look, looked, progress=step, order=Order.LONG))

    def _take(self, found: list[Told]) -> None:
        while self.reveals.looked < len(found):
            self.reveals.add(found[self.reveals.looked])

    def _show(self) -> None:
        form, original = self.form, self.form.original
        form.set_lines(self.reveals.lines(clean=not original, keep_names=form.names.isChecked()))
        form.set_note(form.said, "\n".join(self.reveals.sentences()) if original else "")
        form.set_note(form.remark, self._remark())
        if original:
            self._save.look = Look.DANGER
            self._save.setText(words.counts().save_unchanged(len(self._items)))
        else:
            self._save.look = Look.PRIMARY
            left = len(self._items) - len(self._uncopyable())
            self._save.setText(words.counts().save(left or len(self._items), self._what))
        can = original or len(self._uncopyable()) < len(self._items)
        self._save.setEnabled(self._folder is not None and can)
        self._foot.setText(self._sentence())
        self.sheet.setAccessibleDescription(self._foot.text())

    def _uncopyable(self) -> list[Item]:
        """Photos in a smaller size are drawn anew, which may do where taking apart does not."""
        full = self.form.side.value() == "full"
        return [
            item
            for item in self._items
            if item.id in self.reveals.impossible and (full or item.kind is Kind.VIDEO)
        ]

    def _remark(self) -> str:
        count = 0 if self.form.original else len(self._uncopyable())
        return words.counts().uncopyable(count) if count else ""

    def _sentence(self) -> str:
        if self._folder is None:
            return self.tr("Choose where to save. Until you press Save, there is no file.")
        count = len(self._items)
        if not self.form.original:
            count -= len(self._uncopyable())
        goes = (
            words.counts().unchanged_to(count, self._named)
            if self.form.original
            else words.counts().clean_to(count, self._named)
        )
        if built(Feature.RECORD):
            return self.tr(
                "{goes} Lighttight cannot end or take back what left. This is written down in "
                "What left."
            ).format(goes=goes)
        return self.tr(
            "{goes} Lighttight cannot end or take back what left. This is written down in the "
            "library."
        ).format(goes=goes)

    # ---- where to ------------------------------------------------------------------------------

    def _choose(self) -> None:
        last = settings.load().settings.export_folder
        start = Path(last) if last and Path(last).is_dir() else None
        if self._folder is not None:
            start = self._folder
        choose_folder(
            self._program.window,
            self.tr("Save outside the library"),
            self._look_at,
            start=start,
        )

    def _look_at(self, folder: Path) -> None:
        """Beside the window: a stick that is slow, or gone, must not hold it up."""
        if self._ended:
            # The dialog outlived the sheet: the library was locked under it.
            return
        self._folder = None
        self._wanted = folder
        self.form.set_destination("folder", self.tr("Looking at the folder…"), "")
        self._clear_notes()
        self._show()
        self._jobs.append(
            self._program.ask(
                lambda session, _: session.exports.destination(self._ids, folder),
                lambda disk: self._found(folder, disk),
                failed=lambda error: self._refused(folder, error),
                order=Order.CLICK,
            )
        )

    def _clear_notes(self) -> None:
        self.form.set_note(self.form.disk_note, "")
        self.form.set_note(self.form.trouble, "")

    def _found(self, folder: Path, disk: Disk) -> None:
        if self._ended or folder != self._wanted:
            return
        self._folder = folder
        self._named = harmless(disk.name) if disk.name else name_of(folder)
        if disk.name and folder.name != disk.name:
            title = self.tr("{disk}, folder “{folder}”").format(
                disk=harmless(disk.name), folder=name_of(folder)
            )
        elif disk.name:
            title = self.tr("Disk “{disk}”").format(disk=harmless(disk.name))
        else:
            title = words.place_of(folder)
        free = self.tr("{size} free").format(size=words.size(disk.free))
        self.form.set_destination("usb" if disk.removable else "folder", title, free)
        note = ""
        if disk.encrypted is False:
            note = self.tr(
                "As far as this computer can see, this disk is not encrypted. Whoever finds it can "
                "look at the copies."
            )
        elif disk.encrypted is None:
            note = self.tr(
                "Whether this disk is encrypted could not be told. If it is not, whoever finds it "
                "can look at the copies."
            )
        self.form.set_note(self.form.disk_note, note)
        self._show()
        self._keep_focus()

    def _refused(self, folder: Path, error: BaseException) -> None:
        if self._ended or folder != self._wanted:
            return
        said = error_words(error)
        self.form.set_destination("folder", name_of(folder), "")
        self.form.set_note(self.form.trouble, f"{said.sentence} {said.action}")
        self._show()
        self._keep_focus()

    def _keep_focus(self) -> None:
        """The dialog for the folder gave the focus back to nobody in particular."""
        now = self.sheet.window().focusWidget()
        if now is None or not self.sheet.isAncestorOf(now):
            self.sheet.button("cancel").setFocus()

    # ---- the end -------------------------------------------------------------------------------

    def end(self, *_: object) -> None:
        """Nothing looks into a file any more for a sheet that is gone."""
        self._ended = True
        for job in self._jobs:
            if job is not None:
                job.cancel()
        self._jobs.clear()

    def _answered(self, key: str) -> None:
        self.end()
        wish: Wish | None = None
        if key == "save" and self._folder is not None:
            wish = Wish(
                tuple(self._ids),
                self._folder,
                original=self.form.original,
                side=self.form.side.value(),
                keep_names=self.form.names.isChecked(),
            )
        done, self.done = self.done, _nobody
        done(wish)
        self.deleteLater()


def _nobody(_: Wish | None) -> None:
    return


def _quietly(_: BaseException) -> None:
    """A small picture that is missing is not worth a word here."""


def _code(one: Exported) -> str:
    return "" if one.error is None else one.error.code


def name_of(folder: Path) -> str:
    return harmless(folder.name or str(folder))
