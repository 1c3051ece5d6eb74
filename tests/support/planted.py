"""Pictures with a canary in every place that a format has, and in some that it has not."""

from __future__ import annotations

import functools
import struct
import zlib
from typing import Any

from PIL import Image

from tests.support import media_files
from tests.support.media_files import png_chunk, saved, scene, tiff

CANARY = b"CANARY-7f3a-PLANTED"
SPELLINGS = (
    CANARY,
    CANARY.decode().encode("utf-16-le"),
    CANARY.decode().encode("utf-16-be"),
    CANARY[::-1],
    zlib.compress(CANARY),
    CANARY.hex().encode(),
)


def canaries_in(data: bytes) -> list[bytes]:
    return [spelling for spelling in SPELLINGS if spelling in data]


def exif(orientation: int = 6) -> bytes:
    """A block with the canary in its texts, its maker note, its gaps and its thumbnail."""
    word = CANARY.decode()
    thumbnail = segment(0xE1, b"Exif\0\0" + CANARY)
    inner = b"\xff\xd8" + thumbnail + media_files.jpeg()[2:]
    main: list[Any] = [
        (0x010E, 2, word), (0x010F, 2, "Fotograf"), (0x0110, 2, "Dunkel 7"),
        (0x0112, 3, orientation), (0x0131, 2, word), (0x013B, 2, word), (0x8298, 2, word),
        (0xBEEF, 7, CANARY),
    ]  # fmt: skip
    camera: list[Any] = [
        (0x9003, 2, "2026:07:04 18:30:05"), (0x927C, 7, CANARY * 300), (0x9286, 7, CANARY),
        (0xA420, 2, word), (0xA431, 2, word), (0xA434, 2, word),
    ]  # fmt: skip
    place: list[Any] = [
        (1, 2, "N"), (2, 5, [48, 51, 36]), (3, 2, "E"), (4, 5, [2, 21, 0]), (0x1B, 7, CANARY),
    ]  # fmt: skip
    preview: list[Any] = [(0x0103, 3, 6), (0x0201, 4, ("data", 0)), (0x0202, 4, len(inner))]
    return tiff(
        [main, camera, place, preview],
        children={1: (0, 0x8769), 2: (0, 0x8825)},
        data=inner + CANARY,
    )


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="48,51.6N" '
    b'dc:creator="%s" xmpMM:DocumentID="%s" GCamera:MotionPhoto="1" CreatorTool="x"/></x:xmpmeta>'
    % (CANARY, CANARY)
)


@functools.cache
def profile() -> bytes:
    """A working profile with the canary in its header, its texts, private tags and gaps."""
    plain = media_files.profile(((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), 2.0)
    tags: list[tuple[bytes, bytes]] = []
    for index in range(struct.unpack_from(">I", plain, 128)[0]):
        name, offset, length = struct.unpack_from(">4sII", plain, 132 + 12 * index)
        if name not in (b"desc", b"cprt"):
            tags.append((name, plain[offset : offset + length]))
    text = b"text\0\0\0\0" + CANARY + b"\0"
    for name in (b"desc", b"cprt", b"dmnd", b"dmdd", b"mmod", b"vcgt", b"QQQQ", b"meta"):
        tags.append((name, text))
    table, body = struct.pack(">I", len(tags)), CANARY + b"C"
    for name, data in tags:
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(data) + 4)
        body += data + CANARY + b"C"
    head = bytearray(plain[:128])
    head[4:8] = CANARY[:4]
    head[24:36] = CANARY[:12]
    head[40:44] = head[48:52] = head[52:56] = head[80:84] = CANARY[4:8]
    head[84:100] = CANARY[:16]
    head[100:119] = CANARY
    return struct.pack(">I", 128 + len(table) + len(body)) + head[4:] + table + body


