"""Layer 5: several processes in one vault at once, and clocks that are wrong.

Each process works as a person would in a window of their own: importing, tagging, trashing,
exporting, adding a way in. Nothing that one of them was promised may be lost to another, the record
must verify, and whoever opens the vault next must not be told of a fork.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from lighttight.errors import Environment, LighttightError
from lighttight.library.importing import import_paths
from lighttight.sealed.entries import EntryKind
from lighttight.vault import backup as backups
from lighttight.vault import vault as vaults
from tests.support.faults.acts import ACTS
from tests.support.faults.bugs import seeded
from tests.support.faults.campaign import Case, Verdict
from tests.support.faults.children import Child, Tell, in_child
from tests.support.faults.soundness import insist, recover
from tests.support.faults.worlds import (
    Stranger,
    World,
    build,
    digest,
    opened,
    picture,
    tear_down,
)
from tests.support.objects import add_object
from tests.support.vaults import KEYRING

DOINGS = ("add", "add", "tag", "caption", "export", "trash", "settle", "way")
DAY_MS = 86_400_000
Act = Callable[[Tell], None]
BUSY = ("catalog-busy", "vault-busy", "slots-full", "keyring-hanging", "folder-full")


def at_once(acts: Sequence[Act]) -> tuple[list[dict[str, Any]], str | None]:
    """Each act in a child of its own, begun at the same moment: what was told, and a problem."""
    children = [Child(act, waits=True) for act in acts]
    for child in children:
        child.start()
    outcomes = [child.finish(300) for child in children]
    told = [words for outcome in outcomes for words in outcome.told]
    return told, next((one.problem for one in outcomes if one.problem), None)


def _work(world: World, number: int, rounds: int, tell: Tell) -> None:
    chance = random.Random(f"{world.seed} {number}")
    with opened(world) as home:
        for turn in range(rounds):
            act = chance.choice(DOINGS)
            ids = home.item_ids()
            entries = home.vault.catalog.state().frontier.size
            match act:
                case "add":
                    data = picture(chance.choice((5, 900, 20_000)), chance)
                    item, _ = add_object(home.vault, data, f"{number}-{turn}.jpg")
                    tell("saved", item=item, digest=digest(data))
                case "tag":
                    home.library.marks.tag(chance.sample(ids, 1), f"tag {number}")
                case "caption":
                    home.library.marks.caption(chance.choice(ids), f"by {number}, {turn}")
                case "export":
                    done = home.egress.export_originals(ids[:1], world.outgoing, screen="test")
                    tell("exported", item=done[0].item, path=str(done[0].path))
                case "trash":
                    home.library.trash.put(ids[-1:])
                    home.library.trash.undelete(ids[-1:])
                case "way" if turn % 4 == 0:
                    with contextlib.suppress(LighttightError):
                        tell("way", slot=home.vault.add_way(KEYRING).id)
                case _:
                    home.vault.settle()
            if home.vault.catalog.state().frontier.size < entries:
                raise AssertionError("the record grew shorter")


@dataclass(frozen=True, slots=True)
class Work:
    """`people` processes, `rounds` things each."""

    seed: int
    people: int
    rounds: int = 12
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, items=3)
        try:
            with base.copied() as world:
                told, problem = at_once([self._act(world, one) for one in range(self.people)])
                if problem is None:
                    made = {w["digest"] for w in told if w["kind"] == "saved"}
                    world = replace(world, digests=world.digests | made)
                    problem = in_child(lambda _: _look(world, told)).problem
                name = f"{self.people} processes, seed {self.seed}"
                yield Case(name, Verdict.of(problem), problem, weight=self.people)
        finally:
            tear_down(base)

    def _act(self, world: World, number: int) -> Act:
        def act(tell: Tell) -> None:
            with seeded(self.bug, tell):
                _work(world, number, self.rounds, tell)

        return act


def _look(world: World, told: list[dict[str, Any]]) -> None:
    recover(world)
    insist(world, "work", told)
    with opened(world) as home:
        size = home.vault.catalog.state().frontier.size
        rows = home.vault.catalog.query("SELECT sequence FROM entries ORDER BY sequence")
        if [row[0] for row in rows] != list(range(size)):
            raise AssertionError("the record has a gap")
        imported = home.record.entries(kinds=frozenset({EntryKind.IMPORTED}), limit=10_000)
        if len(imported) < sum(one["kind"] == "saved" for one in told):
            raise AssertionError("an entry is lost")


@dataclass(frozen=True, slots=True)
class SameFiles:
    """Several processes import the same files: each content is kept once, and nothing is lost."""

    seed: int
    people: int
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, items=1)
        try:
            with base.copied() as world:
                told, problem = at_once([self._act(world)] * self.people)
                problem = problem or in_child(lambda _: self._look(world, told)).problem
                name = f"{self.people} processes import the same, seed {self.seed}"
                yield Case(name, Verdict.of(problem), problem, weight=self.people)
        finally:
            tear_down(base)

    def _act(self, world: World) -> Act:
        def act(tell: Tell) -> None:
            with seeded(self.bug, tell):
                ACTS["import"].run(replace(world, seed=1), tell, lambda: None)

        return act

    def _look(self, world: World, told: list[dict[str, Any]]) -> None:
        recover(world)
        insist(world, "import", told)
        with opened(world) as home:
            rows = home.vault.catalog.query("SELECT count(*), count(DISTINCT digest) FROM items")
            if rows[0][0] != rows[0][1]:
                raise AssertionError("a content is kept twice")


@dataclass(frozen=True, slots=True)
class Ways:
    """Several processes add a way in at the same moment; then one rotates."""

    seed: int
    people: int = 3
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, items=1)
        try:
            with base.copied() as world:
                told, problem = at_once([self._act(world)] * self.people)
                if problem is None:
                    problem = in_child(lambda _: _look(world, told)).problem
                if problem is None:
                    rotated = in_child(lambda tell: ACTS["rotate"].run(world, tell, lambda: None))
                    problem = (
                        rotated.problem
                        or in_child(lambda _: insist(world, "rotate", rotated.told)).problem
                    )
                name = f"{self.people} processes add a way in, seed {self.seed}"
                yield Case(name, Verdict.of(problem), problem, weight=self.people)
        finally:
            tear_down(base)

    def _act(self, world: World) -> Act:
        def act(tell: Tell) -> None:
            with seeded(self.bug, tell), opened(world) as home:
                for _ in range(2):
                    tell("way", slot=home.vault.add_way(KEYRING).id)

        return act


@dataclass(frozen=True, slots=True)
class Alone:
    """Rotation, sweeping and repair while others work: they wait their turn or say who is there."""

    seed: int
    people: int = 3
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, items=2)
        try:
            with base.copied() as world:
                acts = [self._act(world, one) for one in range(self.people)]
                told, problem = at_once([*acts, self._rotating(world)])
                if problem is None:
                    made = {w["digest"] for w in told if w["kind"] == "saved"}
                    world = replace(world, digests=world.digests | made)
                    problem = in_child(lambda _: _look(world, told)).problem
                name = f"rotation beside {self.people} processes, seed {self.seed}"
                yield Case(name, Verdict.of(problem), problem, weight=self.people + 1)
        finally:
            tear_down(base)

    def _act(self, world: World, number: int) -> Act:
        def act(tell: Tell) -> None:
            with seeded(self.bug, tell):
                for turn in range(3):
                    # Opening waits for the others' rotation, and may lose the race for it.
                    with opened(world) as home:
                        chance = random.Random(f"{world.seed} {number} {turn}")
                        data = picture(2000, chance)
                        item, _ = add_object(home.vault, data, "x.jpg")
                        tell("saved", item=item, digest=digest(data))
                        home.care.settle_in()

        return act

    def _rotating(self, world: World) -> Act:
        def act(tell: Tell) -> None:
            for _ in range(6):
                try:
                    ACTS["rotate"].run(world, tell, lambda: None)
                except Environment as error:
                    if error.code not in BUSY:
                        raise

        return act


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clock is set back and forth between and during acts; nothing depends on it."""

    seed: int
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, items=2)
        try:
            with base.copied() as world:
                told: list[dict[str, Any]] = []
                problem = None
                for turn, days in enumerate((0, -400, 400, -20_000, 30_000, 0)):
                    outcome = in_child(self._act(world, turn, days))
                    problem = problem or outcome.problem
                    told += outcome.told
                made = {w["digest"] for w in told if w["kind"] == "saved"}
                world = replace(world, digests=world.digests | made)
                problem = problem or in_child(lambda _: _look(world, told)).problem
                yield Case(f"clocks, seed {self.seed}", Verdict.of(problem), problem, weight=6)
        finally:
            tear_down(base)

    def _act(self, world: World, turn: int, days: int) -> Act:
        chance = random.Random(f"{self.seed} {turn}")

        def crooked() -> int:
            return max(0, time.time_ns() // 1_000_000 + days * DAY_MS + chance.randint(-9999, 9999))

        def act(tell: Tell) -> None:
            with (
                seeded(self.bug, tell),
                mock.patch.object(vaults, "now_ms", crooked),
                mock.patch.object(backups, "now_ms", crooked),
                opened(world) as home,
            ):
                data = picture(1000, chance)
                item, _ = add_object(home.vault, data, "x.jpg")
                tell("saved", item=item, digest=digest(data))
                import_paths(home.vault, Stranger(), [world.incoming])
                home.egress.export_originals([item], world.outgoing, screen="test")
                backups.backup(home.vault, world.backup)
                home.care.settle_in()

        return act


def plans(seeds: range) -> list[Work | SameFiles | Ways | Alone | Clocks]:
    return [
        plan
        for seed in seeds
        for plan in (
            Work(seed, 2 + seed % 7),
            SameFiles(seed, 2 + seed % 4),
            Ways(seed),
            Alone(seed),
            Clocks(seed),
        )
    ]
