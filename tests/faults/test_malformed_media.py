"""Damaged, lying and exploding media: the program neither crashes, nor grows, nor waits for ever.

Every case goes through the real decoder. What comes out is a picture or an error of ours; what
never comes out is another exception, and afterwards an honest file still works.
"""

from __future__ import annotations

import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lighttight.errors import LighttightError
from lighttight.media.client import Decoder, Limits
from tests.support import media_files
from tests.support.decoding import colours, near
from tests.support.media_files import QUARTERS, Bytes, box, exif, png_chunk, png_of, saved, scene

ALLOWED = {"media-unknown", "media-undecodable", "decoder-died", "decoder-timeout"}
MEBIBYTE = 1 << 20
GROWTH = 50 * MEBIBYTE


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    limits = Limits(picture_seconds=4, video_seconds=4, memory=768 * MEBIBYTE)
    with Decoder(limits=limits) as found:
        found.warm()
        yield found


def outcome(decoder: Decoder, data: bytes) -> str:
    try:
        _, pixels = decoder.examine(Bytes(data))
    except LighttightError as error:
        if error.code not in ALLOWED:
            raise
        return error.code
    if pixels is None:
        return "no preview"
    with pixels:
        assert max(pixels.width, pixels.height) <= 512
    return "preview"


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def still_works(decoder: Decoder) -> bool:
    with decoder.picture(Bytes(media_files.jpeg()), max_side=96) as pixels:
        return near(colours(pixels), QUARTERS)


@pytest.fixture(autouse=True)
def _bounded(decoder: Decoder) -> Iterator[None]:
    outcome(decoder, media_files.jpeg())
    before = resident()
    yield
    assert resident() - before < GROWTH
    assert still_works(decoder)


@pytest.mark.parametrize("name", media_files.MAKERS)
def test_cut_short(decoder: Decoder, name: str) -> None:
    data = media_files.MAKERS[name]()
    for share in (0.02, 0.1, 0.35, 0.6, 0.9, 0.99):
        outcome(decoder, data[: max(13, int(len(data) * share))])


@pytest.mark.parametrize("name", media_files.MAKERS)
def test_flipped_and_overwritten(decoder: Decoder, name: str) -> None:
    data = media_files.MAKERS[name]()
    chance = random.Random(name)
    for _ in range(4):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 8, 64])):
            changed[chance.randrange(8, len(changed))] = chance.randrange(256)
        outcome(decoder, bytes(changed))
    at = chance.randrange(16, len(data) - 16)
    outcome(decoder, data[:at] + b"\xff" * 16 + data[at + 16 :])


@pytest.mark.parametrize("name", media_files.MAKERS)
def test_a_beginning_and_nothing_that_belongs_to_it(decoder: Decoder, name: str) -> None:
    data = media_files.MAKERS[name]()
    outcome(decoder, data[:64] + random.Random(1).randbytes(20_000))
    outcome(decoder, data[:64] + bytes(20_000))


# --- declared sizes


def jpeg_of(width: int, height: int) -> bytes:
    data = media_files.jpeg()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def gif_of(width: int, height: int) -> bytes:
    data = media_files.gif()
    size = struct.pack("<HH", width, height)
    at = data.index(b",") + 5
    return data[:6] + size + data[10:at] + size + data[at + 4 :]


def bmp_of(width: int, height: int) -> bytes:
    data = media_files.bmp()
    return data[:18] + struct.pack("<ii", width, height) + data[26:]


