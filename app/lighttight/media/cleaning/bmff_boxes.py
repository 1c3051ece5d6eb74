"""Boxes of the ISO base media format and QuickTime: reading without belief, and writing.

A box is `size | kind | content`. Inside of `moov`, which is held in memory whole, a box that does
not fit into its parent is damage; nothing here descends by itself, so depth is no danger.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from lighttight.media.cleaning.base import Damaged

MAX_CHILDREN = 100_000


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    data: memoryview
    """The content, without the head."""

    def full(self) -> tuple[int, int]:
        """Version and flags of a full box."""
        first = self.u32(0)
        return first >> 24, first & 0xFFFFFF

    def u32(self, at: int) -> int:
        return self.unpack(">I", at)[0]

    def unpack(self, layout: str, at: int) -> tuple[int, ...]:
        if at < 0 or at + struct.calcsize(layout) > len(self.data):
            raise Damaged
        return struct.unpack_from(layout, self.data, at)

    def bytes(self, at: int, count: int) -> bytes:
        if count < 0 or at + count > len(self.data):
            raise Damaged
        return bytes(self.data[at : at + count])

    def children(self, at: int = 0) -> list[Box]:
        return list(boxes(self.data[at:]))

    def child(self, kind: bytes, at: int = 0) -> Box | None:
        return next((box for box in boxes(self.data[at:]) if box.kind == kind), None)

    def needed(self, kind: bytes) -> Box:
        box = self.child(kind)
        if box is None:
            raise Damaged
        return box


def boxes(data: memoryview) -> Iterator[Box]:
    at, end = 0, len(data)
    for _ in range(MAX_CHILDREN):
        if end - at < 8:
            # QuickTime ends some lists with four zeros, and some writers pad.
            return
        size = int.from_bytes(data[at : at + 4], "big")
        kind = bytes(data[at + 4 : at + 8])
        head = 8
        if size == 1:
            if end - at < 16:
                raise Damaged
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0 and kind == b"\0\0\0\0":
            return
        if size < head or size > end - at:
            raise Damaged
        yield Box(kind, data[at + head : at + size])
        at += size
    raise Damaged


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def numbers(code: str, data: memoryview, count: int, at: int = 0) -> array[int]:
    """A table of big-endian numbers; `count` is checked against what is there."""
    table: array[int] = array(code)
    length = count * table.itemsize
    if count < 0 or at + length > len(data):
        raise Damaged
    table.frombytes(data[at : at + length])
    if sys.byteorder == "little":
        table.byteswap()
    return table


def packed(table: array[int]) -> bytes:
    if sys.byteorder == "little":
        table = table[:]
        table.byteswap()
    return table.tobytes()


def pairs(first: array[int], second: array[int]) -> bytes:
    """Two tables side by side, as run-length tables are written."""
    both: array[int] = array("I", bytes(8 * len(first)))
    both[0::2] = first
    both[1::2] = second if second.typecode == "I" else array("I", second.tobytes())
    return packed(both)
