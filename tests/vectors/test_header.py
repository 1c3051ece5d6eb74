"""Headers, own cases: the frame, the one spelling of the body, the bounds of every slot."""

from __future__ import annotations

from typing import Any

import pytest

from lighttight.errors import LighttightError
from lighttight.sealed.header import authenticate, encode, parse
from lighttight.sealed.keys import MasterKey
from tests.support.vectors import own


@pytest.mark.parametrize("case", own("header"))
def test_header(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("derived from a passphrase while reading a header")

    monkeypatch.setattr("lighttight.sealed.slots.Argon2id", never)
    data = case["header"].encode("latin-1")
    master = MasterKey(bytes.fromhex(case["master"]))
    if case["expect"] == "opens":
        header = authenticate(data, master)
        assert parse(data) == header
        assert encode(header, master) == data
        return
    with pytest.raises(LighttightError) as caught:
        authenticate(data, master)
    assert caught.value.code == case["expect"]
    # Only what a MAC is needed for may pass without one.
    if case["expect"] == "header-forged":
        parse(data)
    else:
        with pytest.raises(LighttightError):
            parse(data)
