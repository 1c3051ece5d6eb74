"""A second reader, written from `vault-format.md` and `audit-log.md` alone.

It shares no line with the program: where the two disagree, one of them or the page is wrong. Given
a vault's directory and its passphrase it checks everything that those pages let a reader check
without a keyring, and yields every original. It is slow, reads whole blobs, and repairs nothing.

    python -m tests.support.second_reader Name.lighttight TARGET     asks for the passphrase
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

FRAME = re.compile(
    rb"lighttight-vault ([1-9][0-9]*)\n([^\n]*)\nsha256 ([0-9a-f]{64})\nmac ([0-9a-f]{64})\n"
)
TABLES = {
    "meta": "name, value", "secrets": "name, value", "settings": "name, value",
    "objects": "id, key, size, sealed, catalog",
    "items": "row, id, object, name, kind, mime, size, digest, width, height, duration,"
    " orientation, taken, imported, favourite, caption, latitude, longitude, device, playable,"
    " preview, trashed, sort",
    "albums": "id, name, created, veiled", "album_items": "album, item, added",
    "tags": "item, tag", "removals": "object, item, requested",
    "entries": "sequence, kind, claimed, leaf", "fields": "sequence, name, salt, value",
}  # fmt: skip
FIELDS = (
    *("item", "items", "count", "name", "title", "digest", "size", "album", "tag", "reason"),
    *("result", "setting", "value", "slot", "factors", "catalog", "generation", "date", "path"),
    *("form", "screen", "intent", "person", "share", "removed"),
)


def require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


def expand(key: bytes, info: bytes, length: int) -> bytes:
    out = block = b""
    for number in range(1, -(-length // 64) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha512")
        out += block
    return out[:length]


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return expand(hmac.digest(salt, secret, "sha512"), info, length)


def read_header(vault: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Section 3: body, the bytes under the MAC, the MAC; of the two files the newer whole one."""
    whole: list[tuple[int, bytes, dict[str, Any]]] = []
    for name in ("header", "header.copy"):
        data = (vault / name).read_bytes() if (vault / name).exists() else b""
        frame = FRAME.fullmatch(data) if len(data) <= 65_536 else None
        if frame and sha256(data[: frame.start(3) - 7]).hex().encode() == frame[3]:
            require(frame[1] == b"1", "newer format")
            body = json.loads(frame[2])
            if canonical(body) == frame[2]:
                whole.append((body["sequence"], data, body))
    require(bool(whole), "no usable header")
    require(len({one[0] for one in whole}) == len({one[1] for one in whole}), "headers disagree")
    _, data, body = max(whole, key=lambda one: one[0])
    return body, data[: data.rindex(b"mac ")], bytes.fromhex(data[-65:-1].decode())


def open_slot(slot: dict[str, Any], vault: bytes, passphrase: str) -> bytes | None:
    """Section 4: the master key, or None where this passphrase is not the slot's."""
    costs = slot["argon2"]
    require(65_536 <= costs["memory"] <= 4_194_304, "memory out of bounds")
    require(3 <= costs["passes"] <= 16 and 4 <= costs["lanes"] <= 16, "costs out of bounds")
    output = Argon2id(
        salt=bytes.fromhex(costs["salt"]), length=32, memory_cost=costs["memory"],
        iterations=costs["passes"], lanes=costs["lanes"],
    ).derive(unicodedata.normalize("NFKC", passphrase).encode())  # fmt: skip
    names = ("factors", "argon2", "credential", "flags")
    descriptor = canonical(
        {"format": 1, "vault": vault.hex(), "slot": slot["id"]} | {one: slot[one] for one in names}
    )
    okm = hkdf(
        b"\x02\x00\x20" + output,
        bytes.fromhex(slot["salt"]),
        b"lighttight/slot/v1\0" + hashlib.sha512(descriptor).digest(),
        64,
    )
    if not hmac.compare_digest(okm[32:], bytes.fromhex(slot["commitment"])):
        return None
    wrapped = bytes.fromhex(slot["wrapped"])
    return AESGCM(okm[:32]).decrypt(wrapped[:12], wrapped[12:], descriptor)


def check_state(rows: dict[str, list[tuple[Any, ...]]], kept: tuple[Any, ...], key: bytes) -> None:
    """Section 6: the hashes of all rows add up to what the row of `state` says."""
    total = count = 0
    for table in TABLES:
        for row in rows[table]:
            packed = msgspec.msgpack.encode([table, *row])
            digest = hashlib.blake2b(packed, key=key, digest_size=64).digest()
            total, count = total + int.from_bytes(digest), count + 1
    require((count, (total % 2**512).to_bytes(64)) == kept[:2], "rows were changed")


