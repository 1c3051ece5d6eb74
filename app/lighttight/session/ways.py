"""The ways into an open vault: adding, removing, changing all keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from lighttight.errors import Environment, Refused
from lighttight.model import Factor, SlotId
from lighttight.vault.rotation import Rotated, rotate
from lighttight.vault.vault import SlotInfo, Vault
from lighttight.vault.ways_in import Offer, WayIn, keyring_output

_BEGINNING: Final = re.compile(r"[0-9a-f]{4,16}")

Confirm = Callable[[tuple[str, ...]], None]


class Ways:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def all(self) -> tuple[SlotInfo, ...]:
        return self._vault.slots

    def here(self) -> tuple[SlotInfo, ...]:
        """Those whose part this computer's password store has."""
        return tuple(slot for slot in self._vault.slots if self._is_here(slot))

    def _is_here(self, slot: SlotInfo) -> bool:
        if Factor.KEYRING not in slot.factors:
            return False
        try:
            keyring_output(self._vault.store, self._vault.id, slot.id)
        except Environment:
            return False
        return True

    def find(self, prefix: str) -> SlotInfo:
        """The one slot whose id begins so. At least four hex digits: somebody who types 1 means
        the first of a list, and must not lose the one whose id happens to begin with it.

        Raises Refused("slot-unclear", "slot-unknown" or "slot-ambiguous").
        """
        wanted = prefix.strip().lower()
        if not _BEGINNING.fullmatch(wanted):
            raise Refused("slot-unclear", slot=prefix)
        found = [slot for slot in self._vault.slots if slot.id.startswith(wanted)]
        if not found:
            raise Refused("slot-unknown", slot=wanted)
        if len(found) > 1:
            raise Refused("slot-ambiguous", slot=wanted)
        return found[0]

    def add(self, way: WayIn) -> SlotInfo:
        """One more way in, under the same keys."""
        return self._vault.add_way(way)

    def try_out(self, offer: Offer) -> SlotInfo:
        """Which way in `offer` opens; raises as opening does. Nothing changes."""
        slot = self._vault.check_way(offer).slot
        return SlotInfo(slot.id, slot.factors, slot.is_pin)

    def confirm_recovery(self, words: str) -> None:
        """The owner typed the recovery words again: note that they were written down."""
        self._vault.confirm_recovery(words)

    def remove(
        self,
        slot: SlotId,
        *,
        passphrases: Mapping[SlotId, str] | None = None,
        recovery: str | None = None,
        confirm: Confirm,
    ) -> Rotated:
        """Take one way in away; all keys change, so that it opens nothing made later.

        Raises Refused("recovery-stays") for the last recovery words.
        """
        info = self.find(slot)
        if Factor.RECOVERY in info.factors:
            raise Refused("recovery-stays")
        return rotate(
            self._vault,
            reason="removed",
            drop=frozenset({slot}),
            passphrases=passphrases,
            recovery=recovery,
            confirm=confirm,
        )

    def rotate(
        self,
        *,
        passphrases: Mapping[SlotId, str] | None = None,
        recovery: str | None = None,
        drop: frozenset[SlotId] = frozenset(),
        add: tuple[WayIn, ...] = (),
        confirm: Confirm,
    ) -> Rotated:
        """Someone may know a way in: change every key. See `vault.rotation.rotate`."""
        return rotate(
            self._vault,
            reason="asked",
            passphrases=passphrases,
            recovery=recovery,
            drop=drop,
            add=add,
            confirm=confirm,
        )
