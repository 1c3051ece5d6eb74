"""When, where and with what a picture was taken: a small, bounded reader of EXIF.

EXIF is a TIFF directory, and it sits inside JPEG, PNG, WebP, HEIC, AVIF, CR3 and RAF just as it
does in TIFF, DNG, NEF, CR2, ARW, ORF and RW2 themselves, so one reader serves them all. It reads
three directories and their children by name and follows nothing else: hostile files hold loops
of directories, counts of four thousand million, and offsets into nowhere. Whatever does not fit
is left out. Metadata never stops a picture from being shown.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

MAX_ENTRIES = 512
MAX_VALUE = 4096
MAX_SUBS = 8

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}

WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC = 0x0100, 0x0101, 0x0103, 0x0106
MAKE, MODEL, ORIENTATION, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0132
SUB_IFDS, EXIF_IFD, GPS_IFD, DNG_VERSION, UNIQUE_MODEL = 0x014A, 0x8769, 0x8825, 0xC612, 0xC614
DATE_TIME_ORIGINAL, DATE_TIME_DIGITIZED = 0x9003, 0x9004
GPS_LATITUDE_REF, GPS_LATITUDE, GPS_LONGITUDE_REF, GPS_LONGITUDE = 1, 2, 3, 4


@dataclass(slots=True)
class Facts:
    """What is worth knowing of a picture's metadata, in the words of the wire."""

    orientation: int = 1
    taken: str | None = None
    taken_is_utc: bool = False
    latitude: float | None = None
    longitude: float | None = None
    device: str | None = None

    def wire(self) -> dict[str, Any]:
        return {
            "orientation": self.orientation,
            "taken": self.taken,
            "taken_is_utc": self.taken_is_utc,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "device": self.device,
        }


class Seekable(Protocol):
    def seek(self, offset: int, /) -> int: ...
    def read(self, size: int, /) -> bytes: ...


Value = str | bytes | tuple[int, ...] | tuple[float, ...]
Directory = dict[int, Value]


def _no_directory() -> Directory:
    return {}


def _no_directories() -> list[Directory]:
    return []


@dataclass(slots=True)
class Directories:
    """The directories that matter; `subs` are a RAW file's further pictures."""

    main: Directory = field(default_factory=_no_directory)
    exif: Directory = field(default_factory=_no_directory)
    gps: Directory = field(default_factory=_no_directory)
    subs: list[Directory] = field(default_factory=_no_directories)


