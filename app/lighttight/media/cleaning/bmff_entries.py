"""Sample entries: what a decoder is told before the first sample, rebuilt field by field.

A codec that is not listed here is not known well enough to say what else may stand in its
samples, so no copy is made of it. Names of compressors, vendors and whatever box is not needed
to decode stay behind.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from lighttight.media.cleaning.base import Damaged, Findings, Found, Uncleanable
from lighttight.media.cleaning.bmff_boxes import Box, box, full_box
from lighttight.media.cleaning.coded import (
    Coded,
    MotionJPEG,
    NALs,
    OBUs,
    ProRes,
    StartCodes,
    text_of,
)

MAX_CONFIG = 256
MAX_LAYOUTS = 64


@dataclass(frozen=True, slots=True)
class Entry:
    data: bytes
    coded: Coded | None = None
    uniform: tuple[int, int] | None = None


def rebuilt(kind: bytes, entry: Box, findings: Findings, *, qt: bool) -> Entry:
    """The entry as it leaves; `Uncleanable` for a codec that is not known."""
    if kind == b"vide":
        return _picture(entry, findings)
    return _sound(entry, qt=qt)


def configured(kind: bytes, data: bytes, findings: Findings) -> tuple[bytes, Coded]:
    """`avcC`, `hvcC` or `av1C` without its head, as other containers keep it, and its samples."""
    codec = {b"avcC": b"avc1", b"hvcC": b"hvc1", b"av1C": b"av01"}[kind]
    config, coded = _picture_codec(codec, [Box(kind, memoryview(data))], findings)
    if coded is None:
        raise Damaged
    return config[8:], coded


def data_reference(entry: Box) -> int:
    return entry.unpack(">H", 6)[0]


# --- pictures

_AVC = frozenset({b"avc1", b"avc2", b"avc3", b"avc4", b"dva1", b"dvav"})
_HEVC = frozenset({b"hvc1", b"hev1", b"dvh1", b"dvhe"})
_PRORES = frozenset({b"apch", b"apcn", b"apcs", b"apco", b"ap4h", b"ap4x"})
_H263 = frozenset({b"s263", b"h263", b"H263"})
_VP = frozenset({b"vp08", b"vp09"})


def _picture(entry: Box, findings: Findings) -> Entry:
    width, height = entry.unpack(">HH", 24)
    depth = entry.unpack(">H", 74)[0]
    name = entry.bytes(43, min(entry.bytes(42, 1)[0], 31))
    if name.strip(b"\0 "):
        findings.add(Found.SOFTWARE, text_of(name))
    inside = entry.children(78)
    config, coded = _picture_codec(entry.kind, inside, findings)
    head = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, depth, -1)
    shape = [
        now
        for child in inside
        if child.kind in _SHAPES
        for now in (_SHAPES[child.kind](child),)
        if now
    ]
    return Entry(box(entry.kind, head, config, *_once(shape)), coded)


def _once(shape: list[bytes]) -> list[bytes]:
    """Each kind once: a second one is read by nobody."""
    seen: dict[bytes, bytes] = {}
    for now in shape:
        # Two colour boxes are legal: the numbers, and a profile.
        seen.setdefault(now[4:12] if now[4:8] == b"colr" else now[4:8], now)
    return list(seen.values())


def _picture_codec(
    kind: bytes, inside: list[Box], findings: Findings
) -> tuple[bytes, Coded | None]:
    def needed(name: bytes) -> Box:
        found = next((child for child in inside if child.kind == name), None)
        if found is None:
            raise Damaged
        return found

    dolby = any(child.kind in (b"dvcC", b"dvvC", b"dvwC") for child in inside)
    if kind in _AVC:
        config = needed(b"avcC")
        nals = NALs(findings, (config.bytes(4, 1)[0] & 3) + 1, hevc=False)
        return _avcc(config), nals
    if kind in _HEVC:
        config = needed(b"hvcC")
        nals = NALs(findings, (config.bytes(21, 1)[0] & 3) + 1, hevc=True, dolby=dolby)
        return _hvcc(config, nals), nals
    if kind == b"av01":
        config = needed(b"av1C")
        obus = OBUs(findings)
        kept = obus.cleaned(config.bytes(4, len(config.data) - 4))
        return box(b"av1C", config.bytes(0, 4), kept), obus
    if kind in _VP:
        config = needed(b"vpcC")
        return full_box(b"vpcC", 1, 0, config.bytes(4, 6), b"\0\0"), None
    if kind == b"mp4v":
        return _visual_esds(needed(b"esds"), findings)
    if kind in _H263:
        config = next((child for child in inside if child.kind == b"d263"), None)
        if config is None:
            return b"", None
        return box(b"d263", bytes(5), config.bytes(5, 2)), None
    if kind in (b"jpeg", b"mjpg"):
        return b"", MotionJPEG(findings)
    if kind in _PRORES:
        return b"", ProRes(findings)
    raise Uncleanable("codec")


def _avcc(config: Box) -> bytes:
    profile = config.bytes(1, 1)[0]
    parts = [b"\1", config.bytes(1, 3), bytes([config.bytes(4, 1)[0] | 0xFC])]
    at = 5
    for mask in (0x1F, 0xFF):
        count = config.bytes(at, 1)[0] & mask
        at += 1
        parts.append(bytes([count | (0xE0 if mask == 0x1F else 0)]))
        for _ in range(count):
            unit, at = _unit(config, at)
            if unit[2] & 31 not in (7, 8, 15):
                raise Damaged
            parts.append(unit)
    if profile in (100, 110, 122, 144, 244, 44, 83, 86, 118, 128) and at + 4 <= len(config.data):
        chroma, luma, deep, count = config.bytes(at, 4)
        at += 4
        parts.append(bytes([chroma | 0xFC, luma | 0xF8, deep | 0xF8, count]))
        for _ in range(count):
            unit, at = _unit(config, at)
            if unit[2] & 31 != 13:
                raise Damaged
            parts.append(unit)
    return box(b"avcC", *parts)


def _unit(config: Box, at: int) -> tuple[bytes, int]:
    length = config.unpack(">H", at)[0]
    if not length:
        raise Damaged
    return config.bytes(at, 2 + length), at + 2 + length


def _hvcc(config: Box, nals: NALs) -> bytes:
    arrays: list[bytes] = []
    at = 23
    for _ in range(config.bytes(22, 1)[0]):
        head, count = config.unpack(">BH", at)
        at += 3
        units: list[bytes] = []
        for _ in range(count):
            unit, at = _unit(config, at)
            now = nals.unit(unit[2:]) if len(unit) > 3 and unit[2] >> 1 & 63 == head & 63 else b""
            if now:
                units.append(struct.pack(">H", len(now)) + now)
        if units:
            arrays.append(struct.pack(">BH", head & 0xBF, len(units)) + b"".join(units))
    return box(b"hvcC", b"\1", config.bytes(1, 21), bytes([len(arrays)]), *arrays)


def _visual_esds(esds: Box, findings: Findings) -> tuple[bytes, Coded]:
    kind, numbers, specific = _descriptors(esds)
    if kind == 0x6C:
        return _esds(kind, numbers, b""), MotionJPEG(findings)
    if kind != 0x20 and kind not in range(0x60, 0x66) and kind != 0x6A:
        raise Uncleanable("codec")
    coded = StartCodes(findings)
    if specific and not specific.startswith(b"\0\0\1"):
        raise Damaged
    return _esds(kind, numbers, coded.cleaned(specific)), coded


# --- what describes pictures of any codec


def _colour(child: Box) -> bytes:
    kind = child.bytes(0, 4)
    if kind == b"nclx":
        full = child.bytes(10, 1)[0] & 0x80
        return box(b"colr", child.bytes(0, 10), bytes([full]))
    if kind == b"nclc":
        return box(b"colr", child.bytes(0, 10))
    return b""


def _dolby(child: Box) -> bytes:
    return box(child.kind, child.bytes(0, 4), bytes([child.bytes(4, 1)[0] & 0xF0]), bytes(19))


def _first(count: int) -> Callable[[Box], bytes]:
    return lambda child: box(child.kind, child.bytes(0, count))


def _full_first(count: int) -> Callable[[Box], bytes]:
    return lambda child: full_box(child.kind, 0, 0, child.bytes(4, count))


_SHAPES: dict[bytes, Callable[[Box], bytes]] = {
    b"colr": _colour,
    b"pasp": _first(8),
    b"clap": _first(32),
    b"fiel": _first(2),
    b"mdcv": _first(24),
    b"clli": _first(4),
    b"amve": _first(8),
    b"SmDm": _full_first(24),
    b"CoLL": _full_first(4),
    b"dvcC": _dolby,
    b"dvvC": _dolby,
    b"dvwC": _dolby,
}


# --- sound

_PLAIN = {
    b"twos": None, b"sowt": None, b"raw ": None, b"lpcm": None, b"NONE": None, b"in24": 24,
    b"in32": 32, b"fl32": 32, b"fl64": 64, b"ulaw": 8, b"alaw": 8,
}  # fmt: skip
_PACKED = frozenset({b"ima4", b"ms\0\x11", b"ms\0\x02"})
_MPEG = frozenset({b".mp3", b"mp3 ", b".mp2", b"mp2 ", b"ms\0\x50", b"ms\0\x55"})


def _sound(entry: Box, *, qt: bool) -> Entry:
    version = entry.unpack(">H", 8)[0] if qt else 0
    channels, bits = entry.unpack(">HH", 16)
    compression = entry.unpack(">h", 20)[0] if qt else 0
    rate = entry.u32(24)
    head = struct.pack(
        ">6xHHxxxxxxHHhxxI", 1, version, channels, bits, -2 if compression == -2 else 0, rate
    )
    uniform = None
    plain = entry.kind in _PLAIN
    if plain:
        uniform = (max(1, (_PLAIN[entry.kind] or bits) // 8) * max(1, channels), 1)
    at = 28
    if version == 1:
        per_packet, _, per_frame, _ = entry.unpack(">4I", 28)
        if per_packet and per_frame and (plain or entry.kind in _PACKED):
            uniform = (per_frame, per_packet)
        head += entry.bytes(28, 16)
        at = 44
    elif version == 2:
        if entry.u32(28) != 72:
            raise Damaged
        per_packet, frames = entry.unpack(">II", 56)
        if per_packet and frames and plain:
            uniform = (per_packet, frames)
        head += entry.bytes(28, 36)
        at = 64
    elif version:
        raise Uncleanable("codec")
    inside = entry.children(at)
    kept = _sound_codec(entry.kind, inside)
    kept += b"".join(_channels(child) for child in inside[:8] if child.kind == b"chan")
    return Entry(box(entry.kind, head, kept), None, uniform)


def _sound_codec(kind: bytes, inside: list[Box]) -> bytes:
    found = {child.kind: child for child in reversed(inside)}
    if b"wave" in found and kind not in (b"Opus", b"fLaC"):
        return _wave(kind, found[b"wave"])
    if kind in _PLAIN or kind in _MPEG or kind in _PACKED:
        return _fields(found, b"enda", b"pcmC")
    needed = _SOUND.get(kind)
    if needed is None:
        raise Uncleanable("codec")
    if needed not in found:
        raise Damaged
    return _FIELDS[needed](found[needed])


def _fields(found: dict[bytes, Box], *names: bytes) -> bytes:
    return b"".join(_FIELDS[name](found[name]) for name in names if name in found)


def _wave(kind: bytes, wave: Box) -> bytes:
    """QuickTime's own nesting: the format again, what it needs, and an end."""
    found = {child.kind: child for child in reversed(wave.children())}
    parts = [box(b"frma", kind)]
    if kind == b"mp4a":
        if b"esds" not in found:
            raise Damaged
        parts += [box(b"mp4a", bytes(4)), _audio_esds(found[b"esds"])]
    elif kind == b"alac":
        parts.append(_alac(found[b"alac"]) if b"alac" in found else b"")
    elif kind in _PLAIN:
        parts.append(_fields(found, b"enda"))
    elif kind in _PACKED or kind in _MPEG:
        if kind in found:
            # WAVEFORMATEX with the few numbers of these codecs.
            parts.append(box(kind, bytes(found[kind].data[:64])))
    elif kind in (b"ac-3", b"ec-3"):
        parts.append(_fields(found, b"dac3", b"dec3"))
    else:
        raise Uncleanable("codec")
    return box(b"wave", *parts, struct.pack(">II", 8, 0))


