"""One frame of a video, and what its container says, through PyAV (FFmpeg).

Only the demuxer that the first bytes call for is tried, and only decoders on the list below,
also for FFmpeg's own look at the streams: its several hundred others are where its bugs are.
A container cannot make it open anything else; there is nothing that the child could open.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import itertools
import re
import struct
import time
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageStat

from lighttight.media import tags
from lighttight.media.wire import MAX_DURATION, Op, Request, Undecodable
from lighttight.media.worker import develop

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from lighttight.media.sniff import Sniffed
    from lighttight.media.worker.remote import RemoteFile

_DEMUXERS = {
    "mp4": "mov",
    "m4v": "mov",
    "mov": "mov",
    "3gp": "mov",
    "mkv": "matroska",
    "webm": "matroska",
    "avi": "avi",
    "mpegts": "mpegts",
}
VIDEO_CODECS = frozenset({
    "h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "msmpeg4v3", "msmpeg4v2",
    "msmpeg4", "mjpeg", "mpeg2video", "mpeg1video", "h263", "prores", "dvvideo", "rawvideo",
    "libvpx", "libvpx-vp9", "theora", "vc1", "wmv3",
})  # fmt: skip
AUDIO_CODECS = frozenset({
    "aac", "mp3", "mp3float", "mp2", "mp2float", "ac3", "eac3", "opus", "libopus", "vorbis",
    "flac", "alac", "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "pcm_s16le",
    "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_u8", "pcm_alaw", "pcm_mulaw", "adpcm_ima_wav",
    "adpcm_ima_qt",
})  # fmt: skip
MAX_PIXELS = 8192 * 8192
MAX_PACKETS = 400
"""Looked at in search of one frame. A long distance between key frames is 300."""
_STEPS_BACK = (0.0, 1.5, 6.0, 30.0)
DARK = 24.0
PLAIN = 6.0

_av: Any = None


def prepare() -> bool:
    global _av
    try:
        import av
        import av.logging
    except ImportError:
        return False
    # Fetched at first use otherwise, which in a child would be too late; so is what reads dates.
    for name in ("av.sidedata.sidedata", "av.subtitles.stream"):
        importlib.import_module(name)
    _old_camera_time("Mon Jan  1 00:00:00 2001")
    with contextlib.suppress(AttributeError, OSError):
        # The letters in which MPEG-TS writes its programs' names; the table stays loaded.
        ctypes.CDLL(None).iconv_open(b"UTF-8", b"ISO6937")
    av.logging.set_level(None)
    _av = av
    return True


def opened(file: io.RawIOBase, container: str) -> InputContainer:
    """A file by the one demuxer that it calls for."""
    if _av is None:
        raise Undecodable("codec")
    allowed = ",".join(sorted(VIDEO_CODECS | AUDIO_CODECS))
    return _av.open(
        file,
        "r",
        format=_DEMUXERS[container],
        options={"codec_whitelist": allowed, "protocol_whitelist": "", "enable_drefs": "0"},
        metadata_errors="replace",
        buffer_size=256 << 10,
    )


def answer(request: Request, file: RemoteFile, sniffed: Sniffed) -> dict[str, Any]:
    if _av is None or request.op is Op.WHOLE:
        raise Undecodable("codec")
    started = time.monotonic()
    container = opened(file, sniffed.container)
    stream = _picture_stream(container)
    if stream is None:
        raise Undecodable("unknown")
    facts = _facts(container, stream)
    duration = _duration(container, stream)
    frame = None
    if stream.codec_context.name in VIDEO_CODECS:
        _single_thread(stream)
        if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
            raise Undecodable("too-large")
        try:
            if request.op is Op.FRAME:
                frame = _frame_at(container, stream, request.seconds)
            else:
                until = started + request.deadline * 0.6
                frame = _cover(container, stream, duration or 0.0, until)
        except MemoryError:
            raise
        except Exception:
            # What the container says is worth keeping where the pictures in it are damaged.
            if request.op is not Op.EXAMINE:
                raise
    elif request.op is not Op.EXAMINE:
        raise Undecodable("codec")
    if frame is not None:
        facts.orientation = _orientation(frame)
    width, height = _display_size(stream)
    size = develop.shown(width, height, facts.orientation)
    picture = None
    if frame is not None:
        picture = _picture(frame, (width, height), facts.orientation, request.max_side)
    audio = next(iter(container.streams.audio), None)
    return develop.answer(
        picture,
        facts,
        sniffed.container,
        size,
        duration=duration,
        video_codec=_codec_name(stream),
        audio_codec=None if audio is None else _codec_name(audio),
    )


def _picture_stream(container: InputContainer) -> VideoStream | None:
    for stream in container.streams.video:
        # A cover picture inside a sound file is no video.
        if not stream.disposition & _av.stream.Disposition.attached_pic:
            return stream
    return None


def _single_thread(stream: VideoStream) -> None:
    stream.codec_context.thread_count = 1
    stream.codec_context.thread_type = "NONE"


def _codec_name(stream: VideoStream | AudioStream) -> str:
    """The format's name (`av1`), not that of the program that reads it (`libdav1d`)."""
    with contextlib.suppress(Exception):
        return stream.codec_context.codec.canonical_name
    return "unknown"


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    seconds: float | None = None
    if container.duration:
        seconds = container.duration / 1_000_000
    elif stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    return seconds if seconds is not None and 0 < seconds <= MAX_DURATION else None


