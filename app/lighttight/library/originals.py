"""Removing the file outside, once the sealed copy is certain: only when the owner asked for it.

Nothing here may ever leave neither copy, so every condition of `app/docs/vault-format.md` is
checked against the disk, not against memory, and the unlinking comes last:

1. The recovery words were confirmed, and there is a verified backup: asked before anything is read.
2. The backup holds this item: it was imported before the backup was taken. (A picture imported
   now is in no backup yet. Back up and import again: then it is found to be a duplicate.)
3. The blob is read back whole, with its cached pages dropped, and has the digest of the item.
4. The file is read again, with its cached pages dropped, and has that digest too; the name in its
   folder still leads to that file, with the same size and times.
5. The state is noted in the keyring, the entry is durable, the name is looked at once more, and
   only then unlinked, relative to the folder that was looked into.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from lighttight.audit import record
from lighttight.errors import Integrity, Refused
from lighttight.files import drop_cached_pages, translating
from lighttight.files.durable import O_BASE, O_DIRECTORY, O_NOFOLLOW, sync_directory_fd
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import disk_text
from lighttight.files.source import Identity, SourceFile
from lighttight.library import items
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.blobs import BUFFER, SealedObject
from lighttight.vault.vault import Vault

ALSO_STILL_ON: Final = "also-still-on"
"""Code of the words about what no program reaches from here: the phone, the cloud, the chat."""

FAILPOINTS.declare(
    "original.checked",
    "original.anchored",
    "original.recorded",
    "original.unlinked",
)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps originals, unless everything speaks for removing one."""

    vault: Vault
    backed_up: int
    """When the newest verified backup was taken, milliseconds UTC."""

    @classmethod
    def of(cls, vault: Vault) -> Keeper:
        """Raises Refused("originals-recovery-unconfirmed" or "originals-no-backup")."""
        if not vault.recovery_confirmed:
            raise Refused("originals-recovery-unconfirmed")
        backed_up = vault.meta("backup")
        if not isinstance(backed_up, int):
            raise Refused("originals-no-backup")
        return cls(vault, backed_up)

    def remove(self, source: SourceFile, item: ItemId) -> None:
        """Remove the file that `source` has open, or raise what speaks against it."""
        path = os.fspath(source.path)
        row = self.vault.catalog.one(
            "SELECT imported, digest FROM items WHERE id = ?", (bytes.fromhex(item),)
        )
        if row is None:
            raise Refused("item-unknown")
        imported, digest = row
        if imported > self.backed_up:
            raise Refused("originals-not-in-backup", path=path)
        with self.vault.blobs.kept():
            sealed = items.sealed(self.vault.catalog, item)
            if self._digest_inside(sealed) != digest:
                raise Integrity("blob-damaged", object=sealed.id)
        with translating(source.path, gone="folder-gone"):
            folder = os.open(source.path.parent, os.O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_BASE)
        try:
            if self._digest_outside(source) != digest:
                raise Refused("file-changed", path=path)
            _insist_on_same(folder, source)
            failpoint("original.checked")
            self.vault.anchor_now()
            failpoint("original.anchored")
            with self.vault.transaction(interim=True) as tx:
                where = disk_text(path)
                fields = {Field.ITEM: item, Field.PATH: where}
                record.append(tx, EntryKind.ORIGINAL_REMOVED, fields)
            failpoint("original.recorded")
            _insist_on_same(folder, source)
            with translating(source.path, gone="folder-gone"):
                os.unlink(source.path.name, dir_fd=folder)
                failpoint("original.unlinked")
                sync_directory_fd(folder)
        finally:
            os.close(folder)

    def _digest_inside(self, sealed: SealedObject) -> bytes:
        self.vault.blobs.present(sealed)
        path = self.vault.blobs.path(sealed.id)
        with translating(path):
            fd = os.open(path, os.O_RDONLY | O_NOFOLLOW | O_BASE)
            try:
                drop_cached_pages(fd)
            finally:
                os.close(fd)
        hasher = self._hasher()
        for plain in self.vault.blobs.stream(sealed):
            hasher.update(plain)
        return hasher.digest()

    def _digest_outside(self, source: SourceFile) -> bytes:
        drop_cached_pages(source.fd)
        hasher = self._hasher()
        offset = 0
        while data := source.read(offset, BUFFER):
            hasher.update(data)
            offset += len(data)
        return hasher.digest()

    def _hasher(self) -> blake3:
        return blake3(key=self.vault.secret("duplicates"))


def _insist_on_same(folder: int, source: SourceFile) -> None:
    """The name in the folder leads to the very file that was read, unchanged since."""
    source.check()
    with translating(source.path, gone="folder-gone"):
        found = os.lstat(source.path.name, dir_fd=folder)
        writable = os.access(".", os.W_OK, dir_fd=folder)
    there = Identity(
        found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    )
    if there != source.identity:
        raise Refused("file-changed", path=os.fspath(source.path))
    if not writable:
        # Asked before the entry, so that the record does not speak of what cannot be done.
        raise Refused("original-not-removable", path=os.fspath(source.path))
