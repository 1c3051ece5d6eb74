"""WebP: a container that says of itself what is in it, and nothing else in it."""

from __future__ import annotations

import struct

import pytest

from lighttight.media.cleaning import webp
from lighttight.media.cleaning.base import Damaged, Found
from tests.support import clean_copies, media_files, planted
from tests.support.clean_copies import Memory, cleaned
from tests.support.planted import CANARY, riff, webp_chunks, webp_of


def lossy() -> bytes:
    return webp_chunks(media_files.saved(media_files.photo(32, 24), "WEBP"))[0][1]


def extended(flags: int, *parts: bytes, size: tuple[int, int] = (32, 24)) -> bytes:
    head = bytes((flags, 0, 0, 0)) + b"".join((n - 1).to_bytes(3, "little") for n in size)
    return webp_of(riff(b"VP8X", head), *parts)


def refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        cleaned(data, webp)


def names(data: bytes) -> list[bytes]:
    return [kind for kind, _ in webp_chunks(cleaned(data, webp))]


def test_behind_a_simple_picture_there_is_nothing() -> None:
    plain = webp_of(riff(b"VP8 ", lossy()))
    for part in (riff(b"EXIF", CANARY), riff(b"VP8 ", lossy()), CANARY):
        data = webp_of(riff(b"VP8 ", lossy()), part)
        assert cleaned(data, webp) == plain
        assert Found.HIDDEN in clean_copies.kinds(webp.findings(Memory(data)))
    assert cleaned(plain + CANARY, webp) == plain


def test_sizes_that_cannot_be_are_damage() -> None:
    plain = webp_of(riff(b"VP8 ", lossy()))
    for size in (0, 4, 12, len(plain), 0xFFFFFFFF):
        refused(plain[:4] + struct.pack("<I", size) + plain[8:])
    for size in (0, 9, len(lossy()) + 9, 0xFFFFFFFF):
        refused(plain[:16] + struct.pack("<I", size) + plain[20:])
    refused(plain[:-2])


def test_pictures_of_another_size_than_they_should_be_are_damage() -> None:
    refused(extended(0, riff(b"VP8 ", lossy()), size=(32, 25)))
    refused(extended(0))
    refused(extended(0, riff(b"VP8 ", b"\0" * 40)))
    refused(extended(0, riff(b"VP8L", b"\x2e" + bytes(9))))
    refused(webp_of(riff(b"QQQQ", CANARY), riff(b"VP8 ", lossy())))


def test_flags_say_what_the_copy_has() -> None:
    everything = extended(0xFF, riff(b"VP8 ", lossy()))
    refused(everything)
    still = extended(0xFD, riff(b"VP8 ", lossy()), riff(b"XMP ", planted.XMP))
    assert webp_chunks(cleaned(still, webp))[0][1][:4] == b"\x10\0\0\0"
    with_all = extended(
        0x2C,
        riff(b"ICCP", planted.profile()),
        riff(b"VP8 ", lossy()),
        riff(b"EXIF", planted.exif(5)),
        riff(b"XMP ", planted.XMP),
    )
    assert names(with_all) == [b"VP8X", b"ICCP", b"VP8 ", b"EXIF"]
    assert webp_chunks(cleaned(with_all, webp))[0][1][0] == 0x28


def test_what_the_flags_do_not_announce_is_not_copied() -> None:
    parts = (
        riff(b"ICCP", planted.profile()),
        riff(b"VP8 ", lossy()),
        riff(b"EXIF", planted.exif()),
    )
    assert names(extended(0, *parts)) == [b"VP8X", b"VP8 "]


def test_an_orientation_in_front_of_the_picture_is_kept_behind_it() -> None:
    data = extended(0x08, riff(b"EXIF", planted.exif(3)), riff(b"VP8 ", lossy()))
    assert names(data) == [b"VP8X", b"VP8 ", b"EXIF"]


def test_profiles_that_do_not_parse_are_left_out() -> None:
    data = extended(0x20, riff(b"ICCP", CANARY), riff(b"VP8 ", lossy()))
    assert names(data) == [b"VP8X", b"VP8 "]
    assert Found.OTHER in clean_copies.kinds(webp.findings(Memory(data)))


def test_plain_alpha_is_exactly_as_long_as_the_picture() -> None:
    alpha = bytes((0xC0,)) + b"\x80" * (32 * 24)
    clean = extended(0x10, riff(b"ALPH", b"\0" + alpha[1:]), riff(b"VP8 ", lossy()))
    data = extended(0x10, riff(b"ALPH", alpha + CANARY), riff(b"VP8 ", lossy()))
    assert cleaned(data, webp) == clean
    refused(extended(0x10, riff(b"ALPH", alpha[:-1]), riff(b"VP8 ", lossy())))
    refused(extended(0x10, riff(b"ALPH", b"\2" + alpha[1:]), riff(b"VP8 ", lossy())))
    refused(extended(0x10, riff(b"ALPH", b""), riff(b"VP8 ", lossy())))


def frame(*inside: bytes, left: int = 0, width: int = 32) -> bytes:
    numbers = (left, 0, width - 1, 23, 100)
    head = b"".join(n.to_bytes(3, "little") for n in numbers) + b"\0"
    return riff(b"ANMF", head + b"".join(inside))


def test_frames_hold_a_picture_and_nothing_else() -> None:
    anim, image = riff(b"ANIM", bytes(6)), riff(b"VP8 ", lossy())
    clean = extended(0x02, anim, frame(image), frame(image))
    junk = riff(b"QQQQ", CANARY), riff(b"EXIF", planted.exif())
    data = extended(
        0x02, riff(b"ANIM", bytes(6) + CANARY), frame(image, *junk), *junk, frame(image)
    )
    assert cleaned(data, webp) == clean
    for broken in (
        (frame(image),),
        (anim,),
        (anim, frame()),
        (anim, frame(image, left=1)),
        (anim, frame(image, width=31)),
        (anim, frame(image + b"\0\0\0")),
        (anim, riff(b"ANMF", bytes(15))),
        (riff(b"ANIM", bytes(5)), frame(image)),
    ):
        refused(extended(0x02, *broken))
    refused(extended(0x00, image, frame(image)))


def test_however_many_chunks_it_does_not_hold_them() -> None:
    original = Memory(extended(0, riff(b"VP8 ", lossy()), riff(b"QQQQ", b"") * 50_000))
    webp.findings(original)
    assert original.largest <= 1 << 20


def test_too_many_chunks_are_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp, "MAX_CHUNKS", 10)
    refused(extended(0, riff(b"VP8 ", lossy()), riff(b"QQQQ", b"") * 11))
