"""The trash, and deleting for good.

What is in the trash is still in the library, in its albums and with its tags, and is shown nowhere
else; it comes back as it was. Deleting for good takes the key away, and with the key the picture:

1. The state root is recomputed: on a catalog that was tampered with, nothing is destroyed.
2. One transaction: rows, full text, what the record says about this item alone (see below), the
   order to remove its blob, and the entry.
3. A completed checkpoint. Until then the key still stands in the write-ahead log.
4. The preview, then the blob.
5. The order is struck, with an entry of its own.

After 2 the act is decided and is never undone; 3 to 5 can be interrupted by a crash or held up by
another window that reads, and are gone on with by `finish_removals`, at each opening. Until they
are done the person is told that they are not.

Names in the record. Somebody who deletes a picture for good does not expect its name and caption to
survive in the record. So the readable part of fields that speak about this item alone is erased
with it: the tree still verifies, and the erasure shows. It is kept where a copy left or may have
left, because then the record is how the person knows what is out there.
(`app/docs/decisions/0030-deleting-for-good-erases-names.md`)
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from lighttight.audit import record
from lighttight.errors import Environment
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.library import items, search
from lighttight.model import ItemId, ObjectId
from lighttight.progress import SILENT, Progress
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault

RETRY_SECONDS: Final = 5.0
_PAUSE: Final = 0.05

_ERASED: Final = (Field.NAME, Field.DIGEST, Field.SIZE, Field.PATH, Field.VALUE)

FAILPOINTS.declare(
    "purge.before-commit",
    "purge.committed",
    "purge.checkpointed",
    "purge.previews-removed",
    "purge.blob-removed",
    "purge.finished",
)


@dataclass(frozen=True, slots=True)
class Purged:
    """`count` items are deleted for good; of `unfinished` something is still on the disk."""

    count: int
    unfinished: int


class Trash:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def put(self, chosen: Iterable[ItemId]) -> int:
        """Into the trash; answers how many were not in it."""
        with self._vault.transaction() as tx:
            found = items.chosen(tx, chosen, "trashed IS NULL")
            now = tx.now
            tx.execute_many(
                "UPDATE items SET trashed = ? WHERE row = ?", [(now, row) for row, _ in found]
            )
            return _moved(tx, EntryKind.TRASHED, found)

    def undelete(self, chosen: Iterable[ItemId]) -> int:
        """Out of the trash, to where they were; answers how many were in it."""
        with self._vault.transaction() as tx:
            return bring_back(tx, chosen)

    def purge(
        self,
        chosen: Iterable[ItemId],
        *,
        progress: Progress = SILENT,
        wait: float = RETRY_SECONDS,
    ) -> Purged:
        """Delete for good, in the trash or not. Cancelling can only keep it from beginning.

        `wait` is how long other readers are waited for, each time one is in the way.

        Raises Integrity("state-differs") where the catalog was tampered with, before anything is
        removed.
        """
        wanted = list(chosen)
        progress.step(0, len(wanted))
        self._vault.catalog.recompute()
        with self._vault.transaction() as tx:
            found = items.chosen(tx, wanted)
            if found:
                _forget(tx, [item for _, item in found])
                _remove_rows(tx, found)
                ids = [item for _, item in found]
                record.append_for_items(tx, EntryKind.PURGED, ids, {Field.COUNT: len(ids)})
            failpoint("purge.before-commit")
        failpoint("purge.committed")
        return Purged(len(found), self._go_on(wait))

    def empty(self, *, progress: Progress = SILENT) -> Purged:
        """Delete everything in the trash for good."""
        rows = self._vault.catalog.query("SELECT id FROM items WHERE trashed IS NOT NULL")
        return self.purge([ItemId(raw.hex()) for (raw,) in rows], progress=progress)

    def unfinished(self) -> int:
        """Of how many items deleted for good something may still be on the disk."""
        rows = self._vault.catalog.query(
            "SELECT count(*) FROM removals WHERE item NOT IN (SELECT id FROM items)"
        )
        return rows[0][0]

    def finish_removals(self, *, wait: float = RETRY_SECONDS) -> int:
        """Go on with what was interrupted; answers how many remain unfinished.

        A disk that fails here, or another window that is reading, leaves the rest for the next
        time; the answer says so. Raises Integrity("state-differs") where the catalog was tampered
        with: an order that somebody put back names what may be another's by now.
        """
        if self.unfinished():
            self._vault.catalog.recompute()
        return self._go_on(wait)

    def _go_on(self, wait: float) -> int:
        ordered = [
            (ObjectId(one.hex()), ItemId(item.hex()))
            for one, item in self._vault.catalog.query(
                "SELECT object, item FROM removals WHERE item NOT IN (SELECT id FROM items)"
            )
        ]
        if not ordered:
            return 0
        try:
            if not _retried(self._vault.catalog.checkpoint, wait):
                return len(ordered)
            failpoint("purge.checkpointed")
            doomed = [item for _, item in ordered]
            if not _retried(lambda: self._vault.previews.remove(doomed), wait):
                return len(ordered)
            failpoint("purge.previews-removed")
            gone = [one for one, _ in ordered if self._removed(one)]
            self._strike(gone)
        except Environment:
            return self.unfinished()
        failpoint("purge.finished")
        return len(ordered) - len(gone)

    def _removed(self, object_id: ObjectId) -> bool:
        try:
            self._vault.blobs.remove(object_id)
        except Environment:
            return False
        failpoint("purge.blob-removed")
        return True

    def _strike(self, gone: list[ObjectId]) -> None:
        with self._vault.transaction() as tx:
            # Another process may have finished the same ones meanwhile.
            struck = tx.execute(
                "DELETE FROM removals WHERE object IN (SELECT unhex(value) FROM json_each(?))"
                " RETURNING 1",
                (json.dumps(gone),),
            )
            if struck:
                record.append(tx, EntryKind.DELETION_FINISHED, {Field.COUNT: len(struck)})


def bring_back(tx: Transaction, chosen: Iterable[ItemId]) -> int:
    """As `Trash.undelete`, inside the transaction of another act."""
    found = items.chosen(tx, chosen, "trashed IS NOT NULL")
    tx.execute_many("UPDATE items SET trashed = NULL WHERE row = ?", [(row,) for row, _ in found])
    return _moved(tx, EntryKind.UNDELETED, found)


def _moved(tx: Transaction, kind: EntryKind, found: list[tuple[int, ItemId]]) -> int:
    if found:
        record.append_for_items(tx, kind, [item for _, item in found], {})
    return len(found)


def _remove_rows(tx: Transaction, found: list[tuple[int, ItemId]]) -> None:
    now = tx.now
    rows = [(row,) for row, _ in found]
    ids = [(bytes.fromhex(item),) for _, item in found]
    tx.execute_many(
        "INSERT INTO removals (object, item, requested) SELECT object, id, ? FROM items"
        " WHERE row = ?",
        [(now, row) for (row,) in rows],
    )
    # Cascades would take these too; said here, so that nothing hangs on a pragma.
    tx.execute_many("DELETE FROM album_items WHERE item = ?", ids)
    tx.execute_many("DELETE FROM tags WHERE item = ?", ids)
    tx.execute_many("DELETE FROM items WHERE row = ?", rows)
    search.index(tx, (row for row, _ in found))
    tx.execute_many(
        "DELETE FROM objects WHERE id IN (SELECT object FROM removals WHERE item = ?)", ids
    )


def _forget(tx: Transaction, doomed: list[ItemId]) -> None:
    """Erase what the record says about these items alone, except about those that left."""
    listed = (json.dumps(doomed),)
    left = {
        raw.hex()
        for (raw,) in tx.execute(
            "SELECT DISTINCT item FROM copies WHERE item IN"
            " (SELECT unhex(value) FROM json_each(?))",
            listed,
        )
    }
    forgotten = {one for one in doomed if one not in left}
    if not forgotten:
        return
    wanted = (json.dumps(sorted(forgotten)),)
    alone = [
        sequence
        for (sequence,) in tx.execute(
            "SELECT sequence FROM fields"
            " WHERE name = 'item' AND value IN (SELECT unhex(value) FROM json_each(?))",
            wanted,
        )
    ]
    alone += [
        sequence
        for sequence, value in tx.execute(
            "SELECT sequence, value FROM entries JOIN fields USING (sequence)"
            " WHERE kind = ? AND name = 'items' AND value IS NOT NULL",
            (EntryKind.EDITED.number,),
        )
        if _is_about_only(tx, value, forgotten)
    ]
    names = ", ".join(f"'{field.label}'" for field in _ERASED)
    tx.execute(
        "UPDATE fields SET salt = NULL, value = NULL"  # noqa: S608
        f" WHERE name IN ({names}) AND value IS NOT NULL"
        " AND sequence IN (SELECT value FROM json_each(?))",
        (json.dumps(alone),),
    )


def _is_about_only(tx: Transaction, value: bytes, forgotten: set[ItemId]) -> bool:
    """Whether an entry speaks of nothing but items that are forgotten now, or were before."""
    spoken = [ItemId(value[at : at + 16].hex()) for at in range(0, len(value), 16)]
    others = [one for one in spoken if one not in forgotten]
    if len(others) == len(spoken):
        return False
    return not others or not _kept(tx, others)


def _kept(tx: Transaction, others: list[ItemId]) -> bool:
    """Whether any of these is still in the library, or left it."""
    listed = json.dumps(others)
    rows = tx.execute(
        "SELECT EXISTS (SELECT 1 FROM items WHERE id IN (SELECT unhex(value) FROM json_each(?)))"
        " OR EXISTS (SELECT 1 FROM copies WHERE item IN (SELECT unhex(value) FROM json_each(?)))",
        (listed, listed),
    )
    return rows[0][0] == 1


def _retried(act: Callable[[], bool], wait: float) -> bool:
    """Try until it succeeds or the time is over; somebody who reads is usually done in a moment."""
    until = time.monotonic() + wait
    pause = threading.Event()
    while not act():
        if time.monotonic() >= until:
            return False
        pause.wait(_PAUSE)
    return True
