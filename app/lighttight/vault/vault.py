"""One vault on disk: opening it, writing to it, locking it.

This module owns the order in which things become trusted when a vault is opened: bounds of the
header → a slot yields the master key → the header's MAC → the catalog opens under its key → the
vault's id inside equals the one outside → the anchor in the keyring agrees, or the owner says to go
on → migrations. Nothing is shown before the last step, and nothing written before the anchor: a
catalog that was put back would otherwise be brought up to date first.

What happens to items is the library's affair; what an entry means is the record's.

Length: the open vault and the order of opening one; each step relies on what the one before showed.
"""

from __future__ import annotations

import contextlib
import os
import secrets as system_random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lighttight.errors import Environment, Integrity, Refused, Unsupported
from lighttight.files import translating
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import insist_on_text
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed.anchor import Anchor, Verdict
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.sealed.header import MAX_SLOTS, Header, authenticate, encode, header_hash
from lighttight.sealed.keys import MasterKey, catalog_key
from lighttight.sealed.slots import Slot
from lighttight.vault import epochs, header_files, refusals, reserve, schema, ways_in
from lighttight.vault.anchoring import AnchorKeeper, AnchorState, Finding
from lighttight.vault.blobs import BlobStore, SealedObject
from lighttight.vault.catalog import Catalog, Transaction
from lighttight.vault.lock_file import VaultLock
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.previews import Previews

SUFFIX: Final = ".lighttight"
RANDOM: Final = system_random.token_bytes

PATIENCE: Final = 2.0
"""Seconds that locking gives other programs, other threads and the keyring to let it finish."""

FAILPOINTS.declare("slots.recorded")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """A way in as it may be shown before anything was opened."""

    id: SlotId
    factors: tuple[Factor, ...]
    pin: bool


@dataclass(frozen=True, slots=True)
class Locked:
    """What can be read of a vault without a key, and may not be trusted yet."""

    path: Path
    id: VaultId
    slots: tuple[SlotInfo, ...]
    header_damaged: bool


@dataclass(frozen=True, slots=True)
class Since:
    """What happened while the vault was closed: shown once after opening."""

    last_opened: int | None
    failed_tries: int
    unreadable_tries: int


