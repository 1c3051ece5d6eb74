"""What every test of one room may use: something done at a failpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lighttight.files import failpoints

At = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def at() -> Iterator[At]:
    """`at(point, act)`: do something when a failpoint is reached for the first time."""

    def arm(point: str, act: Callable[[], object]) -> None:
        waiting = [act]

        def hook(name: str) -> None:
            if name == point and waiting:
                waiting.pop()()

        failpoints.arm(hook)

    yield arm
    failpoints.disarm()
