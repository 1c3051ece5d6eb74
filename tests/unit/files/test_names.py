"""Names: one hostile case after another, and the ordinary ones that must stay as they are."""

from __future__ import annotations

import pytest

from lighttight.files import display_name, safe_name
from lighttight.files.names import LONGEST, numbered


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", "unnamed"),
        (".", "unnamed"),
        ("..", "unnamed"),
        ("   ", "unnamed"),
        ("....", "unnamed"),
        ("-", "unnamed"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("/etc/passwd", "_etc_passwd"),
        ("a\\b.jpg", "a_b.jpg"),
        ("C:evil.jpg", "C_evil.jpg"),
        ("photo.jpg:stream", "photo.jpg_stream"),
        (".bashrc", "bashrc"),
        ("-rf.jpg", "rf.jpg"),
        ("--help", "help"),
        ("~root.jpg", "root.jpg"),
        ("a\nb\r.jpg", "a_b_.jpg"),
        ("a\0b.jpg", "a_b.jpg"),
        ("\x1b[31mred.jpg", "_[31mred.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066a\u2069\ufeff.jpg", "a.jpg"),
        ("a\u200b.jpg", "a.jpg"),
        ("a\u2028b\u2029.jpg", "a_b_.jpg"),
        ("\udcff\udcfe.jpg", "__.jpg"),
        ("a\ufffe\ufdd0.jpg", "a__.jpg"),
        ("a\u2215b\uff0fc\u2044d.jpg", "a_b_c_d.jpg"),
        ("photo.jpg.", "photo.jpg"),
        ("photo.jpg . .", "photo.jpg"),
        ("CON", "_CON"),
        ("con.jpg", "_con.jpg"),
        ("Lpt1.tar.gz", "_Lpt1.tar.gz"),
        ("COM¹.jpg", "_COM¹.jpg"),
        ("nul .jpg", "_nul .jpg"),
        (".con", "_con"),
        ("conin$", "_conin$"),
        ("a\u00a0b\u3000c.jpg", "a b c.jpg"),
        ("e\u0301.jpg", "é.jpg"),
        ("\u200d.jpg", "jpg"),
        # What is invisible is cut away, and a device's name would come out.
        ("con" + "\u200d" * 100 + ".jpg", "_con.jpg"),
    ],
)
def test_hostile_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0001.JPG",
        "Sommer 2026 (2).jpeg",
        "Ünïcödé.png",
        "写真.heic",
        "صورة.jpg",
        "תמונה.mp4",
        "می\u200cخواهم.jpg",  # noqa: RUF001
        "👨\u200d👩\u200d👧.jpg",
        "100%.jpg",
        "console.jpg",
        "com10.jpg",
        "a.b.c.jpg",
        "'; DROP TABLE items; --.jpg",
        "$(reboot).jpg",
    ],
)
def test_ordinary_names_stay(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("x" * 300 + ".jpg", ".jpg"),
        ("ä" * 200 + ".jpeg", ".jpeg"),
        ("😀" * 100 + ".heic", ".heic"),
        ("e" + "\u0301" * 400 + ".png", ".png"),
        ("x" * 250 + ".y" * 3 + ".tiff", ".tiff"),
        ("x" * 251 + " .jpg", ".jpg"),
    ],
)
def test_long_names_keep_their_ending(name: str, ending: str) -> None:
    safe = safe_name(name)
    assert len(safe.encode()) <= LONGEST
    assert safe.endswith(ending)
    assert safe_name(safe) == safe


def test_an_ending_that_is_none_is_cut_like_the_rest() -> None:
    assert safe_name("a." + "x" * 400) == "a." + "x" * 253


def test_nothing_is_cut_in_the_middle_of_a_sign() -> None:
    for length in range(240, 260):
        safe_name("x" * length + "é😀" * 5 + ".jpg").encode("utf-8", errors="strict")
    accented = safe_name("x" * 248 + "q\u0323\u0307" + "y" * 9 + ".jpg")
    assert accented in {"x" * 248 + ".jpg", "x" * 248 + "q\u0323\u0307.jpg"}


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("photo.jpg", 2, "photo (2).jpg"),
        ("photo", 3, "photo (3)"),
        ("photo (2).jpg", 2, "photo (2) (2).jpg"),
        ("x" * 251 + ".jpg", 9999, "x" * 244 + " (9999).jpg"),
        ("x" * 255, 10, "x" * 250 + " (10)"),
    ],
)
def test_numbers(name: str, number: int, expected: str) -> None:
    assert numbered(name, number) == expected
    assert len(numbered(name, number).encode()) <= LONGEST


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", "a␊b"),
        ("\x1b[2J", "␛[2J"),
        ("a\x7f", "a␡"),
        ("photo\u202egpj.exe", "photo�gpj.exe"),
        ("\udcff.jpg", "�.jpg"),
        ("a\u2028b\x85", "a�b�"),
        ("../x.jpg", "../x.jpg"),
        ("تصویر.jpg", "تصویر.jpg"),
        ("👨\u200d👩\u200d👧.jpg", "👨\u200d👩\u200d👧.jpg"),
    ],
)
def test_shown_names_are_one_harmless_line(name: str, shown: str) -> None:
    assert display_name(name) == shown
