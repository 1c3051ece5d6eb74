"""Proof files: entries of the record that others can check without the vault.

`app/docs/audit-log.md`, section 9. Built as bytes, the same for the same record and time (but for
the signatures, which ML-DSA-65 makes with randomness of its own); `sharing.egress` writes them. The
archive is spelled out here rather than left to a library, so that it has one encoding, which the
verifier makes again and compares.

The page and the verifier in `proof/` are copied into every file as they are.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from typing import Final

from lighttight.audit import checkpoints
from lighttight.audit.record import append
from lighttight.errors import Refused
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sealed.tree import inclusion_proofs, leaf_hash
from lighttight.vault import epochs
from lighttight.vault.catalog import Catalog, Transaction

FORMAT: Final = "lighttight/proof/v1"
MOST: Final = 10_000
"""Entries in one file."""
PLACE: Final = "@PACK@"
"""Where the page holds the proof again."""

_LABELS: Final = {one.label: one for one in Field}
_NAMES: Final = ("README.html", "pack.json", "verify.py")
_FILE: Final = 0o100644 << 16
_DATE: Final = 0x21
"""1980-01-01, as an archive counts."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A proof file as bytes, and the entry that says it was made."""

    data: bytes = field(repr=False)
    entries: int
    intent: int
    identity: str

    @property
    def digest(self) -> bytes:
        return sha256(self.data).digest()


def choose(
    catalog: Catalog, *, items: Iterable[ItemId] = (), since_ms: int | None = None
) -> tuple[int, ...]:
    """The entries that speak of any of `items` and how their acts ended, or all of them.

    Refused("proof-nothing") where there is none, Refused("proof-too-long") beyond `MOST`.
    """
    wanted = [bytes.fromhex(one) for one in items]
    values: list[int] = [] if since_ms is None else [since_ms]
    where = "" if since_ms is None else " WHERE claimed >= ?"
    late = {row[0] for row in catalog.query(f"SELECT sequence FROM entries{where}", tuple(values))}  # noqa: S608
    chosen = sorted(late & _about(catalog, wanted) if wanted else late)
    if not chosen:
        raise Refused("proof-nothing")
    if len(chosen) > MOST:
        raise Refused("proof-too-long", count=len(chosen), most=MOST)
    return tuple(chosen)


def make(
    tx: Transaction, chosen: Sequence[int], path: str, *, closed: frozenset[Field] = frozenset()
) -> Pack:
    """Sign the record, prove `chosen` in it, and record that the file may leave.

    `closed` are fields that are not opened; erased ones never are. Begins no transaction: the entry
    is durable when `tx` is, and not a byte may be written before.
    """
    signed = checkpoints.sign_for_others(tx)
    found = epochs.chain(tx.execute)
    leaves = [row[0] for row in tx.execute("SELECT leaf FROM entries ORDER BY sequence")]
    proofs = inclusion_proofs([leaf_hash(leaf) for leaf in leaves], chosen)
    opened: dict[int, dict[str, dict[str, str]]] = {sequence: {} for sequence in chosen}
    for sequence, name, salt, value in tx.execute(
        "SELECT sequence, name, salt, value FROM fields WHERE value IS NOT NULL"
        " AND sequence IN (SELECT value FROM json_each(?))",
        (json.dumps(list(chosen)),),
    ):
        if _LABELS[name] not in closed:
            opened[sequence][name] = {"salt": _base(salt), "value": _base(value)}
    pack = {
        "certificates": [_base(one) for one in found.certificates],
        "checkpoint": _base(signed.note),
        "entries": [
            {
                "fields": opened[sequence],
                "leaf": _base(leaves[sequence]),
                "proof": [_base(one) for one in proofs[sequence]],
            }
            for sequence in chosen
        ],
        "format": FORMAT,
        "identity": {
            "ed25519": _base(found.identity.ed25519),
            "mldsa65": _base(found.identity.mldsa65),
        },
    }
    data = archive(json.dumps(pack, separators=(",", ":"), sort_keys=True).encode("ascii"))
    intent = append(
        tx,
        EntryKind.PROOF_MADE,
        {Field.COUNT: len(chosen), Field.DIGEST: sha256(data).digest(), Field.PATH: path},
    )
    checkpoints.sign(tx)
    return Pack(data, len(chosen), intent, found.identity.fingerprint().hex())


def archive(pack: bytes) -> bytes:
    """The whole file around a proof."""
    page = _resource("README.html").decode()
    held = f'<script type="application/json" id="pack">{pack.decode("ascii")}</script>'
    contents = (page.replace(PLACE, held).encode(), pack, verifier())
    body, listing = b"", b""
    for name, data in zip(_NAMES, contents, strict=True):
        size = len(data)
        facts = struct.pack(
            "<HHHHIIIHH", 0, 0, 0, _DATE, zlib.crc32(data), size, size, len(name), 0
        )
        listing += b"PK\x01\x02\x14\x03\x14\x00" + facts
        listing += struct.pack("<HHHII", 0, 0, 0, _FILE, len(body)) + name.encode()
        body += b"PK\x03\x04\x14\x00" + facts + name.encode() + data
    count = len(_NAMES)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(listing), len(body), 0)
    return body + listing + b"PK\x05\x06" + end


def verifier() -> bytes:
    """The verifier that every file carries; its SHA-256 is told to who makes one."""
    return _resource("verify.py")


def _about(catalog: Catalog, wanted: list[bytes]) -> set[int]:
    """Sequences of entries with any of these items, and of the entries that settle those."""
    found: set[int] = set()
    for sequence, value in catalog.query(
        "SELECT sequence, value FROM fields WHERE name IN ('item', 'items') AND value IS NOT NULL"
    ):
        ids = {value[at : at + 16] for at in range(0, len(value), 16)}
        if not ids.isdisjoint(wanted):
            found.add(sequence)
    intents = {one.to_bytes(8) for one in found}
    return found | {
        sequence
        for sequence, value in catalog.query(
            "SELECT sequence, value FROM fields WHERE name = 'intent'"
        )
        if value in intents
    }


def _resource(name: str) -> bytes:
    return (resources.files("lighttight.audit") / "proof" / name).read_bytes()


def _base(data: bytes) -> str:
    return base64.b64encode(data).decode()
