"""A password store in a file, standing in for the keyring: it outlives the process that is killed.

Every change is a new file put in place by a rename, so that a kill leaves the old items or the new
ones, as a keyring daemon in a process of its own would.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.vault.password_store import PasswordStore

FAILPOINTS.declare("keyring.set", "keyring.deleted")


class FileBackend:
    def __init__(self, path: Path) -> None:
        self.path = path

    def get_password(self, service: str, username: str) -> str | None:
        return self.items().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        with self._alone():
            self.write({**self.items(), f"{service} {username}": password})
        failpoint("keyring.set")

    def delete_password(self, service: str, username: str) -> None:
        with self._alone():
            items = self.items()
            items.pop(f"{service} {username}", None)
            self.write(items)
        failpoint("keyring.deleted")

    def items(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        return json.loads(self.path.read_bytes())

    def write(self, items: dict[str, str]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.write_bytes(json.dumps(items).encode())
        fresh.replace(self.path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        fd = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


class FileStore(PasswordStore):
    """The real store's code above a file."""

    def __init__(self, path: Path) -> None:
        self.file = FileBackend(path)

        @contextlib.contextmanager
        def backend(limit: float, ask: float) -> Iterator[FileBackend]:
            del limit, ask
            yield self.file

        super().__init__(limit=60, probe_limit=60, backend=backend)

    def accounts(self) -> set[str]:
        """The names of the items that are kept, without the service."""
        return {name.partition(" ")[2] for name in self.file.items()}
