"""PNG and APNG: chunks by list, and streams that end where the picture ends."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest

from lighttight.media.cleaning import png
from lighttight.media.cleaning.base import Damaged, Finding, Found
from tests.support import clean_copies, media_files, planted
from tests.support.clean_copies import Memory, chunks, cleaned
from tests.support.media_files import png_chunk

HEADER = struct.pack(">IIBBBBB", 8, 6, 8, 2, 0, 0, 0)
ROWS = bytes(6 * (1 + 8 * 3))


def built(*middle: bytes, header: bytes = HEADER, pixels: bytes | None = None) -> bytes:
    data = zlib.compress(ROWS) if pixels is None else pixels
    parts = [png_chunk(b"IHDR", header), *middle, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")]
    return png.SIGNATURE + b"".join(parts)


def refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        cleaned(data, png)


def kinds(data: bytes) -> list[bytes]:
    return [kind for kind, _ in chunks(cleaned(data, png))]


def test_what_stands_behind_the_pixels_inside_their_chunk_is_cut_off() -> None:
    stream = zlib.compress(ROWS)
    data = built(pixels=stream + planted.CANARY)
    assert cleaned(data, png) == cleaned(built(), png)
    assert png.findings(Memory(data)) == (Finding(Found.HIDDEN, "after the pixels"),)
    # In a chunk of its own, too.
    apart = built().replace(
        png_chunk(b"IEND", b""), png_chunk(b"IDAT", planted.CANARY) + png_chunk(b"IEND", b"")
    )
    assert cleaned(apart, png) == cleaned(built(), png)


def test_what_an_editor_left_of_the_picture_before_is_cut_off() -> None:
    before = media_files.saved(media_files.photo(80, 60), "PNG")
    cropped = built()
    overwritten = cropped + before[len(cropped) :]
    assert cleaned(overwritten, png) == cleaned(cropped, png)
    assert clean_copies.kinds(png.findings(Memory(overwritten))) == {Found.HIDDEN}


@pytest.mark.parametrize("rows", [b"", ROWS[:-1], ROWS + b"\0", ROWS + planted.CANARY, ROWS * 9])
def test_streams_of_another_size_than_the_picture_are_damage(rows: bytes) -> None:
    refused(built(pixels=zlib.compress(rows)))


def test_streams_that_do_not_hold_are_damage() -> None:
    stream = zlib.compress(ROWS)
    refused(built(pixels=stream[:-1]))
    refused(built(pixels=stream[:-4] + b"\0\0\0\0"))
    refused(built(pixels=b""))
    refused(built(pixels=planted.CANARY))


class Counting:
    """zlib's own, counting what it unpacks."""

    unpacked = 0
    make = staticmethod(zlib.decompressobj)

    def __init__(self) -> None:
        self._real = Counting.make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def decompress(self, data: bytes, most: int) -> bytes:
        out = self._real.decompress(data, most)
        Counting.unpacked += len(out)
        return out


def test_a_stream_that_goes_on_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = zlib.compress(bytes(20 << 20), 9)
    monkeypatch.setattr(zlib, "decompressobj", Counting)
    refused(built(pixels=stream))
    assert 0 < Counting.unpacked <= png.PIECE


def test_a_megabyte_that_unpacks_to_a_gigabyte_is_damage() -> None:
    bomb = zlib.compressobj(9)
    stream = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(200)) + bomb.flush()
    refused(built(pixels=stream))
    profile = built(png_chunk(b"iCCP", b"x\0\0" + stream))
    assert b"iCCP" not in kinds(profile)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        HEADER + b"\0",
        struct.pack(">IIBBBBB", 0, 6, 8, 2, 0, 0, 0),
        struct.pack(">IIBBBBB", 0xFFFFFFFF, 0xFFFFFFFF, 8, 2, 0, 0, 0),
        struct.pack(">IIBBBBB", 8, 6, 4, 2, 0, 0, 0),
        struct.pack(">IIBBBBB", 8, 6, 8, 5, 0, 0, 0),
        struct.pack(">IIBBBBB", 8, 6, 8, 2, 1, 0, 0),
        struct.pack(">IIBBBBB", 8, 6, 8, 2, 0, 1, 0),
        struct.pack(">IIBBBBB", 8, 6, 8, 2, 0, 0, 2),
    ],
)
def test_headers_that_cannot_be_are_damage(header: bytes) -> None:
    refused(built(header=header))


def test_order_and_number_of_chunks() -> None:
    twice = png_chunk(b"IDAT", zlib.compress(ROWS))
    refused(built(twice, png_chunk(b"tEXt", b"a\0b")))
    refused(built(png_chunk(b"IHDR", HEADER)))
    refused(built(png_chunk(b"QQQQ", b"")))
    refused(built(png_chunk(b"1abc", b"")))
    refused(png.SIGNATURE + png_chunk(b"IHDR", HEADER) + png_chunk(b"IEND", b""))
    refused(built()[:-12])
    refused(png.SIGNATURE + png_chunk(b"tEXt", b"a\0b") + built()[8:])
    refused(built()[:-12] + png_chunk(b"IEND", planted.CANARY))


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"IHDR", b"IEND", b"prVt", b"iCCP"])
def test_checksums_hold(kind: bytes) -> None:
    data = built(png_chunk(b"tEXt", b"a\0b"), png_chunk(b"prVt", b"x"), png_chunk(b"iCCP", b"x"))
    at = data.index(kind)
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    refused(data[:end] + bytes((data[end] ^ 1,)) + data[end + 1 :])


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 20])
def test_lengths_that_cannot_be_are_damage(length: int) -> None:
    data = bytearray(built(png_chunk(b"tEXt", b"a\0b")))
    at = data.index(b"tEXt")
    data[at - 4 : at] = struct.pack(">I", length)
    refused(bytes(data))


