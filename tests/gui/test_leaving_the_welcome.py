"""Sleep, or the end of the session, while a library is being made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lighttight import session as session_package
from lighttight.session import (
    CreatedSession,
    EntryKind,
    Field,
    Offer,
    Session,
    is_library,
    open_session,
)
from lighttight.session.ways import Ways
from tests.gui.desks import PIN, RealDesk
from tests.gui.test_unlock_opens import give


def at_the_words(desk: RealDesk) -> tuple[Session, Path]:
    welcome = desk.window.welcome
    welcome.question.answered.emit("someone")
    welcome.pin.pin.set_text(PIN)
    welcome.pin.again.set_text(PIN)
    welcome.pin.go.click()
    desk.until(lambda: welcome.stack.currentWidget() is welcome.words)
    assert desk.welcoming._made is not None
    return desk.welcoming._made


@pytest.mark.parametrize(("signal", "why"), [("sleeping", "suspend"), ("leaving", "session-end")])
def test_a_library_whose_words_are_on_the_screen_is_closed_and_it_is_said_what_to_do(
    desk: RealDesk, signal: str, why: str
) -> None:
    session, path = at_the_words(desk)
    getattr(desk.events, signal).emit()
    assert session.vault._master is None, "before the computer sleeps, not after"
    welcome = desk.window.welcome
    assert welcome.words._words == []
    assert desk.welcoming._words == ()
    assert desk.window.stack.currentWidget() is desk.window.unlock
    sheet = desk.asked()
    assert sheet.accessibleName() == "Your recovery words are not checked yet"
    assert "“New words…”" in sheet.sentence.text()
    desk.settle()
    assert desk.sheet() is sheet
    sheet.answer("close")
    assert desk.window.unlock.secret.edit.hasFocus()
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    assert any("never checked" in text for text in desk.banners())
    assert desk.program.path == path
    entries = desk.program.session.record.entries(kinds=frozenset({EntryKind.LOCKED}))  # pyright: ignore[reportOptionalMemberAccess]
    assert entries[0].values[Field.REASON] == why


def test_after_the_words_were_checked_nothing_more_is_asked(desk: RealDesk) -> None:
    session, _ = at_the_words(desk)
    desk.confirm_words()
    desk.events.sleeping.emit()
    assert session.vault._master is None
    assert desk.window.stack.currentWidget() is desk.window.unlock
    assert desk.window.unlock.detail.text() == "Locked because the computer went to sleep"
    desk.settle()
    assert desk.sheet() is None


class Recording:
    """Noting that the words were checked takes until `gate` is open, and may fail then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.gate = threading.Event(), threading.Event()
        real = Ways.confirm_recovery

        def confirm(ways: Ways, words: str) -> None:
            self.begun.set()
            assert self.gate.wait(20)
            real(ways, words)

        monkeypatch.setattr(Ways, "confirm_recovery", confirm)


def test_words_count_as_checked_only_when_that_is_recorded(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(monkeypatch)
    session, _ = at_the_words(desk)
    welcome = desk.window.welcome
    shown = list(welcome.words._words)
    welcome.words.go.click()
    for place, field in zip(welcome.confirm.asked, welcome.confirm.fields, strict=True):
        field.set_text(shown[place])
    welcome.confirm.go.click()
    assert recording.begun.wait(20)
    desk.events.sleeping.emit()
    assert session.vault._master is None
    sheet = desk.asked()
    assert sheet.accessibleName() == "Your recovery words are not checked yet"
    recording.gate.set()
    desk.settle()
    assert desk.sheet() is sheet
    assert desk.errors == []


def test_a_library_is_made_behind_whatever_hangs(desk: RealDesk) -> None:
    """All workers in a dead disk: what is made must be there before whoever locks waits for it."""
    gate, hanging = threading.Event(), threading.Semaphore(0)

    def hang(_: object) -> None:
        hanging.release()
        gate.wait(60)

    real = desk.program.store().unlock

    def last(*arguments: object) -> object:
        for _ in range(6):
            desk.jobs.run(hang)
        return real(*arguments)  # pyright: ignore[reportArgumentType]

    desk.welcoming._probe = last  # pyright: ignore[reportAttributeAccessIssue]
    try:
        session = desk.create_as_far_as_the_words(pin=PIN)
        assert not gate.is_set()
        desk.events.sleeping.emit()
        assert session.vault._master is None
    finally:
        gate.set()
    desk.settle()


def test_no_other_library_is_opened_while_one_is_made(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly = begin_slowly(desk, monkeypatch)
    chosen: list[object] = []
    monkeypatch.setattr(desk.unlocking, "choose", chosen.append)
    desk.window.welcome.have_library.emit()
    slowly.gate.set()
    desk.settle()
    assert chosen == []
    assert desk.window.welcome.words._words


def test_a_locked_screen_leaves_the_words_to_who_is_writing_them(desk: RealDesk) -> None:
    session, _ = at_the_words(desk)
    desk.events.screen_locked.emit()
    assert not session.vault.closed
    assert desk.window.welcome.words._words


class Slowly:
    """A creation that is made when `gate` is opened; `made` are its sessions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.gate = threading.Event(), threading.Event()
        self.made: list[Session] = []
        real = session_package.create_session

        def create(*arguments: object) -> CreatedSession:
            self.begun.set()
            assert self.gate.wait(20)
            created = real(*arguments)  # pyright: ignore[reportArgumentType]
            self.made.append(created.session)
            return created

        monkeypatch.setattr(session_package, "create_session", create)


def begin_slowly(desk: RealDesk, monkeypatch: pytest.MonkeyPatch) -> Slowly:
    slowly = Slowly(monkeypatch)
    welcome = desk.window.welcome
    welcome.question.answered.emit("someone")
    welcome.pin.pin.set_text(PIN)
    welcome.pin.again.set_text(PIN)
    welcome.pin.go.click()
    desk.until(slowly.begun.is_set)
    return slowly


def test_a_library_that_is_being_made_is_closed_before_the_computer_sleeps(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly = begin_slowly(desk, monkeypatch)
    threading.Timer(0.2, slowly.gate.set).start()
    desk.events.sleeping.emit()
    [session] = slowly.made
    assert session.vault._master is None
    sheet = desk.asked()
    assert sheet.accessibleName() == "Your recovery words are not checked yet"
    assert desk.window.stack.currentWidget() is desk.window.unlock
    assert desk.unlocking.path == session.vault.path
    assert desk.window.welcome.words._words == []
    desk.settle()


def test_a_library_that_is_being_made_is_closed_with_the_program(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly = begin_slowly(desk, monkeypatch)
    threading.Timer(0.2, slowly.gate.set).start()
    desk.end("session-end")
    [session] = slowly.made
    assert session.vault.closed
    with open_session(session.vault.path, Offer(passphrase=PIN), desk.memory) as again:
        entries = again.record.entries(kinds=frozenset({EntryKind.LOCKED}))
        assert entries[0].values[Field.REASON] == "session-end"


def test_a_creation_that_fails_meanwhile_says_so(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly = begin_slowly(desk, monkeypatch)
    desk.memory.memory.broken = "keyring-broken"
    threading.Timer(0.2, slowly.gate.set).start()
    desk.events.sleeping.emit()
    assert desk.asked().accessibleName()
    desk.settle()
    assert desk.window.stack.currentWidget() is desk.window.welcome
    assert not [one for one in Path.home().glob("*.lighttight") if is_library(one)]
