"""The state root by hand, and what it must notice. Order and increments: tests/properties."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
import pytest

from lighttight.errors import Integrity
from lighttight.sealed.state import MultisetHash, SqlValue, state_root

KEY = bytes(range(32))


def by_hand(*rows: tuple[str, *tuple[SqlValue, ...]]) -> int:
    hashes = [
        blake2b(msgspec.msgpack.encode(list(row)), key=KEY, digest_size=64).digest() for row in rows
    ]
    return sum(int.from_bytes(one) for one in hashes) % 2**512


def test_message_pack_is_in_shortest_form() -> None:
    row = ("t", None, 0, 127, 128, -1, -33, 2**63 - 1, -(2**63), "é", b"\0", "x" * 32, b"y" * 256)
    packed = bytes.fromhex(
        "9d a174 c0 00 7f cc80 ff d0df cf7fffffffffffffff d38000000000000000 a2c3a9 c40100"
    )
    packed += b"\xd9\x20" + b"x" * 32 + b"\xc5\x01\x00" + b"y" * 256
    multiset = MultisetHash(KEY)
    multiset.add("t", row[1:])
    digest = blake2b(packed, key=KEY, digest_size=64).digest()
    assert multiset.encode() == digest


def test_sum_by_hand() -> None:
    rows: list[tuple[SqlValue, ...]] = [(number, "text", None) for number in range(20)]
    one, many = MultisetHash(KEY), MultisetHash(KEY)
    for row in rows:
        one.add("items", row)
    many.add_many("items", iter(rows))
    expected = by_hand(*(("items", *row) for row in rows))
    assert one.sum == many.sum == expected
    assert one.rows == many.rows == 20
    assert one.encode() == expected.to_bytes(64)


def test_a_row_twice_is_not_no_row() -> None:
    """An XOR of hashes would cancel; a sum does not."""
    twice = MultisetHash(KEY)
    twice.add_many("t", [(1,), (1,)])
    assert twice.sum == 2 * by_hand(("t", 1)) % 2**512
    assert twice.sum != 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", ("b",)), ("ab", ("",))),
        (("t", ("a", "bc")), ("t", ("ab", "c"))),
        (("t", ("a",)), ("t", (b"a",))),
        (("t", (1,)), ("t", ("1",))),
        (("t", (None,)), ("t", (0,))),
        (("t", (None,)), ("t", ())),
        (("t", ("",)), ("t", (None,))),
        (("t", (1, 2)), ("t", (2, 1))),
        (("t", (1,)), ("u", (1,))),
    ],
)
def test_rows_that_differ_hash_differently(
    one: tuple[str, tuple[SqlValue, ...]], other: tuple[str, tuple[SqlValue, ...]]
) -> None:
    sums: set[int] = set()
    for table, row in (one, other):
        multiset = MultisetHash(KEY)
        multiset.add(table, row)
        sums.add(multiset.sum)
    assert len(sums) == 2


def test_another_key_gives_another_sum() -> None:
    sums = set()
    for key in (KEY, bytes(32)):
        multiset = MultisetHash(key)
        multiset.add("t", (1,))
        sums.add(multiset.sum)
    assert len(sums) == 2


def test_kept_and_read_back() -> None:
    multiset = MultisetHash(KEY)
    multiset.add("t", (1,))
    again = MultisetHash.decode(KEY, multiset.encode(), multiset.rows)
    assert (again.sum, again.rows) == (multiset.sum, 1)
    again.remove("t", (1,))
    assert (again.sum, again.rows) == (0, 0)
    with pytest.raises(Integrity, match="state-damaged"):
        again.remove("t", (1,))


@pytest.mark.parametrize(
    ("data", "rows"), [(bytes(63), 0), (bytes(65), 0), (b"", 0), (bytes(64), -1)]
)
def test_what_was_never_kept(data: bytes, rows: int) -> None:
    with pytest.raises(Integrity, match="state-damaged"):
        MultisetHash.decode(KEY, data, rows)


@pytest.mark.parametrize("total", [-1, 2**512])
def test_sums_outside_the_group(total: int) -> None:
    with pytest.raises(Integrity, match="state-damaged"):
        MultisetHash(KEY, total)


def test_keys_of_another_size() -> None:
    with pytest.raises(Integrity, match="key-damaged"):
        MultisetHash(bytes(31))
    with pytest.raises(Integrity, match="key-damaged"):
        state_root(bytes(33), 0, 0, bytes(64), 0, bytes(32))


def test_root_by_hand_and_each_part_counts() -> None:
    data = b"lighttight/state/v1\0" + (7).to_bytes(8) + (3).to_bytes(8)
    data += b"\1" * 64 + (9).to_bytes(8) + b"\2" * 32
    right = (7, 3, b"\1" * 64, 9, b"\2" * 32)
    assert state_root(KEY, *right) == blake2b(data, key=KEY, digest_size=32).digest()
    others = [
        (8, 3, b"\1" * 64, 9, b"\2" * 32),
        (7, 4, b"\1" * 64, 9, b"\2" * 32),
        (7, 3, b"\3" * 64, 9, b"\2" * 32),
        (7, 3, b"\1" * 64, 8, b"\2" * 32),
        (7, 3, b"\1" * 64, 9, b"\3" * 32),
    ]
    assert len({state_root(KEY, *one) for one in [right, *others]}) == 6


def test_shows_no_key() -> None:
    assert KEY.hex() not in repr(MultisetHash(KEY))
    assert repr(KEY)[2:-1] not in repr(MultisetHash(KEY))
