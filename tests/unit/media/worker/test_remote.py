"""A file read by asking for it: the same bytes as a file at hand, in few questions."""

from __future__ import annotations

import io
import random
import threading

import pytest

from lighttight.media import wire
from lighttight.media.worker.remote import FIRST_READ, PIECE, Channel, RemoteFile


class Here(Channel):
    """A channel whose program is this test."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.asked: list[tuple[int, int]] = []

    def read(self, offset: int, count: int) -> bytearray:
        count = max(0, min(count, self.size - offset, wire.MAX_READ))
        if count:
            self.asked.append((offset, count))
        return bytearray(self.data[offset : offset + count])


def test_any_walk_reads_the_same_as_a_file_at_hand() -> None:
    chance = random.Random(5)
    data = chance.randbytes(3 << 20)
    remote, local = RemoteFile(Here(data)), io.BytesIO(data)
    for _ in range(2000):
        if chance.random() < 0.4:
            offset = chance.choice([chance.randrange(len(data) + 1000), 0, len(data) - 3])
            assert remote.seek(offset) == local.seek(offset)
        count = chance.choice([0, 1, 4, 100, 5000, 70_000, PIECE + 5])
        assert remote.read(count) == local.read(count)
        assert remote.tell() == min(local.tell(), max(len(data), local.tell()))


def test_seeking() -> None:
    remote = RemoteFile(Here(b"0123456789"))
    assert remote.seek(-3, io.SEEK_END) == 7
    assert remote.read() == b"789"
    assert remote.seek(-2, io.SEEK_CUR) == 8
    assert remote.seek(100) == 100
    assert remote.read(5) == b""
    with pytest.raises(OSError, match="before"):
        remote.seek(-1)


def test_reading_in_small_steps_asks_rarely() -> None:
    channel = Here(bytes(4 << 20))
    remote = RemoteFile(channel)
    while remote.read(4096):
        pass
    assert len(channel.asked) <= 6
    assert channel.asked[0] == (0, FIRST_READ)


def test_no_byte_is_asked_for_twice_in_a_sequence() -> None:
    channel = Here(bytes(3 << 20))
    remote = RemoteFile(channel)
    while remote.read(65_536):
        pass
    assert sum(count for _, count in channel.asked) == channel.size


def test_the_head_does_not_move() -> None:
    remote = RemoteFile(Here(b"0123456789"))
    remote.seek(4)
    assert remote.head(3) == b"012"
    assert remote.read(2) == b"45"


def test_buffers_are_filled() -> None:
    remote = RemoteFile(Here(b"0123456789"))
    buffer = bytearray(4)
    assert remote.readinto(buffer) == 4
    assert buffer == b"0123"
    assert io.BufferedReader(remote).read() == b"456789"


def test_questions_stay_inside_the_file() -> None:
    import socket

    ours, theirs = socket.socketpair()
    data = bytes(range(100))

    def program() -> None:
        tag, count, offset = wire.HEAD.unpack(ours.recv(wire.HEAD.size))
        assert tag == wire.READ
        ours.sendall(data[offset : offset + count])

    with ours, theirs:
        thread = threading.Thread(target=program)
        thread.start()
        channel = Channel(theirs, None, len(data))
        assert channel.read(90, 50) == data[90:]
        thread.join()
        assert channel.read(100, 50) == b""
        assert channel.read(500, 50) == b""
