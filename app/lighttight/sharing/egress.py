"""The one exit. Whatever leaves the vault leaves through here, and is in the record before.

The order, for every act:

1. the catalog is what it should be (the state root is recomputed), else nothing leaves;
2. the intent is recorded and durable, and the anchor in the keyring knows of it;
3. bytes leave;
4. the outcome is recorded: what left, what did not.

A crash between 2 and 4 leaves an intent without an outcome, which is shown as "may have left" until
the owner has looked. There is no step that a caller could skip: what leaves is made here, of items
and entries that a caller names.

Exits are a closed list (`app/docs/audit-log.md`). Built are copies saved to a folder, clean ones
(`sharing.renditions`) or the originals, proof files, and the recovery words, which the vault hands
out once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from lighttight.audit import checkpoints, packs
from lighttight.audit.record import MAX_ITEMS, append
from lighttight.errors import Cancelled, Environment, LighttightError, Refused
from lighttight.files.durable import translating
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import disk_text, safe_name
from lighttight.files.target import OpenedFile, create_exclusively
from lighttight.library import items
from lighttight.media.client import Decoder, Finding
from lighttight.model import Factor, Item, ItemId
from lighttight.progress import SILENT, Progress, Within
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.sharing import renditions
from lighttight.sharing.renditions import Size
from lighttight.vault.vault import Vault

FAILPOINTS.declare("egress.intended", "egress.written", "egress.finished")

ORIGINAL: Final = "original"
CLEAN: Final = "clean"
RESERVE: Final = 64 << 20
"""Bytes left free on the disk that copies are saved to."""

_STOPS: Final = frozenset({"disk-full", "disk-failed", "not-writable", "folder-gone"})


@dataclass(frozen=True, slots=True)
class Exported:
    """One item of an export. `error` is None where its copy stands at `path`. With both, the copy
    was not finished and could not be taken back: it may have left."""

    item: ItemId
    path: Path | None
    error: LighttightError | None
    removed: tuple[Finding, ...] = ()
    """What the original has and a clean copy has not."""


@dataclass(frozen=True, slots=True)
class SavedProof:
    """A proof file at `path`. Digests are SHA-256 in hex: of the file, of the identity's keys (what
    others compare), and of the verifier that lies in it."""

    path: Path
    entries: int
    digest: str
    identity: str
    verifier: str


_Save = Callable[[Item, Progress], Exported]


class Egress:
    """The exit of one open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.running: set[int] = set()
        """Intents of acts that are under way in this process: nobody needs to look into them."""

    def export_originals(
        self,
        chosen: Sequence[ItemId],
        folder: Path,
        *,
        screen: str,
        without_anchor: bool = False,
        progress: Progress = SILENT,
        report: Callable[[Exported], None] = lambda _: None,
    ) -> list[Exported]:
        """Save unchanged originals into `folder`, which exists and was chosen by the person.

        `screen` is the page or command that asked, for the record. Names are made safe and never
        replace anything. Progress counts bytes. A damaged item is reported and never saved in
        part; the others go on, except after an error of the folder itself.

        Raises before anything left: Integrity from the state root, Environment where the anchor
        cannot be written and the owner did not say `without_anchor` (which is recorded),
        Refused("export-nothing", "folder-missing", "folder-inside"), Environment("folder-full",
        "not-writable").
        """
        found = self._found(chosen)

        def save(item: Item, progress: Progress) -> Exported:
            return _save_original(self._vault, item, folder, progress)

        return self._export(
            found, folder, ORIGINAL, screen, save, progress, report, without_anchor=without_anchor
        )

    def export_copies(
        self,
        chosen: Sequence[ItemId],
        folder: Path,
        decoder: Decoder,
        *,
        screen: str,
        size: Size = Size.FULL,
        keep_names: bool = False,
        without_anchor: bool = False,
        progress: Progress = SILENT,
        report: Callable[[Exported], None] = lambda _: None,
    ) -> list[Exported]:
        """Save clean copies into `folder`. What else is said of `export_originals` holds here too.

        They are called 1, 2, 3 … in the order given, or like their items with `keep_names`. One
        of which no clean copy can be made is reported as Unsupported("copy-impossible") and never
        saved as it is.
        """
        found = self._found(chosen)
        numbers = {item.id: str(number) for number, item in enumerate(found, 1)}

        def save(item: Item, progress: Progress) -> Exported:
            stem = safe_name(Path(item.name).stem) if keep_names else numbers[item.id]
            return _save_copy(self._vault, decoder, item, size, folder, stem, progress)

        form = CLEAN if size is Size.FULL else f"{CLEAN}-{size.value}"
        return self._export(
            found, folder, form, screen, save, progress, report, without_anchor=without_anchor
        )

    def check(self, chosen: Sequence[ItemId], folder: Path) -> None:
        """Raise what an export into `folder` would refuse before anything left. Writes nothing."""
        _check(self._vault, self._found(chosen), folder)

    def _found(self, chosen: Sequence[ItemId]) -> list[Item]:
        return [items.item(self._vault.catalog, one) for one in dict.fromkeys(chosen)]

    def _export(
        self,
        found: list[Item],
        folder: Path,
        form: str,
        screen: str,
        save: _Save,
        progress: Progress,
        report: Callable[[Exported], None],
        *,
        without_anchor: bool,
    ) -> list[Exported]:
        _check(self._vault, found, folder)
        self._vault.catalog.recompute()
        done: list[Exported] = []
        total = sum(one.size for one in found)
        written = 0
        for start in range(0, len(found), MAX_ITEMS):
            batch = found[start : start + MAX_ITEMS]
            intent = _intend(
                self._vault, batch, folder, form, screen, without_anchor=without_anchor
            )
            with self._under_way(intent), _Outcome(self._vault, intent, batch) as outcome:
                for item in batch:
                    one = save(item, Within(progress, written, total))
                    outcome.add(one)
                    done.append(one)
                    report(one)
                    written += item.size
                    if one.error is not None and one.error.code in _STOPS:
                        raise one.error
        return done

    @contextmanager
    def _under_way(self, intent: int) -> Iterator[None]:
        self.running.add(intent)
        try:
            yield
        finally:
            self.running.discard(intent)

    def save_proof(
        self,
        chosen: Sequence[int],
        path: Path,
        *,
        closed: frozenset[Field] = frozenset(),
        without_anchor: bool = False,
    ) -> SavedProof:
        """Write a proof file about these entries (`packs.choose`) to a new file, for the owner
        alone; `closed` are fields that it does not open.

        Refused("path-exists") over anything, Refused("folder-missing", "folder-inside"); otherwise
        as `export_originals`.
        """
        _check_folder(self._vault, path.parent)
        if os.path.lexists(path):
            raise Refused("path-exists", path=str(path))
        self._vault.catalog.recompute()
        with self._vault.transaction() as tx:
            pack = packs.make(tx, chosen, disk_text(path), closed=closed)
        _insist_on_anchor(self._vault, pack.intent, without_anchor=without_anchor)
        result = "failed"
        try:
            with create_exclusively(path.parent, path.name) as target:
                target.write(pack.data)
                saved = target.commit()
            result = "done"
        finally:
            _finish_proof(self._vault, pack.intent, result)
        verifier = sha256(packs.verifier()).hexdigest()
        return SavedProof(saved, pack.entries, pack.digest.hex(), pack.identity, verifier)

    def save_words(self, words: Sequence[str], path: Path) -> Path:
        """Write the recovery words to a new file for the owner alone; never over anything."""
        self.words_shown("file")
        with create_exclusively(path.parent, path.name) as target:
            for line in _numbered(words):
                target.write(line)
            return target.commit()

    def words_shown(self, form: str) -> None:
        """Record that the recovery words left the vault: `form` is `screen` or `file`."""
        slot = next(one for one in self._vault.slots if one.factors == (Factor.RECOVERY,))
        with self._vault.transaction() as tx:
            append(tx, EntryKind.RECOVERY_SHOWN, {Field.SLOT: slot.id, Field.FORM: form})


