"""Two files, of which one is whole at every moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lighttight.errors import Environment, Integrity, Refused
from lighttight.sealed.header import LIMIT
from lighttight.vault import header_files
from tests.support.objects import flip
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, make_vault
from tests.unit.conftest import At

BOTH = ("header", "header.copy")


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Two of one vault, the older first."""
    path = tmp_path_factory.mktemp("headers") / "v"
    vault = make_vault(path, MemoryStore(), KEYRING).vault
    older = vault.header_data
    with vault.catalog.writing():
        vault.replace_header(vault.header.slots, vault.header.catalog, vault.master)
    newer = vault.header_data
    vault.close()
    return older, newer


@pytest.fixture
def place(tmp_path: Path, headers: tuple[bytes, bytes]) -> Path:
    header_files.write(tmp_path, headers[0])
    return tmp_path


def bad_sector(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    whole = header_files.read_bounded

    def failing(path: Path, limit: int) -> bytes:
        if path.name in names:
            raise Environment("disk-failed", path=str(path))
        return whole(path, limit)

    monkeypatch.setattr(header_files, "read_bounded", failing)


def test_the_copy_is_replaced_first(place: Path, headers: tuple[bytes, bytes], at: At) -> None:
    seen: list[bytes] = []
    at("header.between", lambda: seen.extend((place / name).read_bytes() for name in BOTH))
    header_files.write(place, headers[1])
    assert seen == list(headers)
    assert [(place / name).read_bytes() for name in BOTH] == [headers[1], headers[1]]
    assert sorted(one.name for one in place.iterdir()) == sorted(BOTH)


@pytest.mark.parametrize("name", BOTH)
def test_a_folder_in_the_place_of_one_changes_neither(
    place: Path, headers: tuple[bytes, bytes], name: str
) -> None:
    other = next(one for one in BOTH if one != name)
    (place / name).unlink()
    (place / name).mkdir()
    with pytest.raises(Refused, match="vault-has-other"):
        header_files.write(place, headers[1])
    assert (place / other).read_bytes() == headers[0]


@pytest.mark.parametrize("name", BOTH)
def test_a_link_in_the_place_of_one_is_replaced_and_not_followed(
    place: Path, headers: tuple[bytes, bytes], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine = tmp_path_factory.mktemp("mine")
    (place / name).unlink()
    (place / name).symlink_to(mine)
    assert header_files.read(place).data == headers[0]
    assert header_files.differ(place)
    header_files.write(place, headers[1])
    assert not (place / name).is_symlink()
    assert not list(mine.iterdir())


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("harm", ["missing", "flipped", "oversized", "pipe", "bad sector"])
def test_one_of_the_two_is_enough(
    place: Path,
    headers: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    harm: str,
) -> None:
    path = place / name
    match harm:
        case "flipped":
            flip(path, 40)
        case "oversized":
            path.write_bytes(headers[0] + bytes(LIMIT))
        case "bad sector":
            bad_sector(monkeypatch, name)
        case _:
            path.unlink()
    if harm == "pipe":
        os.mkfifo(path)
    found = header_files.read(place)
    assert found.data == headers[0]
    assert header_files.differ(place)
    assert not header_files.are(place, headers[0])
    assert header_files.exist(place)


@pytest.mark.parametrize("name", BOTH)
def test_of_two_whole_ones_the_newer_is_in_force(
    place: Path, headers: tuple[bytes, bytes], name: str
) -> None:
    (place / name).write_bytes(headers[1])
    assert header_files.read(place).data == headers[1]
    assert header_files.differ(place)
    assert not header_files.are(place, headers[1])


def test_two_that_are_the_same_have_nothing_to_mend(
    place: Path, headers: tuple[bytes, bytes]
) -> None:
    assert not header_files.differ(place)
    assert header_files.are(place, headers[0])
    assert not header_files.are(place, headers[1])


def test_two_that_are_damaged_the_same_way_are_damaged(place: Path) -> None:
    for name in BOTH:
        flip(place / name, 40)
    with pytest.raises(Integrity, match="header-damaged"):
        header_files.read(place)
    assert header_files.exist(place)


def test_without_either_it_is_no_vault_and_something_is_to_be_mended(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not-a-vault"):
        header_files.read(tmp_path)
    assert header_files.differ(tmp_path)
    assert not header_files.exist(tmp_path)
    with pytest.raises(Refused, match="vault-missing"):
        header_files.read(tmp_path / "nowhere")


def test_two_on_bad_sectors_are_a_failing_disk(
    place: Path, headers: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad_sector(monkeypatch, *BOTH)
    with pytest.raises(Environment, match="disk-failed"):
        header_files.read(place)
    assert header_files.differ(place)
    assert not header_files.are(place, headers[0])


def test_asking_a_dead_disk_whether_one_is_there_does_not_raise(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(_: Path) -> bool:
        raise OSError

    monkeypatch.setattr(Path, "exists", dead)
    assert not header_files.exist(place)
