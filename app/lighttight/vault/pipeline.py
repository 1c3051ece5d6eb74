"""What makes one file use two cores: reading ahead, flushing beside, hashing aside.

Each is a context manager around one helper thread that is gone when the block is left, whatever
happened, and nothing that goes wrong in it goes unnoticed: a flush that did not happen must not
look like one that did. All three do their work in C code that releases the interpreter.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from lighttight.errors import Environment
from lighttight.files import sync_file, translating
from lighttight.sealed.padme import padme

BUFFER: Final = 1 << 20
_BUFFERS: Final = 6

Watch = Callable[[memoryview], object]
"""Sees one buffer of an original; the buffer is used again afterwards."""


class Chunks(Protocol):
    """Where the bytes of a new object come from; read once, front to back."""

    @property
    def size(self) -> int: ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`; answers how much, less only at the end."""
        ...


class _Helper:
    """One call in a thread of its own, from the moment on where this is made.

    A daemon, as no executor has them: one that hangs on a dead disk must not keep the program, and
    its keys, in memory.
    """

    def __init__(self, name: str, act: Callable[[], None]) -> None:
        self._act = act
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001 - handed over, raised by `end`
            self._error = error

    def join(self) -> None:
        self._thread.join()

    def end(self) -> None:
        """Wait for it, and raise what it raised."""
        self.join()
        if self._error is not None:
            raise self._error


@contextlib.contextmanager
def ahead(source: Chunks, watch: Watch) -> Iterator[Iterator[memoryview]]:
    """Read `source` in a helper thread, a few buffers ahead, and show each to `watch`.

    Yields the plaintext and then the zeros up to the padded size, in buffers that are used again: a
    fresh megabyte each time costs more in page faults than sealing it. An error in the helper is
    raised where the buffers are consumed; leaving early stops the helper. Wiped at the end.
    """
    total = padme(source.size)
    length = min(BUFFER, max(total, 1))
    pool = [bytearray(length) for _ in range(min(_BUFFERS, -(-total // length)))]
    free: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
    ready: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
    for one in pool:
        free.put(memoryview(one))

    def read() -> None:
        try:
            offset = 0
            while offset < total:
                buffer = free.get()
                if buffer is None:
                    return
                if offset < source.size:
                    count = source.read_into(offset, buffer[: min(length, source.size - offset)])
                    if not count:
                        raise Environment("file-changed-while-read")
                    watch(buffer[:count])
                else:
                    count = min(length, total - offset)
                    buffer[:count] = bytes(count)
                ready.put(buffer[:count])
                offset += count
        finally:
            ready.put(None)

    def buffers() -> Iterator[memoryview]:
        while (got := ready.get()) is not None:
            yield got
            free.put(memoryview(got.obj))
        helper.end()

    helper = _Helper("read-ahead", read)
    try:
        yield buffers()
    finally:
        free.put(None)
        helper.join()
        for one in pool:
            one[:] = bytes(len(one))


@contextlib.contextmanager
def syncing(fd: int, path: Path) -> Iterator[None]:
    """Flush `fd` in a helper thread while the block runs; leave when both are done.

    An error of the block comes first; one of the flush is raised when the block had none. Never
    tried again, whichever it was.
    """
    helper = _Helper("flush", lambda: sync_file(fd))
    try:
        yield
    finally:
        helper.join()
    with translating(path):
        helper.end()


@contextlib.contextmanager
def aside(watch: Watch) -> Iterator[Watch]:
    """Yields a function that has `watch` see a buffer in a helper thread, in order.

    It returns as soon as the buffer *before* was seen, so that the caller fills a second one
    meanwhile. Leaving the block waits for the last; an error of `watch` is raised in the caller.
    """
    coming: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
    seen = threading.Semaphore()
    ended = threading.Event()

    def look() -> None:
        try:
            while (buffer := coming.get()) is not None:
                watch(buffer)
                seen.release()
        finally:
            ended.set()
            seen.release()

    def show(buffer: memoryview) -> None:
        seen.acquire()
        if ended.is_set():
            helper.end()
        coming.put(buffer)

    helper = _Helper("aside", look)
    try:
        yield show
    finally:
        coming.put(None)
        helper.join()
    helper.end()
