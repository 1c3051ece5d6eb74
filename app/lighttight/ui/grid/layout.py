"""Where every picture of the timeline lies. Arithmetic only: no Qt, no clock.

Pictures keep their shape and fill rows of one width; a row's height is whatever makes them fill
it. Where to break the rows of a month is chosen so that their heights deviate least from the
wished one, over the whole month and not row by row: a greedy break leaves a giant at the end.
A row's deviation is measured by how far its pictures, at the wished height, miss its width.

How it stays quick at 100,000. A month of R rows has its breaks near k·A/R, where A is the sum of
its aspect ratios. So each break is looked for only just before and just after that point (found
by bisection in the running sums), and of the two the better is taken by a two-state shortest
path. The cost is per row, not per picture. Positions inside a row are worked out when it is seen.

An aspect ratio is limited (a 10:1 panorama is shown cropped), and a row never grows past
`STRETCH` times the wished height: a month with one picture has a row that ends early, because a
giant would be worse.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

from lighttight.model import Cell

STRETCH: Final = 1.4
"""The most a row may be higher than wished; one that would be ends early, at the wished height."""
RATHER_MORE: Final = 1.25
"""How much higher than wished the rows of a month may be on average."""
NARROWEST: Final = 0.4
WIDEST: Final = 4.0
UNKNOWN: Final = 4 / 3
"""The aspect ratio assumed for an item whose size is not known."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = 1e18
"""The cost of a way that does not exist."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """Everything that does not depend on the pictures, in logical pixels."""

    width: int
    row_height: int
    gap: int = 4
    heading: int = 36
    """Height of a month's heading, which stands above its rows."""
    after: int = 4
    """Free space between a month's last row and the next heading."""


@dataclass(frozen=True, slots=True)
class Month:
    """A run of pictures of one month; `first` is the index of its first, newest, picture."""

    year: int
    month: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Box:
    """The rectangle of one picture, relative to the left edge and the top of the timeline."""

    index: int
    x: int
    y: int
    width: int
    height: int


def aspect(cell: Cell) -> float:
    """Width by height, limited to what a row can bear."""
    if cell.width <= 0 or cell.height <= 0:
        return UNKNOWN
    ratio = cell.width / cell.height
    return ratio if NARROWEST < ratio < WIDEST else min(WIDEST, max(NARROWEST, ratio))


def _month_of(when: int) -> tuple[int, int, int, int]:
    """(year, month, first second, second after the last) of the month that `when` lies in."""
    moment = _EPOCH + timedelta(seconds=when)
    first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    after = (
        datetime(moment.year + 1, 1, 1, tzinfo=UTC)
        if moment.month == 12
        else datetime(moment.year, moment.month + 1, 1, tzinfo=UTC)
    )
    start = int((first - _EPOCH).total_seconds())
    return moment.year, moment.month, start, int((after - _EPOCH).total_seconds())


def months_of(cells: Sequence[Cell]) -> list[Month]:
    """The runs of equal months, in the order of `cells`."""
    found: list[Month] = []
    low, high = 1, 0
    year = month = begun = 0
    for index, cell in enumerate(cells):
        if low <= cell.when < high:
            continue
        if index:
            found.append(Month(year, month, begun, index - begun))
        year, month, low, high = _month_of(cell.when)
        begun = index
    if cells:
        found.append(Month(year, month, begun, len(cells) - begun))
    return found


