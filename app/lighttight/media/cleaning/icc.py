"""Colour profiles: the same transform, and nothing about who made it, when, or for which screen.

A profile is small, but it is a file of its own with texts, dates, serial numbers of monitors and
room for anything in private tags and between the tags. So it is not edited but written anew: the
header from the few fields that the transform needs, and of the tags those that take part in it,
each parsed as the type that it must be and written again without reserved bytes and gaps. Equal
tags are stored once, as they were.

A profile that does not parse is left out. `D2B`/`B2D` tags (floating point, for printing) are
left out too: a profile that has them must have `A2B`/`B2A` as well.
"""

from __future__ import annotations

import struct
import zlib

from lighttight.media.cleaning.base import Damaged, Findings, Found

MAX_PROFILE = 8 << 20
MAX_TAGS = 100
MAX_CURVE = 1 << 16
WORD = b"-"
"""Stands for the two texts that a profile must have."""

_HEADER = 128
_D50 = bytes.fromhex("0000f6d6000100000000d32d")
_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")
_CHANNELS = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4, b"Lab ": 3}
_XYZ = (b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"bkpt")
_CURVES = (b"rTRC", b"gTRC", b"bTRC", b"kTRC")
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"gamt")
_ABOUT_DEVICES = frozenset({b"dmnd", b"dmdd", b"mmod", b"meta", b"vcgt", b"targ", b"calt", b"DevD"})
_PARAMETERS = (1, 3, 4, 5, 7)


class _Unknown(Exception):
    """This profile, or this tag, is none that can be written again."""


def neutral(profile: bytes, findings: Findings) -> bytes | None:
    """The profile without its texts and origins, or None where it is none.

    A pure function of the transform: two cameras with the same colours give the same bytes.
    """
    try:
        header, tags = _parse(profile, findings)
    except (_Unknown, struct.error, IndexError):
        findings.add(Found.OTHER, "a colour profile that cannot be read")
        return None
    return _assemble(header, tags)


def inflated(data: bytes) -> bytes | None:
    """A profile as PNG compresses it, bounded; None where it is not that, or goes on too long."""
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(data, MAX_PROFILE + 1)
    except zlib.error:
        return None
    if not inflate.eof or len(profile) > MAX_PROFILE:
        return None
    return profile


def bounded(total: int) -> None:
    """Before a profile is put together out of pieces."""
    if total > MAX_PROFILE:
        raise Damaged


def _parse(profile: bytes, findings: Findings) -> tuple[bytes, dict[bytes, bytes]]:
    if not _HEADER + 4 <= len(profile) <= MAX_PROFILE or profile[36:40] != b"acsp":
        raise _Unknown
    size = int.from_bytes(profile[:4], "big")
    if not _HEADER + 4 <= size <= len(profile):
        raise _Unknown
    if size < len(profile):
        findings.add(Found.HIDDEN, "after the colour profile")
    major, space, pcs = profile[8], profile[16:20], profile[20:24]
    if major not in (2, 4) or profile[12:16] not in _CLASSES or pcs not in (b"XYZ ", b"Lab "):
        raise _Unknown
    if space not in _CHANNELS:
        raise _Unknown
    count = int.from_bytes(profile[128:132], "big")
    if count > MAX_TAGS or _HEADER + 4 + 12 * count > size:
        raise _Unknown
    tags: dict[bytes, bytes] = {}
    for index in range(count):
        name, offset, length = struct.unpack_from(">4sII", profile, _HEADER + 4 + 12 * index)
        if name in _ABOUT_DEVICES:
            findings.add(Found.DEVICE, "in the colour profile")
        if offset < _HEADER + 4 + 12 * count or offset + length > size:
            raise _Unknown
        if name not in tags and (kept := _tag(name, profile[offset : offset + length])):
            tags[name] = kept
    usable = (
        {*_XYZ[:3], *_CURVES[:3]} <= tags.keys() or b"A2B0" in tags or b"kTRC" in tags
    ) and not (space == b"GRAY" and b"kTRC" not in tags and b"A2B0" not in tags)
    if not usable:
        raise _Unknown
    return _header(profile, major), tags


def _header(profile: bytes, major: int) -> bytes:
    intent = profile[67] if profile[64:67] == b"\0\0\0" and profile[67] <= 3 else 0
    return b"".join((
        b"\0\0\0\0",  # size, filled in later
        b"\0\0\0\0",
        bytes((major, profile[9] & 0xF0, 0, 0)),
        profile[12:24],
        b"\0" * 12,
        b"acsp",
        b"\0" * 24,
        bytes((0, 0, 0, intent)),
        _D50,
        b"\0" * 48,
    ))  # fmt: skip


def _assemble(header: bytes, tags: dict[bytes, bytes]) -> bytes:
    texts = {b"desc": _description(header[8]), b"cprt": _copyright(header[8])}
    both = {**texts, **tags}
    base = _HEADER + 4 + 12 * len(both)
    table, body = bytearray(struct.pack(">I", len(both))), bytearray()
    where: dict[bytes, int] = {}
    for name in sorted(both):
        data = both[name]
        if data not in where:
            where[data] = base + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, where[data], len(data))
    whole = header + bytes(table) + bytes(body)
    return struct.pack(">I", len(whole)) + whole[4:]


