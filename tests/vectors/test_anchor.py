"""Anchors, own cases: notes that someone else wrote, or spelled otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from lighttight.errors import Integrity
from lighttight.model import VaultId
from lighttight.sealed.anchor import decode, encode
from tests.support.vectors import own


@pytest.mark.parametrize("case", own("anchor"))
def test_anchor(case: dict[str, Any]) -> None:
    key, vault = bytes.fromhex(case["key"]), VaultId(case["vault"])
    if case["expect"] == "opens":
        assert encode(decode(case["text"], key, vault), key) == case["text"]
        return
    with pytest.raises(Integrity) as caught:
        decode(case["text"], key, vault)
    assert caught.value.code == case["expect"]
