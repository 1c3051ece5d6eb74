"""Failed unlocks, written down while no key is there to write with.

A vault that is locked can keep no secret, but it can seal to a public key: HPKE base mode to the
key in the header, whose private half is in the catalog. At the next unlock the owner reads when
someone tried, and with which factors. A record says nothing of what was typed.

What it cannot do, and the words on screen say so: whoever can write the file can delete it, or add
records of their own, because the public key is public.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from lighttight.errors import Integrity
from lighttight.model import Factor, VaultId
from lighttight.sealed.keys import KEY, Random, check_key, draw
from lighttight.sealed.slots import FACTOR_TYPES

RECORD: Final = 144
"""Bytes of every record: who counts bytes learns how many, and nothing of what."""
MAX_RECORDS: Final = 64

_PLAIN: Final = 96
_END_OF_TIME: Final = 253_402_300_800_000
"""Year 10,000: no calendar here has a name for what comes after, and the record keeps it."""
_LABEL: Final = b"lighttight/refused/v1\x00"
_FACTORS: Final = {number: factor for factor, number in FACTOR_TYPES.items()}


class FailedUnlock(NamedTuple):
    """A factor was given, derived and refused: when (milliseconds), and which factors."""

    time_ms: int
    factors: tuple[Factor, ...]


def generate_keypair(random: Random | None = None) -> tuple[bytes, bytes]:
    """(private, public), 32 bytes each. `random` as everywhere; without it the library's own."""
    if random is None:
        private = X25519PrivateKey.generate()
    else:
        private = X25519PrivateKey.from_private_bytes(draw(random, KEY))
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def seal(public: bytes, vault: VaultId, time_ms: int, factors: tuple[Factor, ...]) -> bytes:
    """One record. `public` stands in a header that nobody has authenticated: it may be anything."""
    types = bytes(sorted(FACTOR_TYPES[factor] for factor in factors))
    plain = time_ms.to_bytes(8, signed=True) + len(types).to_bytes(1) + types
    try:
        return _suite().encrypt(
            plain.ljust(_PLAIN, b"\x00"),
            X25519PublicKey.from_public_bytes(public),
            _info(vault),
        )
    except ValueError:
        # A public key of small order, which makes every shared secret zero.
        raise Integrity("header-forged") from None


def open_all(private: bytes, vault: VaultId, data: bytes) -> tuple[list[FailedUnlock], int]:
    """What the file holds, and how many records of it cannot be read.

    No error stops it: a file that anybody can write must not be able to keep the owner out. At
    most `MAX_RECORDS` are opened; what is beyond them, or is no whole record, counts as unreadable.
    """
    check_key(private)
    key = X25519PrivateKey.from_private_bytes(private)
    suite = _suite()
    found: list[FailedUnlock] = []
    for start in range(0, min(len(data), MAX_RECORDS * RECORD), RECORD):
        try:
            plain = suite.decrypt(data[start : start + RECORD], key, _info(vault))
        except (InvalidTag, ValueError):
            continue
        record = _record(plain)
        if record is not None:
            found.append(record)
    return found, -(-len(data) // RECORD) - len(found)


def _record(plain: bytes) -> FailedUnlock | None:
    """Strict, because whoever knows the public key can seal any 96 bytes."""
    count = plain[8] if len(plain) == _PLAIN else 0
    types = plain[9 : 9 + count]
    known = all(number in _FACTORS for number in types)
    ascending = all(one < other for one, other in pairwise(types))
    time_ms = int.from_bytes(plain[:8], signed=True)
    possible = 0 <= time_ms < _END_OF_TIME
    if not count or not known or not ascending or not possible or any(plain[9 + count :]):
        return None
    return FailedUnlock(time_ms, tuple(_FACTORS[number] for number in types))


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(vault: VaultId) -> bytes:
    return _LABEL + bytes.fromhex(vault)
