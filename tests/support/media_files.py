"""Small media files made on the spot, the same bytes each time, for tests and benchmarks.

Every picture shows the same scene: red, green, blue and yellow quarters, red at the top left, so
that a turned, mirrored or recoloured copy is noticed by looking at four points. Files that a
camera would have written carry the same day, place and device.
"""

from __future__ import annotations

import functools
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image, ImageDraw

TAKEN = datetime(2026, 7, 4, 18, 30, 5)
LATITUDE, LONGITUDE = 48.2082, -16.3738
MAKE, MODEL = "Fotograf", "Dunkel 7"
DEVICE = "Fotograf Dunkel 7"

RED, GREEN, BLUE, YELLOW = (208, 24, 24), (24, 160, 24), (24, 24, 208), (224, 208, 24)
QUARTERS = (RED, GREEN, BLUE, YELLOW)
"""Top left, top right, bottom left, bottom right."""


def scene(width: int = 96, height: int = 64) -> Image.Image:
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    half, middle = width // 2, height // 2
    draw.rectangle((0, 0, half - 1, middle - 1), fill=RED)
    draw.rectangle((half, 0, width, middle - 1), fill=GREEN)
    draw.rectangle((0, middle, half - 1, height), fill=BLUE)
    draw.rectangle((half, middle, width, height), fill=YELLOW)
    return image


def photo(width: int = 4000, height: int = 3000, seed: int = 7) -> Image.Image:
    """Gradients, soft shapes and a sensor's noise: about as hard to decode as a real picture."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    base = np.stack(
        [
            x / width * 200 + 30,
            y / height * 180 + 40,
            (x + y) / (width + height) * 220 + 10,
        ],
        axis=-1,
    )
    shapes = random.integers(0, 255, (max(1, height // 8), max(1, width // 8), 3), dtype=np.uint8)
    soft = Image.fromarray(shapes).resize((width, height), Image.Resampling.BICUBIC)
    noise = random.normal(0, 5, (height, width, 1)).astype(np.float32)
    pixels = base + (np.asarray(soft, dtype=np.float32) - 128) * 0.25 + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


# --- EXIF


Entry = tuple[int, int, Any]
"""Tag, type, value: text for type 2, bytes for 7, numbers for the rest."""

_CODES = {1: "B", 3: "H", 4: "I", 5: "II", 9: "i", 13: "I"}


def tiff(
    directories: list[list[Entry]],
    *,
    children: dict[int, tuple[int, int]] | None = None,
    order: str = "<",
    magic: bytes | None = None,
    data: bytes = b"",
) -> bytes:
    """A TIFF of several directories, those at `children` hung below (parent, tag).

    A value `("data", n)` is the place of the n-th byte of `data`, which comes last."""
    children = children or {}
    chained = [index for index in range(len(directories)) if index not in children]
    placed: dict[int, int] = {}
    at = 8
    for index, entries in enumerate(directories):
        placed[index] = at
        count = len(entries) + sum(1 for parent, _ in children.values() if parent == index)
        at += 2 + 12 * count + 4
        for _tag, kind, value in entries:
            size = len(_packed(kind, value, order, 0))
            at += size + size % 2 if size > 4 else 0
    data_at = at
    body = b""
    for index, entries in enumerate(directories):
        extra: list[Entry] = [
            (tag, 4, placed[child]) for child, (parent, tag) in children.items() if parent == index
        ]
        every = sorted([*entries, *extra], key=lambda entry: entry[0])
        block = struct.pack(order + "H", len(every))
        beside_at = placed[index] + 2 + 12 * len(every) + 4
        beside = b""
        for tag, kind, value in every:
            packed = _packed(kind, value, order, data_at)
            width = 1 if kind in (2, 7) else struct.calcsize("<" + _CODES[kind])
            block += struct.pack(order + "HHI", tag, kind, len(packed) // width)
            if len(packed) <= 4:
                block += packed.ljust(4, b"\0")
            else:
                block += struct.pack(order + "I", beside_at + len(beside))
                beside += packed + b"\0" * (len(packed) % 2)
        following = 0
        if index in chained and index != chained[-1]:
            following = placed[chained[chained.index(index) + 1]]
        body += block + struct.pack(order + "I", following) + beside
    head = magic or (b"II*\0" if order == "<" else b"MM\0*")
    return head + struct.pack(order + "I", 8) + body + data


def _packed(kind: int, value: Any, order: str, data_at: int) -> bytes:
    if kind == 2:
        return value.encode() + b"\0"
    if kind == 7:
        return value
    if isinstance(value, tuple) and value and value[0] == "data":
        return struct.pack(order + "I", data_at + value[1])
    values = value if isinstance(value, list | tuple) else [value]
    if kind == 5:
        pairs = [Fraction(item).limit_denominator(100_000) for item in values]
        return b"".join(struct.pack(order + "II", p.numerator, p.denominator) for p in pairs)
    return struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)


def _sexagesimal(degrees: float) -> list[Fraction]:
    left = Fraction(abs(degrees)).limit_denominator(100_000)
    whole = int(left)
    minutes = (left - whole) * 60
    return [Fraction(whole), Fraction(int(minutes)), (minutes - int(minutes)) * 60]


def camera_entries(
    orientation: int = 1, make: str = MAKE, model: str = MODEL
) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """First directory, EXIF, GPS, as a camera writes them."""
    main: list[Entry] = [
        (0x010F, 2, make),
        (0x0110, 2, model),
        (0x0112, 3, orientation),
        (0x0132, 2, "2027:01:01 00:00:00"),
    ]
    exif_: list[Entry] = [(0x9003, 2, TAKEN.strftime("%Y:%m:%d %H:%M:%S"))]
    gps: list[Entry] = [
        (1, 2, "N" if LATITUDE >= 0 else "S"),
        (2, 5, _sexagesimal(LATITUDE)),
        (3, 2, "E" if LONGITUDE >= 0 else "W"),
        (4, 5, _sexagesimal(LONGITUDE)),
    ]
    return main, exif_, gps


def exif(orientation: int = 1, *, order: str = "<") -> bytes:
    main, exif_, gps = camera_entries(orientation)
    block = tiff([main, exif_, gps], children={1: (0, 0x8769), 2: (0, 0x8825)}, order=order)
    return b"Exif\0\0" + block


# --- pictures


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def turned_away(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera stores it that was held so: EXIF's number puts it right again."""
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image if orientation == 1 else image.transpose(inverse[orientation])


