"""Pairs of signing keys, and the certificates by which one pair vouches for the next.

`app/docs/audit-log.md`, section 8. Every signature is two: Ed25519, which every program can check,
and ML-DSA-65, which still convinces once quantum computers break the first. Both are required;
whoever forges one has nothing.

Ed25519 knows no context, so the messages themselves begin with what they are: a certificate with
its label, a checkpoint with `lighttight.invalid/`. Neither can be taken for the other.
"""

from __future__ import annotations

import dataclasses
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from lighttight.errors import Integrity, Unsupported
from lighttight.sealed.keys import KEY, Random, check_key, draw

ED25519_PUBLIC: Final = 32
ED25519_SIGNATURE: Final = 64
MLDSA65_PUBLIC: Final = 1952
MLDSA65_SIGNATURE: Final = 3309
PUBLIC: Final = ED25519_PUBLIC + MLDSA65_PUBLIC
SIGNATURES: Final = ED25519_SIGNATURE + MLDSA65_SIGNATURE
FINGERPRINT: Final = 32

_IDENTITY: Final = b"lighttight/identity/v1\x00"
_EPOCH: Final = b"lighttight/epoch/v1\x00"
_CONTEXT: Final = b"lighttight/epoch/v1"
_HASH: Final = 32
_STATED: Final = len(_EPOCH) + FINGERPRINT + 4 + 8 + _HASH + 8 + PUBLIC
CERTIFICATE: Final = _STATED + SIGNATURES
"""Bytes of every certificate."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    ed25519: bytes
    mldsa65: bytes

    def __post_init__(self) -> None:
        if (len(self.ed25519), len(self.mldsa65)) != (ED25519_PUBLIC, MLDSA65_PUBLIC):
            raise Integrity("signing-key-damaged")

    def encode(self) -> bytes:
        return self.ed25519 + self.mldsa65

    @staticmethod
    def decode(data: bytes) -> PublicKeys:
        return PublicKeys(data[:ED25519_PUBLIC], data[ED25519_PUBLIC:])

    def fingerprint(self) -> bytes:
        """What an identity is known by: 32 bytes that people compare."""
        return sha256(_IDENTITY + self.encode()).digest()


@dataclass(frozen=True, slots=True, eq=False)
class SigningKeys:
    """The private halves: two random seeds of 32 bytes."""

    ed25519: bytes = dataclasses.field(repr=False)
    mldsa65: bytes = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        check_key(self.ed25519)
        check_key(self.mldsa65)

    def public(self) -> PublicKeys:
        return _public(Ed25519PrivateKey.from_private_bytes(self.ed25519), _mldsa65(self.mldsa65))

    def sign(self, message: bytes, context: bytes) -> tuple[PublicKeys, Signatures]:
        """Both signatures over the same message, and the keys that check them, since making those
        again takes longer than signing. `context` is ML-DSA's."""
        ed25519 = Ed25519PrivateKey.from_private_bytes(self.ed25519)
        mldsa65 = _mldsa65(self.mldsa65)
        signatures = Signatures(ed25519.sign(message), mldsa65.sign(message, context))
        return _public(ed25519, mldsa65), signatures


@dataclass(frozen=True, slots=True)
class Signatures:
    ed25519: bytes
    mldsa65: bytes

    def encode(self) -> bytes:
        return self.ed25519 + self.mldsa65

    @staticmethod
    def decode(data: bytes) -> Signatures:
        return Signatures(data[:ED25519_SIGNATURE], data[ED25519_SIGNATURE:])


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate states: from `size` entries on, epoch `number` signs with `keys`."""

    identity: bytes
    number: int
    size: int
    root: bytes
    claimed_ms: int
    keys: PublicKeys

    def stated(self) -> bytes:
        """The bytes that are signed."""
        return b"".join(
            (
                _EPOCH,
                self.identity,
                self.number.to_bytes(4),
                self.size.to_bytes(8),
                self.root,
                self.claimed_ms.to_bytes(8, signed=True),
                self.keys.encode(),
            )
        )


def new_keys(random: Random) -> SigningKeys:
    return SigningKeys(draw(random, KEY), draw(random, KEY))


def verify(public: PublicKeys, message: bytes, context: bytes, signatures: Signatures) -> None:
    """Integrity("signature-forged") unless both signatures hold."""
    try:
        Ed25519PublicKey.from_public_bytes(public.ed25519).verify(signatures.ed25519, message)
        _mldsa65_public(public.mldsa65).verify(signatures.mldsa65, message, context)
    except (InvalidSignature, ValueError) as error:
        raise Integrity("signature-forged") from error


def certify(certificate: Certificate, by: SigningKeys) -> bytes:
    """The certificate, signed by the keys of the epoch before it, or by the identity."""
    stated = certificate.stated()
    data = stated + by.sign(stated, _CONTEXT)[1].encode()
    # Never write what no reader accepts.
    read_certificate(data)
    return data


def read_certificate(data: bytes) -> Certificate:
    """What it states, unproven. Integrity("certificate-forged") where it has another form."""
    if len(data) != CERTIFICATE or not data.startswith(_EPOCH):
        raise Integrity("certificate-forged")
    sizes = (FINGERPRINT, 4, 8, _HASH, 8, PUBLIC)
    at = len(_EPOCH)
    parts: list[bytes] = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    identity, number, tree_size, root, claimed, keys = parts
    return Certificate(
        identity,
        int.from_bytes(number),
        int.from_bytes(tree_size),
        root,
        int.from_bytes(claimed, signed=True),
        PublicKeys.decode(keys),
    )


def verify_certificate(data: bytes, by: PublicKeys) -> Certificate:
    """What it states, once `by` has signed it: Integrity("certificate-forged")."""
    found = read_certificate(data)
    try:
        verify(by, data[:_STATED], _CONTEXT, Signatures.decode(data[_STATED:]))
    except Integrity as error:
        raise Integrity("certificate-forged") from error
    return found


def verify_chain(identity: PublicKeys, certificates: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Every epoch from the first on, each certified by the one before and the first by `identity`.

    Integrity("certificate-forged") for a signature that does not hold, an epoch that is missing,
    of another identity, or out of order, and for a tree that shrinks.
    """
    found: list[Certificate] = []
    by = identity
    fingerprint = identity.fingerprint()
    for number, data in enumerate(certificates):
        one = verify_certificate(data, by)
        if one.number != number or not hmac.compare_digest(one.identity, fingerprint):
            raise Integrity("certificate-forged")
        found.append(one)
        by = one.keys
    if not found or any(one.size > other.size for one, other in pairwise(found)):
        raise Integrity("certificate-forged")
    return tuple(found)


def _public(ed25519: Ed25519PrivateKey, mldsa65: MLDSA65PrivateKey) -> PublicKeys:
    return PublicKeys(
        ed25519.public_key().public_bytes_raw(), mldsa65.public_key().public_bytes_raw()
    )


def _mldsa65(seed: bytes) -> MLDSA65PrivateKey:
    try:
        return MLDSA65PrivateKey.from_seed_bytes(seed)
    except UnsupportedAlgorithm as error:
        raise Unsupported("signing-unsupported") from error


def _mldsa65_public(data: bytes) -> MLDSA65PublicKey:
    try:
        return MLDSA65PublicKey.from_public_bytes(data)
    except UnsupportedAlgorithm as error:
        raise Unsupported("signing-unsupported") from error
