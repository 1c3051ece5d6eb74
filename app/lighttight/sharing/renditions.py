"""Clean copies: what an item looks like when it leaves. `app/docs/clean-copies.md`.

A copy is made by one child of the decoder, which is given that item and nothing else. Where the
format allows, the file is taken apart and put together again without what stands around the
picture; everything else is decoded, and written anew here from plain pixels.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lighttight.errors import Unsupported
from lighttight.media import preview
from lighttight.media.client import Decoder, Finding, Source
from lighttight.media.sniff import FORMATS
from lighttight.media.wire import MAX_SIDE
from lighttight.model import Item, Kind

QUALITY: Final = 92
_ENDINGS: Final = {"jpeg": ".jpg", "mpegts": ".ts"}

Write = Callable[[bytes | memoryview], object]


class Size(enum.Enum):
    """The longer side of a copy, in pixels. Videos keep theirs."""

    FULL = "full"
    LARGE = "2048"
    SMALL = "1280"

    @property
    def side(self) -> int | None:
        return None if self is Size.FULL else int(self.value)


@dataclass(frozen=True, slots=True)
class Rendition:
    """What a copy came to be. `ending` with its dot; `findings` are not in it."""

    ending: str
    mime: str
    findings: tuple[Finding, ...]


def findings(decoder: Decoder, source: Source) -> tuple[Finding, ...]:
    """What the original says besides the picture; empty also where only decoding could tell."""
    try:
        return decoder.findings(source).findings
    except Unsupported as error:
        if _must_be_decoded(error):
            return ()
        raise


def make(decoder: Decoder, source: Source, item: Item, size: Size, write: Write) -> Rendition:
    """Append a clean copy of `source`, the original of `item`, to `write`.

    Raises Unsupported("copy-impossible") where no clean copy can be made: a damaged original, or
    a video in a format that cannot be taken apart. What was written until then is not clean.
    """
    try:
        if size.side is None or item.kind is Kind.VIDEO:
            try:
                copy = decoder.clean(source, write)
            except Unsupported as error:
                if item.kind is Kind.VIDEO or not _must_be_decoded(error):
                    raise
            else:
                ending = _ENDINGS.get(copy.container, f".{copy.container}")
                return Rendition(ending, FORMATS[copy.container].mime, copy.findings)
        with decoder.picture(source, max_side=size.side or MAX_SIDE) as pixels:
            if size.side is None and _shrunk(item, max(pixels.width, pixels.height)):
                raise Unsupported("copy-impossible", reason="too-large")
            write(preview.encode(pixels, QUALITY, whole_colour=True))
    except Unsupported as error:
        if error.code == "copy-impossible":
            raise
        raise Unsupported("copy-impossible", reason=str(error.facts.get("reason", ""))) from error
    return Rendition(".jpg", FORMATS["jpeg"].mime, findings(decoder, source))


def _must_be_decoded(error: Unsupported) -> bool:
    return error.code == "media-undecodable" and error.facts.get("reason") == "codec"


def _shrunk(item: Item, side: int) -> bool:
    """Whether the child answered less than the whole picture, which was asked for."""
    return side < max(item.width or 0, item.height or 0)
