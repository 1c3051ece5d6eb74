"""How long work reports and is cancelled, without knowing who watches.

Functions below the window take a `progress: Progress` and call `progress.step(done, total)`
between units of work that may be left half way. `step` raises `Cancelled` when the person asked
to stop, so a function that never calls it cannot be cancelled, and one that calls it in the
middle of a transaction would roll it back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from lighttight.errors import Cancelled


class Progress(Protocol):
    def step(self, done: int, total: int | None = None) -> None:
        """Report `done` of `total` units (bytes or items, as the act says). May raise Cancelled."""
        ...


class Silent:
    """A progress that nobody watches and nobody cancels."""

    def step(self, done: int, total: int | None = None) -> None:
        del done, total


class Watched:
    """A progress with a listener and a cancel button; `cancel` may be called from any thread."""

    def __init__(self, report: Callable[[int, int | None], None] | None = None) -> None:
        self._report = report
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    def step(self, done: int, total: int | None = None) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if self._report is not None:
            self._report(done, total)


class Within:
    """The progress of one step, reported as a stretch of the whole act's.

    `before` units were done when the step began; the act has `total`.
    """

    def __init__(self, whole: Progress, before: int, total: int) -> None:
        self._whole = whole
        self._before = before
        self._total = total

    def step(self, done: int, total: int | None = None) -> None:
        del total
        self._whole.step(self._before + done, self._total)


SILENT: Progress = Silent()
