"""Words inside the coded stream: taken out, and not a byte of the pictures with them."""

from __future__ import annotations

import struct

import pytest

from lighttight.media.cleaning.base import Damaged, Finding, Findings, Found
from lighttight.media.cleaning.coded import (
    HDR10_PLUS,
    MotionJPEG,
    NALs,
    OBUs,
    ProRes,
    StartCodes,
    escaped,
    messages,
    unescaped,
)

CANARY = b"cnryPLANTED"
SLICE = b"\x65" + bytes(range(1, 60))
MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM" + CANARY
X264 = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef") + b"x264 - core 164" + CANARY


def nal(*units: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def message(kind: int, payload: bytes) -> bytes:
    head = b""
    for value in (kind, len(payload)):
        head += b"\xff" * (value // 255) + bytes([value % 255])
    return head + payload


def sei(*parts: bytes, head: bytes = b"\x06") -> bytes:
    return head + escaped(b"".join(parts) + b"\x80")


@pytest.mark.parametrize(
    "sample",
    [
        b"\0\0\0\x10\x65abc",
        b"\0\0\0",
        b"\xff\xff\xff\xff\x65",
        nal(SLICE) + b"\0\0\0\2\x65",
    ],
)
def test_units_that_lead_outside_of_their_sample_are_damage(sample: bytes) -> None:
    with pytest.raises(Damaged):
        NALs(Findings(), 4, hevc=False).cleaned(sample)


def test_messages_that_do_not_fit_are_dropped_with_their_unit() -> None:
    for raw in (b"\x05\xff", b"\x05\x20abc", b"\xff" * 300, b"\x05\x80", b""):
        unit = b"\x06" + raw
        assert NALs(Findings(), 4, hevc=False).cleaned(nal(unit, SLICE)) == nal(SLICE)


def test_messages_of_cameras_and_encoders_are_gone_and_timing_stays() -> None:
    found = Findings()
    timing, recovery = message(1, b"\1\2\0\0\3\4"), message(6, b"\x84")
    sample = nal(
        b"\x09\xf0",
        sei(timing, message(5, MDPM), recovery),
        sei(message(5, X264)),
        sei(message(4, b"\xb5\0\x31GA94" + CANARY)),
        sei(message(200, CANARY)),
        b"\x18" + CANARY,
        b"\x0c" + b"\xff" * 20,
        SLICE,
    )
    clean = NALs(found, 4, hevc=False).cleaned(sample)
    assert clean == nal(b"\x09\xf0", sei(timing, recovery), SLICE)
    said = found.all()
    assert {Found.PLACE, Found.DATE, Found.DEVICE, Found.WORDS} <= {one.kind for one in said}
    assert Finding(Found.SOFTWARE, "x264 - core 164cnryPLANTED") in said


def test_a_sample_with_nothing_to_take_is_the_very_same() -> None:
    sample = nal(b"\x67\x42", b"\x68\xce", sei(message(6, b"\x84")), SLICE, b"\x41\0\0\3\1")
    assert NALs(Findings(), 4, hevc=False).cleaned(sample) is sample


def test_words_behind_the_last_message_of_a_unit_are_gone() -> None:
    unit = b"\x06" + message(6, b"\x84") + b"\x80" + CANARY
    clean = NALs(Findings(), 4, hevc=False).cleaned(nal(unit, SLICE))
    assert CANARY not in clean


def test_hevc_keeps_light_levels_and_hdr10_plus_only() -> None:
    head = b"\x4e\x01"
    stays = message(137, bytes(24)), message(144, bytes(4)), message(4, HDR10_PLUS + bytes(40))
    goes = message(5, X264), message(136, b"\x40\1\2\3"), message(4, b"\xb5\0\x31" + CANARY)
    picture = b"\x26\x01" + bytes(range(40))
    sample = nal(sei(*stays, *goes, head=head), b"\x7c\x01" + CANARY, picture)
    clean = NALs(Findings(), 4, hevc=True).cleaned(sample)
    assert clean == nal(sei(*stays, head=head), picture)
    dolby = NALs(Findings(), 4, hevc=True, dolby=True).cleaned(sample)
    assert dolby == nal(sei(*stays, head=head), b"\x7c\x01" + CANARY, picture)


def test_lengths_of_two_bytes_are_kept_in_two() -> None:
    def short(*units: bytes) -> bytes:
        return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)

    sample = short(sei(message(5, X264)), SLICE)
    assert NALs(Findings(), 2, hevc=False).cleaned(sample) == short(SLICE)


def test_escaping_goes_both_ways() -> None:
    for raw in (b"\0\0\1", b"\0\0\0\0\0\0", b"\0\0\3\0\0\2", b"abc\0\0", bytes(range(256))):
        assert unescaped(escaped(raw)) == raw
        assert b"\0\0\1" not in escaped(raw)
    assert list(messages(message(300, bytes(600)) + b"\x80")) == [(300, bytes(600))]


# --- AV1


def obu(kind: int, payload: bytes) -> bytes:
    return bytes([kind << 3 | 2, len(payload)]) + payload


def test_metadata_of_av1_is_gone_but_for_light_levels() -> None:
    keep = [obu(1, b"\0\1\2"), obu(5, b"\1" + bytes(4)), obu(5, b"\4" + HDR10_PLUS + b"\1\2\x80")]
    gone = [obu(5, b"\4\xb5\0\x31" + CANARY), obu(5, b"\5time"), obu(15, CANARY), obu(9, CANARY)]
    frame = obu(6, bytes(range(20)))
    found = Findings()
    clean = OBUs(found).cleaned(b"".join([*keep, *gone, frame]))
    assert clean == b"".join([*keep, frame])
    assert {Found.WORDS, Found.HIDDEN} <= {one.kind for one in found.all()}
    assert OBUs(Findings()).cleaned(clean) is clean
    last = b"".join(keep) + bytes([6 << 3]) + bytes(30)
    assert OBUs(Findings()).cleaned(last) is last


@pytest.mark.parametrize("sample", [b"\x32", b"\x32\x7f", b"\x32" + b"\xff" * 9, b"\x36"])
def test_units_of_av1_that_lead_outside_are_damage(sample: bytes) -> None:
    with pytest.raises(Damaged):
        OBUs(Findings()).cleaned(sample)


# --- MPEG-4 part 2, Motion JPEG, ProRes


def test_user_data_is_gone_but_for_what_decoders_follow() -> None:
    head, picture = b"\0\0\1\xb0\1", b"\0\0\1\xb6" + bytes(range(4, 40))
    kept = b"\0\0\1\xb2XviD0069"
    for said in (CANARY, b"Lavc59", b"GA94" + CANARY, b"XviD0069" + CANARY, b""):
        sample = head + b"\0\0\1\xb2" + said + kept + picture + b"\0\0\1\xb2" + said
        assert StartCodes(Findings()).cleaned(sample) == head + kept + picture
    assert StartCodes(Findings()).cleaned(picture) is picture


def jpeg(*segments: tuple[int, bytes], scan: bytes = b"\1\2\xff\0\3\xff\xd0\4") -> bytes:
    body = b"".join(
        struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data for kind, data in segments
    )
    return b"\xff\xd8" + body + b"\xff\xda\0\4\1\2" + scan + b"\xff\xd9"


def test_every_picture_of_motion_jpeg_is_bare() -> None:
    quantiser, frame = (0xDB, bytes(65)), (0xC0, bytes(15))
    planted = [(0xFE, CANARY), (0xE1, b"Exif\0\0" + CANARY), (0xE0, b"JFIF\0" + CANARY)]
    field = jpeg((0xE0, b"AVI1\1" + CANARY), *planted, quantiser, frame)
    clean = MotionJPEG(Findings()).cleaned(CANARY + field + b"\0\0" + field + CANARY)
    bare = jpeg((0xE0, b"AVI1\1" + bytes(9)), quantiser, frame)
    assert clean == bare + bare
    assert MotionJPEG(Findings()).cleaned(bare) is bare


@pytest.mark.parametrize(
    "sample", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"\xff\xd8\xff\xda\0\2abc", CANARY]
)
def test_a_picture_of_motion_jpeg_that_has_no_end_is_damage(sample: bytes) -> None:
    with pytest.raises(Damaged):
        MotionJPEG(Findings()).cleaned(sample)


def test_prores_is_cut_to_its_own_length_and_names_no_encoder() -> None:
    sample = struct.pack(">I", 60) + b"icpf" + b"\0\x94\0\0Lavc" + bytes(44)
    found = Findings()
    assert ProRes(found).cleaned(sample + CANARY) == sample.replace(b"Lavc", b"apl0")
    assert found.all() == (Finding(Found.SOFTWARE, "Lavc"),)
    for broken in (b"", sample[:20], sample[:40], b"\0" * 60):
        with pytest.raises(Damaged):
            ProRes(Findings()).cleaned(broken)
