"""A session that is not the window's yet: from the click until it is taken, or left.

Opening waits for a derivation, a prompt of the password store, or a disk; recovery words are shown
before a new library is the window's. `Program` knows of the one that there may be: whoever locks
meanwhile leaves it, and it is closed as soon as it is there, before anything of it is shown.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lighttight.session import Session


class Coming:
    """What is on its way. `come` is called on a worker, once, however that went."""

    def __init__(self, session: Session | None = None) -> None:
        self.left = False
        """Set on the main thread: whoever left closes what comes."""
        self.path: Path | None = None
        """Of a library that is there; none before."""
        self._session: Session | None = None
        self._there = threading.Event()
        if session is not None:
            self.come(session)

    def come(self, session: Session | None) -> None:
        self._session = session
        self.path = session.vault.path if session is not None else None
        self._there.set()

    def session(self) -> Session | None:
        """Waits for it, and lets go of it; None where there will be none."""
        self._there.wait()
        session, self._session = self._session, None
        return session

    def taken(self) -> None:
        """Whoever has it from now on lets go of it alone."""
        self._session = None
