"""Blobs: sizes, errors, what is left in buffers, and reading from several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag

from lighttight.errors import Integrity, Refused
from lighttight.model import ObjectId, VaultId
from lighttight.sealed.blob import (
    CHUNK,
    OVERHEAD,
    SEALED_CHUNK,
    TAG,
    Opener,
    RandomReader,
    Sealer,
    blob_context,
    plain_size,
    sealed_size,
)
from lighttight.sealed.padme import padme

KEY = bytes(range(32))
CONTEXT = blob_context(VaultId("ab" * 16), ObjectId("cd" * 16))


def seal(plain: bytes) -> bytes:
    sealer = Sealer(KEY, CONTEXT)
    return sealer.update(plain) + sealer.finalize()


def random_reader(data: bytes, size: int) -> RandomReader:
    return RandomReader(KEY, CONTEXT, lambda at, count: data[at : at + count], len(data), size)


def test_context_as_specified() -> None:
    assert CONTEXT == b"lighttight/blob/v1\0" + b"\xab" * 16 + b"\xcd" * 16
    assert blob_context(VaultId("cd" * 16), ObjectId("ab" * 16)) != CONTEXT


# Sizes


IMPOSSIBLE = [
    *(-1, 0, 1, OVERHEAD - 1, OVERHEAD, OVERHEAD + TAG - 1),
    *(OVERHEAD + SEALED_CHUNK, OVERHEAD + SEALED_CHUNK + TAG - 1, OVERHEAD + 7 * SEALED_CHUNK),
]


@pytest.mark.parametrize("size", IMPOSSIBLE)
def test_impossible_sizes(size: int) -> None:
    with pytest.raises(Integrity, match="blob-damaged"):
        plain_size(size)


def test_sizes_are_inverse_and_the_rest_is_impossible() -> None:
    possible = {sealed_size(plain): plain for plain in range(3 * CHUNK + 3)}
    for sealed in range(max(possible) + 1):
        if sealed in possible:
            assert plain_size(sealed) == possible[sealed]
        else:
            with pytest.raises(Integrity):
                plain_size(sealed)


@pytest.mark.parametrize("plain", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_size_of_a_real_blob(plain: int) -> None:
    assert len(seal(bytes(plain))) == sealed_size(plain)


# Errors


@pytest.mark.parametrize("make", [Sealer, Opener])
@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_keys_of_another_size(make: Callable[[bytes, bytes], object], size: int) -> None:
    with pytest.raises(Integrity, match="key-damaged"):
        make(bytes(size), CONTEXT)


def test_a_failed_opener_stays_failed() -> None:
    data = bytearray(seal(bytes(CHUNK)))
    data[100] ^= 1
    for act in (
        lambda opener: opener.update(b""),
        lambda opener: opener.update_into(b"", bytearray(1)),
        lambda opener: opener.finalize(),
    ):
        opener = Opener(KEY, CONTEXT)
        with pytest.raises(Integrity, match="blob-damaged"):
            opener.update(data)
        with pytest.raises(Integrity, match="blob-damaged"):
            act(opener)


def test_a_failed_opener_wipes_what_it_wrote() -> None:
    """The library leaves unauthenticated plaintext in the buffer; seen here without `Opener`."""
    plain = os.urandom(2 * CHUNK)
    data = bytearray(seal(plain))
    data[OVERHEAD + SEALED_CHUNK + 7] ^= 1
    left = bytearray(b"\xee" * (3 * CHUNK))
    with pytest.raises(InvalidTag):
        Opener(KEY, CONTEXT)._decryptor.update_into(data, left)
    assert left[:CHUNK] == plain[:CHUNK]
    buffer = bytearray(b"\xee" * (3 * CHUNK))
    with pytest.raises(Integrity, match="blob-damaged"):
        Opener(KEY, CONTEXT).update_into(data, buffer)
    assert not any(buffer)


def test_a_buffer_that_is_too_small_is_a_mistake_and_changes_nothing() -> None:
    data = seal(bytes(CHUNK))
    opener = Opener(KEY, CONTEXT)
    with pytest.raises(ValueError, match="buffer"):
        opener.update_into(data, bytearray(CHUNK - 1))
    assert opener.update(data) + opener.finalize() == bytes(CHUNK)


@pytest.mark.parametrize("step", [1, 100, CHUNK, CHUNK + 1, 5 * CHUNK])
def test_the_documented_buffers_are_always_enough(step: int) -> None:
    plain = os.urandom(3 * CHUNK + 5 if step > 1 else 300)
    sealer = Sealer(KEY, CONTEXT)
    sealed = bytearray()
    buffer = bytearray(step + OVERHEAD + TAG * (step // CHUNK + 1) + CHUNK)
    for at in range(0, len(plain), step):
        sealed += buffer[: sealer.update_into(plain[at : at + step], buffer)]
    sealed += sealer.finalize()
    opener = Opener(KEY, CONTEXT)
    opened = bytearray()
    buffer = bytearray(step + CHUNK)
    for at in range(0, len(sealed), step):
        opened += buffer[: opener.update_into(sealed[at : at + step], buffer)]
    assert opened + opener.finalize() == plain


# Random access


def test_reader_keeps_within_the_original() -> None:
    size = CHUNK + 100
    plain = os.urandom(size)
    reader = random_reader(seal(plain.ljust(padme(size), b"\0")), size)
    assert reader.size == size
    assert reader.read(0, 10**12) == plain
    assert reader.read(size - 5, 100) == plain[-5:]
    for offset, count in ((size, 1), (size + 10**12, 1), (0, 0), (5, 0)):
        assert reader.read(offset, count) == b""


@pytest.mark.parametrize(("offset", "count"), [(-1, 1), (-1, 10), (0, -1), (5, -3)])
def test_ranges_that_no_file_has(offset: int, count: int) -> None:
    reader = random_reader(seal(bytes(100).ljust(padme(100), b"\0")), 100)
    with pytest.raises(Refused, match="range-refused"):
        reader.read(offset, count)


@pytest.mark.parametrize("fault", ["short", "long", "empty"])
@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_fetch_of_another_length(fault: str, call: int) -> None:
    """The file became shorter (or is another one) between two reads."""
    data = seal(os.urandom(4 * CHUNK))
    calls = 0

    def fetch(at: int, count: int) -> bytes:
        nonlocal calls
        calls += 1
        right = data[at : at + count]
        if calls - 1 != call:
            return right
        return {"short": right[:-1], "long": right + b"\0", "empty": b""}[fault]

    with pytest.raises(Integrity, match="blob-damaged"):
        RandomReader(KEY, CONTEXT, fetch, len(data), 4 * CHUNK).read(0, 5)


def test_errors_of_the_disk_pass_through() -> None:
    def fetch(at: int, count: int) -> bytes:
        raise OSError(5, "input/output error")

    with pytest.raises(OSError, match="input"):
        RandomReader(KEY, CONTEXT, fetch, sealed_size(0), 0)


def test_many_chunks_are_one_fetch() -> None:
    data = seal(bytes(64 * CHUNK))
    fetched: list[tuple[int, int]] = []

    def fetch(at: int, count: int) -> bytes:
        fetched.append((at, count))
        return data[at : at + count]

    reader = RandomReader(KEY, CONTEXT, fetch, len(data), 64 * CHUNK)
    assert fetched == [(0, OVERHEAD), (OVERHEAD + 64 * SEALED_CHUNK, TAG)]
    fetched.clear()
    reader.read(CHUNK - 1, 10 * CHUNK + 2)
    assert fetched == [(OVERHEAD, 12 * SEALED_CHUNK)]


def test_nothing_is_answered_when_one_chunk_of_a_range_is_damaged() -> None:
    data = bytearray(seal(bytes(5 * CHUNK)))
    data[OVERHEAD + 2 * SEALED_CHUNK] ^= 1
    reader = random_reader(bytes(data), 5 * CHUNK)
    assert reader.read(0, 2 * CHUNK) == bytes(2 * CHUNK)
    assert reader.read(3 * CHUNK, 2 * CHUNK) == bytes(2 * CHUNK)
    for offset, count in ((0, 5 * CHUNK), (2 * CHUNK, 1), (2 * CHUNK - 1, 2), (3 * CHUNK - 1, 1)):
        with pytest.raises(Integrity, match="blob-damaged"):
            reader.read(offset, count)


def test_a_cut_file_is_noticed_before_anything_is_answered() -> None:
    """With the size of a shorter file taken for granted, the first chunks would still open."""
    data = seal(os.urandom(4 * CHUNK))
    for cut in (1, TAG, TAG + 1, 1000, SEALED_CHUNK, SEALED_CHUNK + TAG + 5, 3 * SEALED_CHUNK):
        with pytest.raises(Integrity, match="blob-damaged"):
            random_reader(data[:-cut], 4 * CHUNK)
        length = len(data) - cut
        try:
            claimed = plain_size(length)
        except Integrity:
            continue
        with pytest.raises(Integrity, match="blob-damaged"):
            random_reader(data[:-cut], claimed)


def test_commitment_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("lighttight.sealed.blob.hmac.compare_digest", compare)
    data = seal(b"")
    random_reader(data, 0)
    assert compared == [(data[24:56], data[24:56])]


def test_one_reader_serves_many_threads() -> None:
    size = 40 * CHUNK
    plain = os.urandom(size)
    reader = random_reader(seal(plain), size)
    wrong: list[int] = []

    def read(seed: int) -> None:
        for step in range(60):
            at = (seed * 7_919 + step * 104_729) % size
            count = 1 + (seed * step * 31) % (3 * CHUNK)
            if reader.read(at, count) != plain[at : at + count]:
                wrong.append(at)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_shows_no_key() -> None:
    data = seal(b"")
    for one in (Sealer(KEY, CONTEXT), Opener(KEY, CONTEXT), random_reader(data, 0)):
        assert KEY.hex() not in repr(one)
        assert repr(KEY)[2:-1] not in repr(one)


# Salts


def test_two_forks_share_no_key_and_no_salt() -> None:
    """A generator copied by fork would give parent and child the same salts."""
    Sealer(KEY, CONTEXT).finalize()  # the library's generator is running before the fork
    count = 1000

    def drawn() -> bytes:
        keys = [os.urandom(32) for _ in range(count)]
        return b"".join(key + Sealer(key, CONTEXT).finalize()[:24] for key in keys)

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - in the other process
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(drawn())
        finally:
            os._exit(0)
    os.close(writing)
    mine = drawn()
    with os.fdopen(reading, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    both = mine + theirs
    assert len(both) == 2 * count * 56
    keys = {both[at : at + 32] for at in range(0, len(both), 56)}
    salts = {both[at + 32 : at + 56] for at in range(0, len(both), 56)}
    assert len(keys) == len(salts) == 2 * count
