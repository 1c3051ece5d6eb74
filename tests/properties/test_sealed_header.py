"""Headers and slots: one spelling, and not one bit of play."""

from __future__ import annotations

import dataclasses
import os
import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttight.errors import Integrity, LighttightError, Refused, Unsupported
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed.header import Header, authenticate, choose, encode, parse
from lighttight.sealed.keys import new_master_key
from lighttight.sealed.slots import (
    CEILING,
    FLOOR,
    PIN,
    Argon2Costs,
    Slot,
    open_slot,
    seal_slot,
)

MASTER = new_master_key(os.urandom)
VAULT = VaultId(os.urandom(16).hex())
USABLE = [Factor.KEYRING, Factor.PASSPHRASE, Factor.RECOVERY]

costs = st.builds(
    Argon2Costs,
    st.binary(min_size=16, max_size=16),
    st.integers(FLOOR.memory, CEILING.memory),
    st.integers(FLOOR.passes, CEILING.passes),
    st.integers(FLOOR.lanes, CEILING.lanes),
)
outputs = st.dictionaries(st.sampled_from(USABLE), st.binary(min_size=32, max_size=32), min_size=1)


@st.composite
def slots(draw: st.DrawFn, number: int = 0) -> Slot:
    given_ = draw(outputs)
    stretched = draw(costs) if Factor.PASSPHRASE in given_ else None
    flags = draw(st.sampled_from([0, PIN])) if stretched else 0
    slot_id = SlotId(f"{number:016x}")
    return seal_slot(MASTER, VAULT, slot_id, given_, stretched, flags, os.urandom)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    return Header(
        VAULT,
        draw(st.integers(1, 2**63 - 1)),
        draw(st.integers(1, 2**32 - 1)),
        draw(st.binary(min_size=32, max_size=32)),
        tuple(draw(slots(number)) for number in range(draw(st.integers(1, 8)))),
    )


def reframed(body: bytes) -> bytes:
    """A frame whose checksum fits: only the body's own spelling is left to refuse."""
    hashed = b"lighttight-vault 1\n" + body + b"\n"
    return hashed + b"sha256 %b\nmac %b\n" % (sha256(hashed).hexdigest().encode(), b"0" * 64)


@given(header=headers())
def test_round_trip(header: Header) -> None:
    data = encode(header, MASTER)
    assert parse(data) == authenticate(data, MASTER) == header
    assert encode(header, MASTER) == data


SAMPLE = encode(
    Header(
        VAULT,
        10,
        2,
        os.urandom(32),
        (
            seal_slot(
                MASTER,
                VAULT,
                SlotId("00" * 8),
                {Factor.KEYRING: bytes(32), Factor.PASSPHRASE: bytes(32)},
                Argon2Costs(os.urandom(16)),
                PIN,
                os.urandom,
            ),
        ),
    ),
    MASTER,
)
BODY = SAMPLE.split(b"\n")[1]


def test_every_flipped_bit() -> None:
    for bit in range(8 * len(SAMPLE)):
        changed = bytearray(SAMPLE)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Integrity) as caught:
            authenticate(bytes(changed), MASTER)
        if bit // 8 >= len(SAMPLE) - 65:
            assert caught.value.code in {"header-forged", "header-damaged"}
        else:
            assert caught.value.code == "header-damaged"
            # The copy is still good: one bit must never keep the owner out.
            assert choose(bytes(changed), SAMPLE).data == SAMPLE


def test_every_cut() -> None:
    for length in range(len(SAMPLE)):
        with pytest.raises(Integrity, match="header-damaged"):
            parse(SAMPLE[:length])


@given(place=st.integers(0, len(BODY)), extra=st.sampled_from([b" ", b"\t", b"\r", b"\x0b", b"0"]))
def test_a_sign_more_anywhere(place: int, extra: bytes) -> None:
    changed = BODY[:place] + extra + BODY[place:]
    # A digit more may make another number that is spelled right; no other addition may.
    numbers = rb'"(sequence|catalog|memory|passes|lanes)":[1-9]?[0-9]*$'
    if extra == b"0" and re.search(numbers, BODY[:place]) and not BODY[:place].endswith(b":"):
        return
    with pytest.raises(Integrity):
        parse(reframed(changed))


