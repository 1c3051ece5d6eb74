"""From whatever a codec gives to what is shown: upright, sRGB, 8 bits a channel, small enough.

The order matters for speed: shrink first, then turn, convert and compose the few pixels left.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageCms

from lighttight.media.worker.tags import Facts

BACKDROP = (168, 168, 168)
"""Behind transparent pictures: black strokes and white strokes both stand out on it."""

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


def upright(image: Image.Image, orientation: int, max_side: int) -> Image.Image:
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
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    image = _to_srgb(image, profile)
    if image.mode == "RGBA":
        backdrop = Image.new("RGB", image.size, BACKDROP)
        backdrop.paste(image, mask=image.getchannel("A"))
        image = backdrop
    if image.mode != "RGB":
        image = image.convert("RGB")
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return image.point([value >> 8 for value in range(65536)], "L")
    if image.mode == "I":
        # 32-bit integers in pictures are 16-bit values that found no smaller box.
        low, high = image.getextrema()
        scale = 1 / 257 if isinstance(high, int | float) and high > 255 else 1.0
        return image.point(lambda value: value * scale + 0).convert("L")
    if image.mode == "F":
        low, high = image.getextrema()
        assert isinstance(low, int | float) and isinstance(high, int | float)
        span = high - low or 1.0
        return image.point(lambda value: value * (255 / span) + (-low * 255 / span)).convert("L")
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


def answer(
    image: Image.Image | None,
    facts: Facts,
    container: str,
    size: tuple[int, int],
    **more: Any,
) -> dict[str, Any]:
    """The child's whole answer. `size` is the original's, as shown."""
    probe = {"container": container, "width": size[0], "height": size[1], **facts.wire(), **more}
    if image is None:
        return {"probe": probe, "pixels": None}
    width, height = image.size
    return {
        "probe": probe,
        "pixels": {"width": width, "height": height, "channels": 3},
        "data": image.tobytes(),
    }
