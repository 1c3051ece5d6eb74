"""What the rest of the program knows of decoding: give a source, get a probe and pixels.

`Decoder` owns the broker process. It is started at the first request, serves any number of
threads (each request has a child of its own, two files at once take two cores), and is started
anew when it has died; the file that was being decoded then reports an error and the next goes
on. `Decoder.protection` says which layers really stand around a child, as a trial child found
them; whoever shows pictures shows that too.

A child is never believed. What it says is read by `wire` against closed schemas, and the memory
file that holds its pixels is sealed by *this* side, against writing and resizing, before it is
mapped: otherwise a child could shrink it under the program's eyes (which ends the program) or
change it after it was looked at.

Errors: `Unsupported("media-unknown")` where the content is no media that is known here,
`Unsupported("media-undecodable", reason=…)` where it is damaged, too large, or in a codec that
is not on the list, and `Environment("decoder-…")` where the decoder itself failed. None of them
says that the original is lost: it is kept as it is, without a preview.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import mmap
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from lighttight.errors import Environment, Unsupported
from lighttight.media import sniff, wire
from lighttight.media.cleaning.base import COPIES, REMUXED, Found
from lighttight.media.process import BrokerGone, Launch, Protection, Running
from lighttight.model import Kind, Place

HEAD_BYTES = sniff.HEAD_BYTES

Write = Callable[[memoryview], object]
"""Takes the next bytes of a clean copy; what it raises ends the child and reaches the caller."""

Tick = Callable[[], object]

_KINDS = frozenset(one.value for one in Found)
_TICK_SECONDS = 0.25
_READ_AGAIN = 4
"""How often a child may read a file over: cleaning a video reads its tables and samples apart."""
_GROWTH = 4 << 20
"""Bytes that a clean copy may be larger than its original: tables are written anew."""
_SLOWEST = 2 << 20
"""Bytes a second, on a slow stick: less than that is taken for a child that hangs."""


class Source(Protocol):
    """Bytes by position, usually decrypted as they are asked for. Called from one thread at a
    time per request, from several when several requests share it."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, count: int) -> bytes:
        """Bytes at `offset`; short only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a file. `width` × `height` are as shown, after orientation.

    `orientation` is the camera's EXIF number 1…8 (a video's rotation is mapped to it), told for
    whoever edits the original; pixels of this module already stand upright. `taken` is naive
    local wall time. `playable` means that container, codecs and size are on the list of what
    the program plays in its own process. `complete` is False where the file was cut short and
    the picture shows what was left.
    """

    kind: Kind
    mime: str
    container: str
    width: int | None
    height: int | None
    orientation: int
    duration: float | None
    taken: datetime | None
    place: Place | None
    device: str | None
    video_codec: str | None
    audio_codec: str | None
    playable: bool
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use. Seconds are wall-clock time, from the request to the answer."""

    picture_seconds: float = 10.0
    video_seconds: float = 20.0
    memory: int = 1536 << 20
    bytes_read: int = 4 << 30
    children: int = max(2, os.cpu_count() or 2)
    start_seconds: float = 30.0


class Pixels:
    """A decoded picture, upright, sRGB, 8 bits: rows of `width` × `channels` bytes, no padding.

    `data` looks straight at the child's memory, which nobody can write any more. Close it, or
    use it in `with`, when done: until then it takes memory.
    """

    __slots__ = ("_map", "channels", "data", "height", "width")

    def __init__(
        self,
        width: int,
        height: int,
        channels: int,
        data: memoryview | bytes | bytearray,
        mapping: mmap.mmap | None = None,
    ) -> None:
        if len(data) != width * height * channels:
            raise ValueError("pixels do not fill the picture")
        self.width = width
        self.height = height
        self.channels = channels
        self.data = memoryview(data).toreadonly()
        self._map = mapping

    @property
    def stride(self) -> int:
        return self.width * self.channels

    def close(self) -> None:
        self.data.release()
        mapping, self._map = self._map, None
        if mapping is not None:
            # Someone may still look at a part of it; then it goes when they let go.
            with contextlib.suppress(BufferError):
                mapping.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an original has and its clean copy has not; kinds as in `clean-copies.md`."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Clean:
    """A clean copy that was made without decoding, or would be."""

    container: str
    findings: tuple[Finding, ...]
    remuxed: bool
    """A codec library took the original apart, not our own reader."""


class NothingSaid(Exception):
    """The child's socket closed before its first word: it, or its broker, was gone already."""


