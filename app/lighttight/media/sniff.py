"""Which format a file is, from its first bytes. Pure, and safe in the program's own process.

Names lie, so no name is looked at. Nothing here follows a length or an offset out of the bytes
that it was given, and nothing is decoded: it compares, and reads a few fixed fields.

Most RAW formats are TIFF by their first bytes, and several share one brand of ISO container.
The child, which may read further, can name a file more exactly; `refine` says which names a
first impression may turn into, so that a child that was taken over cannot pass a video off as
something else than a video.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lighttight.model import Kind

HEAD_BYTES = 4096
"""Enough for every format here, MPEG-TS included (21 packets)."""


@dataclass(frozen=True, slots=True)
class Sniffed:
    """`decodable` is False for media that is recognised and kept, but not decoded here."""

    kind: Kind
    mime: str
    container: str
    decodable: bool = True


def _photo(container: str, mime: str, *, decodable: bool = True) -> Sniffed:
    return Sniffed(Kind.PHOTO, mime, container, decodable)


def _video(container: str, mime: str, *, decodable: bool = True) -> Sniffed:
    return Sniffed(Kind.VIDEO, mime, container, decodable)


FORMATS: dict[str, Sniffed] = {
    found.container: found
    for found in (
        _photo("jpeg", "image/jpeg"),
        _photo("png", "image/png"),
        _photo("gif", "image/gif"),
        _photo("webp", "image/webp"),
        _photo("bmp", "image/bmp"),
        _photo("tiff", "image/tiff"),
        _photo("avif", "image/avif"),
        _photo("heic", "image/heic"),
        _photo("heif", "image/heif"),
        _photo("dng", "image/x-adobe-dng"),
        _photo("cr2", "image/x-canon-cr2"),
        _photo("cr3", "image/x-canon-cr3"),
        _photo("nef", "image/x-nikon-nef"),
        _photo("arw", "image/x-sony-arw"),
        _photo("raf", "image/x-fuji-raf"),
        _photo("rw2", "image/x-panasonic-rw2"),
        _photo("orf", "image/x-olympus-orf"),
        _photo("jxl", "image/jxl", decodable=False),
        _photo("jp2", "image/jp2", decodable=False),
        _video("mp4", "video/mp4"),
        _video("m4v", "video/x-m4v"),
        _video("mov", "video/quicktime"),
        _video("3gp", "video/3gpp"),
        _video("mkv", "video/x-matroska"),
        _video("webm", "video/webm"),
        _video("avi", "video/x-msvideo"),
        _video("mpegts", "video/mp2t"),
        _video("mpegps", "video/mpeg", decodable=False),
        _video("asf", "video/x-ms-asf", decodable=False),
        _video("flv", "video/x-flv", decodable=False),
    )
}

RAW = frozenset({"dng", "cr2", "cr3", "nef", "arw", "raf", "rw2", "orf"})

_REFINEMENTS: tuple[frozenset[str], ...] = (
    frozenset({"tiff", "dng", "cr2", "nef", "arw"}),
    frozenset({"heic", "heif", "avif"}),
    frozenset({"mp4", "m4v", "mov", "3gp"}),
    frozenset({"mkv", "webm"}),
)


def refine(first: Sniffed, container: str) -> Sniffed | None:
    """What a child's more exact name means; None where it may not say so."""
    if container == first.container:
        return first
    for family in _REFINEMENTS:
        if first.container in family and container in family:
            return FORMATS[container]
    return None


def sniff(head: bytes) -> Sniffed | None:
    """The format that these first bytes announce, or None. 4,096 of them are enough."""
    name = _name(head)
    return None if name is None else FORMATS[name]


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"FUJIFILMCCD-RAW", "raf"),
    (b"IIRO", "orf"),
    (b"IIRS", "orf"),
    (b"MMOR", "orf"),
    (b"IIU\x00", "rw2"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (b"\x00\x00\x01\xba", "mpegps"),
    (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\x00\xaa\x00b\xcel", "asf"),
    (b"FLV\x01", "flv"),
)


def _name(head: bytes) -> str | None:
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "avi"}.get(head[8:12])
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return _tiff(head)
    if head[:2] == b"BM":
        return _bmp(head)
    if head[:4] == b"\x1aE\xdf\xa3":
        return _matroska(head)
    return _iso(head) or _transport_stream(head)


