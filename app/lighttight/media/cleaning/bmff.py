"""MP4, M4V, MOV and 3GP: a new `moov` over the same samples, without anything else.

    plan      read the boxes, choose the tracks and samples that are shown, and go once through
              the samples of codecs that carry words of their own, for the new sizes
    write     `ftyp | moov | mdat`, front to back; `mdat` holds the samples that the tables name,
              in the order of the original, and not one byte more

What is shown leaves. A track that is switched off, samples outside of every edit (what was cut
away in a gallery is often still there), what no table names and what stands after the end do
not. A fragmented file becomes a plain one.

An attacker would like one of two things: that bytes from elsewhere in the file are taken for
samples and leave with them, or that the reader runs out of memory or time. So samples must lie
inside of `mdat`, all of them together cannot be longer than the file, and every count is bounded.

`findings` is the same plan without the writing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from lighttight.media.cleaning import bmff_entries, bmff_tracks, bmff_words, bmff_write
from lighttight.media.cleaning.base import (
    PIECE,
    Damaged,
    Finding,
    Findings,
    Found,
    Original,
    Reader,
    Uncleanable,
    Write,
    amount,
)
from lighttight.media.cleaning.bmff_boxes import Box, boxes
from lighttight.media.cleaning.bmff_edits import shown
from lighttight.media.cleaning.bmff_entries import Entry
from lighttight.media.cleaning.bmff_tracks import PICTURE, SOUND, Track
from lighttight.media.cleaning.bmff_write import Chunks, Plan
from lighttight.media.cleaning.coded import text_of

MAX_MOOV = 64 << 20
MAX_MOOF = 16 << 20
MAX_TOP = 1 << 20
MAX_SAMPLE = 64 << 20
MAX_SCALE = 1 << 31

_STRUCTURE = frozenset({
    b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"sidx", b"ssix", b"mfra", b"prft", b"wide",
})  # fmt: skip
_PADDING = frozenset({b"free", b"skip", b"wide"})
_LARGEST = 16 << 16


def clean(original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy. Raises `Damaged` or `Uncleanable`; what was written is then no copy."""
    plan = _planned(original)
    bmff_write.film(plan, _content(plan, Reader(original, PIECE)), write)
    return plan.findings.all()


def findings(original: Original) -> tuple[Finding, ...]:
    return _planned(original).findings.all()


# --- the plan


@dataclass(slots=True)
class _Top:
    """What lies in the file, outermost."""

    brand: bytes = b""
    moov: tuple[int, int] | None = None
    data: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    fragments: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])


def _planned(original: Original) -> Plan:
    found = Findings()
    source = Reader(original, PIECE)
    top = _top(source, found)
    if top.moov is None:
        raise Damaged
    if top.moov[1] > MAX_MOOV:
        raise Uncleanable("too-large")
    moov = Box(b"moov", memoryview(source.at(*top.moov)))
    mvhd, tracks, mvex = _movie(moov, found)
    # Files from before there were brands are QuickTime's.
    top.brand = top.brand or b"qt  "
    qt = top.brand == b"qt  "
    version, _ = mvhd.full()
    timescale = mvhd.u32(20 if version == 1 else 12)
    if not 0 < timescale < MAX_SCALE:
        raise Damaged
    matrix = mvhd.unpack(">9i", 48 if version == 1 else 36)
    kept = _chosen(tracks, found)
    plan = Plan(found, top.brand, timescale, [])
    entries = {track.id: _entries(track, found, qt=qt) for track in kept}
    for track in kept:
        bmff_tracks.read_samples(track, entries[track.id][0].uniform)
    _fragments(source, top, kept, mvex)
    for track in kept:
        track.matrix = _product(track.matrix, (matrix[0], matrix[1], matrix[3], matrix[4]))
        plan.chunks.append(_chunks_of(track, entries[track.id], timescale))
    plan.chunks = [chunks for chunks in plan.chunks if chunks.offsets]
    if not any(chunks.track.kind == PICTURE for chunks in plan.chunks):
        raise Uncleanable("codec")
    _inside(plan, top)
    _measure(plan, source)
    _tell_hidden(plan, top, tracks)
    return plan


