"""MKV and WebM: the same blocks in the same clusters, with new headers and a new index.

    plan      read what stands before and between the clusters, and go once through all blocks,
              for the sizes that they have in the copy and for the places that one can jump to
    write     header, `Info`, `Tracks`, `Cues`, clusters, front to back

What stays is listed: elements of tracks in `_TRACK`, codecs in `_CODECS`; of a cluster its time
and the blocks of pictures and sounds. Unique numbers become 1, 2, 3; the two names of software
that the format insists on become a dash. Where one track would need something that is not known
here (encryption, compression, transparency), no copy is made.

Length: a fifth of it is the list of what stays, which is best read beside the code that obeys it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lighttight.media.cleaning import bmff_words, ebml
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
from lighttight.media.cleaning.bmff_entries import configured
from lighttight.media.cleaning.coded import Coded, MotionJPEG, StartCodes
from lighttight.media.cleaning.ebml import UNKNOWN, Element, element, of_real, of_unsigned

MAX_HEADER = 16 << 20
MAX_BLOCK = 64 << 20
MAX_CLUSTERS = 1 << 20
MAX_TRACKS = 64
MAX_TOP = 1 << 21

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_SEEK, _INFO, _TRACKS, _CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B
_CLUSTER, _CHAPTERS, _TAGS, _ATTACHMENTS = 0x1F43B675, 0x1043A770, 0x1254C367, 0x1941A469
_VOID, _CRC = 0xEC, 0xBF
_TOP = frozenset({_SEEK, _INFO, _TRACKS, _CUES, _CLUSTER, _CHAPTERS, _TAGS, _ATTACHMENTS})
_TIME, _SIMPLE, _GROUP, _ENCRYPTED = 0xE7, 0xA3, 0xA0, 0xAF
_BLOCK, _BLOCK_DURATION, _REFERENCE, _PADDING = 0xA1, 0x9B, 0xFB, 0x75A2
_PICTURE, _SOUND = 1, 2
_NEUTRAL = b"-"
_ORIGIN = datetime(2001, 1, 1)


def clean(original: Original, write: Write) -> tuple[Finding, ...]:
    """Write the copy. Raises `Damaged` or `Uncleanable`; what was written is then no copy."""
    source = Reader(original, PIECE)
    plan = _planned(source)
    _write(plan, source, write)
    return plan.findings.all()


def findings(original: Original) -> tuple[Finding, ...]:
    return _planned(Reader(original, PIECE)).findings.all()


@dataclass(slots=True)
class _Track:
    number: int
    """In the copy."""
    kind: int
    entry: bytes
    coded: Coded | None


@dataclass(slots=True)
class _Plan:
    findings: Findings
    head: bytes
    info: bytes = b""
    tracks: dict[int, _Track] = field(default_factory=dict[int, _Track])
    clusters: list[Element] = field(default_factory=list[Element])
    times: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    """Of the content of each cluster in the copy; 0 where nothing of it stays."""
    keys: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(time, cluster) of key frames that one can jump to."""


def _head(source: Reader, offset: int, limit: int) -> Element:
    return ebml.head(source.at(offset, min(12, limit - offset)), offset, limit)


def _content(source: Reader, item: Element, limit: int = MAX_HEADER) -> bytes:
    if item.end == UNKNOWN:
        raise Damaged
    if item.length > limit:
        raise Uncleanable("too-large")
    return source.at(item.at, item.length)


# --- the plan


def _planned(source: Reader) -> _Plan:
    found = Findings()
    header = _head(source, 0, source.size)
    if header.id != _EBML:
        raise Damaged
    plan = _Plan(found, _header(_content(source, header)))
    segment = _head(source, header.end, source.size)
    while segment.id in (_VOID, _CRC) and segment.end != UNKNOWN:
        segment = _head(source, segment.end, source.size)
    if segment.id != _SEGMENT:
        raise Damaged
    end = source.size if segment.end == UNKNOWN else segment.end
    if end < source.size:
        found.add(Found.HIDDEN, f"{amount(source.size - end)} after the end")
    _walk(source, plan, segment.at, end)
    if not any(track.kind == _PICTURE for track in plan.tracks.values()) or not plan.info:
        raise Damaged if not plan.tracks else Uncleanable("codec")
    for index, cluster in enumerate(plan.clusters):
        _measure(source, plan, index, cluster)
    return plan


