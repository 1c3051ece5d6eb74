"""What the boxes of a movie say beside the pictures, put into words for the person.

Only read for telling: nothing of it gets into a copy, so what is not understood here is named
coarsely and changes nothing else. A box that is broken is `other`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from lighttight.media.cleaning import exif
from lighttight.media.cleaning.base import Damaged, Findings, Found
from lighttight.media.cleaning.bmff_boxes import Box
from lighttight.media.cleaning.coded import text_of

MAX_TEXT = 400
MAX_ENTRIES = 500
_EPOCH = datetime(1904, 1, 1)

_KINDS = {
    b"\xa9xyz": Found.PLACE, b"loci": Found.PLACE, b"GPS ": Found.PLACE, b"gps ": Found.PLACE,
    b"GPMF": Found.PLACE, b"\xa9gpx": Found.PLACE,
    b"\xa9day": Found.DATE, b"date": Found.DATE, b"yrrc": Found.DATE,
    b"\xa9mak": Found.DEVICE, b"\xa9mod": Found.DEVICE, b"manu": Found.DEVICE,
    b"modl": Found.DEVICE, b"CAME": Found.DEVICE, b"LENS": Found.DEVICE, b"FIRM": Found.DEVICE,
    b"MUID": Found.DEVICE, b"SETT": Found.DEVICE, b"CNMN": Found.DEVICE, b"CNFV": Found.DEVICE,
    b"info": Found.DEVICE, b"SNum": Found.DEVICE, b"HMMT": Found.OTHER,
    b"\xa9swr": Found.SOFTWARE, b"\xa9too": Found.SOFTWARE, b"\xa9enc": Found.SOFTWARE,
    b"\xa9fmt": Found.SOFTWARE, b"SDLN": Found.SOFTWARE, b"vndr": Found.SOFTWARE,
    b"\xa9nam": Found.WORDS, b"\xa9cmt": Found.WORDS, b"\xa9des": Found.WORDS,
    b"\xa9inf": Found.WORDS, b"\xa9alb": Found.WORDS, b"\xa9gen": Found.WORDS,
    b"\xa9lyr": Found.WORDS, b"\xa9key": Found.WORDS, b"titl": Found.WORDS,
    b"dscp": Found.WORDS, b"desc": Found.WORDS, b"ldes": Found.WORDS, b"kywd": Found.WORDS,
    b"gnre": Found.WORDS, b"albm": Found.WORDS, b"name": Found.WORDS,
    b"\xa9ART": Found.NAMES, b"\xa9aut": Found.NAMES, b"\xa9cpy": Found.NAMES,
    b"\xa9dir": Found.NAMES, b"\xa9prd": Found.NAMES, b"\xa9wrt": Found.NAMES,
    b"aART": Found.NAMES, b"auth": Found.NAMES, b"perf": Found.NAMES, b"cprt": Found.NAMES,
    b"XMP_": Found.EDITS, b"covr": Found.PREVIEW, b"thmb": Found.PREVIEW,
    b"CNTH": Found.PREVIEW, b"chpl": Found.TRACKS,
}  # fmt: skip
_TOLD = frozenset({Found.DATE, Found.DEVICE, Found.SOFTWARE, Found.WORDS, Found.NAMES})

_KEYS = (
    ("location", Found.PLACE),
    ("gps", Found.PLACE),
    ("date", Found.DATE),
    ("time", Found.DATE),
    ("identifier", Found.CLIP),
    ("live-photo", Found.CLIP),
    ("android.version", Found.SOFTWARE),
    ("make", Found.DEVICE),
    ("manufacturer", Found.DEVICE),
    ("model", Found.DEVICE),
    ("camera", Found.DEVICE),
    ("lens", Found.DEVICE),
    ("serial", Found.DEVICE),
    ("software", Found.SOFTWARE),
    ("encoder", Found.SOFTWARE),
    ("author", Found.NAMES),
    ("artist", Found.NAMES),
    ("copyright", Found.NAMES),
    ("title", Found.WORDS),
    ("name", Found.WORDS),
    ("comment", Found.WORDS),
    ("description", Found.WORDS),
    ("keyword", Found.WORDS),
    ("information", Found.WORDS),
)
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def tell_time(findings: Findings, seconds: int) -> None:
    """A creation or modification time: seconds since 1904, UTC."""
    if not seconds:
        return
    try:
        when = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        findings.add(Found.DATE)
        return
    findings.add(Found.DATE, f"{when:%Y-%m-%d %H:%M}")


def tell_place(findings: Findings, text: str) -> None:
    match = re.search(r"([+-]\d{1,3}(?:\.\d{1,9})?)([+-]\d{1,3}(?:\.\d{1,9})?)", text)
    if match is None:
        findings.add(Found.PLACE)
        return
    findings.add(Found.PLACE, exif.place(float(match[1]), float(match[2])))


def tell_user_data(findings: Findings, udta: Box) -> None:
    try:
        for child in udta.children()[:MAX_ENTRIES]:
            if child.kind == b"meta":
                tell_meta(findings, child)
            else:
                _tell(findings, child.kind, _said(child.data))
    except Damaged:
        findings.add(Found.OTHER)


def tell_meta(findings: Findings, meta: Box) -> None:
    """QuickTime's list of keys and values, or the one of iTunes."""
    try:
        # A full box in ISO files, a plain one in QuickTime's.
        inside = meta.children(0 if bytes(meta.data[4:8]) == b"hdlr" else 4)
        keys: list[str] = []
        for child in inside[:MAX_ENTRIES]:
            if child.kind == b"keys":
                keys = [
                    text_of(bytes(key.data[:MAX_TEXT])).lower()
                    for key in child.children(8)[:MAX_ENTRIES]
                ]
        told = False
        for child in inside[:MAX_ENTRIES]:
            if child.kind == b"ilst":
                for value in child.children()[:MAX_ENTRIES]:
                    told = True
                    _tell_value(findings, value, keys)
            elif child.kind == b"xml ":
                findings.add(Found.OTHER, "a description in XML")
                told = True
            elif child.kind in (b"iloc", b"idat"):
                findings.add(Found.PREVIEW)
                told = True
        if not told:
            findings.add(Found.OTHER)
    except Damaged:
        findings.add(Found.OTHER)


