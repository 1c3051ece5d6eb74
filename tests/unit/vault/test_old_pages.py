"""A catalog of which one part is older than the rest, and one that is hardly there."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import checking, schema
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore

PAGE = 4096
SHOWN = "SELECT id FROM items INDEXED BY items_timeline WHERE trashed IS NULL ORDER BY sort DESC"


@pytest.mark.parametrize("length", [0, 1, PAGE - 1])
def test_a_catalog_without_a_page_is_damaged_and_not_begun_anew(
    vault: Vault, store: MemoryStore, length: int
) -> None:
    vault.close()
    path = vault.path / "catalog.1.db"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(Integrity, match="catalog-damaged"):
        open_vault(vault.path, Offer(), store)
    assert path.stat().st_size == length


def test_an_old_page_of_an_index_is_made_good(
    vault: Vault, store: MemoryStore, tmp_path: Path
) -> None:
    item, _ = add_object(vault, b"a picture")
    add_object(vault, b"another")
    path = vault.catalog.path
    at = root_page(vault, "items_timeline") * PAGE
    assert vault.catalog.checkpoint()
    old = path.read_bytes()[at : at + PAGE]
    with vault.transaction() as tx:
        tx.execute("UPDATE items SET trashed = 1 WHERE id = ?", (bytes.fromhex(item),))
        tx.record(EntryKind.TRASHED, {Field.ITEMS: (item,)})
    vault.close()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(old)
    again = open_vault(vault.path, Offer(), store)
    again.catalog.recompute()
    assert len(again.catalog.query(SHOWN)) == 2, "the sum cannot notice"
    assert checking.mend_indexes(again)
    assert len(again.catalog.query(SHOWN)) == 1
    assert not checking.mend_indexes(again)
    again.catalog.recompute()
    again.close()


def test_an_old_page_of_a_table_that_an_index_repeats_is_noticed(
    vault: Vault, store: MemoryStore
) -> None:
    item, _ = add_object(vault, b"a picture")
    tag(vault, "INSERT INTO tags VALUES (?, 'ours')", item)
    at = root_page(vault, "tags") * PAGE
    assert vault.catalog.checkpoint()
    old = vault.catalog.path.read_bytes()[at : at + PAGE]
    tag(vault, "DELETE FROM tags WHERE item = ?", item)
    vault.close()
    with vault.catalog.path.open("r+b") as file:
        file.seek(at)
        file.write(old)
    again = open_vault(vault.path, Offer(), store)
    with pytest.raises(Integrity, match="state-differs"):
        again.catalog.recompute()
    again.close()


@pytest.mark.parametrize("table", schema.COLUMNS)
def test_the_sum_is_computed_from_the_tables_themselves(vault: Vault, table: str) -> None:
    plan = vault.catalog.query(f"EXPLAIN QUERY PLAN {schema.whole(table, schema.COLUMNS[table])}")
    assert [row[3] for row in plan] == [f"SCAN {table}"]


def tag(vault: Vault, sql: str, item: str) -> None:
    with vault.transaction() as tx:
        tx.execute(sql, (bytes.fromhex(item),))
        tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "x", Field.VALUE: "y"})


def root_page(vault: Vault, index: str) -> int:
    """The number of an index's page, from 0; it has one, being small."""
    row = vault.catalog.one("SELECT rootpage FROM sqlite_schema WHERE name = ?", (index,))
    assert row is not None
    return row[0] - 1
