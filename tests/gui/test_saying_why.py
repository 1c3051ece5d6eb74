"""After locking, after wrong tries, and while a disk is away: what is said, and what goes on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lighttight import session as session_package
from lighttight import settings
from lighttight.ui.pages.unlock import Way
from lighttight.ui.widgets.sheet import Sheet
from tests.gui.desks import PIN, RealDesk
from tests.gui.test_unlock_opens import give, locked, said


def line(desk: RealDesk) -> str:
    assert desk.window.stack.currentWidget() is desk.window.unlock
    return desk.window.unlock.detail.text()


def more(desk: RealDesk) -> str:
    page = desk.window.unlock
    return "" if page.more.isHidden() else page.more.words.text()


# --- why it locked


@pytest.mark.parametrize(
    ("minutes", "why"),
    [
        (5, "Locked after 5 minutes without use"),
        (60, "Locked after 1 hour without use"),
        (90, "Locked after 90 minutes without use"),
    ],
)
def test_idle_says_how_long_nobody_was_there(desk: RealDesk, minutes: int, why: str) -> None:
    desk.create(pin=PIN)
    desk.locking.after = minutes
    desk.idle.now += minutes * 60
    desk.locking.tick()
    assert line(desk) == why
    desk.settle()
    assert line(desk) == why, "and still, once the library was looked at"


@pytest.mark.parametrize(
    ("signal", "why"),
    [
        ("sleeping", "Locked because the computer went to sleep"),
        ("screen_locked", "Locked because the screen was locked"),
        ("leaving", "Locked because you were signing out"),
    ],
)
def test_what_the_system_said_is_told(desk: RealDesk, signal: str, why: str) -> None:
    desk.create(pin=PIN)
    getattr(desk.events, signal).emit()
    assert line(desk) == why
    desk.settle()


def test_where_a_list_is_kept_it_also_says_when(desk: RealDesk) -> None:
    desk.create()
    desk.events.sleeping.emit()
    assert line(desk) == "Locked because the computer went to sleep · just now"
    locked_at = desk.unlocking._locked_at
    assert locked_at is not None
    desk.unlocking._locked_at = locked_at - 180
    desk.unlocking._tell_since()
    assert line(desk) == "Locked because the computer went to sleep · 3 minutes ago"


def test_who_locked_it_needs_no_reason(desk: RealDesk) -> None:
    desk.create()
    desk.events.sleeping.emit()
    desk.settle()
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    desk.window.lock_wanted.emit()
    assert line(desk) == "Locked just now", "not the reason of the time before"
    settings.change(keep_recent=False)
    desk.unlocking._tell_since()
    assert line(desk) == ""


# --- wrong tries


def test_after_the_third_wrong_pin_it_helps_more_and_never_says_how_near(desk: RealDesk) -> None:
    desk.create(pin=PIN)
    locked(desk)
    for wrong in ("999999", "888888"):
        give(desk, wrong)
        assert more(desk) == ""
    give(desk, "777777")
    helped = more(desk)
    assert "Num Lock" in helped
    assert "recovery words" in helped
    assert "as often as you like" in helped
    for wrong in ("481517", "8", "481516 "):
        give(desk, wrong)
        assert more(desk) == helped
        assert said(desk) == "That didn’t open it. Nothing was changed or lost."
        assert desk.window.unlock.secret.isEnabled(), "nobody is locked out"
    QTest.keyClicks(desk.window.unlock.secret.edit, "4")
    assert more(desk) == helped, "it stays while one types"
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    locked(desk)
    give(desk, "999999")
    assert more(desk) == ""


def test_another_way_in_begins_anew_and_says_its_own(desk: RealDesk) -> None:
    desk.create(pin=PIN)
    locked(desk)
    for _ in range(3):
        give(desk, "999999")
    page = desk.window.unlock
    page.way_chosen.emit(Way.RECOVERY.value)
    assert more(desk) == ""
    words = ("abandon " * 23 + "art").strip()
    for _ in range(3):
        page.recovery.setPlainText(words)
        page.open.click()
        desk.until(lambda: not desk.jobs.busy())
    assert "newer words" in more(desk)
    assert "Caps Lock" not in more(desk)


def test_a_passphrase_is_helped_with_its_keyboard(desk: RealDesk) -> None:
    desk.memory.memory.broken = "keyring-absent"
    welcome = desk.window.welcome
    welcome.question.answered.emit("only-me")
    desk.until(lambda: welcome.stack.currentWidget() is welcome.passphrase)
    for field in (welcome.passphrase.first, welcome.passphrase.again):
        field.set_text("seven llamas painted the quiet harbour")
    welcome.passphrase.go.click()
    desk.until(lambda: welcome.stack.currentWidget() is welcome.words)
    desk.confirm_words()
    welcome.pictures.later.emit()
    desk.settle()
    locked(desk)
    for _ in range(3):
        give(desk, "six llamas")
    assert "Caps Lock" in more(desk)


# --- a disk that is away


def pulled(desk: RealDesk, away: Path) -> Path:
    path = desk.create(pin=PIN)
    path.rename(away)
    desk.program._look_for_changes()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.unlocking.trouble)
    desk.settle()
    return path


def test_a_pulled_library_is_noticed_when_it_is_back(desk: RealDesk, tmp_path: Path) -> None:
    path = pulled(desk, tmp_path / "away")
    trouble = desk.unlocking.trouble
    assert "noticed here" in trouble.action.text()
    desk.unlocking._watcher.timeout.emit()
    desk.settle()
    assert desk.window.stack.currentWidget() is trouble
    (tmp_path / "away").rename(path)
    desk.unlocking._watcher.timeout.emit()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.unlock)
    desk.settle()
    assert not desk.unlocking._watcher.isActive()
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)


def test_a_disk_that_does_not_answer_is_asked_once_and_holds_up_nothing(
    desk: RealDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(desk, tmp_path / "away")
    asked: list[object] = []
    gate = threading.Event()

    def hang(path: Path) -> bool:
        asked.append(path)
        assert threading.current_thread() is not threading.main_thread()
        return gate.wait(20) and False

    monkeypatch.setattr(session_package, "is_library", hang)
    for _ in range(3):
        desk.unlocking._watcher.timeout.emit()
    desk.until(lambda: asked)
    for _ in range(3):
        desk.unlocking._watcher.timeout.emit()
    QApplication.processEvents()
    assert len(asked) == 1
    gate.set()
    desk.settle()
    desk.unlocking._watcher.timeout.emit()
    desk.until(lambda: len(asked) == 2)
    desk.settle()


def test_enter_tries_again(desk: RealDesk, tmp_path: Path) -> None:
    path = pulled(desk, tmp_path / "away")
    trouble = desk.unlocking.trouble
    assert trouble.button("again").hasFocus()
    (tmp_path / "away").rename(path)
    trouble.setFocus()
    QTest.keyClick(trouble, Qt.Key.Key_Return)
    assert desk.window.stack.currentWidget() is desk.window.unlock
    desk.settle()


def test_enter_tries_again_after_a_sheet_was_put_away(desk: RealDesk, tmp_path: Path) -> None:
    path = pulled(desk, tmp_path / "away")
    desk.window.unlock.secret.edit.setFocus()
    sheet = desk.window.tell("Done", "It is done.")
    desk.unlocking.trouble.focus_first()
    QTest.keyClick(desk.window.focusWidget() or desk.window, Qt.Key.Key_Return)
    assert not sheet.isVisible()
    assert desk.unlocking.trouble.button("again").hasFocus()
    assert path.name


def test_elsewhere_nothing_is_watched(desk: RealDesk, tmp_path: Path) -> None:
    pulled(desk, tmp_path / "away")
    assert desk.unlocking._watcher.isActive()
    desk._new_library()
    desk.unlocking._watcher.timeout.emit()
    assert not desk.unlocking._watcher.isActive()
    assert not [one for one in desk.window.findChildren(Sheet) if one.isVisible()]
