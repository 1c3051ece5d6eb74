"""`Library`: what is in an open vault, and the parts that change it.

Reading is here; each kind of change is a part of its own: `albums`, `marks`, `trash`. Importing and
removing originals are acts of their own (`importing`), because they take long and need a decoder.
Safe to use from several threads.
"""

from __future__ import annotations

from collections.abc import Iterable

from lighttight.audit import rebuilding
from lighttight.errors import Refused
from lighttight.library import items, query, search, views
from lighttight.library.albums import Albums
from lighttight.library.marks import Marks
from lighttight.library.resealing import Resealing
from lighttight.library.trash import Trash
from lighttight.model import Cell, Counts, Item, ItemId, Labels, View
from lighttight.vault.blobs import BlobReader
from lighttight.vault.vault import Vault

EVERYTHING = View()


class Library:
    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.albums = Albums(vault)
        self.marks = Marks(vault)
        self.trash = Trash(vault)
        self.resealing = Resealing(vault)

    def begin(self) -> int:
        """After opening, in the background: compare what is derived, finish what was interrupted.

        Answers of how many items deleted for good something is still on the disk.
        """
        rebuilding.verify_or_rebuild(self.vault)
        search.verify_or_rebuild(self.vault)
        self.resealing.finish()
        return self.trash.finish_removals()

    def item(self, item: ItemId) -> Item:
        """Raises Refused("item-unknown")."""
        return items.item(self.vault.catalog, item)

    def find(self, prefix: str) -> ItemId:
        """The one item whose id begins so; at least four hex digits.

        Raises Refused("item-id-unclear", "item-id-unknown" or "item-id-ambiguous").
        """
        return items.find(self.vault.catalog, prefix)

    def items(
        self, view: View = EVERYTHING, *, limit: int | None = None, offset: int = 0
    ) -> list[Item]:
        """Whole items of a view, newest first."""
        return views.page(self.vault.catalog, view, limit=limit, offset=offset)

    def timeline(
        self, view: View = EVERYTHING, *, after: ItemId | None = None, limit: int | None = None
    ) -> list[Cell]:
        """Cells of a view, newest first; from behind `after`, at most `limit`."""
        return views.timeline(self.vault.catalog, view, after=after, limit=limit)

    def count(self, view: View = EVERYTHING) -> int:
        return views.count(self.vault.catalog, view)

    def counts(self) -> Counts:
        return views.counts(self.vault.catalog)

    @staticmethod
    def why_nothing(text: str) -> Refused | None:
        """Which part of a search nothing can meet, to be shown; None where all of it can be."""
        return query.parse(text).impossible

    def labels(self, chosen: Iterable[ItemId]) -> dict[ItemId, Labels]:
        """Albums and tags of each."""
        return items.labels(self.vault.catalog, chosen)

    def open(self, item: ItemId) -> BlobReader:
        """The original, for the decoder, the player or an export. The caller closes it.

        Raises Refused("item-unknown"), Integrity("blob-missing" or "blob-damaged").
        """
        with self.vault.blobs.kept():
            return self.vault.blobs.open(items.sealed(self.vault.catalog, item))

    def preview(self, item: ItemId) -> bytes | None:
        """JPEG, long side at most 512; None where there is none (yet)."""
        return self.vault.previews.get(item)

    def previews(self, chosen: Iterable[ItemId]) -> dict[ItemId, bytes]:
        """Those of the items that have one, in one look-up."""
        return self.vault.previews.get_many(chosen)