def _description(major: int) -> bytes:
    if major >= 4:
        return _unicode()
    ascii_part = struct.pack(">I", len(WORD) + 1) + WORD + b"\0"
    return b"desc\0\0\0\0" + ascii_part + b"\0" * 8 + b"\0" * 3 + b"\0" * 67


def _copyright(major: int) -> bytes:
    return _unicode() if major >= 4 else b"text\0\0\0\0" + WORD + b"\0"


def _unicode() -> bytes:
    text = WORD.decode().encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text


# --- the tags that take part in the transform


def _tag(name: bytes, data: bytes) -> bytes | None:
    """One tag written again; None for one that takes no part."""
    if name in _XYZ:
        return _exact(data, b"XYZ ", 20)
    if name in _CURVES:
        return _curve(data, 0)[0]
    if name == b"chad":
        return _exact(data, b"sf32", 44)
    if name == b"cicp":
        return _exact(data, b"cicp", 12)
    if name in _TABLES:
        return _table(data)
    return None


def _exact(data: bytes, kind: bytes, size: int) -> bytes:
    if data[:4] != kind or len(data) < size:
        raise _Unknown
    return kind + b"\0\0\0\0" + data[8:size]


def _curve(data: bytes, at: int) -> tuple[bytes, int]:
    """A curve at `at`, and where it ends."""
    kind = data[at : at + 4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", data, at + 8)
        if count > MAX_CURVE:
            raise _Unknown
        head, start, size = struct.pack(">I", count), at + 12, 2 * count
    elif kind == b"para":
        (function,) = struct.unpack_from(">H", data, at + 8)
        if function >= len(_PARAMETERS):
            raise _Unknown
        head, start, size = struct.pack(">HH", function, 0), at + 12, 4 * _PARAMETERS[function]
    else:
        raise _Unknown
    body = data[start : start + size]
    if len(body) != size:
        raise _Unknown
    return kind + b"\0\0\0\0" + head + body, start + size


def _table(data: bytes) -> bytes:
    kind = data[:4]
    if kind in (b"mft1", b"mft2"):
        return _old_table(kind, data)
    if kind in (b"mAB ", b"mBA "):
        return _new_table(kind, data)
    raise _Unknown


def _old_table(kind: bytes, data: bytes) -> bytes:
    ins, outs, grid = data[8], data[9], data[10]
    if not (1 <= ins <= 4 and 1 <= outs <= 4):
        raise _Unknown
    if kind == b"mft1":
        start, width, first, last = 48, 1, 256, 256
    else:
        first, last = struct.unpack_from(">HH", data, 48)
        start, width = 52, 2
        if not (2 <= first <= 4096 and 2 <= last <= 4096):
            raise _Unknown
    size = start + width * (ins * first + grid**ins * outs + outs * last)
    if len(data) < size:
        raise _Unknown
    return kind + b"\0\0\0\0" + data[8:11] + b"\0" + data[12:size]


def _new_table(kind: bytes, data: bytes) -> bytes:
    ins, outs = data[8], data[9]
    if not (1 <= ins <= 4 and 1 <= outs <= 4):
        raise _Unknown
    b, matrix, m, clut, a = struct.unpack_from(">5I", data, 12)
    if any(0 < offset < 32 for offset in (b, matrix, m, clut, a)) or not b:
        raise _Unknown
    # Which side of the grid the curves stand on depends on the direction.
    near, far = (outs, ins) if kind == b"mAB " else (ins, outs)
    parts = (
        _curves(data, b, near),
        _piece(data, matrix, 48) if matrix else b"",
        _curves(data, m, near) if m else b"",
        _grid(data, clut, ins, outs) if clut else b"",
        _curves(data, a, far) if a else b"",
    )
    offsets, body = list[int](), b""
    for part in parts:
        offsets.append(32 + len(body) if part else 0)
        body += part
    return kind + b"\0\0\0\0" + bytes((ins, outs, 0, 0)) + struct.pack(">5I", *offsets) + body


def _curves(data: bytes, at: int, count: int) -> bytes:
    whole = b""
    for _ in range(count):
        curve, at = _curve(data, at)
        at += -at % 4
        whole += curve + b"\0" * (-len(curve) % 4)
    return whole


def _piece(data: bytes, at: int, size: int) -> bytes:
    piece = data[at : at + size]
    if len(piece) != size:
        raise _Unknown
    return piece


def _grid(data: bytes, at: int, ins: int, outs: int) -> bytes:
    points, precision = data[at : at + ins], data[at + 16]
    if precision not in (1, 2) or len(points) != ins:
        raise _Unknown
    size = precision * outs
    for point in points:
        size *= point
    values = _piece(data, at + 20, size)
    head = points + b"\0" * (16 - ins) + bytes((precision, 0, 0, 0))
    return head + values + b"\0" * (-size % 4)
