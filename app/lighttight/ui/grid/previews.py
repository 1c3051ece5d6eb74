"""Previews on their way to the screen: asked for while wanted, decoded off the main thread, kept
within a number of bytes.

`want` replaces the whole list of what is wanted, most wanted first. So a picture that was
scrolled away is never fetched, unless a worker already has it in hand. Each picture is decoded at
the size it is shown, with its corners cut, because painting then is a plain copy.

The bytes come from this program's own encoder; still, only Qt's JPEG reader is let at them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QImage, QImageReader, QPainter

from lighttight.errors import LighttightError
from lighttight.model import ItemId
from lighttight.progress import Progress
from lighttight.ui.jobs import Jobs

_JPEG: Final = b"\xff\xd8\xff"
_SLICE: Final = 0.010
"""Seconds a worker goes on before it hands over what it has."""


class PreviewSource(Protocol):
    """Where previews come from. Called on worker threads, several at once."""

    def __call__(self, item: ItemId) -> bytes | None:
        """The encoded JPEG, or None where the item has no preview."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture at the size it is shown, in device pixels."""

    item: ItemId
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Preview:
    image: QImage
    width: int
    height: int

    @property
    def octets(self) -> int:
        return self.image.sizeInBytes()


def decode(encoded: bytes, width: int, height: int, radius: float) -> QImage:
    """Fill `width` × `height`, cutting what does not fit, with round corners; null if broken."""
    if not encoded.startswith(_JPEG):
        return QImage()
    buffer = QBuffer()
    buffer.setData(QByteArray(encoded))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    reader.setAutoTransform(False)
    natural = reader.size()
    if natural.isEmpty():
        return QImage()
    scaled = natural.scaled(QSize(width, height), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    reader.setScaledSize(scaled)
    image = reader.read()
    if image.isNull():
        return image
    if image.size() != QSize(width, height):
        corner = QPoint((image.width() - width) // 2, (image.height() - height) // 2)
        image = image.copy(QRect(corner, QSize(width, height)))
    if radius <= 0:
        return image
    made = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(image))
    painter.drawRoundedRect(QRectF(0, 0, width, height), radius, radius)
    painter.end()
    return made


class PreviewCache:
    """The previews used last, up to a number of bytes."""

    def __init__(self, budget: int = 96 * 1024 * 1024) -> None:
        self._budget = budget
        self._held: OrderedDict[ItemId, Preview] = OrderedDict()
        self.octets = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, item: ItemId) -> Preview | None:
        found = self._held.get(item)
        if found is not None:
            self._held.move_to_end(item)
        return found

    def put(self, item: ItemId, preview: Preview) -> None:
        self.drop(item)
        self._held[item] = preview
        self.octets += preview.octets
        while self.octets > self._budget and len(self._held) > 1:
            _, old = self._held.popitem(last=False)
            self.octets -= old.octets

    def drop(self, item: ItemId) -> None:
        old = self._held.pop(item, None)
        if old is not None:
            self.octets -= old.octets

    def clear(self) -> None:
        self._held.clear()
        self.octets = 0


class PreviewLoader(QObject):
    """Fetches and decodes what is wanted with at most `workers` jobs at a time."""

    def __init__(
        self,
        jobs: Jobs,
        source: PreviewSource,
        arrived: Callable[[Sequence[tuple[Wanted, QImage | None]]], None],
        *,
        workers: int = 2,
        radius: float = 0.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._source = source
        self._arrived = arrived
        self._workers = workers
        self.radius = radius
        self._lock = threading.Lock()
        self._wanted: list[Wanted] = []
        self._in_hand: set[Wanted] = set()
        self._pumps = 0
        self._epoch = 0

    def want(self, wanted: Sequence[Wanted]) -> None:
        """Everything that is wanted now, most wanted first; what is not listed is forgotten."""
        with self._lock:
            self._wanted = [one for one in reversed(wanted) if one not in self._in_hand]
            need = min(self._workers, len(self._wanted))
        while self._pumps < need:
            self._start()

    def pending(self) -> int:
        with self._lock:
            return len(self._wanted) + len(self._in_hand)

    def forget(self) -> None:
        """Another list of pictures: answers still under way are dropped."""
        with self._lock:
            self._wanted = []
            self._in_hand = set()
            self._epoch += 1

    def _start(self) -> None:
        self._pumps += 1
        epoch = self._epoch
        self._jobs.run(
            self._pump,
            done=lambda made: self._deliver(epoch, made),
            failed=self._failed,
            cancelled=self._ended,
            owner=self,
        )

    def _pump(self, progress: Progress) -> list[tuple[Wanted, QImage | None]]:
        made: list[tuple[Wanted, QImage | None]] = []
        until = time.monotonic() + _SLICE
        while time.monotonic() < until:
            progress.step(len(made))
            with self._lock:
                if not self._wanted:
                    break
                one = self._wanted.pop()
                self._in_hand.add(one)
            try:
                made.append((one, self._make(one)))
            except BaseException:
                with self._lock:
                    self._in_hand.discard(one)
                raise
        return made

    def _make(self, one: Wanted) -> QImage | None:
        try:
            encoded = self._source(one.item)
        except LighttightError:
            # The picture keeps its empty frame; opening it tells why, in words.
            return None
        if encoded is None:
            return None
        image = decode(encoded, one.width, one.height, self.radius)
        return None if image.isNull() else image

    def _ended(self) -> None:
        self._pumps -= 1

    def _failed(self, error: BaseException) -> None:
        self._ended()
        raise error

    def _deliver(self, epoch: int, made: list[tuple[Wanted, QImage | None]]) -> None:
        self._ended()
        with self._lock:
            if epoch == self._epoch:
                self._in_hand.difference_update(one for one, _ in made)
            more = len(self._wanted)
        while self._pumps < min(self._workers, more):
            self._start()
        if epoch == self._epoch and made:
            self._arrived(made)
