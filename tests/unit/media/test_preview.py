"""Previews: plain JPEGs that carry nothing but pixels."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from lighttight.media import preview
from lighttight.media.client import Decoder, Pixels
from tests.support import media_files
from tests.support.decoding import near
from tests.support.media_files import QUARTERS, Bytes


def markers(jpeg: bytes) -> list[int]:
    """The segments of a JPEG up to its picture."""
    found: list[int] = []
    at = 2
    while True:
        assert jpeg[at] == 0xFF
        found.append(jpeg[at + 1])
        if jpeg[at + 1] == 0xDA:
            return found
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")


def test_nothing_of_the_original_but_pixels(decoder: Decoder) -> None:
    with decoder.picture(Bytes(media_files.jpeg()), max_side=96) as pixels:
        encoded = preview.encode(pixels)
    assert media_files.MODEL.encode() not in encoded
    # APP0 is JPEG's own; no other application segment, no comment, and baseline.
    assert [marker for marker in markers(encoded) if 0xE1 <= marker <= 0xEF] == []
    assert 0xFE not in markers(encoded)
    assert 0xC0 in markers(encoded)


def test_it_shows_the_same(decoder: Decoder) -> None:
    with decoder.picture(Bytes(media_files.jpeg()), max_side=96) as pixels:
        image = Image.open(io.BytesIO(preview.encode(pixels)))
    found = [image.getpixel((x, y)) for y in (16, 48) for x in (24, 72)]
    assert near([colour for colour in found if isinstance(colour, tuple)], QUARTERS)  # pyright: ignore[reportArgumentType]


def test_four_channels() -> None:
    with Pixels(2, 1, 4, bytes((200, 10, 10, 255, 200, 10, 10, 255))) as pixels:
        image = Image.open(io.BytesIO(preview.encode(pixels)))
    assert image.mode == "RGB"
    assert image.size == (2, 1)


def test_quality_costs_bytes() -> None:
    photo = media_files.photo(128, 96)
    with Pixels(128, 96, 3, photo.tobytes()) as pixels:
        sizes = [len(preview.encode(pixels, quality)) for quality in (30, 80, 95)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("length", [0, 11, 13])
def test_pixels_must_fill_the_picture(length: int) -> None:
    with pytest.raises(ValueError, match="fill"):
        Pixels(2, 2, 3, bytes(length))
