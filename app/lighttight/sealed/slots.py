"""Slots: ways in. A slot is a set of factors that together unwrap the master key.

As LUKS does it: any slot opens the vault, each on its own terms, and a second factor is part of the
key instead of a check that an attacker leaves out. All factor outputs go into one HKDF; what comes
out is the key that wraps the master key, and one commitment to the whole combination.

- One commitment, none per factor: nothing tells an attacker (or the owner) which of two factors was
  wrong, so two factors are guessed together or not at all.
- A commitment at all: AES-GCM alone can be made to open under several keys, and a header made so
  would let whoever planted it test many passphrases with one attempt.
- The descriptor (factors, costs, flags, ids) goes into the derivation and into the associated data:
  costs that were lowered, a slot moved to another vault, a factor crossed out, all lead nowhere.
- Bounds of the costs are checked before anything is derived. Below them, an altered header would
  make a passphrase cheap to guess; above them, opening a vault would take the computer down.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha512
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from lighttight.errors import Environment, Integrity, Refused, Unsupported
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed import canonical
from lighttight.sealed.keys import KEY, MasterKey, Random, check_key, derive, draw

PIN: Final = 1
"""Flag: the passphrase is a PIN. A hint for the words on screen, nothing else."""

FACTOR_TYPES: Final = {
    Factor.KEYRING: 1,
    Factor.PASSPHRASE: 2,
    Factor.RECOVERY: 3,
    Factor.FIDO2: 4,
}


class Costs(NamedTuple):
    """Numbers of Argon2id: memory in KiB, passes, lanes."""

    memory: int
    passes: int
    lanes: int


DEFAULT: Final = Costs(262_144, 3, 4)
FLOOR: Final = Costs(65_536, 3, 4)
CEILING: Final = Costs(4_194_304, 16, 16)

_FORMAT: Final = 1
_SALT: Final = 32
_COMMITMENT: Final = 32
_NONCE: Final = 12
_WRAPPED: Final = _NONCE + KEY + 16
_ARGON2_SALT: Final = 16
_CREDENTIAL: Final = 1023  # the longest that CTAP allows
_LABEL: Final = b"lighttight/slot/v1\x00"


@dataclass(frozen=True, slots=True)
class Argon2Costs:
    """How a passphrase is stretched: its salt (16 random bytes) and the numbers."""

    salt: bytes
    memory: int = DEFAULT.memory
    passes: int = DEFAULT.passes
    lanes: int = DEFAULT.lanes

    @staticmethod
    def default(salt: bytes) -> Argon2Costs:
        return Argon2Costs(salt, *DEFAULT)

    def check(self) -> None:
        """Refuse numbers outside the bounds, with Integrity: no program of ours wrote them."""
        numbers = (self.memory, self.passes, self.lanes)
        within = all(
            least <= number <= most
            for least, number, most in zip(FLOOR, numbers, CEILING, strict=True)
        )
        if not within or len(self.salt) != _ARGON2_SALT:
            raise Integrity("header-costs")


class _CostsText(canonical.Document, frozen=True):
    salt: canonical.Hex16
    memory: canonical.Natural
    passes: canonical.Natural
    lanes: canonical.Natural


class SlotText(canonical.Document, frozen=True):
    """A slot as it stands in the header."""

    id: canonical.Hex8
    factors: Annotated[tuple[Factor, ...], msgspec.Meta(min_length=1, max_length=4)]
    argon2: _CostsText | None
    credential: Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{2})*\Z")]
    flags: canonical.Natural
    salt: canonical.Hex32
    commitment: canonical.Hex32
    wrapped: Annotated[str, msgspec.Meta(pattern=rf"\A[0-9a-f]{{{2 * _WRAPPED}}}\Z")]


class _Descriptor(canonical.Document, frozen=True):
    format: int
    vault: canonical.Hex16
    slot: canonical.Hex8
    factors: tuple[Factor, ...]
    argon2: _CostsText | None
    credential: str
    flags: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One way in, as it stands in the header. Public, all of it."""

    id: SlotId
    factors: tuple[Factor, ...]
    argon2: Argon2Costs | None
    credential: bytes
    flags: int
    salt: bytes
    commitment: bytes
    wrapped: bytes

    @property
    def is_pin(self) -> bool:
        return bool(self.flags & PIN)

    def check(self) -> None:
        """Refuse what the format does not allow, costs last."""
        types = [FACTOR_TYPES[factor] for factor in self.factors]
        stretched = Factor.PASSPHRASE in self.factors
        if (
            not types
            or any(one >= other for one, other in pairwise(types))
            or stretched != (self.argon2 is not None)
            or self.flags not in ((0, PIN) if stretched else (0,))
            or len(self.credential) > (_CREDENTIAL if Factor.FIDO2 in self.factors else 0)
            or len(self.salt) != _SALT
            or len(self.commitment) != _COMMITMENT
            or len(self.wrapped) != _WRAPPED
        ):
            raise Integrity("header-damaged")
        if self.argon2 is not None:
            self.argon2.check()

    def text(self) -> SlotText:
        return SlotText(
            self.id,
            self.factors,
            _costs_text(self.argon2),
            self.credential.hex(),
            self.flags,
            self.salt.hex(),
            self.commitment.hex(),
            self.wrapped.hex(),
        )

    @staticmethod
    def of(text: SlotText) -> Slot:
        """The slot that a header names. `check` has not been called."""
        costs = None
        if (given := text.argon2) is not None:
            salt = bytes.fromhex(given.salt)
            costs = Argon2Costs(salt, given.memory, given.passes, given.lanes)
        return Slot(
            SlotId(text.id),
            text.factors,
            costs,
            bytes.fromhex(text.credential),
            text.flags,
            bytes.fromhex(text.salt),
            bytes.fromhex(text.commitment),
            bytes.fromhex(text.wrapped),
        )


