"""A vault of one's own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lighttight.vault.vault import Vault
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, make_vault
from tests.unit.conftest import At


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(tmp_path: Path, store: MemoryStore) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", store, KEYRING).vault
    yield vault
    vault.close()


@pytest.fixture
def failing(at: At) -> Callable[[str, BaseException], None]:
    """`failing(point, error)`: raise at a failpoint, once."""

    def arm(point: str, error: BaseException) -> None:
        def fail() -> None:
            raise error

        at(point, fail)

    return arm
