"""Slots: bounds before deriving, fresh salts, combinations that do not open."""

from __future__ import annotations

import dataclasses
import os
from itertools import combinations

import pytest

from lighttight.errors import Environment, Integrity, LighttightError, Refused, Unsupported
from lighttight.model import Factor, SlotId, VaultId
from lighttight.sealed import slots
from lighttight.sealed.keys import MasterKey, new_master_key
from lighttight.sealed.slots import (
    CEILING,
    DEFAULT,
    FLOOR,
    PIN,
    Argon2Costs,
    Slot,
    open_slot,
    passphrase_output,
    seal_slot,
)

VAULT = VaultId("ab" * 16)
ID = SlotId("cd" * 8)
COSTS = Argon2Costs(bytes(16), *FLOOR)
FACTORS = (Factor.KEYRING, Factor.PASSPHRASE, Factor.RECOVERY)
OUTPUTS = {factor: os.urandom(32) for factor in FACTORS}
MASTER = new_master_key(os.urandom)


def sealed(*factors: Factor, flags: int = 0) -> Slot:
    costs = COSTS if Factor.PASSPHRASE in factors else None
    outputs = {factor: OUTPUTS[factor] for factor in factors}
    return seal_slot(MASTER, VAULT, ID, outputs, costs, flags, os.urandom)


def subsets() -> list[tuple[Factor, ...]]:
    return [some for count in (1, 2, 3) for some in combinations(FACTORS, count)]


# Costs


@pytest.fixture
def no_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**_: object) -> None:
        raise AssertionError("derived")

    monkeypatch.setattr(slots, "Argon2id", never)


OUTSIDE = {
    "8 KiB": (8, 3, 4),
    "1 TiB": (2**30, 3, 4),
    "just below": (FLOOR.memory - 1, 3, 4),
    "just above": (CEILING.memory + 1, 3, 4),
    "two passes": (65_536, 2, 4),
    "seventeen passes": (65_536, 17, 4),
    "three lanes": (65_536, 3, 3),
    "seventeen lanes": (65_536, 3, 17),
    "nothing": (0, 0, 0),
    "less than nothing": (-65_536, 3, 4),
}


@pytest.mark.usefixtures("no_derivation")
@pytest.mark.parametrize("numbers", OUTSIDE.values(), ids=OUTSIDE)
def test_costs_outside_the_bounds_are_refused_without_deriving(
    numbers: tuple[int, int, int],
) -> None:
    costs = Argon2Costs(bytes(16), *numbers)
    with pytest.raises(Integrity, match="header-costs"):
        costs.check()
    with pytest.raises(Integrity, match="header-costs"):
        passphrase_output("anything", costs)
    with pytest.raises(Integrity, match="header-costs"):
        seal_slot(MASTER, VAULT, ID, {Factor.PASSPHRASE: bytes(32)}, costs, 0, os.urandom)


@pytest.mark.usefixtures("no_derivation")
@pytest.mark.parametrize("size", [0, 8, 15, 17])
def test_salts_of_another_size(size: int) -> None:
    with pytest.raises(Integrity, match="header-costs"):
        passphrase_output("anything", Argon2Costs(bytes(size), *FLOOR))


@pytest.mark.parametrize("costs", [FLOOR, DEFAULT, CEILING], ids=["floor", "default", "ceiling"])
def test_bounds_themselves_are_inside(costs: slots.Costs) -> None:
    Argon2Costs(bytes(16), *costs).check()
    assert Argon2Costs(bytes(16)) == Argon2Costs.default(bytes(16))
    assert Argon2Costs.default(bytes(16)) == Argon2Costs(bytes(16), 262_144, 3, 4)


def test_no_memory_is_no_wrong_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr(slots, "Argon2id", Full)
    with pytest.raises(Environment, match="memory-short") as caught:
        passphrase_output("anything", COSTS)
    assert caught.value.facts == {"mebibytes": 64}


def test_bytes_of_a_terminal_that_are_no_text() -> None:
    with pytest.raises(Refused, match="passphrase-not-text"):
        passphrase_output("pass\udce9", COSTS)


def test_passphrases_are_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bytes] = []

    class Spy:
        def __init__(self, **arguments: object) -> None:
            assert arguments == {
                "salt": bytes(16), "length": 32, "iterations": 3, "lanes": 4, "memory_cost": 65_536
            }  # fmt: skip

        def derive(self, octets: bytes) -> bytes:
            given.append(octets)
            return bytes(32)

    monkeypatch.setattr(slots, "Argon2id", Spy)
    for text in ("e\u0301t\u00e9 \ufb01 \u2460 ", "", "\U0001f512"):
        passphrase_output(text, COSTS)
    assert given == ["\u00e9t\u00e9 fi 1 ".encode(), b"", b"\xf0\x9f\x94\x92"]


# What does not open