def _top(source: Reader, found: Findings) -> _Top:
    """Walk the outermost boxes. What cannot be one, behind a whole movie, is not part of it."""
    top = _Top()
    at, end = 0, source.size
    for _ in range(MAX_TOP):
        if at == end:
            return top
        head = source.at(at, min(16, end - at))
        size, kind, length = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1 and len(head) == 16:
            size, length = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - at
        if len(head) < 8 or size < length or size > end - at:
            if top.moov is None or not (top.data or top.fragments) or kind in _STRUCTURE:
                raise Damaged
            found.add(Found.HIDDEN, f"{amount(end - at)} after the end")
            return top
        content = (at + length, size - length)
        if kind == b"ftyp" and not top.brand:
            top.brand = _brand(source.at(content[0], min(content[1], 256)))
        elif kind == b"moov" and top.moov is None:
            top.moov = content
        elif kind == b"mdat":
            top.data.append(content)
        elif kind == b"moof":
            top.fragments.append((at, size))
        else:
            _tell_top(source, kind, content, found)
        at += size
    raise Uncleanable("too-large")


def _tell_top(source: Reader, kind: bytes, content: tuple[int, int], found: Findings) -> None:
    offset, size = content
    if kind in _STRUCTURE:
        return
    data = memoryview(source.at(offset, min(size, 64 << 10)))
    if kind in _PADDING:
        if bytes(data).strip(b"\0"):
            found.add(Found.HIDDEN, "data in free space")
    elif kind == b"uuid":
        bmff_words.tell_unique(found, data)
    elif kind == b"meta":
        bmff_words.tell_meta(found, Box(kind, data))
    elif kind == b"udta":
        bmff_words.tell_user_data(found, Box(kind, data))
    elif kind in (b"pnot", b"PICT", b"pict"):
        found.add(Found.PREVIEW)
    else:
        found.add(Found.HIDDEN, f"{amount(size)} of an unknown kind")


def _brand(data: bytes) -> bytes:
    """One of four families, each with its own name in the copy."""
    major = data[:4]
    if major == b"qt  ":
        return b"qt  "
    if major[:2] == b"3g":
        return b"3gp5"
    return b"M4V " if major[:3] == b"M4V" else b"mp42"


def _movie(moov: Box, found: Findings) -> tuple[Box, list[Track], Box | None]:
    inside = moov.children()
    mvhd: Box | None = None
    mvex: Box | None = None
    tracks: list[Track] = []
    for child in inside:
        if child.kind == b"mvhd":
            mvhd = child
            _tell_times(found, child)
        elif child.kind == b"trak":
            if len(tracks) >= bmff_tracks.MAX_TRACKS:
                raise Damaged
            tracks.append(bmff_tracks.read_track(child))
            _tell_trak(child, found)
        elif child.kind == b"mvex":
            mvex = child
        elif child.kind == b"udta":
            bmff_words.tell_user_data(found, child)
        elif child.kind == b"meta":
            bmff_words.tell_meta(found, child)
        elif child.kind == b"uuid":
            bmff_words.tell_unique(found, child.data)
        elif child.kind == b"cmov":
            raise Uncleanable("codec")
        elif child.kind in _PADDING:
            if bytes(child.data).strip(b"\0"):
                found.add(Found.HIDDEN, "data in free space")
        elif child.kind != b"iods":
            found.add(Found.OTHER)
    if mvhd is None:
        raise Damaged
    if len({track.id for track in tracks}) != len(tracks):
        raise Damaged
    return mvhd, tracks, mvex


def _tell_times(found: Findings, header: Box) -> None:
    version, _ = header.full()
    for moment in header.unpack(">QQ" if version == 1 else ">II", 4):
        bmff_words.tell_time(found, moment)


