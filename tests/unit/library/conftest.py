"""An open library in memory-cheap form: real vault, real files, password store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.library.library import Library
from lighttight.vault.vault import Vault
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(tmp_path: Path, store: MemoryStore) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "Home.lighttight", store).vault
    yield vault
    if not vault.closed:
        # Whatever a test did, what is authoritative still adds up.
        vault.catalog.recompute()
    vault.close()


@pytest.fixture
def library(vault: Vault) -> Library:
    return Library(vault)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where pictures come from."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder
