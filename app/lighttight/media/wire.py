"""The bytes that pass between the program, its broker and one child.

Program → broker, on the control socket, fixed size, with two descriptors for a `Request` (the
child's end of a fresh socket pair, and a memory file for the pixels):

    Request   which file (an id), what is wanted, and the limits to set before anything is read
    Kill      an id

Broker → program: one line of JSON when it is ready (`Hello`), and nothing after that.

Child → program, on its own socket, each message a 16-byte head `tag | length | offset`:

    READ      ask for `length` bytes at `offset`; the answer is exactly the bytes of the file
              that lie there, no head, so its length is known to both
    COPY      the next `length` bytes of a clean copy, which follow
    DONE      `length` bytes of JSON; the pixels are in the memory file, or, where the system
              has none, follow as `offset` bytes
    FAIL      `length` bytes of JSON: a reason out of a closed list

The child is hostile until proven otherwise: it may have been taken over by the picture that it
decodes. Whatever it says is read here against a closed schema with bounds, and text is cut and
cleaned before anyone else sees it. Standard library and msgspec only.
"""

from __future__ import annotations

import enum
import math
import re
import struct
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec

HEAD = struct.Struct("<4sIQ")
READ, COPY, DONE, FAIL = b"READ", b"COPY", b"DONE", b"FAIL"

MAX_READ = 4 << 20
MAX_JSON = 16 << 10
MAX_TEXT = 100
MAX_FINDINGS = 40
MAX_SIDE = 16_384
MAX_EDGE = 1 << 20
MAX_DURATION = 60 * 60 * 24 * 7


class Op(enum.IntEnum):
    KILL = 0
    EXAMINE = 1
    PICTURE = 2
    FRAME = 3
    TRIAL = 4
    CLEAN = 5
    FINDINGS = 6
    WHOLE = 7


class Malformed(Exception):
    """A child said something outside the protocol."""


class Undecodable(Exception):
    """Raised inside the child: this file cannot be turned into pixels, for a listed reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


REASONS = frozenset({"damaged", "codec", "too-large", "memory", "empty", "unknown"})
"""`damaged` includes whatever a codec refuses; `unknown` means the content is no known media."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one child is to do, and what it may use while it does."""

    id: int
    op: Op
    size: int
    max_side: int = 0
    seconds: float = 0.0
    deadline: float = 10.0
    memory: int = 0
    output: int = 0

    LAYOUT = struct.Struct("<QBxxxIQdIIQ")

    def pack(self) -> bytes:
        return self.LAYOUT.pack(
            self.id,
            self.op,
            self.max_side,
            self.size,
            self.seconds,
            math.ceil(self.deadline * 1000),
            self.memory >> 20,
            self.output,
        )

    @classmethod
    def unpack(cls, data: bytes) -> Request:
        id_, op, side, size, seconds, millis, mebibytes, output = cls.LAYOUT.unpack(data)
        return cls(id_, Op(op), size, side, seconds, millis / 1000, mebibytes << 20, output)


class Hello(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the broker found: layers that a trial child saw working, and the codecs it has."""

    landlock: int
    seccomp: bool
    limits: bool
    single_thread: bool
    codecs: tuple[str, ...]


Edge = Annotated[int, msgspec.Meta(ge=1, le=MAX_EDGE)]
Word = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]


class ProbeWire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A child's account of a file, before it is believed."""

    container: Word
    width: Edge | None = None
    height: Edge | None = None
    orientation: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    duration: Annotated[float, msgspec.Meta(ge=0, le=MAX_DURATION)] | None = None
    taken: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    taken_is_utc: bool = False
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    device: Text | None = None
    video_codec: Word | None = None
    audio_codec: Word | None = None
    complete: bool = True


class PixelsWire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    width: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
    channels: Annotated[int, msgspec.Meta(ge=3, le=4)]

    @property
    def size(self) -> int:
        return self.width * self.height * self.channels


class FindingWire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    kind: Word
    detail: Text = ""


class CleanWire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a clean copy is, and what the original has that it has not."""

    container: Word
    findings: Annotated[tuple[FindingWire, ...], msgspec.Meta(max_length=MAX_FINDINGS)] = ()


class AnswerWire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    probe: ProbeWire | None = None
    pixels: PixelsWire | None = None
    clean: CleanWire | None = None


class FailWire(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    reason: Word


_answers = msgspec.json.Decoder(AnswerWire)
_fails = msgspec.json.Decoder(FailWire)
_hellos = msgspec.json.Decoder(Hello)


def read_answer(data: bytes) -> AnswerWire:
    try:
        return _answers.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed from error


def read_fail(data: bytes) -> str:
    try:
        reason = _fails.decode(data).reason
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed from error
    if reason not in REASONS:
        raise Malformed
    return reason


def read_hello(data: bytes) -> Hello:
    try:
        return _hellos.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed from error


def clean_text(text: str | None) -> str | None:
    """Text fit to be shown and stored: one line, no controls, no marks that turn text around.

    A device name such as a right-to-left override or an escape sequence would otherwise let a
    picture rewrite what the window or a terminal shows around it.
    """
    if text is None:
        return None
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
    kept = " ".join(kept.split())[:MAX_TEXT].strip()
    return kept or None


def clean_word(word: str | None) -> str | None:
    """A codec's name: lower-case letters, digits, underscores; anything else is no name."""
    return word if word and re.fullmatch(r"[a-z0-9_]{1,32}", word) else None


def clean_time(text: str | None, *, is_utc: bool) -> datetime | None:
    """The wall time of the camera. What is only known as UTC is turned into this computer's."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is not None or not 1826 <= when.year <= 2200:
        return None
    if is_utc:
        try:
            when = when.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
        except (OverflowError, OSError, ValueError):
            return None
    return when.replace(microsecond=0)
