"""What a header costs that somebody has changed: bounded over all slots, the owner's own first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lighttight.errors import Integrity, LighttightError, Refused
from lighttight.model import SlotId
from lighttight.sealed import slots
from lighttight.sealed.header import Header
from lighttight.sealed.slots import CEILING, FLOOR, Argon2Costs, Slot
from lighttight.vault import ways_in
from lighttight.vault.vault import Vault
from lighttight.vault.ways_in import Offer
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, PASSPHRASE, PASSPHRASE_WAY, cheap_derivation

OFFER = Offer(passphrase=PASSPHRASE, keyring=False)


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Memory of each derivation; only the owner's, at the floor, is really done."""
    seen: list[int] = []
    real = slots.passphrase_output

    def counted(passphrase: str, costs: Argon2Costs) -> bytes:
        seen.append(costs.memory)
        return real(passphrase, costs) if costs.memory == FLOOR.memory else bytes(32)

    monkeypatch.setattr(ways_in, "passphrase_output", counted)
    return seen


@pytest.fixture
def header(vault: Vault) -> Header:
    """Seven slots beside the owner's passphrase, each as costly as the format allows."""
    with cheap_derivation():
        vault.add_way(PASSPHRASE_WAY)
    own = vault.header.slots[-1]
    assert own.argon2 is not None
    costs = Argon2Costs(own.argon2.salt, *CEILING)
    planted = [replace(own, id=SlotId(f"{number:016x}"), argon2=costs) for number in range(7)]
    return replace(vault.header, slots=(*planted, own))


def opened(header: Header, offer: Offer, store: MemoryStore) -> Slot:
    return ways_in.open_header(header, offer, store).slot


def test_the_owners_own_way_comes_first(
    header: Header, store: MemoryStore, derived: list[int]
) -> None:
    assert opened(header, OFFER, store) == header.slots[-1]
    assert derived == [FLOOR.memory]


def test_a_wrong_passphrase_costs_no_more_than_one_slot_may(
    header: Header, store: MemoryStore, derived: list[int]
) -> None:
    with pytest.raises(Integrity, match="header-costs"):
        opened(header, replace(OFFER, passphrase="wrong"), store)
    assert derived == [FLOOR.memory]


def test_one_slot_at_the_ceiling_can_be_used(
    header: Header, store: MemoryStore, derived: list[int]
) -> None:
    with pytest.raises(Refused, match="did-not-open"):
        opened(replace(header, slots=header.slots[:1]), OFFER, store)
    assert derived == [CEILING.memory]


def test_slots_that_are_not_tried_do_not_count(
    header: Header, vault: Vault, store: MemoryStore, derived: list[int]
) -> None:
    mine = replace(header, slots=(*header.slots[:6], vault.header.slots[0]))
    assert opened(mine, Offer(), store).factors == KEYRING.factors
    assert derived == []


@pytest.mark.parametrize("number", [2, 3])
def test_one_that_was_derived_in_vain_is_still_noted(
    header: Header, store: MemoryStore, derived: list[int], number: int
) -> None:
    noted: list[str] = []
    some = replace(header, slots=header.slots[-number:])
    with pytest.raises(LighttightError):
        ways_in.open_header(
            *(some, replace(OFFER, passphrase="wrong"), store),
            refused=lambda: noted.append("once"),
        )
    assert noted == ["once"]


def test_what_is_made_by_default_fits_in_eight_times() -> None:
    assert 8 * slots.DEFAULT.memory * slots.DEFAULT.passes <= ways_in.MOST_WORK
