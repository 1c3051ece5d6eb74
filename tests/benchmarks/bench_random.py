"""One MiB at a random place of a 10-GiB item, against a bare `pread` of the same blob file.

Once with the page cache emptied of the file, once with the same places in it. What a video player
waits for after a jump is the first number plus its decoder.
"""

from __future__ import annotations

import os
import random
import statistics
import time

from lighttight.files import drop_cached_pages
from lighttight.model import VaultId
from lighttight.vault.blobs import BlobStore
from tests.benchmarks.harness import GIB, MIB, Outcome, Setting, Table, Verdict, spread

TITLE = "Jumping within a large item"
READ = MIB
PLACES = 40
TARGET_MS = 5.0


class Zeros:
    """A source as long as wanted that costs nothing to make. Sealed zeros look like anything."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        # The buffer comes zeroed and is given back as it was.
        return min(len(buffer), self.size - offset)


def run(setting: Setting) -> Outcome:
    size = 256 * MIB if setting.quick else 10 * GIB
    (setting.directory / "blobs").mkdir()
    store = BlobStore(setting.directory / "blobs", VaultId("ab" * 16))
    setting.say("sealing the item")
    sealed = store.write(Zeros(size), watch=lambda _: None)
    found: dict[str, list[float]] = {
        name: [] for name in ("opening the item", "ours, cold", "bare, cold", "ours", "bare")
    }
    fd = os.open(store.path(sealed.id), os.O_RDONLY)
    places = random.Random(1)
    try:
        for index in range(setting.rounds + 1):
            drop_cached_pages(fd)
            start = time.perf_counter()
            reader = store.open(sealed)
            opened = time.perf_counter() - start
            with reader:
                ours = [places.randrange(size - READ) for _ in range(PLACES)]
                bare = [places.randrange(size - READ) for _ in range(PLACES)]
                taken = {"opening the item": [opened]}
                for state in (", cold", ""):
                    mine, theirs = [], []
                    for one, other in zip(ours, bare, strict=True):
                        start = time.perf_counter()
                        reader.read(one, READ)
                        middle = time.perf_counter()
                        os.pread(fd, READ, other)
                        mine.append(middle - start)
                        theirs.append(time.perf_counter() - middle)
                    taken["ours" + state], taken["bare" + state] = mine, theirs
            if index:
                for name, seconds in taken.items():
                    found[name] += seconds
            setting.say(f"round {index}/{setting.rounds}")
    finally:
        os.close(fd)
    verdicts = [
        _verdict(state, found["ours" + suffix], found["bare" + suffix])
        for state, suffix in (("from the disk", ", cold"), ("from the page cache", ""))
    ]
    rows = [
        (name, spread([1000 * one for one in seconds], "{:.2f}")) for name, seconds in found.items()
    ]
    return Outcome(
        tuple(verdicts),
        (Table((f"1 MiB of {size / GIB:g} GiB", "milliseconds"), tuple(rows)),),
    )


def _verdict(state: str, ours: list[float], bare: list[float]) -> Verdict:
    above = 1000 * (statistics.median(ours) - statistics.median(bare))
    return Verdict(
        f"1 MiB at a random place, {state}, above a bare read",
        f"≤ {TARGET_MS:.0f} ms",
        f"{above:.2f} ms",
        above <= TARGET_MS,
    )