# --- JPEG


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def split_jpeg(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The segments before the first scan's data, and everything from there on."""
    found, at = [], 2
    while True:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((marker, data[at + 4 : at + 2 + length]))
        at += 2 + length
        if marker == 0xDA:
            return found, data[at:]


def joined(segments: list[tuple[int, bytes]], rest: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segment(*one) for one in segments) + rest


def icc_segments(whole: bytes, pieces: int = 3) -> list[tuple[int, bytes]]:
    step = -(-len(whole) // pieces)
    return [
        (0xE2, b"ICC_PROFILE\0" + bytes((n + 1, pieces)) + whole[n * step : (n + 1) * step])
        for n in range(pieces)
    ]


MOTION = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + CANARY * 50


def jpeg(data: bytes | None = None) -> bytes:
    segments, rest = split_jpeg(data or media_files.jpeg(size=(96, 64)))
    kept = [one for one in segments if not 0xE0 <= one[0] <= 0xEF]
    unused = bytes((3,)) + (CANARY * 4)[:64]
    replaced = bytes((0,)) + (CANARY * 4)[:64]
    codes = bytes((0x13,)) + bytes((0,) * 8 + (len(CANARY),) + (0,) * 7) + CANARY
    planted: list[tuple[int, bytes]] = [
        (0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\x03\x02" + CANARY[:18]),
        (0xE0, b"JFXX\0\x10" + CANARY),
        (0xE1, b"Exif\0\0" + exif()),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + CANARY),
        *reversed(icc_segments(profile())),
        (0xE2, b"MPF\0" + CANARY),
        (0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + CANARY),
        (0xEB, b"JP\0\1" + CANARY),
        (0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\x18\x1c\2\x50\0\x13" + CANARY),
        (0xEE, b"Adobe\0\x64" + CANARY[:4] + b"\1" + CANARY),
        *((marker, CANARY) for marker in range(0xE0, 0xF0)),
        (0xFE, CANARY),
        (0xDB, unused + replaced),
        (0xC4, codes),
    ]  # fmt: skip
    end = rest.rindex(b"\xff\xd9")
    late = segment(0xFE, CANARY) + segment(0xE1, b"Exif\0\0" + exif(3)) + segment(0xDB, unused)
    body = rest[:end] + late + b"\xff\xff\xff\xd9" + MOTION + media_files.jpeg() + CANARY
    return joined(planted + kept, body)


# --- PNG


def png(data: bytes | None = None, *, inside: bytes = b"") -> bytes:
    """Any PNG with everything planted around its pixels; `inside` stands behind their end."""
    source = data or saved(scene(), "PNG")
    out, at = bytearray(source[:8]), 8
    while at < len(source):
        length, kind = struct.unpack_from(">I4s", source, at)
        body = source[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IEND":
            out += png_chunk(b"tEXt", b"Comment\0" + CANARY)
            if inside:
                raise AssertionError
        out += png_chunk(kind, body)
        if kind == b"IHDR":
            out += png_chunk(b"iCCP", CANARY + b"\0\0" + zlib.compress(profile()))
            out += png_chunk(b"gAMA", struct.pack(">I", 45455)) + png_chunk(b"gAMA", b"CANA")
            out += png_chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
            out += png_chunk(b"tEXt", b"Author\0" + CANARY) + png_chunk(b"tEXt", CANARY + b"\0x")
            out += png_chunk(b"zTXt", b"Software\0\0" + zlib.compress(CANARY))
            out += png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
            out += png_chunk(b"tIME", struct.pack(">HBBBBB", 2026, 7, 4, 18, 30, 5))
            out += png_chunk(b"eXIf", exif()) + png_chunk(b"sPLT", CANARY + b"\0\x08")
            out += png_chunk(b"caBX", CANARY) + png_chunk(b"prVt", CANARY)
            out += png_chunk(b"zxIf", exif())
    return bytes(out) + CANARY + source


# --- WebP


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_of(*parts: bytes, behind: bytes = b"") -> bytes:
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body + behind


def webp_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def webp(data: bytes | None = None) -> bytes:
    parts = webp_chunks(data or saved(scene(), "WEBP"))
    if parts[0][0] != b"VP8X":
        head = b"\0\0\0\0" + (95).to_bytes(3, "little") + (63).to_bytes(3, "little")
        parts.insert(0, (b"VP8X", head))
    out = [riff(b"VP8X", bytes((parts[0][1][0] | 0x2C,)) + b"\0\0\0" + parts[0][1][4:])]
    out += [riff(b"ICCP", profile()), riff(b"QQQQ", CANARY)]
    for kind, body in parts[1:]:
        inner = body
        if kind == b"ANMF":
            inner = body[:15] + bytes((body[15] | 0xF0,)) + body[16:]
            inner += riff(b"QQQQ", CANARY) + riff(b"QQQQ", exif())
        if kind not in (b"EXIF", b"XMP ", b"ICCP"):
            out.append(riff(kind, inner))
            if kind not in (b"ALPH", b"ANIM"):
                out.append(riff(b"JUNK", CANARY))
    out += [riff(b"EXIF", exif()), riff(b"XMP ", XMP), riff(b"EXIF", CANARY)]
    return webp_of(*out, behind=CANARY)


# --- GIF


def blocks(body: bytes) -> bytes:
    return (
        b"".join(
            bytes((len(body[at : at + 255]),)) + body[at : at + 255]
            for at in range(0, len(body), 255)
        )
        + b"\0"
    )


def gif(data: bytes | None = None) -> bytes:
    source = data or animated_gif()
    start = 13 + (3 << (source[10] & 7) + 1 if source[10] & 0x80 else 0)
    planted = (
        b"\x21\xfe" + blocks(CANARY)
        + b"\x21\xff\x0bXMP DataXMP" + blocks(XMP)
        + b"\x21\xff\x0bICCRGBG1012" + blocks(CANARY)
        + b"\x21\xff\x0bNETSCAPE2.0" + blocks(b"\2" + CANARY)
        + b"\x21\xf9\4\0\0\0\0\0" + b"\x21\x01\x0c" + CANARY[:12] + blocks(CANARY)
        + b"\x21\x77" + blocks(CANARY)
    )  # fmt: skip
    assert source.endswith(b";")
    return source[:start] + planted + source[start:-1] + planted + b"\0\0\0;" + CANARY + source


@functools.cache
def animated_gif() -> bytes:
    frames = [scene(), scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT), scene().rotate(180)]
    palettes = [frame.quantize(16) for frame in frames]
    return saved(
        palettes[0],
        "GIF",
        save_all=True,
        append_images=palettes[1:],
        duration=[80, 120, 300],
        loop=3,
    )


# --- every kind that there is


@functools.cache
def samples() -> dict[str, tuple[str, bytes]]:
    """Name → format and bytes, without canaries."""
    noise = media_files.photo(160, 120)
    small = media_files.photo(33, 17, seed=3)
    alpha = noise.convert("RGBA")
    alpha.putalpha(noise.convert("L"))
    moving = [media_files.photo(48, 32, seed=seed) for seed in range(4)]
    frames: dict[str, Any] = {"save_all": True, "append_images": moving[1:]}
    timed: dict[str, Any] = {**frames, "duration": [50, 70, 90, 110], "loop": 2}
    turned: dict[str, Any] = {"lossless": True, "exif": media_files.exif(3)}
    still = noise.quantize(16)
    made: dict[str, tuple[str, bytes]] = {
        "jpeg": ("jpg", saved(noise, "JPEG", quality=90)),
        "jpeg-444": ("jpg", saved(noise, "JPEG", subsampling=0, icc_profile=profile())),
        "jpeg-progressive": ("jpg", saved(noise, "JPEG", progressive=True, optimize=True)),
        "jpeg-restart": ("jpg", saved(noise, "JPEG", restart_marker_blocks=3)),
        "jpeg-grey": ("jpg", saved(small.convert("L"), "JPEG", dpi=(300, 300))),
        "jpeg-cmyk": ("jpg", saved(noise.convert("CMYK"), "JPEG", progressive=True)),
        "jpeg-rgb": ("jpg", saved(small, "JPEG", keep_rgb=True)),
        "jpeg-turned": ("jpg", media_files.jpeg(5)),
        "png": ("png", saved(noise, "PNG", icc_profile=profile(), dpi=(72, 72))),
        "png-alpha": ("png", saved(alpha, "PNG")),
        "png-grey-alpha": ("png", saved(small.convert("LA"), "PNG")),
        "png-1": ("png", saved(small.convert("1"), "PNG")),
        "png-palette": ("png", saved(noise.quantize(11), "PNG", transparency=3)),
        "png-transparent": ("png", media_files.png_palette_transparent()),
        "png-16": ("png", media_files.png_16_bit_grey()),
        "png-turned": ("png", saved(small, "PNG", exif=media_files.exif(8))),
        "apng": ("png", saved(moving[0], "PNG", **timed)),
        "apng-hidden-first": ("png", saved(moving[0], "PNG", default_image=True, **frames)),
        "webp": ("webp", saved(noise, "WEBP")),
        "webp-lossless": ("webp", saved(small, "WEBP", lossless=True)),
        "webp-alpha": ("webp", saved(alpha, "WEBP", icc_profile=profile())),
        "webp-lossless-alpha": ("webp", saved(alpha, "WEBP", **turned)),
        "webp-animated": ("webp", saved(moving[0], "WEBP", **timed)),
        "gif": ("gif", saved(noise.quantize(256), "GIF")),
        "gif-interlaced": ("gif", saved(small.quantize(7), "GIF", interlace=1)),
        "gif-animated": ("gif", animated_gif()),
        "gif-transparent": ("gif", saved(still, "GIF", transparency=2, comment=b"hello")),
    }  # fmt: skip
    return made


PLANTERS = {"jpg": jpeg, "png": png, "webp": webp, "gif": gif}


def planted(name: str) -> tuple[str, bytes]:
    kind, data = samples()[name]
    if name in ("jpeg-cmyk", "jpeg-rgb", "webp-lossless", "webp"):
        # Their own marks decide on the colours, or their size on the first chunk.
        return kind, _around(kind, data)
    return kind, PLANTERS[kind](_without_text(kind, data))


def _around(kind: str, data: bytes) -> bytes:
    if kind == "jpg":
        segments, rest = split_jpeg(data)
        first = [(0xE1, b"Exif\0\0" + exif(1)), (0xFE, CANARY), (0xE5, CANARY)]
        return joined(first + segments, rest + CANARY)
    return (
        data[:4]
        + struct.pack("<I", len(data) - 8 + 28)
        + data[8:]
        + riff(b"EXIF", CANARY + b"C")
        + CANARY
    )


def _without_text(kind: str, data: bytes) -> bytes:
    """A second profile or orientation would make the sample a damaged one."""
    if kind != "png":
        return data
    out, at = bytearray(data[:8]), 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name not in (b"iCCP", b"eXIf", b"gAMA", b"pHYs"):
            out += data[at : at + 12 + length]
        at += 12 + length
    return bytes(out)
