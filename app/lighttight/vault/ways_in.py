"""Ways in: from what a person offers to the master key, and new slots from what they chose.

`app/docs/vault-format.md`, section 4. A slot needs all of its factors; what they yield is mixed
into one key, so a second factor can never be a check that an attacker leaves out.

What is told to the person:
- A factor that could not even be asked (the keyring does not answer, its item is gone) is an
  Environment error with a word of its own for each of the store's states.
- A combination that was derived and did not fit is Refused("did-not-open"), without saying which
  factor was wrong: nothing in the format knows.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from zxcvbn import zxcvbn

from lighttight.errors import Environment, Integrity, Refused
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed import words
from lighttight.sealed.header import Header
from lighttight.sealed.keys import MasterKey
from lighttight.sealed.slots import (
    CEILING,
    PIN,
    Argon2Costs,
    Slot,
    open_slot,
    passphrase_output,
    seal_slot,
)
from lighttight.vault.password_store import PasswordStore

MIN_PIN: Final = 6
MIN_SCORE: Final = 3
MOST_WORK: Final = CEILING.memory * CEILING.passes
"""KiB times passes that one opening derives at most, over all slots that it tries."""
_PIN = re.compile(r"[0-9]+")
_SLOT_ID = re.compile(r"[0-9a-f]{16}")
_CREATED: Final = "created"

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the person brings to a locked vault."""

    passphrase: str | None = field(default=None, repr=False)
    recovery: str | None = field(default=None, repr=False)
    keyring: bool = True

    @property
    def given(self) -> tuple[Factor, ...]:
        """Factors that the person typed (the keyring is not typed)."""
        typed = {Factor.PASSPHRASE: self.passphrase, Factor.RECOVERY: self.recovery}
        return tuple(factor for factor, value in typed.items() if value is not None)


@dataclass(frozen=True, slots=True)
class WayIn:
    """A slot to be made: its factors, and the passphrase where it has one."""

    factors: tuple[Factor, ...]
    passphrase: str | None = field(default=None, repr=False)
    weak_allowed: bool = False

    def check(self) -> None:
        """Refuse what would be too weak, before anything is written."""
        if Factor.FIDO2 in self.factors:
            raise Refused("way-in-unsupported")
        if (Factor.PASSPHRASE in self.factors) != (self.passphrase is not None):
            raise Refused("passphrase-missing")
        if self.passphrase is None:
            return
        if Factor.KEYRING in self.factors:
            if len(self.passphrase) < MIN_PIN:
                raise Refused("pin-short", least=MIN_PIN)
            if not self.weak_allowed and strength(self.passphrase) == 0:
                raise Refused("pin-easy")
            return
        if not self.weak_allowed and strength(self.passphrase) < MIN_SCORE:
            raise Refused("passphrase-weak", least=MIN_SCORE)

    @property
    def flags(self) -> int:
        # Said only where the keyring stands behind it: of a passphrase alone the public header
        # must not tell a thief to try digits only.
        guarded = Factor.KEYRING in self.factors and self.passphrase is not None
        return PIN if guarded and _PIN.fullmatch(self.passphrase or "") else 0


@dataclass(frozen=True, slots=True)
class Opened:
    """The way that led in."""

    master: MasterKey
    slot: Slot


def strength(passphrase: str) -> int:
    """zxcvbn's score, 0 to 4. Only the first 72 characters count, as the library requires."""
    return int(zxcvbn(passphrase[:72])["score"]) if passphrase else 0


def account(vault: VaultId, slot: SlotId) -> str:
    return f"{vault}/{slot}"


def open_header(
    header: Header,
    offer: Offer,
    store: PasswordStore,
    *,
    refused: Callable[[], None] = lambda: None,
) -> Opened:
    """Try every slot that the offer could open, cheapest first.

    Raises Environment when the keyring stood in the way of a slot that might have opened: what was
    typed may be right, and is not called wrong. Refused("way-in-missing") when no slot asks for
    what was offered, Refused("did-not-open") when something was derived and did not fit. `refused`
    is called when something typed was derived and opened nothing, whichever error follows.

    Nothing in the header is authentic yet. Whoever can write it could put in slots that are as
    costly as the format allows; all tries together may cost as much as one of those, and no more.
    """
    slots = [slot for slot in header.slots if _could_open(slot, offer)]
    if not slots:
        raise Refused("way-in-missing")
    entropy = words.decode(offer.recovery) if offer.recovery is not None else None
    keyring_trouble: Environment | None = None
    tried = False
    spent = 0
    for slot in sorted(slots, key=_work):
        outputs: dict[Factor, bytes] = {}
        if Factor.KEYRING in slot.factors:
            try:
                outputs[Factor.KEYRING] = keyring_output(store, header.vault, slot.id)
            except Environment as error:
                keyring_trouble = keyring_trouble or error
                continue
        if Factor.RECOVERY in slot.factors and entropy is not None:
            outputs[Factor.RECOVERY] = entropy
        spent += _work(slot)
        if spent > MOST_WORK:
            break
        if slot.argon2 is not None and offer.passphrase is not None:
            outputs[Factor.PASSPHRASE] = passphrase_output(offer.passphrase, slot.argon2)
        try:
            return Opened(open_slot(slot, header.vault, outputs), slot)
        except Refused:
            tried = True
            if not offer.given:
                keyring_trouble = keyring_trouble or Environment("keyring-wrong")
    if tried and offer.given:
        refused()
    if spent > MOST_WORK:
        # Not all were tried: what was typed may be right, and is not called wrong.
        raise Integrity("header-costs")
    if keyring_trouble is not None:
        raise keyring_trouble
    raise Refused("did-not-open")


