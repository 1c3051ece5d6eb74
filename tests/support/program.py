"""The real program in child processes, as a person or a script starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "lighttight")


@dataclass(frozen=True)
class Ran:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        [only] = self.lines
        return only

    @property
    def error(self) -> str:
        """The code of the last line on standard error."""
        return json.loads(self.err.splitlines()[-1])["error"]

    def ok(self) -> Ran:
        assert self.code == 0, f"exit {self.code}\n{self.out}\n{self.err}"
        return self


class Program:
    """Commands with one environment, without a terminal. `before` starts them, where it is set."""

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, before: Sequence[str] = ()
    ) -> None:
        self.environment = {**os.environ, **(environment or {})}
        self._before = before

    def __call__(
        self, *arguments: str | Path, given: str | bytes = b"", limit: float = 60, **more: str
    ) -> Ran:
        """Run a command with `given` on its standard input and `more` variables."""
        result = subprocess.run(
            [*self._before, *PROGRAM, *map(str, arguments)],
            input=given.encode() if isinstance(given, str) else given,
            env={**self.environment, **more},
            capture_output=True,
            timeout=limit,
            check=False,
        )
        return Ran(result.returncode, result.stdout.decode(), result.stderr.decode())

    def start(self, *arguments: str | Path, **more: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does something to it."""
        return subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.environment, **more},
            text=True,
        )
