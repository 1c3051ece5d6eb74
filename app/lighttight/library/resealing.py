"""Sealing everything again with new keys, after someone may have known a way in.

Changing all keys (`vault.rotation`) locks out an old way in. It does not take back what that way
in could read: who copied the catalog has the key of every object that was in it, and needs only
the files, today's included, to see the pictures. So an object remembers the number of the catalog
that was first told its key; older ones are sealed again, one by one, in the background:

1. A new blob from the old one, under a new key, durable, read back, and found to have the digest
   of the item: what is certain to be there replaces what was there.
2. One transaction: the item names the new object, the old key goes, the order to remove the old
   blob, and the entry.
3. The old blob. Not while somebody may be on the way from an old row to its blob: another session
   that has the vault open, or a backup and the like in this process. Then it waits in `removals`.
4. At the end the previews, under a new key of their own, and the last entry.

A stop at any point leaves every item with one whole blob that its row names. What is still to do is
what the rows say, so going on is beginning again. Backups keep what they copied until they are
brought up to date; what was copied elsewhere stays readable, and no program can change that.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from lighttight.audit import record
from lighttight.errors import Environment, Integrity
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.library.storing import insist_on_room, unnamed
from lighttight.model import ItemId, ObjectId
from lighttight.progress import SILENT, Progress, Within
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.blobs import BlobReader, SealedObject
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault

_OF_ONE_ITEM: Final = frozenset({"blob-missing", "blob-damaged"})

FAILPOINTS.declare(
    "reseal.sealed",
    "reseal.before-commit",
    "reseal.committed",
    "reseal.removed",
    "reseal.struck",
    "reseal.finished",
)


@dataclass(frozen=True, slots=True)
class Pending:
    """What is still sealed under keys from before the last change of all keys.

    `size` is in bytes. `begun`: it was asked for, and has not come to its end.
    """

    items: int
    size: int
    previews: bool
    begun: bool

    @property
    def anything(self) -> bool:
        return self.items > 0 or self.previews


@dataclass(frozen=True, slots=True)
class Resealed:
    """`count` items have new keys; `damaged` ones could not be read and stay as they are.

    Of `waiting` items the older sealed file is still on the disk, and `previews` tells whether the
    previews have their new key: both wait until no other session has the vault open.
    """

    count: int
    damaged: tuple[ItemId, ...]
    waiting: int
    previews: bool


@dataclass(frozen=True, slots=True)
class _Old:
    item: ItemId
    sealed: SealedObject
    digest: bytes


class Resealing:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def pending(self) -> Pending:
        number = self._vault.header.catalog
        [(items, size)] = self._vault.catalog.query(
            "SELECT count(*), coalesce(sum(size), 0) FROM objects WHERE catalog < ?", (number,)
        )
        begun = self._vault.meta("resealing") == 1
        return Pending(items, size, self._previews_pending(), begun)

    def run(self, *, progress: Progress = SILENT) -> Resealed:
        """Seal what is pending again. Progress counts bytes, read and written.

        Cancelling, or a disk that is full, stops between two items; call it again to go on.
        Raises Integrity("state-differs") where the catalog was tampered with, before anything is
        removed.
        """
        self._vault.catalog.recompute()
        if not self.pending().anything:
            return Resealed(0, (), self.finish(), previews=True)
        pending = self._old()
        total = 2 * sum(one.sealed.size for one in pending)
        done = count = 0
        damaged: list[ItemId] = []
        replaced: set[ObjectId] = set()
        try:
            for one in pending:
                progress.step(done, total)
                try:
                    if self._seal(one, Within(progress, done, total)):
                        count += 1
                        replaced.add(one.sealed.id)
                except Integrity as error:
                    if error.code not in _OF_ONE_ITEM:
                        raise
                    damaged.append(one.item)
                replaced -= self._remove(replaced)
                done += 2 * one.sealed.size
            progress.step(total, total)
        except BaseException:
            with contextlib.suppress(Environment):
                self.finish()
            raise
        waiting = self.finish()
        previews = self._seal_previews()
        # Until then the old keys stand in the log; when someone reads, closing does it.
        self._vault.catalog.checkpoint()
        self._vault.settle()
        return Resealed(count, tuple(damaged), waiting, previews)

    def finish(self) -> int:
        """Remove old blobs that were in somebody's way; answers how many still are.

        Raises Integrity("state-differs") where the catalog was tampered with.
        """
        replaced = self._replaced()
        if replaced:
            self._vault.catalog.recompute()
        gone = self._remove(replaced)
        if gone:
            with self._vault.transaction(interim=True) as tx:
                # Another process may have finished the same ones meanwhile.
                struck = tx.execute(
                    "DELETE FROM removals WHERE object IN"
                    " (SELECT unhex(value) FROM json_each(?)) RETURNING 1",
                    (json.dumps(sorted(gone)),),
                )
                if struck:
                    record.append(tx, EntryKind.REPLACED_REMOVED, {Field.COUNT: len(struck)})
            failpoint("reseal.struck")
        return len(replaced) - len(gone)

    # One item -----------------------------------------------------------------------------

    def _old(self) -> list[_Old]:
        rows = self._vault.catalog.query(
            "SELECT items.id, items.digest, objects.id, key, objects.size, sealed"
            " FROM items JOIN objects ON objects.id = items.object"
            " WHERE objects.catalog < ? ORDER BY items.row DESC",
            (self._vault.header.catalog,),
        )
        return [
            _Old(ItemId(item.hex()), SealedObject(ObjectId(one.hex()), key, size, sealed), digest)
            for item, digest, one, key, size, sealed in rows
        ]

    def _seal(self, old: _Old, progress: Progress) -> bool:
        """True once the item has its new object; False where it went or changed meanwhile."""
        vault = self._vault
        insist_on_room(vault, old.sealed.size)
        with vault.blobs.kept():
            if not self._stands(old):
                return False
            reader = vault.blobs.open(old.sealed)
        hasher = blake3(key=vault.secret("duplicates"))
        with reader:
            fresh = vault.blobs.write(
                _Reading(reader), watch=lambda _: None, read_back=hasher.update, progress=progress
            )
        failpoint("reseal.sealed")
        with unnamed(vault, fresh) as blob:
            if hasher.digest() != old.digest:
                raise Integrity("blob-damaged", object=old.sealed.id)
            with vault.transaction(interim=True) as tx:
                changed = self._switch(tx, old, fresh)
                failpoint("reseal.before-commit")
                blob.naming = changed
        failpoint("reseal.committed")
        return changed

    def _stands(self, old: _Old) -> bool:
        row = self._vault.catalog.one(
            "SELECT object FROM items WHERE id = ?", (bytes.fromhex(old.item),)
        )
        return row is not None and row[0] == bytes.fromhex(old.sealed.id)

    def _switch(self, tx: Transaction, old: _Old, fresh: SealedObject) -> bool:
        item, before, after = map(bytes.fromhex, (old.item, old.sealed.id, fresh.id))
        if not tx.execute("SELECT 1 FROM items WHERE id = ? AND object = ?", (item, before)):
            return False
        self._vault.name_object(tx, fresh)
        tx.execute("UPDATE items SET object = ? WHERE id = ?", (after, item))
        tx.execute("INSERT INTO removals VALUES (?, ?, ?)", (before, item, tx.now))
        tx.execute("DELETE FROM objects WHERE id = ?", (before,))
        tx.note("resealing", 1)
        record.append(tx, EntryKind.SEALED_AGAIN, {Field.ITEM: old.item})
        return True

    # Old blobs ----------------------------------------------------------------------------

    def _replaced(self) -> list[ObjectId]:
        """Old blobs of items that are still there; those of others are the trash's affair."""
        rows = self._vault.catalog.query(
            "SELECT object FROM removals WHERE item IN (SELECT id FROM items)"
        )
        return [ObjectId(raw.hex()) for (raw,) in rows]

    def _remove(self, replaced: Iterable[ObjectId]) -> set[ObjectId]:
        """Those that are gone; none while somebody may be about to open one."""
        gone: set[ObjectId] = set()
        with (
            self._vault.alone() as alone,
            self._vault.blobs.replacing() as free,
            contextlib.suppress(Environment),
        ):
            for one in sorted(replaced) if alone and free else ():
                self._vault.blobs.remove(one)
                failpoint("reseal.removed")
                gone.add(one)
        return gone

    # Previews -----------------------------------------------------------------------------

    def _previews_pending(self) -> bool:
        number = self._vault.meta("previews")
        return (number if isinstance(number, int) else 1) < self._vault.header.catalog

    def _seal_previews(self) -> bool:
        """The last step: everything that can be sealed again is."""
        with self._vault.alone() as alone:
            if not self._previews_pending():
                with self._vault.transaction() as tx:
                    self._end(tx)
            elif alone:
                self._vault.renew_previews(self._end)
            else:
                return False
        failpoint("reseal.finished")
        return True

    def _end(self, tx: Transaction) -> None:
        number = self._vault.header.catalog
        tx.note("previews", number)
        tx.execute("DELETE FROM meta WHERE name = 'resealing'")
        count = tx.execute("SELECT count(*) FROM objects WHERE catalog = ?", (number,))[0][0]
        record.append(tx, EntryKind.ALL_SEALED_AGAIN, {Field.COUNT: count})


class _Reading:
    """An open original as the source of a new blob."""

    def __init__(self, reader: BlobReader) -> None:
        self._reader = reader
        self.size = reader.size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        part = self._reader.read(offset, len(buffer))
        buffer[: len(part)] = part
        return len(part)
