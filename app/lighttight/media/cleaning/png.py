"""PNG and APNG: the known chunks, and pixel data that was unpacked once to see where it ends.

A chunk that is not in the tables below does not pass. Pixel data is the harder half: what stands
behind the end of its compressed stream is seen by no decoder and survives every tool that copies
chunks, and a stream may unpack to more rows than the picture has. So each stream is unpacked
(into nothing, in bounded pieces) to its end: it must give exactly the bytes that the header asks
for, its checksum must hold, and what follows its end is cut off. The stream itself stays as it
is; where the original's chunks began and ended does not, and the copy has its own.

After `IEND` nothing is copied. Editors that overwrote a longer file without cutting it left the
old picture there.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from lighttight.media.cleaning import exif, icc, notes
from lighttight.media.cleaning.base import (
    PIECE,
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

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SMALL = 8 << 20
"""A chunk that is taken into memory: a profile, a text, an EXIF block."""
MAX_CHUNKS = 4_000_000
MAX_PIXELS = 300_000_000
MAX_UNPACKED = 16 << 30
"""Of all frames together: a megabyte of zeros unpacks to a gigabyte."""

_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_SIGNIFICANT = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_BACKGROUND = {0: 2, 2: 6, 3: 1, 4: 2, 6: 6}
_TRANSPARENCY = {0: 2, 2: 6}
_FIXED = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8, b"pHYs": 9}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
_NOTHING = frozenset({b"hIST", b"sPLT", b"iDOT", b"vpAg", b"oFFs", b"sTER"})
"""Left out without a word: they say how to draw the picture, and need not."""


def clean(original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy of a PNG; see `base` for what is common to all formats."""
    return _Walk(Reader(original), write).run()


def findings(original: Original) -> tuple[Finding, ...]:
    """What the copy would leave out."""
    return clean(original, drop)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


class _Stream:
    """One compressed picture, which must unpack to exactly `expected` bytes."""

    def __init__(self, expected: int, put: Callable[[bytes], None], found: Findings) -> None:
        self._inflate = zlib.decompressobj()
        self._left = expected
        self._put = put
        self._found = found

    def feed(self, piece: bytes) -> None:
        if self._inflate.eof:
            if piece:
                self._found.add(Found.HIDDEN, "after the pixels")
            return
        data = piece
        try:
            while data and not self._inflate.eof:
                out = self._inflate.decompress(data, PIECE)
                self._left -= len(out)
                data = self._inflate.unconsumed_tail
                if self._left < 0 or (not out and data):
                    raise Damaged
        except zlib.error as error:
            raise Damaged from error
        rest = len(self._inflate.unused_data)
        if rest:
            self._found.add(Found.HIDDEN, "after the pixels")
        if len(piece) > rest:
            self._put(piece[: len(piece) - rest])

    def end(self) -> None:
        if not self._inflate.eof or self._left:
            raise Damaged


