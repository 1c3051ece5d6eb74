"""Which items a view shows, and in which order: fast and lean at 100,000 items.

The timeline is read from an index that holds everything a cell needs, so that no row of `items`
is touched: the first 200 of 100,000 cells come in well under a millisecond, all of them in a
quarter of a second. A search or an album that selects many walks the same index and asks of each
row whether it was selected; one that selects few looks those up and sorts them. Each way is slow
where the other is fast (measured at 100,000: 60 ms against 20 where many match, 20 ms against 0.1
where few do), so the number of matches decides, counted no further than it matters. Where nearly
everything matches ("IMG"), the first screen needs no list of all matches: the newest items are
asked one by one (4 ms instead of 20), and only when they do not fill it, all are listed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import apsw

from lighttight.errors import Refused
from lighttight.library import items, query, search
from lighttight.model import Cell, Counts, Item, ItemId, Scope, View
from lighttight.vault.catalog import Catalog, translating

RECENT_SECONDS: Final = 30 * 86_400
FEW: Final = 200

# The plus keeps SQLite from the timeline's index, which would have it look up every single row.
_SOURCES: Final = {
    Scope.RECENT: "+trashed IS NULL AND imported >= ?",
    Scope.TRASH: "trashed IS NOT NULL",
}
_LOCAL: Final = "unixepoch({} / 1000, 'unixepoch', 'localtime')"
_ORDERS: Final = {Scope.RECENT: "imported", Scope.TRASH: "trashed"}


@dataclass(frozen=True, slots=True)
class _Plan:
    """`source` is FROM and WHERE; `key` the column that orders, newest first."""

    source: str
    values: tuple[Any, ...]
    key: str
    nothing: bool = False
    newest: str = ""
    """A source with the same values over the newest of the timeline only; mostly enough."""

    @property
    def when(self) -> str:
        return self.key if self.key == "sort" else _LOCAL.format(self.key)


def timeline(
    catalog: Catalog, view: View, *, after: ItemId | None = None, limit: int | None = None
) -> list[Cell]:
    """Cells of a view, newest first; from behind the item `after`, at most `limit` of them."""
    with catalog.reading() as database, translating(catalog.path):
        plan = _plan(database, view)
        if plan.nothing:
            return []
        source, values = plan.source, plan.values
        if after is not None:
            source += f" AND ({plan.key}, row) < (?, ?)"
            values += _place_of(database, plan, after)
        elif plan.newest and limit is not None and limit <= FEW:
            cells = _cells(database, plan, plan.newest, values, limit)
            if len(cells) == limit:
                return cells
        return _cells(database, plan, source, values, -1 if limit is None else limit)


def _cells(
    database: apsw.Connection, plan: _Plan, source: str, values: tuple[Any, ...], limit: int
) -> list[Cell]:
    kinds, previews = items.KINDS, items.PREVIEWS
    return [
        Cell(
            ItemId(item.hex()),
            when,
            width or 0,
            height or 0,
            None if duration is None else duration / 1000,
            kinds[kind],
            favourite == 1,
            previews[preview],
        )
        for item, when, width, height, duration, kind, favourite, preview in database.execute(
            f"SELECT id, {plan.when}, width, height, duration, kind, favourite, preview"  # noqa: S608
            f" FROM {source} ORDER BY {plan.key} DESC, row DESC LIMIT ?",
            (*values, limit),
        )
    ]


def page(catalog: Catalog, view: View, *, limit: int | None = None, offset: int = 0) -> list[Item]:
    """Whole items of a view, in the same order."""
    with catalog.reading() as database, translating(catalog.path):
        plan = _plan(database, view)
        if plan.nothing:
            return []
        rows = database.execute(
            f"WITH page AS (SELECT row FROM {plan.source} ORDER BY {plan.key} DESC, row DESC"  # noqa: S608
            f" LIMIT ? OFFSET ?) SELECT {items.COLUMNS} FROM items"
            f" WHERE row IN (SELECT row FROM page) ORDER BY {plan.key} DESC, row DESC",
            (*plan.values, -1 if limit is None else limit, offset),
        )
        return [items.item_of(row) for row in rows]


def count(catalog: Catalog, view: View) -> int:
    with catalog.reading() as database, translating(catalog.path):
        plan = _plan(database, view)
        if plan.nothing:
            return 0
        sql = f"SELECT count(*) FROM {plan.source}"  # noqa: S608
        return _number(database, sql, plan.values)


def counts(catalog: Catalog) -> Counts:
    """What the sidebar shows, in one query."""
    row = catalog.one(
        "SELECT count(*), coalesce(sum(favourite), 0), coalesce(sum(kind = 'video'), 0),"  # noqa: S608
        f" (SELECT count(*) FROM items WHERE {_SOURCES[Scope.RECENT]}),"
        f" (SELECT count(*) FROM items WHERE {_SOURCES[Scope.TRASH]}),"
        " (SELECT count(*) FROM albums)"
        " FROM items INDEXED BY items_timeline WHERE trashed IS NULL",
        (_recent_from(),),
    )
    assert row is not None  # noqa: S101 - an aggregate always answers
    return Counts(*row)


def _plan(database: apsw.Connection, view: View) -> _Plan:
    found = query.parse(view.text)
    if found.impossible:
        return _Plan("", (), "sort", nothing=True)
    clauses, values = search.where(found)
    if view.kind is not None:
        clauses.append("kind = ?")
        values.append(view.kind.value)
    few = _few(database, view, found)
    if few is not None:
        clauses.insert(0, f"row IN ({', '.join(map(str, few))})")
    if view.scope in _SOURCES:
        recent = (_recent_from(),) if view.scope is Scope.RECENT else ()
        joined = " AND ".join((_SOURCES[view.scope], *clauses))
        return _Plan(f"items WHERE {joined}", (*recent, *values), _ORDERS[view.scope])
    scope, scope_values = _scope(view)
    joined = " AND ".join((*scope, *clauses))
    # Looking up few rows must not go through the index, and walking many must.
    through = "items NOT INDEXED" if few is not None else "items INDEXED BY items_timeline"
    newest = ""
    if few is None and found.match and _most_match(database, found.match):
        newest = (
            f"(SELECT * FROM items INDEXED BY items_timeline WHERE {' AND '.join(scope)}"  # noqa: S608
            f" ORDER BY sort DESC, row DESC LIMIT {2 * FEW})"
            f" WHERE {' AND '.join((search.ONE_BY_ONE, *clauses[1:]))}"
        )
    return _Plan(f"{through} WHERE {joined}", (*scope_values, *values), "sort", newest=newest)


def _scope(view: View) -> tuple[list[str], list[Any]]:
    clauses = ["trashed IS NULL"]
    values: list[Any] = []
    if view.scope is Scope.FAVOURITES:
        clauses.append("favourite = 1")
    elif view.scope is Scope.VIDEOS:
        clauses.append("kind = 'video'")
    elif view.album is not None:
        clauses.append("id IN (SELECT item FROM album_items WHERE album = ?)")
        values.append(bytes.fromhex(view.album))
    return clauses, values


def _few(database: apsw.Connection, view: View, found: query.Conditions) -> list[int] | None:
    """The rows that the text or the album selects, if they are few; None if they are many."""
    narrow: list[tuple[str, Any]] = []
    if found.match:
        narrow.append(("SELECT rowid FROM search WHERE search MATCH ? LIMIT ?", found.match))
    if view.album is not None:
        narrow.append((
            "SELECT row FROM album_items JOIN items ON items.id = item WHERE album = ? LIMIT ?",
            bytes.fromhex(view.album),
        ))  # fmt: skip
    for sql, value in narrow:
        rows = [row[0] for row in database.execute(sql, (value, FEW + 1))]
        if len(rows) <= FEW:
            return rows
    return None


def _most_match(database: apsw.Connection, match: str) -> bool:
    """Whether at both ends, first and last added, at least every second item matches.

    A guess, for a fifth of a millisecond. Where it is wrong, `2 * FEW` items are asked in vain, at
    about 10 µs each: full text looks for the next match from there, which is near if any are.
    """
    newest = _number(database, "SELECT max(row) FROM items", ())
    for order, end in (("ASC", 1), ("DESC", newest)):
        sql = f"SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid {order} LIMIT ?"  # noqa: S608
        rows = [row[0] for row in database.execute(sql, (match, FEW))]
        if len(rows) < max(FEW, 1) or abs(end - rows[-1]) >= 2 * FEW:
            return False
    return True


def _place_of(database: apsw.Connection, plan: _Plan, after: ItemId) -> tuple[Any, ...]:
    row = items.rows(
        database,
        f"SELECT {plan.key}, row FROM items WHERE id = ?",  # noqa: S608
        (bytes.fromhex(after),),
    )
    if not row:
        raise Refused("item-unknown")
    return row[0]


def _recent_from() -> int:
    return (int(time.time()) - RECENT_SECONDS) * 1000


def _number(database: apsw.Connection, sql: str, values: tuple[Any, ...]) -> int:
    return items.rows(database, sql, values)[0][0]
