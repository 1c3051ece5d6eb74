"""The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162), over SHA-256.

The record of a vault is its leaves. One root stands for all of them: the anchor and every share
keep a root, and a proof of about 1 KB shows that an entry is under it, or that a later tree only
added to it. Leaves and nodes are hashed with different first bytes, so that no leaf can be made
that passes for a pair of nodes.

`Frontier` is what appending needs and nothing more: the roots of the complete subtrees, one for
each one-bit of the size.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from lighttight.errors import Integrity

HASH: Final = 32
EMPTY_ROOT: Final = sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """Roots of the complete subtrees, largest first."""

    size: int
    nodes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if (
            self.size < 0
            or len(self.nodes) != self.size.bit_count()
            or any(len(node) != HASH for node in self.nodes)
        ):
            raise Integrity("tree-forged")

    @staticmethod
    def empty() -> Frontier:
        return Frontier(0, ())

    @staticmethod
    def of(leaf_hashes: Iterable[bytes]) -> Frontier:
        """The frontier of a whole tree."""
        nodes: list[bytes] = []
        size = 0
        for node in leaf_hashes:
            _push(nodes, size, node)
            size += 1
        return Frontier(size, tuple(nodes))

    def append(self, leaf_hash: bytes) -> Frontier:
        nodes = list(self.nodes)
        _push(nodes, self.size, leaf_hash)
        return Frontier(self.size + 1, tuple(nodes))

    def root(self) -> bytes:
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root

    def encode(self) -> bytes:
        """As `state.frontier` keeps it; the size stands beside it."""
        return b"".join(self.nodes)

    @staticmethod
    def decode(size: int, data: bytes) -> Frontier:
        nodes = tuple(data[start : start + HASH] for start in range(0, len(data), HASH))
        return Frontier(size, nodes)


class Growing:
    """The frontier of a tree that is read leaf by leaf, without a copy for each of them."""

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self.size = 0

    def append(self, leaf_hash: bytes) -> None:
        _push(self._nodes, self.size, leaf_hash)
        self.size += 1

    def root(self) -> bytes:
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in self._nodes[-2::-1]:
            root = sha256(b"\x01" + node + root).digest()
        return root


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    return Frontier.of(leaf_hashes).root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> tuple[bytes, ...]:
    """PATH(index, D[size]): the hashes beside the way from that leaf to the root."""
    if not 0 <= index < size <= len(leaf_hashes):
        raise Integrity("tree-forged")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(root_of(leaf_hashes[middle:end]))
            end = middle
        else:
            proof.append(root_of(leaf_hashes[start:middle]))
            start = middle
    return tuple(reversed(proof))


def inclusion_proofs(
    leaf_hashes: Sequence[bytes], indexes: Iterable[int]
) -> dict[int, tuple[bytes, ...]]:
    """As `inclusion_proof` over all leaves, for many of them in one pass."""
    places = {index: index for index in indexes}
    if any(not 0 <= index < len(leaf_hashes) for index in places):
        raise Integrity("tree-forged")
    proofs: dict[int, list[bytes]] = {index: [] for index in places}
    level = list(leaf_hashes)
    while len(level) > 1:
        for index, place in places.items():
            # The last of an odd number goes up as it is: there is nothing beside it.
            if place ^ 1 < len(level):
                proofs[index].append(level[place ^ 1])
            places[index] = place // 2
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = [*pairs, *level[len(pairs) * 2 :]]
    return {index: tuple(proof) for index, proof in proofs.items()}


def consistency_proof(leaf_hashes: Sequence[bytes], old: int, new: int) -> tuple[bytes, ...]:
    """PROOF(old, D[new]): shows that the tree of `new` leaves begins with that of `old`."""
    if not 0 <= old <= new <= len(leaf_hashes):
        raise Integrity("tree-forged")
    if old in (0, new):
        return ()
    proof: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(root_of(leaf_hashes[middle:end]))
            end = middle
        else:
            proof.append(root_of(leaf_hashes[start:middle]))
            start = middle
    # The whole old tree is known to who asks; a part of it that ends here is not.
    if start:
        proof.append(root_of(leaf_hashes[start:end]))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162, section 2.1.3.2. Integrity("tree-forged") unless the leaf stands at `index`."""
    _check_hashes(leaf_hash, root, *proof)
    if not 0 <= index < size:
        raise Integrity("tree-forged")
    place, last = index, size - 1
    found = leaf_hash
    for node in proof:
        if last == 0:
            raise Integrity("tree-forged")
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, node)
        place >>= 1
        last >>= 1
    if last or not hmac.compare_digest(found, root):
        raise Integrity("tree-forged")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162, section 2.1.4.2. Integrity("tree-forged") unless the old tree begins the new."""
    _check_hashes(old_root, new_root, *proof)
    if not 0 <= old <= new:
        raise Integrity("tree-forged")
    if old in (0, new):
        # Nothing to prove, and so nothing may be brought as a proof.
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or not hmac.compare_digest(old_root, expected):
            raise Integrity("tree-forged")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise Integrity("tree-forged")
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    found_old = found_new = path[0]
    for node in path[1:]:
        if last == 0:
            raise Integrity("tree-forged")
        if place & 1 or place == last:
            found_old = node_hash(node, found_old)
            found_new = node_hash(node, found_new)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found_new = node_hash(found_new, node)
        place >>= 1
        last >>= 1
    same_old = hmac.compare_digest(found_old, old_root)
    same_new = hmac.compare_digest(found_new, new_root)
    if last or not (same_old and same_new):
        raise Integrity("tree-forged")


def _push(nodes: list[bytes], size: int, node: bytes) -> None:
    """Add one leaf to the complete subtrees of `size` leaves: as carrying in binary."""
    while size & 1:
        node = node_hash(nodes.pop(), node)
        size >>= 1
    nodes.append(node)


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (≥ 2)."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(*hashes: bytes) -> None:
    if any(len(one) != HASH for one in hashes):
        raise Integrity("tree-forged")