def _channels(chan: Box) -> bytes:
    """The layout by its number, or one description for each channel."""
    tag, bitmap, count = chan.unpack(">III", 4)
    if count > MAX_LAYOUTS:
        raise Damaged
    return full_box(
        b"chan", 0, 0, struct.pack(">III", tag, bitmap, count), chan.bytes(16, 20 * count)
    )


def _audio_esds(esds: Box) -> bytes:
    kind, numbers, specific = _descriptors(esds)
    if kind not in (0x40, 0x66, 0x67, 0x68, 0x69, 0x6B, 0xA5, 0xA6):
        raise Uncleanable("codec")
    return _esds(kind, numbers, specific)


def _alac(child: Box) -> bytes:
    # Apple nests the configuration in a box of its own name; the number of a version comes first.
    return full_box(b"alac", 0, 0, child.bytes(4, 24))


def _opus(child: Box) -> bytes:
    _, channels = child.bytes(0, 2)
    family = child.bytes(10, 1)[0]
    mapping = child.bytes(11, 2 + channels) if family else b""
    return box(b"dOps", b"\0", child.bytes(1, 10), mapping)


def _flac(child: Box) -> bytes:
    if child.bytes(4, 1)[0] & 0x7F or child.bytes(5, 3) != b"\0\0\x22":
        raise Damaged
    return full_box(b"dfLa", 0, 0, b"\x80\0\0\x22", child.bytes(8, 34))


