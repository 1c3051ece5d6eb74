"""Entries of the record: what happened, as canonical bytes that hold digests instead of values.

A leaf says *that* something happened, in order, under which root. What it happened to stands in
fields: each has its own random salt, and the leaf holds only SHA-256 over label, name, salt and
value. So a proof file can open some fields and keep others closed, a guess at a closed value cannot
be tried, and the owner can erase a value without breaking the tree. Lengths are hashed too: without
them two different fields could share a digest.

There is one encoding of every value and one of every leaf; a reader refuses any other. In a trial
with a reader that was lenient about hex digits, 7 of 3,000 altered proof files passed.

The two tables below are those of `docs/audit-log.md`; numbers are never used again.
"""

from __future__ import annotations

import dataclasses
import enum
import hmac
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from lighttight.errors import Integrity, Refused
from lighttight.model import ItemId
from lighttight.sealed.keys import Random, draw

MAX_IDS: Final = 4096
MAX_TEXT: Final = 4096
"""Bytes of UTF-8."""
SALT: Final = 16

_LEAF: Final = b"lighttight/entry/v1\x00"
_FIELD: Final = b"lighttight/field/v1\x00"
_DIGEST: Final = 32
_HEAD: Final = len(_LEAF) + 8 + 2 + _DIGEST + 8 + 1
_PROGRAM = re.compile(rb"[!-~]{1,32}")
_HEX = re.compile(r"[0-9a-f]*")

Value = str | int | bytes | tuple[ItemId, ...]
"""id, slot, text: str · number, time: int · digest: bytes · ids: tuple of ids."""


class FieldType(enum.Enum):
    ID = "id"
    IDS = "ids"
    SLOT = "slot"
    DIGEST = "digest"
    NUMBER = "number"
    TIME = "time"
    TEXT = "text"


class Field(enum.Enum):
    """Number and type of every field; its name is the member's, in lower case."""

    ITEM = (1, FieldType.ID)
    ITEMS = (2, FieldType.IDS)
    COUNT = (3, FieldType.NUMBER)
    NAME = (4, FieldType.TEXT)
    TITLE = (5, FieldType.TEXT)
    DIGEST = (6, FieldType.DIGEST)
    SIZE = (7, FieldType.NUMBER)
    ALBUM = (8, FieldType.ID)
    TAG = (9, FieldType.TEXT)
    REASON = (10, FieldType.TEXT)
    RESULT = (11, FieldType.TEXT)
    SETTING = (12, FieldType.TEXT)
    VALUE = (13, FieldType.TEXT)
    SLOT = (14, FieldType.SLOT)
    FACTORS = (15, FieldType.TEXT)
    CATALOG = (16, FieldType.NUMBER)
    GENERATION = (17, FieldType.NUMBER)
    DATE = (18, FieldType.TIME)
    PATH = (19, FieldType.TEXT)
    FORM = (20, FieldType.TEXT)
    SCREEN = (21, FieldType.TEXT)
    INTENT = (22, FieldType.NUMBER)
    PERSON = (23, FieldType.ID)
    SHARE = (24, FieldType.ID)
    REMOVED = (25, FieldType.TEXT)

    @property
    def number(self) -> int:
        return self.value[0]

    @property
    def type(self) -> FieldType:
        return self.value[1]

    @property
    def label(self) -> str:
        """The name in digests and in proof files."""
        return self.name.lower()


