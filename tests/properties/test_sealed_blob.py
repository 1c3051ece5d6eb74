"""Blobs: whatever the size and the slicing, what went in comes out; anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttight.errors import Integrity
from lighttight.model import ObjectId, VaultId
from lighttight.sealed.blob import (
    CHUNK,
    OVERHEAD,
    SEALED_CHUNK,
    Opener,
    RandomReader,
    Sealer,
    blob_context,
    sealed_size,
)
from lighttight.sealed.padme import padme

KEY = bytes(range(32))
CONTEXT = blob_context(VaultId("ab" * 16), ObjectId("cd" * 16))
PATTERN = bytes((number * 7 + number // 251) % 256 for number in range(8 * CHUNK))

BOUNDARIES = [
    size
    for count in range(4)
    for size in (count * CHUNK - 1, count * CHUNK, count * CHUNK + 1)
    if size >= 0
]
sizes = st.one_of(st.sampled_from(BOUNDARIES), st.integers(0, 5 * CHUNK))
steps = st.one_of(
    st.sampled_from([97, CHUNK - 1, CHUNK, CHUNK + 1, SEALED_CHUNK, 1 << 20]),
    st.integers(60, 3 * CHUNK),
)


def seal(size: int, step: int = 1 << 20) -> bytes:
    padded = PATTERN[:size].ljust(padme(size), b"\0")
    sealer = Sealer(KEY, CONTEXT)
    parts = [sealer.update(padded[at : at + step]) for at in range(0, len(padded), step)]
    return b"".join((*parts, sealer.finalize()))


def opened(data: bytes, step: int = 1 << 20) -> bytes:
    opener = Opener(KEY, CONTEXT)
    parts = [opener.update(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join((*parts, opener.finalize()))


def reader(data: bytes, size: int) -> RandomReader:
    return RandomReader(KEY, CONTEXT, lambda at, count: data[at : at + count], len(data), size)


def check_refused(data: bytes, size: int) -> None:
    with pytest.raises(Integrity):
        opened(data)
    with pytest.raises(Integrity):
        reader(data, size).read(0, size)


@given(size=sizes, sealing=steps, opening=steps)
def test_round_trip(size: int, sealing: int, opening: int) -> None:
    data = seal(size, sealing)
    assert len(data) == sealed_size(padme(size))
    assert opened(data, opening) == PATTERN[:size].ljust(padme(size), b"\0")
    assert reader(data, size).read(0, size) == PATTERN[:size]


@given(size=sizes, ranges=st.lists(st.tuples(st.integers(0, 6 * CHUNK), st.integers(0, 6 * CHUNK))))
def test_any_range_is_the_slice(size: int, ranges: list[tuple[int, int]]) -> None:
    one = reader(seal(size), size)
    for offset, count in ranges:
        assert one.read(offset, count) == PATTERN[:size][offset : offset + count]


def test_every_range_around_every_boundary() -> None:
    size = 2 * CHUNK + 100
    one = reader(seal(size), size)
    edges = [
        edge + near
        for edge in (0, CHUNK, 2 * CHUNK, size)
        for near in (-1, 0, 1)
        if edge + near >= 0
    ]
    for start in edges:
        for stop in edges:
            count = max(0, stop - start)
            assert one.read(start, count) == PATTERN[:size][start : start + count]


@pytest.mark.parametrize("size", [0, 1, 5])
def test_every_flipped_bit_of_a_small_blob(size: int) -> None:
    data = seal(size)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        check_refused(bytes(changed), size)


@given(size=sizes, data=st.data())
def test_any_flipped_bit(size: int, data: st.DataObject) -> None:
    sealed = bytearray(seal(size))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    check_refused(bytes(sealed), size)


@given(size=sizes, data=st.data())
def test_any_cut(size: int, data: st.DataObject) -> None:
    sealed = seal(size)
    check_refused(sealed[: data.draw(st.integers(0, len(sealed) - 1))], size)


@given(size=sizes, garbage=st.binary(min_size=1, max_size=2 * SEALED_CHUNK))
@settings(max_examples=50)
def test_anything_behind_the_end(size: int, garbage: bytes) -> None:
    check_refused(seal(size) + garbage, size)


@given(order=st.permutations(range(5)), count=st.integers(0, 5))
def test_chunks_in_another_order_or_number(order: list[int], count: int) -> None:
    size = 4 * CHUNK
    sealed = seal(size)
    chunks = [sealed[at : at + SEALED_CHUNK] for at in range(OVERHEAD, len(sealed), SEALED_CHUNK)]
    taken = order[:count]
    changed = sealed[:OVERHEAD] + b"".join(chunks[number] for number in taken)
    if changed != sealed:
        check_refused(changed, size)


@given(numbers=st.lists(st.integers(0, 4), max_size=7))
def test_chunks_repeated_or_left_out(numbers: list[int]) -> None:
    size = 4 * CHUNK
    sealed = seal(size)
    chunks = [sealed[at : at + SEALED_CHUNK] for at in range(OVERHEAD, len(sealed), SEALED_CHUNK)]
    if numbers != [0, 1, 2, 3, 4]:
        changed = sealed[:OVERHEAD] + b"".join(chunks[number] for number in numbers)
        check_refused(changed, size)


@given(size=st.integers(0, 3 * CHUNK), claimed=st.integers(0, 3 * CHUNK))
def test_a_size_that_pads_otherwise(size: int, claimed: int) -> None:
    sealed = seal(size)
    if padme(size) == padme(claimed):
        assert reader(sealed, claimed).size == claimed
    else:
        with pytest.raises(Integrity):
            reader(sealed, claimed)
