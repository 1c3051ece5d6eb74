"""WebP: a fresh container around the coded pictures.

The container says its size first, so the file is walked twice: once to plan, once to write. The
plan is a size, a profile and an orientation; however many frames there are, no list of them is
kept. Chunks that are not known, those in the wrong place, and those that the flags of the first
chunk do not announce (decoders leave these out as well) are not copied. Flags and sizes are those
of the copy.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lighttight.media.cleaning import exif, icc, notes
from lighttight.media.cleaning.base import (
    Damaged,
    Finding,
    Findings,
    Found,
    Original,
    Reader,
    Write,
    amount,
    drop,
)

MAX_SMALL = 8 << 20
MAX_CHUNKS = 1_000_000

_ICC, _ALPHA, _EXIF, _XMP, _ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02
_FRAME_HEAD = 16


def clean(original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy of a WebP; see `base` for what is common to all formats."""
    found = Findings()
    reader = Reader(original)
    plan = _Plan()
    size = 4 + sum(_size(part) for part in _Walk(reader, found, plan).parts())
    write(b"RIFF" + struct.pack("<I", size) + b"WEBP")
    if write is drop:
        return found.all()
    for part in _Walk(reader, Findings(), plan).parts():
        if isinstance(part, bytes):
            write(part)
        else:
            for piece in reader.pieces(*part):
                write(piece)
    return found.all()


def findings(original: Original) -> tuple[Finding, ...]:
    """What the copy would leave out."""
    return clean(original, drop)


_Part = bytes | tuple[int, int]
"""Bytes to write, or a stretch of the original: where, how many."""


def _size(part: _Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1]


class _Plan:
    """What the first walk learns and the second needs before it gets there."""

    def __init__(self) -> None:
        self.profile: bytes | None = None
        self.turn = 1


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


