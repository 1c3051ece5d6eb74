"""A screen of its own for a test, and a person's hands on its keyboard."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

PROGRAMS = ("Xvfb", "xdotool")
ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0


class Screen:
    """An X server on the first display that is free, without a window manager."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        read, write = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *("Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24"),
                    *("-nolisten", "tcp", "-noreset"),
                ],
                pass_fds=[write],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        self.display = f":{number}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def hands(self, *arguments: str) -> str:
        return subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout

    def press(self, *keys: str) -> None:
        for key in keys:
            self.hands("key", "--clearmodifiers", key)

    def type(self, text: str) -> None:
        self.hands("type", "--delay", "30", text)


class Driven:
    """The program on a screen; `ask` reads what it shows, `wait` waits for it to show something."""

    def __init__(
        self,
        screen: Screen,
        environment: Mapping[str, str],
        *,
        under: Sequence[str] = (),
        module: str = "tests.support.driven_window",
    ) -> None:
        self.screen = screen
        self._driven = module != "lighttight"
        self.process = subprocess.Popen(
            [*under, sys.executable, "-m", module],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
                "DISPLAY": screen.display,
                "QT_QPA_PLATFORM": "xcb",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)

    def ask(self, question: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(question.encode() + b"\n")
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(f"it ended: {self.process.stderr.read().decode()}")
        return json.loads(line)

    def wait(
        self, question: str, wanted: Callable[[Any], object] | object, limit: float = LIMIT
    ) -> Any:
        until = time.monotonic() + limit
        while True:
            said = self.ask(question)
            if wanted(said) if callable(wanted) else said == wanted:
                return said
            if time.monotonic() > until:
                raise AssertionError(f"{question}: {said!r}, focus {self.ask('focus')!r}")
            time.sleep(0.05)

    def focus(self) -> None:
        """Without a window manager nobody else gives the window the keyboard."""
        until = time.monotonic() + LIMIT
        while True:
            found = ""
            with suppress(subprocess.CalledProcessError):
                found = self.screen.hands("search", "--onlyvisible", "--name", "^Lighttight$")
            if found.strip():
                self.screen.hands("windowfocus", "--sync", found.split()[0])
                return
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError("no window appeared")
            time.sleep(0.05)

    def tell_to_end(self) -> tuple[int, str]:
        """As `kill` does; answers the exit code and what it printed."""
        if self._driven:
            # Not a tracer that stands before it.
            os.kill(self.ask("pid"), signal.SIGTERM)
        else:
            self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode()


def end(process: subprocess.Popen[bytes]) -> None:
    """End one process of ours, and take its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