def _dec3(child: Box) -> bytes:
    substreams = (child.unpack(">H", 0)[0] & 7) + 1
    at = 2
    for _ in range(substreams):
        at += 4 if child.bytes(at + 2, 1)[0] >> 1 & 15 else 3
    joint = child.bytes(at, 2) if at + 2 <= len(child.data) and child.data[at] & 1 else b""
    return box(b"dec3", child.bytes(0, at), joint)


def _damr(child: Box) -> bytes:
    # Vendor and version of the encoder stay behind.
    return box(b"damr", bytes(5), child.bytes(5, 4))


_FIELDS: dict[bytes, Callable[[Box], bytes]] = {
    b"esds": _audio_esds,
    b"alac": _alac,
    b"dOps": _opus,
    b"dfLa": _flac,
    b"dac3": _first(3),
    b"dec3": _dec3,
    b"damr": _damr,
    b"enda": _first(2),
    b"pcmC": _full_first(2),
}
_SOUND = {
    b"mp4a": b"esds", b"alac": b"alac", b"Opus": b"dOps", b"fLaC": b"dfLa", b"ac-3": b"dac3",
    b"ec-3": b"dec3", b"samr": b"damr", b"sawb": b"damr", b"ipcm": b"pcmC", b"fpcm": b"pcmC",
}  # fmt: skip


