"""Which samples an edit list shows: what was cut away in a gallery is mostly still in the file.

A decoder needs more than what is shown: pictures from the key frame before, sound from a moment
before. That much stays, and nothing else; a lossless copy cannot do better.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from lighttight.media.cleaning.base import Damaged
from lighttight.media.cleaning.bmff_tracks import EMPTY, PICTURE, Samples, Track

MAX_STRETCHES = 16
"""More cuts than these are looked at as one, from the first to the last."""
PREROLL = 0.1
"""Seconds of sound before an edit: the longest that any codec here asks for is 0.08."""

MAX_RATE = 16 << 16
MAX_SECONDS = 7 * 24 * 3600

Edit = tuple[int, int, int]


def shown(track: Track, timescale: int) -> tuple[list[tuple[int, int]], list[Edit]]:
    """Ranges of samples, ascending, and the edits as they are when only those are kept."""
    samples = track.samples
    if not samples.count:
        return [], []
    whole = [(0, samples.count)]
    edits = _settled(track, timescale)
    stretches = _stretches(track, edits, timescale)
    if not edits or not stretches:
        return whole, edits
    if samples.sizes is None and (samples.shifts or len(samples.deltas) != 1):
        return whole, edits
    if samples.sizes is None and samples.uniform[1] != 1:
        return whole, edits
    each = _uniform(track, stretches) if samples.sizes is None else _listed(track, stretches)
    ranges = _merged(each)
    if not ranges or ranges == whole:
        return whole, edits
    return ranges, [_moved(samples, stretches, each, ranges, edit) for edit in edits]


def _settled(track: Track, timescale: int) -> list[Edit]:
    """Edits without a duration last to the end; a late begin of fragments is an empty edit."""
    edits: list[Edit] = []
    for duration, begin, rate in track.edits:
        if begin > track.samples.elapsed or not 0 <= rate <= MAX_RATE:
            raise Damaged
        if begin != EMPTY:
            left = track.samples.elapsed - begin
            longest = -(-left * timescale // track.timescale)
            if not duration or duration > longest + timescale:
                duration = longest
        if duration or begin != EMPTY:
            edits.append((duration, begin, rate))
    if track.begin:
        late = max(0, track.begin) * timescale // track.timescale
        if late and not edits:
            whole = -(-track.samples.elapsed * timescale // track.timescale)
            edits = [(whole, 0, 1 << 16)]
        if late:
            edits.insert(0, (late, EMPTY, 1 << 16))
    if sum(edit[0] for edit in edits) > MAX_SECONDS * timescale:
        raise Damaged
    return edits


def _stretches(track: Track, edits: list[Edit], timescale: int) -> list[tuple[int, int]]:
    """The media times that are shown, ascending, without overlaps."""
    spans = sorted(
        (begin, begin + -(-(duration + 1) * track.timescale // timescale))
        for duration, begin, _ in edits
        if begin != EMPTY
    )
    merged: list[tuple[int, int]] = []
    for begin, end in spans:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    if len(merged) > MAX_STRETCHES:
        merged = [(merged[0][0], merged[-1][1])]
    return merged


def _uniform(track: Track, stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    samples = track.samples
    delta = samples.deltas[0]
    if not delta:
        return []
    before = round(PREROLL * track.timescale)
    return [
        (max(0, (begin - before) // delta), min(samples.count, -(-end // delta)))
        for begin, end in stretches
    ]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if low >= high:
            continue
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _each(samples: Samples) -> Iterator[tuple[int, int]]:
    """When each sample is shown, and for how long."""
    shifts = _expanded(samples.shift_counts, samples.shifts)
    time = 0
    for count, delta in zip(samples.delta_counts, samples.deltas, strict=True):
        for _ in range(count):
            yield time + next(shifts, 0), delta
            time += delta


def _expanded(counts: array[int], values: array[int]) -> Iterator[int]:
    for count, value in zip(counts, values, strict=True):
        for _ in range(count):
            yield value


def _listed(track: Track, stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    samples = track.samples
    picture = track.kind == PICTURE
    before = 0 if picture else round(PREROLL * track.timescale)
    lows = [samples.count] * len(stretches)
    highs = [0] * len(stretches)
    last = samples.count - 1
    for index, (time, delta) in enumerate(_each(samples)):
        for number, (begin, end) in enumerate(stretches):
            # The last sample may last for as long as an edit likes.
            if time < end and (time + delta > begin - before or index == last):
                lows[number] = min(lows[number], index)
                highs[number] = index + 1
    return [
        (_key_before(samples, low, begin) if picture and low < high else low, high)
        for low, high, (begin, _) in zip(lows, highs, stretches, strict=True)
    ]


def _key_before(samples: Samples, low: int, begin: int) -> int:
    """Two key frames back where pictures are reordered: the first after one may lean on others."""
    if samples.sync is None:
        return low
    at = bisect_right(samples.sync, low + 1) - 1
    if at >= 0 and samples.sync[at] != low + 1 and samples.shifts:
        at -= 1
    while at >= 0 and _time_of(samples, samples.sync[at] - 1) > begin:
        at -= 1
    return samples.sync[at] - 1 if at >= 0 else 0


def _moved(
    samples: Samples,
    stretches: list[tuple[int, int]],
    each: list[tuple[int, int]],
    ranges: list[tuple[int, int]],
    edit: Edit,
) -> Edit:
    """The edit, in a time that has lost what lay between the ranges."""
    duration, begin, rate = edit
    if begin == EMPTY:
        return edit
    number = next(index for index, span in enumerate(stretches) if span[0] <= begin <= span[1])
    first = each[number][0]
    lost = reached = 0
    for low, high in ranges:
        if low > first:
            break
        lost += _time_of(samples, low) - reached
        reached = _time_of(samples, high)
    if begin < lost:
        raise Damaged
    return duration, begin - lost, rate


def _time_of(samples: Samples, index: int) -> int:
    time = 0
    for count, delta in zip(samples.delta_counts, samples.deltas, strict=True):
        if index <= count:
            return time + index * delta
        time += count * delta
        index -= count
    return time