class Timeline:
    """The layout of one list of cells at one width and zoom.

    Built in two steps, because the first is needed once for a list and the second with every
    change of width: the running sums of aspect ratios, then the rows.
    """

    def __init__(self, cells: Sequence[Cell], spacing: Spacing) -> None:
        self.months = months_of(cells)
        self._sums: list[float] = [0.0, *accumulate(map(aspect, cells))]
        self._count = len(cells)
        self.arrange(spacing)

    def arrange(self, spacing: Spacing) -> None:
        """Lay everything out anew for another width or zoom."""
        self.spacing = spacing
        self._row_first: list[int] = []
        self._row_top: list[int] = []
        self._row_height: list[int] = []
        self.month_top: list[int] = []
        self._month_row: list[int] = []
        top = 0
        for month in self.months:
            self.month_top.append(top)
            self._month_row.append(len(self._row_first))
            top = self._arrange_month(month, top + spacing.heading) + spacing.after
        self.height = top - spacing.after if self.months else 0

    def _arrange_month(self, month: Month, top: int) -> int:
        """Append the month's rows, the first at `top`; returns where the last one ends."""
        spacing = self.spacing
        sums = self._sums
        gap = spacing.gap
        room = spacing.width + gap
        limit = round(spacing.row_height * STRETCH)
        breaks = self._breaks(month)
        ends = breaks[1:]
        heights = [
            round((room - gap * (end - start)) / (sums[end] - sums[start]))
            for start, end in zip(breaks, ends, strict=False)
        ]
        if max(heights) > limit or min(heights) < 1:
            wished = spacing.row_height
            heights = [max(1, height if height <= limit else wished) for height in heights]
        tops = list(accumulate(heights, lambda at, height: at + height + gap, initial=top))
        breaks.pop()
        self._row_first += breaks
        self._row_height += heights
        self._row_top += tops[:-1]
        return tops[-1] - gap

    def _breaks(self, month: Month) -> list[int]:
        """First index of each row, and the end: the path of least squared deviation."""
        sums = self._sums
        wished = self.spacing.row_height
        gap = self.spacing.gap
        room = self.spacing.width + gap
        first, end = month.first, month.first + month.count
        begin, total = sums[first], sums[end] - sums[first]
        natural = (wished * total + gap * month.count) / room
        rows = max(1, int(natural))
        # One row more makes all of them higher: not where they would then end early.
        if (rows + 1) / natural <= RATHER_MORE:
            rows += 1
        rows = min(rows, month.count)
        if rows == 1:
            return [first, end]
        step = total / rows
        share = (wished * total + gap * month.count) / rows
        # How far each of the two breaks overshoots its ideal place, in pixels; a row misses its
        # width by the difference of two such numbers.
        over_before = over_after = 0.0
        cost_before, cost_after = 0.0, _NEVER
        at = first
        # Each step is the nearer break with two flags below it: integers, because 20,000 tuples
        # would wake the garbage collector beside 100,000 cells.
        path: list[int] = []
        for number in range(1, rows):
            high = bisect_left(sums, begin + number * step, at, end)
            at = low = high - 1 if high > first else first
            over_low = wished * (sums[low] - begin) + gap * (low - first) - number * share
            over_high = over_low + wished * (sums[low + 1] - sums[low]) + gap
            # Four ways to a row: from either earlier break to either of these two.
            miss = over_low - over_before
            cost_low = cost_before + miss * miss
            miss = over_low - over_after
            other = cost_after + miss * miss
            step_taken = low << 2
            if other < cost_low:
                cost_low = other
                step_taken |= 2
            miss = over_high - over_before
            cost_high = cost_before + miss * miss
            miss = over_high - over_after
            other = cost_after + miss * miss
            if other < cost_high:
                cost_high = other
                step_taken |= 1
            path.append(step_taken)
            over_before, over_after = over_low, over_high
            cost_before, cost_after = cost_low, cost_high
        take_after = cost_after + over_after * over_after < cost_before + over_before * over_before
        breaks = [end]
        for step_back in reversed(path):
            low = step_back >> 2
            at = min(low + 1, end) if take_after else low
            if first < at < breaks[-1]:
                breaks.append(at)
            take_after = bool(step_back & (1 if take_after else 2))
        breaks.append(first)
        breaks.reverse()
        return breaks

    # ---- asking --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> int:
        return len(self._row_first)

    def _row_end(self, row: int) -> int:
        return self._row_first[row + 1] if row + 1 < len(self._row_first) else self._count

    def row_of(self, index: int) -> int:
        return bisect_right(self._row_first, index) - 1

    def month_of(self, index: int) -> int:
        """Position in `months` of the month that holds the picture `index`."""
        return self.month_at_row(self.row_of(index))

    def month_at_row(self, row: int) -> int:
        return bisect_right(self._month_row, row) - 1

    def month_at(self, y: int) -> int:
        """Position in `months` of the month whose heading or rows cover `y`."""
        return max(0, bisect_right(self.month_top, y) - 1)

    def row_boxes(self, row: int) -> list[Box]:
        """The pictures of a row, from left to right, ending exactly at the width."""
        first, end = self._row_first[row], self._row_end(row)
        sums, gap = self._sums, self.spacing.gap
        top, height = self._row_top[row], self._row_height[row]
        room = self.spacing.width - gap * (end - first - 1)
        total = sums[end] - sums[first]
        scale = room / total
        if round(scale) > round(self.spacing.row_height * STRETCH):
            scale = height
        begin = sums[first]
        boxes: list[Box] = []
        left = 0
        for index in range(first, end):
            offset = gap * (index - first)
            right = round((sums[index + 1] - begin) * scale) + offset
            boxes.append(Box(index, left, top, max(1, right - left), height))
            left = right + gap
        return boxes

    def box(self, index: int) -> Box:
        row = self.row_of(index)
        return self.row_boxes(row)[index - self._row_first[row]]

    def rows_between(self, top: int, bottom: int) -> range:
        """The rows that touch the band from `top` to `bottom`."""
        if not self._row_top:
            return range(0)
        start = max(0, bisect_right(self._row_top, top) - 1)
        if self._row_top[start] + self._row_height[start] <= top:
            start += 1
        return range(start, bisect_left(self._row_top, bottom))

    def boxes_between(self, top: int, bottom: int) -> Iterator[Box]:
        for row in self.rows_between(top, bottom):
            yield from self.row_boxes(row)

    def hit(self, x: int, y: int) -> int | None:
        """The picture at a point, or None for a gap, a heading, the free end of a row."""
        for box in self.boxes_between(y, y + 1):
            if box.x <= x < box.x + box.width:
                return box.index
        return None

    def within(self, left: int, top: int, right: int, bottom: int) -> Iterator[int]:
        """The pictures that touch a rectangle."""
        for box in self.boxes_between(top, bottom):
            if box.x < right and box.x + box.width > left:
                yield box.index

    def beside(self, index: int, rows: int) -> int:
        """The picture `rows` rows below (or above, if negative) that lies nearest in x."""
        row = self.row_of(index)
        target = min(max(0, row + rows), self.rows - 1)
        if target == row:
            return index
        box = self.box(index)
        middle = box.x + box.width / 2
        return min(
            self.row_boxes(target), key=lambda other: abs(other.x + other.width / 2 - middle)
        ).index

    def rows_in(self, height: int, index: int, direction: int) -> int:
        """How many rows from the row of `index` fit into `height`: a page of the keyboard."""
        row = self.row_of(index)
        top = self._row_top[row]
        if direction > 0:
            reached = bisect_right(self._row_top, top + height) - 1
        else:
            reached = bisect_left(self._row_top, top - height)
        return max(1, abs(reached - row))

    def years(self) -> list[tuple[int, int]]:
        """(year, top of its first month) in the order of the timeline."""
        found: list[tuple[int, int]] = []
        for month, top in zip(self.months, self.month_top, strict=True):
            if not found or found[-1][0] != month.year:
                found.append((month.year, top))
        return found
