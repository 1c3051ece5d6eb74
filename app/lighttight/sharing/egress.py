"""The one exit. Whatever leaves the vault leaves through here, and is in the record before.

The order, for every act:

1. the catalog is what it should be (the state root is recomputed), else nothing leaves;
2. the intent is recorded and durable, and the anchor in the keyring knows of it;
3. bytes leave;
4. the outcome is recorded: what left, what did not.

A crash between 2 and 4 leaves an intent without an outcome, which is shown as "may have left" until
the owner has looked. There is no step that a caller could skip: the functions here take items and a
folder, not bytes.

Exits are a closed list (`app/docs/audit-log.md`); this module has the first: saving originals to a
folder. The second is the recovery words, which the vault hands out once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lighttight.audit.record import MAX_ITEMS, append
from lighttight.errors import Cancelled, Environment, LighttightError, Refused
from lighttight.files.durable import translating
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import disk_text
from lighttight.files.target import OpenedFile, create_exclusively
from lighttight.library import items
from lighttight.model import Factor, Item, ItemId
from lighttight.progress import SILENT, Progress, Within
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.vault.vault import Vault

FAILPOINTS.declare("egress.intended", "egress.written", "egress.finished")

ORIGINAL: Final = "original"
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


class Egress:
    """The exit of one open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

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
        Refused("export-nothing", "folder-missing", "folder-inside"), Environment("folder-full").
        """
        found = [items.item(self._vault.catalog, one) for one in dict.fromkeys(chosen)]
        _check(self._vault, found, folder)
        self._vault.catalog.recompute()
        done: list[Exported] = []
        total = sum(one.size for one in found)
        written = 0
        for start in range(0, len(found), MAX_ITEMS):
            batch = found[start : start + MAX_ITEMS]
            intent = _intend(self._vault, batch, folder, screen, without_anchor=without_anchor)
            with _Outcome(self._vault, intent, batch) as outcome:
                for item in batch:
                    one = _save(self._vault, item, folder, Within(progress, written, total))
                    outcome.add(one)
                    done.append(one)
                    report(one)
                    written += item.size
                    if one.error is not None and one.error.code in _STOPS:
                        raise one.error
        return done

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


def _check(vault: Vault, found: list[Item], folder: Path) -> None:
    if not found:
        raise Refused("export-nothing")
    with translating(folder, gone="folder-gone"):
        if not folder.is_dir():
            raise Refused("folder-missing", path=str(folder))
        if vault.path.resolve() in (folder.resolve(), *folder.resolve().parents):
            # A readable copy inside the library's folder would be taken for part of it.
            raise Refused("folder-inside", path=str(folder))
        needed = sum(one.size for one in found) + RESERVE
        if shutil.disk_usage(folder).free < needed:
            raise Environment("folder-full", path=str(folder))


def _intend(
    vault: Vault, batch: list[Item], folder: Path, screen: str, *, without_anchor: bool
) -> int:
    fields: dict[Field, Value] = {
        Field.ITEMS: tuple(sorted(one.id for one in batch)),
        Field.PATH: disk_text(folder),
        Field.FORM: ORIGINAL,
        Field.SCREEN: screen,
    }
    with vault.transaction() as tx:
        intent = append(tx, EntryKind.EXPORT_INTENDED, fields)
    try:
        vault.anchor_now()
    except Environment:
        if not without_anchor:
            _finish(vault, intent, "failed", ())
            raise
        with vault.transaction() as tx:
            append(tx, EntryKind.ANCHOR_OVERRIDDEN, {Field.REASON: "export"})
    failpoint("egress.intended")
    return intent


class _Outcome:
    """Records what became of an intent, however the block is left."""

    def __init__(self, vault: Vault, intent: int, batch: list[Item]) -> None:
        self._vault = vault
        self._intent = intent
        self._all = {one.id for one in batch}
        self._left: set[ItemId] = set()

    def add(self, one: Exported) -> None:
        if one.path is not None:
            self._left.add(one.item)

    def __enter__(self) -> _Outcome:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and issubclass(kind, Cancelled):
            result = "cancelled"
        else:
            result = "done" if self._left == self._all else "failed"
        _finish(self._vault, self._intent, result, tuple(sorted(self._left)))
        failpoint("egress.finished")


def _finish(vault: Vault, intent: int, result: str, left: tuple[ItemId, ...]) -> None:
    fields: dict[Field, Value] = {
        Field.INTENT: intent,
        Field.RESULT: result,
        Field.COUNT: len(left),
    }
    if result != "done" and left:
        fields[Field.ITEMS] = left
    with vault.transaction() as tx:
        append(tx, EntryKind.EXPORT_FINISHED, fields)


def _save(vault: Vault, item: Item, folder: Path, progress: Progress) -> Exported:
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


def _numbered(words: Sequence[str]) -> Iterator[bytes]:
    yield from (f"{number:2} {word}\n".encode() for number, word in enumerate(words, 1))
