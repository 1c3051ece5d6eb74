"""Identity, epochs and signing inside a vault: what must not hold first, then the rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.errors import Integrity
from lighttight.sealed import checkpoint, signing
from lighttight.sealed.checkpoint import Checkpoint, check
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.signing import SigningKeys, verify_chain
from lighttight.vault import backup, epochs, schema
from lighttight.vault.epochs import DAY_MS, LENGTH, Signed
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support import records
from tests.support.password_store import MemoryStore
from tests.support.vaults import BY_PASSPHRASE, PASSPHRASE_WAY, make_vault, reopen


def act(vault: Vault, *, kept: bool = False, count: int = 1) -> Signed:
    with vault.transaction() as tx:
        for _ in range(count):
            tx.record(EntryKind.DELETION_FINISHED, {Field.COUNT: 0})
        return epochs.sign(tx, kept=kept)


def seeds(vault: Vault) -> dict[str, bytes]:
    found = vault.catalog.query("SELECT name, value FROM secrets WHERE name LIKE 'epoch-%'")
    return dict(found)


def numbers(vault: Vault) -> list[int]:
    return [row[0] for row in vault.catalog.query("SELECT number FROM epochs ORDER BY number")]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of three entries and no time."""
    monkeypatch.setattr(epochs, "DAY_MS", 0)
    monkeypatch.setattr(epochs, "LENGTH", 3)


