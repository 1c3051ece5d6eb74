"""`copies` compared with the record it follows from, and made anew where it differs.

The projection is not covered by the state root, so an old page put back into it would hide that
something left. It is compared after opening, and before it decides anything.
"""

from __future__ import annotations

from typing import cast

from lighttight.audit.copies import CopyState
from lighttight.audit.reading import Entry, Record
from lighttight.audit.record import SOME
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.vault import Vault

_Key = tuple[int, bytes]
_Row = tuple[str, str, str]

_OUTWARD = frozenset({EntryKind.EXPORT_INTENDED, EntryKind.EXPORT_FINISHED, EntryKind.LOOKED_INTO})
_ALL_LEFT = ("done", SOME)


def verify_or_rebuild(vault: Vault) -> bool:
    """True if `copies` was not what the record says, and now is."""
    with vault.catalog.writing() as tx:
        said, since = _replayed(Record(vault))
        found: dict[_Key, _Row] = {
            (intent, item): (what, place, state)
            for intent, item, what, place, state in tx.execute(
                "SELECT intent, item, what, place, state FROM copies"
            )
        }
        if found == said:
            return False
        tx.execute("DELETE FROM copies")
        tx.execute_many(
            "INSERT INTO copies (intent, item, what, place, state, since)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, *row, since[key[0]]) for key, row in said.items()],
        )
        return True


def _replayed(record: Record) -> tuple[dict[_Key, _Row], dict[int, int]]:
    """Every copy by its intent and item, and when each intent was; oldest first."""
    said: dict[_Key, _Row] = {}
    since: dict[int, int] = {}
    for entry in sorted(_outward(record), key=lambda one: one.sequence):
        values = entry.values
        if entry.kind is EntryKind.EXPORT_INTENDED:
            since[entry.sequence] = entry.time
            row = (
                str(values.get(Field.FORM, "")),
                str(values.get(Field.PATH, "")),
                CopyState.MAY_HAVE_LEFT.value,
            )
            for item in _items(entry):
                said[entry.sequence, bytes.fromhex(item)] = row
            continue
        intent = values.get(Field.INTENT)
        left = {bytes.fromhex(item) for item in _items(entry)}
        for key in [one for one in said if one[0] == intent]:
            if values.get(Field.RESULT) in _ALL_LEFT or key[1] in left:
                said[key] = (*said[key][:2], CopyState.LEFT.value)
            else:
                del said[key]
    return said, since


def _outward(record: Record) -> list[Entry]:
    found: list[Entry] = []
    before: int | None = None
    while page := record.entries(before=before, kinds=_OUTWARD):
        found += page
        before = page[-1].sequence
    return found


def _items(entry: Entry) -> tuple[ItemId, ...]:
    return cast("tuple[ItemId, ...]", entry.values.get(Field.ITEMS, ()))
