"""Libraries for tests: a decoder that decodes nothing, and pictures that cost nothing.

The pictures are JPEG by their first bytes and nothing more; `StandIn` says about them what a test
wants to hear. Tests about decoding use the real one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lighttight.errors import LighttightError
from lighttight.library.importing import ImportResult, ImportStatus, import_paths
from lighttight.library.library import Library
from lighttight.media.client import Pixels, Probe, Source
from lighttight.model import ItemId, Kind, Place

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


def picture(number: int = 0, size: int = 200) -> bytes:
    """Bytes that pass for a JPEG, different for each number."""
    return (JPEG + number.to_bytes(4)).ljust(size, b"\x5a")


def clip(number: int = 0, size: int = 200) -> bytes:
    return (MP4 + number.to_bytes(4)).ljust(size, b"\x5a")


class StandIn:
    """A decoder that answers without looking. `error` is raised instead, where it is set."""

    def __init__(self) -> None:
        self.taken: datetime | None = None
        self.place: Place | None = None
        self.device: str | None = None
        self.error: LighttightError | None = None
        self.pixels = True
        self.seen: list[bytes] = []
        self.before: Callable[[], object] = lambda: None

    def examine(self, source: Source, *, max_side: int = 512) -> tuple[Probe, Pixels | None]:
        del max_side
        self.before()
        head = source.read(0, 64)
        self.seen.append(head)
        if self.error is not None:
            raise self.error
        video = head[4:8] == b"ftyp"
        probe = Probe(
            kind=Kind.VIDEO if video else Kind.PHOTO,
            mime="video/mp4" if video else "image/jpeg",
            container="mp4" if video else "jpeg",
            width=4,
            height=3,
            orientation=1,
            duration=1.5 if video else None,
            taken=self.taken,
            place=self.place,
            device=self.device,
            video_codec="h264" if video else None,
            audio_codec=None,
            playable=video,
        )
        return probe, Pixels(4, 3, 3, bytes(36)) if self.pixels else None


_numbers = itertools.count(1)


def add(
    library: Library,
    folder: Path,
    count: int = 1,
    *,
    taken: datetime | None = None,
    device: str | None = None,
    make: Callable[[int], bytes] = picture,
    name: str = "IMG_{:04}.JPG",
) -> list[ItemId]:
    """Import new pictures, in order; answers their ids."""
    decoder = StandIn()
    decoder.taken, decoder.device = taken, device
    paths: list[Path] = []
    folder.mkdir(exist_ok=True)
    for _ in range(count):
        number = next(_numbers)
        path = folder / name.format(number)
        path.write_bytes(make(number))
        paths.append(path)
    results: list[ImportResult] = []
    import_paths(library.vault, decoder, paths, report=results.append, workers=1)
    assert all(one.status is ImportStatus.IMPORTED for one in results)
    return [one.id for one in results if one.id is not None]
