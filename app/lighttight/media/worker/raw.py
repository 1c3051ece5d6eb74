"""RAW: the picture that the camera put into the file, else the sensor's data developed.

Cameras put a finished JPEG beside the sensor's data, with the look that the person saw when
they took it; it is there in a few milliseconds. Only where it is missing or much smaller than
asked for is the sensor's data developed, at half size where that is enough.

Many RAW formats are TIFF by their first bytes. `format_of` tells them from scans and prints by
what only a sensor's data has, and by the maker.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from lighttight.media import tags
from lighttight.media.wire import Op, Request, Undecodable
from lighttight.media.worker import develop, pictures

if TYPE_CHECKING:
    import rawpy

    from lighttight.media.worker.remote import RemoteFile

MAX_WHOLE_FILE = 512 << 20
GOOD_ENOUGH = 0.75
"""Of the side asked for: below it, the camera's own picture gives way to a developed one."""

_SENSOR_PHOTOMETRIC = frozenset({32803, 34892})
_SENSOR_COMPRESSION = frozenset({34713, 32767})
_FLIPS = {3: 3, 5: 8, 6: 6}
_JPEG_OFFSET, _JPEG_LENGTH = 0x0201, 0x0202

_codec: Any = None


def prepare() -> bool:
    global _codec
    try:
        import rawpy
    except ImportError:
        return False
    # Fetched at rawpy's first picture otherwise, which in a child would be too late.
    importlib.import_module("multiprocessing.reduction")
    _codec = rawpy
    return True


def format_of(file: RemoteFile) -> str | None:
    """The RAW format of a TIFF by content, or None where it is a plain TIFF."""
    head = file.head(16)
    if head[8:10] == b"CR" and head[:4] == b"II*\0":
        return "cr2"
    with contextlib.suppress(Exception):
        found = tags.read(file)
        if tags.DNG_VERSION in found.main:
            return "dng"
        if not any(_holds_sensor_data(entry) for entry in (found.main, *found.subs)):
            return None
        make = str(found.main.get(tags.MAKE, "")).upper()
        return "nef" if make.startswith("NIKON") else "arw" if make.startswith("SONY") else None
    return None


def _holds_sensor_data(entry: tags.Directory) -> bool:
    photometric = tags.numbers(entry.get(tags.PHOTOMETRIC))[:1]
    compression = tags.numbers(entry.get(tags.COMPRESSION))[:1]
    return not (
        _SENSOR_PHOTOMETRIC.isdisjoint(photometric) and _SENSOR_COMPRESSION.isdisjoint(compression)
    )


def answer(request: Request, file: RemoteFile, container: str) -> dict[str, Any]:
    if file.length > MAX_WHOLE_FILE:
        raise Undecodable("too-large")
    file.seek(0)
    data = file.read()
    facts, embedded = _account(data, container)
    try:
        size, picture = _developed(request, data, facts)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        # A camera newer than LibRaw, or damage in the sensor's data: the JPEG may still be whole.
        size, picture = None, None
    if picture is None and embedded is not None:
        picture = _embedded_picture(embedded, request.max_side, facts.orientation)
    if picture is None and (request.op is not Op.EXAMINE or facts.taken is None):
        raise Undecodable("damaged")
    if size is None and picture is not None:
        size = picture.size
    return develop.answer(picture, facts, container, size, complete=picture is not None)


def _developed(
    request: Request, data: bytes, facts: tags.Facts
) -> tuple[tuple[int, int], Image.Image | None]:
    if _codec is None:
        raise Undecodable("codec")
    with _codec.imread(io.BytesIO(data)) as raw:
        sizes = raw.sizes
        if sizes.raw_width * sizes.raw_height > pictures.MAX_PIXELS:
            raise Undecodable("too-large")
        if facts.orientation == 1:
            facts.orientation = _FLIPS.get(sizes.flip, 1)
        size = develop.shown(sizes.width, sizes.height, facts.orientation)
        wanted = min(request.max_side, max(size)) * GOOD_ENOUGH
        with contextlib.suppress(Exception):
            picture = _thumbnail(raw, request.max_side, facts.orientation, size)
            if picture is not None and max(picture.size) >= wanted:
                return size, picture
        half = max(size) // 2 >= request.max_side * GOOD_ENOUGH
        rows = raw.postprocess(
            half_size=half, use_camera_wb=True, output_bps=8, no_auto_bright=False
        )
        picture = develop.upright(Image.fromarray(rows), 1, request.max_side)
        return size, picture


