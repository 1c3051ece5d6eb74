"""Rotation: a new master key and a new catalog key, so that an old way in opens nothing new.

`app/docs/vault-format.md`, section 4. Run when a slot is removed or gains a factor, and when
"someone may know my way in". The order is the safety:

1. alone with the vault (exclusive lock);
2. new slots under a new master key, with keyring items of their own accounts, so that the old
   items stay valid until the end;
3. the catalog is written anew as `catalog.<n+1>.db` under its new key, with the entries about this
   rotation in it, and made durable;
4. the header that names it. Before this write the old state is in force, after it the new one;
5. the old catalog and the old keyring items are removed; the anchor is written.

A crash before 4 leaves a catalog nobody names, and keyring items nobody names; one after 4 leaves
the old ones. All are swept: what is made and what is given up was noted in the keyring beforehand.
What someone copied before, together with an old way in, stays readable to them. The program says
so, and offers to seal everything again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lighttight.errors import Environment, Refused
from lighttight.files import sync_directory, sync_file, translating
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.model import Factor, SlotId
from lighttight.sealed import words as recovery_words
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.header import MAX_SLOTS
from lighttight.sealed.keys import catalog_key, new_master_key
from lighttight.sealed.slots import Slot, open_slot, passphrase_output
from lighttight.vault import header_files, ways_in
from lighttight.vault.catalog import Catalog, remove_database
from lighttight.vault.vault import RANDOM, SlotInfo, Vault, factor_names, now_ms

FAILPOINTS.declare(
    "rotation.slots-made",
    "rotation.catalog-copied",
    "rotation.catalog-durable",
    "rotation.header-written",
    "rotation.old-removed",
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: `words` are new recovery words where the old ones were not given."""

    removed: tuple[SlotInfo, ...]
    kept: tuple[SlotInfo, ...]
    words: tuple[str, ...] | None = field(default=None, repr=False)
    leftovers: bool = False


def rotate(
    vault: Vault,
    *,
    reason: str,
    passphrases: Mapping[SlotId, str] | None = None,
    recovery: str | None = None,
    drop: frozenset[SlotId] = frozenset(),
    add: tuple[ways_in.WayIn, ...] = (),
    confirm: Callable[[tuple[str, ...]], None] = lambda _: None,
) -> Rotated:
    """Change every key that a way in leads to.

    Slots are kept when all of their factors are presented: keyring-only slots present themselves,
    `passphrases` gives the others'; `recovery` keeps the old words. Slots in `drop`, and slots not
    presented, are removed. `add` makes new ones in the same step (a slot that gains a factor is
    one dropped and one added). New recovery words are shown through `confirm` *before* anything is
    in force; it raises to stop. A wrong passphrase raises Refused("did-not-open") and changes
    nothing: a typing mistake must not cost a way in.
    """
    for way in add:
        way.check()
    with vault.alone() as alone:
        if not alone:
            raise vault.lock.busy()
        return _rotate_alone(vault, reason, passphrases or {}, recovery, drop, add, confirm)


def _rotate_alone(
    vault: Vault,
    reason: str,
    passphrases: Mapping[SlotId, str],
    recovery: str | None,
    drop: frozenset[SlotId],
    add: tuple[ways_in.WayIn, ...],
    confirm: Callable[[tuple[str, ...]], None],
) -> Rotated:
    vault.catch_up()
    old = vault.header
    master = new_master_key(RANDOM)
    kept = [slot for slot in old.slots if slot.id not in drop]
    presented = [
        (slot, way)
        for slot in kept
        if Factor.RECOVERY not in slot.factors
        and (way := _present(vault, slot, passphrases)) is not None
    ]
    if not presented and not add:
        raise Refused("way-in-missing")
    if len(presented) + len(add) + 1 > MAX_SLOTS:
        raise Refused("slots-full")
    entropy, new_words = _recovery(vault, recovery)
    if new_words is not None:
        confirm(new_words)
    made: list[Slot] = []
    target = vault.path / f"catalog.{old.catalog + 1}.db"
    before, fresh = vault.catalog.path, None
    ways = [(SlotId(RANDOM(8).hex()), way) for way in (*(way for _, way in presented), *add)]
    _announce(vault, ways)
    try:
        for slot_id, way in ways:
            made.append(
                ways_in.make_slot(master, vault.id, way, vault.store, RANDOM, slot_id=slot_id)
            )
        words_way = ways_in.WayIn((Factor.RECOVERY,))
        made.append(
            ways_in.make_slot(master, vault.id, words_way, vault.store, RANDOM, entropy=entropy)
        )
        failpoint("rotation.slots-made")
        survivors = {slot.id for slot, _ in presented}
        removed = [
            slot
            for slot in old.slots
            if slot.id not in survivors and Factor.RECOVERY not in slot.factors
        ]
        with vault.catalog.held():
            fresh = _copy_catalog(vault, target, catalog_key(master, vault.id, old.catalog + 1))
            added = list(zip(made[len(presented) :], add, strict=False))
            _record(fresh, old.catalog + 1, reason, removed, added, new_words is not None)
            _make_durable(fresh, target)
            vault.replace_header(tuple(made), old.catalog + 1, master, fresh)
    except BaseException:
        _give_up(vault, fresh, target, made)
        raise
    failpoint("rotation.header-written")
    remove_database(before)
    complete = ways_in.forget(vault.store, vault.id, old.slots)
    with contextlib.suppress(Environment):
        ways_in.forget_announced(vault.store, vault.id, made)
    failpoint("rotation.old-removed")
    vault.settle()
    return Rotated(
        removed=tuple(SlotInfo(one.id, one.factors, one.is_pin) for one in removed),
        kept=vault.slots,
        words=new_words,
        leftovers=not complete,
    )


