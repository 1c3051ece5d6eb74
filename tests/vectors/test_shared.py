"""Public sets beside the checkout: Wycheproof, Argon2, and RFC 6962 proofs.

They check the library underneath at the parameters used here, and our own code where it is ours
(HKDF's arguments, the tree). `conftest.py` leaves this file out where the sets are not there.
"""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from lighttight.errors import Integrity
from lighttight.sealed.keys import derive
from lighttight.sealed.tree import verify_consistency, verify_inclusion
from tests.support.vectors import SHARED, shared


def wycheproof(name: str, **parameters: int) -> list[Any]:
    return [
        pytest.param(test, id=f"{test['tcId']}")
        for group in shared(f"wycheproof/{name}_test.json")["testGroups"]
        if all(group.get(parameter) == value for parameter, value in parameters.items())
        for test in group["tests"]
    ]


def wycheproof_keyed(name: str) -> list[Any]:
    """Sets of signatures, where the key stands with the group."""
    return [
        pytest.param({**test, "pk": group["publicKey"]["pk"]}, id=f"{test['tcId']}")
        for group in shared(f"wycheproof/{name}_test.json")["testGroups"]
        for test in group["tests"]
    ]


def unhex(test: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(test[name]) for name in names]


@pytest.mark.parametrize("test", wycheproof("aes_gcm", keySize=256, ivSize=96, tagSize=128))
def test_aes_256_gcm(test: dict[str, Any]) -> None:
    key, nonce, associated, plain, sealed, tag = unhex(test, "key", "iv", "aad", "msg", "ct", "tag")
    cipher = AESGCM(key)
    if test["result"] == "invalid":
        with pytest.raises(InvalidTag):
            cipher.decrypt(nonce, sealed + tag, associated)
        return
    assert cipher.decrypt(nonce, sealed + tag, associated) == plain
    assert cipher.encrypt(nonce, plain, associated) == sealed + tag


@pytest.mark.parametrize("test", wycheproof("hkdf_sha512"))
def test_hkdf_sha_512(test: dict[str, Any]) -> None:
    secret, salt, info, expected = unhex(test, "ikm", "salt", "info", "okm")
    if test["result"] == "invalid":
        with pytest.raises(ValueError, match="larger"):
            derive(secret, salt, info, test["size"])
        return
    assert derive(secret, salt, info, test["size"]) == expected


@pytest.mark.parametrize("test", wycheproof("hmac_sha256", tagSize=256))
def test_hmac_sha_256(test: dict[str, Any]) -> None:
    key, message, tag = unhex(test, "key", "msg", "tag")
    found = hmac.compare_digest(hmac.digest(key, message, "sha256"), tag)
    assert found == (test["result"] == "valid")


@pytest.mark.parametrize("test", wycheproof_keyed("ed25519"))
def test_ed25519(test: dict[str, Any]) -> None:
    """The first half of every signature, as `signing.verify` asks for it."""
    public, message, signature = unhex(test, "pk", "msg", "sig")
    key = Ed25519PublicKey.from_public_bytes(public)
    if test["result"] == "invalid":
        with pytest.raises(InvalidSignature):
            key.verify(signature, message)
        return
    key.verify(signature, message)


ARGON2 = [
    pytest.param(test, id=f"{test['tcId']}")
    for test in shared("argon2/phc_argon2.json")["tests"]
    # One of them takes a gigabyte; the arithmetic is the same.
    if test["type"] == "Argon2id" and test["version"] == 0x13 and test["m_kib"] <= 262_144
]


@pytest.mark.parametrize("test", ARGON2)
def test_argon2id(test: dict[str, Any]) -> None:
    derived = Argon2id(
        salt=bytes.fromhex(test["salt"]),
        length=len(test["tag"]) // 2,
        iterations=test["t"],
        lanes=test["p"],
        memory_cost=test["m_kib"],
        secret=bytes.fromhex(test.get("secret", "")) or None,
        ad=bytes.fromhex(test.get("ad", "")) or None,
    ).derive(bytes.fromhex(test["password"]))
    assert derived.hex() == test["tag"]


def merkle(kind: str) -> list[Any]:
    folder = SHARED / "merkle" / "testdata" / kind
    return [
        pytest.param(json.loads(path.read_text()), id=str(path.relative_to(folder)))
        for path in sorted(folder.glob("**/*.json"))
    ]


def unbase(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize("test", merkle("inclusion"))
def test_inclusion(test: dict[str, Any]) -> None:
    proof = [unbase(node) for node in test["proof"] or ()]
    arguments = (unbase(test["leafHash"]), test["leafIdx"], test["treeSize"], unbase(test["root"]))
    if test["wantErr"]:
        with pytest.raises(Integrity):
            verify_inclusion(*arguments, proof)
    else:
        verify_inclusion(*arguments, proof)


@pytest.mark.parametrize("test", merkle("consistency"))
def test_consistency(test: dict[str, Any]) -> None:
    # One "valid" case has twelve bytes of text for roots. Here a root has 32.
    if len(unbase(test["root1"])) == 12:
        test = test | {"wantErr": True}
    proof = [unbase(node) for node in test["proof"] or ()]
    roots = (unbase(test["root1"]), unbase(test["root2"]))
    if test["wantErr"]:
        with pytest.raises(Integrity):
            verify_consistency(test["size1"], test["size2"], *roots, proof)
    else:
        verify_consistency(test["size1"], test["size2"], *roots, proof)
