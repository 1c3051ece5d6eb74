"""EXIF: what a camera wrote, and what an attacker would."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from lighttight.media import tags
from tests.support import media_files
from tests.support.media_files import tiff


class Counted(io.BytesIO):
    """Counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def facts(block: bytes) -> tags.Facts:
    return tags.facts(tags.read_exif(block))


def directory(offset: int, count: int, *entries: bytes, following: int = 0) -> bytes:
    head = b"II*\0" + struct.pack("<I", offset)
    return head + struct.pack("<H", count) + b"".join(entries) + struct.pack("<I", following)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"Exif",
        b"Exif\0\0",
        b"II*\0",
        b"XX*\0\x08\0\0\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x00\0\0\0",
        directory(8, 65535),
        directory(8, 1, struct.pack("<HHII", 0x0110, 2, 0xFFFFFFFF, 8)),
        directory(8, 1, struct.pack("<HHII", 0x0110, 2, 64, 0xFFFFFFF0)),
        directory(8, 1, struct.pack("<HHII", 0x0110, 99, 1, 8)),
        directory(8, 1, struct.pack("<HHII", 0x8769, 4, 1, 8)),
        directory(8, 1, struct.pack("<HHII", 0x014A, 4, 1, 8), following=8),
    ],
)
def test_nonsense_says_nothing(block: bytes) -> None:
    assert facts(block) == tags.Facts()


def test_loops_and_floods_are_read_a_bounded_number_of_times() -> None:
    """A chain of directories, each pointing at the next, each full."""
    entry = struct.pack("<HHII", 0x0110, 2, 4000, 0)
    block = struct.pack("<H", 512) + entry * 512
    size = len(block) + 4
    data = b"II*\0" + struct.pack("<I", 8)
    for number in range(100):
        data += block + struct.pack("<I", 8 + size * (number + 1))
    file = Counted(data)
    tags.read(file)
    directories = 3 + tags.MAX_SUBS
    assert file.taken < directories * tags.MAX_ENTRIES * (tags.MAX_VALUE + 12 + 1)
    assert len(tags.read(io.BytesIO(data)).subs) == tags.MAX_SUBS


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_a_camera_writes(order: str) -> None:
    found = facts(media_files.exif(6, order=order))
    assert found.orientation == 6
    assert found.taken == media_files.TAKEN.isoformat()
    assert found.latitude == pytest.approx(media_files.LATITUDE, abs=1e-6)
    assert found.longitude == pytest.approx(media_files.LONGITUDE, abs=1e-6)
    assert found.device == media_files.DEVICE


@pytest.mark.parametrize(
    "written",
    [
        "", "0000:00:00 00:00:00", "    :  :     :  :  ", "2026:13:01 00:00:00",
        "2026:02:30 00:00:00", "2026:07:04", "yesterday", "2026:07:04 25:00:00",
    ],
)  # fmt: skip
def test_times_that_are_none(written: str) -> None:
    assert tags.camera_time(written) is None


def test_times_as_some_cameras_write_them() -> None:
    assert tags.camera_time("2026-07-04T18:30:05+02:00") == "2026-07-04T18:30:05"
    assert tags.camera_time("2026:07:04 18:30") == "2026-07-04T18:30:00"


def place(*entries: tuple[int, int, Any]) -> tuple[float | None, float | None]:
    block = tiff([[(0x0110, 2, "x")], list(entries)], children={1: (0, 0x8825)})
    found = facts(block)
    return found.latitude, found.longitude


@pytest.mark.parametrize(
    "entries",
    [
        [(2, 5, [48, 12, 0])],
        [(2, 5, [0, 0, 0]), (4, 5, [0, 0, 0])],
        [(2, 5, [91, 0, 0]), (4, 5, [10, 0, 0])],
        [(2, 5, [48, 0, 0]), (4, 5, [181, 0, 0])],
        [(2, 2, "48"), (4, 2, "16")],
        [(2, 5, [1, 2, 3, 4]), (4, 5, [1, 2, 3, 4])],
    ],
)
def test_places_that_are_none(entries: list[tuple[int, int, Any]]) -> None:
    assert place(*entries) == (None, None)


def test_places_south_and_west() -> None:
    found = place((1, 2, "S"), (2, 5, [33, 30, 0]), (3, 2, "W"), (4, 5, [70, 0, 36]))
    assert found == (pytest.approx(-33.5), pytest.approx(-70.01))


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        (None, None, None),
        ("", "", None),
        ("NIKON CORPORATION", "NIKON Z 8", "NIKON Z 8"),
        ("Apple", "iPhone 17", "Apple iPhone 17"),
        ("Canon", "", "Canon"),
        (None, "X100VI", "X100VI"),
        (b"bytes", 5, None),
    ],
)
def test_devices(make: Any, model: Any, name: str | None) -> None:
    assert tags.device(make, model) == name