def jpeg(orientation: int = 1, size: tuple[int, int] = (96, 64), **options: Any) -> bytes:
    image = turned_away(scene(*size), orientation)
    return saved(image, "JPEG", quality=92, subsampling=0, exif=exif(orientation), **options)


def png() -> bytes:
    return saved(scene(), "PNG", exif=exif(order=">")[6:])


def gif() -> bytes:
    frames = [scene().quantize(16), Image.new("P", (96, 64)), Image.new("P", (96, 64), 1)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)


def webp(*, animated: bool = False) -> bytes:
    if animated:
        more = [Image.new("RGB", (96, 64), "black")]
        return saved(scene(), "WEBP", save_all=True, append_images=more, duration=100, quality=90)
    return saved(scene(), "WEBP", quality=95, exif=exif()[6:])


def avif(orientation: int = 1) -> bytes:
    image = turned_away(scene(), orientation)
    return saved(image, "AVIF", quality=90, exif=exif(orientation), max_threads=1)


def heic(orientation: int = 1, size: tuple[int, int] = (96, 64), **options: Any) -> bytes:
    """Through pillow-heif, which writes the turn both as EXIF and as the container's own."""
    image = turned_away(scene(*size), orientation)
    out = io.BytesIO()
    file = pillow_heif.from_pillow(image)
    file.info["exif"] = exif(orientation)
    file.save(out, quality=90, **options)
    return out.getvalue()


def bmp() -> bytes:
    return saved(scene(), "BMP")


