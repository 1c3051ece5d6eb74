"""GIF: what is behind the pixels, between the parts and after the end does not get through."""

from __future__ import annotations

import struct

import pytest

from lighttight.media.cleaning import gif
from lighttight.media.cleaning.base import Damaged, Finding, Found
from tests.support import clean_copies, media_files, planted
from tests.support.clean_copies import Memory, cleaned
from tests.support.planted import blocks

HEAD = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
IMAGE = b"\x2c" + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\2"


def codes(*numbers: int, width: int = 3) -> bytes:
    """Three-bit codes, each followed by a clear (4) so that the width never grows."""
    bits = sum(number << width * index for index, number in enumerate(numbers))
    return bits.to_bytes((width * len(numbers) + 7) // 8, "little")


def pixels(count: int, *after: int) -> bytes:
    return codes(*(part for _ in range(count) for part in (4, 0)), *after)


FULL = pixels(16, 5)


def built(*parts: bytes, data: bytes = FULL, before: bytes = b"") -> bytes:
    return HEAD + before + IMAGE + blocks(data) + b"".join(parts) + b";"


def refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        cleaned(data, gif)


def test_blocks_behind_the_last_code_are_cut_off() -> None:
    clean = cleaned(built(), gif)
    assert clean == built()
    hidden = built(data=FULL + planted.CANARY)
    assert cleaned(hidden, gif) == clean
    assert gif.findings(Memory(hidden)) == (Finding(Found.HIDDEN, "after the pixels"),)
    apart = HEAD + IMAGE + blocks(FULL)[:-1] + blocks(planted.CANARY * 40) + b";"
    assert cleaned(apart, gif) == clean


def test_more_or_fewer_pixels_than_the_picture_has_are_damage() -> None:
    refused(built(data=pixels(17, 5)))
    refused(built(data=pixels(15, 5)))
    refused(built(data=pixels(15)))
    refused(built(data=b""))


def test_an_end_without_its_code() -> None:
    # 32 codes of 3 bits are exactly 12 bytes: the picture is full, and nothing follows.
    assert cleaned(built(data=pixels(16)), gif)
    refused(built(data=pixels(16) + b"\0\0"))


def test_codes_that_do_not_exist_yet_are_damage() -> None:
    refused(built(data=codes(4, 0, 7, 7, 7)))
    refused(built(data=codes(4, 6)))


@pytest.mark.parametrize("colours", [2, 3, 7, 32, 256])
def test_codes_are_followed_through_every_width(colours: int) -> None:
    data = media_files.saved(media_files.photo(300, 200).quantize(colours), "GIF")
    assert clean_copies.changed(data, cleaned(data, gif)) == []
    # An empty picture fills the table with ever longer runs.
    flat = media_files.saved(media_files.scene(900, 700).quantize(colours), "GIF")
    assert clean_copies.changed(flat, cleaned(flat, gif)) == []


@pytest.mark.parametrize("stray", [b"\1", b"C", b"\x22", planted.CANARY])
def test_bytes_between_the_parts_are_damage(stray: bytes) -> None:
    refused(built(stray))
    refused(built(before=stray))


def test_extensions_of_every_label_go() -> None:
    for label in set(range(256)) - {0xF9, 0xFF}:
        extension = bytes((0x21, label)) + blocks(planted.CANARY)
        assert cleaned(built(extension, before=extension), gif) == built()


def test_a_control_goes_with_the_text_that_it_was_meant_for() -> None:
    control = b"\x21\xf9\4\1\x0a\0\0\0"
    text = b"\x21\x01\x0c" + bytes(12) + blocks(planted.CANARY)
    assert cleaned(built(before=control + text), gif) == built()
    assert cleaned(built(before=text + control), gif) == built(before=control)
    assert cleaned(built(before=b"\x21\xf9\4\xe1\x0a\0\0\0"), gif) == built(before=control)
    refused(built(before=b"\x21\xf9\5\1\x0a\0\0\0\0"))


def test_loops_are_written_anew_and_once() -> None:
    loop = b"\x21\xff\x0bNETSCAPE2.0\3\1\7\0\0"
    for name in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
        found = b"\x21\xff\x0b" + name + b"\3\1\7\0" + b"\x13" + planted.CANARY + b"\0"
        assert cleaned(built(loop, before=found), gif) == built(before=loop)


def test_lengths_and_ends_that_cannot_be_are_damage() -> None:
    refused(built()[:-1])
    refused(HEAD + b";")
    refused(HEAD + b"\x2c" + struct.pack("<HHHHB", 0, 0, 0, 4, 0) + b"\2" + blocks(FULL) + b";")
    refused(HEAD + IMAGE[:-1] + b"\0" + blocks(FULL) + b";")
    refused(HEAD + IMAGE[:-1] + b"\x0c" + blocks(FULL) + b";")
    refused(b"GIF88a" + built()[6:])


def test_what_stands_after_the_end_is_counted() -> None:
    told = gif.findings(Memory(built() + bytes(5000)))
    assert told == (Finding(Found.HIDDEN, "5.0 kB after the end"),)
