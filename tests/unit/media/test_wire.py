"""What a child says is read against closed schemas, and text is cleaned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from lighttight.media import wire


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"probe":{}}',
        b'{"probe":{"container":"jpeg","duration":-1}}',
        b'{"probe":{"container":"jpeg","duration":1e300}}',
        b'{"probe":{"container":"jpeg","width":0}}',
        b'{"probe":{"container":"jpeg","width":1.5}}',
        b'{"probe":{"container":"jpeg","width":"10"}}',
        b'{"probe":{"container":"jpeg","longitude":180.1}}',
        b'{"probe":{"container":"jpeg","latitude":Infinity}}',
        b'{"probe":{"container":"jpeg","orientation":0}}',
        b'{"probe":{"container":"jpeg","complete":"yes"}}',
        b'{"probe":{"container":"jpeg"},"more":1}',
        b'{"probe":{"container":"' + b"x" * 65 + b'"}}',
        b'{"pixels":{"width":16385,"height":1,"channels":3}}',
        b'{"pixels":{"width":1,"height":1,"channels":2}}',
        b'{"pixels":{"width":1,"height":1}}',
    ],
)
def test_answers_outside_the_schema(document: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.read_answer(document)


@pytest.mark.parametrize("document", [b"", b"{}", b'{"reason":"my own"}', b'{"reason":1}'])
def test_reasons_outside_the_list(document: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.read_fail(document)


@pytest.mark.parametrize("document", [b"", b"{}\n", b'{"landlock":"7"}\n'])
def test_greetings_outside_the_schema(document: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.read_hello(document)


def test_a_request_survives_the_way() -> None:
    request = wire.Request(7, wire.Op.FRAME, 1 << 40, 8192, 1.5, 20.0, 1536 << 20, 1 << 28)
    assert wire.Request.unpack(request.pack()) == request


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, None),
        ("", None),
        (" \t\r\n ", None),
        ("\x00\x1b\x7f", None),
        ("Pixel 9", "Pixel 9"),
        ("a\nb", "a b"),
        ("a\u202eb\u2066c\ufeffd", "a b c d"),
        ("a\u2028b\u3000c", "a b c"),
        ("x" * 300, "x" * 100),
        ("\ud800z", "z"),
        ("Фотоаппарат 富士", "Фотоаппарат 富士"),
    ],
)
def test_text(said: str | None, kept: str | None) -> None:
    assert wire.clean_text(said) == kept


@pytest.mark.parametrize("word", [None, "", "H264", "h264 ", "../x", "a" * 33, "vp9\n", "é"])
def test_words_that_are_no_codec(word: str | None) -> None:
    assert wire.clean_word(word) is None


@pytest.mark.parametrize(
    "text", ["", "soon", "1825-12-31T23:59:59", "2201-01-01T00:00:00", "2026-07-04T18:30:05+02:00"]
)
def test_times_that_are_none(text: str) -> None:
    assert wire.clean_time(text, is_utc=False) is None


@pytest.fixture
def vienna(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("vienna")
def test_a_time_in_utc_becomes_this_computers() -> None:
    assert wire.clean_time("2026-07-04T16:30:05", is_utc=True) == datetime(2026, 7, 4, 18, 30, 5)
    assert wire.clean_time("2026-01-04T16:30:05", is_utc=True) == datetime(2026, 1, 4, 17, 30, 5)


def test_a_wall_time_stays() -> None:
    said = wire.clean_time("2026-07-04T18:30:05.75", is_utc=False)
    assert said == datetime(2026, 7, 4, 18, 30, 5)
