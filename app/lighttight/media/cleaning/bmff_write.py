"""Writes an MP4 or a MOV: `ftyp | moov | mdat`, front to back, from tables that are known.

Every box is made here, field by field; nothing of an original reaches it but through `Chunks`,
numbers and sample entries that were rebuilt. Whoever calls says what the samples are; that they
are as long as the tables say is checked, because a table that is wrong would show other bytes.
"""

from __future__ import annotations

import heapq
import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lighttight.media.cleaning.base import Damaged, Findings, Write
from lighttight.media.cleaning.bmff_boxes import box, full_box, packed, pairs
from lighttight.media.cleaning.bmff_entries import Entry
from lighttight.media.cleaning.bmff_tracks import PICTURE, SOUND, Track

ROOM = 128 << 20
"""More than any index here: with it, 32 bits are enough or they are not."""
_UNITY = 1 << 16
_IDENTITY = (_UNITY, 0, 0, _UNITY)


@dataclass(slots=True)
class Chunks:
    """What is copied of one track, chunk by chunk."""

    track: Track
    entries: list[Entry]
    edits: list[tuple[int, int, int]]
    ranges: list[tuple[int, int]]
    """Which samples are copied, from and until, ascending."""
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    firsts: array[int] = field(default_factory=lambda: array("Q"))
    counts: array[int] = field(default_factory=lambda: array("I"))
    entry: array[int] = field(default_factory=lambda: array("I"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    """Bytes of each chunk in the copy."""
    sizes: array[int] | None = None
    """Of each sample of the original, as it is in the copy; None: as in the original."""
    begins: array[int] = field(default_factory=lambda: array("Q"))
    """Where each chunk begins in the copy's `mdat`."""

    def coded(self, chunk: int) -> bool:
        return self.entries[self.entry[chunk]].coded is not None


@dataclass(slots=True)
class Plan:
    findings: Findings
    brand: bytes
    timescale: int
    chunks: list[Chunks]

    def order(self) -> Iterator[tuple[int, int, int]]:
        """(offset, track, chunk) as they lie in the original."""

        def of(index: int) -> Iterator[tuple[int, int, int]]:
            offsets = self.chunks[index].offsets
            for chunk in sorted(range(len(offsets)), key=offsets.__getitem__):
                yield offsets[chunk], index, chunk

        return heapq.merge(*(of(index) for index in range(len(self.chunks))))


def film(plan: Plan, content: Iterable[bytes], write: Write) -> None:
    """`content` is every sample of every chunk in `plan.order()`, in pieces of any length."""
    total = 0
    for chunks in plan.chunks:
        chunks.begins = array("Q", bytes(8 * len(chunks.offsets)))
    for _, track, chunk in plan.order():
        plan.chunks[track].begins[chunk] = total
        total += plan.chunks[track].lengths[chunk]
    ftyp = _ftyp(plan.brand)
    wide = total + ROOM >= 1 << 32
    length = len(ftyp) + len(_moov(plan, 0, wide=wide)) + (16 if wide else 8)
    write(ftyp)
    write(_moov(plan, length, wide=wide))
    if wide:
        write(struct.pack(">I4sQ", 1, b"mdat", 16 + total))
    else:
        write(struct.pack(">I4s", 8 + total, b"mdat"))
    for piece in content:
        total -= len(piece)
        if total < 0:
            break
        write(piece)
    if total:
        # The original changed between the two looks at it.
        raise Damaged


def _ftyp(brand: bytes) -> bytes:
    if brand == b"qt  ":
        return box(b"ftyp", brand, bytes(4), brand)
    return box(b"ftyp", brand, bytes(4), brand, b"isom", b"iso4")


def _moov(plan: Plan, base: int, *, wide: bool) -> bytes:
    traks: list[bytes] = []
    longest = 0
    groups: dict[int, int] = {}
    for number, chunks in enumerate(plan.chunks, 1):
        group = chunks.track.group
        alternative = groups.setdefault(group, len(groups) + 1) if group else 0
        trak, duration = _trak(plan, chunks, number, alternative, base, wide=wide)
        longest = max(longest, duration)
        traks.append(trak)
    mvhd = _timed(
        b"mvhd",
        plan.timescale,
        longest,
        struct.pack(">IH10x", _UNITY, 0x100)
        + _matrix(_IDENTITY, 0, 0)
        + struct.pack(">24xI", len(traks) + 1),
    )
    return box(b"moov", mvhd, *traks)


def _timed(kind: bytes, scale: int, duration: int, rest: bytes) -> bytes:
    """A header with two times, which are zero, and a duration."""
    if duration < 1 << 32:
        return full_box(kind, 0, 0, struct.pack(">8xII", scale, duration), rest)
    return full_box(kind, 1, 0, struct.pack(">16xIQ", scale, duration), rest)


def _matrix(matrix: tuple[int, ...], width: int, height: int) -> bytes:
    """Moved so that the turned picture begins at the corner."""
    a, b, c, d = matrix
    across = [0, a * width >> 16, c * height >> 16, (a * width + c * height) >> 16]
    down = [0, b * width >> 16, d * height >> 16, (b * width + d * height) >> 16]
    x, y = (min(-min(part), (1 << 31) - 1) for part in (across, down))
    return struct.pack(">9i", a, b, 0, c, d, 0, x, y, 1 << 30)


def _trak(
    plan: Plan, chunks: Chunks, number: int, alternative: int, base: int, *, wide: bool
) -> tuple[bytes, int]:
    track = chunks.track
    picture = track.kind == PICTURE
    media, times = _times(chunks)
    if chunks.edits:
        duration = sum(edit[0] for edit in chunks.edits)
    else:
        duration = _rescaled(media, track.timescale, plan.timescale)
    if duration >= 1 << 62 or media >= 1 << 62:
        raise Damaged
    rest = struct.pack(
        ">8xhhH2x", 0, alternative if alternative < 1 << 15 else 0, 0 if picture else 0x100
    )
    size = (track.width, track.height) if picture else (0, 0)
    rest += _matrix(track.matrix, *size) + struct.pack(">II", *size)
    if duration < 1 << 32:
        tkhd = full_box(b"tkhd", 0, 7, struct.pack(">8xI4xI", number, duration), rest)
    else:
        tkhd = full_box(b"tkhd", 1, 7, struct.pack(">16xI4xQ", number, duration), rest)
    edts = b""
    if chunks.edits:
        large = any(edit[0] >= 1 << 32 or edit[1] >= 1 << 31 for edit in chunks.edits)
        layout = ">QqI" if large else ">IiI"
        elst = b"".join(struct.pack(layout, *edit) for edit in chunks.edits)
        count = struct.pack(">I", len(chunks.edits))
        edts = box(b"edts", full_box(b"elst", 1 if large else 0, 0, count, elst))
    qt = plan.brand == b"qt  "
    handler = b"mhlr" if qt else bytes(4)
    header = full_box(b"vmhd", 0, 1, bytes(8)) if picture else full_box(b"smhd", 0, 0, bytes(4))
    minf = [header]
    if qt:
        minf.append(full_box(b"hdlr", 0, 0, b"dhlrurl ", bytes(12), b"\0"))
    dref = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    minf += [box(b"dinf", dref), _stbl(chunks, times, base, qt=qt, wide=wide)]
    mdia = box(
        b"mdia",
        _timed(b"mdhd", track.timescale, media, struct.pack(">HH", 0x55C4, 0)),
        full_box(b"hdlr", 0, 0, handler, track.kind, bytes(12), b"\0"),
        box(b"minf", *minf),
    )
    return box(b"trak", tkhd, edts, mdia), duration


def _rescaled(value: int, scale: int, to: int) -> int:
    return -(-value * to // scale)


def _runs(
    counts: array[int], values: array[int], ranges: list[tuple[int, int]]
) -> tuple[array[int], array[int]]:
    """A run-length table, for the samples of some ranges only."""
    kept, same = array("I"), array(values.typecode)
    at = 0
    wanted = iter(ranges)
    begin, end = next(wanted, (0, 0))
    for count, value in zip(counts, values, strict=True):
        until = at + count
        while begin < end and begin < until:
            part = min(end, until) - max(begin, at)
            if part > 0:
                if same and same[-1] == value and kept[-1] + part < 1 << 32:
                    kept[-1] += part
                else:
                    kept.append(part)
                    same.append(value)
            if end > until:
                break
            begin, end = next(wanted, (0, 0))
        at = until
    return kept, same


def _times(chunks: Chunks) -> tuple[int, list[bytes]]:
    """How long the samples last, and the tables of their times."""
    samples = chunks.track.samples
    counts, deltas = _runs(samples.delta_counts, samples.deltas, chunks.ranges)
    media = sum(count * delta for count, delta in zip(counts, deltas, strict=True))
    tables = [full_box(b"stts", 0, 0, struct.pack(">I", len(counts)), pairs(counts, deltas))]
    if samples.shifts:
        counts, shifts = _runs(samples.shift_counts, samples.shifts, chunks.ranges)
        negative = min(shifts, default=0) < 0
        tables.append(
            full_box(
                b"ctts",
                1 if negative else 0,
                0,
                struct.pack(">I", len(counts)),
                pairs(counts, shifts),
            )
        )
        if negative:
            least, greatest = min(shifts), max(shifts)
            if least == -1 << 31:
                raise Damaged
            tables.append(
                full_box(b"cslg", 0, 0, struct.pack(">5i", -least, least, greatest, 0, 0))
            )
    return media, tables


def _stbl(chunks: Chunks, times: list[bytes], base: int, *, qt: bool, wide: bool) -> bytes:
    track, samples = chunks.track, chunks.track.samples
    used = sorted(set(chunks.entry))
    numbers = {entry: index for index, entry in enumerate(used, 1)}
    stsd = full_box(
        b"stsd",
        0,
        0,
        struct.pack(">I", len(used)),
        *(chunks.entries[entry].data for entry in used),
    )
    tables = [stsd, *times]
    count = sum(high - low for low, high in chunks.ranges)
    if samples.sync is not None:
        now = _numbers(samples.sync, chunks.ranges)
        tables.append(full_box(b"stss", 0, 0, struct.pack(">I", len(now)), packed(now)))
    tables.append(_stsc(chunks, numbers))
    sizes = chunks.sizes if chunks.sizes is not None else samples.sizes
    if sizes is None:
        stored = samples.uniform[0] if samples.uniform[1] == 1 else 1
        tables.append(full_box(b"stsz", 0, 0, struct.pack(">II", stored, count)))
    else:
        listed = array("I")
        for low, high in chunks.ranges:
            listed.extend(sizes[low:high])
        tables.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, count), packed(listed)))
    places = array("Q" if wide else "I", (base + begin for begin in chunks.begins))
    tables.append(
        full_box(b"co64" if wide else b"stco", 0, 0, struct.pack(">I", len(places)), packed(places))
    )
    if samples.roll is not None and track.kind == SOUND and not qt:
        tables.append(
            full_box(b"sgpd", 1, 0, b"roll", struct.pack(">IIh", 2, 1, samples.roll))
            + full_box(b"sbgp", 0, 0, b"roll", struct.pack(">III", 1, count, 1))
        )
    return box(b"stbl", *tables)


def _numbers(sync: array[int], ranges: list[tuple[int, int]]) -> array[int]:
    """Numbers of samples, as they are when only some ranges are kept."""
    kept = array("I")
    before = 0
    wanted = iter(ranges)
    begin, end = next(wanted, (0, 0))
    for number in sync:
        while begin < end and number - 1 >= end:
            before += end - begin
            begin, end = next(wanted, (0, 0))
        if begin < end and begin <= number - 1:
            kept.append(number - begin + before)
    return kept


def _stsc(chunks: Chunks, numbers: dict[int, int]) -> bytes:
    rows = array("I")
    last = (-1, -1)
    for index, now in enumerate(zip(chunks.counts, chunks.entry, strict=True), 1):
        if now != last:
            rows.extend((index, now[0], numbers[now[1]]))
            last = now
    return full_box(b"stsc", 0, 0, struct.pack(">I", len(rows) // 3), packed(rows))
