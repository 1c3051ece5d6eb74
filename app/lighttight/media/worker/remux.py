"""MPEG-TS and AVI become MP4 and MOV: the same coded pictures and sounds, nothing else of the file.

FFmpeg's demuxer takes the packets out; `lighttight.media.cleaning` cleans and writes them, as if
they had come out of an MP4. Of FFmpeg's muxer only the description of each codec is used, and
that goes through the same rebuilding as that of any file: so no title, name or date of the
original and no signature of the library can come along. Nothing is decoded.

The file is read three times (descriptions, sizes, samples), because the index of the copy stands
before the samples and nothing can be written twice.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from lighttight.media.cleaning import bmff_entries, bmff_words, bmff_write
from lighttight.media.cleaning.base import (
    Damaged,
    Finding,
    Findings,
    Found,
    Original,
    Uncleanable,
    Write,
)
from lighttight.media.cleaning.bmff_boxes import Box, box, boxes, full_box
from lighttight.media.cleaning.bmff_entries import Entry
from lighttight.media.cleaning.bmff_tracks import (
    EMPTY,
    MAX_CHUNKS,
    MAX_SAMPLES,
    PICTURE,
    SOUND,
    Samples,
    Track,
)
from lighttight.media.cleaning.bmff_write import Chunks, Plan
from lighttight.media.worker import video
from lighttight.media.worker.remote import RemoteFile

if TYPE_CHECKING:
    from av.container import InputContainer


AnyStream = Any
AnyPacket = Any
"""PyAV's, of whatever kind: its types do not say which have a codec."""

MOVIE_SCALE = 90_000
FIRST_PACKETS = 4
MAX_FIRST = 5000
MAX_STREAMS = 32
_PICTURES = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg"})
_SOUNDS = frozenset({
    "aac", "mp3", "mp2", "ac3", "eac3", "pcm_s16le", "pcm_u8", "pcm_s24le",
})  # fmt: skip
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_ANNEX_B = re.compile(re.escape(b"\0\0\1"))


