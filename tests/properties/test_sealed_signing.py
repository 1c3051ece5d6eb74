"""Checkpoints read back as they were stated; proofs made together are those made one by one."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lighttight.errors import Integrity
from lighttight.sealed.checkpoint import Checkpoint, check, read, sign
from lighttight.sealed.signing import SigningKeys
from lighttight.sealed.tree import inclusion_proof, inclusion_proofs

KEYS = SigningKeys(b"k" * 32, b"l" * 32)
PUBLIC = KEYS.public()
stated = st.builds(
    Checkpoint,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**63 - 1),
)


@settings(max_examples=40, deadline=None)
@given(stated)
def test_signed_and_read_back(checkpoint: Checkpoint) -> None:
    note = sign(checkpoint, KEYS)
    assert read(note) == check(note, PUBLIC) == checkpoint


NOTE = sign(Checkpoint(b"i" * 32, 12, b"r" * 32, 1, 99), KEYS)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(NOTE)), st.integers(0, 6), st.binary(max_size=6))
def test_another_note_is_refused(place: int, removed: int, added: bytes) -> None:
    changed = NOTE[:place] + added + NOTE[place + removed :]
    assume(changed != NOTE)
    with pytest.raises(Integrity, match="checkpoint-forged"):
        check(changed, PUBLIC)


@settings(deadline=None)
@given(st.integers(1, 70), st.data())
def test_proofs_in_one_pass(size: int, data: st.DataObject) -> None:
    hashes = [sha256(bytes([number])).digest() for number in range(size)]
    some = data.draw(st.sets(st.integers(0, size - 1)))
    assert inclusion_proofs(hashes, some) == {
        one: inclusion_proof(hashes, one, size) for one in some
    }
    with pytest.raises(Integrity, match="tree-forged"):
        inclusion_proofs(hashes, [size])