def _header(data: bytes) -> bytes:
    fields = dict(ebml.inside(data))
    kind = fields.get(0x4282, b"").rstrip(b"\0")
    if kind not in (b"matroska", b"webm"):
        raise Uncleanable("codec")
    version = ebml.unsigned(fields.get(0x4287, b"\1"))
    if ebml.unsigned(fields.get(0x42F2, b"\4")) > 4 or version > 4:
        raise Uncleanable("codec")
    return element(
        _EBML,
        of_unsigned(0x4286, 1),
        of_unsigned(0x42F7, 1),
        of_unsigned(0x42F2, 4),
        of_unsigned(0x42F3, 8),
        element(0x4282, kind),
        of_unsigned(0x4287, 4),
        of_unsigned(0x4285, 2),
    )


def _walk(source: Reader, plan: _Plan, at: int, end: int) -> None:
    for _ in range(MAX_TOP):
        if at >= end:
            return
        item = _head(source, at, end)
        if item.id == _CLUSTER:
            if len(plan.clusters) >= MAX_CLUSTERS:
                raise Uncleanable("too-large")
            if item.end == UNKNOWN:
                item = Element(item.id, item.at, _end_of(source, item.at, end))
            plan.clusters.append(item)
        elif item.end == UNKNOWN:
            raise Damaged
        elif item.id == _INFO and not plan.info:
            plan.info = _info(_content(source, item), plan.findings)
        elif item.id == _TRACKS and not plan.tracks:
            _tracks(_content(source, item), plan)
        else:
            _tell(source, item, plan.findings)
        at = item.end
    raise Uncleanable("too-large")


def _end_of(source: Reader, at: int, end: int) -> int:
    """Where a cluster of unknown length ends: before the next thing of its own level."""
    while at < end:
        child = _head(source, at, end)
        if child.id in _TOP:
            return at
        if child.end == UNKNOWN:
            raise Damaged
        at = child.end
    return end


def _tell(source: Reader, item: Element, found: Findings) -> None:
    if item.id == _CHAPTERS:
        found.add(Found.TRACKS, "chapters")
    elif item.id == _ATTACHMENTS:
        found.add(Found.TRACKS, "attachments")
    elif item.id == _TAGS:
        _tell_tags(_content(source, item), found)
    elif item.id == _VOID:
        if source.at(item.at, min(item.length, 64 << 10)).strip(b"\0"):
            found.add(Found.HIDDEN, "data in free space")
    elif item.id not in (_SEEK, _CUES, _CRC):
        found.add(Found.HIDDEN, f"{amount(item.length)} of an unknown kind")


def _tell_tags(data: bytes, found: Findings) -> None:
    try:
        for tag, content in ebml.inside(data):
            if tag != 0x7373:
                continue
            for number, simple in ebml.inside(content):
                if number == 0x67C8:
                    fields = dict(ebml.inside(simple))
                    name = fields.get(0x45A3, b"").decode("utf-8", "replace").lower()
                    if name != "duration" and not name.startswith("_statistics"):
                        text = fields.get(0x4487, b"")[:400].decode("utf-8", "replace")
                        bmff_words.tell_named(found, name, text)
    except Damaged:
        found.add(Found.OTHER)


def _info(data: bytes, found: Findings) -> bytes:
    scale = 1_000_000
    duration = 0.0
    for number, content in ebml.inside(data):
        if number == 0x2AD7B1:
            scale = ebml.unsigned(content)
        elif number == 0x4489:
            duration = ebml.real(content)
        elif number in (0x4D80, 0x5741):
            text = content[:200].decode("utf-8", "replace")
            if text.strip("\0 ") not in ("", "-"):
                found.add(Found.SOFTWARE, text)
        elif number == 0x7BA9:
            found.add(Found.WORDS, content[:400].decode("utf-8", "replace"))
        elif number == 0x4461:
            _tell_date(content, found)
        elif number == 0x73A4:
            found.add(Found.EDITS, "a number of its own")
        elif number not in (_VOID, _CRC):
            found.add(Found.OTHER)
    if not 0 < scale < 1 << 32 or not 0 <= duration < 1e15:
        raise Damaged
    parts = [of_unsigned(0x2AD7B1, scale)]
    if duration:
        parts.append(of_real(0x4489, duration))
    return element(_INFO, *parts, element(0x4D80, _NEUTRAL), element(0x5741, _NEUTRAL))


