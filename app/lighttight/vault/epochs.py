"""The identity of a vault, the epochs that sign its record, and the signing itself.

`app/docs/audit-log.md`, sections 7 and 8. The identity's private halves exist only inside `begin`.
Those of the current epoch stand in `secrets`; when the next epoch begins, its own are written over
them in the same transaction (`secure_delete` overwrites what a row held before). So whoever opens
this catalog later can sign what comes, and not what was.

`sign` belongs into the transaction of the act: the checkpoint covers the entries that were recorded
so far, and stands or falls with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from lighttight.errors import Integrity
from lighttight.sealed.checkpoint import Checkpoint, check, signed, spell
from lighttight.sealed.entries import EntryKind, Field, parse_leaf
from lighttight.sealed.signing import (
    PUBLIC,
    Certificate,
    PublicKeys,
    Signatures,
    SigningKeys,
    certify,
    new_keys,
    read_certificate,
    verify_chain,
)
from lighttight.vault import schema
from lighttight.vault.catalog import Catalog, Row, Transaction

DAY_MS: Final = 86_400_000
LENGTH: Final = 5_000
"""An epoch lasts at least a day *and* that many entries: the chain grows with what happened."""


class Readable(Protocol):
    """A transaction, or a catalog by `query`."""

    def __call__(self, sql: str, values: tuple[int | str, ...] = ...) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Chain:
    """The public side: who signs, and how one gets from the identity to the keys of an epoch."""

    identity: PublicKeys
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint with the note that others are given."""

    checkpoint: Checkpoint
    note: bytes


def begin(tx: Transaction, reason: str) -> None:
    """Make the identity, let it certify epoch 0, and forget its private halves."""
    identity = new_keys(tx.random)
    public = identity.public()
    tx.execute("INSERT INTO meta VALUES ('identity', ?)", (public.encode(),))
    tx.record(EntryKind.IDENTITY_MADE, {Field.DIGEST: public.fingerprint(), Field.REASON: reason})
    _enter(tx, 0, public.fingerprint(), identity)


def sign(tx: Transaction, *, kept: bool = False) -> Signed:
    """Sign the tree as it stands in this transaction, its last entry included.

    A new epoch begins first where one is due. `kept` is for intents; of all others only the newest
    stays. Integrity("catalog-damaged") where the keys are not those of the epoch.
    """
    identity, current = _current(tx)
    keys = _secrets(tx)
    late = abs(tx.now - current.claimed_ms) >= DAY_MS
    if late and tx.frontier.size - current.size >= LENGTH:
        if keys.public() != current.keys:
            raise Integrity("catalog-damaged")
        current, keys = _enter(tx, current.number + 1, identity.fingerprint(), keys)
    checkpoint = Checkpoint(
        identity.fingerprint(),
        tx.frontier.size,
        tx.frontier.root(),
        current.number,
        max(0, tx.now),
    )
    public, signatures = signed(checkpoint, keys)
    if public != current.keys:
        raise Integrity("catalog-damaged")
    return _keep(tx, checkpoint, public, signatures, kept)


def chain(read: Readable) -> Chain:
    """What others need to check a checkpoint; nothing of it is checked here."""
    certificates = read("SELECT certificate FROM epochs ORDER BY number")
    return Chain(_identity(read), tuple(row[0] for row in certificates))


