"""A new library through the welcome, on a real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight import settings
from lighttight.model import Factor
from lighttight.session import EntryKind, Field, look
from tests.gui.desks import PIN, RealDesk


def factors(path: Path) -> set[tuple[Factor, ...]]:
    return {slot.factors for slot in look(path).slots}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("keyring-absent", "No password store"),
        ("keyring-locked", "store is locked"),
        ("keyring-hanging", "answering"),
        ("keyring-insecure", "not safe"),
        ("keyring-broken", "work right"),
    ],
)
def test_without_a_store_it_says_which_trouble_and_asks_for_a_passphrase(
    desk: RealDesk, code: str, said: str
) -> None:
    desk.memory.memory.broken = code
    welcome = desk.window.welcome
    welcome.question.answered.emit("only-me")
    desk.until(lambda: welcome.stack.currentWidget() is welcome.passphrase)
    assert said in welcome.passphrase.why.words.text()
    assert not list(Path.home().glob("*.lighttight"))


def test_a_passphrase_that_could_be_guessed_makes_nothing(desk: RealDesk) -> None:
    desk.memory.memory.broken = "keyring-absent"
    page = desk.window.welcome.passphrase
    desk.window.welcome.question.answered.emit("only-me")
    desk.until(lambda: desk.window.welcome.stack.currentWidget() is page)
    for field in (page.first, page.again):
        field.set_text("password1")
    page.go.click()
    desk.until(lambda: page.problem.text())
    assert not list(Path.home().glob("*.lighttight"))
    page.typed.emit("password1")
    page.set_score(1)
    assert page.strength.said()


def test_a_good_passphrase_makes_a_library_that_it_opens(desk: RealDesk) -> None:
    desk.memory.memory.broken = "keyring-absent"
    welcome = desk.window.welcome
    page = welcome.passphrase
    welcome.question.answered.emit("only-me")
    desk.until(lambda: welcome.stack.currentWidget() is page)
    for field in (page.first, page.again):
        field.set_text("seven llamas painted the quiet harbour")
    page.go.click()
    desk.until(lambda: welcome.stack.currentWidget() is welcome.words)
    [path] = Path.home().glob("*.lighttight")
    assert factors(path) == {(Factor.PASSPHRASE,), (Factor.RECOVERY,)}
    assert not page.first.text(), "what was typed is gone"


@pytest.mark.parametrize(("pin", "said"), [("1234", "at least 6"), ("123456", "would try")])
def test_a_pin_that_is_soon_found_is_said_and_nothing_is_made(
    desk: RealDesk, pin: str, said: str
) -> None:
    welcome = desk.window.welcome
    welcome.question.answered.emit("someone")
    welcome.pin.pin.set_text(pin)
    welcome.pin.again.set_text(pin)
    welcome.pin.go.click()
    desk.until(lambda: welcome.pin.problem.text())
    assert said in welcome.pin.problem.text()
    assert not list(Path.home().glob("*.lighttight"))


def test_only_me_opens_with_one_click_and_is_remembered(desk: RealDesk) -> None:
    path = desk.create()
    assert factors(path) == {(Factor.KEYRING,), (Factor.RECOVERY,)}
    kept = settings.load().settings
    assert kept.keep_recent
    assert kept.recent == (str(path),)


def test_someone_else_needs_a_pin_and_no_list_says_that_there_is_a_library(desk: RealDesk) -> None:
    path = desk.create(pin=PIN)
    assert (Factor.KEYRING, Factor.PASSPHRASE) in factors(path)
    kept = settings.load().settings
    assert not kept.keep_recent
    assert kept.recent == ()


def test_the_words_are_in_the_record_before_they_are_on_the_screen(desk: RealDesk) -> None:
    session = desk.create_as_far_as_the_words()
    shown = session.record.entries(kinds=frozenset({EntryKind.RECOVERY_SHOWN}))
    assert [entry.values[Field.FORM] for entry in shown] == ["screen"]


def test_confirmed_words_are_noted_and_forgotten(desk: RealDesk) -> None:
    desk.create()
    session = desk.program.session
    assert session is not None
    assert session.vault.recovery_confirmed
    assert desk.welcoming._words == ()
    assert desk.window.welcome.words._words == []
    assert desk.window.welcome.confirm._words == []


def test_words_that_were_never_checked_are_said_after_opening(desk: RealDesk) -> None:
    desk.create(confirm=False)
    desk.settle()
    assert any("recovery words" in text for text in desk.banners())


def test_after_creating_the_empty_library_offers_the_first_steps(desk: RealDesk) -> None:
    desk.create()
    assert desk.window.shell.stack.currentWidget() is desk.window.shell.empty


def test_a_second_library_gets_a_name_of_its_own(desk: RealDesk) -> None:
    (Path.home() / "Home library.lighttight").mkdir()
    assert desk.create().name == "Home library 2.lighttight"


def test_closing_while_the_words_are_shown_leaves_a_library_that_is_locked(
    desk: RealDesk,
) -> None:
    session = desk.create_as_far_as_the_words()
    desk.end()
    assert session.vault.closed
