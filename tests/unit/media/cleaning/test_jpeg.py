"""JPEG: what may not get through, and what has to."""

from __future__ import annotations

import pytest

from lighttight.media.cleaning import jpeg
from lighttight.media.cleaning.base import Damaged, Finding, Found
from tests.support import clean_copies, media_files, planted
from tests.support.clean_copies import Memory, cleaned
from tests.support.planted import joined, segment, split_jpeg


def picture(**options: object) -> bytes:
    return media_files.saved(media_files.photo(64, 48), "JPEG", **options)


def with_segments(*extra: tuple[int, bytes], data: bytes | None = None) -> bytes:
    segments, rest = split_jpeg(data or picture())
    return joined([*extra, *segments], rest)


def before_end(data: bytes, inserted: bytes) -> bytes:
    end = data.rindex(b"\xff\xd9")
    return data[:end] + inserted + data[end:]


def refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        cleaned(data, jpeg)


def markers(data: bytes) -> list[int]:
    return [marker for marker, _ in split_jpeg(data)[0]]


@pytest.mark.parametrize("length", [b"\0\0", b"\0\1", b"\xff\xff"])
def test_lengths_that_cannot_be_are_damage(length: bytes) -> None:
    refused(b"\xff\xd8\xff\xe5" + length + picture()[2:])


@pytest.mark.parametrize("marker", [0x00, 0x01, 0x02, 0xBF, 0xC5, 0xC8, 0xD0, 0xDE, 0xDF, 0xF7])
def test_markers_that_nobody_knows_are_damage(marker: int) -> None:
    refused(with_segments((marker, b"\0\0\0\0")))


def test_a_second_picture_in_front_of_the_first_is_damage() -> None:
    refused(b"\xff\xd8" + picture())


def test_a_second_frame_is_damage() -> None:
    frame = next(one for one in split_jpeg(picture())[0] if one[0] == 0xC0)
    refused(with_segments(frame))


@pytest.mark.parametrize("between", [b"\0", b"CANARY", b"\0\xff", b"\x00\x00\x00\x00"])
def test_bytes_between_segments_are_damage(between: bytes) -> None:
    data = picture()
    refused(data[:2] + between + data[2:])


def test_markers_inside_a_scan_are_damage() -> None:
    segments, rest = split_jpeg(picture())
    half = len(rest) // 2
    for code in (0xD8, 0x02, 0xC8, 0xDC):
        refused(joined(segments, rest[:half] + bytes((0xFF, code)) + rest[half:]))


def test_a_comment_inside_a_scan_ends_it() -> None:
    segments, rest = split_jpeg(picture())
    half = len(rest) // 2
    cut = rest[:half] + segment(0xFE, planted.CANARY) + rest[half:]
    # What follows the comment is no marker.
    refused(joined(segments, cut))


def test_restart_markers_belong_to_pictures_that_say_so() -> None:
    data = picture(restart_marker_blocks=4)
    assert clean_copies.changed(data, cleaned(data, jpeg)) == []
    segments, rest = split_jpeg(data)
    refused(joined([one for one in segments if one[0] != 0xDD], rest))
    refused(joined(segments, rest.replace(b"\xff\xd1", b"\xff\xd2")))
    # More of them than there are parts: each could carry a few bytes of something else.
    refused(before_end(data, b"\xff\xd3planted\xff\xd4planted\xff\xd5planted"))


@pytest.mark.parametrize(
    "hidden",
    [b"C", planted.CANARY, b"\xff\0", b"\xff\0" * 90, b"\0" * 70_000, b"\xff\0C" * 400_000],
)
def test_what_stands_behind_the_last_block_is_cut_off(hidden: bytes) -> None:
    for data in (picture(), picture(restart_marker_blocks=5), media_files.jpeg_cmyk()):
        planted_in = before_end(data, hidden)
        copy = cleaned(planted_in, jpeg)
        assert copy == cleaned(data, jpeg)
        assert Finding(Found.HIDDEN, "after the pixels") in jpeg.findings(Memory(planted_in))


