"""Every still format, in the sandbox: upright, in the right colours, with what the file says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from lighttight.errors import Unsupported
from lighttight.media.client import Decoder, Pixels, Probe
from lighttight.model import Kind, Place
from tests.support import media_files
from tests.support.decoding import colours, near
from tests.support.media_files import QUARTERS, RED, Bytes, saved, scene

SHARED = Path(__file__).parents[5] / "shared" / "media"
STILL = ("jpeg", "png", "gif", "webp", "avif", "heic", "tiff", "bmp")
BACKDROP = (168, 168, 168)


def examined(decoder: Decoder, data: bytes, max_side: int = 512) -> tuple[Probe, Pixels]:
    probe, pixels = decoder.examine(Bytes(data), max_side=max_side)
    assert pixels is not None
    return probe, pixels


def seen(decoder: Decoder, data: bytes) -> list[tuple[int, int, int]]:
    _, pixels = examined(decoder, data)
    with pixels:
        return colours(pixels)


def grey(level: int) -> tuple[int, int, int]:
    return level, level, level


@pytest.mark.parametrize("name", STILL)
def test_formats(decoder: Decoder, name: str) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS[name]())
    with pixels:
        assert near(colours(pixels), QUARTERS)
        assert (pixels.width, pixels.height) == (96, 64)
    assert probe.kind is Kind.PHOTO
    assert probe.container == name
    assert probe.mime == f"image/{name}"
    assert (probe.width, probe.height) == (96, 64)
    assert probe.complete
    assert not probe.playable
    assert probe.duration is None


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "heic", "tiff"])
def test_what_the_camera_wrote(decoder: Decoder, name: str) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS[name]())
    pixels.close()
    assert probe.taken == media_files.TAKEN
    assert probe.device == media_files.DEVICE
    assert probe.place is not None
    assert probe.place.latitude == pytest.approx(media_files.LATITUDE, abs=1e-5)
    assert probe.place.longitude == pytest.approx(media_files.LONGITUDE, abs=1e-5)


@pytest.mark.parametrize("name", ["gif", "bmp"])
def test_formats_that_say_nothing(decoder: Decoder, name: str) -> None:
    probe, pixels = examined(decoder, media_files.MAKERS[name]())
    pixels.close()
    assert (probe.taken, probe.place, probe.device) == (None, None, None)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("make", [media_files.jpeg, media_files.heic, media_files.avif])
def test_all_eight_orientations_stand_upright(decoder: Decoder, make, orientation: int) -> None:
    data = make(orientation)
    probe, pixels = examined(decoder, data)
    with pixels:
        assert (pixels.width, pixels.height) == (96, 64)
        assert near(colours(pixels), QUARTERS)
    assert (probe.width, probe.height) == (96, 64)
    if make is media_files.jpeg:
        assert probe.orientation == orientation


@pytest.mark.parametrize("max_side", [1, 7, 33, 95, 96, 97])
@pytest.mark.parametrize("orientation", [1, 6])
def test_sizes_keep_the_proportions(decoder: Decoder, orientation: int, max_side: int) -> None:
    with decoder.picture(
        Bytes(media_files.jpeg(orientation, size=(96, 64))), max_side=max_side
    ) as pixels:
        assert pixels.width == min(96, max_side)
        assert abs(pixels.height - pixels.width * 2 / 3) <= 1


def test_a_very_long_picture_keeps_a_side(decoder: Decoder) -> None:
    with decoder.picture(Bytes(saved(scene(3000, 2), "PNG")), max_side=100) as pixels:
        assert (pixels.width, pixels.height) == (100, 1)


# --- colours


def test_wide_colours_are_converted(decoder: Decoder) -> None:
    """sRGB red written with an iPhone's P3 profile is a smaller number, and must come back."""
    profile = media_files.profile(media_files.DISPLAY_P3)
    image = media_files.Image.new("RGB", (32, 32), (200, 40, 40))
    plain = seen(decoder, saved(image, "PNG"))[0]
    wide = seen(decoder, saved(image, "PNG", icc_profile=profile))[0]
    assert plain == (200, 40, 40)
    # P3's red at this number lies further out than sRGB's: more red, less of the rest.
    assert wide[0] >= 213
    assert wide[1] < 25


@pytest.mark.parametrize("profile", [b"", b"x", b"\0" * 128, media_files.profile(
    media_files.DISPLAY_P3)[:200], bytes(range(256)) * 100])  # fmt: skip
def test_a_broken_profile_is_passed_over(decoder: Decoder, profile: bytes) -> None:
    assert near(seen(decoder, saved(scene(), "PNG", icc_profile=profile)), QUARTERS)


def test_transparency_is_composed(decoder: Decoder) -> None:
    for data in (media_files.png_transparent(), media_files.png_palette_transparent()):
        found = seen(decoder, data)
        assert near([found[0], found[1]], (RED, BACKDROP), by=2)


def test_sixteen_bit_grey(decoder: Decoder) -> None:
    found = seen(decoder, media_files.png_16_bit_grey())
    assert near([found[0], found[1]], (grey(0x40), grey(0xC0)), by=1)


def test_cmyk(decoder: Decoder) -> None:
    assert near(seen(decoder, media_files.jpeg_cmyk()), QUARTERS, by=25)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA"])
