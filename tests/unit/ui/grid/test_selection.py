"""What clicks and keys do to a selection."""

from __future__ import annotations

from lighttight.model import Cell, ItemId, Kind, PreviewState
from lighttight.ui.grid.selection import Selection


def cells(count: int) -> list[Cell]:
    return [
        Cell(ItemId(str(n)), -n, 4, 3, None, Kind.PHOTO, False, PreviewState.READY)
        for n in range(count)
    ]


def made(count: int = 10) -> Selection:
    selection = Selection()
    selection.set_cells(cells(count))
    return selection


def test_a_click_leaves_one() -> None:
    selection = made()
    selection.only(2)
    assert selection.only(5)
    assert selection.in_order() == ["5"]
    assert not selection.only(5)


def test_shift_goes_from_the_anchor_both_ways() -> None:
    selection = made()
    selection.only(5)
    selection.extend(7)
    assert selection.in_order() == ["5", "6", "7"]
    selection.extend(3)
    assert selection.in_order() == ["3", "4", "5"]
    assert selection.current == "3"


def test_shift_keeps_what_control_had_added() -> None:
    selection = made()
    selection.only(0)
    selection.toggle(5)
    selection.extend(6)
    assert selection.in_order() == ["0", "5", "6"]


def test_control_takes_away_again() -> None:
    selection = made()
    selection.only(1)
    selection.toggle(1)
    assert selection.in_order() == []
    assert selection.current == "1"


def test_moving_selects_nothing() -> None:
    selection = made()
    assert not selection.move(4)
    assert selection.in_order() == []
    assert selection.current_place == 4


def test_the_band_lies_on_top_of_what_was_there() -> None:
    selection = made()
    selection.only(0)
    assert selection.sweep([3, 4], {ItemId("0")})
    assert selection.in_order() == ["0", "3", "4"]
    assert selection.sweep([4], set())
    assert selection.in_order() == ["4"]


def test_what_is_gone_is_not_selected() -> None:
    selection = made()
    selection.everything()
    selection.only(9)
    selection.extend(8)
    assert selection.set_cells(cells(9))
    assert selection.in_order() == ["8"]
    assert selection.set_cells(cells(3))
    assert selection.current is None
    selection.extend(1)
    assert selection.in_order() == ["1"]


def test_a_selection_stands_while_pictures_come_in_above() -> None:
    selection = made(3)
    selection.only(1)
    newer = Cell(ItemId("new"), 5, 4, 3, None, Kind.PHOTO, False, PreviewState.READY)
    assert not selection.set_cells([newer, *cells(3)])
    assert selection.current_place == 2
    assert selection.in_order() == ["1"]
