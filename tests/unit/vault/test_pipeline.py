"""One helper thread at a time: in order, nothing overwritten too early, errors handed over."""

from __future__ import annotations

import threading

import pytest

from lighttight.errors import Environment
from lighttight.vault.pipeline import aside


def names() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "aside"]


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
