"""Small films made on the spot by every encoder that is there, and a way into their boxes."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import math
import pathlib
import re
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, TypeAlias, cast

import av
import numpy as np

RATE = 25
SAMPLE_RATE = 48_000
METADATA = {
    "title": "cnryTITLE",
    "comment": "cnryCOMMENT",
    "location": "+48.2082+016.3738/",
    "creation_time": "2026-07-04T18:30:05Z",
}

Path: TypeAlias = tuple[str, ...]


@functools.cache
def film(
    picture: str = "libx264",
    sound: str | None = "aac",
    container: str = "mp4",
    *,
    frames: int = 24,
    size: tuple[int, int] = (96, 64),
    pixels: str = "yuv420p",
    flags: str = "",
    **options: str,
) -> bytes:
    """Pictures that move and a tone. `flags` are those of the muxer, `options` the encoder's."""
    with tempfile.TemporaryDirectory() as folder:
        # The muxer opens its own file a second time to put the index first.
        path = pathlib.Path(folder, "film")
        _make(path, picture, sound, container, frames, size, pixels, flags, options)
        return path.read_bytes()


def _make(
    path: pathlib.Path,
    picture: str,
    sound: str | None,
    container: str,
    frames: int,
    size: tuple[int, int],
    pixels: str,
    flags: str,
    options: dict[str, str],
) -> None:
    muxing = {"movflags": flags} if flags else {}
    with av.open(str(path), "w", format=container, options=muxing) as made:
        made.metadata.update(METADATA)
        video = cast(Any, made.add_stream(picture, rate=RATE, options=options))
        video.width, video.height = size
        video.pix_fmt = pixels
        audio = cast(Any, made.add_stream(sound, rate=SAMPLE_RATE)) if sound else None
        if audio is not None:
            audio.layout = "mono"
        for number in range(frames):
            for packet in video.encode(_picture(number, size, pixels)):
                made.mux(packet)
        for packet in video.encode(None):
            made.mux(packet)
        if audio is not None:
            for packet in _tone(audio, frames):
                made.mux(packet)


def _picture(number: int, size: tuple[int, int], pixels: str) -> av.VideoFrame:
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    planes = [(x * 2 + number * 5) % 256, (y * 3 + number * 3) % 256, (x + y) % 256]
    array = np.stack(planes, axis=-1).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(array, format="rgb24").reformat(format=pixels)
    frame.pts = number
    frame.time_base = Fraction(1, RATE)
    return frame