def _tell_trak(trak: Box, found: Findings) -> None:
    _tell_times(found, trak.needed(b"tkhd"))
    for child in trak.children():
        if child.kind == b"udta":
            bmff_words.tell_user_data(found, child)
        elif child.kind == b"meta":
            bmff_words.tell_meta(found, child)
        elif child.kind == b"uuid":
            bmff_words.tell_unique(found, child.data)
    mdia = trak.needed(b"mdia")
    _tell_times(found, mdia.needed(b"mdhd"))
    name = bytes(mdia.needed(b"hdlr").data[24:124]).strip(b"\0 ")
    if name:
        found.add(Found.SOFTWARE, text_of(name))
    for child in mdia.children():
        if child.kind == b"udta":
            bmff_words.tell_user_data(found, child)


def _chosen(tracks: list[Track], found: Findings) -> list[Track]:
    """Pictures and sounds that a player shows."""
    chapters = {number for track in tracks for number in track.chapters}
    shows = [
        track
        for track in tracks
        if track.kind in (PICTURE, SOUND) and track.id not in chapters and track.stsd is not None
    ]
    enabled = [track for track in shows if track.enabled]
    if not any(track.kind == PICTURE for track in enabled):
        # Nobody switched anything off here: players then take the first of each.
        enabled += [track for track in shows if track.kind == PICTURE][:1]
        if not any(track.enabled for track in shows):
            enabled += [track for track in shows if track.kind == SOUND][:1]
    # Beside another sound, one that is not known (Apple's spatial sound) is an alternative.
    sounds = [track for track in enabled if track.kind == SOUND]
    known = [track for track in sounds if _known(track)]
    if known:
        enabled = [track for track in enabled if track.kind == PICTURE or track in known]
    for track in tracks:
        if track not in enabled:
            bmff_words.tell_track(found, track.kind, track.stsd)
    return enabled


def _known(track: Track) -> bool:
    try:
        _entries(track, Findings(), qt=True)
    except Uncleanable:
        return False
    except Damaged:
        return True
    return True


def _entries(track: Track, found: Findings, *, qt: bool) -> list[Entry]:
    stsd = track.stsd
    if stsd is None:
        raise Damaged
    children = stsd.children(8)
    if not 0 < len(children) <= 16:
        raise Damaged
    for entry in children:
        number = bmff_entries.data_reference(entry)
        if not 0 < number <= len(track.self_contained) or not track.self_contained[number - 1]:
            # Pictures that are in another file cannot leave with this one.
            raise Damaged
    return [bmff_entries.rebuilt(track.kind, entry, found, qt=qt) for entry in children]


def _fragments(source: Reader, top: _Top, kept: list[Track], mvex: Box | None) -> None:
    if not top.fragments:
        return
    defaults = bmff_tracks.read_defaults(mvex) if mvex is not None else {}
    tracks = {track.id: track for track in kept}
    for at, size in top.fragments:
        if size > MAX_MOOF:
            raise Uncleanable("too-large")
        moof = next(boxes(memoryview(source.at(at, size))))
        bmff_tracks.add_fragment(tracks, defaults, moof, at)
    _align(kept)


def _align(kept: list[Track]) -> None:
    """Fragments begin where a live stream happened to be; the copy begins at zero."""
    begins = {
        track.id: track.begin / track.timescale
        for track in kept
        if track.begin is not None and track.timescale
    }
    if not begins:
        return
    earliest = min(begins.values())
    for track in kept:
        if track.begin is not None:
            track.begin -= round(earliest * track.timescale)