class _Reader:
    def __init__(self, file: Seekable, base: int) -> None:
        self._file = file
        self._base = base
        self._order = "<"

    def directories(self) -> Directories:
        found = Directories()
        head = self._at(0, 8)
        if len(head) < 8 or head[:2] not in (b"II", b"MM"):
            return found
        self._order = "<" if head[:2] == b"II" else ">"
        # Olympus and Panasonic write other letters than 42 after the byte order.
        found.main, following = self._directory(self._number(head[4:8]))
        found.exif = self._child(found.main.get(EXIF_IFD))
        found.gps = self._child(found.main.get(GPS_IFD))
        for offset in numbers(found.main.get(SUB_IFDS))[:MAX_SUBS]:
            found.subs.append(self._directory(offset)[0])
        while following and len(found.subs) < MAX_SUBS:
            sub, following = self._directory(following)
            found.subs.append(sub)
        return found

    def _child(self, offset: Value | None) -> Directory:
        where = numbers(offset)
        return self._directory(where[0])[0] if where else {}

    def _at(self, offset: int, count: int) -> bytes:
        self._file.seek(self._base + offset)
        return self._file.read(count)

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self._order == "<" else "big")

    def _directory(self, offset: int) -> tuple[Directory, int]:
        tags: Directory = {}
        if offset < 8:
            return tags, 0
        count = min(self._number(self._at(offset, 2)), MAX_ENTRIES)
        block = self._at(offset + 2, 12 * count + 4)
        for index in range(min(count, len(block) // 12)):
            entry = block[12 * index : 12 * index + 12]
            tag, kind, length = struct.unpack(self._order + "HHI", entry[:8])
            size = _SIZES.get(kind, 0) * length
            if size > MAX_VALUE:
                # That it is there is worth knowing: maker notes and previews are this long.
                tags.setdefault(tag, b"")
            if not 0 < size <= MAX_VALUE:
                continue
            data = entry[8 : 8 + size] if size <= 4 else self._at(self._number(entry[8:]), size)
            if len(data) == size:
                tags.setdefault(tag, self._value(kind, length, data))
        following = block[12 * count : 12 * count + 4]
        return tags, self._number(following) if len(following) == 4 else 0

    def _value(self, kind: int, length: int, data: bytes) -> Value:
        if kind in (2, 129):
            return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
        if kind in (1, 6, 7):
            return data
        order = self._order
        if kind in (5, 10):
            parts = struct.unpack(f"{order}{2 * length}{'I' if kind == 5 else 'i'}", data)
            pairs = zip(parts[::2], parts[1::2], strict=True)
            return tuple(top / bottom if bottom else 0.0 for top, bottom in pairs)
        code = {3: "H", 4: "I", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}[kind]
        return struct.unpack(f"{order}{length}{code}", data)


def numbers(value: Value | None) -> list[int]:
    """The whole numbers of a value; none where it is text or fractions."""
    return [n for n in value if isinstance(n, int)] if isinstance(value, tuple) else []


def read(file: Seekable, base: int = 0) -> Directories:
    """The directories of a TIFF that starts at `base` of `file`."""
    return _Reader(file, base).directories()


def read_exif(block: bytes | None) -> Directories:
    """The directories of an EXIF block, with or without its six letters in front."""
    if not block:
        return Directories()
    start = 6 if block.startswith(b"Exif\0\0") else 0
    return read(io.BytesIO(block), start)


def facts(found: Directories) -> Facts:
    result = Facts()
    orientation = numbers(found.main.get(ORIENTATION))
    if orientation and 1 <= orientation[0] <= 8:
        result.orientation = orientation[0]
    for value in (
        found.exif.get(DATE_TIME_ORIGINAL),
        # TIFF/EP cameras write it into the first directory.
        found.main.get(DATE_TIME_ORIGINAL),
        found.exif.get(DATE_TIME_DIGITIZED),
        found.main.get(DATE_TIME),
    ):
        result.taken = result.taken or camera_time(value)
    result.latitude, result.longitude = _place(found.gps)
    result.device = device(found.main.get(MAKE), found.main.get(MODEL))
    return result


def camera_time(value: Value | None) -> str | None:
    """EXIF's `2026:07:04 18:30:00`, as ISO wall time; None for blanks, zeros and nonsense."""
    if not isinstance(value, str):
        return None
    match = re.match(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?", value)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second).isoformat()
    except ValueError:
        return None


def _degrees(value: Value | None, letter: Value | None, negative: str) -> float | None:
    if not isinstance(value, tuple) or not 1 <= len(value) <= 3:
        return None
    if not all(isinstance(part, float) and part >= 0 for part in value):
        return None
    degrees = sum(float(part) / 60**power for power, part in enumerate(value))
    sign = -1 if isinstance(letter, str) and letter[:1].upper() == negative else 1
    return sign * degrees


def _place(gps: Directory) -> tuple[float | None, float | None]:
    latitude = _degrees(gps.get(GPS_LATITUDE), gps.get(GPS_LATITUDE_REF), "S")
    longitude = _degrees(gps.get(GPS_LONGITUDE), gps.get(GPS_LONGITUDE_REF), "W")
    return valid_place(latitude, longitude)


def valid_place(
    latitude: float | None, longitude: float | None
) -> tuple[float | None, float | None]:
    """Both or neither, within the globe. Exactly 0, 0 is what cameras write without a fix."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None, None
    return latitude, longitude


def device(make: Value | None, model: Value | None) -> str | None:
    """Maker and model as one name, without saying the maker twice."""
    maker = make.strip()[:200] if isinstance(make, str) else ""
    name = model.strip()[:200] if isinstance(model, str) else ""
    if not name:
        return maker or None
    first = maker.split()[0].lower() if maker else ""
    if not first or name.lower().startswith(first):
        return name
    return f"{maker} {name}"
