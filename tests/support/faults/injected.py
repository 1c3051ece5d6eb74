"""Layer 2: the system's own calls fail, or kill the process, or do less than they were asked.

strace does it, at the n-th call of a kind, in the program as it is. An act that met an error has
either succeeded or answered with an error of ours; then everything holds that holds after a kill.

A *short write* is a real one: the size of files is limited, so that the system takes a part and
refuses the rest, or the n-th write takes only some bytes. A *lying disk* says that it wrote and
changes a bit: nothing but reading back notices.
"""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from tests.support.faults.acts import ACTS, Act
from tests.support.faults.bugs import seeded
from tests.support.faults.campaign import Case, Verdict
from tests.support.faults.children import Outcome, Tell, in_child
from tests.support.faults.kills import aftermath
from tests.support.faults.tracing import calls, may_be_traced, run_traced
from tests.support.faults.worlds import World, build, tear_down, temporary

CALLS = (
    *("write", "pwrite64", "fsync", "fdatasync", "ftruncate"),
    *("rename", "renameat", "unlink", "unlinkat", "openat", "linkat", "mkdir"),
)
ERRORS = ("ENOSPC", "EIO", "EROFS", "EINTR")
KILL = "SIGKILL"
LAYER_ACTS = (
    *("import", "purge", "rotate", "seal-again", "backup", "export", "add-way", "change"),
)

# What the person is told by an act that goes on after an error: an item was not saved, with a
# code. Everything else ends the act.
_OURS = frozenset({"Refused", "Environment", "Integrity", "Unsupported"})


@dataclass(frozen=True, slots=True)
class Fault:
    """The `number`-th `call` of a thread meets `what`: an errno, or SIGKILL."""

    call: str
    what: str
    number: int

    @property
    def option(self) -> str:
        effect = f"signal={KILL}" if self.what == KILL else f"error={self.what}"
        return f"inject={self.call}:{effect}:when={self.number}"

    def __str__(self) -> str:
        return f"{self.call} {self.number} {self.what}"


def counted(world: World, act: Act) -> dict[str, int]:
    """How many calls of each kind the busiest thread makes: strace counts for each by itself."""
    with temporary() as folder:
        log = folder / "trace"
        trace = f"trace={','.join(CALLS)}"
        outcome = run_traced(
            lambda tell: _run(world, act, tell), ["-xx", "-s", "0", "-o", str(log), "-e", trace]
        )
        if outcome.problem:
            raise AssertionError(f"not even without a fault: {outcome.problem}")
        by_thread = Counter((call.name, call.thread) for call in calls(log))
    return {
        name: max((count for (one, _), count in by_thread.items() if one == name), default=0)
        for name in CALLS
    }


def _run(world: World, act: Act, tell: Tell) -> None:
    may_be_traced()
    act.run(world, tell, lambda: None)


def injected(world: World, act: Act, fault: Fault) -> tuple[Outcome, bool]:
    """What became of the act, and whether the fault was met at all."""
    with temporary() as folder:
        log = folder / "trace"
        options = ["-o", str(log), "-e", f"trace={fault.call}", "-e", fault.option]
        outcome = run_traced(lambda tell: _run(world, act, tell), [*options, "-s", "0"])
        return outcome, outcome.killed or "(INJECTED)" in log.read_text(errors="replace")


def _answer(outcome: Outcome) -> str:
    """What the person was told: a code that ended the act, or one for an item, or success."""
    if outcome.signal is not None:
        return "killed"
    codes = [one["code"] for one in outcome.told if one["kind"] == "failed"]
    ended = outcome.trouble.code if outcome.trouble is not None else None
    return ended or (f"{codes[0]}, of one item" if codes else "succeeded all the same")


def judge(world: World, act: Act, outcome: Outcome) -> str | None:
    """The act's own answer, then everything that must hold afterwards."""
    if outcome.hung:
        return "hangs"
    if outcome.trouble is not None and outcome.trouble.kind not in _OURS:
        return f"an error that is none of ours: {outcome.trouble}"
    if outcome.signal not in (None, signal.SIGKILL):
        return f"died of signal {outcome.signal}"
    return aftermath(world, act, outcome.told)


