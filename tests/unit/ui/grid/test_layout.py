"""Where pictures lie: rows, months, and the questions that are asked of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from lighttight.model import Cell, ItemId, Kind, PreviewState
from lighttight.ui.grid.layout import STRETCH, WIDEST, Spacing, Timeline, aspect, months_of

SPACING = Spacing(width=712, row_height=112)


def cell(number: int, when: datetime, width: int = 4, height: int = 3) -> Cell:
    seconds = int(when.replace(tzinfo=UTC).timestamp())
    return Cell(
        ItemId(f"{number:032x}"),
        seconds,
        width,
        height,
        None,
        Kind.PHOTO,
        favourite=False,
        preview=PreviewState.READY,
    )


def month(count: int, *, year: int = 2026, number: int = 11, shape: tuple[int, int] = (4, 3)):
    return [cell(n, datetime(year, number, 28 - n % 27, 12), *shape) for n in range(count)]


def test_nothing_of_qt_is_needed() -> None:
    code = (
        "import sys, lighttight.ui.grid.layout, lighttight.ui.grid.selection, "
        "lighttight.ui.grid.scrub, lighttight.ui.pace; "
        "sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_pictures_take_no_room() -> None:
    empty = Timeline([], SPACING)
    assert empty.height == 0
    assert empty.rows == 0
    assert empty.hit(10, 10) is None
    assert list(empty.boxes_between(0, 1000)) == []
    assert empty.years() == []


def test_one_picture_is_no_giant() -> None:
    timeline = Timeline(month(1), SPACING)
    box = timeline.box(0)
    assert box.height == SPACING.row_height
    assert box.width < SPACING.width / 2


@pytest.mark.parametrize("count", [2, 3, 5, 7, 11, 50, 333])
def test_no_row_is_a_giant_or_a_dwarf(count: int) -> None:
    timeline = Timeline(month(count), SPACING)
    for row in range(timeline.rows):
        height = timeline.row_boxes(row)[0].height
        assert SPACING.row_height * 0.6 <= height <= SPACING.row_height * STRETCH


def test_rows_of_a_large_month_are_even() -> None:
    shapes = [(4, 3), (3, 4), (16, 9), (1, 1), (3, 2), (2, 3)]
    cells = [cell(n, datetime(2026, 11, 20), *shapes[(n * 7) % 6]) for n in range(400)]
    timeline = Timeline(cells, SPACING)
    heights = [timeline.row_boxes(row)[0].height for row in range(timeline.rows)]
    assert max(heights) <= 1.25 * SPACING.row_height
    assert min(heights) >= 0.78 * SPACING.row_height


def test_a_panorama_and_an_unknown_size_are_borne() -> None:
    assert aspect(cell(0, datetime(2026, 1, 1), 100_000, 10)) == WIDEST
    assert aspect(cell(0, datetime(2026, 1, 1), 0, 0)) == pytest.approx(4 / 3)
    timeline = Timeline(month(9, shape=(100_000, 10)), SPACING)
    assert {box.index for box in timeline.boxes_between(0, timeline.height)} == set(range(9))


def test_months_are_told_apart_at_their_last_second() -> None:
    cells = [
        cell(0, datetime(2026, 1, 1, 0, 0, 0)),
        cell(1, datetime(2025, 12, 31, 23, 59, 59)),
        cell(2, datetime(2025, 12, 1, 0, 0, 0)),
        cell(3, datetime(1969, 7, 20, 20, 17)),
    ]
    found = [(m.year, m.month, m.first, m.count) for m in months_of(cells)]
    assert found == [(2026, 1, 0, 1), (2025, 12, 1, 2), (1969, 7, 3, 1)]


def test_december_ends_with_the_year() -> None:
    cells = [cell(0, datetime(2025, 12, 31, 23, 59, 59)), cell(1, datetime(2026, 1, 1))]
    assert [(m.year, m.month) for m in months_of(cells)] == [(2025, 12), (2026, 1)]


def test_a_list_that_is_not_by_date_has_runs_of_months() -> None:
    cells = [cell(0, datetime(2020, 5, 1)), cell(1, datetime(2026, 1, 1))]
    cells.append(cell(2, datetime(2020, 5, 2)))
    assert [m.month for m in months_of(cells)] == [5, 1, 5]


def test_the_point_in_a_gap_is_no_picture() -> None:
    timeline = Timeline(month(30), SPACING)
    first, second = timeline.row_boxes(0)[:2]
    assert timeline.hit(first.x, first.y) == 0
    assert timeline.hit(first.x + first.width, first.y + 5) is None
    assert timeline.hit(second.x, second.y + 5) == 1
    assert timeline.hit(5, first.y - 1) is None
    assert timeline.hit(-1, first.y) is None


def test_a_band_touches_what_it_crosses() -> None:
    timeline = Timeline(month(30), SPACING)
    first = timeline.row_boxes(0)
    top = first[0].y
    touched = list(timeline.within(first[1].x + 3, top + 3, first[2].x + 1, top + 9))
    assert touched == [1, 2]


def test_up_and_down_keep_the_column() -> None:
    timeline = Timeline(month(60), SPACING)
    start = timeline.row_boxes(1)[3]
    below = timeline.box(timeline.beside(start.index, 1))
    assert below.x <= start.x + start.width / 2 <= below.x + below.width + 4
    assert timeline.beside(0, -1) == 0
    assert timeline.beside(59, 1) == 59
    assert timeline.beside(0, 10_000) in [b.index for b in timeline.row_boxes(timeline.rows - 1)]


def test_years_stand_where_they_begin() -> None:
    cells = month(4) + month(4, number=2) + month(4, year=2024)
    timeline = Timeline(cells, SPACING)
    assert timeline.years() == [(2026, 0), (2024, timeline.month_top[2])]
    assert timeline.month_at(0) == 0
    assert timeline.month_at(timeline.month_top[1]) == 1
    assert timeline.month_at(10**9) == 2


def test_a_narrower_window_keeps_every_picture() -> None:
    timeline = Timeline(month(100), SPACING)
    timeline.arrange(Spacing(width=170, row_height=236))
    assert sorted(b.index for b in timeline.boxes_between(0, timeline.height)) == list(range(100))