class Vault:
    """An open vault. Make one with `create` or `open_vault`; `close` locks it."""

    def __init__(
        self,
        path: Path,
        header: Header,
        header_data: bytes,
        master: MasterKey,
        catalog: Catalog,
        store: PasswordStore,
        lock: VaultLock,
    ) -> None:
        self.path = path
        self.id = header.vault
        self.store = store
        self.lock = lock
        self.catalog = catalog
        self.header = header
        self._header_data = header_data
        self._master: MasterKey | None = master
        self._closing = threading.Lock()
        self._solitude = threading.Lock()
        self.closed = False
        self.blobs = BlobStore(path / "blobs", header.vault)
        # Without those that sign: they are read where they sign, since another session may have
        # put the next epoch's in their place.
        self._secrets: dict[str, bytes] = {
            name: value
            for name, value in catalog.query("SELECT name, value FROM secrets")
            if name in schema.SECRETS
        }
        if set(schema.SECRETS) - self._secrets.keys():
            raise Integrity("catalog-damaged")
        self.previews = Previews(path / "previews.db", self._secrets["preview"])
        self.keeper = AnchorKeeper(store, header.vault, self._secrets["anchor"], path)
        self.finding = Finding(AnchorState.NONE, None, None)
        self.since = Since(None, 0, 0)
        self.used_reserve = False
        """Whether this opening took the room that was kept for it, and found none for another."""

    def __repr__(self) -> str:
        return f"Vault({self.id})"

    def secret(self, name: str) -> bytes:
        try:
            return self._secrets[name]
        except KeyError:
            if not self.closed:
                raise
            raise Environment("vault-locked") from None

    def meta(self, name: str) -> object:
        row = self.catalog.one("SELECT value FROM meta WHERE name = ?", (name,))
        return row[0] if row else None

    @property
    def title(self) -> str:
        return str(self.meta("title") or "")

    @property
    def master(self) -> MasterKey:
        """For sealing slots and headers; no other use."""
        if self._master is None:
            raise Environment("vault-locked")
        return self._master

    @property
    def header_data(self) -> bytes:
        """The header in force, as its files hold it."""
        return self._header_data

    @property
    def slots(self) -> tuple[SlotInfo, ...]:
        return _infos(self.header)

    @property
    def recovery_confirmed(self) -> bool:
        return self.meta("recovery_confirmed") == 1

    # Writing ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self, *, interim: bool = False) -> Iterator[Transaction]:
        """Commit the block with its entries; then note the new state in the keyring.

        `interim` is for the many small commits of one long act: the note is then written at most
        once a second, and the act calls `settle` when it ends. A note that cannot be written does
        not undo what was committed inside the vault; it stops what would leave (`anchor_now`).
        """
        with self.catalog.writing() as transaction:
            yield transaction
        with contextlib.suppress(Environment):
            self.lock.refresh()
        if not interim or self.keeper.due(transaction.generation):
            self.settle()

    def settle(self) -> None:
        """Write the note about the newest state, or leave `keeper.state` saying that it failed."""
        with contextlib.suppress(Environment):
            self.anchor_now()

    def anchor_now(self) -> bool:
        """Write the note now. False where this computer keeps none; Environment where it fails.

        Called before a first byte leaves and before an original is removed.
        """
        return self.keeper.write(self.current_anchor)

    def current_anchor(self) -> Anchor:
        return anchor_of(self.catalog, self.header, self._header_data, self.secret("state"))

    def as_found(self) -> Anchor:
        """As `current_anchor`, with the header as it stands on the disk at this moment."""
        self.catch_up()
        return self.current_anchor()

    def newest_entry_ms(self) -> int | None:
        row = self.catalog.one("SELECT claimed FROM entries ORDER BY sequence DESC LIMIT 1")
        return row[0] if row else None

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other session has the vault open; none can open it while the block runs.

        One thread at a time: the lock is the process's, and the first to leave would give it up
        for all of them.
        """
        with self._solitude:
            with self._closing:
                # A vault that was locked must not take its lock again: nobody would let go of it.
                if self.closed:
                    raise Environment("vault-locked")
                alone = self.lock.try_exclusive()
            try:
                yield alone
            finally:
                if alone:
                    self.lock.downgrade()

    # Ways in ------------------------------------------------------------------------------

    def add_way(self, way: ways_in.WayIn, *, entropy: bytes | None = None) -> SlotInfo:
        """Add a slot under the same master key. Raises Refused("slots-full") at eight.

        The entry comes first: a way in without a record would be worse than a record without.
        """
        self.catch_up()
        if len(self.header.slots) >= MAX_SLOTS:
            raise Refused("slots-full")
        slot_id = SlotId(RANDOM(8).hex())
        if Factor.KEYRING in way.factors:
            # For its lock: the note is one for all sessions, and is read and written again.
            with self.catalog.writing():
                ways_in.announce(self.store, self.id, [slot_id])
        slot = ways_in.make_slot(
            self.master, self.id, way, self.store, RANDOM, slot_id=slot_id, entropy=entropy
        )
        named: dict[Field, Value] = {Field.SLOT: slot.id, Field.FACTORS: factor_names(slot.factors)}
        try:
            with self.transaction() as tx:
                tx.record(EntryKind.SLOT_ADDED, named)
                if way.weak_allowed:
                    tx.record(
                        EntryKind.WEAKENED, {Field.SETTING: "passphrase", Field.VALUE: "weak"}
                    )
            failpoint("slots.recorded")
            self._append_slot(slot)
        except BaseException:
            if header_files.are(self.path, self._header_data):
                ways_in.forget(self.store, self.id, [slot])
                with contextlib.suppress(Environment, Integrity), self.transaction() as tx:
                    tx.record(EntryKind.SLOT_REMOVED, named)
            raise
        self.settle()
        return SlotInfo(slot.id, slot.factors, slot.is_pin)

    def _append_slot(self, slot: Slot) -> None:
        # An empty write transaction, for its lock: of two sessions that add a way in at the same
        # moment, the second writes its header over one that it has read.
        with self.catalog.writing():
            self.catch_up()
            if len(self.header.slots) >= MAX_SLOTS:
                raise Refused("slots-full")
            self.replace_header((*self.header.slots, slot), self.header.catalog, self.master)

    def catch_up(self) -> None:
        """Take over a header that another session wrote meanwhile, under the same master key.

        Whoever writes a header writes all of its slots; going by one read when the vault was
        opened would undo a way in that was added since.
        """
        try:
            chosen = header_files.read(self.path)
            header = authenticate(chosen.data, self.master)
        except (Integrity, Refused):
            # Both damaged since: what is in memory was authenticated, and is better than nothing.
            return
        if header.sequence > self.header.sequence:
            self.header, self._header_data = header, chosen.data

    def replace_header(
        self,
        slots: tuple[Slot, ...],
        catalog: int,
        master: MasterKey,
        fresh: Catalog | None = None,
    ) -> None:
        """Write both header files with the next sequence number, and go on with them, and with
        the catalog `fresh` where there is a new one.

        Raises Environment("vault-locked") where it was locked meanwhile: then the new header may
        stand on the disk already, and no key comes back into memory.

        Inside a write transaction or alone, after `catch_up`: a header that another session wrote
        and this one did not read would be lost, and with it a way in.
        """
        if not (self.lock.alone or self.catalog.is_writing):
            if self.closed:
                raise Environment("vault-locked")
            raise AssertionError("a header replaced while others may replace it")
        known = self.header.sequence
        self.catch_up()
        if self.header.sequence != known:
            raise AssertionError("a header replaced that was not read")
        header = Header(
            vault=self.id,
            sequence=self.header.sequence + 1,
            catalog=catalog,
            journal=self.header.journal,
            slots=slots,
        )
        data = encode(header, master)
        if self.closed:
            raise Environment("vault-locked")
        header_files.write(self.path, data)
        with self._closing:
            if self.closed:
                raise Environment("vault-locked")
            if fresh is not None:
                self.catalog.go_on_with(fresh)
            self.header, self._header_data, self._master = header, data, master

    def check_way(self, offer: ways_in.Offer) -> ways_in.Opened:
        """Whether `offer` opens this vault's header as it stands; raises as opening does."""
        return ways_in.open_header(self.header, offer, self.store)

    def confirm_recovery(self, text: str) -> None:
        """The owner typed the words again: note that they were written down."""
        opened = self.check_way(ways_in.Offer(recovery=text, keyring=False))
        with self.transaction() as tx:
            tx.note("recovery_confirmed", 1)
            tx.record(EntryKind.RECOVERY_CONFIRMED, {Field.SLOT: opened.slot.id})

    # Objects ------------------------------------------------------------------------------

    def name_object(self, tx: Transaction, sealed: SealedObject) -> None:
        """A row for a blob that is on the disk, with the number of the catalog that is told its
        key: who knows an older catalog does not know this key."""
        tx.execute(
            "INSERT INTO objects (id, key, size, sealed, catalog) VALUES (?, ?, ?, ?, ?)",
            (
                bytes.fromhex(sealed.id),
                sealed.key,
                sealed.size,
                sealed.sealed,
                self.header.catalog,
            ),
        )

    def renew_previews(self, finish: Callable[[Transaction], None]) -> None:
        """Seal the previews under a new key, alone; `finish` acts in the transaction of the key."""
        key = RANDOM(32)

        def commit() -> None:
            with self.transaction() as tx:
                tx.execute("UPDATE secrets SET value = ? WHERE name = 'preview'", (key,))
                finish(tx)
            with self._closing:
                if not self.closed:
                    self._secrets["preview"] = key

        self.previews.renew(key, commit)

    # Closing ------------------------------------------------------------------------------

    def close(self, reason: str = "asked") -> None:
        """Lock: record it, note the last state, close every file, drop every key.

        Never raises for the record or the note: locking must not fail because a disk did. Nor does
        it wait: a computer that is about to sleep gives a program a few seconds, and one that
        sleeps with keys in memory gives them to whoever wakes it. What is not done by then is
        left to the next opening.
        """
        with self._closing:
            if self.closed:
                return
            self.closed = True
        catalog = self.catalog
        catalog.hurry(PATIENCE)
        # A disk that does not answer holds whoever asks it something, for as long as it likes.
        late = threading.Timer(2 * PATIENCE, self._drop_keys)
        late.daemon = True
        late.start()
        try:
            with contextlib.suppress(Environment, Integrity), catalog.writing() as tx:
                tx.record(EntryKind.LOCKED, {Field.REASON: reason})
                # A record that cannot be signed is better than one that does not say it ended.
                with contextlib.suppress(Integrity, Unsupported):
                    epochs.sign(tx)
            with contextlib.suppress(Environment, Integrity):
                self.keeper.write(self.current_anchor, within=catalog.left())
            with contextlib.suppress(Environment, Integrity):
                catalog.checkpoint()
        finally:
            self._drop_keys()
            self.release()
            late.cancel()

    def release(self) -> None:
        """Drop keys and close files without a record: for an opening that was refused."""
        self.closed = True
        self._drop_keys()
        try:
            self.previews.close()
            self.catalog.close()
        finally:
            self.lock.release()

    def _drop_keys(self) -> None:
        """All but those of the two databases, which SQLite holds until their files are closed."""
        self._secrets = {}
        self._master = None


