"""How much longer a long act takes, from how fast it went lately. No Qt in here.

The estimate is withheld for the first seconds, and smoothed: a figure that jumps about is worse
than none.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_WITHHELD = 2.0
_MEMORY = 8.0


class Pace:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._last = (self._began, 0)
        self._rate: float | None = None

    def update(self, done: int, total: int | None) -> float | None:
        """Seconds left after `done` of `total`, or None where it cannot be told yet."""
        now = self._clock()
        then, before = self._last
        passed = now - then
        if passed >= 0.25 and done > before:
            rate = (done - before) / passed
            weight = min(1.0, passed / _MEMORY)
            old = self._rate
            self._rate = rate if old is None else old + (rate - old) * weight
            self._last = (now, done)
        if total is None or self._rate is None or now - self._began < _WITHHELD:
            return None
        return max(0.0, (total - done) / self._rate)
