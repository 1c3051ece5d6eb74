"""What XMP, IPTC, Photoshop and text blocks give away, told without parsing them fully.

They never get into a copy, whatever they hold, so a wrong word here loses nothing but a word:
XMP is looked through for the names of its properties instead of being given to an XML parser,
which would be the largest thing in this package that hostile bytes can reach.
"""

from __future__ import annotations

import struct

from lighttight.media.cleaning.base import Findings, Found

MAX_XMP = 1 << 20
MAX_RECORDS = 2000

XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP_HEADER = b"Photoshop 3.0\0"

_XMP: tuple[tuple[Found, str, tuple[bytes, ...]], ...] = (
    (Found.PLACE, "", (b"GPSLatitude", b"LocationCreated", b"LocationShown", b"photoshop:City")),
    (
        Found.DATE,
        "",
        (b"CreateDate", b"DateCreated", b"DateTimeOriginal", b"ModifyDate", b"MetadataDate"),
    ),
    (
        Found.DEVICE,
        "",
        (b"tiff:Make", b"tiff:Model", b"SerialNumber", b"aux:Lens", b"LensModel", b"CameraProfile"),
    ),
    (
        Found.NAMES,
        "",
        (b"dc:creator", b"dc:rights", b"xmpRights:", b"PersonInImage", b"photoshop:Credit"),
    ),
    (Found.NAMES, "people in the picture", (b"mwg-rs:", b"MPReg:")),
    (
        Found.WORDS,
        "",
        (b"dc:title", b"dc:description", b"dc:subject", b"photoshop:Headline", b"UserComment"),
    ),
    (Found.SOFTWARE, "", (b"CreatorTool", b"tiff:Software")),
    (
        Found.EDITS,
        "",
        (b"xmpMM:", b"crs:", b"stEvt:", b"photoshop:History", b"darktable:", b"crd:"),
    ),
    (Found.PREVIEW, "", (b"xmp:Thumbnails", b"GImage:", b"GDepth:", b"hdrgm:", b"HDRGainMap")),
    (Found.CLIP, "", (b"MicroVideo", b"MotionPhoto")),
)


def xmp(data: bytes | memoryview, findings: Findings) -> None:
    text = bytes(data[:MAX_XMP])
    if b"\0<\0" in text[:64] or b"<\0x\0" in text[:64]:
        text = text.replace(b"\0", b"")  # UTF-16
    any_known = False
    for kind, detail, names in _XMP:
        if any(name in text for name in names):
            findings.add(kind, detail)
            any_known = True
    if not any_known:
        findings.add(Found.OTHER, "XMP")


_BLOCKS: dict[int, tuple[Found, str]] = {
    0x0409: (Found.PREVIEW, "thumbnail"),
    0x040C: (Found.PREVIEW, "thumbnail"),
    0x040A: (Found.NAMES, ""),
    0x040B: (Found.WORDS, ""),
    0x03EC: (Found.WORDS, ""),
    0x0425: (Found.EDITS, ""),
}
_RECORDS: dict[int, Found] = {
    5: Found.WORDS, 25: Found.WORDS, 40: Found.WORDS, 105: Found.WORDS, 120: Found.WORDS,
    80: Found.NAMES, 85: Found.NAMES, 110: Found.NAMES, 115: Found.NAMES, 116: Found.NAMES,
    122: Found.NAMES, 118: Found.NAMES,
    55: Found.DATE, 60: Found.DATE, 62: Found.DATE, 63: Found.DATE, 30: Found.DATE,
    26: Found.PLACE, 27: Found.PLACE, 90: Found.PLACE, 92: Found.PLACE, 95: Found.PLACE,
    100: Found.PLACE, 101: Found.PLACE,
    65: Found.SOFTWARE, 70: Found.SOFTWARE,
}  # fmt: skip


def photoshop(data: bytes | memoryview, findings: Findings) -> None:
    """Photoshop's resource blocks, one of which is IPTC."""
    block, at, known = bytes(data), 0, False
    for _ in range(MAX_RECORDS):
        if at + 12 > len(block) or block[at : at + 4] not in (b"8BIM", b"MeSa", b"PHUT", b"DCSR"):
            break
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name = block[at + 6] + 1
        body = at + 6 + name + name % 2
        if body + 4 > len(block):
            break
        length = int.from_bytes(block[body : body + 4], "big")
        if number == 0x0404:
            known = iptc(block[body + 4 : body + 4 + length], findings) or known
        elif number == 0x0424:
            xmp(block[body + 4 : body + 4 + length], findings)
            known = True
        elif number in _BLOCKS:
            findings.add(*_BLOCKS[number])
            known = True
        at = body + 4 + length + length % 2
    if not known:
        findings.add(Found.EDITS, "Photoshop")


def iptc(data: bytes | memoryview, findings: Findings) -> bool:
    """IPTC-IIM records; False where there was none that is known."""
    block, at, known = bytes(data), 0, False
    for _ in range(MAX_RECORDS):
        if at + 5 > len(block) or block[at] != 0x1C:
            break
        record, number, length = struct.unpack_from(">BBH", block, at + 1)
        if length & 0x8000:
            break
        if record == 2 and number in _RECORDS and length:
            findings.add(_RECORDS[number])
            known = True
        at += 5 + length
    return known


_KEYWORDS: dict[str, Found] = {
    "author": Found.NAMES, "artist": Found.NAMES, "copyright": Found.NAMES,
    "title": Found.WORDS, "description": Found.WORDS, "comment": Found.WORDS,
    "disclaimer": Found.WORDS, "warning": Found.WORDS, "prompt": Found.WORDS,
    "parameters": Found.WORDS, "workflow": Found.WORDS, "user comment": Found.WORDS,
    "software": Found.SOFTWARE, "creation time": Found.DATE, "date:create": Found.DATE,
    "date:modify": Found.DATE, "create-date": Found.DATE, "source": Found.DEVICE,
    "make": Found.DEVICE, "model": Found.DEVICE,
}  # fmt: skip


def text(keyword: bytes, words: str, findings: Findings) -> None:
    """A PNG's text: its keyword says what it is, if it is one of those that are known."""
    name = keyword.decode("latin-1").lower()
    if name.startswith("raw profile type"):
        findings.add(Found.OTHER, name.removeprefix("raw profile type").strip().upper())
        return
    kind = _KEYWORDS.get(name, Found.WORDS)
    findings.add(kind, words if kind in (Found.SOFTWARE, Found.DATE, Found.DEVICE) else "")
