"""Decoders for tests: the real one, and one whose children were taken over."""

from __future__ import annotations

from pathlib import Path

from lighttight.media.client import Decoder, Limits, Pixels
from lighttight.media.process import Launch
from tests.support.media_files import Bytes

HOSTILE = Launch(worker="hostile_worker", extra_paths=(str(Path(__file__).parent),))
SMALL = Limits(memory=256 << 20)


def hostile_decoder(limits: Limits = SMALL) -> Decoder:
    return Decoder(limits=limits, launch=HOSTILE)


def attack(name: str, argument: object = "") -> Bytes:
    """A file that makes the hostile child run an attack."""
    return Bytes(b"\xff\xd8\xff" + f"ATTACK {name} {argument}".encode().ljust(4096))


def colours(pixels: Pixels) -> list[tuple[int, int, int]]:
    """What is seen in the middle of each quarter: top left, top right, bottom left, right."""
    found: list[tuple[int, int, int]] = []
    for row in (1, 3):
        for column in (1, 3):
            x, y = pixels.width * column // 4, pixels.height * row // 4
            at = y * pixels.stride + x * pixels.channels
            red, green, blue = pixels.data[at : at + 3]
            found.append((red, green, blue))
    return found


def near(
    found: list[tuple[int, int, int]], wanted: tuple[tuple[int, int, int], ...], by: int = 12
) -> bool:
    return all(
        abs(one - other) <= by
        for colour, goal in zip(found, wanted, strict=True)
        for one, other in zip(colour, goal, strict=True)
    )
