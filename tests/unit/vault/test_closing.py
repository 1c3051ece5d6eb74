"""Locking does not wait for whoever is in its way, and drops the keys all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import apsw
import pytest

from lighttight.errors import Environment
from lighttight.sealed.anchor import Verdict
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import catalog as catalogs
from lighttight.vault import previews
from lighttight.vault import vault as vaults
from lighttight.vault.catalog import connect
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "PATIENCE", 0.2)
    monkeypatch.setattr(catalogs, "GRACE", 0.2)
    monkeypatch.setattr(previews, "GRACE", 0.2)


class Beside:
    """Something that another thread does, up to the moment where the test lets it go on."""

    def __init__(self, act: Callable[[Callable[[], None]], object]) -> None:
        self._there = threading.Event()
        self._go_on = threading.Event()
        self._ended = threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(act,), daemon=True)
        self._thread.start()
        assert self._there.wait(20)

    def _run(self, act: Callable[[Callable[[], None]], object]) -> None:
        try:
            act(self._wait)
        except BaseException as error:  # noqa: BLE001  (looked at in the test's own thread)
            self.error = error
        self._ended.set()

    def _wait(self) -> None:
        self._there.set()
        assert self._go_on.wait(20)

    def go_on(self) -> None:
        """Into a statement that does not end, as good as always before the next line of a test."""
        self._go_on.set()
        assert not self._ended.wait(0.1)

    def ended(self) -> BaseException | None:
        self._go_on.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.error


@pytest.fixture
def closing(vault: Vault) -> Callable[[], None]:
    """Closes in a thread and fails where that does not end."""

    def close() -> None:
        thread = threading.Thread(target=vault.close, daemon=True)
        thread.start()
        thread.join(8)
        assert not thread.is_alive(), "locking waits for somebody"
        assert vault._master is None
        assert vault.catalog._key == b""

    return close


def is_locked(error: BaseException | None) -> bool:
    return isinstance(error, Environment) and error.code == "vault-locked"


def writing(vault: Vault) -> Callable[[Callable[[], None]], None]:
    def act(wait: Callable[[], None]) -> None:
        with vault.transaction() as tx:
            tx.execute("INSERT INTO settings VALUES ('late', '1')")
            tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "late", Field.VALUE: "1"})
            wait()

    return act


def test_a_transaction_of_another_thread_is_not_waited_for_and_not_committed(
    vault: Vault, store: MemoryStore, closing: Callable[[], None]
) -> None:
    other = Beside(writing(vault))
    closing()
    assert is_locked(other.ended())
    with pytest.raises(apsw.ConnectionClosedError):
        vault.catalog._writer.execute("SELECT 1")
    again = open_vault(vault.path, Offer(), store)
    assert again.catalog.query("SELECT * FROM settings WHERE name = 'late'") == []
    again.catalog.recompute()
    again.close()


@pytest.mark.parametrize("writes", [False, True])
def test_a_long_statement_is_interrupted(
    vault: Vault, closing: Callable[[], None], writes: bool
) -> None:
    def act(wait: Callable[[], None]) -> None:
        if writes:
            with vault.transaction() as tx:
                wait()
                tx.execute(ENDLESS)
        else:
            with vault.catalog.reading() as database:
                wait()
                database.execute(ENDLESS).fetchall()

    other = Beside(act)
    other.go_on()
    closing()
    assert is_locked(other.ended())


def test_another_program_that_writes_is_not_waited_for(
    vault: Vault, closing: Callable[[], None]
) -> None:
    other = connect(vault.catalog.path, vault.catalog._key)
    other.execute("BEGIN IMMEDIATE")
    closing()
    other.close()


def test_a_reader_in_another_program_is_not_waited_for(
    vault: Vault, closing: Callable[[], None]
) -> None:
    other = connect(vault.catalog.path, vault.catalog._key)
    other.execute("BEGIN")
    other.execute("SELECT * FROM items").fetchall()
    closing()
    other.close()


def test_a_keyring_that_hangs_is_not_waited_for(
    vault: Vault, store: MemoryStore, closing: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = threading.Event()

    def hang(*_: Any) -> None:
        waiting.wait(30)

    monkeypatch.setattr(store.memory, "set_password", hang)
    closing()
    waiting.set()


def test_previews_that_are_in_use_are_closed_by_who_uses_them(
    vault: Vault, closing: Callable[[], None]
) -> None:
    def act(wait: Callable[[], None]) -> None:
        with vault.previews._usable():
            wait()

    other = Beside(act)
    closing()
    assert other.ended() is None
    with pytest.raises(apsw.ConnectionClosedError):
        vault.previews._database.execute("SELECT 1")


@pytest.mark.parametrize("stuck", ["catalog.checkpoint", "previews.close"])
def test_a_disk_that_does_not_answer_does_not_keep_the_master_key(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, stuck: str
) -> None:
    """Whatever of the closing it holds up, before or after the files are let go."""
    there, answers, dropped = threading.Event(), threading.Event(), threading.Event()
    part, name = stuck.split(".")
    drop = vault._drop_keys

    def hang(*_: object) -> None:
        there.set()
        assert answers.wait(20)

    def told() -> None:
        drop()
        dropped.set()

    monkeypatch.setattr(getattr(vault, part), name, hang)
    monkeypatch.setattr(vault, "_drop_keys", told)
    closing = threading.Thread(target=vault.close)
    closing.start()
    try:
        assert there.wait(20)
        assert dropped.wait(20)
        assert closing.is_alive()
        assert vault._master is None
        assert vault._secrets == {}
    finally:
        answers.set()
        closing.join()
        monkeypatch.undo()
        vault.previews.close()


def test_in_nobodys_way_it_is_recorded_and_noted(vault: Vault, store: MemoryStore) -> None:
    vault.close()
    again = open_vault(vault.path, Offer(), store)
    newest = again.catalog.query("SELECT kind FROM entries ORDER BY sequence DESC LIMIT 2")
    assert newest == [(EntryKind.UNLOCKED.number,), (EntryKind.LOCKED.number,)]
    assert again.finding.verdict is Verdict.CURRENT
    again.close()
