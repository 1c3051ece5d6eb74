"""The Secret Service of Linux desktops: bounded in time, and asking only when it may.

`keyring`'s own backend is used for the items themselves, so that what is stored can be seen and
removed with the usual tools. What it leaves open is closed here:

- It waits for ever. Here every call ends at a deadline, and the connection is closed with it: no
  thread stays behind, and a write that was given up cannot happen later.
- It opens the desktop's question for the keyring's password whenever the collection is locked.
  Here that happens only when the caller says for how long it may.
- It takes any collection that is the default. In two of them nothing is kept safe, and nothing is
  stored: the one that is forgotten when the session ends, and gnome-keyring's with an empty
  password, which it writes to the disk as plain text. What is there already is still read: to
  refuse that would protect nothing any more and might keep people from their pictures.

Linux only; `password_store` imports it when it is needed.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final, Self

import secretstorage
from jeepney import DBusErrorResponse, Message
from jeepney.bus import get_bus
from jeepney.io.blocking import DBusConnection, prep_socket
from keyring.backends import SecretService
from secretstorage.collection import SESSION_COLLECTION, Collection
from secretstorage.exceptions import (
    ItemNotFoundException,
    LockedException,
    PromptDismissedException,
    SecretServiceNotAvailableException,
    SecretStorageException,
)
from secretstorage.util import add_match_rules

from lighttight.errors import Environment

_DEFAULT: Final = "default"
_IS_LOCKED: Final = "org.freedesktop.Secret.Error.IsLocked"
_PLAIN_TEXT: Final = b"[keyring]"


class BoundedConnection(DBusConnection):
    """A connection to the bus on which no wait goes past the deadline."""

    def __init__(self, address: str, deadline: float) -> None:
        self.deadline = deadline
        sock = prep_socket(get_bus(address), timeout=self._left())
        try:
            super().__init__(sock)
        except BaseException:
            sock.close()
            raise

    def close(self) -> None:
        """Nothing: `keyring` closes after each call, and one act is several. See `finish`."""

    def finish(self) -> None:
        super().close()

    def receive(self, *, timeout: float | None = None) -> Message:
        left = self._left()
        return super().receive(timeout=left if timeout is None else min(timeout, left))

    def _left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.001)


class Store(SecretService.Keyring):
    """One act on the default collection, over one connection: a context that is used once.

    `limit` seconds are for the service to answer. `ask` seconds more are for the person, if the
    service has a question; with none it is not asked, and what is locked is "keyring-locked".
    """

    def __init__(self, limit: float, ask: float = 0.0) -> None:
        super().__init__()
        self._deadline = time.monotonic() + limit
        self._ask = ask
        self._storing = False
        self._connection: BoundedConnection | None = None
        self._found: Collection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._found = None
        if self._connection is not None:
            self._connection.finish()

    def get_password(self, service: str, username: str) -> str | None:
        with _Translating():
            return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._storing = True
        with _Translating():
            super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        with _Translating():
            super().delete_password(service, username)

    def get_preferred_collection(self) -> Collection:
        if self._connection is None:
            try:
                self._connection = BoundedConnection(_bus_address(), self._deadline)
            except ValueError as error:  # the address is none
                raise Environment("keyring-absent") from error
            add_match_rules(self._connection)
        if self._found is None:
            self._found = self._collection(self._connection)
        if self._storing and _is_unsafe(self._found.collection_path):
            raise Environment("keyring-insecure")
        return self._found

    def _collection(self, connection: BoundedConnection) -> Collection:
        if not secretstorage.check_service_availability(connection):
            raise Environment("keyring-absent")
        try:
            collection = secretstorage.get_collection_by_alias(connection, _DEFAULT)
        except PromptDismissedException:
            raise
        except ItemNotFoundException as error:
            # Never set up: the service asks for a new password, once.
            if not self._ask:
                raise Environment("keyring-locked") from error
            connection.deadline += self._ask
            return secretstorage.create_collection(connection, "Default", _DEFAULT)
        if collection.is_locked():
            if not self._ask:
                raise Environment("keyring-locked")
            connection.deadline += self._ask
            if collection.unlock() or collection.is_locked():
                raise Environment("keyring-locked")
        return collection


class _Translating:
    """What the service and the bus say, as one of the outcomes that have words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case TimeoutError():
                raise Environment("keyring-hanging") from error
            case LockedException() | PromptDismissedException():
                raise Environment("keyring-locked") from error
            case DBusErrorResponse(name=name) if name == _IS_LOCKED:
                raise Environment("keyring-locked") from error
            case SecretServiceNotAvailableException() | OSError() | RuntimeError() | KeyError():
                # No address, no socket, nobody who listens, or the service ended meanwhile.
                raise Environment("keyring-absent") from error
            case SecretStorageException() | DBusErrorResponse() | ValueError():
                raise Environment("keyring-broken") from error
            case _:
                pass


def _bus_address() -> str:
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if address:
        return address
    # Where systemd puts it; a terminal of another login often lacks the variable only.
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime, "bus").is_socket():
        return f"unix:path={runtime}/bus"
    raise Environment("keyring-absent")


def _is_unsafe(collection_path: str) -> bool:
    """Whether secrets here are forgotten with the session, or stand on the disk to be read."""
    if collection_path == SESSION_COLLECTION:
        return True
    encoded = collection_path.rpartition("/")[2]
    name = re.sub(r"_([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), encoded)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    if "/" in name or "\0" in name:
        return False
    try:
        with Path(data, "keyrings", f"{name}.keyring").open("rb") as file:
            return file.read(len(_PLAIN_TEXT)) == _PLAIN_TEXT
    except OSError:
        # Another service's collection, or gnome-keyring's on a disk that is not ours to read.
        return False
