"""`copies`: which copies of an item exist outside, as far as the record knows.

A projection: everything in it follows from the record, so it can be rebuilt and is not covered by
the state root. It answers the inspector, search and the scope of a case without an import that
climbs.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lighttight.model import ItemId
from lighttight.vault.catalog import Catalog


class CopyState(enum.Enum):
    MAY_HAVE_LEFT = "may-have-left"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy that left or may have left. `since` is milliseconds UTC."""

    intent: int
    item: ItemId
    form: str
    place: str
    state: CopyState
    since: int


def of_item(catalog: Catalog, item: ItemId) -> list[Copy]:
    rows = catalog.query(
        "SELECT intent, item, what, place, state, since FROM copies WHERE item = ?"
        " ORDER BY intent DESC",
        (bytes.fromhex(item),),
    )
    return [_copy(row) for row in rows]


def unanswered(catalog: Catalog) -> list[Copy]:
    """Copies of acts that were never finished: shown until the owner has looked."""
    rows = catalog.query(
        "SELECT intent, item, what, place, state, since FROM copies WHERE state = ?"
        " ORDER BY intent DESC",
        (CopyState.MAY_HAVE_LEFT.value,),
    )
    return [_copy(row) for row in rows]


def _copy(row: tuple[int, bytes, str, str, str, int]) -> Copy:
    intent, item, form, place, state, since = row
    return Copy(intent, ItemId(item.hex()), form, place, CopyState(state), since)
