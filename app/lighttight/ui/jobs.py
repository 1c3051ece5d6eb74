"""Work away from the window's thread, and its results back on it.

    main thread                       worker threads
    run(fn, done=…) ──────────────▶   fn(progress) on `io` (several), `vault` (one) or `apart`
    done / failed / cancelled  ◀────  one queued signal, however many results wait

`vault` has one worker, because commits are serial anyway; clicks go before long acts, which
submit their commits item by item. `apart` is a thread for one job alone: for what must not wait
behind jobs that hang. Progress reaches the window at most twenty times a second, and
always the last one. A result whose owner is gone is dropped; an error that nobody asked for goes
to the one presenter.

A job that was given up (its library was locked, its page is gone) holds no place: where it hangs on
a dead disk, another thread does the work of the one that it keeps. There is a bound to that, since
such a thread comes back only when the disk does: `GIVEN_UP` in each lane. Beyond it, and when no
other thread is left, a job is not begun but fails with Environment("workers-hanging"), also one
that waits already: to wait would be to wait for that disk. Threads in `apart` are not bounded:
closing must never be refused.

The threads are daemons on purpose: `shutdown` cancels and joins with a deadline, and a worker
that hangs in the network or on a dead disk must not keep the program alive with its keys.
"""

from __future__ import annotations

import enum
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from lighttight.errors import Cancelled, Environment
from lighttight.progress import Progress, Watched

GIVEN_UP: Final = 24
"""Threads of one lane that may hang in what was given up: a dead disk under four libraries."""

_INTERVAL = 1 / 20


class Lane(enum.Enum):
    """Where a job runs."""

    IO = "io"
    VAULT = "vault"
    APART = "apart"


class Order(enum.IntEnum):
    """Which job goes first in its lane; equals go in the order they came."""

    CLICK = 0
    USUAL = 1
    LONG = 2


class Job:
    """A handle on one piece of work. `cancel` may be called at any time, also twice."""

    def __init__(
        self,
        fn: Callable[[Progress], Any],
        done: Callable[[Any], None] | None,
        failed: Callable[[BaseException], None] | None,
        cancelled: Callable[[], None] | None,
        owner: QObject | None,
        progress: Callable[[int, int | None], None] | None,
    ) -> None:
        self._fn = fn
        self._done = done
        self._failed = failed
        self._cancelled_callback = cancelled
        self._owner = owner
        self._progress = progress
        self._watched = Watched(self._report if progress is not None else None)
        self._stop = False
        self._latest: tuple[int, int | None] | None = None
        self._sent_at = 0.0
        self._post: Callable[[Callable[[], None]], None] = _nowhere
        self._clock: Callable[[], float] = time.monotonic
        self.finished = False
        self.given_up = False

    def attach(
        self, post: Callable[[Callable[[], None]], None], clock: Callable[[], float]
    ) -> None:
        """Called once, by the bridge: how to reach the main thread, and what time it is."""
        self._post = post
        self._clock = clock

    def cancel(self) -> None:
        self._stop = True
        self._watched.cancel()

    def give_up(self) -> None:
        """Cancel, and do not wait for it: what it asked may hang."""
        self.given_up = True
        self.cancel()

    @property
    def is_cancelled(self) -> bool:
        return self._stop

    # ---- on a worker ---------------------------------------------------------------------------

    def _report(self, done: int, total: int | None) -> None:
        self._latest = (done, total)
        now = self._clock()
        if now - self._sent_at >= _INTERVAL:
            self._sent_at = now
            self._post(self._deliver_progress)

    def execute(self) -> Callable[[], None]:
        """Do the work; returns what the main thread is to do about it."""
        if self._stop:
            return self._deliver_cancelled
        try:
            result = self._fn(self._watched)
        except Cancelled:
            return self._deliver_cancelled
        except BaseException as error:  # noqa: BLE001 - handed on whole, to the main thread
            caught = error
            return lambda: self._deliver_failure(caught)
        return lambda: self._deliver_result(result)

    def refuse(self, error: BaseException) -> Callable[[], None]:
        """Instead of `execute`."""
        if self._stop:
            return self._deliver_cancelled
        return lambda: self._deliver_failure(error)

    # ---- on the main thread --------------------------------------------------------------------

    def _alive(self) -> bool:
        return self._owner is None or shiboken6.isValid(self._owner)

    def _deliver_progress(self) -> None:
        latest, self._latest = self._latest, None
        if latest is not None and self._progress is not None and self._alive() and not self._stop:
            self._progress(*latest)

    def _deliver_result(self, result: object) -> None:
        self.finished = True
        if not self._alive():
            return
        if self._stop:
            self._deliver_cancelled()
            return
        self._deliver_progress()
        if self._done is not None:
            self._done(result)

    def _deliver_cancelled(self) -> None:
        self.finished = True
        if self._cancelled_callback is not None and self._alive():
            self._cancelled_callback()

    def _deliver_failure(self, error: BaseException) -> None:
        self.finished = True
        if not self._alive():
            return
        if self._failed is not None:
            self._failed(error)
        else:
            raise _Unhandled(error)