def _check_folder(vault: Vault, folder: Path) -> None:
    with translating(folder, gone="folder-gone"):
        if not folder.is_dir():
            raise Refused("folder-missing", path=str(folder))
        if vault.path.resolve() in (folder.resolve(), *folder.resolve().parents):
            # A readable copy inside the library's folder would be taken for part of it.
            raise Refused("folder-inside", path=str(folder))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Environment("not-writable", path=str(folder))


def _check(vault: Vault, found: list[Item], folder: Path) -> None:
    if not found:
        raise Refused("export-nothing")
    _check_folder(vault, folder)
    with translating(folder, gone="folder-gone"):
        needed = sum(one.size for one in found) + RESERVE
        missing = needed - shutil.disk_usage(folder).free
        if missing > 0:
            raise Environment("folder-full", path=str(folder), missing=missing)


def _intend(
    vault: Vault, batch: list[Item], folder: Path, form: str, screen: str, *, without_anchor: bool
) -> int:
    fields: dict[Field, Value] = {
        Field.ITEMS: tuple(sorted(one.id for one in batch)),
        Field.PATH: disk_text(folder),
        Field.FORM: form,
        Field.SCREEN: screen,
    }
    with vault.transaction() as tx:
        intent = append(tx, EntryKind.EXPORT_INTENDED, fields)
        checkpoints.sign(tx)
    _insist_on_anchor(vault, intent, without_anchor=without_anchor)
    return intent


