"""Entries: building, values, and the tables of the specification."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from lighttight.errors import Environment, Integrity, LighttightError, Refused
from lighttight.model import ItemId
from lighttight.sealed.entries import (
    FIELDS,
    KINDS,
    EntryKind,
    Field,
    FieldType,
    OpenField,
    build,
    check_field,
    decode_value,
    encode_value,
    parse_leaf,
)
from tests.support.vectors import ROOT

ID = ItemId("0a" * 16)
SPECIFICATION = (ROOT / "app" / "docs" / "audit-log.md").read_text()


def built(**changes: Any) -> tuple[bytes, tuple[OpenField, ...]]:
    arguments: dict[str, Any] = {
        "sequence": 3,
        "kind": EntryKind.IMPORTED,
        "previous_root": bytes(32),
        "claimed_ms": 1_700_000_000_000,
        "program": "0.1.0",
        "fields": {Field.NAME: "Lake.jpg", Field.ITEM: ID},
        "random": os.urandom,
    }
    return build(**(arguments | changes))


# The tables


def test_kinds_are_those_of_the_specification() -> None:
    rows = re.findall(r"^\| (\d+) \| `([a-z-]+)` \| (.*) \|$", SPECIFICATION, re.MULTILINE)
    written = {
        int(number): (kind, {re.match(r"[a-z]+", one.strip())[0] for one in bare(fields)})  # type: ignore[index]
        for number, kind, fields in rows
    }
    coded = {
        number: (kind.label, {field.label for field in kind.fields})
        for number, kind in KINDS.items()
    }
    assert written == coded


def bare(text: str) -> list[str]:
    return re.sub(r"\([^)]*\)", "", text).split(",")


def test_fields_are_those_of_the_specification() -> None:
    section = SPECIFICATION.partition("## 5. Fields")[2]
    cells = re.findall(r"\| (\d+) \| ([a-z]+) \| ([a-z]+)", section)
    written = {int(number): (name, kind) for number, name, kind in cells}
    assert written == {number: (field.label, field.type.value) for number, field in FIELDS.items()}


# What is not built


@pytest.mark.parametrize(
    "changes",
    [
        {"program": ""},
        {"program": "1" * 33},
        {"program": "0.1 beta"},
        {"program": "0.1\n"},
        {"fields": {Field.SLOT: "0a" * 8}},
        {"previous_root": bytes(31)},
        {"previous_root": bytes(33)},
    ],
    ids=str,
)
def test_what_no_reader_accepts_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(Integrity, match="entry-forged"):
        built(**changes)


def test_no_salt_without_randomness() -> None:
    with pytest.raises(Environment, match="randomness-failed"):
        built(random=lambda count: bytes(count // 2))


WRONG: list[tuple[Field, Any]] = [
    (Field.ITEM, "0A" * 16),
    (Field.ITEM, "0a" * 15),
    (Field.ITEM, "0a" * 15 + " a"),
    (Field.ITEM, "0a" * 16 + "\n"),
    (Field.ITEM, bytes(16)),
    (Field.ITEM, 5),
    (Field.SLOT, "0a" * 16),
    (Field.DIGEST, bytes(31)),
    (Field.DIGEST, "0a" * 32),
    (Field.COUNT, -1),
    (Field.COUNT, 2**64),
    (Field.COUNT, "5"),
    (Field.DATE, 2**63),
    (Field.DATE, -(2**63) - 1),
    (Field.NAME, "a" * 4097),
    (Field.NAME, "é" * 2049),
    (Field.NAME, "\ud800"),
    (Field.NAME, b"bytes"),
    (Field.ITEMS, ()),
    (Field.ITEMS, (ID, ID)),
    (Field.ITEMS, (ID, ItemId("0b"))),
    (Field.ITEMS, (ID, ItemId("é" * 32))),
    (Field.ITEMS, tuple(ItemId(f"{number:032x}") for number in range(4097))),
    (Field.ITEMS, ID),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda one: str(one)[:40])
def test_values_that_are_refused(field: Field, value: Any) -> None:
    with pytest.raises(Refused, match="entry-value") as caught:
        encode_value(field, value)
    assert caught.value.facts == {"field": field.label}


# What is built


RIGHT: list[tuple[Field, Any]] = [
    (Field.ITEM, ID),
    (Field.SLOT, "0a" * 8),
    (Field.DIGEST, bytes(range(32))),
    (Field.COUNT, 0),
    (Field.COUNT, 2**64 - 1),
    (Field.DATE, -(2**63)),
    (Field.DATE, 2**63 - 1),
    (Field.NAME, ""),
    (Field.NAME, "é" * 2048),
    (Field.NAME, "e\u0301\0\n\u202e"),
    (Field.ITEMS, (ID,)),
    (Field.ITEMS, tuple(ItemId(f"{number:032x}") for number in range(4096))),
]


@pytest.mark.parametrize(("field", "value"), RIGHT, ids=lambda one: str(one)[:40])
def test_values_and_back(field: Field, value: Any) -> None:
    assert decode_value(field, encode_value(field, value)) == value


def test_ids_come_in_any_order_and_go_in_one() -> None:
    ids = tuple(ItemId(f"{number:032x}") for number in (7, 1, 300))
    assert decode_value(Field.ITEMS, encode_value(Field.ITEMS, ids)) == tuple(sorted(ids))


def test_round_trip() -> None:
    leaf, opened = built()
    found = parse_leaf(leaf)
    assert (found.sequence, found.kind, found.program) == (3, EntryKind.IMPORTED, "0.1.0")
    assert list(found.digests) == [Field.ITEM, Field.NAME]
    assert [one.field for one in opened] == [Field.ITEM, Field.NAME]
    for one in opened:
        check_field(found, one)


def test_salts_are_fresh_for_every_field_and_every_entry() -> None:
    entries = [built()[1] for _ in range(50)]
    salts = {one.salt for opened in entries for one in opened}
    assert len(salts) == 100
    assert len({built()[0] for _ in range(50)}) == 50


def test_values_do_not_show() -> None:
    leaf, opened = built()
    assert b"Lake" not in leaf
    assert "Lake" not in repr(opened)
    assert "Lake" not in repr(parse_leaf(leaf))
    with pytest.raises(LighttightError) as caught:
        encode_value(Field.NAME, "Lake" * 2000)
    assert "Lake" not in f"{caught.value!r}{caught.value}{caught.value.facts}"


def test_every_type_is_tried_above() -> None:
    assert {field.type for field, _ in RIGHT} == {field.type for field, _ in WRONG} == {*FieldType}
