"""Who may replace the header, and when."""

from __future__ import annotations

import pytest

from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING


def replace(vault: Vault) -> None:
    vault.replace_header(vault.header.slots, vault.header.catalog, vault.master)


def test_it_is_not_replaced_while_others_may(vault: Vault) -> None:
    before = vault.header_data
    with pytest.raises(AssertionError):
        replace(vault)
    assert (vault.path / "header").read_bytes() == before
    with vault.catalog.writing():
        replace(vault)
    assert vault.header.sequence == 2


def test_one_that_was_not_read_is_not_written_over(vault: Vault, store: MemoryStore) -> None:
    other = open_vault(vault.path, Offer(), store)
    other.add_way(KEYRING)
    written = other.header_data
    other.close()
    with vault.catalog.writing(), pytest.raises(AssertionError):
        replace(vault)
    assert (vault.path / "header").read_bytes() == written
