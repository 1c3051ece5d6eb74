"""The trash, and deleting for good: what must be gone, what must stay, what is said of the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from lighttight.audit import record
from lighttight.errors import Environment, Integrity
from lighttight.files import failpoints
from lighttight.library import search
from lighttight.library.library import Library
from lighttight.library.trash import Purged
from lighttight.model import ItemId, View
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import checking
from tests.support.libraries import add
from tests.support.records import entries, newest, size
from tests.support.vaults import reopen


def exported(library: Library, *items: ItemId) -> None:
    with library.vault.transaction() as tx:
        record.append(
            tx,
            EntryKind.EXPORT_INTENDED,
            {
                Field.ITEMS: items, Field.PATH: "/media/disk", Field.FORM: "original",
                Field.SCREEN: "cli",
            },
        )  # fmt: skip


def blobs(library: Library) -> set[str]:
    return set(library.vault.blobs.ids())


def test_a_catalog_that_was_tampered_with_destroys_nothing(library: Library, folder: Path) -> None:
    items = add(library, folder, 2)
    with library.vault.catalog.writing() as tx:
        # As an old page put back would: the sum does not see it.
        library.vault.catalog._hashing = None
        tx.execute("UPDATE items SET name = 'other' WHERE row = 1")
    before = blobs(library)
    with pytest.raises(Integrity, match="state-differs"):
        library.trash.purge(items)
    assert blobs(library) == before
    assert library.count() == 2
    with library.vault.catalog.writing() as tx:
        library.vault.catalog._hashing = None
        tx.execute("UPDATE items SET name = ? WHERE row = 1", (sorted(folder.iterdir())[0].name,))


def test_there_and_back(library: Library, folder: Path) -> None:
    items = add(library, folder, 3)
    library.marks.tag(items, "lake")
    album = library.albums.create("Lake")
    library.albums.add(album, items)
    assert library.trash.put(items[:2]) == 2
    assert newest(library.vault) == (EntryKind.TRASHED, {Field.ITEMS: tuple(sorted(items[:2]))})
    assert library.trash.put(items[:2]) == 0
    assert library.count(View(text="lake")) == 1
    before = size(library.vault)
    assert library.trash.undelete([items[2], ItemId("0" * 32)]) == 0
    assert size(library.vault) == before
    assert library.trash.undelete(items) == 2
    assert newest(library.vault) == (EntryKind.UNDELETED, {Field.ITEMS: tuple(sorted(items[:2]))})
    assert library.count(View(text="lake")) == 3
    assert library.albums.get(album).count == 3


def test_what_is_deleted_for_good_is_gone(library: Library, folder: Path) -> None:
    stays, goes = add(library, folder, 2)
    library.marks.tag([goes], "lake")
    library.albums.add(library.albums.create("Lake"), [goes])
    kept = blobs(library)
    library.trash.put([goes])
    assert library.trash.purge([goes]) == Purged(1, 0)
    assert library.count() == 1
    assert library.count(View(text="lake")) == 0
    assert len(blobs(library)) == len(kept) - 1
    assert library.previews([stays, goes]).keys() == {stays}
    for table in ("objects", "items"):
        assert library.vault.catalog.one(f"SELECT count(*) FROM {table}") == (1,)
    for table in ("tags", "album_items", "removals"):
        assert library.vault.catalog.one(f"SELECT count(*) FROM {table}") == (0,)
    made = entries(library.vault)[-2:]
    assert made == [
        (EntryKind.PURGED, {Field.ITEMS: (goes,), Field.COUNT: 1}),
        (EntryKind.DELETION_FINISHED, {Field.COUNT: 1}),
    ]
    assert checking.verify(library.vault, deep=True).sound


@pytest.mark.parametrize("many", [0, 150])
def test_nothing_of_it_is_on_any_page_when_it_is_over(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Key, name, caption, tag: in no row, no full text, no free page, and not in the log.

    In both ways of taking words out of the index.
    """
    monkeypatch.setattr(search, "MANY", many)
    stays, goes = add(library, folder, 2, name="canary{}.jpg", device="canarycam")
    library.marks.caption(goes, "canarycaption")
    library.marks.tag([goes], "canarytag")
    (key,) = library.vault.catalog.query(
        "SELECT key FROM items JOIN objects ON objects.id = object WHERE items.id = ?",
        (bytes.fromhex(goes),),
    )[0]
    name = library.item(goes).name.removesuffix(".jpg").encode()
    words = (key, name, b"canarycaption", b"canarytag")

    def image() -> bytes:
        with library.vault.catalog.reading() as database:
            return database.serialize("main")

    assert all(word in image() for word in words)
    catalog = library.vault.catalog.path
    log = catalog.with_name(catalog.name + "-wal")
    before = log.stat().st_size
    assert library.trash.purge([goes]) == Purged(1, 0)
    assert not [word for word in words if word in image()]
    assert b"canarycam" in image(), "of the picture that stays"
    assert log.stat().st_size < before / 2
    assert library.item(stays).device == "canarycam"


