"""The tree: sizes, frontier, proofs that must not pass. Against a naive tree: tests/properties."""

from __future__ import annotations

from hashlib import sha256

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(bytes([number])) for number in range(9)]


@pytest.mark.parametrize(
    ("size", "data"),
    [(0, bytes(32)), (1, b""), (1, bytes(31)), (1, bytes(64)), (2, bytes(64)), (3, bytes(63)),
     (-1, b""), (7, bytes(64))],
)  # fmt: skip
def test_a_frontier_that_does_not_fit_its_size(size: int, data: bytes) -> None:
    with pytest.raises(Integrity, match="tree-forged"):
        Frontier.decode(size, data)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 10), (5, 4)])
def test_no_inclusion_proof(index: int, size: int) -> None:
    with pytest.raises(Integrity, match="tree-forged"):
        inclusion_proof(LEAVES, index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (0, 10)])
def test_no_consistency_proof(old: int, new: int) -> None:
    with pytest.raises(Integrity, match="tree-forged"):
        consistency_proof(LEAVES, old, new)


def test_hashes_of_another_size_are_refused() -> None:
    root = root_of(LEAVES[:3])
    proof = inclusion_proof(LEAVES, 1, 3)
    for wrong in (b"", bytes(31), bytes(33)):
        for arguments in (
            (wrong, 1, 3, root, proof),
            (LEAVES[1], 1, 3, wrong, proof),
            (LEAVES[1], 1, 3, root, (wrong, proof[1])),
        ):
            with pytest.raises(Integrity, match="tree-forged"):
                verify_inclusion(*arguments)
        with pytest.raises(Integrity, match="tree-forged"):
            verify_consistency(3, 3, wrong, wrong, ())


def test_a_node_cannot_pass_for_a_leaf() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    root = root_of(LEAVES[:2])
    with pytest.raises(Integrity, match="tree-forged"):
        verify_inclusion(root, 0, 2, root, ())


def test_known_roots() -> None:
    assert EMPTY_ROOT == sha256(b"").digest() == root_of([]) == Frontier.empty().root()
    a, b, c = LEAVES[:3]
    assert root_of([a]) == a
    assert root_of([a, b]) == node_hash(a, b)
    assert root_of([a, b, c]) == node_hash(node_hash(a, b), c)
    assert leaf_hash(b"x") == sha256(b"\0x").digest()
    assert node_hash(a, b) == sha256(b"\1" + a + b).digest()


def test_frontier_grows_and_is_kept() -> None:
    frontier = Frontier.empty()
    for number, leaf in enumerate(LEAVES):
        assert frontier == Frontier.of(LEAVES[:number])
        assert Frontier.decode(frontier.size, frontier.encode()) == frontier
        frontier = frontier.append(leaf)
    assert frontier.root() == root_of(LEAVES)
    assert frontier.size == 9
    assert len(frontier.nodes) == 2


@pytest.mark.parametrize(
    ("old_root", "proof"), [(LEAVES[0], ()), (EMPTY_ROOT, (LEAVES[0],)), (root_of(LEAVES), ())]
)
def test_nothing_is_the_beginning_of_everything_and_has_one_root(
    old_root: bytes, proof: tuple[bytes, ...]
) -> None:
    with pytest.raises(Integrity, match="tree-forged"):
        verify_consistency(0, 9, old_root, root_of(LEAVES), proof)
    verify_consistency(0, 9, EMPTY_ROOT, root_of(LEAVES), ())


def test_a_proof_that_is_missing() -> None:
    with pytest.raises(Integrity, match="tree-forged"):
        verify_consistency(3, 9, root_of(LEAVES[:3]), root_of(LEAVES), ())
