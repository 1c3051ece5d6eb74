"""What was locked and is not closed yet: between the empty screen and keys that are gone.

Closing has a thread of its own for each session. In a queue it would stand behind what it has to
end: a few jobs that hang on a dead disk would keep the keys for as long as the disk is dead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lighttight.ui.controllers.coming import Coming
from lighttight.ui.jobs import Jobs, Lane

if TYPE_CHECKING:
    from lighttight.session import Session
    from lighttight.ui.controllers.importing import Ending

UNHURRIED: Final = 2.0
"""Seconds that an import gets for the items at hand when the library is locked by key or idle:
enough for any picture, and whoever locks does not count on more."""
LONGEST: Final = 10.0
"""Seconds that a computer about to sleep is held up: it sleeps by then, whatever is asked of it."""


class Closing:
    """One session, also one that is still on its way. `closed` is set when its keys are gone,
    however that went."""

    def __init__(self, coming: Coming, reason: str, ending: Ending | None) -> None:
        self._coming: Coming | None = coming
        self._reason = reason
        self._ending = ending
        self.closed = threading.Event()

    def holds(self, place: Path) -> bool:
        """False while there is nothing to close yet, and when that was done."""
        coming = self._coming
        return coming is not None and coming.path is not None and coming.path.absolute() == place

    def hurry(self) -> None:
        ending = self._ending
        if ending is not None:
            ending.hurry()

    def run(self, _: object) -> None:
        coming = self._coming
        try:
            if self._ending is not None:
                self._ending.wait(UNHURRIED)
            session = coming.session() if coming is not None else None
            if session is not None:
                session.lock(self._reason)
        finally:
            # The import's job knows the session.
            self._coming = self._ending = None
            self.closed.set()


class Closings:
    """All that are under way. `begin` and `hurry` belong to the main thread."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._under_way: tuple[Closing, ...] = ()

    def begin(self, session: Session, reason: str, ending: Ending | None = None) -> None:
        self.begin_with(Coming(session), reason, ending)

    def begin_with(self, coming: Coming, reason: str, ending: Ending | None = None) -> None:
        """Also with a session that is not there yet: waited for on the closing's own thread."""
        closing = Closing(coming, reason, ending)
        still = (one for one in self._under_way if not one.closed.is_set())
        self._under_way = (*still, closing)
        self._jobs.run(closing.run, lane=Lane.APART)

    def wait(self, path: Path, seconds: float) -> bool:
        """Until the library at `path` is closed, if it was open; False if it is not after so long.

        Another one may hang on a dead disk, and keeps nobody out of this. What was left while it
        was being opened, and still is, has nothing to close, and may hang in a prompt.
        """
        place = path.absolute()
        return _closed([one for one in self._under_way if one.holds(place)], seconds)

    def hurry(self) -> bool:
        """The computer is about to stop. When this answers True, all keys are gone."""
        for one in self._under_way:
            one.hurry()
        return _closed(self._under_way, LONGEST)


def _closed(all_: Iterable[Closing], seconds: float) -> bool:
    until = time.monotonic() + seconds
    return all(one.closed.wait(max(0.0, until - time.monotonic())) for one in all_)
