"""Blobs: written in order, read back, and refused when a byte is not what it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lighttight.errors import Cancelled, Environment, Integrity, LighttightError
from lighttight.model import VaultId
from lighttight.sealed.padme import padme
from lighttight.vault.blobs import BUFFER, BlobStore, SealedObject
from tests.support.objects import Bytes

VAULT = VaultId("ab" * 16)


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    (tmp_path / "blobs").mkdir()
    return BlobStore(tmp_path / "blobs", VAULT)


def files(store: BlobStore) -> list[str]:
    return [*store.ids(), *(path.name for path in store.leftovers())]


def save(store: BlobStore, data: bytes) -> SealedObject:
    return store.write(Bytes(data), watch=lambda _: None)


def test_nothing_stays_when_what_came_back_is_not_taken(store: BlobStore) -> None:
    def refuse(part: memoryview) -> None:
        raise Environment("disk-error")

    with pytest.raises(Environment, match="disk-error"):
        store.write(Bytes(os.urandom(3 * BUFFER)), watch=lambda _: None, read_back=refuse)
    assert files(store) == []


@pytest.mark.parametrize(
    "size", [0, 1, 2, 16_383, 16_384, 16_385, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER + 77]
)
def test_what_went_in_comes_out_both_ways(store: BlobStore, size: int) -> None:
    data = os.urandom(size)
    seen: list[bytes] = []
    back: list[bytes] = []
    sealed = store.write(
        Bytes(data),
        watch=lambda part: seen.append(bytes(part)),
        read_back=lambda part: back.append(bytes(part)),
    )
    assert b"".join(seen) == data
    assert b"".join(back) == data
    assert b"".join(bytes(part) for part in store.stream(sealed)) == data
    with store.open(sealed) as reader:
        assert reader.size == size
        assert reader.read(0, size + 1) == data
        assert reader.read(size // 2, 10) == data[size // 2 :][:10]
        assert reader.read(size, 1) == b""
    assert store.path(sealed.id).stat().st_size == sealed.sealed


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (flip, "blob-damaged"),
        (lambda data: data[:-1], "blob-damaged"),
        (lambda data: data + b"\0", "blob-damaged"),
        (lambda data: data[: 56 + 16_400], "blob-damaged"),
        (lambda _: b"", "blob-damaged"),
    ],
)
def test_damage_is_refused_both_ways(
    store: BlobStore, change: Callable[[bytes], bytes], code: str
) -> None:
    sealed = save(store, os.urandom(50_000))
    path = store.path(sealed.id)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Integrity, match=code):
        store.verify(sealed)
    with pytest.raises(Integrity, match=code), store.open(sealed) as reader:
        reader.read(0, 50_000)


def test_a_swapped_blob_is_refused(store: BlobStore) -> None:
    first, second = save(store, b"a" * 1000), save(store, b"b" * 1000)
    one, other = store.path(first.id), store.path(second.id)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    for sealed in (first, second):
        with pytest.raises(Integrity, match="blob-damaged"):
            store.verify(sealed)


def test_a_missing_blob_is_named_missing(store: BlobStore) -> None:
    sealed = save(store, b"a")
    store.remove(sealed.id)
    store.remove(sealed.id)
    for act in (store.verify, store.present, store.open):
        with pytest.raises(Integrity, match="blob-missing"):
            act(sealed)


def test_a_vault_that_is_away_has_lost_nothing(store: BlobStore, tmp_path: Path) -> None:
    sealed = save(store, b"a")
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    try:
        for act in (store.verify, store.present, store.open):
            with pytest.raises(Environment, match="vault-gone"):
                act(sealed)
    finally:
        away.rename(tmp_path)
    shutil.rmtree(tmp_path / "blobs")
    for act in (store.verify, store.present, store.open):
        with pytest.raises(Integrity, match="blob-missing"):
            act(sealed)


class Failing:
    """A source that fails, ends early, or goes on, at the second buffer."""

    size = 3 * BUFFER

    def __init__(self, answer: Callable[[], bytes]) -> None:
        self._answer = answer

    def read_into(self, offset: int, buffer: memoryview) -> int:
        if offset >= BUFFER:
            return len(self._answer())
        buffer[:] = os.urandom(len(buffer))
        return len(buffer)


def unreadable() -> bytes:
    raise Environment("file-unreadable")


@pytest.mark.parametrize("answer", [unreadable, lambda: b""])
def test_a_source_that_fails_leaves_nothing(store: BlobStore, answer: Callable[[], bytes]) -> None:
    with pytest.raises(LighttightError):
        store.write(Failing(answer), watch=lambda _: None)
    assert files(store) == []


class Stopping:
    """A progress whose person cancels once `limit` bytes were reported."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def step(self, done: int, total: int | None = None) -> None:
        assert total == 6 * BUFFER
        if done >= self._limit:
            raise Cancelled


@pytest.mark.parametrize("stop_at", [1, BUFFER + 1, 3 * BUFFER, 3 * BUFFER + 1, 5 * BUFFER])
def test_cancelling_leaves_nothing_at_any_step(store: BlobStore, stop_at: int) -> None:
    data = Bytes(os.urandom(3 * BUFFER))
    with pytest.raises(Cancelled):
        store.write(data, watch=lambda _: None, progress=Stopping(stop_at))
    assert files(store) == []


def test_a_full_disk_leaves_nothing(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0
    real = os.write

    def write(fd: int, data: bytes) -> int:
        nonlocal written
        written += len(data)
        if written > 2 * BUFFER:
            raise OSError(28, "no space")
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(Environment, match="disk-full"):
        save(store, os.urandom(4 * BUFFER))
    assert files(store) == []


def test_no_key_or_salt_is_used_twice(store: BlobStore) -> None:
    made = [save(store, b"same") for _ in range(50)]
    assert len({sealed.key for sealed in made}) == 50
    assert len({store.path(sealed.id).read_bytes()[:24] for sealed in made}) == 50
    assert made[0].key.hex() not in repr(made[0])
    assert str(made[0].key) not in repr(made[0])


def test_sizes_on_disk_are_rounded(store: BlobStore) -> None:
    assert save(store, bytes(1_000_001)).sealed == save(store, bytes(1_015_807)).sealed
    assert padme(1_000_001) == padme(1_015_807)


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "notes.part", "AB" * 16, "cd" * 16])
def test_what_others_put_between_the_blobs_is_left_alone(store: BlobStore, name: str) -> None:
    # File managers and sync programs leave files of their own everywhere.
    folder = store.path(save(store, b"picture").id).parent
    foreign = folder.with_name("ab") / name
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_bytes(b"not ours")
    assert foreign.name not in files(store)
    assert foreign not in store.unnamed(set)
