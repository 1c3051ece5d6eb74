"""Recovery words, own cases: the published ones, and what people type instead."""

from __future__ import annotations

from typing import Any

import pytest

from lighttight.errors import Refused
from lighttight.sealed.words import decode, encode
from tests.support.vectors import own


@pytest.mark.parametrize("case", own("words"))
def test_words(case: dict[str, Any]) -> None:
    if case["expect"] == "opens":
        entropy = bytes.fromhex(case["entropy"])
        assert decode(case["words"]) == entropy
        assert decode(" ".join(encode(entropy))) == entropy
        return
    with pytest.raises(Refused) as caught:
        decode(case["words"])
    assert caught.value.code == case["expect"]
    facts = {name: case[name] for name in ("position", "count") if name in case}
    assert caught.value.facts == facts