def anchor_of(catalog: Catalog, header: Header, header_data: bytes, key: bytes) -> Anchor:
    """What a note says about this state; `key` is the secret `state`."""
    state = catalog.state()
    return Anchor(
        vault=header.vault,
        generation=state.generation,
        state=state.root(key),
        audit_size=state.frontier.size,
        audit_root=state.frontier.root(),
        header_sequence=header.sequence,
        header_hash=header_hash(header_data),
        date_ms=now_ms(),
    )


# Opening ----------------------------------------------------------------------------------


def look(path: Path) -> Locked:
    """What the unlock screen needs. Raises as opening would, before any key is asked for."""
    with translating(path):
        chosen = header_files.read(path)
    return Locked(path, chosen.header.vault, _infos(chosen.header), chosen.damaged)


def open_vault(
    path: Path,
    offer: ways_in.Offer,
    store: PasswordStore,
    *,
    accept_older: bool = False,
    derived: Callable[[], None] = lambda: None,
    opened: ways_in.Opened | None = None,
) -> Vault:
    """Open the vault at `path`. `derived` is called when the key derivation is over (for timing).

    `opened` is what `offer` has yielded, for who has tried it already.

    Raises Refused, Environment or Integrity as `ways_in.open_header` and the anchor say; an older
    or forked vault raises Integrity("vault-older" / "vault-forked", anchored=, found=) unless
    `accept_older`, which is recorded.
    """
    insist_on_text(path)
    kept = reserve.stands(path)
    try:
        vault = reserve.with_room(
            path, lambda: _open_vault(path, offer, store, accept_older, derived, opened)
        )
    except Environment as error:
        if error.code == "not-writable":
            # Each opening is recorded inside, and one that cannot be is not made
            # (app/docs/decisions/0028-no-opening-without-a-record.md).
            raise Environment("vault-read-only", path=str(path)) from error
        raise
    reserve.keep(path)
    vault.used_reserve = kept and not reserve.stands(path)
    return vault


