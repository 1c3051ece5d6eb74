"""How much longer it takes."""

from __future__ import annotations

import pytest

from lighttight.ui.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_said_at_first() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now += 1
    assert pace.update(10, 100) is None


def test_nothing_is_said_without_a_total() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now += 5
    assert pace.update(10, None) is None


def test_a_steady_pace_is_told_exactly() -> None:
    clock = Clock()
    pace = Pace(clock)
    left = None
    for done in range(1, 51):
        clock.now += 1
        left = pace.update(done, 100)
    assert left == pytest.approx(50)


def test_one_slow_file_does_not_make_it_jump() -> None:
    clock = Clock()
    pace = Pace(clock)
    for done in range(1, 31):
        clock.now += 1
        pace.update(done, 100)
    clock.now += 3
    left = pace.update(31, 100)
    assert left is not None
    assert 69 < left < 110


def test_no_step_is_no_division_by_zero() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now += 9
    assert pace.update(0, 100) is None
    assert pace.update(0, 100) is None
