"""JPEG, PNG, GIF, WebP, BMP, TIFF, AVIF and HEIC, through Pillow and pillow-heif.

Only the one codec that the first bytes call for is tried, never "whatever opens it": a file
that says PNG and is a Photoshop document is damaged, not a chance for a rarely tested reader.
"""

from __future__ import annotations

import contextlib
import warnings
from typing import IO, Any, cast

# An import registers a reader with Pillow; `_READERS` keeps the list in one place.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from lighttight.media import tags
from lighttight.media.sniff import Sniffed
from lighttight.media.wire import Op, Request, Undecodable
from lighttight.media.worker import develop
from lighttight.media.worker.remote import RemoteFile

MAX_PIXELS = 300_000_000
MAX_WHOLE_FILE = 512 << 20
"""For codecs that want the whole file in memory."""

_READERS = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
VIEWER_THREADS = 4

_PILLOW = {
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "avif": "AVIF",
    "heic": "HEIF",
    "heif": "HEIF",
}
_WHOLE = frozenset({"webp", "avif", "heic", "heif"})
_SEVERAL = frozenset({"gif", "png", "webp", "tiff", "avif"})


def prepare() -> list[str]:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    # Only what is imported above is registered; `init` would load forty more readers.
    Image._initialized = 2  # pyright: ignore[reportPrivateUsage]
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    # Text chunks that unpack to gigabytes.
    PngImagePlugin.MAX_TEXT_CHUNK = 1 << 20
    PngImagePlugin.MAX_TEXT_MEMORY = 8 << 20
    found = ["pictures"]
    return [*found, "heif"] if _heif_threads(1) else found


def _heif_threads(count: int) -> bool:
    """Register the reader of HEIC, for as many threads; False where it is not installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener(
        decode_threads=count, depth_images=False, aux_images=False, thumbnails=False
    )
    return True


def answer(request: Request, file: RemoteFile, sniffed: Sniffed) -> dict[str, Any]:
    container = sniffed.container
    if container in _WHOLE and file.length > MAX_WHOLE_FILE:
        raise Undecodable("too-large")
    if request.op in (Op.PICTURE, Op.WHOLE):
        # Someone waits for this one. An import runs several files side by side instead.
        AvifImagePlugin.DEFAULT_MAX_THREADS = VIEWER_THREADS
        _heif_threads(VIEWER_THREADS)
    image = open_image(file, _PILLOW[container])
    if request.op is Op.WHOLE and container in _SEVERAL and getattr(image, "n_frames", 1) > 1:
        # One still would pass for all of an animation, the first page for all of a document.
        raise Undecodable("codec")
    facts = _facts(image, file, container)
    size = develop.shown(*image.size, facts.orientation)
    if container in ("heic", "heif"):
        # Already turned by the reader, which keeps the camera's number for us to tell.
        size = image.size
        told = image.info.get("original_orientation")
        turn = 1
        facts.orientation = told if isinstance(told, int) and 1 <= told <= 8 else 1
    else:
        turn = facts.orientation
    complete = True
    try:
        picture, complete = _load(image, file, container, turn, request)
    except MemoryError:
        if request.op is not Op.EXAMINE:
            raise
        picture, complete = None, False
    except Exception:
        # The file could say what it is, but its pixels are damaged: keep what it said.
        if request.op is not Op.EXAMINE:
            raise
        picture, complete = None, False
    return develop.answer(picture, facts, container, size, complete=complete)


def open_image(file: IO[bytes] | RemoteFile, name: str) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(cast(IO[bytes], file), formats=(name,))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise Undecodable("too-large") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Undecodable("too-large")
    if width < 1 or height < 1:
        raise Undecodable("damaged")
    return image


def _load(
    image: Image.Image, file: RemoteFile, container: str, turn: int, request: Request
) -> tuple[Image.Image, bool]:
    """Decoded and upright; with what is there, and False, where the file ends too early."""
    max_side, whole = request.max_side, request.op is Op.WHOLE
    backdrop = develop.WHITE if whole else develop.BACKDROP
    develop.draft(image, max_side)
    try:
        image.load()
    except OSError:
        if whole or container not in ("jpeg", "png", "gif", "bmp", "tiff"):
            raise
    else:
        return develop.upright(image, turn, max_side, backdrop), True
    file.seek(0)
    image = open_image(file, _PILLOW[container])
    develop.draft(image, max_side)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    image.load()
    return develop.upright(image, turn, max_side), False


def _facts(image: Image.Image, file: RemoteFile, container: str) -> tags.Facts:
    """Never an error: a picture with broken metadata is a picture."""
    with contextlib.suppress(Exception):
        if container == "tiff":
            return tags.facts(tags.read(file))
        return tags.facts(tags.read_exif(image.info.get("exif")))
    return tags.Facts()