def webp_of(width: int, height: int) -> bytes:
    """The extended header, which says its own size."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inner = saved(scene(), "WEBP")[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + canvas + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_of(width: int, height: int, **more: int) -> bytes:
    entries: list[media_files.Entry] = [
        (0x0100, 4, width), (0x0101, 4, height), (0x0102, 3, 8), (0x0103, 3, 1), (0x0106, 3, 1),
        (0x0111, 4, more.get("offset", 8)), (0x0116, 4, height), (0x0117, 4, more.get("count", 64)),
    ]  # fmt: skip
    return media_files.tiff([entries])


def in_iso(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


HUGE: dict[str, Callable[[], bytes]] = {
    "png": lambda: png_of(0x7FFFFFFF, 0x7FFFFFFF, 8, 2, []),
    "png square": lambda: png_of(60_000, 60_000, 8, 6, []),
    "jpeg": lambda: jpeg_of(65_535, 65_535),
    "gif": lambda: gif_of(65_535, 65_535),
    "bmp": lambda: bmp_of(0x7FFFFFFF, 0x7FFFFFFF),
    "bmp upside down": lambda: bmp_of(40_000, -40_000),
    "bmp smallest": lambda: bmp_of(-0x80000000, -0x80000000),
    "tiff": lambda: tiff_of(0xFFFFFFFF, 0xFFFFFFFF),
    "tiff square": lambda: tiff_of(50_000, 50_000, count=2_500_000_000),
    "avif": lambda: in_iso(media_files.avif(), 65_000, 65_000),
    "heic": lambda: in_iso(media_files.heic(), 65_000, 65_000),
    "heic wide": lambda: in_iso(media_files.heic(), 0xFFFFFFFF, 0xFFFFFFFF),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_declared_sizes_make_no_picture(decoder: Decoder, name: str) -> None:
    assert outcome(decoder, HUGE[name]()) in ("media-undecodable", "no preview", "decoder-died")


JUST_BELOW: dict[str, Callable[[], bytes]] = {
    "png": lambda: png_of(17_000, 17_000, 8, 2, []),
    "png with alpha": lambda: png_of(17_000, 17_000, 16, 6, []),
    "jpeg": lambda: jpeg_of(17_000, 17_000),
    "gif": lambda: gif_of(17_000, 17_000),
    "webp": lambda: webp_of(16_383, 16_383),
    "bmp": lambda: bmp_of(17_000, 17_000),
    "tiff": lambda: tiff_of(17_000, 17_000, count=289_000_000),
    "none at all": lambda: jpeg_of(0, 0),
    "one line": lambda: png_of(1_000_000, 1, 8, 0, [bytes(1_000_000)]),
    "one column": lambda: png_of(1, 200_000, 8, 0, [b"\0"] * 200_000),
}


@pytest.mark.parametrize("name", JUST_BELOW)
def test_sizes_that_pass_the_cap_meet_the_limits(decoder: Decoder, name: str) -> None:
    outcome(decoder, JUST_BELOW[name]())


# --- small files that unpack to large ones


def zeros(size: int) -> bytes:
    """Deflated nothing, a thousandth of its size."""
    packer = zlib.compressobj(9)
    block = bytes(MEBIBYTE)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def png_with(*chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", 16, 8, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(48)) * 8)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + b"".join(chunks)
        + png_chunk(b"IDAT", rows)
        + png_chunk(b"IEND", b"")
    )


def many_scans() -> bytes:
    """A progressive JPEG of 16,000 × 16,000 with ten thousand scans of nothing."""
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, 16_000, 16_000, 1) + b"\1\x11\0"
    quantising = b"\xff\xdb\0\x43\0" + b"\1" * 64
    table = b"\xff\xc4\0\x14\0" + b"\1" + bytes(15) + b"\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\0\0" + b"\0" * 8
    return b"\xff\xd8" + quantising + frame + table + scan * 10_000 + b"\xff\xd9"


def nested_boxes(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"moov", inner) if len(inner) < 60_000 else inner
    return box(b"ftyp", b"isom\0\0\0\0isom") + inner


def matroska_levels(depth: int) -> bytes:
    head = b"\x1aE\xdf\xa3\x8b\x42\x82\x88matroska"
    return head + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" * depth


def counted_table(kind: bytes, count: int) -> bytes:
    """A clip whose index says that it has four thousand million entries."""
    data = media_files.MAKERS["m4v"]()
    at = data.index(kind) + (12 if kind == b"stsz" else 8)
    return data[:at] + struct.pack(">I", count) + data[at + 4 :]


def loop_of_directories() -> bytes:
    entry = struct.pack("<HHII", 0x014A, 4, 1, 8)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)


BOMBS: dict[str, Callable[[], bytes]] = {
    "nothing unusual": lambda: png_with(),
    "zipped pixels": lambda: (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 15_000, 15_000, 8, 2, 0, 0, 0))
        + png_chunk(b"IDAT", zeros(700 * MEBIBYTE))
        + png_chunk(b"IEND", b"")
    ),
    "text": lambda: png_with(png_chunk(b"zTXt", b"Comment\0\0" + zeros(512 * MEBIBYTE))),
    "many texts": lambda: png_with(
        *[png_chunk(b"zTXt", b"Comment\0\0" + zeros(4 * MEBIBYTE)) for _ in range(200)]
    ),
    "long text": lambda: png_with(png_chunk(b"iTXt", b"C\0\1\0\0\0" + zeros(256 * MEBIBYTE))),
    "profile": lambda: png_with(png_chunk(b"iCCP", b"p\0\0" + zeros(512 * MEBIBYTE))),
    "chunk without end": lambda: png_with()[:40] + b"\xff\xff\xff\xffIDAT",
    "scans": lambda: many_scans(),
    "loop": lambda: loop_of_directories(),
    "exif loop": lambda: saved(scene(), "JPEG", exif=b"Exif\0\0" + loop_of_directories()),
    "deep exif": lambda: saved(scene(), "JPEG", exif=exif()[:14] + exif()[14:] * 60),
    "boxes": lambda: nested_boxes(7_000),
    "levels": lambda: matroska_levels(5_000),
    "samples": lambda: counted_table(b"stsz", 0xFFFFFFFF),
    "chunks": lambda: counted_table(b"stco", 0x0FFFFFFF),
    "times": lambda: counted_table(b"stts", 0xFFFFFFFF),
    "gif frames": lambda: media_files.gif()[:-1] * 300,
    "jpeg of markers": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * 200_000,
    "webp of chunks": lambda: b"RIFF\xff\xff\xff\xffWEBP" + b"JUNK\0\0\0\0" * 50_000,
    "transport of nothing": lambda: (b"G\x1f\xff\x10" + b"\xff" * 184) * 20_000,
    "dng without end": lambda: media_files.dng()[:8] + b"\xff\xff" + media_files.dng()[10:],
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(decoder: Decoder, name: str) -> None:
    outcome(decoder, BOMBS[name]())


def test_a_text_bomb_does_not_hide_the_picture(decoder: Decoder) -> None:
    assert outcome(decoder, BOMBS["exif loop"]()) == "preview"


@pytest.mark.parametrize(
    ("claimed", "real"),
    [(one, other) for one in ("jpeg", "png", "mp4", "tiff") for other in ("webp", "avi", "heic")],
)
def test_files_that_lie_about_their_kind(decoder: Decoder, claimed: str, real: str) -> None:
    first = media_files.MAKERS[claimed]()[:16]
    assert outcome(decoder, first + media_files.MAKERS[real]()) != "preview"