class EntryKind(enum.Enum):
    """Number of every kind, and the fields that an entry of that kind may have."""

    VAULT_CREATED = (1, (Field.TITLE, Field.FACTORS))
    UNLOCKED = (2, (Field.SLOT, Field.FACTORS, Field.DATE, Field.COUNT))
    UNLOCK_REFUSED = (3, (Field.FACTORS, Field.DATE))
    LOCKED = (4, (Field.REASON,))
    IMPORTED = (5, (Field.ITEM, Field.DIGEST, Field.SIZE, Field.NAME))
    EDITED = (6, (Field.ITEMS, Field.SETTING, Field.VALUE))
    TRASHED = (7, (Field.ITEMS,))
    UNDELETED = (8, (Field.ITEMS,))
    PURGED = (9, (Field.ITEMS, Field.COUNT))
    SLOT_ADDED = (10, (Field.SLOT, Field.FACTORS))
    SLOT_REMOVED = (11, (Field.SLOT, Field.FACTORS))
    ROTATED = (12, (Field.CATALOG, Field.REASON))
    RECOVERY_SHOWN = (13, (Field.SLOT, Field.FORM))
    RECOVERY_CONFIRMED = (14, (Field.SLOT,))
    BACKED_UP = (15, (Field.PATH, Field.COUNT))
    RESTORED = (16, (Field.PATH, Field.GENERATION))
    OLDER_ACCEPTED = (17, (Field.GENERATION, Field.DATE, Field.REASON))
    ANCHOR_OVERRIDDEN = (18, (Field.REASON,))
    MIGRATED = (19, (Field.VALUE,))
    REPAIRED = (20, (Field.REASON, Field.COUNT))
    VERIFIED = (21, (Field.FORM, Field.RESULT, Field.COUNT))
    WEAKENED = (22, (Field.SETTING, Field.VALUE))
    EXPORT_INTENDED = (23, (Field.ITEMS, Field.PATH, Field.FORM, Field.SCREEN))
    EXPORT_FINISHED = (
        24,
        (Field.INTENT, Field.RESULT, Field.COUNT, Field.ITEMS, Field.REMOVED),
    )
    ORIGINAL_REMOVED = (25, (Field.ITEM, Field.PATH))
    ALBUM_CREATED = (26, (Field.ALBUM, Field.NAME))
    ALBUM_REMOVED = (27, (Field.ALBUM, Field.NAME))
    DELETION_FINISHED = (28, (Field.COUNT,))
    SETTING_CHANGED = (29, (Field.SETTING, Field.VALUE))
    ALBUM_RENAMED = (30, (Field.ALBUM, Field.NAME))
    SEALED_AGAIN = (31, (Field.ITEM,))
    ALL_SEALED_AGAIN = (32, (Field.COUNT,))
    REPLACED_REMOVED = (33, (Field.COUNT,))
    IDENTITY_MADE = (34, (Field.DIGEST, Field.REASON))
    EPOCH_BEGAN = (35, (Field.COUNT, Field.DIGEST))
    LOOKED_INTO = (36, (Field.INTENT, Field.RESULT))
    PROOF_MADE = (37, (Field.COUNT, Field.DIGEST, Field.PATH))

    @property
    def number(self) -> int:
        return self.value[0]

    @property
    def fields(self) -> frozenset[Field]:
        return frozenset(self.value[1])

    @property
    def label(self) -> str:
        """The kind as the specification spells it."""
        return self.name.lower().replace("_", "-")


FIELDS: Final = {one.number: one for one in Field}
KINDS: Final = {one.number: one for one in EntryKind}

# What a whole record is checked with: asking the members one by one takes most of the time.
_ALLOWED: Final = {one.number: frozenset(field.number for field in one.fields) for one in EntryKind}
_FIXED: Final = struct.Struct(">QH32sqB")
_OPENING: Final = {
    one.label: (
        one.number,
        _FIELD + len(one.label.encode()).to_bytes(1) + one.label.encode(),
        one.type,
    )
    for one in Field
}
_SIZES: Final = {"id": 16, "slot": 8, "digest": _DIGEST, "number": 8, "time": 8}
_NONE: Final = (0, b"", FieldType.TEXT)


@dataclass(frozen=True, slots=True)
class OpenField:
    """A field with what opens its digest. `value` is encoded; private, so not in `repr`."""

    field: Field
    salt: bytes = dataclasses.field(repr=False)
    value: bytes = dataclasses.field(repr=False)

    def digest(self) -> bytes:
        _, start, _ = _OPENING[self.field.label]
        return sha256(
            b"".join((start, self.salt, len(self.value).to_bytes(4), self.value))
        ).digest()


@dataclass(frozen=True, slots=True)
class Leaf:
    sequence: int
    kind: EntryKind
    previous_root: bytes
    claimed_ms: int
    program: str
    digests: Mapping[Field, bytes]


def build(
    sequence: int,
    kind: EntryKind,
    previous_root: bytes,
    claimed_ms: int,
    program: str,
    fields: Mapping[Field, Value],
    random: Random,
) -> tuple[bytes, tuple[OpenField, ...]]:
    """The leaf of a new entry, and its fields in the order of their numbers, freshly salted."""
    opened = tuple(
        OpenField(one, draw(random, SALT), encode_value(one, fields[one]))
        for one in sorted(fields, key=_number)
    )
    leaf = b"".join(
        (
            _LEAF,
            sequence.to_bytes(8),
            kind.number.to_bytes(2),
            previous_root,
            claimed_ms.to_bytes(8, signed=True),
            len(program).to_bytes(1),
            program.encode("ascii"),
            len(opened).to_bytes(1),
            *(one.field.number.to_bytes(1) + one.digest() for one in opened),
        )
    )
    # Never write what no reader accepts: a field that this kind does not have, a program's name.
    parse_leaf(leaf)
    return leaf, opened


def parse_leaf(leaf: bytes) -> Leaf:
    """What a leaf says. Integrity("entry-forged") for any bytes that `build` would not make."""
    sequence, number, previous_root, claimed_ms, program, digests = _parsed(leaf)
    named = {FIELDS[one]: digest for one, digest in digests.items()}
    return Leaf(sequence, KINDS[number], previous_root, claimed_ms, program.decode(), named)


