"""Where the coded data of a JPEG's scan ends, found by following its codes.

A decoder stops reading a scan when the picture is full, and looks no further until the next
marker: whatever stands between the last block and that marker is seen by nobody, and copied by
every tool that copies scans. So the Huffman codes of a sequential scan are followed here to the
last block: only how long each is and how many coefficients it stands for, never what they are.

The loop runs some millions of times for one picture, in Python. It therefore looks at thirteen
bits at a time and takes all whole codes in them at once, by a table made of the picture's own.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator

from lighttight.media.cleaning.base import Damaged

_WINDOW = 13
_ROOM = 256
"""More bytes than one block can have: 64 codes of 31 bits each."""
_END = 1 << 16
"""In a table's entry: these codes end the block. Below it: coefficients, and below them, bits."""


class Codes:
    """A Huffman table, as `length << 8 | symbol` for each sixteen bits; 0 where there is no code.

    `direct` tables give sizes of differences; `further` ones runs and sizes of coefficients.
    """

    def __init__(self, segment: bytes) -> None:
        counts, symbols = segment[1:17], segment[17:]
        table: list[int] = []
        at = 0
        for length, count in enumerate(counts, 1):
            for symbol in symbols[at : at + count]:
                table += [length << 8 | symbol] * (1 << 16 - length)
            at += count
        if len(table) > 1 << 16:
            raise Damaged
        self.table = table + [0] * ((1 << 16) - len(table))

    def direct(self) -> list[int]:
        """Bits of a code and of the difference behind it."""
        return [(entry >> 8) + (entry & 0xFF) if entry else 0 for entry in self.table]

    def single(self) -> list[int]:
        """One code: coefficients and bits."""
        return [_one(entry) for entry in self.table]

    def several(self) -> list[int]:
        """As many codes as are whole within the window; 0 where not even one is."""
        result: list[int] = []
        for window in range(1 << _WINDOW):
            used = bits = coefficients = 0
            while used < _WINDOW:
                entry = self.table[(window << 16 - _WINDOW + used) & 0xFFFF]
                length = entry >> 8
                if not entry or used + length > _WINDOW:
                    break
                one = _one(entry)
                bits = used + (one & 0xFF)
                if one & _END:
                    coefficients |= _END >> 8
                    break
                coefficients += one >> 8
                used = bits
            result.append(coefficients << 8 | bits)
        return result


def _one(entry: int) -> int:
    if not entry:
        return 0
    length, run, size = entry >> 8, entry >> 4 & 15, entry & 15
    if not size and run < 15:
        return _END | length
    return (run + 1) << 8 | (length + size)


Tables = tuple[list[int], list[int], list[int]]
"""`direct` of one table; `single` and `several` of another."""


def tables(direct: bytes, further: bytes) -> Tables:
    """Of the two segments that code the blocks of one component."""
    others = Codes(further)
    return Codes(direct).direct(), others.single(), others.several()


def unstuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Coded data without the zeros that stand behind each 0xFF in it, whatever the pieces."""
    held = b""
    for piece in pieces:
        data = held + piece
        held = b"\xff" if data.endswith(b"\xff") else b""
        yield data[: len(data) - len(held)].replace(b"\xff\0", b"\xff")


def left_over(pieces: Iterable[bytes], blocks: list[Tables], units: int) -> int:
    """How many whole bytes stand behind the last block of `units` times these `blocks`.

    `pieces` are one restart interval's, unstuffed. Raises `Damaged` where they end too early, or
    hold a code that is none.
    """
    source = iter(pieces)
    data, words, at, limit, last = b"", array("I"), 0, -1, False
    room = _ROOM * len(blocks)
    shift = 16 - _WINDOW
    for _ in range(units):
        if at > limit:
            if last and at > 8 * len(data):
                raise Damaged
            if not last:
                data, last = _refill(data[at >> 3 :], source, 2 * room)
                at &= 7
                words = _words(data, room)
                limit = 8 * (len(data) if last else len(data) - room)
        for direct, single, several in blocks:
            bits = direct[words[at >> 3] >> 16 - (at & 7) & 0xFFFF]
            if not bits:
                raise Damaged
            at += bits
            position = 1
            while position < 64:
                window = words[at >> 3] >> 16 - (at & 7) & 0xFFFF
                entry = several[window >> shift]
                if not entry or position + (entry >> 8 & 0xFF) > 63:
                    entry = single[window]
                    if not entry:
                        raise Damaged
                at += entry & 0xFF
                position += entry >> 8
    if at > 8 * len(data):
        raise Damaged
    return len(data) - (at + 7 >> 3) + sum(len(piece) for piece in source)


def _refill(rest: bytes, source: Iterator[bytes], wanted: int) -> tuple[bytes, bool]:
    """Enough for more than one unit, and whether it is the last there is."""
    while len(rest) < wanted:
        piece = next(source, None)
        if piece is None:
            return rest, True
        rest += piece
    return rest, False


def _words(data: bytes, room: int) -> array[int]:
    """The 32 bits from each byte on. Behind the end stand ones, as the padding is."""
    padded = data + b"\xff" * (room + 12 - (room + len(data)) % 4)
    words = array("I", bytes(4 * (len(padded) - 4)))
    for start in range(4):
        row = array("I", padded[start : start + (len(padded) - 4)])
        if sys.byteorder == "little":
            row.byteswap()
        words[start::4] = row
    return words


def stuffed(pieces: Iterable[bytes], count: int) -> int:
    """How many bytes `count` of them are before they are unstuffed, without a zero at the end."""
    total, after = 0, False
    for piece in pieces:
        at = 1 if after and piece[:1] == b"\0" else 0
        plain = len(piece) - at - piece.count(b"\xff\0")
        if plain >= count:
            while count:
                found = piece.find(b"\xff", at)
                if found < 0 or found - at >= count:
                    return total + at + count
                count -= found - at + 1
                at = found + 1
                if count and piece[at : at + 1] == b"\0":
                    at += 1
            return total + at
        count -= plain
        total += len(piece)
        after = piece.endswith(b"\xff")
    return total
