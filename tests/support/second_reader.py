"""A second reader, written from `vault-format.md` alone.

It shares no line with the program: where the two disagree, one of them or the page is wrong. Given
a vault's directory and its passphrase it checks everything that the page lets a reader check
without a keyring, and yields every original. It is slow, reads whole blobs, and repairs nothing.
What the entries of the record say is another page, and `second_record.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

FRAME = re.compile(
    rb"(lighttight-vault ([1-9][0-9]*)\n([^\n]*)\n)sha256 ([0-9a-f]{64})\nmac ([0-9a-f]{64})\n"
)
TABLES = (
    *("meta", "secrets", "settings", "objects", "items", "albums", "album_items", "tags"),
    *("removals", "entries", "fields", "epochs", "checkpoints"),
)

Rows = dict[str, list[tuple[Any, ...]]]


def require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def canonical(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return HKDF(SHA512(), length, salt, info).derive(secret)


def within_bounds(slot: dict[str, Any]) -> bool:
    """Section 4: for every slot, before anything is derived."""
    costs = slot["argon2"]
    if costs is None or "passphrase" not in slot["factors"]:
        return costs is None and "passphrase" not in slot["factors"]
    memory, passes, lanes = costs["memory"], costs["passes"], costs["lanes"]
    return 65_536 <= memory <= 4_194_304 and 3 <= passes <= 16 and 4 <= lanes <= 16


def read_header(path: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Section 3: body, the bytes under the MAC, the MAC; of the two files the newer whole one."""
    whole: dict[bytes, dict[str, Any]] = {}
    for file in (path / "header", path / "header.copy"):
        data = file.read_bytes() if file.exists() else b""
        frame = FRAME.fullmatch(data) if len(data) <= 65_536 else None
        if frame and hashlib.sha256(frame[1]).hexdigest().encode() == frame[4]:
            require(frame[2] == b"1", "newer format")
            body = json.loads(frame[3])
            if canonical(body) == frame[3] and all(map(within_bounds, body["slots"])):
                whole[data] = body
    require(bool(whole), "no usable header")
    require(len({one["sequence"] for one in whole.values()}) == len(whole), "headers disagree")
    data, body = max(whole.items(), key=lambda one: one[1]["sequence"])
    return body, data[: -len(b"mac \n") - 64], bytes.fromhex(data[-65:-1].decode())


def master_keys(body: dict[str, Any], passphrase: str) -> Iterator[bytes]:
    """Section 4: of each slot that this passphrase alone opens."""
    alone = [slot for slot in body["slots"] if slot["factors"] == ["passphrase"]]
    spent = 0
    for slot in sorted(alone, key=lambda one: one["argon2"]["memory"] * one["argon2"]["passes"]):
        costs = slot["argon2"]
        spent += costs["memory"] * costs["passes"]
        require(spent <= 4_194_304 * 16, "slots cost too much")
        output = Argon2id(
            salt=bytes.fromhex(costs["salt"]), length=32, memory_cost=costs["memory"],
            iterations=costs["passes"], lanes=costs["lanes"],
        ).derive(unicodedata.normalize("NFKC", passphrase).encode())  # fmt: skip
        described = ("factors", "argon2", "credential", "flags")
        descriptor = {"format": 1, "vault": body["vault"], "slot": slot["id"]}
        descriptor = canonical(descriptor | {name: slot[name] for name in described})
        info = b"lighttight/slot/v1\0" + hashlib.sha512(descriptor).digest()
        okm = hkdf(b"\x02\x00\x20" + output, bytes.fromhex(slot["salt"]), info, 64)
        if hmac.compare_digest(okm[32:], bytes.fromhex(slot["commitment"])):
            wrapped = bytes.fromhex(slot["wrapped"])
            yield AESGCM(okm[:32]).decrypt(wrapped[:12], wrapped[12:], descriptor)


def open_catalog(path: Path, passphrase: str) -> tuple[Rows, bytes]:
    """Sections 4 and 6: every row, and the vault's id. ValueError for anything that is wrong."""
    body, covered, mac = read_header(path)
    vault = bytes.fromhex(body["vault"])
    master = next(master_keys(body, passphrase), None)
    if master is None:
        raise ValueError("did not open")
    header_key = hkdf(master, vault, b"lighttight/header/v1")
    require(hmac.compare_digest(hmac.digest(header_key, covered, "sha256"), mac), "header forged")
    key = hkdf(master, vault, b"lighttight/catalog/v1\0" + body["catalog"].to_bytes(4))
    database = apsw.Connection(str(path / f"catalog.{body['catalog']}.db"))
    for pragma in ("cipher='sqlcipher'", "legacy=4", f"key=\"x'{key.hex()}'\""):
        database.execute(f"PRAGMA {pragma}")
    require(database.execute("PRAGMA user_version").get == 1, "newer format")
    database.execute("BEGIN")
    rows = {one: list(database.execute(f"SELECT * FROM {one}")) for one in (*TABLES, "state")}
    database.close()
    require(dict(rows["meta"])["vault"] == vault, "the catalog of another vault")
    hashes = [
        hashlib.blake2b(
            msgspec.msgpack.encode([table, *row]), key=dict(rows["secrets"])["state"]
        ).digest()
        for table in TABLES
        for row in rows[table]
    ]
    total = sum(map(int.from_bytes, hashes)) % 2**512
    require((len(hashes), total.to_bytes(64)) == rows["state"][0][2:4], "rows were changed")
    return rows, vault


def open_blob(data: bytes, key: bytes, context: bytes) -> bytes:
    """Section 5, from the front to the end."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + data[:24] + context
    derived = HKDFExpand(SHA512(), 76, info).derive(key)
    require(hmac.compare_digest(derived[44:], data[24:56]), "blob under another key")
    chunks = [data[at : at + 16_400] for at in range(56, len(data), 16_400)]
    require(bool(chunks) and len(chunks[-1]) < 16_400, "blob was cut")
    base, aead = int.from_bytes(derived[32:44]), AESGCM(derived[:32])
    return b"".join(
        aead.decrypt((base ^ number).to_bytes(12), chunk, None)
        for number, chunk in enumerate(chunks)
    )


def padded(length: int) -> int:
    exponent = max(length, 1).bit_length() - 1
    mask = 2 ** (exponent - exponent.bit_length()) - 1 if exponent else 0
    return (length + mask) & ~mask


def originals(path: Path, passphrase: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every original, trash included. ValueError for anything that is wrong."""
    rows, vault = open_catalog(path, passphrase)
    objects = {row[0]: row[1:] for row in rows["objects"]}
    for _, _, object_, name, *_ in rows["items"]:
        key, size, sealed, _ = objects[object_]
        data = (path / "blobs" / object_.hex()[:2] / object_.hex()).read_bytes()
        require(len(data) == sealed, f"blob {object_.hex()} has another size")
        plain = open_blob(data, key, b"lighttight/blob/v1\0" + vault + object_)
        require(len(plain) == padded(size) and not any(plain[size:]), "padding was changed")
        yield name, plain[:size]
