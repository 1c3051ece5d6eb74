"""What the system says, on a real bus: sleep, a locked screen, and signals of the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lighttight.ui.system import SystemEvents
from tests.support.keyring_daemon import KeyringDaemon

LOGIN = "org.freedesktop.login1"
SAVER = "org.freedesktop.ScreenSaver"


class Bus:
    """Somebody on the bus who says what a system says."""

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self.connection = QDBusConnection.connectToBus(address, name)
        assert self.connection.isConnected()

    def be(self, service: str) -> None:
        assert self.connection.registerService(service)

    def say(self, path: str, interface: str, name: str, *values: object) -> None:
        message = QDBusMessage.createSignal(path, interface, name)
        message.setArguments(list(values))
        assert self.connection.send(message)

    def leave(self) -> None:
        for service in (LOGIN, SAVER):
            self.connection.unregisterService(service)
        QDBusConnection.disconnectFromBus(self.name)


@pytest.fixture
def other(secret_service: KeyringDaemon) -> Iterator[Bus]:
    bus = Bus(secret_service.bus_address, "the system")
    yield bus
    bus.leave()


@pytest.fixture
def ours(secret_service: KeyringDaemon) -> Iterator[Bus]:
    bus = Bus(secret_service.bus_address, "the program")
    yield bus
    bus.leave()


@pytest.fixture
def events(dressed: QApplication) -> Iterator[SystemEvents]:
    made = SystemEvents(dressed)
    yield made
    made.end()
    made.deleteLater()


def test_where_nobody_says_anything_nothing_is_promised(events: SystemEvents, ours: Bus) -> None:
    events.listen(ours.connection, ours.connection)
    assert events.heard == {"sign-out"}


def test_a_bus_that_is_not_there_stops_nothing(events: SystemEvents) -> None:
    nowhere = QDBusConnection("nobody connected this")
    events.listen(nowhere, nowhere)
    assert events.heard == {"sign-out"}


def test_before_sleep_it_is_said_once_and_waking_is_not(
    events: SystemEvents, ours: Bus, other: Bus, qtbot: QtBot
) -> None:
    other.be(LOGIN)
    events.listen(ours.connection, ours.connection)
    assert "sleep" in events.heard
    said: list[str] = []
    events.sleeping.connect(lambda: said.append("sleep"))
    path, interface = "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
    with qtbot.waitSignal(events.sleeping):
        other.say(path, interface, "PrepareForSleep", True)
    other.say(path, interface, "PrepareForSleep", False)
    with qtbot.waitSignal(events.sleeping):
        other.say(path, interface, "PrepareForSleep", True)
    assert said == ["sleep", "sleep"]


def test_a_locked_screen_is_heard(
    events: SystemEvents, ours: Bus, other: Bus, qtbot: QtBot
) -> None:
    other.be(SAVER)
    events.listen(ours.connection, ours.connection)
    assert "screen" in events.heard
    with qtbot.waitSignal(events.screen_locked):
        other.say("/org/freedesktop/ScreenSaver", SAVER, "ActiveChanged", True)
    with qtbot.assertNotEmitted(events.screen_locked, wait=200):
        other.say("/org/freedesktop/ScreenSaver", SAVER, "ActiveChanged", False)


def test_kill_ends_it_as_closing_does(events: SystemEvents, qtbot: QtBot) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    events.hear_signals()
    try:
        with qtbot.waitSignal(events.told_to_end):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        events.end()
        for number, handler in before.items():
            signal.signal(number, handler)
