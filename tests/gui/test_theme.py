"""Tokens, colours, icons, words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lighttight.ui import theme as theme_module
from lighttight.ui import words
from lighttight.ui.icons import icon_pixmap
from lighttight.ui.resources import resource_path
from lighttight.ui.theme import Scheme, parse_colour, theme, tokens
from lighttight.ui.widgets.text import Text

ICONS = sorted(path.stem for path in resource_path("icons").glob("*.svg"))


def luminance(colour: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    parts = linear(colour.redF()), linear(colour.greenF()), linear(colour.blueF())
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_are_read_in_both_notations() -> None:
    assert parse_colour("#E8A33D") == QColor(0xE8, 0xA3, 0x3D)
    scrim = parse_colour("rgba(8,7,6,.66)")
    assert (scrim.red(), scrim.green(), scrim.blue()) == (8, 7, 6)
    assert scrim.alphaF() == pytest.approx(0.66, abs=0.01)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_can_be_read_on_everything(dressed: QApplication, scheme: str) -> None:
    colours = {name: parse_colour(v) for name, v in tokens()["colour"][scheme].items()}
    grounds = ("bg", "sidebar", "surface", "raised", "hover", "well", "field")
    for ink in ("text", "text2", "text3", "accent_text", "danger", "ok"):
        for ground in grounds:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink in ("text", "text2"):
        assert contrast(colours[ink], colours["selected"]) >= 4.5
    assert contrast(colours["on_accent"], colours["accent"]) >= 4.5
    assert contrast(colours["on_danger"], colours["danger_fill"]) >= 4.5


def test_forcing_a_scheme_changes_palette_and_tells(dressed: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme().changed, timeout=1000):
        theme().set_scheme(Scheme.LIGHT)
    try:
        assert not theme().dark
        assert dressed.palette().window().color() == theme().colour("bg")
        assert theme().colour("bg").lightness() > 200
        assert theme().dark_colour("bg").lightness() < 40
    finally:
        theme().set_scheme(Scheme.DARK)
    assert theme().dark


def test_fonts_are_the_four_sizes_with_tabular_figures(dressed: QApplication) -> None:
    sizes = {role: theme().font(role).pixelSize() for role in ("small", "body", "heading", "title")}
    assert sizes == {"small": 12, "body": 13, "heading": 16, "title": 22}
    assert theme().font("body").weight() == QFont.Weight.Normal
    assert theme().font("body", strong=True).weight() == QFont.Weight.DemiBold
    assert theme().font("lead").weight() == QFont.Weight.Normal
    assert [tag.toString() for tag in theme().font("body").featureTags()] == ["tnum"]


def test_less_movement_means_none(dressed: QApplication) -> None:
    theme().set_reduced_motion(True)
    try:
        assert theme().duration("open_picture") == 0
        assert theme().fade_ms == 0
    finally:
        theme().set_reduced_motion(None)
    assert theme().duration("fast") == 120


def test_the_tokens_are_whole() -> None:
    loaded = json.loads(Path(resource_path("tokens.json")).read_text(encoding="utf-8"))
    assert set(loaded["colour"]["dark"]) == set(loaded["colour"]["light"])


def test_there_are_as_many_icons_as_were_drawn() -> None:
    assert len(ICONS) == 69


@pytest.mark.parametrize("name", [*ICONS, "heart-filled"])
def test_icons_are_drawn_in_the_wanted_colour_and_no_other(
    dressed: QApplication, name: str
) -> None:
    wanted = QColor(10, 200, 90)
    image = icon_pixmap(name, wanted, 20, 2.0).toImage()
    assert image.size() == QSize(40, 40)
    solid = [
        image.pixelColor(x, y)
        for x in range(40)
        for y in range(40)
        if image.pixelColor(x, y).alpha() > 250
    ]
    assert 15 < len(solid) < 900
    assert image.pixelColor(0, 0).alpha() == 0
    for colour in solid:
        assert abs(colour.red() - 10) <= 2
        assert abs(colour.green() - 200) <= 2
        assert abs(colour.blue() - 90) <= 2


def test_a_set_heart_is_filled(dressed: QApplication) -> None:
    ink = QColor("white")
    hollow = icon_pixmap("heart", ink, 20, 1.0).toImage().pixelColor(10, 10).alpha()
    full = icon_pixmap("heart-filled", ink, 20, 1.0).toImage().pixelColor(10, 10).alpha()
    assert hollow < 30
    assert full > 240


def test_counts_have_plural_forms(dressed: QApplication) -> None:
    assert words.items(1) == "1 item"
    assert words.items(2) == "2 items"
    assert words.items(12_408) == "12,408 items"
    assert words.photos(0) == "0 photos"
    assert words.videos(1) == "1 video"


def test_times_are_said_as_people_do(dressed: QApplication) -> None:
    assert words.clock(42.9) == "0:42"
    assert words.clock(125) == "2:05"
    assert words.clock(3723) == "1:02:03"
    assert words.spoken(3) == "a few seconds"
    assert words.spoken(61) == "1 minute"
    assert words.spoken(240) == "4 minutes"
    assert words.spoken(7300) == "2 hours"
    assert words.month(2026, 9) == "September 2026"


def test_the_translation_is_complete() -> None:
    """After a new `%Ln`: pyside6-lupdate -pluralonly, fill in, pyside6-lrelease."""
    source = resource_path("i18n/lighttight_en.ts").read_text(encoding="utf-8")
    assert "unfinished" not in source
    known = set(re.findall(r"<source>(.*?)</source>", source))
    package = Path(theme_module.__file__).parent
    used: set[str] = set()
    for module in package.rglob("*.py"):
        used |= set(re.findall(r'tr\(\s*"([^"]*%Ln[^"]*)"', module.read_text(encoding="utf-8")))
    assert used == known


def test_the_compiled_translation_is_the_one_that_is_read(tmp_path: Path) -> None:
    made = tmp_path / "made.qm"
    release = Path(sys.executable).with_name("pyside6-lrelease")
    if not release.exists():
        pytest.skip("pyside6-lrelease is not installed beside this Python")
    source = resource_path("i18n/lighttight_en.ts")
    subprocess.run([release, source, "-qm", made], check=True, capture_output=True)
    assert made.read_bytes() == resource_path("i18n/lighttight_en.qm").read_bytes()


def test_a_paragraph_has_the_lines_of_the_design(dressed: QApplication, qtbot: QtBot) -> None:
    text = Text("one two three four five six seven eight", wrap=True)
    qtbot.addWidget(text)
    assert text.heightForWidth(2000) == 20
    assert text.heightForWidth(100) % 20 == 0
    assert text.heightForWidth(100) >= 60
    assert Text("one\n\ntwo", wrap=True).heightForWidth(500) == 60
    assert Text("12 px", "small").sizeHint().height() == 16


def test_markup_is_only_words(dressed: QApplication, qtbot: QtBot) -> None:
    text = Text("<b>bold</b>")
    qtbot.addWidget(text)
    assert text.text() == "<b>bold</b>"
    assert text.sizeHint().width() > Text("bold").sizeHint().width() * 2
