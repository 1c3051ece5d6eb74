"""Settings that protect: kept in the catalog, where changing one is recorded with the change.

When it locks, and whether pictures are covered when the window is not in front, belong to the
library and not to the computer: a plain file could be edited by whoever sits down at it, and
nobody would know. Making one weaker is `weakened` in the record, anything else
`setting-changed`; both stand in the transaction that changes it.

A value that this version does not understand counts as the usual one, which protects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lighttight.audit import record
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.vault import Vault

LOCK_AFTER: Final = "lock-after"
COVER: Final = "cover-when-away"
LONGEST: Final = 240
"""Minutes. Longer than this, "locks by itself" would be a promise that nothing keeps."""

_WORDS: Final = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Protecting:
    """`lock_after` is in minutes without anybody; `cover` is about a window not in front."""

    lock_after: int = 5
    cover: bool = True


USUAL: Final = Protecting()


class Protection:
    """The protective settings of one open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def now(self) -> Protecting:
        found = dict(
            self._vault.catalog.query(
                "SELECT name, value FROM settings WHERE name IN (?, ?)", (LOCK_AFTER, COVER)
            )
        )
        return Protecting(_minutes(found.get(LOCK_AFTER)), _WORDS.get(found.get(COVER, "on"), True))

    def lock_after(self, minutes: int) -> Protecting:
        """Between 1 and `LONGEST` minutes."""
        if not 1 <= minutes <= LONGEST:
            raise ValueError("lock_after")
        before = self.now()
        if minutes != before.lock_after:
            self._write(LOCK_AFTER, str(minutes), weaker=minutes > before.lock_after)
        return self.now()

    def cover(self, *, on: bool) -> Protecting:
        if on != self.now().cover:
            self._write(COVER, "on" if on else "off", weaker=not on)
        return self.now()

    def _write(self, name: str, value: str, *, weaker: bool) -> None:
        kind = EntryKind.WEAKENED if weaker else EntryKind.SETTING_CHANGED
        with self._vault.transaction() as tx:
            tx.execute(
                "INSERT INTO settings VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )
            record.append(tx, kind, {Field.SETTING: name, Field.VALUE: value})


def _minutes(value: str | None) -> int:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 3:
        return USUAL.lock_after
    minutes = int(value)
    return minutes if 1 <= minutes <= LONGEST else USUAL.lock_after