def clean(container: str, original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy. `container` as sniffed, `mpegts` or `avi`."""
    with _translated():
        remux = _Remux(original, container)
        plan = remux.plan()
        bmff_write.film(plan, remux.content(), write)
        return plan.findings.all()


def findings(container: str, original: Original) -> tuple[Finding, ...]:
    with _translated():
        return _Remux(original, container).plan().findings.all()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (Damaged, Uncleanable, MemoryError):
        raise
    except Exception as error:
        # Whatever FFmpeg says of a file that it cannot read.
        raise Damaged from error


@dataclass(slots=True)
class _Stream:
    """One stream that leaves: how its packets become samples, and when they are shown."""

    chunks: Chunks
    convert: Callable[[bytes], bytes]
    plain: int
    """Bytes of one sample of plain sound, which is not listed sample by sample; else 0."""
    unit: Fraction
    decoded: array[int] = field(default_factory=lambda: array("q"))
    shown: array[int] = field(default_factory=lambda: array("q"))
    last: int = 0


class _Remux:
    def __init__(self, original: Original, container: str) -> None:
        self._original = original
        self._container = container
        self._findings = Findings()
        self._streams: dict[int, _Stream] = {}
        # MP4 has no place for plain sound, and few players look for Motion JPEG in it.
        self._qt = container == "avi"
        self._order: array[int] = array("B")
        """Of each chunk in turn: which track."""

    def _open(self) -> InputContainer:
        # All that the file needs of a channel is its size and `read`.
        return video.opened(RemoteFile(cast(Any, self._original)), self._container)

    def plan(self) -> Plan:
        if self._container == "avi":
            self._whole_riff()
        self._describe()
        self._measure()
        plan = Plan(self._findings, b"qt  " if self._qt else b"mp42", MOVIE_SCALE, [])
        begins = [stream.shown[0] * stream.unit for stream in self._streams.values()]
        for stream in self._streams.values():
            _timed(stream, min(begins))
            plan.chunks.append(stream.chunks)
        place = 0
        counters = [0] * len(plan.chunks)
        for index in self._order:
            chunks = plan.chunks[index]
            chunks.offsets.append(place)
            place += chunks.lengths[counters[index]]
            counters[index] += 1
        return plan

    def _whole_riff(self) -> None:
        head = bytes(self._original.read(0, 12))
        length = int.from_bytes(head[4:8], "little")
        if len(head) < 12 or not length or length + 8 > self._original.size:
            raise Damaged

    # --- first look: what the streams are

    def _describe(self) -> None:
        with self._open() as container:
            for key, value in container.metadata.items():
                bmff_words.tell_named(self._findings, key.lower(), str(value))
            if self._container == "avi":
                self._findings.add(Found.OTHER, "what an AVI has beside its pictures")
            if len(container.streams) > MAX_STREAMS:
                raise Damaged
            makers: dict[int, _Maker] = {}
            for stream in container.streams:
                self._tell(stream)
                name = _codec(stream)
                if stream.type in ("video", "audio"):
                    if name not in _PICTURES | _SOUNDS:
                        raise Uncleanable("codec")
                    makers[stream.index] = _Maker(stream, qt=self._qt)
                else:
                    self._findings.add(Found.TRACKS, "subtitles or timed metadata")
            if not any(maker.kind == PICTURE for maker in makers.values()):
                raise Uncleanable("codec")
            for number, packet in enumerate(container.demux()):
                maker = makers.get(packet.stream_index)
                if maker is not None and packet.size:
                    maker.take(packet)
                if number > MAX_FIRST or all(maker.full for maker in makers.values()):
                    break
            for index, maker in makers.items():
                stream = maker.made(len(self._streams) + 1, self._findings)
                if stream is not None:
                    self._streams[index] = stream

    def _tell(self, stream: AnyStream) -> None:
        for key, value in stream.metadata.items():
            if key.lower() != "language":
                bmff_words.tell_named(self._findings, key.lower(), str(value))

    # --- second look: how long the samples are, and when

    def _packets(self) -> Iterator[tuple[int, _Stream, AnyPacket]]:
        numbers = {index: number for number, index in enumerate(self._streams)}
        with self._open() as container:
            for packet in container.demux():
                stream = self._streams.get(packet.stream_index)
                if stream is not None and packet.size:
                    if packet.is_corrupt:
                        raise Damaged
                    yield numbers[packet.stream_index], stream, packet

    def _measure(self) -> None:
        for number, stream, packet in self._packets():
            sample = stream.convert(bytes(packet))
            if not sample:
                continue
            chunks, samples = stream.chunks, stream.chunks.track.samples
            count = len(sample) // stream.plain if stream.plain else 1
            if stream.plain and len(sample) % stream.plain:
                raise Damaged
            if len(self._order) >= MAX_CHUNKS or samples.count + count > MAX_SAMPLES << 8:
                raise Uncleanable("too-large")
            self._order.append(number)
            chunks.firsts.append(samples.count)
            chunks.counts.append(count)
            chunks.entry.append(0)
            chunks.lengths.append(len(sample))
            samples.count += count
            decoded, shown = packet.dts, packet.pts
            if shown is None and not _reordered(packet.stream):
                shown = decoded
            if decoded is None or shown is None:
                # When it is to be shown is known to a decoder alone.
                raise Uncleanable("codec")
            if not stream.plain or not stream.decoded:
                stream.decoded.append(decoded)
                stream.shown.append(shown)
            stream.last = packet.duration or 0
            if samples.sizes is not None:
                samples.sizes.append(len(sample))
            if samples.sync is not None and packet.is_keyframe:
                samples.sync.append(samples.count)
        for index in [index for index, one in self._streams.items() if not one.decoded]:
            del self._streams[index]
        if not any(one.chunks.track.kind == PICTURE for one in self._streams.values()):
            raise Damaged

    # --- third look: the samples

    def content(self) -> Iterator[bytes]:
        counters = [0] * len(self._streams)
        for number, stream, packet in self._packets():
            sample = stream.convert(bytes(packet))
            if not sample:
                continue
            lengths = stream.chunks.lengths
            if counters[number] >= len(lengths) or lengths[counters[number]] != len(sample):
                raise Damaged
            counters[number] += 1
            yield sample


def _codec(stream: AnyStream) -> str:
    if stream.type not in ("video", "audio") or stream.codec_context is None:
        return ""
    return stream.codec_context.codec.canonical_name


def _reordered(stream: AnyStream) -> bool:
    return stream.type == "video" and bool(stream.codec_context.has_b_frames)


def _timed(stream: _Stream, earliest: Fraction) -> None:
    """Times of packets as tables: steps, shifts, and an edit that says when the first is shown."""
    samples, track = stream.chunks.track.samples, stream.chunks.track
    steps = int(stream.unit * track.timescale)
    begin = stream.decoded[0]
    stream.chunks.ranges = [(0, samples.count)]
    if stream.plain:
        samples.delta_counts, samples.deltas = array("I", [samples.count]), array("I", [1])
        first = 0
        duration = Fraction(samples.count, track.timescale)
    else:
        for index, now in enumerate(stream.decoded):
            following = index + 1 < len(stream.decoded)
            delta = (stream.decoded[index + 1] - now if following else stream.last) * steps
            shift = (stream.shown[index] - now) * steps
            if not 0 <= delta < 1 << 32 or abs(shift) >= 1 << 31:
                raise Damaged
            _run(samples.delta_counts, samples.deltas, delta)
            _run(samples.shift_counts, samples.shifts, shift)
        first = (min(stream.shown) - begin) * steps
        if first < 0:
            raise Damaged
        duration = Fraction(sum(
            count * delta for count, delta in zip(samples.delta_counts, samples.deltas, strict=True)
        ), track.timescale)  # fmt: skip
        if not any(samples.shifts):
            samples.shift_counts, samples.shifts = array("I"), array("i")
    late = round((min(stream.shown) * stream.unit - earliest) * MOVIE_SCALE)
    if late > 24 * 3600 * MOVIE_SCALE:
        raise Damaged
    whole = max(1, round(duration * MOVIE_SCALE))
    edits = [(late, EMPTY, 1 << 16)] if late > 0 else []
    if late > 0 or first:
        stream.chunks.edits = [*edits, (whole, first, 1 << 16)]


def _run(counts: array[int], values: array[int], value: int) -> None:
    if values and values[-1] == value:
        counts[-1] += 1
    else:
        counts.append(1)
        values.append(value)


class _Maker:
    """Describes one stream from its first packets: by FFmpeg's muxer, or by the head of ADTS."""

    def __init__(self, stream: AnyStream, *, qt: bool) -> None:
        self.kind = PICTURE if stream.type == "video" else SOUND
        self._stream = stream
        self._qt = qt
        self._packets: list[AnyPacket] = []

    @property
    def full(self) -> bool:
        return len(self._packets) >= FIRST_PACKETS

    def take(self, packet: AnyPacket) -> None:
        if not self.full and packet.dts is not None:
            self._packets.append(packet)

    def made(self, number: int, found: Findings) -> _Stream | None:
        if not self._packets:
            return None
        first = bytes(self._packets[0])
        name = _codec(self._stream)
        annex_b = name in ("h264", "hevc") and first.lstrip(b"\0")[:1] == b"\1"
        annex_b &= first[:3] in (b"\0\0\1", b"\0\0\0")
        adts = name == "aac" and len(first) > 7 and first[0] == 0xFF and first[1] & 0xF6 == 0xF0
        described = _of_adts(first) if adts else self._described()
        entry = bmff_entries.rebuilt(self.kind, described, found, qt=self._qt)
        if adts:
            convert = _raw_aac
        elif annex_b:
            convert = partial(_of_annex_b, entry=entry, hevc=name == "hevc")
        else:
            convert = partial(_cleaned, entry=entry)
        return self._stream_of(number, entry, described, convert)

    def _described(self) -> Box:
        # Held in memory already; the child can load nothing any more.
        library = importlib.import_module("av")
        file = io.BytesIO()
        with library.open(
            file,
            "w",
            format="mov" if self._qt else "mp4",
            options={"movflags": "empty_moov+frag_keyframe+delay_moov"},
        ) as out:
            copy = out.add_stream_from_template(self._stream)
            for packet in self._packets:
                packet.stream = copy
                out.mux(packet)
        moov = next(one for one in boxes(memoryview(file.getvalue())) if one.kind == b"moov")
        stbl = moov.needed(b"trak").needed(b"mdia").needed(b"minf").needed(b"stbl")
        described = stbl.needed(b"stsd").children(8)
        if len(described) != 1:
            raise Damaged
        return described[0]

    def _stream_of(
        self, number: int, entry: Entry, described: Box, convert: Callable[[bytes], bytes]
    ) -> _Stream:
        source = self._stream
        name = _codec(source)
        picture = self.kind == PICTURE
        plain = entry.uniform[0] if name.startswith("pcm_") and entry.uniform else 0
        unit = Fraction(source.time_base)
        scale = source.codec_context.sample_rate if plain else unit.denominator
        width, height = described.unpack(">HH", 24) if picture else (0, 0)
        ratio = source.sample_aspect_ratio if picture else None
        if ratio and Fraction(1, 5) <= ratio <= 5:
            width = round(width * ratio)
        track = Track(
            id=number,
            kind=self.kind,
            enabled=True,
            timescale=scale,
            width=width << 16,
            height=height << 16,
            matrix=(1 << 16, 0, 0, 1 << 16),
            group=0,
            edits=[],
            stsd=None,
            stbl=None,
            self_contained=[True],
            samples=Samples(),
            chapters=set(),
        )
        if plain:
            track.samples.uniform = (plain, 1)
        else:
            track.samples.sizes = array("I")
        if picture and name != "mjpeg":
            track.samples.sync = array("I")
        chunks = Chunks(track, [entry], [], [])
        return _Stream(chunks, convert, plain, unit)


def _cleaned(data: bytes, *, entry: Entry) -> bytes:
    return entry.coded.cleaned(data) if entry.coded is not None else data


def _of_annex_b(data: bytes, *, entry: Entry, hevc: bool) -> bytes:
    return _cleaned(_lengths(data, entry.data, hevc=hevc), entry=entry)


def _lengths(data: bytes, known: bytes, *, hevc: bool) -> bytes:
    """Units between start codes as units with lengths; parameter sets once, in the description.

    `known` is the sample entry, in which each set stands behind its length.
    """
    parts: list[bytes] = []
    starts = [match.end() for match in _ANNEX_B.finditer(data)]
    if not starts:
        raise Damaged
    for index, begin in enumerate(starts):
        end = starts[index + 1] - 3 if index + 1 < len(starts) else len(data)
        unit = data[begin:end].rstrip(b"\0")
        if not unit:
            continue
        kind = unit[0] >> 1 & 63 if hevc else unit[0] & 31
        if kind in ((32, 33, 34) if hevc else (7, 8, 13)):
            if len(unit).to_bytes(2, "big") + unit not in known:
                # Changed on the way: the description is that of the first pictures only.
                raise Uncleanable("codec")
            continue
        parts.append(len(unit).to_bytes(4, "big") + unit)
    return b"".join(parts)


def _of_adts(data: bytes) -> Box:
    """The sample entry that says what each head of ADTS says."""
    profile, rate, channels = data[2] >> 6, data[2] >> 2 & 15, (data[2] & 1) << 2 | data[3] >> 6
    if rate >= len(_RATES) or not channels:
        raise Uncleanable("codec")
    specific = ((profile + 1) << 11 | rate << 7 | channels << 3).to_bytes(2, "big")
    decoder = b"\x04" + bytes([13 + 4]) + b"\x40\x15" + bytes(11) + b"\x05\x02" + specific
    stream = b"\x03" + bytes([3 + len(decoder) + 3]) + bytes(3) + decoder + b"\x06\x01\x02"
    head = struct.pack(">6xH8xHH4xI", 1, channels, 16, _RATES[rate] << 16 & 0xFFFFFFFF)
    entry = box(b"mp4a", head, full_box(b"esds", 0, 0, stream))
    return next(boxes(memoryview(entry)))


def _raw_aac(data: bytes) -> bytes:
    """Without the head of ADTS."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[6] & 3:
        raise Damaged
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    if length != len(data):
        raise Damaged
    return data[7 if data[1] & 1 else 9 :]
