"""Words for errors: harmless whatever the facts are, and searchable when nobody expected them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lighttight import messages
from lighttight.errors import Cancelled, Environment, Integrity, LighttightError, Refused
from lighttight.messages import LONGEST_VALUE, Words, placeholders, search_code, words

TEMPLATE = Words("About {name}", "It holds {count} of {name}.", "Do {act}.")


@pytest.fixture(autouse=True)
def _template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(messages.WORDS, "a-test", TEMPLATE)


def said(**facts: object) -> Words:
    return words(Refused("a-test", **facts))


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    "name",
    [
        "line\nbreak",
        "carriage\rreturn",
        "\x1b[31mred",
        "turned\u202egpj.exe",
        "isolated\u2066x",
        "separator\u2028x",
        "lone\udc80surrogate",
        "zero\u200bwidth",
    ],
)
def test_signs_that_deceive_are_shown_as_such(name: str) -> None:
    title = said(name=name, count=1, act="it").title
    assert "�" in title
    assert title.isprintable()
    title.encode()


def test_a_value_is_never_read_as_a_template() -> None:
    assert said(name="{act}", count=1, act="it").title == "About {act}"


def test_long_values_are_cut_in_the_middle() -> None:
    title = said(name="a" * 5000 + "z", count=1, act="it").title
    assert len(title) < LONGEST_VALUE + 20
    assert title.endswith("az")


def test_missing_fact_leaves_the_rest_readable() -> None:
    assert said(name="x").sentence == "It holds unknown of x."


def test_unknown_code_gets_general_words_and_a_search_code() -> None:
    action = words(Environment("nobody-wrote-words-for-this")).action
    assert "LT-" in action
    assert "{" not in action


def test_search_code_tells_nothing_of_the_message() -> None:
    assert search_code(raised(ValueError("private"))) == search_code(raised(ValueError("other")))


def test_search_code_tells_kinds_and_places_apart() -> None:
    def elsewhere() -> Exception:
        try:
            raise ValueError
        except ValueError as error:
            return error

    codes = {search_code(error) for error in (raised(ValueError()), raised(KeyError()))}
    codes |= {
        search_code(elsewhere()),
        search_code(LighttightError("x")),
        search_code(Refused("x")),
    }
    assert len(codes) == 5


def test_unexpected_error_says_that_nothing_was_lost() -> None:
    assert "nothing was lost" in words(raised(ZeroDivisionError())).sentence


def test_cancelling_is_no_failure() -> None:
    assert words(Cancelled()).title == "Stopped"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12408, "12,408"),
        (True, "True"),
        (date(2026, 10, 4), "4 October 2026"),
        (datetime(2026, 10, 4, 21, 5), "4 October 2026, 21:05"),
        (Path("/media/USB disk"), "/media/USB disk"),
        ("Zoë ’n 家族 👨‍👩‍👧", "Zoë ’n 家族 👨‍👩‍👧"),
    ],
)
def test_values_read_as_a_person_writes_them(value: object, shown: str) -> None:
    assert said(name=value, count=1, act="it").title == f"About {shown}"


def test_aware_times_are_shown_in_local_time() -> None:
    moment = datetime(2026, 10, 4, 21, 5, tzinfo=UTC)
    local = moment.astimezone()
    assert said(name=moment, count=1, act="it").title.endswith(f"{local:%H:%M}")


def test_placeholders_are_found_in_all_three_parts() -> None:
    assert placeholders(TEMPLATE) == {"name", "count", "act"}


def test_texts_are_plain_and_complete() -> None:
    for code, template in messages.WORDS.items():
        assert template.title, code
        assert template.sentence.endswith((".", "?", "!")), code
        assert "  " not in f"{template.title} {template.sentence}", code


def test_sizes_are_read_by_people() -> None:
    said = words(Environment("disk-low", needed=67_139_672, free=67_138_673, missing=999))
    assert "67.1 MB must be free" in said.sentence
    assert "999 bytes more than now" in said.sentence


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1001, "1.1 kB"),
        (1_100_000, "1.1 MB"),
        (1_100_001, "1.2 MB"),
        (999_901, "1.0 MB"),
        (67_110_001, "67.2 MB"),
    ],
)
def test_room_to_be_made_is_never_less_than_it_is(octets: int, shown: str) -> None:
    assert messages.room(octets) == shown


def test_times_of_one_minute_are_told_apart() -> None:
    first = datetime(2026, 10, 4, 0, 14, 7, 41_000, UTC)
    later = first + timedelta(milliseconds=2)
    close = words(Integrity("vault-older", anchored=later, found=first)).sentence
    assert ":07.043" in close
    assert ":07.041" in close
    apart = words(Integrity("vault-older", anchored=later, found=first - timedelta(days=1)))
    assert ":07" not in apart.sentence


COMMAND = re.compile(r"lighttight [a-z]|--[a-z]|\b[Rr]un:|terminal|“Verify”")


def elsewhere() -> list[str]:
    """Codes of what the command line alone can raise, or what is raised before any window."""
    return [*messages._CLI, *messages._START]


@pytest.mark.parametrize("code", sorted(messages.WORDS.keys() - set(elsewhere())))
def test_the_window_names_no_command(code: str) -> None:
    said = messages.window_words(LighttightError(code))
    assert said.action
    for text in (said.title, said.sentence, said.action):
        assert not COMMAND.search(text), text


def test_what_is_said_otherwise_in_the_window_replaces_a_command() -> None:
    for code, action in messages.IN_WINDOW.items():
        assert COMMAND.search(messages.WORDS[code].action), code
        assert "{" not in action, "nothing fills it"


def test_an_error_nobody_expected_has_a_code_in_the_window_too() -> None:
    assert "LT-" in messages.window_words(raised(ValueError())).action
