"""A library of up to 100,000 items: opening, the whole timeline, searching while typing, memory.

The libraries are made up (`synthetic`) and hold no blobs: nothing here reads an original. Each
round opens each of them in a process of its own, with a real password store where there is one,
because the anchor is compared with it on opening.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from lighttight.library.library import Library
from lighttight.model import View
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import open_vault
from tests.benchmarks.apart import Apart, Line
from tests.benchmarks.harness import (
    MIB,
    Outcome,
    Setting,
    Table,
    Verdict,
    percentile,
    program,
    resident,
    spread,
)
from tests.benchmarks.synthetic import library
from tests.support.keyring_daemon import PROGRAMS, KeyringDaemon
from tests.support.password_store import MemoryStore
from tests.support.vaults import BY_PASSPHRASE

TITLE = "Large libraries"
SIZES = (1_000, 10_000, 30_000, 100_000)
FIRST = 200
CURVES = {
    "first": "open to first rows",
    "all": "all cells",
    "p50": "search, median",
    "p99": "search, p99",
    "whole50": "whole result, median",
}
TYPED = (
    "lake",
    "IMG_2019",
    "harbour",
    "tag:su",
    "birth grand",
    "album:Album 3",
    "2018-07",
    "pixel",
)


def run(setting: Setting) -> Outcome:
    sizes = SIZES[:2] if setting.quick else SIZES
    vaults = {count: library(count, setting) for count in sizes}
    found: dict[int, list[dict[str, float]]] = {count: [] for count in sizes}
    with ExitStack() as stack:
        real = all(program(name) for name in PROGRAMS)
        environment = dict(os.environ)
        if real:
            # Sockets want a short path.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lt-")))
            daemon = stack.enter_context(KeyringDaemon(folder / "k"))
            environment["DBUS_SESSION_BUS_ADDRESS"] = daemon.bus_address
        for index in range(setting.rounds + 1):
            for count, vault in vaults.items():
                with Apart(
                    "bench_items", "opened", environment=environment, vault=str(vault), real=real
                ) as other:
                    told = other.hear()
                if index:
                    found[count].append(told)
                setting.say(f"{count}: " + ", ".join(f"{k} {v:.1f}" for k, v in told.items()))
    largest = max(sizes)
    middle = {
        name: statistics.median(one[name] for one in found[largest]) for name in found[largest][0]
    }
    verdicts = (
        _at_most(f"{largest:,} items, open to first rows", middle["first"], 500, "ms"),
        _at_most(f"{largest:,} items, search as you type, median", middle["p50"], 30, "ms"),
        _at_most(f"{largest:,} items, search as you type, p99", middle["p99"], 30, "ms"),
        _at_most(f"{largest:,} items, memory without the window", middle["memory"], 400, "MiB"),
    )
    columns = {
        "first": f"open to first {FIRST} rows, ms",
        "all": "all cells, ms",
        "p50": "search p50, ms",
        "p99": "search p99, ms",
        "whole50": "whole result p50, ms",
        "whole99": "whole result p99, ms",
        "again": "every row hashed again, s",
        "memory": "memory, MiB",
        "catalog": "catalog, MiB",
    }
    digits = {"again": "{:.2f}"} | dict.fromkeys(("p50", "p99", "whole50", "whole99"), "{:.1f}")
    rows = tuple(
        (
            f"{count:,}",
            *(
                spread([one[name] for one in found[count]], digits.get(name, "{:.0f}"))
                for name in columns
            ),
        )
        for count in sizes
    )
    store = "A real gnome-keyring holds the anchor." if real else "The anchor is held in memory."
    typed = ", ".join(f"“{one}”" for one in TYPED)
    note = (
        f"{store} Counting begins after the key derivation. A search answers the first {FIRST}"
        f" cells that match once for each letter typed ({typed}), and all of them at every"
        " fourth. Memory is that of a process that holds all cells and has searched."
    )
    drawn = {
        name: tuple((count, statistics.median(one[key] for one in found[count])) for count in sizes)
        for key, name in CURVES.items()
    }
    return Outcome(verdicts, (Table(("items", *columns.values()), rows),), (note,), drawn)


def _at_most(what: str, found: float, most: float, unit: str) -> Verdict:
    return Verdict(what, f"≤ {most:g} {unit}", f"{found:.0f} {unit}", found <= most)


# In a process of its own ------------------------------------------------------------------


def opened(line: Line, vault: str, *, real: bool) -> None:
    store = PasswordStore() if real else MemoryStore()
    began: list[float] = []
    held = open_vault(
        Path(vault), BY_PASSPHRASE, store, derived=lambda: began.append(time.perf_counter())
    )
    shown = Library(held)
    rows = shown.timeline(limit=FIRST)
    first = time.perf_counter() - began[0]
    assert len(rows) == FIRST
    start = time.perf_counter()
    cells = shown.timeline()
    everything = time.perf_counter() - start
    letters = [_seconds_of(shown, text, FIRST) for text in _letters()]
    whole = [_seconds_of(shown, text, None) for text in list(_letters())[::4]]
    memory = resident(os.getpid())
    start = time.perf_counter()
    held.catalog.recompute()
    again = time.perf_counter() - start
    size = held.catalog.path.stat().st_size
    line.tell({
        "first": 1000 * first,
        "all": 1000 * everything,
        "p50": 1000 * percentile(letters, 0.5),
        "p99": 1000 * percentile(letters, 0.99),
        "whole50": 1000 * percentile(whole, 0.5),
        "whole99": 1000 * percentile(whole, 0.99),
        "again": again,
        "memory": memory / MIB,
        "catalog": size / MIB,
    })  # fmt: skip
    del cells
    held.close()


def _letters() -> Iterator[str]:
    """Everything that stands in the field while these words are typed."""
    for text in TYPED:
        for end in range(1, len(text) + 1):
            yield text[:end]


def _seconds_of(shown: Library, text: str, limit: int | None) -> float:
    start = time.perf_counter()
    shown.timeline(View(text=text), limit=limit)
    return time.perf_counter() - start
