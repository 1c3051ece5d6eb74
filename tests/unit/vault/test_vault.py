"""Making, opening and locking a vault, and what must not open."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import traceback
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from lighttight.errors import Environment, Integrity, LighttightError, Refused, Unsupported
from lighttight.model import Factor
from lighttight.sealed.anchor import Verdict
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.keys import catalog_key
from lighttight.vault import catalog, header_files
from lighttight.vault.anchoring import AnchorState
from lighttight.vault.backup import backup
from lighttight.vault.catalog import translating
from lighttight.vault.creating import create
from lighttight.vault.vault import Vault, look, open_vault
from lighttight.vault.ways_in import Offer, WayIn
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import (
    BY_PASSPHRASE,
    KEYRING,
    PASSPHRASE,
    PASSPHRASE_WAY,
    make_vault,
    reopen,
)


def kinds(vault: Vault) -> list[EntryKind]:
    rows = vault.catalog.query("SELECT kind FROM entries ORDER BY sequence")
    by_number = {kind.number: kind for kind in EntryKind}
    return [by_number[number] for (number,) in rows]


def note(vault: Vault, text: str) -> None:
    with vault.transaction() as tx:
        tx.execute("INSERT OR REPLACE INTO settings VALUES ('note', ?)", (text,))
        tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "note", Field.VALUE: text})


def code_of(act: object, *args: object, **more: object) -> str:
    with pytest.raises(LighttightError) as caught:
        act(*args, **more)  # pyright: ignore[reportCallIssue]
    return caught.value.code


class TestMaking:
    def test_nothing_is_left_when_the_keyring_fails(self, tmp_path: Path) -> None:
        store = MemoryStore()
        store.memory.broken = "keyring-locked"
        path = tmp_path / "Home.lighttight"
        assert code_of(create, path, "Home", (KEYRING,), store) == "keyring-locked"
        assert not path.exists()
        assert not store.memory.items

    def test_a_directory_with_anything_in_it_is_refused(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        (tmp_path / "holiday.jpg").write_bytes(b"mine")
        assert code_of(create, tmp_path, "Home", (KEYRING,), store) == "path-exists"
        assert (tmp_path / "holiday.jpg").read_bytes() == b"mine"

    def test_who_comes_second_takes_nothing_from_who_came_first(
        self, tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "Home.lighttight"
        chmod = Path.chmod

        def first_comes(self: Path, mode: int) -> None:
            monkeypatch.undo()
            chmod(self, mode)
            make_vault(path, store, KEYRING).vault.close()

        monkeypatch.setattr(Path, "chmod", first_comes)
        assert code_of(create, path, "Home", (KEYRING,), store) == "path-exists"
        open_vault(path, Offer(), store).close()

    @pytest.mark.parametrize(
        ("way", "code"),
        [
            (WayIn((Factor.PASSPHRASE,), "password1"), "passphrase-weak"),
            (WayIn((Factor.KEYRING, Factor.PASSPHRASE), "12345"), "pin-short"),
            (WayIn((Factor.KEYRING, Factor.PASSPHRASE), "123456"), "pin-easy"),
            (WayIn((Factor.KEYRING, Factor.PASSPHRASE), "77777777"), "pin-easy"),
            (WayIn((Factor.PASSPHRASE,)), "passphrase-missing"),
            (WayIn((Factor.FIDO2,)), "way-in-unsupported"),
        ],
    )
    def test_a_weak_way_in_is_refused_before_anything_is_written(
        self, tmp_path: Path, store: MemoryStore, way: WayIn, code: str
    ) -> None:
        path = tmp_path / "Home.lighttight"
        assert code_of(create, path, "Home", (way,), store) == code
        assert not path.exists()

    def test_files_are_for_the_owner_alone(self, vault: Vault) -> None:
        modes = {one.stat().st_mode & 0o077 for one in [vault.path, *vault.path.rglob("*")]}
        assert modes == {0}

    def test_it_begins_the_record(self, vault: Vault) -> None:
        assert kinds(vault) == [
            EntryKind.VAULT_CREATED,
            EntryKind.IDENTITY_MADE,
            EntryKind.EPOCH_BEGAN,
        ]
        vault.catalog.recompute()


class TestOpening:
    def test_wrong_passphrase_changes_nothing_but_is_told_next_time(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        vault = make_vault(tmp_path / "v", store, PASSPHRASE_WAY).vault
        vault.close()
        before = {p: p.read_bytes() for p in vault.path.iterdir() if p.is_file()}
        wrong = Offer(passphrase="not the one", keyring=False)
        assert code_of(open_vault, vault.path, wrong, store) == "did-not-open"
        after = {p: p.read_bytes() for p in vault.path.iterdir() if p.is_file()}
        assert {p.name for p in after if after[p] != before.get(p)} == {"refused"}
        again = open_vault(vault.path, BY_PASSPHRASE, store)
        assert again.since.failed_tries == 1
        assert EntryKind.UNLOCK_REFUSED in kinds(again)
        third = reopen(again, BY_PASSPHRASE)
        assert third.since.failed_tries == 0
        third.close()

    def test_a_typed_passphrase_is_never_ignored(self, tmp_path: Path, store: MemoryStore) -> None:
        vault = make_vault(tmp_path / "v", store, KEYRING, PASSPHRASE_WAY).vault
        vault.close()
        assert code_of(open_vault, vault.path, Offer(passphrase="wrong one"), store) == (
            "did-not-open"
        )
        open_vault(vault.path, Offer(), store).close()
        open_vault(vault.path, Offer(passphrase=PASSPHRASE), store).close()

    def test_pin_needs_the_keyring_and_the_keyring_needs_the_pin(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        way = WayIn((Factor.KEYRING, Factor.PASSPHRASE), "402971")
        vault = make_vault(tmp_path / "v", store, way).vault
        vault.close()
        assert look(vault.path).slots[0].pin
        assert code_of(open_vault, vault.path, Offer(), store) == "way-in-missing"
        only_pin = Offer(passphrase="402971", keyring=False)
        assert code_of(open_vault, vault.path, only_pin, store) == "way-in-missing"
        assert code_of(open_vault, vault.path, Offer(passphrase="402972"), store) == "did-not-open"
        open_vault(vault.path, Offer(passphrase="402971"), store).close()
        other = MemoryStore()
        assert code_of(open_vault, vault.path, Offer(passphrase="402971"), other) == (
            "keyring-stale"
        )

    def test_recovery_words_open(self, tmp_path: Path, store: MemoryStore) -> None:
        created = make_vault(tmp_path / "v", store, KEYRING)
        created.vault.close()
        words = " ".join(created.words)
        nowhere = MemoryStore()
        vault = open_vault(created.vault.path, Offer(recovery=words, keyring=False), nowhere)
        assert not vault.recovery_confirmed
        vault.confirm_recovery(words.upper())
        assert vault.recovery_confirmed
        vault.close()

    @pytest.mark.parametrize(
        "state", ["keyring-absent", "keyring-locked", "keyring-hanging", "keyring-broken"]
    )
    def test_a_keyring_that_does_not_answer_loses_nothing(
        self, vault: Vault, store: MemoryStore, state: str
    ) -> None:
        vault.close()
        before = {p: p.read_bytes() for p in vault.path.iterdir() if p.is_file()}
        store.memory.broken = state
        assert code_of(open_vault, vault.path, Offer(), store) == state
        assert before == {p: p.read_bytes() for p in vault.path.iterdir() if p.is_file()}
        store.memory.broken = None
        open_vault(vault.path, Offer(), store).close()

    def test_wrong_and_stale_items_have_their_own_words(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        vault.close()
        account = next(key for key in store.memory.items if "anchor" not in key[1])
        good = store.memory.items[account]
        store.memory.items[account] = good[::-1]
        assert code_of(open_vault, vault.path, Offer(), store) == "keyring-wrong"
        del store.memory.items[account]
        assert code_of(open_vault, vault.path, Offer(), store) == "keyring-stale"

    def test_a_newer_format_is_left_alone(self, vault: Vault, store: MemoryStore) -> None:
        vault.close()
        for name in (header_files.HEADER, header_files.COPY):
            lines = (vault.path / name).read_bytes().splitlines(keepends=True)
            body = b"lighttight-vault 2\n" + lines[1]
            digest = hashlib.sha256(body).hexdigest().encode()
            (vault.path / name).write_bytes(body + b"sha256 " + digest + b"\n" + lines[3])
        with pytest.raises(Unsupported) as caught:
            open_vault(vault.path, Offer(), store)
        assert caught.value.code == "vault-newer"

    def test_missing_and_empty_places(self, tmp_path: Path, store: MemoryStore) -> None:
        assert code_of(open_vault, tmp_path / "no", Offer(), store) == "vault-missing"
        assert code_of(open_vault, tmp_path, Offer(), store) == "not-a-vault"
        assert list(tmp_path.iterdir()) == []

    def test_one_destroyed_header_is_not_enough(self, vault: Vault, store: MemoryStore) -> None:
        vault.close()
        (vault.path / "header").write_bytes(b"garbage")
        assert look(vault.path).header_damaged
        open_vault(vault.path, Offer(), store).close()

    def test_another_vaults_catalog_does_not_open(
        self, tmp_path: Path, vault: Vault, store: MemoryStore
    ) -> None:
        other = make_vault(tmp_path / "other", store).vault
        other.close()
        vault.close()
        shutil.copy(other.path / "catalog.1.db", vault.path / "catalog.1.db")
        assert code_of(open_vault, vault.path, Offer(), store) == "catalog-damaged"


class TestRollback:
    def test_an_older_copy_is_reported_and_opens_only_on_request(
        self, vault: Vault, tmp_path: Path, store: MemoryStore
    ) -> None:
        vault.close()
        shutil.copytree(vault.path, tmp_path / "old")
        newer = open_vault(vault.path, Offer(), store)
        note(newer, "a")
        newer.close()
        shutil.rmtree(vault.path)
        shutil.copytree(tmp_path / "old", vault.path)
        with pytest.raises(Integrity) as caught:
            open_vault(vault.path, Offer(), store)
        assert caught.value.code == "vault-older"
        assert caught.value.facts["anchored"]
        assert caught.value.facts["found"]
        accepted = open_vault(vault.path, Offer(), store, accept_older=True)
        assert accepted.finding.verdict is Verdict.OLDER
        assert EntryKind.OLDER_ACCEPTED in kinds(accepted)
        accepted.close()
        open_vault(vault.path, Offer(), store).close()

    def test_two_computers_that_went_apart_are_a_fork(
        self, vault: Vault, tmp_path: Path, store: MemoryStore
    ) -> None:
        vault.close()
        shutil.copytree(vault.path, tmp_path / "other")
        mine = open_vault(vault.path, Offer(), store)
        note(mine, "mine")
        mine.close()
        elsewhere = MemoryStore()
        elsewhere.memory.items = {
            key: value for key, value in store.memory.items.items() if "anchor" not in key[1]
        }
        theirs = open_vault(tmp_path / "other", Offer(), elsewhere)
        for text in ("their", "own", "way", "on"):
            note(theirs, text)
        theirs.close()
        assert code_of(open_vault, tmp_path / "other", Offer(), store) == "vault-forked"

    def test_newer_from_another_computer_is_in_order(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        anchor = dict(store.memory.items)
        note(vault, "later")
        vault.close()
        store.memory.items = anchor
        again = open_vault(vault.path, Offer(), store)
        assert again.finding.verdict is Verdict.NEWER
        again.close()

    def test_a_row_changed_behind_the_catalogs_back_is_noticed(self, vault: Vault) -> None:
        note(vault, "protective")
        vault.catalog._writer.preupdate_hook(None)
        vault.catalog._writer.execute("UPDATE settings SET value = 'weak'")
        with pytest.raises(Integrity, match="state-differs"):
            vault.catalog.recompute()

    def test_no_keyring_means_no_anchor_and_it_works(self, tmp_path: Path) -> None:
        store = MemoryStore()
        store.memory.broken = "keyring-absent"
        vault = make_vault(tmp_path / "v", store, PASSPHRASE_WAY).vault
        assert vault.keeper.state is AnchorState.NONE
        assert vault.anchor_now() is False
        vault.close()
        open_vault(vault.path, BY_PASSPHRASE, store).close()

    def test_a_failing_keyring_stops_what_would_leave_and_nothing_else(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        store.memory.broken = "keyring-hanging"
        note(vault, "still works")
        assert vault.keeper.state is AnchorState.FAILING
        with pytest.raises(Environment, match="keyring-hanging"):
            vault.anchor_now()


class TestTransactions:
    def test_a_change_without_an_entry_is_rolled_back(self, vault: Vault) -> None:
        with pytest.raises(AssertionError), vault.transaction() as tx:
            tx.execute("INSERT INTO settings VALUES ('a', 'b')")
        assert vault.catalog.query("SELECT * FROM settings") == []
        vault.catalog.recompute()

    def test_a_failed_statement_poisons_its_transaction(self, vault: Vault) -> None:
        def go_on() -> None:
            with vault.transaction() as tx:
                tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "a", Field.VALUE: "b"})
                tx.execute("INSERT INTO settings VALUES ('a', 'b')")
                with contextlib.suppress(apsw.ConstraintError):
                    tx.execute("INSERT INTO settings VALUES ('c', 'd'), ('a', 'b')")

        with pytest.raises(AssertionError):
            go_on()
        vault.catalog.recompute()

    @staticmethod
    def refused(vault: Vault) -> None:
        with vault.transaction() as tx:
            tx.execute("INSERT INTO settings VALUES ('a', 'b')")
            tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "a", Field.VALUE: "b"})
            raise Refused("path-exists", path="x")

    def test_an_exception_leaves_everything_as_it_was(self, vault: Vault) -> None:
        before = vault.current_anchor()
        with pytest.raises(Refused):
            self.refused(vault)
        assert vault.current_anchor().state == before.state
        note(vault, "goes on")
        vault.catalog.recompute()

    def test_locking_drops_the_keys_whatever_goes_wrong(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails() -> bool:
            raise RuntimeError

        monkeypatch.setattr(vault.catalog, "checkpoint", fails)
        with contextlib.suppress(RuntimeError):
            vault.close()
        assert not vault.lock.held
        assert code_of(lambda: vault.master) == "vault-locked"

    def test_who_still_wants_a_secret_is_told_that_it_is_locked(self, vault: Vault) -> None:
        vault.close()
        assert code_of(vault.secret, "duplicates") == "vault-locked"

    def test_nothing_works_after_locking(self, vault: Vault) -> None:
        vault.close()
        assert code_of(vault.catalog.query, "SELECT 1") == "vault-locked"
        assert code_of(vault.previews.get, "00" * 16) == "vault-locked"


class TestPlaces:
    def test_a_vault_below_a_linked_folder_is_made_opened_and_backed_up(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        # /home is a link on some systems, and so is many a person's folder of pictures.
        (tmp_path / "disk").mkdir()
        (tmp_path / "Pictures").symlink_to(tmp_path / "disk")
        vault = make_vault(tmp_path / "Pictures" / "Home.lighttight", store, KEYRING).vault
        vault = reopen(vault)
        backup(vault, tmp_path / "Pictures" / "Backup.lighttight")
        vault.close()
        assert (tmp_path / "disk" / "Backup.lighttight" / "catalog.1.db").exists()

    def test_a_link_in_place_of_the_catalog_is_still_refused(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        vault.close()
        catalog = vault.path / "catalog.1.db"
        catalog.rename(vault.path.parent / "elsewhere.db")
        catalog.symlink_to(vault.path.parent / "elsewhere.db")
        assert code_of(open_vault, vault.path, Offer(), store) == "vault-has-link"

    def test_a_copy_that_cannot_be_made_says_nothing_of_its_key(
        self, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = catalog_key(vault.master, vault.id, 1)
        target = tmp_path / "copy.db"
        target.mkdir()
        monkeypatch.setattr(catalog, "make_private", lambda _: None)
        with pytest.raises(LighttightError) as caught:
            vault.catalog.copy_into(target, key)
        told = "".join(traceback.format_exception(caught.value))
        assert key.hex() not in told
        assert caught.value.__context__ is None


class TestUnusableFiles:
    """One bad file among those that can be done without keeps nobody out."""

    @pytest.mark.parametrize("name", ["header", "header.copy"])
    def test_a_header_on_a_bad_sector_is_not_enough(
        self, vault: Vault, store: MemoryStore, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vault.close()
        whole = header_files.read_bounded

        def failing(path: Path, limit: int) -> bytes:
            if path.name == name:
                raise Environment("disk-failed", path=str(path))
            return whole(path, limit)

        monkeypatch.setattr(header_files, "read_bounded", failing)
        assert look(vault.path).header_damaged
        open_vault(vault.path, Offer(), store).close()

    def test_two_headers_on_bad_sectors_are_a_failing_disk(
        self, vault: Vault, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vault.close()

        def failing(path: Path, limit: int) -> bytes:
            raise Environment("disk-failed", path=str(path))

        monkeypatch.setattr(header_files, "read_bounded", failing)
        assert code_of(open_vault, vault.path, Offer(), store) == "disk-failed"

    def test_a_catalog_from_before_its_tables_is_damaged(
        self, vault: Vault, store: MemoryStore
    ) -> None:
        # A sync service may have kept the file as it was in the first moment.
        key = catalog_key(vault.master, vault.id, 1)
        vault.close()
        path = vault.path / "catalog.1.db"
        path.unlink()
        catalog.connect(path, key, create=True).close()
        assert code_of(open_vault, vault.path, Offer(), store) == "catalog-damaged"

    @pytest.mark.parametrize("name", ["refused", "previews.db"])
    def test_a_link_or_a_folder_in_the_place_of_what_may_be_lost(
        self, vault: Vault, store: MemoryStore, tmp_path: Path, name: str
    ) -> None:
        mine = tmp_path / "mine.txt"
        mine.write_bytes(b"mine")
        vault.close()
        (vault.path / name).unlink(missing_ok=True)
        (vault.path / name).symlink_to(mine)
        open_vault(vault.path, Offer(), store).close()
        assert mine.read_bytes() == b"mine"
        (vault.path / name).unlink(missing_ok=True)
        if name == "refused":
            (vault.path / name).mkdir()
            open_vault(vault.path, Offer(), store).close()


class TestWhatIsSaidOfTheKeyring:
    """A right PIN is not called wrong because the keyring could not be asked."""

    def test_a_locked_keyring_is_named_even_beside_another_passphrase(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        pin = WayIn((Factor.KEYRING, Factor.PASSPHRASE), "402971")
        vault = make_vault(tmp_path / "v", store, pin, PASSPHRASE_WAY).vault
        vault.close()
        store.memory.broken = "keyring-locked"
        assert code_of(open_vault, vault.path, Offer(passphrase="402971"), store) == (
            "keyring-locked"
        )
        store.memory.broken = None
        again = open_vault(vault.path, Offer(passphrase="402971"), store)
        assert again.since.failed_tries == 1, "it was derived for the other slot, and refused there"
        again.close()

    def test_digits_alone_are_not_announced_without_the_keyring(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        digits = WayIn((Factor.PASSPHRASE,), "84210937562298143071")
        vault = make_vault(tmp_path / "v", store, digits).vault
        vault.close()
        assert [slot.pin for slot in look(vault.path).slots] == [False, False]


def test_a_place_that_is_no_text_is_refused_before_anything_is_made(
    tmp_path: Path, store: MemoryStore
) -> None:
    path = tmp_path / "caf\udce9"
    assert code_of(create, path, "Home", (KEYRING,), store) == "path-not-text"
    assert code_of(open_vault, path, Offer(), store) == "path-not-text"
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_through_a_link_inside_the_library(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for number in range(256):
        (vault.path / "blobs" / f"{number:02x}").symlink_to(tmp_path / "elsewhere")
    assert code_of(add_object, vault, b"picture") == "vault-has-link"
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(("free", "code"), [(0, "disk-full"), (1 << 30, "disk-failed")])
def test_a_full_disk_is_not_called_a_failing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))

    def fail() -> None:
        with translating(tmp_path / "catalog.1.db"):
            raise apsw.IOError

    assert code_of(fail) == code
