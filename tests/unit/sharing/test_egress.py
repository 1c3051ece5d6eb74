"""The one exit: in the record before the first byte, and never a damaged or half copy."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.audit.copies import CopyState
from lighttight.audit.reading import Record
from lighttight.errors import Cancelled, Environment, Integrity, Refused
from lighttight.files import failpoints, target
from lighttight.model import ItemId
from lighttight.progress import Watched
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sharing.egress import Egress
from lighttight.vault.vault import Vault
from tests.support.objects import add_object, flip
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

NAMES = (
    "../../escape.jpg",
    "/etc/passwd",
    "..",
    "a\nb.jpg",
    "CON.jpg",
    "\u202egpj.exe",
    "x" * 400 + ".jpg",
    ".hidden",
    "-rf",
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(tmp_path: Path, store: MemoryStore) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", store).vault
    yield vault
    vault.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "usb"
    folder.mkdir()
    return folder


@pytest.fixture
def pictures(vault: Vault) -> list[ItemId]:
    return [add_object(vault, os.urandom(30_000), f"{number}.jpg")[0] for number in range(3)]


def outcomes(vault: Vault) -> list[tuple[str, int]]:
    found = Record(vault).entries(kinds=frozenset({EntryKind.EXPORT_FINISHED}))
    return [(str(one.values[Field.RESULT]), int(str(one.values[Field.COUNT]))) for one in found]


def states(vault: Vault, items: list[ItemId]) -> list[set[CopyState]]:
    return [{copy.state for copy in Record(vault).copies_of(item)} for item in items]


class TestNothingLeaves:
    def test_when_the_catalog_was_changed_from_outside(
        self, vault: Vault, folder: Path, pictures: list[ItemId]
    ) -> None:
        vault.catalog._writer.execute("UPDATE items SET name = 'other'")
        with pytest.raises(Integrity, match="state-differs"):
            Egress(vault).export_originals(pictures, folder, screen="test")
        assert list(folder.iterdir()) == []

    def test_when_the_anchor_cannot_be_written(
        self, vault: Vault, folder: Path, pictures: list[ItemId], store: MemoryStore
    ) -> None:
        store.memory.broken = "keyring-locked"
        with pytest.raises(Environment, match="keyring-locked"):
            Egress(vault).export_originals(pictures, folder, screen="test")
        assert list(folder.iterdir()) == []
        assert states(vault, pictures) == [set(), set(), set()]

    def test_unless_the_owner_says_so_and_then_it_is_recorded(
        self, vault: Vault, folder: Path, pictures: list[ItemId], store: MemoryStore
    ) -> None:
        store.memory.broken = "keyring-locked"
        Egress(vault).export_originals(pictures, folder, screen="test", without_anchor=True)
        kinds = {one.kind for one in Record(vault).entries()}
        assert EntryKind.ANCHOR_OVERRIDDEN in kinds
        assert len(list(folder.iterdir())) == 3

    @pytest.mark.parametrize(
        ("place", "code"),
        [("missing", "folder-missing"), ("v", "folder-inside"), ("v/blobs", "folder-inside")],
    )
    def test_into_a_folder_that_will_not_do(
        self, vault: Vault, tmp_path: Path, pictures: list[ItemId], place: str, code: str
    ) -> None:
        with pytest.raises(Refused, match=code):
            Egress(vault).export_originals(pictures, tmp_path / place, screen="test")
        assert outcomes(vault) == []

    def test_when_nothing_was_chosen(self, vault: Vault, folder: Path) -> None:
        with pytest.raises(Refused, match="export-nothing"):
            Egress(vault).export_originals([], folder, screen="test")


class TestWhatLeaves:
    def test_the_intent_is_durable_before_the_first_byte(
        self, vault: Vault, folder: Path, pictures: list[ItemId]
    ) -> None:
        seen: list[tuple[int, list[str]]] = []

        def look(name: str) -> None:
            if name == "target.created":
                rows = vault.catalog.query(
                    "SELECT count(*) FROM entries WHERE kind = ?",
                    (EntryKind.EXPORT_INTENDED.number,),
                )
                seen.append((rows[0][0], [one.name for one in folder.iterdir()]))

        failpoints.arm(look)
        try:
            Egress(vault).export_originals(pictures[:1], folder, screen="test")
        finally:
            failpoints.disarm()
        assert seen == [(1, [])]

    def test_it_is_byte_for_byte_the_original(self, vault: Vault, folder: Path) -> None:
        data = os.urandom(3_000_000)
        item, _ = add_object(vault, data, "lake.jpg")
        done = Egress(vault).export_originals([item, item], folder, screen="test")
        assert [one.path for one in done] == [folder / "lake.jpg"]
        assert (folder / "lake.jpg").read_bytes() == data
        assert (folder / "lake.jpg").stat().st_mode & 0o077 == 0
        assert outcomes(vault) == [("done", 1)]
        assert states(vault, [item]) == [{CopyState.LEFT}]

    def test_nothing_there_is_replaced(self, vault: Vault, folder: Path) -> None:
        (folder / "lake.jpg").write_bytes(b"mine")
        (folder / "lake (2).jpg").symlink_to(folder / "elsewhere")
        item, _ = add_object(vault, b"new" * 10_000, "lake.jpg")
        done = Egress(vault).export_originals([item], folder, screen="test")
        assert done[0].path == folder / "lake (3).jpg"
        assert (folder / "lake.jpg").read_bytes() == b"mine"
        assert not (folder / "elsewhere").exists()

    @pytest.mark.parametrize("name", NAMES)
    def test_a_hostile_name_stays_inside(self, vault: Vault, folder: Path, name: str) -> None:
        item, _ = add_object(vault, b"data" * 100, name)
        done = Egress(vault).export_originals([item], folder, screen="test")
        assert done[0].path is not None
        assert [done[0].path] == list(folder.iterdir())

    def test_a_damaged_one_is_reported_and_the_others_go_on(
        self, vault: Vault, folder: Path, pictures: list[ItemId]
    ) -> None:
        bad, sealed = add_object(vault, os.urandom(90_000), "bad.jpg")
        path = vault.blobs.path(sealed.id)
        flip(path)
        done = Egress(vault).export_originals([bad, *pictures], folder, screen="test")
        assert [one.error.code if one.error else None for one in done] == [
            "blob-damaged",
            *([None] * 3),
        ]
        assert sorted(one.name for one in folder.iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]
        assert outcomes(vault) == [("failed", 3)]
        assert states(vault, [bad, *pictures]) == [set(), *([{CopyState.LEFT}] * 3)]

    def test_cancelling_says_what_had_left(
        self, vault: Vault, folder: Path, pictures: list[ItemId]
    ) -> None:
        progress = Watched()
        with pytest.raises(Cancelled):
            Egress(vault).export_originals(
                pictures,
                folder,
                screen="test",
                progress=progress,
                report=lambda _: progress.cancel(),
            )
        assert [one.name for one in folder.iterdir()] == ["0.jpg"]
        assert outcomes(vault) == [("cancelled", 1)]
        assert states(vault, pictures) == [{CopyState.LEFT}, set(), set()]

    def test_a_full_disk_stops_and_leaves_no_half_file(
        self,
        vault: Vault,
        folder: Path,
        pictures: list[ItemId],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        real = os.write
        room = 40_000

        def write(fd: int, data: bytes) -> int:
            nonlocal room
            room -= len(data)
            if room < 0:
                raise OSError(28, "no space")
            return real(fd, data)

        monkeypatch.setattr("lighttight.files.durable.os.write", write)
        with pytest.raises(Environment, match="disk-full"):
            Egress(vault).export_originals(pictures, folder, screen="test")
        assert [one.name for one in folder.iterdir()] == ["0.jpg"]
        assert outcomes(vault) == [("failed", 1)]


def test_a_copy_that_failed_and_cannot_be_taken_back_counts_as_left(
    vault: Vault, folder: Path, pictures: list[ItemId], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "no more writing")

    unlink = os.unlink
    monkeypatch.setattr(target, "sync_directory_fd", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(Environment):
        Egress(vault).export_originals(pictures[:1], folder, screen="test")
    monkeypatch.setattr(os, "unlink", unlink)
    assert [one.name for one in folder.iterdir()] == ["0.jpg"]
    assert states(vault, pictures[:1]) == [{CopyState.LEFT}]
