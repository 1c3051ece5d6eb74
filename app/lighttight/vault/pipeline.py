"""What makes one file use two cores: reading ahead, flushing beside, hashing aside.

Each is a context manager around one helper thread that is gone when the block is left, whatever
happened. All three do their work in C code that releases the interpreter.
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
    ready: queue.SimpleQueue[memoryview | BaseException | None] = queue.SimpleQueue()
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
            ready.put(None)
        except BaseException as error:  # noqa: BLE001 - handed over, raised by the consumer
            ready.put(error)

    def buffers() -> Iterator[memoryview]:
        while (got := ready.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            yield got
            free.put(memoryview(got.obj))

    helper = threading.Thread(target=read, name="read-ahead", daemon=True)
    helper.start()
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
    failed: list[OSError] = []

    def flush() -> None:
        try:
            sync_file(fd)
        except OSError as error:
            failed.append(error)

    helper = threading.Thread(target=flush, name="flush", daemon=True)
    helper.start()
    try:
        yield
    finally:
        helper.join()
    if failed:
        with translating(path):
            raise failed[0]


@contextlib.contextmanager
def aside(watch: Watch) -> Iterator[Watch]:
    """Yields a function that has `watch` see a buffer in a helper thread, in order.

    It returns as soon as the buffer *before* was seen, so that the caller fills a second one
    meanwhile. Leaving the block waits for the last; an error of `watch` is raised in the caller.
    """
    coming: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
    seen: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    seen.put(None)

    def look() -> None:
        while (buffer := coming.get()) is not None:
            try:
                watch(buffer)
                seen.put(None)
            except BaseException as error:  # noqa: BLE001 - handed over, raised by the caller
                seen.put(error)

    def show(buffer: memoryview) -> None:
        if (error := seen.get()) is not None:
            raise error
        coming.put(buffer)

    helper = threading.Thread(target=look, name="aside", daemon=True)
    helper.start()
    try:
        yield show
    finally:
        coming.put(None)
        helper.join()
    if (error := seen.get()) is not None:
        raise error
