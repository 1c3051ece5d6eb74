"""Whatever a file is called, its copy lands in the folder that was chosen, whole and alone."""

from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lighttight.files import create_exclusively, display_name, safe_name
from lighttight.files.names import LONGEST, numbered

HOSTILE = (
    *("..", ".", "/", "\\", "//", "\0", "\n", "\r", "\x1b[2J", "\x7f", "~", "-", "--", " ", ":"),
    *("\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\ufeff", "\u2028", "\u0301", "\ufffe"),
    *("\udcff", "\udc80\udcfe", "con", "NUL", "aux.", "com1", "lpt¹", ".jpg", ".exe", "photo"),
    *("../" * 20, "/etc/passwd", "C:\\", "\\\\?\\", "x" * 300, "é" * 200, "😀" * 90, "\u2215"),
    *(".part", "%2e%2e%2f", "$HOME", "`id`", "\u1100\u1161", "\ufb2c", "\u0958", "\u2126"),
)

anything = st.text(st.characters(), max_size=300)
pieces = st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join)


def check(name: str) -> str:
    safe = safe_name(name)
    assert safe
    assert safe not in {".", ".."}
    assert len(os.fsencode(safe)) <= LONGEST
    assert os.path.basename(safe) == safe  # noqa: PTH119
    assert not set(safe) & set('/\\:*?"<>|')
    assert safe[0] not in ".-~ "
    assert safe[-1] not in ". "
    assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in safe)
    assert unicodedata.is_normalized("NFC", safe)
    stem = safe.partition(".")[0].strip().casefold()
    assert stem not in {"con", "prn", "aux", "nul", "com1", "lpt¹"}
    assert safe_name(safe) == safe
    again = numbered(safe, 12)
    assert len(os.fsencode(again)) <= LONGEST
    assert safe_name(again) == again
    return safe


@given(st.one_of(anything, pieces))
@settings(max_examples=1000, deadline=None)
def test_every_name_becomes_one_plain_component(name: str) -> None:
    check(name)


@given(st.one_of(anything, pieces), st.integers(20, LONGEST))
@settings(max_examples=300, deadline=None)
def test_a_shorter_limit_holds_too(name: str, limit: int) -> None:
    safe = safe_name(name, limit)
    assert 0 < len(os.fsencode(safe)) <= limit
    assert safe_name(safe, limit) == safe


@given(st.one_of(anything, pieces))
@settings(max_examples=500, deadline=None)
def test_what_is_shown_is_one_line(name: str) -> None:
    shown = display_name(name)
    assert len(shown) == len(name)
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in shown)
    shown.encode()


def test_five_hundred_hostile_names_stay_inside(tmp_path: Path) -> None:
    """Names built from what attacks are made of, exported one after another into one folder."""
    chosen = tmp_path / "a" / "b" / "chosen"
    chosen.mkdir(parents=True)
    shuffled = random.Random(20261121)
    hostile = ["".join(shuffled.choices(HOSTILE, k=shuffled.randint(1, 6))) for _ in range(500)]
    made: set[Path] = set()
    for number, name in enumerate(hostile):
        with create_exclusively(chosen, name) as file:
            file.write(str(number).encode())
            made.add(file.commit())
    assert len(made) == 500
    assert {entry.resolve() for entry in chosen.iterdir()} == made
    assert sorted(int(path.read_bytes()) for path in made) == list(range(500))
    outside = [path for path in tmp_path.rglob("*") if chosen not in path.parents]
    assert sorted(outside) == [tmp_path / "a", tmp_path / "a/b", chosen]