def _display_size(stream: VideoStream) -> tuple[int, int]:
    width, height = stream.codec_context.width, stream.codec_context.height
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if ratio and Fraction(1, 5) <= ratio <= 5:
        width = max(1, round(width * ratio))
    if width < 1 or height < 1:
        raise Undecodable("damaged")
    return width, height


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames from here on; damaged packets are passed over, as a player would."""
    for packet in itertools.islice(container.demux(stream), MAX_PACKETS):
        with contextlib.suppress(_av.error.InvalidDataError):
            yield from packet.decode()


def _cover(
    container: InputContainer, stream: VideoStream, duration: float, until: float
) -> VideoFrame | None:
    """A frame that tells something: a tenth in, and elsewhere where that one is black."""
    best: list[tuple[float, VideoFrame]] = []
    for share in (0.1, 0.35, 0.0, 0.7):
        if best and time.monotonic() > until:
            break
        try:
            frame = _first_after_seek(container, stream, duration * share)
        except _av.error.FFmpegError:
            # No index, or damage just there: the next place may do.
            continue
        if frame is None:
            continue
        mean, spread = _telling(frame)
        if mean > DARK and spread > PLAIN:
            return frame
        best.append((spread, frame))
    return max(best, key=lambda pair: pair[0])[1] if best else None


def _first_after_seek(
    container: InputContainer, stream: VideoStream, seconds: float
) -> VideoFrame | None:
    _seek(container, stream, seconds)
    return next((frame for frame in _decoded(container, stream) if frame.is_corrupt is False), None)


def _begin(stream: VideoStream) -> float:
    """The time of the first frame: a camera's clock may start anywhere."""
    if not stream.start_time or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def _seek(container: InputContainer, stream: VideoStream, seconds: float) -> None:
    container.seek(round((_begin(stream) + max(0.0, seconds)) * 1_000_000), backward=True)


def _frame_at(container: InputContainer, stream: VideoStream, seconds: float) -> VideoFrame | None:
    """The frame on show at a time: the last that begins no later.

    Containers without an index of key frames (MPEG-TS) or with coarse times (AVI) land behind
    the time that was asked for; then it is tried from further back.
    """
    frame = None
    for back in _STEPS_BACK:
        _seek(container, stream, seconds - back)
        frame, early_enough = _walk(container, stream, seconds)
        if early_enough or back >= seconds:
            break
    return frame


def _walk(
    container: InputContainer, stream: VideoStream, seconds: float
) -> tuple[VideoFrame | None, bool]:
    """The last frame from here that begins no later than `seconds`, and whether there is one."""
    wanted = _begin(stream) + seconds + 1e-4
    shown: VideoFrame | None = None
    for frame in _decoded(container, stream):
        if frame.pts is not None and frame.time > wanted:
            return (shown, True) if shown is not None else (frame, False)
        shown = frame
    return shown, shown is not None


