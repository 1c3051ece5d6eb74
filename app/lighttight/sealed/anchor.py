"""The anchor: a note in the keyring about the newest state that this computer saw.

Whoever can write the vault's files can put back an older copy, and everything in it verifies. Only
something kept elsewhere can tell. The note carries a MAC under a key out of the catalog, so that a
program that may write the keyring cannot make the owner's newest vault look old.

`judge` decides and does nothing else: what to ask the person is for those above.
"""

from __future__ import annotations

import enum
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from lighttight.errors import Integrity
from lighttight.model import VaultId
from lighttight.sealed import canonical
from lighttight.sealed.keys import check_key


class _Text(canonical.Document, frozen=True):
    vault: canonical.Hex16
    generation: canonical.Natural
    state: canonical.Hex32
    audit_size: canonical.Natural
    audit_root: canonical.Hex32
    header_sequence: canonical.Positive
    header_hash: canonical.Hex32
    date: canonical.Natural


@dataclass(frozen=True, slots=True)
class Anchor:
    """The state of a vault at one moment. `date_ms`: when the note was made, by this computer."""

    vault: VaultId
    generation: int
    state: bytes
    audit_size: int
    audit_root: bytes
    header_sequence: int
    header_hash: bytes
    date_ms: int


class Verdict(enum.Enum):
    CURRENT = "current"
    NEWER = "newer"
    """In order: someone used it elsewhere, or a note was not written after the last act."""
    OLDER = "older"
    FORKED = "forked"
    """Two computers, or a replaced vault: neither began with the other."""


def encode(anchor: Anchor, key: bytes) -> str:
    """The text that the keyring keeps."""
    check_key(key)
    text = canonical.encode(
        _Text(
            anchor.vault,
            anchor.generation,
            anchor.state.hex(),
            anchor.audit_size,
            anchor.audit_root.hex(),
            anchor.header_sequence,
            anchor.header_hash.hex(),
            anchor.date_ms,
        )
    )
    if canonical.decode(text, _Text) is None:
        # Never leave a note that reads as forged later; a clock before 1970 would.
        raise Integrity("anchor-forged")
    return f"{text.decode()}.{hmac.digest(key, text, 'sha256').hex()}"


def decode(text: str, key: bytes, vault: VaultId) -> Anchor:
    """The note, once its MAC holds and it is about this vault: Integrity("anchor-forged")."""
    check_key(key)
    # Surrogates, as anything else that is not ASCII, become signs that no MAC was made over.
    document, dot, mac = text.encode("ascii", "replace").rpartition(b".")
    expected = hmac.digest(key, document, "sha256").hex().encode()
    if not dot or not hmac.compare_digest(mac, expected):
        raise Integrity("anchor-forged")
    found = canonical.decode(document, _Text)
    if found is None or found.vault != vault:
        raise Integrity("anchor-forged")
    return Anchor(
        VaultId(found.vault),
        found.generation,
        bytes.fromhex(found.state),
        found.audit_size,
        bytes.fromhex(found.audit_root),
        found.header_sequence,
        bytes.fromhex(found.header_hash),
        found.date,
    )


def judge(anchor: Anchor, found: Anchor, root_at: Callable[[int], bytes | None]) -> Verdict:
    """Compare the note with the vault as found.

    `root_at(n)` answers the root of the first n entries of the record as found, None when it has
    fewer. The first line that fits decides:

    1. smaller generation, or smaller header sequence: older. The header is looked at by itself,
       because an old header beside a new catalog brings back a way in that was removed.
    2. same header sequence, other header: forked. Who holds the master key wrote both.
    3. same generation: current with the same state root, forked with another.
    4. larger generation: newer when the record begins with the one in the note, forked otherwise.
    """
    if found.vault != anchor.vault:
        return Verdict.FORKED
    if found.generation < anchor.generation or found.header_sequence < anchor.header_sequence:
        return Verdict.OLDER
    same_header = hmac.compare_digest(found.header_hash, anchor.header_hash)
    if found.header_sequence == anchor.header_sequence and not same_header:
        return Verdict.FORKED
    if found.generation == anchor.generation:
        if not hmac.compare_digest(found.state, anchor.state):
            return Verdict.FORKED
        return Verdict.CURRENT if same_header else Verdict.NEWER
    root = root_at(anchor.audit_size)
    if root is None or not hmac.compare_digest(root, anchor.audit_root):
        return Verdict.FORKED
    return Verdict.NEWER
