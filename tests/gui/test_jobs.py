"""Work in the background: one answer each, on the main thread, in order, or none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lighttight.errors import Cancelled, Refused
from lighttight.progress import Progress
from lighttight.ui.jobs import GIVEN_UP, Job, Jobs, Lane, Order


def idle(qtbot: QtBot, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: jobs.busy() == 0, timeout=5000)


def test_the_result_comes_to_the_main_thread(qtbot: QtBot, jobs: Jobs) -> None:
    seen: list[Any] = []

    def work(progress: Progress) -> int:
        del progress
        seen.append(threading.current_thread() is threading.main_thread())
        return 42

    def done(result: int) -> None:
        seen.append(threading.current_thread() is threading.main_thread())
        seen.append(result)

    jobs.run(work, done=done)
    idle(qtbot, jobs)
    assert seen == [False, True, 42]


def test_an_error_goes_to_who_asked(qtbot: QtBot, jobs: Jobs) -> None:
    failed: list[BaseException] = []

    def work(progress: Progress) -> None:
        del progress
        raise Refused("no-such-album")

    jobs.run(work, failed=failed.append)
    idle(qtbot, jobs)
    assert [getattr(error, "code", None) for error in failed] == ["no-such-album"]


def test_an_error_that_nobody_asked_for_is_presented(
    qtbot: QtBot, jobs: Jobs, presented: list[BaseException]
) -> None:
    jobs.run(lambda _: 1 // 0)
    jobs.run(lambda _: 1, done=lambda _: [][1])
    idle(qtbot, jobs)
    assert sorted(type(error).__name__ for error in presented) == [
        "IndexError",
        "ZeroDivisionError",
    ]
    presented.clear()


def test_cancelling_is_silent(qtbot: QtBot, jobs: Jobs) -> None:
    begun, go = threading.Event(), threading.Event()
    heard: list[str] = []

    def work(progress: Progress) -> str:
        begun.set()
        assert go.wait(5)
        progress.step(1)
        return "never"

    job = jobs.run(
        work,
        done=lambda _: heard.append("done"),
        failed=lambda _: heard.append("failed"),
        cancelled=lambda: heard.append("cancelled"),
    )
    assert begun.wait(5)
    job.cancel()
    go.set()
    idle(qtbot, jobs)
    assert heard == ["cancelled"]


def test_what_was_not_begun_is_never_begun(qtbot: QtBot, jobs: Jobs) -> None:
    gate = threading.Event()
    ran: list[str] = []
    jobs.run(lambda _: gate.wait(5), lane=Lane.VAULT)
    job = jobs.run(lambda _: ran.append("ran"), lane=Lane.VAULT)
    job.cancel()
    gate.set()
    idle(qtbot, jobs)
    assert ran == []


def test_a_result_that_came_after_cancelling_is_not_done(qtbot: QtBot, jobs: Jobs) -> None:
    gate = threading.Event()
    heard: list[str] = []
    job = jobs.run(
        lambda _: gate.wait(5),
        done=lambda _: heard.append("done"),
        cancelled=lambda: heard.append("cancelled"),
    )
    gate.set()
    job.cancel()
    idle(qtbot, jobs)
    assert heard == ["cancelled"]


def test_clicks_go_before_long_acts_in_the_vault(qtbot: QtBot, jobs: Jobs) -> None:
    gate = threading.Event()
    order: list[str] = []
    jobs.run(lambda _: gate.wait(5), lane=Lane.VAULT)
    jobs.run(lambda _: order.append("long 1"), lane=Lane.VAULT, order=Order.LONG)
    jobs.run(lambda _: order.append("long 2"), lane=Lane.VAULT, order=Order.LONG)
    jobs.run(lambda _: order.append("usual"), lane=Lane.VAULT)
    jobs.run(lambda _: order.append("click"), lane=Lane.VAULT, order=Order.CLICK)
    gate.set()
    idle(qtbot, jobs)
    assert order == ["click", "usual", "long 1", "long 2"]


def test_the_vault_does_one_thing_at_a_time(qtbot: QtBot, jobs: Jobs) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(progress: Progress) -> None:
        inside.append(1)
        most.append(len(inside))
        progress.step(0)
        inside.pop()

    for _ in range(50):
        jobs.run(work, lane=Lane.VAULT)
    idle(qtbot, jobs)
    assert max(most) == 1


def test_nothing_is_told_to_who_is_gone(qtbot: QtBot, jobs: Jobs) -> None:
    owner = QObject()
    begun, go = threading.Event(), threading.Event()
    heard: list[str] = []
    stopped: list[bool] = []

    def work(progress: Progress) -> None:
        begun.set()
        assert go.wait(5)
        try:
            progress.step(1)
        except Cancelled:
            stopped.append(True)
            raise

    jobs.run(
        work,
        done=lambda _: heard.append("done"),
        cancelled=lambda: heard.append("cancelled"),
        failed=lambda _: heard.append("failed"),
        owner=owner,
    )
    assert begun.wait(5)
    owner.deleteLater()
    qtbot.waitSignal(owner.destroyed, timeout=5000).wait()
    go.set()
    idle(qtbot, jobs)
    assert heard == []
    assert stopped == [True]


def test_progress_is_coalesced_and_the_last_arrives(
    qtbot: QtBot, presented: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    jobs = Jobs(presented.append, io_workers=1, clock=lambda: now[0])
    told: list[tuple[int, int | None]] = []
    order: list[str] = []
    posted: list[object] = []
    deliver = jobs._deliver

    def count(job: Job, act: Callable[[], None]) -> None:
        posted.append(act)
        deliver(job, act)

    monkeypatch.setattr(jobs, "_deliver", count)

    def work(progress: Progress) -> None:
        for done in range(1, 1001):
            now[0] += 0.001
            progress.step(done, 1000)

    def hear(done: int, total: int | None) -> None:
        told.append((done, total))
        order.append("progress")

    jobs.run(work, progress=hear, done=lambda _: order.append("done"))
    qtbot.waitUntil(lambda: "done" in order, timeout=5000)
    assert told[-1] == (1000, 1000)
    assert 2 <= len(posted) <= 22
    assert order[-1] == "done"
    now[0] = 0.0
    assert jobs.shutdown(5)


def test_shutting_down_cancels_and_waits(qtbot: QtBot, presented: list[BaseException]) -> None:
    jobs = Jobs(presented.append, io_workers=2)
    begun, ended = threading.Event(), threading.Event()
    heard: list[str] = []

    def work(progress: Progress) -> None:
        begun.set()
        try:
            while True:
                progress.step(0)
        finally:
            ended.set()

    jobs.run(work, done=lambda _: heard.append("done"), cancelled=lambda: heard.append("c"))
    assert begun.wait(5)
    assert jobs.shutdown(5)
    assert ended.is_set()
    late = jobs.run(lambda _: heard.append("late"))
    assert late.is_cancelled
    qtbot.wait(1)
    assert heard == []


def test_a_worker_that_hangs_does_not_hold_the_program(
    qtbot: QtBot, presented: list[BaseException]
) -> None:
    del qtbot
    jobs = Jobs(presented.append, io_workers=1)
    begun, release = threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        del progress
        begun.set()
        release.wait(30)

    jobs.run(work)
    assert begun.wait(5)
    assert not jobs.shutdown(0.01)
    release.set()


@pytest.mark.parametrize("lane", list(Lane))
def test_all_answers_come(qtbot: QtBot, jobs: Jobs, lane: Lane) -> None:
    answers: list[int] = []
    for number in range(300):
        jobs.run(lambda _, n=number: n, done=answers.append, lane=lane)
    idle(qtbot, jobs)
    assert sorted(answers) == list(range(300))


class Hanging:
    """Jobs of one owner on a disk that does not answer until `gate` is set."""

    def __init__(self, jobs: Jobs, lane: Lane) -> None:
        self.gate = threading.Event()
        self.owner = QObject()
        self._jobs = jobs
        self._lane = lane
        self._hanging = threading.Semaphore(0)

    def begin(self, count: int) -> None:
        for _ in range(count):
            self._jobs.run(self._hang, owner=self.owner, lane=self._lane)
        for _ in range(count):
            assert self._hanging.acquire(timeout=20)

    def _hang(self, _: Progress) -> None:
        self._hanging.release()
        assert self.gate.wait(60)


WORKERS = {Lane.IO: 3, Lane.VAULT: 1}


@pytest.fixture(params=list(WORKERS))
def hanging(request: pytest.FixtureRequest, jobs: Jobs) -> Iterator[Hanging]:
    made = Hanging(jobs, request.param)
    yield made
    made.gate.set()


def alive(hanging: Hanging) -> int:
    return len(hanging._jobs._pools[hanging._lane]._at_hand)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("destroyed", [False, True])
def test_jobs_that_were_given_up_hold_up_no_other(
    qtbot: QtBot, jobs: Jobs, hanging: Hanging, before: bool, destroyed: bool
) -> None:
    answers: list[str] = []

    def ask() -> None:
        jobs.run(lambda _: "there", done=answers.append, lane=hanging._lane)

    hanging.begin(WORKERS[hanging._lane])
    if before:
        ask()
    if destroyed:
        hanging.owner.deleteLater()
        qtbot.waitSignal(hanging.owner.destroyed, timeout=5000).wait()
    else:
        jobs.cancel_owned(hanging.owner)
    if not before:
        ask()
    qtbot.waitUntil(lambda: answers == ["there"], timeout=5000)
    assert not hanging.gate.is_set()


def test_threads_that_come_back_are_not_kept_beside_those_in_their_place(
    qtbot: QtBot, jobs: Jobs, hanging: Hanging
) -> None:
    workers = WORKERS[hanging._lane]
    hanging.begin(workers)
    jobs.cancel_owned(hanging.owner)
    assert alive(hanging) == 2 * workers
    hanging.gate.set()
    qtbot.waitUntil(lambda: alive(hanging) == workers, timeout=5000)
    test_all_answers_come(qtbot, jobs, hanging._lane)


def test_beyond_the_bound_nothing_waits_for_a_dead_disk(
    qtbot: QtBot, jobs: Jobs, hanging: Hanging
) -> None:
    """What waited before the bound was reached, and what comes after it."""
    workers = WORKERS[hanging._lane]
    failed: list[BaseException] = []
    cancelled: list[str] = []

    def ask() -> Job:
        return jobs.run(
            lambda _: None,
            failed=failed.append,
            cancelled=lambda: cancelled.append("cancelled"),
            lane=hanging._lane,
        )

    for _ in range(GIVEN_UP // workers):
        hanging.begin(workers)
        jobs.cancel_owned(hanging.owner)
    hanging.begin(workers)
    ask()
    ask().cancel()
    jobs.cancel_owned(hanging.owner)
    assert alive(hanging) == workers + GIVEN_UP
    qtbot.waitUntil(lambda: len(failed) == 1, timeout=5000)
    ask()
    qtbot.waitUntil(lambda: len(failed) == 2, timeout=5000)
    codes = [getattr(error, "code", None) for error in failed]
    assert codes == ["workers-hanging", "workers-hanging"]
    assert cancelled == ["cancelled"]
    hanging.gate.set()
    qtbot.waitUntil(lambda: alive(hanging) == workers, timeout=5000)
    test_all_answers_come(qtbot, jobs, hanging._lane)


def test_a_job_that_was_only_cancelled_keeps_its_turn_in_the_vault(
    qtbot: QtBot, jobs: Jobs
) -> None:
    """What it commits all the same must not come after what was asked later."""
    begun, gate = threading.Event(), threading.Event()
    order: list[str] = []

    def first(_: Progress) -> None:
        begun.set()
        assert gate.wait(20)
        order.append("first")

    job = jobs.run(first, lane=Lane.VAULT)
    assert begun.wait(20)
    job.cancel()
    jobs.run(lambda _: order.append("second"), lane=Lane.VAULT)
    threads = len(jobs._pools[Lane.VAULT]._at_hand)
    gate.set()
    assert threads == 1
    idle(qtbot, jobs)
    assert order == ["first", "second"]
