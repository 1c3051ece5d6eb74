"""The window with a real password store, and with each way in which one can be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from lighttight.session import PasswordStore
from tests.gui import desks
from tests.gui.desks import RealDesk
from tests.support.keyring_daemon import KeyringDaemon

Break = Callable[[KeyringDaemon, pytest.MonkeyPatch], None]


def absent(daemon: KeyringDaemon, _: pytest.MonkeyPatch) -> None:
    daemon.remove()


def locked(daemon: KeyringDaemon, _: pytest.MonkeyPatch) -> None:
    daemon.lock()


def hanging(daemon: KeyringDaemon, _: pytest.MonkeyPatch) -> None:
    daemon.hang()


def insecure(_: KeyringDaemon, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")


def stale(daemon: KeyringDaemon, _: pytest.MonkeyPatch) -> None:
    daemon.wipe()


@pytest.fixture
def desk(
    dressed: QApplication, still: None, home: Path, breakable_secret_service: KeyringDaemon
) -> Iterator[RealDesk]:
    with desks.desk(dressed, PasswordStore(limit=2, probe_limit=2)) as made:
        made.begin()
        yield made


def lock(desk: RealDesk) -> None:
    desk.window.lock_wanted.emit()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.unlock)
    desk.until(lambda: not desk.jobs.busy(), limit=60)


def test_one_click(desk: RealDesk) -> None:
    desk.create()
    lock(desk)
    assert "ready" in desk.window.unlock._click_state.words.text()
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (absent, "No password store on this computer"),
        (locked, "password store is locked"),
        (hanging, "isn't answering"),
        (insecure, "is not safe"),
    ],
)
def test_the_welcome_says_which_and_asks_for_a_passphrase(
    desk: RealDesk,
    breakable_secret_service: KeyringDaemon,
    monkeypatch: pytest.MonkeyPatch,
    broken: Break,
    said: str,
) -> None:
    broken(breakable_secret_service, monkeypatch)
    welcome = desk.window.welcome
    welcome.question.answered.emit("only-me")
    desk.until(lambda: welcome.stack.currentWidget() is welcome.passphrase, limit=90)
    assert said in welcome.passphrase.why.words.text()
    assert not list(Path.home().glob("*.lighttight"))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (absent, "No password store on this computer"),
        (hanging, "isn't answering"),
        (insecure, "is not safe"),
    ],
)
def test_the_unlock_page_says_which_and_offers_the_words(
    desk: RealDesk,
    breakable_secret_service: KeyringDaemon,
    monkeypatch: pytest.MonkeyPatch,
    broken: Break,
    said: str,
) -> None:
    path = desk.create()
    before = {one: one.read_bytes() for one in path.glob("header*")}
    lock(desk)
    broken(breakable_secret_service, monkeypatch)
    desk.unlocking.begin(path)
    desk.until(lambda: not desk.window.unlock.click.isEnabled(), limit=60)
    desk.until(lambda: said in desk.window.unlock._click_state.words.text(), limit=60)
    assert "recovery" in desk.window.unlock.ways.keys()  # noqa: SIM118 - not a dict
    assert {one: one.read_bytes() for one in path.glob("header*")} == before


def test_a_locked_store_is_tried_and_its_refusal_said(
    desk: RealDesk, breakable_secret_service: KeyringDaemon
) -> None:
    """There is no prompter here, so that the question cannot be answered."""
    path = desk.create()
    lock(desk)
    breakable_secret_service.lock()
    desk.unlocking.begin(path)
    desk.until(lambda: not desk.jobs.busy(), limit=60)
    assert "sign-in password" in desk.window.unlock._click_state.words.text()
    desk.window.unlock.click.click()
    desk.until(lambda: not desk.jobs.busy(), limit=90)
    assert desk.program.session is None
    assert "locked" in desk.window.unlock._click_state.words.text()
    breakable_secret_service.unlock()
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None, limit=60)


def test_a_store_that_lost_the_key_says_so(
    desk: RealDesk, breakable_secret_service: KeyringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    lock(desk)
    stale(breakable_secret_service, monkeypatch)
    desk.window.unlock.click.click()
    desk.until(lambda: not desk.jobs.busy(), limit=60)
    assert "no longer has the key" in desk.window.unlock._click_state.words.text()
    assert desk.program.session is None