# --- descriptors of MPEG-4 systems


def _descriptor(data: memoryview, tag: int) -> tuple[memoryview, memoryview]:
    """The content of one with this tag, and what follows it."""
    if not len(data) or data[0] != tag:
        raise Damaged
    length, at = 0, 1
    for _ in range(4):
        if at >= len(data):
            raise Damaged
        byte = data[at]
        at += 1
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    if at + length > len(data):
        raise Damaged
    return data[at : at + length], data[at + length :]


def _descriptors(esds: Box) -> tuple[int, bytes, bytes]:
    """The kind of codec, three numbers about its rate, and its own configuration."""
    stream, _ = _descriptor(esds.data[4:], 3)
    if len(stream) < 3:
        raise Damaged
    flags, at = stream[2], 3
    if flags & 0x80:
        at += 2
    if flags & 0x40:
        at += 1 + (stream[at] if at < len(stream) else 0)
    if flags & 0x20:
        at += 2
    decoder, _ = _descriptor(stream[at:], 4)
    if len(decoder) < 13:
        raise Damaged
    specific = b""
    if len(decoder) > 13 and decoder[13] == 5:
        specific = bytes(_descriptor(decoder[13:], 5)[0])
    if len(specific) > 4 * MAX_CONFIG:
        raise Damaged
    return decoder[0], bytes(decoder[1:13]), specific


def _esds(kind: int, numbers: bytes, specific: bytes) -> bytes:
    def descriptor(tag: int, content: bytes) -> bytes:
        length = len(content)
        size = bytes([length]) if length < 128 else bytes([length >> 7 | 0x80, length & 0x7F])
        return bytes([tag]) + size + content

    decoder = bytes([kind]) + numbers + (descriptor(5, specific) if specific else b"")
    stream = b"\0\0\0" + descriptor(4, decoder) + descriptor(6, b"\2")
    return full_box(b"esds", 0, 0, descriptor(3, stream))