class Decoder:
    """The way to every decoded pixel. Thread-safe; start-up is lazy; close it when done."""

    def __init__(self, *, limits: Limits | None = None, launch: Launch | None = None) -> None:
        self._limits = limits or Limits()
        self._launch = launch or Launch()
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._closed = False
        self._ids = itertools.count(1)
        self._places = threading.BoundedSemaphore(self._limits.children)

    def examine(self, source: Source, *, max_side: int = 512) -> tuple[Probe, Pixels | None]:
        """Everything about a file from one child: what it is, and a preview of it.

        The pixels are None where the file's account of itself could be read but its picture
        could not."""
        return self._examined(wire.Op.EXAMINE, source, max_side, 0.0)

    def picture(self, source: Source, *, max_side: int) -> Pixels:
        """The picture for the viewer, no side longer than `max_side`; of a video, its cover."""
        return self._pixels(wire.Op.PICTURE, source, max_side, 0.0)

    def frame(self, source: Source, *, seconds: float, max_side: int) -> Pixels:
        """The frame of a video that is shown at `seconds`."""
        return self._pixels(wire.Op.FRAME, source, max_side, seconds)

    def whole(self, source: Source, *, max_side: int) -> Pixels:
        """As `picture`, for a copy: nothing but the whole of it, on white where it is transparent.

        Unsupported("media-undecodable") also where the file is cut short, or holds more than one
        picture (reason="codec"), which pixels could not say.
        """
        return self._pixels(wire.Op.WHOLE, source, max_side, 0.0)

    def clean(self, source: Source, write: Write, *, tick: Tick = lambda: None) -> Clean:
        """Append a clean copy to `write`, byte for byte what is to be seen and nothing around it.

        Where it raises, what was appended so far is not a clean copy. Unsupported
        ("media-undecodable", reason="codec") means that this format has to be decoded instead.
        `tick` is called now and then, also while nothing happens; what it raises ends the child.
        """
        head = bytearray()

        def keep(part: memoryview) -> None:
            head.extend(part[: max(0, HEAD_BYTES - len(head))])
            write(part)

        made = self._cleaned(wire.Op.CLEAN, source, keep, tick)
        # A child that was taken over says what it likes; a file of another kind it does not pass.
        seen = sniff.sniff(bytes(head))
        if seen is None or sniff.refine(seen, made.container) is None:
            raise Environment("decoder-died")
        return made

    def findings(self, source: Source, *, tick: Tick = lambda: None) -> Clean:
        """What `clean` would leave out. The same walk, so that what is said is what is done."""
        return self._cleaned(wire.Op.FINDINGS, source, _nothing_to_write, tick)

    def _cleaned(self, op: wire.Op, source: Source, write: Write, tick: Tick) -> Clean:
        sniffed = _sniffed(source)
        if sniffed.container not in COPIES:
            raise Unsupported("media-undecodable", reason="codec", mime=sniffed.mime)
        answer, pixels = self._ask(op, source, sniffed, 1, 0.0, write, tick)
        if pixels is not None:
            pixels.close()
        told = answer.clean
        if told is None or told.container != COPIES[sniffed.container]:
            raise Environment("decoder-died")
        return Clean(
            told.container,
            tuple(
                Finding(
                    one.kind if one.kind in _KINDS else Found.OTHER.value,
                    wire.clean_text(one.detail) or "",
                )
                for one in told.findings
            ),
            sniffed.container in REMUXED,
        )

    @property
    def protection(self) -> Protection:
        """Which layers stand around each child. Starts the broker if it does not run."""
        return self._broker().protection

    @property
    def codecs(self) -> tuple[str, ...]:
        """Which families the broker could load: pictures, heif, raw, video."""
        return self._broker().codecs

    @property
    def broker_pid(self) -> int | None:
        """The broker's process id, None while it does not run."""
        with self._lock:
            return None if self._running is None else self._running.pid

    def warm(self) -> None:
        """Start the broker now, so that the first picture need not wait for it."""
        self._broker()

    def close(self) -> None:
        """End the broker and with it every child. Requests under way report an error."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pixels(self, op: wire.Op, source: Source, max_side: int, seconds: float) -> Pixels:
        _probe, pixels = self._examined(op, source, max_side, seconds)
        if pixels is None:
            raise Unsupported("media-undecodable", reason="damaged")
        return pixels

    def _examined(
        self, op: wire.Op, source: Source, max_side: int, seconds: float
    ) -> tuple[Probe, Pixels | None]:
        sniffed = _sniffed(source)
        answer, pixels = self._ask(op, source, sniffed, max_side, seconds)
        try:
            return _probe(answer.probe, sniffed), pixels
        except wire.Malformed as error:
            if pixels is not None:
                pixels.close()
            raise Environment("decoder-died") from error

    def _ask(
        self,
        op: wire.Op,
        source: Source,
        sniffed: sniff.Sniffed,
        max_side: int,
        seconds: float,
        write: Write | None = None,
        tick: Tick = lambda: None,
    ) -> tuple[wire.AnswerWire, Pixels | None]:
        if not 1 <= max_side <= wire.MAX_SIDE:
            raise ValueError("max_side")
        video = sniffed.kind is Kind.VIDEO
        limits = self._limits
        deadline = limits.video_seconds if video else limits.picture_seconds
        if write is not None:
            deadline += source.size / _SLOWEST
        with self._places:
            request = wire.Request(
                id=next(self._ids),
                op=op,
                size=source.size,
                max_side=max_side,
                seconds=seconds,
                deadline=deadline,
                memory=limits.memory,
                output=min(4 * max_side * max_side, (1 << 32) - 1),
            )
            return self._once_more(request, source, write, tick)

    def _once_more(
        self, request: wire.Request, source: Source, write: Write | None, tick: Tick
    ) -> tuple[wire.AnswerWire, Pixels | None]:
        """One request, on a fresh broker if the one at hand turns out to be gone already."""
        try:
            return self._perform(self._broker(), request, source, write, tick)
        except BrokerGone:
            pass
        try:
            return self._perform(self._broker(), request, source, write, tick)
        except BrokerGone as error:
            raise Environment("decoder-died") from error

    def _broker(self) -> Running:
        with self._lock:
            if self._closed:
                raise Environment("decoder-unavailable")
            if self._running is not None and not self._running.alive():
                self._running.stop()
                self._running = None
            if self._running is None:
                self._running = Running(self._launch, self._limits.start_seconds)
            return self._running

    def _perform(
        self,
        broker: Running,
        request: wire.Request,
        source: Source,
        write: Write | None,
        tick: Tick,
    ) -> tuple[wire.AnswerWire, Pixels | None]:
        until = time.monotonic() + request.deadline
        ours, theirs = socket.socketpair()
        with ours:
            memory = _memory_file()
            try:
                with theirs:
                    broker.send(request, [theirs.fileno(), *([] if memory is None else [memory])])
                finished = False
                try:
                    budget = max(self._limits.bytes_read, _READ_AGAIN * request.size)
                    answer, inline = _serve(ours, source, until, budget, write, tick)
                    pixels = _receive(ours, answer.pixels, inline, memory, request, until)
                    finished = True
                finally:
                    if not finished:
                        broker.kill(request.id)
                return answer, pixels
            except TimeoutError as error:
                raise Environment("decoder-timeout") from error
            except NothingSaid as error:
                if broker.has_ended(0.2):
                    raise BrokerGone from error
                raise Environment("decoder-died") from error
            except (wire.Malformed, EOFError, ConnectionError) as error:
                raise Environment("decoder-died") from error
            finally:
                if memory is not None:
                    os.close(memory)


def _memory_file() -> int | None:
    """An anonymous file in memory that can be sealed; None where the system has none."""
    if not hasattr(os, "memfd_create"):
        return None
    try:
        return os.memfd_create("pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError as error:
        raise Environment("decoder-unavailable") from error


def _sniffed(source: Source) -> sniff.Sniffed:
    """What the first bytes say. Raises Unsupported where that is nothing to ask a child about."""
    sniffed = sniff.sniff(source.read(0, min(source.size, HEAD_BYTES)))
    if sniffed is None:
        raise Unsupported("media-unknown")
    if not sniffed.decodable:
        raise Unsupported("media-undecodable", reason="codec", mime=sniffed.mime)
    return sniffed


def _nothing_to_write(_: memoryview) -> None:
    """A child that was asked for findings and writes is not to be believed."""
    raise Environment("decoder-died")


def _serve(
    sock: socket.socket,
    source: Source,
    until: float,
    budget: int,
    write: Write | None,
    tick: Tick,
) -> tuple[wire.AnswerWire, int]:
    """Answer the child's reads, and take its copy, until it says that it is done."""
    said = False
    room = source.size + _GROWTH
    while True:
        try:
            head = _exactly(sock, wire.HEAD.size, until, tick)
        except (EOFError, ConnectionError) as error:
            raise (error if said else NothingSaid()) from error
        said = True
        tag, length, offset = wire.HEAD.unpack(head)
        if tag == wire.READ:
            budget -= length
            if not 0 < length <= wire.MAX_READ or offset + length > source.size or budget < 0:
                raise wire.Malformed
            data = source.read(offset, length)
            if len(data) != length:
                raise Environment("media-source-short")
            sock.settimeout(_left(until))
            sock.sendall(data)
        elif tag == wire.COPY and write is not None and 0 < length <= wire.MAX_READ:
            # A copy says the same with less; one that grows is a child that makes something up.
            room -= length
            if room < 0:
                raise wire.Malformed
            write(memoryview(_exactly(sock, length, until)))
        elif tag == wire.DONE and length <= wire.MAX_JSON:
            return wire.read_answer(bytes(_exactly(sock, length, until))), offset
        elif tag == wire.FAIL and length <= wire.MAX_JSON:
            reason = wire.read_fail(bytes(_exactly(sock, length, until)))
            if reason == "unknown":
                raise Unsupported("media-unknown")
            raise Unsupported("media-undecodable", reason=reason)
        else:
            raise wire.Malformed


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _exactly(sock: socket.socket, count: int, until: float, tick: Tick = lambda: None) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view.nbytes:
        sock.settimeout(min(_left(until), _TICK_SECONDS))
        try:
            got = sock.recv_into(view)
        except TimeoutError:
            tick()
            continue
        if got == 0:
            raise EOFError
        view = view[got:]
    return data


