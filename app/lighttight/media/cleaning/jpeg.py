"""JPEG: the tables and the scans, byte for byte, with everything around them written anew.

What is kept is not copied as segments but as what the segments mean: tables are taken apart,
and written where a scan first needs them. A table that no scan uses, one that is replaced before
it was used, and room after the last table of a segment are places to keep something in; none of
them reaches the copy. The order is always the same, too: JFIF, Adobe, orientation, profile, then
for each scan its tables and the coded data.

Coded data is copied as it is, between its marker and the next. Stuffed bytes and restart markers
belong to it; a restart marker out of turn, or more of them than the picture has room for, is
damage. In a sequential Huffman scan, which is what cameras write, `scans` finds the last block,
and what stands behind it is cut off. Progressive and arithmetic scans are not followed: see the
specification, section 6.

After the end marker nothing is copied: it is where Motion Photos, further pictures and whatever
else was appended stand.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lighttight.media.cleaning import exif, icc, notes, scans
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

MAX_SCANS = 1000
MAX_SEGMENTS = 20_000
MAX_EXIFS = 8
MAX_PIXELS = 300_000_000
MAX_BLOCKS = 10
"""In one unit of several components: the standard's own limit."""

_SOI, _EOI, _SOS, _DQT, _DHT, _DAC, _DRI, _DNL = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xCC, 0xDD, 0xDC
_COM, _APP0, _APP14 = 0xFE, 0xE0, 0xEE
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB})
_FOLLOWED = frozenset({0xC0, 0xC1})
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_LOSSLESS = frozenset({0xC3, 0xCB})
_ARITHMETIC = frozenset({0xC9, 0xCA, 0xCB})
_IN_SCAN = re.compile(rb"\xff[^\x00]", re.DOTALL)
_PICTURE = re.compile(rb"\xff\xd8\xff(\xe0..JFIF|\xe1..(Exif|http)|\xdb\0[\x43\x84])", re.DOTALL)
_CLIP = re.compile(rb"\0\0\0.ftyp(mp4|iso|qt  |avc1|MSNV|3g|M4V|hvc1)|MotionPhoto_Data", re.DOTALL)
_ICC_HEADER = b"ICC_PROFILE\0"
_EXIF_HEADER = b"Exif\0\0"


