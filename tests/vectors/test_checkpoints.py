"""Checkpoints and certificates, own cases: other spellings, and other signatures."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.checkpoint import check
from lighttight.sealed.signing import PublicKeys, verify_chain
from tests.support.vectors import own


def keys(case: dict[str, Any]) -> PublicKeys:
    return PublicKeys(bytes.fromhex(case["ed25519"]), base64.b64decode(case["mldsa65"]))


@pytest.mark.parametrize("case", own("checkpoint"))
def test_checkpoint(case: dict[str, Any]) -> None:
    note = base64.b64decode(case["note"])
    if case["expect"] == "opens":
        assert check(note, keys(case)).size == 4711
        return
    with pytest.raises(Integrity) as caught:
        check(note, keys(case))
    assert caught.value.code == case["expect"]


@pytest.mark.parametrize("case", own("certificate"))
def test_certificate(case: dict[str, Any]) -> None:
    chain = [base64.b64decode(one) for one in case["certificates"]]
    if case["expect"] == "opens":
        assert [one.number for one in verify_chain(keys(case), chain)] == [0, 1]
        return
    with pytest.raises(Integrity) as caught:
        verify_chain(keys(case), chain)
    assert caught.value.code == case["expect"]
