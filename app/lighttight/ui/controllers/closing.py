"""What was locked and is not closed yet: between the empty screen and keys that are gone.

Closing has a thread of its own for each session. In a queue it would stand behind what it has to
end: a few jobs that hang on a dead disk would keep the keys for as long as the disk is dead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

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
    """One session. `closed` is set when its keys are gone, however that went.

    `session` answers the session once it is there, or None where there will be none.
    """

    def __init__(
        self, session: Callable[[], Session | None], reason: str, ending: Ending | None
    ) -> None:
        self._session: Callable[[], Session | None] | None = session
        self._reason = reason
        self._ending = ending
        self.closed = threading.Event()

    def hurry(self) -> None:
        ending = self._ending
        if ending is not None:
            ending.hurry()

    def run(self, _: object) -> None:
        awaited, self._session = self._session, None
        try:
            if self._ending is not None:
                self._ending.wait(UNHURRIED)
            session = awaited() if awaited is not None else None
            if session is not None:
                session.lock(self._reason)
        finally:
            # The import's job knows the session.
            self._ending = None
            self.closed.set()


class Closings:
    """All that are under way. `begin` and `hurry` belong to the main thread."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._under_way: tuple[Closing, ...] = ()

    def begin(self, session: Session, reason: str, ending: Ending | None = None) -> None:
        self.begin_with(lambda: session, reason, ending)

    def begin_with(
        self, session: Callable[[], Session | None], reason: str, ending: Ending | None = None
    ) -> None:
        """With a session that is still to come: `session` waits for it, on the closing's thread."""
        closing = Closing(session, reason, ending)
        still = (one for one in self._under_way if not one.closed.is_set())
        self._under_way = (*still, closing)
        self._jobs.run(closing.run, lane=Lane.APART)

    def wait(self, seconds: float) -> bool:
        """Until all are closed; False where one is not after so long."""
        until = time.monotonic() + seconds
        return all(one.closed.wait(max(0.0, until - time.monotonic())) for one in self._under_way)

    def hurry(self) -> bool:
        """The computer is about to stop. When this answers True, all keys are gone."""
        for one in self._under_way:
            one.hurry()
        return self.wait(LONGEST)
