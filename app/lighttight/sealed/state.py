"""The state root: one hash over every row of the catalog, kept up inside each transaction.

Encrypted SQLite authenticates each page, not which version of it: an old page put back, or a
removed `-wal`, makes an ended link live again and the integrity check says ok. So all rows are
hashed, each under a key, and the hashes are added up modulo 2^512 (MSet-Add-Hash; Clarke, Devadas,
van Dijk, Gassend, Suh: ASIACRYPT 2003). A sum does not depend on order, and a change costs two row
hashes instead of all of them. The key matters: without it, rows could be sought whose hashes cancel
out; with it, an attacker cannot even compute one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from lighttight.errors import Integrity
from lighttight.sealed.keys import check_key

SqlValue = None | int | float | str | bytes
"""As SQLite answers it. Hash what was *read*: a bool or a whole float would hash differently."""

SIZE: Final = 64
_MODULUS: Final = 1 << 8 * SIZE
_LABEL: Final = b"lighttight/state/v1\x00"


class MultisetHash:
    """A sum of keyed row hashes, and how many rows are in it."""

    __slots__ = ("_key", "rows", "sum")

    def __init__(self, key: bytes, sum: int = 0, rows: int = 0) -> None:  # noqa: A002 - the noun
        check_key(key)
        if not 0 <= sum < _MODULUS or rows < 0:
            raise Integrity("state-damaged")
        self._key = key
        self.sum = sum
        self.rows = rows

    def add(self, table: str, row: Sequence[SqlValue]) -> None:
        self.sum = (self.sum + self._hash(table, row)) % _MODULUS
        self.rows += 1

    def remove(self, table: str, row: Sequence[SqlValue]) -> None:
        if self.rows == 0:
            raise Integrity("state-damaged")
        self.sum = (self.sum - self._hash(table, row)) % _MODULUS
        self.rows -= 1

    def add_many(self, table: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Many rows of one table: what recomputing a whole catalog spends its time in."""
        encode = msgspec.msgpack.Encoder().encode
        keyed = blake2b(key=self._key, digest_size=SIZE)
        from_bytes = int.from_bytes
        total = self.sum
        count = 0
        for row in rows:
            one = keyed.copy()
            one.update(encode((table, *row)))
            total += from_bytes(one.digest())
            count += 1
        self.sum = total % _MODULUS
        self.rows += count

    def encode(self) -> bytes:
        """As `state.sum` keeps it; the number of rows stands beside it."""
        return self.sum.to_bytes(SIZE)

    @staticmethod
    def decode(key: bytes, data: bytes, rows: int) -> MultisetHash:
        if len(data) != SIZE:
            raise Integrity("state-damaged")
        return MultisetHash(key, int.from_bytes(data), rows)

    def _hash(self, table: str, row: Sequence[SqlValue]) -> int:
        data = msgspec.msgpack.encode((table, *row))
        return int.from_bytes(blake2b(data, key=self._key, digest_size=SIZE).digest())


def state_root(
    key: bytes,
    generation: int,
    rows: int,
    sum: bytes,  # noqa: A002 - the noun
    tree_size: int,
    tree_root: bytes,
) -> bytes:
    """What the anchor remembers: 32 bytes for everything the catalog holds."""
    check_key(key)
    data = b"".join(
        (
            _LABEL,
            generation.to_bytes(8),
            rows.to_bytes(8),
            sum,
            tree_size.to_bytes(8),
            tree_root,
        )
    )
    return blake2b(data, key=key, digest_size=32).digest()
