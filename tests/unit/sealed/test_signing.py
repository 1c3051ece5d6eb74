"""Keys in pairs, certificates, and the chain from the identity: refusals first."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from lighttight.errors import Environment, Integrity, Unsupported
from lighttight.sealed import signing
from lighttight.sealed.signing import (
    CERTIFICATE,
    MLDSA65_SIGNATURE,
    Certificate,
    PublicKeys,
    Signatures,
    SigningKeys,
    certify,
    new_keys,
    read_certificate,
    verify,
    verify_certificate,
    verify_chain,
)

IDENTITY = SigningKeys(b"i" * 32, b"j" * 32)
EPOCHS = [SigningKeys(bytes([number]) * 32, bytes([number + 9]) * 32) for number in range(3)]
WHO = IDENTITY.public()


def states(number: int, **others: object) -> Certificate:
    plain = Certificate(
        WHO.fingerprint(), number, 10 * number, b"r" * 32, -5, EPOCHS[number].public()
    )
    return dataclasses.replace(plain, **others)


CERTIFICATES = [certify(states(number), by) for number, by in enumerate((IDENTITY, *EPOCHS[:2]))]


LATTICE = CERTIFICATE - MLDSA65_SIGNATURE


@pytest.mark.parametrize("part", range(8))
def test_every_bit_of_a_certificate_counts(part: int) -> None:
    """Of the long signature one bit in each byte: checking it takes a millisecond."""
    for byte in range(part, CERTIFICATE, 8):
        for bit in range(8) if byte < LATTICE else (byte * 5 // 8 % 8,):
            data = bytearray(CERTIFICATES[0])
            data[byte] ^= 1 << bit
            with pytest.raises(Integrity, match="certificate-forged"):
                verify_certificate(bytes(data), WHO)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"",
        lambda data: data[:2087] + data[2087 + 64 :] + data[2087 : 2087 + 64],
        lambda data: data[:-3309] + bytes(3309),
        lambda data: data[: -3309 - 64] + bytes(64) + data[-3309:],
    ],
    ids=["cut", "longer", "empty", "signatures swapped", "only Ed25519", "only ML-DSA-65"],
)
def test_other_forms_are_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Integrity, match="certificate-forged"):
        verify_certificate(change(CERTIFICATES[0]), WHO)


def mixed(stated: bytes, first: SigningKeys, second: SigningKeys) -> bytes:
    """Two good signatures by different pairs: one key of the two was stolen."""
    context = b"lighttight/epoch/v1"
    ed25519 = first.sign(stated, context)[1].ed25519
    return stated + Signatures(ed25519, second.sign(stated, context)[1].mldsa65).encode()


def test_one_stolen_key_is_not_enough() -> None:
    thief = new_keys(os.urandom)
    for pair in ((IDENTITY, thief), (thief, IDENTITY)):
        with pytest.raises(Integrity, match="certificate-forged"):
            verify_certificate(mixed(states(0).stated(), *pair), WHO)


@pytest.mark.parametrize(
    "chain",
    [
        [],
        CERTIFICATES[1:],
        [CERTIFICATES[0], CERTIFICATES[2]],
        [CERTIFICATES[1], CERTIFICATES[0]],
        [CERTIFICATES[0], CERTIFICATES[0]],
        [CERTIFICATES[0], certify(dataclasses.replace(states(1), number=2), EPOCHS[0])],
        [certify(states(0, identity=b"x" * 32), IDENTITY)],
        [certify(states(0, size=11), IDENTITY), CERTIFICATES[1]],
        [CERTIFICATES[0], certify(states(1), IDENTITY)],
        [CERTIFICATES[0], certify(states(1), EPOCHS[1])],
    ],
    ids=[
        *("empty", "first missing", "one missing", "swapped", "twice", "number left out"),
        *("another identity", "tree shrinks", "by the identity again", "by itself"),
    ],
)
def test_a_chain_that_does_not_hold(chain: list[bytes]) -> None:
    with pytest.raises(Integrity, match="certificate-forged"):
        verify_chain(WHO, chain)


def test_another_identity_has_nothing_to_do_with_it() -> None:
    with pytest.raises(Integrity, match="certificate-forged"):
        verify_chain(new_keys(os.urandom).public(), CERTIFICATES)


def test_the_chain_as_it_should_be() -> None:
    assert verify_chain(WHO, CERTIFICATES) == tuple(states(number) for number in range(3))
    equal = certify(states(1, size=0), EPOCHS[0])
    assert verify_chain(WHO, [CERTIFICATES[0], equal])[1].size == 0


def test_another_message_or_context_is_refused() -> None:
    public, signatures = IDENTITY.sign(b"message", b"context")
    verify(public, b"message", b"context", signatures)
    for message, context in ((b"massage", b"context"), (b"message", b"content"), (b"message", b"")):
        with pytest.raises(Integrity, match="signature-forged"):
            verify(public, message, context, signatures)


@pytest.mark.parametrize(("ed25519", "mldsa65"), [(31, 1952), (32, 1951), (33, 1952), (32, 0)])
def test_keys_of_another_length(ed25519: int, mldsa65: int) -> None:
    with pytest.raises(Integrity, match="signing-key-damaged"):
        PublicKeys(bytes(ed25519), bytes(mldsa65))
    with pytest.raises(Integrity, match="key-damaged"):
        SigningKeys(bytes(32), bytes(31))


def test_a_source_of_randomness_that_runs_dry() -> None:
    with pytest.raises(Environment, match="randomness-failed"):
        new_keys(lambda count: bytes(count - 1))


def test_seeds_do_not_show() -> None:
    assert "iii" not in repr(IDENTITY)
    assert "jjj" not in repr(IDENTITY)


def test_a_library_without_the_second_signature_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: bytes) -> MLDSA65PrivateKey:
        raise UnsupportedAlgorithm("not here")

    monkeypatch.setattr(MLDSA65PrivateKey, "from_seed_bytes", missing)
    monkeypatch.setattr(MLDSA65PublicKey, "from_public_bytes", missing)
    with pytest.raises(Unsupported, match="signing-unsupported"):
        new_keys(os.urandom).public()
    with pytest.raises(Unsupported, match="signing-unsupported"):
        verify_certificate(CERTIFICATES[0], WHO)


def test_what_is_read_is_what_was_stated() -> None:
    assert read_certificate(CERTIFICATES[2]) == states(2)
    assert len(CERTIFICATES[2]) == CERTIFICATE == signing.CERTIFICATE
    assert states(2).stated() == CERTIFICATES[2][: -64 - 3309]
