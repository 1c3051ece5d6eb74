"""Protective settings: in the catalog, and never changed without an entry in the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.sealed.entries import EntryKind, Field
from lighttight.session import Protecting, Session
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault, reopen


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(make_vault(tmp_path / "v.lighttight", MemoryStore()).vault) as session:
        yield session


def newest(session: Session) -> tuple[EntryKind, object, object]:
    entry = session.record.entries(limit=1)[0]
    return entry.kind, entry.values.get(Field.SETTING), entry.values.get(Field.VALUE)


@pytest.mark.parametrize("minutes", [0, -1, 241])
def test_a_time_that_would_not_protect_is_refused(session: Session, minutes: int) -> None:
    with pytest.raises(ValueError, match="lock_after"):
        session.protection.lock_after(minutes)
    assert session.protection.now() == Protecting()


def test_locking_later_is_recorded_as_weaker(session: Session) -> None:
    assert session.protection.lock_after(60).lock_after == 60
    assert newest(session) == (EntryKind.WEAKENED, "lock-after", "60")


def test_locking_sooner_is_recorded(session: Session) -> None:
    session.protection.lock_after(1)
    assert newest(session) == (EntryKind.SETTING_CHANGED, "lock-after", "1")


def test_uncovered_is_weaker_and_covered_is_not(session: Session) -> None:
    assert not session.protection.cover(on=False).cover
    assert newest(session) == (EntryKind.WEAKENED, "cover-when-away", "off")
    assert session.protection.cover(on=True).cover
    assert newest(session) == (EntryKind.SETTING_CHANGED, "cover-when-away", "on")


def test_what_changes_nothing_leaves_no_entry(session: Session) -> None:
    before = session.record.entries(limit=1)[0].sequence
    session.protection.lock_after(5)
    session.protection.cover(on=True)
    assert session.record.entries(limit=1)[0].sequence == before


@pytest.mark.parametrize("value", ["", "0", "999", "-5", "five", "\u0665", "1000000"])
def test_a_value_of_another_version_counts_as_the_usual(session: Session, value: str) -> None:
    with session.vault.transaction() as tx:
        tx.execute("INSERT INTO settings VALUES ('lock-after', ?)", (value,))
        tx.execute("INSERT INTO settings VALUES ('cover-when-away', 'perhaps')")
        tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "lock-after", Field.VALUE: value})
    assert session.protection.now() == Protecting()


def test_it_is_kept(session: Session) -> None:
    session.protection.lock_after(15)
    session.protection.cover(on=False)
    with Session(reopen(session.vault)) as again:
        assert again.protection.now() == Protecting(15, cover=False)
