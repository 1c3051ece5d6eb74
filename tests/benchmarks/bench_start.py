"""Starting: `lighttight --version`, and the time until the window can be seen.

The window opens on a virtual screen of its own, in a fresh home, and counts as visible when the X
server lists it as viewable and it is as large as a window. Warm: a first start is thrown away.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.harness import (
    Outcome,
    Setting,
    Table,
    Turn,
    Verdict,
    interleaved,
    program,
    quietly,
    spread,
)

TITLE = "Starting"
VERSION_MS, WINDOW_MS = 150, 1000
PATIENCE = 30.0
LEAST_SIDE = 300


def run(setting: Setting) -> Outcome:
    command = Path(sys.executable).with_name("lighttight")
    turns: dict[str, Turn] = {
        "lighttight --version": lambda: _run(command, "--version"),
        "python -c pass": lambda: _run(sys.executable, "-c", "pass"),
    }
    missing = _why_no_window()
    if missing:
        seconds = interleaved(turns, setting.rounds, setting.say)
    else:
        with _screen() as display:
            turns["the window"] = lambda: _visible(command, display, setting.directory)
            seconds = interleaved(turns, setting.rounds, setting.say)
    rows = tuple(
        (name, spread([1000 * one for one in taken], "{:.0f}")) for name, taken in seconds.items()
    )
    verdicts = [_verdict("`lighttight --version`", seconds["lighttight --version"], VERSION_MS)]
    if missing:
        verdicts.append(Verdict("window visible, warm", f"≤ {WINDOW_MS} ms", missing, None))
    else:
        verdicts.append(_verdict("window visible, warm", seconds["the window"], WINDOW_MS))
    return Outcome(tuple(verdicts), (Table(("", "milliseconds"), rows),))


def _verdict(what: str, seconds: list[float], most: int) -> Verdict:
    found = 1000 * statistics.median(seconds)
    return Verdict(what, f"≤ {most} ms", f"{found:.0f} ms", found <= most)


def _run(*command: str | os.PathLike[str]) -> float:
    start = time.perf_counter()
    quietly(*command)
    return time.perf_counter() - start


def _why_no_window() -> str:
    if importlib.util.find_spec("lighttight.ui.app") is None:
        return "no window yet"
    return "" if program("Xvfb") else "no virtual screen here"


@contextmanager
def _screen() -> Iterator[int]:
    """A virtual screen; answers its number, which the server chooses itself."""
    read, write = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            "1600x1000x24",
            "-ac",
            "-nolisten",
            "tcp",
        ],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as said:
            yield int(said.readline())
    finally:
        server.terminate()
        server.wait(timeout=10)


def _visible(command: Path, display: int, directory: Path) -> float:
    home = directory / "home"
    home.mkdir(exist_ok=True, mode=0o700)
    environment = {
        **os.environ,
        "DISPLAY": f":{display}",
        "HOME": os.fspath(home),
        "XDG_RUNTIME_DIR": os.fspath(home),
        "LIGHTTIGHT_HOME": os.fspath(home),
        "QT_QPA_PLATFORM": "xcb",
    }
    environment.pop("WAYLAND_DISPLAY", None)
    with _Screen(display) as screen:
        start = time.perf_counter()
        shown = subprocess.Popen([command], env=environment, stdout=subprocess.DEVNULL)
        try:
            while not screen.shows_a_window():
                if shown.poll() is not None or time.perf_counter() - start > PATIENCE:
                    raise ChildProcessError("no window was shown")
                time.sleep(0.002)
            return time.perf_counter() - start
        finally:
            shown.terminate()
            try:
                shown.wait(timeout=10)
            except subprocess.TimeoutExpired:
                shown.kill()
                shown.wait()


class _Screen:
    """Just enough of the X protocol to ask which windows can be seen. No library needed."""

    def __init__(self, display: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(f"/tmp/.X11-unix/X{display}")
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        ok, _, _, length = struct.unpack("<BxHHH", self._exactly(8))
        if ok != 1:
            raise ConnectionError("the X server refused")
        setup = self._exactly(4 * length)
        vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
        (self._root,) = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + 8 * formats)

    def __enter__(self) -> _Screen:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def shows_a_window(self) -> bool:
        tree = self._ask(15, self._root)
        if tree is None:
            return False
        children = struct.unpack_from(f"<{struct.unpack_from('<H', tree, 16)[0]}I", tree, 32)
        return any(self._is_visible(one) for one in children)

    def _is_visible(self, window: int) -> bool:
        attributes, geometry = self._ask(3, window), self._ask(14, window)
        if attributes is None or geometry is None:
            return False
        width, height = struct.unpack_from("<HH", geometry, 16)
        return attributes[26] == 2 and min(width, height) >= LEAST_SIDE

    def _ask(self, request: int, window: int) -> bytes | None:
        """The answer; None where the window is gone. Events were never asked for."""
        self._socket.sendall(struct.pack("<BxHI", request, 2, window))
        answer = self._exactly(32)
        if answer[0] != 1:
            return None
        return answer + self._exactly(4 * struct.unpack_from("<I", answer, 4)[0])

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self._socket.recv(count - len(found))
            if not part:
                raise ConnectionError("the X server ended")
            found += part
        return found
