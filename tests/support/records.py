"""What a vault's record says, read the short way."""

from __future__ import annotations

from typing import Any

from lighttight.audit.reading import Record
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.vault import Vault


def size(vault: Vault) -> int:
    """How many entries there are."""
    return vault.catalog.state().frontier.size


def entries(vault: Vault) -> list[tuple[EntryKind, dict[Field, Any]]]:
    """Kind and open fields of every entry, oldest first."""
    return [(one.kind, dict(one.values)) for one in reversed(list(Record(vault).every()))]


def newest(vault: Vault) -> tuple[EntryKind, dict[Field, Any]]:
    return entries(vault)[-1]
