"""Checkpoints of the record: signed with each intent, and what others are given to check them.

`app/docs/audit-log.md`, sections 7 and 8. The keys and the rule by which epochs succeed are the
vault's (`vault.epochs`), since it signs when it locks; rooms above it sign here.
"""

from __future__ import annotations

from lighttight.sealed.checkpoint import Checkpoint
from lighttight.vault import epochs
from lighttight.vault.catalog import Catalog, Transaction
from lighttight.vault.epochs import Signed


def sign(tx: Transaction) -> Checkpoint:
    """Sign the tree as it stands in this transaction, its intent included. Kept for good."""
    return epochs.sign(tx, kept=True).checkpoint


def sign_for_others(tx: Transaction) -> Signed:
    """The same, for a proof file, with the note that goes into it. Not kept."""
    return epochs.sign(tx)


def fingerprint(catalog: Catalog) -> str:
    """What the identity of this vault is known by, in hex: others compare it."""
    return epochs.chain(catalog.query).identity.fingerprint().hex()
