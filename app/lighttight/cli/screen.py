"""What a command shows: lines for people, documents for programs, progress for those who wait.

- Standard output holds the answer and nothing else; notes, questions and progress go to standard
  error.
- What stands in the library came from somebody else's camera or chat. On the terminal it is shown
  as one line that steers nothing (`messages.harmless`), and in JSON every sign beyond ASCII is
  escaped, so that a name can neither move the cursor nor end a line.
- With `--json`: one document, or one object a line for lists. Times are RFC 3339; the time at which
  a picture was taken is the wall clock of its camera and has no offset, because nobody knows it.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Final

from lighttight.errors import LighttightError
from lighttight.messages import counted as counted
from lighttight.messages import day as day
from lighttight.messages import harmless, words
from lighttight.messages import moment as moment
from lighttight.progress import Progress, Watched

if TYPE_CHECKING:
    from rich.console import Console

_DRAWN_EVERY: Final = 5
"""Times a second that the bar is drawn anew."""

Json = dict[str, object]


class Screen:
    """The terminal of one command, or the pipe that it writes into."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._above_bar: Console | None = None

    def say(self, line: str = "") -> None:
        """A line of the answer, for people; nothing with `--json`."""
        if self.as_json:
            return
        if self._above_bar is not None and sys.stdout.isatty():
            self._print_above(line)
        else:
            sys.stdout.write(f"{harmless(line)}\n")

    def document(self, content: Json, *, flush: bool = False) -> None:
        """A document, or one object of a list; nothing without `--json`."""
        if self.as_json:
            sys.stdout.write(json.dumps(content, default=_plain) + "\n")
            if flush:
                sys.stdout.flush()

    def note(self, code: str, text: str) -> None:
        """Something the person should know besides the answer."""
        if self.as_json:
            sys.stderr.write(json.dumps({"note": code, "message": text}) + "\n")
        elif self._above_bar is not None:
            self._print_above(f"lighttight: {text}")
        else:
            sys.stderr.write(f"lighttight: {harmless(text)}\n")

    def error(self, error: BaseException) -> None:
        """One line: what happened, to what, what to do."""
        said = words(error)
        text = f"{said.sentence} {said.action}".strip()
        if not self.as_json:
            sys.stderr.write(f"lighttight: {text}\n")
            return
        known = isinstance(error, LighttightError)
        content: Json = {
            "error": error.code if known else "unexpected",
            "message": said.sentence,
            "action": said.action,
        }
        if known and error.facts:
            content["facts"] = error.facts
        sys.stderr.write(json.dumps(content, default=_plain) + "\n")

    @contextmanager
    def progress(self, label: str, *, octets: bool = False) -> Iterator[Progress]:
        """A bar with the time left, where standard error is a terminal.

        Inside, Ctrl+C lets the act stop where it is safe to stop; a second one stops it anyhow.
        """
        with self._bar(label, octets=octets) as report:
            watched = Watched(report)
            with _interruptible(watched):
                yield watched

    @contextmanager
    def _bar(
        self, label: str, *, octets: bool
    ) -> Iterator[Callable[[int, int | None], None] | None]:
        if not sys.stderr.isatty():
            yield None
            return
        # Only here: it takes a moment to load, and most commands need none.
        from rich import progress
        from rich.console import Console

        bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.DownloadColumn() if octets else progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(compact=True),
            progress.TextColumn("left"),
            console=Console(stderr=True),
            refresh_per_second=_DRAWN_EVERY,
            transient=True,
            # Standard output belongs to the answer, wherever it goes.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        task = bar.add_task(label, total=None)
        with bar:
            self._above_bar = bar.console
            try:
                yield lambda done, total: bar.update(task, completed=done, total=total)
            finally:
                self._above_bar = None

    def _print_above(self, line: str) -> None:
        if self._above_bar is not None:
            self._above_bar.print(harmless(line), markup=False, highlight=False, soft_wrap=True)


def clock(seconds: float) -> str:
    """`0:42`, `1:02:03`: the length of a video."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}"


def stamp(time: datetime | int) -> str:
    """RFC 3339: UTC with milliseconds, or without an offset where the time has none."""
    if isinstance(time, int):
        time = datetime.fromtimestamp(time / 1000, UTC)
    if time.tzinfo is None:
        return time.isoformat(timespec="seconds")
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    """What JSON has no word for."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    return str(value)


@contextmanager
def _interruptible(watched: Watched) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        watched.cancel()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
