"""What the system says: the computer goes to sleep, the screen was locked, the session ends.

On Linux logind and the desktop say so on the bus; each is listened to where it is there, and
`heard` tells the settings which of them can be relied on. Before sleep logind waits for whoever
asked it to, so there is time to lock: `sleeping` is emitted while it waits.

`leaving` comes from Qt, which knows the session managers of all systems.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot
from PySide6.QtGui import QGuiApplication, QSessionManager

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

_LOGIN: Final = "org.freedesktop.login1"
_LOGIN_PATH: Final = "/org/freedesktop/login1"
_MANAGER: Final = "org.freedesktop.login1.Manager"
_SESSION: Final = "org.freedesktop.login1.Session"
_SAVERS: Final = (
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
)
_PATIENCE_MS: Final = 300
# Slots as Qt writes them: a 1 before the signature.
_PREPARE: Final = "1_prepare(bool)"
_LOCK: Final = "1_lock()"
_SAVER: Final = "1_saver(bool)"


def _offers(bus: QDBusConnection, service: str) -> bool:
    if not bus.isConnected():
        return False
    known = bus.interface()
    return known is not None and bool(known.isServiceRegistered(service).value())


class SystemEvents(QObject):
    """`heard` holds some of `sleep`, `screen`, `sign-out`."""

    sleeping = Signal()
    screen_locked = Signal()
    leaving = Signal()
    told_to_end = Signal()

    def __init__(self, app: QGuiApplication) -> None:
        super().__init__(app)
        self.heard: set[str] = {"sign-out"}
        self._delay: object = None
        self._system: QDBusConnection | None = None
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._notifier: QSocketNotifier | None = None
        app.commitDataRequest.connect(self._commit)

    def _commit(self, manager: QSessionManager) -> None:
        del manager
        self.leaving.emit()

    # ---- signals of the process ----------------------------------------------------------------

    def hear_signals(self) -> None:
        """Ctrl+C and `kill` end the program as closing the window does: locked, and recorded."""
        if sys.platform == "win32":
            return
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self._pair = (ours, theirs)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        self._notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._signalled)

    def _signalled(self) -> None:
        if self._pair is not None:
            self._pair[0].recv(64)
        self.told_to_end.emit()

    def end(self) -> None:
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            signal.set_wakeup_fd(-1)
        if self._pair is not None:
            for end in self._pair:
                end.close()
            self._pair = None
        self._let_go()

    # ---- the bus -------------------------------------------------------------------------------

    def listen(
        self, system: QDBusConnection | None = None, session: QDBusConnection | None = None
    ) -> None:
        """After the window is there: asking a bus that hangs would keep it from appearing.

        The buses are the computer's and the session's own, unless others are given.
        """
        if sys.platform != "linux":
            return
        from PySide6.QtDBus import QDBusConnection

        system = QDBusConnection.systemBus() if system is None else system
        session = QDBusConnection.sessionBus() if session is None else session
        self._system = system
        if _offers(system, _LOGIN):
            if self._hear(system, _LOGIN, _LOGIN_PATH, _MANAGER, "PrepareForSleep", _PREPARE):
                self.heard.add("sleep")
                self._ask_for_delay()
            path = self._own_session(system)
            if path and self._hear(system, _LOGIN, path, _SESSION, "Lock", _LOCK):
                self.heard.add("screen")
        for name, path in _SAVERS:
            if _offers(session, name) and self._hear(
                session, name, path, name, "ActiveChanged", _SAVER
            ):
                self.heard.add("screen")

    def _hear(
        self, bus: QDBusConnection, service: str, path: str, interface: str, name: str, slot: str
    ) -> bool:
        return bus.connect(service, path, interface, name, self, slot)  # pyright: ignore[reportArgumentType]

    def _own_session(self, bus: QDBusConnection) -> str:
        from PySide6.QtDBus import QDBus, QDBusMessage

        call = QDBusMessage.createMethodCall(_LOGIN, _LOGIN_PATH, _MANAGER, "GetSessionByPID")
        call.setArguments([os.getpid()])
        answer = bus.call(call, QDBus.CallMode.Block, _PATIENCE_MS)
        if answer.type() != QDBusMessage.MessageType.ReplyMessage or not answer.arguments():
            return ""
        path = answer.arguments()[0]
        return path.path() if hasattr(path, "path") else str(path)

    def _ask_for_delay(self) -> None:
        """Logind waits with sleep until the descriptor that it answers is closed."""
        from PySide6.QtDBus import QDBus, QDBusMessage

        if self._system is None:
            return
        call = QDBusMessage.createMethodCall(_LOGIN, _LOGIN_PATH, _MANAGER, "Inhibit")
        why = self.tr("Locks your library before the computer sleeps")
        call.setArguments(["sleep", "Lighttight", why, "delay"])
        answer = self._system.call(call, QDBus.CallMode.Block, _PATIENCE_MS)
        if answer.type() == QDBusMessage.MessageType.ReplyMessage and answer.arguments():
            self._delay = answer.arguments()[0]

    def _let_go(self) -> None:
        # The descriptor is closed with its last holder.
        self._delay = None

    @Slot(bool)
    def _prepare(self, beginning: bool) -> None:
        if beginning:
            self.sleeping.emit()
            self._let_go()
        else:
            self._ask_for_delay()

    @Slot()
    def _lock(self) -> None:
        self.screen_locked.emit()

    @Slot(bool)
    def _saver(self, active: bool) -> None:
        if active:
            self.screen_locked.emit()