class _Walk:
    def __init__(self, reader: Reader, write: Write) -> None:
        self._reader = reader
        self._write = write
        self._found = Findings()
        self._at = len(SIGNATURE)
        self._seen: set[bytes] = set()
        self._width = self._height = self._depth = self._colour = self._interlaced = 0
        self._palette = 0
        self._stream: _Stream | None = None
        self._stream_of = b""
        self._frames = self._frames_seen = self._sequence = self._sequence_read = 0
        self._frame_pending = False
        self._work = 0

    def run(self) -> tuple[Finding, ...]:
        if self._reader.at(0, 8) != SIGNATURE:
            raise Damaged
        self._write(SIGNATURE)
        for _ in range(MAX_CHUNKS):
            head = self._reader.at(self._at, 8)
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if length > 0x7FFFFFFF or self._at + 12 + length > self._reader.size:
                raise Damaged
            if not self._seen and kind != b"IHDR":
                raise Damaged
            self._chunk(kind, self._at + 8, length)
            self._seen.add(kind if kind in _KNOWN else b"?")
            self._at += 12 + length
            if kind == b"IEND":
                break
        else:
            raise Damaged
        behind = self._reader.size - self._at
        if behind:
            self._found.add(Found.HIDDEN, f"{amount(behind)} after the end")
        return self._found.all()

    def _chunk(self, kind: bytes, at: int, length: int) -> None:
        if kind in (b"IDAT", b"fdAT") and (kind == b"IDAT" or b"acTL" in self._seen):
            self._pixels(kind, at, length)
            return
        self._end_stream()
        if kind in _KNOWN or _is_told(kind):
            if length > MAX_SMALL:
                if kind in _KNOWN:
                    raise Damaged
                self._check_only(kind, at, length)
                self._found.add(Found.OTHER)
                return
            body = self._reader.at(at, length)
            if self._reader.at(at + length, 4) != struct.pack(">I", zlib.crc32(kind + body)):
                raise Damaged
            self._small(kind, body)
            return
        if not kind.isalpha() or kind[:1].isupper():
            # Critical, and unknown: nobody could show this picture.
            raise Damaged
        self._check_only(kind, at, length)
        if kind not in _NOTHING:
            self._found.add(Found.OTHER)

    def _check_only(self, kind: bytes, at: int, length: int) -> None:
        check = zlib.crc32(kind)
        for piece in self._reader.pieces(at, length):
            check = zlib.crc32(piece, check)
        if self._reader.at(at + length, 4) != struct.pack(">I", check):
            raise Damaged

    # --- pixels

    def _pixels(self, kind: bytes, at: int, length: int) -> None:
        check, skip = zlib.crc32(kind), 0
        if kind == b"IDAT":
            if self._stream is None:
                self._begin_still()
            elif self._stream_of != kind:
                raise Damaged
        else:
            skip = 4
            number = self._reader.at(at, 4) if length >= 4 else b""
            check = zlib.crc32(number, check)
            self._in_order(number)
            if b"IDAT" not in self._seen or self._stream is None or self._stream_of != kind:
                raise Damaged
        stream = self._stream
        if stream is None:
            raise Damaged
        for piece in self._reader.pieces(at + skip, length - skip):
            check = zlib.crc32(piece, check)
            stream.feed(piece)
        if self._reader.at(at + length, 4) != struct.pack(">I", check):
            raise Damaged

    def _begin_still(self) -> None:
        if b"IDAT" in self._seen or (self._colour == 3 and not self._palette):
            raise Damaged
        self._frame_pending = False
        self._stream_of = b"IDAT"
        size = self._unpacked(self._width, self._height)
        self._stream = _Stream(size, self._put_still, self._found)

    def _put_still(self, piece: bytes) -> None:
        self._write(chunk(b"IDAT", piece))

    def _put_frame(self, piece: bytes) -> None:
        self._write(chunk(b"fdAT", struct.pack(">I", self._sequence) + piece))
        self._sequence += 1

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._stream.end()
            self._stream = None

    def _unpacked(self, width: int, height: int) -> int:
        size = self._rows(width, height)
        self._work += size
        if self._work > MAX_UNPACKED:
            raise Damaged
        return size

    def _rows(self, width: int, height: int) -> int:
        bits = self._depth * _SAMPLES[self._colour]
        if not self._interlaced:
            return height * (1 + (width * bits + 7) // 8)
        total = 0
        for left, top, across, down in _ADAM7:
            columns = (width - left + across - 1) // across
            rows = (height - top + down - 1) // down
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * bits + 7) // 8)
        return total

    # --- everything else

    def _small(self, kind: bytes, body: bytes) -> None:
        if kind == b"IHDR":
            self._header(body)
        elif kind == b"PLTE":
            self._take_palette(body)
        elif kind == b"IEND":
            self._finish(body)
        elif kind == b"tRNS":
            self._transparency(body)
        elif kind == b"acTL":
            self._animation(body)
        elif kind == b"fcTL":
            self._frame(body)
        elif kind == b"iCCP":
            self._profile(body)
        elif kind == b"eXIf":
            self._exif(body)
        elif kind in _FIXED or kind in (b"sBIT", b"bKGD"):
            self._fixed(kind, body)
        else:
            _tell(kind, body, self._found)

    def _header(self, body: bytes) -> None:
        if b"IHDR" in self._seen or len(body) != 13:
            raise Damaged
        self._width, self._height, self._depth, self._colour, method, filters, interlaced = (
            struct.unpack(">IIBBBBB", body)
        )
        if not 0 < self._width * self._height <= MAX_PIXELS:
            raise Damaged
        if self._depth not in _DEPTHS.get(self._colour, ()) or method or filters or interlaced > 1:
            raise Damaged
        self._interlaced = interlaced
        self._write(chunk(b"IHDR", body))

    def _take_palette(self, body: bytes) -> None:
        colours, rest = divmod(len(body), 3)
        if rest or not 1 <= colours <= 256 or self._seen & {b"PLTE", b"IDAT", b"tRNS"}:
            raise Damaged
        if self._colour in (0, 4) or (self._colour == 3 and colours > 1 << self._depth):
            raise Damaged
        if self._colour == 3:
            self._palette = colours
            self._write(chunk(b"PLTE", body))

    def _transparency(self, body: bytes) -> None:
        if self._seen & {b"tRNS", b"IDAT"}:
            raise Damaged
        if self._colour in (4, 6):
            # It has an alpha channel of its own, and decoders do not look at this one.
            self._found.add(Found.OTHER)
            return
        if self._colour == 3:
            fits = 1 <= len(body) <= self._palette
        else:
            fits = len(body) == _TRANSPARENCY.get(self._colour)
        if not fits:
            raise Damaged
        self._write(chunk(b"tRNS", body))

    def _fixed(self, kind: bytes, body: bytes) -> None:
        size = _FIXED.get(kind) or (_SIGNIFICANT if kind == b"sBIT" else _BACKGROUND)[self._colour]
        if len(body) != size or kind in self._seen or b"IDAT" in self._seen:
            self._found.add(Found.OTHER)
            return
        self._write(chunk(kind, body))

    def _profile(self, body: bytes) -> None:
        name, _, rest = body.partition(b"\0")
        profile = icc.inflated(rest[1:]) if len(name) <= 79 and rest[:1] == b"\0" else None
        if profile is None or self._seen & {b"iCCP", b"IDAT", b"PLTE"}:
            self._found.add(Found.OTHER, "a colour profile that cannot be read")
            return
        neutral = icc.neutral(profile, self._found)
        if neutral is not None:
            self._write(chunk(b"iCCP", b"icc\0\0" + zlib.compress(neutral, 9)))

    def _exif(self, body: bytes) -> None:
        if b"eXIf" not in self._seen:
            exif.reveal(body, self._found)
            turn = exif.orientation(body)
            if turn != 1:
                self._write(chunk(b"eXIf", exif.minimal(turn)))
        else:
            self._found.add(Found.OTHER)

    # --- animation

    def _animation(self, body: bytes) -> None:
        if self._seen & {b"acTL", b"IDAT", b"fcTL"} or len(body) != 8:
            raise Damaged
        self._frames = int.from_bytes(body[:4], "big")
        if not self._frames:
            raise Damaged
        self._write(chunk(b"acTL", body))

    def _frame(self, body: bytes) -> None:
        if b"acTL" not in self._seen:
            self._found.add(Found.HIDDEN, "frames that are not shown")
            return
        if len(body) != 26 or self._frame_pending:
            raise Damaged
        self._in_order(body[:4])
        width, height, left, top = struct.unpack_from(">4I", body, 4)
        if not (width and height and left + width <= self._width and top + height <= self._height):
            raise Damaged
        first = b"IDAT" not in self._seen
        if first and (left or top or (width, height) != (self._width, self._height)):
            raise Damaged
        if body[24] > 2 or body[25] > 1:
            raise Damaged
        self._frames_seen += 1
        self._frame_pending = first
        self._write(chunk(b"fcTL", struct.pack(">I", self._sequence) + body[4:]))
        self._sequence += 1
        if not first:
            self._stream_of = b"fdAT"
            self._stream = _Stream(self._unpacked(width, height), self._put_frame, self._found)

    def _in_order(self, number: bytes) -> None:
        if number != struct.pack(">I", self._sequence_read):
            raise Damaged
        self._sequence_read += 1

    def _finish(self, body: bytes) -> None:
        if body or b"IDAT" not in self._seen or self._frame_pending:
            raise Damaged
        if b"acTL" in self._seen and self._frames_seen != self._frames:
            raise Damaged
        self._write(chunk(b"IEND", b""))


_TOLD = frozenset({b"tEXt", b"zTXt", b"iTXt", b"tIME", b"caBX", b"pCAL", b"sCAL"})
_KNOWN = frozenset({
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"bKGD", b"iCCP", b"eXIf", b"acTL",
    b"fcTL", b"fdAT", *_FIXED,
})  # fmt: skip


def _is_told(kind: bytes) -> bool:
    return kind in _TOLD


def _tell(kind: bytes, body: bytes, found: Findings) -> None:
    if kind == b"tIME":
        found.add(Found.DATE, _time(body))
    elif kind == b"caBX":
        found.add(Found.EDITS, "content credentials")
    elif kind in (b"tEXt", b"zTXt", b"iTXt"):
        keyword, _, rest = body.partition(b"\0")
        if keyword == b"XML:com.adobe.xmp":
            notes.xmp(rest, found)
        else:
            words = rest[:200].decode("latin-1") if kind == b"tEXt" else ""
            notes.text(keyword[:79], words, found)
    else:
        found.add(Found.OTHER)


def _time(body: bytes) -> str:
    if len(body) != 7:
        return ""
    year, month, day, hour, minute, second = struct.unpack(">HBBBBB", body)
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
