"""What stands inside the coded pictures of a video and is no picture: taken out, the rest kept.

Encoders and cameras write into the stream itself: the settings of x264, the date and place that
Sony and Panasonic put into AVCHD, captions, the name of an encoder in every picture of Motion
JPEG. A new container alone would carry all of it along.

One object for each track, `cleaned(sample)` for each sample. What it keeps is byte-identical:

    NALs        H.264, HEVC: slices, parameter sets, delimiters; of SEI messages those that a
                decoder uses (timing, recovery, frame packing, light levels, HDR10+)
    OBUs        AV1: everything but padding, unknown kinds, and metadata other than light levels,
                scalability and HDR10+
    StartCodes  MPEG-4 part 2, MPEG-2: everything but user data (XviD and DivX say there how they
                round, and decoders follow: that stays)
    MotionJPEG  tables and scans; no comment, no EXIF, nothing after the end
    ProRes      the four letters of the encoder are Apple's

A length that leads outside its sample is damage: what stands behind it cannot be told.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Protocol

from lighttight.media.cleaning.base import Damaged, Findings, Found

MAX_MESSAGE = 1024
"""HDR10+ is the longest of those that stay, and has less than half of it."""

HDR10_PLUS = b"\xb5\x00\x3c\x00\x01\x04"
_X26X = (
    bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef"),
    bytes.fromhex("2ca2de09b51747dbbb55a4fe7fc2fc4e"),
)
_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66")


class Coded(Protocol):
    def cleaned(self, sample: bytes, /) -> bytes:
        """The sample without what does not leave; the very same object where that is nothing."""
        ...


# --- H.264 and HEVC

_H264_STAYS = frozenset({1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 19, 20, 21})
_HEVC_STAYS = frozenset({*range(10), *range(16, 22), 32, 33, 34, 35, 36, 37})
_DOLBY_VISION = frozenset({62, 63})
_H264_SEI = frozenset({0, 1, 2, 6, 7, 45, 47, 137, 144, 147, 148})
_HEVC_SEI = frozenset({0, 1, 2, 6, 45, 47, 129, 130, 132, 137, 144, 147, 148, 165, 176})
_REGISTERED, _UNREGISTERED = 4, 5


class NALs:
    """`size` is the number of bytes of each length, as the configuration says it."""

    def __init__(self, findings: Findings, size: int, *, hevc: bool, dolby: bool = False) -> None:
        if size not in (1, 2, 4):
            raise Damaged
        self._findings = findings
        self._size = size
        self._hevc = hevc
        self._stays = _HEVC_STAYS if hevc else _H264_STAYS
        if hevc and dolby:
            self._stays |= _DOLBY_VISION
        self._messages = _HEVC_SEI if hevc else _H264_SEI

    def cleaned(self, sample: bytes, /) -> bytes:
        size, stays, hevc = self._size, self._stays, self._hevc
        at, end = 0, len(sample)
        kept: list[bytes] = []
        copied = 0
        while at < end:
            begin = at + size
            stop = begin + int.from_bytes(sample[at:begin], "big")
            if begin > end or stop > end:
                raise Damaged
            head = sample[begin] if stop > begin else 0xFF
            kind = head >> 1 & 63 if hevc else head & 31
            if kind not in stays:
                unit = sample[begin:stop]
                kept.append(sample[copied:at])
                now = self.unit(unit)
                if now:
                    kept.append(len(now).to_bytes(size, "big") + now)
                copied = stop
            at = stop
        if not copied:
            return sample
        kept.append(sample[copied:])
        clean = b"".join(kept)
        return sample if clean == sample else clean

    def unit(self, unit: bytes) -> bytes:
        """One unit as it stays; empty where nothing of it does."""
        head = 2 if self._hevc else 1
        if len(unit) < head:
            return b""
        kind = unit[0] >> 1 & 63 if self._hevc else unit[0] & 31
        if kind in self._stays:
            return unit
        if kind not in ((39, 40) if self._hevc else (6,)):
            padding = kind == (38 if self._hevc else 12)
            if not padding:
                self._findings.add(Found.HIDDEN, "data between the pictures")
            return b""
        return self._messages_of(unit, head)

    def _messages_of(self, unit: bytes, head: int) -> bytes:
        raw = unescaped(unit[head:])
        kept = bytearray()
        for kind, payload in messages(raw):
            if kind in self._messages and len(payload) <= MAX_MESSAGE:
                stays = True
            else:
                stays = kind == _REGISTERED and _is_hdr10_plus(payload)
            if stays:
                for value in (kind, len(payload)):
                    kept += b"\xff" * (value // 255) + bytes([value % 255])
                kept += payload
            else:
                self._name(kind, payload)
        return unit[:head] + escaped(bytes(kept) + b"\x80") if kept else b""

    def _name(self, kind: int, payload: bytes) -> None:
        if kind == _UNREGISTERED and payload[:16] in _X26X:
            self._findings.add(Found.SOFTWARE, text_of(payload[16:64]))
        elif kind == _UNREGISTERED and payload[:16] == _MDPM:
            self._findings.add(Found.DATE, "the camera's record in every picture")
            self._findings.add(Found.DEVICE, "the camera's record in every picture")
            self._findings.add(Found.PLACE, "the camera's record in every picture")
        elif kind == _REGISTERED:
            self._findings.add(Found.WORDS, "captions in the pictures")
        elif kind == 136 and self._hevc:
            self._findings.add(Found.DATE, "time codes")
        elif kind != 3:
            self._findings.add(Found.OTHER, "user data in the pictures")


def _is_hdr10_plus(payload: bytes) -> bool:
    return payload.startswith(HDR10_PLUS) and len(payload) <= MAX_MESSAGE


def messages(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of an SEI unit. Ends where one does not fit: the rest is not understood."""
    raw = raw.rstrip(b"\0")
    at, end = 0, len(raw)
    while at < end and not (at == end - 1 and raw[at] == 0x80):
        numbers: list[int] = []
        for _ in range(2):
            value = 0
            while at < end and raw[at] == 0xFF:
                value += 255
                at += 1
            if at >= end:
                return
            numbers.append(value + raw[at])
            at += 1
        if at + numbers[1] > end:
            return
        yield numbers[0], raw[at : at + numbers[1]]
        at += numbers[1]


