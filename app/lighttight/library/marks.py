"""What the owner marks items with: favourites, captions, tags.

A tag keeps the spelling that it was first given, so that "lake" and "Lake" are one tag. In the
record, a tag that was added has a plus before its name and one that was taken away a minus.
"""

from __future__ import annotations

from collections.abc import Iterable

from lighttight.audit import record
from lighttight.errors import Refused
from lighttight.library import items, labels, search
from lighttight.model import ItemId, Tag
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault


class Marks:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def favourite(self, chosen: Iterable[ItemId], *, on: bool) -> int:
        """Answers how many changed."""
        with self._vault.transaction() as tx:
            found = items.chosen(tx, chosen, "favourite = ?", int(not on))
            tx.execute_many(
                "UPDATE items SET favourite = ? WHERE row = ?", [(int(on), row) for row, _ in found]
            )
            return _edited(tx, found, "favourite", "yes" if on else "no")

    def caption(self, item: ItemId, text: str) -> bool:
        """False where it was that already. Raises Refused("item-unknown", "caption-long")."""
        clean = labels.caption_text(text)
        with self._vault.transaction() as tx:
            found = items.chosen(tx, [item])
            if not found:
                raise Refused("item-unknown")
            changed = tx.execute(
                "UPDATE items SET caption = ? WHERE row = ? AND caption != ? RETURNING 1",
                (clean, found[0][0], clean),
            )
            if changed:
                search.index(tx, [found[0][0]])
                _edited(tx, found, "caption", clean)
            return bool(changed)

    def tag(self, chosen: Iterable[ItemId], name: str) -> int:
        """Answers how many did not have it. Raises what `labels.tag_name` raises."""
        return self._tags(chosen, name, "NOT IN", "INSERT INTO tags (item, tag) VALUES (?, ?)", "+")

    def untag(self, chosen: Iterable[ItemId], name: str) -> int:
        """Answers how many had it."""
        return self._tags(chosen, name, "IN", "DELETE FROM tags WHERE item = ? AND tag = ?", "-")

    def _tags(self, chosen: Iterable[ItemId], name: str, among: str, change: str, sign: str) -> int:
        clean = labels.tag_name(name)
        with self._vault.transaction() as tx:
            clean = _spelling(tx, clean) or clean
            where = f"id {among} (SELECT item FROM tags WHERE tag = ?)"  # noqa: S608
            found = items.chosen(tx, chosen, where, clean)
            tx.execute_many(change, [(bytes.fromhex(item), clean) for _, item in found])
            search.index(tx, (row for row, _ in found))
            return _edited(tx, found, "tags", f"{sign}{clean}")

    def tags(self) -> list[Tag]:
        """Every tag that an item outside the trash carries, in alphabetical order."""
        rows = self._vault.catalog.query(
            "WITH trash AS MATERIALIZED ("
            "  SELECT tag, count(*) AS count FROM items INDEXED BY items_trash"
            "  CROSS JOIN tags ON item = items.id WHERE trashed IS NOT NULL GROUP BY tag"
            "), carried AS (SELECT tag, count(*) AS count FROM tags GROUP BY tag)"
            " SELECT tag, carried.count - coalesce(trash.count, 0) AS left"
            " FROM carried LEFT JOIN trash USING (tag) WHERE left > 0"
            " ORDER BY tag COLLATE NOCASE, tag"
        )
        return [Tag(name, count) for name, count in rows]


def _spelling(tx: Transaction, name: str) -> str | None:
    return next(
        (tag for (tag,) in tx.execute("SELECT DISTINCT tag FROM tags") if labels.same(tag, name)),
        None,
    )


def _edited(tx: Transaction, found: list[tuple[int, ItemId]], setting: str, value: str) -> int:
    if found:
        fields = {Field.SETTING: setting, Field.VALUE: value}
        record.append_for_items(tx, EntryKind.EDITED, [item for _, item in found], fields)
    return len(found)
