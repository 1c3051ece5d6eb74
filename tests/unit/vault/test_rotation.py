"""Rotation, backup and repair: what an old way in opens, and what survives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.audit.reading import Record
from lighttight.errors import Environment, Integrity, LighttightError, Refused
from lighttight.model import Factor
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import checking
from lighttight.vault.backup import backup, restore
from lighttight.vault.blobs import BlobStore
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer, WayIn
from tests.support.objects import add_object, flip, read_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import (
    BY_PASSPHRASE,
    KEYRING,
    PASSPHRASE,
    PASSPHRASE_WAY,
    cheap_derivation,
    make_vault,
    reopen,
)

DATA = b"a picture" * 5000


@pytest.fixture
def vault(tmp_path: Path, store: MemoryStore) -> Iterator[Vault]:
    with cheap_derivation():
        vault = make_vault(tmp_path / "v", store, KEYRING, PASSPHRASE_WAY).vault
        yield vault
        vault.close()


# Bytes that SQLite locks for reading, in every database (https://sqlite.org/fileformat2.html).
TRY_TO_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except BlockingIOError:
        sys.exit(3)
"""


def is_held(catalog: Path) -> bool:
    """Whether this process keeps others from taking the catalog for themselves."""
    done = subprocess.run([sys.executable, "-c", TRY_TO_LOCK, catalog], check=False, timeout=60)
    return {0: False, 3: True}[done.returncode]


def slot_with(vault: Vault, *factors: Factor):
    return next(slot for slot in vault.slots if slot.factors == factors)