def _open_vault(
    path: Path,
    offer: ways_in.Offer,
    store: PasswordStore,
    accept_older: bool,
    derived: Callable[[], None],
    opened: ways_in.Opened | None,
) -> Vault:
    header_files.read(path)
    lock = VaultLock(path)
    lock.shared()
    try:
        # The header may have been replaced by a rotation while this process waited for the lock.
        chosen = header_files.read(path)
        opened = opened or ways_in.open_header(
            *(chosen.header, offer, store),
            refused=lambda: refusals.note(path, chosen.header, offer.given, now_ms()),
        )
        derived()
        header = authenticate(chosen.data, opened.master)
        catalog_path = path / f"catalog.{header.catalog}.db"
        if not os.path.lexists(catalog_path):
            raise Integrity("catalog-missing")
        catalog = Catalog(
            catalog_path,
            catalog_key(opened.master, header.vault, header.catalog),
            random=RANDOM,
            now_ms=now_ms,
        )
        try:
            catalog.load_state()
            insist_on_vault(catalog, header.vault)
            vault = Vault(path, header, chosen.data, opened.master, catalog, store, lock)
        except BaseException:
            catalog.close()
            raise
    except BaseException:
        lock.release()
        raise
    try:
        verdict = _compare_with_anchor(vault, accept_older=accept_older)
        migrate(catalog)
        if verdict in (Verdict.OLDER, Verdict.FORKED):
            _record_accepted(vault, verdict)
        _begin(vault, opened)
    except BaseException:
        vault.release()
        raise
    return vault


