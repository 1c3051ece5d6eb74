"""Children that may die: forked, told to act, and heard until their last word.

What a child tells goes through a socket, one JSON object on a line, before the call returns. So
what was told before a kill is what the program had promised by then.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from lighttight.errors import LighttightError

PATIENCE = 60.0
"""Seconds after which a child counts as hanging."""

Tell = Callable[..., None]
"""`tell(kind, **facts)`: promise something to the person."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a child failed: the class of the error, its code if it was one of ours, and where."""

    kind: str
    code: str | None
    trace: str

    def __str__(self) -> str:
        last = [line.strip() for line in self.trace.strip().splitlines()[-4:]]
        return f"{self.kind}({self.code or ''}): {' | '.join(last)}"


@dataclass(slots=True)
class Outcome:
    """What became of a child. `signal` is what killed it, `answer` what it returned."""

    told: list[dict[str, Any]] = field(default_factory=list)
    answer: Any = None
    trouble: Trouble | None = None
    signal: int | None = None
    hung: bool = False

    @property
    def killed(self) -> bool:
        return self.signal == signal.SIGKILL and not self.hung

    @property
    def problem(self) -> str | None:
        """Why a child that was meant to succeed did not."""
        if self.hung:
            return "hangs"
        if self.signal is not None:
            return f"died of signal {self.signal}"
        return str(self.trouble) if self.trouble is not None else None


class Child:
    """A running child. `finish` waits for it; `start` lets one that was made to wait go on."""

    def __init__(self, act: Callable[[Tell], Any], *, waits: bool = False) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _live(act, theirs, waits)
        theirs.close()
        self._socket = ours

    def start(self) -> None:
        self._socket.sendall(b"\n")

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def finish(self, patience: float = PATIENCE) -> Outcome:
        outcome = Outcome()
        heard, outcome.hung = self._hear(patience)
        if outcome.hung:
            self.kill()
        status = os.waitpid(self.pid, 0)[1]
        self._socket.close()
        if os.WIFSIGNALED(status):
            outcome.signal = os.WTERMSIG(status)
        for line in heard.split(b"\n"):
            with_end = line.strip()
            if not with_end:
                continue
            told = json.loads(with_end)
            if "!answer" in told:
                outcome.answer = told["!answer"]
            elif "!trouble" in told:
                outcome.trouble = Trouble(*told["!trouble"])
            else:
                outcome.told.append(told)
        return outcome

    def _hear(self, patience: float) -> tuple[bytes, bool]:
        deadline = time.monotonic() + patience
        pieces: list[bytes] = []
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return b"".join(pieces).rpartition(b"\n")[0], True
            try:
                piece = self._socket.recv(1 << 16)
            except ConnectionResetError:
                piece = b""
            if not piece:
                # A line cut off by the kill was never heard by anybody.
                return b"".join(pieces).rpartition(b"\n")[0], False
            pieces.append(piece)


def _live(act: Callable[[Tell], Any], line: socket.socket, waits: bool) -> NoReturn:
    turn = threading.Lock()

    def say(words: dict[str, Any]) -> None:
        with turn:
            line.sendall(json.dumps(words).encode() + b"\n")

    def tell(kind: str, **facts: Any) -> None:
        say({"kind": kind, **facts})

    status = 0
    try:
        if waits:
            line.recv(1)
        say({"!answer": act(tell)})
    except BaseException as error:  # noqa: BLE001 - told to the parent, which judges
        code = error.code if isinstance(error, LighttightError) else None
        say({"!trouble": [type(error).__name__, code, traceback.format_exc()]})
        status = 1
    finally:
        os._exit(status)


def in_child(act: Callable[[Tell], Any], *, patience: float = PATIENCE) -> Outcome:
    """Run `act` in a child and wait for its end, whatever that is."""
    return Child(act).finish(patience)


def settle_memory(rehearsal: Callable[[Tell], Any]) -> None:
    """Before many forks: load what `rehearsal` loads, so that no child has to do it again."""

    def modules(tell: Tell) -> list[str]:
        rehearsal(tell)
        return sorted(sys.modules)

    for name in in_child(modules).answer or ():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