def _tell_date(content: bytes, found: Findings) -> None:
    try:
        when = _ORIGIN + timedelta(seconds=int.from_bytes(content, "big", signed=True) // 10**9)
    except OverflowError:
        found.add(Found.DATE)
        return
    found.add(Found.DATE, f"{when:%Y-%m-%d %H:%M}")


# --- tracks

_Rule = Callable[[int, bytes], bytes]


def _number(most: int) -> _Rule:
    def rule(number: int, content: bytes) -> bytes:
        value = ebml.unsigned(content)
        if value > most:
            raise Damaged
        return of_unsigned(number, value)

    return rule


def _real(most: float) -> _Rule:
    def rule(number: int, content: bytes) -> bytes:
        value = ebml.real(content)
        if abs(value) > most:
            raise Damaged
        return of_real(number, value)

    return rule


def _signed(number: int, content: bytes) -> bytes:
    value = int.from_bytes(content, "big", signed=True)
    if len(content) > 8 or abs(value) >= 1 << 40:
        raise Damaged
    return element(number, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _master(rules: dict[int, _Rule]) -> _Rule:
    def rule(number: int, content: bytes) -> bytes:
        return element(number, *_kept(content, rules))

    return rule


def _opaque(rule: _Rule) -> _Rule:
    """Transparency comes beside the blocks, in additions that are not understood here."""

    def checked(number: int, content: bytes) -> bytes:
        if ebml.unsigned(content):
            raise Uncleanable("codec")
        return rule(number, content)

    return checked


def _kept(data: bytes, rules: dict[int, _Rule]) -> list[bytes]:
    """Known elements, each once, in the order of the list."""
    found = dict(reversed(ebml.inside(data)))
    return [rule(number, found[number]) for number, rule in rules.items() if number in found]


_SIDE, _SMALL, _FLAG = _number(1 << 20), _number(255), _number(1)
_MASTERING: dict[int, _Rule] = {
    number: _real(1.0 if number < 0x55D9 else 1e6) for number in range(0x55D1, 0x55DB)
}
_COLOUR: dict[int, _Rule] = {
    **dict.fromkeys(range(0x55B1, 0x55BC), _SMALL),
    0x55BC: _number(1 << 16),
    0x55BD: _number(1 << 16),
    0x55D0: _master(_MASTERING),
}
_VIDEO: dict[int, _Rule] = {
    0x9A: _SMALL,
    0x9D: _SMALL,
    0x53B8: _SMALL,
    0x53C0: _opaque(_FLAG),
    0xB0: _SIDE,
    0xBA: _SIDE,
    0x54AA: _SIDE,
    0x54BB: _SIDE,
    0x54CC: _SIDE,
    0x54DD: _SIDE,
    0x54B0: _SIDE,
    0x54BA: _SIDE,
    0x54B2: _SMALL,
    0x54B3: _SMALL,
    0x55B0: _master(_COLOUR),
    0x7670: _master({
        0x7671: _number(0),
        0x7673: _real(360.0),
        0x7674: _real(360.0),
        0x7675: _real(360.0),
    }),
}  # fmt: skip
_AUDIO: dict[int, _Rule] = {
    0xB5: _real(1e7),
    0x78B5: _real(1e7),
    0x9F: _SMALL,
    0x6264: _SMALL,
}
_TRACK: dict[int, _Rule] = {
    0x88: _FLAG,
    0x55AA: _FLAG,
    0x23E383: _number(1 << 36),
    0x56AA: _number(1 << 36),
    0x56BB: _number(1 << 36),
    0xE0: _master(_VIDEO),
    0xE1: _master(_AUDIO),
}


def _tracks(data: bytes, plan: _Plan) -> None:
    entries = [content for number, content in ebml.inside(data) if number == 0xAE]
    if len(entries) > MAX_TRACKS:
        raise Damaged
    for content in entries:
        fields = dict(reversed(ebml.inside(content)))
        kind = ebml.unsigned(fields.get(0x83, b"\0"))
        number = ebml.unsigned(fields.get(0xD7, b"\0"))
        if 0x536E in fields:
            plan.findings.add(Found.WORDS, fields[0x536E][:400].decode("utf-8", "replace"))
        enabled = ebml.unsigned(fields.get(0xB9, b"\1"))
        if kind not in (_PICTURE, _SOUND) or not enabled:
            handler = {_PICTURE: b"vide", _SOUND: b"soun", 17: b"subt", 33: b"meta"}
            bmff_words.tell_track(plan.findings, handler.get(kind, b""), None)
            continue
        if not number or number in plan.tracks or 0x6D80 in fields:
            # Compressed or encrypted contents are what 0x6D80 tells of.
            raise Damaged if 0x6D80 not in fields else Uncleanable("codec")
        plan.tracks[number] = _track(content, fields, kind, len(plan.tracks) + 1, plan.findings)


def _track(
    content: bytes, fields: dict[int, bytes], kind: int, number: int, found: Findings
) -> _Track:
    codec = fields.get(0x86, b"").rstrip(b"\0").decode("ascii", "replace")
    rule = _CODECS.get(codec)
    if rule is None or (0xE0 if kind == _PICTURE else 0xE1) not in fields:
        raise Uncleanable("codec")
    private, coded = rule(fields.get(0x63A2, b""), found)
    entry = element(
        0xAE,
        of_unsigned(0xD7, number),
        of_unsigned(0x73C5, number),
        of_unsigned(0x83, kind),
        element(0x22B59C, b"und"),
        element(0x86, codec.encode()),
        element(0x63A2, private) if private else b"",
        *_kept(content, _TRACK),
    )
    return _Track(number, kind, entry, coded)


_Codec = Callable[[bytes, Findings], tuple[bytes, Coded | None]]


def _config(kind: bytes) -> _Codec:
    return lambda data, found: configured(kind, data, found)


def _none(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    del data, found
    return b"", None


def _start_codes(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    coded = StartCodes(found)
    if data and not data.startswith(b"\0\0\1"):
        raise Damaged
    return coded.cleaned(data), coded


def _motion_jpeg(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    del data
    return b"", MotionJPEG(found)


def _aac(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    del found
    if len(data) > 256:
        raise Damaged
    return data, None


def _opus(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    del found
    if not data.startswith(b"OpusHead") or len(data) < 19:
        raise Damaged
    length = 19 if not data[18] else 21 + data[9]
    if len(data) < length:
        raise Damaged
    return data[:length], None


def _flac(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    del found
    if not data.startswith(b"fLaC") or data[4] & 0x7F or data[5:8] != b"\0\0\x22":
        raise Damaged
    if len(data) < 42:
        raise Damaged
    return b"fLaC\x80\0\0\x22" + data[8:42], None


def _alac(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    del found
    if len(data) < 24:
        raise Damaged
    return data[:24], None


def _vorbis(data: bytes, found: Findings) -> tuple[bytes, Coded | None]:
    """Three packets, of which the second holds names and titles."""
    if len(data) < 3 or data[0] != 2:
        raise Damaged
    at, lengths = 1, [0, 0]
    for index in range(2):
        while True:
            if at >= len(data):
                raise Damaged
            lengths[index] += data[at]
            at += 1
            if data[at - 1] != 255:
                break
    first, second = at + lengths[0], at + sum(lengths)
    if second > len(data) or lengths[0] != 30 or data[first : first + 7] != b"\3vorbis":
        raise Damaged
    bare = b"\3vorbis" + bytes(8) + b"\1"
    if data[first:second] != bare:
        found.add(Found.SOFTWARE, bmff_words.text_of(data[first + 11 : first + 60]))
    return bytes([2, lengths[0], len(bare)]) + data[at:first] + bare + data[second:], None


_CODECS: dict[str, _Codec] = {
    "V_MPEG4/ISO/AVC": _config(b"avcC"),
    "V_MPEGH/ISO/HEVC": _config(b"hvcC"),
    "V_AV1": _config(b"av1C"),
    "V_VP8": _none,
    "V_VP9": _none,
    "V_MPEG4/ISO/SP": _start_codes,
    "V_MPEG4/ISO/ASP": _start_codes,
    "V_MPEG4/ISO/AP": _start_codes,
    "V_MPEG1": _start_codes,
    "V_MPEG2": _start_codes,
    "V_MJPEG": _motion_jpeg,
    "A_AAC": _aac,
    "A_OPUS": _opus,
    "A_VORBIS": _vorbis,
    "A_FLAC": _flac,
    "A_ALAC": _alac,
    "A_AC3": _none,
    "A_EAC3": _none,
    "A_DTS": _none,
    "A_MPEG/L1": _none,
    "A_MPEG/L2": _none,
    "A_MPEG/L3": _none,
    "A_PCM/INT/LIT": _none,
    "A_PCM/INT/BIG": _none,
    "A_PCM/FLOAT/IEEE": _none,
}


# --- clusters


def _measure(source: Reader, plan: _Plan, index: int, cluster: Element) -> None:
    time = 0
    length = 0
    key: int | None = None
    for number, content in _children(source, cluster, plan):
        if number == _TIME:
            time = ebml.unsigned(content)
            continue
        block = _block(plan, number, content)
        if block is None:
            continue
        data, track, relative, is_key = block
        length += len(data)
        if is_key and track.kind == _PICTURE and key is None:
            key = relative
    if time >= 1 << 56:
        raise Damaged
    plan.times.append(time)
    plan.lengths.append(length + len(of_unsigned(_TIME, time)) if length else 0)
    if key is not None and time + key >= 0:
        plan.keys.append((time + key, index))


def _children(source: Reader, cluster: Element, plan: _Plan) -> Iterator[tuple[int, bytes]]:
    at = cluster.at
    while at < cluster.end:
        child = _head(source, at, cluster.end)
        if child.end == UNKNOWN:
            raise Damaged
        if child.id == _ENCRYPTED:
            raise Uncleanable("codec")
        if child.id in (_TIME, _SIMPLE, _GROUP):
            yield child.id, _content(source, child, MAX_BLOCK)
        elif child.id == _VOID:
            if source.at(child.at, min(child.length, 64 << 10)).strip(b"\0"):
                plan.findings.add(Found.HIDDEN, "data in free space")
        elif child.id not in (_CRC, 0xA7, 0xAB):
            plan.findings.add(Found.HIDDEN, f"{amount(child.length)} of an unknown kind")
        at = child.end


def _block(plan: _Plan, number: int, content: bytes) -> tuple[bytes, _Track, int, bool] | None:
    """The element as it is in the copy, its track, its time, and whether it is a key frame."""
    if number == _SIMPLE:
        found = _frame(plan, content, 0x8F)
        if found is None:
            return None
        data, track, relative, flags = found
        return element(_SIMPLE, data), track, relative, bool(flags & 0x80)
    children = ebml.inside(content)
    blocks = [data for child, data in children if child == _BLOCK]
    if len(blocks) != 1:
        raise Damaged
    found = _frame(plan, blocks[0], 0x0E)
    if found is None:
        return None
    data, track, relative, _ = found
    parts = [element(_BLOCK, data)]
    references = 0
    for child, value in children:
        if child == _BLOCK_DURATION:
            parts.append(_number(1 << 48)(child, value))
        elif child in (_REFERENCE, _PADDING):
            references += child == _REFERENCE
            if references > 16:
                raise Damaged
            parts.append(_signed(child, value))
        elif child not in (_BLOCK, _VOID, _CRC):
            plan.findings.add(Found.OTHER, "data beside the pictures")
    return element(_GROUP, *parts), track, relative, not references


def _frame(plan: _Plan, block: bytes, mask: int) -> tuple[bytes, _Track, int, int] | None:
    number, at = ebml.vint(block, 0)
    track = plan.tracks.get(number)
    if track is None:
        return None
    if at + 3 > len(block):
        raise Damaged
    relative = int.from_bytes(block[at : at + 2], "big", signed=True)
    flags = block[at + 2] & mask
    payload = block[at + 3 :]
    if track.coded is not None:
        if flags & 0x06:
            raise Uncleanable("codec")
        payload = track.coded.cleaned(payload)
    head = ebml.size_of(track.number) + block[at : at + 2] + bytes([flags])
    return head + payload, track, relative, flags


# --- the copy


def _write(plan: _Plan, source: Reader, write: Write) -> None:
    tracks = element(_TRACKS, *(track.entry for track in plan.tracks.values()))
    heads = [
        ebml.name_of(_CLUSTER) + ebml.size_of(length) if length else b"" for length in plan.lengths
    ]
    before = len(plan.info) + len(tracks)
    before += len(_cues(plan, array("Q", bytes(8 * len(heads)))))
    places = array("Q")
    at = before
    for head, length in zip(heads, plan.lengths, strict=True):
        places.append(at)
        at += len(head) + length
    write(plan.head)
    # Eight bytes for the length: files of any size look the same.
    write(ebml.name_of(_SEGMENT) + (at | 1 << 56).to_bytes(8, "big"))
    write(plan.info + tracks + _cues(plan, places))
    for index, cluster in enumerate(plan.clusters):
        if not heads[index]:
            continue
        time = of_unsigned(_TIME, plan.times[index])
        write(heads[index] + time)
        left = plan.lengths[index] - len(time)
        for number, content in _children(source, cluster, plan):
            block = _block(plan, number, content) if number != _TIME else None
            if block is not None:
                left -= len(block[0])
                write(block[0])
        if left:
            # The original changed between the two looks at it.
            raise Damaged


def _cues(plan: _Plan, places: array[int]) -> bytes:
    picture = next(track for track in plan.tracks.values() if track.kind == _PICTURE)
    points = [
        element(
            0xBB,
            of_unsigned(0xB3, time),
            element(0xB7, of_unsigned(0xF7, picture.number), of_unsigned(0xF1, places[cluster], 8)),
        )
        for time, cluster in plan.keys
    ]
    return element(_CUES, *points) if points else b""
