"""Entries, own cases: leaves, opened fields, and the one encoding of every type."""

from __future__ import annotations

from typing import Any

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.entries import (
    FIELDS,
    Leaf,
    OpenField,
    Value,
    check_field,
    decode_value,
    encode_value,
    parse_leaf,
)
from tests.support.vectors import own


def read(case: dict[str, Any]) -> tuple[Leaf, list[Value]]:
    leaf = parse_leaf(bytes.fromhex(case["leaf"]))
    values: list[Value] = []
    for one in case["open"]:
        opened = OpenField(
            FIELDS[one["field"]], bytes.fromhex(one["salt"]), bytes.fromhex(one["value"])
        )
        check_field(leaf, opened)
        values.append(decode_value(opened.field, opened.value))
        assert encode_value(opened.field, values[-1]) == opened.value
    return leaf, values


@pytest.mark.parametrize("case", own("entries"))
def test_entry(case: dict[str, Any]) -> None:
    if case["expect"] != "opens":
        with pytest.raises(Integrity) as caught:
            read(case)
        assert caught.value.code == case["expect"]
        return
    leaf, values = read(case)
    if "sequence" in case:
        found = (leaf.sequence, leaf.kind.label, leaf.claimed_ms, leaf.program)
        assert found == tuple(case[name] for name in ("sequence", "kind", "claimed", "program"))
        assert leaf.previous_root.hex() == case["root"]
    if "value" in case:
        shown = [list(value) if isinstance(value, tuple) else value for value in values]
        assert shown == [case["value"]]
