"""A password store in memory, for tests that are not about the store.

The real `PasswordStore` runs above it; only the system's own is replaced. `broken` makes every
call fail with the given code, as the real states do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lighttight.errors import Environment
from lighttight.vault.password_store import PasswordStore


class MemoryBackend:
    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}
        self.broken: str | None = None
        self.writes = 0

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.writes += 1
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        self.items.pop((service, username), None)

    def _check(self) -> None:
        if self.broken is not None:
            raise Environment(self.broken)


class MemoryStore(PasswordStore):
    """`memory` is what an attacker, or another program, would reach for."""

    def __init__(self, memory: MemoryBackend | None = None) -> None:
        self.memory = MemoryBackend() if memory is None else memory

        @contextlib.contextmanager
        def backend(limit: float, ask: float) -> Iterator[MemoryBackend]:
            del limit, ask
            yield self.memory

        super().__init__(backend=backend)

    def anchor(self) -> str | None:
        """The anchor as it stands, whatever the vault."""
        found = [value for (_, name), value in self.memory.items.items() if "anchor" in name]
        return found[0] if found else None
