"""Every layer of the fault campaigns: a sample in the suite, and all of it on request.

`packaging/test faults` runs the campaigns; `app/docs/fault-campaigns.md` says what they found last.
A failure names the act, the seed and the step, and is the same every time.
"""

from __future__ import annotations

import sys

import pytest

from tests.support.availability import needs_programs
from tests.support.faults import running

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows can neither fork nor SIGKILL"),
]

TRACED = ("injected", "power")
"""Layers that need strace, and so Linux."""

LEAST = {
    "kills": {"main": 80, "recovery": 6},
    "injected": {"kills": 15, "errors": 40},
    "power": {"main": 180},
    "hostile": {"main": 600},
    "crowds": {"main": 30},
}


def can_run(layer: str) -> None:
    if layer in TRACED:
        if sys.platform != "linux":
            pytest.skip("strace is Linux's")
        needs_programs("strace")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("layer", LEAST)
def test_a_sample_finds_nothing(layer: str) -> None:
    can_run(layer)
    running.insist(running.sample(layer), **LEAST[layer])


@pytest.mark.campaign
@pytest.mark.timeout(running.SECONDS + 1000)
@pytest.mark.parametrize("layer", LEAST)
def test_a_whole_campaign_finds_nothing(layer: str) -> None:
    can_run(layer)
    running.insist(running.campaign(layer), **LEAST[layer])
