"""The published set of C2SP chunked-encryption: every AES-256-GCM case, through both readers.

The set was made before the instantiations had names, with SHA-256 in the derivation; what is now
Cobblestone-256 derives with SHA-512, and the library knows nothing else. So each case runs

- as published, through our random-access reader with SHA-256 put in its place: everything but the
  name of the hash is what the program runs;
- transposed to SHA-512, through both readers: the same plaintext under the keys that SHA-512 gives,
  with the same bits wrong in commitment and tags as in the published bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from lighttight.errors import Integrity
from lighttight.sealed.blob import CHUNK, ChunkReader, Opener, plain_size, sealed_size

with cryptography_vectors.open_vector_file("chunked-encryption/vectors.json", "r") as file:
    CASES: list[dict[str, Any]] = [
        case for case in json.load(file)["vectors"] if case["aead"] == "AEAD_AES_256_GCM"
    ]
BOTH = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def key_of(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["key"])


def context_of(case: dict[str, Any]) -> bytes:
    return case["context"].encode()


def published(case: dict[str, Any]) -> bytes:
    data = base64.b64decode(case["ciphertext"] or "")
    return zlib.decompress(data) if case.get("compressed") else data


def derived(case: dict[str, Any], salt: bytes, algorithm: SHA256 | SHA512) -> bytes:
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context_of(case)
    return HKDFExpand(algorithm, 76, info).derive(key_of(case))


def xor(*all_: bytes) -> bytes:
    result = 0
    for one in all_:
        result ^= int.from_bytes(one)
    return result.to_bytes(len(all_[0]))


def transposed(case: dict[str, Any]) -> bytes:
    """The case as it would have been published with SHA-512: what was wrong is as wrong."""
    data = published(case)
    if len(data) < 56 or len(key_of(case)) != 32:
        return data
    old = derived(case, data[:24], SHA256())
    new = derived(case, data[:24], SHA512())
    parts = [data[:24], xor(data[24:56], old[44:], new[44:])]
    for number, start in enumerate(range(56, len(data), CHUNK + 16)):
        chunk = data[start : start + CHUNK + 16]
        sealed, tag = chunk[:-16], chunk[-16:]
        if len(tag) < 16:
            parts.append(tag)
            continue
        before = AESGCM(old[:32]), xor(old[32:44], number.to_bytes(12))
        after = AESGCM(new[:32]), xor(new[32:44], number.to_bytes(12))
        plain = before[0].encrypt(before[1], sealed, b"")[:-16]  # counter mode undoes itself
        right = before[0].encrypt(before[1], plain, b"")[-16:]
        again = after[0].encrypt(after[1], plain, b"")
        parts += [again[:-16], xor(again[-16:], tag, right)]
    return b"".join(parts)


def anywhere(case: dict[str, Any], data: bytes, step: int) -> bytes:
    chunks = ChunkReader(
        key_of(case), context_of(case), lambda at, count: data[at : at + count], len(data)
    )
    parts = [
        chunks.read(at, min(at + step, chunks.length))
        for at in reversed(range(0, chunks.length, step))
    ]
    return b"".join(reversed(parts))


def in_order(case: dict[str, Any], data: bytes, step: int) -> bytes:
    opener = Opener(key_of(case), context_of(case))
    parts = [opener.update(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join((*parts, opener.finalize()))


def check(case: dict[str, Any], data: bytes, read: Any, step: int) -> None:
    if case["expect"] == "failure":
        with pytest.raises(Integrity):
            read(case, data, step)
        return
    plain = read(case, data, step)
    assert hashlib.sha256(plain).hexdigest() == case["payload_sha256"]
    assert len(plain) == case["payload_length"] == plain_size(len(data))
    assert sealed_size(len(plain)) == len(data)


def test_nothing_is_left_out() -> None:
    assert len(CASES) == 34
    assert sum(case["expect"] == "success" for case in CASES) == 9


@BOTH
@pytest.mark.parametrize("step", [1 << 30, CHUNK, 10_007])
def test_as_published(case: dict[str, Any], step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lighttight.sealed.blob.SHA512", SHA256)
    check(case, published(case), anywhere, step)


@BOTH
@pytest.mark.parametrize("step", [1 << 30, CHUNK, 10_007])
@pytest.mark.parametrize("read", [in_order, anywhere])
def test_transposed(case: dict[str, Any], read: Any, step: int) -> None:
    check(case, transposed(case), read, step)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "aead_key" in case], ids=lambda case: case["name"]
)
def test_derivation_by_hand(case: dict[str, Any]) -> None:
    """Label, salt and context stand where the published derivation has them."""
    material = derived(case, published(case)[:24], SHA256())
    assert material[:32].hex() == case["aead_key"]
    assert material[32:44].hex() == case["base_nonce"]
