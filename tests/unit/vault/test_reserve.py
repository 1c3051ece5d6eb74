"""A megabyte for a full disk: made where there is room, given back once, in nobody's way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lighttight.errors import Environment
from lighttight.vault import reserve
from lighttight.vault import vault as opening
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore

ENOUGH = reserve.SIZE + reserve.AMPLE


@pytest.fixture
def place(vault: Vault) -> Path:
    """Of the reserve of a vault that was closed."""
    vault.close()
    return vault.path / "reserve"


def free(monkeypatch: pytest.MonkeyPatch, octets: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=octets))


def full(monkeypatch: pytest.MonkeyPatch, times: int) -> Callable[[], int]:
    """The disk is full the first few times that something is opened; answers how often that was."""
    real = opening._open_vault
    tries: list[int] = []

    def attempt(path: Path, *more: object) -> Vault:
        tries.append(1)
        if len(tries) <= times:
            raise Environment("disk-full", path="x")
        assert not (path / "reserve").exists()
        return real(path, *more)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(opening, "_open_vault", attempt)
    return lambda: len(tries)


def test_a_new_vault_has_one_for_the_owner_alone(place: Path) -> None:
    found = place.stat()
    assert (found.st_size, found.st_mode & 0o777) == (1 << 20, 0o600)
    assert found.st_blocks * 512 >= 1 << 20, "a file with holes keeps no room"
    assert len(set(place.read_bytes())) == 256, "and one of zeros none where disks compress"


def test_one_that_was_not_finished_goes_at_once(place: Path) -> None:
    """Also in a vault that was just restored, where the sweep spares everything for a month."""
    place.unlink()
    unfinished = place.with_name("reserve.0011aabb.part")
    unfinished.write_bytes(b"x")
    reserve.keep(place.parent)
    assert [one.name for one in place.parent.glob("reserve*")] == ["reserve"]


def test_a_full_disk_gets_it_back_and_is_tried_once_more(
    place: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, ENOUGH - 1)
    tries = full(monkeypatch, 1)
    opened = open_vault(place.parent, Offer(), store)
    assert opened.used_reserve
    opened.close()
    assert tries() == 2
    assert not place.exists(), "another would take the room for it again"


def test_where_that_is_not_enough_it_says_how_much_is(
    place: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 0)
    tries = full(monkeypatch, 9)
    for count in (2, 3):
        with pytest.raises(Environment, match="vault-disk-full") as caught:
            open_vault(place.parent, Offer(), store)
        assert caught.value.facts == {"path": str(place.parent), "needed": 1 << 20}
        assert tries() == count, "without one, once is enough"


@pytest.mark.parametrize("octets", [ENOUGH - 1, ENOUGH])
def test_it_is_made_again_where_there_is_ample_room(
    place: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, octets: int
) -> None:
    place.unlink()
    free(monkeypatch, octets)
    opened = open_vault(place.parent, Offer(), store)
    assert not opened.used_reserve, "there was none to use"
    opened.close()
    assert place.exists() == (octets == ENOUGH)
    assert sorted(one.name for one in place.parent.glob("*.part")) == []


def test_what_stands_in_its_place_is_left_alone_and_stops_nothing(
    place: Path, store: MemoryStore, tmp_path: Path
) -> None:
    place.unlink()
    (tmp_path / "mine").write_bytes(b"mine")
    place.symlink_to(tmp_path / "mine")
    open_vault(place.parent, Offer(), store).close()
    assert reserve.give_back(place.parent)
    assert (tmp_path / "mine").read_bytes() == b"mine"
    place.mkdir()
    open_vault(place.parent, Offer(), store).close()
    assert not reserve.give_back(place.parent)


def test_that_it_cannot_be_made_stops_nothing(
    place: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.unlink()

    def fail(*more: object) -> None:
        raise Environment("disk-full")

    monkeypatch.setattr(reserve, "write_durably", fail)
    open_vault(place.parent, Offer(), store).close()
    assert not place.exists()
