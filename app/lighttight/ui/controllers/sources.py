"""Previews, pictures and videos of the open library, for the grid and the viewer.

Called on worker threads. Once the library is locked every question is refused, and readers of
videos that are still open are closed: after that no thread can get another byte of a picture.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice
from PySide6.QtGui import QImage, QImageReader

from lighttight.errors import Environment
from lighttight.model import Item, ItemId
from lighttight.progress import Progress
from lighttight.ui import words
from lighttight.ui.playing import Source
from lighttight.ui.viewer import ViewerItem

if TYPE_CHECKING:
    from lighttight.session import Pixels, Session

MOST_PIXELS_ACROSS: Final = 6144
"""No side of a picture is decoded larger: a camera of 50 megapixels has 8,000, and would take
half a gigabyte with its halves."""
MOMENT: Final = 400
"""Pixels across the small picture above the time bar, for a screen of two pixels a point."""


def image_of(pixels: Pixels) -> QImage:
    """A copy of what the decoding child answered; its memory is given back."""
    with pixels:
        formats = {
            1: QImage.Format.Format_Grayscale8,
            3: QImage.Format.Format_RGB888,
            4: QImage.Format.Format_RGBA8888,
        }
        seen = QImage(
            pixels.data, pixels.width, pixels.height, pixels.stride, formats[pixels.channels]
        )
        # RGB888 would be converted at each painting.
        return seen.convertToFormat(
            QImage.Format.Format_ARGB32_Premultiplied
            if pixels.channels == 4
            else QImage.Format.Format_RGB32
        ).copy()


def title_of(item: Item) -> str:
    """The caption's first line where there is one; the file's name where there is none."""
    return item.caption.split("\n", 1)[0] or item.name


def when_of(item: Item) -> str:
    """When it was taken; where the picture does not say, whose date it stands under."""
    if item.taken is not None:
        return words.day_and_time(item.taken)
    said = (
        QCoreApplication.translate(
            "Sources",
            "Neither the picture nor its file has a date. It stands under {day}, when it was "
            "imported.",
        )
        if _as_imported(item)
        else QCoreApplication.translate(
            "Sources", "The picture holds no date. It stands under {day}, the date of its file."
        )
    )
    return said.format(day=words.day(item.sort))


def when_in_short(item: Item) -> str:
    """The same on one line."""
    if item.taken is not None:
        return words.day_and_time(item.taken)
    said = (
        QCoreApplication.translate("Sources", "No date inside, imported {day}")
        if _as_imported(item)
        else QCoreApplication.translate("Sources", "No date inside, file of {day}")
    )
    return said.format(day=words.day(item.sort))


def _as_imported(item: Item) -> bool:
    return item.sort == item.imported.astimezone().replace(microsecond=0, tzinfo=None)


class _Reader:
    """A video that can be closed under the player: from then on there is nothing to read.

    Closing waits for nobody. A read that hangs on a dead disk holds the lock for as long as the
    disk is dead; it closes the video itself when it comes back, and what it read reaches nobody.
    """

    def __init__(self, reader: Source) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._closed = False

    @property
    def size(self) -> int:
        return self._reader.size

    def read(self, offset: int, count: int) -> bytes:
        try:
            with self._lock:
                data = b"" if self._closed else self._reader.read(offset, count)
        finally:
            self._let_go()
        if self._closed:
            raise Environment("vault-locked")
        return data

    def close(self) -> None:
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        """By whoever comes last: who finds the lock taken leaves it to who holds it."""
        if not self._closed or not self._lock.acquire(blocking=False):
            return
        try:
            close = getattr(self._reader, "close", None)
            if close is not None:
                close()
        finally:
            self._lock.release()


class Sources:
    """Both what the grid and what the viewer asks; `use` says of which library."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._video: _Reader | None = None
        self.veiled: frozenset[ItemId] = frozenset()
        """Items of veiled albums: covered wherever they appear."""

    def use(self, session: Session | None) -> None:
        with self._lock:
            self._session = session
            video, self._video = self._video, None
            self.veiled = frozenset()
        if video is not None:
            video.close()

    def _open(self) -> Session:
        session = self._session
        if session is None:
            raise Environment("vault-locked")
        return session

    def __call__(self, item: ItemId) -> bytes | None:
        return self._open().library.preview(item)

    def facts(self, item: ItemId) -> ViewerItem:
        found = self._open().library.item(item)
        return ViewerItem(
            item,
            title_of(found),
            when_in_short(found),
            found.kind,
            found.width or 0,
            found.height or 0,
            found.favourite,
            found.duration,
            found.playable,
        )

    def preview(self, item: ItemId) -> QImage | None:
        encoded = self(item)
        if encoded is None:
            return None
        buffer = QBuffer()
        buffer.setData(QByteArray(encoded))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        image = QImageReader(buffer, QByteArray(b"jpeg")).read()
        return None if image.isNull() else image

    def picture(self, item: ItemId, progress: Progress) -> QImage:
        session = self._open()
        progress.step(0)
        with session.library.open(item) as reader:
            image = image_of(session.decoder.picture(reader, max_side=MOST_PIXELS_ACROSS))
        progress.step(1, 1)
        return image

    def video(self, item: ItemId) -> Source:
        session = self._open()
        fresh = _Reader(session.library.open(item))
        with self._lock:
            before, self._video = self._video, fresh
            locked = self._session is not session
        if before is not None:
            before.close()
        if locked:
            fresh.close()
            raise Environment("vault-locked")
        return fresh

    def frame(self, item: ItemId, seconds: float) -> QImage | None:
        session = self._open()
        with session.library.open(item) as reader:
            return image_of(session.decoder.frame(reader, seconds=seconds, max_side=MOMENT))