def _thumbnail(
    raw: rawpy.RawPy, max_side: int, orientation: int, size: tuple[int, int]
) -> Image.Image | None:
    thumb = raw.extract_thumb()
    if isinstance(thumb.data, bytes):
        return _embedded_picture(thumb.data, max_side, orientation, size)
    return develop.upright(Image.fromarray(thumb.data), orientation, max_side)


def _embedded_picture(
    data: bytes, max_side: int, orientation: int, size: tuple[int, int] | None = None
) -> Image.Image | None:
    image = pictures.open_image(io.BytesIO(data), "JPEG")
    if size is not None and (image.width > image.height) == (size[0] > size[1]) != (
        develop.shown(*image.size, orientation)[0] > develop.shown(*image.size, orientation)[1]
    ):
        # The camera has turned this one already.
        orientation = 1
    develop.draft(image, max_side)
    image.load()
    return develop.upright(image, orientation, max_side)


def _account(data: bytes, container: str) -> tuple[tags.Facts, bytes | None]:
    """Metadata and the largest JPEG that the directories point at, without LibRaw."""
    with contextlib.suppress(Exception):
        if container == "raf":
            return _fuji(data)
        if container == "cr3":
            return tags.facts(_canon(data)), None
        found = tags.read(io.BytesIO(data))
        return tags.facts(found), _largest_jpeg(found, data)
    return tags.Facts(), None


def _largest_jpeg(found: tags.Directories, data: bytes) -> bytes | None:
    best: bytes | None = None
    for entry in (found.main, *found.subs):
        offsets = tags.numbers(entry.get(_JPEG_OFFSET))
        lengths = tags.numbers(entry.get(_JPEG_LENGTH))
        if offsets and lengths:
            candidate = data[offsets[0] : offsets[0] + lengths[0]]
            if candidate.startswith(b"\xff\xd8") and len(candidate) > len(best or b""):
                best = candidate
    return best


def _fuji(data: bytes) -> tuple[tags.Facts, bytes | None]:
    """RAF names its JPEG at a fixed place; the EXIF of the shot is in there."""
    offset, length = struct.unpack_from(">II", data, 84)
    jpeg = data[offset : offset + length]
    if not jpeg.startswith(b"\xff\xd8"):
        return tags.Facts(), None
    with pictures.open_image(io.BytesIO(jpeg), "JPEG") as image:
        return tags.facts(tags.read_exif(image.info.get("exif"))), jpeg


_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def _canon(data: bytes) -> tags.Directories:
    """CR3 keeps one small TIFF for each directory, in boxes of its own."""
    found = tags.Directories()
    for kind, begin, end in _boxes(data, 0, len(data)):
        if kind != b"moov":
            continue
        for inner, start, stop in _boxes(data, begin, end):
            if inner != b"uuid" or data[start : start + 16] != _CANON_UUID:
                continue
            for name, first, last in _boxes(data, start + 16, stop):
                if name in (b"CMT1", b"CMT2", b"CMT4"):
                    part = tags.read(io.BytesIO(data[first:last])).main
                    if name == b"CMT1":
                        found.main = part
                    elif name == b"CMT2":
                        found.exif = part
                    else:
                        found.gps = part
    return found


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = begin
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            size = struct.unpack_from(">Q", data, body)[0]
            body += 8
        stop = end if size == 0 else at + size
        if stop <= at + 7 or stop > end:
            return
        yield kind, body, stop
        at = stop