def _work(slot: Slot) -> int:
    return 0 if slot.argon2 is None else slot.argon2.memory * slot.argon2.passes


def _could_open(slot: Slot, offer: Offer) -> bool:
    offered = {*offer.given, *((Factor.KEYRING,) if offer.keyring else ())}
    # What was typed must be used: with a passphrase given, a one-click slot would open the vault
    # whatever was typed, and a wrong passphrase would look right.
    return set(slot.factors) <= offered and set(offer.given) <= set(slot.factors)


def keyring_output(store: PasswordStore, vault: VaultId, slot: SlotId) -> bytes:
    """The slot's 32 bytes from the keyring; Environment("keyring-stale") where they are gone."""
    text = store.get(account(vault, slot))
    if text is None:
        raise Environment("keyring-stale")
    try:
        secret = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Environment("keyring-wrong") from error
    if len(secret) != 32:
        raise Environment("keyring-wrong")
    return secret


def make_slot(
    master: MasterKey,
    vault: VaultId,
    way: WayIn,
    store: PasswordStore,
    random: Random,
    *,
    slot_id: SlotId | None = None,
    entropy: bytes | None = None,
) -> Slot:
    """A slot for `way`. Writes (and reads back) its keyring item; `entropy` for recovery words.

    The caller writes the header; until then the new keyring item is only a left-over, which
    `forget` removes if the act fails, and which `announce` lets a later session find.
    """
    way.check()
    slot_id = slot_id or SlotId(random(8).hex())
    costs: Argon2Costs | None = None
    outputs: dict[Factor, bytes] = {}
    if way.passphrase is not None:
        costs = Argon2Costs.default(random(16))
        outputs[Factor.PASSPHRASE] = passphrase_output(way.passphrase, costs)
    if Factor.RECOVERY in way.factors:
        if entropy is None:
            raise AssertionError("a recovery slot without its words")
        outputs[Factor.RECOVERY] = entropy
    if Factor.KEYRING in way.factors:
        secret = random(32)
        outputs[Factor.KEYRING] = secret
        store.set(account(vault, slot_id), base64.urlsafe_b64encode(secret).decode().rstrip("="))
    return seal_slot(master, vault, slot_id, outputs, costs, way.flags, random)


def forget(store: PasswordStore, vault: VaultId, slots: Iterable[Slot]) -> bool:
    """Delete the keyring items of slots that no header names any more. False if some remain."""
    complete = True
    for slot in slots:
        if Factor.KEYRING in slot.factors:
            try:
                store.delete(account(vault, slot.id))
            except Environment:
                complete = False
    return complete


def _announcement(vault: VaultId) -> str:
    return f"{vault}/unfinished"


def announce(store: PasswordStore, vault: VaultId, slots: Iterable[str]) -> None:
    """Note in the keyring whose items are about to be made, or to be given up.

    A keyring cannot be asked what it holds. Without this note an item that a crash left behind
    would stay for ever, and the old one of a rotation opens what was copied before it.
    """
    noted = store.get(_announcement(vault)) or ""
    store.set(_announcement(vault), " ".join(sorted({*noted.split(), *slots})))


def is_announced(store: PasswordStore, vault: VaultId) -> bool:
    """Whether there is anything to `forget_announced`."""
    return store.get(_announcement(vault)) is not None


def forget_announced(store: PasswordStore, vault: VaultId, named: Iterable[Slot]) -> int:
    """Delete announced items that the header in force does not name; returns how many.

    Only for who has the vault alone: another session may be about to name one.
    """
    noted = store.get(_announcement(vault))
    if noted is None:
        return 0
    known = {slot.id for slot in named}
    # The note is no proof of anything: only what looks like a slot's id is used as one.
    strays = [one for one in noted.split() if _SLOT_ID.fullmatch(one) and one not in known]
    for one in strays:
        store.delete(account(vault, SlotId(one)))
    store.delete(_announcement(vault))
    return len(strays)


def announce_created(store: PasswordStore, vault: VaultId, slots: Iterable[SlotId]) -> None:
    """As `announce`, for a vault that is not there yet."""
    announce(store, vault, [_CREATED, *slots])


def forget_created(store: PasswordStore, vault: VaultId) -> None:
    """Delete the items of a vault whose creation was interrupted.

    Only where the keyring itself says so: the file that names the vault may have been put there
    by somebody who wants the items of a living one deleted.
    """
    if _CREATED in (store.get(_announcement(vault)) or "").split():
        forget_announced(store, vault, ())
