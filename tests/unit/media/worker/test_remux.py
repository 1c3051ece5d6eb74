"""MPEG-TS and AVI: the same coded film in an MP4 or MOV, and no word of the original."""

from __future__ import annotations

import random

import pytest

from lighttight.media import sniff
from lighttight.media.cleaning import bmff
from lighttight.media.cleaning.base import Damaged, Finding, Found, Uncleanable
from lighttight.media.worker import remux, video
from tests.support import films
from tests.support.availability import needs_programs
from tests.support.clean_copies import Memory, kinds

video.prepare()
CANARY = b"cnryPLANTEDcnry"


def clean(data: bytes, container: str) -> bytes:
    out = bytearray()
    remux.clean(container, Memory(data), out.extend)
    return bytes(out)


# --- files that were made to hurt


@pytest.mark.parametrize("container", ["mpegts", "avi"])
def test_what_is_no_film_is_refused(container: str) -> None:
    for data in (b"", b"\x47" * 1000, b"RIFF\xff\xff\xff\xffAVI LIST", bytes(5000)):
        with pytest.raises((Damaged, Uncleanable)):
            clean(data, container)


def test_an_avi_that_is_cut_short_is_refused() -> None:
    made = films.film(container="avi", picture="mjpeg", pixels="yuvj420p", sound="pcm_s16le")
    for length in (len(made) - 1, len(made) // 2, 300, 40, 11):
        with pytest.raises(Damaged):
            clean(made[:length], "avi")


def test_a_transport_stream_with_lost_or_broken_packets_is_refused() -> None:
    made = films.film(container="mpegts", bf="0", sound=None, frames=40)
    middle = len(made) // 188 // 2 * 188
    with pytest.raises(Damaged):
        clean(made[:middle] + made[middle + 188 :], "mpegts")
    broken = bytearray(made)
    broken[middle + 1] |= 0x80
    with pytest.raises(Damaged):
        clean(bytes(broken), "mpegts")


@pytest.mark.parametrize("container", ["mpegts", "avi"])
def test_flipped_bits_end_in_a_refusal_or_in_a_whole_copy(container: str) -> None:
    made = films.film(container=container, bf="0", frames=10)
    chance = random.Random(3)
    for _ in range(60):
        data = bytearray(made)
        for _ in range(3):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            copy = clean(bytes(data), container)
        except (Damaged, Uncleanable):
            continue
        assert bmff.findings(Memory(copy)) == ()


def test_codecs_that_are_not_known_are_refused() -> None:
    for picture, sound in (("ffv1", None), ("mpeg4", "flac")):
        made = films.film(picture, sound, "avi")
        with pytest.raises(Uncleanable) as refused:
            clean(made, "avi")
        assert refused.value.reason == "codec"


# --- the same film

FILMS: dict[str, dict[str, str]] = {
    "TS, h264 and AAC": {"container": "mpegts", "bf": "2", "g": "8"},
    "TS, h264 and AC-3": {"container": "mpegts", "sound": "ac3", "g": "8"},
    "TS, hevc": {"container": "mpegts", "picture": "libx265", "x265-params": "log-level=none"},
    "TS, MPEG-2": {"container": "mpegts", "picture": "mpeg2video", "sound": "ac3"},
    "AVI, Motion JPEG": {
        "container": "avi", "picture": "mjpeg", "pixels": "yuvj420p", "sound": "pcm_s16le",
    },
    "AVI, MPEG-4 part 2": {"container": "avi", "picture": "mpeg4", "sound": "ac3"},
    "AVI, h264": {"container": "avi", "bf": "0"},
    "AVI, MP2": {"container": "avi", "bf": "0", "sound": "mp2"},
    "AVI, MP3": {"container": "avi", "picture": "mpeg4", "sound": "mp3"},
}  # fmt: skip


@pytest.mark.parametrize("name", FILMS)
def test_the_copy_shows_the_same_at_the_same_time(name: str) -> None:
    options = FILMS[name]
    container = options["container"]
    made = films.film(**options)
    copy = clean(made, container)
    before, after = films.frames(made), films.frames(copy)
    assert [frame[4] for frame in after] == [frame[4] for frame in before]
    # A stream may begin at any time; the copy begins at zero, and all of it keeps step.
    start = min(frame[2] for frame in before)
    for frame, was in zip(after, before, strict=True):
        assert frame[2] == pytest.approx(was[2] - start, abs=1 / 90_000)
    for word in (b"cnry", b"x264", b"x265", b"Lavf", b"FFmpeg", b"Service01"):
        assert word not in copy
    assert bmff.findings(Memory(copy)) == ()
    sniffed = sniff.sniff(copy[:4096])
    assert sniffed is not None
    assert sniffed.container == {"avi": "mov", "mpegts": "mp4"}[container]


def test_what_was_in_it_is_told() -> None:
    made = films.film(container="avi", bf="0")
    found = remux.findings("avi", Memory(made))
    assert Finding(Found.WORDS, "cnryTITLE") in found
    assert Found.SOFTWARE in kinds(found)
    assert remux.clean("avi", Memory(made), bytearray().extend) == found


def test_words_between_the_packets_are_gone() -> None:
    made = films.film(container="avi", bf="0")
    at = made.index(b"JUNK") + 8
    planted = made[:at] + CANARY + made[at + len(CANARY) :] + CANARY
    assert clean(planted, "avi") == clean(made, "avi")
    stream = films.film(container="mpegts", bf="0")
    packet = b"\x47\x1f\xff\x10" + CANARY.ljust(184, b"\xff")
    assert CANARY not in clean(packet + stream + packet, "mpegts")


def test_exiftool_finds_structure_only() -> None:
    needs_programs("exiftool")
    for name in ("TS, h264 and AAC", "AVI, Motion JPEG", "AVI, MPEG-4 part 2"):
        options = FILMS[name]
        assert films.leaks(clean(films.film(**options), options["container"])) == []
