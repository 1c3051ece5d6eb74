"""The cameras' own formats. DNG is made whole here; of the others, what their makers put around
the sensor's data is imitated, so those tests show that the camera's own picture is found."""

from __future__ import annotations

import pytest

from lighttight.errors import Unsupported
from lighttight.media.client import Decoder
from lighttight.model import Kind
from tests.support import media_files
from tests.support.decoding import colours, near
from tests.support.media_files import BLUE, GREEN, QUARTERS, RED, YELLOW, Bytes, saved, scene

MIMES = {
    "dng": "image/x-adobe-dng",
    "nef": "image/x-nikon-nef",
    "arw": "image/x-sony-arw",
    "orf": "image/x-olympus-orf",
    "rw2": "image/x-panasonic-rw2",
    "raf": "image/x-fuji-raf",
}


def dominant(colour: tuple[int, int, int]) -> tuple[bool, bool, bool]:
    red, green, blue = (part > 120 for part in colour)
    return red, green, blue


@pytest.mark.parametrize("name", MIMES)
def test_formats(decoder: Decoder, name: str) -> None:
    probe, pixels = decoder.examine(Bytes(media_files.MAKERS[name]()))
    assert (probe.kind, probe.container, probe.mime) == (Kind.PHOTO, name, MIMES[name])
    assert probe.taken == media_files.TAKEN
    assert probe.place is not None
    assert probe.device is not None
    assert media_files.MODEL in probe.device
    assert pixels is not None
    with pixels:
        found = colours(pixels)
        if name != "dng":
            assert near(found, QUARTERS)
            assert (pixels.width, pixels.height) == (512, 384)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_sensor_data_is_developed_upright(decoder: Decoder, orientation: int) -> None:
    probe, pixels = decoder.examine(Bytes(media_files.dng(orientation)))
    assert pixels is not None
    with pixels:
        assert (pixels.width, pixels.height) == (256, 192)
        assert [dominant(colour) for colour in colours(pixels)] == [
            dominant(colour) for colour in (RED, GREEN, BLUE, YELLOW)
        ]
    assert (probe.width, probe.height) == (256, 192)
    assert probe.orientation == orientation


def test_the_cameras_own_picture_is_preferred(decoder: Decoder) -> None:
    blue = media_files.Image.new("RGB", (640, 480), BLUE)
    data = media_files.dng(preview=saved(blue, "JPEG", quality=95))
    with decoder.picture(Bytes(data), max_side=200) as pixels:
        assert near(colours(pixels), (BLUE,) * 4)


def test_a_tiny_picture_of_the_camera_gives_way(decoder: Decoder) -> None:
    blue = media_files.Image.new("RGB", (40, 30), BLUE)
    data = media_files.dng(preview=saved(blue, "JPEG", quality=95))
    with decoder.picture(Bytes(data), max_side=256) as pixels:
        assert dominant(colours(pixels)[0]) == dominant(RED)


def test_a_scan_by_a_cameras_maker_is_a_plain_tiff(decoder: Decoder) -> None:
    main, _, _ = media_files.camera_entries(make="NIKON CORPORATION")
    data = saved(scene(), "TIFF", tiffinfo={0x010F: "NIKON CORPORATION", 0x0110: "LS-9000"})
    probe, pixels = decoder.examine(Bytes(data))
    assert pixels is not None
    pixels.close()
    assert probe.container == "tiff"
    assert main


def test_cr3_that_is_cut_short_keeps_its_account(decoder: Decoder) -> None:
    probe, pixels = decoder.examine(Bytes(media_files.cr3()))
    assert pixels is None
    assert (probe.container, probe.mime) == ("cr3", "image/x-canon-cr3")
    assert probe.taken == media_files.TAKEN
    assert probe.device == "Canon EOS T0"
    assert probe.place is not None
    assert not probe.complete
    with pytest.raises(Unsupported, match="media-undecodable"):
        decoder.picture(Bytes(media_files.cr3()), max_side=64)


@pytest.mark.parametrize("name", MIMES)
def test_cut_short(decoder: Decoder, name: str) -> None:
    data = media_files.MAKERS[name]()
    for length in (20, 100, 400, len(data) // 2):
        try:
            _, pixels = decoder.examine(Bytes(data[:length]))
        except Unsupported:
            continue
        if pixels is not None:
            pixels.close()
