"""Failed unlocks: sealed by anyone, read by the owner, and never a reason not to open."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from lighttight.errors import Environment, Integrity
from lighttight.model import Factor, VaultId
from lighttight.sealed.refused import (
    MAX_RECORDS,
    RECORD,
    generate_keypair,
    open_all,
    seal,
)

VAULT = VaultId("ab" * 16)
PRIVATE, PUBLIC = generate_keypair(os.urandom)
BOTH = (Factor.KEYRING, Factor.PASSPHRASE)
ONE = seal(PUBLIC, VAULT, 1_700_000_000_000, BOTH)


def by_hand(plain: bytes, info: bytes = b"lighttight/refused/v1\0" + b"\xab" * 16) -> bytes:
    """What someone makes who read the public key in the header."""
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    return suite.encrypt(plain, X25519PublicKey.from_public_bytes(PUBLIC), info)


PLAIN = (5).to_bytes(8) + bytes([2, 1, 2]) + bytes(85)
UNREADABLE = {
    "zeros": bytes(RECORD),
    "noise": os.urandom(RECORD),
    "a flipped bit": ONE[:-1] + bytes([ONE[-1] ^ 1]),
    "another key": seal(generate_keypair()[1], VAULT, 5, BOTH),
    "another vault": seal(PUBLIC, VaultId("cd" * 16), 5, BOTH),
    "another label": by_hand(PLAIN, b"lighttight/refused/v2\0" + b"\xab" * 16),
    "no factors": by_hand((5).to_bytes(8) + bytes(88)),
    "five factors": by_hand((5).to_bytes(8) + bytes([5, 1, 2, 3, 4, 5]) + bytes(82)),
    "more factors than bytes": by_hand((5).to_bytes(8) + bytes([255]) + bytes(87)),
    "unknown factor": by_hand((5).to_bytes(8) + bytes([1, 9]) + bytes(86)),
    "factor 0": by_hand((5).to_bytes(8) + bytes([1, 0]) + bytes(86)),
    "factors out of order": by_hand((5).to_bytes(8) + bytes([2, 2, 1]) + bytes(85)),
    "a factor twice": by_hand((5).to_bytes(8) + bytes([2, 1, 1]) + bytes(85)),
    "a time before there was one": by_hand(b"\xff" * 8 + PLAIN[8:]),
    "a time that no calendar has": by_hand((253_402_300_800_000).to_bytes(8) + PLAIN[8:]),
    "something behind": by_hand(PLAIN[:-1] + b"\1"),
}


@pytest.mark.parametrize("record", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_records_are_counted_and_the_others_are_read(record: bytes) -> None:
    assert len(record) == RECORD
    assert open_all(PRIVATE, VAULT, ONE + record + ONE) == ([(1_700_000_000_000, BOTH)] * 2, 1)


@pytest.mark.parametrize("size", [0, 95, 97])
def test_plaintext_of_another_size(size: int) -> None:
    record = by_hand(PLAIN.ljust(97, b"\0")[:size])
    assert open_all(PRIVATE, VAULT, record)[0] == []


@pytest.mark.parametrize(("cut", "unreadable"), [(1, 1), (RECORD - 1, 1), (RECORD, 0)])
def test_a_file_cut_inside_a_record(cut: int, unreadable: int) -> None:
    found, count = open_all(PRIVATE, VAULT, (ONE * 3)[:-cut])
    assert (len(found), count) == (2, unreadable)


def test_a_file_that_someone_made_long_costs_no_time() -> None:
    found, count = open_all(PRIVATE, VAULT, ONE * (MAX_RECORDS + 1000))
    assert (len(found), count) == (MAX_RECORDS, 1000)
    assert open_all(PRIVATE, VAULT, b"") == ([], 0)


@pytest.mark.parametrize(
    "public",
    [bytes(32), b"\1" + bytes(31), b"", bytes(31), bytes(33)],
    ids=["zero", "small order", "empty", "short", "long"],
)
def test_a_public_key_that_is_none(public: bytes) -> None:
    with pytest.raises(Integrity, match="header-forged"):
        seal(public, VAULT, 5, BOTH)


def test_a_private_key_that_is_none() -> None:
    with pytest.raises(Integrity, match="key-damaged"):
        open_all(bytes(31), VAULT, ONE)


def test_records_have_one_size_and_no_two_are_the_same() -> None:
    records = [
        seal(PUBLIC, VAULT, time, factors)
        for time in (0, 5, 253_402_300_799_999)
        for factors in ((Factor.PASSPHRASE,), BOTH, (*BOTH, Factor.RECOVERY))
        for _ in range(2)
    ]
    assert {len(record) for record in records} == {RECORD}
    assert len({*records}) == len(records)
    found, unreadable = open_all(PRIVATE, VAULT, b"".join(records))
    assert unreadable == 0
    assert [one.time_ms for one in found] == [0] * 6 + [5] * 6 + [253_402_300_799_999] * 6


def test_order_of_the_factors_does_not_matter() -> None:
    record = seal(PUBLIC, VAULT, 5, tuple(reversed(BOTH)))
    assert open_all(PRIVATE, VAULT, record)[0][0].factors == BOTH


def test_by_hand() -> None:
    assert open_all(PRIVATE, VAULT, by_hand(PLAIN)) == ([(5, BOTH)], 0)


def test_keys_are_fresh_or_given() -> None:
    assert generate_keypair() != generate_keypair()
    assert generate_keypair(lambda count: b"\7" * count)[0] == b"\7" * 32
    with pytest.raises(Environment, match="randomness-failed"):
        generate_keypair(lambda count: b"\7" * (count - 1))
