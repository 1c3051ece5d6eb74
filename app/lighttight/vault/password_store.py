"""This computer's password store, with an honest answer for each way in which it can fail.

| outcome  | what happened                                              | error              |
|----------|------------------------------------------------------------|--------------------|
| READY    | a random item was written, read back and removed           |                    |
| ABSENT   | nothing here offers to keep secrets                        | `keyring-absent`   |
| LOCKED   | it needs the person's own password first                   | `keyring-locked`   |
| HANGING  | it did not answer in time                                  | `keyring-hanging`  |
| INSECURE | it keeps secrets readable, or nowhere                      | `keyring-insecure` |
| BROKEN   | it answers, but with something else than what was stored   | `keyring-broken`   |

A missing item is no failure of the store: `get` answers None, and the caller knows what it means.

- Backends are named here, never chosen by `keyring`: choosing costs 225 ms and may pick a plain
  text file. Where the person configured another one, it is not used, and that is said.
- Every call runs in a thread of its own with a time limit, because a store may hang for ever. The
  thread is a daemon, so that a hung store does not keep the program from ending. Calls of one
  store take turns: one that was given up while it waited never runs, so that an old value cannot
  be written after a newer one.
- What was written is read back before it counts.
- Nothing here writes to a vault. A random item that a probe writes is removed again.

Accounts and values never appear in errors or logs.
"""

from __future__ import annotations

import configparser
import contextlib
import enum
import hmac
import importlib
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, Protocol, TypeVar, cast

from lighttight.errors import Environment, LighttightError

SERVICE: Final = "lighttight"
LIMIT: Final = 10.0
PROBE_LIMIT: Final = 5.0
ASK: Final = 60.0
"""Seconds that a person gets to answer the store's own question."""

_PROBE_ACCOUNT: Final = "probe/"
_SYSTEM_BACKENDS: Final = {
    "linux": ("keyring.backends.SecretService.Keyring", "keyring.backends.libsecret.Keyring"),
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}
# A chain is what `keyring` makes of the system's own; whoever names it, names those.
_UNDECIDED: Final = ("", "keyring.backends.chainer.ChainerBackend")

T = TypeVar("T")


class StoreState(enum.Enum):
    READY = "ready"
    ABSENT = "absent"
    LOCKED = "locked"
    HANGING = "hanging"
    INSECURE = "insecure"
    BROKEN = "broken"


_STATE_OF: Final = {
    "keyring-absent": StoreState.ABSENT,
    "keyring-locked": StoreState.LOCKED,
    "keyring-hanging": StoreState.HANGING,
    "keyring-insecure": StoreState.INSECURE,
    "keyring-broken": StoreState.BROKEN,
}


class Backend(Protocol):
    """What is used of a `keyring` backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


Make = Callable[[float, float], AbstractContextManager[Backend]]
"""Makes a backend for one act: seconds for the store to answer, seconds for the person."""


class PasswordStore:
    """The system's store for one program. Any thread may call; calls take turns."""

    def __init__(
        self,
        *,
        limit: float = LIMIT,
        probe_limit: float = PROBE_LIMIT,
        backend: Make | None = None,
    ) -> None:
        """`backend` is made anew for each call; the system's own by default."""
        self._limit = limit
        self._probe_limit = probe_limit
        self._backend = system_backend if backend is None else backend
        self._turn = threading.Lock()

    def state(self) -> StoreState:
        """Try the store out. Never opens a question of the system, never raises for the store."""
        return self._probe(0.0)

    def unlock(self, within: float = ASK) -> StoreState:
        """As `state`, but the system may ask the person, who gets `within` seconds to answer."""
        return self._probe(within)

    def get(self, account: str, *, ask: float = ASK) -> str | None:
        """The value of an account, None where there is none."""
        return self._call(lambda backend: backend.get_password(SERVICE, account), self._limit, ask)

    def set(
        self, account: str, secret: str, *, ask: float = 0.0, limit: float | None = None
    ) -> None:
        """Store a value; when this returns, the store has answered it back.

        `limit` is for who can wait less long than usual.
        """
        limit = self._limit if limit is None else min(limit, self._limit)
        self._call(lambda backend: _set(backend, account, secret), limit, ask)

    def delete(self, account: str, *, ask: float = 0.0) -> None:
        """Remove an account; one that is not there is fine."""
        self._call(lambda backend: _delete(backend, account), self._limit, ask)

    def _probe(self, ask: float) -> StoreState:
        account = _PROBE_ACCOUNT + secrets.token_hex(8)
        secret = secrets.token_urlsafe(32)

        def probe(backend: Backend) -> None:
            try:
                _set(backend, account, secret)
            finally:
                _delete(backend, account)

        try:
            self._call(probe, self._probe_limit, ask)
        except Environment as error:
            return _STATE_OF[error.code]
        return StoreState.READY

    def _call(self, act: Callable[[Backend], T], limit: float, ask: float) -> T:
        """Run `act` in a thread; answer or raise as it does, or "keyring-hanging" in time."""
        deadline = time.monotonic() + limit
        # The backend ends at the limit by itself where it can, which is better than a thread
        # that stays behind: it gets the shorter time.
        call = _Call(lambda left: _translated(self._backend, act, left, ask), deadline, self._turn)
        thread = threading.Thread(target=call.run, name="password store", daemon=True)
        thread.start()
        return cast(T, call.wait(limit + ask + _GRACE))