def clean(original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy of a JPEG; see `base` for what is common to all formats."""
    return _Walk(Reader(original), write).run()


def findings(original: Original) -> tuple[Finding, ...]:
    """What the copy would leave out."""
    return clean(original, drop)


@dataclass(frozen=True, slots=True)
class _Component:
    id: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True, slots=True)
class _Frame:
    marker: int
    precision: int
    height: int
    width: int
    components: tuple[_Component, ...]

    def segment(self) -> bytes:
        body = struct.pack(
            ">BHHB", self.precision, self.height, self.width, len(self.components)
        ) + b"".join(
            bytes((c.id, c.horizontal << 4 | c.vertical, c.table)) for c in self.components
        )
        return _segment(self.marker, body)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


class _Profile:
    """The pieces of an ICC profile, which may come in any order."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._count = 0
        self._total = 0

    def add(self, body: bytes, found: Findings) -> None:
        number, count = (body[12], body[13]) if len(body) >= 14 else (0, 0)
        if not 1 <= number <= count or number in self._pieces or self._count not in (0, count):
            found.add(Found.OTHER, "a colour profile that cannot be read")
            return
        self._count = count
        self._total += len(body)
        icc.bounded(self._total)
        self._pieces[number] = body[14:]

    def segments(self, found: Findings) -> Iterator[bytes]:
        if not self._pieces:
            return
        if len(self._pieces) != self._count:
            found.add(Found.OTHER, "a colour profile that cannot be read")
            return
        whole = icc.neutral(b"".join(self._pieces[n + 1] for n in range(self._count)), found)
        if whole is None:
            return
        step = 65_519
        pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
        for number, piece in enumerate(pieces, 1):
            yield _segment(0xE2, _ICC_HEADER + bytes((number, len(pieces))) + piece)


class _Walk:
    def __init__(self, reader: Reader, write: Write) -> None:
        self._reader = reader
        self._write = write
        self._found = Findings()
        self._at = 0
        self._started = False
        self._segments = 0
        self._scans = 0
        self._exifs = 0
        # What is known and not yet written.
        self._jfif: bytes | None = None
        self._transform: int | None = None
        self._turn = 1
        self._profile = _Profile()
        self._frame: _Frame | None = None
        self._interval = 0
        self._interval_written = 0
        self._quantisation: dict[int, bytes] = {}
        self._huffman: dict[int, bytes] = {}
        self._conditioning: dict[int, int] = {}
        # Every table as it was last defined, written or not.
        self._codes: dict[int, bytes] = {}
        self._done: set[int] = set()

    def run(self) -> tuple[Finding, ...]:
        if self._reader.at(0, 2) != b"\xff\xd8":
            raise Damaged
        self._at = 2
        while (marker := self._marker()) != _EOI:
            body = self._body()
            if marker == _SOS:
                self._scan(body)
            else:
                self._take(marker, body)
        if not self._scans:
            raise Damaged
        self._write(b"\xff\xd9")
        _behind(self._reader, self._at, self._found)
        return self._found.all()

    def _marker(self) -> int:
        """The next marker. Any number of 0xFF may stand in front of it, and nothing else."""
        if self._reader.at(self._at, 1) != b"\xff":
            raise Damaged
        while (code := self._reader.at(self._at + 1, 1)[0]) == 0xFF:
            self._at += 1
        self._at += 2
        self._segments += 1
        if self._segments > MAX_SEGMENTS:
            raise Damaged
        return code

    def _body(self) -> bytes:
        length = int.from_bytes(self._reader.at(self._at, 2), "big")
        if length < 2:
            raise Damaged
        body = self._reader.at(self._at + 2, length - 2)
        self._at += length
        return body

    # --- segments

    def _take(self, marker: int, body: bytes) -> None:
        if marker in _FRAMES:
            self._take_frame(marker, body)
        elif marker == _DQT:
            self._take_quantisation(body)
        elif marker == _DHT:
            self._take_huffman(body)
        elif marker == _DAC:
            if len(body) % 2 or any(selector & 0xEF > 3 for selector in body[::2]):
                raise Damaged
            self._conditioning.update(zip(body[::2], body[1::2], strict=True))
        elif marker == _DRI:
            if len(body) != 2:
                raise Damaged
            self._interval = int.from_bytes(body, "big")
        elif marker == _DNL:
            # Right after the first scan, where `_scan` takes it, or nowhere.
            raise Damaged
        elif marker == _COM:
            if body.strip(b"\0 "):
                self._found.add(Found.WORDS, "comment")
        elif 0xE0 <= marker <= 0xEF:
            self._application(marker, body)
        else:
            # Hierarchical frames, markers without a length, and those that never were.
            raise Damaged

    def _take_frame(self, marker: int, body: bytes) -> None:
        if self._frame is not None or len(body) < 6 or len(body) != 6 + 3 * body[5]:
            raise Damaged
        precision, height, width, count = struct.unpack_from(">BHHB", body)
        components = tuple(
            _Component(body[at], body[at + 1] >> 4, body[at + 1] & 15, body[at + 2])
            for at in range(6, 6 + 3 * count, 3)
        )
        if not 1 <= count <= 4 or not width or not 2 <= precision <= 16:
            raise Damaged
        if width * height > MAX_PIXELS:
            raise Damaged
        if len({c.id for c in components}) != count:
            raise Damaged
        for component in components:
            if not (1 <= component.horizontal <= 4 and 1 <= component.vertical <= 4):
                raise Damaged
            if component.table > 3:
                raise Damaged
        self._frame = _Frame(marker, precision, height, width, components)

    def _take_quantisation(self, body: bytes) -> None:
        at = 0
        while at < len(body):
            precision, number = body[at] >> 4, body[at] & 15
            size = 1 + 64 * (1 + precision)
            if precision > 1 or number > 3 or at + size > len(body):
                raise Damaged
            self._quantisation[number] = body[at : at + size]
            at += size

    def _take_huffman(self, body: bytes) -> None:
        at = 0
        while at < len(body):
            counts = body[at + 1 : at + 17]
            size = 17 + sum(counts)
            if len(counts) != 16 or body[at] & 0xEF > 3 or size > 17 + 256 or at + size > len(body):
                raise Damaged
            self._huffman[body[at]] = self._codes[body[at]] = body[at : at + size]
            at += size

    def _application(self, marker: int, body: bytes) -> None:
        early = not self._started
        if marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
            units, across, down = struct.unpack_from(">BHH", body, 7)
            if early and self._jfif is None:
                density = (units, across, down) if units <= 2 and across and down else (0, 1, 1)
                self._jfif = b"JFIF\0\1\1" + struct.pack(">BHH", *density) + b"\0\0"
            if body[12] and body[13]:
                self._found.add(Found.PREVIEW, "thumbnail")
        elif marker == _APP0 and body.startswith(b"JFXX\0"):
            self._found.add(Found.PREVIEW, "thumbnail")
        elif marker == 0xE1 and body.startswith(_EXIF_HEADER):
            if early and self._turn == 1:
                self._turn = exif.orientation(body)
            self._exifs += 1
            if self._exifs <= MAX_EXIFS:
                exif.reveal(body, self._found)
            else:
                self._found.add(Found.OTHER)
        elif marker == 0xE2 and body.startswith(_ICC_HEADER):
            if early:
                self._profile.add(body, self._found)
            else:
                self._found.add(Found.OTHER)
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            if early:
                self._transform = body[11]
        else:
            _reveal(marker, body, self._found)

    # --- scans

    def _scan(self, body: bytes) -> None:
        frame = self._frame
        if frame is None or len(body) < 6 or len(body) != 4 + 2 * body[0]:
            raise Damaged
        self._scans += 1
        if self._scans > MAX_SCANS:
            raise Damaged
        count = body[0]
        known = {component.id: component for component in frame.components}
        chosen = [(body[at], body[at + 1]) for at in range(1, 1 + 2 * count, 2)]
        if not 1 <= count <= len(known) or len({number for number, _ in chosen}) != count:
            raise Damaged
        if any(number not in known or tables & 0xCC for number, tables in chosen):
            raise Damaged
        begin, end, shift = body[1 + 2 * count :]
        components = [known[number] for number, _ in chosen]
        if frame.marker not in _PROGRESSIVE:
            # Each comes once; a second time would be a second picture in place of the first.
            if self._done & {number for number, _ in chosen}:
                raise Damaged
            self._done |= {number for number, _ in chosen}
        defer = frame.height == 0 and self._scans == 1
        if frame.height == 0 and not defer:
            raise Damaged
        # A height that comes after the scan has to be known before: it goes into the frame.
        length, markers = self._measure(self._at)
        if defer:
            frame = self._height_after(length, frame)
        if not self._started:
            self._start(frame)
        if self._interval:
            rows = _units(frame, components)
            if markers > max(0, -(-rows // self._interval) - 1):
                raise Damaged
        elif markers:
            raise Damaged
        self._tables(frame, chosen, components, begin, end, shift)
        if frame.marker not in _PROGRESSIVE and frame.marker not in _LOSSLESS:
            # Three numbers that mean nothing here, and that decoders do not look at.
            body = body[:-3] + b"\0\x3f\0"
        self._write(_segment(_SOS, body))
        used = length
        if frame.marker in _FOLLOWED:
            used = self._follow(frame, chosen, length)
        for piece in self._reader.pieces(self._at, used):
            self._write(piece)
        self._at += length
        if defer:
            self._at += 6

    def _measure(self, begin: int) -> tuple[int, int]:
        """How long the coded data at `begin` is, and how many restart markers are in it."""
        at, restarts = begin, 0
        while True:
            count = min(PIECE, self._reader.size - at)
            if count < 2:
                raise Damaged
            piece = self._reader.at(at, count)
            step = count - 1
            for match in _IN_SCAN.finditer(piece):
                code = piece[match.start() + 1]
                if code == 0xD0 + restarts % 8:
                    restarts += 1
                elif 0xD0 <= code <= 0xD7:
                    raise Damaged
                else:
                    # A marker, or the padding in front of one: the coded data ends here.
                    return at + match.start() - begin, restarts
                if match.end() == count:
                    step = count
            at += step

    def _follow(self, frame: _Frame, chosen: list[tuple[int, int]], length: int) -> int:
        """How much of the coded data a decoder reads."""
        known = {component.id: component for component in frame.components}
        blocks: list[scans.Tables] = []
        made: dict[int, scans.Tables] = {}
        for number, selectors in chosen:
            if selectors not in made:
                direct = self._codes.get(selectors >> 4)
                further = self._codes.get(0x10 | selectors & 15)
                if direct is None or further is None:
                    raise Damaged
                made[selectors] = scans.tables(direct, further)
            many = known[number].horizontal * known[number].vertical if len(chosen) > 1 else 1
            blocks += [made[selectors]] * many
        units = _units(frame, [known[number] for number, _ in chosen])
        if len(blocks) > MAX_BLOCKS:
            raise Damaged
        for begin, end in self._intervals(self._at, length):
            count = min(self._interval or units, units)
            if not count:
                raise Damaged
            units -= count
            plain = scans.unstuffed(self._reader.pieces(begin, end - begin))
            over = scans.left_over(plain, blocks, count)
            if over and units:
                raise Damaged
            if over:
                self._found.add(Found.HIDDEN, "after the pixels")
                plain = scans.unstuffed(self._reader.pieces(begin, end - begin))
                whole = sum(len(piece) for piece in plain)
                pieces = self._reader.pieces(begin, end - begin)
                end = begin + scans.stuffed(pieces, whole - over)
                end += self._reader.at(end - 1, 1) == b"\xff"
                length = end - self._at
        if units:
            raise Damaged
        return length

    def _intervals(self, at: int, length: int) -> Iterator[tuple[int, int]]:
        """The stretches between restart markers, one at a time."""
        begin, end = at, at + length
        while at < end and self._interval:
            piece = self._reader.at(at, min(PIECE, end - at))
            step = max(1, len(piece) - 1)
            for match in _IN_SCAN.finditer(piece):
                yield begin, at + match.start()
                begin = at + match.end()
                step = max(step, match.end())
            at += step
        yield begin, end

    def _height_after(self, length: int, frame: _Frame) -> _Frame:
        segment = self._reader.at(self._at + length, 6)
        if segment[:4] != b"\xff\xdc\0\4" or segment[4:] == b"\0\0":
            raise Damaged
        height = int.from_bytes(segment[4:], "big")
        if frame.width * height > MAX_PIXELS:
            raise Damaged
        self._frame = _Frame(frame.marker, frame.precision, height, frame.width, frame.components)
        return self._frame

    def _start(self, frame: _Frame) -> None:
        """Everything that stands once, before the first scan."""
        self._started = True
        self._write(b"\xff\xd8")
        if self._jfif is not None:
            self._write(_segment(_APP0, self._jfif))
        if self._transform is not None:
            known = self._transform <= 2
            # What every decoder assumes of a number that does not exist.
            assumed = 2 if len(frame.components) == 4 else 1
            transform = self._transform if known else assumed
            self._write(_segment(_APP14, b"Adobe\0\x64\0\0\0\0" + bytes((transform,))))
        if self._turn != 1:
            self._write(_segment(0xE1, _EXIF_HEADER + exif.minimal(self._turn)))
        for segment in self._profile.segments(self._found):
            self._write(segment)
        used = {component.table for component in frame.components}
        for number in sorted(used & self._quantisation.keys()):
            self._write(_segment(_DQT, self._quantisation.pop(number)))
        self._write(frame.segment())

    def _tables(
        self,
        frame: _Frame,
        chosen: list[tuple[int, int]],
        components: list[_Component],
        begin: int,
        end: int,
        shift: int,
    ) -> None:
        """What this scan needs and has not been written since it was last defined."""
        for number in sorted({c.table for c in components} & self._quantisation.keys()):
            self._write(_segment(_DQT, self._quantisation.pop(number)))
        if self._interval != self._interval_written:
            self._write(_segment(_DRI, struct.pack(">H", self._interval)))
            self._interval_written = self._interval
        direct = {tables >> 4 for _, tables in chosen}
        further = {0x10 | tables & 15 for _, tables in chosen}
        if frame.marker in _LOSSLESS:
            needed = direct
        elif frame.marker in _PROGRESSIVE:
            first = shift >> 4 == 0
            needed = (direct if first and begin == 0 else set[int]()) | (further if end else set())
        else:
            needed = direct | further
        if frame.marker in _ARITHMETIC:
            pairs = [
                (n, self._conditioning.pop(n)) for n in sorted(needed & self._conditioning.keys())
            ]
            if pairs:
                self._write(_segment(_DAC, b"".join(bytes(pair) for pair in pairs)))
            return
        for number in sorted(needed & self._huffman.keys()):
            self._write(_segment(_DHT, self._huffman.pop(number)))


def _units(frame: _Frame, components: list[_Component]) -> int:
    """How many coded units a scan over these components has."""
    size = 1 if frame.marker in _LOSSLESS else 8
    across = max(c.horizontal for c in frame.components)
    down = max(c.vertical for c in frame.components)
    if len(components) > 1:
        return -(-frame.width // (size * across)) * -(-frame.height // (size * down))
    only = components[0]
    width = -(-frame.width * only.horizontal // across)
    height = -(-frame.height * only.vertical // down)
    return -(-width // size) * -(-height // size)


# --- what is left out


def _reveal(marker: int, body: bytes, found: Findings) -> None:
    if marker == 0xE1 and body.startswith((notes.XMP_HEADER, notes.XMP_MORE)):
        notes.xmp(body, found)
    elif marker == 0xED and body.startswith(notes.PHOTOSHOP_HEADER):
        notes.photoshop(body[len(notes.PHOTOSHOP_HEADER) :], found)
    elif marker == 0xE2 and body.startswith(b"MPF\0"):
        found.add(Found.PREVIEW, "further pictures")
    elif marker == 0xEB and body[:2] == b"JP":
        found.add(Found.EDITS, "content credentials")
    elif marker == 0xE2 and body.startswith(b"urn:iso:std:iso:ts:21496"):
        found.add(Found.PREVIEW, "gain map")
    else:
        found.add(Found.OTHER)


def _behind(reader: Reader, at: int, found: Findings) -> None:
    """What stands after the end marker: counted, and named where its first bytes say it."""
    count = reader.size - at
    if not count:
        return
    found.add(Found.HIDDEN, f"{amount(count)} after the end")
    if reader.at(at, min(3, count)) == b"\xff\xd8\xff":
        found.add(Found.PREVIEW, "further pictures")
    overlap = b""
    for piece in reader.pieces(at, count):
        look = overlap + piece
        if b"\xff\xd8\xff" in look and _PICTURE.search(look):
            found.add(Found.PREVIEW, "further pictures")
        if (b"ftyp" in look or b"MotionPhoto" in look) and _CLIP.search(look):
            found.add(Found.CLIP)
        overlap = look[-16:]