def unescaped(data: bytes) -> bytes:
    if b"\0\0\3" not in data:
        return data
    out = bytearray()
    zeros = 0
    for value in data:
        if zeros >= 2 and value == 3:
            zeros = 0
            continue
        zeros = zeros + 1 if value == 0 else 0
        out.append(value)
    return bytes(out)


def escaped(data: bytes) -> bytes:
    out = bytearray()
    zeros = 0
    for value in data:
        if zeros >= 2 and value <= 3:
            out.append(3)
            zeros = 0
        zeros = zeros + 1 if value == 0 else 0
        out.append(value)
    return bytes(out)


# --- AV1

_OBU_STAYS = frozenset({1, 2, 3, 4, 6, 7})
_OBU_METADATA, _OBU_PADDING = 5, 15
_METADATA_STAYS = frozenset({1, 2, 3})
_T35 = 4


class OBUs:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def cleaned(self, sample: bytes, /) -> bytes:
        at, end = 0, len(sample)
        kept: list[bytes] = []
        while at < end:
            begin = at
            head = sample[at]
            kind = head >> 3 & 15
            at += 2 if head & 4 else 1
            if head & 2:
                length, at = leb128(sample, at)
            else:
                length = end - at
            if length < 0 or at + length > end:
                raise Damaged
            payload = sample[at : at + length] if kind == _OBU_METADATA else b""
            at += length
            if kind in _OBU_STAYS or (kind == _OBU_METADATA and self._stays(payload)):
                kept.append(sample[begin:at])
            elif kind not in (_OBU_METADATA, _OBU_PADDING):
                self._findings.add(Found.HIDDEN, "data between the pictures")
        clean = b"".join(kept)
        return sample if len(clean) == end else clean

    def _stays(self, payload: bytes) -> bool:
        kind, at = leb128(payload, 0)
        if kind in _METADATA_STAYS and len(payload) <= MAX_MESSAGE:
            return True
        if kind == _T35:
            if _is_hdr10_plus(payload[at:]):
                return True
            self._findings.add(Found.WORDS, "captions in the pictures")
        else:
            self._findings.add(Found.OTHER, "user data in the pictures")
        return False


def leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        if at + index >= len(data):
            raise Damaged
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, at + index + 1
    raise Damaged


