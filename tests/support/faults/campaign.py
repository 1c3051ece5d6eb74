"""Running many cases: shared among processes, counted honestly, ended in time."""

from __future__ import annotations

import enum
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from lighttight.library.importing import import_paths
from tests.support.faults.children import Child, Tell, settle_memory
from tests.support.faults.worlds import Stranger, build, opened, tear_down

MOST_FAILURES = 200
"""After this many a campaign has said enough."""


class Verdict(enum.Enum):
    SOUND = "sound"
    FAILED = "failed"
    NOT_REACHED = "not reached"

    @classmethod
    def of(cls, problem: str | None) -> Verdict:
        return cls.SOUND if problem is None else cls.FAILED


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was tried. `weight` is how many states it stands for."""

    name: str
    verdict: Verdict
    problem: str | None = None
    layer: str = "main"
    weight: int = 1
    note: str = ""


class Plan(Protocol):
    def cases(self) -> Iterator[Case]: ...


@dataclass(slots=True)
class Summary:
    """`counts` by layer are cases that happened; a case that was not reached is none."""

    counts: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    not_reached: int = 0
    plans: int = 0
    planned: int = 0
    seconds: float = 0.0

    def add(self, case: Case) -> None:
        if case.verdict is Verdict.NOT_REACHED:
            self.not_reached += 1
            if case.problem:
                self.failures.append(f"{case.name}: {case.problem}")
            return
        self.counts[case.layer] = self.counts.get(case.layer, 0) + case.weight
        if case.note:
            self.notes[case.note] = self.notes.get(case.note, 0) + case.weight
        if case.verdict is Verdict.FAILED:
            self.failures.append(f"{case.name}: {case.problem}")

    def merge(self, other: dict[str, Any]) -> None:
        for name in ("counts", "notes"):
            mine: dict[str, int] = getattr(self, name)
            mine.update(Counter(mine) + Counter(other[name]))
        self.failures += other["failures"]
        self.not_reached += other["not_reached"]
        self.plans += other["plans"]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def as_json(self) -> str:
        return json.dumps(
            {
                **asdict(self),
                "total": self.total,
                "date": datetime.now(UTC).strftime("%Y-%m-%d"),
                "machine": machine(),
            },
            indent=1,
        )


def machine() -> str:
    """What it was measured on, without saying whose it is."""
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )


def rehearse(_: Tell) -> None:
    """A little of everything."""
    world = build(0)
    try:
        with opened(world) as home:
            import_paths(home.vault, Stranger(), [world.incoming])
    finally:
        tear_down(world)


def run(
    plans: Sequence[Plan],
    *,
    jobs: int = 1,
    seconds: float = 3600.0,
    failures: int = MOST_FAILURES,
) -> Summary:
    """Run the plans in `jobs` processes, until done, out of time, or at so many failures."""
    begun = time.monotonic()
    deadline = begun + seconds
    settle_memory(rehearse)
    summary = Summary(planned=len(plans))
    if jobs == 1:
        _run_share(plans, summary, deadline, failures)
    else:
        workers = [
            Child(lambda _, share=plans[start::jobs]: _worked(share, deadline, failures))
            for start in range(jobs)
        ]
        for worker in workers:
            outcome = worker.finish(seconds + 900)
            if outcome.problem:
                summary.failures.append(f"a worker of the campaign: {outcome.problem}")
            else:
                summary.merge(outcome.answer)
    summary.seconds = round(time.monotonic() - begun, 1)
    return summary


def _worked(plans: Iterable[Plan], deadline: float, failures: int) -> dict[str, Any]:
    summary = Summary()
    _run_share(plans, summary, deadline, failures)
    return asdict(summary)


def _run_share(plans: Iterable[Plan], summary: Summary, deadline: float, failures: int) -> None:
    for plan in plans:
        for case in plan.cases():
            summary.add(case)
            if len(summary.failures) >= failures or time.monotonic() > deadline:
                return
        summary.plans += 1