def insist_on_vault(catalog: Catalog, vault: VaultId) -> None:
    row = catalog.one("SELECT value FROM meta WHERE name = 'vault'")
    if row is None or row[0] != bytes.fromhex(vault):
        raise Integrity("catalog-damaged")


def migrate(catalog: Catalog) -> None:
    """Run the numbered steps that the catalog lacks, each in a transaction with its entry."""
    for number in range(catalog.version, schema.VERSION):
        if number == 0:
            raise Integrity("catalog-damaged")
        with catalog.writing() as tx:
            for statement in (schema.STEPS[number], f"PRAGMA user_version = {number + 1}"):
                tx.execute(statement)
            tx.record(EntryKind.MIGRATED, {Field.VALUE: str(number + 1)})
    if catalog.version != schema.VERSION:
        raise Unsupported("vault-newer", version=catalog.version)


def _compare_with_anchor(vault: Vault, *, accept_older: bool) -> Verdict | None:
    vault.finding = vault.keeper.check(vault.as_found, vault.catalog.root_at)
    verdict = vault.finding.verdict
    if verdict in (Verdict.OLDER, Verdict.FORKED) and not accept_older:
        raise Integrity(
            "vault-older" if verdict is Verdict.OLDER else "vault-forked",
            anchored=_moment(vault.finding.anchored_ms),
            found=_moment(vault.newest_entry_ms()),
        )
    return verdict


def _record_accepted(vault: Vault, verdict: Verdict) -> None:
    anchored = vault.finding.anchored_ms
    fields: dict[Field, Value] = {
        Field.GENERATION: vault.catalog.state().generation,
        Field.REASON: verdict.value,
    }
    if anchored is not None:
        fields[Field.DATE] = anchored
    with vault.transaction() as tx:
        tx.record(EntryKind.OLDER_ACCEPTED, fields)


def _begin(vault: Vault, opened: ways_in.Opened) -> None:
    """Record the opening, with what was tried while the vault was closed."""
    last = vault.catalog.one(
        "SELECT claimed FROM entries WHERE kind = ? ORDER BY sequence DESC LIMIT 1",
        (EntryKind.UNLOCKED.number,),
    )
    last_opened = last[0] if last else None
    tries, unreadable = refusals.read(vault.path, vault.secret("journal"), vault.id)
    fields: dict[Field, Value] = {
        Field.SLOT: opened.slot.id,
        Field.FACTORS: factor_names(opened.slot.factors),
        Field.COUNT: len(tries) + unreadable,
    }
    if last_opened is not None:
        fields[Field.DATE] = last_opened
    with vault.transaction() as tx:
        for tried_ms, factors in tries:
            tx.record(
                EntryKind.UNLOCK_REFUSED,
                {Field.FACTORS: factor_names(factors), Field.DATE: tried_ms},
            )
        tx.record(EntryKind.UNLOCKED, fields)
    refusals.clear(vault.path)
    vault.since = Since(last_opened, len(tries), unreadable)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def factor_names(factors: tuple[Factor, ...]) -> str:
    return "+".join(factor.value for factor in factors)


def _infos(header: Header) -> tuple[SlotInfo, ...]:
    return tuple(SlotInfo(slot.id, slot.factors, slot.is_pin) for slot in header.slots)
