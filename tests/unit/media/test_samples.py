"""The samples are what a camera would have made, as this program's own decoder sees them."""

from __future__ import annotations

import io

import av
import pytest

from lighttight.media import samples
from lighttight.media.client import Decoder
from lighttight.media.samples import Sample
from lighttight.model import Kind
from tests.support.media_files import Bytes


@pytest.fixture(scope="module")
def made() -> tuple[Sample, ...]:
    return samples.samples()


def test_names_are_different(made: tuple[Sample, ...]) -> None:
    assert len({sample.name for sample in made}) == len(made)


def test_the_same_every_time(made: tuple[Sample, ...]) -> None:
    assert samples.samples() == made


def test_the_jpeg_carries_what_phones_write(decoder: Decoder, made: tuple[Sample, ...]) -> None:
    probe, pixels = decoder.examine(Bytes(made[0].data))
    assert pixels is not None
    pixels.close()
    assert probe.taken == samples.TAKEN
    assert probe.device == " ".join(samples.DEVICE)
    assert probe.place is not None
    assert probe.place.latitude == pytest.approx(samples.LATITUDE, abs=1e-5)
    assert probe.place.longitude == pytest.approx(samples.LONGITUDE, abs=1e-5)
    assert (probe.width, probe.height, probe.container) == (640, 480, "jpeg")


def test_the_png(decoder: Decoder, made: tuple[Sample, ...]) -> None:
    probe, pixels = decoder.examine(Bytes(made[1].data))
    assert pixels is not None
    pixels.close()
    assert (probe.container, probe.complete) == ("png", True)


def test_the_video_plays(decoder: Decoder, made: tuple[Sample, ...]) -> None:
    probe, pixels = decoder.examine(Bytes(made[2].data))
    assert pixels is not None
    with pixels:
        assert (pixels.width, pixels.height) == (192, 144)
    assert (probe.kind, probe.container, probe.playable) == (Kind.VIDEO, "mp4", True)
    assert probe.duration == pytest.approx(2.0)
    assert probe.taken is not None
    with av.open(io.BytesIO(made[2].data), "r") as container:
        assert len(list(container.decode(video=0))) == 16


def test_the_video_moves(decoder: Decoder, made: tuple[Sample, ...]) -> None:
    shown: set[bytes] = set()
    for seconds in (0.0, 0.5, 1.0):
        with decoder.frame(Bytes(made[2].data), seconds=seconds, max_side=64) as pixels:
            shown.add(bytes(pixels.data))
    assert len(shown) == 3
