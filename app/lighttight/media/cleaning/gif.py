"""GIF: screen, palettes and pictures; of everything else, how often it repeats.

A picture's data is a row of blocks, and a decoder stops reading it when the picture is full,
whatever follows in further blocks. So the codes are counted here: not what they stand for, only
how many pixels each gives, which takes one number for each code. What stands behind the code that
ends the picture is cut off; data that ends too early or goes on too long is damage.

Comments, texts and the blocks of applications go, and so does what a graphic control block was
meant for if that goes. After the trailer nothing is copied.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lighttight.media.cleaning import notes
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

MAX_BLOCKS = 1_000_000
MAX_TAKEN = 1 << 20
"""Of an extension that is looked into for findings."""
MAX_PIXELS = 300_000_000

_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_XMP = b"XMP DataXMP"


def clean(original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy of a GIF; see `base` for what is common to all formats."""
    return _Walk(Reader(original), write).run()


def findings(original: Original) -> tuple[Finding, ...]:
    """What the copy would leave out."""
    return clean(original, drop)


class _Walk:
    def __init__(self, reader: Reader, write: Write) -> None:
        self._reader = reader
        self._write = write
        self._found = Findings()
        self._at = 0
        self._control = b""
        self._looping = False
        self._pictures = 0

    def _take(self, count: int) -> bytes:
        data = self._reader.at(self._at, count)
        self._at += count
        return data

    def run(self) -> tuple[Finding, ...]:
        head = self._take(13)
        if head[:6] not in (b"GIF87a", b"GIF89a"):
            raise Damaged
        self._write(head)
        self._palette(head[10])
        for _ in range(MAX_BLOCKS):
            kind = self._take(1)[0]
            if kind == 0x3B:
                break
            if kind == 0x21:
                self._extension()
            elif kind == 0x2C:
                self._picture()
            elif kind:
                # Empty blocks between the parts are a habit of some encoders; nothing else is.
                raise Damaged
        else:
            raise Damaged
        if not self._pictures:
            raise Damaged
        self._write(b"\x3b")
        behind = self._reader.size - self._at
        if behind:
            self._found.add(Found.HIDDEN, f"{amount(behind)} after the end")
        return self._found.all()

    def _palette(self, flags: int) -> None:
        if flags & 0x80:
            self._write(self._take(3 << (flags & 7) + 1))

    def _blocks(self) -> Iterator[bytes]:
        """The data blocks from here on, without their lengths, and past the empty one."""
        while length := self._take(1)[0]:
            yield self._take(length)

    # --- extensions

    def _extension(self) -> None:
        label = self._take(1)[0]
        if label == 0xF9:
            self._graphic_control()
        elif label == 0xFF:
            self._application()
        else:
            size = sum(len(block) for block in self._blocks())
            if label == 0xFE:
                if size:
                    self._found.add(Found.WORDS, "comment")
            elif label == 0x01:
                self._control = b""
                self._found.add(Found.WORDS, "text drawn over the picture")
            else:
                self._found.add(Found.OTHER)

    def _graphic_control(self) -> None:
        blocks = self._blocks()
        first = next(blocks, b"")
        if len(first) != 4:
            raise Damaged
        if any(True for _ in blocks):
            self._found.add(Found.HIDDEN, "between the pictures")
        self._control = b"\x21\xf9\x04" + bytes((first[0] & 0x1F,)) + first[1:] + b"\0"

    def _application(self) -> None:
        name, taken, loop = b"", bytearray(), b""
        for index, block in enumerate(self._blocks()):
            if index == 0:
                name = block
            elif name in _LOOPS and block[0] & 7 == 1 and len(block) == 3:
                loop = loop or block[1:]
            elif name in _LOOPS and block[0] & 7 == 2:
                pass
            elif len(taken) < MAX_TAKEN:
                taken += block
        if loop and not self._looping:
            self._looping = True
            self._write(b"\x21\xff\x0b" + _LOOPS[0] + b"\x03\x01" + loop + b"\0")
        if name == _XMP:
            notes.xmp(bytes(taken), self._found)
        elif name in _LOOPS:
            if taken:
                self._found.add(Found.HIDDEN, "between the pictures")
        else:
            self._found.add(Found.OTHER)

    # --- pictures

    def _picture(self) -> None:
        descriptor = self._take(9)
        width, height = struct.unpack_from("<HH", descriptor, 4)
        if not 0 < width * height <= MAX_PIXELS:
            raise Damaged
        self._write(self._control + b"\x2c" + descriptor)
        self._control = b""
        self._palette(descriptor[8])
        smallest = self._take(1)
        if not 1 <= smallest[0] <= 11:
            raise Damaged
        self._write(smallest)
        count = _Count(smallest[0], width * height)
        for block in self._blocks():
            used = count.feed(block)
            if used < len(block):
                self._found.add(Found.HIDDEN, "after the pixels")
            if used:
                self._write(bytes((used,)) + block[:used])
        count.end()
        self._write(b"\0")
        self._pictures += 1


class _Count:
    """Follows LZW codes as far as is needed to know where they end."""

    def __init__(self, smallest: int, pixels: int) -> None:
        self._clear = 1 << smallest
        self._start = smallest + 1
        self._left = pixels
        self._bits = self._held = 0
        self._lengths: list[int] = []
        self._width = self._start
        self._last = 0
        self._full = False
        self._over = False
        self._reset()

    def _reset(self) -> None:
        self._lengths = [1] * self._clear + [0, 0]
        self._width = self._start
        self._last = 0

    def feed(self, block: bytes) -> int:
        """How many bytes of this block belong to the picture."""
        if self._over:
            return 0
        bits = self._bits | int.from_bytes(block, "little") << self._held
        held = self._held + 8 * len(block)
        width, mask = self._width, (1 << self._width) - 1
        lengths, last, left, clear = self._lengths, self._last, self._left, self._clear
        end = clear + 1
        while held >= width:
            code = bits & mask
            bits >>= width
            held -= width
            if code == clear:
                self._reset()
                lengths, last, width = self._lengths, 0, self._width
                mask = (1 << width) - 1
                continue
            if code == end:
                self._over = True
                break
            known = len(lengths)
            if code < known:
                size = lengths[code]
            elif code == known and last:
                size = last + 1
            else:
                raise Damaged
            if last and known < 4096:
                lengths.append(last + 1)
                if known == mask and width < 12:
                    width += 1
                    mask = (1 << width) - 1
            last = size
            left -= size
            if left < 0:
                raise Damaged
        self._bits, self._held, self._width, self._last, self._left = bits, held, width, last, left
        return len(block) - held // 8 if self._over else len(block)

    def end(self) -> None:
        if self._left or (not self._over and self._held >= 8):
            raise Damaged