def _receive(
    sock: socket.socket,
    described: wire.PixelsWire | None,
    inline: int,
    memory: int | None,
    request: wire.Request,
    until: float,
) -> Pixels | None:
    """The pixels that an answer speaks of, once nobody can change them any more."""
    if described is None:
        if inline:
            raise wire.Malformed
        return None
    if max(described.width, described.height) > request.max_side:
        raise wire.Malformed
    width, height, channels = described.width, described.height, described.channels
    if memory is None:
        if inline != described.size:
            raise wire.Malformed
        return Pixels(width, height, channels, _exactly(sock, inline, until))
    if inline:
        raise wire.Malformed
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    try:
        # Fails while the child holds a writable mapping, or when it sealed the file before us.
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
        if os.fstat(memory).st_size != described.size:
            raise wire.Malformed
        mapping = mmap.mmap(memory, described.size, access=mmap.ACCESS_READ)
    except OSError as error:
        raise wire.Malformed from error
    return Pixels(width, height, channels, memoryview(mapping), mapping)


def _probe(told: wire.ProbeWire | None, sniffed: sniff.Sniffed) -> Probe:
    """The child's account, as far as it fits what the program itself saw in the first bytes."""
    if told is None:
        told = wire.ProbeWire(container=sniffed.container)
    refined = sniff.refine(sniffed, told.container)
    if refined is None:
        raise wire.Malformed
    place = None
    if told.latitude is not None and told.longitude is not None:
        place = Place(told.latitude, told.longitude)
    width, height = told.width, told.height
    video_codec = wire.clean_word(told.video_codec)
    audio_codec = wire.clean_word(told.audio_codec)
    return Probe(
        kind=refined.kind,
        mime=refined.mime,
        container=refined.container,
        width=width if height else None,
        height=height if width else None,
        orientation=told.orientation,
        duration=told.duration if refined.kind is Kind.VIDEO else None,
        taken=wire.clean_time(told.taken, is_utc=told.taken_is_utc),
        place=place,
        device=wire.clean_text(told.device),
        video_codec=video_codec,
        audio_codec=audio_codec,
        playable=_playable(refined, width, height, video_codec, audio_codec, told.audio_codec),
        complete=told.complete,
    )


PLAYABLE_CONTAINERS = frozenset({"mp4", "mov", "m4v", "3gp", "mkv", "webm", "avi", "mpegts"})
PLAYABLE_VIDEO = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "h263"})
PLAYABLE_AUDIO = frozenset({
    "aac", "mp3", "mp2", "ac3", "eac3", "opus", "vorbis", "flac", "alac", "amr_nb", "amr_wb",
    "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_u8", "pcm_alaw", "pcm_mulaw",
})  # fmt: skip
PLAYABLE_PIXELS = 8192 * 4320


def _playable(
    sniffed: sniff.Sniffed,
    width: int | None,
    height: int | None,
    video_codec: str | None,
    audio_codec: str | None,
    audio_told: str | None,
) -> bool:
    """Playback runs in the program's own process, so it gets only what is on this list."""
    return (
        sniffed.container in PLAYABLE_CONTAINERS
        and video_codec in PLAYABLE_VIDEO
        and (audio_told is None or audio_codec in PLAYABLE_AUDIO)
        and width is not None
        and height is not None
        and width * height <= PLAYABLE_PIXELS
    )
