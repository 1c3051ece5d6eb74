"""Items as values: rows of the catalog to `model.Item`, and an item found by its id.

Times in the catalog are whole numbers (`app/docs/vault-format.md`, section 6); here they become
what a person means by them: `taken` a wall clock without a zone, `imported` and `trashed` moments.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import apsw

from lighttight.errors import Refused
from lighttight.model import (
    Item,
    ItemId,
    Kind,
    Labels,
    ObjectId,
    Place,
    PreviewState,
)
from lighttight.vault.blobs import SealedObject
from lighttight.vault.catalog import Catalog, Transaction, translating

SHORTEST_PREFIX: Final = 4
DEGREES: Final = 10_000_000

COLUMNS: Final = (
    "id, name, kind, mime, size, width, height, duration, taken, sort, imported, favourite,"
    " caption, latitude, longitude, device, playable, preview, trashed"
)

KINDS: Final = {kind.value: kind for kind in Kind}
PREVIEWS: Final = {state.value: state for state in PreviewState}

_ALBUMS_OF: Final = (
    "SELECT item, albums.name FROM album_items JOIN albums ON albums.id = album"
    " WHERE item IN (SELECT unhex(value) FROM json_each(?)) ORDER BY albums.name"
)
_TAGS_OF: Final = (
    "SELECT item, tag FROM tags WHERE item IN (SELECT unhex(value) FROM json_each(?)) ORDER BY tag"
)

_EPOCH: Final = datetime(1970, 1, 1)
_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEX: Final = re.compile(r"[0-9a-f]+")


def item_of(row: Sequence[Any]) -> Item:
    """The item of a row with `COLUMNS`."""
    item, name, kind, mime, size, width, height, duration, taken, sort = row[:10]
    imported, favourite, caption, latitude, longitude, device, playable, preview, trashed = row[10:]
    place = None
    if latitude is not None and longitude is not None:
        place = Place(latitude / DEGREES, longitude / DEGREES)
    return Item(
        id=ItemId(item.hex()),
        name=name,
        kind=KINDS[kind],
        mime=mime,
        size=size,
        width=width,
        height=height,
        duration=None if duration is None else duration / 1000,
        taken=None if taken is None else from_wall(taken),
        sort=from_wall(sort),
        imported=from_moment(imported),
        favourite=favourite == 1,
        caption=caption,
        place=place,
        device=device,
        playable=playable == 1,
        preview=PREVIEWS[preview],
        trashed=None if trashed is None else from_moment(trashed),
    )


def to_wall(time: datetime) -> int:
    """Seconds of a wall clock, counted as if it were UTC."""
    return calendar.timegm(time.timetuple())


def from_wall(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


def from_moment(milliseconds: int) -> datetime:
    return _MOMENT + timedelta(milliseconds=milliseconds)


def item(catalog: Catalog, item_id: ItemId) -> Item:
    """Raises Refused("item-unknown")."""
    row = catalog.one(
        f"SELECT {COLUMNS} FROM items WHERE id = ?",  # noqa: S608
        (_bytes(item_id),),
    )
    if row is None:
        raise Refused("item-unknown")
    return item_of(row)


def find(catalog: Catalog, prefix: str) -> ItemId:
    """The one item whose id begins so, in the trash or not. At least four hex digits.

    Raises Refused("item-id-unclear", "item-id-unknown" or "item-id-ambiguous").
    """
    wanted = prefix.strip().lower()
    if not SHORTEST_PREFIX <= len(wanted) <= 32 or not _HEX.fullmatch(wanted):
        raise Refused("item-id-unclear", given=prefix)
    rows = catalog.query(
        "SELECT id FROM items WHERE id BETWEEN ? AND ? LIMIT 2",
        (bytes.fromhex(wanted.ljust(32, "0")), bytes.fromhex(wanted.ljust(32, "f"))),
    )
    if not rows:
        raise Refused("item-id-unknown", given=wanted)
    if len(rows) > 1:
        raise Refused("item-id-ambiguous", given=wanted)
    return ItemId(rows[0][0].hex())


def sealed(catalog: Catalog, item_id: ItemId) -> SealedObject:
    """The object that holds the original. Raises Refused("item-unknown")."""
    row = catalog.one(
        "SELECT objects.id, objects.key, objects.size, objects.sealed"
        " FROM items JOIN objects ON objects.id = items.object WHERE items.id = ?",
        (_bytes(item_id),),
    )
    if row is None:
        raise Refused("item-unknown")
    object_id, key, size, length = row
    return SealedObject(ObjectId(object_id.hex()), key, size, length)


def labels(catalog: Catalog, items: Iterable[ItemId]) -> dict[ItemId, Labels]:
    """Albums and tags of each item; an item without any, or that is gone, has empty ones."""
    wanted = list(items)
    listed = (json.dumps(wanted),)
    albums: dict[str, list[str]] = {}
    tags: dict[str, list[str]] = {}
    with catalog.reading() as database, translating(catalog.path):
        for owner, name in rows(database, _ALBUMS_OF, listed):
            albums.setdefault(owner.hex(), []).append(name)
        for owner, name in rows(database, _TAGS_OF, listed):
            tags.setdefault(owner.hex(), []).append(name)
    return {one: Labels(tuple(albums.get(one, ())), tuple(tags.get(one, ()))) for one in wanted}


def rows(database: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    return list(database.execute(sql, tuple(values)))


def chosen(
    tx: Transaction, items: Iterable[ItemId], condition: str = "1", *values: Any
) -> list[tuple[int, ItemId]]:
    """Row and id of those of `items` that exist and meet `condition` (constant SQL over `items`).

    An item that another window deleted meanwhile is passed over: the act is about the rest.
    """
    found = tx.execute(
        "SELECT row, id FROM items WHERE id IN (SELECT unhex(value) FROM json_each(?))"  # noqa: S608
        f" AND {condition}",
        (json.dumps(list(items)), *values),
    )
    return [(row, ItemId(raw.hex())) for row, raw in found]


def _bytes(item_id: ItemId) -> bytes:
    try:
        return bytes.fromhex(item_id)
    except ValueError as error:
        raise Refused("item-unknown") from error
