"""Reading the record: what happened, newest first, with the values that are still open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import apsw

from lighttight.audit import checkpoints, copies, packs, record
from lighttight.audit.copies import Copy
from lighttight.model import ItemId
from lighttight.sealed.entries import KINDS, EntryKind, Field, Value, decode_value
from lighttight.vault.vault import Vault

_LABELS: Final = {field.label: field for field in Field}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `time` is the claimed time in milliseconds UTC, by this computer's clock.

    `values` holds the open fields; `erased` names those whose readable part the owner removed.
    """

    sequence: int
    kind: EntryKind
    time: int
    values: dict[Field, Value]
    erased: frozenset[Field]


class Record:
    """The record of one open vault: for reading, and for what the owner adds by hand."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def entries(
        self,
        *,
        since_ms: int | None = None,
        before: int | None = None,
        kinds: frozenset[EntryKind] | None = None,
        limit: int = 1000,
    ) -> list[Entry]:
        """At most `limit` entries, newest first; `before` is the sequence to go on from."""
        where = ["sequence < ?"]
        values: list[int] = [before if before is not None else 1 << 62]
        if since_ms is not None:
            where.append("claimed >= ?")
            values.append(since_ms)
        if kinds is not None:
            where.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values.extend(sorted(kind.number for kind in kinds))
        with self._vault.catalog.reading() as database:
            rows = list(
                database.execute(
                    f"SELECT sequence, kind, claimed FROM entries WHERE {' AND '.join(where)}"  # noqa: S608 - only placeholders
                    " ORDER BY sequence DESC LIMIT ?",
                    (*values, limit),
                )
            )
            return _with_fields(database, rows)

    def those(self, sequences: Iterable[int]) -> list[Entry]:
        """These entries, newest first; a number that no entry has is passed over."""
        with self._vault.catalog.reading() as database:
            rows = list(
                database.execute(
                    "SELECT sequence, kind, claimed FROM entries"
                    " WHERE sequence IN (SELECT value FROM json_each(?)) ORDER BY sequence DESC",
                    (json.dumps(list(sequences)),),
                )
            )
            return _with_fields(database, rows)

    def about(self, item: ItemId) -> list[int]:
        """The entries that name an item, newest first. Reads the whole record."""
        wanted = bytes.fromhex(item)
        rows = self._vault.catalog.query(
            "SELECT sequence, value FROM fields"
            " WHERE name IN ('item', 'items') AND instr(value, ?) ORDER BY sequence DESC",
            (wanted,),
        )
        # Found across two ids it would be none of them.
        return [
            sequence
            for sequence, value in rows
            if wanted in {value[at : at + 16] for at in range(0, len(value), 16)}
        ]

    def every(self) -> Iterator[Entry]:
        """All entries, newest first, in pages: the whole record is never held at once."""
        before: int | None = None
        while page := self.entries(before=before):
            yield from page
            before = page[-1].sequence

    def copies_of(self, item: ItemId) -> list[Copy]:
        """Where copies of an item went, newest first."""
        return copies.of_item(self._vault.catalog, item)

    def unanswered(self) -> list[Copy]:
        """Copies that may have left: their act was never finished."""
        return copies.unanswered(self._vault.catalog)

    def look_into(self, intent: int, *, some: bool) -> None:
        """The owner looked where copies that may have left would be. See `record.look_into`."""
        with self._vault.transaction() as tx:
            record.look_into(tx, intent, some=some)

    def choose(
        self, *, items: Iterable[ItemId] = (), since_ms: int | None = None
    ) -> tuple[int, ...]:
        """Entries for a proof file. See `packs.choose`."""
        return packs.choose(self._vault.catalog, items=items, since_ms=since_ms)

    def fingerprint(self) -> str:
        """What the identity that signs this record is known by, in hex."""
        return checkpoints.fingerprint(self._vault.catalog)


def _with_fields(database: apsw.Connection, rows: list[tuple[int, int, int]]) -> list[Entry]:
    found: dict[int, list[tuple[str, bytes | None]]] = {row[0]: [] for row in rows}
    for sequence, name, value in database.execute(
        "SELECT sequence, name, value FROM fields"
        " WHERE sequence IN (SELECT value FROM json_each(?))",
        (json.dumps(list(found)),),
    ):
        found[sequence].append((name, value))
    return [_entry(row, found[row[0]]) for row in rows]


def _entry(row: tuple[int, int, int], fields: list[tuple[str, bytes | None]]) -> Entry:
    sequence, kind, claimed = row
    values = {
        _LABELS[name]: decode_value(_LABELS[name], value)
        for name, value in fields
        if value is not None
    }
    erased = frozenset(_LABELS[name] for name, value in fields if value is None)
    return Entry(sequence, KINDS[kind], claimed, values, erased)
