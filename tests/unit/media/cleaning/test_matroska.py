"""MKV and WebM: hostile lengths, words planted in every element, and the same film afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from lighttight.media import sniff
from lighttight.media.cleaning import ebml, matroska
from lighttight.media.cleaning.base import Damaged, Finding, Found, Uncleanable
from tests.support import films
from tests.support.availability import needs_programs
from tests.support.clean_copies import Memory, cleaned, kinds

CANARY = b"cnryPLANTEDcnry"
MASTERS = {
    0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x55B0, 0x1F43B675, 0xA0, 0x1C53BB6B,
    0xBB, 0xB7, 0x1254C367, 0x7373, 0x67C8, 0x1A45DFA3,
}  # fmt: skip
Change = Callable[[tuple[int, ...], bytes], "bytes | None"]


def clean(data: bytes) -> bytes:
    return cleaned(data, matroska)


def findings(data: bytes) -> tuple[Finding, ...]:
    return matroska.findings(Memory(data))


def changed(data: bytes, change: Change, above: tuple[int, ...] = ()) -> bytes:
    out = b""
    for number, content in _elements(data):
        path = (*above, number)
        inner = changed(content, change, path) if number in MASTERS else content
        now = change(path, inner)
        out += b"" if now is None else ebml.element(number, now)
    return out


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        item = ebml.head(data[at : at + 12], at, len(data))
        end = len(data) if item.end == ebml.UNKNOWN else item.end
        found.append((item.id, data[item.at : end]))
        at = end
    return found


FILM = films.film(container="matroska", sound="libopus", bf="2", g="8")


# --- files that were made to hurt


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1aE\xdf\xa3",
        b"\x1aE\xdf\xa3\x80",
        FILM[:40] + b"\x18S\x80g\x01\0\0\0\0\0\0\0",
        FILM[:40] + b"\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xfe",
        b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" * 3,
        b"\0" * 100,
        ebml.element(0x1A45DFA3, ebml.element(0x4282, b"webm")),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises((Damaged, Uncleanable)):
        clean(data)


def test_a_file_that_is_cut_short_is_refused() -> None:
    for length in {*range(0, len(FILM), 97), len(FILM) - 1}:
        with pytest.raises((Damaged, Uncleanable)):
            clean(FILM[:length])


def test_flipped_bits_end_in_a_refusal_or_in_a_copy_that_is_whole() -> None:
    chance = random.Random(11)
    for _ in range(400):
        data = bytearray(FILM)
        limit = chance.choice((600, len(data)))
        data[chance.randrange(limit)] ^= 1 << chance.randrange(8)
        try:
            copy = clean(bytes(data))
        except (Damaged, Uncleanable):
            continue
        assert len(copy) < 2 * len(FILM)
        assert clean(copy) == copy


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ((0xAE, 0x6D80), b"\x62\x40\x80"),
        ((0xE0, 0x53C0), b"\1"),
        ((0xAE, 0x86), b"V_UNKNOWN"),
        ((0x1F43B675, 0xAF), b"secret"),
        ((0xE0, 0xB0), b"\xff" * 8),
        ((0xE0, 0xB0), b"\0" * 9),
        ((0x1549A966, 0x2AD7B1), b"\0"),
        ((0x1F43B675, 0xE7), b"\xff" * 8),
    ],
)
def test_what_is_not_understood_is_refused(path: tuple[int, ...], content: bytes) -> None:
    def plant(here: tuple[int, ...], old: bytes) -> bytes:
        if here[-1] != path[0]:
            return old
        kept = [ebml.element(number, data) for number, data in _elements(old) if number != path[1]]
        return ebml.element(path[1], content) + b"".join(kept)

    with pytest.raises((Damaged, Uncleanable)):
        clean(changed(FILM, plant))


# --- words planted everywhere


def test_words_in_elements_known_and_unknown_are_gone() -> None:
    def plant(path: tuple[int, ...], old: bytes) -> bytes:
        if path[-1] not in MASTERS or path[-1] == 0x1A45DFA3:
            return old
        text = [0xEC, 0xBF, 0x4DBB, 0x7BA9, 0x4D80, 0x5741, 0x73A4, 0x3CB923, 0x536E, 0x258688]
        text += [0x63C0, 0x75A1, 0xA7, 0xAB, 0x22B59C, 0x1941A469, 0x1043A770, 0x7EA5, 0x4FFF]
        return old + b"".join(ebml.element(number, CANARY) for number in text)

    planted = changed(FILM, plant) + CANARY
    assert planted.count(CANARY) > 100
    copy = clean(planted)
    assert b"cnry" not in copy
    assert copy == clean(FILM)
    assert {Found.HIDDEN, Found.WORDS, Found.SOFTWARE, Found.TRACKS} <= kinds(findings(planted))


def test_words_in_numbers_and_configurations_are_gone() -> None:
    begin = FILM.index(b"\x18S\x80g")
    for at in range(begin, FILM.index(b"\x1fC\xb6u"), 2):
        planted = FILM[:at] + b"CNRYcnry.?" + FILM[at + 10 :]
        try:
            copy = clean(planted)
        except (Damaged, Uncleanable):
            continue
        where = copy.find(b"CNRYcnry")
        if where >= 0:
            # The parameter sets of H.264, and the settings of Opus, are a decoder's.
            assert b"\x63\xa2" in copy[max(0, where - 80) : where], at


def test_the_comments_of_vorbis_are_empty() -> None:
    def vorbis(comments: bytes) -> bytes:
        first, last = b"\1vorbis" + bytes(23), b"\5vorbis" + bytes(90)
        lengths = bytes([30]) + b"\xff" * (len(comments) // 255) + bytes([len(comments) % 255])
        return b"\2" + lengths + first + comments + last

    def private(data: bytes) -> bytes:
        def plant(path: tuple[int, ...], old: bytes) -> bytes:
            if path[-1] != 0xAE or b"A_OPUS" not in old:
                return old
            kept = b"".join(
                ebml.element(number, content)
                for number, content in _elements(old)
                if number not in (0x86, 0x63A2)
            )
            return kept + ebml.element(0x86, b"A_VORBIS") + ebml.element(0x63A2, data)

        return changed(FILM, plant)

    said = b"\3vorbis" + b"\x0f\0\0\0" + CANARY + b"\1\0\0\0" + CANARY * 30 + b"\1"
    copy = clean(private(vorbis(said)))
    assert CANARY not in copy
    assert vorbis(b"\3vorbis" + bytes(8) + b"\1") in copy
    for broken in (b"", b"\2", b"\2\xff\xff", vorbis(said)[:60], b"\2\x1e\x0f" + bytes(90)):
        with pytest.raises((Damaged, Uncleanable)):
            clean(private(broken))


def test_what_was_in_it_is_told() -> None:
    found = findings(FILM)
    assert Finding(Found.WORDS, "cnryTITLE") in found
    assert Finding(Found.PLACE, "48.21 N, 16.37 E") in found
    assert {Found.SOFTWARE, Found.DATE} <= kinds(found)
    assert findings(clean(FILM)) == ()
    assert matroska.clean(Memory(FILM), bytearray().extend) == found


# --- the same film

FILMS: dict[str, dict[str, str]] = {
    "h264 and Opus": {"sound": "libopus", "bf": "2", "g": "8"},
    "h264 and AAC": {"g": "8"},
    "hevc": {"picture": "libx265", "x265-params": "log-level=none", "sound": "flac"},
    "vp9": {"picture": "libvpx-vp9", "sound": "libopus", "container": "webm"},
    "vp8": {"picture": "libvpx", "sound": "libopus", "container": "webm"},
    "av1": {"picture": "libsvtav1", "sound": "libopus", "container": "webm"},
    "Motion JPEG": {"picture": "mjpeg", "pixels": "yuvj420p", "sound": "pcm_s16le"},
    "MPEG-4 part 2": {"picture": "mpeg4", "sound": "mp2"},
}


@pytest.mark.parametrize("name", FILMS)
def test_the_copy_shows_the_same_at_the_same_time(name: str) -> None:
    options = {"container": "matroska", "sound": "aac", **FILMS[name]}
    made = films.film(**options)
    copy = clean(made)
    before, after = films.packets(made), films.packets(copy)
    assert [packet[:5] for packet in after] == [packet[:5] for packet in before]
    sound = [packet for packet in before if packet[0] == "audio"]
    assert [packet for packet in after if packet[0] == "audio"] == sound
    assert films.frames(copy) == films.frames(made)
    for word in (b"cnry", b"x264", b"x265", b"Lavf"):
        assert word not in copy
    assert clean(copy) == copy
    assert sniff.sniff(copy[:4096]) == sniff.sniff(made[:4096])


def test_a_recording_whose_lengths_are_unknown_becomes_a_plain_file() -> None:
    made = films.film(picture="libvpx-vp9", sound="libopus", container="webm", g="4")
    (_, header), (_, segment) = _elements(made)
    unknown = b"\x01" + b"\xff" * 7
    inside = b"".join(
        ebml.name_of(number) + unknown + content
        if number == 0x1F43B675
        else ebml.element(number, content)
        for number, content in _elements(segment)
    )
    live = ebml.element(0x1A45DFA3, header) + ebml.name_of(0x18538067) + unknown + inside
    assert clean(live) == clean(made)
    assert films.frames(clean(live)) == films.frames(live)


def test_exiftool_finds_structure_only() -> None:
    needs_programs("exiftool")
    for options in FILMS.values():
        made = films.film(**{"container": "matroska", "sound": "aac", **options})
        assert films.leaks(made)
        assert films.leaks(clean(made)) == []
