"""Locking is held up by nothing: no earlier lock, no job that hangs, no video, no dead disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight import session as session_package
from lighttight import settings
from lighttight.errors import Environment
from lighttight.model import Factor
from lighttight.session import Session
from lighttight.ui.controllers import places, program, unlocking
from lighttight.ui.controllers.closing import Closing
from lighttight.ui.controllers.sources import _Reader
from tests.gui.desks import PIN, RealDesk


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs goes on when this is set, at the latest when the test is over."""
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture
def open_desk(desk: RealDesk, gate: threading.Event) -> Iterator[RealDesk]:
    desk.create(pin=PIN)
    yield desk
    gate.set()
    desk.settle()


def session_of(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def test_sleep_waits_for_a_lock_that_is_not_done(
    open_desk: RealDesk, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl+L, and then the lid: the screen was empty already, the keys were not gone."""
    session = session_of(open_desk)
    begun, lock, hurry = threading.Event(), Session.lock, Closing.hurry

    def slow(self: Session, reason: str = "asked") -> None:
        begun.set()
        assert gate.wait(20)
        lock(self, reason)

    def hurried(self: Closing) -> None:
        hurry(self)
        gate.set()

    monkeypatch.setattr(Session, "lock", slow)
    monkeypatch.setattr(Closing, "hurry", hurried)
    open_desk.locking.lock("asked")
    assert begun.wait(20)
    open_desk.locking.lock("suspend", wait=True)
    assert session.vault._master is None


def test_jobs_that_hang_do_not_keep_the_keys(open_desk: RealDesk, gate: threading.Event) -> None:
    """A dead disk under the library does this to all workers by itself."""
    session = session_of(open_desk)
    hanging = threading.Semaphore(0)

    def hang(_: Session, __: object) -> None:
        hanging.release()
        gate.wait(60)

    for _ in range(6):
        open_desk.program.ask(hang)
    for _ in range(6):
        assert hanging.acquire(timeout=20)
    open_desk.locking.lock("asked")
    open_desk.until(lambda: session.vault._master is None)
    unlock = open_desk.window.unlock
    open_desk.until(lambda: open_desk.window.stack.currentWidget() is unlock)
    open_desk.until(unlock.open.isEnabled)
    unlock.secret.set_text(PIN)
    unlock.open.click()
    open_desk.until(lambda: open_desk.program.session is not None)
    assert not gate.is_set()


class Hanging:
    """A video on a disk that does not answer until the gate is open."""

    size = 10

    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate
        self.reading = threading.Event()
        self.closed = 0

    def read(self, offset: int, count: int) -> bytes:
        del offset, count
        self.reading.set()
        assert self.gate.wait(20)
        return b"a picture"

    def close(self) -> None:
        self.closed += 1


def test_a_video_that_hangs_does_not_hold_the_window(
    open_desk: RealDesk, gate: threading.Event
) -> None:
    session = session_of(open_desk)
    hanging = Hanging(gate)
    reader = _Reader(hanging)
    open_desk.sources._video = reader
    seen: list[object] = []

    def read() -> None:
        try:
            seen.append(reader.read(0, 9))
        except Environment as error:
            seen.append(error.code)

    thread = threading.Thread(target=read)
    thread.start()
    assert hanging.reading.wait(20)
    open_desk.locking.lock("asked")
    assert not gate.is_set()
    assert hanging.closed == 0, "it is being read"
    open_desk.until(lambda: session.vault._master is None)
    gate.set()
    thread.join(20)
    assert seen == ["vault-locked"], "what was read before comes too late"
    assert hanging.closed == 1


def opens(desk: RealDesk) -> None:
    unlock = desk.window.unlock
    desk.until(lambda: desk.window.stack.currentWidget() is unlock and unlock.open.isEnabled())
    unlock.secret.set_text(PIN)
    unlock.open.click()
    desk.until(lambda: desk.program.session is not None)


@pytest.fixture
def dead(
    open_desk: RealDesk, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The library that was open is locked, and its disk has just stopped answering."""
    path, lock = session_of(open_desk).vault.path, Session.lock

    def hang(self: Session, reason: str = "asked") -> None:
        if self.vault.path == path:
            assert gate.wait(60)
        lock(self, reason)

    with monkeypatch.context() as stuck:
        stuck.setattr(Session, "lock", hang)
        open_desk.locking.lock("asked")
        yield path
        gate.set()
        open_desk.settle()


def test_a_dead_disk_keeps_nobody_out_of_another_library(
    open_desk: RealDesk,
    dead: Path,
    gate: threading.Event,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other, real = tmp_path / "Other.lighttight", session_package.is_library
    way = session_package.WayIn((Factor.KEYRING, Factor.PASSPHRASE), PIN)
    session_package.create_session(other, "Other", (way,), open_desk.memory).session.lock()
    settings.change(keep_recent=True)
    settings.remember_vault(dead)
    monkeypatch.setattr(
        session_package, "is_library", lambda one: real(one) if one != dead else gate.wait(60)
    )
    monkeypatch.setattr(places, "PATIENCE", 0.05)
    open_desk.unlocking.begin(other)
    opens(open_desk)
    assert session_of(open_desk).vault.path == other
    assert not gate.is_set()


def test_its_own_disk_is_said_not_to_answer_until_it_does(
    open_desk: RealDesk, dead: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlocking, "SILENT", 0.05)
    open_desk.unlocking._watcher.setInterval(20)
    open_desk.unlocking.begin(dead)
    trouble = open_desk.unlocking.trouble
    open_desk.until(lambda: open_desk.window.stack.currentWidget() is trouble)
    assert trouble.title.text() == "The disk that holds it does not answer"
    gate.set()
    opens(open_desk)


def test_a_disk_that_does_not_tell_what_is_there_is_said_and_may_answer_later(
    open_desk: RealDesk, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at the first opening, when nothing was open on it."""
    real, library = session_package.look, session_of(open_desk).vault.path

    def look(path: Path) -> object:
        assert gate.wait(60)
        return real(path)

    open_desk.locking.lock("asked")
    open_desk.settle()
    monkeypatch.setattr(unlocking, "SILENT", 0.05)
    monkeypatch.setattr(session_package, "look", look)
    monkeypatch.setattr(session_package, "is_library", lambda _: gate.wait(60))
    open_desk.unlocking.begin(library)
    trouble = open_desk.unlocking.trouble
    open_desk.until(lambda: open_desk.window.stack.currentWidget() is trouble)
    assert trouble.title.text() == "The disk that holds it does not answer"
    gate.set()
    opens(open_desk)


def test_looking_behind_an_error_does_not_hold_the_window(
    open_desk: RealDesk, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the library is still there is asked of a disk that may be dead."""
    main = threading.current_thread()
    asked_by_window: list[bool] = []

    def hang(_: object) -> bool:
        asked_by_window.append(threading.current_thread() is main)
        return gate.wait(0 if asked_by_window[-1] else 20)

    monkeypatch.setattr(session_package, "is_library", hang)
    monkeypatch.setattr(program, "LOOK_MS", 1)
    open_desk.program._poll.stop()
    open_desk.presenter.present(Environment("disk-full"))
    assert open_desk.asked().accessibleName() == "The disk is full"
    assert asked_by_window == [False]