class _Unhandled(Exception):
    """Carries an error that no callback took from a job to the presenter."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _nowhere(_: Callable[[], None]) -> None:
    return


class _Pool:
    """Some threads on one priority queue, and others in place of those that do not come back."""

    def __init__(self, name: str, workers: int, finish: Callable[[Job], None]) -> None:
        self._queue: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        self._counter = itertools.count()
        self._finish = finish
        self._name = f"lighttight-{name}"
        self._workers = workers
        self._lock = threading.Lock()
        self._at_hand: dict[threading.Thread, Job | None] = {}
        self.replace_lost()

    def put(self, order: Order, job: Job) -> None:
        self._queue.put((order, next(self._counter), job))

    def abandoned(self) -> list[Job]:
        """Takes out what waits, where nobody is left who could do it."""
        found: list[Job] = []
        with self._lock:
            if self._useful():
                return found
            while True:
                try:
                    job = self._queue.get_nowait()[2]
                except queue.Empty:
                    return found
                if job is not None:
                    found.append(job)

    def replace_lost(self) -> None:
        """Start threads in place of those that hang in what was given up, up to the bound."""
        with self._lock:
            room = self._workers + GIVEN_UP - len(self._at_hand)
            for _ in range(min(self._workers - self._useful(), room)):
                thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._at_hand[thread] = None
                thread.start()

    def close(self) -> None:
        with self._lock:
            threads = len(self._at_hand)
        for _ in range(threads):
            self._queue.put((-1, next(self._counter), None))

    def join(self, until: float, clock: Callable[[], float]) -> bool:
        with self._lock:
            threads = list(self._at_hand)
        for thread in threads:
            thread.join(max(0.0, until - clock()))
        return not any(thread.is_alive() for thread in threads)

    def _useful(self) -> int:
        return sum(job is None or not job.given_up for job in self._at_hand.values())

    def _loop(self) -> None:
        me = threading.current_thread()
        while (job := self._queue.get()[2]) is not None:
            with self._lock:
                self._at_hand[me] = job
            self._finish(job)
            del job
            with self._lock:
                self._at_hand[me] = None
                if self._useful() > self._workers:
                    break  # it came back, and another has its place
        with self._lock:
            del self._at_hand[me]


class Jobs(QObject):
    """The bridge. Lives on the main thread; `run` and `shutdown` are called there."""

    _posted = Signal()

    def __init__(
        self,
        present: Callable[[BaseException], None],
        *,
        io_workers: int = 6,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._present = present
        self._clock = clock
        self._inbox: deque[tuple[Job, Callable[[], None]]] = deque()
        self._lock = threading.Lock()
        self._signalled = False
        self._closed = False
        self._running: set[Job] = set()
        self._owned: dict[int, set[Job]] = {}
        self._posted.connect(self._drain, Qt.ConnectionType.QueuedConnection)
        self._pools = {
            Lane.IO: _Pool("io", io_workers, self._work),
            Lane.VAULT: _Pool("vault", 1, self._work),
        }
        self._apart: list[threading.Thread] = []

    def run(
        self,
        fn: Callable[[Progress], Any],
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        owner: QObject | None = None,
        progress: Callable[[int, int | None], None] | None = None,
        lane: Lane = Lane.IO,
        order: Order = Order.USUAL,
    ) -> Job:
        """Call `fn(progress)` in the background; one callback follows, unless `shutdown` is first.

        All callbacks run on the main thread. When `owner` is destroyed, the job is cancelled and
        none of them runs. Without `failed`, an error goes to the presenter.
        """
        job = Job(fn, done, failed, cancelled, owner, progress)
        job.attach(lambda act: self._deliver(job, act), self._clock)
        if self._closed:
            job.cancel()
            return job
        self._running.add(job)
        if owner is not None:
            self._own(owner, job)
        if lane is Lane.APART:
            self._run_apart(job)
        else:
            self._pools[lane].put(order, job)
            self._tend(self._pools[lane])
        return job

    def cancel_owned(self, owner: QObject) -> None:
        """Give up everything that runs for `owner`, who may go on with something else."""
        self._give_up(self._owned.get(id(owner), ()))

    def busy(self) -> int:
        """How many jobs have not been answered yet."""
        return len(self._running)

    def shutdown(self, deadline: float = 5.0) -> bool:
        """Cancel everything and wait at most `deadline` seconds; False when a worker still runs."""
        self._closed = True
        for job in list(self._running):
            job.cancel()
        until = self._clock() + deadline
        for pool in self._pools.values():
            pool.close()
        ended = True
        for pool in self._pools.values():
            ended &= pool.join(until, self._clock)
        for thread in self._apart:
            thread.join(max(0.0, until - self._clock()))
            ended &= not thread.is_alive()
        with self._lock:
            self._inbox.clear()
        self._running.clear()
        self._owned.clear()
        return ended

    # ---- inside --------------------------------------------------------------------------------

    def _own(self, owner: QObject, job: Job) -> None:
        key = id(owner)
        if key not in self._owned:
            self._owned[key] = set()
            owner.destroyed.connect(lambda *_: self._orphan(key))
        self._owned[key].add(job)

    def _orphan(self, key: int) -> None:
        self._give_up(self._owned.pop(key, ()))

    def _give_up(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            job.give_up()
        if not self._closed:
            for pool in self._pools.values():
                self._tend(pool)

    def _tend(self, pool: _Pool) -> None:
        """Others for threads that hang; where there may be none, nothing is kept waiting."""
        pool.replace_lost()
        for job in pool.abandoned():
            self._deliver(job, job.refuse(Environment("workers-hanging")))

    def _run_apart(self, job: Job) -> None:
        thread = threading.Thread(
            target=self._work, args=(job,), name="lighttight-apart", daemon=True
        )
        self._apart = [*(one for one in self._apart if one.is_alive()), thread]
        thread.start()

    def _work(self, job: Job) -> None:
        self._deliver(job, job.execute())

    def _deliver(self, job: Job, act: Callable[[], None]) -> None:
        """From any thread: queue `act` for the main thread, waking it once for all of them."""
        with self._lock:
            if self._closed:
                return
            self._inbox.append((job, act))
            if self._signalled:
                return
            self._signalled = True
        self._posted.emit()

    def _drain(self) -> None:
        with self._lock:
            self._signalled = False
            waiting = list(self._inbox)
            self._inbox.clear()
        for job, act in waiting:
            if self._closed:
                return
            try:
                act()
            except _Unhandled as unhandled:
                self._present(unhandled.error)
            except Exception as error:  # noqa: BLE001 - a callback failed; it is presented too
                self._present(error)
            if job.finished:
                self._running.discard(job)
                for jobs in self._owned.values():
                    jobs.discard(job)