@pytest.mark.parametrize("right", subsets(), ids=lambda one: "+".join(f.value for f in one))
def test_only_the_same_combination_opens(right: tuple[Factor, ...]) -> None:
    slot = sealed(*right)
    assert slot.factors == right
    for given in [(), *subsets()]:
        outputs = {factor: OUTPUTS[factor] for factor in given}
        if given == right:
            assert open_slot(slot, VAULT, outputs) == MASTER
        else:
            with pytest.raises(Refused, match="did-not-open"):
                open_slot(slot, VAULT, outputs)
    # Every permutation of the same secrets over the factors but the right one.
    secrets = [OUTPUTS[factor] for factor in right]
    for turn in range(1, len(right)):
        turned = dict(zip(right, secrets[turn:] + secrets[:turn], strict=True))
        with pytest.raises(Refused, match="did-not-open"):
            open_slot(slot, VAULT, turned)


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_outputs_of_another_size(size: int) -> None:
    with pytest.raises(Refused, match="did-not-open"):
        open_slot(sealed(Factor.KEYRING), VAULT, {Factor.KEYRING: bytes(size)})
    with pytest.raises(Integrity, match="key-damaged"):
        seal_slot(MASTER, VAULT, ID, {Factor.KEYRING: bytes(size)}, None, 0, os.urandom)


def test_errors_tell_neither_factor_nor_secret() -> None:
    slot = sealed(Factor.KEYRING, Factor.RECOVERY)
    told: set[tuple[object, ...]] = set()
    for wrong in (Factor.KEYRING, Factor.RECOVERY):
        outputs = {one: OUTPUTS[one] for one in slot.factors} | {wrong: bytes(32)}
        with pytest.raises(LighttightError) as caught:
            open_slot(slot, VAULT, outputs)
        error = caught.value
        told.add((type(error), error.code, str(error.facts), str(error), repr(error)))
    assert len(told) == 1


def test_commitment_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slot = sealed(Factor.KEYRING)
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("lighttight.sealed.slots.hmac.compare_digest", compare)
    open_slot(slot, VAULT, {Factor.KEYRING: OUTPUTS[Factor.KEYRING]})
    assert compared == [(slot.commitment, slot.commitment)]


# What is not sealed


def test_fido2_is_listed_and_not_used() -> None:
    both = {Factor.KEYRING: bytes(32), Factor.FIDO2: bytes(32)}
    with pytest.raises(Unsupported, match="factor-unsupported"):
        seal_slot(MASTER, VAULT, ID, both, None, 0, os.urandom)
    slot = dataclasses.replace(sealed(Factor.KEYRING), factors=tuple(both), credential=b"x")
    slot.check()
    with pytest.raises(Unsupported, match="factor-unsupported"):
        open_slot(slot, VAULT, both)


@pytest.mark.parametrize(
    ("factors", "costs", "flags"),
    [
        ((), None, 0),
        ((Factor.PASSPHRASE,), None, 0),
        ((Factor.KEYRING,), COSTS, 0),
        ((Factor.KEYRING,), None, PIN),
        ((Factor.PASSPHRASE,), COSTS, 2),
        ((Factor.PASSPHRASE,), COSTS, -1),
    ],
)
def test_what_no_reader_accepts_is_not_written(
    factors: tuple[Factor, ...], costs: Argon2Costs | None, flags: int
) -> None:
    outputs = {factor: OUTPUTS[factor] for factor in factors}
    with pytest.raises(Integrity, match="header-damaged"):
        seal_slot(MASTER, VAULT, ID, outputs, costs, flags, os.urandom)


def test_a_source_without_randomness_seals_nothing() -> None:
    with pytest.raises(Environment, match="randomness-failed"):
        seal_slot(
            MASTER, VAULT, ID, {Factor.KEYRING: bytes(32)}, None, 0, lambda count: bytes(count - 1)
        )


# What is sealed


def test_everything_random_is_fresh() -> None:
    one, other = sealed(Factor.KEYRING), sealed(Factor.KEYRING)
    for member in ("salt", "commitment", "wrapped"):
        assert getattr(one, member) != getattr(other, member)
    assert one.wrapped[:12] != other.wrapped[:12]


def test_order_of_the_factors_given_does_not_matter() -> None:
    outputs = dict(reversed(OUTPUTS.items()))
    slot = seal_slot(MASTER, VAULT, ID, outputs, COSTS, 0, os.urandom)
    assert slot.factors == FACTORS
    assert open_slot(slot, VAULT, outputs) == MASTER


def test_pin() -> None:
    assert sealed(Factor.KEYRING, Factor.PASSPHRASE, flags=PIN).is_pin
    assert not sealed(Factor.KEYRING, Factor.PASSPHRASE).is_pin


def test_text_and_back() -> None:
    for factors in subsets():
        slot = sealed(*factors)
        assert Slot.of(slot.text()) == slot


def test_master_key_is_nowhere_in_the_slot() -> None:
    master = MasterKey(bytes(range(32)))
    slot = seal_slot(master, VAULT, ID, {Factor.KEYRING: bytes(32)}, None, 0, os.urandom)
    assert master.secret not in slot.wrapped
    assert "MasterKey" not in repr(slot)