def test_every_upper_case_digit() -> None:
    for match in re.finditer(rb'"[0-9a-f]{16,}"', BODY):
        for place in range(*match.span()):
            if BODY[place : place + 1].isalpha():
                changed = BODY[:place] + BODY[place : place + 1].upper() + BODY[place + 1 :]
                with pytest.raises(Integrity, match="header-damaged"):
                    parse(reframed(changed))


def test_every_member_moved_doubled_or_taken() -> None:
    members = re.findall(rb'"(?:vault|sequence|catalog|journal)":[^,]+,', BODY)
    assert len(members) == 4
    rest = BODY[1 + sum(map(len, members)) :]
    assert b"{" + b"".join(members) + rest == BODY
    for number in range(4):
        doubled = [*members[: number + 1], *members[number:]]
        without = [*members[:number], *members[number + 1 :]]
        moved = [*without, members[number]] if number < 3 else [members[3], *members[:3]]
        for changed in (doubled, without, moved):
            with pytest.raises(Integrity, match="header-damaged"):
                parse(reframed(b"{" + b"".join(changed) + rest))


@pytest.mark.parametrize(
    "spelling", ["{0}.0", "{0}e0", "+{0}", "0{0}", "-{0}", '"{0}"', "{0}.", "1{0}e-1", "null"]
)
@pytest.mark.parametrize("member", ["sequence", "catalog", "memory", "passes", "lanes", "flags"])
def test_numbers_spelled_otherwise(spelling: str, member: str) -> None:
    changed = re.sub(
        f'"{member}":([0-9]+)',
        lambda match: f'"{member}":' + spelling.format(match[1]),
        BODY.decode(),
    )
    with pytest.raises(Integrity, match="header-damaged"):
        parse(reframed(changed.encode()))


@given(st.binary(max_size=300))
def test_anything_else(data: bytes) -> None:
    for one in (data, reframed(data), reframed(data.replace(b"\n", b""))):
        with pytest.raises((Integrity, Unsupported)):
            parse(one)


@given(given_=outputs, other=outputs)
def test_other_outputs_do_not_open(given_: dict[Factor, bytes], other: dict[Factor, bytes]) -> None:
    stretched = Argon2Costs(bytes(16)) if Factor.PASSPHRASE in given_ else None
    slot = seal_slot(MASTER, VAULT, SlotId("00" * 8), given_, stretched, 0, os.urandom)
    assert open_slot(slot, VAULT, given_) == MASTER
    if other != given_:
        with pytest.raises(Refused, match="did-not-open"):
            open_slot(slot, VAULT, other)


def test_every_flipped_bit_of_a_slot() -> None:
    """Every byte that stands in the header, through the object that reads it."""
    secret = {Factor.KEYRING: bytes(32), Factor.PASSPHRASE: bytes(range(32))}
    slot = seal_slot(
        MASTER, VAULT, SlotId("5a" * 8), secret, Argon2Costs(bytes(16)), PIN, os.urandom
    )
    assert slot.argon2 is not None
    changed: list[Slot] = []
    for name in ("salt", "commitment", "wrapped"):
        value = getattr(slot, name)
        for bit in range(8 * len(value)):
            flipped = bytearray(value)
            flipped[bit // 8] ^= 1 << bit % 8
            changed.append(dataclasses.replace(slot, **{name: bytes(flipped)}))
    for bit in range(64):
        slot_id = SlotId(f"{int(slot.id, 16) ^ 1 << bit:016x}")
        changed.append(dataclasses.replace(slot, id=slot_id))
    for bit in range(32):
        for name in ("memory", "passes", "lanes"):
            number = getattr(slot.argon2, name) ^ 1 << bit
            numbers = dataclasses.replace(slot.argon2, **{name: number})
            changed.append(dataclasses.replace(slot, argon2=numbers))
    changed.append(dataclasses.replace(slot, flags=0))
    changed.append(dataclasses.replace(slot, credential=b"\0"))
    for one in changed:
        with pytest.raises(Refused, match="did-not-open"):
            open_slot(one, VAULT, secret)
    for bit in range(128):
        vault = VaultId(f"{int(VAULT, 16) ^ 1 << bit:032x}")
        with pytest.raises(LighttightError, match="did-not-open"):
            open_slot(slot, vault, secret)