class TestRotation:
    def test_the_new_catalog_is_held_against_other_programs(self, vault: Vault) -> None:
        assert is_held(vault.catalog.path)
        slot = slot_with(vault, Factor.PASSPHRASE)
        rotate(vault, reason="asked", passphrases={slot.id: PASSPHRASE})
        assert is_held(vault.catalog.path)

    def test_a_mistyped_passphrase_changes_nothing(self, vault: Vault) -> None:
        slot = slot_with(vault, Factor.PASSPHRASE)
        before = vault.header_data
        with pytest.raises(Refused, match="did-not-open"):
            rotate(vault, reason="asked", passphrases={slot.id: "wrong"})
        assert vault.header_data == before
        assert [p.name for p in vault.path.glob("catalog.*.db")] == ["catalog.1.db"]

    def test_refusing_the_new_words_changes_nothing(self, vault: Vault, store: MemoryStore) -> None:
        items = dict(store.memory.items)

        def refuse(_: tuple[str, ...]) -> None:
            raise Refused("recovery-words-checksum")

        with pytest.raises(Refused):
            rotate(vault, reason="asked", confirm=refuse)
        assert store.memory.items == items
        assert vault.header.catalog == 1

    def test_an_old_copy_with_the_old_secret_opens_nothing_made_later(
        self, vault: Vault, store: MemoryStore, tmp_path: Path
    ) -> None:
        old_header = vault.header_data
        old_items = dict(store.memory.items)
        rotate(vault, reason="someone may know")
        _, sealed = add_object(vault, DATA)
        for name in ("header", "header.copy"):
            (vault.path / name).write_bytes(old_header)
        thief = MemoryStore()
        thief.memory.items = {k: v for k, v in old_items.items() if "anchor" not in k[1]}
        with pytest.raises(LighttightError, match="catalog-missing"):
            open_vault(vault.path, Offer(), thief)
        shutil.copy(vault.catalog.path, tmp_path / "catalog.1.db")
        shutil.copy(vault.catalog.path, vault.path / "catalog.1.db")
        with pytest.raises(LighttightError, match="catalog-damaged"):
            open_vault(vault.path, Offer(), thief)
        assert read_object(vault, sealed) == DATA

    def test_slots_not_presented_are_gone_and_it_says_so(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        _, sealed = add_object(vault, DATA)
        done = rotate(vault, reason="asked")
        assert [slot.factors for slot in done.removed] == [(Factor.PASSPHRASE,)]
        assert done.words is not None
        with pytest.raises(Refused, match="way-in-missing"):
            vault.check_way(BY_PASSPHRASE)
        again = reopen(vault)
        assert read_object(again, sealed) == DATA
        again.check_way(Offer(recovery=" ".join(done.words), keyring=False))
        again.catalog.recompute()
        again.close()
        accounts = {name for _, name in store.memory.items}
        assert len(accounts) == 2, "one keyring slot and the anchor; the old item is gone"

    def test_presented_ways_and_words_stay(self, tmp_path: Path, store: MemoryStore) -> None:
        created = make_vault(tmp_path / "w", store, KEYRING, PASSPHRASE_WAY)
        vault = created.vault
        words = " ".join(created.words)
        vault.confirm_recovery(words)
        slot = slot_with(vault, Factor.PASSPHRASE)
        with cheap_derivation():
            done = rotate(vault, reason="asked", passphrases={slot.id: PASSPHRASE}, recovery=words)
        assert done.removed == ()
        assert done.words is None
        assert vault.recovery_confirmed
        for offer in (Offer(), BY_PASSPHRASE, Offer(recovery=words, keyring=False)):
            vault = reopen(vault, offer)
        vault.close()

    def test_gaining_a_pin_ends_the_one_click(self, vault: Vault) -> None:
        slot = slot_with(vault, Factor.KEYRING)
        pin = WayIn((Factor.KEYRING, Factor.PASSPHRASE), "730164")
        rotate(vault, reason="pin", drop=frozenset({slot.id}), add=(pin,))
        with pytest.raises(Refused, match="way-in-missing"):
            vault.check_way(Offer())
        vault.check_way(Offer(passphrase="730164"))

    def test_another_session_keeps_it_from_starting(self, vault: Vault, store: MemoryStore) -> None:
        other = open_vault(vault.path, Offer(), store)
        with pytest.raises(Environment, match="vault-busy"):
            rotate(vault, reason="asked")
        other.close()
        rotate(vault, reason="asked")

    def test_a_way_in_that_is_added_stands_in_the_record(self, vault: Vault) -> None:
        weak = WayIn((Factor.PASSPHRASE,), "abc", weak_allowed=True)
        with cheap_derivation():
            rotate(vault, reason="asked", add=(weak,))
        added = next(one for one in vault.slots if one.factors == (Factor.PASSPHRASE,))
        entries = {one.kind: one.values for one in Record(vault).entries()}
        assert entries[EntryKind.SLOT_ADDED][Field.SLOT] == added.id
        assert entries[EntryKind.WEAKENED][Field.SETTING] == "passphrase"


class TestBackup:
    def test_a_backup_that_holds_more_is_not_written_over(
        self, vault: Vault, store: MemoryStore, tmp_path: Path
    ) -> None:
        # Files put back to an earlier day, and the next backup would take the rest from the
        # only place that still has it.
        target = tmp_path / "backup"
        vault.close()
        catalog = vault.path / "catalog.1.db"
        older = catalog.read_bytes()
        vault = open_vault(vault.path, Offer(), store)
        _, sealed = add_object(vault, DATA)
        backup(vault, target)
        vault.close()
        catalog.write_bytes(older)
        vault = open_vault(vault.path, Offer(), store, accept_older=True)
        for number in range(9):
            add_object(vault, DATA + bytes([number]))
        with pytest.raises(Refused, match="backup-apart"):
            backup(vault, target)
        assert BlobStore(target / "blobs", vault.id).path(sealed.id).exists()
        vault.close()

    @pytest.mark.parametrize("name", ["film.mkv.part", "catalog.pdf", "catalog.mine.db"])
    def test_a_folder_of_somebody_is_no_unfinished_backup(
        self, vault: Vault, tmp_path: Path, name: str
    ) -> None:
        target = tmp_path / "Downloads"
        target.mkdir()
        (target / name).write_text("mine")
        with pytest.raises(Refused, match="path-exists"):
            backup(vault, target)
        assert (target / name).read_text() == "mine"

    def test_restoring_clears_only_what_restoring_left(self, vault: Vault, tmp_path: Path) -> None:
        backup(vault, tmp_path / "backup")
        mine = tmp_path / "again.part" / "blobs" / "thesis.txt"
        mine.parent.mkdir(parents=True)
        mine.write_text("mine")
        with pytest.raises(Refused, match="path-exists"):
            restore(tmp_path / "backup", tmp_path / "again", Offer(), vault.store)
        assert mine.read_text() == "mine"

    def test_a_backup_that_was_opened_to_look_at_it_goes_on(
        self, vault: Vault, tmp_path: Path
    ) -> None:
        target = tmp_path / "backup"
        backup(vault, target)
        open_vault(target, BY_PASSPHRASE, MemoryStore()).close()
        backup(vault, target)

    def test_refused_places(self, vault: Vault, tmp_path: Path, store: MemoryStore) -> None:
        with pytest.raises(Refused, match="backup-inside"):
            backup(vault, vault.path / "inside")
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine.txt").write_text("mine")
        with pytest.raises(Refused, match="path-exists"):
            backup(vault, tmp_path / "full")
        other = make_vault(tmp_path / "other", store).vault
        other.close()
        with pytest.raises(Refused, match="backup-other-vault"):
            backup(vault, other.path)

    def test_a_damaged_blob_is_not_backed_up_as_good(self, vault: Vault, tmp_path: Path) -> None:
        _, sealed = add_object(vault, DATA)
        path = vault.blobs.path(sealed.id)
        flip(path)
        with pytest.raises(Integrity, match="blob-damaged"):
            backup(vault, tmp_path / "b")
        assert not (tmp_path / "b" / "header").exists()
        assert vault.meta("backup") is None

    def test_it_grows_by_what_is_new_and_restores(
        self, vault: Vault, tmp_path: Path, store: MemoryStore
    ) -> None:
        _, first = add_object(vault, DATA)
        assert backup(vault, tmp_path / "b").copied == 1
        _, second = add_object(vault, DATA[::-1])
        done = backup(vault, tmp_path / "b")
        assert (done.items, done.copied) == (2, 1)
        vault.close()
        shutil.rmtree(vault.path)
        restored = restore(tmp_path / "b", vault.path, BY_PASSPHRASE, store)
        assert read_object(restored, first) == DATA
        assert read_object(restored, second) == DATA[::-1]
        assert checking.verify(restored, deep=True).sound
        restored.close()

    def test_restoring_never_writes_over_anything(
        self, vault: Vault, tmp_path: Path, store: MemoryStore
    ) -> None:
        backup(vault, tmp_path / "b")
        with pytest.raises(Refused, match="path-exists"):
            restore(tmp_path / "b", vault.path, Offer(), store)

    def test_a_purged_blob_leaves_the_next_backup(self, vault: Vault, tmp_path: Path) -> None:
        _, sealed = add_object(vault, DATA)
        backup(vault, tmp_path / "b")
        with vault.transaction() as tx:
            tx.execute("DELETE FROM items")
            tx.execute("DELETE FROM objects")
            tx.record(EntryKind.REPAIRED, {Field.REASON: "x", Field.COUNT: 1})
        backup(vault, tmp_path / "b")
        assert not (tmp_path / "b" / "blobs" / sealed.id[:2] / sealed.id).exists()


class TestChecking:
    def test_damage_is_named_per_item(self, vault: Vault) -> None:
        good, _ = add_object(vault, b"good" * 999)
        bad, sealed = add_object(vault, b"bad" * 999)
        gone, missing = add_object(vault, b"gone" * 999)
        path = vault.blobs.path(sealed.id)
        flip(path)
        vault.blobs.remove(missing.id)
        quick = checking.verify(vault)
        assert {(one.code, one.item) for one in quick.damage} == {("blob-missing", gone)}
        deep = checking.verify(vault, deep=True)
        assert {(one.code, one.item) for one in deep.damage} == {
            ("blob-missing", gone),
            ("blob-damaged", bad),
        }
        assert good not in {one.item for one in deep.damage}

    def test_sweeping_takes_only_what_nobody_names(self, vault: Vault) -> None:
        _, sealed = add_object(vault, DATA)
        orphan = vault.blobs.path(sealed.id).with_name(sealed.id[:2] + "0" * 30)
        orphan.write_bytes(b"left over")
        part = orphan.with_name(orphan.name + ".part")
        part.write_bytes(b"half")
        (vault.path / "catalog.7.db").write_bytes(b"nobody names me")
        assert checking.verify(vault).orphans == 1
        assert checking.sweep(vault) == 3
        assert read_object(vault, sealed) == DATA
        assert checking.sweep(vault) == 0

    def test_sweeping_waits_for_another_session(self, vault: Vault, store: MemoryStore) -> None:
        other = open_vault(vault.path, Offer(), store)
        assert checking.sweep(vault) is None
        other.close()

    @pytest.mark.parametrize("name", ["header", "header.copy"])
    def test_the_header_is_mended_from_its_copy(self, vault: Vault, name: str) -> None:
        assert checking.mend_header(vault) is False
        (vault.path / name).write_bytes(b"")
        assert not checking.verify(vault).sound
        assert checking.mend_header(vault) is True
        assert checking.verify(vault).sound
        reopen(vault).close()

    def test_a_forged_entry_is_found(self, vault: Vault) -> None:
        add_object(vault, DATA)
        vault.catalog._writer.execute("UPDATE entries SET claimed = claimed + 1")
        codes = {one.code for one in checking.verify(vault).damage}
        assert {"state-differs", "entry-forged"} <= codes
