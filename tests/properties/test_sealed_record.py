"""Entries, the tree against a naive one, the state's hash, words, notes, failed unlocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lighttight.errors import Integrity, Refused
from lighttight.model import Factor, VaultId
from lighttight.sealed import anchor, refused, words
from lighttight.sealed.entries import (
    EntryKind,
    Field,
    FieldType,
    OpenField,
    build,
    check_field,
    decode_value,
    encode_value,
    parse_leaf,
)
from lighttight.sealed.state import MultisetHash
from lighttight.sealed.tree import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

KEY = bytes(range(32))

# --- Entries

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
hex32 = st.binary(min_size=16, max_size=16).map(bytes.hex)
VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.ID: hex32,
    FieldType.IDS: st.sets(hex32, min_size=1, max_size=20).map(lambda ids: tuple(sorted(ids))),
    FieldType.SLOT: st.binary(min_size=8, max_size=8).map(bytes.hex),
    FieldType.DIGEST: st.binary(min_size=32, max_size=32),
    FieldType.NUMBER: st.integers(0, 2**64 - 1),
    FieldType.TIME: st.integers(-(2**63), 2**63 - 1),
    FieldType.TEXT: texts,
}


@st.composite
def entries(draw: st.DrawFn) -> tuple[bytes, tuple[OpenField, ...], dict[str, Any]]:
    kind = draw(st.sampled_from(EntryKind))
    some = draw(st.sets(st.sampled_from(sorted(kind.fields, key=lambda one: one.number))))
    given_: dict[str, Any] = {
        "sequence": draw(st.integers(0, 2**64 - 1)),
        "kind": kind,
        "previous_root": draw(st.binary(min_size=32, max_size=32)),
        "claimed_ms": draw(st.integers(-(2**63), 2**63 - 1)),
        "program": draw(st.from_regex(r"\A[!-~]{1,32}\Z")),
        "fields": {field: draw(VALUES[field.type]) for field in some},
    }
    return *build(**given_, random=os.urandom), given_


@given(entries())
def test_an_entry_and_back(made: tuple[bytes, tuple[OpenField, ...], dict[str, Any]]) -> None:
    leaf, opened, given_ = made
    found = parse_leaf(leaf)
    for name in ("sequence", "kind", "previous_root", "claimed_ms", "program"):
        assert getattr(found, name) == given_[name]
    assert set(found.digests) == set(given_["fields"])
    for one in opened:
        check_field(found, one)
        assert decode_value(one.field, one.value) == given_["fields"][one.field]


@given(entries(), st.data())
def test_another_leaf_is_refused_or_another_entry(
    made: tuple[bytes, tuple[OpenField, ...], dict[str, Any]], data: st.DataObject
) -> None:
    """One encoding: bytes that differ never read as the same entry."""
    leaf = made[0]
    place = data.draw(st.integers(0, len(leaf)))
    removed = data.draw(st.integers(0, 3))
    added = data.draw(st.binary(max_size=3))
    changed = leaf[:place] + added + leaf[place + removed :]
    assume(changed != leaf)
    try:
        found = parse_leaf(changed)
    except Integrity:
        return
    assert found != parse_leaf(leaf)


@given(entries(), st.data())
def test_an_altered_field_is_refused(
    made: tuple[bytes, tuple[OpenField, ...], dict[str, Any]], data: st.DataObject
) -> None:
    leaf, opened, _ = made
    assume(opened)
    one = data.draw(st.sampled_from(opened))
    other = OpenField(
        data.draw(st.one_of(st.just(one.field), st.sampled_from(Field))),
        data.draw(st.one_of(st.just(one.salt), st.binary(min_size=16, max_size=16))),
        data.draw(st.one_of(st.just(one.value), st.binary(max_size=40))),
    )
    assume(other != one)
    with pytest.raises(Integrity, match="entry-forged"):
        check_field(parse_leaf(leaf), other)


@given(st.sampled_from(Field), st.binary(max_size=50))
def test_a_value_is_its_one_encoding_or_refused(field: Field, data: bytes) -> None:
    try:
        value = decode_value(field, data)
    except Integrity:
        return
    assert encode_value(field, value) == data


# --- The tree


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it stands there; over leaf hashes."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) <= 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_proof(old: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*naive_proof(old, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_proof(old - split, leaves[split:], False), naive_root(leaves[:split])]


HASHES = [leaf_hash(number.to_bytes(2)) for number in range(300)]
sizes = st.integers(0, 300)


def test_small_trees_altogether() -> None:
    for new in range(18):
        leaves = HASHES[:new]
        root = root_of(leaves)
        assert root == naive_root(leaves)
        for index in range(new):
            proof = inclusion_proof(leaves, index, new)
            assert list(proof) == naive_path(index, leaves)
            verify_inclusion(leaves[index], index, new, root, proof)
        for old in range(new + 1):
            proof = consistency_proof(HASHES, old, new)
            assert list(proof) == (naive_proof(old, leaves) if old else [])
            verify_consistency(old, new, root_of(leaves[:old]), root, proof)


@given(sizes, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    assume(size)
    index = data.draw(st.integers(0, size - 1))
    leaves = HASHES[:size]
    root, proof = naive_root(leaves), naive_path(index, leaves)
    assert inclusion_proof(HASHES, index, size) == tuple(proof)
    verify_inclusion(HASHES[index], index, size, root, proof)
    wrong_index = data.draw(st.integers(-1, size + 1).filter(lambda other: other != index))
    for arguments in (
        (HASHES[index], wrong_index, size, root, proof),
        (HASHES[index - 1], index, size, root, proof) if size > 1 else (root[::-1], 0, 1, root, []),
        (HASHES[index], index, size, root[::-1], proof),
        (HASHES[index], index, size, root, [*proof, HASHES[0]]),
        (HASHES[index], index, size, root, [HASHES[299], *proof]),
    ):
        with pytest.raises(Integrity, match="tree-forged"):
            verify_inclusion(*arguments)
    for left_out in range(len(proof)):
        with pytest.raises(Integrity, match="tree-forged"):
            verify_inclusion(
                HASHES[index], index, size, root, proof[:left_out] + proof[left_out + 1 :]
            )


@given(sizes, st.data())
def test_consistency(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    old_root, new_root = naive_root(HASHES[:old]), naive_root(HASHES[:new])
    proof = naive_proof(old, HASHES[:new]) if old else []
    assert consistency_proof(HASHES, old, new) == tuple(proof)
    verify_consistency(old, new, old_root, new_root, proof)
    forged = naive_root([*HASHES[: max(old - 1, 0)], bytes(32)])
    wrong: list[tuple[int, int, bytes, bytes, list[bytes]]] = [
        (old, new, forged, new_root, proof),
        (old, new, old_root, new_root, [*proof, bytes(32)]),
        (old, new, old_root, new_root, [bytes(32), *proof]),
        (new + 1, new, old_root, new_root, proof),
        (-1, new, old_root, new_root, proof),
    ]
    if 0 < old < new:
        wrong.append((old, new, old_root, forged, proof))
        wrong += [
            (old, new, old_root, new_root, proof[:at] + proof[at + 1 :]) for at in range(len(proof))
        ]
    for arguments in wrong:
        with pytest.raises(Integrity, match="tree-forged"):
            verify_consistency(*arguments)


@given(sizes, st.integers(0, 20))
def test_appending_is_the_whole_tree(size: int, more: int) -> None:
    frontier = Frontier.of(HASHES[:size])
    kept = Frontier.decode(size, frontier.encode())
    for leaf in HASHES[:more]:
        kept = kept.append(leaf)
    assert kept.root() == naive_root([*HASHES[:size], *HASHES[:more]])
    assert len(frontier.nodes) == size.bit_count()


# --- The state's hash

columns = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    texts,
    st.binary(max_size=40),
)
rows = st.lists(st.tuples(st.sampled_from(["items", "tags"]), st.lists(columns, max_size=5)))


@given(rows, st.randoms(use_true_random=False))
def test_order_does_not_matter(many: list[tuple[str, list[Any]]], random: Any) -> None:
    one, other, bulk = MultisetHash(KEY), MultisetHash(KEY), MultisetHash(KEY)
    for table, row in many:
        one.add(table, row)
    shuffled = list(many)
    random.shuffle(shuffled)
    for table, row in shuffled:
        other.add(table, row)
    for table in ("tags", "items"):
        bulk.add_many(table, [row for name, row in many if name == table])
    assert one.encode() == other.encode() == bulk.encode()
    assert one.rows == other.rows == bulk.rows == len(many)


@given(rows, st.data())
def test_kept_up_is_recomputed(many: list[tuple[str, list[Any]]], data: st.DataObject) -> None:
    kept = MultisetHash(KEY)
    left: list[tuple[str, list[Any]]] = []
    for table, row in many:
        kept.add(table, row)
        left.append((table, row))
        if data.draw(st.booleans()):
            gone = left.pop(data.draw(st.integers(0, len(left) - 1)))
            kept.remove(*gone)
    fresh = MultisetHash(KEY)
    for table, row in left:
        fresh.add(table, row)
    assert (kept.sum, kept.rows) == (fresh.sum, fresh.rows)


@given(rows, rows)
def test_other_rows_have_another_sum(
    one: list[tuple[str, list[Any]]], other: list[tuple[str, list[Any]]]
) -> None:
    def key(row: tuple[str, list[Any]]) -> str:
        return repr(row)

    sums: list[bytes] = []
    for many in (one, other):
        multiset = MultisetHash(KEY)
        for table, row in many:
            multiset.add(table, row)
        sums.append(multiset.encode())
    assert (sums[0] == sums[1]) == (sorted(one, key=key) == sorted(other, key=key))


# --- Recovery words

entropies = st.binary(min_size=32, max_size=32)


@given(entropies, st.data())
def test_words_and_back(entropy: bytes, data: st.DataObject) -> None:
    written = words.encode(entropy)
    assert len(written) == 24
    assert words.decode(" ".join(written)) == entropy
    spelled = [
        word[: data.draw(st.integers(min(4, len(word)), len(word)))].swapcase() for word in written
    ]
    spaces = data.draw(st.lists(st.sampled_from([" ", "\n", "\t", "  "]), min_size=24, max_size=24))
    assert words.decode("".join(a + b for a, b in zip(spaces, spelled, strict=True))) == entropy


@given(entropies, st.integers(0, 23), st.sampled_from(words.WORDS))
@settings(max_examples=300)
def test_another_word_is_found_or_is_another_phrase(entropy: bytes, at: int, word: str) -> None:
    written = list(words.encode(entropy))
    assume(written[at] != word)
    written[at] = word
    with suppress(Refused):
        # One in 256 fits by chance, and then it is a valid phrase for something else.
        assert words.decode(" ".join(written)) != entropy


def test_most_mistakes_are_found() -> None:
    written = list(words.encode(bytes(range(32))))
    found = 0
    for word in words.WORDS:
        try:
            words.decode(" ".join([word, *written[1:]]))
        except Refused:
            found += 1
    assert found >= 2048 * 0.985


@given(st.text(max_size=100))
def test_any_text_is_refused_as_words(text: str) -> None:
    with pytest.raises(Refused):
        words.decode(text)


# --- Notes and failed unlocks

VAULT = VaultId("ab" * 16)
hashes = st.binary(min_size=32, max_size=32)
natural = st.integers(0, 2**63 - 1)


notes = st.builds(
    anchor.Anchor,
    *(st.just(VAULT), natural, hashes, natural, hashes),
    *(st.integers(1, 2**63 - 1), hashes, natural),
)


@given(notes)
def test_a_note_and_back(note: anchor.Anchor) -> None:
    text = anchor.encode(note, KEY)
    assert anchor.decode(text, KEY, VAULT) == note
    assert text.isascii()


@given(st.text(max_size=300))
def test_any_text_is_refused_as_a_note(text: str) -> None:
    with pytest.raises(Integrity, match="anchor-forged"):
        anchor.decode(text, KEY, VAULT)


PRIVATE, PUBLIC = refused.generate_keypair(lambda count: b"\7" * count)
factor_sets = st.sets(st.sampled_from(Factor), min_size=1).map(tuple)


@given(st.integers(0, 253_402_300_799_999), factor_sets)
@settings(max_examples=30)
def test_a_failed_unlock_and_back(time_ms: int, factors: tuple[Factor, ...]) -> None:
    record = refused.seal(PUBLIC, VAULT, time_ms, factors)
    assert len(record) == refused.RECORD
    found, unreadable = refused.open_all(PRIVATE, VAULT, record)
    assert unreadable == 0
    assert found == [(time_ms, tuple(one for one in Factor if one in factors))]


@given(st.binary(max_size=1000))
@settings(max_examples=30)
def test_any_bytes_are_no_failed_unlocks(data: bytes) -> None:
    found, unreadable = refused.open_all(PRIVATE, VAULT, data)
    assert found == []
    assert unreadable == -(-len(data) // refused.RECORD)
