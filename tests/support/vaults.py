"""Vaults for tests: made with the cheapest key derivation that the format allows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from lighttight.model import Factor
from lighttight.sealed import slots
from lighttight.vault.creating import Created, create
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer, WayIn

PASSPHRASE = "seven llamas painted the quiet harbour"
KEYRING = WayIn((Factor.KEYRING,))
PASSPHRASE_WAY = WayIn((Factor.PASSPHRASE,), PASSPHRASE)
BY_PASSPHRASE = Offer(passphrase=PASSPHRASE, keyring=False)


@contextmanager
def cheap_derivation() -> Iterator[None]:
    """Argon2id at the format's floor, 64 MiB, instead of the default 256."""
    with mock.patch.object(slots, "DEFAULT", slots.FLOOR):
        yield


def make_vault(
    path: Path, store: PasswordStore, *ways: WayIn, title: str = "Home library"
) -> Created:
    with cheap_derivation():
        return create(path, title, ways or (KEYRING,), store)


def reopen(vault: Vault, offer: Offer | None = None, *, accept_older: bool = False) -> Vault:
    """Lock and open again, as another run of the program would."""
    vault.close()
    return open_vault(vault.path, offer or Offer(), vault.store, accept_older=accept_older)
