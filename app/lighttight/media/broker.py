"""The broker: a process without keys, exec'd once, that forks one child per file.

It is started with a clean environment and one descriptor, the control socket. It imports the
codecs once (the slow part), gives up files and network itself, and then only ever forks and
reaps: it reads no byte of any file, so no picture can reach it, and through it no other picture.
It has one thread, because a fork copies only the thread that calls it.

The program's end decides how long it lives: when the control socket closes, every child is
killed and the broker ends. A child is killed when its deadline has passed, when the program
says so, and by the kernel when the broker is gone.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import math
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from lighttight.media import wire
from lighttight.media.sandbox import Sandbox, SandboxError
from lighttight.media.worker.remote import Channel

SOCKET_FD, PIXELS_FD = 3, 4
"""Where a child finds its two descriptors; it has no others but three ends of /dev/null."""

GRACE = 1.0
"""Seconds after the program's own deadline. The broker's is the second lock on the same door."""

TRIAL_SECONDS = 5.0


def main(control_fd: int, worker_name: str = "lighttight.media.worker") -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if null > 2:
        os.close(null)
    os.umask(0o077)
    control = socket.socket(fileno=control_fd)
    worker = importlib.import_module(worker_name)
    codecs: list[str] = worker.prepare()
    sandbox = Sandbox()
    broker = Broker(control, worker, sandbox)
    single = _thread_count() == 1
    sandbox.no_privileges()
    with contextlib.suppress(SandboxError):
        # The children put it on again and insist. Here it is a second wall, not the only one.
        sandbox.shut_files()
    gc.collect()
    gc.freeze()
    landlock = sandbox.landlock if _refused_a_file() else 0
    seccomp, limits = broker.trial()
    hello = {
        "landlock": landlock,
        "seccomp": seccomp,
        "limits": limits,
        "single_thread": single,
        "codecs": codecs,
    }
    control.sendall(json.dumps(hello).encode() + b"\n")
    broker.serve()


def _thread_count() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 1


def _refused_a_file() -> bool:
    """In the broker only landlock stands before a file, so a refusal here is landlock's."""
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return True
    return False


class Broker:
    def __init__(self, control: socket.socket, worker: ModuleType, sandbox: Sandbox) -> None:
        self._control = control
        self._worker = worker
        self._sandbox = sandbox
        self._children: dict[int, tuple[int, float]] = {}
        """Process id → (request id, when to kill it)."""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Fork and reap until the program closes its end."""
        try:
            while True:
                ready, _, _ = select.select(
                    [self._control, self._wake_read], [], [], self._patience()
                )
                if self._wake_read in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_read, 4096)
                self._reap()
                if self._control in ready and not self._take():
                    return
                self._kill(lambda _id, until: until <= time.monotonic())
        finally:
            self._kill(lambda _id, _until: True)

    def _patience(self) -> float | None:
        if not self._children:
            return None
        return max(0.0, min(until for _, until in self._children.values()) - time.monotonic())

    def _reap(self) -> None:
        while self._children:
            try:
                pid, _status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._children.pop(pid, None)

    def _kill(self, doomed: Callable[[int, float], bool]) -> None:
        for pid, (request_id, until) in self._children.items():
            if doomed(request_id, until):
                # Not yet waited for, so the number cannot belong to anyone else.
                os.kill(pid, signal.SIGKILL)

    def _take(self) -> bool:
        """One message of the program; False when it has closed its end."""
        length = wire.Request.LAYOUT.size
        data, fds, _flags, _address = socket.recv_fds(self._control, length, 2)
        try:
            while 0 < len(data) < length:
                more = self._control.recv(length - len(data))
                if not more:
                    return False
                data += more
            if not data:
                return False
            request = wire.Request.unpack(data)
            if request.op is wire.Op.KILL:
                self._kill(lambda request_id, _until: request_id == request.id)
            elif fds:
                self._fork(request, fds)
            return True
        finally:
            for fd in fds:
                os.close(fd)

    def _fork(self, request: wire.Request, fds: list[int]) -> int:
        broker = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            # No memory or no room for a process: the child's socket closes and the program sees
            # a decoder that ended without an answer, for this file only.
            return 0
        if pid == 0:
            status = 1
            try:
                self._child(request, fds, broker)
                status = 0
            finally:
                os._exit(status)
        self._children[pid] = (request.id, time.monotonic() + request.deadline + GRACE)
        return pid

    def _child(self, request: wire.Request, fds: list[int], broker: int) -> None:
        """Everything from here on runs in the child, and ends with it."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._sandbox.die_with(broker)
        descriptors = _keep_only(fds)
        if request.op is wire.Op.EXAMINE:
            # Whoever looks at the window comes before an import that runs behind it.
            os.nice(5)
        gc.disable()
        channel = Channel(
            socket.socket(fileno=SOCKET_FD),
            PIXELS_FD if len(fds) > 1 else None,
            request.size,
        )
        self._sandbox.enter(
            memory=request.memory,
            processor=math.ceil(request.deadline) + 1,
            output=request.output,
            descriptors=descriptors,
        )
        if request.op is wire.Op.TRIAL:
            _report_trial(channel)
        else:
            channel.perform(lambda: self._worker.answer(request, channel))

    def trial(self) -> tuple[bool, bool]:
        """Whether the filter and the limits hold in a child: told by trying, not by hoping."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            request = wire.Request(
                0, wire.Op.TRIAL, 0, deadline=TRIAL_SECONDS, memory=1 << 30, output=1 << 20
            )
            pid = self._fork(request, [theirs.fileno()])
            theirs.close()
            ours.settimeout(TRIAL_SECONDS)
            try:
                found = ours.recv(16)
            except OSError:
                found = b""
            if pid:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self._children.pop(pid, None)
        return found[:1] == b"1", found[1:2] == b"1"


def _keep_only(fds: list[int]) -> int:
    """Move the child's descriptors to their places and close all others. Returns how many."""
    # First out of the way of each other, then down.
    high = [os.dup(fd) for fd in fds]
    base = max([*high, SOCKET_FD, PIXELS_FD]) + 1
    high = [os.dup2(fd, base + index) for index, fd in enumerate(high)]
    for index, fd in enumerate(high):
        os.dup2(fd, SOCKET_FD + index)
    count = SOCKET_FD + len(high)
    os.closerange(count, os.sysconf("SC_OPEN_MAX"))
    return count


def _report_trial(channel: Channel) -> None:
    """Tries what the filter and the limits forbid, and says which of them refused."""
    try:
        # Harmless and granted to everyone, unless a filter stands before it.
        os.getpriority(os.PRIO_PROCESS, 0)
        filtered = False
    except OSError:
        filtered = True
    try:
        bytearray(2 << 30)
        limited = False
    except MemoryError:
        limited = True
    channel.socket.sendall(bytes(48 + flag for flag in (filtered, limited)))
