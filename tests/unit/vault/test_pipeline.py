"""One helper thread at a time: in order, nothing overwritten too early, errors handed over."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from lighttight.errors import Environment
from lighttight.sealed.padme import padme
from lighttight.vault import pipeline
from lighttight.vault.pipeline import BUFFER, ahead, aside, syncing
from tests.support.objects import Bytes

HELPERS = ("aside", "flush", "read-ahead")


def names() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name in HELPERS]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_two_buffers_that_take_turns_are_seen_whole_and_in_order(count: int) -> None:
    buffers = [bytearray(4), bytearray(4)]
    seen: list[bytes] = []
    first = threading.Event()

    def watch(buffer: memoryview) -> None:
        # The first look lasts until the second buffer was handed over.
        assert seen or count < 2 or first.wait(20)
        seen.append(bytes(buffer))

    with aside(watch) as show:
        for number in range(count):
            buffer = buffers[number % 2]
            buffer[:] = number.to_bytes(4)
            if number == 1:
                first.set()
            show(memoryview(buffer))
    assert seen == [number.to_bytes(4) for number in range(count)]
    assert names() == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_error_of_the_one_who_watches_is_raised(count: int) -> None:
    def watch(buffer: memoryview) -> None:
        raise Environment("disk-error")

    def work() -> None:
        with aside(watch) as show:
            for _ in range(count):
                show(memoryview(b"x"))

    with pytest.raises(Environment, match="disk-error"):
        work()
    assert names() == []


def test_an_error_in_the_block_ends_it_too() -> None:
    def work() -> None:
        with aside(lambda _: None) as show:
            show(memoryview(b"x"))
            raise Environment("vault-gone")

    with pytest.raises(Environment, match="vault-gone"):
        work()
    assert names() == []


class Shrinking(Bytes):
    """A file that somebody cuts off while it is read."""

    @property
    def size(self) -> int:
        return len(self.data) + 5


@pytest.mark.parametrize(
    "size", [0, 1, 9, BUFFER - 1, BUFFER, BUFFER + 1, 9 * BUFFER + 77], ids=str
)
def test_reading_ahead_gives_all_of_it_and_zeros_up_to_the_rounded_size(size: int) -> None:
    data = bytes(number % 251 + 1 for number in range(1000)) * (size // 1000 + 1)
    watched: list[bytes] = []
    with ahead(Bytes(data[:size]), lambda part: watched.append(bytes(part))) as buffers:
        found = b"".join(bytes(part) for part in buffers)
    assert found == data[:size] + bytes(padme(size) - size)
    assert b"".join(watched) == data[:size], "who watches sees no padding"
    assert names() == []


def test_a_file_that_became_shorter_is_told() -> None:
    def work() -> None:
        with ahead(Shrinking(b"x" * 100), lambda _: None) as buffers:
            for _ in buffers:
                pass

    with pytest.raises(Environment, match="file-changed-while-read"):
        work()
    assert names() == []


def test_an_error_of_who_watches_reading_is_raised_where_it_is_used() -> None:
    def watch(_: memoryview) -> None:
        raise MemoryError

    def work() -> None:
        with ahead(Bytes(b"x"), watch) as buffers:
            list(buffers)

    with pytest.raises(MemoryError):
        work()
    assert names() == []


def test_leaving_early_stops_reading() -> None:
    read: list[int] = []

    class Long(Bytes):
        @property
        def size(self) -> int:
            return 1000 * BUFFER

        def read_into(self, offset: int, buffer: memoryview) -> int:
            read.append(offset)
            return len(buffer)

    with ahead(Long(b""), lambda _: None) as buffers:
        next(buffers)
    assert names() == []
    assert len(read) < 20


def test_a_buffer_that_is_looked_at_is_not_filled_again() -> None:
    over = threading.Event()

    class Counting(Bytes):
        def read_into(self, offset: int, buffer: memoryview) -> int:
            if offset >= len(self.data) - BUFFER:
                over.set()
            return super().read_into(offset, buffer)

    # One buffer more than there are: the last goes into the first, once that was looked at.
    source = Counting(bytes((pipeline._BUFFERS + 1) * BUFFER))
    with ahead(source, lambda _: None) as buffers:
        next(buffers)
        assert not over.wait(0.2)
        next(buffers)
        assert over.wait(20)


def test_what_was_read_is_wiped() -> None:
    kept: list[memoryview] = []
    with ahead(Bytes(b"a picture"), kept.append) as buffers:
        list(buffers)
    assert bytes(kept[0]) == bytes(9)


@pytest.fixture
def flushing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What a flush raises, where it is put in here."""
    errors: list[BaseException] = []

    def flush(_: int) -> None:
        for one in errors:
            raise one

    monkeypatch.setattr(pipeline, "sync_file", flush)
    return errors


@pytest.mark.parametrize(
    ("error", "told", "match"),
    [
        (OSError(errno.EIO, "worn out"), Environment, "disk-failed"),
        (OSError(errno.ENOSPC, "full"), Environment, "disk-full"),
        (MemoryError("gone"), MemoryError, "gone"),
    ],
)
def test_a_flush_that_did_not_happen_is_never_taken_for_one(
    flushing: list[BaseException], error: BaseException, told: type[BaseException], match: str
) -> None:
    flushing.append(error)
    with pytest.raises(told, match=match), syncing(0, Path("x")):
        pass
    assert names() == []


def test_an_error_beside_the_flush_comes_first_and_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flushed = threading.Event()

    def flush(_: int) -> None:
        threading.Event().wait(0.1)
        flushed.set()
        raise OSError(errno.EIO, "worn out")

    monkeypatch.setattr(pipeline, "sync_file", flush)
    with pytest.raises(Environment, match="vault-gone"), syncing(0, Path("x")):
        raise Environment("vault-gone")
    assert flushed.is_set(), "its file is closed next"
    assert names() == []


def test_the_flush_is_beside_the_block_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, flushed = threading.Event(), threading.Event()

    def flush(_: int) -> None:
        assert go_on.wait(20)
        flushed.set()

    monkeypatch.setattr(pipeline, "sync_file", flush)
    with syncing(0, Path("x")):
        assert not flushed.is_set()
        go_on.set()
    assert flushed.is_set()
