"""Layer 1: the process is killed at the n-th step of an act, and again while it recovers."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from lighttight.files import failpoints
from tests.support.faults.acts import ACTS, Act
from tests.support.faults.bugs import seeded
from tests.support.faults.campaign import Case, Verdict
from tests.support.faults.children import Outcome, Tell, in_child
from tests.support.faults.soundness import insist, insist_at_once, is_vault, recover
from tests.support.faults.worlds import World, build, tear_down

Told = list[dict[str, Any]]


def kill_at(step: int) -> None:
    """From now on, die at the `step`-th failpoint that is reached, in whatever thread."""
    turn = threading.Lock()
    left = step

    def hook(_: str) -> None:
        nonlocal left
        with turn:
            left -= 1
            if left == 0:
                _die()

    failpoints.arm(hook)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def count_steps(act: Callable[[Tell, Callable[[], None]], Any]) -> tuple[Outcome, list[str]]:
    """Run `act` whole in a child: what it told, and the names of its failpoints in order."""

    def counted(tell: Tell) -> Any:
        seen: list[str] = []
        act(tell, lambda: failpoints.arm(seen.append))
        failpoints.disarm()
        return seen

    outcome = in_child(counted)
    if outcome.problem:
        raise AssertionError(f"not even without a kill: {outcome.problem}")
    return outcome, outcome.answer


def run_killed(world: World, act: Act, step: int, bug: str | None = None) -> Outcome:
    def killed(tell: Tell) -> None:
        with seeded(bug, tell):
            act.run(world, tell, lambda: kill_at(step))

    return in_child(killed)


def recover_killed(world: World, step: int) -> Outcome:
    def killed(_: Tell) -> None:
        kill_at(step)
        recover(world)

    return in_child(killed)


def aftermath(world: World, act: Act, told: Told, *, again: bool = False) -> str | None:
    """Recover and look at everything; then, if asked, do the act again. The problem, or None."""

    def after(_: Tell) -> None:
        insist_at_once(world, told)
        if act.name == "restore" and not is_vault(world.vault):
            # An interrupted restoring is gone on with by the person, who tries it again.
            act.run(world, lambda _, **facts: None, lambda: None)
        recover(world)
        insist(world, act.name, told)

    problem = in_child(after).problem
    if problem or not again or not act.again:
        return problem
    repeated = in_child(lambda tell: act.run(world, tell, lambda: None))
    told = [*told, *repeated.told]
    problem = repeated.problem or in_child(after).problem
    return f"done again: {problem}" if problem else None


@dataclass(frozen=True, slots=True)
class Plan:
    """All kills of one act in one world; `steps` of 0 are all of them. After `recoveries` of them,
    a share, the recovery is killed as well."""

    act: Act
    seed: int
    steps: int = 0
    recoveries: float = 0
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        world = build(self.seed, more=self.act.furnish)
        try:
            with self._copied(world) as rehearsal:
                _, names = count_steps(lambda tell, ready: self._rehearse(rehearsal, tell, ready))
            chance = random.Random(f"{self.act.name} {self.seed}")
            every = list(range(1, len(names) + 1))
            chosen = (
                every
                if not self.steps
                else sorted(chance.sample(every, min(self.steps, len(every))))
            )
            for step in chosen:
                yield self._kill(world, step, names[step - 1], chance)
                if chance.random() < self.recoveries:
                    yield from self._kill_recovery(world, step, names[step - 1], chance)
        finally:
            tear_down(world)

    @contextlib.contextmanager
    def _copied(self, base: World) -> Iterator[World]:
        with base.copied() as copy:
            self.act.prepare(copy)
            yield replace(copy, **self.act.world)

    def _rehearse(self, world: World, tell: Tell, ready: Callable[[], None]) -> None:
        with seeded(self.bug, tell):
            self.act.run(world, tell, ready)

    def _name(self, step: int, point: str) -> str:
        return f"{self.act.name} seed {self.seed} step {step} ({point})"

    def _kill(self, base: World, step: int, point: str, chance: random.Random) -> Case:
        with self._copied(base) as world:
            outcome = run_killed(world, self.act, step, self.bug)
            name = self._name(step, point)
            if not outcome.killed:
                # Two workers take turns as they like, and the last steps may come fewer.
                return Case(name, Verdict.NOT_REACHED, outcome.problem)
            problem = aftermath(world, self.act, outcome.told, again=chance.random() < 0.25)
            return Case(name, Verdict.of(problem), problem)

    def _kill_recovery(
        self, base: World, step: int, point: str, chance: random.Random
    ) -> Iterator[Case]:
        """Kill the act, then the recovery at a step of its own, then recover in peace."""
        with self._copied(base) as world:
            outcome = run_killed(world, self.act, step, self.bug)
            if not outcome.killed:
                return
            with world.copied() as rehearsal:
                _, names = count_steps(lambda _, ready: (ready(), recover(rehearsal)))
            if not names:
                return
            at = chance.randint(1, len(names))
            second = recover_killed(world, at)
            name = f"{self._name(step, point)}, recovery {at} ({names[at - 1]})"
            if not second.killed:
                yield Case(name, Verdict.NOT_REACHED, second.problem)
                return
            problem = aftermath(world, self.act, outcome.told)
            yield Case(name, Verdict.of(problem), problem, layer="recovery")


def plans(seeds: range, steps: int, recoveries: float, only: str | None = None) -> list[Plan]:
    return [
        Plan(act, seed, steps, recoveries)
        for seed in seeds
        for act in ACTS.values()
        if only in (None, act.name)
    ]
