"""Sealing everything again: every item keeps its picture, and no old key opens anything."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from lighttight.errors import Cancelled, Environment, Integrity
from lighttight.files import failpoints
from lighttight.library.importing import ImportResult, import_paths
from lighttight.library.library import Library
from lighttight.model import ItemId, ObjectId
from lighttight.progress import Watched
from lighttight.sealed.entries import EntryKind
from lighttight.vault import checking
from lighttight.vault.backup import backup
from lighttight.vault.catalog import connect
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import open_vault
from lighttight.vault.ways_in import Offer
from tests.support.libraries import StandIn, add, picture
from tests.support.password_store import MemoryStore

BIG = (1 << 20) + 50_000


@pytest.fixture
def items(library: Library, tmp_path: Path) -> list[ItemId]:
    """Three items, one of them in the trash, and all keys changed since."""
    made = add(library, tmp_path / "in", 2)
    made += add(library, tmp_path / "in", 1, make=lambda number: picture(number, BIG))
    library.trash.put(made[:1])
    change_keys(library)
    return made


def change_keys(library: Library) -> None:
    rotate(library.vault, reason="asked", confirm=lambda _: None)


def originals(library: Library, items: list[ItemId]) -> list[bytes]:
    found: list[bytes] = []
    for item in items:
        with library.open(item) as reader:
            found.append(reader.read(0, reader.size))
    return found


def objects(library: Library) -> dict[ObjectId, bytes]:
    rows = library.vault.catalog.query("SELECT id, key FROM objects")
    return {ObjectId(raw.hex()): key for raw, key in rows}


def kinds(library: Library) -> list[str]:
    rows = library.vault.catalog.query("SELECT kind FROM entries ORDER BY sequence")
    names = {kind.number: kind.label for kind in EntryKind}
    return [names[number] for (number,) in rows]


def test_nothing_is_pending_before_keys_were_changed(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "in", 2)
    assert not library.resealing.pending().anything
    before = objects(library), len(kinds(library))
    assert library.resealing.run().count == 0
    assert (objects(library), len(kinds(library))) == before


def test_every_item_gets_a_new_key_and_a_new_blob(library: Library, items: list[ItemId]) -> None:
    before, whole = objects(library), originals(library, items)
    pending = library.resealing.pending()
    assert (pending.items, pending.previews, pending.begun) == (3, True, False)
    done = library.resealing.run()
    assert (done.count, done.damaged, done.waiting, done.previews) == (3, (), 0, True)
    after = objects(library)
    assert not before.keys() & after.keys()
    assert not set(before.values()) & set(after.values())
    assert set(library.vault.blobs.ids()) == after.keys()
    assert originals(library, items) == whole
    assert not library.resealing.pending().anything
    assert not library.resealing.pending().begun
    assert checking.verify(library.vault, deep=True).sound
    assert library.vault.catalog.query("SELECT * FROM removals") == []
    said = [*["sealed-again"] * 3, "replaced-removed", "all-sealed-again", "verified"]
    assert kinds(library)[-6:] == said


def test_previews_open_under_their_new_key_alone(library: Library, items: list[ItemId]) -> None:
    old = library.vault.secret("preview")
    before = library.previews(items)
    assert len(before) == 3
    library.resealing.run()
    new = library.vault.secret("preview")
    assert new != old
    assert library.previews(items) == before
    path, store = library.vault.path, library.vault.store
    library.vault.close()
    with pytest.raises(Integrity):
        connect(path / "previews.db", old)
    again = Library(open_vault(path, Offer(), store))
    assert again.previews(items) == before
    again.vault.close()


def test_what_came_in_after_the_change_stays(
    library: Library, items: list[ItemId], tmp_path: Path
) -> None:
    del items
    before = set(library.vault.blobs.ids())
    add(library, tmp_path / "later", 1)
    [fresh] = set(library.vault.blobs.ids()) - before
    assert library.resealing.pending().items == 3
    library.resealing.run()
    assert fresh in set(library.vault.blobs.ids())


def test_cancelling_keeps_what_is_done_and_going_on_does_the_rest(
    library: Library, items: list[ItemId], at
) -> None:
    whole = originals(library, items)
    watched = Watched()
    at("reseal.committed", watched.cancel)
    with pytest.raises(Cancelled):
        library.resealing.run(progress=watched)
    failpoints.disarm()
    pending = library.resealing.pending()
    assert (pending.items, pending.begun) == (2, True)
    assert len(set(library.vault.blobs.ids())) == 3
    assert originals(library, items) == whole
    assert library.resealing.run().count == 2
    assert not library.resealing.pending().anything
    assert originals(library, items) == whole


def test_a_damaged_item_stays_and_is_named(library: Library, items: list[ItemId]) -> None:
    [one] = library.vault.catalog.query(
        "SELECT object FROM items WHERE id = ?", (bytes.fromhex(items[1]),)
    )
    path = library.vault.blobs.path(ObjectId(one[0].hex()))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    done = library.resealing.run()
    assert (done.count, done.damaged) == (2, (items[1],))
    assert path.read_bytes() == bytes(data)
    assert (library.resealing.pending().items, library.resealing.pending().begun) == (1, False)


def test_a_blob_that_opens_and_is_another_picture_is_not_taken(
    library: Library, items: list[ItemId]
) -> None:
    with library.vault.catalog.writing() as tx:
        tx.execute("UPDATE items SET digest = ? WHERE id = ?", (bytes(32), bytes.fromhex(items[1])))
        tx.recorded = 1
    before = objects(library)
    assert library.resealing.run().damaged == (items[1],)
    assert len(before.keys() & objects(library).keys()) == 1
    assert set(library.vault.blobs.ids()) == objects(library).keys()


def test_a_catalog_that_was_tampered_with_is_left_alone(
    library: Library, items: list[ItemId]
) -> None:
    library.vault.catalog._writer.execute("UPDATE items SET favourite = 1")
    before = set(library.vault.blobs.ids())
    with pytest.raises(Integrity, match="state-differs"):
        library.resealing.run()
    assert set(library.vault.blobs.ids()) == before
    assert len(items) == len(before)
    library.vault.close()


def test_an_item_that_is_deleted_for_good_meanwhile_stays_deleted(
    library: Library, items: list[ItemId], at
) -> None:
    at("reseal.sealed", lambda: library.trash.purge([items[2]]))
    done = library.resealing.run()
    assert (done.count, done.waiting) == (2, 0)
    assert {item.id for item in library.items()} == {items[1]}
    assert set(library.vault.blobs.ids()) == objects(library).keys()
    assert library.vault.catalog.query("SELECT * FROM removals") == []


def test_the_preview_of_an_item_that_stays_is_not_removed(
    library: Library, items: list[ItemId]
) -> None:
    with library.vault.blobs.kept():
        assert library.resealing.run().waiting == 3
    assert library.trash.unfinished() == 0
    assert library.begin() == 0
    assert len(library.previews(items)) == 3
    assert set(library.vault.blobs.ids()) == objects(library).keys()


def test_a_backup_under_way_finds_every_blob(
    library: Library, items: list[ItemId], tmp_path: Path, at
) -> None:
    waited: list[int] = []
    at("backup.blobs-copied", lambda: waited.append(library.resealing.run().waiting))
    assert backup(library.vault, tmp_path / "backup").items == 3
    assert waited == [3]
    assert library.resealing.finish() == 0
    assert len(set(library.vault.blobs.ids())) == len(items)


def test_old_blobs_wait_for_other_sessions(
    library: Library, items: list[ItemId], store: MemoryStore
) -> None:
    other = open_vault(library.vault.path, Offer(), store)
    done = library.resealing.run()
    assert (done.count, done.waiting, done.previews) == (3, 3, False)
    assert library.resealing.pending().begun
    assert len(set(library.vault.blobs.ids())) == 6
    assert checking.verify(library.vault).orphans == 0
    other.close()
    assert library.resealing.run().previews
    assert set(library.vault.blobs.ids()) == objects(library).keys()
    assert len(library.previews(items)) == 3


def test_opening_an_item_while_it_is_replaced(
    library: Library, items: list[ItemId], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The row is read, and everything is sealed again before the blob is opened.
    whole = originals(library, items)
    found, opening = threading.Event(), library.vault.blobs.open
    sealing = threading.Thread(target=library.resealing.run)

    def slowly(sealed):
        if not found.is_set():
            found.set()
            sealing.start()
            sealing.join(0.3)
        return opening(sealed)

    monkeypatch.setattr(library.vault.blobs, "open", slowly)
    assert originals(library, items) == whole
    sealing.join()


def test_a_full_disk_stops_it_and_costs_nothing(library: Library, items: list[ItemId], at) -> None:
    def full() -> None:
        raise Environment("disk-full", path="x")

    whole = originals(library, items)
    at("blob.fsynced", full)
    with pytest.raises(Environment, match="disk-full"):
        library.resealing.run()
    assert set(library.vault.blobs.ids()) == objects(library).keys()
    assert library.vault.blobs.leftovers() == []
    assert originals(library, items) == whole


def test_a_duplicate_is_still_found(library: Library, items: list[ItemId], tmp_path: Path) -> None:
    library.resealing.run()
    results: list[ImportResult] = []
    import_paths(library.vault, StandIn(), [tmp_path / "in"], report=results.append, workers=1)
    assert {one.id for one in results} == set(items)


def test_previews_that_cannot_be_put_in_their_place_are_made_anew(
    library: Library, items: list[ItemId], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path.name.startswith("previews"):
            raise OSError(errno.EROFS, "read-only")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refusing)
        with pytest.raises(Environment, match="not-writable"):
            library.resealing.run()
    assert library.previews(items) == {}
    assert not library.resealing.pending().anything
    library.vault.previews.put(items[0], b"a preview")
    assert library.preview(items[0]) == b"a preview"


def test_what_a_copy_of_the_previews_left_is_swept(library: Library) -> None:
    for name in ("previews.db.part", "previews.db.part-journal"):
        (library.vault.path / name).write_bytes(b"half")
    assert checking.sweep(library.vault) == 2
    assert not list(library.vault.path.glob("*.part*"))
