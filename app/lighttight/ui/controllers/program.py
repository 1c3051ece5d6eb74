"""What all flows share: the window, the jobs, and the session that is open.

Everything asked of a session goes through `ask` (long, or only reading) or `commit` (short, and
writing). Both remember which session they asked: an answer that comes after locking is dropped, so
that nothing of a locked library can find its way back onto the screen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from lighttight.errors import Environment, Integrity
from lighttight.progress import Progress
from lighttight.ui.controllers.closing import Closings
from lighttight.ui.controllers.coming import Coming
from lighttight.ui.jobs import Job, Jobs, Lane, Order

if TYPE_CHECKING:
    from lighttight.session import PasswordStore, Session
    from lighttight.ui.controllers.presenter import Presenter
    from lighttight.ui.controllers.sources import Sources
    from lighttight.ui.window import Window

POLL_MS = 1000
LOOK_MS = 2000
"""A disk that does not answer for so long is not waited for: an error is said as it is."""


class _Scope(QObject):
    """Owner of all jobs of one opened library."""


class Program(QObject):
    """`opened` and `closed` say that a session became the window's, or ceased to be it.

    `changed` says that something in the library is not what it was, `gone` that its folder is not
    there any more: a disk was pulled.
    """

    opened = Signal()
    closed = Signal()
    changed = Signal()
    gone = Signal()

    def __init__(
        self,
        window: Window,
        jobs: Jobs,
        sources: Sources,
        presenter: Presenter,
        *,
        store: Callable[[], PasswordStore],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self.window = window
        self.jobs = jobs
        self.sources = sources
        self.presenter = presenter
        self.closings = Closings(jobs)
        self.clock = clock
        self.session: Session | None = None
        self.path: Path | None = None
        self.coming: Coming | None = None
        """What is being opened or made, and not left."""
        self.rekeying = False
        """Whether all keys are being changed: nothing may be brought in meanwhile."""
        self._make_store = store
        self._store: PasswordStore | None = None
        self._making_store = threading.Lock()
        self._scope = _Scope(self)
        self._opening = 0
        """Which opening this is, counted: for what must not hold the session itself."""
        self._seen_version: int | None = None
        self._polling = False
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look_for_changes)
        presenter.explained = self._explained

    def store(self) -> PasswordStore:
        """This computer's password store. Made in a job the first time: it is a heavy import."""
        with self._making_store:
            if self._store is None:
                self._store = self._make_store()
            return self._store

    # ---- one session at a time -----------------------------------------------------------------

    def expect(
        self,
        fetch: Callable[[Coming], Session],
        *,
        done: Callable[[Session], None],
        failed: Callable[[BaseException], None],
    ) -> Coming:
        """Open or make a library beside the window; what was on its way before is left.

        `done` and `failed` are also told of what was left meanwhile: it is closed without them.
        """
        self.leave("closing")
        coming = Coming()

        def work(_: object) -> Session:
            session = None
            try:
                session = fetch(coming)
                return session
            finally:
                coming.come(session)

        def refused(error: BaseException) -> None:
            if self.coming is coming:
                self.coming = None
            failed(error)

        # A thread of its own: behind others that hang it would not begin, and whoever locks waits
        # for it.
        self.jobs.run(work, done=done, failed=refused, owner=self, lane=Lane.APART)
        self.coming = coming
        return coming

    def leave(self, reason: str) -> None:
        """What is on its way is not for the window any more: closed as soon as it is there."""
        coming, self.coming = self.coming, None
        if coming is not None:
            coming.left = True
            self.closings.begin_with(coming, reason)

    def take(self, session: Session, path: Path) -> None:
        """This session is the window's from now on."""
        assert self.session is None  # noqa: S101 - two open libraries would mix on the screen
        coming, self.coming = self.coming, None
        if coming is not None:
            coming.taken()
        self.session = session
        self.path = path
        self.sources.use(session)
        self._seen_version = None
        self._opening += 1
        self._polling = False
        self._poll.start()
        self.opened.emit()

    def give_up(self) -> Session | None:
        """The window lets go of the session at once; whoever called closes it."""
        session, self.session = self.session, None
        if session is None:
            return None
        self._poll.stop()
        self.jobs.cancel_owned(self._scope)
        self.sources.use(None)
        self.closed.emit()
        return session

    # ---- asking --------------------------------------------------------------------------------

    def ask(
        self,
        act: Callable[[Session, Progress], Any],
        done: Callable[[Any], None] | None = None,
        *,
        failed: Callable[[BaseException], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        progress: Callable[[int, int | None], None] | None = None,
        order: Order = Order.USUAL,
        lane: Lane = Lane.IO,
        lasting: bool = False,
    ) -> Job | None:
        """Run `act` beside the window; None where nothing is open.

        Locking cancels it, unless it is `lasting`: then it has an end of its own to come to.
        """
        session = self.session
        if session is None:
            return None

        def current() -> bool:
            return self.session is session

        def answered(result: Any) -> None:  # noqa: ANN401 - whatever the act answers
            if current() and done is not None:
                done(result)

        def refused(error: BaseException) -> None:
            if not current():
                return
            if failed is None:
                self.presenter.present(error)
            else:
                failed(error)

        def given_up() -> None:
            if current() and cancelled is not None:
                cancelled()

        return self.jobs.run(
            lambda watched: act(session, watched),
            done=answered,
            failed=refused,
            cancelled=given_up,
            progress=progress,
            owner=self if lasting else self._scope,
            lane=lane,
            order=order,
        )

    def commit(
        self,
        act: Callable[[Session], Any],
        done: Callable[[Any], None] | None = None,
        *,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Job | None:
        """A short change, in turn with all others; then everything that shows it looks again."""

        def after(result: Any) -> None:  # noqa: ANN401 - whatever the act answers
            if done is not None:
                done(result)
            self.changed.emit()

        return self.ask(
            lambda session, _: act(session),
            after,
            failed=failed,
            order=Order.CLICK,
            lane=Lane.VAULT,
        )

    # ---- what others do to the same library ----------------------------------------------------

    def _look_for_changes(self) -> None:
        if self._polling:
            return
        self._polling = True

        def look(session: Session, _: Progress) -> int | None:
            from lighttight.session import is_library

            if not is_library(session.vault.path):
                return None
            return session.vault.catalog.data_version()

        job = self.ask(look, self._seen, failed=self._unseen, cancelled=self._polled)
        if job is None:
            self._polling = False

    def _polled(self) -> None:
        self._polling = False

    def _unseen(self, error: BaseException) -> None:
        """A disk that was pulled says so in many ways; any other trouble is met by who reads."""
        self._polling = False
        self._look_behind(error, lambda: None)

    def _explained(self, error: BaseException) -> bool:
        """Whether this error may only mean that the library is not there: said once, if so."""
        return self._look_behind(error, lambda: self.presenter.say(error))

    def _look_behind(self, error: BaseException, otherwise: Callable[[], None]) -> bool:
        """Beside the window, for a dead disk does not answer; then `otherwise`, or it is gone."""
        session = self.session
        if session is None or not isinstance(error, Environment | Integrity):
            return False
        from lighttight.session import is_library

        answered = False
        # A timer may outlive the window: it is not given the session to hold.
        opening = self._opening

        def looked(there: bool) -> None:
            nonlocal answered
            if answered or self.session is None or self._opening != opening:
                return
            answered = True
            if there:
                otherwise()
            else:
                self.gone.emit()

        path = session.vault.path
        self.jobs.run(lambda _: is_library(path), done=looked, owner=self, lane=Lane.APART)
        QTimer.singleShot(LOOK_MS, self, lambda: looked(there=True))
        return True

    def _seen(self, version: int | None) -> None:
        self._polling = False
        if version is None:
            self.gone.emit()
            return
        before, self._seen_version = self._seen_version, version
        if before is not None and before != version:
            self.changed.emit()
