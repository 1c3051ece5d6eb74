"""What a failpoint costs when nobody armed it: every step of every write pays this.

    python -m tests.benchmarks.bench_failpoints

Goal: below 100 ns, measured beside an empty function call, median of 7 interleaved rounds.
"""

from __future__ import annotations

import statistics
import timeit

from lighttight.files import failpoint

CALLS = 1_000_000
ROUNDS = 7


def nothing(name: str) -> None:
    del name


NAMES = {"failpoint": failpoint, "nothing": nothing}


def nanoseconds(statement: str) -> float:
    return timeit.timeit(statement, globals=NAMES, number=CALLS) / CALLS * 1e9


def main() -> None:
    inert: list[float] = []
    empty: list[float] = []
    for _ in range(ROUNDS):
        inert.append(nanoseconds("failpoint('files.written')"))
        empty.append(nanoseconds("nothing('files.written')"))
    for name, times in (("failpoint, inert", inert), ("empty call", empty)):
        spread = f"{min(times):.0f} to {max(times):.0f}"
        print(f"{name:18} {statistics.median(times):6.0f} ns   ({spread})")


if __name__ == "__main__":
    main()