def _product(first: tuple[int, ...], then: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The track's matrix, then the movie's, in 16.16."""
    a, b, c, d = first
    e, f, g, h = then
    matrix = (
        (a * e + b * g) >> 16,
        (a * f + b * h) >> 16,
        (c * e + d * g) >> 16,
        (c * f + d * h) >> 16,
    )
    if max(map(abs, (*first, *then, *matrix))) > _LARGEST:
        raise Damaged
    return matrix


def _chunks_of(track: Track, entries: list[Entry], timescale: int) -> Chunks:
    """Cut the original's chunks to the samples that are shown."""
    if not 0 < track.timescale < MAX_SCALE:
        raise Damaged
    samples = track.samples
    ranges, edits = shown(track, timescale)
    chunks = Chunks(track, entries, edits, ranges)
    wanted = iter(ranges)
    begin, end = next(wanted, (0, 0))
    first = 0
    for offset, count, entry in zip(samples.offsets, samples.per_chunk, samples.entry, strict=True):
        if count and entry >= len(entries):
            raise Damaged
        until = first + count
        while begin < end and begin < until:
            low, high = max(begin, first), min(end, until)
            if low < high:
                chunks.offsets.append(offset + samples.bytes_of(first, low - first))
                chunks.firsts.append(low)
                chunks.counts.append(high - low)
                chunks.entry.append(entry)
                chunks.lengths.append(samples.bytes_of(low, high - low))
            if end > until:
                break
            begin, end = next(wanted, (0, 0))
        first = until
    return chunks


def _inside(plan: Plan, top: _Top) -> None:
    """Every chunk lies in one `mdat`, and together they are no longer than all of them."""
    areas = sorted((offset, offset + length) for offset, length in top.data)
    area = 0
    room = sum(length for _, length in top.data)
    for offset, track, chunk in plan.order():
        length = plan.chunks[track].lengths[chunk]
        if not length:
            continue
        room -= length
        while area < len(areas) and areas[area][1] < offset + length:
            area += 1
        if area >= len(areas) or offset < areas[area][0] or room < 0:
            raise Damaged


def _measure(plan: Plan, source: Reader) -> None:
    """The sizes that samples have in the copy."""
    for chunks in plan.chunks:
        if any(entry.coded is not None for entry in chunks.entries):
            if chunks.track.samples.sizes is None:
                if chunks.track.samples.count > bmff_tracks.MAX_SAMPLES:
                    raise Uncleanable("too-large")
                size = chunks.track.samples.uniform[0]
                chunks.track.samples.sizes = array("I", [size]) * chunks.track.samples.count
            chunks.sizes = chunks.track.samples.sizes[:]
    for _, track, chunk in plan.order():
        chunks = plan.chunks[track]
        if chunks.sizes is None or not chunks.coded(chunk):
            continue
        first = chunks.firsts[chunk]
        total = 0
        for index, sample in enumerate(_cleaned(chunks, chunk, source)):
            chunks.sizes[first + index] = len(sample)
            total += len(sample)
        chunks.lengths[chunk] = total


def _cleaned(chunks: Chunks, chunk: int, source: Reader) -> Iterator[bytes]:
    coded = chunks.entries[chunks.entry[chunk]].coded
    sizes = chunks.track.samples.sizes
    if coded is None or sizes is None:
        raise Damaged
    at = chunks.offsets[chunk]
    first = chunks.firsts[chunk]
    for index in range(first, first + chunks.counts[chunk]):
        size = sizes[index]
        if size > MAX_SAMPLE:
            raise Uncleanable("too-large")
        yield coded.cleaned(source.at(at, size)) if size else b""
        at += size


def _tell_hidden(plan: Plan, top: _Top, tracks: list[Track]) -> None:
    """Data that no table names, as far as tables of tracks that stay behind can be read."""
    whole = sum(length for _, length in top.data)
    named = 0
    kept = {chunks.track.id for chunks in plan.chunks}
    cut = False
    for chunks in plan.chunks:
        samples = chunks.track.samples
        named += samples.bytes_of(0, samples.count)
        cut |= sum(high - low for low, high in chunks.ranges) < samples.count
    for track in tracks:
        if track.id not in kept and not top.fragments:
            try:
                bmff_tracks.read_samples(track, None)
                named += track.samples.bytes_of(0, track.samples.count)
            except (Damaged, Uncleanable):
                continue
    if cut:
        plan.findings.add(Found.HIDDEN, "parts that were cut away and are still there")
    if whole > named and not (top.fragments and len(tracks) > len(kept)):
        plan.findings.add(Found.HIDDEN, f"{amount(whole - named)} that nothing refers to")


def _content(plan: Plan, source: Reader) -> Iterator[bytes]:
    """The samples, in the order of the original."""
    for _, track, chunk in plan.order():
        chunks = plan.chunks[track]
        if chunks.coded(chunk):
            yield from _cleaned(chunks, chunk, source)
            continue
        at, left = chunks.offsets[chunk], chunks.lengths[chunk]
        while left:
            piece = source.at(at, min(left, PIECE))
            yield piece
            at += len(piece)
            left -= len(piece)
