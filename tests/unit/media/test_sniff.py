"""Formats by their first bytes: what they are, and above all what they are not."""

from __future__ import annotations

import pytest

from lighttight.media.sniff import FORMATS, refine, sniff
from lighttight.model import Kind
from tests.support import media_files

OTHERS = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"Once upon a time there was a light-tight box.\n" * 100,
    "html": b"<!doctype html><html>",
    "zip": b"PK\x03\x04" + b"\0" * 200,
    "pdf": b"%PDF-1.7\n",
    "mp3": b"ID3\x04\0\0\0\0\0\0",
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "m4a": b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "elf": b"\x7fELF\2\1\1",
    "photoshop": b"8BPS\0\1",
    "bm text": b"BMW is a maker of cars and this is a text about it, not a picture.",
    "g's": b"G" * 4096,
    "two sync bytes": b"G" + b"\0" * 187 + b"G" + b"\0" * 20,
    "ebml of another kind": b"\x1aE\xdf\xa3\x80\x42\x82\x84mine",
    "moov in words": b"the moov of the day",
}

HEADS = {
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n",
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
    "mpegps": b"\0\0\1\xba\x44",
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    "flv": b"FLV\x01\x05",
    "cr3": media_files.cr3(),
    "cr2": b"II*\0\x10\0\0\0CR\2\0",
    "heif": b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf",
    "avif": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf",
    "heic": b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf",
    "mov": b"\0\0\0\x08wide\0\0\0\0mdat",
    "mkv": b"\x1aE\xdf\xa3\x93\x42\x82\x88matroska\x42\x87",
    "m4v": b"\0\0\0\x18ftypM4V \0\0\0\0M4V mp42",
    "3gp": b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp4",
}
M2TS = b"".join(b"\0\0\0\0G\0\0\x10" + bytes(184) for _ in range(22))[:4096]


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_no_media(name: str) -> None:
    assert sniff(OTHERS[name]) is None


@pytest.mark.parametrize("name", HEADS)
def test_heads(name: str) -> None:
    assert sniff(HEADS[name]) == FORMATS[name]


@pytest.mark.parametrize("name", media_files.MAKERS)
def test_whole_files(name: str) -> None:
    clip = media_files.CLIPS.get(name)
    wanted = name
    if clip is not None:
        wanted = {"ipod": "m4v", "matroska": "mkv"}.get(clip.muxer, clip.muxer)
    found = sniff(media_files.MAKERS[name]()[:4096])
    assert found is not None
    assert found.container == wanted


def test_transport_stream_with_time_stamps() -> None:
    assert sniff(M2TS) == FORMATS["mpegts"]


def test_any_beginning_is_read_without_error() -> None:
    for head in (*HEADS.values(), media_files.dng(), media_files.tiff_picture(), M2TS):
        for length in range(min(len(head), 300)):
            sniff(head[:length])


def test_directories_that_point_outside_are_plain_tiff() -> None:
    for offset in (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x08\0\0\0"):
        assert sniff(b"II*\0" + offset + b"\xff" * 40) == FORMATS["tiff"]


@pytest.mark.parametrize(
    ("first", "told"),
    [("jpeg", "mp4"), ("mp4", "jpeg"), ("mkv", "mp4"), ("png", "dng"), ("tiff", "x")],
)
def test_a_child_cannot_make_something_else_of_it(first: str, told: str) -> None:
    assert refine(FORMATS[first], told) is None


def test_a_child_may_say_it_more_exactly() -> None:
    assert refine(FORMATS["tiff"], "nef") == FORMATS["nef"]
    assert refine(FORMATS["heif"], "avif") == FORMATS["avif"]


def test_kinds() -> None:
    assert FORMATS["raf"].kind is Kind.PHOTO
    assert FORMATS["webm"].kind is Kind.VIDEO
