"""strace around a child: its calls recorded, or made to fail.

strace attaches to a child that waits, so that nothing of the interpreter's start is traced and each
run takes milliseconds. What is traced is the real interpreter: the child is forked from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.faults.children import PATIENCE, Child, Outcome, Tell

PR_SET_PTRACER = 0x59616D61
_ATTACH_SECONDS = 20.0


def available() -> bool:
    return sys.platform == "linux" and shutil.which("strace") is not None


def may_be_traced() -> None:
    """Where only a parent may trace, let a sibling."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)


def run_traced(
    act: Callable[[Tell], Any], options: list[str], *, patience: float = PATIENCE
) -> Outcome:
    """Run `act` in a child under `strace -f OPTIONS`."""

    def traced(tell: Tell) -> Any:
        return act(tell)

    child = Child(act, waits=True)
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", *options, "-p", str(child.pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _wait_until_traced(child.pid, tracer)
        child.start()
        return child.finish(patience)
    finally:
        with contextlib.suppress(ProcessLookupError):
            if tracer.poll() is None and not _ends(tracer):
                tracer.kill()
        tracer.communicate()


def _ends(tracer: subprocess.Popen[bytes]) -> bool:
    try:
        tracer.wait(5)
    except subprocess.TimeoutExpired:
        return False
    return True


def _wait_until_traced(pid: int, tracer: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _ATTACH_SECONDS
    status = Path(f"/proc/{pid}/status")
    while time.monotonic() < deadline:
        if not re.search(r"^TracerPid:\t0$", status.read_text(), re.MULTILINE):
            return
        if tracer.poll() is not None:
            words = tracer.stderr.read().decode() if tracer.stderr else ""
            raise AssertionError(f"strace does not attach: {words}")
        os.sched_yield()
    raise AssertionError("strace does not attach in time")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that ended well. `begun` is the number of the line where it began, `ended` where
    it ended; between the two others may stand."""

    thread: str
    name: str
    arguments: list[str]
    result: int
    begun: int
    ended: int


_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\) += (\d+)\b")
_UNFINISHED = " <unfinished ...>"


def calls(log: Path) -> Iterator[Call]:
    """The calls of a log made with `-xx`, in the order in which they ended."""
    begun: dict[str, tuple[int, str]] = {}
    with log.open(encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines):
            match = _LINE.match(line.rstrip("\n"))
            if match is None:
                continue
            pid, resumed, rest = match.groups()
            start = number
            if resumed:
                start, head = begun.pop(pid, (number, f"{resumed}("))
                rest = head + rest
            if rest.endswith(_UNFINISHED):
                begun[pid] = (start, rest.removesuffix(_UNFINISHED))
                continue
            call = _parsed(pid, rest, start, number)
            if call is not None:
                yield call


def _parsed(thread: str, text: str, begun: int, ended: int) -> Call | None:
    match = _CALL.match(text)
    if match is None:
        return None
    name, inside, result = match.groups()
    return Call(thread, name, _split(inside), int(result), begun, ended)


def _split(inside: str) -> list[str]:
    # Strings are all in hexadecimal, so a comma is never inside one.
    return [one.strip() for one in inside.split(",")]


def string(argument: str) -> bytes:
    """The bytes of an argument like "\\x2f\\x61"."""
    if argument.endswith("..."):
        raise AssertionError("strace cut a string short")
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))
