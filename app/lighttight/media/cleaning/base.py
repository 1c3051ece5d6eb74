"""What every format shares: an original to read, a copy to write, and what was found on the way.

A module of this package offers two functions of one walk:

    clean(original, write) -> tuple[Finding, ...]     writes the copy, strictly forward
    findings(original)     -> tuple[Finding, ...]     the same walk with a `write` that drops

so that what a person is shown before a copy is made is by construction what is then removed.
`Damaged` may be raised in the middle of writing: what was written until then is no copy and has
to be thrown away.

Everything read here was made by someone else, perhaps for this reader. `Reader` gives exactly
the bytes that were asked for or raises `Damaged`; nothing is allocated because a length says so.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

PIECE = 1 << 20
"""How much is held of a picture's coded data at a time."""

WINDOW = 64 << 10
MAX_DETAIL = 100
MAX_OF_A_KIND = 4

COPIES: Final = {
    **{name: name for name in ("gif", "jpeg", "png", "webp")},
    **{name: name for name in ("mp4", "m4v", "mov", "3gp", "mkv", "webm")},
    "mpegts": "mp4",
    "avi": "mov",
}
"""Containers that are cleaned without decoding, and what their copies are."""

REMUXED: Final = frozenset({"mpegts", "avi"})
"""Those that a codec library takes apart, which a file might take over."""

Bytes = bytes | bytearray | memoryview
Write = Callable[[bytes | memoryview], object]
"""Appends to the copy. There is no seeking: whatever has to come first is known first."""


class Original(Protocol):
    """The bytes that were imported. `read` is short only at the end."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, count: int, /) -> Bytes: ...


class Damaged(Exception):
    """The original must not be guessed at: cut short, or put together in a way that cannot be."""


class Uncleanable(Exception):
    """Nothing is broken, but no copy can be made: `codec` or `too-large`, as in `wire.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Found(enum.Enum):
    """The kinds of findings, in the order in which a person is told of them."""

    PLACE = "place"
    DATE = "date"
    DEVICE = "device"
    NAMES = "names"
    WORDS = "words"
    SOFTWARE = "software"
    EDITS = "edits"
    PREVIEW = "preview"
    CLIP = "clip"
    TRACKS = "tracks"
    HIDDEN = "hidden"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the original has and the copy does not.

    `detail` is a short plain fact, such as "48.86 N, 2.35 E" or "1.4 MB after the end"; it may be
    empty. It is the file's own word, and goes through the same cleaning as all text from a child
    before anyone sees it.
    """

    kind: Found
    detail: str = ""


class Findings:
    """Collects findings: each once, a few of a kind, in the order of `Found`."""

    def __init__(self) -> None:
        self._found: dict[Found, list[str]] = {}

    def add(self, kind: Found, detail: str = "") -> None:
        details = self._found.setdefault(kind, [])
        text = plain(detail)
        if text and text not in details and len(details) < MAX_OF_A_KIND:
            details.append(text)

    def __contains__(self, kind: Found) -> bool:
        return kind in self._found

    def all(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(kind, detail)
            for kind in Found
            if kind in self._found
            for detail in self._found[kind] or [""]
        )


class Reader:
    """Exactly the bytes that were asked for, or `Damaged`. Small reads come out of one window.

    Samples of a video lie one after the other, so there the window is a whole `PIECE`.
    """

    def __init__(self, original: Original, window: int = WINDOW) -> None:
        self._original = original
        self._length = window
        self.size = original.size
        self._window: Bytes = b""
        self._start = 0

    def at(self, offset: int, count: int) -> bytes:
        if offset < 0 or count < 0 or offset + count > self.size:
            raise Damaged
        begin = offset - self._start
        if begin < 0 or begin + count > len(self._window):
            if count > self._length:
                return self._all(offset, count)
            self._window = self._all(offset, min(self._length, self.size - offset))
            self._start, begin = offset, 0
        return bytes(self._window[begin : begin + count])

    def _all(self, offset: int, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            part = self._original.read(offset + len(data), count - len(data))
            if not part:
                raise Damaged
            data += part
        return bytes(data)

    def pieces(self, offset: int, count: int) -> Iterator[bytes]:
        """The same stretch in bounded pieces, for what is copied or looked through."""
        end = offset + count
        while offset < end:
            piece = self.at(offset, min(PIECE, end - offset))
            offset += len(piece)
            yield piece


def drop(_: bytes | memoryview) -> None:
    """The `write` of a walk that only looks."""


def plain(text: str) -> str:
    """One line without controls, short: a comment in a picture may hold anything."""
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text[:1000])
    return " ".join(kept.split())[:MAX_DETAIL].strip()


def amount(count: int) -> str:
    """A number of bytes as a person reads it."""
    if count == 1:
        return "1 byte"
    if count < 1000:
        return f"{count} bytes"
    many, unit = 0.0, ""
    for size, unit in ((1e3, "kB"), (1e6, "MB"), (1e9, "GB")):
        many = count / size
        if many < 999.5 or unit == "GB":
            break
    return f"{many:.1f} {unit}" if many < 10 else f"{many:.0f} {unit}"
