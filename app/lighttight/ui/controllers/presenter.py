"""The one presenter: an error becomes a title, a sentence and an action, never a traceback.

What nobody expected is shown with a code that can be searched for, and printed as that code alone:
a traceback would carry names out of the library into a terminal or a log.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from lighttight.errors import Cancelled, LighttightError
from lighttight.messages import Words, search_code
from lighttight.messages import window_words as words

if TYPE_CHECKING:
    from lighttight.ui.window import Window


def _let_go(error: BaseException | None) -> None:
    """An error holds the frames that it came through, and those hold items and pictures."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


class Presenter:
    """Before there is a window, what it would say is kept until there is one."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._waiting: list[Words] = []
        self.explained: Callable[[BaseException], bool] = lambda _: False
        """Asked first: whether somebody else says what is behind an error, now or in a moment."""
        self.shown: list[str] = []
        """Titles of what is on the screen now: the same trouble is not said twice at once."""

    def attach(self, window: Window) -> None:
        self._window = window
        waiting, self._waiting = self._waiting, []
        for said in waiting:
            self._show(said)

    def present(self, error: BaseException) -> None:
        if isinstance(error, Cancelled) or self.explained(error):
            _let_go(error)
            return
        self.say(error)

    def say(self, error: BaseException) -> None:
        """In words, whatever may be behind it."""
        if not isinstance(error, LighttightError):
            sys.stderr.write(f"lighttight: {search_code(error)}\n")
        said = words(error)
        _let_go(error)
        if self._window is None:
            self._waiting.append(said)
            return
        self._show(said)

    def _show(self, said: Words) -> None:
        if self._window is None or said.title in self.shown:
            return
        self.shown.append(said.title)
        sheet = self._window.present(said.title, said.sentence, said.action)
        sheet.destroyed.connect(lambda *_: self.shown.remove(said.title))

    def hook(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        """For `sys.excepthook`: what a slot raised."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.present(error)