class _Walk:
    def __init__(self, reader: Reader, found: Findings, plan: _Plan) -> None:
        self._reader = reader
        self._found = found
        self._plan = plan
        self._chunks = 0
        self._canvas = (0, 0)

    def parts(self) -> Iterator[_Part]:
        """Everything behind the letters WEBP, in order."""
        head = self._reader.at(0, 12)
        end = 8 + int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or head[8:] != b"WEBP" or not 12 < end <= self._reader.size:
            raise Damaged
        if end < self._reader.size:
            self._found.add(Found.HIDDEN, f"{amount(self._reader.size - end)} after the end")
        kind, at, length, following = self._next(12, end)
        if kind == b"VP8X":
            yield from self._extended(at, length, following, end)
            return
        if kind not in (b"VP8 ", b"VP8L"):
            raise Damaged
        self._canvas = self._measure(kind, at, length)
        yield from self._coded(kind, at, length)
        if following < end:
            self._found.add(Found.HIDDEN, f"{amount(end - following)} behind the picture")

    def _next(self, at: int, end: int) -> tuple[bytes, int, int, int]:
        """The chunk at `at`: its name, where its body is, how long, and where the next begins."""
        self._chunks += 1
        if self._chunks > MAX_CHUNKS or at + 8 > end:
            raise Damaged
        head = self._reader.at(at, 8)
        length = int.from_bytes(head[4:], "little")
        if at + 8 + length > end:
            raise Damaged
        # The last padding byte of a file is often missing.
        return head[:4], at + 8, length, min(at + 8 + length + length % 2, end)

    def _coded(self, kind: bytes, at: int, length: int) -> Iterator[_Part]:
        yield kind + struct.pack("<I", length)
        yield at, length
        if length % 2:
            yield b"\0"

    def _measure(self, kind: bytes, at: int, length: int) -> tuple[int, int]:
        """The size that a coded picture says it has; the container must not say another."""
        if kind == b"VP8L":
            if length < 5:
                raise Damaged
            head = self._reader.at(at, 5)
            bits = int.from_bytes(head[1:], "little")
            if head[0] != 0x2F or bits >> 29:
                raise Damaged
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if length < 10:
            raise Damaged
        head = self._reader.at(at, 10)
        first = int.from_bytes(head[:3], "little")
        if first & 1 or head[3:6] != b"\x9d\x01\x2a" or (first >> 5) > length - 10:
            raise Damaged
        width, height = struct.unpack_from("<HH", head, 6)
        if not (width & 0x3FFF and height & 0x3FFF):
            raise Damaged
        return width & 0x3FFF, height & 0x3FFF

    # --- the extended form

    def _extended(self, at: int, length: int, following: int, end: int) -> Iterator[_Part]:
        if length != 10:
            raise Damaged
        head = self._reader.at(at, 10)
        flags = head[0]
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
        self._canvas = width, height
        kept = flags & (_ALPHA | _ANIMATION)
        if self._plan.profile is not None:
            kept |= _ICC
        if self._plan.turn != 1:
            kept |= _EXIF
        yield _chunk(b"VP8X", bytes((kept, 0, 0, 0)) + head[4:])
        # In the second walk the plan knows; in the first the chunks are yielded as they come.
        seen: set[bytes] = set()
        while following < end:
            kind, at, length, following = self._next(following, end)
            yield from self._one(kind, at, length, flags, seen)
            seen.add(kind)
        pictures = b"ANMF" if flags & _ANIMATION else b"image"
        if pictures not in seen:
            raise Damaged
        if self._plan.turn != 1:
            yield _chunk(b"EXIF", exif.minimal(self._plan.turn))

    def _one(
        self, kind: bytes, at: int, length: int, flags: int, seen: set[bytes]
    ) -> Iterator[_Part]:
        animated = bool(flags & _ANIMATION)
        placed = "image" if not animated else "frame"
        if kind in (b"VP8 ", b"VP8L") and not animated and b"image" not in seen:
            if self._measure(kind, at, length) != self._canvas:
                raise Damaged
            seen.add(b"image")
            yield from self._coded(kind, at, length)
        elif kind == b"ALPH" and placed == "image" and not seen & {b"ALPH", b"image"}:
            yield from self._alpha(at, length, *self._canvas)
        elif kind == b"ANIM" and animated and not seen & {b"ANIM", b"ANMF"}:
            if length < 6:
                raise Damaged
            yield _chunk(b"ANIM", self._reader.at(at, 6))
        elif kind == b"ANMF":
            if not animated or b"ANIM" not in seen:
                raise Damaged
            yield from self._frame(at, length)
        elif kind == b"ICCP" and flags & _ICC and not seen & {b"ICCP", b"image", b"ANMF", b"ALPH"}:
            yield from self._profile(at, length)
        else:
            self._left_out(kind, at, length, announced=bool(flags & _EXIF), first=kind not in seen)

    def _profile(self, at: int, length: int) -> Iterator[_Part]:
        if length > icc.MAX_PROFILE:
            self._found.add(Found.OTHER, "a colour profile that cannot be read")
            return
        if self._plan.profile is None:
            self._plan.profile = icc.neutral(self._reader.at(at, length), self._found)
        if self._plan.profile is not None:
            yield _chunk(b"ICCP", self._plan.profile)

    def _alpha(self, at: int, length: int, width: int, height: int) -> Iterator[_Part]:
        if length < 2:
            raise Damaged
        how = self._reader.at(at, 1)[0]
        size = length
        if not how & 3:
            size = 1 + width * height
            if length < size:
                raise Damaged
            if length > size:
                self._found.add(Found.HIDDEN, "after the pixels")
        elif how & 3 != 1:
            raise Damaged
        yield b"ALPH" + struct.pack("<I", size) + bytes((how & 0x3F,))
        yield at + 1, size - 1
        if size % 2:
            yield b"\0"

    def _frame(self, at: int, length: int) -> Iterator[_Part]:
        if length < _FRAME_HEAD:
            raise Damaged
        head = self._reader.at(at, _FRAME_HEAD)
        left, top, width, height = (int.from_bytes(head[n : n + 3], "little") for n in (0, 3, 6, 9))
        width, height = width + 1, height + 1
        if 2 * left + width > self._canvas[0] or 2 * top + height > self._canvas[1]:
            raise Damaged
        inside: list[_Part] = [head[:15] + bytes((head[15] & 3,))]
        end, following, done = at + length, at + _FRAME_HEAD, False
        while following < end:
            kind, begin, count, following = self._next(following, end)
            if kind == b"ALPH" and not done and len(inside) == 1:
                inside.extend(self._alpha(begin, count, width, height))
            elif kind in (b"VP8 ", b"VP8L") and not done:
                if self._measure(kind, begin, count) != (width, height):
                    raise Damaged
                inside.extend(self._coded(kind, begin, count))
                done = True
            else:
                self._found.add(Found.HIDDEN, "between the parts")
        if not done:
            raise Damaged
        yield b"ANMF" + struct.pack("<I", sum(_size(part) for part in inside))
        yield from inside

    def _left_out(self, kind: bytes, at: int, length: int, *, announced: bool, first: bool) -> None:
        if kind not in (b"EXIF", b"XMP "):
            self._found.add(Found.OTHER if kind == b"ICCP" else Found.HIDDEN, "between the parts")
        elif length > MAX_SMALL:
            self._found.add(Found.OTHER)
        elif kind == b"XMP ":
            notes.xmp(self._reader.at(at, length), self._found)
        elif first:
            block = self._reader.at(at, length)
            exif.reveal(block, self._found)
            if announced:
                self._plan.turn = exif.orientation(block)
        else:
            self._found.add(Found.OTHER)
