"""EXIF and notes: what a block gives away, and the one block that stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttight.media import tags
from lighttight.media.cleaning import exif, notes
from lighttight.media.cleaning.base import Finding, Findings, Found
from tests.support import planted
from tests.support.media_files import tiff


def revealed(block: bytes) -> tuple[Finding, ...]:
    found = Findings()
    exif.reveal(block, found)
    return found.all()


@pytest.mark.parametrize("turn", range(2, 9))
def test_the_minimal_block_says_one_thing(turn: int) -> None:
    block = exif.minimal(turn)
    assert len(block) == 26
    assert exif.orientation(block) == turn
    found = tags.read_exif(block)
    assert list(found.main) == [tags.ORIENTATION]
    assert (found.exif, found.gps, found.subs) == ({}, {}, [])
    assert revealed(block) == ()


@pytest.mark.parametrize("turn", [-1, 0, 1, 9])
def test_no_block_for_what_needs_none(turn: int) -> None:
    with pytest.raises(ValueError, match=str(turn)):
        exif.minimal(turn)


def test_everything_is_told_once() -> None:
    told = {finding.kind: finding.detail for finding in reversed(revealed(planted.exif()))}
    assert told[Found.PLACE] == "48.86 N, 2.35 E"
    assert told[Found.DATE] == "2026-07-04 18:30:05"
    assert told[Found.DEVICE] == "Fotograf Dunkel 7"
    assert told[Found.PREVIEW] == "thumbnail"
    assert {Found.NAMES, Found.WORDS, Found.SOFTWARE, Found.EDITS, Found.OTHER} <= set(told)
    details = [f.detail for f in revealed(planted.exif()) if f.kind is Found.DEVICE]
    assert {"serial number", "the maker's own notes"} <= set(details)
    # Captions and names are not shown again.
    hidden = (Found.NAMES, Found.WORDS)
    assert all(f.detail == "" for f in revealed(planted.exif()) if f.kind in hidden)


def test_blanks_are_nothing() -> None:
    blank = tiff([[(0x010E, 2, "    "), (0x0131, 2, ""), (0x0132, 2, "0000:00:00 00:00:00")]])
    assert revealed(blank) == ()
    assert revealed(tiff([[(0x9286, 7, b"ASCII\0\0\0" + bytes(40))]])) == ()


def test_maker_notes_too_long_to_be_read_are_told() -> None:
    block = tiff([[], [(0x927C, 7, planted.CANARY * 400)]], children={1: (0, 0x8769)})
    assert revealed(block) == (Finding(Found.DEVICE, "the maker's own notes"),)


def test_a_place_that_cannot_be_read_is_still_a_place() -> None:
    block = tiff([[], [(0, 1, [2, 3, 0, 0]), (0x1B, 7, b"GPS")]], children={1: (0, 0x8825)})
    assert revealed(block) == (Finding(Found.PLACE),)
    empty = tiff([[], [(0, 1, [2, 3, 0, 0])]], children={1: (0, 0x8825)})
    assert revealed(empty) == ()


@given(st.binary(max_size=400))
def test_whatever_stands_there_is_no_error(data: bytes) -> None:
    for block in (data, b"II*\0\x08\0\0\0" + data, b"Exif\0\0MM\0*\0\0\0\x08" + data):
        revealed(block)
        assert 1 <= exif.orientation(block) <= 8
    notes.xmp(data, Findings())
    notes.photoshop(b"8BIM\4\4\0\0" + data, Findings())
    notes.iptc(b"\x1c" + data, Findings())


def test_xmp_is_known_by_its_names() -> None:
    found = Findings()
    notes.xmp(planted.XMP, found)
    kinds = {finding.kind for finding in found.all()}
    assert kinds == {Found.PLACE, Found.NAMES, Found.SOFTWARE, Found.EDITS, Found.CLIP}
    wide = Findings()
    notes.xmp(planted.XMP.decode().encode("utf-16-le"), wide)
    assert wide.all() == found.all()
    unknown = Findings()
    notes.xmp(b"<x/>", unknown)
    assert unknown.all() == (Finding(Found.OTHER, "XMP"),)


def test_iptc_is_known_by_its_numbers() -> None:
    found = Findings()
    notes.photoshop(b"8BIM\4\4\0\0\0\0\0\7\x1c\2\x5a\0\2Wi\0", found)
    assert found.all() == (Finding(Found.PLACE),)
    other = Findings()
    notes.photoshop(b"8BIM\4\x25\0\0\0\0\0\0", other)
    assert {finding.kind for finding in other.all()} == {Found.EDITS}
