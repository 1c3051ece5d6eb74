"""The judge of clean copies: exiftool finds nothing that should have gone, Pillow sees no change.

Used by the tests on files made here, and by `tests.support.real_cameras` on files of real cameras.
"""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image, ImageCms, ImageFile

from lighttight.media.cleaning import gif, jpeg, png, webp
from lighttight.media.cleaning.base import Finding, Found

FORMATS: dict[str, ModuleType] = {"jpg": jpeg, "png": png, "webp": webp, "gif": gif}


class Memory:
    """An original in memory. Counts what is asked for, and may answer in short pieces."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.asked = 0
        self.largest = 0

    def read(self, offset: int, count: int, /) -> bytes:
        assert 0 <= offset <= self.size
        assert count > 0
        self.asked += count
        self.largest = max(self.largest, count)
        return self._data[offset : offset + count]


def cleaned(data: bytes, module: ModuleType) -> bytes:
    out = bytearray()
    module.clean(Memory(data), out.extend)
    return bytes(out)


def kinds(found: Iterable[Finding]) -> set[Found]:
    return {finding.kind for finding in found}


def module_for(data: bytes) -> ModuleType | None:
    if data.startswith(b"\xff\xd8\xff"):
        return jpeg
    if data.startswith(png.SIGNATURE):
        return png
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return webp
    return gif if data[:6] in (b"GIF87a", b"GIF89a") else None


# --- exiftool

_FILE = {
    "FileType", "FileTypeExtension", "MIMEType", "ImageWidth", "ImageHeight", "EncodingProcess",
    "BitsPerSample", "ColorComponents", "YCbCrSubSampling", "ExifByteOrder",
}  # fmt: skip
_COLOUR = re.compile(
    r"(Red|Green|Blue|Gray)?(Matrix(Column)?|TRC|ToneReproductionCurve)|MediaWhitePoint"
    r"|MediaBlackPoint|ChromaticAdaptation|AToB\d|BToA\d|Gamut|CICodePoints"
)
_HEADER = {
    "ProfileCMMType": ("",),
    "ProfileVersion": None,
    "ProfileClass": None,
    "ColorSpaceData": None,
    "ProfileConnectionSpace": None,
    "ProfileDateTime": ("0000:00:00 00:00:00",),
    "ProfileFileSignature": ("acsp",),
    "PrimaryPlatform": ("",),
    "CMMFlags": (0,),
    "DeviceManufacturer": ("",),
    "DeviceModel": ("",),
    "DeviceAttributes": ("0 0",),
    "RenderingIntent": None,
    "ConnectionSpaceIlluminant": ("0.9642 1 0.82491",),
    "ProfileCreator": ("",),
    "ProfileID": (0, " ".join("0" * 16)),
}
_TAGS: dict[str, set[str]] = {
    "JFIF": {"JFIFVersion", "ResolutionUnit", "XResolution", "YResolution"},
    "Adobe": {"DCTEncodeVersion", "APP14Flags0", "APP14Flags1", "ColorTransform"},
    "IFD0": {"Orientation"},
    "Composite": {"ImageSize", "Megapixels"},
    "PNG": {
        "ImageWidth", "ImageHeight", "BitDepth", "ColorType", "Compression", "Filter",
        "Interlace", "Palette", "Transparency", "Gamma", "WhitePointX", "WhitePointY", "RedX",
        "RedY", "GreenX", "GreenY", "BlueX", "BlueY", "SRGBRendering", "SignificantBits",
        "BackgroundColor", "AnimationFrames", "AnimationPlays", "PixelsPerUnitX",
        "PixelsPerUnitY", "PixelUnits",
    },
    "PNG-pHYs": {"PixelsPerUnitX", "PixelsPerUnitY", "PixelUnits"},
    "PNG-cICP": {
        "ColorPrimaries", "TransferCharacteristics", "MatrixCoefficients", "VideoFullRangeFlag"
    },
    "RIFF": {
        "ImageWidth", "ImageHeight", "VP8Version", "HorizontalScale", "VerticalScale",
        "WebP_Flags", "AlphaIsUsed", "AlphaPreprocessing", "AlphaFiltering", "AlphaCompression",
        "BackgroundColor", "AnimationLoopCount", "FrameCount", "Duration",
    },
    "GIF": {
        "GIFVersion", "ImageWidth", "ImageHeight", "HasColorMap", "ColorResolutionDepth",
        "BitsPerPixel", "BackgroundColor", "AnimationIterations", "FrameCount", "Duration",
        "TransparentColor", "PixelAspectRatio",
    },
}  # fmt: skip


def exiftool(*paths: Path) -> list[dict[str, Any]]:
    names = [str(path) for path in paths]
    ran = subprocess.run(
        ["exiftool", "-a", "-G1", "-u", "-n", "-j", "-api", "LargeFileSupport=1", *names],
        capture_output=True,
        check=False,
        timeout=100,
    )
    return json.loads(ran.stdout or b"[]")


def left_over(tags: dict[str, Any]) -> list[str]:
    """What exiftool found and should not have."""
    return [
        f"{name} = {str(value)[:60]}"
        for name, value in tags.items()
        if name != "SourceFile" and not _allowed(name, value)
    ]


def _allowed(name: str, value: Any) -> bool:
    group, _, tag = name.partition(":")
    if group == "System" or (group, tag) == ("ExifTool", "ExifToolVersion"):
        return True
    if group == "File":
        return tag in _FILE
    if (group, tag) == ("PNG", "ProfileName"):
        return value == "icc"
    if group == "ICC-header":
        wanted = _HEADER.get(tag, ("?",))
        return wanted is None or (value.strip("\0 ") if isinstance(value, str) else value) in wanted
    if group == "ICC_Profile":
        texts = ("ProfileDescription", "ProfileCopyright")
        return value == "-" if tag in texts else bool(_COLOUR.match(tag))
    return tag in _TAGS.get(group, set())


# --- pixels


def frames(data: bytes) -> list[tuple[Any, ...]]:
    """Every frame as a viewer sees it: size, mode, delay, and pixels."""
    seen: list[tuple[Any, ...]] = []
    with Image.open(io.BytesIO(data)) as image:
        # Further pictures of an MPO are meant to go.
        count = 1 if image.format in ("MPO", "JPEG") else getattr(image, "n_frames", 1)
        for index in range(count):
            image.seek(index)
            image.load()
            look = (image.size, image.mode, image.info.get("duration") or 0, image.info.get("loop"))
            palette = image.getpalette() if image.mode == "P" else None
            transparent = image.info.get("transparency")
            seen.append((*look, palette, transparent, image.tobytes()))
        turn = image.getexif().get(0x0112, 1)
        seen.append((turn if isinstance(turn, int) and 2 <= turn <= 8 else 1,))
    return seen


def in_srgb(data: bytes) -> bytes | None:
    """The first frame with its profile applied; None where there is none that works."""
    with Image.open(io.BytesIO(data)) as image:
        profile = image.info.get("icc_profile")
        if not profile or image.mode not in ("L", "RGB", "CMYK"):
            return None
        srgb = ImageCms.createProfile("sRGB")
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            shown = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
        except ImageCms.PyCMSError:
            return None
        return shown.tobytes() if shown is not None else None


def coded(data: bytes) -> bytes:
    """The coded pictures alone: what lossless means. Written apart from the code under test."""
    if data.startswith(b"\xff\xd8"):
        return _scans(data)
    if data.startswith(png.SIGNATURE):
        return b"".join(
            body[4:] if kind == b"fdAT" else body
            for kind, body in chunks(data)
            if kind in (b"IDAT", b"fdAT")
        )
    if data[:4] == b"RIFF":
        return _riff_pictures(data[12 : 8 + int.from_bytes(data[4:8], "little")])
    return _gif_pictures(data)


def _scans(data: bytes) -> bytes:
    out, at = bytearray(), 2
    while True:
        while data[at + 1] == 0xFF:
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:
            return bytes(out)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            match = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL).search(data, at)
            assert match
            out += data[at : match.start()]
            at = match.start()


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG, as far as IEND."""
    found, at = [], 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
        if kind == b"IEND":
            break
    return found