def check_all(catalog: Catalog) -> int:
    """Check every certificate and every checkpoint, their signatures, and that the record says so.

    Answers how many checkpoints there are. Integrity("certificate-forged", "checkpoint-forged") for
    what was signed otherwise, or over another record than this one. The roots come from the leaves,
    each of which holds the root before it: whoever calls has checked those.
    """
    found = chain(catalog.query)
    epochs = verify_chain(found.identity, found.certificates)
    for one, certificate in zip(epochs, found.certificates, strict=True):
        began = catalog.one(
            "SELECT kind, value FROM entries JOIN fields USING (sequence)"
            " WHERE sequence = ? AND name = 'digest'",
            (one.size,),
        )
        digests = (sha256(certificate).digest(), None)
        if began is None or began[0] != EntryKind.EPOCH_BEGAN.number or began[1] not in digests:
            raise Integrity("certificate-forged")
        if _root_at(catalog, one.size) != one.root:
            raise Integrity("certificate-forged")
    rows = catalog.query("SELECT size, epoch, claimed, root, signatures FROM checkpoints")
    for size, epoch, claimed, root, signatures in rows:
        if epoch >= len(epochs) or root != _root_at(catalog, size):
            raise Integrity("checkpoint-forged")
        stated = Checkpoint(found.identity.fingerprint(), size, root, epoch, claimed)
        check(spell(stated, epochs[epoch].keys, Signatures.decode(signatures)), epochs[epoch].keys)
        ends = epochs[epoch + 1].size if epoch + 1 < len(epochs) else size
        if not epochs[epoch].size < size <= ends:
            raise Integrity("checkpoint-forged")
    return len(rows)


def _enter(
    tx: Transaction, number: int, identity: bytes, by: SigningKeys
) -> tuple[Certificate, SigningKeys]:
    """Begin an epoch: certified by the one before, whose private halves end here."""
    keys = new_keys(tx.random)
    tree = tx.frontier
    stated = Certificate(identity, number, tree.size, tree.root(), tx.now, keys.public())
    certificate = certify(stated, by)
    tx.execute("INSERT INTO epochs VALUES (?, ?)", (number, certificate))
    tx.execute_many(
        "INSERT INTO secrets VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        list(zip(schema.EPOCH_SECRETS, (keys.ed25519, keys.mldsa65), strict=True)),
    )
    tx.record(
        EntryKind.EPOCH_BEGAN, {Field.COUNT: number, Field.DIGEST: sha256(certificate).digest()}
    )
    return stated, keys


def _keep(
    tx: Transaction, checkpoint: Checkpoint, public: PublicKeys, by: Signatures, kept: bool
) -> Signed:
    if not kept:
        tx.execute("DELETE FROM checkpoints WHERE kept = 0")
    tx.execute(
        "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (size) DO UPDATE SET"
        " kept = max(kept, excluded.kept), epoch = excluded.epoch, claimed = excluded.claimed,"
        " root = excluded.root, signatures = excluded.signatures",
        (
            checkpoint.size,
            int(kept),
            checkpoint.epoch,
            checkpoint.claimed_ms,
            checkpoint.root,
            by.encode(),
        ),
    )
    return Signed(checkpoint, spell(checkpoint, public, by))


def _identity(read: Readable) -> PublicKeys:
    rows = read("SELECT value FROM meta WHERE name = 'identity'")
    if not rows or not isinstance(rows[0][0], bytes) or len(rows[0][0]) != PUBLIC:
        raise Integrity("catalog-damaged")
    return PublicKeys.decode(rows[0][0])


def _current(tx: Transaction) -> tuple[PublicKeys, Certificate]:
    rows = tx.execute("SELECT certificate FROM epochs ORDER BY number DESC LIMIT 1")
    if not rows:
        raise Integrity("catalog-damaged")
    return _identity(tx.execute), read_certificate(rows[0][0])


def _secrets(tx: Transaction) -> SigningKeys:
    found = dict(tx.execute("SELECT name, value FROM secrets WHERE name LIKE 'epoch-%'"))
    if found.keys() != set(schema.EPOCH_SECRETS):
        raise Integrity("catalog-damaged")
    return SigningKeys(*(found[name] for name in schema.EPOCH_SECRETS))


def _root_at(catalog: Catalog, size: int) -> bytes | None:
    """The root over the first `size` entries, as the leaf behind them holds it."""
    row = catalog.one("SELECT leaf FROM entries WHERE sequence = ?", (size,))
    if row is not None:
        return parse_leaf(row[0]).previous_root
    tree = catalog.state().frontier
    return tree.root() if tree.size == size else None
