"""The owner looked: their word settles what an unfinished act left open, once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.audit import record
from lighttight.audit.copies import CopyState
from lighttight.audit.reading import Record
from lighttight.audit.rebuilding import verify_or_rebuild
from lighttight.errors import Refused
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import epochs
from lighttight.vault.vault import Vault
from tests.support import records
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

ITEMS = tuple(ItemId(os.urandom(16).hex()) for _ in range(3))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", MemoryStore()).vault
    yield vault
    vault.close()


@pytest.fixture
def intent(vault: Vault) -> int:
    with vault.transaction() as tx:
        return record.append(
            tx,
            EntryKind.EXPORT_INTENDED,
            {Field.ITEMS: ITEMS, Field.PATH: "/usb", Field.FORM: "original", Field.SCREEN: "test"},
        )


def states(vault: Vault) -> list[CopyState]:
    return [copy.state for item in ITEMS for copy in Record(vault).copies_of(item)]


@pytest.mark.parametrize("sequence", [0, 1, 4, 99, -1])
def test_what_began_nothing_cannot_be_looked_into(vault: Vault, intent: int, sequence: int) -> None:
    assert sequence != intent
    with pytest.raises(Refused, match="intent-unknown"):
        Record(vault).look_into(sequence, some=False)
    assert len(states(vault)) == 3


@pytest.mark.parametrize("some", [False, True])
def test_how_it_ended_is_known_already(vault: Vault, intent: int, some: bool) -> None:
    with vault.transaction() as tx:
        record.append(
            tx,
            EntryKind.EXPORT_FINISHED,
            {Field.INTENT: intent, Field.RESULT: "done", Field.COUNT: 3},
        )
    with pytest.raises(Refused, match="intent-settled"):
        Record(vault).look_into(intent, some=some)
    assert states(vault) == [CopyState.LEFT] * 3


@pytest.mark.parametrize("some", [False, True])
def test_the_owner_says_it_once(vault: Vault, intent: int, some: bool) -> None:
    Record(vault).look_into(intent, some=some)
    with pytest.raises(Refused, match="intent-settled"):
        Record(vault).look_into(intent, some=not some)
    assert records.newest(vault) == (
        EntryKind.LOOKED_INTO,
        {Field.INTENT: intent, Field.RESULT: "some" if some else "none"},
    )


def test_none_is_there(vault: Vault, intent: int) -> None:
    assert len(Record(vault).unanswered()) == 3
    Record(vault).look_into(intent, some=False)
    assert Record(vault).unanswered() == []
    assert states(vault) == []


def test_some_are_there(vault: Vault, intent: int) -> None:
    Record(vault).look_into(intent, some=True)
    assert Record(vault).unanswered() == []
    assert states(vault) == [CopyState.LEFT] * 3


@pytest.mark.parametrize("some", [False, True])
def test_copies_made_anew_say_the_same(vault: Vault, intent: int, some: bool) -> None:
    Record(vault).look_into(intent, some=some)
    before = states(vault)
    assert not verify_or_rebuild(vault)
    vault.catalog._writer.execute(
        "DELETE FROM copies" if some else "INSERT INTO copies VALUES (?, ?, '', '', 'left', 0)",
        () if some else (intent, bytes.fromhex(ITEMS[0])),
    )
    assert verify_or_rebuild(vault)
    assert states(vault) == before


def test_another_intent_stays_open(vault: Vault, intent: int) -> None:
    with vault.transaction() as tx:
        other = record.append(
            tx,
            EntryKind.EXPORT_INTENDED,
            {Field.ITEMS: ITEMS[:1], Field.PATH: "/b", Field.FORM: "original", Field.SCREEN: "t"},
        )
    Record(vault).look_into(intent, some=False)
    assert [copy.intent for copy in Record(vault).unanswered()] == [other]


def test_who_signs_is_said(vault: Vault) -> None:
    identity = epochs.chain(vault.catalog.query).identity
    assert Record(vault).fingerprint() == identity.fingerprint().hex()