class TestWhatDoesNotHold:
    @pytest.fixture
    def signed(self, vault: Vault, short: None) -> Vault:
        for _ in range(3):
            act(vault, kept=True, count=3)
        assert len(numbers(vault)) == 4
        assert epochs.check_all(vault.catalog) == 3
        return vault

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ("UPDATE epochs SET certificate = zeroblob(5461) WHERE number = 1", "certificate"),
            ("UPDATE epochs SET certificate = x'' WHERE number = 1", "certificate"),
            ("DELETE FROM epochs WHERE number = 0", "certificate"),
            ("DELETE FROM epochs WHERE number = 2", "certificate"),
            ("DELETE FROM epochs WHERE number = 3", "checkpoint"),
            ("DELETE FROM epochs", "certificate"),
            ("UPDATE epochs SET number = -number", "certificate"),
            ("UPDATE checkpoints SET root = zeroblob(32) WHERE epoch = 2", "checkpoint"),
            ("UPDATE checkpoints SET signatures = zeroblob(3373) WHERE epoch = 2", "checkpoint"),
            ("UPDATE checkpoints SET signatures = x'' WHERE epoch = 2", "checkpoint"),
            ("UPDATE checkpoints SET claimed = claimed + 1 WHERE epoch = 2", "checkpoint"),
            ("UPDATE checkpoints SET size = size + 1 WHERE epoch = 3", "checkpoint"),
            ("UPDATE checkpoints SET size = size - 1 WHERE epoch = 2", "checkpoint"),
            ("UPDATE checkpoints SET epoch = 1 WHERE epoch = 2", "checkpoint"),
            ("UPDATE checkpoints SET epoch = 9 WHERE epoch = 2", "checkpoint"),
            ("UPDATE fields SET value = zeroblob(32) WHERE sequence = 2", "certificate"),
            ("UPDATE meta SET value = zeroblob(1984) WHERE name = 'identity'", "certificate"),
            ("UPDATE meta SET value = 'x' WHERE name = 'identity'", "catalog"),
            ("DELETE FROM meta WHERE name = 'identity'", "catalog"),
        ],
    )
    def test_changed_from_outside(self, signed: Vault, change: str, code: str) -> None:
        signed.catalog._writer.pragma("foreign_keys", 0)
        signed.catalog._writer.execute(change)
        with pytest.raises(Integrity, match=f"^{code}-"):
            epochs.check_all(signed.catalog)

    def test_a_checkpoint_of_another_epoch_of_its_own(self, signed: Vault) -> None:
        """Epoch 0 signs after it ended: its keys were copied, and the root is the right one."""
        keys = SigningKeys(b"a" * 32, b"b" * 32)
        size = records.size(signed)
        state = signed.catalog.state()
        found = epochs.chain(signed.catalog.query)
        stated = Checkpoint(found.identity.fingerprint(), size, state.frontier.root(), 0, 0)
        _, by = checkpoint.signed(stated, keys)
        signed.catalog._writer.execute("DELETE FROM checkpoints WHERE size = ?", (size,))
        signed.catalog._writer.execute(
            "INSERT INTO checkpoints VALUES (?, 1, 0, 0, ?, ?)",
            (size, stated.root, by.encode()),
        )
        with pytest.raises(Integrity, match="checkpoint-forged"):
            epochs.check_all(signed.catalog)

    @pytest.mark.parametrize(
        "change",
        [
            "DELETE FROM secrets WHERE name = 'epoch-mldsa65'",
            "UPDATE secrets SET value = zeroblob(32) WHERE name = 'epoch-mldsa65'",
            "UPDATE secrets SET value = zeroblob(32) WHERE name = 'epoch-ed25519'",
            "DELETE FROM epochs",
        ],
    )
    @pytest.mark.parametrize("due", [False, True])
    def test_nothing_is_signed_with_keys_of_another_epoch(
        self, vault: Vault, change: str, due: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if due:
            monkeypatch.setattr(epochs, "DAY_MS", 0)
            monkeypatch.setattr(epochs, "LENGTH", 0)
        vault.catalog._writer.execute(change)
        with pytest.raises(Integrity, match="catalog-damaged"):
            act(vault)


class TestMaking:
    def test_identity_and_first_epoch_are_recorded(self, vault: Vault) -> None:
        (_, _), (made, identity), (began, epoch) = records.entries(vault)
        found = epochs.chain(vault.catalog.query)
        assert made is EntryKind.IDENTITY_MADE
        assert identity[Field.DIGEST] == found.identity.fingerprint()
        assert identity[Field.REASON] == "created"
        assert began is EntryKind.EPOCH_BEGAN
        assert epoch[Field.COUNT] == 0
        [first] = verify_chain(found.identity, found.certificates)
        assert first.size == 2

    def test_the_private_identity_is_written_nowhere(
        self, tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[SigningKeys] = []

        def remembered(random: signing.Random) -> SigningKeys:
            made.append(signing.new_keys(random))
            return made[-1]

        monkeypatch.setattr(epochs, "new_keys", remembered)
        vault = make_vault(tmp_path / "w", store).vault
        identity, first = made
        kept = [
            value
            for table, columns in schema.COLUMNS.items()
            for row in vault.catalog.query(schema.whole(table, columns))
            for value in row
            if isinstance(value, bytes)
        ]
        assert first.ed25519 in kept
        assert first.mldsa65 in kept
        assert not any(
            seed in value for value in kept for seed in (identity.ed25519, identity.mldsa65)
        )
        vault.close()

    def test_two_vaults_have_two_identities(self, vault: Vault, tmp_path: Path) -> None:
        other = make_vault(tmp_path / "w", MemoryStore()).vault
        assert (
            epochs.chain(other.catalog.query).identity != epochs.chain(vault.catalog.query).identity
        )
        other.close()


class TestSigning:
    def test_the_transaction_s_own_entries_are_covered(self, vault: Vault) -> None:
        signed = act(vault, count=2)
        state = vault.catalog.state()
        assert signed.checkpoint.size == state.frontier.size
        assert signed.checkpoint.root == state.frontier.root()
        [first] = verify_chain(*_chain(vault))
        assert check(signed.note, first.keys) == signed.checkpoint

    def test_what_is_rolled_back_was_never_signed(self, vault: Vault) -> None:
        def failing() -> None:
            with vault.transaction() as tx:
                tx.record(EntryKind.DELETION_FINISHED, {Field.COUNT: 0})
                epochs.sign(tx, kept=True)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            failing()
        assert vault.catalog.query("SELECT * FROM checkpoints") == []

    def test_of_intents_all_are_kept_and_of_others_the_newest(self, vault: Vault) -> None:
        kept = [act(vault, kept=True).checkpoint.size for _ in range(2)]
        newest = [act(vault).checkpoint.size for _ in range(3)][-1]
        rows = vault.catalog.query("SELECT size FROM checkpoints ORDER BY size")
        assert [row[0] for row in rows] == [*kept, newest]
        assert epochs.check_all(vault.catalog) == 3

    def test_a_clock_from_before_the_epoch_of_time(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(vault.catalog, "_now_ms", lambda: -5)
        assert act(vault).checkpoint.claimed_ms == 0
        assert epochs.check_all(vault.catalog) == 1

    def test_the_state_root_covers_it(self, vault: Vault) -> None:
        act(vault, kept=True)
        vault.catalog.recompute()
        vault.catalog._writer.execute("DELETE FROM checkpoints")
        with pytest.raises(Integrity, match="state-differs"):
            vault.catalog.recompute()


class TestSucceeding:
    @pytest.mark.parametrize(
        ("age", "entries", "begins"),
        [
            (DAY_MS, 4, True),
            (-DAY_MS, 4, True),
            (DAY_MS - 1, 4, False),
            (1 - DAY_MS, 4, False),
            (DAY_MS, 3, False),
            (0, 40, False),
        ],
    )
    def test_the_rule(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch, age: int, entries: int, begins: bool
    ) -> None:
        assert LENGTH == 5_000
        began = verify_chain(*_chain(vault))[0]
        # The entry that says that the epoch began is the first of it.
        monkeypatch.setattr(epochs, "LENGTH", 5)
        monkeypatch.setattr(vault.catalog, "_now_ms", lambda: began.claimed_ms + age)
        act(vault, count=entries)
        assert numbers(vault) == ([0, 1] if begins else [0])

    def test_old_private_halves_are_gone(self, vault: Vault, short: None) -> None:
        before = seeds(vault)
        assert set(before) == set(schema.EPOCH_SECRETS)
        act(vault, count=3)
        after = seeds(vault)
        assert set(after) == set(before)
        assert not set(after.values()) & set(before.values())
        # From the log too, once it was emptied: rows stand there as they were written.
        assert vault.catalog.checkpoint()

    def test_each_is_certified_by_the_one_before_and_recorded(
        self, vault: Vault, short: None
    ) -> None:
        for _ in range(3):
            act(vault, count=3)
        assert [one.number for one in verify_chain(*_chain(vault))] == [0, 1, 2, 3]
        began = [values for kind, values in records.entries(vault) if kind is EntryKind.EPOCH_BEGAN]
        assert [one[Field.COUNT] for one in began] == [0, 1, 2, 3]
        assert epochs.check_all(vault.catalog) == 1
        vault.catalog.recompute()

    def test_an_erased_digest_of_a_certificate_is_no_damage(
        self, vault: Vault, short: None
    ) -> None:
        act(vault, count=3)
        vault.catalog._writer.execute("UPDATE fields SET value = NULL, salt = NULL")
        assert epochs.check_all(vault.catalog) == 1


class TestLocking:
    def test_the_last_entry_is_signed(self, vault: Vault) -> None:
        opened = reopen(vault)
        row = opened.catalog.one("SELECT size FROM checkpoints")
        kinds = [kind for kind, _ in records.entries(opened)]
        assert row == (kinds.index(EntryKind.LOCKED) + 1,)
        assert epochs.check_all(opened.catalog) == 1
        opened.close()

    @pytest.mark.parametrize("missing", ["epochs", "secrets"])
    def test_a_signature_that_cannot_be_made_does_not_keep_it_from_being_recorded(
        self, vault: Vault, missing: str
    ) -> None:
        with vault.transaction() as tx:
            name = "" if missing == "epochs" else " WHERE name LIKE 'epoch-%'"
            tx.execute(f"DELETE FROM {missing}{name}")
            tx.record(EntryKind.DELETION_FINISHED, {Field.COUNT: 0})
        opened = reopen(vault)
        assert EntryKind.LOCKED in [kind for kind, _ in records.entries(opened)]
        opened.close()


def _chain(vault: Vault) -> tuple[signing.PublicKeys, tuple[bytes, ...]]:
    found = epochs.chain(vault.catalog.query)
    return found.identity, found.certificates


class TestElsewhere:
    def test_rotation_changes_nothing_about_it(self, vault: Vault) -> None:
        before = _chain(vault)
        act(vault, kept=True)
        rotate(vault, reason="asked")
        act(vault)
        assert _chain(vault) == before
        assert epochs.check_all(vault.catalog) == 2

    def test_a_restored_copy_goes_on_with_the_same_identity(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        vault = make_vault(tmp_path / "v", store, PASSPHRASE_WAY).vault
        act(vault, kept=True)
        backup.backup(vault, tmp_path / "b")
        restored = backup.restore(tmp_path / "b", tmp_path / "w", BY_PASSPHRASE, MemoryStore())
        assert _chain(restored) == _chain(vault)
        act(restored)
        assert epochs.check_all(restored.catalog) == 2
        restored.close()
        again = open_vault(tmp_path / "w", BY_PASSPHRASE, restored.store)
        assert epochs.check_all(again.catalog) == 2
        again.close()
        vault.close()


def test_two_sessions_of_which_one_begins_an_epoch(vault: Vault, short: None) -> None:
    """The other one reads the new keys: none are remembered."""
    other = open_vault(vault.path, Offer(), vault.store)
    act(vault, count=3)
    act(other)
    act(vault)
    assert epochs.check_all(other.catalog) == 1
    assert "epoch-ed25519" not in vault._secrets
    other.close()


def test_seeds_differ_from_every_other_secret(vault: Vault) -> None:
    values = [row[0] for row in vault.catalog.query("SELECT value FROM secrets")]
    assert len(set(values)) == len(values) == len(schema.SECRETS) + 2