def test_deleting_nothing_is_nothing(library: Library) -> None:
    before = size(library.vault)
    assert library.trash.purge([ItemId("0" * 32)]) == Purged(0, 0)
    assert library.trash.empty() == Purged(0, 0)
    assert size(library.vault) == before


def test_emptying_takes_the_trash_only(library: Library, folder: Path) -> None:
    items = add(library, folder, 3)
    library.trash.put(items[:2])
    assert library.trash.empty() == Purged(2, 0)
    assert [item.id for item in library.items()] == items[2:]


def test_a_reader_holds_it_up_and_that_is_said(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another window that reads an old state keeps the key in the write-ahead log."""
    items = add(library, folder, 2)
    monkeypatch.setattr(library.vault.catalog, "checkpoint", lambda: False)
    before = blobs(library)
    assert library.trash.purge(items[:1], wait=0) == Purged(1, 1)
    assert library.trash.unfinished() == 1
    assert blobs(library) == before, "the blob goes after the key, never before"
    assert library.count() == 1
    monkeypatch.undo()
    assert library.begin() == 0
    assert library.trash.unfinished() == 0
    assert len(blobs(library)) == 1


def test_a_checkpoint_is_tried_again(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = add(library, folder, 1)
    answers = iter([False, False, True])
    real = library.vault.catalog.checkpoint
    monkeypatch.setattr(library.vault.catalog, "checkpoint", lambda: next(answers) and real())
    assert library.trash.purge(items) == Purged(1, 0)


def test_a_disk_that_fails_leaves_the_rest_for_later(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = add(library, folder, 3)
    stuck = library.vault.catalog.query("SELECT object FROM items WHERE row = 2")[0][0].hex()
    real = library.vault.blobs.remove

    def remove(object_id: str) -> None:
        if object_id == stuck:
            raise Environment("not-writable", path="x")
        real(object_id)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(library.vault.blobs, "remove", remove)
    assert library.trash.purge(items) == Purged(3, 1)
    assert blobs(library) == {stuck}
    monkeypatch.undo()
    assert library.trash.finish_removals() == 0
    assert blobs(library) == set()


def test_a_preview_store_that_fails_is_no_end(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = add(library, folder)

    def remove(items: object) -> bool:
        raise Environment("disk-failed", path="x")

    monkeypatch.setattr(library.vault.previews, "remove", remove)
    assert library.trash.purge(items) == Purged(1, 1)
    monkeypatch.undo()
    assert library.begin() == 0


class Stop(Exception):
    pass


@contextmanager
def stopping_at(name: str) -> Iterator[None]:
    def hook(reached: str) -> None:
        if reached == name:
            raise Stop

    failpoints.arm(hook)
    try:
        with pytest.raises(Stop):
            yield
    finally:
        failpoints.disarm()


@pytest.mark.parametrize(
    "step",
    ["purge.committed", "purge.checkpointed", "purge.previews-removed", "purge.blob-removed"],
)
def test_what_was_interrupted_is_finished_at_the_next_opening(
    library: Library, folder: Path, step: str
) -> None:
    items = add(library, folder, 2)
    with stopping_at(step):
        library.trash.purge(items[:1])
    again = Library(reopen(library.vault))
    assert again.trash.unfinished() == 1
    assert again.begin() == 0
    assert len(blobs(again)) == 1
    assert again.previews(items).keys() == {items[1]}
    assert newest(again.vault)[0] is EntryKind.DELETION_FINISHED
    again.vault.catalog.recompute()
    again.vault.close()


def test_before_the_commit_nothing_happened(library: Library, folder: Path) -> None:
    items = add(library, folder, 2)
    before = size(library.vault)
    with stopping_at("purge.before-commit"):
        library.trash.purge(items)
    assert size(library.vault) == before
    assert library.count() == 2
    assert len(blobs(library)) == 2


def test_two_who_finish_the_same_record_it_once(library: Library, folder: Path) -> None:
    items = add(library, folder, 1)
    with stopping_at("purge.committed"):
        library.trash.purge(items)
    gate = threading.Barrier(2)

    def finish() -> None:
        gate.wait()
        library.trash.finish_removals()

    threads = [threading.Thread(target=finish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    finished = [kind for kind, _ in entries(library.vault) if kind is EntryKind.DELETION_FINISHED]
    assert len(finished) == 1


# What the record still says


def readable(library: Library) -> list[object]:
    return [value for _, fields in entries(library.vault) for value in fields.values()]


def test_the_name_goes_with_the_picture(library: Library, folder: Path) -> None:
    goes, stays = add(library, folder, 2, name="canary-{}.jpg")
    names = {item: library.item(item).name for item in (goes, stays)}
    library.marks.caption(goes, "canary caption")
    library.marks.tag([goes, stays], "shared-tag")
    with library.vault.transaction() as tx:
        where = {Field.ITEM: goes, Field.PATH: "/canary/path"}
        record.append(tx, EntryKind.ORIGINAL_REMOVED, where)
    library.trash.purge([goes])
    left = readable(library)
    assert names[goes] not in left
    assert "canary caption" not in left
    assert "/canary/path" not in left
    assert names[stays] in left
    assert "+shared-tag" in left, "it also speaks of a picture that is still here"
    imported = [fields for kind, fields in entries(library.vault) if kind is EntryKind.IMPORTED]
    assert imported[0] == {Field.ITEM: goes}
    assert imported[1].keys() == {Field.ITEM, Field.NAME, Field.SIZE, Field.DIGEST}
    library.trash.purge([stays])
    assert "+shared-tag" not in readable(library), "now nothing that it speaks of is here"


def test_the_tree_verifies_after_an_erasure(library: Library, folder: Path) -> None:
    library.trash.purge(add(library, folder, 2))
    library.vault.catalog.recompute()
    assert checking.verify(library.vault).sound


def test_the_name_stays_where_a_copy_is_out_there(library: Library, folder: Path) -> None:
    left, alone = add(library, folder, 2)
    name = library.item(left).name
    gone = library.item(alone).name
    exported(library, left)
    library.marks.tag([left, alone], "both")
    library.trash.purge([left, alone])
    assert name in readable(library)
    assert gone not in readable(library)
    assert "+both" in readable(library)
    assert "/media/disk" in readable(library)


def test_erasing_what_was_erased_before_is_no_trouble(library: Library, folder: Path) -> None:
    first, second = add(library, folder, 2)
    library.marks.caption(first, "one")
    library.trash.purge([first])
    library.marks.caption(second, "two")
    library.trash.purge([second])
    assert not {"one", "two"} & {value for value in readable(library) if isinstance(value, str)}


def test_the_same_picture_may_come_again(library: Library, folder: Path) -> None:
    items = add(library, folder, 1, taken=datetime(2020, 1, 1))
    data = next(folder.iterdir()).read_bytes()
    library.trash.purge(items)
    again = add(library, folder, 1, make=lambda _: data)
    assert again != items