def _insist_on_anchor(vault: Vault, intent: int, *, without_anchor: bool) -> None:
    try:
        vault.anchor_now()
    except Environment:
        if not without_anchor:
            _finish(vault, intent, "failed", (), "")
            raise
        with vault.transaction() as tx:
            append(tx, EntryKind.ANCHOR_OVERRIDDEN, {Field.REASON: "export"})
    failpoint("egress.intended")


def _finish_proof(vault: Vault, intent: int, result: str) -> None:
    with vault.transaction() as tx:
        append(
            tx,
            EntryKind.EXPORT_FINISHED,
            {Field.INTENT: intent, Field.RESULT: result, Field.COUNT: int(result == "done")},
        )
    failpoint("egress.finished")


class _Outcome:
    """Records what became of an intent, however the block is left."""

    def __init__(self, vault: Vault, intent: int, batch: list[Item]) -> None:
        self._vault = vault
        self._intent = intent
        self._all = {one.id for one in batch}
        self._left: set[ItemId] = set()
        self._removed: set[str] = set()

    def add(self, one: Exported) -> None:
        if one.path is not None:
            self._left.add(one.item)
            self._removed |= {finding.kind for finding in one.removed}

    def __enter__(self) -> _Outcome:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and issubclass(kind, Cancelled):
            result = "cancelled"
        else:
            result = "done" if self._left == self._all else "failed"
        removed = "+".join(sorted(self._removed))
        _finish(self._vault, self._intent, result, tuple(sorted(self._left)), removed)
        failpoint("egress.finished")


def _finish(vault: Vault, intent: int, result: str, left: tuple[ItemId, ...], removed: str) -> None:
    fields: dict[Field, Value] = {
        Field.INTENT: intent,
        Field.RESULT: result,
        Field.COUNT: len(left),
    }
    if result != "done" and left:
        fields[Field.ITEMS] = left
    if removed:
        fields[Field.REMOVED] = removed
    with vault.transaction() as tx:
        append(tx, EntryKind.EXPORT_FINISHED, fields)


def _save_original(vault: Vault, item: Item, folder: Path, progress: Progress) -> Exported:
    target: OpenedFile | None = None
    try:
        with vault.blobs.kept(), create_exclusively(folder, item.name) as target:
            sealed = items.sealed(vault.catalog, item.id)
            for part in vault.blobs.stream(sealed, progress=progress):
                target.write(part)
            failpoint("egress.written")
            return Exported(item.id, target.commit(), None)
    except LighttightError as error:
        return Exported(item.id, None if target is None else target.path, error)


def _save_copy(
    vault: Vault,
    decoder: Decoder,
    item: Item,
    size: Size,
    folder: Path,
    stem: str,
    progress: Progress,
) -> Exported:
    target: OpenedFile | None = None
    try:
        with vault.blobs.kept(), create_exclusively(folder, stem) as target:
            copy = _Watched(target, item.size, progress)
            with vault.blobs.open(items.sealed(vault.catalog, item.id)) as original:
                made = renditions.make(decoder, original, item, size, copy, tick=copy.tick)
            failpoint("egress.written")
            return Exported(item.id, target.commit(stem + made.ending), None, made.findings)
    except LighttightError as error:
        return Exported(item.id, None if target is None else target.path, error)


class _Watched:
    """A copy on its way out, whose progress somebody watches and may cancel."""

    def __init__(self, target: OpenedFile, expected: int, progress: Progress) -> None:
        self._target = target
        self._expected = expected
        self._progress = progress
        self.read = target.read

    @property
    def size(self) -> int:
        return self._target.size

    def write(self, data: bytes | memoryview) -> None:
        self._target.write(data)
        self.tick()

    def tick(self) -> None:
        self._progress.step(min(self.size, self._expected), self._expected)


def _numbered(words: Sequence[str]) -> Iterator[bytes]:
    yield from (f"{number:2} {word}\n".encode() for number, word in enumerate(words, 1))
