"""Albums: an item may be in several, and an album says nothing about where its items are kept.

Names are one of a kind whatever their capitals: two albums "Lake" and "lake" would be one too many
when the question is which of them was shared.

A veiled album's pictures are shown only while the owner asks for it. Veiling is a setting of the
album; lifting the veil for good weakens what protects it, and is recorded as that.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from lighttight.audit import record
from lighttight.errors import Refused
from lighttight.library import items, labels, search
from lighttight.model import Album, AlbumId, ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault

VEIL: Final = "album-veiled"


class Albums:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def all(self) -> list[Album]:
        """Every album in alphabetical order, with how many of its items are not in the trash."""
        # All less those in the trash, which are few: asking of each whether it is takes a second
        # where there are 100,000.
        rows = self._vault.catalog.query(
            "WITH trash AS MATERIALIZED ("
            "  SELECT album, count(*) AS count FROM items INDEXED BY items_trash"
            "  CROSS JOIN album_items ON item = items.id WHERE trashed IS NOT NULL GROUP BY album"
            "), inside AS (SELECT album, count(*) AS count FROM album_items GROUP BY album)"
            " SELECT id, name, coalesce(inside.count, 0) - coalesce(trash.count, 0), veiled"
            " FROM albums LEFT JOIN inside ON inside.album = id LEFT JOIN trash ON trash.album = id"
            " ORDER BY name COLLATE NOCASE, name"
        )
        return [
            Album(AlbumId(one.hex()), name, count, veiled == 1) for one, name, count, veiled in rows
        ]

    def get(self, album: AlbumId) -> Album:
        """Raises Refused("album-unknown")."""
        for one in self.all():
            if one.id == album:
                return one
        raise Refused("album-unknown")

    def named(self, name: str) -> AlbumId | None:
        """The album of this name, whatever its capitals."""
        wanted = labels.album_name(name)
        rows = self._vault.catalog.query("SELECT id, name FROM albums")
        return next((AlbumId(one.hex()) for one, kept in rows if labels.same(kept, wanted)), None)

    def create(self, name: str) -> AlbumId:
        """Raises Refused("album-exists") and what `labels.album_name` raises."""
        clean = labels.album_name(name)
        album = AlbumId(secrets.token_hex(16))
        with self._vault.transaction() as tx:
            _insist_on_free(tx, clean, None)
            tx.execute(
                "INSERT INTO albums (id, name, created, veiled) VALUES (?, ?, ?, 0)",
                (bytes.fromhex(album), clean, tx.now),
            )
            record.append(tx, EntryKind.ALBUM_CREATED, {Field.ALBUM: album, Field.NAME: clean})
        return album

    def rename(self, album: AlbumId, name: str) -> None:
        clean = labels.album_name(name)
        with self._vault.transaction() as tx:
            if _name_of(tx, album) == clean:
                return
            _insist_on_free(tx, clean, album)
            tx.execute("UPDATE albums SET name = ? WHERE id = ?", (clean, bytes.fromhex(album)))
            search.index(tx, _rows_in(tx, album))
            record.append(tx, EntryKind.ALBUM_RENAMED, {Field.ALBUM: album, Field.NAME: clean})

    def remove(self, album: AlbumId) -> None:
        """The album goes, its items stay in the library."""
        with self._vault.transaction() as tx:
            name = _name_of(tx, album)
            rows = _rows_in(tx, album)
            tx.execute("DELETE FROM album_items WHERE album = ?", (bytes.fromhex(album),))
            tx.execute("DELETE FROM albums WHERE id = ?", (bytes.fromhex(album),))
            search.index(tx, rows)
            record.append(tx, EntryKind.ALBUM_REMOVED, {Field.ALBUM: album, Field.NAME: name})

    def veil(self, album: AlbumId, *, on: bool) -> None:
        with self._vault.transaction() as tx:
            _name_of(tx, album)
            changed = tx.execute(
                "UPDATE albums SET veiled = ? WHERE id = ? AND veiled != ? RETURNING 1",
                (int(on), bytes.fromhex(album), int(on)),
            )
            if changed:
                kind = EntryKind.SETTING_CHANGED if on else EntryKind.WEAKENED
                value = f"{'on' if on else 'off'} {album}"
                record.append(tx, kind, {Field.SETTING: VEIL, Field.VALUE: value})

    def add(self, album: AlbumId, chosen: Iterable[ItemId]) -> int:
        """Put items into an album; answers how many were not in it. Raises Refused."""
        with self._vault.transaction() as tx:
            return put_into(tx, album, chosen)

    def take_out(self, album: AlbumId, chosen: Iterable[ItemId]) -> int:
        """Answers how many were in it. The items stay in the library."""
        with self._vault.transaction() as tx:
            _name_of(tx, album)
            inside = "id IN (SELECT item FROM album_items WHERE album = ?)"
            found = items.chosen(tx, chosen, inside, bytes.fromhex(album))
            tx.execute_many(
                "DELETE FROM album_items WHERE album = ? AND item = ?",
                [(bytes.fromhex(album), bytes.fromhex(item)) for _, item in found],
            )
            _refiled(tx, album, found, "-")
            return len(found)


def put_into(tx: Transaction, album: AlbumId, chosen: Iterable[ItemId]) -> int:
    """As `Albums.add`, inside the transaction of another act."""
    _name_of(tx, album)
    outside = "id NOT IN (SELECT item FROM album_items WHERE album = ?)"
    found = items.chosen(tx, chosen, outside, bytes.fromhex(album))
    now = tx.now
    tx.execute_many(
        "INSERT INTO album_items (album, item, added) VALUES (?, ?, ?)",
        [(bytes.fromhex(album), bytes.fromhex(item), now) for _, item in found],
    )
    _refiled(tx, album, found, "+")
    return len(found)


def _refiled(tx: Transaction, album: AlbumId, found: list[tuple[int, ItemId]], sign: str) -> None:
    if not found:
        return
    search.index(tx, (row for row, _ in found))
    record.append_for_items(
        tx,
        EntryKind.EDITED,
        [item for _, item in found],
        {Field.SETTING: "album", Field.VALUE: f"{sign}{album}"},
    )


def _name_of(tx: Transaction, album: AlbumId) -> str:
    try:
        rows = tx.execute("SELECT name FROM albums WHERE id = ?", (bytes.fromhex(album),))
    except ValueError as error:
        raise Refused("album-unknown") from error
    if not rows:
        raise Refused("album-unknown")
    return rows[0][0]


def _rows_in(tx: Transaction, album: AlbumId) -> list[int]:
    found = tx.execute(
        "SELECT row FROM album_items JOIN items ON items.id = item WHERE album = ?",
        (bytes.fromhex(album),),
    )
    return [row for (row,) in found]


def _insist_on_free(tx: Transaction, name: str, but: AlbumId | None) -> None:
    for one, kept in tx.execute("SELECT id, name FROM albums"):
        if labels.same(kept, name) and one.hex() != but:
            raise Refused("album-exists")
