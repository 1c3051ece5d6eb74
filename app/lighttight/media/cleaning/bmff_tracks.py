"""Tracks of a movie: their tables read into arrays, from `moov` and from fragments.

A table says what it likes. Each is read only as far as its box reaches, counts that no box holds
(`stsz` with one size for all, runs of `stts`, fragments of defaults) are bounded here, and what
does not add up is damage. One hour of plain sound has 170 million samples of one size, so those
are never listed one by one.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from lighttight.media.cleaning.base import Damaged, Uncleanable
from lighttight.media.cleaning.bmff_boxes import Box, numbers

MAX_SAMPLES = 1 << 23
"""Listed one by one: nine hours at 240 pictures a second."""
MAX_CHUNKS = 1 << 22
MAX_UNIFORM = 1 << 34
MAX_RUNS = 1 << 23
MAX_EDITS = 4096
MAX_TRACKS = 64
PICTURE, SOUND = b"vide", b"soun"
EMPTY = -1


@dataclass(slots=True)
class Samples:
    """The samples of one track in decoding order.

    With `sizes` None all have `uniform` bytes, where (a, b) means a bytes for each b samples.
    """

    count: int = 0
    sizes: array[int] | None = None
    uniform: tuple[int, int] = (0, 1)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    per_chunk: array[int] = field(default_factory=lambda: array("I"))
    entry: array[int] = field(default_factory=lambda: array("I"))
    """For each chunk: which sample entry, from 0."""
    delta_counts: array[int] = field(default_factory=lambda: array("I"))
    deltas: array[int] = field(default_factory=lambda: array("I"))
    shift_counts: array[int] = field(default_factory=lambda: array("I"))
    shifts: array[int] = field(default_factory=lambda: array("i"))
    sync: array[int] | None = None
    """Numbers from 1; None: every sample."""
    roll: int | None = None
    """How many samples before one a decoder of sound must have read."""
    elapsed: int = 0
    """The sum of all deltas, kept up while fragments come in."""

    def bytes_of(self, first: int, count: int) -> int:
        if self.sizes is not None:
            return sum(self.sizes[first : first + count])
        return count * self.uniform[0] // self.uniform[1]

    def duration(self) -> int:
        return sum(
            count * delta for count, delta in zip(self.delta_counts, self.deltas, strict=True)
        )


@dataclass(slots=True)
class Track:
    id: int
    kind: bytes
    enabled: bool
    timescale: int
    width: int
    height: int
    matrix: tuple[int, int, int, int]
    group: int
    edits: list[tuple[int, int, int]]
    """Duration in the movie's time, begin in the track's own or `EMPTY`, rate."""
    stsd: Box | None
    stbl: Box | None
    self_contained: list[bool]
    samples: Samples
    chapters: set[int]
    begin: int | None = None
    """Of fragments: the time of the first sample."""
    fragment_entry: int = 0


def read_track(trak: Box) -> Track:
    tkhd, mdia = trak.needed(b"tkhd"), trak.needed(b"mdia")
    version, flags = tkhd.full()
    at = 20 if version == 1 else 12
    number = tkhd.u32(at)
    group = tkhd.unpack(">h", at + (26 if version == 1 else 22))[0]
    matrix_at = 52 if version == 1 else 40
    matrix = tkhd.unpack(">9i", matrix_at)
    width, height = tkhd.unpack(">II", matrix_at + 36)
    mdhd, hdlr = mdia.needed(b"mdhd"), mdia.needed(b"hdlr")
    version, _ = mdhd.full()
    timescale = mdhd.u32(20 if version == 1 else 12)
    minf = mdia.child(b"minf")
    stbl = minf.child(b"stbl") if minf is not None else None
    tref = trak.child(b"tref")
    chapters: set[int] = set()
    for reference in tref.children() if tref is not None else ():
        if reference.kind == b"chap":
            chapters.update(numbers("I", reference.data, min(len(reference.data) // 4, MAX_TRACKS)))
    return Track(
        id=number,
        kind=hdlr.bytes(8, 4),
        enabled=bool(flags & 1),
        timescale=timescale,
        width=width,
        height=height,
        matrix=(matrix[0], matrix[1], matrix[3], matrix[4]),
        group=group,
        edits=_edits(trak),
        stsd=stbl.child(b"stsd") if stbl is not None else None,
        stbl=stbl,
        self_contained=_references(minf),
        samples=Samples(),
        chapters=chapters,
    )


def _edits(trak: Box) -> list[tuple[int, int, int]]:
    edts = trak.child(b"edts")
    elst = edts.child(b"elst") if edts is not None else None
    if elst is None:
        return []
    version, _ = elst.full()
    count = elst.u32(4)
    if count > MAX_EDITS:
        raise Damaged
    layout, step = (">QqI", 20) if version == 1 else (">IiI", 12)
    found: list[tuple[int, int, int]] = []
    for index in range(count):
        duration, begin, rate = elst.unpack(layout, 8 + index * step)
        if begin < EMPTY or duration >= 1 << 62:
            raise Damaged
        found.append((duration, begin, rate))
    return found


def _references(minf: Box | None) -> list[bool]:
    """For each data reference, whether it means this file."""
    dinf = minf.child(b"dinf") if minf is not None else None
    dref = dinf.child(b"dref") if dinf is not None else None
    if dref is None:
        return [True]
    return [bool(entry.full()[1] & 1) for entry in dref.children(8)]


# --- the tables of moov


def read_samples(track: Track, uniform: tuple[int, int] | None) -> None:
    """Fill `track.samples`. `uniform` is what the sample entry of plain sound says of its size."""
    stbl = track.stbl
    if stbl is None:
        raise Damaged
    samples = track.samples
    _sizes(stbl, samples)
    _times(stbl, samples)
    if uniform is not None and samples.sizes is None:
        plain = len(samples.deltas) == 1 and samples.deltas[0] == 1
        if plain or samples.uniform[0] <= 1:
            samples.uniform = uniform
    if samples.sizes is None and samples.count > MAX_SAMPLES and len(samples.deltas) > 1:
        raise Uncleanable("too-large")
    _chunks(stbl, samples)
    stss = stbl.child(b"stss")
    if stss is not None and samples.sizes is not None:
        samples.sync = numbers("I", stss.data, stss.u32(4), 8)
        last = 0
        for number in samples.sync:
            if not last < number:
                raise Damaged
            last = number
        if last > samples.count:
            raise Damaged
    _roll(stbl, samples)


def _sizes(stbl: Box, samples: Samples) -> None:
    stsz = stbl.child(b"stsz")
    if stsz is not None:
        size, count = stsz.unpack(">II", 4)
        samples.count = count
        if size == 0:
            if count > MAX_SAMPLES:
                raise Uncleanable("too-large") if len(stsz.data) >= 4 * count else Damaged
            samples.sizes = numbers("I", stsz.data, count, 12)
        else:
            samples.uniform = (size, 1)
        return
    stz2 = stbl.needed(b"stz2")
    width, count = stz2.unpack(">xxxBI", 4)
    if count > MAX_SAMPLES or width not in (4, 8, 16):
        raise Damaged
    samples.count = count
    if width == 4:
        halves = numbers("B", stz2.data, (count + 1) // 2, 12)
        listed = [part for both in halves for part in (both >> 4, both & 15)]
        samples.sizes = array("I", listed[:count])
    else:
        samples.sizes = array("I", numbers("B" if width == 8 else "H", stz2.data, count, 12))


def _times(stbl: Box, samples: Samples) -> None:
    stts = stbl.needed(b"stts")
    runs = stts.u32(4)
    if runs > MAX_RUNS:
        raise Damaged
    both = numbers("I", stts.data, 2 * runs, 8)
    counts, deltas = _trimmed(both[0::2], both[1::2], samples.count)
    if sum(counts) != samples.count:
        raise Damaged
    samples.delta_counts, samples.deltas = counts, deltas
    samples.elapsed = samples.duration()
    ctts = stbl.child(b"ctts")
    if ctts is None:
        return
    runs = ctts.u32(4)
    if runs > MAX_RUNS:
        raise Damaged
    both = numbers("I", ctts.data, 2 * runs, 8)
    counts, shifts = _trimmed(both[0::2], both[1::2], samples.count)
    missing = samples.count - sum(counts)
    if missing:
        counts.append(missing)
        shifts.append(0)
    samples.shift_counts, samples.shifts = counts, array("i", shifts.tobytes())


def _trimmed(counts: array[int], values: array[int], total: int) -> tuple[array[int], array[int]]:
    """Runs without empty ones, and none beyond the samples that there are."""
    if sum(counts) == total and 0 not in counts:
        return counts, values
    kept, same = array("I"), array("I")
    left = total
    for count, value in zip(counts, values, strict=True):
        count = min(count, left)
        if count:
            kept.append(count)
            same.append(value)
            left -= count
        elif not left:
            break
    return kept, same


def _chunks(stbl: Box, samples: Samples) -> None:
    stco = stbl.child(b"stco")
    code, table = ("I", stco) if stco is not None else ("Q", stbl.needed(b"co64"))
    count = table.u32(4)
    if count > MAX_CHUNKS:
        raise Uncleanable("too-large") if len(table.data) > 4 * count else Damaged
    samples.offsets = array("Q", numbers(code, table.data, count, 8))
    stsc = stbl.needed(b"stsc")
    runs = stsc.u32(4)
    rows = numbers("I", stsc.data, 3 * runs, 8)
    left = samples.count
    for index in range(runs):
        first, per_chunk, entry = rows[3 * index : 3 * index + 3]
        until = rows[3 * index + 3] if index + 1 < runs else count + 1
        if first != len(samples.per_chunk) + 1 or not 0 < first <= until or entry < 1:
            if first > count:
                break
            raise Damaged
        until = min(until, count + 1)
        samples.per_chunk.extend(array("I", [per_chunk]) * (until - first))
        samples.entry.extend(array("I", [entry - 1]) * (until - first))
    total = 0
    for index, per_chunk in enumerate(samples.per_chunk):
        total += per_chunk
        if total > left:
            # Some writers round the last chunk up.
            samples.per_chunk[index] = per_chunk - (total - left)
            total = left
    if total != samples.count or len(samples.per_chunk) != count:
        raise Damaged


def _roll(stbl: Box, samples: Samples) -> None:
    """The one group that a decoder of sound needs; others tell of pictures what these tell."""
    for group in stbl.children():
        if group.kind == b"sgpd" and group.bytes(4, 4) in (b"roll", b"prol"):
            version, _ = group.full()
            at = 12 if version == 1 else 8
            if version == 1 and group.u32(8) == 2 and group.u32(at) == 1:
                distance = group.unpack(">h", at + 4)[0]
                if -64 <= distance <= 64:
                    samples.roll = distance


# --- fragments


@dataclass(frozen=True, slots=True)
class Defaults:
    entry: int
    duration: int
    size: int
    flags: int


NOT_SYNC = 0x10000


def read_defaults(mvex: Box) -> dict[int, Defaults]:
    found: dict[int, Defaults] = {}
    for trex in mvex.children():
        if trex.kind == b"trex":
            number, entry, duration, size, flags = trex.unpack(">5I", 4)
            found[number] = Defaults(entry, duration, size, flags)
    return found


def add_fragment(
    tracks: dict[int, Track], defaults: dict[int, Defaults], moof: Box, at: int
) -> None:
    """Append what one `moof`, which begins at `at`, says of the tracks that are kept."""
    following = at
    for index, traf in enumerate(child for child in moof.children() if child.kind == b"traf"):
        tfhd = traf.needed(b"tfhd")
        _, flags = tfhd.full()
        number = tfhd.u32(4)
        place = 8
        base = at if flags & 0x020000 or not index else following
        if flags & 0x01:
            base, place = tfhd.unpack(">Q", place)[0], place + 8
        known = defaults.get(number, Defaults(1, 0, 0, 0))
        values = [known.entry, known.duration, known.size, known.flags]
        for position, bit in enumerate((0x02, 0x08, 0x10, 0x20)):
            if flags & bit:
                values[position], place = tfhd.u32(place), place + 4
        track = tracks.get(number)
        defined = Defaults(*values)
        if track is not None:
            tfdt = traf.child(b"tfdt")
            if tfdt is not None:
                version, _ = tfdt.full()
                _begin_at(track, tfdt.unpack(">Q" if version == 1 else ">I", 4)[0])
        following = base
        for trun in traf.children():
            if trun.kind == b"trun":
                following = _run(track, defined, trun, base, following)


def _begin_at(track: Track, time: int) -> None:
    """Fragments may leave gaps: the sample before then lasts until the next begins."""
    samples = track.samples
    if not samples.count:
        if track.begin is None:
            track.begin = time
        return
    gap = time - (track.begin or 0) - samples.elapsed
    if gap:
        last = samples.deltas[-1] + gap
        if not 0 <= last < 1 << 32:
            raise Damaged
        samples.elapsed += gap
        if samples.delta_counts[-1] == 1:
            samples.deltas[-1] = last
        else:
            samples.delta_counts[-1] -= 1
            samples.delta_counts.append(1)
            samples.deltas.append(last)


def _run(track: Track | None, defined: Defaults, trun: Box, base: int, following: int) -> int:
    """One run is one chunk. Returns where it ends."""
    _, flags = trun.full()
    count = trun.u32(4)
    at = 8
    if flags & 0x01:
        following, at = base + trun.unpack(">i", at)[0], at + 4
    first_flags = None
    if flags & 0x04:
        first_flags, at = trun.u32(at), at + 4
    if following < 0:
        raise Damaged
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if count > MAX_SAMPLES:
        raise Damaged
    table = numbers("I", trun.data, count * len(fields), at)
    columns = {bit: table[index :: len(fields)] for index, bit in enumerate(fields)}
    sizes = columns.get(0x200) or array("I", [defined.size]) * count
    end = following + sum(sizes)
    if track is None or not count:
        return end
    samples = track.samples
    if samples.sizes is None:
        if samples.count:
            if samples.count > MAX_SAMPLES or samples.uniform[1] != 1:
                raise Uncleanable("codec")
            samples.sizes = array("I", [samples.uniform[0]]) * samples.count
        else:
            samples.sizes = array("I")
    if samples.count + count > MAX_SAMPLES or len(samples.offsets) >= MAX_CHUNKS:
        raise Uncleanable("too-large")
    if following >= 1 << 63:
        raise Damaged
    before = samples.count
    samples.sizes.extend(sizes)
    samples.offsets.append(following)
    samples.per_chunk.append(count)
    samples.entry.append(max(0, defined.entry - 1))
    samples.count += count
    durations = columns.get(0x100) or array("I", [defined.duration]) * count
    samples.elapsed += sum(durations)
    for delta in durations:
        if samples.deltas and samples.deltas[-1] == delta:
            samples.delta_counts[-1] += 1
        else:
            samples.delta_counts.append(1)
            samples.deltas.append(delta)
    _shift(samples, before, columns.get(0x800), count)
    _sync(track, before, count, columns.get(0x400), first_flags, defined.flags)
    return end


def _shift(samples: Samples, before: int, column: array[int] | None, count: int) -> None:
    if column is None and not samples.shifts:
        return
    if not samples.shifts and before:
        samples.shift_counts.append(before)
        samples.shifts.append(0)
    # Old writers mean signed numbers in version 0 as well; nothing is shifted by 2³¹ units.
    values = array("i", column.tobytes()) if column is not None else array("i", [0]) * count
    for value in values:
        if samples.shifts and samples.shifts[-1] == value:
            samples.shift_counts[-1] += 1
        else:
            samples.shift_counts.append(1)
            samples.shifts.append(value)


def _sync(
    track: Track,
    before: int,
    count: int,
    column: array[int] | None,
    first_flags: int | None,
    flags: int,
) -> None:
    if track.kind != PICTURE:
        return
    samples = track.samples
    if samples.sync is None:
        samples.sync = array("I", range(1, before + 1))
    for index in range(count):
        mine = column[index] if column is not None else flags
        if index == 0 and first_flags is not None:
            mine = first_flags
        if not mine & NOT_SYNC:
            samples.sync.append(before + index + 1)