def test_numbers_that_do_not_fit_are_left_out() -> None:
    canaries = [png_chunk(kind, planted.CANARY) for kind in (b"gAMA", b"cHRM", b"sBIT", b"cICP")]
    assert kinds(built(*canaries)) == [b"IHDR", b"IDAT", b"IEND"]
    gamma = png_chunk(b"gAMA", struct.pack(">I", 45455))
    assert kinds(built(gamma, gamma)) == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]
    for length in (1, 5, 7):
        refused(built(png_chunk(b"tRNS", bytes(length))))


def test_numbers_that_stand_for_a_profile_stay() -> None:
    numbers = [
        (b"cICP", b"\x09\x10\0\1"),
        (b"mDCV", bytes(24)),
        (b"cLLI", bytes(8)),
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", bytes(32)),
        (b"sRGB", b"\0"),
        (b"sBIT", b"\5\6\5"),
        (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
    ]
    copy = chunks(cleaned(built(*(png_chunk(*number) for number in numbers)), png))
    assert copy[1:-2] == numbers


def test_interlaced_pictures() -> None:
    header = HEADER[:-1] + b"\1"
    rows = sum(h * (1 + 3 * w) for w, h in ((1, 1), (1, 1), (2, 1), (2, 2), (4, 1), (4, 3), (8, 3)))
    data = built(header=header, pixels=zlib.compress(bytes(rows)))
    assert clean_copies.changed(data, cleaned(data, png)) == []
    refused(built(header=header, pixels=zlib.compress(bytes(rows + 1))))


def animation(change: int = -1, value: bytes = b"", frames: int = 2) -> bytes:
    control = struct.pack(">IIIIHHBB", 8, 6, 0, 0, 1, 10, 0, 0)
    parts = [
        png_chunk(b"acTL", struct.pack(">II", frames, 0)),
        png_chunk(b"fcTL", b"\0\0\0\0" + control),
        png_chunk(b"IDAT", zlib.compress(ROWS)),
        png_chunk(b"fcTL", b"\0\0\0\1" + control),
        png_chunk(b"fdAT", b"\0\0\0\2" + zlib.compress(ROWS)[:9]),
        png_chunk(b"fdAT", b"\0\0\0\3" + zlib.compress(ROWS)[9:]),
    ]
    if change >= 0:
        parts[change] = value
    head = png.SIGNATURE + png_chunk(b"IHDR", HEADER)
    return head + b"".join(parts) + png_chunk(b"IEND", b"")


def test_animations_must_add_up() -> None:
    assert cleaned(animation(), png)
    far = struct.pack(">IIIIHHBB", 8, 6, 1, 0, 1, 10, 0, 0)
    odd = struct.pack(">IIIIHHBB", 8, 6, 0, 0, 1, 10, 3, 0)
    for change, value in (
        (0, png_chunk(b"acTL", planted.CANARY)),
        (0, b""),
        (1, png_chunk(b"fcTL", b"\0\0\0\1" + far)),
        (2, b""),
        (3, b""),
        (3, png_chunk(b"fcTL", b"\0\0\0\1" + far)),
        (3, png_chunk(b"fcTL", b"\0\0\0\1" + odd)),
        (3, png_chunk(b"fcTL", planted.CANARY)),
        (4, b""),
        (4, png_chunk(b"fdAT", b"")),
        (5, png_chunk(b"fdAT", b"\0\0\0\4" + zlib.compress(ROWS)[9:])),
    ):
        made = animation(change, value)
        if (change, value) == (0, b""):
            # Without its first chunk it is a still picture, and the frames are not shown.
            assert kinds(made) == [b"IHDR", b"IDAT", b"IEND"]
            assert Found.HIDDEN in clean_copies.kinds(png.findings(Memory(made)))
        else:
            refused(made)
    for frames in (0, 1, 3):
        refused(animation(frames=frames))


def test_what_stands_behind_a_frame_is_cut_off() -> None:
    rest = zlib.compress(ROWS)[9:] + planted.CANARY
    data = animation(5, png_chunk(b"fdAT", b"\0\0\0\3" + rest))
    assert planted.CANARY not in cleaned(data, png)


def test_orientation_alone_is_kept() -> None:
    copy = chunks(cleaned(built(png_chunk(b"eXIf", planted.exif(8))), png))
    assert [len(body) for kind, body in copy if kind == b"eXIf"] == [26]
    assert b"eXIf" not in kinds(built(png_chunk(b"eXIf", planted.exif(1))))
    assert b"eXIf" not in kinds(built(png_chunk(b"eXIf", planted.CANARY)))


def test_a_palette_that_does_not_fit_is_damage() -> None:
    header = struct.pack(">IIBBBBB", 8, 6, 2, 3, 0, 0, 0)
    pixels = zlib.compress(bytes(6 * 3))
    palette = png_chunk(b"PLTE", bytes(12))
    assert cleaned(built(palette, header=header, pixels=pixels), png)
    refused(built(header=header, pixels=pixels))
    for body in (b"", bytes(4), bytes(15)):
        refused(built(png_chunk(b"PLTE", body), header=header, pixels=pixels))
    for length in (0, 5):
        extra = png_chunk(b"tRNS", bytes(length))
        refused(built(palette, extra, header=header, pixels=pixels))
