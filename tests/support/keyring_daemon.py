"""A real gnome-keyring on a D-Bus of its own, and every way in which one can be broken.

    with KeyringDaemon(directory) as daemon:
        for name, value in daemon.environment.items(): monkeypatch.setenv(name, value)
        daemon.lock()      # as when the session's keyring was never unlocked
        daemon.unlock()
        daemon.hang()      # stopped: takes every call and answers none
        daemon.resume()
        daemon.remove()    # absent: the bus answers that nobody offers secrets
        daemon.restore()   # started anew with the same files
        daemon.wipe()      # started anew with none: everything that was stored is gone

The bus has no service directory, so nothing is started behind the test's back: what is absent
stays absent, and what is locked stays locked, because no prompter exists. Only processes started
here are ended, by their own handles. One daemon serves one pytest-xdist worker.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import secretstorage
from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon")
PASSWORD = b"the login password of nobody"
START_LIMIT = 20.0
STOP_LIMIT = 5.0
COLLECTION = "/org/freedesktop/secrets/collection/login"

_BUS_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

_SERVICE = DBusAddress(
    "/org/freedesktop/secrets",
    bus_name="org.freedesktop.secrets",
    interface="org.freedesktop.Secret.Service",
)
_BUS = DBusAddress(
    "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
)
# Meant for gnome-keyring's own PAM module: unlocks without a prompt.
_MASTER = DBusAddress(
    "/org/freedesktop/secrets",
    bus_name="org.freedesktop.secrets",
    interface="org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
)


class KeyringDaemon:
    """A bus and a keyring with private folders under `directory` (short: sockets live there)."""

    def __init__(self, directory: Path) -> None:
        self._home = directory / "h"
        self._runtime = directory / "r"
        self._socket = self._runtime / "bus"
        self._bus: subprocess.Popen[bytes] | None = None
        self._keyring: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find this keyring and no other."""
        return {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._socket}",
            "HOME": str(self._home),
            "XDG_DATA_HOME": str(self._home / "data"),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "XDG_RUNTIME_DIR": str(self._runtime),
        }

    @property
    def bus_address(self) -> str:
        return f"unix:path={self._socket}"

    # --- Life

    def __enter__(self) -> Self:
        try:
            for folder in (self._home, self._runtime):
                folder.mkdir(mode=0o700, parents=True)
            self._start_bus()
            self._start_keyring()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End both processes. Safe to call twice and in every state."""
        self._keyring = _end(self._keyring)
        self._bus = _end(self._bus)

    # --- States

    def lock(self) -> None:
        """Lock the login collection; there is no prompter, so it stays locked."""
        with closing(self._connect()) as connection:
            call = new_method_call(_SERVICE, "Lock", "ao", ([COLLECTION],))
            _checked(connection, call)
            assert self._locked(connection), "the collection did not lock"

    def unlock(self) -> None:
        """Unlock it with its password, as signing in does."""
        with closing(self._connect()) as connection:
            call = new_method_call(_SERVICE, "OpenSession", "sv", ("plain", ("s", "")))
            _, session = _checked(connection, call)
            secret = (session, b"", PASSWORD, "text/plain")
            call = new_method_call(
                _MASTER, "UnlockWithMasterPassword", "o(oayays)", (COLLECTION, secret)
            )
            _checked(connection, call)
            assert not self._locked(connection), "the collection did not unlock"

    def hang(self) -> None:
        """Stop the daemon where it stands: calls are taken and never answered."""
        assert self._keyring is not None, "the keyring is absent"
        self._keyring.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._keyring is not None, "the keyring is absent"
        self._keyring.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """End the daemon; its files stay, and the bus goes on without it."""
        self._keyring = _end(self._keyring)
        self._await_owner(present=False)

    def restore(self) -> None:
        """A running, unlocked daemon on the same files, whatever state it was in."""
        self.remove()
        self._start_keyring()

    def wipe(self) -> None:
        """As `restore`, but with every stored secret gone."""
        self.remove()
        shutil.rmtree(self._home / "data", ignore_errors=True)
        self._start_keyring()

    def labels(self) -> set[str]:
        """What every stored secret is called."""
        with closing(self._connect()) as connection:
            stored = secretstorage.Collection(connection, COLLECTION).get_all_items()
            return {item.get_label() for item in stored}

    # --- Starting

    def _environment_of_children(self) -> dict[str, str]:
        # Nothing of the caller's session may leak in: not a bus, not a display, not a control
        # socket of another keyring.
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            **self.environment,
        }

    def _start_bus(self) -> None:
        config = self._runtime / "bus.conf"
        config.write_text(_BUS_CONFIG.format(socket=self._socket), encoding="utf-8")
        read, write = os.pipe()
        try:
            self._bus = subprocess.Popen(
                ["dbus-daemon", "--nofork", f"--config-file={config}", f"--print-address={write}"],
                env=self._environment_of_children(),
                pass_fds=[write],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(write)
        # The address arrives when the socket listens; end of file means that it never will.
        with os.fdopen(read, "rb") as pipe:
            if not pipe.readline():
                raise AssertionError("dbus-daemon did not start")

    def _start_keyring(self) -> None:
        self._keyring = subprocess.Popen(
            [
                "gnome-keyring-daemon",
                *("--foreground", "--unlock", "--components=secrets"),
                f"--control-directory={self._runtime / 'control'}",
            ],
            env=self._environment_of_children(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._keyring.stdin is not None
        with self._keyring.stdin as pipe:
            pipe.write(PASSWORD)
        self._await_owner(present=True)
        with closing(self._connect()) as connection:
            # A wrong password shows only on use.
            assert not self._locked(connection), "gnome-keyring started locked"

    # --- Asking

    def _connect(self) -> DBusConnection:
        return open_dbus_connection(self.bus_address)

    def _locked(self, connection: DBusConnection) -> bool:
        return secretstorage.Collection(connection, COLLECTION).is_locked()

    def _await_owner(self, *, present: bool) -> None:
        """Wait until somebody (or nobody) offers org.freedesktop.secrets."""
        deadline = time.monotonic() + START_LIMIT
        call = new_method_call(_BUS, "NameHasOwner", "s", ("org.freedesktop.secrets",))
        with closing(self._connect()) as connection:
            while _checked(connection, call)[0] != int(present):
                gone = self._keyring is not None and self._keyring.poll() is not None
                if gone or time.monotonic() > deadline:
                    raise AssertionError("gnome-keyring-daemon did not come up or go down")
                with suppress(TimeoutError):
                    connection.receive(timeout=0.02)  # a signal ends the wait early


def _checked(connection: DBusConnection, call: object) -> tuple[object, ...]:
    reply = connection.send_and_get_reply(call, timeout=START_LIMIT)
    assert reply.header.message_type is MessageType.method_return, reply.body
    return reply.body


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """End one process of ours, also when it is stopped, and take its exit status."""
    if process is None:
        return
    if process.poll() is None:
        process.terminate()
        process.send_signal(signal.SIGCONT)  # a stopped process cannot die of SIGTERM
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_LIMIT)
