"""Derived keys, and a master key that does not show."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from lighttight.errors import Environment, Integrity
from lighttight.model import VaultId
from lighttight.sealed.keys import (
    MasterKey,
    catalog_key,
    check_key,
    derive,
    draw,
    header_key,
    new_master_key,
)

VAULT = VaultId("ab" * 16)
MASTER = MasterKey(bytes(range(32)))


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    extracted = hmac.digest(salt, secret, hashlib.sha512)
    return hmac.digest(extracted, info + b"\1", hashlib.sha512)[:32]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_no_key_of_another_size(size: int) -> None:
    for make in (MasterKey, check_key):
        with pytest.raises(Integrity, match="key-damaged"):
            make(bytes(size))


@pytest.mark.parametrize("answered", [b"", bytes(31), bytes(33)])
def test_a_source_that_answers_another_count_makes_no_key(answered: bytes) -> None:
    with pytest.raises(Environment, match="randomness-failed"):
        draw(lambda _: answered, 32)
    with pytest.raises(Environment, match="randomness-failed"):
        new_master_key(lambda _: answered)


def test_derivation_by_hand() -> None:
    salt = bytes.fromhex(VAULT)
    assert header_key(MASTER, VAULT) == hkdf(MASTER.secret, salt, b"lighttight/header/v1")
    info = b"lighttight/catalog/v1\0\0\0\1\2"
    assert catalog_key(MASTER, VAULT, 258) == hkdf(MASTER.secret, salt, info)
    assert derive(b"x", b"", b"", 10) == hkdf(b"x", bytes(64), b"")[:10]


def test_every_catalog_vault_and_master_has_its_own_key() -> None:
    other = VaultId("cd" * 16)
    keys = {
        header_key(MASTER, VAULT),
        header_key(MASTER, other),
        header_key(MasterKey(bytes(32)), VAULT),
        catalog_key(MASTER, VAULT, 1),
        catalog_key(MASTER, VAULT, 2),
        catalog_key(MASTER, other, 1),
    }
    assert len(keys) == 6


def test_shows_nothing_and_compares() -> None:
    assert repr(MASTER) == "MasterKey()"
    assert MasterKey(bytes(range(32))) == MASTER
    assert MasterKey(bytes(32)) != MASTER
    assert MASTER.secret != MASTER
    with pytest.raises(TypeError):
        hash(MASTER)
    assert new_master_key(bytes) == MasterKey(bytes(32))
