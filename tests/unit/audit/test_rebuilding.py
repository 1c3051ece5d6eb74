"""`copies` against the record: whatever was done to it, it says again what left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lighttight.audit import rebuilding, record
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

ITEMS = tuple(ItemId(f"{number:032x}") for number in range(1, 4))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "Home.lighttight", MemoryStore()).vault
    yield vault
    vault.close()


def intend(vault: Vault, *items: ItemId, place: str = "/disk") -> int:
    with vault.transaction() as tx:
        return record.append(
            tx,
            EntryKind.EXPORT_INTENDED,
            {Field.ITEMS: items, Field.PATH: place, Field.FORM: "clean", Field.SCREEN: "cli"},
        )


def finish(vault: Vault, intent: int, result: str, count: int, *left: ItemId) -> None:
    fields: dict[Field, Value] = {Field.INTENT: intent, Field.RESULT: result, Field.COUNT: count}
    if left:
        fields[Field.ITEMS] = left
    with vault.transaction() as tx:
        record.append(tx, EntryKind.EXPORT_FINISHED, fields)


def copies(vault: Vault) -> set[tuple[object, ...]]:
    return set(vault.catalog.query("SELECT intent, item, what, place, state FROM copies"))


@pytest.fixture
def told(vault: Vault) -> set[tuple[object, ...]]:
    """A vault with copies in every state, as `record.append` keeps them."""
    finish(vault, intend(vault, *ITEMS), "done", 3)
    finish(vault, intend(vault, *ITEMS[:2]), "failed", 1, ITEMS[0])
    finish(vault, intend(vault, *ITEMS[:2]), "cancelled", 0)
    intend(vault, ITEMS[0], place="/other disk")
    found = copies(vault)
    assert len(found) == 5
    return found


TAMPERINGS: dict[str, Callable[[Transaction], object]] = {
    "a copy hidden": lambda tx: tx.execute(
        "DELETE FROM copies WHERE item = ?", (b"\0" * 15 + b"\1",)
    ),
    "everything hidden": lambda tx: tx.execute("DELETE FROM copies"),
    "another place": lambda tx: tx.execute("UPDATE copies SET place = '/dev/null'"),
    "answered": lambda tx: tx.execute("UPDATE copies SET state = 'left'"),
    "a copy that never was": lambda tx: tx.execute(
        "INSERT INTO copies VALUES (0, x'00', 'clean', '/', 'left', 0)"
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_changed_is_noticed_and_put_right(
    vault: Vault, told: set[tuple[object, ...]], tampering: str
) -> None:
    with vault.catalog.writing() as tx:
        TAMPERINGS[tampering](tx)
    assert copies(vault) != told
    assert rebuilding.verify_or_rebuild(vault)
    assert copies(vault) == told
    assert not rebuilding.verify_or_rebuild(vault)


def test_what_is_true_is_left_alone(vault: Vault, told: set[tuple[object, ...]]) -> None:
    before = vault.catalog.state().generation
    assert not rebuilding.verify_or_rebuild(vault)
    assert copies(vault) == told
    assert vault.catalog.state().generation == before


def test_times_are_those_of_the_record(vault: Vault, told: set[tuple[object, ...]]) -> None:
    del told
    with vault.catalog.writing() as tx:
        tx.execute("DELETE FROM copies")
    rebuilding.verify_or_rebuild(vault)
    rows = vault.catalog.query(
        "SELECT count(*) FROM copies JOIN entries ON sequence = intent WHERE since = claimed"
    )
    assert rows == [(5,)]