_GRACE: Final = 0.5


class _Call:
    """One call on its way through a thread."""

    def __init__(
        self, act: Callable[[float], object], deadline: float, turn: threading.Lock
    ) -> None:
        self._act = act
        self._deadline = deadline
        self._turn = turn
        self._done = threading.Event()
        self._answer: object = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            if not self._turn.acquire(timeout=max(self._deadline - time.monotonic(), 0)):
                raise Environment("keyring-hanging")
            try:
                self._answer = self._act(self._deadline - time.monotonic())
            finally:
                self._turn.release()
        except BaseException as error:  # noqa: BLE001  (raised again in the thread that waits)
            self._error = error
        self._done.set()

    def wait(self, seconds: float) -> object:
        if not self._done.wait(seconds):
            raise Environment("keyring-hanging")
        if self._error is not None:
            raise self._error
        return self._answer


def _translated(make: Make, act: Callable[[Backend], T], limit: float, ask: float) -> T:
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    try:
        with make(limit, ask) as backend:
            return act(backend)
    except LighttightError:
        raise
    except KeyringLocked as error:
        raise Environment("keyring-locked") from error
    except (NoKeyringError, InitError) as error:
        raise Environment("keyring-absent") from error
    except TimeoutError as error:
        raise Environment("keyring-hanging") from error
    except Exception as error:
        # Each system's backend has errors of its own, some without a common base; the person
        # has to read one of six outcomes.
        raise Environment("keyring-broken") from error


def _set(backend: Backend, account: str, secret: str) -> None:
    backend.set_password(SERVICE, account, secret)
    found = backend.get_password(SERVICE, account)
    if found is None or not hmac.compare_digest(found.encode(), secret.encode()):
        raise Environment("keyring-broken")


def _delete(backend: Backend, account: str) -> None:
    if backend.get_password(SERVICE, account) is None:
        return
    from keyring.errors import PasswordDeleteError

    # Removed by somebody else meanwhile, or not to be removed: the next question tells which.
    with contextlib.suppress(PasswordDeleteError):
        backend.delete_password(SERVICE, account)
    if backend.get_password(SERVICE, account) is not None:
        raise Environment("keyring-broken")


def system_backend(limit: float, ask: float) -> AbstractContextManager[Backend]:
    """The backend of this system, by name."""
    names = _SYSTEM_BACKENDS.get(sys.platform, ())
    configured = _configured()
    if configured not in _UNDECIDED and configured not in names:
        # Plain text, null, a cloud service, … or one of ours that is not this system's. Somebody
        # chose it; not for keys to their pictures.
        raise Environment("keyring-insecure")
    if not names:
        raise Environment("keyring-absent")
    if sys.platform == "linux":
        from lighttight.vault.secret_service import Store

        return cast(AbstractContextManager[Backend], Store(limit, ask))
    module, _, name = names[0].rpartition(".")
    return contextlib.nullcontext(getattr(importlib.import_module(module), name)())


def _configured() -> str:
    """What the person told `keyring` to use, where they did: variable first, then file."""
    name = os.environ.get("PYTHON_KEYRING_BACKEND", "").strip()
    if name:
        return name
    from keyring.util.platform_ import config_root

    config = configparser.RawConfigParser()
    with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
        config.read(config_root() / "keyringrc.cfg", encoding="utf-8")
    return config.get("backend", "default-keyring", fallback="").strip()
