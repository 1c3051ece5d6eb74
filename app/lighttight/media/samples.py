"""A few small pictures and a video, made from nothing: what `lighttight demo` imports.

They are written by hand, byte by byte, around JPEGs that `preview` encodes, so that showing what
the program does needs no camera, no file, and no codec in the program's own process. The first
carries a place, a day and a device, like every picture from a phone, because what happens to
those is much of what there is to show. Same bytes each time.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lighttight.media import preview
from lighttight.media.client import Pixels

TAKEN = datetime(2026, 7, 4, 18, 30)
LATITUDE, LONGITUDE = 48.20849, 16.37208
DEVICE = ("Lighttight", "Sample camera")

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file as it would lie in a folder."""

    name: str
    data: bytes


def samples() -> tuple[Sample, ...]:
    """A JPEG with place, day and device, a PNG, and a video of two seconds."""
    return (
        Sample("Evening by the lake.jpg", _with_exif(_jpeg(640, 480, _evening), _exif())),
        Sample("Paper boat.png", _png(240, 180, _boat)),
        Sample("Waves.mp4", _video([_wave(number / 8) for number in range(16)], 192, 144, 8)),
    )


# --- the scenes: a colour for each point, x and y from 0 to 1


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    share = min(1.0, max(0.0, share))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _evening(x: float, y: float) -> Colour:
    hills = 0.52 + 0.06 * math.sin(x * 7) + 0.03 * math.sin(x * 17 + 1)
    if y < hills - 0.1:
        sun = math.hypot((x - 0.7) * 1.33, y - 0.33)
        sky = _mix((38, 52, 92), (250, 176, 112), y * 1.9)
        return (255, 236, 190) if sun < 0.06 else _mix((255, 214, 150), sky, sun * 3.2)
    if y < 0.56:
        return _mix((34, 40, 58), (58, 52, 70), (0.56 - y) * 6)
    ripple = 0.5 + 0.5 * math.sin(y * 120 + math.sin(x * 20) * 2)
    glow = max(0.0, 1 - abs(x - 0.7) * 5) * ripple
    return _mix(_mix((56, 60, 96), (24, 30, 52), (y - 0.56) * 2), (250, 190, 130), glow * 0.8)


def _boat(x: float, y: float) -> Colour:
    if 0.62 < y < 0.78 and abs(x - 0.5) < 0.28 - (y - 0.62) * 0.8:
        return (246, 242, 232)
    if 0.28 < y < 0.6 and 0 < x - 0.5 + 0.02 < (y - 0.28) * 0.6:
        return (226, 214, 196)
    return _mix((148, 190, 214), (60, 110, 150), y)


def _wave(seconds: float) -> Callable[[float, float], Colour]:
    def colour(x: float, y: float) -> Colour:
        height = 0.5 + 0.08 * math.sin(x * 9 + seconds * math.pi) + 0.03 * math.sin(x * 23)
        if y < height:
            return _mix((196, 222, 236), (240, 238, 226), y * 1.6)
        return _mix((70, 140, 170), (16, 48, 84), (y - height) * 2)

    return colour


def _rows(width: int, height: int, colour: Callable[[float, float], Colour]) -> bytes:
    return bytes(
        part
        for row in range(height)
        for column in range(width)
        for part in colour(column / width, row / height)
    )


# --- the files


