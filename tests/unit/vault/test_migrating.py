"""Bringing an older catalog up to date: not before it is known to be the newest one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.entries import EntryKind
from lighttight.vault import schema
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore


@pytest.fixture
def put_back(
    vault: Vault, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An older copy of a vault in its place, and a program with one more step."""
    vault.close()
    shutil.copytree(vault.path, tmp_path / "older")
    open_vault(vault.path, Offer(), store).close()
    shutil.rmtree(vault.path)
    (tmp_path / "older").rename(vault.path)
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, "CREATE TABLE later (x INTEGER) STRICT"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    return vault.path


def test_a_catalog_that_was_put_back_is_not_touched(put_back: Path, store: MemoryStore) -> None:
    before = (put_back / "catalog.1.db").read_bytes()
    with pytest.raises(Integrity, match="vault-older"):
        open_vault(put_back, Offer(), store)
    assert (put_back / "catalog.1.db").read_bytes() == before


def test_once_accepted_it_is_brought_up_to_date(put_back: Path, store: MemoryStore) -> None:
    vault = open_vault(put_back, Offer(), store, accept_older=True)
    assert vault.catalog.version == schema.VERSION
    entries = vault.catalog.query("SELECT kind FROM entries ORDER BY sequence")
    newest = [kind for (kind,) in entries[-3:]]
    wanted = (EntryKind.MIGRATED, EntryKind.OLDER_ACCEPTED, EntryKind.UNLOCKED)
    assert newest == [kind.number for kind in wanted]
    vault.catalog.recompute()
    vault.close()