def _telling(frame: VideoFrame) -> tuple[float, float]:
    """Brightness, and how much it varies: a black or blank frame tells nothing."""
    small = frame.reformat(width=64, height=48, format="gray8")
    image = _to_image(small, "L")
    statistics = ImageStat.Stat(image)
    return statistics.mean[0], statistics.stddev[0]


def _deep(frame: VideoFrame) -> npt.NDArray[np.uint16]:
    return np.asarray(frame.to_ndarray(), dtype=np.uint16)


def _to_image(frame: VideoFrame, mode: str) -> Image.Image:
    plane = frame.planes[0]
    size = (frame.width, frame.height)
    return Image.frombytes(mode, size, bytes(plane), "raw", mode, plane.line_size, 1)


_UNSPECIFIED = 2


def _picture(
    frame: VideoFrame, size: tuple[int, int], orientation: int, max_side: int
) -> Image.Image:
    width, height = develop.fit(*size, max_side)
    if frame.color_trc in (develop.PQ, develop.HLG):
        deep = frame.reformat(width=width, height=height, format="rgb48le", interpolation="AREA")
        return develop.upright(
            develop.tone_mapped(_deep(deep), frame.color_trc), orientation, max_side
        )
    options: dict[str, Any] = {}
    if frame.colorspace == _UNSPECIFIED and frame.height >= 720:
        # What is not said is the standard's colour for this size, as players assume.
        options["src_colorspace"] = "ITU709"
    small = frame.reformat(
        width=width, height=height, format="rgb24", interpolation="AREA", **options
    )
    return develop.upright(_to_image(small, "RGB"), orientation, max_side)


_MATRICES = {
    (1, 0, 0, 1): 1, (-1, 0, 0, 1): 2, (-1, 0, 0, -1): 3, (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5, (0, 1, -1, 0): 6, (0, -1, -1, 0): 7, (0, -1, 1, 0): 8,
}  # fmt: skip


def _orientation(frame: VideoFrame) -> int:
    """The display matrix as an EXIF number; 1 where it is absent or no quarter turn."""
    with contextlib.suppress(Exception):
        data = frame.side_data.get(_av.sidedata.sidedata.Type.DISPLAYMATRIX)
        if data is None:
            return 1
        values = struct.unpack_from("<9i", bytes(data))
        signs = tuple((value > 1 << 15) - (value < -(1 << 15)) for value in values)
        return _MATRICES.get((signs[0], signs[1], signs[3], signs[4]), 1)
    return 1


def _facts(container: InputContainer, stream: VideoStream) -> tags.Facts:
    facts = tags.Facts()
    with contextlib.suppress(Exception):
        said = {**stream.metadata, **container.metadata}
        said = {key.lower(): value for key, value in said.items()}
        for key in ("com.apple.quicktime.creationdate", "date", "creation_time"):
            facts.taken, facts.taken_is_utc = _when(said.get(key))
            if facts.taken is not None:
                break
        facts.latitude, facts.longitude = _where(said)
        facts.device = tags.device(
            said.get("com.apple.quicktime.make")
            or said.get("make")
            or said.get("com.android.manufacturer"),
            said.get("com.apple.quicktime.model")
            or said.get("model")
            or said.get("com.android.model"),
        )
    return facts


def _when(value: str | None) -> tuple[str | None, bool]:
    """A time and whether it is UTC. With an offset, the clock on the wall there is what counts."""
    if not value:
        return None, False
    text = value.strip()
    match = re.match(
        r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?$", text
    )
    if match is not None:
        when = datetime.fromisoformat(f"{match[1]}T{match[2]}")
        is_utc = match[3] == "Z"
    else:
        try:
            when = _old_camera_time(text)
        except ValueError:
            return None, False
        is_utc = False
    if when.year < 1980:
        # The zero of a clock that was never set: 1904 in QuickTime, 1970 elsewhere.
        return None, False
    return when.isoformat(), is_utc


def _old_camera_time(text: str) -> datetime:
    """How old cameras write it into AVI."""
    return datetime.strptime(text, "%a %b %d %H:%M:%S %Y")


def _where(said: dict[str, str]) -> tuple[float | None, float | None]:
    for key, value in said.items():
        if key.endswith("location.iso6709") or key == "location" or key.startswith("location-"):
            match = re.match(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)", value)
            if match is not None:
                return tags.valid_place(float(match[1]), float(match[2]))
    return None, None