def _tone(audio: Any, frames: int) -> Iterator[Any]:
    count = frames * SAMPLE_RATE // RATE
    step = audio.codec_context.frame_size or 960
    kind = audio.codec_context.format.name
    for at in range(0, count, step):
        times = np.arange(at, min(at + step, count)) / SAMPLE_RATE
        wave = np.sin(2 * math.pi * 440 * times) * 0.5
        if kind.startswith("flt"):
            data = wave.astype(np.float32)
        elif kind.startswith("s32"):
            data = (wave * (1 << 30)).astype(np.int32)
        else:
            data = (wave * (1 << 14)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(data.reshape(1, -1), format=kind, layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = at
        frame.time_base = Fraction(1, SAMPLE_RATE)
        yield from audio.encode(frame)
    yield from audio.encode(None)


# --- what a reader sees


def packets(data: bytes) -> list[tuple[str, int | None, int | None, bool, int | None, bytes]]:
    """Of each stream, in its own order."""
    with av.open(io.BytesIO(data), "r") as container:
        found = [
            (
                packet.stream.type,
                packet.pts,
                packet.dts,
                packet.is_keyframe,
                packet.duration,
                bytes(packet),
            )
            for packet in container.demux()
            if packet.size
        ]
    return sorted(found, key=lambda packet: packet[0])


def frames(data: bytes, kinds: tuple[str, ...] = ("video", "audio")) -> list[tuple[Any, ...]]:
    """Time and digest of everything decoded; the matrix by which pictures are turned."""
    found: list[tuple[Any, ...]] = []
    with av.open(io.BytesIO(data), "r") as container:
        streams = [stream for stream in container.streams if stream.type in kinds]
        for decoded in container.decode(*streams):
            frame = cast(Any, decoded)
            turned = None
            if isinstance(frame, av.VideoFrame):
                turned = frame.rotation
            pixels = hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest()
            found.append((type(frame).__name__, frame.pts, frame.time, turned, pixels))
    return sorted(found, key=lambda frame: (frame[0], frame[1] or 0))


# --- boxes

CONTAINERS = {
    "moov",
    "trak",
    "mdia",
    "minf",
    "stbl",
    "dinf",
    "edts",
    "udta",
    "mvex",
    "moof",
    "traf",
}
HEADS = {"dref": 8, "stsd": 8}
"""Boxes with children behind a few numbers."""
ENTRIES = {"avc1": 78, "hvc1": 78, "hev1": 78, "av01": 78, "mp4a": 28, "Opus": 28}


def box(kind: str | bytes, content: bytes = b"") -> bytes:
    name = kind if isinstance(kind, bytes) else kind.encode("latin-1")
    return struct.pack(">I4s", 8 + len(content), name) + content


def split(data: bytes) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 0:
            size = len(data) - at
        assert 8 <= size <= len(data) - at
        found.append((kind.decode("latin-1"), data[at + 8 : at + size]))
        at += size
    assert at == len(data)
    return found


Change = Callable[[Path, bytes], "bytes | None"]
"""Path and content of a box, without its head → what stands there now, or None for nothing."""


def changed(data: bytes, change: Change) -> bytes:
    """The film with its boxes changed, innermost first. `moov` has to be behind `mdat`."""
    return b"".join(_changed((), kind, content, change) for kind, content in split(data))


def _changed(above: Path, kind: str, content: bytes, change: Change) -> bytes:
    path = (*above, kind)
    head = _head(path)
    if head is not None:
        inside = b"".join(
            _changed(path, inner, data, change) for inner, data in split(content[head:])
        )
        content = content[:head] + inside
    now = change(path, content)
    return b"" if now is None else box(kind, now)


def _head(path: Path) -> int | None:
    if path[-1] in CONTAINERS:
        return 0
    if path[-2:-1] == ("stsd",):
        return ENTRIES.get(path[-1])
    return HEADS.get(path[-1])


def replaced(data: bytes, last: str, content: bytes | Callable[[bytes], bytes]) -> bytes:
    """Every box of this kind with another content."""

    def change(path: Path, old: bytes) -> bytes:
        if path[-1] != last:
            return old
        return content if isinstance(content, bytes) else content(old)

    return changed(data, change)


def paths(data: bytes) -> list[Path]:
    found: list[Path] = []

    def note(path: Path, content: bytes) -> bytes:
        found.append(path)
        return content

    changed(data, note)
    return found


def content(data: bytes, *path: str) -> bytes:
    """Of the first box with this path."""
    for kind, inside in split(data):
        if kind == path[0]:
            if len(path) == 1:
                return inside
            return content(inside[HEADS.get(kind, 0) :], *path[1:])
    raise LookupError(path)


# --- exiftool

_ZERO = "0000:00:00 00:00:00"
_NUMBERS = re.compile(
    r"ImageWidth|ImageHeight|SourceImage(Width|Height)|[XY]Resolution|BitDepth|VideoFrameRate"
    r"|(Media)?TimeScale|(Media|Track)?Duration|TrackID|NextTrackID|TrackLayer|TrackVolume"
    r"|(Movie|Track|Media)HeaderVersion|PreferredRate|PreferredVolume|MatrixStructure|Balance"
    r"|AudioChannels|AudioBitsPerSample|AudioSampleRate|GraphicsMode|OpColor|PixelAspectRatio"
    r"|(Preview|Poster|Selection|Current)(Time|Duration)|MinorVersion|SampleSizes"
    r"|TimeToSampleTable|SampleToChunk|ChunkOffset(64)?|SyncSampleTable|CompositionTimeToSample"
    r"|IdependentAndDisposableSamples|SampleGroupDescription|SampleToGroup|CompositionToDecode\S*"
    r"|Unknown_(edts|esds|avcC|hvcC|av1C|vpcC|dOps|dinf|cslg|stss|stsc|stco|ctts|url|clli|mdcv|dac3|mp4a)"
    r"|AVCConfiguration|HEVC\S*|ColorProfiles|ColorPrimaries|TransferCharacteristics"
    r"|MatrixCoefficients|VideoFullRangeFlag|VideoFieldOrder|LayoutFlags|AverageBitrate"
    r"|MaxBitrate|BufferSize|CleanAperture\S*|AVIF\S*|OpusHead\S*|AudioFormat|CompressorID"
    r"|MediaData|Rotation|ImageSize|Megapixels|AvgBitrate|MediaDataSize|MediaDataOffset|FileType"
    r"|Cue(ClusterPosition|Time|Track)|DocType(Read)?Version|EBML(MaxIDLength|MaxSizeLength"
    r"|(Read)?Version)|TimecodeScale|CodecPrivate|DisplayUnit|DefaultDuration|Track(Default|Number|Type)"
    r"|(Video|Audio)CodecID|Matroska_0x1(5b0|6aa|6bb)|Display(Width|Height)|VideoScanType"
    r"|FileTypeExtension|MIMEType|ExifToolVersion|PurchaseFileFormat"
)
_FIXED: dict[str, set[Any]] = {
    "CreateDate": {_ZERO}, "ModifyDate": {_ZERO}, "TrackCreateDate": {_ZERO},
    "TrackModifyDate": {_ZERO}, "MediaCreateDate": {_ZERO}, "MediaModifyDate": {_ZERO},
    "MediaLanguageCode": {"und"}, "HandlerType": {"vide", "soun", "url "},
    "HandlerClass": {"mhlr", "dhlr"}, "MajorBrand": {"qt  ", "mp42", "3gp5", "M4V "},
    "CompatibleBrands": {"qt  "}, "VendorID": set(), "DocType": {"matroska", "webm"},
    "MuxingApp": {"-"}, "WritingApp": {"-"}, "TrackLanguage": {"und"}, "TrackUID": {"01", "02"},
}  # fmt: skip


def leaks(data: bytes) -> list[str]:
    """What exiftool finds in a film beyond structure."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "film")
        path.write_bytes(data)
        ran = subprocess.run(
            ["exiftool", "-a", "-G1", "-u", "-n", "-ee3", "-j", str(path)],
            capture_output=True,
            check=False,
        )
    return [
        f"{name} = {str(value)[:60]}"
        for name, value in json.loads(ran.stdout)[0].items()
        if name != "SourceFile"
        and not _structure(name.partition(":")[0], name.partition(":")[2], value)
    ]


def _structure(group: str, tag: str, value: Any) -> bool:
    if group == "System":
        return True
    if tag in _FIXED:
        if tag == "CompatibleBrands":
            return set(value) <= {"mp42", "isom", "iso4", "qt  ", "3gp5", "M4V "}
        return value in _FIXED[tag]
    return bool(_NUMBERS.fullmatch(tag)) and "cnry" not in str(value)