def check_record(rows: dict[str, list[tuple[Any, ...]]], kept: tuple[Any, ...]) -> None:
    """`audit-log.md`: sequence, previous roots, fields, and the frontier that is kept."""
    fields = {(row[0], row[1]): row[2:] for row in rows["fields"]}
    frontier: list[tuple[int, bytes]] = []
    for number, (sequence, kind, claimed, leaf) in enumerate(sorted(rows["entries"])):
        root = frontier[-1][1] if frontier else sha256()
        for _, node in frontier[-2::-1]:
            root = sha256(b"\1", node, root)
        head = b"lighttight/entry/v1\0" + number.to_bytes(8) + kind.to_bytes(2) + root
        head += claimed.to_bytes(8, "big", signed=True)
        require(sequence == number and leaf.startswith(head), f"entry {number} was changed")
        rest = leaf[len(head) + 1 + leaf[len(head)] :]
        require(len(rest) == 1 + 33 * rest[0], f"entry {number} has bytes left over")
        numbers = [rest[at] for at in range(1, len(rest), 33)]
        require(numbers == sorted({*numbers}), f"fields of entry {number} are out of order")
        for at in range(1, len(rest), 33):
            name = FIELDS[rest[at] - 1]
            salt, value = fields.pop((number, name))
            if salt is None or value is None:
                require(salt is value, f"{name} of entry {number} is half erased")
                continue  # erased by the owner: the leaf stays, and it shows
            label = b"lighttight/field/v1\0" + bytes([len(name)]) + name.encode()
            digest = sha256(label, salt, len(value).to_bytes(4), value)
            require(digest == rest[at + 1 : at + 33], f"{name} of entry {number} was changed")
        frontier.append((1, sha256(b"\0", leaf)))
        while len(frontier) > 1 and frontier[-1][0] == frontier[-2][0]:
            (size, left), (_, right) = frontier[-2:]
            frontier[-2:] = [(2 * size, sha256(b"\1", left, right))]
    require(not fields, "fields of no entry")
    found = (len(rows["entries"]), b"".join(node for _, node in frontier))
    require(found == kept[2:], "the record was cut")


def open_blob(data: bytes, key: bytes, context: bytes) -> bytes:
    """Section 5, from the front to the end."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + data[:24] + context
    derived = expand(key, info, 76)
    require(hmac.compare_digest(derived[44:], data[24:56]), "blob under another key")
    chunks = [data[at : at + 16_400] for at in range(56, len(data), 16_400)]
    require(bool(chunks) and len(chunks[-1]) < 16_400, "blob was cut")
    base, aead = int.from_bytes(derived[32:44]), AESGCM(derived[:32])
    return b"".join(
        aead.decrypt((base ^ number).to_bytes(12), chunk, None)
        for number, chunk in enumerate(chunks)
    )


def padded(length: int) -> int:
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    mask = 2 ** (exponent - exponent.bit_length()) - 1
    return (length + mask) & ~mask


def originals(path: Path, passphrase: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every original, trash included. ValueError for anything that is wrong."""
    body, covered, mac = read_header(path)
    vault = bytes.fromhex(body["vault"])
    alone = [slot for slot in body["slots"] if slot["factors"] == ["passphrase"]]
    masters = [one for slot in alone if (one := open_slot(slot, vault, passphrase))]
    require(bool(masters), "did not open")
    header_key = hkdf(masters[0], vault, b"lighttight/header/v1", 32)
    require(hmac.compare_digest(hmac.digest(header_key, covered, "sha256"), mac), "header forged")

    info = b"lighttight/catalog/v1\0" + body["catalog"].to_bytes(4)
    key = hkdf(masters[0], vault, info, 32)
    database = apsw.Connection(str(path / f"catalog.{body['catalog']}.db"))
    for pragma in ("cipher='sqlcipher'", "legacy=4", f"key=\"x'{key.hex()}'\""):
        database.execute(f"PRAGMA {pragma}")
    require(database.execute("PRAGMA user_version").get == 1, "newer format")
    database.execute("BEGIN")
    rows = {
        table: list(database.execute(f"SELECT {columns} FROM {table}"))
        for table, columns in TABLES.items()
    }
    kept = next(database.execute("SELECT rows, sum, tree_size, frontier FROM state WHERE id = 1"))
    database.close()
    secrets = dict(rows["secrets"])
    require(dict(rows["meta"])["vault"] == vault, "the catalog of another vault")
    check_state(rows, kept, secrets["state"])
    check_record(rows, kept)

    objects = {row[0]: row[1:] for row in rows["objects"]}
    for _, _, object_, name, *_ in rows["items"]:
        object_key, size, sealed, _ = objects[object_]
        data = (path / "blobs" / object_.hex()[:2] / object_.hex()).read_bytes()
        require(len(data) == sealed, f"blob {object_.hex()} has another size")
        plain = open_blob(data, object_key, b"lighttight/blob/v1\0" + vault + object_)
        require(len(plain) == padded(size) and not any(plain[size:]), "padding was changed")
        yield name, plain[:size]


def main() -> None:
    vault, target = (Path(argument) for argument in sys.argv[1:])
    target.mkdir()
    for number, (name, data) in enumerate(originals(vault, getpass.getpass())):
        harmless = re.sub(r"[^ -.0-~]", "_", name)
        (target / f"{number:05} {harmless}").write_bytes(data)


if __name__ == "__main__":
    main()
