"""Backup and restore: a second vault directory that opens with the same ways in.

A backup is an ordinary vault: the header, a consistent copy of the catalog, and the blobs that the
copy names. Nothing new has to be trusted to read it, and it can be verified without the first one.
The order is that of saving: blobs first, each copied durably and opened whole, then the catalog,
then the header that names it. An interrupted backup is either the one before or not a vault yet;
running it again goes on where it stopped.

Restoring is a deliberate roll-back. It never writes over anything: it makes a vault where none is,
opens it, and records that it did; until everything is copied, the vault is not there, and whoever
else restores to the same place meanwhile is refused. Whoever deleted something for good finds it in
older backups still; the program says so.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from lighttight.errors import Environment, Integrity, Refused
from lighttight.files import PART, copy_file_durably, sync_directory, sync_file, translating
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import disk_text, insist_on_text
from lighttight.model import ObjectId
from lighttight.progress import SILENT, Progress
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.header import authenticate
from lighttight.sealed.keys import catalog_key
from lighttight.vault import checking, header_files, lock_file, ways_in
from lighttight.vault.anchoring import AnchorKeeper
from lighttight.vault.blobs import BlobStore, SealedObject
from lighttight.vault.catalog import Catalog, remove_database
from lighttight.vault.lock_file import VaultLock
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import (
    RANDOM,
    Vault,
    anchor_of,
    insist_on_vault,
    look,
    migrate,
    now_ms,
    open_vault,
)
from lighttight.vault.ways_in import Offer

FAILPOINTS.declare(
    "backup.blobs-copied",
    "backup.catalog-copied",
    "backup.done",
    "restore.copied",
    "restore.noted",
    "restore.named",
)

_SNAPSHOT = "catalog.new"
_OURS = re.compile(
    r"lock|(header(\.copy)?|catalog\.([0-9]+\.db|new)(-wal|-shm|-journal)?|blobs/[0-9a-f]{2}/[0-9a-f]{32})"
    rf"(\.[0-9a-f]{{8}}{re.escape(PART)})?"
    r"|blobs(/[0-9a-f]{2})?"
)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """`items` are held by the backup, `copied` of them are new in it, `bytes` were written."""

    items: int
    copied: int
    bytes: int


def backup(vault: Vault, target: Path, *, progress: Progress = SILENT) -> BackedUp:
    """Bring the backup at `target` (missing, empty, or an older one) up to date and verify it.

    Progress counts bytes of blobs. Raises Refused("backup-inside"), Refused("place-inside"),
    Refused("backup-other-vault"), Refused("backup-apart"), Refused("path-exists") or
    Environment("backup-busy") before writing anything.
    """
    insist_on_text(target)
    with translating(target, gone="folder-gone"), vault.blobs.kept():
        return _backup(vault, target, progress)


def _backup(vault: Vault, target: Path, progress: Progress) -> BackedUp:
    _check_target(vault, target)
    made = not target.exists()
    _make_directory(target)
    lock = _alone(target)
    try:
        # Again, now that nobody else can be writing there.
        _check_target(vault, target)
        return _backup_alone(vault, target, progress)
    except BaseException:
        _take_away_empty(target, directory_too=made)
        raise
    finally:
        lock.release()


def _take_away_empty(target: Path, *, directory_too: bool) -> None:
    """After an error: the folders and the lock, where nothing was copied yet.

    What was copied stays, for the next backup there to go on with. The first error is the one to
    report.
    """
    blobs = target / "blobs"
    with contextlib.suppress(OSError):
        for fan in list(blobs.iterdir()):
            fan.rmdir()
        blobs.rmdir()
        if {one.name for one in target.iterdir()} == {lock_file.NAME}:
            (target / lock_file.NAME).unlink()
            if directory_too:
                target.rmdir()


def _alone(target: Path) -> VaultLock:
    """A backup is a vault: somebody may have it open, or be writing another backup there."""
    lock = VaultLock(target)
    try:
        lock.exclusive(timeout=0)
    except Environment as error:
        if error.code != "vault-busy":
            raise
        raise Environment("backup-busy", path=str(target), **error.facts) from error
    return lock


def _backup_alone(vault: Vault, target: Path, progress: Progress) -> BackedUp:
    snapshot = target / _SNAPSHOT
    verified: set[ObjectId] = set()
    copied = written = 0
    try:
        while True:
            # Held, so that header, key and catalog are of one moment.
            with vault.catalog.held():
                taken, header_data, number = _take(vault, target, snapshot, verified)
                key = catalog_key(vault.master, vault.id, number)
            held = _objects_of(snapshot, key)
            more, bytes_more = _copy_blobs(vault, target, held, verified, progress)
            copied, written = copied + more, written + bytes_more
            failpoint("backup.blobs-copied")
            with vault.catalog.held():
                # Another thread may have changed all keys: such a backup would open with the way
                # in that somebody has just removed, and be called good.
                if vault.header.catalog == number:
                    _put_catalog(target, snapshot, number)
                    failpoint("backup.catalog-copied")
                    header_files.write(target, header_data)
                    break
    except BaseException:
        remove_database(snapshot)
        raise
    _remove_unnamed(vault, target, held, number)
    with vault.transaction() as tx:
        tx.note("backup", taken)
        tx.record(EntryKind.BACKED_UP, {Field.PATH: disk_text(target), Field.COUNT: len(held)})
    failpoint("backup.done")
    return BackedUp(len(held), copied, written)


def _take(
    vault: Vault, target: Path, snapshot: Path, verified: set[ObjectId]
) -> tuple[int, bytes, int]:
    """Copy the catalog as it stands; its time, its header, and the number that this names.

    What the backup at `target` holds already is added to `verified`.
    """
    vault.catalog.recompute()
    taken = now_ms()
    # Whoever began to write before this moment is done when it is our turn, so that everything with
    # an earlier time is in the copy: an original may be removed because of it.
    with vault.catalog.writing():
        pass
    number = vault.header.catalog
    key = catalog_key(vault.master, vault.id, number)
    _insist_on_earlier(vault, target, key)
    remove_database(snapshot)
    for unfinished in target.glob(f"*{PART}"):
        if _is_ours(unfinished.relative_to(target)):
            unfinished.unlink(missing_ok=True)
    verified |= _verified_before(target, number, key)
    vault.catalog.copy_into(snapshot, key)
    return taken, vault.header_data, number


def _check_target(vault: Vault, target: Path) -> None:
    with translating(target, gone="folder-gone"):
        inside = target.resolve()
        home = vault.path.resolve()
    if inside == home or home in inside.parents or inside in home.parents:
        raise Refused("backup-inside", path=str(target))
    header_files.insist_outside(target)
    if not target.exists():
        return
    if not target.is_dir():
        raise Refused("path-exists", path=str(target))
    if (target / header_files.HEADER).exists() or (target / header_files.COPY).exists():
        if look(target).id != vault.id:
            raise Refused("backup-other-vault", path=str(target))
        return
    if not all(_is_ours(one.relative_to(target)) for one in target.rglob("*")):
        raise Refused("path-exists", path=str(target))


def _is_ours(path: Path) -> bool:
    """Whether a path inside a backup is one that an interrupted backup or restoring leaves.

    By its exact form: in its place may be somebody's folder of downloads.
    """
    return _OURS.fullmatch(path.as_posix()) is not None


def _make_directory(path: Path) -> None:
    """The directory of a vault, durable itself: what is synced inside it goes with its name."""
    with translating(path, gone="folder-gone"):
        (path / "blobs").mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    sync_directory(path)
    sync_directory(path.parent)


def _insist_on_earlier(vault: Vault, target: Path, key: bytes) -> None:
    """Refuse to write over a backup with items that this vault never had.

    A vault that was put back to an earlier day would otherwise take from its own backup what only
    the backup still has. Items that were deleted for good are known to the record and may go.
    """
    if not (target / header_files.HEADER).exists():
        return
    apart = Refused("backup-apart", path=str(target))
    if header_files.read(target).header.sequence > vault.header.sequence:
        raise apart
    path = target / f"catalog.{vault.header.catalog}.db"
    if not path.exists():
        return
    try:
        there = Catalog(path, key, random=RANDOM, now_ms=now_ms)
        try:
            held = {raw for (raw,) in there.query("SELECT id FROM items")}
        finally:
            there.close()
    except Integrity:
        return  # damaged: about to be made anew
    known = vault.catalog.query(
        "SELECT id FROM items UNION SELECT value FROM fields WHERE name = 'item'"
    )
    if held - {raw for (raw,) in known}:
        raise apart


def _verified_before(target: Path, number: int, key: bytes) -> set[ObjectId]:
    """What the backup that stands at `target` holds: it was opened whole when that was made.

    A blob beside it may be from a backup that was interrupted before it read the copy back.
    """
    path = target / f"catalog.{number}.db"
    if not path.exists() or not (target / header_files.HEADER).exists():
        return set()
    try:
        return {sealed.id for sealed in _objects_of(path, key)}
    except Integrity:
        return set()


def _objects_of(snapshot: Path, key: bytes) -> list[SealedObject]:
    copy = Catalog(snapshot, key, random=RANDOM, now_ms=now_ms)
    try:
        copy.load_state()
        copy.recompute()
        held = checking.objects_of(copy)
        copy.checkpoint()
    finally:
        copy.close()
    return [sealed for _, sealed in held]


def _copy_blobs(
    vault: Vault,
    target: Path,
    held: list[SealedObject],
    verified: set[ObjectId],
    progress: Progress,
) -> tuple[int, int]:
    there = BlobStore(target / "blobs", vault.id)
    total = sum(sealed.size for sealed in held)
    done = copied = written = 0
    for sealed in held:
        progress.step(done, total)
        path = there.path(sealed.id)
        try:
            there.present(sealed)
        except Integrity:
            with translating(path, gone="folder-gone"):
                path.parent.mkdir(mode=0o700, exist_ok=True)
            written += copy_file_durably(vault.blobs.path(sealed.id), path)
            copied += 1
            verified.discard(sealed.id)
        if sealed.id not in verified:
            # Opened whole once it is there: a backup that was never read is a hope.
            there.verify(sealed)
            verified.add(sealed.id)
        done += sealed.size
    progress.step(total, total)
    # Also those that were found: an interrupted backup may not have come to syncing them.
    for fan in sorted({there.path(sealed.id).parent for sealed in held}):
        sync_directory(fan)
    sync_directory(target / "blobs")
    return copied, written


def _put_catalog(target: Path, snapshot: Path, number: int) -> None:
    final = target / f"catalog.{number}.db"
    with translating(snapshot, gone="folder-gone"):
        fd = os.open(snapshot, os.O_RDONLY | os.O_CLOEXEC)
        try:
            sync_file(fd)
        finally:
            os.close(fd)
        # A log that belongs to the catalog being replaced must not be applied to the new one.
        for suffix in ("-wal", "-shm"):
            for base in (final, snapshot):
                base.with_name(base.name + suffix).unlink(missing_ok=True)
        snapshot.replace(final)
        sync_directory(target)


def _remove_unnamed(vault: Vault, target: Path, held: list[SealedObject], number: int) -> None:
    """Blobs whose key is gone, and catalogs of numbers before: nothing can open them any more."""
    there = BlobStore(target / "blobs", vault.id)
    known = {sealed.id for sealed in held}
    for one in list(there.ids()):
        if one not in known:
            there.remove(one)
    for left in there.leftovers():
        left.unlink(missing_ok=True)
    for path in target.glob("catalog.*.db"):
        if path.name != f"catalog.{number}.db":
            remove_database(path)


def restore(
    source: Path, target: Path, offer: Offer, store: PasswordStore, *, progress: Progress = SILENT
) -> Vault:
    """Make a vault at `target` (missing or empty) from the backup at `source`, and open it.

    Every row is hashed and every blob opened whole on the way. The result is returned open, with
    the roll-back in its record. The backup itself is not changed. Everything is copied beside the
    target and gets its name at the end, so that an interrupted restoring leaves nothing at `target`
    and can be tried again. A vault that the backup was made of goes on as it was. Raises
    Refused("place-inside") inside another vault, and Environment("restore-busy") while somebody
    else restores to `target`, before writing anything.
    """
    header_files.read(source)
    header_files.insist_outside(target)
    lock = VaultLock(source)
    try:
        # Where nobody can write, nobody is making a backup just now either.
        try:
            lock.shared()
        except Environment as error:
            if error.code != "not-writable":
                raise
        return _restore(source, target, offer, store, progress)
    finally:
        lock.release()


def _restore(
    source: Path, target: Path, offer: Offer, store: PasswordStore, progress: Progress
) -> Vault:
    # Tried before anything is copied: a typing mistake must not cost the time of a whole copy.
    opened = ways_in.open_header(header_files.read(source).header, offer, store)
    _insist_on_nothing(target)
    with translating(target, gone="folder-gone"):
        target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + PART)
    lock = _claim(unfinished, target)
    try:
        _put_together(unfinished, source, target, opened, store, progress)
    finally:
        # Before it is opened, which shares the lock that went with the folder to its new name.
        lock.release()
    failpoint("restore.named")
    return open_vault(target, offer, store, accept_older=True, opened=opened)


def _insist_on_nothing(target: Path) -> None:
    with translating(target, gone="folder-gone"):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise Refused("path-exists", path=str(target))


def _claim(unfinished: Path, target: Path) -> VaultLock:
    """The folder in which a vault is put together, held alone: empty but for its lock.

    What an interrupted restoring left there goes. Refused where it is something else; Environment
    where somebody is restoring there at this moment, whose work would go too. The lock ends with
    its process, so that one that was killed is in nobody's way.
    """
    with translating(unfinished, gone="folder-gone"):
        if os.path.lexists(unfinished) and not _is_unfinished(unfinished):
            raise Refused("path-exists", path=str(unfinished))
        unfinished.mkdir(mode=0o700, exist_ok=True)
    lock = VaultLock(unfinished)
    try:
        lock.exclusive(timeout=0)
    except Environment as error:
        if error.code != "vault-busy":
            raise
        raise Environment("restore-busy", path=str(target), **error.facts) from error
    try:
        with translating(unfinished, gone="folder-gone"):
            for one in unfinished.iterdir():
                if one.is_dir():
                    shutil.rmtree(one)
                elif one.name != lock_file.NAME:
                    one.unlink()
        # Again, now that nobody else can be about to give it its name.
        try:
            _insist_on_nothing(target)
        except Refused:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except BaseException:
        lock.release()
        raise
    return lock


def _is_unfinished(path: Path) -> bool:
    return (
        path.is_dir()
        and not path.is_symlink()
        and all(_is_ours(one.relative_to(path)) for one in path.rglob("*"))
    )


def _put_together(
    unfinished: Path,
    source: Path,
    target: Path,
    opened: ways_in.Opened,
    store: PasswordStore,
    progress: Progress,
) -> None:
    _make_directory(unfinished)
    with translating(source, gone="folder-gone"):
        files = [one for one in sorted(source.rglob("*")) if _belongs(one.relative_to(source))]
        total = sum(one.stat().st_size for one in files)
    done = 0
    for one in files:
        progress.step(done, total)
        place = unfinished / one.relative_to(source)
        with translating(place, gone="folder-gone"):
            place.parent.mkdir(mode=0o700, exist_ok=True)
        done += copy_file_durably(one, place)
    sync_directory(unfinished / "blobs")
    sync_directory(unfinished)
    failpoint("restore.copied")
    _settle(unfinished, source, target, opened, store)
    with translating(target, gone="folder-gone"):
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
    sync_directory(target.parent)


def _settle(
    unfinished: Path, source: Path, target: Path, opened: ways_in.Opened, store: PasswordStore
) -> None:
    """Look at everything, record it, and tell the keyring: before the copy is there for anybody.

    From the moment it has its name, whoever opens it finds a vault that is what this computer
    last saw in that place.
    """
    chosen = header_files.read(unfinished)
    header = authenticate(chosen.data, opened.master)
    path = unfinished / f"catalog.{header.catalog}.db"
    if not path.exists():
        raise Integrity("catalog-missing")
    key = catalog_key(opened.master, header.vault, header.catalog)
    catalog = Catalog(path, key, random=RANDOM, now_ms=now_ms)
    try:
        catalog.load_state()
        insist_on_vault(catalog, header.vault)
        migrate(catalog)
        # Somebody may have had the backup open, and written to it while it was copied.
        catalog.recompute()
        blobs = BlobStore(unfinished / "blobs", header.vault)
        for _, sealed in checking.objects_of(catalog):
            blobs.verify(sealed)
        generation = catalog.state().generation
        with catalog.writing() as tx:
            fields = {Field.PATH: disk_text(source), Field.GENERATION: generation}
            tx.record(EntryKind.RESTORED, fields)
        catalog.checkpoint()
        secrets: dict[str, bytes] = dict(catalog.query("SELECT name, value FROM secrets"))
        note = anchor_of(catalog, header, chosen.data, secrets["state"])
        # A keyring that does not answer is told of when the vault is opened, in a moment.
        with contextlib.suppress(Environment):
            AnchorKeeper(store, header.vault, secrets["anchor"], target).begin(note)
    finally:
        catalog.close()
    failpoint("restore.noted")


def _belongs(path: Path) -> bool:
    """Whether a file of a backup is part of a vault. Everything else in it stays where it is."""
    parts = path.parts
    if len(parts) == 1:
        name = parts[0]
        return name in (header_files.HEADER, header_files.COPY) or (
            name.startswith("catalog.") and name.endswith((".db", ".db-wal"))
        )
    return len(parts) == 3 and parts[0] == "blobs" and parts[2].startswith(parts[1])
