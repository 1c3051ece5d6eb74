"""Verifying a vault, sweeping what was left behind, and repairing what has a second copy.

`verify` reads and reports; it mends nothing. Damage is named per item, so that one bad blob does
not read as "your library is broken". `sweep` and `mend_header` are what `doctor` and opening do;
both need the vault alone.
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from lighttight.errors import Environment, Integrity, Unsupported
from lighttight.files import PART, sync_directory, translating
from lighttight.model import ItemId, ObjectId
from lighttight.progress import SILENT, Progress, Within
from lighttight.sealed.entries import EntryKind, Field, check_entry
from lighttight.sealed.tree import Growing, leaf_hash
from lighttight.vault import epochs, header_files, ways_in
from lighttight.vault.blobs import SealedObject
from lighttight.vault.catalog import Catalog
from lighttight.vault.vault import Vault, now_ms

_CATALOG = re.compile(r"catalog\.([1-9][0-9]{0,9})\.db(-wal|-shm|-journal)?")
SPARED_MS: Final = 30 * 86_400_000
"""How long nothing is swept once an older or forked vault was accepted; and what came by a
synchronised folder."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that does not verify. `item` is None where it is not about one item."""

    code: str
    item: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `verify`. `items` were looked at, `entries` of the record checked."""

    deep: bool
    items: int
    entries: int
    damage: tuple[Damage, ...]
    orphans: int

    @property
    def sound(self) -> bool:
        return not self.damage


@dataclass(frozen=True, slots=True)
class RecordReport:
    """The result of `verify_record`."""

    entries: int
    damage: tuple[Damage, ...]


def verify(vault: Vault, *, deep: bool = False, progress: Progress = SILENT) -> Report:
    """Check header, catalog pages, state root, record, and every blob.

    Quick: presence and length of blobs. Deep: every blob opened whole. Progress counts items when
    quick and bytes when deep. The result is recorded, a failed one too.
    """
    with vault.blobs.kept():
        return _verify(vault, deep, progress)


def _verify(vault: Vault, deep: bool, progress: Progress) -> Report:
    damage: list[Damage] = []
    if header_files.differ(vault.path):
        damage.append(Damage("header-copy-differs"))
    try:
        vault.catalog.check_pages()
    except Integrity as error:
        damage.append(Damage(error.code))
    entries = _check_record(vault, damage)
    try:
        objects = all_objects(vault)
        pending = pending_removals(vault)
    except Integrity as error:
        objects, pending = [], set()
        damage.append(Damage(error.code))
    total = sum(sealed.size for _, sealed in objects) if deep else len(objects)
    done = 0
    for item, sealed in objects:
        progress.step(done, total)
        try:
            if deep:
                vault.blobs.verify(sealed, progress=Within(progress, done, total))
            else:
                vault.blobs.present(sealed)
        except (Integrity, Environment) as error:
            damage.append(Damage(error.code, item))
        done += sealed.size if deep else 1
    known = {sealed.id for _, sealed in objects} | pending
    orphans = sum(1 for one in vault.blobs.ids() if one not in known)
    report = Report(deep, len(objects), entries, tuple(damage), orphans)
    _note(vault, "deep" if deep else "quick", damage)
    return report


def verify_record(vault: Vault) -> RecordReport:
    """Check the record alone: every row against the state root, every entry against the tree.

    The result is recorded, a failed one too.
    """
    damage: list[Damage] = []
    entries = _check_record(vault, damage)
    _note(vault, "record", damage)
    return RecordReport(entries, tuple(damage))


def _note(vault: Vault, form: str, damage: list[Damage]) -> None:
    with vault.transaction() as tx:
        tx.record(
            EntryKind.VERIFIED,
            {
                Field.FORM: form,
                Field.RESULT: "damaged" if damage else "sound",
                Field.COUNT: len(damage),
            },
        )


def _check_record(vault: Vault, damage: list[Damage]) -> int:
    """Add what is found to `damage`; answers how many entries there are."""
    # The sum too: a readable part that somebody took away looks like one that the owner erased.
    try:
        vault.catalog.recompute()
    except Integrity as error:
        damage.append(Damage(error.code))
    try:
        entries, forged = _check_entries(vault)
    except Integrity as error:
        damage.append(Damage(error.code))
        return 0
    damage.extend(forged)
    try:
        epochs.check_all(vault.catalog)
    except (Integrity, Unsupported) as error:
        damage.append(Damage(error.code))
    return entries


def all_objects(vault: Vault) -> list[tuple[ItemId, SealedObject]]:
    return objects_of(vault.catalog)


def objects_of(catalog: Catalog) -> list[tuple[ItemId, SealedObject]]:
    """Every item with its object, in the order of import."""
    rows = catalog.query(
        "SELECT items.id, objects.id, objects.key, objects.size, objects.sealed"
        " FROM items JOIN objects ON objects.id = items.object ORDER BY items.row"
    )
    return [
        (ItemId(item.hex()), SealedObject(ObjectId(one.hex()), key, size, sealed))
        for item, one, key, size, sealed in rows
    ]


def pending_removals(vault: Vault) -> set[ObjectId]:
    return {ObjectId(row[0].hex()) for row in vault.catalog.query("SELECT object FROM removals")}


def _check_entries(vault: Vault) -> tuple[int, list[Damage]]:
    """Every leaf canonical, in order, chained to the root before it; every open field its digest.

    The multiset hash already covers these rows against whoever has no key. This catches a defect
    of the program itself, and is what a proof file will later be checked against.
    """
    damage: list[Damage] = []
    tree = Growing()
    with vault.catalog.reading() as database:
        # Both in the order of the record, so that a large one is never held at once.
        fields = iter(
            database.execute("SELECT sequence, name, salt, value FROM fields ORDER BY sequence")
        )
        field = next(fields, None)
        for sequence, kind, claimed, data in database.execute(
            "SELECT sequence, kind, claimed, leaf FROM entries ORDER BY sequence"
        ):
            opened: list[tuple[str, bytes, bytes]] = []
            while field is not None and field[0] <= sequence:
                if field[0] < sequence:
                    damage.append(Damage("entry-forged"))
                elif field[2] is not None and field[3] is not None:
                    opened.append(field[1:])
                field = next(fields, None)
            try:
                stands = check_entry(data, opened)
                if stands != (sequence, kind, claimed, tree.root()) or sequence != tree.size:
                    raise Integrity("entry-forged")
            except Integrity as error:
                damage.append(Damage(error.code))
            tree.append(leaf_hash(data))
        if field is not None:
            damage.append(Damage("entry-forged"))
    return tree.size, damage


def sweep(vault: Vault) -> int | None:
    """Remove what interrupted acts left behind; None when another session has the vault open.

    Temporary files, blobs that no row names, catalogs that no header names, keyring items of ways
    in that no header names. Only alone: another process may be between its blob and its row.
    Nothing at all for a while after an older vault was accepted: who looked at it may want to go
    back to the newer one, which may name what looks left over. Raises Integrity("state-differs")
    before anything goes: by an old page that was put back, the newest blobs look left over too.

    Every row is hashed for it, whoever did that before, and only where something is left over:
    nothing that was true at the opening is trusted by what removes, and an opening that finds all
    in order does not pay for it.
    """
    with vault.alone() as alone, translating(vault.path):
        return _sweep_alone(vault) if alone else None


def _sweep_alone(vault: Vault) -> int:
    vault.catch_up()
    announced = False
    with contextlib.suppress(Environment):
        # A keyring that does not answer keeps them until the next time.
        announced = ways_in.is_announced(vault.store, vault.id)
    if not announced and not _left_over(vault):
        return 0
    vault.catalog.recompute()
    accepted = vault.catalog.one(
        "SELECT max(claimed) FROM entries NOT INDEXED WHERE kind = ?",
        (EntryKind.OLDER_ACCEPTED.number,),
    )
    if accepted is not None and accepted[0] is not None and _is_lately(accepted[0]):
        return 0
    # Once more, by rows that were hashed.
    files = _left_over(vault)
    for path in files:
        path.unlink(missing_ok=True)
        sync_directory(path.parent)
    count = len(files)
    if announced:
        with contextlib.suppress(Environment):
            count += ways_in.forget_announced(vault.store, vault.id, vault.header.slots)
    return count


def _is_lately(ms: float) -> bool:
    return now_ms() - ms <= SPARED_MS


def _left_over(vault: Vault) -> list[Path]:
    """What may go, as far as header and rows can be trusted.

    In a folder that is synchronised files come one by one, and a removal here is one everywhere. A
    blob that no row names may be another computer's, whose catalog is late by months; without its
    key it is nothing but room on the disk, and stays. What nobody can ever name again goes, once it
    has been here for long: unfinished files, and catalogs from before a rotation, which an old way
    in would open.
    """
    # SQLite keeps a journal beside a copy that it is writing.
    unfinished = [one for name in (f"*{PART}", f"*{PART}-journal") for one in vault.path.glob(name)]
    # By the logs as well: of two files removed, a power cut may bring back either.
    catalogs = list(vault.path.glob("catalog.*.db*"))
    if vault.lock.synchronised is None:
        others = [one for one in catalogs if _database(one) != vault.catalog.path]
        found = [*others, *unfinished, *vault.blobs.unnamed(lambda: _named(vault))]
    else:
        before = [one for one in catalogs if _number(one) < vault.header.catalog]
        # Not by the time of the last change, which comes along from the other computer.
        found = [
            path
            for path in (*before, *unfinished, *vault.blobs.leftovers())
            if not _is_lately(path.lstat().st_ctime * 1000)
        ]
    return [path for path in found if not path.is_dir()]


def _database(path: Path) -> Path:
    """The database that a file is, or is a log of."""
    return path.with_name(path.name.partition("-")[0])


def _number(path: Path) -> float:
    found = _CATALOG.fullmatch(path.name)
    return int(found[1]) if found else math.inf


def _named(vault: Vault) -> set[ObjectId]:
    # From the tables that are hashed: an index only repeats them, and has pages of its own.
    rows = vault.catalog.query(
        "SELECT object FROM items NOT INDEXED UNION ALL SELECT object FROM removals NOT INDEXED"
    )
    return {ObjectId(one.hex()) for (one,) in rows}


def mend_indexes(vault: Vault) -> bool:
    """Make the indexes of the catalog anew where one differs from its table. True if it did.

    Call it after `Catalog.recompute`: the rows are then known to be right, and what follows from
    them can be made again. Raises Integrity("catalog-damaged") where that does not help.
    """
    if not vault.catalog.indexes_differ():
        return False
    try:
        with vault.transaction() as tx:
            tx.execute("REINDEX")
            tx.record(EntryKind.REPAIRED, {Field.REASON: "indexes", Field.COUNT: 1})
    except apsw.ConstraintError as error:
        raise Integrity("catalog-damaged") from error
    if vault.catalog.indexes_differ():
        raise Integrity("catalog-damaged")
    vault.catalog.recompute()
    return True


def mend_header(vault: Vault) -> bool:
    """Write both header files again when they are not the same. True when something was mended."""
    if not header_files.differ(vault.path):
        return False
    with vault.alone() as alone:
        if not alone:
            raise vault.lock.busy()
        vault.catch_up()
        vault.replace_header(vault.header.slots, vault.header.catalog, vault.master)
        with vault.transaction() as tx:
            tx.record(EntryKind.REPAIRED, {Field.REASON: "header", Field.COUNT: 1})
    return True
