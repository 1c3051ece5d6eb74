"""Where coded data ends: the same wherever it is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttight.media.cleaning import scans
from lighttight.media.cleaning.base import Damaged

DIRECT = b"\0" + bytes((0, 3)) + bytes(14) + bytes((0, 1, 11))
"""Two-bit codes: no difference, one bit of it, eleven."""
FURTHER = b"\x10" + bytes((0, 3)) + bytes(14) + bytes((0x00, 0x01, 0xF0))
"""Two-bit codes: the end of the block, a coefficient of one bit, sixteen of nothing."""

BLOCK = "00" + "00"
FULL = "011" + "010" * 63
RUNS = "10" + "1" * 11 + "10" * 4


def packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def over(data: bytes, units: int, *, blocks: int = 1, step: int = 10**6) -> int:
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    return scans.left_over(pieces, [scans.tables(DIRECT, FURTHER)] * blocks, units)


@pytest.mark.parametrize("unit", [BLOCK, FULL, RUNS, BLOCK + FULL + RUNS])
@pytest.mark.parametrize("step", [1, 2, 7, 300, 10**6])
def test_every_byte_behind_the_last_block_is_counted(unit: str, step: int) -> None:
    blocks = 3 if unit.startswith(BLOCK + FULL) else 1
    for units in (1, 5, 200):
        data = packed(unit * units)
        assert over(data, units, blocks=blocks, step=step) == 0
        assert over(data + b"planted", units, blocks=blocks, step=step) == 7
        assert over(data + bytes(5000), units, blocks=blocks, step=step) == 5000
        with pytest.raises(Damaged):
            over(data[:-1], units, blocks=blocks, step=step)
        with pytest.raises(Damaged):
            over(data, units + 2, blocks=blocks, step=step)


def test_codes_that_do_not_exist_are_damage() -> None:
    for bits in ("11" * 8, "00" + "11" * 8):
        with pytest.raises(Damaged):
            over(packed(bits) + bytes(40), 1)


def test_tables_with_more_codes_than_there_are_bits() -> None:
    with pytest.raises(Damaged):
        scans.Codes(b"\0" + bytes((3,)) + bytes(15) + bytes(3))


@given(st.binary(max_size=60), st.integers(1, 9))
def test_stuffing_is_undone_and_counted_back(data: bytes, step: int) -> None:
    raw = data.replace(b"\xff", b"\xff\0")
    pieces = [raw[at : at + step] for at in range(0, len(raw), step)]
    assert b"".join(scans.unstuffed(pieces)) == data
    for count in range(1, len(data) + 1):
        expected = len(data[:count].replace(b"\xff", b"\xff\0")) - data[:count].endswith(b"\xff")
        assert scans.stuffed(pieces, count) == expected
