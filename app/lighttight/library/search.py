"""The full-text projection: what of each item is searched, and how it stays true.

A row of `search` has the number of its item's row. It follows from `items`, `albums`,
`album_items` and `tags` alone, by the one expression `_DOCUMENTS`, so it can be compared with them
and made anew; it is not covered by the state root. Whoever changes what an item is searched by
calls `index` in the same transaction.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterable
from typing import Any, Final

from lighttight.audit import record
from lighttight.errors import Integrity
from lighttight.library import query
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import schema
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTH: Final = " ".join(f"WHEN '{n:02}' THEN '{name}'" for n, name in enumerate(_MONTHS, 1))

MANY: Final = 150

_ANYWHERE: Final = ("name", "caption", "albums", "tags")
_COLUMNS: Final = "name, caption, albums, tags, device, day"
_DOCUMENTS: Final = f"""
    SELECT row, name, caption,
        coalesce((
            SELECT group_concat(albums.name, ' · ' ORDER BY albums.name)
            FROM album_items JOIN albums ON albums.id = album_items.album
            WHERE album_items.item = items.id
        ), '') AS albums,
        coalesce((
            SELECT group_concat(tag, ' · ' ORDER BY tag) FROM tags WHERE tags.item = items.id
        ), '') AS tags,
        coalesce(device, '') AS device,
        coalesce(strftime('%Y-%m-%d ', sort, 'unixepoch')
            || CASE strftime('%m', sort, 'unixepoch') {_MONTH} END, '') AS day
    FROM items
"""  # noqa: S608 - constants only


def index(tx: Transaction, rows: Iterable[int]) -> None:
    """Bring the projection of these items up to date; also for items that are new or gone."""
    wanted = sorted(set(rows))
    listed = (json.dumps(wanted),)
    with _many(tx, len(wanted)):
        tx.execute("DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(?))", listed)
        tx.execute(
            f"INSERT INTO search (rowid, {_COLUMNS}) {_DOCUMENTS}"  # noqa: S608
            " WHERE row IN (SELECT value FROM json_each(?))",
            listed,
        )


@contextlib.contextmanager
def _many(tx: Transaction, count: int) -> Generator[None]:
    """Change `count` rows in the faster of two ways, both of which leave no word behind.

    Deleting securely rewrites a page for every word: 4 ms for each row where there are 100,000.
    Deleting lazily and merging the whole index once, inside the same transaction, takes 0.6 s
    however many they are.
    """
    if count <= MANY:
        yield
        return
    tx.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 0)")
    yield
    tx.execute("INSERT INTO search (search) VALUES ('optimize')")
    tx.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 1)")


ONE_BY_ONE: Final = "(SELECT 1 FROM search WHERE search MATCH ? AND search.rowid = row)"
"""Says the same as the first clause of `where` when there is a `match`, without listing all.

Not EXISTS: SQLite turns that into a join and may begin with the full text, so with all matches.
"""


def where(found: query.Conditions) -> tuple[list[str], list[Any]]:
    """The conditions as SQL over `items`, and the values for its placeholders."""
    clauses: list[str] = []
    values: list[Any] = []
    if found.impossible:
        clauses.append("0")
    if found.match:
        clauses.append("row IN (SELECT rowid FROM search WHERE search MATCH ?)")
        values.append(found.match)
    for part in found.contains:
        anywhere = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in _ANYWHERE)
        clauses.append(f"row IN (SELECT rowid FROM search WHERE {anywhere})")  # noqa: S608
        values += [_like(part)] * len(_ANYWHERE)
    for start, end in found.spans:
        clauses.append("sort >= ? AND sort < ?")
        values += [start, end]
    for kind in found.kinds:
        clauses.append("kind = ?")
        values.append(kind.value)
    if found.favourite:
        clauses.append("favourite = 1")
    for place in found.shared:
        clauses.append("id IN (SELECT item FROM copies WHERE place LIKE ? ESCAPE '\\')")
        values.append(_like(place))
    return clauses, values


def verify_or_rebuild(vault: Vault) -> bool:
    """Compare the projection with the items; make it anew where it differs. True if it did.

    An old page put back into the full-text tables would hide an item from search, or show one
    under a name that it no longer has, without touching anything that the state root covers.
    """
    try:
        with vault.catalog.writing() as tx:
            # The index against its own copy of the text, then that copy against the items.
            tx.execute("INSERT INTO search (search) VALUES ('integrity-check')")
            if _differing(tx) == 0:
                return False
    except Integrity:
        pass
    with vault.transaction() as tx:
        # A damaged index cannot be emptied row by row: deleting reads what is damaged.
        tx.execute("DROP TABLE search")
        tx.execute(schema.SEARCH)
        tx.execute(f"INSERT INTO search (rowid, {_COLUMNS}) {_DOCUMENTS}")
        count = tx.execute("SELECT count(*) FROM search")[0][0]
        record.append(tx, EntryKind.REPAIRED, {Field.REASON: "search", Field.COUNT: count})
    return True


def _differing(tx: Transaction) -> int:
    kept = f"SELECT rowid, {_COLUMNS} FROM search"  # noqa: S608
    rows = tx.execute(
        f"SELECT (SELECT count(*) FROM (SELECT * FROM ({_DOCUMENTS}) EXCEPT {kept}))"  # noqa: S608
        f" + (SELECT count(*) FROM ({kept} EXCEPT SELECT * FROM ({_DOCUMENTS})))"
    )
    return rows[0][0]


def _like(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
