"""A backup beside others who use it, and a restored copy beside its original."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lighttight.errors import Environment, Integrity, Refused
from lighttight.sealed.anchor import Verdict
from lighttight.sealed.entries import EntryKind
from lighttight.vault import checking, lock_file
from lighttight.vault.backup import backup, restore
from lighttight.vault.lock_file import VaultLock
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore
from tests.unit.conftest import At

DATA = b"a picture" * 500
HOLD = """
import sys
from pathlib import Path
from lighttight.vault.lock_file import VaultLock
lock = VaultLock(Path(sys.argv[1]))
lock.exclusive()
print("held", flush=True)
sys.stdin.read()
"""


class Crash(Exception):
    pass


@pytest.fixture
def kept(vault: Vault, tmp_path: Path) -> Path:
    """A backup of one picture."""
    add_object(vault, DATA)
    backup(vault, tmp_path / "b")
    return tmp_path / "b"


@pytest.fixture
def practice(vault: Vault, kept: Path, store: MemoryStore) -> Path:
    """A copy that was restored while the original went on."""
    add_object(vault, b"newer")
    path = kept.with_name("practice")
    restore(kept, path, Offer(), store).close()
    return path


def verdict(path: Path, store: MemoryStore) -> Verdict | None:
    vault = open_vault(path, Offer(), store)
    vault.close()
    return vault.finding.verdict


def files(path: Path) -> dict[str, bytes]:
    found = [one for one in path.rglob("*") if one.is_file() and one.name != "lock"]
    return {str(one.relative_to(path)): one.read_bytes() for one in found}


class TestInUse:
    @pytest.mark.parametrize("alone", [True, False])
    def test_a_backup_that_somebody_uses_is_not_touched(
        self, vault: Vault, kept: Path, alone: bool
    ) -> None:
        before = files(kept)
        other = VaultLock(kept)
        other.exclusive() if alone else other.shared()
        add_object(vault, b"newer")
        with pytest.raises(Environment, match="backup-busy"):
            backup(vault, kept)
        other.release()
        assert files(kept) == before
        assert backup(vault, kept).items == 2

    def test_afterwards_nobody_holds_it(self, kept: Path) -> None:
        other = VaultLock(kept)
        assert other.try_exclusive()
        other.release()

    def test_one_that_is_being_written_is_not_restored(
        self, kept: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = VaultLock(kept)
        other.exclusive()
        monkeypatch.setattr(VaultLock.shared, "__defaults__", (0,))
        with pytest.raises(Environment, match="vault-busy"):
            restore(kept, kept.with_name("new"), Offer(), store)
        other.release()
        assert not kept.with_name("new").exists()

    def test_one_that_cannot_be_written_is_restored_all_the_same(
        self, kept: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.open

        def refuse(path: Any, flags: int, *more: int) -> int:
            if Path(path) == kept / "lock":
                raise OSError(errno.EROFS, "read only")
            return real(path, flags, *more)

        monkeypatch.setattr(lock_file.os, "open", refuse)
        vault = restore(kept, kept.with_name("new"), Offer(), store)
        assert len(vault.catalog.query("SELECT id FROM items")) == 1
        vault.close()

    def test_a_catalog_that_changed_while_it_was_copied_is_noticed(
        self, kept: Path, store: MemoryStore, vault: Vault
    ) -> None:
        database = open_vault(kept, Offer(), store, accept_older=True)
        database.catalog._writer.execute("UPDATE items SET caption = 'not by the program'")
        database.close()
        with pytest.raises(Integrity, match="state-differs"):
            restore(kept, kept.with_name("new"), Offer(), store)
        assert not kept.with_name("new").exists()


class TestBesideTheOriginal:
    def test_both_go_on_and_neither_looks_old(
        self, vault: Vault, practice: Path, store: MemoryStore
    ) -> None:
        vault.close()
        for _ in range(2):
            for path in (practice, vault.path):
                assert verdict(path, store) is Verdict.CURRENT

    def test_the_original_looks_right_after_a_restore_of_its_newest_state(
        self, vault: Vault, kept: Path, store: MemoryStore
    ) -> None:
        vault.close()
        restore(kept, kept.with_name("practice"), Offer(), store).close()
        assert verdict(vault.path, store) is Verdict.CURRENT

    def test_one_put_in_the_place_of_the_other_is_noticed(
        self, vault: Vault, practice: Path, store: MemoryStore
    ) -> None:
        vault.close()
        aside = practice.with_name("aside")
        vault.path.rename(aside)
        practice.rename(vault.path)
        with pytest.raises(Integrity, match=r"vault-older|vault-forked"):
            open_vault(vault.path, Offer(), store)
        aside.rename(practice)
        with pytest.raises(Integrity, match="vault-forked"):
            open_vault(practice, Offer(), store)

    def test_an_older_copy_of_the_copy_is_noticed(
        self, vault: Vault, practice: Path, store: MemoryStore, tmp_path: Path
    ) -> None:
        vault.close()
        shutil.copytree(practice, tmp_path / "older")
        assert verdict(practice, store) is Verdict.CURRENT
        shutil.rmtree(practice)
        (tmp_path / "older").rename(practice)
        with pytest.raises(Integrity, match="vault-older"):
            open_vault(practice, Offer(), store)

    def test_on_another_computer_it_takes_the_place_of_the_original(
        self, vault: Vault, kept: Path, store: MemoryStore
    ) -> None:
        vault.close()
        elsewhere = MemoryStore()
        elsewhere.memory.items.update(
            {name: value for name, value in store.memory.items.items() if "anchor" not in name[1]}
        )
        path = kept.with_name("new")
        restore(kept, path, Offer(), elsewhere).close()
        moved = path.rename(path.with_name("moved"))
        assert verdict(moved, elsewhere) is Verdict.CURRENT


@pytest.mark.parametrize("point", ["restore.noted", "restore.named"])
def test_a_crash_leaves_nothing_or_what_opens_without_a_question(
    vault: Vault, kept: Path, store: MemoryStore, failing, point: str
) -> None:
    vault.close()
    path = kept.with_name("new")
    failing(point, Crash())
    with pytest.raises(Crash):
        restore(kept, path, Offer(), store)
    assert path.exists() == (point == "restore.named")
    if not path.exists():
        restore(kept, path, Offer(), store).close()
    again = open_vault(path, Offer(), store)
    entries = [kind for (kind,) in again.catalog.query("SELECT kind FROM entries")]
    assert entries.count(EntryKind.RESTORED.number) == 1
    assert EntryKind.OLDER_ACCEPTED.number not in entries
    again.close()
    assert verdict(vault.path, store) is Verdict.CURRENT


class TestTwoAtATime:
    @pytest.mark.parametrize("point", ["restore.copied", "restore.noted"])
    def test_the_second_is_refused_and_the_first_ends_well(
        self, kept: Path, store: MemoryStore, at: At, point: str
    ) -> None:
        path = kept.with_name("new")

        def second() -> None:
            before = files(path.with_name("new.part"))
            with pytest.raises(Environment, match="restore-busy") as caught:
                restore(kept, path, Offer(), store)
            assert caught.value.facts["path"] == str(path)
            assert files(path.with_name("new.part")) == before

        at(point, second)
        restored = restore(kept, path, Offer(), store)
        assert checking.verify(restored, deep=True).sound
        restored.close()
        assert not path.with_name("new.part").exists()

    def test_another_process_is_in_the_way_until_it_was_killed(
        self, kept: Path, store: MemoryStore
    ) -> None:
        path = kept.with_name("new")
        part = path.with_name("new.part")
        part.mkdir()
        (part / "header").write_bytes(b"half of it")
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, part], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(Environment, match="restore-busy") as caught:
                restore(kept, path, Offer(), store)
            assert str(other.pid) in str(caught.value.facts["holders"])
            assert (part / "header").read_bytes() == b"half of it"
            other.kill()
            other.wait()
        restored = restore(kept, path, Offer(), store)
        assert checking.verify(restored, deep=True).sound
        restored.close()

    def test_the_place_that_was_taken_meanwhile_is_left_alone(
        self, kept: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = kept.with_name("new")
        real = VaultLock.exclusive

        def late(self: VaultLock, timeout: float = 0) -> None:
            real(self, timeout)
            path.mkdir()
            (path / "header").write_bytes(b"the first one")

        monkeypatch.setattr(VaultLock, "exclusive", late)
        with pytest.raises(Refused, match="path-exists"):
            restore(kept, path, Offer(), store)
        assert files(path) == {"header": b"the first one"}
        assert not path.with_name("new.part").exists()


def test_the_words_are_tried_before_anything_is_copied(
    vault: Vault, kept: Path, store: MemoryStore
) -> None:
    store.memory.items.clear()
    with pytest.raises(Environment, match="keyring-stale"):
        restore(kept, kept.with_name("new"), Offer(), store)
    assert not kept.with_name("new.part").exists()


@pytest.mark.parametrize("inside", ["b/blobs/zz", "b/new", "b/blobs"])
def test_nothing_is_restored_or_backed_up_into_a_backup(
    vault: Vault, kept: Path, store: MemoryStore, tmp_path: Path, inside: str
) -> None:
    before = files(kept)
    for act in (
        lambda: restore(kept, tmp_path / inside, Offer(), store).close(),
        lambda: backup(vault, tmp_path / inside),
    ):
        with pytest.raises(Refused, match="place-inside"):
            act()
    assert files(kept) == before
    assert not (kept / "new").exists()


@pytest.mark.parametrize("there", [False, True])
def test_a_backup_that_copied_nothing_leaves_nothing(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    add_object(vault, DATA)
    target = tmp_path / "b"
    if there:
        target.mkdir()

    def full(*_: object) -> int:
        raise Environment("disk-full", path=str(target))

    monkeypatch.setattr("lighttight.vault.backup.copy_file_durably", full)
    with pytest.raises(Environment, match="disk-full"):
        backup(vault, target)
    assert target.exists() == there
    assert not there or not list(target.iterdir())
    monkeypatch.undo()
    assert backup(vault, target).copied == 1
