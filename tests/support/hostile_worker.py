"""A decoder that was taken over by the picture that it reads: the worst that a child can be.

The broker loads it in place of the real worker when a test starts it so; nothing in the program
can. A file that begins like a JPEG and goes on `ATTACK name` runs the attack of that name, inside
the sandbox, after everything was given up. Whatever else comes is decoded honestly, so that a
test can show that the next file works.

An attack that is refused by an error reports the error's name as the picture's device. One that
the kernel ends reports nothing.
"""

# ruff: noqa: PTH101, PTH104, PTH108, PTH115, PTH116, PTH208
# The calls themselves are the point here.

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from lighttight.media import wire, worker
from lighttight.media.broker import PIXELS_FD, SOCKET_FD
from lighttight.media.wire import Request
from lighttight.media.worker.remote import Channel

prepare = worker.prepare

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
]  # fmt: skip

Attack = Callable[[Channel, str], object]


def answer(request: Request, channel: Channel) -> dict[str, Any]:
    head = bytes(channel.read(0, 200))
    if head[3:10] != b"ATTACK ":
        return worker.answer(request, channel)
    name, _, argument = head[10:].decode().rstrip().partition(" ")
    try:
        ATTACKS[name](channel, argument)
    except OSError as error:
        return said(errno.errorcode[error.errno or 0])
    return said("it worked")


def said(text: str) -> dict[str, Any]:
    probe = {"container": "jpeg", "width": 1, "height": 1, "device": text}
    pixels = {"width": 1, "height": 1, "channels": 3}
    return {"probe": probe, "pixels": pixels, "data": b"\1\2\3"}


def _call(result: int | None) -> None:
    if result in (-1, None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "refused")


def _raw(channel: Channel, tag: bytes, length: int, offset: int, body: bytes = b"") -> None:
    channel.socket.sendall(wire.HEAD.pack(tag, length, offset) + body)


def _wait_for_the_end(channel: Channel) -> None:
    while channel.socket.recv(4096):
        pass
    os._exit(0)


def _reply(channel: Channel, document: object, pixels: bytes = b"") -> None:
    """An answer of the attacker's own making, instead of the honest one that would follow."""
    if pixels:
        os.write(PIXELS_FD, pixels)
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    _raw(channel, wire.DONE, len(body), 0, body)
    _wait_for_the_end(channel)


def _copies_forever(channel: Channel) -> None:
    while True:
        channel.write(bytes(1 << 20))


def _pixels(width: object, height: object, channels: object = 3, **more: object) -> object:
    return {"pixels": {"width": width, "height": height, "channels": channels, **more}}


def _threaded(_channel: Channel, path: str) -> None:
    failed: list[OSError] = []

    def work() -> None:
        try:
            os.open(path, os.O_RDONLY)
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _reads_forever(channel: Channel, _: str) -> None:
    while True:
        channel.read(0, 1)


def _floods(channel: Channel, _: str) -> None:
    while True:
        channel.socket.sendall(b"\xff" * 65536)


def _asks_and_never_takes(channel: Channel, _: str) -> None:
    while True:
        _raw(channel, wire.READ, min(channel.size, 1 << 20), 0)


def _hangs(_channel: Channel, _: str) -> None:
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def _eats(_channel: Channel, _: str) -> None:
    held: list[bytearray] = []
    while True:
        held.append(bytearray(64 << 20))


def _fills_the_memory_file(channel: Channel, _: str) -> None:
    try:
        while True:
            os.write(PIXELS_FD, b"\xff" * 4096)
    except OSError as error:
        name = errno.errorcode[error.errno or 0]
    _reply(channel, {"probe": {"container": "jpeg", "device": name}})


def _recurses(channel: Channel, argument: str) -> None:
    # Past what the stack holds, in C: a list that contains itself many times over.
    nested: list[Any] = []
    for _ in range(500_000):
        nested = [nested]
    json.dumps(nested)
    _recurses(channel, argument)


def _writes_code(_channel: Channel, _: str) -> None:
    prot = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    _call(_libc.mmap(None, 4096, prot, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0))


