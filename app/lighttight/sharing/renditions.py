"""Clean copies: what an item looks like when it leaves. `app/docs/clean-copies.md`.

A copy is made by children of the decoder, which are given that item and nothing else. Where the
format allows, the file is taken apart and put together again without what stands around the
picture; everything else is decoded, and written anew here from plain pixels.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from lighttight.errors import Environment, Unsupported
from lighttight.media import preview
from lighttight.media.cleaning import exif
from lighttight.media.cleaning.base import Found
from lighttight.media.client import Decoder, Finding, Source
from lighttight.media.sniff import FORMATS
from lighttight.media.wire import MAX_SIDE
from lighttight.model import Item, Kind

QUALITY: Final = 92
NEARLY: Final = 0.9
_ENDINGS: Final = {"jpeg": ".jpg"}

Tick = Callable[[], object]


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


class Written(Source, Protocol):
    """A copy on its way: what was written so far can be read back."""

    def write(self, data: bytes | memoryview, /) -> object: ...


def findings(
    decoder: Decoder, source: Source, item: Item, *, tick: Tick = lambda: None
) -> tuple[Finding, ...]:
    """What the original says besides the picture.

    Where only decoding could tell, what the library knows: place, date, device. Raises
    Unsupported where no clean copy in full size can be made.
    """
    try:
        return decoder.findings(source, tick=tick).findings
    except Unsupported as error:
        if item.kind is Kind.VIDEO or not _must_be_decoded(error):
            raise
        return known(item)


def known(item: Item) -> tuple[Finding, ...]:
    """What the library knows that an original says, without looking into it again."""
    found: list[Finding] = []
    if item.place is not None:
        place = exif.place(item.place.latitude, item.place.longitude)
        found.append(Finding(Found.PLACE.value, place))
    if item.taken is not None:
        found.append(Finding(Found.DATE.value, f"{item.taken:%Y-%m-%d}"))
    if item.device is not None:
        found.append(Finding(Found.DEVICE.value, item.device))
    return tuple(found)


def make(
    decoder: Decoder,
    source: Source,
    item: Item,
    size: Size,
    copy: Written,
    *,
    tick: Tick = lambda: None,
) -> Rendition:
    """Write a clean copy of `source`, the original of `item`, into the empty `copy`.

    Raises Unsupported("copy-impossible") where none can be made: a damaged original, one with
    several pictures in a smaller size, a video in a format that cannot be taken apart. What was
    written until then is not clean.
    """
    try:
        if size.side is None or item.kind is Kind.VIDEO:
            try:
                return _taken_apart(decoder, source, copy, tick)
            except Unsupported as error:
                if item.kind is Kind.VIDEO or copy.size or not _must_be_decoded(error):
                    raise
        return _decoded(decoder, source, item, size, copy)
    except Unsupported as error:
        if error.code == "copy-impossible":
            raise
        raise Unsupported("copy-impossible", reason=str(error.facts.get("reason", ""))) from error


def _taken_apart(decoder: Decoder, source: Source, copy: Written, tick: Tick) -> Rendition:
    made = decoder.clean(source, copy.write, tick=tick)
    if made.remuxed and decoder.findings(copy, tick=tick).findings:
        # A codec library had the original in its hands, and what it wrote is looked through by a
        # child that has never seen it.
        raise Environment("decoder-died")
    ending = _ENDINGS.get(made.container, f".{made.container}")
    return Rendition(ending, FORMATS[made.container].mime, made.findings)


def _decoded(decoder: Decoder, source: Source, item: Item, size: Size, copy: Written) -> Rendition:
    with decoder.whole(source, max_side=size.side or MAX_SIDE) as pixels:
        longest = max(pixels.width, pixels.height)
        if size.side is None and longest < NEARLY * max(item.width or 0, item.height or 0):
            # A preview that the camera put into a raw file is not the picture.
            raise Unsupported("copy-impossible", reason="too-large")
        copy.write(preview.encode(pixels, QUALITY, whole_colour=True))
    try:
        inside = findings(decoder, source, item)
    except Unsupported:
        # Pixels leave, whatever stands around them: only the account of it is shorter.
        inside = known(item)
    return Rendition(".jpg", FORMATS["jpeg"].mime, inside)


def _must_be_decoded(error: Unsupported) -> bool:
    return error.code == "media-undecodable" and error.facts.get("reason") == "codec"