def _tell_value(findings: Findings, value: Box, keys: list[str]) -> None:
    data = value.child(b"data")
    text = _readable(bytes(data.data[8 : 8 + MAX_TEXT])) if data is not None else ""
    number = int.from_bytes(value.kind, "big")
    if not 0 < number <= len(keys):
        _tell(findings, value.kind, text)
        return
    tell_named(findings, keys[number - 1], text)


def tell_named(findings: Findings, key: str, text: str) -> None:
    """A value under a key in plain, lower-case English, as QuickTime and Matroska have them."""
    kind = next((found for word, found in _KEYS if word in key), Found.OTHER)
    if kind is Found.PLACE and "accuracy" not in key:
        tell_place(findings, text)
    else:
        findings.add(kind, text if kind in _TOLD else "")


def _tell(findings: Findings, name: bytes, text: str) -> None:
    kind = _KINDS.get(name, Found.OTHER)
    if name == b"\xa9xyz":
        tell_place(findings, text)
    elif name == b"chpl":
        findings.add(kind, "chapters")
    else:
        findings.add(kind, text if kind in _TOLD else "")


def _said(data: memoryview) -> str:
    """Text of QuickTime has a length and a language before it, text of 3GPP a version."""
    raw = bytes(data[:MAX_TEXT])
    if len(raw) >= 4 and int.from_bytes(raw[:2], "big") == len(data) - 4:
        raw = raw[4:]
    elif raw[:4] == bytes(4):
        raw = raw[6:]
    return _readable(raw)


def _readable(raw: bytes) -> str:
    raw = raw.rstrip(b"\0")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if "\0" not in text else ""


def tell_unique(findings: Findings, data: memoryview) -> None:
    """A box whose kind is a UUID."""
    if bytes(data[:16]) == _XMP:
        findings.add(Found.EDITS, "XMP")
    else:
        findings.add(Found.OTHER)


_HANDLERS = {
    b"text": "subtitles or chapters",
    b"sbtl": "subtitles",
    b"subt": "subtitles",
    b"clcp": "captions",
    b"subp": "subtitles",
    b"meta": "timed metadata",
    b"camm": "timed metadata",
    b"tmcd": "a time code",
    b"hint": "hints for a server",
    b"vide": "a picture that is switched off",
    b"soun": "a sound that is switched off",
}


def tell_track(findings: Findings, handler: bytes, stsd: Box | None) -> None:
    """A track that stays behind, and what its samples are made to hold."""
    findings.add(Found.TRACKS, _HANDLERS.get(handler, ""))
    said = bytes(stsd.data[: 16 << 10]) if stsd is not None else b""
    if any(word in said for word in (b"location", b"ISO6709", b"camm", b"gpmd", b"GPS")):
        findings.add(Found.PLACE, "along the way")