def _bmp(head: bytes) -> str | None:
    # Two letters are little evidence: the size of the second header has to be one that exists.
    if len(head) < 26:
        return None
    header = struct.unpack_from("<I", head, 14)[0]
    return "bmp" if header in (12, 40, 52, 56, 64, 108, 124) else None


def _matroska(head: bytes) -> str | None:
    match = re.search(rb"\x42\x82[\x80-\x90]?(webm|matroska)", head[:256])
    if match is None:
        return None
    return "webm" if match.group(1) == b"webm" else "mkv"


_PICTURE_BRANDS = {
    b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"heim": "heic",
    b"heis": "heic", b"hevc": "heic", b"hevx": "heic", b"mif1": "heif", b"msf1": "heif",
    b"crx ": "cr3",
}  # fmt: skip
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")


def _iso(head: bytes) -> str | None:
    """The ISO container: its brand, or for QuickTime from before brands, its first box."""
    if len(head) < 12:
        return None
    size = struct.unpack_from(">I", head)[0]
    kind = head[4:8]
    if kind != b"ftyp":
        plausible = size == 1 or 8 <= size < (1 << 32 if kind == b"mdat" else 1 << 28)
        return "mov" if kind in _OLD_QUICKTIME and plausible else None
    major = head[8:12]
    brands = [head[at : at + 4] for at in range(16, min(size, len(head) - 3), 4)]
    if major in (b"mif1", b"msf1"):
        # The general brand; a compatible one says which codec.
        named = (_PICTURE_BRANDS.get(brand) for brand in brands)
        return next((name for name in named if name not in (None, "heif")), "heif")
    if major in _PICTURE_BRANDS:
        return _PICTURE_BRANDS[major]
    if major in _AUDIO_BRANDS:
        return None
    if major == b"qt  ":
        return "mov"
    if major[:2] == b"3g":
        return "3gp"
    if major[:3] == b"M4V":
        return "m4v"
    return "mp4"


def _transport_stream(head: bytes) -> str | None:
    """Sync bytes at an even distance: plain (188) or with a time stamp before each (192)."""
    for stride, first in ((188, 0), (192, 4)):
        packets = [head[at : at + 4] for at in range(first, len(head) - 3, stride)]
        # A sync byte, no transport error, and something inside.
        if len(packets) >= 3 and all(
            packet[0] == 0x47 and not packet[1] & 0x80 and packet[3] & 0x30 for packet in packets
        ):
            return "mpegts"
    return None


_MAKE, _SUB_IFDS, _DNG_VERSION = 0x010F, 0x014A, 0xC612


def _tiff(head: bytes) -> str:
    """TIFF, or the RAW format that its first directory suggests; the child confirms."""
    if head[8:10] == b"CR" and head[:4] == b"II*\x00":
        return "cr2"
    tags = dict(_first_directory(head))
    if _DNG_VERSION in tags:
        return "dng"
    make = tags.get(_MAKE, b"")
    if _SUB_IFDS in tags and make.startswith(b"NIKON"):
        return "nef"
    if _SUB_IFDS in tags and make.startswith(b"SONY"):
        return "arw"
    return "tiff"


def _first_directory(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags of the first directory with their value, as far as both lie in these bytes."""
    order = "<" if head[:2] == b"II" else ">"
    if head[2:4] not in (b"*\x00", b"\x00*") or len(head) < 10:
        return
    start = struct.unpack_from(order + "I", head, 4)[0]
    if start + 2 > len(head):
        return
    count = struct.unpack_from(order + "H", head, start)[0]
    for index in range(count):
        at = start + 2 + 12 * index
        if at + 12 > len(head):
            return
        tag, kind, length = struct.unpack_from(order + "HHI", head, at)
        value = b""
        if kind in (1, 2):
            where = at + 8 if length <= 4 else struct.unpack_from(order + "I", head, at + 8)[0]
            value = head[where : where + min(length, 64)]
        yield tag, value
