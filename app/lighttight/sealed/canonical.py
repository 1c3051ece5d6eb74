"""Canonical JSON: one spelling for each value, so that what was signed is what was read.

Two readers that disagree about a duplicate member, an upper-case digit or `1.0` can be shown two
different headers under one MAC. So nothing is interpreted here: a document is decoded into a
declared structure, encoded again, and refused when the bytes differ. That covers white space,
order, duplicates, escapes, leading zeros, fractions and exponents at once.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec

Hex8 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{16}\Z")]
Hex16 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Natural = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the declared structures: exactly these members, in the order of declaration.

    The types of the fields keep every document ASCII: hex of a pattern, enums, integers.
    """


D = TypeVar("D", bound=Document)


def encode(document: Document) -> bytes:
    return msgspec.json.encode(document)


def decode(data: bytes, kind: type[D]) -> D | None:
    """The document, or None when these bytes are not its canonical form."""
    try:
        document = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return document if encode(document) == data else None
