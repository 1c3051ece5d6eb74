"""Making a vault: keys, catalog, keyring items, and the header last.

A crash before the header leaves a directory that says "not a vault"; a crash after it leaves a
vault. When any step fails, what was made is taken away again, and nothing else. A mark is the
first file that is written and the last that goes: with it, and while no header is there, what a
crash left is known to be ours, and the next creation in the same place begins by clearing it.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lighttight.errors import Environment, LighttightError, Refused
from lighttight.files import PART, read_bounded, sync_directory, translating, write_durably
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import insist_on_text
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed import refused as refused_records
from lighttight.sealed import words as recovery_words
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.header import Header, encode
from lighttight.sealed.keys import MasterKey, catalog_key, new_master_key
from lighttight.sealed.slots import Slot
from lighttight.vault import epochs, header_files, reserve, schema, ways_in
from lighttight.vault.catalog import Catalog, Transaction
from lighttight.vault.lock_file import VaultLock
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import RANDOM, Vault, factor_names, now_ms

FAILPOINTS.declare("create.marked", "create.before-header")

_MARK: Final = f"creating{PART}"
_UNNAMED: Final = rf"\.[0-9a-f]{{8}}{re.escape(PART)}"
_BEFORE_MARK = re.compile(rf"lock|{re.escape(_MARK)}{_UNNAMED}")
_BEHIND_MARK = re.compile(
    rf"lock|blobs|{re.escape(_MARK)}({_UNNAMED})?|header(\.copy)?{_UNNAMED}"
    r"|(catalog\.1|previews)\.db(-wal|-shm|-journal)?"
)


@dataclass(frozen=True, slots=True)
class Created:
    vault: Vault
    words: tuple[str, ...] = field(repr=False)


def create(
    path: Path, title: str, ways: tuple[ways_in.WayIn, ...], store: PasswordStore
) -> Created:
    """Make a vault at `path` (missing, empty, or an unfinished creation) with recovery words.

    Raises Refused("path-exists") where anything else is, Refused("place-inside") inside another
    vault, and leaves nothing behind when any step fails.
    """
    insist_on_text(path)
    header_files.insist_outside(path)
    if not ways:
        raise Refused("way-in-missing")
    for way in ways:
        way.check()
    with translating(path), contextlib.ExitStack() as undo:
        made = not path.exists()
        _insist_on_room(path)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        lock = _alone(path)
        undo.callback(lock.release)
        # Again, now that nobody else can be making one here: somebody may have been quicker.
        _insist_on_room(path)
        _clear(path, store)
        undo.callback(_take_away, path, store, directory_too=made)
        vault, words = _make(path, title, ways, store, lock, undo)
        lock.downgrade()
        undo.pop_all()
    return Created(vault, words)


def _make(
    path: Path,
    title: str,
    ways: tuple[ways_in.WayIn, ...],
    store: PasswordStore,
    lock: VaultLock,
    undo: contextlib.ExitStack,
) -> tuple[Vault, tuple[str, ...]]:
    vault_id = VaultId(RANDOM(16).hex())
    write_durably(path / _MARK, vault_id.encode())
    failpoint("create.marked")
    (path / "blobs").mkdir(mode=0o700)
    named = [(SlotId(RANDOM(8).hex()), way) for way in ways]
    if kept := [slot_id for slot_id, way in named if Factor.KEYRING in way.factors]:
        ways_in.announce_created(store, vault_id, kept)
    master = new_master_key(RANDOM)
    private, public = refused_records.generate_keypair()
    keys = {name: RANDOM(32) for name in schema.SECRETS} | {"journal": private}
    entropy = RANDOM(32)
    recovery = ways_in.WayIn((Factor.RECOVERY,))
    slots = [
        ways_in.make_slot(master, vault_id, way, store, RANDOM, slot_id=slot_id)
        for slot_id, way in named
    ]
    slots.append(ways_in.make_slot(master, vault_id, recovery, store, RANDOM, entropy=entropy))
    catalog = _new_catalog(path, master, vault_id, title, keys, slots, ways)
    undo.callback(catalog.close)
    header = Header(vault_id, 1, 1, public, tuple(slots))
    data = encode(header, master)
    failpoint("create.before-header")
    header_files.write(path, data)
    sync_directory(path)
    sync_directory(path.parent)
    vault = Vault(path, header, data, master, catalog, store, lock)
    undo.callback(vault.release)
    vault.finding = vault.keeper.check(vault.current_anchor, catalog.root_at)
    vault.settle()
    # From here on it is a vault: what notes the creation may stay, and is swept at an opening.
    with contextlib.suppress(Environment):
        ways_in.forget_announced(store, vault_id, slots)
    (path / _MARK).unlink()
    reserve.keep(path)
    return vault, recovery_words.encode(entropy)


def _alone(path: Path) -> VaultLock:
    lock = VaultLock(path)
    try:
        lock.exclusive(timeout=0)
    except Environment as error:
        if error.code != "vault-busy":
            raise
        raise Refused("path-exists", path=str(path)) from error
    return lock


def _insist_on_room(path: Path) -> None:
    """Refuse a place where anything is but an unfinished creation of our own.

    The mark in it is the proof. Without, a catalog beside no header may be all that is left of
    somebody's library, and what could open it may be in a backup.
    """
    if not path.exists():
        return
    if not path.is_dir():
        raise Refused("path-exists", path=str(path))
    names = {one.name for one in path.iterdir()}
    mine = _BEHIND_MARK if _MARK in names else _BEFORE_MARK
    blobs = path / "blobs"
    if (
        not all(mine.fullmatch(name) for name in names)
        or ("blobs" in names and (blobs.is_symlink() or not blobs.is_dir() or any(blobs.iterdir())))
        or any(not stat.S_ISREG((path / name).lstat().st_mode) for name in names - {"blobs"})
    ):
        raise Refused("path-exists", path=str(path))


def _clear(path: Path, store: PasswordStore) -> None:
    """Take away what an interrupted creation left here, and in the keyring."""
    mark = path / _MARK
    if mark.exists():
        found = read_bounded(mark, 32).decode("ascii", "replace")
        if re.fullmatch("[0-9a-f]{32}", found):
            # A keyring that does not answer keeps them; they open nothing.
            with contextlib.suppress(Environment):
                ways_in.forget_created(store, VaultId(found))
    # Headers first, so that it is no vault any more; the mark last, since it tells that the rest is
    # ours; the lock stays, since it is held.
    for one in sorted(
        path.iterdir(), key=lambda one: (one.name == _MARK, "header" not in one.name)
    ):
        if one.name == "blobs":
            shutil.rmtree(one)
        elif one.name != "lock":
            one.unlink()


def _take_away(path: Path, store: PasswordStore, *, directory_too: bool) -> None:
    """After an error: as `_clear`. The first error is the one to report."""
    with contextlib.suppress(OSError, LighttightError):
        _clear(path, store)
        (path / "lock").unlink()
        if directory_too:
            path.rmdir()


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
        epochs.begin(tx, "created")

    try:
        catalog.begin_state(keys, fill)
        catalog.checkpoint()
    except BaseException:
        catalog.close()
        raise
    return catalog
