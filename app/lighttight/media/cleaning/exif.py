"""EXIF as clean copies see it: what a block gives away, and the block that stays.

The block that stays is written from nothing and holds the orientation alone. Nothing of the
original's is carried over, not even its byte order, so that no gap between its directories, no
maker note and no unused value can come along.
"""

from __future__ import annotations

import struct

from lighttight.media import tags
from lighttight.media.cleaning.base import Findings, Found

_STRUCTURE = frozenset({
    0x00FE, 0x00FF, tags.WIDTH, tags.HEIGHT, 0x0102, tags.COMPRESSION, tags.PHOTOMETRIC,
    tags.ORIENTATION, 0x0111, 0x0115, 0x0116, 0x0117, 0x011A, 0x011B, 0x011C, 0x0128,
    tags.SUB_IFDS, 0x0201, 0x0202, 0x0212, 0x0213, 0x0214, 0x8773, tags.EXIF_IFD, tags.GPS_IFD,
    0x9000, 0x9101, 0xA000, 0xA001, 0xA002, 0xA003, 0xA005, 0xEA1C,
})  # fmt: skip
"""Tags that tell nothing but how to show the picture; losing these is no finding."""

_MAKER_NOTE = 0x927C
_KINDS: dict[int, Found] = {
    0x013B: Found.NAMES, 0x8298: Found.NAMES, 0xA430: Found.NAMES, 0x9C9D: Found.NAMES,
    0xA437: Found.NAMES, 0xA438: Found.NAMES,
    0x010E: Found.WORDS, 0x9286: Found.WORDS, 0x9C9B: Found.WORDS, 0x9C9C: Found.WORDS,
    0x9C9E: Found.WORDS, 0x9C9F: Found.WORDS, 0x010D: Found.WORDS, 0xA436: Found.WORDS,
    0x0131: Found.SOFTWARE, 0x000B: Found.SOFTWARE, 0xA43A: Found.SOFTWARE,
    0xA43B: Found.SOFTWARE, 0xA43C: Found.SOFTWARE,
    0x013C: Found.DEVICE, 0xA433: Found.DEVICE, 0xA434: Found.DEVICE, 0xA432: Found.DEVICE,
    0xC614: Found.DEVICE,
    0x0132: Found.DATE, 0x9003: Found.DATE, 0x9004: Found.DATE, 0x9010: Found.DATE,
    0x9011: Found.DATE, 0x9012: Found.DATE,
    0xA420: Found.EDITS, 0x83BB: Found.OTHER,
}  # fmt: skip
_SERIALS = (0xA431, 0xA435, 0xC62F)
_WORTH_SAYING = frozenset({0x0131, 0xA434})
"""Whose value is the detail. Names and captions are not shown again where nobody asked."""


def orientation(block: bytes) -> int:
    """1 to 8; 1 where the block says nothing that can be read."""
    return tags.facts(tags.read_exif(block)).orientation


def reveal(block: bytes, findings: Findings) -> None:
    """Add what an EXIF block gives away, with or without its six letters in front."""
    found = tags.read_exif(block)
    facts = tags.facts(found)
    if facts.latitude is not None and facts.longitude is not None:
        findings.add(Found.PLACE, place(facts.latitude, facts.longitude))
    elif found.gps.keys() - {0}:
        findings.add(Found.PLACE)
    if facts.taken:
        findings.add(Found.DATE, facts.taken.replace("T", " "))
    if facts.device:
        findings.add(Found.DEVICE, facts.device)
    if any(said(value) for tag in _SERIALS for value in _values(found, tag)):
        findings.add(Found.DEVICE, "serial number")
    for sub in found.subs:
        if 0x0201 in sub or 0x0111 in sub:
            findings.add(Found.PREVIEW, "thumbnail")
    settings = False
    for directory in (found.main, found.exif):
        for tag, value in directory.items():
            kind = _KINDS.get(tag)
            if kind is not None and said(value):
                detail = value if tag in _WORTH_SAYING and isinstance(value, str) else ""
                findings.add(kind, detail)
            elif tag == 0x02BC:
                findings.add(Found.OTHER, "XMP")
            elif (
                kind is None
                and tag not in _STRUCTURE
                and tag not in _SERIALS
                and tag != _MAKER_NOTE
            ):
                settings = True
    if _MAKER_NOTE in found.exif:
        findings.add(Found.DEVICE, "the maker's own notes")
    if settings:
        findings.add(Found.OTHER, "camera settings")


def _values(found: tags.Directories, tag: int) -> list[tags.Value]:
    return [d[tag] for d in (found.main, found.exif) if tag in d]


def said(value: tags.Value) -> bool:
    """False for the blanks and zeros that cameras fill their fields with."""
    if isinstance(value, bytes):
        return bool(value.removeprefix(b"ASCII\0\0\0").strip(b"\0 "))
    return bool(value.strip(" \0:0")) if isinstance(value, str) else any(value)


def place(latitude: float, longitude: float) -> str:
    """Two decimals, about a kilometre: enough to be startled by."""
    return (
        f"{abs(latitude):.2f} {'N' if latitude >= 0 else 'S'}, "
        f"{abs(longitude):.2f} {'E' if longitude >= 0 else 'W'}"
    )


def minimal(turn: int) -> bytes:
    """A TIFF of one directory with one tag, for a picture that has to be turned."""
    if not 2 <= turn <= 8:
        raise ValueError(turn)
    entry = struct.pack(">HHIHH", tags.ORIENTATION, 3, 1, turn, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
