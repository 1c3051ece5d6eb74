"""The password store that the other tests lean on is real, and breaks as they say it does."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest
from keyring.backends.SecretService import Keyring
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

from tests.support.keyring_daemon import KeyringDaemon

SERVICE = "lighttight-test-of-the-daemon"
HANGS = 1.0
ANSWERS = 20.0


def in_thread(act: Callable[[], object]) -> queue.Queue[object]:
    """Run `act` aside; the queue gets its answer, or the exception it raised."""
    answers: queue.Queue[object] = queue.Queue()

    def run() -> None:
        try:
            answers.put(act())
        except Exception as error:  # noqa: BLE001  handed to the test, which looks at it
            answers.put(error)

    threading.Thread(target=run, daemon=True).start()
    return answers


def test_absent_store_refuses_at_once(breakable_secret_service: KeyringDaemon) -> None:
    breakable_secret_service.remove()
    with pytest.raises(InitError):
        Keyring().get_password(SERVICE, "absent")


def test_locked_store_raises(breakable_secret_service: KeyringDaemon) -> None:
    Keyring().set_password(SERVICE, "locked", "kept")
    breakable_secret_service.lock()
    with pytest.raises(KeyringLocked):
        Keyring().get_password(SERVICE, "locked")
    breakable_secret_service.unlock()
    assert Keyring().get_password(SERVICE, "locked") == "kept"


def test_hanging_store_takes_the_call_and_does_not_answer(
    breakable_secret_service: KeyringDaemon,
) -> None:
    Keyring().set_password(SERVICE, "hanging", "late")
    breakable_secret_service.hang()
    answers = in_thread(lambda: Keyring().get_password(SERVICE, "hanging"))
    with pytest.raises(queue.Empty):
        answers.get(timeout=HANGS)
    breakable_secret_service.resume()
    assert answers.get(timeout=ANSWERS) == "late"


def test_hanging_store_can_be_removed_and_restored(
    breakable_secret_service: KeyringDaemon,
) -> None:
    Keyring().set_password(SERVICE, "survives", "on disk")
    breakable_secret_service.hang()
    breakable_secret_service.restore()
    assert Keyring().get_password(SERVICE, "survives") == "on disk"


def test_wiped_store_has_forgotten(breakable_secret_service: KeyringDaemon) -> None:
    Keyring().set_password(SERVICE, "wiped", "gone")
    breakable_secret_service.wipe()
    assert Keyring().get_password(SERVICE, "wiped") is None


def test_set_get_delete(secret_service: KeyringDaemon) -> None:
    store = Keyring()
    store.set_password(SERVICE, "account", "geheim ✓")
    assert store.get_password(SERVICE, "account") == "geheim ✓"
    store.delete_password(SERVICE, "account")
    assert store.get_password(SERVICE, "account") is None
    with pytest.raises(PasswordDeleteError):
        store.delete_password(SERVICE, "account")