def test_other_modes(decoder: Decoder, mode: str) -> None:
    found = seen(decoder, saved(scene().convert("L").convert(mode), "PNG"))
    assert all(max(colour) - min(colour) <= 1 for colour in found)


@pytest.mark.parametrize("kind", ["float", "sixteen", "thirty-two"])
def test_tiffs_of_scanners(decoder: Decoder, kind: str) -> None:
    import numpy as np

    ramp = np.tile(np.linspace(0, 1, 64), (64, 1))
    made = {
        "float": (ramp * 3.5).astype(np.float32),
        "sixteen": (ramp * 65535).astype(np.uint16),
        "thirty-two": (ramp * 65535).astype(np.int32),
    }[kind]
    found = seen(decoder, saved(media_files.Image.fromarray(made), "TIFF"))
    assert near([found[0], found[1]], (grey(64), grey(193)), by=6)


def test_the_first_frame_of_an_animation(decoder: Decoder) -> None:
    assert near(seen(decoder, media_files.webp(animated=True)), QUARTERS)


def test_compressed_tiff(decoder: Decoder) -> None:
    for compression in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        data = saved(scene(), "TIFF", compression=compression)
        assert near(seen(decoder, data), QUARTERS, by=20)


# --- damage


def test_a_cut_picture_shows_what_was_left(decoder: Decoder) -> None:
    data = saved(media_files.photo(400, 300), "JPEG", quality=95)
    probe, pixels = examined(decoder, data[: len(data) // 2])
    with pixels:
        assert (pixels.width, pixels.height) == (400, 300)
        top = sum(pixels.data[: 20 * pixels.stride]) / (20 * pixels.stride)
        assert 20 < top < 235
    assert not probe.complete
    assert (probe.width, probe.height) == (400, 300)


def test_damaged_pixels_leave_the_account(decoder: Decoder) -> None:
    data = bytearray(media_files.heic(size=(640, 480)))
    at = data.index(b"mdat") + 400
    data[at:] = b"\xff" * (len(data) - at)
    probe, pixels = decoder.examine(Bytes(bytes(data)))
    if pixels is not None:
        pixels.close()
    assert (probe.width, probe.height) == (640, 480)


def test_broken_metadata_does_not_stop_the_picture(decoder: Decoder) -> None:
    data = media_files.jpeg()
    at = data.index(b"Exif\0\0") + 6
    broken = data[:at] + b"\xff" * 60 + data[at + 60 :]
    probe, pixels = examined(decoder, broken)
    with pixels:
        assert near(colours(pixels), QUARTERS)
    assert probe.taken is None


def test_too_many_pixels_are_refused_before_they_are_made(decoder: Decoder) -> None:
    with pytest.raises(Unsupported) as caught:
        decoder.examine(Bytes(media_files.png_of(100_000, 100_000, 8, 2, [])))
    assert caught.value.facts["reason"] == "too-large"


# --- real files


needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the folder of real files")


@needs_shared
@pytest.mark.parametrize("shape", ["landscape", "portrait"])
def test_real_orientations_all_look_alike(decoder: Decoder, shape: str) -> None:
    first: bytes | None = None
    for number in range(1, 9):
        data = (SHARED / "orientation" / f"{shape}_{number}.jpg").read_bytes()
        probe, pixels = examined(decoder, data, max_side=48)
        with pixels:
            assert (pixels.width > pixels.height) == (shape == "landscape")
            found = bytes(pixels.data)
        assert probe.orientation == number
        first = first or found
        difference = sum(abs(a - b) for a, b in zip(first, found, strict=True)) / len(found)
        # The number is printed in each picture, so they are not quite the same.
        assert difference < 12


@needs_shared
@pytest.mark.parametrize(
    ("name", "size", "taken", "device", "place"),
    [
        ("gps_DSCN0010.jpg", (640, 480), datetime(2008, 10, 22, 16, 28, 39),
         "NIKON COOLPIX P6000", Place(43.467448, 11.885127)),
        ("iphone_13_pro_max.HEIC", (3024, 4032), datetime(2022, 2, 16, 12, 55, 41),
         "Apple iPhone 13 Pro Max", None),
        ("iphone_hdr_NO.jpg", (3264, 2448), datetime(2015, 4, 10, 20, 12, 23),
         "Apple iPhone 6", Place(40.446972, -3.724753)),
        ("jolla.jpg", (3264, 2448), datetime(2014, 9, 21, 16, 0, 56), "Jolla", None),
        ("samplefilehub.heif", (640, 426), None, None, None),
        ("invalid_image01088.jpg", (425, 120), None, None, None),
    ],
)  # fmt: skip
def test_real_files(
    decoder: Decoder,
    name: str,
    size: tuple[int, int],
    taken: datetime | None,
    device: str | None,
    place: Place | None,
) -> None:
    probe, pixels = examined(decoder, (SHARED / name).read_bytes())
    with pixels:
        assert max(pixels.width, pixels.height) == min(512, max(size))
    assert (probe.width, probe.height) == size
    assert (probe.taken, probe.device) == (taken, device)
    if place is None:
        assert probe.place is None
    else:
        assert probe.place is not None
        assert probe.place.latitude == pytest.approx(place.latitude, abs=1e-5)
        assert probe.place.longitude == pytest.approx(place.longitude, abs=1e-5)
