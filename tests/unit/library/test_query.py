"""What was typed into the search, as conditions: hostile, half typed, and whole."""

from __future__ import annotations

import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttight.library.query import LONGEST, MOST_WORDS, Conditions, parse
from lighttight.model import Kind


def day(year: int, month: int, number: int) -> int:
    return calendar.timegm((year, month, number, 0, 0, 0))


@given(
    st.text()
    | st.lists(
        st.sampled_from(["tag:", "year:", "is:", "kind:", '"', "*", "0", "9999", "-13", "-02-31"])
    ).map("".join)
)
def test_every_text_means_something(text: str) -> None:
    parse(text)


@pytest.mark.parametrize("text", ["", "   ", '"', '""', "-", "***", "tag:", 'album:"', "(", "\x00"])
def test_what_says_nothing_asks_for_nothing(text: str) -> None:
    assert parse(text).empty


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("kind:zebra", "search-kind-unknown", "kind:zebra"),
        ("lake Kind:Zebra boat", "search-kind-unknown", "Kind:Zebra"),
        ('kind:"zebra', "search-kind-unknown", 'kind:"zebra'),
        ("is:nothing", "search-being-unknown", "is:nothing"),
        ("year:abcd", "search-time-unknown", "year:abcd"),
        ("year:20x4", "search-time-unknown", "year:20x4"),
        ("year:2024-13", "search-time-unknown", "year:2024-13"),
        ("year:2024-2", "search-time-unknown", "year:2024-2"),
        ("2024-13", "search-time-unknown", "2024-13"),
        ("2024-02-30", "search-time-unknown", "2024-02-30"),
        ("is:nothing kind:zebra", "search-being-unknown", "is:nothing"),
        ("kind:zebra kind:photo is:video", "search-kind-unknown", "kind:zebra"),
    ],
)
def test_what_cannot_be_finds_nothing_and_says_which_part(text: str, code: str, part: str) -> None:
    why = parse(text).impossible
    assert why is not None
    assert (why.code, why.facts) == (code, {"part": part})


def test_nothing_is_both_a_photo_and_a_video() -> None:
    why = parse("kind:photo kind:video").impossible
    assert why is not None
    assert why.code == "search-kinds-contradict"


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("year:2024-", "year:2024"),
        ("year:2024-0", "year:2024"),
        ("year:2024-1", "year:2024"),
        ("year:2024-09-", "year:2024-09"),
        ("year:2024-09-3", "year:2024-09"),
    ],
)
def test_a_half_typed_day_is_the_time_that_it_lies_in(text: str, like: str) -> None:
    assert parse(text) == parse(like)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("lake", '"lake" *'),
        ("lake summer", '"lake" * AND "summer" *'),
        ('"summer lake"', '"summer lake"'),
        ('"summer la', '"summer la" *'),
        ("tag:su", '{tags} : "su" *'),
        ('album:"Old house"', '{albums} : "Old house"'),
        ("IMG:12", '"IMG:12" *'),
        ("NEAR(a", '"NEAR(a" *'),
        ('a"b', '"a" * AND "b" *'),
        ("a OR b", '"a" * AND "OR" * AND "b" *'),
        ("name:x", '"name:x" *'),
        ("name: x", '"name" * AND "x" *'),
    ],
)
def test_words_are_quoted(text: str, match: str) -> None:
    assert parse(text) == Conditions(match=match)


@pytest.mark.parametrize(
    ("text", "kind"), [("kind:v", Kind.VIDEO), ("KIND:Photo", Kind.PHOTO), ("is:video", Kind.VIDEO)]
)
def test_kinds(text: str, kind: Kind) -> None:
    assert parse(text).kinds == (kind,)


@pytest.mark.parametrize("text", ["is:f", "is:favourite", "is:favorite", "is:fav"])
def test_favourites_in_both_spellings(text: str) -> None:
    assert parse(text) == Conditions(favourite=True)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("year:2024", (day(2024, 1, 1), day(2025, 1, 1))),
        ("year:2024-", (day(2024, 1, 1), day(2025, 1, 1))),
        ("year:20", (day(2000, 1, 1), day(2100, 1, 1))),
        ("year:2024-09", (day(2024, 9, 1), day(2024, 10, 1))),
        ("2024-12", (day(2024, 12, 1), day(2025, 1, 1))),
        ("2024-02-29", (day(2024, 2, 29), day(2024, 3, 1))),
    ],
)
def test_times(text: str, span: tuple[int, int]) -> None:
    assert parse(text) == Conditions(spans=(span,))


def test_the_ends_of_the_calendar() -> None:
    assert parse("year:9999").spans == ((day(9999, 1, 1), day(9999, 12, 31) + 86_400),)
    assert parse("year:0").spans == ((day(1, 1, 1), day(1000, 1, 1)),)


def test_a_place_may_be_any() -> None:
    assert parse("shared:Maya").shared == ("Maya",)
    assert parse("is:shared").shared == ("",)


@pytest.mark.parametrize("text", ["🎉", "湖", "夏の湖", "ทะเล"])
def test_what_the_index_cannot_cut_into_words_is_looked_for_anywhere(text: str) -> None:
    assert parse(text) == Conditions(contains=(text,))


def test_there_is_an_end() -> None:
    assert parse("a " * 100).match.count("AND") == MOST_WORDS - 1
    assert len(parse("a" * 10_000).match) < LONGEST + 10
