"""The header: the small public file that says which ways in exist and which catalog is current.

    lighttight-vault 1
    {body}
    sha256 <64 hex>
    mac <64 hex>

Two things vouch for it at two moments. The SHA-256 is known to everyone: it tells a damaged file
from a whole one before any key is known, and protects from nobody. The MAC is checked once a slot
gave the master key, and only then may anything but the slots be trusted: an attacker who may write
the file would otherwise name an older catalog, or put in a public key of their own.

The frame (four lines, the checksum, the size limit) is the same in every version of the format, so
that damage in the first line is not taken for a vault from the future.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from lighttight.errors import Integrity, LighttightError, Unsupported
from lighttight.model import VaultId
from lighttight.sealed import canonical
from lighttight.sealed.keys import MasterKey, header_key
from lighttight.sealed.slots import Slot, SlotText

VERSION: Final = 1
LIMIT: Final = 65_536
MAX_SLOTS: Final = 8

_FIRST = re.compile(rb"lighttight-vault ([1-9][0-9]{0,8})")
_SHA256 = re.compile(rb"sha256 ([0-9a-f]{64})")
_MAC = re.compile(rb"mac ([0-9a-f]{64})")


class _Body(canonical.Document, frozen=True):
    vault: canonical.Hex16
    sequence: canonical.Positive
    catalog: Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)]
    journal: canonical.Hex32
    slots: Annotated[tuple[SlotText, ...], msgspec.Meta(min_length=1, max_length=MAX_SLOTS)]


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says. `journal` is the public key for failed unlocks (page section 9)."""

    vault: VaultId
    sequence: int
    catalog: int
    journal: bytes
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The header in force. `damaged`: the other copy was missing or could not be used."""

    data: bytes
    header: Header
    damaged: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    version: int
    body: bytes
    covered: bytes
    mac: bytes


def parse(data: bytes) -> Header:
    """The header as written, not yet authenticated; every bound of every slot holds."""
    frame = _framed(data)
    if frame.version != VERSION:
        raise Unsupported("vault-newer", version=frame.version)
    body = canonical.decode(frame.body, _Body)
    if body is None:
        raise Integrity("header-damaged")
    slots = tuple(Slot.of(text) for text in body.slots)
    for slot in slots:
        slot.check()
    if len({slot.id for slot in slots}) != len(slots):
        raise Integrity("header-damaged")
    return Header(
        VaultId(body.vault), body.sequence, body.catalog, bytes.fromhex(body.journal), slots
    )


def encode(header: Header, master: MasterKey) -> bytes:
    """The bytes of the file. What a reader would refuse is not written: the same error."""
    slots = tuple(slot.text() for slot in header.slots)
    body = canonical.encode(
        _Body(header.vault, header.sequence, header.catalog, header.journal.hex(), slots)
    )
    hashed = b"lighttight-vault %d\n%b\n" % (VERSION, body)
    covered = hashed + b"sha256 %b\n" % sha256(hashed).hexdigest().encode()
    mac = hmac.digest(header_key(master, header.vault), covered, "sha256")
    data = covered + b"mac %b\n" % mac.hex().encode()
    parse(data)
    return data


def authenticate(data: bytes, master: MasterKey) -> Header:
    """The header, now trusted: the last step of opening. Integrity("header-forged") otherwise."""
    header = parse(data)
    frame = _framed(data)
    mac = hmac.digest(header_key(master, header.vault), frame.covered, "sha256")
    if not hmac.compare_digest(mac, frame.mac):
        raise Integrity("header-forged")
    return header


def header_hash(data: bytes) -> bytes:
    """What the anchor remembers of the file."""
    return sha256(data).digest()


def choose(first: bytes | None, second: bytes | None) -> Chosen:
    """Of `header` and `header.copy` (None: no such file) the one in force.

    Raises what is wrong with the first where neither can be used, `vault-newer` where either is
    newer, and Integrity("header-copies-differ") where two whole files claim the same sequence: a
    writer never makes that, so it is not for a program to choose.
    """
    readings = [_read(data) for data in (first, second) if data is not None]
    for reading in readings:
        if isinstance(reading, Unsupported):
            raise reading
    usable = [reading for reading in readings if isinstance(reading, Chosen)]
    if len(usable) == 2:
        one, other = usable
        if one.header.sequence == other.header.sequence and one.data != other.data:
            raise Integrity("header-copies-differ")
        return one if one.header.sequence >= other.header.sequence else other
    if usable:
        return Chosen(usable[0].data, usable[0].header, damaged=True)
    for reading in readings:
        if isinstance(reading, LighttightError):
            raise reading
    raise Integrity("header-damaged")


def _read(data: bytes) -> Chosen | LighttightError:
    try:
        return Chosen(data, parse(data), damaged=False)
    except (Integrity, Unsupported) as error:
        return error


def _framed(data: bytes) -> _Frame:
    if len(data) <= LIMIT:
        first, _, rest = data.partition(b"\n")
        body, _, rest = rest.partition(b"\n")
        third, _, rest = rest.partition(b"\n")
        fourth, end, rest = rest.partition(b"\n")
        version = _FIRST.fullmatch(first)
        checksum = _SHA256.fullmatch(third)
        mac = _MAC.fullmatch(fourth)
        if version and checksum and mac and end and not rest:
            hashed = first + b"\n" + body + b"\n"
            if sha256(hashed).hexdigest().encode() == checksum[1]:
                covered = hashed + third + b"\n"
                return _Frame(int(version[1]), body, covered, bytes.fromhex(mac[1].decode()))
    raise Integrity("header-damaged")
