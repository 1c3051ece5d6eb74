"""A process of its own for what must be measured alone: memory, and a fresh start.

    with Apart("bench_items", "opened", path="…") as other:
        other.hear()      # the next value that it tells
        other.go_on()     # it waits in `line.wait()`

In the other process `opened(line, path="…")` runs and speaks through its `Line`.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent


class Line:
    """What the function in the other process gets."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def tell(self, value: object) -> None:
        self._out.write(json.dumps(value) + "\n")
        self._out.flush()

    def wait(self) -> None:
        sys.stdin.readline()


class Apart:
    def __init__(
        self, module: str, function: str, environment: dict[str, str] | None = None, **given: object
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.apart", module, function, json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError("the measured process ended before it answered")
        return json.loads(line)

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate(timeout=60)


if __name__ == "__main__":
    _, module, function, given = sys.argv
    found = importlib.import_module(f"tests.benchmarks.{module}")
    getattr(found, function)(Line(sys.stdout), **json.loads(given))
