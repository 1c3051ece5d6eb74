"""Videos: the frame that tells something, upright, and what the container says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from lighttight.errors import Unsupported
from lighttight.media.client import Decoder, Pixels, Probe
from lighttight.model import Kind
from tests.support import media_files
from tests.support.decoding import colours, near
from tests.support.media_files import CLIPS, QUARTERS, Bytes


@pytest.fixture(autouse=True)
def _vienna(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def examined(decoder: Decoder, data: bytes) -> tuple[Probe, Pixels]:
    probe, pixels = decoder.examine(Bytes(data))
    assert pixels is not None
    return probe, pixels


WANTED = {
    "mp4": ("mp4", "video/mp4", "h264", "aac"),
    "mov": ("mov", "video/quicktime", "h264", "pcm_s16le"),
    "m4v": ("m4v", "video/x-m4v", "h264", "aac"),
    "mkv": ("mkv", "video/x-matroska", "h264", "flac"),
    "webm": ("webm", "video/webm", "vp9", "opus"),
    "avi": ("avi", "video/x-msvideo", "mpeg4", "mp3"),
    "avi-mjpeg": ("avi", "video/x-msvideo", "mjpeg", "pcm_u8"),
    "3gp": ("3gp", "video/3gpp", "h263", None),
    "mpegts": ("mpegts", "video/mp2t", "h264", "aac"),
    "hevc": ("mp4", "video/mp4", "hevc", None),
    "av1": ("mp4", "video/mp4", "av1", None),
    "vp8": ("webm", "video/webm", "vp8", "opus"),
}


@pytest.mark.parametrize("name", WANTED)
def test_formats(decoder: Decoder, name: str) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS[name]())
    with pixels:
        assert near(colours(pixels), QUARTERS)
    told = (probe.container, probe.mime, probe.video_codec, probe.audio_codec)
    assert told == WANTED[name]
    assert probe.kind is Kind.VIDEO
    assert probe.playable
    assert probe.duration == pytest.approx(3.0, abs=0.15)
    size = (192, 144) if name == "3gp" else (192, 128)
    # 3GP's 176 × 144 has pixels that are not square.
    assert (probe.width, probe.height) == size


def test_what_a_phone_wrote(decoder: Decoder) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS["mov"]())
    pixels.close()
    assert probe.taken == media_files.TAKEN
    assert probe.device == media_files.DEVICE
    assert probe.place is not None
    assert probe.place.latitude == pytest.approx(media_files.LATITUDE)
    assert probe.place.longitude == pytest.approx(media_files.LONGITUDE)


def test_a_time_in_utc_is_told_as_this_computers(decoder: Decoder) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS["mp4"]())
    pixels.close()
    assert probe.taken == media_files.TAKEN


@pytest.mark.parametrize("name", ["mp4", "3gp"])
def test_places(decoder: Decoder, name: str) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS[name]())
    pixels.close()
    assert probe.place is not None
    assert probe.place.longitude == pytest.approx(media_files.LONGITUDE, abs=1e-3)


@pytest.mark.parametrize(
    "metadata",
    [
        (("creation_time", "1904-01-01T00:00:00Z"),),
        (("creation_time", "1970-01-01T00:00:00Z"),),
        (("location", "somewhere"),),
        (("location", "+999.0+999.0/"),),
    ],
)
def test_metadata_that_says_nothing(
    decoder: Decoder, metadata: tuple[tuple[str, str], ...]
) -> None:
    probe, pixels = examined(decoder, media_files.video(replace(CLIPS["m4v"], metadata=metadata)))
    pixels.close()
    assert (probe.taken, probe.place) == (None, None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_stand_upright(decoder: Decoder, orientation: int) -> None:
    stored = media_files.turned_clip(orientation)
    probe, pixels = examined(decoder, stored)
    with pixels:
        assert (pixels.width, pixels.height) == (192, 128)
        assert near(colours(pixels), QUARTERS)
    assert (probe.width, probe.height) == (192, 128)
    assert probe.orientation == orientation


def test_pixels_that_are_not_square(decoder: Decoder) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS["wide"]())
    with pixels:
        assert (pixels.width, pixels.height) == (256, 128)
    assert (probe.width, probe.height) == (256, 128)


def test_a_dark_beginning_is_skipped(decoder: Decoder) -> None:
    _, pixels = examined(decoder, media_files.MAKERS["dark"]())
    with pixels:
        assert near(colours(pixels), QUARTERS)


def test_a_video_that_is_dark_throughout_has_a_preview(decoder: Decoder) -> None:
    _, pixels = examined(decoder, media_files.video(replace(CLIPS["dark"], dark_seconds=9)))
    with pixels:
        assert max(pixels.data) < 20


@pytest.mark.parametrize("curve", ["hlg", "pq"])
def test_high_dynamic_range_is_shown_in_its_colours(decoder: Decoder, curve: str) -> None:
    _, pixels = examined(decoder, media_files.bright_clip(curve))
    with pixels:
        assert near(colours(pixels), QUARTERS, by=16)


def bar(pixels: Pixels) -> int:
    """The number of the frame, from where its white bar stands."""
    row = pixels.data[pixels.height // 2 * pixels.stride :][: pixels.stride]
    white = [x for x in range(pixels.width) if min(row[3 * x : 3 * x + 3]) > 200]
    return round(white[0] * 16 / pixels.width)


@pytest.mark.parametrize("name", ["mp4", "mkv", "webm", "avi-mjpeg", "mpegts", "mov", "hevc"])
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 0.7, 1.05])
def test_scrubbing_shows_the_frame_of_that_time(
    decoder: Decoder, name: str, seconds: float
) -> None:
    data = media_files.MAKERS[name]()
    with decoder.frame(Bytes(data), seconds=seconds, max_side=192) as pixels:
        assert bar(pixels) == int(seconds * 10 + 1e-6)


@pytest.mark.parametrize("seconds", [-5.0, 99.0])
def test_scrubbing_outside_shows_an_end(decoder: Decoder, seconds: float) -> None:
    with decoder.frame(Bytes(media_files.MAKERS["mp4"]()), seconds=seconds, max_side=192) as pixels:
        assert bar(pixels) == (0 if seconds < 0 else 29 % 16)


def test_sound_alone_is_no_video(decoder: Decoder) -> None:
    with pytest.raises(Unsupported, match="media-unknown"):
        decoder.examine(Bytes(media_files.sound()))


def test_a_codec_that_is_not_on_the_list_is_kept_without_preview(decoder: Decoder) -> None:
    probe, pixels = decoder.examine(
        Bytes(media_files.video(replace(CLIPS["mkv"], codec="ffv1", codec_options=(), audio=None)))
    )
    assert pixels is None
    assert probe.video_codec == "ffv1"
    assert not probe.playable
    assert probe.duration == pytest.approx(3.0, abs=0.15)


def test_cut_short(decoder: Decoder) -> None:
    data = media_files.MAKERS["mkv"]()
    probe, pixels = examined(decoder, data[: len(data) * 2 // 3])
    pixels.close()
    assert probe.container == "mkv"


def test_an_old_camera_writes_its_own_kind_of_date(decoder: Decoder) -> None:
    data = media_files.dated_avi("Sat Jul 04 18:30:05 2026")
    probe, pixels = examined(decoder, data)
    pixels.close()
    assert probe.taken == datetime(2026, 7, 4, 18, 30, 5)
