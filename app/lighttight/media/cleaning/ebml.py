"""Elements of EBML, which Matroska and WebM are made of: reading without belief, and writing.

An element is `id | length | content`. A length of all ones is unknown: what a browser records
while it does not know when it will end.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from lighttight.media.cleaning.base import Damaged

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element is. `end` is `UNKNOWN` where the file does not say."""

    id: int
    at: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.at


def vint(data: bytes, at: int, *, marker: bool = False) -> tuple[int, int]:
    """A number of variable length, and where it ends; with its marker, where it is an id."""
    if at >= len(data) or not data[at]:
        raise Damaged
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        raise Damaged
    value = int.from_bytes(data[at : at + length], "big")
    if marker:
        return value, at + length
    value &= (1 << 7 * length) - 1
    return (UNKNOWN if value == (1 << 7 * length) - 1 else value), at + length


def head(data: bytes, offset: int, limit: int) -> Element:
    """The element that begins with `data`, at `offset`; it has to end before `limit`."""
    number, at = vint(data, 0, marker=True)
    if at > 4:
        raise Damaged
    length, at = vint(data, at)
    begin = offset + at
    if length == UNKNOWN:
        return Element(number, begin, UNKNOWN)
    if begin + length > limit:
        raise Damaged
    return Element(number, begin, begin + length)


def inside(data: bytes) -> list[tuple[int, bytes]]:
    """The children of an element that is held in memory."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        child = head(data[at : at + 12], at, len(data))
        if child.end == UNKNOWN or len(found) >= 100_000:
            raise Damaged
        found.append((child.id, data[child.at : child.end]))
        at = child.end
    return found


def unsigned(data: bytes) -> int:
    if len(data) > 8:
        raise Damaged
    return int.from_bytes(data, "big")


def real(data: bytes) -> float:
    if len(data) == 0:
        return 0.0
    if len(data) not in (4, 8):
        raise Damaged
    value = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    if not math.isfinite(value):
        raise Damaged
    return value


def size_of(length: int) -> bytes:
    """The shortest way to write a length."""
    count = 1
    while length >= (1 << 7 * count) - 1:
        count += 1
    return (length | 1 << 7 * count).to_bytes(count, "big")


def name_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def element(number: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return name_of(number) + size_of(len(content)) + content


def of_unsigned(number: int, value: int, width: int = 0) -> bytes:
    return element(number, value.to_bytes(width or max(1, (value.bit_length() + 7) // 8), "big"))


def of_real(number: int, value: float) -> bytes:
    return element(number, struct.pack(">d", value))
