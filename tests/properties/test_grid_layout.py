"""Whatever the pictures: rows keep to their width, shapes are kept, each lies in one place."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lighttight.model import Cell, ItemId, Kind, PreviewState
from lighttight.ui.grid.layout import NARROWEST, STRETCH, WIDEST, Spacing, Timeline

sizes = st.one_of(
    st.tuples(st.integers(1, 12_000), st.integers(1, 12_000)),
    st.sampled_from([(4032, 3024), (3024, 4032), (1920, 1080), (0, 0), (30_000, 10)]),
)
spacings = st.builds(
    Spacing,
    width=st.integers(160, 4000),
    row_height=st.integers(40, 260),
    gap=st.just(4),
)


@st.composite
def cells(draw: st.DrawFn) -> list[Cell]:
    shapes = draw(st.lists(sizes, min_size=1, max_size=120))
    steps = draw(st.lists(st.integers(0, 40 * 86400), min_size=120, max_size=120))
    when = 1_800_000_000
    made: list[Cell] = []
    for number, (width, height) in enumerate(shapes):
        when -= steps[number] if number % 5 == 0 else 60
        made.append(
            Cell(
                ItemId(f"{number:032x}"),
                when,
                width,
                height,
                None,
                Kind.PHOTO,
                favourite=False,
                preview=PreviewState.READY,
            )
        )
    return made


@given(cells(), spacings)
def test_every_picture_lies_in_exactly_one_place(made: list[Cell], spacing: Spacing) -> None:
    timeline = Timeline(made, spacing)
    seen = [box.index for box in timeline.boxes_between(0, timeline.height + 1)]
    assert seen == list(range(len(made)))
    for index in (0, len(made) // 2, len(made) - 1):
        box = timeline.box(index)
        assert box.index == index
        assert timeline.hit(box.x, box.y) == index


@given(cells(), spacings)
def test_rows_stay_within_the_width_and_do_not_overlap(made: list[Cell], spacing: Spacing) -> None:
    timeline = Timeline(made, spacing)
    bottom = 0
    for row in range(timeline.rows):
        boxes = timeline.row_boxes(row)
        assert boxes[0].x == 0
        assert boxes[-1].x + boxes[-1].width <= spacing.width
        for left, right in itertools.pairwise(boxes):
            assert left.x + left.width + spacing.gap == right.x
        assert boxes[0].y >= bottom
        bottom = boxes[0].y + boxes[0].height
    assert bottom <= timeline.height


@given(cells(), spacings)
def test_no_lonely_giant(made: list[Cell], spacing: Spacing) -> None:
    timeline = Timeline(made, spacing)
    for row in range(timeline.rows):
        assert 1 <= timeline.row_boxes(row)[0].height <= round(spacing.row_height * STRETCH)


@given(cells(), spacings)
def test_shapes_are_kept(made: list[Cell], spacing: Spacing) -> None:
    """To a pixel on each side: a side is rounded once, the row's height once."""
    timeline = Timeline(made, spacing)
    for box in timeline.boxes_between(0, timeline.height + 1):
        cell = made[box.index]
        ratio = cell.width / cell.height if cell.width and cell.height else 4 / 3
        ratio = min(WIDEST, max(NARROWEST, ratio))
        assert (box.height - 1) * ratio - 2 <= box.width <= (box.height + 1) * ratio + 2


@given(cells(), spacings)
def test_months_stand_in_order_and_hold_their_pictures(made: list[Cell], spacing: Spacing) -> None:
    timeline = Timeline(made, spacing)
    assert sum(month.count for month in timeline.months) == len(made)
    assert timeline.month_top == sorted(set(timeline.month_top))
    for number, month in enumerate(timeline.months):
        assert timeline.month_of(month.first) == number
        assert timeline.month_of(month.first + month.count - 1) == number
        assert timeline.box(month.first).y == timeline.month_top[number] + spacing.heading
