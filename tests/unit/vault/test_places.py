"""Something else in the place of a vault's file: told, never waited for or written through."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lighttight.errors import LighttightError, Refused
from lighttight.vault import checking
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import reopen

VICTIM = b"somebody's own" * 500
BESIDE = ("-wal", "-shm", "-journal")
REFUSED = ("lock", "blobs", "catalog.1.db", *(f"catalog.1.db{one}" for one in BESIDE))
DISPENSABLE = ("header", "header.copy", "refused")
PREVIEWS = ("previews.db", *(f"previews.db{one}" for one in BESIDE))


def folder(place: Path, _: Path) -> None:
    place.mkdir()
    (place / "mine").write_bytes(VICTIM)


def link(place: Path, victim: Path) -> None:
    place.symlink_to(victim)


def dangling(place: Path, victim: Path) -> None:
    place.symlink_to(victim.with_name("nothing"))


def pipe(place: Path, _: Path) -> None:
    os.mkfifo(place)


def channel(place: Path, _: Path) -> None:
    before = Path.cwd()
    os.chdir(place.parent)  # such a name may have 100 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(place.name)
    finally:
        os.chdir(before)


KINDS = (folder, link, dangling, pipe, channel)
Plant = Callable[[Path, Path], None]


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "own"
    path.write_bytes(VICTIM)
    return path


def plant(vault: Vault, name: str, kind: Plant, victim: Path) -> Path:
    vault.close()
    place = vault.path / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    kind(place, victim)
    return place


def used(path: Path, store: MemoryStore) -> None:
    """Opened, looked through, added to, swept and locked."""
    vault = open_vault(path, Offer(), store)
    try:
        checking.verify(vault, deep=True)
        add_object(vault, b"a picture")
        checking.sweep(vault)
        checking.mend_header(vault)
    finally:
        vault.close()


def in_time(act: Callable[[], object]) -> LighttightError | None:
    """What `act` raised; fails where it waits for something that never comes."""
    raised: list[BaseException | None] = []

    def run() -> None:
        try:
            act()
            raised.append(None)
        except BaseException as error:  # noqa: BLE001  (looked at in the test's own thread)
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert raised, "it hangs"
    if raised[0] is not None and not isinstance(raised[0], LighttightError):
        raise raised[0]
    return raised[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_its_name(
    vault: Vault, store: MemoryStore, victim: Path, name: str, kind: Plant
) -> None:
    if (name, kind) == ("blobs", folder):
        return  # that is what belongs there
    place = plant(vault, name, kind, victim)
    error = in_time(lambda: used(vault.path, store))
    assert isinstance(error, Refused)
    assert error.code == ("vault-has-link" if kind in (link, dangling) else "vault-has-other")
    assert error.facts["path"] == str(place)
    assert os.path.lexists(place)
    assert victim.read_bytes() == VICTIM
    assert not victim.with_name("nothing").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*DISPENSABLE, *PREVIEWS])
def test_what_can_be_done_without_is_replaced_or_a_folder_named(
    vault: Vault, store: MemoryStore, victim: Path, name: str, kind: Plant
) -> None:
    place = plant(vault, name, kind, victim)
    error = in_time(lambda: used(vault.path, store))
    if kind is folder:
        assert (place / "mine").read_bytes() == VICTIM
        assert name == "refused" or (error is not None and error.code == "vault-has-other")
    else:
        assert error is None
        assert not place.is_symlink()
    assert victim.read_bytes() == VICTIM
    assert not victim.with_name("nothing").exists()


def test_a_pipe_in_the_place_of_a_blob_is_damage(
    vault: Vault, store: MemoryStore, victim: Path
) -> None:
    item, sealed = add_object(vault, b"a picture")
    place = plant(vault, f"blobs/{sealed.id[:2]}/{sealed.id}", pipe, victim)
    again = open_vault(vault.path, Offer(), store)
    found: list[checking.Report] = []
    assert in_time(lambda: found.append(checking.verify(again, deep=True))) is None
    assert found[0].damage == (checking.Damage("blob-damaged", item),)
    error = in_time(lambda: again.blobs.open(sealed))
    assert error is not None
    assert error.code == "blob-damaged"
    place.unlink()
    again.close()


def test_no_other_vault_is_swept_through_a_link(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    _, sealed = add_object(vault, b"a picture")
    blob = vault.blobs.path(sealed.id)
    again = reopen(vault)
    aside = tmp_path / "aside"
    (vault.path / "blobs").rename(aside)
    (vault.path / "blobs").symlink_to(aside)
    stray = aside / "ab" / ("ab" * 16)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"another vault's")
    with pytest.raises(Refused, match="vault-has-link"):
        checking.sweep(again)
    assert stray.exists()
    assert blob.exists()
    again.close()
