"""What every format shares: exact reading, and findings that are fit to be shown."""

from __future__ import annotations

import pytest

from lighttight.media.cleaning.base import (
    MAX_DETAIL,
    MAX_OF_A_KIND,
    PIECE,
    Damaged,
    Finding,
    Findings,
    Found,
    Reader,
    amount,
)
from tests.support.clean_copies import Memory


@pytest.mark.parametrize(("offset", "count"), [(-1, 1), (0, 11), (10, 1), (5, 6), (0, -1), (99, 1)])
def test_what_is_not_there_is_damage(offset: int, count: int) -> None:
    with pytest.raises(Damaged):
        Reader(Memory(bytes(10))).at(offset, count)
    with pytest.raises(Damaged):
        list(Reader(Memory(bytes(10))).pieces(5, 6))


def test_reading_is_exact_wherever_the_window_is() -> None:
    data = bytes(n * 7 % 251 for n in range(300_000))
    reader = Reader(Memory(data))
    for offset, count in ((0, 1), (65_530, 20), (10, 5), (200_000, 80_000), (299_999, 1), (7, 0)):
        assert reader.at(offset, count) == data[offset : offset + count]
    assert b"".join(reader.pieces(3, 299_000)) == data[3:299_003]
    big = Memory(bytes(3 * PIECE + 1))
    assert [len(piece) for piece in Reader(big).pieces(0, big.size)] == [PIECE, PIECE, PIECE, 1]
    assert big.largest <= PIECE


def test_small_reads_come_out_of_one_question() -> None:
    original = Memory(bytes(60_000))
    reader = Reader(original)
    for offset in range(0, 60_000, 3):
        reader.at(offset, 3)
    assert original.asked == 60_000


def test_findings_are_told_once_in_order_and_not_without_end() -> None:
    found = Findings()
    found.add(Found.HIDDEN)
    for number in range(10):
        found.add(Found.DEVICE, f"camera {number}")
        found.add(Found.DEVICE)
    found.add(Found.PLACE, "here")
    told = found.all()
    assert told[0] == Finding(Found.PLACE, "here")
    assert told[1:-1] == tuple(Finding(Found.DEVICE, f"camera {n}") for n in range(MAX_OF_A_KIND))
    assert told[-1] == Finding(Found.HIDDEN)


def test_details_are_one_short_line_without_controls() -> None:
    found = Findings()
    found.add(Found.WORDS, "a\x1b[31m\u202eb\r\n\tc\0" + "d" * 5000)
    detail = found.all()[0].detail
    assert detail.startswith("a [31m b c dddd")
    assert len(detail) == MAX_DETAIL


def test_amounts_as_a_person_reads_them() -> None:
    sizes = (1, 2, 999, 1000, 9_940, 42_000, 999_400, 1_400_000, 999_700_000, 5_000_000_000)
    said = ["1 byte", "2 bytes", "999 bytes", "1.0 kB", "9.9 kB", "42 kB", "999 kB", "1.4 MB"]
    assert [amount(size) for size in sizes] == [*said, "1.0 GB", "5.0 GB"]
