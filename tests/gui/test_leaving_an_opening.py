"""Sleep, a locked screen, or the end of the session, while a library is being opened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight import session as session_package
from lighttight.session import EntryKind, Field, Offer, Session, open_session
from lighttight.ui.controllers import closing
from tests.gui.desks import PIN, RealDesk


class Slowly:
    """Opening that stands still before there is a session, or after (`keyed`), until `gate`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> None:
        self.begun, self.gate, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.opened: list[Session] = []
        real = session_package.open_session

        def slow(*arguments: object, **named: object) -> Session:
            if before:
                self.begun.set()
                assert self.gate.wait(20)
            try:
                session = real(*arguments, **named)  # pyright: ignore[reportArgumentType]
                self.opened.append(session)
            finally:
                self.ended.set()
            self.begun.set()
            assert self.gate.wait(20)
            return session

        monkeypatch.setattr(session_package, "open_session", slow)


@pytest.fixture
def library(desk: RealDesk) -> Path:
    path = desk.create(pin=PIN)
    desk.locking.lock("asked")
    desk.settle()
    return path


@pytest.fixture(params=[True, False], ids=["derivation", "keys"])
def slowly(
    request: pytest.FixtureRequest,
    desk: RealDesk,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Slowly]:
    del library
    made = Slowly(monkeypatch, before=request.param)
    type_pin(desk)
    assert made.begun.wait(20)
    yield made
    made.gate.set()
    monkeypatch.undo()


def type_pin(desk: RealDesk, pin: str = PIN) -> None:
    desk.window.unlock.secret.set_text(pin)
    desk.window.unlock.open.click()


def last_reasons(path: Path, desk: RealDesk) -> list[object]:
    """Why it was locked, the last time first."""
    with open_session(path, Offer(passphrase=PIN), desk.memory) as again:
        entries = again.record.entries(kinds=frozenset({EntryKind.LOCKED}))
        return [entry.values[Field.REASON] for entry in entries]


def nothing_is_shown(desk: RealDesk) -> None:
    assert desk.program.session is None
    assert not desk.window.is_open()
    assert desk.window.stack.currentWidget() is desk.window.unlock


@pytest.mark.parametrize(
    ("signal", "reason", "why"),
    [
        ("sleeping", "suspend", "Locked because the computer went to sleep"),
        ("leaving", "session-end", "Locked because you were signing out"),
    ],
)
def test_no_key_is_there_when_the_computer_sleeps(
    desk: RealDesk, library: Path, slowly: Slowly, signal: str, reason: str, why: str
) -> None:
    threading.Timer(0.2, slowly.gate.set).start()
    getattr(desk.events, signal).emit()
    [session] = slowly.opened
    assert session.vault._master is None, "before the computer sleeps, not after"
    nothing_is_shown(desk)
    desk.settle()
    nothing_is_shown(desk)
    assert desk.window.unlock.detail.text() == why
    assert desk.window.unlock.open.isEnabled()
    assert last_reasons(library, desk)[0] == reason


def test_a_locked_screen_leaves_it_too(desk: RealDesk, library: Path, slowly: Slowly) -> None:
    desk.events.screen_locked.emit()
    nothing_is_shown(desk)
    slowly.gate.set()
    desk.settle()
    nothing_is_shown(desk)
    assert desk.window.unlock.detail.text() == "Locked because the screen was locked"
    assert slowly.opened[0].vault.closed
    assert last_reasons(library, desk)[0] == "suspend"


def test_it_is_closed_with_the_program(desk: RealDesk, library: Path, slowly: Slowly) -> None:
    threading.Timer(0.2, slowly.gate.set).start()
    desk.end("session-end")
    assert slowly.opened[0].vault.closed
    assert last_reasons(library, desk)[0] == "session-end"


def test_what_is_answered_only_after_the_sleep_is_closed_unseen(
    desk: RealDesk, library: Path, slowly: Slowly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password store that asks, and is answered in the morning."""
    monkeypatch.setattr(closing, "LONGEST", 0.01)
    desk.events.sleeping.emit()
    nothing_is_shown(desk)
    slowly.gate.set()
    desk.settle()
    nothing_is_shown(desk)
    assert slowly.opened[0].vault.closed
    assert last_reasons(library, desk)[0] == "suspend"


def test_a_refusal_that_comes_after_it_says_nothing(
    desk: RealDesk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del library
    slowly = Slowly(monkeypatch, before=True)
    type_pin(desk, "999999")
    assert slowly.begun.wait(20)
    desk.events.screen_locked.emit()
    desk.until(desk.window.unlock.open.isEnabled)
    desk.window.unlock.secret.set_text("48")
    slowly.gate.set()
    desk.settle()
    assert slowly.ended.is_set()
    assert desk.window.unlock.secret.text() == "48", "somebody is typing already"
    assert not desk.window.unlock._refused


def test_another_library_opens_meanwhile_and_this_one_is_closed(
    desk: RealDesk, library: Path, slowly: Slowly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where its disk is dead: nobody waits for it."""
    other = library.with_name("Other.lighttight")
    with monkeypatch.context() as real:
        real.setattr(session_package, "open_session", open_session)
        desk.unlocking.begin(other)
        desk.until(lambda: desk.window.stack.currentWidget() is desk.unlocking.trouble)
        desk.unlocking.begin(library)
        desk.until(desk.window.unlock.open.isEnabled)
        type_pin(desk)
        desk.until(lambda: desk.program.session is not None)
    assert not slowly.gate.is_set()
    slowly.gate.set()
    desk.until(lambda: slowly.opened and slowly.opened[0].vault._master is None)
    assert desk.program.session is not slowly.opened[0]
    desk.settle()
    assert desk.window.is_open()


def test_it_is_not_held_when_it_was_locked(desk: RealDesk, library: Path) -> None:
    del library
    type_pin(desk)
    desk.until(lambda: desk.program.session is not None)
    opening = desk.unlocking._opening
    assert opening is not None
    assert desk.program.coming is None
    assert opening.session() is None


def test_looking_again_and_again_at_a_dead_disk_keeps_no_worker(
    desk: RealDesk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, real = threading.Event(), session_package.look
    dead = library.with_name("Dead.lighttight")
    hanging = threading.Semaphore(0)

    def look(path: Path) -> object:
        if path == dead:
            hanging.release()
            gate.wait(60)
        return real(path)

    monkeypatch.setattr(session_package, "look", look)
    for _ in range(8):
        desk.unlocking.begin(dead)
        assert hanging.acquire(timeout=20)
    desk.unlocking.begin(library)
    try:
        desk.until(desk.window.unlock.open.isEnabled)
        type_pin(desk)
        desk.until(lambda: desk.program.session is not None)
    finally:
        gate.set()
    desk.settle()