def test_what_stands_behind_the_last_block_of_a_part_is_damage() -> None:
    data = picture(restart_marker_blocks=5)
    for number in range(2):
        marker = bytes((0xFF, 0xD0 + number))
        refused(data.replace(marker, planted.CANARY + marker, 1))
    # A part too few or too short.
    first, second = data.index(b"\xff\xd0"), data.index(b"\xff\xd1")
    refused(data[: first - 6] + data[first:])
    refused(data[:first] + data[second:].replace(b"\xff\xd1", b"\xff\xd0", 1))


def test_scans_that_end_too_early_are_damage() -> None:
    data = picture()
    for count in (4, 40, 400):
        refused(data[: -2 - count] + b"\xff\xd9")


def test_a_picture_that_says_to_be_smaller_than_it_is() -> None:
    segments, rest = split_jpeg(picture())
    smaller = [(m, b[:1] + b"\0\x10" + b[3:] if m == 0xC0 else b) for m, b in segments]
    copy = cleaned(joined(smaller, rest), jpeg)
    assert len(clean_copies.coded(copy)) < len(clean_copies.coded(picture())) / 2
    taller = [(m, b[:1] + b"\0\x50" + b[3:] if m == 0xC0 else b) for m, b in segments]
    refused(joined(taller, rest))


def test_scans_without_tables_are_damage() -> None:
    segments, rest = split_jpeg(picture())
    refused(joined([one for one in segments if one[0] != 0xC4], rest))


def test_a_component_coded_twice_is_damage() -> None:
    segments, rest = split_jpeg(media_files.saved(media_files.photo(32, 32).convert("L"), "JPEG"))
    end = rest.rindex(b"\xff\xd9")
    refused(joined(segments, rest[:end] + segment(*segments[-1]) + rest))


def test_missing_ends_are_damage() -> None:
    data = picture()
    for end in (b"", b"\xff", b"\xff\xff\xff"):
        refused(data[:-2] + end)
    refused(b"\xff\xd8\xff\xd9")


def test_tables_that_do_not_fit_are_damage() -> None:
    for marker, body in (
        (0xDB, b"\0" * 64),
        (0xDB, b"\x24" + b"\1" * 64),
        (0xDB, b"\x04" + b"\1" * 64),
        (0xC4, b"\0" * 16),
        (0xC4, b"\0" + b"\xff" * 16 + b"\0" * 4080),
        (0xC4, b"\x24" + b"\0" * 16),
        (0xDD, b"\0"),
        (0xDD, b"\0\0\0"),
        (0xCC, b"\0"),
        (0xDC, b"\0\x10"),
        (0xC0, b""),
        (0xDA, b""),
    ):
        refused(with_segments((marker, body)))


def test_tables_that_no_scan_uses_are_left_out() -> None:
    unused = (0xDB, b"\3" + planted.CANARY.ljust(64, b"A"))
    replaced = (0xDB, b"\0" + planted.CANARY.ljust(64, b"A"))
    codes = (0xC4, b"\x13" + bytes(15) + bytes((19,)) + planted.CANARY)
    data = picture()
    assert cleaned(with_segments(unused, replaced, codes, data=data), jpeg) == cleaned(data, jpeg)


def test_padding_before_markers_is_left_out() -> None:
    data = picture()
    padded = data[:2] + b"\xff" * 1000 + data[2:-2] + b"\xff" * 70_000 + data[-2:]
    assert cleaned(padded, jpeg) == cleaned(data, jpeg)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_alone_is_kept(turn: int) -> None:
    data = media_files.jpeg(turn)
    copy = cleaned(data, jpeg)
    assert clean_copies.frames(copy)[-1] == (turn,)
    assert copy.count(b"Exif") == (turn != 1)
    assert clean_copies.changed(data, copy) == []


@pytest.mark.parametrize("turn", [0, 9, 255, 65535])
def test_an_orientation_that_is_none_is_not_kept(turn: int) -> None:
    assert b"Exif" not in cleaned(with_segments((0xE1, b"Exif\0\0" + planted.exif(turn))), jpeg)


def test_an_orientation_after_the_first_scan_is_not_kept() -> None:
    late = before_end(picture(), segment(0xE1, b"Exif\0\0" + planted.exif(3)))
    assert b"Exif" not in cleaned(late, jpeg)


