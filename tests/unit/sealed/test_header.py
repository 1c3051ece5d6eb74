"""Header: writing, and which of two copies is in force. What is refused: tests/vectors/header."""

from __future__ import annotations

import dataclasses
import os
from hashlib import sha256
from typing import Any

import pytest

from lighttight.errors import Integrity, Unsupported
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed.header import Header, authenticate, choose, encode, header_hash, parse
from lighttight.sealed.keys import new_master_key
from lighttight.sealed.slots import seal_slot

VAULT = VaultId("ab" * 16)
MASTER = new_master_key(os.urandom)


def slot(number: int = 0):
    outputs = {Factor.RECOVERY: os.urandom(32)}
    return seal_slot(MASTER, VAULT, SlotId(f"{number:016x}"), outputs, None, 0, os.urandom)


BASE = Header(VAULT, 5, 1, os.urandom(32), (slot(),))
FIVE = encode(BASE, MASTER)
SIX = encode(dataclasses.replace(BASE, sequence=6), MASTER)
OTHER_FIVE = encode(dataclasses.replace(BASE, journal=os.urandom(32)), MASTER)
DAMAGED = FIVE[:50] + b"?" + FIVE[51:]


def newer() -> bytes:
    hashed = b"lighttight-vault 2\nfrom the future\n"
    checksum = sha256(hashed).hexdigest().encode()
    return hashed + b"sha256 " + checksum + b"\nmac " + b"0" * 64 + b"\n"


# Writing


@pytest.mark.parametrize(
    "changes",
    [
        {"vault": VaultId("AB" * 16)},
        {"vault": VaultId("ab" * 15)},
        {"sequence": 0},
        {"sequence": 2**63},
        {"catalog": 0},
        {"catalog": 2**32},
        {"journal": bytes(31)},
        {"slots": ()},
        {"slots": tuple(slot(number) for number in range(9))},
        {"slots": (slot(1), slot(1))},
        {"slots": (dataclasses.replace(slot(), wrapped=bytes(59)),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_no_reader_accepts_is_not_written(changes: dict[str, Any]) -> None:
    header = dataclasses.replace(BASE, **changes)
    with pytest.raises(Integrity, match="header-damaged"):
        encode(header, MASTER)


def test_round_trip() -> None:
    assert parse(FIVE) == authenticate(FIVE, MASTER) == BASE
    assert header_hash(FIVE) == sha256(FIVE).digest()
    assert FIVE.count(b"\n") == 4


def test_another_master_key_is_told_from_damage() -> None:
    with pytest.raises(Integrity, match="header-forged"):
        authenticate(FIVE, new_master_key(os.urandom))
    with pytest.raises(Integrity, match="header-damaged"):
        authenticate(DAMAGED, MASTER)


# Two copies


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (None, None, "header-damaged"),
        (DAMAGED, None, "header-damaged"),
        (None, DAMAGED, "header-damaged"),
        (b"", b"", "header-damaged"),
        (FIVE, OTHER_FIVE, "header-copies-differ"),
        (newer(), FIVE, "vault-newer"),
        (FIVE, newer(), "vault-newer"),
        (newer(), None, "vault-newer"),
        (DAMAGED, newer(), "vault-newer"),
    ],
)
def test_no_choice(first: bytes | None, second: bytes | None, code: str) -> None:
    with pytest.raises((Integrity, Unsupported), match=code):
        choose(first, second)


@pytest.mark.parametrize(
    ("first", "second", "chosen", "damaged"),
    [
        (FIVE, FIVE, FIVE, False),
        (FIVE, SIX, SIX, False),
        (SIX, FIVE, SIX, False),
        (FIVE, None, FIVE, True),
        (None, FIVE, FIVE, True),
        (DAMAGED, SIX, SIX, True),
        (SIX, DAMAGED, SIX, True),
        (b"", FIVE, FIVE, True),
        (newer()[:-1], FIVE, FIVE, True),
    ],
)
def test_choice(first: bytes | None, second: bytes | None, chosen: bytes, damaged: bool) -> None:
    found = choose(first, second)
    assert (found.data, found.damaged) == (chosen, damaged)
    assert found.header == parse(chosen)


def test_reason_of_the_first_is_told_when_both_are_unusable() -> None:
    text = FIVE.split(b"\n")[1]
    body = text.replace(
        b'"factors":["recovery"],"argon2":null',
        b'"factors":["passphrase"],"argon2":{"salt":"' + b"00" * 16
        + b'","memory":8,"passes":3,"lanes":4}',
    )  # fmt: skip
    hashed = b"lighttight-vault 1\n" + body + b"\n"
    checksum = sha256(hashed).hexdigest().encode()
    absurd = hashed + b"sha256 " + checksum + b"\nmac " + b"0" * 64 + b"\n"
    with pytest.raises(Integrity, match="header-costs"):
        choose(absurd, DAMAGED)
    assert choose(absurd, FIVE).damaged


def test_mac_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(one))
        return one == other

    monkeypatch.setattr("lighttight.sealed.header.hmac.compare_digest", compare)
    authenticate(FIVE, MASTER)
    assert compared == [32]