# --- MPEG-4 part 2, MPEG-1, MPEG-2

_START, _USER_DATA = b"\0\0\1", b"\0\0\1\xb2"


_DECODING = re.compile(rb"XviD\d{4}C?|DivX\d{3}[Bb]\d{1,4}p?")
"""Decoders choose their arithmetic by these: without them other pixels come out."""


class StartCodes:
    """A start code cannot occur inside of coded data, so a search is enough."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def cleaned(self, sample: bytes, /) -> bytes:
        found = sample.find(_USER_DATA)
        if found < 0:
            return sample
        kept: list[bytes] = []
        at = 0
        while found >= 0:
            kept.append(sample[at:found])
            following = sample.find(_START, found + 4)
            at = following if following >= 0 else len(sample)
            said = sample[found + 4 : at]
            if _DECODING.fullmatch(said.rstrip(b"\0")):
                kept.append(sample[found:at])
            else:
                self._name(said)
            found = sample.find(_USER_DATA, at)
        kept.append(sample[at:])
        return b"".join(kept)

    def _name(self, data: bytes) -> None:
        if data[:4] in (b"GA94", b"DTG1") or data[:2] == b"CC":
            self._findings.add(Found.WORDS, "captions in the pictures")
        else:
            self._findings.add(Found.SOFTWARE, text_of(data[:48]))


# --- Motion JPEG

_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_TABLES = frozenset({0xDB, 0xC4, 0xCC, 0xDD, 0xDC, *range(0xC0, 0xD0)}) - {0xC8}


class MotionJPEG:
    """Each sample is a JPEG, or two, one for each field."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def cleaned(self, sample: bytes, /) -> bytes:
        kept: list[bytes] = []
        at = 0
        for _ in range(2):
            at = sample.find(b"\xff\xd8", at)
            if at < 0:
                break
            at = self._picture(sample, at + 2, kept)
        if not kept:
            raise Damaged
        clean = b"".join(kept)
        return sample if clean == sample else clean

    def _picture(self, data: bytes, at: int, kept: list[bytes]) -> int:
        kept.append(b"\xff\xd8")
        end = len(data)
        while True:
            if at + 2 > end or data[at] != 0xFF:
                raise Damaged
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
                continue
            at += 2
            if marker == 0xD9:
                kept.append(b"\xff\xd9")
                return at
            if marker in _BARE:
                continue
            if at + 2 > end:
                raise Damaged
            length = struct.unpack_from(">H", data, at)[0]
            if length < 2 or at + length > end:
                raise Damaged
            segment = data[at - 2 : at + length]
            body = segment[4:]
            at += length
            if marker == 0xDA:
                stop = self._end_of_scan(data, at)
                kept.append(segment + data[at:stop])
                at = stop
            elif marker in _TABLES or (marker == 0xEE and body[:5] == b"Adobe" and length == 14):
                kept.append(segment)
            elif marker == 0xE0 and body[:4] == b"AVI1":
                # Which of the two fields this is.
                kept.append(b"\xff\xe0\0\x10AVI1" + body[4:5].ljust(10, b"\0"))
            elif marker == 0xE0:
                continue
            else:
                self._findings.add(Found.OTHER, "data in every picture")

    def _end_of_scan(self, data: bytes, at: int) -> int:
        while True:
            at = data.find(b"\xff", at)
            if at < 0 or at + 1 >= len(data):
                raise Damaged
            if data[at + 1] == 0 or data[at + 1] in _BARE:
                at += 2
            elif data[at + 1] == 0xFF:
                at += 1
            else:
                return at


# --- ProRes


class ProRes:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def cleaned(self, sample: bytes, /) -> bytes:
        if len(sample) < 28 or sample[4:8] != b"icpf":
            raise Damaged
        whole = struct.unpack_from(">I", sample)[0]
        if not 28 <= whole <= len(sample):
            raise Damaged
        if sample[12:16] == b"apl0" and whole == len(sample):
            return sample
        if sample[12:16] != b"apl0":
            self._findings.add(Found.SOFTWARE, text_of(sample[12:16]))
        return sample[:12] + b"apl0" + sample[16:whole]


def text_of(data: bytes) -> str:
    """What a person can read of it."""
    return "".join(chr(value) if 32 <= value < 127 else " " for value in data)