def test_density_stays_and_the_thumbnail_behind_it_goes() -> None:
    copy = cleaned(planted.jpeg(), jpeg)
    jfif = split_jpeg(copy)[0][0]
    assert jfif == (0xE0, b"JFIF\0\1\1\1\0\x48\0\x48\0\0")
    bare = [one for one in split_jpeg(picture())[0] if one[0] != 0xE0]
    assert 0xE0 not in markers(cleaned(joined(bare, split_jpeg(picture())[1]), jpeg))


def test_what_decides_on_the_colours_is_kept() -> None:
    for options in ({"keep_rgb": True}, {}):
        for mode in ("RGB", "CMYK"):
            image = media_files.photo(40, 24).convert(mode)
            data = media_files.saved(image, "JPEG", **(options if mode == "RGB" else {}))
            assert clean_copies.changed(data, cleaned(data, jpeg)) == []
    adobe = split_jpeg(cleaned(media_files.jpeg_cmyk(), jpeg))[0]
    assert (0xEE, b"Adobe\0\x64\0\0\0\0\0") in adobe or (0xEE, b"Adobe\0\x64\0\0\0\0\2") in adobe


def test_a_height_that_comes_after_the_scan() -> None:
    segments, rest = split_jpeg(picture())
    frame = next(body for marker, body in segments if marker == 0xC0)
    late = [(m, b[:1] + b"\0\0" + b[3:] if m == 0xC0 else b) for m, b in segments]
    end = rest.rindex(b"\xff\xd9")
    data = joined(late, rest[:end] + b"\xff\xdc\0\4" + frame[1:3] + rest[end:])
    assert cleaned(data, jpeg) == cleaned(picture(), jpeg)
    refused(joined(late, rest))


def test_profiles_in_pieces_are_put_in_order() -> None:
    pieces = planted.icc_segments(planted.profile(), 5)
    copy = cleaned(with_segments(*pieces), jpeg)
    assert cleaned(with_segments(*pieces[::-1]), jpeg) == copy
    assert b"ICC_PROFILE" in copy
    for broken in (pieces[1:], [*pieces, pieces[0]][1:], [(0xE2, b"ICC_PROFILE\0\0\0")]):
        data = with_segments(*broken)
        assert b"ICC_PROFILE" not in cleaned(data, jpeg) or broken[-1] == pieces[0]
        told = jpeg.findings(Memory(data))
        assert broken[-1] == pieces[0] or Found.OTHER in clean_copies.kinds(told)


def test_scans_without_end_are_damage() -> None:
    segments, rest = split_jpeg(picture(progressive=True))
    end = rest.rindex(b"\xff\xd9")
    scan = segment(0xDA, b"\1\1\0\0\0\0")
    refused(joined(segments, rest[:end] + scan * (jpeg.MAX_SCANS + 1) + rest[end:]))


def test_segments_without_end_are_damage() -> None:
    refused(with_segments(*[(0xFE, b"")] * (jpeg.MAX_SEGMENTS + 1)))


def test_what_stands_after_the_end_is_named() -> None:
    behind = jpeg.findings(Memory(picture() + b"x" * 1_400_000))
    assert behind == (Finding(Found.HIDDEN, "1.4 MB after the end"),)
    motion = jpeg.findings(Memory(picture() + planted.MOTION))
    assert Found.CLIP in clean_copies.kinds(motion)
    further = jpeg.findings(Memory(picture() + picture()))
    assert Found.PREVIEW in clean_copies.kinds(further)
    assert jpeg.findings(Memory(picture())) == ()


def test_a_large_original_is_never_held() -> None:
    data = picture() + bytes(40 << 20)
    original = Memory(data)
    jpeg.findings(original)
    assert original.largest <= 1 << 20


def test_lengths_in_the_frame_that_cannot_be() -> None:
    segments, rest = split_jpeg(picture())
    for change in ({0: 0}, {3: 0, 4: 0}, {5: 0}, {5: 5}, {7: 0}, {7: 0x15}, {8: 4}, {6: 2}):
        broken = [
            (m, bytes(change.get(i, b) for i, b in enumerate(body)) if m == 0xC0 else body)
            for m, body in segments
        ]
        refused(joined(broken, rest))
