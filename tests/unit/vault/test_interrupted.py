"""What a crash leaves behind: it is swept, it stops nothing, and it is trusted with nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

import pytest

from lighttight.errors import Environment, Integrity, LighttightError, Refused
from lighttight.files import failpoints
from lighttight.model import ObjectId, SlotId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import backup as backups
from lighttight.vault import checking, header_files, ways_in
from lighttight.vault.backup import backup, restore
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.objects import add_object, flip, read_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, make_vault, reopen

DATA = b"a picture" * 5000


class Crash(Exception):
    pass


def full() -> Environment:
    return Environment("disk-full", path="x")


class TestSweeping:
    def test_unfinished_files_beside_the_header_go(self, vault: Vault) -> None:
        for name in (
            *("header.0123abcd.part", "refused.0123abcd.part"),
            *("previews.db.part", "previews.db.part-journal"),
        ):
            (vault.path / name).write_bytes(b"half")
        assert checking.sweep(vault) == 4
        assert not list(vault.path.glob("*.part*"))

    def test_a_folder_with_such_a_name_is_nothing_of_ours(self, vault: Vault) -> None:
        (vault.path / "mine.part").mkdir()
        (vault.path / "header.0123abcd.part").write_bytes(b"half")
        assert checking.sweep(vault) == 1
        assert (vault.path / "mine.part").is_dir()

    def test_a_blob_that_is_to_be_removed_is_left_to_who_removes_it(self, vault: Vault) -> None:
        # Somebody of this process may be about to read it, and its preview goes first.
        stray = ObjectId("ab" * 16)
        with vault.transaction() as tx:
            ids = bytes.fromhex(stray)
            tx.execute("INSERT INTO removals VALUES (?, ?, 0)", (ids, ids))
            tx.record(EntryKind.DELETION_FINISHED, {Field.COUNT: 0})
        path = vault.blobs.path(stray)
        path.parent.mkdir()
        path.write_bytes(b"ordered to go")
        assert checking.sweep(vault) == 0
        assert path.exists()

    def test_a_log_is_not_left_without_its_catalog(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("catalog.7.db", "catalog.7.db-wal"):
            (vault.path / name).write_bytes(b"nobody names me")
        gone: list[str] = []
        unlink = Path.unlink

        def one_only(path: Path, missing_ok: bool = False) -> None:
            if gone:
                raise Crash
            gone.append(path.name)
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", one_only)
        with pytest.raises(Crash):
            checking.sweep(vault)
        monkeypatch.undo()
        checking.sweep(vault)
        assert not list(vault.path.glob("catalog.7*"))

    def test_a_look_at_an_older_copy_takes_nothing_from_the_newer(
        self, vault: Vault, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        catalog = vault.path / "catalog.1.db"
        vault.close()
        older = catalog.read_bytes()
        vault = open_vault(vault.path, Offer(), store)
        _, sealed = add_object(vault, DATA)
        vault.close()
        newer = catalog.read_bytes()
        catalog.write_bytes(older)
        (vault.path / "catalog.2.db").write_bytes(b"named by the header that was put away")
        vault = open_vault(vault.path, Offer(), store, accept_older=True)
        assert checking.sweep(vault) == 0
        # The note in the keyring is about the older one now; the record still knows.
        vault = reopen(vault)
        assert checking.sweep(vault) == 0
        vault.close()
        catalog.write_bytes(newer)
        vault = open_vault(vault.path, Offer(), store, accept_older=True)
        assert read_object(vault, sealed) == DATA
        assert (vault.path / "catalog.2.db").exists()
        later = checking.now_ms() + checking.SPARED_MS + 1
        monkeypatch.setattr(checking, "now_ms", lambda: later)
        assert checking.sweep(vault) == 1
        vault.close()

    def test_where_files_come_one_by_one_what_has_no_row_yet_stays(
        self, tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Blobs of another computer arrive before the catalog that names them, and what is removed
        # here is removed there.
        (tmp_path / "Dropbox").mkdir()
        vault = make_vault(tmp_path / "Dropbox" / "v", store, KEYRING).vault
        _, sealed = add_object(vault, DATA)
        early = vault.blobs.path(sealed.id).with_name(sealed.id[:2] + "0" * 30)
        early.write_bytes(b"of another computer")
        (vault.path / "catalog.2.db").write_bytes(b"of another computer")
        assert checking.sweep(vault) == 0
        later = checking.now_ms() + checking.SPARED_MS + 1000
        monkeypatch.setattr(checking, "now_ms", lambda: later)
        assert checking.sweep(vault) == 0
        assert early.exists()
        assert (vault.path / "catalog.2.db").exists()
        vault.close()

    def test_where_files_come_one_by_one_what_nobody_can_name_goes_after_long(
        self, tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "Dropbox").mkdir()
        vault = make_vault(tmp_path / "Dropbox" / "v", store, KEYRING).vault
        rotate(vault, reason="asked")
        stays = vault.path / "catalog.1 (conflicted copy).db"
        fan = vault.path / "blobs" / "ab"
        fan.mkdir()
        goes = [vault.path / "header.0123abcd.part", fan / ("ab" * 16 + ".part")]
        goes += [vault.path / "catalog.1.db", vault.path / "catalog.1.db-wal"]
        for path in (stays, *goes):
            path.write_bytes(b"left over")
        stray = SlotId("00" * 8)
        ways_in.announce(store, vault.id, [stray])
        store.set(ways_in.account(vault.id, stray), "this computer's, and never synchronised")
        for path in goes:
            os.utime(path, (0, 0))  # as the other computer had it, and the service brought it
        assert checking.sweep(vault) == 1
        assert all(path.exists() for path in goes)
        later = checking.now_ms() + checking.SPARED_MS + 1000
        monkeypatch.setattr(checking, "now_ms", lambda: later)
        assert checking.sweep(vault) == len(goes)
        assert not any(path.exists() for path in goes)
        assert stays.exists()
        vault.close()

    def test_a_log_whose_catalog_is_gone_goes_too(self, vault: Vault) -> None:
        (vault.path / "catalog.7.db-wal").write_bytes(b"nobody names me")
        before = sorted(one.name for one in vault.path.iterdir() if "catalog.7" not in one.name)
        assert checking.sweep(vault) == 1
        assert sorted(one.name for one in vault.path.iterdir()) == before

    def test_announced_keyring_items_that_no_slot_names_go(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        before = dict(store.memory.items)
        named = vault.slots[0].id
        stray = SlotId("00" * 8)
        ways_in.announce(store, vault.id, [named, stray])
        store.set(ways_in.account(vault.id, stray), "left over")
        assert checking.sweep(vault) == 1
        assert store.memory.items == before

    def test_a_forged_announcement_deletes_no_other_items(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        vault.settle()
        before = dict(store.memory.items)
        store.set(f"{vault.id}/unfinished", "anchor ../x * " + vault.slots[0].id)
        assert checking.sweep(vault) == 0
        assert store.memory.items == before

    def test_a_keyring_that_does_not_answer_stops_no_sweeping(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        (vault.path / "header.0123abcd.part").write_bytes(b"half")
        store.memory.broken = "keyring-hanging"
        assert checking.sweep(vault) == 1


class TestRotation:
    @pytest.mark.parametrize("point", ["header.between", "header.written"])
    def test_an_error_after_a_header_was_put_in_place_loses_no_catalog(
        self, vault: Vault, store: MemoryStore, failing, point: str
    ) -> None:
        _, sealed = add_object(vault, DATA)
        failing(point, full())
        with pytest.raises(Environment, match="disk-full"):
            rotate(vault, reason="asked")
        failpoints.disarm()
        again = reopen(vault)
        assert read_object(again, sealed) == DATA
        checking.sweep(again)
        checking.mend_header(again)
        again.catalog.recompute()
        third = reopen(again)
        assert checking.verify(third, deep=True).sound
        third.close()

    def test_nothing_is_written_to_a_catalog_that_may_not_be_in_force(
        self, vault: Vault, failing
    ) -> None:
        failing("header.between", full())
        with pytest.raises(Environment):
            rotate(vault, reason="asked")
        failpoints.disarm()
        with pytest.raises(Environment, match="disk-failed"):
            add_object(vault, DATA)

    def test_an_error_before_the_header_undoes_everything(
        self, vault: Vault, store: MemoryStore, failing
    ) -> None:
        kept = {key for key in store.memory.items if "unfinished" not in key[1]}
        failing("header.before-copy", full())
        with pytest.raises(Environment, match="disk-full"):
            rotate(vault, reason="asked")
        failpoints.disarm()
        assert [path.name for path in vault.path.glob("catalog.*.db")] == ["catalog.1.db"]
        assert {key for key in store.memory.items if "unfinished" not in key[1]} == kept
        add_object(vault, DATA)
        again = reopen(vault)
        again.catalog.recompute()
        again.close()

    def test_old_keyring_items_go_at_the_next_opening(
        self, vault: Vault, store: MemoryStore, failing
    ) -> None:
        failing("rotation.header-written", Crash())
        with pytest.raises(Crash):
            rotate(vault, reason="asked")
        failpoints.disarm()
        again = reopen(vault)
        checking.sweep(again)
        again.settle()
        assert len(store.memory.items) == 2, "one slot and the anchor"
        again.close()

    def test_a_disk_that_takes_nothing_away_is_named(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unlink = Path.unlink

        def refuse(path: Path, missing_ok: bool = False) -> None:
            if path.name == "catalog.2.db-journal" and (vault.path / "catalog.2.db").exists():
                raise OSError(errno.EROFS, "no more writing")
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(Environment, match="not-writable"):
            rotate(vault, reason="asked")


class TestAddingAWay:
    @pytest.mark.parametrize(
        ("point", "there"), [("header.before-copy", False), ("header.between", True)]
    )
    def test_an_error_leaves_the_way_in_whole_or_not_at_all(
        self, vault: Vault, store: MemoryStore, failing, point: str, there: bool
    ) -> None:
        failing(point, full())
        with pytest.raises(Environment):
            vault.add_way(KEYRING)
        failpoints.disarm()
        again = reopen(vault)
        checking.sweep(again)
        assert len(again.slots) == (3 if there else 2)
        for slot in again.slots[:1] + again.slots[2:]:
            assert store.get(ways_in.account(again.id, slot.id)) is not None
        again.close()


class TestBackup:
    @pytest.mark.parametrize(
        "name", ["catalog.new-wal", "catalog.new-shm", "header.0123abcd.part", "catalog.1.db-wal"]
    )
    def test_what_an_interrupted_one_left_does_not_stop_the_next(
        self, vault: Vault, tmp_path: Path, name: str
    ) -> None:
        add_object(vault, DATA)
        target = tmp_path / "b"
        (target / "blobs").mkdir(parents=True)
        (target / name).write_bytes(b"left over")
        assert backup(vault, target).items == 1
        assert sorted(one.name for one in target.iterdir()) == [
            *("blobs", "catalog.1.db", "header", "header.copy", "lock"),
        ]

    def test_what_was_copied_and_never_read_is_read(
        self, vault: Vault, tmp_path: Path, failing
    ) -> None:
        _, sealed = add_object(vault, DATA)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(backups.BlobStore, "verify", self.crash)
            with pytest.raises(Crash):
                backup(vault, tmp_path / "b")
        path = tmp_path / "b" / "blobs" / sealed.id[:2] / sealed.id
        flip(path)
        with pytest.raises(Integrity, match="blob-damaged"):
            backup(vault, tmp_path / "b")

    @staticmethod
    def crash(*_: object, **__: object) -> None:
        raise Crash


class TestRestoring:
    def test_it_can_be_tried_again(
        self, vault: Vault, tmp_path: Path, store: MemoryStore, failing
    ) -> None:
        _, sealed = add_object(vault, DATA)
        backup(vault, tmp_path / "b")
        vault.close()
        shutil.rmtree(vault.path)
        failing("restore.copied", Crash())
        with pytest.raises(Crash):
            restore(tmp_path / "b", vault.path, Offer(), store)
        assert not vault.path.exists()
        restored = restore(tmp_path / "b", vault.path, Offer(), store)
        assert read_object(restored, sealed) == DATA
        assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []
        restored.close()

    def test_a_folder_of_the_persons_own_is_not_cleared(
        self, vault: Vault, tmp_path: Path, store: MemoryStore
    ) -> None:
        backup(vault, tmp_path / "b")
        mine = tmp_path / "new.part"
        mine.mkdir()
        (mine / "holiday.jpg").write_bytes(b"mine")
        with pytest.raises(Refused, match="path-exists"):
            restore(tmp_path / "b", tmp_path / "new", Offer(), store)
        assert (mine / "holiday.jpg").read_bytes() == b"mine"


def test_are_the_files_what_they_were(vault: Vault) -> None:
    assert header_files.are(vault.path, vault.header_data)
    (vault.path / "header.copy").write_bytes(b"")
    assert not header_files.are(vault.path, vault.header_data)
    with contextlib.suppress(LighttightError):
        open_vault(vault.path, Offer(), vault.store).close()
