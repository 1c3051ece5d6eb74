"""A child's only view of the world: the file it was given, read by asking the program.

`Channel` speaks the protocol; `RemoteFile` makes a seekable Python file of it, which is what
every codec here reads from. Reads are asked for in large pieces, because each one is a round
trip to another process: a 4-MB picture costs five.
"""

from __future__ import annotations

import io
import json
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lighttight.media import wire

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FIRST_READ = 256 << 10
PIECE = 1 << 20
SMALL_PIECE = 128 << 10


class Channel:
    """The child's socket to the program, and the memory file for its pixels."""

    def __init__(self, sock: socket.socket, pixels_fd: int | None, size: int) -> None:
        self.socket = sock
        self.pixels_fd = pixels_fd
        self.size = size

    def read(self, offset: int, count: int) -> bytearray:
        """Bytes of the file; short only at its end."""
        count = max(0, min(count, self.size - offset, wire.MAX_READ))
        data = bytearray(count)
        if count:
            self.socket.sendall(wire.HEAD.pack(wire.READ, count, offset))
            view = memoryview(data)
            while view.nbytes:
                got = self.socket.recv_into(view, view.nbytes, socket.MSG_WAITALL)
                if got == 0:
                    # The program gave this file up.
                    os._exit(1)
                view = view[got:]
        return data

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append to the clean copy."""
        with memoryview(data).cast("B") as view:
            for start in range(0, len(view), wire.MAX_READ):
                piece = view[start : start + wire.MAX_READ]
                self.socket.sendall(wire.HEAD.pack(wire.COPY, len(piece), 0))
                self.socket.sendall(piece)

    def perform(self, work: Callable[[], dict[str, Any]]) -> None:
        """Run `work` and send its answer, or the reason why there is none."""
        pixels: memoryview | None = None
        try:
            answer = work()
            pixels = answer.pop("data", None)
        except wire.Undecodable as failure:
            self._fail(failure.reason)
        except MemoryError:
            self._fail("memory")
        except Exception:  # noqa: BLE001
            # Codecs raise whatever they like at a damaged file. The child has one file and ends
            # here; which exception it was is of no use to anyone.
            self._fail("damaged")
        else:
            self._done(answer, pixels)

    def _fail(self, reason: str) -> None:
        body = json.dumps({"reason": reason}).encode()
        self.socket.sendall(wire.HEAD.pack(wire.FAIL, len(body), 0) + body)

    def _done(self, answer: dict[str, Any], pixels: memoryview | None) -> None:
        inline = 0
        if pixels is not None and self.pixels_fd is None:
            inline = len(pixels)
        elif pixels is not None and self.pixels_fd is not None:
            rest = memoryview(pixels)
            while rest.nbytes:
                rest = rest[os.write(self.pixels_fd, rest) :]
        body = json.dumps(answer).encode()
        self.socket.sendall(wire.HEAD.pack(wire.DONE, len(body), inline) + body)
        if inline and pixels is not None:
            self.socket.sendall(pixels)


class RemoteFile(io.RawIOBase):
    """A read-only, seekable file over a channel, with one window of bytes kept at hand."""

    def __init__(self, channel: Channel, piece: int = PIECE) -> None:
        super().__init__()
        self._channel = channel
        self._piece = piece
        self._position = 0
        self._window = bytearray()
        self._start = 0
        self.length = channel.size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise OSError("before the start")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self.length - self._position)
        count = left if size is None or size < 0 else min(size, left)
        data = self._take(count)
        self._position += len(data)
        return data

    def readall(self) -> bytes:
        return self.read(-1)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def head(self, count: int = 4096) -> bytes:
        """The first bytes, without moving."""
        position, self._position = self._position, 0
        data = self.read(count)
        self._position = position
        return data

    def _take(self, count: int) -> bytes:
        begin = self._position - self._start
        if begin >= 0 and begin + count <= len(self._window):
            return bytes(memoryview(self._window)[begin : begin + count])
        if count > self._piece:
            return self._long(count)
        # Reading on from what is at hand is a sequence: take a whole piece. Elsewhere is a jump,
        # most often to an index or a tag: take less.
        onward = 0 <= begin <= len(self._window)
        piece = self._piece if onward and self._window else SMALL_PIECE
        kept = self._window[begin:] if onward else bytearray()
        need = max(count - len(kept), piece)
        if not self._window and self._position == 0:
            need = max(count, FIRST_READ)
        more = self._channel.read(self._position + len(kept), need)
        self._window = kept + more
        self._start = self._position
        return bytes(memoryview(self._window)[:count])

    def _long(self, count: int) -> bytes:
        whole = bytearray(count)
        done = 0
        while done < count:
            part = self._channel.read(self._position + done, min(PIECE, count - done))
            if not part:
                break
            whole[done : done + len(part)] = part
            done += len(part)
        return bytes(whole[:done]) if done < count else bytes(whole)
