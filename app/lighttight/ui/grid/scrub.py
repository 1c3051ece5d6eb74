"""The scale of the year strip: which place of the strip is which place of the timeline. No Qt.

Proportional, except that every year gets room for its label: a year of three pictures must be
reachable beside one of thirty thousand. So the scale is a chain of straight pieces between the
years, and monotonic both ways.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A year on the strip, and where it begins in the timeline."""

    year: int
    at: float
    top: int


class Scale:
    def __init__(
        self, years: Sequence[tuple[int, int]], height: int, length: float, room: float
    ) -> None:
        """`years` are (year, top) in order; `length` is the strip's, `room` a label's."""
        self._length = max(1.0, length)
        self._height = max(1, height)
        places = [self._length * top / self._height for _, top in years]
        if len(years) * room <= self._length:
            for number in range(1, len(places)):
                places[number] = max(places[number], places[number - 1] + room)
            limit = self._length - room
            for number in range(len(places) - 1, -1, -1):
                places[number] = min(places[number], limit)
                limit = places[number] - room
        self.marks = [Mark(year, at, top) for (year, top), at in zip(years, places, strict=True)]
        self._at = [*places, self._length]
        self._tops = [*(float(top) for _, top in years), float(self._height)]

    def labelled(self, room: float) -> list[Mark]:
        """The marks whose labels fit under each other."""
        shown: list[Mark] = []
        for mark in self.marks:
            if not shown or mark.at - shown[-1].at >= room:
                shown.append(mark)
        return shown

    @staticmethod
    def _along(value: float, source: Sequence[float], target: Sequence[float]) -> float:
        if value <= source[0]:
            return target[0]
        if value >= source[-1]:
            return target[-1]
        right = bisect_right(source, value)
        low, high = source[right - 1], source[right]
        share = (value - low) / (high - low)
        return target[right - 1] + share * (target[right] - target[right - 1])

    def to_timeline(self, at: float) -> int:
        return round(self._along(at, self._at, self._tops))

    def to_strip(self, y: float) -> float:
        return self._along(y, self._tops, self._at)
