"""The broker's process, seen from the program: how it is started, spoken to and ended.

It is exec'd, never forked: a copy of a program that holds keys would hold them too. It gets an
empty environment, one socket, the folders of the packages that it needs, and no other
descriptor.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from lighttight.errors import Environment
from lighttight.media import wire


@dataclass(frozen=True, slots=True)
class Protection:
    """Which layers stand around each child, as a trial child found them."""

    landlock: int
    """The kernel's version of landlock, 0 where there is none."""
    seccomp: bool
    limits: bool
    sealed_memory: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of absent layers, in the order in which they matter. Empty when all stand."""
        found = {
            "seccomp": self.seccomp,
            "landlock": self.landlock > 0,
            "limits": self.limits,
            "sealed-memory": self.sealed_memory,
        }
        return tuple(name for name, there in found.items() if not there)


@dataclass(frozen=True, slots=True)
class Launch:
    """How the broker is started. Only tests name another worker; nothing else reaches it."""

    worker: str = "lighttight.media.worker"
    extra_paths: tuple[str, ...] = ()

    def command(self, fd: int) -> list[str]:
        if getattr(sys, "frozen", False):
            # A frozen program is its own interpreter: `__main__` hands this on to the broker.
            return [sys.executable, "--decoder-broker", str(fd)]
        boot = (
            "import sys; sys.path[len(sys.path):] = sys.argv[3:]; "
            "from lighttight.media import broker; broker.main(int(sys.argv[1]), sys.argv[2])"
        )
        # Isolated, without site: no start-up file, variable or current folder is looked at, and
        # no bytecode is written.
        paths = [*_package_paths(), *self.extra_paths]
        return [sys.executable, "-I", "-S", "-B", "-c", boot, str(fd), self.worker, *paths]


def _package_paths() -> list[str]:
    """The folders of just those packages that the broker needs, not the whole of `sys.path`."""
    found: dict[str, None] = {}
    for name in ("lighttight", "msgspec", "numpy", "PIL", "pillow_heif", "rawpy", "av"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            folder = Path(next(iter(spec.submodule_search_locations))).resolve().parent
            found[str(folder)] = None
    return list(found)


def _clean_environment() -> dict[str, str]:
    """Nothing of the program's own, and one thread for whatever would start several."""
    return {
        "LANG": "C.UTF-8",
        # A child can open no zone file, and every time that it reads is a wall time or UTC.
        "TZ": "UTC0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }


class BrokerGone(Exception):
    """The broker could not be spoken to; nothing of the request was done yet."""


class Running:
    """One broker process and the socket to it."""

    def __init__(self, launch: Launch, patience: float) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._sending = threading.Lock()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    launch.command(theirs.fileno()),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    close_fds=True,
                    pass_fds=(theirs.fileno(),),
                    cwd="/",
                    env=_clean_environment(),
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            raise Environment("decoder-unavailable") from error
        try:
            hello = wire.read_hello(self._hello(patience))
        except (wire.Malformed, EOFError, OSError) as error:
            self.stop()
            raise Environment("decoder-unavailable") from error
        self.codecs = hello.codecs
        self.protection = Protection(
            landlock=hello.landlock,
            seccomp=hello.seccomp,
            limits=hello.limits,
            sealed_memory=hasattr(os, "memfd_create"),
        )

    def _hello(self, patience: float) -> bytes:
        until = time.monotonic() + patience
        line = b""
        while not line.endswith(b"\n"):
            if len(line) > wire.MAX_JSON:
                raise wire.Malformed
            self._control.settimeout(max(0.001, until - time.monotonic()))
            part = self._control.recv(4096)
            if not part:
                raise EOFError
            line += part
        self._control.settimeout(5.0)
        return line

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def has_ended(self, patience: float) -> bool:
        """Whether it is gone, or goes within a moment."""
        try:
            self._process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def send(self, request: wire.Request, fds: list[int]) -> None:
        with self._sending:
            try:
                socket.send_fds(self._control, [request.pack()], fds)
            except OSError as error:
                raise BrokerGone from error

    def kill(self, request_id: int) -> None:
        """End a child. If the broker is gone, the kernel has ended it already."""
        with contextlib.suppress(BrokerGone):
            self.send(wire.Request(request_id, wire.Op.KILL, 0), [])

    def stop(self) -> None:
        self._control.close()
        try:
            self._process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
