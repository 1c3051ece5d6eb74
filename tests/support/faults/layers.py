"""How much of each layer is run: a sample in the suite, the goals of a release in a campaign.

`share` of 1.0 is the whole of a campaign. A plan is chosen by its seed, so that a campaign which
ended early tried what it tried completely, and the same things next time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.support.faults import crowds, hostile, injected, kills, power
from tests.support.faults.acts import ACTS
from tests.support.faults.bugs import BUGS, Bug
from tests.support.faults.campaign import Plan


@dataclass(frozen=True, slots=True)
class Layer:
    """`goals` are numbers of cases, by kind, that a release wants."""

    name: str
    goals: dict[str, int]
    sample: Callable[[], Sequence[Plan]]
    whole: Callable[[float], Sequence[Plan]]


def _seeds(most: int, share: float) -> range:
    return range(max(1, round(most * share)))


def _hostile_sample() -> list[Plan]:
    return [
        hostile.Bits(0, 160),
        hostile.Bits(1, 60, log=True),
        hostile.BlobBits(0, 300),
        hostile.Cuts(0, most=50),
        hostile.Cuts(1, log=True, most=30),
        hostile.Swaps(0, blobs=6),
        hostile.Keys(0, blobs=4),
        hostile.States(0, 12),
        hostile.Pages(0, 14, most=60),
        hostile.Singles(0),
    ]


def _hostile_whole(share: float) -> list[Plan]:
    bits = [hostile.Bits(seed, 40_000) for seed in _seeds(1, share)]
    bits += [hostile.Bits(seed, 1_000) for seed in range(1, 1 + round(30 * share))]
    logs = [hostile.Bits(seed, 1_000, log=True) for seed in range(100, 100 + round(20 * share))]
    blobs = [hostile.BlobBits(seed, 10_000) for seed in _seeds(21, share)]
    return [
        hostile.Swaps(0),
        hostile.Keys(0),
        hostile.States(0),
        hostile.Singles(0),
        *(hostile.Cuts(seed, log=log) for seed in _seeds(4, share) for log in (False, True)),
        *(hostile.Pages(seed, 28) for seed in _seeds(6, share)),
        *blobs,
        *logs,
        *bits,
    ]


def _mixed(plans: Sequence[Plan]) -> list[Plan]:
    """In an order of chance, always the same, so that one that ends early has seen all kinds."""
    mixed = list(plans)
    random.Random(0).shuffle(mixed)
    return mixed


LAYERS = {
    layer.name: layer
    for layer in (
        Layer(
            "kills",
            {"main": 10_000, "recovery": 2_000},
            lambda: kills.plans(range(1), 7, 0.15),
            lambda share: _mixed(kills.plans(_seeds(24, share), 0, 0.22)),
        ),
        Layer(
            "injected",
            {"kills": 2_000, "errors": 3_000},
            lambda: injected.plans(range(1), 3, 6, 1),
            lambda share: _mixed(injected.plans(_seeds(6, share), 60, 90, 4)),
        ),
        Layer(
            "power",
            {"main": 50_000},
            lambda: power.plans(range(1), 26),
            lambda share: _mixed(power.plans(_seeds(10, share), 0, rounds=2)),
        ),
        Layer(
            "hostile",
            {"main": 300_000},
            _hostile_sample,
            lambda share: _mixed(_hostile_whole(share)),
        ),
        Layer(
            "crowds",
            {"main": 500},
            lambda: crowds.plans(range(2)),
            lambda share: crowds.plans(_seeds(30, share)),
        ),
    )
}


def with_bug(bug: Bug) -> list[Plan]:
    """A little of the layer that has to notice `bug`, with the bug in the program."""
    act = ACTS.get(bug.act)
    match bug.layer:
        case "kills" if act is not None:
            return [kills.Plan(act, 0, bug=bug.name)]
        case "power" if act is not None:
            return [power.Plan(act, 0, 80, bug=bug.name)]
        case "injected" if act is not None:
            # Worlds with a file of several buffers: opening a small one reads all of it anyway.
            return [injected.Seams(act, seed, 6, bug=bug.name) for seed in (4, 9)]
        case "hostile":
            plans = {
                "states": hostile.States(0, 4),
                "pages": hostile.Pages(0, 7),
                "keys": hostile.Keys(0, blobs=3),
            }
            return [replace(plans[bug.act], bug=bug.name)]
        case "crowds":
            works = {"ways": crowds.Ways, "work": crowds.Work}
            return [works[bug.act](seed, 3, bug=bug.name) for seed in range(6)]
        case _:
            raise LookupError(bug.layer)


__all__ = ["BUGS", "LAYERS", "Layer", "with_bug"]
