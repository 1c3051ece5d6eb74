"""Names that are refused, names that are tidied, names from a disk."""

from __future__ import annotations

import os

import pytest

from lighttight.errors import Refused
from lighttight.files.names import disk_text
from lighttight.library import labels
from lighttight.sealed.entries import MAX_TEXT


@pytest.mark.parametrize("text", ["", "   ", "\n", "\u200b", "\u202e \u2066"])
def test_a_name_needs_something_to_see(text: str) -> None:
    with pytest.raises(Refused, match="album-name-empty"):
        labels.album_name(text)
    with pytest.raises(Refused, match="tag-empty"):
        labels.tag_name(f"#{text}")


def test_names_have_a_length() -> None:
    assert labels.album_name("a" * labels.LONGEST_ALBUM)
    with pytest.raises(Refused, match="album-name-long"):
        labels.album_name("a" * (labels.LONGEST_ALBUM + 1))
    with pytest.raises(Refused, match="tag-long"):
        labels.tag_name("a" * (labels.LONGEST_TAG + 1))
    with pytest.raises(Refused, match="caption-long"):
        labels.caption_text("a" * (labels.LONGEST_CAPTION + 1))


def test_the_longest_caption_fits_the_record() -> None:
    assert len(labels.caption_text("🎉" * labels.LONGEST_CAPTION).encode()) <= MAX_TEXT


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Summer \t lake ", "Summer lake"),
        ("line\nbreak", "line break"),
        ("turned\u202egpj", "turned gpj"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("می\u200cرفت", "می\u200cرفت"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_what_is_typed_is_tidied(typed: str, kept: str) -> None:
    assert labels.album_name(typed) == kept


def test_a_tag_may_be_typed_with_its_sign() -> None:
    assert labels.tag_name("#lake") == "lake"


def test_captions_keep_their_lines() -> None:
    assert labels.caption_text(" one \r\n two\x00 \n\n") == "one\ntwo"


def test_capitals_make_no_other_name() -> None:
    assert labels.same("STRASSE", "straße")
    assert not labels.same("lake", "lakes")


def test_bytes_that_are_no_text_do_not_stop_a_name() -> None:
    name = os.fsdecode(b"IMG\xff\xfe.jpg")
    assert disk_text(name) == "IMG\ufffd\ufffd.jpg"


def test_a_long_path_keeps_its_end() -> None:
    text = disk_text("/ä" * MAX_TEXT + "/end.jpg")
    assert len(text.encode()) <= MAX_TEXT
    assert text.endswith("/end.jpg")
