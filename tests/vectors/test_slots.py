"""Slots, own cases: every combination of factors, and everything that must not open one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lighttight.errors import LighttightError
from lighttight.model import Factor, VaultId
from lighttight.sealed import canonical
from lighttight.sealed.slots import Slot, SlotText, open_slot, passphrase_output
from tests.support.vectors import own


def slot_of(case: dict[str, Any]) -> Slot:
    text = canonical.decode(msgspec.json.encode(case["slot"]), SlotText)
    assert text is not None
    slot = Slot.of(text)
    slot.check()
    return slot


@pytest.mark.parametrize("case", own("slots"))
def test_slot(case: dict[str, Any]) -> None:
    slot = slot_of(case)
    outputs = {Factor(name): bytes.fromhex(output) for name, output in case["outputs"].items()}
    if "passphrase" in case:
        assert slot.argon2 is not None
        outputs[Factor.PASSPHRASE] = passphrase_output(case["passphrase"], slot.argon2)
    vault = VaultId(case["vault"])
    if case["expect"] == "opens":
        assert open_slot(slot, vault, outputs).secret.hex() == case["master"]
        return
    with pytest.raises(LighttightError) as caught:
        open_slot(slot, vault, outputs)
    assert caught.value.code == case["expect"]
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_collision_opens_under_both_keys_without_the_commitment() -> None:
    """The case above proves something only if AES-GCM alone would have opened it."""
    cases = {one.id: one.values[0] for one in own("slots")}
    case = cases["collision-second"]
    slot = slot_of(case)
    described = (
        f'{{"format":1,"vault":"{case["vault"]}","slot":"{slot.id}","factors":["keyring"],'
        '"argon2":null,"credential":"","flags":0}'
    ).encode()
    kek = bytes.fromhex(case["gcm_alone_opens"])
    opened = AESGCM(kek).decrypt(slot.wrapped[:12], slot.wrapped[12:], described)
    assert len(opened) == 32
    assert opened.hex() != cases["collision-first"]["master"]