def check_entry(
    leaf: bytes, opened: Iterable[tuple[str, bytes, bytes]]
) -> tuple[int, int, int, bytes]:
    """As `parse_leaf` and `check_field` for each (label, salt, value), several times as fast: for
    a whole record. Sequence, number of the kind, claimed time, previous root."""
    sequence, number, previous_root, claimed_ms, _, digests = _parsed(leaf)
    for label, salt, value in opened:
        field, start, kind = _OPENING.get(label, _NONE)
        hashed = sha256(start + salt + len(value).to_bytes(4) + value).digest()
        if digests.get(field) != hashed or len(salt) != SALT or not _is_spelled(kind, value):
            raise Integrity("entry-forged")
    return sequence, number, claimed_ms, previous_root


def _parsed(leaf: bytes) -> tuple[int, int, bytes, int, bytes, dict[int, bytes]]:
    if len(leaf) < _HEAD or not leaf.startswith(_LEAF):
        raise Integrity("entry-forged")
    sequence, number, previous_root, claimed_ms, length = _FIXED.unpack_from(leaf, len(_LEAF))
    program = leaf[_HEAD : _HEAD + length]
    rest = leaf[_HEAD + length :]
    count = rest[0] if rest else -1
    allowed = _ALLOWED.get(number)
    if allowed is None or not _PROGRAM.fullmatch(program) or len(rest) != 1 + count * (1 + _DIGEST):
        raise Integrity("entry-forged")
    digests: dict[int, bytes] = {}
    before = 0
    for start in range(1, len(rest), 1 + _DIGEST):
        one = rest[start]
        if one <= before or one not in allowed:
            raise Integrity("entry-forged")
        before = one
        digests[one] = rest[start + 1 : start + 1 + _DIGEST]
    return sequence, number, previous_root, claimed_ms, program, digests


def check_field(leaf: Leaf, opened: OpenField) -> None:
    """Integrity("entry-forged") unless the leaf holds this field, in the encoding of its type."""
    digest = leaf.digests.get(opened.field)
    salted = len(opened.salt) == SALT
    if digest is None or not salted or not hmac.compare_digest(digest, opened.digest()):
        raise Integrity("entry-forged")
    decode_value(opened.field, opened.value)


def encode_value(field: Field, value: Value) -> bytes:
    """The bytes of a value. `ids` may come in any order. Refused("entry-value") for anything else.

    Text stays in the form it was given: it is evidence, and normalising would change it.
    """
    encoded = _encoded(field.type, value)
    if encoded is None:
        raise Refused("entry-value", field=field.label)
    return encoded


def decode_value(field: Field, data: bytes) -> Value:
    """The value of these bytes, if they are its one encoding: Integrity("entry-forged")."""
    value = _decoded(field.type, data)
    if value is None or _encoded(field.type, value) != data:
        raise Integrity("entry-forged")
    return value


def _is_spelled(kind: FieldType, data: bytes) -> bool:
    """Whether these bytes are a value's one encoding, without making the value."""
    size = _SIZES.get(kind.value)
    if size is not None:
        return len(data) == size
    value = _decoded(kind, data)
    return value is not None and _encoded(kind, value) == data


def _encoded(kind: FieldType, value: Value) -> bytes | None:
    match kind, value:
        case FieldType.ID, str():
            return _octets(value, 16)
        case FieldType.SLOT, str():
            return _octets(value, 8)
        case FieldType.IDS, tuple():
            ids = sorted(value)
            octets = [_octets(one, 16) for one in ids]
            if not 1 <= len(ids) <= MAX_IDS or len(set(ids)) != len(ids) or None in octets:
                return None
            return bytes.fromhex("".join(ids))
        case FieldType.DIGEST, bytes():
            return value if len(value) == _DIGEST else None
        case FieldType.NUMBER, int():
            return value.to_bytes(8) if 0 <= value < 1 << 64 else None
        case FieldType.TIME, int():
            fits = -(1 << 63) <= value < 1 << 63
            return value.to_bytes(8, signed=True) if fits else None
        case FieldType.TEXT, str():
            try:
                octets = value.encode()
            except UnicodeEncodeError:
                return None
            return octets if len(octets) <= MAX_TEXT else None
        case _:
            return None


def _decoded(kind: FieldType, data: bytes) -> Value | None:
    match kind:
        case FieldType.ID | FieldType.SLOT:
            return data.hex()
        case FieldType.IDS:
            return tuple(ItemId(data[at : at + 16].hex()) for at in range(0, len(data), 16))
        case FieldType.DIGEST:
            return data
        case FieldType.NUMBER:
            return int.from_bytes(data)
        case FieldType.TIME:
            return int.from_bytes(data, signed=True)
        case FieldType.TEXT:
            try:
                return data.decode()
            except UnicodeDecodeError:
                return None


def _octets(text: str, size: int) -> bytes | None:
    return bytes.fromhex(text) if len(text) == 2 * size and _HEX.fullmatch(text) else None


def _number(field: Field) -> int:
    return field.number
