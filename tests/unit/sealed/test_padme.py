"""Padmé against the definition in the paper."""

from __future__ import annotations

import math

import pytest

from lighttight.sealed.padme import padme

# Figures worked out by hand from the algorithm.
KNOWN = {
    0: 0, 1: 1, 2: 2, 3: 3, 7: 7, 8: 8, 9: 10, 11: 12, 15: 16, 16: 16, 17: 18, 31: 32, 33: 36,
    100: 104, 1000: 1024, 1024: 1024, 1025: 1088, 16_383: 16_384, 16_385: 17_408,
    1_000_000: 1_015_808, 10**9: 1_006_632_960,
}  # fmt: skip


def defined(length: int) -> int:
    """Algorithm 1 of the paper, as it stands there."""
    exponent = math.floor(math.log2(length))
    significant = math.floor(math.log2(exponent)) + 1
    last_bits = exponent - significant
    mask = 2**last_bits - 1
    return (length + mask) & ~mask


@pytest.mark.parametrize(("length", "padded"), KNOWN.items())
def test_known(length: int, padded: int) -> None:
    assert padme(length) == padded


def test_as_defined() -> None:
    for length in range(2, 40_000):
        assert padme(length) == defined(length)


def test_grows_with_the_length_by_at_most_twelve_per_cent() -> None:
    before = 0
    for length in range(200_000):
        padded = padme(length)
        assert padded >= max(length, before)
        assert (padded - length) * 100 <= 12 * length
        before = padded


def test_padded_lengths_stay() -> None:
    assert all(padme(padme(length)) == padme(length) for length in range(50_000))
