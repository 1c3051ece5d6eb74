"""One process, several threads: reading, locking and backing up while every key is changed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from lighttight.errors import Environment, LighttightError
from lighttight.files.failpoints import FAILPOINTS
from lighttight.model import Factor
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import backup as backups
from lighttight.vault import checking
from lighttight.vault import vault as vaults
from lighttight.vault.backup import backup
from lighttight.vault.catalog import Transaction
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer, WayIn
from tests.support.objects import add_object, read_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, cheap_derivation, make_vault
from tests.unit.conftest import At

PASSPHRASE = "old old old"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
COUNTING = (
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3000000)"
    " SELECT count(*) FROM c"
)


def beside(act: Callable[[], object]) -> Callable[[], None]:
    """Something for a failpoint: does it once, in another thread, as far as it gets in a moment."""

    def run() -> None:
        with contextlib.suppress(LighttightError):
            act()

    def go() -> None:
        if threads:
            return
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(0.3)
        threads.append(thread)

    threads: list[threading.Thread] = []
    go.__dict__["threads"] = threads
    return go


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "PATIENCE", 0.1)


def test_who_reads_is_not_told_that_the_vault_was_locked(vault: Vault) -> None:
    old = vault.catalog.path
    with vault.catalog.reading() as database:
        before = database.execute("SELECT count(*) FROM entries").get
        rotate(vault, reason="asked")
        assert not old.exists()
        assert database.execute("SELECT count(*) FROM entries").get == before
    assert vault.catalog.query("SELECT count(*) FROM entries") > [(before,)]
    assert len(vault.catalog._idle) == 1, "the old connection does not come back"


def test_a_long_statement_of_another_thread_ends_in_peace(vault: Vault) -> None:
    answers: list[object] = []

    def count() -> None:
        try:
            answers.append(vault.catalog.one(COUNTING))
        except LighttightError as error:
            answers.append(error)

    thread = threading.Thread(target=count)
    thread.start()
    rotate(vault, reason="asked")
    thread.join()
    assert answers == [(3_000_000,)]


def test_who_still_reads_the_old_catalog_is_interrupted_by_locking(vault: Vault) -> None:
    def read() -> None:
        with vault.catalog.reading() as database:
            rows = database.execute(ENDLESS)
            next(rows)
            rotate(vault, reason="asked")
            vault.close()
            rows.fetchall()

    with pytest.raises(Environment, match="vault-locked"):
        read()
    assert not vault.catalog._reading


def test_who_wrote_goes_on_in_the_new_catalog(vault: Vault, store: MemoryStore, at: At) -> None:
    def write() -> None:
        with vault.transaction() as tx:
            tx.execute("INSERT INTO settings VALUES ('late', '1')")
            tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "late", Field.VALUE: "1"})

    thread = threading.Thread(target=write)
    at("rotation.catalog-copied", thread.start)
    rotate(vault, reason="asked")
    thread.join()
    vault.close()
    again = open_vault(vault.path, Offer(), store)
    assert again.catalog.one("SELECT value FROM settings WHERE name = 'late'") == ("1",)
    again.catalog.recompute()
    again.close()


@pytest.mark.parametrize(
    "point", ["rotation.catalog-durable", "header.written", "rotation.header-written"]
)
def test_locking_is_not_undone(vault: Vault, store: MemoryStore, at: At, point: str) -> None:
    def lock() -> None:
        thread = threading.Thread(target=vault.close)
        thread.start()
        thread.join()
        assert vault._master is None

    at(point, lock)
    with contextlib.suppress(Environment):
        rotate(vault, reason="asked")
    assert vault.closed
    assert vault._master is None
    assert vault._secrets == {}
    assert vault.catalog._key == b""
    with pytest.raises(Environment, match="vault-locked"):
        vault.catalog.query("SELECT 1")
    again = open_vault(vault.path, Offer(), store)
    again.catalog.recompute()
    checking.sweep(again)
    assert len(list(again.path.glob("catalog.*.db"))) == 1
    again.close()


def test_the_new_key_of_the_previews_does_not_stay_either(vault: Vault, at: At) -> None:
    def lock() -> None:
        thread = threading.Thread(target=vault.close)
        thread.start()
        thread.join()

    def finish(tx: Transaction) -> None:
        tx.record(EntryKind.ALL_SEALED_AGAIN, {Field.COUNT: 0})

    at("catalog.after-commit", lock)
    with contextlib.suppress(Environment):
        vault.renew_previews(finish)
    assert vault.previews._key == b""
    assert vault._secrets == {}


def test_a_locked_vault_does_not_take_its_lock_again(vault: Vault, store: MemoryStore) -> None:
    vault.close()
    with pytest.raises(Environment, match="vault-locked"), vault.alone():
        pass
    assert not vault.lock.held


def test_a_reader_that_cannot_end_well_is_closed(vault: Vault) -> None:
    taken: list[apsw.Connection] = []

    def read() -> None:
        with vault.catalog.reading() as database:
            taken.append(database)
            rows = database.execute(ENDLESS)
            next(rows)
            vault.catalog.close()

    with pytest.raises(Environment, match="vault-locked"):
        read()
    with pytest.raises(apsw.ConnectionClosedError):
        taken[0].execute("SELECT 1")
    assert not vault.catalog._reading


@pytest.mark.parametrize("point", ["before", "backup.blobs-copied", "backup.catalog-copied"])
def test_a_backup_beside_a_rotation_opens_with_the_new_ways_only(
    tmp_path: Path, store: MemoryStore, at: At, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    way = WayIn((Factor.PASSPHRASE,), PASSPHRASE, weak_allowed=True)
    with cheap_derivation():
        vault = make_vault(tmp_path / "w", store, KEYRING, way).vault
        _, sealed = add_object(vault, b"a picture")
        (removed,) = (one for one in vault.slots if one.factors == (Factor.PASSPHRASE,))

        def change() -> None:
            rotate(vault, reason="asked", drop=frozenset({removed.id}))

        go = beside(change)
        if point == "before":
            earlier = backups._insist_on_earlier

            def slow(*given: object) -> None:
                earlier(*given)  # type: ignore[arg-type]
                go()

            monkeypatch.setattr(backups, "_insist_on_earlier", slow)
        else:
            at(point, go)
        backup(vault, tmp_path / "b")
        for thread in go.__dict__["threads"]:
            thread.join()
        assert vault.header.catalog == 2
        if point != "backup.blobs-copied":
            # The change waited until the backup was one of the moment before it.
            monkeypatch.undo()
            backup(vault, tmp_path / "b")
        vault.close()
        with pytest.raises(LighttightError):
            open_vault(tmp_path / "b", Offer(passphrase=PASSPHRASE, keyring=False), store)
        there = open_vault(tmp_path / "b", Offer(), store, accept_older=True)
        assert read_object(there, sealed) == b"a picture"
        there.close()


ROTATING = sorted(one for one in FAILPOINTS if one.startswith(("rotation.", "header.")))
BACKING_UP = ["backup.blobs-copied", "backup.catalog-copied", "backup.done"]


@pytest.mark.parametrize(
    ("act", "point", "other"),
    [
        *(("rotate", point, other) for point in ROTATING for other in ("close", "backup")),
        *(("backup", point, other) for point in BACKING_UP for other in ("close", "rotate")),
    ],
)
def test_one_act_in_the_middle_of_another(
    vault: Vault, store: MemoryStore, tmp_path: Path, at: At, act: str, point: str, other: str
) -> None:
    _, sealed = add_object(vault, b"a picture")
    acts: dict[str, Callable[[], object]] = {
        "rotate": lambda: rotate(vault, reason="asked"),
        "backup": lambda: backup(vault, tmp_path / "b"),
        "close": vault.close,
    }
    go = beside(acts[other])
    at(point, go)
    with contextlib.suppress(Environment):
        acts[act]()
    (thread,) = go.__dict__["threads"]
    thread.join(20)
    assert not thread.is_alive()
    if other != "close":
        assert not vault.closed
        backup(vault, tmp_path / "b")
    vault.close()
    assert vault._master is None
    assert not vault.lock.held
    for path in (vault.path, tmp_path / "b"):
        if (path / "header").exists():
            again = open_vault(path, Offer(), store, accept_older=path != vault.path)
            again.catalog.recompute()
            assert read_object(again, sealed) == b"a picture"
            again.close()