def passphrase_output(passphrase: str, costs: Argon2Costs) -> bytes:
    """Stretch a passphrase with Argon2id. Slow and large on purpose: see `costs`.

    NFKC, because the same sign is typed as different characters on different keyboards.
    """
    costs.check()
    try:
        octets = unicodedata.normalize("NFKC", passphrase).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair: bytes of a terminal that were no text.
        raise Refused("passphrase-not-text") from None
    try:
        return Argon2id(
            salt=costs.salt,
            length=KEY,
            iterations=costs.passes,
            lanes=costs.lanes,
            memory_cost=costs.memory,
        ).derive(octets)
    except MemoryError:
        raise Environment("memory-short", mebibytes=costs.memory // 1024) from None


def seal_slot(
    master: MasterKey,
    vault: VaultId,
    slot_id: SlotId,
    outputs: Mapping[Factor, bytes],
    costs: Argon2Costs | None,
    flags: int,
    random: Random,
) -> Slot:
    """A new slot that opens with exactly these factor outputs. Salt and nonce are always fresh."""
    factors = tuple(sorted(outputs, key=FACTOR_TYPES.__getitem__))
    _check_usable(factors)
    salt = draw(random, _SALT)
    described = _descriptor(vault, slot_id, factors, costs, b"", flags)
    kek, commitment = _derived(factors, outputs, salt, described)
    nonce = draw(random, _NONCE)
    wrapped = nonce + AESGCM(kek).encrypt(nonce, master.secret, described)
    slot = Slot(slot_id, factors, costs, b"", flags, salt, commitment, wrapped)
    slot.check()
    return slot


def open_slot(slot: Slot, vault: VaultId, outputs: Mapping[Factor, bytes]) -> MasterKey:
    """The master key, or Refused("did-not-open").

    A wrong factor and changed bytes look the same here, so nothing more is claimed. The header's
    MAC is still to be checked: `header.authenticate`.
    """
    _check_usable(slot.factors)
    if set(outputs) != set(slot.factors) or any(len(one) != KEY for one in outputs.values()):
        raise Refused("did-not-open")
    described = _descriptor(vault, slot.id, slot.factors, slot.argon2, slot.credential, slot.flags)
    kek, commitment = _derived(slot.factors, outputs, slot.salt, described)
    if not hmac.compare_digest(commitment, slot.commitment):
        raise Refused("did-not-open")
    try:
        secret = AESGCM(kek).decrypt(slot.wrapped[:_NONCE], slot.wrapped[_NONCE:], described)
    except InvalidTag:
        raise Refused("did-not-open") from None
    return MasterKey(secret)


def _descriptor(
    vault: VaultId,
    slot_id: SlotId,
    factors: tuple[Factor, ...],
    costs: Argon2Costs | None,
    credential: bytes,
    flags: int,
) -> bytes:
    return canonical.encode(
        _Descriptor(_FORMAT, vault, slot_id, factors, _costs_text(costs), credential.hex(), flags)
    )


def _derived(
    factors: tuple[Factor, ...], outputs: Mapping[Factor, bytes], salt: bytes, described: bytes
) -> tuple[bytes, bytes]:
    material = bytearray()
    for factor in factors:
        check_key(outputs[factor])
        material += FACTOR_TYPES[factor].to_bytes(1) + KEY.to_bytes(2) + outputs[factor]
    info = _LABEL + sha512(described).digest()
    derived = derive(bytes(material), salt, info, KEY + _COMMITMENT)
    return derived[:KEY], derived[KEY:]


def _check_usable(factors: tuple[Factor, ...]) -> None:
    # Its number is taken so that older programs can list such a slot; opening it comes later.
    if Factor.FIDO2 in factors:
        raise Unsupported("factor-unsupported", factor=Factor.FIDO2.value)


def _costs_text(costs: Argon2Costs | None) -> _CostsText | None:
    if costs is None:
        return None
    return _CostsText(costs.salt.hex(), costs.memory, costs.passes, costs.lanes)
