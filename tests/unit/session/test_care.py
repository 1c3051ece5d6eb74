"""The doctor finishes what was interrupted, mends what has a second copy, and names the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.errors import Integrity
from lighttight.library.importing import import_paths
from lighttight.library.library import Library
from lighttight.model import ItemId, ObjectId
from lighttight.session import Offer, Session, create_session, open_session
from lighttight.vault import checking
from lighttight.vault.catalog import PAGE, Catalog, State
from tests.support import media_files
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    store = MemoryStore()
    session = create_session(tmp_path / "v", "Home", (KEYRING,), store).session
    yield session
    session.lock()


def bring_in(session: Session, folder: Path, count: int = 2) -> list[ItemId]:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(media_files.jpeg(size=(64 + number, 48)))
    import_paths(session.vault, session.decoder, [folder])
    return [item.id for item in session.library.items()]


def test_lost_previews_are_made_again(session: Session, tmp_path: Path) -> None:
    items = bring_in(session, tmp_path / "in")
    session.vault.previews.remove(items)
    assert session.care.doctor().previews == 2
    assert all(session.library.preview(item) for item in items)
    assert session.care.doctor().previews == 0


def test_a_deleted_preview_store_comes_back(session: Session, tmp_path: Path) -> None:
    items = bring_in(session, tmp_path / "in")
    path, store = session.vault.path, session.vault.store
    session.lock()
    for one in path.glob("previews.db*"):
        one.write_bytes(b"not a database")
    with open_session(path, Offer(), store) as again:
        assert again.library.preview(items[0]) is None
        assert again.care.make_previews() == 2
        assert again.library.preview(items[0]) is not None


def test_damage_is_named_and_does_not_stop_the_rest(session: Session, tmp_path: Path) -> None:
    items = bring_in(session, tmp_path / "in")
    sealed = next(session.vault.blobs.ids())
    path = session.vault.blobs.path(sealed)
    path.write_bytes(path.read_bytes()[:-1])
    session.vault.previews.remove(items)
    repaired = session.care.doctor()
    assert repaired.previews == 1
    assert [one.code for one in repaired.damage] == ["blob-damaged"]
    assert not repaired.sound


def test_settling_in_refuses_a_catalog_changed_from_outside(
    session: Session, tmp_path: Path
) -> None:
    bring_in(session, tmp_path / "in")
    session.vault.catalog._writer.execute("UPDATE items SET favourite = 1")
    with pytest.raises(Integrity, match="state-differs"):
        session.care.settle_in()


def test_the_record_is_checked_without_looking_at_any_file(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(session, tmp_path / "in")
    monkeypatch.setattr(session.vault, "blobs", None)
    before = len(session.record.entries())
    checked = session.care.verify_record()
    assert (checked.entries, checked.damage) == (before, ())


def test_a_readable_part_taken_away_from_outside_is_found(session: Session) -> None:
    session.vault.catalog._writer.execute("UPDATE fields SET salt = NULL, value = NULL")
    assert [one.code for one in session.care.verify_record().damage] == ["state-differs"]


@pytest.mark.parametrize("how", ["settle_in", "doctor", "sweep"])
def test_old_pages_put_back_do_not_make_a_picture_look_left_over(tmp_path: Path, how: str) -> None:
    store = MemoryStore()
    session = create_session(tmp_path / "v", "Home", (KEYRING,), store).session
    vault = session.vault
    add_object(vault, b"first")
    roots = vault.catalog.query(
        "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('items', 'objects') AND rootpage > 0"
    )
    assert vault.catalog.checkpoint()
    old = vault.catalog.path.read_bytes()
    _, sealed = add_object(vault, b"second")
    newest = vault.blobs.path(sealed.id)
    session.lock()
    changed = bytearray(vault.catalog.path.read_bytes())
    for (root,) in roots:
        at = slice((root - 1) * PAGE, root * PAGE)
        changed[at] = old[at]
    vault.catalog.path.write_bytes(changed)
    with open_session(tmp_path / "v", Offer(), store) as again:
        assert again.library.count() == 1, "the newest is not seen"
        if how == "doctor":
            found = again.care.doctor()
            assert "state-differs" in {one.code for one in found.damage}
            assert (found.header, found.swept, found.previews) == (False, 0, 0)
        elif how == "sweep":
            with pytest.raises(Integrity, match="state-differs"):
                checking.sweep(again.vault)
        else:
            with pytest.raises(Integrity, match="state-differs"):
                again.care.settle_in()
    assert newest.exists()


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Catalog]:
    """Grows by one each time that every row is hashed."""
    seen: list[Catalog] = []
    recompute = Catalog.recompute

    def counted(self: Catalog) -> State:
        seen.append(self)
        return recompute(self)

    monkeypatch.setattr(Catalog, "recompute", counted)
    return seen


def test_an_opening_hashes_every_row_once(session: Session, hashed: list[Catalog]) -> None:
    add_object(session.vault, b"a picture")
    assert session.care.settle_in() == 0
    assert len(hashed) == 1


@pytest.mark.parametrize("table", ["items", "objects"])
def test_what_is_left_over_is_told_by_rows_that_were_hashed_at_that_moment(
    session: Session, hashed: list[Catalog], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    _, sealed = add_object(session.vault, b"a picture")
    session.lock()
    begin = Library.begin

    def put_back(library: Library) -> int:
        # Behind the sum's back, as an old page of the table does, after the opening has looked.
        library.vault.catalog._writer.pragma("foreign_keys", 0)
        library.vault.catalog._writer.execute(f"DELETE FROM {table}")
        return begin(library)

    monkeypatch.setattr(Library, "begin", put_back)
    with open_session(session.vault.path, Offer(), session.vault.store) as again:
        again.vault.blobs.path(ObjectId(sealed.id[:2] + "0" * 30)).write_bytes(b"left over")
        with pytest.raises(Integrity, match="state-differs"):
            again.care.settle_in()
        assert len(hashed) == 2
        assert again.vault.blobs.path(sealed.id).exists()


def test_an_old_index_makes_nothing_look_left_over(session: Session) -> None:
    _, sealed = add_object(session.vault, b"a picture")
    catalog = session.vault.catalog
    [(root,)] = catalog.query("SELECT rootpage FROM sqlite_schema WHERE name = 'items_object'")
    assert catalog.checkpoint()
    old = catalog.path.read_bytes()
    _, newest = add_object(session.vault, b"another")
    session.lock()
    at = slice((root - 1) * PAGE, root * PAGE)
    changed = bytearray(catalog.path.read_bytes())
    changed[at] = old[at]
    catalog.path.write_bytes(changed)
    with open_session(session.vault.path, Offer(), session.vault.store) as again:
        assert len(again.vault.catalog.query("SELECT object FROM items")) == 1
        again.vault.catalog.recompute()
        stray = again.vault.blobs.path(ObjectId(sealed.id[:2] + "0" * 30))
        stray.write_bytes(b"left over")
        assert checking.sweep(again.vault) == 1
        assert again.vault.blobs.path(newest.id).exists()
