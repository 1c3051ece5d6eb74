"""A process that ends at the n-th failpoint, as if the power of the program had been cut.

The act runs in a forked child, which kills itself with SIGKILL: no `finally`, no `atexit`, no
flush. What the child says has left it before the next step, so it is what a person would have been
told. The parent holds no vault open while the child runs.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lighttight.files import failpoints


class Child:
    """What an act in the child may use. Steps count between `begin` and `end`."""

    def __init__(self, write: int, at: int | None) -> None:
        self._write = write
        self._at = at
        self._numbers = itertools.count(1)

    def say(self, text: str) -> None:
        self.tell(f"+{text}")

    def begin(self) -> None:
        failpoints.arm(self._reached)

    def end(self) -> None:
        failpoints.disarm()

    def tell(self, line: str) -> None:
        # One write of less than PIPE_BUF bytes: whole, whatever other threads write.
        os.write(self._write, f"{line}\n".encode())

    def _reached(self, name: str) -> None:
        self.tell(f"@{name}")
        if next(self._numbers) == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


Act = Callable[[Child], None]


@dataclass(frozen=True)
class Ended:
    """How a child ended, what it said, and which failpoints it reached, in order."""

    killed: bool
    said: tuple[str, ...]
    reached: tuple[str, ...]


def run_killed(act: Act, at: int | None = None) -> Ended:
    """Run `act` in a child that dies on reaching its `at`-th failpoint (from 1); None: never.

    A child that ends in any other way than these two fails the test.
    """
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _live(act, Child(write, at))
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        lines = pipe.read().decode().splitlines()
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed:
        assert os.WIFEXITED(status), lines
        assert os.WEXITSTATUS(status) == 0, "\n".join(lines)
    said = tuple(line[1:] for line in lines if line.startswith("+"))
    reached = tuple(line[1:] for line in lines if line.startswith("@"))
    return Ended(killed, said, reached)


def first_and_last(reached: Sequence[str]) -> list[int]:
    """Numbers of the first and the last time that each failpoint was reached, in order."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for number, name in enumerate(reached, 1):
        first.setdefault(name, number)
        last[name] = number
    return sorted({*first.values(), *last.values()})


def _live(act: Act, child: Child) -> None:
    try:
        act(child)
    except BaseException:  # noqa: BLE001 - whatever it was, the parent is told
        for line in traceback.format_exc().splitlines():
            child.tell(line)
        os._exit(1)
    os._exit(0)
