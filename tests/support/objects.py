"""Sealed objects with their rows, without the library above: for tests of the vault alone."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.blobs import SealedObject
from lighttight.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Bytes:
    """A source in memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, count: int) -> bytes:
        return self.data[offset : offset + count]

    def read_into(self, offset: int, buffer: memoryview) -> int:
        part = self.data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)


def add_object(vault: Vault, data: bytes, name: str = "a.jpg") -> tuple[ItemId, SealedObject]:
    """Save `data` as an item in the order of the specification; returns it acknowledged."""
    sealed = vault.blobs.write(Bytes(data), watch=lambda _: None)
    item = ItemId(os.urandom(16).hex())
    digest = blake3(data, key=vault.secret("duplicates")).digest()
    plain = hashlib.sha256(data).digest()
    with vault.transaction() as tx:
        vault.name_object(tx, sealed)
        tx.execute(
            "INSERT INTO items (id, object, name, kind, mime, size, digest, orientation, imported,"
            " favourite, caption, playable, preview, sort)"
            " VALUES (?, ?, ?, 'photo', 'image/jpeg', ?, ?, 1, ?, 0, '', 0, 'none', 0)",
            (
                bytes.fromhex(item),
                bytes.fromhex(sealed.id),
                name,
                len(data),
                digest,
                tx.now,
            ),
        )
        tx.record(
            EntryKind.IMPORTED,
            {Field.ITEM: item, Field.DIGEST: plain, Field.SIZE: len(data), Field.NAME: name},
        )
    return item, sealed


def read_object(vault: Vault, sealed: SealedObject) -> bytes:
    return b"".join(bytes(part) for part in vault.blobs.stream(sealed))


def flip(path: Path, place: int = -1) -> None:
    """Turns one bit of a file round. Writing a fixed byte instead changes nothing once in 256."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
