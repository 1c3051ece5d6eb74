"""Entries, own cases: leaves, opened fields, and the one encoding of every type."""

from __future__ import annotations

from typing import Any

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.entries import (
    FIELDS,
    Leaf,
    OpenField,
    check_field,
    decode_value,
    encode_value,
    parse_leaf,
)
from tests.support.vectors import own


def opened(case: dict[str, Any]) -> list[OpenField]:
    return [
        OpenField(FIELDS[one["field"]], bytes.fromhex(one["salt"]), bytes.fromhex(one["value"]))
        for one in case["open"]
    ]


def checked(case: dict[str, Any]) -> Leaf:
    leaf = parse_leaf(bytes.fromhex(case["leaf"]))
    for one in opened(case):
        check_field(leaf, one)
    return leaf


@pytest.mark.parametrize("case", own("entries"))
def test_entry(case: dict[str, Any]) -> None:
    if case["expect"] != "opens":
        with pytest.raises(Integrity) as caught:
            checked(case)
        assert caught.value.code == case["expect"]
        return
    leaf = checked(case)
    values = [decode_value(one.field, one.value) for one in opened(case)]
    for one, value in zip(opened(case), values, strict=True):
        assert encode_value(one.field, value) == one.value
    if "sequence" in case:
        found = (leaf.sequence, leaf.kind.label, leaf.claimed_ms, leaf.program)
        assert found == tuple(case[name] for name in ("sequence", "kind", "claimed", "program"))
        assert leaf.previous_root.hex() == case["root"]
    if "value" in case:
        shown = [list(value) if isinstance(value, tuple) else value for value in values]
        assert shown == [case["value"]]
