"""Checkpoints: size and root of the record's tree, in a note that others can check.

`app/docs/audit-log.md`, section 7: a C2SP `tlog-checkpoint` in a `signed-note`, with an Ed25519 and
an ML-DSA-65 signature. What is read is encoded again, and refused when the bytes differ, so that
one checkpoint has one spelling: further lines, further signatures and other base64 are nobody's.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from lighttight.errors import Integrity
from lighttight.sealed.signing import (
    ED25519_SIGNATURE,
    MLDSA65_SIGNATURE,
    PublicKeys,
    Signatures,
    SigningKeys,
    verify,
)

_CONTEXT: Final = b"lighttight/checkpoint/v1"
_ED25519: Final = b"\x01"
_MLDSA65: Final = b"\xffML-DSA-65"
_KEY_ID: Final = 4
_LARGEST: Final = 2**63 - 1
_LAST_EPOCH: Final = 2**32 - 1
_NOTE: Final = re.compile(
    rb"lighttight\.invalid/([0-9a-f]{64})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n"
    rb"epoch (0|[1-9][0-9]{0,9})\ntime (0|[1-9][0-9]{0,18})\n\n"
    rb"\xe2\x80\x94 \S{83} ([A-Za-z0-9+/]+={0,2})\n\xe2\x80\x94 \S{83} ([A-Za-z0-9+/]+={0,2})\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree had `size` entries and this root, as epoch `epoch` of the identity signed it."""

    identity: bytes
    size: int
    root: bytes
    epoch: int
    claimed_ms: int

    @property
    def origin(self) -> str:
        return f"lighttight.invalid/{self.identity.hex()}"

    def text(self) -> bytes:
        """The bytes that are signed."""
        root = base64.b64encode(self.root).decode()
        return (
            f"{self.origin}\n{self.size}\n{root}\nepoch {self.epoch}\ntime {self.claimed_ms}\n"
        ).encode()


def sign(checkpoint: Checkpoint, keys: SigningKeys) -> bytes:
    """The note, with both signatures."""
    return spell(checkpoint, *signed(checkpoint, keys))


def spell(checkpoint: Checkpoint, public: PublicKeys, signatures: Signatures) -> bytes:
    """The note with signatures that were made before; nothing is checked but its spelling."""
    note = _note(checkpoint, public, signatures)
    # Never write what no reader accepts; a root of another length would do that.
    read(note)
    return note


def signed(checkpoint: Checkpoint, keys: SigningKeys) -> tuple[PublicKeys, Signatures]:
    """The two signatures, for who keeps them without the note; and the keys they are checked by."""
    return keys.sign(checkpoint.text(), _CONTEXT)


def read(note: bytes) -> Checkpoint:
    """What a note states, unproven: by its epoch the keys are chosen that `check` needs.

    Integrity("checkpoint-forged") for anything that is not spelled as `sign` does.
    """
    return _read(note)[0]


def check(note: bytes, public: PublicKeys) -> Checkpoint:
    """What a note states, once both signatures hold: Integrity("checkpoint-forged")."""
    checkpoint, signatures = _read(note)
    # Key ids are under no signature: they are what these keys say, or the note is another one.
    if not hmac.compare_digest(_note(checkpoint, public, signatures), note):
        raise Integrity("checkpoint-forged")
    try:
        verify(public, checkpoint.text(), _CONTEXT, signatures)
    except Integrity as error:
        raise Integrity("checkpoint-forged") from error
    return checkpoint


def _read(note: bytes) -> tuple[Checkpoint, Signatures]:
    found = _NOTE.fullmatch(note)
    if found is None:
        raise Integrity("checkpoint-forged")
    fingerprint, size, root, epoch, claimed = found.groups()[:5]
    checkpoint = Checkpoint(
        bytes.fromhex(fingerprint.decode()),
        int(size),
        base64.b64decode(root),
        int(epoch),
        int(claimed),
    )
    signed = [_unbase(one) for one in found.groups()[5:]]
    lengths = [_KEY_ID + ED25519_SIGNATURE, _KEY_ID + MLDSA65_SIGNATURE]
    numbers = max(checkpoint.size, checkpoint.claimed_ms) <= _LARGEST
    if [len(one) for one in signed] != lengths or not numbers or checkpoint.epoch > _LAST_EPOCH:
        raise Integrity("checkpoint-forged")
    spelled = _signed(checkpoint, *signed)
    if spelled != note:
        raise Integrity("checkpoint-forged")
    return checkpoint, Signatures(signed[0][_KEY_ID:], signed[1][_KEY_ID:])


def _note(checkpoint: Checkpoint, public: PublicKeys, signatures: Signatures) -> bytes:
    return _signed(
        checkpoint,
        _key_id(checkpoint, _ED25519, public.ed25519) + signatures.ed25519,
        _key_id(checkpoint, _MLDSA65, public.mldsa65) + signatures.mldsa65,
    )


def _signed(checkpoint: Checkpoint, *lines: bytes) -> bytes:
    origin = checkpoint.origin
    signed = (f"— {origin} {base64.b64encode(one).decode()}\n" for one in lines)
    return checkpoint.text() + b"\n" + "".join(signed).encode()


def _key_id(checkpoint: Checkpoint, kind: bytes, key: bytes) -> bytes:
    """Of signed-note: the beginning of SHA-256 over name, type and key."""
    return sha256(checkpoint.origin.encode() + b"\n" + kind + key).digest()[:_KEY_ID]


def _unbase(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Integrity("checkpoint-forged") from error