def _makes_memory_executable(_channel: Channel, _: str) -> None:
    prot = mmap.PROT_READ | mmap.PROT_WRITE
    at = _libc.mmap(None, 4096, prot, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    _call(_libc.mprotect(ctypes.c_void_p(at), 4096, mmap.PROT_READ | mmap.PROT_EXEC))


def _keeps_a_window_on_the_pixels(_channel: Channel, _: str) -> None:
    prot = mmap.PROT_READ | mmap.PROT_WRITE
    _call(_libc.mmap(None, 4096, prot, mmap.MAP_SHARED, PIXELS_FD, 0))


def _reads_memory_of(_channel: Channel, pid: str) -> None:
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("QQ", ctypes.addressof(buffer), 8)
    remote = struct.pack("QQ", 0x400000, 8)
    _call(_libc.process_vm_readv(int(pid), local, 1, remote, 1, 0))


def _sends_a_descriptor(channel: Channel, _: str) -> None:
    socket.send_fds(channel.socket, [b"x"], [PIXELS_FD])


CLEANED = {"clean": {"container": "jpeg"}}
INVENTED = [{"kind": f"{letter}" * 30, "detail": ""} for letter in "abcdefgh"]

ATTACKS: dict[str, Attack] = {
    # files
    "open": lambda _c, path: os.open(path, os.O_RDONLY),
    "create": lambda _c, path: os.open(path, os.O_WRONLY | os.O_CREAT, 0o600),
    "stat": lambda _c, path: os.stat(path),
    "list": lambda _c, path: os.listdir(path),
    "unlink": lambda _c, path: os.unlink(path),
    "rename": lambda _c, path: os.rename(path, path + "2"),
    "chmod": lambda _c, path: os.chmod(path, 0o777),
    "readlink": lambda _c, path: os.readlink(path),
    "thread": _threaded,
    "memory-file": lambda _c, _: os.memfd_create("more"),
    # network and other processes
    "socket": lambda _c, _: socket.socket(),
    "socket-pair": lambda _c, _: socket.socketpair(),
    "connect": lambda _c, _: _call(_libc.connect(SOCKET_FD, b"\0" * 16, 16)),
    "fork": lambda _c, _: os.fork(),
    "vfork": lambda _c, _: _call(_libc.syscall(58)),
    "exec": lambda _c, _: os.execv("/bin/true", ["true"]),
    "kill": lambda _c, pid: os.kill(int(pid), signal.SIGKILL),
    "kill-broker": lambda _c, _: os.kill(os.getppid(), signal.SIGKILL),
    "ptrace": lambda _c, pid: _call(_libc.ptrace(16, int(pid), None, None)),
    "read-memory": _reads_memory_of,
    "pidfd": lambda _c, pid: os.pidfd_open(int(pid)),
    "unshare": lambda _c, _: _call(_libc.unshare(0x10000000)),
    "io-uring": lambda _c, _: _call(_libc.syscall(425, 1, None)),
    "bpf": lambda _c, _: _call(_libc.syscall(321, 0, None, 0)),
    "keyctl": lambda _c, _: _call(_libc.syscall(250, 0, 0, 0)),
    "x32": lambda _c, _: _call(_libc.syscall(0x40000000 | 2, b"/etc/hostname", 0)),
    "send-descriptor": _sends_a_descriptor,
    # memory
    "write-code": _writes_code,
    "executable": _makes_memory_executable,
    "window": _keeps_a_window_on_the_pixels,
    "eat": _eats,
    "fill": _fills_the_memory_file,
    "recurse": _recurses,
    "raise-limit": lambda _c, _: __import__("resource").setrlimit(7, (64, 64)),
    # ends
    "segfault": lambda _c, _: ctypes.string_at(0),
    "abort": lambda _c, _: os.abort(),
    "exit": lambda _c, _: os._exit(0),
    "hang": _hangs,
    "copy": lambda c, _: (c.write(b"\xff\xd8\xffcopied"), _reply(c, CLEANED)),
    "copy-of-nothing": lambda c, _: _reply(c, CLEANED),
    "copy-of-another-kind": lambda c, _: (c.write(b"\x89PNG\r\n\x1a\n"), _reply(c, CLEANED)),
    "copy-under-a-name": lambda c, _: (
        c.write(b"\xff\xd8\xffcopied"),
        _reply(c, {"clean": {"container": "mp4"}}),
    ),
    "copy-with-words": lambda c, _: (
        c.write(b"\xff\xd8\xffcopied"),
        _reply(c, {"clean": CLEANED["clean"] | {"findings": INVENTED}}),
    ),
    "copy-then-codec": lambda c, _: (
        c.write(b"\xff\xd8\xffcopied"),
        _raw(c, wire.FAIL, 18, 0, b'{"reason":"codec"}'),
        _wait_for_the_end(c),
    ),
    "copy-endless": lambda c, _: _copies_forever(c),
    "copy-nothing": lambda c, _: _raw(c, wire.COPY, 0, 0),
    "copy-huge": lambda c, _: _raw(c, wire.COPY, wire.MAX_READ + 1, 0),
    "copy-of-no-kind": lambda c, _: _reply(c, {"clean": {"container": "zebra"}}),
    "lie-and-hang": lambda c, _: (_raw(c, b"EVIL", 0, 0), _hangs(c, _)),
    # lies
    "read-forever": _reads_forever,
    "flood": _floods,
    "never-takes": _asks_and_never_takes,
    "read-past": lambda c, _: (_raw(c, wire.READ, 10, c.size), _wait_for_the_end(c)),
    "read-far": lambda c, _: (_raw(c, wire.READ, 10, (1 << 64) - 5), _wait_for_the_end(c)),
    "read-huge": lambda c, _: (_raw(c, wire.READ, (1 << 32) - 1, 0), _wait_for_the_end(c)),
    "read-nothing": lambda c, _: (_raw(c, wire.READ, 0, 0), _wait_for_the_end(c)),
    "no-tag": lambda c, _: (_raw(c, b"EVIL", 0, 0), _wait_for_the_end(c)),
    "huge-json": lambda c, _: (_raw(c, wire.DONE, 1 << 31, 0), _wait_for_the_end(c)),
    "not-json": lambda c, _: _reply(c, b"\xff{"),
    "deep-json": lambda c, _: _reply(c, b"[" * 16000),
    "number-json": lambda c, _: _reply(c, b"1e999"),
    "not-a-number": lambda c, _: _reply(
        c, b'{"probe":{"container":"jpeg","latitude":NaN,"longitude":1}}'
    ),
    "unknown-field": lambda c, _: _reply(c, {"probe": {"container": "jpeg", "path": "/"}}),
    "unknown-reason": lambda c, _: (
        _raw(c, wire.FAIL, 18, 0, b'{"reason":"evil!"}'),
        _wait_for_the_end(c),
    ),
    "other-kind": lambda c, _: _reply(c, {"probe": {"container": "mp4"}}),
    "no-kind": lambda c, _: _reply(c, {"probe": {"container": "../../etc"}}),
    "bad-place": lambda c, _: _reply(
        c, {"probe": {"container": "jpeg", "latitude": 91.0, "longitude": 0.0}}
    ),
    "bad-turn": lambda c, _: _reply(c, {"probe": {"container": "jpeg", "orientation": 9}}),
    "absurd-size": lambda c, _: _reply(c, _pixels(1 << 40, 1 << 40)),
    "negative-size": lambda c, _: _reply(c, _pixels(-1, -3)),
    "no-size": lambda c, _: _reply(c, _pixels(0, 0)),
    "too-wide": lambda c, _: _reply(c, _pixels(5000, 1), b"\0" * 15000),
    "seven-channels": lambda c, _: _reply(c, _pixels(1, 1, 7), b"\0" * 7),
    "fewer-pixels": lambda c, _: _reply(c, _pixels(10, 10), b"\0" * 299),
    "more-pixels": lambda c, _: _reply(c, _pixels(10, 10), b"\0" * 301),
    "inline-too": lambda c, _: (
        os.write(PIXELS_FD, b"\0" * 3),
        _raw(c, wire.DONE, 48, 1 << 30, b'{"pixels":{"width":1,"height":1,"channels":3}}  '),
        _wait_for_the_end(c),
    ),
    "escape": lambda c, _: _reply(
        c, {"probe": {"container": "jpeg", "device": "\x1b[2J\u202eOl\n\x00d" + "x" * 900}}
    ),
}
