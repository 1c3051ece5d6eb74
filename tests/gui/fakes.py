"""Stand-ins for the engine: a viewer's source, a video in memory."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from functools import cache

from PySide6.QtGui import QImage

from lighttight.errors import LighttightError
from lighttight.model import Cell, ItemId, Kind
from lighttight.progress import Progress
from lighttight.ui.viewer import ViewerItem
from tests.gui import pictures


class MemorySource:
    """A video in memory; `broken` is raised by reads at or beyond `broken_at`."""

    def __init__(
        self, content: bytes, *, broken: LighttightError | None = None, broken_at: int = 0
    ) -> None:
        self._content = content
        self._broken = broken
        self._broken_at = broken_at
        self.readers: set[int] = set()

    @property
    def size(self) -> int:
        return len(self._content)

    def read(self, offset: int, count: int) -> bytes:
        self.readers.add(threading.get_ident())
        if self._broken is not None and offset + count > self._broken_at:
            raise self._broken
        return self._content[offset : offset + count]


@cache
def small_video(seconds: int = 3, rate: int = 25, pixels: str = "yuv420p") -> bytes:
    """An MP4 whose left edge brightens from frame to frame, so that a frame can be told."""
    import av
    import numpy as np

    store = io.BytesIO()
    store.name = "video.mp4"
    with av.open(store, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 180, pixels
        stream.codec_context.gop_size = rate // 2
        stream.options = {"crf": "4"}
        count = seconds * rate
        for number in range(count):
            picture = np.full((180, 320, 3), number * 3 + 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return store.getvalue()


@cache
def long_video() -> bytes:
    """An MP4 of noise, which is far too large to be read ahead as a whole."""
    import av
    import numpy as np

    dice = np.random.default_rng(7)
    store = io.BytesIO()
    store.name = "video.mp4"
    with av.open(store, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.options = {"crf": "10", "preset": "ultrafast"}
        for _ in range(250):
            picture = dice.integers(0, 255, (180, 320, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return store.getvalue()


class FakeViewer:
    """Answers the viewer's questions from a list of cells; keeps what it was asked."""

    def __init__(self, cells: Sequence[Cell], video: bytes | None = None) -> None:
        self._cells = {cell.id: cell for cell in cells}
        self._video = video
        self.asked: list[tuple[str, ItemId]] = []
        self.fail: dict[ItemId, BaseException] = {}
        self.gate: threading.Event | None = None

    def facts(self, item: ItemId) -> ViewerItem:
        cell = self._cells[item]
        title = "Before sunrise" if cell.kind is Kind.VIDEO else "Canoes at dusk"
        return ViewerItem(
            item,
            title,
            "Sunday 1 November 2026, 06:41",
            cell.kind,
            cell.width,
            cell.height,
            cell.favourite,
            cell.duration,
        )

    def preview(self, item: ItemId) -> QImage | None:
        self.asked.append(("preview", item))
        cell = self._cells[item]
        return pictures.picture(int(item, 16), cell.width // 8, cell.height // 8)

    def picture(self, item: ItemId, progress: Progress) -> QImage:
        self.asked.append(("picture", item))
        if self.gate is not None:
            assert self.gate.wait(10)
        progress.step(0)
        if item in self.fail:
            raise self.fail[item]
        cell = self._cells[item]
        small = pictures.picture(int(item, 16), cell.width // 8, cell.height // 8)
        return small.scaled(cell.width, cell.height)

    def video(self, item: ItemId) -> MemorySource:
        self.asked.append(("video", item))
        return MemorySource(self._video if self._video is not None else small_video())

    def frame(self, item: ItemId, seconds: float) -> QImage | None:
        self.asked.append(("frame", item))
        return pictures.picture(int(seconds), 200, 112)