def tiff_picture(**options: Any) -> bytes:
    out = io.BytesIO()
    holder = Image.Exif()
    holder.load(exif())
    scene().save(out, "TIFF", exif=holder, **options)
    return out.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(
    width: int, height: int, depth: int, colour: int, rows: Iterable[bytes], *more: bytes
) -> bytes:
    """A PNG by hand, for what Pillow does not write."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + b"".join(more)
        + png_chunk(b"IDAT", packed)
        + png_chunk(b"IEND", b"")
    )


def png_16_bit_grey() -> bytes:
    """Left half 0x4000, right half 0xC000."""
    row = b"\x40\x00" * 8 + b"\xc0\x00" * 8
    return png_of(16, 8, 16, 0, [row] * 8)


def png_transparent() -> bytes:
    """Left half opaque red, right half fully transparent."""
    row = bytes((*RED, 255)) * 8 + bytes((0, 0, 0, 0)) * 8
    return png_of(16, 8, 8, 6, [row] * 8)


def png_palette_transparent() -> bytes:
    image = Image.new("P", (16, 8), 0)
    image.putpalette([*RED, *BLUE] + [0] * 762)
    image.paste(1, (8, 0, 16, 8))
    return saved(image, "PNG", transparency=1)


def jpeg_cmyk() -> bytes:
    return saved(scene().convert("CMYK"), "JPEG", quality=95)


def profile(primaries: tuple[tuple[float, float], ...], gamma: float = 2.2) -> bytes:
    """A small ICC profile with these red, green and blue xy primaries, white point D65."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(point: Iterable[float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(fixed(float(part)) for part in point)

    def to_xyz(x: float, y: float) -> np.ndarray[Any, Any]:
        return np.array([x / y, 1.0, (1 - x - y) / y])

    columns = np.stack([to_xyz(x, y) for x, y in primaries], axis=1)
    white = to_xyz(0.3127, 0.3290)
    matrix = columns * np.linalg.solve(columns, white)
    bradford = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    d50 = np.array([0.9642, 1.0, 0.8249])
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ d50) / (bradford @ white)) @ bradford
    adapted = adapt @ matrix
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"made for a test"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" + b"\0" * 78
    parts = {
        b"desc": described,
        b"wtpt": xyz(d50),
        b"rXYZ": xyz(adapted[:, 0]),
        b"gXYZ": xyz(adapted[:, 1]),
        b"bXYZ": xyz(adapted[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = b"", b"", 128 + 4 + 12 * len(parts)
    for name, part in parts.items():
        padded = part + b"\0" * (-len(part) % 4)
        table += name + struct.pack(">II", at + len(body), len(part))
        body += padded
    rest = struct.pack(">I", len(parts)) + table + body
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(rest), b"\0" * 4, 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    head = head.ljust(68, b"\0") + b"".join(fixed(float(part)) for part in d50)
    return head.ljust(128, b"\0") + rest


DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))


# --- RAW


def bayer(width: int = 96, height: int = 64) -> np.ndarray[Any, Any]:
    """The scene as a sensor with red, green, green, blue filters sees it, 12 bits."""
    linear = (np.asarray(scene(width, height), dtype=np.float64) / 255) ** 2.2 * 3900 + 50
    mosaic = linear[:, :, 1].copy()
    mosaic[0::2, 0::2] = linear[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = linear[1::2, 1::2, 2]
    return mosaic.astype("<u2")


def dng(orientation: int = 1, *, preview: bytes | None = None) -> bytes:
    """Uncompressed sensor data, linear, with or without a camera's own JPEG."""
    width, height = 256, 192
    stored = turned_away(scene(width, height), orientation)
    main, exif_, gps = camera_entries(orientation)
    width, height = stored.size
    linear = (np.asarray(stored, dtype=np.float64) / 255) ** 2.2 * 3900 + 50
    mosaic = linear[:, :, 1].copy()
    mosaic[0::2, 0::2] = linear[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = linear[1::2, 1::2, 2]
    pixels = mosaic.astype("<u2").tobytes()
    sensor: list[Entry] = [
        (0x00FE, 4, 0), (0x0100, 4, width), (0x0101, 4, height), (0x0102, 3, 16),
        (0x0103, 3, 1), (0x0106, 3, 32803), (0x0111, 4, ("data", 0)), (0x0115, 3, 1),
        (0x0116, 4, height), (0x0117, 4, len(pixels)), (0x828D, 3, [2, 2]),
        (0x828E, 1, [0, 1, 1, 2]), (0xC61A, 3, 50), (0xC61D, 4, 3950),
    ]  # fmt: skip
    main += [(0xC612, 1, [1, 4, 0, 0]), (0xC614, 2, MODEL), (0x00FE, 4, 1)]
    data = pixels
    if preview is not None:
        main += [(0x0103, 3, 7), (0x0106, 3, 6), (0x0111, 4, ("data", len(pixels))),
                 (0x0117, 4, len(preview)), (0x0100, 4, 640), (0x0101, 4, 480),
                 (0x0102, 3, [8, 8, 8]), (0x0115, 3, 3), (0x0116, 4, 480)]  # fmt: skip
        data += preview
    # Colour of the camera = sRGB primaries, so that the scene keeps its colours.
    main += [
        (0xC621, 10, None),
    ][:0]
    return tiff(
        [main, exif_, gps, sensor],
        children={1: (0, 0x8769), 2: (0, 0x8825), 3: (0, 0x014A)},
        data=data,
    )


def tiff_raw(
    make: str, *, magic: bytes | None = None, cr2: bool = False, sensor_compression: int = 1
) -> bytes:
    """RAW by another maker, as far as it can be imitated: directories, a JPEG, no sensor data
    that LibRaw would believe. So it tests that the camera's own picture is found without it."""
    main, exif_, gps = camera_entries(6, make=make)
    picture = saved(turned_away(scene(640, 480), 6), "JPEG", quality=90, subsampling=0)
    main += [(0x0201, 4, ("data", 0)), (0x0202, 4, len(picture))]
    sensor: list[Entry] = [
        (0x0100, 4, 480), (0x0101, 4, 640), (0x0103, 3, sensor_compression), (0x0106, 3, 32803),
    ]  # fmt: skip
    made = tiff(
        [main, exif_, gps, sensor],
        children={1: (0, 0x8769), 2: (0, 0x8825), 3: (0, 0x014A)},
        magic=magic,
        data=picture,
    )
    if cr2:
        # CR2 says so after the first eight bytes, so everything lies sixteen bytes further.
        made = tiff(
            [main, exif_, gps, sensor],
            children={1: (0, 0x8769), 2: (0, 0x8825), 3: (0, 0x014A)},
            data=picture,
        )
    return made


def raf() -> bytes:
    picture = saved(
        turned_away(scene(640, 480), 6), "JPEG", quality=90, subsampling=0, exif=exif(6)
    )
    head = b"FUJIFILMCCD-RAW 0201FF383501".ljust(84, b"\0") + struct.pack(">II", 160, len(picture))
    return head.ljust(160, b"\0") + picture


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def cr3() -> bytes:
    main, exif_, gps = camera_entries(make="Canon", model="Canon EOS T0")
    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    directories = box(
        b"uuid",
        uuid,
        box(b"CMT1", tiff([main])),
        box(b"CMT2", tiff([exif_])),
        box(b"CMT4", tiff([gps])),
    )
    return box(b"ftyp", b"crx ", b"\0\0\0\1", b"crx isom") + box(b"moov", directories)


# --- video


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip is made of."""

    muxer: str
    codec: str
    pixel_format: str = "yuv420p"
    audio: str | None = None
    size: tuple[int, int] = (192, 128)
    rate: int = 10
    seconds: int = 3
    dark_seconds: float = 0.0
    ratio: Fraction | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    muxer_options: tuple[tuple[str, str], ...] = ()
    codec_options: tuple[tuple[str, str], ...] = ()


PLACE_6709 = f"{LATITUDE:+08.4f}{LONGITUDE:+09.4f}+171.000/"
QUICKTIME = (
    ("com.apple.quicktime.creationdate", TAKEN.strftime("%Y-%m-%dT%H:%M:%S") + "+0200"),
    ("com.apple.quicktime.location.ISO6709", PLACE_6709),
    ("com.apple.quicktime.make", MAKE),
    ("com.apple.quicktime.model", MODEL),
)
X264 = (("preset", "ultrafast"), ("threads", "1"))
VPX = (("cpu-used", "8"), ("deadline", "realtime"), ("threads", "1"))
KEYS = (("movflags", "use_metadata_tags"),)

CLIPS: dict[str, Clip] = {
    "mp4": Clip("mp4", "libx264", audio="aac", codec_options=X264, metadata=(
        ("creation_time", "2026-07-04T16:30:05Z"), ("location", PLACE_6709))),
    "mov": Clip("mov", "libx264", audio="pcm_s16le", codec_options=X264, metadata=QUICKTIME,
        muxer_options=KEYS),
    "m4v": Clip("ipod", "libx264", audio="aac", codec_options=X264),
    "mkv": Clip("matroska", "libx264", audio="flac", codec_options=X264),
    "webm": Clip("webm", "libvpx-vp9", audio="libopus", codec_options=VPX),
    "avi": Clip("avi", "mpeg4", audio="mp3"),
    "avi-mjpeg": Clip("avi", "mjpeg", "yuvj420p", audio="pcm_u8"),
    "3gp": Clip("3gp", "h263", size=(176, 144), metadata=(("location", PLACE_6709),)),
    "mpegts": Clip("mpegts", "libx264", audio="aac", codec_options=X264),
    "hevc": Clip("mp4", "libx265", codec_options=(
        ("preset", "ultrafast"), ("x265-params", "log-level=none:pools=1:frame-threads=1"))),
    "av1": Clip("mp4", "libsvtav1", codec_options=(
        ("preset", "12"), ("svtav1-params", "lp=1"))),
    "vp8": Clip("webm", "libvpx", audio="libopus", codec_options=VPX),
    "dark": Clip("mp4", "libx264", codec_options=X264, dark_seconds=0.8),
    "wide": Clip("mp4", "libx264", codec_options=X264, ratio=Fraction(4, 3)),
}  # fmt: skip


def video(clip: Clip, orientation: int = 1) -> bytes:
    """The scene, with a white bar that moves to the right by one sixteenth a frame."""
    width, height = clip.size if orientation < 5 else clip.size[::-1]
    out = io.BytesIO()
    with av.open(
        out, "w", format=clip.muxer, options={**dict(clip.muxer_options), "fflags": "+bitexact"}
    ) as file:
        file.metadata.update(dict(clip.metadata))
        stream: Any = file.add_stream(clip.codec, rate=clip.rate)
        stream.width, stream.height = clip.size
        stream.pix_fmt = clip.pixel_format
        stream.options = dict(clip.codec_options)
        stream.codec_context.gop_size = clip.rate
        stream.codec_context.thread_count = 1
        if clip.ratio is not None:
            stream.codec_context.sample_aspect_ratio = clip.ratio
        sound: Any = None
        if clip.audio is not None:
            sound = file.add_stream(clip.audio, rate=48000)
            sound.codec_context.layout = "mono"
        for number in range(clip.rate * clip.seconds):
            image = scene(width, height)
            if number < clip.dark_seconds * clip.rate:
                image = Image.new("RGB", (width, height))
            else:
                left = number % 16 * width // 16
                ImageDraw.Draw(image).rectangle(
                    (left, height // 2 - 4, left + 3, height // 2 + 3), fill="white"
                )
            image = turned_away(image, orientation)
            frame = av.VideoFrame.from_image(image).reformat(format=clip.pixel_format)
            frame.pts = number
            frame.time_base = Fraction(1, clip.rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if sound is not None:
            _add_silence(file, sound, clip.seconds)
    return out.getvalue()


def _add_silence(file: Any, sound: Any, seconds: int) -> None:
    formats = {"s16": np.int16, "s16p": np.int16, "fltp": np.float32, "flt": np.float32,
               "u8": np.uint8, "s32": np.int32, "s32p": np.int32}  # fmt: skip
    name = sound.codec_context.format.name
    step = 960
    for number in range(seconds * 48000 // step):
        samples: Any = np.zeros((1, step), dtype=formats[name])
        frame = av.AudioFrame.from_ndarray(samples, format=name, layout="mono")
        frame.sample_rate = 48000
        frame.pts = number * step
        frame.time_base = Fraction(1, 48000)
        file.mux(sound.encode(frame))
    file.mux(sound.encode(None))


MATRICES: dict[int, tuple[int, int, int, int]] = {
    1: (1, 0, 0, 1), 2: (-1, 0, 0, 1), 3: (-1, 0, 0, -1), 4: (1, 0, 0, -1),
    5: (0, 1, 1, 0), 6: (0, 1, -1, 0), 7: (0, -1, -1, 0), 8: (0, -1, 1, 0),
}  # fmt: skip


def turned_video(data: bytes, orientation: int) -> bytes:
    """The same MP4 with another display matrix in its track header."""
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in MATRICES[orientation])
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return data[:at] + matrix + data[at + 36 :]


os.environ.setdefault("SVT_LOG", "-1")
"""The AV1 encoder writes pages about itself to standard error otherwise."""


def turned_clip(orientation: int) -> bytes:
    """A clip filmed with the camera held so: the scene stands upright only when turned."""
    size = (192, 128) if orientation < 5 else (128, 192)
    clip = replace(CLIPS["m4v"], size=size, audio=None)
    return turned_video(video(clip, orientation), orientation)


def bright_clip(curve: str) -> bytes:
    """The scene as a camera with high dynamic range films it: plain white at 203 nits, wide
    colours, ten bits."""
    signal = np.asarray(scene(192, 128)) / 255
    linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    to_wide = np.array(
        [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    )
    wide = linear @ to_wide.T
    if curve == "pq":
        power = (wide * 203 / 10_000) ** 0.1593017578125
        coded = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        luma = np.maximum(wide @ np.array([0.2627, 0.6780, 0.0593]), 1e-6)[..., None] * 0.203
        light = wide * 0.203 * luma ** (-0.2 / 1.2)
        high = 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
        coded = np.where(light <= 1 / 12, np.sqrt(3 * light), high)
    pixels: Any = (np.clip(coded, 0, 1) * 65535).astype(np.uint16)
    name, number = {"pq": ("smpte2084", 16), "hlg": ("arib-std-b67", 18)}[curve]
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream: Any = file.add_stream("libx265", rate=10)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p10le"
        stream.options = {
            "preset": "ultrafast",
            "x265-params": "log-level=none:pools=1:frame-threads=1:colorprim=bt2020:"
            f"transfer={name}:colormatrix=bt2020nc",
        }
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, number, 9
        context.color_range = 1
        for index in range(5):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
            frame = frame.reformat(format="yuv420p10le", dst_colorspace=9)
            frame.pts, frame.time_base = index, Fraction(1, 10)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def sound() -> bytes:
    """A container that could hold a video, with sound only."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as file:
        stream: Any = file.add_stream("flac", rate=48000)
        stream.codec_context.layout = "mono"
        _add_silence(file, stream, 1)
    return out.getvalue()


def dated_avi(date: str) -> bytes:
    """An AVI with the date as cameras of 2005 wrote it, in a chunk of its header list."""
    data = MAKERS["avi"]()
    text = date.encode() + b"\n\0"
    chunk = b"IDIT" + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
    size = struct.unpack_from("<I", data, 16)[0]
    end = 20 + size
    made = data[:16] + struct.pack("<I", size + len(chunk)) + data[20:end] + chunk + data[end:]
    return made[:4] + struct.pack("<I", len(made) - 8) + made[8:]


_MAKERS: dict[str, Callable[[], bytes]] = {
    "jpeg": jpeg,
    "png": png,
    "gif": gif,
    "webp": webp,
    "avif": avif,
    "heic": heic,
    "tiff": tiff_picture,
    "bmp": bmp,
    "dng": dng,
    "nef": lambda: tiff_raw("NIKON CORPORATION", sensor_compression=34713),
    "arw": lambda: tiff_raw("SONY", sensor_compression=32767),
    "orf": lambda: tiff_raw("OLYMPUS CORPORATION", magic=b"IIRO"),
    "rw2": lambda: tiff_raw("Panasonic", magic=b"IIU\0"),
    "raf": raf,
    **{name: (lambda clip=clip: video(clip)) for name, clip in CLIPS.items()},
}
MAKERS = {name: functools.cache(make) for name, make in _MAKERS.items()}
"""One of each, by name; made once."""


class Bytes:
    """Bytes as a source for the decoder, with what was asked of them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads: list[tuple[int, int]] = []

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, count: int) -> bytes:
        self.reads.append((offset, count))
        return self.data[offset : offset + count]
