"""A creation that was interrupted: the next one there begins anew, and takes nothing else."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import apsw
import pytest

from lighttight.errors import Environment, Refused
from lighttight.vault import catalog, checking, creating, header_files
from lighttight.vault.creating import create
from lighttight.vault.lock_file import VaultLock
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, make_vault, reopen
from tests.unit.vault.conftest import At


class Crash(Exception):
    pass


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "v"


def interrupted(place: Path, store: MemoryStore, at: At, point: str) -> None:
    """What a kill at `point` leaves: an exception would tidy up."""
    aside, items = place.with_name("aside"), dict[tuple[str, str], str]()

    def keep() -> None:
        shutil.copytree(place, aside)
        items.update(store.memory.items)
        raise Crash

    at(point, keep)
    with pytest.raises(Crash):
        make_vault(place, store, KEYRING)
    assert not place.exists()
    assert not store.memory.items
    aside.rename(place)
    store.memory.items.update(items)


@pytest.mark.parametrize("point", ["files.created", "create.marked", "create.before-header"])
def test_the_next_one_in_the_same_place_goes_on(
    place: Path, store: MemoryStore, at: At, point: str
) -> None:
    interrupted(place, store, at, point)
    vault = make_vault(place, store, KEYRING).vault
    names = {name for _, name in store.memory.items}
    assert names == {f"{vault.id}/{vault.slots[0].id}", f"{vault.id}/anchor"}
    assert not list(place.glob("*.part"))
    reopen(vault).close()


@pytest.mark.parametrize(
    "precious", ["header", "header.copy", "blobs/ab/x", "blobs/ab", "catalog.2.db", "holiday.jpg"]
)
def test_what_is_not_left_over_stays(
    place: Path, store: MemoryStore, at: At, precious: str
) -> None:
    interrupted(place, store, at, "create.before-header")
    path = place / precious
    if precious == "blobs/ab":
        path.mkdir()
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    before = sorted(place.rglob("*"))
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert sorted(place.rglob("*")) == before


def test_a_catalog_without_the_mark_is_not_removed(place: Path, store: MemoryStore, at: At) -> None:
    # All that is left of a library perhaps; the header that opens it may be in a backup.
    interrupted(place, store, at, "create.before-header")
    (place / "creating.part").unlink()
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert (place / "catalog.1.db").exists()


def test_a_creation_that_is_under_way_is_not_cleared(
    place: Path, store: MemoryStore, at: At
) -> None:
    interrupted(place, store, at, "create.before-header")
    other = VaultLock(place)
    other.exclusive()
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert (place / "catalog.1.db").exists()
    other.release()


def test_one_that_was_just_made_and_is_open_is_not_cleared(
    place: Path, store: MemoryStore, at: At
) -> None:
    interrupted(place, store, at, "create.before-header")
    other = VaultLock(place)
    other.shared()
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert (place / "catalog.1.db").exists()
    other.release()


def test_what_came_before_the_lock_was_held_stays(
    place: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    exclusive = VaultLock.exclusive

    def late(lock: VaultLock, *, timeout: float) -> None:
        (place / "header").write_bytes(b"of somebody who was quicker")
        exclusive(lock, timeout=timeout)

    monkeypatch.setattr(VaultLock, "exclusive", late)
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert (place / "header").read_bytes() == b"of somebody who was quicker"


def test_a_planted_mark_deletes_no_keys_of_a_living_vault(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    vault.add_way(KEYRING)  # what it announced stands in the keyring until the next opening
    before = dict(store.memory.items)
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "creating.part").write_text(vault.id)
    make_vault(planted, store, KEYRING).vault.close()
    assert before.items() <= store.memory.items.items()


def test_what_a_crash_behind_the_header_left_is_swept(
    place: Path, store: MemoryStore, at: At
) -> None:
    interrupted(place, store, at, "header.written")
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    vault = open_vault(place, Offer(), store)
    creating_part = place / "creating.part"
    assert creating_part.exists()
    assert checking.sweep(vault) == 1
    assert not creating_part.exists()
    vault.close()
    assert len(store.memory.items) == 2


def test_an_error_at_the_header_closes_the_catalog(
    place: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[apsw.Connection] = []
    connect = catalog.connect

    def kept(path: Path, key: bytes, *, create: bool = False) -> apsw.Connection:
        made.append(connect(path, key, create=create))
        return made[-1]

    def full(vault: Path, data: bytes) -> None:
        raise Environment("disk-full", path=str(vault))

    monkeypatch.setattr(catalog, "connect", kept)
    monkeypatch.setattr(header_files, "write", full)
    with pytest.raises(Environment, match="disk-full"):
        create(place, "Home", (KEYRING,), store)
    assert made
    for database in made:
        with pytest.raises(apsw.ConnectionClosedError):
            database.execute("SELECT 1")
    assert not place.exists()


def test_a_disk_that_takes_nothing_away_is_named(
    place: Path, store: MemoryStore, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(place, store, at, "create.before-header")

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "no more writing")

    monkeypatch.setattr(creating.Path, "unlink", refuse)
    with pytest.raises(Environment, match="not-writable"):
        make_vault(place, store, KEYRING)


def test_without_a_way_in_nothing_is_made(place: Path, store: MemoryStore) -> None:
    with pytest.raises(Refused, match="way-in-missing"):
        create(place, "Home", (), store)
    assert not place.exists()


def test_a_file_in_the_place_stays(place: Path, store: MemoryStore) -> None:
    place.write_bytes(b"mine")
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert place.read_bytes() == b"mine"


def test_a_folder_of_somebody_elses_is_not_touched_at_all(place: Path, store: MemoryStore) -> None:
    place.mkdir(mode=0o755)
    (place / "holiday.jpg").write_bytes(b"mine")
    mode = place.stat().st_mode
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert [one.name for one in place.iterdir()] == ["holiday.jpg"]
    assert place.stat().st_mode == mode


@pytest.mark.parametrize("name", ["blobs", "previews.db"])
def test_a_link_among_what_is_left_over_is_not_followed(
    place: Path, store: MemoryStore, at: At, tmp_path: Path, name: str
) -> None:
    interrupted(place, store, at, "create.marked")
    (tmp_path / "mine").mkdir()
    (place / name).symlink_to(tmp_path / "mine")
    with pytest.raises(Refused, match="path-exists"):
        make_vault(place, store, KEYRING)
    assert (place / name).is_symlink()


def test_one_that_was_made_can_be_opened_beside(place: Path, store: MemoryStore) -> None:
    vault = make_vault(place, store, KEYRING).vault
    open_vault(place, Offer(), store).close()
    vault.close()


def test_a_folder_that_was_there_stays_after_an_error(
    place: Path, store: MemoryStore, at: At
) -> None:
    def crash() -> None:
        raise Crash

    place.mkdir()
    at("create.before-header", crash)
    with pytest.raises(Crash):
        make_vault(place, store, KEYRING)
    assert place.is_dir()
    assert not list(place.iterdir())
    assert place.stat().st_mode & 0o077 == 0
    make_vault(place, store, KEYRING).vault.close()


@pytest.mark.parametrize("inside", ["sub", "blobs/zz", "blobs/aa/new.lighttight"])
@pytest.mark.parametrize("link", [False, True])
def test_inside_another_vault_nothing_is_made(
    place: Path, store: MemoryStore, inside: str, link: bool
) -> None:
    make_vault(place, store, KEYRING).vault.close()
    before, items = sorted(place.rglob("*")), dict(store.memory.items)
    named = place
    if link:
        named = place.with_name("link")
        named.symlink_to(place)
    with pytest.raises(Refused, match="place-inside"):
        make_vault(named / inside, store, KEYRING)
    assert sorted(place.rglob("*")) == before
    assert store.memory.items == items


def test_a_folder_called_header_is_no_vault(place: Path, store: MemoryStore) -> None:
    (place / "header").mkdir(parents=True)
    make_vault(place / "new", store, KEYRING).vault.close()
