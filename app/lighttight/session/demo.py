"""What a demonstration needs and nothing else does: files made on the spot, and no trace left.

The shells may not reach further down than the session; a test and a demo are the only ones who
make pictures out of nothing and throw a whole vault away.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lighttight.media.samples import Sample, samples
from lighttight.model import Factor, VaultId
from lighttight.vault.anchoring import accounts
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import SlotInfo
from lighttight.vault.ways_in import account

__all__ = ["Sample", "forget_vault", "samples"]


def forget_vault(
    store: PasswordStore, vault: VaultId, path: Path, slots: Iterable[SlotInfo]
) -> None:
    """Remove what the password store holds of a vault: its ways in, and notes about its state.

    The vault itself is the caller's to throw away. Raises Environment.
    """
    for slot in slots:
        if Factor.KEYRING in slot.factors:
            store.delete(account(vault, slot.id))
    for note in accounts(vault, path):
        store.delete(note)
