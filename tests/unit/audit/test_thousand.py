"""A record of a thousand entries: each removed, altered, inserted or moved, each tail cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.entries import EntryKind, Field, build, parse_leaf
from lighttight.sealed.tree import Frontier, Growing, leaf_hash
from lighttight.vault import checking, epochs
from lighttight.vault.anchoring import AnchorState
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

COUNT = 1000


def record() -> list[bytes]:
    tree = Growing()
    leaves: list[bytes] = []
    for number in range(COUNT):
        fields = {Field.COUNT: number}
        kind = EntryKind.DELETION_FINISHED
        leaf, _ = build(number, kind, tree.root(), 1000 + number, "1.0", fields, os.urandom)
        tree.append(leaf_hash(leaf))
        leaves.append(leaf)
    return leaves


LEAVES = record()
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOT = Frontier.of(HASHES).root()


def holds(leaves: list[bytes]) -> bool:
    """As a reader goes through it: each leaf in its place, behind the root that it names."""
    tree = Growing()
    try:
        for number, leaf in enumerate(leaves):
            found = parse_leaf(leaf)
            if (found.sequence, found.previous_root) != (number, tree.root()):
                return False
            tree.append(leaf_hash(leaf))
    except Integrity:
        return False
    return tree.root() == ROOT


def rehung(hashes: list[bytes]) -> bool:
    """Whether the tree over these leaves, whatever they say of themselves, has the same root."""
    return Frontier.of(hashes).root() == ROOT


def test_it_holds() -> None:
    assert holds(LEAVES)
    assert rehung(HASHES)


@pytest.mark.parametrize("part", range(4))
def test_every_change_of_an_entry_shows(part: int) -> None:
    other = leaf_hash(b"other")
    for place in range(part, COUNT, 4):
        assert not rehung(HASHES[:place] + HASHES[place + 1 :])
        assert not rehung([*HASHES[:place], other, *HASHES[place + 1 :]])
        assert not rehung([*HASHES[:place], other, *HASHES[place:]])
        assert not rehung([*HASHES[:place], HASHES[place], *HASHES[place:]])
        if place + 1 < COUNT:
            swapped = [HASHES[place + 1], HASHES[place]]
            assert not rehung([*HASHES[:place], *swapped, *HASHES[place + 2 :]])
        assert not rehung(HASHES[:place])


def test_a_reader_notices_it_in_the_leaves_too() -> None:
    for place in range(0, COUNT - 1, 37):
        changed = bytearray(LEAVES[place])
        changed[-1] ^= 1
        assert not holds([*LEAVES[:place], bytes(changed), *LEAVES[place + 1 :]])
        assert not holds(LEAVES[:place] + LEAVES[place + 1 :])
        assert not holds([*LEAVES[:place], LEAVES[place], *LEAVES[place:]])
        swapped = [LEAVES[place + 1], LEAVES[place]]
        assert not holds([*LEAVES[:place], *swapped, *LEAVES[place + 2 :]])


def test_grown_leaf_by_leaf_it_is_the_same_tree() -> None:
    tree, slow = Growing(), Frontier.empty()
    assert tree.root() == slow.root()
    for one in HASHES[:300]:
        tree.append(one)
        slow = slow.append(one)
        assert (tree.size, tree.root()) == (slow.size, slow.root())


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", MemoryStore()).vault
    with vault.transaction() as tx:
        for number in range(40):
            tx.record(EntryKind.DELETION_FINISHED, {Field.COUNT: number})
        epochs.sign(tx, kept=True)
    yield vault
    vault.close()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM fields WHERE sequence = 9; DELETE FROM entries WHERE sequence = 9",
        "UPDATE entries SET leaf = (SELECT max(leaf) FROM entries) WHERE sequence = 9",
        "UPDATE entries SET claimed = claimed + 1 WHERE sequence = 9",
        "UPDATE entries SET kind = 2 WHERE sequence = 9",
        "UPDATE fields SET value = zeroblob(8) WHERE sequence = 9",
        "UPDATE fields SET value = zeroblob(9) WHERE sequence = 9",
        "UPDATE fields SET name = 'size' WHERE sequence = 9",
        "UPDATE fields SET name = 'colour' WHERE sequence = 9",
        "UPDATE fields SET sequence = 7, name = 'size' WHERE sequence = 9",
        "UPDATE fields SET salt = zeroblob(16) WHERE sequence = 9",
        "INSERT INTO fields VALUES (99, 'count', zeroblob(16), zeroblob(8))",
        "INSERT INTO fields VALUES (-1, 'count', zeroblob(16), zeroblob(8))",
        "DELETE FROM entries WHERE sequence = 42",
    ],
)
def test_rows_changed_by_who_knows_every_key(vault: Vault, change: str) -> None:
    """The sum over the rows is made to fit: only the entries themselves can tell."""
    catalog = vault.catalog
    catalog._writer.pragma("foreign_keys", 0)
    catalog._writer.execute(change)
    assert checking._check_entries(vault)[1] or _cut(vault)


def _cut(vault: Vault) -> bool:
    """A cut tail is whole in itself. The tree that is kept beside it tells, and the checkpoint."""
    with pytest.raises(Integrity, match="checkpoint-forged"):
        epochs.check_all(vault.catalog)
    return checking._check_entries(vault)[0] != vault.catalog.state().frontier.size


def test_a_cut_tail_shows_by_the_note_in_the_keyring(tmp_path: Path) -> None:
    store = MemoryStore()
    vault = make_vault(tmp_path / "v", store).vault
    vault.close()
    before = {one.name: one.read_bytes() for one in vault.path.iterdir() if one.is_file()}
    vault = open_vault(vault.path, Offer(), store)
    vault.close()
    for name, data in before.items():
        (vault.path / name).write_bytes(data)
    with pytest.raises(Integrity, match="vault-older"):
        open_vault(vault.path, Offer(), store)
    again = open_vault(vault.path, Offer(), store, accept_older=True)
    assert again.finding.state is not AnchorState.NONE
    again.close()