def _riff_pictures(data: bytes) -> bytes:
    out, at = bytearray(), 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind in (b"VP8 ", b"VP8L", b"ALPH"):
            out += body
        elif kind == b"ANMF":
            out += _riff_pictures(body[16:])
        at += 8 + length + length % 2
    return bytes(out)


def _gif_pictures(data: bytes) -> bytes:
    out, at = bytearray(), 13
    at += 3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0
    while data[at] != 0x3B:
        picture = data[at] == 0x2C
        if picture:
            flags = data[at + 9]
            at += 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1
        else:
            at += 2 if data[at] else 0
        while length := data[at]:
            out += data[at + 1 : at + 1 + length] if picture else b""
            at += 1 + length
        at += 1
    return bytes(out)


def told(copy: bytes) -> list[str]:
    """What exiftool finds in this copy and should not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "copy")
        path.write_bytes(copy)
        tags = exiftool(path)
        return left_over(tags[0]) if tags else ["exiftool said nothing"]


def changed(data: bytes, copy: bytes) -> list[str]:
    """What is not as it was; nothing, if all is well."""
    wrong = pixels_differ(data, copy)
    if coded(data) != coded(copy):
        wrong.append("coded data differs")
    again = cleaned(copy, module_for(copy) or jpeg)
    if again != copy:
        wrong.append("cleaning it again changes it")
    return wrong


NOT = "does not decode"


def pixels_differ(data: bytes, copy: bytes) -> list[str]:
    before, after = tried(frames, data), tried(frames, copy)
    if before != after:
        return ["pixels differ"]
    if tried(in_srgb, data) != tried(in_srgb, copy):
        return ["colours differ"]
    return []


def decodes(data: bytes) -> bool:
    return tried(frames, data) != NOT


def tried(look: Callable[[bytes], Any], data: bytes) -> Any:
    """Both ways of failing count as the same: neither shows a picture."""
    truncated, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return look(data)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return NOT
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = truncated