def _jpeg(width: int, height: int, colour: Callable[[float, float], Colour]) -> bytes:
    """Worked out at a quarter of the size and doubled: it is a matter of a second otherwise."""
    small = _rows(width // 2, height // 2, colour)
    step = width // 2 * 3
    wide = bytearray()
    for row in range(height // 2):
        line = b"".join(small[at : at + 3] * 2 for at in range(row * step, row * step + step, 3))
        wide += line + line
    with Pixels(width, height, 3, bytes(wide)) as pixels:
        return preview.encode(pixels, quality=88)


def _with_exif(jpeg: bytes, exif: bytes) -> bytes:
    block = b"Exif\0\0" + exif
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def _exif() -> bytes:
    """A little-endian TIFF of three directories: the camera's, the picture's, the place's."""

    def text(value: str) -> tuple[int, int, bytes]:
        data = value.encode() + b"\0"
        return 2, len(data), data

    def degrees(value: float) -> tuple[int, int, bytes]:
        whole = int(value)
        minutes = (value - whole) * 60
        seconds = round((minutes - int(minutes)) * 60 * 1000)
        return 5, 3, struct.pack("<6I", whole, 1, int(minutes), 1, seconds, 1000)

    def directory(at: int, entries: list[tuple[int, tuple[int, int, bytes]]]) -> bytes:
        block, beside = struct.pack("<H", len(entries)), b""
        start = at + 2 + 12 * len(entries) + 4
        for tag, (kind, count, data) in entries:
            block += struct.pack("<HHI", tag, kind, count)
            if len(data) <= 4:
                block += data.ljust(4, b"\0")
            else:
                block += struct.pack("<I", start + len(beside))
                beside += data + b"\0" * (len(data) % 2)
        return block + b"\0\0\0\0" + beside

    taken = text(TAKEN.strftime("%Y:%m:%d %H:%M:%S"))
    picture = [(0x9003, taken)]
    place = [
        (1, text("N")),
        (2, degrees(LATITUDE)),
        (3, text("E")),
        (4, degrees(LONGITUDE)),
    ]

    def camera(exif_at: int, gps_at: int) -> bytes:
        return directory(
            8,
            [
                (0x010F, text(DEVICE[0])),
                (0x0110, text(DEVICE[1])),
                (0x0112, (3, 1, struct.pack("<H", 1))),
                (0x0132, taken),
                (0x8769, (4, 1, struct.pack("<I", exif_at))),
                (0x8825, (4, 1, struct.pack("<I", gps_at))),
            ],
        )

    exif_at = 8 + len(camera(0, 0))
    second = directory(exif_at, picture)
    gps_at = exif_at + len(second)
    third = directory(gps_at, place)
    return b"II*\0" + struct.pack("<I", 8) + camera(exif_at, gps_at) + second + third


def _png(width: int, height: int, colour: Callable[[float, float], Colour]) -> bytes:
    rows = _rows(width, height, colour)
    step = width * 3
    lines = b"".join(b"\0" + rows[at : at + step] for at in range(0, len(rows), step))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), *parts)


_UPRIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_MOTION_JPEG = 0x6C


def _video(
    frames: list[Callable[[float, float], Colour]], width: int, height: int, rate: int
) -> bytes:
    """MP4 whose frames are JPEGs: the one video that can be made without a video encoder."""
    pictures = [_jpeg(width, height, frame) for frame in frames]
    count, scale = len(pictures), rate * 100
    length = count * 100
    started = int((TAKEN - datetime(1904, 1, 1)).total_seconds())
    description = (
        b"\x03\x14\0\1\0\x04\x0d" + bytes([_MOTION_JPEG, 0x11]) + b"\0" * 11 + b"\x06\x01\x02"
    )
    entry = _box(
        b"mp4v",
        b"\0" * 6 + struct.pack(">H", 1) + b"\0" * 16,
        struct.pack(">HHIIIH", width, height, 72 << 16, 72 << 16, 0, 1),
        b"\0" * 32 + struct.pack(">Hh", 24, -1),
        _full(b"esds", description),
    )
    ftyp = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isommp41")
    data_at = len(ftyp) + 8
    tables = (
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">III", 1, count, 100)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, count, 1)),
        _full(
            b"stsz", struct.pack(">II", 0, count), *(struct.pack(">I", len(p)) for p in pictures)
        ),
        _full(b"stco", struct.pack(">II", 1, data_at)),
    )
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", started, started, scale, length, 0x55C4, 0)),
        _full(b"hdlr", b"\0" * 4 + b"vide" + b"\0" * 12 + b"\0"),
        _box(
            b"minf",
            _full(b"vmhd", b"\0" * 8, flags=1),
            _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))),
            _box(b"stbl", *tables),
        ),
    )
    track = _box(
        b"trak",
        _full(
            b"tkhd",
            struct.pack(">IIIII", started, started, 1, 0, length) + b"\0" * 8,
            struct.pack(">hhhH", 0, 0, 0, 0) + _UPRIGHT,
            struct.pack(">II", width << 16, height << 16),
            flags=3,
        ),
        media,
    )
    header = _full(
        b"mvhd",
        struct.pack(">IIIIIH", started, started, scale, length, 1 << 16, 0x100) + b"\0" * 10,
        _UPRIGHT + b"\0" * 24 + struct.pack(">I", 2),
    )
    place = f"{LATITUDE:+08.4f}{LONGITUDE:+09.4f}/".encode()
    where = _box(b"udta", _box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7), place))
    return ftyp + _box(b"mdat", *pictures) + _box(b"moov", header, track, where)
