"""The scale of the year strip."""

from __future__ import annotations

import itertools

import pytest

from lighttight.ui.grid.scrub import Scale

ROOM = 18.0


def test_no_years_are_no_scale() -> None:
    scale = Scale([], 1, 100, ROOM)
    assert scale.marks == []


def test_proportional_where_there_is_room() -> None:
    scale = Scale([(2026, 0), (2025, 5000)], 10_000, 600, ROOM)
    assert [mark.at for mark in scale.marks] == [0, 300]
    assert scale.to_timeline(150) == 2500
    assert scale.to_strip(7500) == 450


def test_a_thin_year_still_gets_its_label() -> None:
    years = [(2026, 0), (2025, 10), (2024, 20), (2023, 99_000)]
    scale = Scale(years, 100_000, 600, ROOM)
    places = [mark.at for mark in scale.marks]
    assert all(b - a >= ROOM for a, b in itertools.pairwise(places))
    assert places[-1] <= 600 - ROOM
    for year, top in years:
        mark = next(mark for mark in scale.marks if mark.year == year)
        assert scale.to_timeline(mark.at) == top


def test_both_ways_are_the_same_way() -> None:
    scale = Scale([(2026, 0), (2025, 300), (2019, 350)], 9000, 500, ROOM)
    for y in range(0, 9000, 250):
        assert scale.to_timeline(scale.to_strip(y)) == pytest.approx(y, abs=1)


def test_outside_is_the_end() -> None:
    scale = Scale([(2026, 0), (2025, 5000)], 10_000, 600, ROOM)
    assert scale.to_timeline(-50) == 0
    assert scale.to_timeline(9999) == 10_000


def test_more_years_than_room_show_what_fits() -> None:
    years = [(2026 - n, n * 100) for n in range(60)]
    scale = Scale(years, 6000, 300, ROOM)
    shown = scale.labelled(ROOM)
    assert 1 < len(shown) <= 300 / ROOM + 1
    assert shown[0].year == 2026
