"""What comes in and what goes out: import, export, backup, restore."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lighttight.cli import asking, creating, opening
from lighttight.cli.keeping import Ids, found
from lighttight.cli.looking import SHORT_ID
from lighttight.cli.options import Common, Usage, named_path, with_common
from lighttight.cli.screen import Json, Screen, counted, day, stamp
from lighttight.errors import Cancelled, Environment, Integrity, LighttightError, Refused
from lighttight.messages import WORDS, harmless, size, words
from lighttight.model import AlbumId, Factor, Item, ItemId

if TYPE_CHECKING:
    from lighttight.session import Exported, ImportResult, ImportSummary, Session

NAMED: Final = 5
"""Items whose names are shown one by one before originals leave; more are counted."""
SCREEN: Final = "lighttight export"
"""What the record calls the place where this was asked."""
SORTS: Final = {
    "place": "place",
    "date": "date",
    "device": "device",
    "names": "names of people",
    "words": "captions and other words",
    "software": "software",
    "edits": "history of changes",
    "preview": "pictures inside the picture",
    "clip": "a clip that belongs to it",
    "tracks": "tracks that are neither picture nor sound",
    "hidden": "hidden bytes",
    "other": "other things",
}
"""Kinds of findings (`clean-copies.md`), as people say them."""


_NOT_TRIED: Final = "import-stopped"
_OF_THE_LIBRARY: Final = frozenset({
    *("disk-low", "disk-full", "disk-failed", "disk-error", "vault-gone", "vault-locked"),
    _NOT_TRIED,
})  # fmt: skip
"""Why a file was not imported that has nothing to do with the file: told once, then counted."""


class CopySize(enum.Enum):
    FULL = "full"
    LARGE = "2048"
    SMALL = "1280"


# In ---------------------------------------------------------------------------------------


@with_common
def import_files(
    common: Common,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", parser=named_path, help="Files and folders of pictures."),
    ],
    album: Annotated[
        str | None, typer.Option(metavar="A", help="Into this album; made if it is not there.")
    ] = None,
    remove_originals: Annotated[
        bool,
        typer.Option(
            "--remove-originals", help="Remove each file once it is safe here and in a backup."
        ),
    ] = False,
) -> int:
    """Seal photos and videos in the library. One bad file never stops the rest."""
    told = common.screen
    outcome = _Imported(told)
    with opening.opened(common) as session:
        into = None if album is None else _album(session, album)
        with told.progress("Importing", octets=True) as progress:
            summary = session.imports.run(
                paths,
                album=into,
                remove_originals=remove_originals,
                progress=progress,
                report=outcome.add,
            )
        outcome.say_all(summary)
    return outcome.exit_code


def _album(session: Session, name: str) -> AlbumId:
    return session.library.albums.named(name) or session.library.albums.create(name)


class _Imported:
    """What became of the files, one after another, and what the command ends with."""

    def __init__(self, told: Screen) -> None:
        self._told = told
        self._any = self._damaged = self._failed = self._skipped = False
        self._alike: dict[str, int] = {}

    def add(self, result: ImportResult) -> None:
        from lighttight.session import ImportStatus

        self._any = True
        self._told.document(
            {
                "path": str(result.path),
                "id": result.id,
                "status": result.status.value,
                "reason": result.reason,
            },
            flush=True,
        )
        if result.status is ImportStatus.FAILED:
            self._failed = True
            self._damaged |= isinstance(result.error, Integrity)
        self._skipped |= result.status is ImportStatus.SKIPPED
        if result.error is not None:
            self._say_error(result, result.error)
        elif result.status is ImportStatus.DUPLICATE:
            more = "" if result.reason is None else f" {WORDS[result.reason].sentence}"
            self._told.say(f"{result.status.value}: {result.path}: it is in already.{more}")
        elif result.reason is not None:
            self._told.say(f"imported: {result.path}: {WORDS[result.reason].title}.")
        if result.kept_because is not None:
            self._told.note(result.kept_because.code, words(result.kept_because).sentence)

    @property
    def exit_code(self) -> int:
        if self._damaged:
            return Integrity.exit_code
        if self._failed:
            return Environment.exit_code
        return Refused.exit_code if self._skipped else 0

    def _say_error(self, result: ImportResult, error: LighttightError) -> None:
        if error.code in _OF_THE_LIBRARY:
            self._alike[error.code] = self._alike.get(error.code, 0) + 1
            if self._alike[error.code] > 1 or error.code == _NOT_TRIED:
                return
        said = words(error)
        name = harmless(str(result.path))
        about = "" if name in said.sentence else f"{name}: "
        self._told.say(f"{result.status.value}: {about}{said.sentence} {said.action}")

    def say_all(self, summary: ImportSummary) -> None:
        told = self._told
        for code, count in self._alike.items():
            if code != _NOT_TRIED and count > 1:
                more = counted(count - 1, "more file")
                told.say(f"failed: {more}, for the same reason as above: {WORDS[code].title}.")
        failed, untried = summary.failed, self._alike.get(_NOT_TRIED, 0)
        parts = [
            f"{counted(summary.imported, 'item')} imported",
            *([f"{counted(summary.duplicates, 'duplicate')}"] if summary.duplicates else []),
            *([f"{summary.skipped:,} skipped"] if summary.skipped else []),
            *([f"{failed - untried:,} failed"] if failed > untried else []),
            *([f"{untried:,} not tried"] if untried else []),
        ]
        told.say(f"{', '.join(parts)}.")
        if not self._any:
            told.say("No file was found there.")
        if summary.stopped is not None:
            code, said = summary.stopped.code, words(summary.stopped)
            known = code in self._alike and not told.as_json
            why = "" if known else f" {said.sentence} {said.action}"
            again = WORDS[_NOT_TRIED].action
            told.note(code, f"The import stopped early.{why} {again}")
        if summary.originals_removed:
            told.say(f"{counted(summary.originals_removed, 'original')} removed.")
            told.say(
                "Also still on: your phone, its Recently Deleted, iCloud or Google Photos, the chat"
                " it came from."
            )
        elif summary.imported:
            told.say("The files that you imported are still where they were.")


# Out --------------------------------------------------------------------------------------


@with_common
def export(
    common: Common,
    ids: Ids = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", parser=named_path, help="A folder that is there."),
    ] = None,
    copy_size: Annotated[
        CopySize | None,
        typer.Option("--size", help="The longer side of photos, in pixels. Usually full."),
    ] = None,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Names as in the library, not 1, 2, 3.")
    ] = False,
    original: Annotated[
        bool, typer.Option("--original", help="The unchanged file, with everything in it.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Don’t ask before an unchanged file leaves.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what clean copies would leave out; save nothing.")
    ] = False,
) -> int:
    """Save copies into a folder, without place, date, device and all that is not the picture.

    It is written into the record before anything leaves.
    """
    told = common.screen
    if original and (copy_size is not None or keep_names):
        raise Usage(
            "usage",
            message="--original is the unchanged file: it takes no --size and no --keep-names",
            command="lighttight export",
        )
    if to is None and not dry_run:
        raise Usage("usage", message="Missing option '--to'", command="lighttight export")
    with opening.opened(common, looking=dry_run) as session:
        chosen = found(session, ids)
        items = {one: session.library.item(one) for one in chosen}
        if dry_run or to is None:
            return _tell_inside(told, session, items)
        if original:
            session.exports.destination(chosen, to)
            _warn_of_what_they_tell(told, list(items.values()))
            _insist(told, len(items), yes=yes)
        _tell_of_trash(told, list(items.values()))
        outcome = _Left(told, items, to, original=original)
        with told.progress("Saving", octets=True) as progress:
            if original:
                session.egress.export_originals(
                    chosen,
                    to,
                    screen=SCREEN,
                    without_anchor=common.without_anchor,
                    progress=progress,
                    report=outcome.add,
                )
            else:
                from lighttight.session import Size

                session.egress.export_copies(
                    chosen,
                    to,
                    session.decoder,
                    screen=SCREEN,
                    size=Size.FULL if copy_size is None else Size(copy_size.value),
                    keep_names=keep_names,
                    without_anchor=common.without_anchor,
                    progress=progress,
                    report=outcome.add,
                )
        outcome.say_all()
    return outcome.exit_code


def _insist(told: Screen, count: int, *, yes: bool) -> None:
    """The one way out that keeps everything is taken by somebody who has read what it reveals."""
    if yes or told.as_json or not asking.has_terminal():
        return
    if not asking.agreed(f"Save {counted(count, 'original')} unchanged?"):
        raise Cancelled


class _Left:
    """What became of each copy, one after another, and what the command ends with."""

    def __init__(
        self, told: Screen, items: Mapping[ItemId, Item], to: Path, *, original: bool
    ) -> None:
        self._told = told
        self._items = items
        self._to = to
        self._original = original
        self._left = 0
        self._removed: set[str] = set()
        self.exit_code = 0

    def add(self, one: Exported) -> None:
        self._told.document(
            {
                "id": one.item,
                "path": None if one.path is None else str(one.path),
                "error": None if one.error is None else one.error.code,
                "removed": [{"kind": it.kind, "detail": it.detail} for it in one.removed],
            },
            flush=True,
        )
        self._removed |= {it.kind for it in one.removed}
        if one.error is None:
            self._left += 1
            return
        said = words(one.error)
        name = self._items[one.item].name
        may = "may have been saved in part" if one.path is not None else "was not saved"
        again = " With: --original" if one.error.code == "copy-impossible" else ""
        self._told.note(
            one.error.code,
            f"{name} ({one.item[:SHORT_ID]}) {may}. {said.sentence} {said.action}{again}",
        )
        self.exit_code = max(self.exit_code, one.error.exit_code)

    def say_all(self) -> None:
        what = counted(
            self._left,
            "original" if self._original else "clean copy",
            "originals" if self._original else "clean copies",
        )
        self._told.say(f"{what} saved to {self._to}. It is in the record: what left.")
        if self._left and not self._original:
            removed = [sort for kind, sort in SORTS.items() if kind in self._removed]
            self._told.say(
                f"Not in them: {', '.join(removed)}."
                if removed
                else "Nothing is known that had to be left out of them."
            )


def _tell_inside(told: Screen, session: Session, items: Mapping[ItemId, Item]) -> int:
    """For each item what a clean copy would leave out. Nothing is written but the opening."""
    code = 0
    with told.progress("Looking") as progress:
        for number, item in enumerate(items.values()):
            progress.step(number, len(items))
            inside = session.exports.told_by(item.id)
            told.document(
                {
                    "id": item.id,
                    "copyable": inside.copyable,
                    "error": None if inside.trouble is None else inside.trouble.code,
                    "findings": [
                        {"kind": one.kind, "detail": one.detail} for one in inside.findings
                    ],
                    "known": _known(item),
                },
                flush=True,
            )
            told.say(item.name)
            if inside.trouble is not None:
                code = max(code, inside.trouble.exit_code)
                told.say(f"  {words(inside.trouble).sentence}")
            known = [f"known of it: {', '.join(facts)}"] if (facts := _facts_inside(item)) else []
            found_ = [
                f"{SORTS.get(one.kind, one.kind)}: {one.detail}"
                if one.detail
                else SORTS.get(one.kind, one.kind)
                for one in inside.findings
            ]
            for line in [*known, *found_] or ["nothing besides the picture"]:
                told.say(f"  {line}")
    return code


def _known(item: Item) -> Json:
    """What the catalog says that the file says; what can be read where the file was not."""
    place = item.place
    return {
        "place": None
        if place is None
        else {"latitude": place.latitude, "longitude": place.longitude},
        "taken": None if item.taken is None else stamp(item.taken),
        "device": item.device,
    }


def _warn_of_what_they_tell(told: Screen, items: Sequence[Item]) -> None:
    """What whoever gets the originals can read in them besides the picture."""
    telling = [(item, facts) for item in items if (facts := _facts_inside(item))]
    if not telling:
        told.note(
            "original-tells",
            "Originals are saved as they are. Anything that is written inside leaves with them.",
        )
        return
    if len(items) <= NAMED:
        for item, facts in telling:
            told.note(
                "original-tells",
                f"Whoever gets {item.name} can also read in it: {', '.join(facts)}.",
            )
        return
    place = sum(1 for item in items if item.place is not None)
    dated = sum(1 for item in items if item.taken is not None)
    device = sum(1 for item in items if item.device)
    told.note(
        "original-tells",
        f"Whoever gets these {len(items):,} originals can also read in them: the place in"
        f" {place:,}, the date in {dated:,}, the device in {device:,}.",
    )


def _tell_of_trash(told: Screen, items: Sequence[Item]) -> None:
    """What was named by its id is meant, and saving it may come before deleting it for good. But
    somebody may have forgotten that it was thrown away."""
    trashed = [item.name for item in items if item.trashed is not None]
    if len(trashed) > NAMED:
        told.note("in-trash", f"{len(trashed):,} of these are in the trash, and stay there.")
    elif trashed:
        are = "is in the trash, and stays" if len(trashed) == 1 else "are in the trash, and stay"
        told.note("in-trash", f"{', '.join(trashed)} {are} there.")


def _facts_inside(item: Item) -> list[str]:
    facts: list[str] = []
    if item.place is not None:
        facts.append(f"the place ({item.place.latitude:.4f}, {item.place.longitude:.4f})")
    if item.taken is not None:
        facts.append(f"the date ({day(item.taken)})")
    if item.device:
        facts.append(f"the device ({item.device})")
    return facts


# The second copy --------------------------------------------------------------------------


@with_common
def backup(
    common: Common,
    to: Annotated[
        Path,
        typer.Argument(metavar="TO", parser=named_path, help="A new folder, or an older backup."),
    ],
) -> int:
    """Bring a second copy up to date, and open every new file of it once."""
    from lighttight.session import is_library

    told = common.screen
    with opening.opened(common) as session:
        try:
            with told.progress("Backing up", octets=True) as progress:
                done = session.care.backup(to, progress=progress)
        except Environment:
            if (to / "blobs").is_dir() and not is_library(to):
                told.note(
                    "backup-unfinished",
                    f"What was copied so far stays in {to}. The same command goes on with it;"
                    " until then it is no backup.",
                )
            raise
        told.document(
            {
                "backup": str(to.absolute()),
                "items": done.items,
                "copied": done.copied,
                "bytes": done.bytes,
            }
        )
        told.say(
            f"The backup at {to} holds {counted(done.items, 'item')}; {done.copied:,} of them are"
            f" new ({size(done.bytes)}). It opens with the same ways in."
        )
    return 0


@with_common
def restore(
    common: Common,
    source: Annotated[Path, typer.Argument(metavar="FROM", parser=named_path, help="The backup.")],
) -> int:
    """Make a library at --vault from a backup. It never writes over one that is there."""
    from lighttight.session import Offer, PasswordStore, look, restore_session

    told = common.screen
    if common.vault is None:
        raise Usage("usage", message="Missing option '--vault'", command="lighttight restore")
    locked = look(source)
    # Nobody should type a passphrase for what cannot be done anyway.
    creating.insist_on_room_of_its_own(common.vault)
    offer = opening.offered(common)
    if offer is None:
        clicks = any(slot.factors == (Factor.KEYRING,) for slot in locked.slots)
        offer = Offer() if clicks else opening.asked(locked, None)
    with creating.making(common.vault), told.progress("Restoring", octets=True) as progress:
        session = restore_session(source, common.vault, offer, PasswordStore(), progress=progress)
    with session:
        opening.remember(common.vault, told)
        count = session.library.counts().all
        told.document({"vault": str(common.vault.absolute()), "items": count})
        told.say(f"{counted(count, 'item')} restored to {common.vault}.")
        told.say("This is in the record, because it takes the library back to an earlier day.")
    return 0
