"""The master key and the two keys that are derived from it.

Only these two are derived. All other keys are random and stand in the catalog: what can be derived
cannot be deleted, and a rotation, which replaces the master key, must not change them.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lighttight.errors import Environment, Integrity
from lighttight.model import VaultId

KEY = 32
"""Bytes of every key, and of every factor output."""

Random = Callable[[int], bytes]
"""Answers that many bytes of the operating system's generator."""

_HEADER = b"lighttight/header/v1"
_CATALOG = b"lighttight/catalog/v1\x00"


@dataclass(frozen=True, slots=True, eq=False)
class MasterKey:
    """32 random bytes that only slots hold; new at every rotation. Compares in constant time."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_key(self.secret)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MasterKey) and hmac.compare_digest(self.secret, other.secret)


def new_master_key(random: Random) -> MasterKey:
    return MasterKey(draw(random, KEY))


def header_key(master: MasterKey, vault: VaultId) -> bytes:
    """The key of the header's MAC."""
    return derive(master.secret, bytes.fromhex(vault), _HEADER, KEY)


def catalog_key(master: MasterKey, vault: VaultId, number: int) -> bytes:
    """The key of `catalog.<number>.db`."""
    return derive(master.secret, bytes.fromhex(vault), _CATALOG + number.to_bytes(4), KEY)


def derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF of RFC 5869 with SHA-512."""
    return HKDF(SHA512(), length, salt, info).derive(secret)


def draw(random: Random, count: int) -> bytes:
    """`count` random bytes. A source that answers fewer would make guessable keys: refused."""
    drawn = random(count)
    if len(drawn) != count:
        raise Environment("randomness-failed")
    return drawn


def check_key(key: bytes) -> None:
    """A key of another length never came from this format."""
    if len(key) != KEY:
        raise Integrity("key-damaged")
