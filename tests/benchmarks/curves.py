"""One drawing of how something grows with the number of items: both axes logarithmic.

Plain SVG, readable on a light and on a dark page; each line is named at its end, so that no colour
has to be told from another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 250, 20, 44
COLOURS = ("#3574b8", "#b8663a", "#3f8f5f", "#8a5bb0", "#a8434f", "#7a7a2a")
GREY = "#808080"
LEAST_GAP = 15


def drawing(unit: str, lines: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """`lines`: for each name (items, value); values in `unit`, above zero."""
    points = [point for line in lines.values() for point in line]
    across = _Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        '<g font-family="sans-serif" font-size="12">',
    ]
    for value in across.decades():
        x = across.place(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GREY}" opacity=".25"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{value:,.0f}", "middle"))
    for value in up.decades():
        y = up.place(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GREY}" opacity=".25"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:g} {unit}", "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "items", "middle"))
    ends = _apart([up.place(line[-1][1]) for line in lines.values()])
    for (name, line), colour, end in zip(lines.items(), COLOURS, ends, strict=False):
        path = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in line:
            dot = f'cx="{across.place(x):.1f}" cy="{up.place(y):.1f}"'
            parts.append(f'<circle {dot} r="3" fill="{colour}"/>')
        parts.append(_text(WIDTH - RIGHT + 10, end + 4, name, "start", colour))
    return "\n".join([*parts, "</g></svg>", ""])


class _Axis:
    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low = math.floor(math.log10(min(values)))
        self._high = max(math.ceil(math.log10(max(values))), self._low + 1)
        self._start, self._end = start, end

    def decades(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]

    def place(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)


def _apart(places: Sequence[float]) -> list[float]:
    """The same places, pushed down where two names would lie on each other."""
    found = list(places)
    lowest = -math.inf
    for index in sorted(range(len(found)), key=found.__getitem__):
        found[index] = lowest = max(found[index], lowest + LEAST_GAP)
    return found


def _text(x: float, y: float, words: str, anchor: str, colour: str = GREY) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{colour}">{words}</text>'
