"""A canary in every place that a file has: none is in the copy, and the picture is the same."""

from __future__ import annotations

import pytest

from lighttight.media.cleaning import jpeg
from lighttight.media.cleaning.base import Found
from tests.support import clean_copies, planted
from tests.support.clean_copies import FORMATS, Memory, cleaned

NAMES = sorted(planted.samples())


@pytest.mark.parametrize("name", NAMES)
def test_no_canary_gets_through(name: str) -> None:
    kind, data = planted.planted(name)
    assert planted.canaries_in(data)
    copy = cleaned(data, FORMATS[kind])
    assert planted.canaries_in(copy) == []
    # Nor four bytes of it: what is cut in half is not gone.
    pieces = {planted.CANARY[at : at + 5] for at in range(len(planted.CANARY) - 4)}
    assert [piece for piece in pieces if piece in copy] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_the_same(name: str) -> None:
    kind, data = planted.planted(name)
    assert clean_copies.decodes(data)
    assert clean_copies.changed(data, cleaned(data, FORMATS[kind])) == []


@pytest.mark.parametrize("name", NAMES)
def test_pictures_without_anything_stay_as_they_are(name: str) -> None:
    kind, data = planted.samples()[name]
    assert clean_copies.changed(data, cleaned(data, FORMATS[kind])) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_before_is_what_is_removed(name: str) -> None:
    kind, data = planted.planted(name)
    out = bytearray()
    told = FORMATS[kind].findings(Memory(data))
    assert FORMATS[kind].clean(Memory(data), out.extend) == told
    # And nothing is left to be told of the copy.
    assert FORMATS[kind].findings(Memory(bytes(out))) == ()
    assert Found.HIDDEN in clean_copies.kinds(told)


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_two_files_that_differ_in_what_goes_give_one_copy(kind: str) -> None:
    sample = {"jpg": "jpeg", "png": "png", "webp": "webp-alpha", "gif": "gif-animated"}[kind]
    data = planted.planted(sample)[1]
    other = data.replace(planted.CANARY, planted.CANARY.lower())
    if kind == "png":
        # Checksums cover the canary: leave those chunks out instead.
        other = data.rpartition(planted.CANARY)[0]
    assert other != data
    assert cleaned(other, FORMATS[kind]) == cleaned(data, FORMATS[kind])


def test_everything_that_a_phone_writes_is_told() -> None:
    told = jpeg.findings(Memory(planted.jpeg()))
    details = {finding.kind: finding.detail for finding in reversed(told)}
    assert details[Found.PLACE] == "48.86 N, 2.35 E"
    assert details[Found.DATE] == "2026-07-04 18:30:05"
    assert details[Found.DEVICE] == "Fotograf Dunkel 7"
    assert clean_copies.kinds(told) == set(Found) - {Found.TRACKS}


@pytest.mark.parametrize("name", ["png", "webp-alpha"])
def test_the_same_is_told_of_other_formats(name: str) -> None:
    kind, data = planted.planted(name)
    told = clean_copies.kinds(FORMATS[kind].findings(Memory(data)))
    assert told >= {Found.PLACE, Found.DATE, Found.DEVICE, Found.NAMES, Found.WORDS}
    assert told >= {Found.SOFTWARE, Found.EDITS, Found.CLIP, Found.HIDDEN}
