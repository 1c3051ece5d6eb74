"""Lines, documents, times and sizes: harmless for a terminal, exact for a program."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lighttight.cli.screen import Screen, clock, counted, day, stamp
from lighttight.errors import Cancelled
from lighttight.messages import size

HOSTILE = "a\nb\x1b[31m\u202egpj\udcff\x9bé"


def test_hostile_name_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=False).say(HOSTILE)
    out = capsys.readouterr().out
    assert out == "a�b�[31m�gpj��é\n"


def test_hostile_name_survives_json_whole_and_inert(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=True).document({"name": HOSTILE})
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.count("\n") == 1
    assert "\x1b" not in out
    assert json.loads(out)["name"] == HOSTILE


@pytest.mark.parametrize("as_json", [False, True])
def test_answers_and_notes_keep_to_their_streams(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    told = Screen(as_json=as_json)
    told.say("for people")
    told.document({"for": "programs"})
    told.note("a-code", "by the way")
    out, err = capsys.readouterr()
    assert out == ('{"for": "programs"}\n' if as_json else "for people\n")
    assert "by the way" in err
    if as_json:
        assert json.loads(err) == {"note": "a-code", "message": "by the way"}


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (3_412_345, "3.4 MB"),
        (5 * 10**12, "5.0 TB"),
        (5 * 10**21, "5000000.0 PB"),
    ],
)
def test_sizes(octets: int, said: str) -> None:
    assert size(octets) == said


def test_counts() -> None:
    assert counted(1, "item") == "1 item"
    assert counted(12_408, "item") == "12,408 items"
    assert counted(0, "try", "tries") == "0 tries"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "0:00"), (61.9, "1:01"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_lengths(seconds: float, said: str) -> None:
    assert clock(seconds) == said


def test_times_are_rfc_3339() -> None:
    moment = datetime(2026, 10, 4, 21, 10, 5, 123_000, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(moment) == "2026-10-04T19:10:05.123Z"
    assert stamp(1_791_141_005_123) == "2026-10-04T19:10:05.123Z"
    assert datetime.fromisoformat(stamp(moment)) == moment.astimezone(UTC)


def test_wall_clock_of_a_camera_gets_no_zone() -> None:
    assert stamp(datetime(2026, 10, 4, 21, 10, 5)) == "2026-10-04T21:10:05"


def test_days_are_english_whatever_the_computer_speaks() -> None:
    assert day(datetime(2026, 3, 1)) == "1 March 2026"


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(as_json=False).progress("Importing") as progress:
        progress.step(1, 2)
    assert capsys.readouterr() == ("", "")


def test_bar_with_a_terminal_leaves_the_answer_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    told = Screen(as_json=False)
    with told.progress("Importing [red]") as progress:
        progress.step(1, 2)
        told.say("answer")
        told.note("a-code", "[bold]by the way")
    out, err = capsys.readouterr()
    assert out == "answer\n"
    assert "Importing [red]" in err
    assert "[bold]by the way" in err


def test_interrupting_stops_where_the_act_lets_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    reached: list[str] = []

    def act() -> None:
        with Screen(as_json=False).progress("Importing") as progress:
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("the end of what must not be cut")
            progress.step(1, 2)
            reached.append("never")

    with pytest.raises(Cancelled):
        act()
    assert reached == ["the end of what must not be cut"]
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_stops_anyhow() -> None:
    def act() -> None:
        with Screen(as_json=False).progress("Importing"):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        act()
