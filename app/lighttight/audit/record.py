"""Appending to the record, in the transaction of the act itself.

`app/docs/audit-log.md`. `append` is what rooms above the vault call: besides the entry it keeps up
`copies`, the projection that answers "where did copies of this go?". Acts inside the vault (ways
in, rotation, migration) record themselves, since nothing of them ever leaves.

An outward act is two entries: `EXPORT_INTENDED` in a transaction of its own, durable before the
first byte leaves, and `EXPORT_FINISHED` after the last. An intent without an outcome is a copy
that may have left, and is shown as such until the owner has looked (`look_into`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from lighttight.audit.copies import CopyState
from lighttight.errors import Refused
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field, Value, encode_value
from lighttight.vault.catalog import Transaction

NONE: Final = "none"
SOME: Final = "some"
"""What the owner found: the result of `LOOKED_INTO`."""

MAX_ITEMS: Final = 4096
"""Items in one entry; an act on more makes several."""


def append(tx: Transaction, kind: EntryKind, fields: Mapping[Field, Value]) -> int:
    """Append one entry to the record; returns its sequence number."""
    sequence = tx.record(kind, fields)
    if kind is EntryKind.EXPORT_INTENDED:
        _copies_intended(tx, sequence, fields)
    elif kind is EntryKind.EXPORT_FINISHED:
        _copies_finished(tx, fields)
    elif kind is EntryKind.LOOKED_INTO:
        _copies_looked_into(tx, fields)
    return sequence


def look_into(tx: Transaction, intent: int, *, some: bool) -> None:
    """The owner looked where copies of an unfinished act may be: some are there, or none is.

    Their word, and recorded as such. Refused("intent-unknown") where no act began with this entry,
    Refused("intent-settled") where it is known how it ended, or the owner has looked before.
    """
    begun = tx.execute(
        "SELECT 1 FROM entries WHERE sequence = ? AND kind IN (?, ?)",
        (intent, EntryKind.EXPORT_INTENDED.number, EntryKind.PROOF_MADE.number),
    )
    if not begun:
        raise Refused("intent-unknown", intent=intent)
    ended = tx.execute(
        "SELECT 1 FROM entries JOIN fields USING (sequence)"
        " WHERE kind IN (?, ?) AND name = ? AND value = ?",
        (
            EntryKind.EXPORT_FINISHED.number,
            EntryKind.LOOKED_INTO.number,
            Field.INTENT.label,
            encode_value(Field.INTENT, intent),
        ),
    )
    if ended:
        raise Refused("intent-settled", intent=intent)
    append(
        tx,
        EntryKind.LOOKED_INTO,
        {Field.INTENT: intent, Field.RESULT: SOME if some else NONE},
    )


def append_for_items(
    tx: Transaction, kind: EntryKind, items: Iterable[ItemId], fields: Mapping[Field, Value]
) -> list[int]:
    """Append as many entries as the items need, in ascending order of id."""
    return [append(tx, kind, {Field.ITEMS: batch, **fields}) for batch in _batches(items)]


def _batches(items: Iterable[ItemId]) -> Iterator[tuple[ItemId, ...]]:
    ordered = sorted(set(items))
    for start in range(0, len(ordered), MAX_ITEMS):
        yield tuple(ordered[start : start + MAX_ITEMS])


def _copies_intended(tx: Transaction, intent: int, fields: Mapping[Field, Value]) -> None:
    items = cast("tuple[ItemId, ...]", fields[Field.ITEMS])
    tx.execute_many(
        "INSERT INTO copies (intent, item, what, place, state, since) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                intent,
                bytes.fromhex(item),
                str(fields[Field.FORM]),
                str(fields[Field.PATH]),
                CopyState.MAY_HAVE_LEFT.value,
                tx.now,
            )
            for item in items
        ],
    )


def _copies_finished(tx: Transaction, fields: Mapping[Field, Value]) -> None:
    intent = fields[Field.INTENT]
    if fields[Field.RESULT] != "done":
        # The program lived to say which copies left, so the others did not.
        left = cast("tuple[ItemId, ...]", fields.get(Field.ITEMS, ()))
        tx.execute(
            "DELETE FROM copies WHERE intent = ?"
            " AND item NOT IN (SELECT unhex(value) FROM json_each(?))",
            (intent, json.dumps(left)),
        )
    tx.execute("UPDATE copies SET state = ? WHERE intent = ?", (CopyState.LEFT.value, intent))


def _copies_looked_into(tx: Transaction, fields: Mapping[Field, Value]) -> None:
    intent = fields[Field.INTENT]
    if fields[Field.RESULT] == SOME:
        tx.execute("UPDATE copies SET state = ? WHERE intent = ?", (CopyState.LEFT.value, intent))
    else:
        tx.execute("DELETE FROM copies WHERE intent = ?", (intent,))
