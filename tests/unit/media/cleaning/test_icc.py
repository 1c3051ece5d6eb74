"""Profiles: the same colours, and nothing else of what was in them."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from lighttight.media.cleaning import icc
from lighttight.media.cleaning.base import Findings, Found
from tests.support import media_files, planted

PRIMARIES = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


def neutral(profile: bytes) -> bytes | None:
    return icc.neutral(profile, Findings())


def kept(profile: bytes) -> bytes:
    result = neutral(profile)
    assert result is not None
    return result


def tags(profile: bytes) -> dict[bytes, bytes]:
    found = {}
    for index in range(struct.unpack_from(">I", profile, 128)[0]):
        name, at, length = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        found[name] = profile[at : at + length]
    return found


def made(changed: dict[bytes, bytes | None], *, major: int = 2, space: bytes = b"RGB ") -> bytes:
    """A profile of given tags; None takes one of the usual away."""
    usual: dict[bytes, bytes | None] = {**tags(media_files.profile(PRIMARIES)), **changed}
    present = {name: data for name, data in usual.items() if data is not None}
    head = bytearray(media_files.profile(PRIMARIES)[:128])
    head[8], head[16:20] = major, space
    table, body = struct.pack(">I", len(present)), b""
    for name, data in present.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(present) + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    return struct.pack(">I", 128 + len(table) + len(body)) + head[4:] + table + body


def shown(profile: bytes, mode: str = "RGB") -> bytes:
    image = media_files.photo(64, 48).convert(mode)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    result = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    assert isinstance(result, Image.Image)
    return result.tobytes()


def table_16(outs: int = 3) -> bytes:
    """A small table that turns colours around, so that losing it would be seen."""
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = struct.pack(">HH", 0, 65535)
    grid = b"".join(
        struct.pack(">HHH", r * 65535, b * 40000, g * 30000)
        for r in (0, 1) for g in (0, 1) for b in (0, 1)
    )  # fmt: skip
    sizes = struct.pack(">BBBBHH", 3, outs, 2, 0, 2, 2)
    return b"mft2\0\0\0\0" + sizes[:4] + matrix + sizes[4:] + ramp * 3 + grid + ramp * outs


def table_new() -> bytes:
    curve = b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", 80000)
    matrix = struct.pack(">12i", 60000, 0, 0, 0, 65536, 0, 0, 0, 50000, 0, 0, 0)
    grid = b"\2\2\2" + bytes(13) + b"\1\0\0\0" + bytes(range(0, 240, 10))
    parts, offsets, at = [curve * 3, matrix, curve * 3, grid, curve * 3], [], 32 + 8
    for part in parts:
        offsets.append(at)
        at += len(part) + 8
    body = b"".join(b"CANARY-7" + part for part in parts)
    return b"mAB \0\0\0\0\3\3CA" + struct.pack(">5I", *offsets) + body


def test_nothing_of_the_planted_profile_is_left() -> None:
    profile = planted.profile()
    copy = kept(profile)
    assert planted.canaries_in(profile)
    assert planted.canaries_in(copy) == []
    assert set(tags(copy)) - {b"desc", b"cprt"} <= set(tags(profile))
    assert copy[24:36] == bytes(12)
    assert copy[40:44] + copy[48:64] + copy[80:128] == bytes(68)


def test_colours_are_the_same() -> None:
    for profile in (planted.profile(), media_files.profile(PRIMARIES, 1.8)):
        assert shown(kept(profile)) == shown(profile)
        assert shown(profile) != media_files.photo(64, 48).tobytes()


def test_colours_of_tables_are_the_same() -> None:
    lut = made({b"A2B0": table_16() + b"CANARY-7f3a-PLANTED"})
    assert b"CANARY" not in kept(lut)
    assert shown(kept(lut)) == shown(lut) != shown(made({}))
    new = made({b"A2B0": table_new()}, major=4)
    assert b"CANARY" not in kept(new)
    assert shown(kept(new)) == shown(new) != shown(made({}, major=4))


def test_grey_profiles() -> None:
    none: dict[bytes, bytes | None] = dict.fromkeys(tags(made({})))
    curve = b"curv\0\0\0\0\0\0\0\1\2\0"
    white = tags(made({}))[b"wtpt"]
    grey = made({**none, b"kTRC": curve, b"wtpt": white}, space=b"GRAY")
    assert shown(kept(grey), "L") == shown(grey, "L")
    assert neutral(made({**none, b"wtpt": white}, space=b"GRAY")) is None


def test_two_screens_with_the_same_colours_give_the_same_bytes() -> None:
    other = planted.profile().replace(planted.CANARY[:4], b"DELL")
    assert kept(other) == kept(planted.profile()) == kept(media_files.profile(PRIMARIES, 2.0))


def test_neutral_stays_as_it_is() -> None:
    copy = kept(planted.profile())
    found = Findings()
    assert icc.neutral(copy, found) == copy
    assert found.all() == ()


def test_screens_are_told() -> None:
    found = Findings()
    icc.neutral(planted.profile(), found)
    assert Found.DEVICE in found


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        bytes(128),
        planted.CANARY * 20,
        made({})[:131],
        made({})[:-8],
        made({}, major=5),
        made({}, space=b"QQQQ"),
        made({b"rXYZ": None}),
        made({b"rXYZ": planted.CANARY * 2}),
        made({b"rTRC": b"curv\0\0\0\0\xff\xff\xff\xff"}),
        made({b"rTRC": b"curv\0\0\0\0\0\0\1\0"}),
        made({b"rTRC": b"para\0\0\0\0\0\7\0\0" + bytes(40)}),
        made({b"A2B0": b"mpet" + bytes(40)}),
        made({b"A2B0": table_16()[:-2]}),
        made({b"A2B0": b"mft2\0\0\0\0\x0f\x0f\xff\0" + bytes(100)}),
        made({b"A2B0": table_new()[:-40]}, major=4),
        made({b"A2B0": b"mAB \0\0\0\0\3\3\0\0" + struct.pack(">5I", 4, 0, 0, 0, 0)}, major=4),
    ],
)
def test_what_does_not_parse_is_left_out_and_told(profile: bytes) -> None:
    found = Findings()
    assert icc.neutral(profile, found) is None
    assert found.all()[-1].kind is Found.OTHER


def test_a_table_of_tags_as_long_as_it_says_is_not_believed() -> None:
    for count in (101, 0xFFFFFFFF):
        profile = bytearray(made({}))
        profile[128:132] = struct.pack(">I", count)
        assert neutral(bytes(profile)) is None


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6), st.booleans())
def test_changed_profiles_are_left_out_or_still_profiles(
    changes: list[tuple[int, int]], new: bool
) -> None:
    table = table_new() if new else table_16()
    profile = bytearray(made({b"A2B0": table}, major=4 if new else 2))
    for at, value in changes:
        profile[at % len(profile)] = value
    copy = neutral(bytes(profile))
    if copy is not None:
        assert neutral(copy) == copy
        assert len(copy) <= len(profile) + 400
