"""Writing a proof file: in the record before, over nothing, and its end is said."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.audit.reading import Record
from lighttight.errors import Environment, Integrity, Refused
from lighttight.files import failpoints
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sharing.egress import Egress
from lighttight.vault import epochs
from lighttight.vault.vault import Vault
from tests.support import records
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(tmp_path: Path, store: MemoryStore) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", store).vault
    yield vault
    vault.close()


def test_not_when_the_catalog_was_changed(vault: Vault, tmp_path: Path) -> None:
    vault.catalog._writer.execute("UPDATE meta SET value = 'other' WHERE name = 'title'")
    with pytest.raises(Integrity, match="state-differs"):
        Egress(vault).save_proof([0], tmp_path / "p.zip")
    assert not (tmp_path / "p.zip").exists()


def test_not_into_the_library_or_nowhere(vault: Vault, tmp_path: Path) -> None:
    for place, code in (("v/p.zip", "folder-inside"), ("no/p.zip", "folder-missing")):
        with pytest.raises(Refused, match=code):
            Egress(vault).save_proof([0], tmp_path / place)
    (tmp_path / "link.zip").symlink_to(tmp_path / "gone")
    with pytest.raises(Refused, match="path-exists"):
        Egress(vault).save_proof([0], tmp_path / "link.zip")
    assert EntryKind.PROOF_MADE not in [kind for kind, _ in records.entries(vault)]


def test_not_without_the_anchor(vault: Vault, tmp_path: Path, store: MemoryStore) -> None:
    store.memory.broken = "keyring-locked"
    with pytest.raises(Environment, match="keyring-locked"):
        Egress(vault).save_proof([0], tmp_path / "p.zip")
    assert not (tmp_path / "p.zip").exists()
    assert records.newest(vault)[1][Field.RESULT] == "failed"
    Egress(vault).save_proof([0], tmp_path / "p.zip", without_anchor=True)
    assert EntryKind.ANCHOR_OVERRIDDEN in [kind for kind, _ in records.entries(vault)]


def test_the_intent_is_durable_before_the_first_byte(vault: Vault, tmp_path: Path) -> None:
    seen: list[tuple[list[EntryKind], bool]] = []

    def hook(name: str) -> None:
        if name == "egress.intended":
            kinds = [kind for kind, _ in records.entries(vault)]
            seen.append((kinds, (tmp_path / "p.zip").exists()))

    failpoints.arm(hook)
    try:
        Egress(vault).save_proof([0, 1], tmp_path / "p.zip")
    finally:
        failpoints.disarm()
    [(kinds, written)] = seen
    assert kinds[-1] is EntryKind.PROOF_MADE
    assert not written


def test_what_is_written_is_what_was_recorded(vault: Vault, tmp_path: Path) -> None:
    saved = Egress(vault).save_proof([0, 1], tmp_path / "p.zip")
    (kind, made), (end, outcome) = records.entries(vault)[-2:]
    assert (kind, end) == (EntryKind.PROOF_MADE, EntryKind.EXPORT_FINISHED)
    assert made[Field.DIGEST].hex() == saved.digest
    assert made[Field.COUNT] == saved.entries == 2
    assert made[Field.PATH] == str(saved.path) == str(tmp_path / "p.zip")
    assert (outcome[Field.RESULT], outcome[Field.COUNT]) == ("done", 1)
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600
    assert saved.identity == Record(vault).fingerprint()
    # Its own checkpoint, and the one of the act.
    assert epochs.check_all(vault.catalog) == 2


def test_a_disk_that_fails_is_an_end_too(vault: Vault, tmp_path: Path) -> None:
    def hook(name: str) -> None:
        if name == "target.created":
            raise Environment("disk-full", path="x")

    failpoints.arm(hook)
    try:
        with pytest.raises(Environment, match="disk-full"):
            Egress(vault).save_proof([0], tmp_path / "p.zip")
    finally:
        failpoints.disarm()
    assert records.newest(vault)[1][Field.RESULT] == "failed"


def test_what_may_have_left_is_settled_by_the_owner(vault: Vault) -> None:
    with vault.transaction() as tx:
        intent = tx.record(EntryKind.PROOF_MADE, {Field.COUNT: 1, Field.PATH: "/usb/p.zip"})
    Record(vault).look_into(intent, some=False)
    assert records.newest(vault)[0] is EntryKind.LOOKED_INTO
