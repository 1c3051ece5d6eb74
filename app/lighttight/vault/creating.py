"""Making a vault: keys, catalog, keyring items, and the header last.

A crash before the header leaves a directory that says "not a vault"; a crash after it leaves a
vault. When any step fails, what was made is taken away again, and nothing else.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from lighttight.errors import Refused
from lighttight.files import sync_directory, translating
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import insist_on_text
from lighttight.model import Factor, VaultId
from lighttight.sealed import refused as refused_records
from lighttight.sealed import words as recovery_words
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.header import Header, encode
from lighttight.sealed.keys import MasterKey, catalog_key, new_master_key
from lighttight.sealed.slots import Slot
from lighttight.vault import header_files, schema, ways_in
from lighttight.vault.catalog import Catalog, Transaction
from lighttight.vault.lock_file import VaultLock
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import RANDOM, Vault, factor_names, now_ms

FAILPOINTS.declare("create.before-header")


@dataclass(frozen=True, slots=True)
class Created:
    vault: Vault
    words: tuple[str, ...] = field(repr=False)


def create(
    path: Path, title: str, ways: tuple[ways_in.WayIn, ...], store: PasswordStore
) -> Created:
    """Make a vault at `path` (missing, or an empty directory) with `ways` and recovery words.

    Raises Refused("path-exists") and leaves nothing behind when any step fails.
    """
    insist_on_text(path)
    if not ways:
        raise Refused("way-in-missing")
    for way in ways:
        way.check()
    with translating(path):
        made = not path.exists()
        if not made and (not path.is_dir() or any(path.iterdir())):
            raise Refused("path-exists", path=str(path))
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        try:
            # Whoever makes this makes the vault: what is beside it is then ours to take away.
            (path / "blobs").mkdir(mode=0o700)
        except FileExistsError as error:
            raise Refused("path-exists", path=str(path)) from error
    vault_id = VaultId(RANDOM(16).hex())
    slots: list[Slot] = []
    lock = VaultLock(path)
    vault: Vault | None = None
    try:
        lock.shared()
        master = new_master_key(RANDOM)
        private, public = refused_records.generate_keypair()
        keys = {name: RANDOM(32) for name in schema.SECRETS} | {"journal": private}
        entropy = RANDOM(32)
        recovery = ways_in.WayIn((Factor.RECOVERY,))
        for way in ways:
            slots.append(ways_in.make_slot(master, vault_id, way, store, RANDOM))
        slots.append(ways_in.make_slot(master, vault_id, recovery, store, RANDOM, entropy=entropy))
        catalog = _new_catalog(path, master, vault_id, title, keys, slots, ways)
        header = Header(vault_id, 1, 1, public, tuple(slots))
        data = encode(header, master)
        failpoint("create.before-header")
        header_files.write(path, data)
        with translating(path):
            sync_directory(path)
            sync_directory(path.parent)
        vault = Vault(path, header, data, master, catalog, store, lock)
        vault.finding = vault.keeper.check(vault.current_anchor, catalog.root_at)
        vault.settle()
    except BaseException:
        if vault is not None:
            vault.release()
        lock.release()
        ways_in.forget(store, vault_id, slots)
        _remove_unfinished(path, directory_too=made)
        raise
    return Created(vault, recovery_words.encode(entropy))


def _new_catalog(
    path: Path,
    master: MasterKey,
    vault_id: VaultId,
    title: str,
    keys: dict[str, bytes],
    slots: list[Slot],
    ways: tuple[ways_in.WayIn, ...],
) -> Catalog:
    catalog = Catalog(
        path / "catalog.1.db",
        catalog_key(master, vault_id, 1),
        random=RANDOM,
        now_ms=now_ms,
        create=True,
    )

    def fill(tx: Transaction) -> None:
        tx.execute_many(
            "INSERT INTO meta VALUES (?, ?)",
            [("vault", bytes.fromhex(vault_id)), ("title", title), ("created", tx.now)],
        )
        joined = " ".join(factor_names(slot.factors) for slot in slots)
        tx.record(EntryKind.VAULT_CREATED, {Field.TITLE: title, Field.FACTORS: joined})
        if any(way.weak_allowed for way in ways):
            tx.record(EntryKind.WEAKENED, {Field.SETTING: "passphrase", Field.VALUE: "weak"})

    try:
        catalog.begin_state(keys, fill)
        catalog.checkpoint()
    except BaseException:
        catalog.close()
        raise
    return catalog


def _remove_unfinished(path: Path, *, directory_too: bool) -> None:
    """Take away what `create` had made: it was empty before, so everything in it is ours."""
    with contextlib.suppress(OSError):
        if directory_too:
            shutil.rmtree(path)
            return
        for inside in path.iterdir():
            shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