def _announce(vault: Vault, ways: list[tuple[SlotId, ways_in.WayIn]]) -> None:
    new = [slot_id for slot_id, way in ways if Factor.KEYRING in way.factors]
    given_up = [slot.id for slot in vault.header.slots if Factor.KEYRING in slot.factors]
    try:
        ways_in.announce(vault.store, vault.id, [*new, *given_up])
    except Environment:
        # Without a keyring one can still rotate, to ways in that do without: the old items are
        # then out of reach, and that is said.
        if new:
            raise


def _give_up(vault: Vault, fresh: Catalog | None, target: Path, made: list[Slot]) -> None:
    """After an error: undo, unless the new header may be in force.

    A header that was put in place and not synced is found after a power cut, or is not. So both
    catalogs stay, and the keyring items of both; and this session writes nothing more, because
    nobody knows which catalog the next opening will go by.
    """
    if fresh is not None:
        fresh.close()
    if header_files.are(vault.path, vault.header_data):
        remove_database(target)
        ways_in.forget(vault.store, vault.id, made)
    else:
        vault.catalog.stop_writing()


def _present(vault: Vault, slot: Slot, passphrases: Mapping[SlotId, str]) -> ways_in.WayIn | None:
    """The way in that makes `slot` anew, once its factors were proven; None if not presented."""
    passphrase = passphrases.get(slot.id)
    if (Factor.PASSPHRASE in slot.factors) != (passphrase is not None):
        return None
    outputs: dict[Factor, bytes] = {}
    if Factor.KEYRING in slot.factors:
        try:
            outputs[Factor.KEYRING] = ways_in.keyring_output(vault.store, vault.id, slot.id)
        except Environment:
            return None
    if slot.argon2 is not None and passphrase is not None:
        outputs[Factor.PASSPHRASE] = passphrase_output(passphrase, slot.argon2)
    try:
        open_slot(slot, vault.id, outputs)
    except Refused:
        if passphrase is not None:
            raise
        return None
    # The passphrase was accepted when the slot was made; its strength is not argued about again.
    return ways_in.WayIn(slot.factors, passphrase, weak_allowed=True)


def _recovery(vault: Vault, recovery: str | None) -> tuple[bytes, tuple[str, ...] | None]:
    if recovery is None:
        entropy = RANDOM(32)
        return entropy, recovery_words.encode(entropy)
    entropy = recovery_words.decode(recovery)
    for slot in vault.header.slots:
        if slot.factors == (Factor.RECOVERY,):
            with contextlib.suppress(Refused):
                open_slot(slot, vault.id, {Factor.RECOVERY: entropy})
                return entropy, None
    raise Refused("did-not-open")


def _copy_catalog(vault: Vault, target: Path, key: bytes) -> Catalog:
    remove_database(target)
    vault.catalog.recompute()
    vault.catalog.copy_into(target, key)
    # Here, and not later: closing any descriptor of a file drops the locks that SQLite holds on it
    # for the whole process, and another program could then remove the log under the open catalog.
    with translating(target):
        fd = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        try:
            sync_file(fd)
        finally:
            os.close(fd)
    failpoint("rotation.catalog-copied")
    fresh = Catalog(target, key, random=RANDOM, now_ms=now_ms)
    try:
        fresh.load_state()
        fresh.recompute()
    except BaseException:
        fresh.close()
        raise
    return fresh


def _record(
    catalog: Catalog,
    number: int,
    reason: str,
    removed: list[Slot],
    added: list[tuple[Slot, ways_in.WayIn]],
    new_words: bool,
) -> None:
    with catalog.writing() as tx:
        for slot in removed:
            tx.record(
                EntryKind.SLOT_REMOVED,
                {Field.SLOT: slot.id, Field.FACTORS: factor_names(slot.factors)},
            )
        for slot, way in added:
            tx.record(
                EntryKind.SLOT_ADDED,
                {Field.SLOT: slot.id, Field.FACTORS: factor_names(slot.factors)},
            )
            if way.weak_allowed:
                tx.record(EntryKind.WEAKENED, {Field.SETTING: "passphrase", Field.VALUE: "weak"})
        tx.record(EntryKind.ROTATED, {Field.CATALOG: number, Field.REASON: reason})
        if new_words:
            tx.execute("DELETE FROM meta WHERE name = 'recovery_confirmed'")


def _make_durable(catalog: Catalog, path: Path) -> None:
    # What was recorded since is synced by SQLite: the catalog is opened with `synchronous = FULL`.
    if not catalog.checkpoint():
        raise Environment("catalog-busy")
    sync_directory(path.parent)
    failpoint("rotation.catalog-durable")