@dataclass(frozen=True, slots=True)
class Plan:
    """`kills` and `errors` of one act; chosen by the seed, spread over kinds and numbers."""

    act: Act
    seed: int
    kills: int
    errors: int

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, more=self.act.furnish)
        try:
            with _prepared(base, self.act) as world:
                numbers = counted(world, self.act)
            chance = random.Random(f"{self.act.name} {self.seed}")
            for fault in self._faults(numbers, chance):
                with _prepared(base, self.act) as world:
                    outcome, met = injected(world, self.act, fault)
                    name = f"{self.act.name} seed {self.seed}: {fault}"
                    if not met:
                        yield Case(name, Verdict.NOT_REACHED)
                        continue
                    problem = judge(world, self.act, outcome)
                    layer = "kills" if fault.what == KILL else "errors"
                    note = _answer(outcome)
                    yield Case(name, Verdict.of(problem), problem, layer, note=note)
        finally:
            tear_down(base)

    def _faults(self, numbers: dict[str, int], chance: random.Random) -> list[Fault]:
        kills = [Fault(c, KILL, n) for c, most in numbers.items() for n in range(1, most + 1)]
        errors = [
            Fault(c, what, n)
            for c, most in numbers.items()
            for n in range(1, most + 1)
            for what in ERRORS
        ]
        return _some(kills, self.kills, chance) + _some(errors, self.errors, chance)


def _some(faults: list[Fault], count: int, chance: random.Random) -> list[Fault]:
    """`count` of them, each kind of call and effect in turn, so that rare ones have a share."""
    chance.shuffle(faults)
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.call, fault.what), []).append(fault)
    chosen: list[Fault] = []
    while len(chosen) < count and any(kinds.values()):
        for rest in kinds.values():
            if rest and len(chosen) < count:
                chosen.append(rest.pop())
    return chosen


@contextmanager
def _prepared(base: World, act: Act) -> Iterator[World]:
    with base.copied() as world:
        act.prepare(world)
        yield replace(world, **act.world)


# Without strace ---------------------------------------------------------------------------


def small_files(limit: int) -> Callable[[], AbstractContextManager[object]]:
    """No file grows beyond `limit`: a write that crosses it is cut short, the next one fails."""

    def install() -> AbstractContextManager[object]:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        return nullcontext()

    return install


def short_writes(chance: random.Random) -> Callable[[], AbstractContextManager[object]]:
    """Each write of Python's takes some bytes only, at least one."""
    write = os.write

    def some(fd: int, data: Any) -> int:
        with memoryview(data) as view:
            return write(fd, view[: chance.randint(1, max(1, len(view)))])

    return lambda: mock.patch.object(os, "write", some)


def lying_disk(number: int) -> Callable[[], AbstractContextManager[object]]:
    """The `number`-th write of Python's arrives with one bit changed."""
    write = os.write
    left = [number]

    def changed(fd: int, data: Any) -> int:
        left[0] -= 1
        if left[0] != 0 or not len(data):
            return write(fd, data)
        wrong = bytearray(data)
        wrong[len(wrong) // 2] ^= 4
        return write(fd, wrong)

    return lambda: mock.patch.object(os, "write", changed)


def failing_write(number: int, code: int) -> Callable[[], AbstractContextManager[object]]:
    """From the `number`-th on, writes of Python's fail: a disk that is full stays full."""
    write = os.write
    left = [number]

    def failing(fd: int, data: Any) -> int:
        left[0] -= 1
        if left[0] <= 0:
            raise OSError(code, os.strerror(code))
        return write(fd, data)

    return lambda: mock.patch.object(os, "write", failing)


@dataclass(frozen=True, slots=True)
class Seams:
    """`rounds` of each fault that needs no strace."""

    act: Act
    seed: int
    rounds: int
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, more=self.act.furnish)
        chance = random.Random(f"seams {self.act.name} {self.seed}")
        try:
            for _ in range(self.rounds):
                limit = chance.choice((100, 1000, 4096, 17_000, 60_000, 130_000, 200_000))
                limit += chance.randrange(997)
                number = chance.randint(1, 6)
                faults = {
                    f"files up to {limit}": small_files(limit),
                    "short writes": short_writes(random.Random(chance.random())),
                    f"full from write {number}": failing_write(number, errno.ENOSPC),
                }
                if self.act.name in ("import", "add"):
                    faults[f"a bit lost in write {number}"] = lying_disk(number)
                for name, install in faults.items():
                    yield self._case(base, name, install)
        finally:
            tear_down(base)

    def _case(
        self, base: World, name: str, install: Callable[[], AbstractContextManager[object]]
    ) -> Case:
        def act(tell: Tell) -> None:
            with seeded(self.bug, tell), install():
                self.act.run(world, tell, lambda: None)

        with _prepared(base, self.act) as world:
            outcome = in_child(act)
            problem = judge(world, self.act, outcome)
            note = _answer(outcome)
            full = f"{self.act.name} seed {self.seed}: {name}"
            return Case(full, Verdict.of(problem), problem, "errors", note=note)


def plans(
    seeds: range, kills: int, errors: int, rounds: int, only: str | None = None
) -> list[Plan | Seams]:
    return [
        plan
        for seed in seeds
        for name in LAYER_ACTS
        if only in (None, name)
        for plan in (
            Plan(ACTS[name], seed, kills, errors),
            Seams(ACTS[name], seed, rounds),
        )
    ]
