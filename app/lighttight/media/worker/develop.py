"""From whatever a codec gives to what is shown: upright, sRGB, 8 bits a channel, small enough.

The order matters for speed: shrink first, then turn, convert and compose the few pixels left.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from lighttight.media.tags import Facts

BACKDROP = (168, 168, 168)
"""Behind transparent pictures: black strokes and white strokes both stand out on it."""

WHITE = (255, 255, 255)
"""Behind them in a copy: what paper shows, and most programs."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_SRGB = ImageCms.createProfile("sRGB")


def fit(width: int, height: int, max_side: int) -> tuple[int, int]:
    """The largest size with these proportions within `max_side`; never larger than it was."""
    longest = max(width, height)
    if longest <= max_side:
        return width, height
    scale = max_side / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def shown(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height after turning."""
    return (height, width) if orientation >= 5 else (width, height)


def draft(image: Image.Image, max_side: int) -> None:
    """Let the JPEG decoder leave out what would be thrown away: a quarter of the time."""
    image.draft(None, fit(*image.size, max_side))


def upright(
    image: Image.Image,
    orientation: int,
    max_side: int,
    behind: tuple[int, int, int] = BACKDROP,
) -> Image.Image:
    """Any picture as it should be seen, in RGB."""
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if image.mode == "P":
        image = image.convert("RGBA" if transparent else "RGB")
    elif transparent and image.mode != "RGBA":
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    size = fit(*image.size, max_side)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    image = _to_srgb(image, profile)
    if image.mode == "RGBA":
        backdrop = Image.new("RGB", image.size, behind)
        backdrop.paste(image, mask=image.getchannel("A"))
        image = backdrop
    if image.mode != "RGB":
        image = image.convert("RGB")
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode == "I":
        # 32-bit integers in pictures are 16-bit values that found no smaller box.
        values = np.asarray(image, dtype=np.int64)
        values = values // 257 if values.max() > 255 else values
        return Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        spread = (values - low) * (255 / ((high - low) or 1.0))
        return Image.fromarray(np.nan_to_num(spread).clip(0, 255).astype(np.uint8))
    return image


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Through the picture's own profile: an iPhone's P3 shown as sRGB looks dull."""
    if not profile or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in (ImageCms.getProfileDescription(source) or "") and image.mode == "RGB":
            return image
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        plain = image.convert("RGB") if alpha is not None else image
        result = ImageCms.profileToProfile(
            plain,
            source,
            _SRGB,
            renderingIntent=ImageCms.Intent.PERCEPTUAL,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, ValueError, OSError, TypeError):
        # A damaged or mismatched profile: colours as they are beat no picture.
        return image
    if result is None:
        return image
    if alpha is not None:
        result.putalpha(alpha)
    return result


PQ, HLG = 16, 18
"""Transfer curves of high dynamic range, by their number in every video standard."""

_BT2020_TO_SRGB = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)
_PAPER_WHITE = 203.0
_KNEE = 0.75


def tone_mapped(signal: npt.NDArray[np.uint16], curve: int) -> Image.Image:
    """High dynamic range (what an iPhone films) as a screen without it shows it.

    Plain white stays white, what is brighter is rolled off instead of cut, and hues are kept.
    Shown as it is, such a video looks grey and dull.
    """
    codes = np.arange(65536, dtype=np.float64) / 65535
    if curve == PQ:
        power = codes ** (1 / 78.84375)
        light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (
            1 / 0.1593017578125
        )
        linear = (light * 10_000 / _PAPER_WHITE).astype(np.float32)[signal]
    else:
        high = (np.exp((codes - 0.55991073) / 0.17883277) + 0.28466892) / 12
        scene = np.where(codes <= 0.5, codes**2 / 3, high).astype(np.float32)[signal]
        luma = scene @ np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
        linear = scene * np.maximum(luma, 1e-6)[..., None] ** 0.2 * (1000 / _PAPER_WHITE)
    linear = np.maximum(linear @ _BT2020_TO_SRGB.T, 0)
    peak = np.maximum(linear.max(axis=-1, keepdims=True), 1e-6)
    over = np.maximum(peak - _KNEE, 0) / (1 - _KNEE)
    rolled = np.where(peak > _KNEE, _KNEE + (1 - _KNEE) * (1 - np.exp(-over)), peak)
    linear *= rolled / peak
    steps = np.arange(4097, dtype=np.float64) / 4096
    encoded = np.where(steps <= 0.0031308, steps * 12.92, 1.055 * steps ** (1 / 2.4) - 0.055)
    table = np.round(encoded * 255).astype(np.uint8)
    return Image.fromarray(table[(linear * 4096).astype(np.uint16)])


def answer(
    image: Image.Image | None,
    facts: Facts,
    container: str,
    size: tuple[int, int] | None,
    **more: Any,
) -> dict[str, Any]:
    """The child's whole answer. `size` is the original's, as shown, where it is known."""
    probe = {"container": container, **facts.wire(), **more}
    if size is not None:
        probe |= {"width": size[0], "height": size[1]}
    if image is None:
        return {"probe": probe, "pixels": None}
    width, height = image.size
    return {
        "probe": probe,
        "pixels": {"width": width, "height": height, "channels": 3},
        "data": image.tobytes(),
    }
