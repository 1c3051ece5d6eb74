"""Layer 4: bytes that somebody changed, cut, swapped, or put back as they were before.

What may come of it: an error of ours, or a vault in which everything is as it was. Anything else,
a picture with other bytes, an album that is missing, a crash, is an acceptance, and there may be
none. The keyring is out of the attacker's reach, so the newest anchor stands in it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lighttight.errors import Integrity, LighttightError
from lighttight.model import Scope, View
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import checking, refusals
from lighttight.vault.creating import create
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.faults.acts import preview_of
from tests.support.faults.bugs import seeded
from tests.support.faults.campaign import Case, Verdict
from tests.support.faults.children import Child, Tell, in_child
from tests.support.faults.pages import FRAME_HEADER, LOG_HEADER, PAGE
from tests.support.faults.soundness import read, require
from tests.support.faults.worlds import (
    Opened,
    World,
    build,
    digest,
    opened,
    tear_down,
    temporary,
)
from tests.support.objects import add_object
from tests.support.vaults import KEYRING

BATCH = 200
BLOB_PREFIX = 56
SEALED_CHUNK = 16_384 + 16
RECORD = 144

Change = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Attack:
    """`wants` is the code of the error that has to come, where it has to come."""

    name: str
    change: Change
    wants: tuple[str, ...] = ()


def seen(home: Opened) -> dict[str, Any]:
    """All that a person could see of the vault, for comparing."""
    library, vault = home.library, home.vault
    places = {scope: View(scope) for scope in Scope if scope is not Scope.ALBUM}
    shown = {scope.value: library.timeline(view) for scope, view in places.items()}
    albums = library.albums.all()
    shown |= {one.name: library.timeline(View(Scope.ALBUM, one.id)) for one in albums}
    shown |= {word: library.timeline(View(text=word)) for word in ("lake", "picture3", "summer")}
    ids = home.item_ids()
    return {
        "items": [library.item(one) for one in ids],
        "bytes": {one: digest(read(home, one)) for one in ids},
        "shown": shown,
        "counts": replace(library.counts(), recent=0),
        "albums": albums,
        "tags": library.marks.tags(),
        "labels": library.labels(ids),
        # Their time is that of the entry, to within the act: it is left out.
        "copies": {
            one: [replace(copy, since=0) for copy in home.record.copies_of(one)] for one in ids
        },
        "settings": vault.catalog.query("SELECT name, value FROM settings ORDER BY name"),
        "title": vault.title,
        "slots": vault.slots,
        "confirmed": vault.recovery_confirmed,
        "previews": library.previews(ids),
    }


def use(world: World) -> dict[str, Any]:
    """Open, settle in, look at everything: as somebody does who suspects nothing."""
    vault = open_vault(world.vault, Offer(), world.store)
    home = Opened(vault)
    try:
        home.care.settle_in()
        return seen(home)
    finally:
        vault.release()


def judge(world: World, attack: Attack, before: dict[str, Any]) -> tuple[str | None, str]:
    """The problem, if the attack was accepted, and what came of it."""
    try:
        attack.change(world)
        now = use(world)
    except LighttightError as error:
        if attack.wants and error.code not in attack.wants:
            return f"answered {error.code}, wanted {attack.wants}", error.code
        return None, error.code
    except Exception as error:  # noqa: BLE001 - an error of a library is what is looked for
        last = traceback.format_exc().strip().splitlines()[-4:]
        return f"{type(error).__name__}: {error} | " + " | ".join(map(str.strip, last)), "untyped"
    if attack.wants:
        return f"not noticed, wanted {attack.wants}", "accepted"
    if now["previews"].items() <= before["previews"].items():
        # They may be lost, never others.
        now = {**now, "previews": before["previews"]}
    for key, value in before.items():
        if now[key] != value:
            return f"accepted: {key} differ: {now[key]} for {value}"[:600], "accepted"
    return None, "unaffected"


def attacked(world: World, attacks: list[Attack], bug: str | None = None) -> Iterator[Case]:
    """Each attack on a copy of its own."""

    def work(tell: Tell) -> None:
        with seeded(None, tell), world.copied() as copy:
            before = use(copy)
        with seeded(bug, tell):
            for number, attack in enumerate(attacks):
                tell("begun", number=number)
                with world.copied() as copy:
                    problem, note = judge(copy, attack, before)
                tell("done", number=number, problem=problem, note=note)

    yield from _heard(Child(work).finish(900), attacks)


def _heard(outcome: Any, attacks: list[Attack]) -> Iterator[Case]:
    for one in outcome.told:
        if one["kind"] == "done":
            name = attacks[one["number"]].name
            yield Case(name, Verdict.of(one["problem"]), one["problem"], note=one["note"])
    if outcome.problem:
        last = [attacks[one["number"]].name for one in outcome.told if one["kind"] == "begun"]
        yield Case(last[-1] if last else "?", Verdict.FAILED, f"crash: {outcome.problem}")


def batches(attacks: list[Attack]) -> Iterator[list[Attack]]:
    for start in range(0, len(attacks), BATCH):
        yield attacks[start : start + BATCH]


# A vault with something of everything -----------------------------------------------------


def furnish(world: World, home: Opened) -> None:
    """Albums, tags, captions, a copy outside, a trashed item, previews."""
    ids = home.item_ids()
    for one in ids:
        home.vault.previews.put(one, preview_of(one))
    album = home.library.albums.create("Summer")
    home.library.albums.add(album, ids[:2])
    home.library.marks.tag(ids, "lake")
    home.library.marks.caption(ids[0], "picture3 by the lake")
    home.egress.export_originals(ids[:1], world.outgoing, screen="test")
    home.library.trash.put(ids[-1:])


def build_world(seed: int, *, items: int = 3) -> World:
    world = build(seed, items=items, more=furnish)

    def refused(_: Tell) -> None:
        vault = open_vault(world.vault, Offer(), world.store)
        header = vault.header
        vault.close()
        for number in range(2):
            refusals.note(world.vault, header, (), 1_700_000_000_000 + number)

    outcome = in_child(refused)
    require(outcome.problem is None, str(outcome.problem))
    return world


def with_log(seed: int) -> World:
    """A world whose newest changes stand in the log only, as after a crash."""
    world = build_world(seed)

    def crash(_: Tell) -> None:
        vault = open_vault(world.vault, Offer(), world.store)
        for number in range(3):
            change(vault, f"logged {number}")
        vault.settle()
        os.kill(os.getpid(), signal.SIGKILL)

    require(in_child(crash).killed, "the crash did not happen")
    require((log_of(world)).stat().st_size > 0, "nothing stands in the log")
    return world


def change(vault: Vault, text: str) -> None:
    with vault.transaction() as tx:
        tx.execute("INSERT OR REPLACE INTO settings VALUES ('note', ?)", (text,))
        tx.record(EntryKind.SETTING_CHANGED, {Field.SETTING: "note", Field.VALUE: text})


def log_of(world: World) -> Path:
    return world.vault / "catalog.1.db-wal"


# Changes ----------------------------------------------------------------------------------


def flip(name: str, bit: int) -> Change:
    def act(world: World) -> None:
        path = world.vault / name
        with path.open("r+b") as file:
            file.seek(bit // 8)
            byte = file.read(1)[0]
            file.seek(bit // 8)
            file.write(bytes([byte ^ (1 << bit % 8)]))

    return act


def cut(name: str, length: int) -> Change:
    def act(world: World) -> None:
        path = world.vault / name
        with path.open("r+b") as file:
            file.truncate(length)

    return act


def files_of(world: World) -> list[str]:
    return sorted(
        str(path.relative_to(world.vault))
        for path in world.vault.rglob("*")
        if path.is_file() and path.name != "lock" and not path.name.endswith("-shm")
    )


def flips(world: World, chance: random.Random, count: int) -> list[Attack]:
    """Every bit of the small files first, where `count` allows; then chance, by kind of file."""
    sizes = {name: (world.vault / name).stat().st_size * 8 for name in files_of(world)}
    small = [name for name in sizes if name in ("header", "header.copy", "refused")]
    large = [name for name in sizes if name not in small and sizes[name]]
    every = [(name, bit) for name in small for bit in range(sizes[name])]
    chosen = every if len(every) * 2 <= count else chance.sample(every, min(count // 2, len(every)))
    rest = count - len(chosen)
    for _ in range(rest):
        name = chance.choice(large)
        chosen.append((name, chance.randrange(sizes[name])))
    return [Attack(f"{kind(name)}: bit {bit} of {name}", flip(name, bit)) for name, bit in chosen]


def kind(name: str) -> str:
    return "blob" if name.startswith("blobs/") else Path(name).name


def cuts(world: World) -> list[Attack]:
    """Each file cut at every boundary of its structure, one byte before it and one after."""
    attacks: list[Attack] = []
    for name in files_of(world):
        data = (world.vault / name).read_bytes()
        edges = _boundaries(name, data)
        lengths = {edge + by for edge in edges for by in (-1, 0, 1)}
        attacks += [
            Attack(f"{kind(name)}: {name} cut to {length}", cut(name, length))
            for length in sorted(lengths)
            if 0 <= length < len(data)
        ]
    return attacks


def _boundaries(name: str, data: bytes) -> set[int]:
    end = len(data)
    if name.startswith("blobs/"):
        return {0, 24, BLOB_PREFIX, end, *range(BLOB_PREFIX, end, SEALED_CHUNK)}
    if name.endswith("-wal"):
        frames = range(LOG_HEADER, end, FRAME_HEADER + PAGE)
        return {0, end, *frames, *(start + FRAME_HEADER for start in frames)}
    if name.endswith(".db"):
        return {0, end, *range(0, end, PAGE)}
    if name == "refused":
        return {0, end, *range(0, end, RECORD)}
    return {0, end, *(at + 1 for at, byte in enumerate(data) if byte == 10)}


# Plans ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bits:
    """`count` bits flipped, one at a time, in the world of a seed; with a log or without."""

    seed: int
    count: int
    log: bool = False
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        world = with_log(self.seed) if self.log else build_world(self.seed)
        try:
            for some in batches(flips(world, random.Random(self.seed), self.count)):
                yield from attacked(world, some, self.bug)
        finally:
            tear_down(world)


@dataclass(frozen=True, slots=True)
class BlobBits:
    """Bits of blobs alone, checked without opening the vault each time: many in little time."""

    seed: int
    count: int

    def cases(self) -> Iterator[Case]:
        world = build_world(self.seed)
        try:
            outcome = Child(lambda tell: self._work(world, tell)).finish(3600)
            problem = outcome.problem or (outcome.answer or {}).get("problem")
            done = (outcome.answer or {}).get("done", 0)
            name = f"blob bits of seed {self.seed}"
            yield Case(name, Verdict.of(problem), problem, weight=done, note="blob-damaged")
        finally:
            tear_down(world)

    def _work(self, world: World, tell: Tell) -> dict[str, Any]:
        chance = random.Random(self.seed)
        done = 0
        with opened(world) as home:
            held = [sealed for _, sealed in checking.all_objects(home.vault)]
            for sealed in [chance.choice(held) for _ in range(self.count)]:
                path = home.vault.blobs.path(sealed.id)
                bit = chance.randrange(sealed.sealed * 8)
                name = str(path.relative_to(world.vault))
                flip(name, bit)(world)
                for act in (home.vault.blobs.verify, _read_all(home)):
                    try:
                        act(sealed)
                    except Integrity:
                        continue
                    return {"problem": f"accepted: bit {bit} of a blob", "done": done}
                flip(name, bit)(world)
                done += 1
        return {"problem": None, "done": done}


def _read_all(home: Opened) -> Callable[[Any], None]:
    def act(sealed: Any) -> None:
        with home.vault.blobs.open(sealed) as reader:
            reader.read(0, reader.size)
            # The bit may be in the padding, which no one reads in this way: the stream does.
            if reader.size < sealed.sealed - BLOB_PREFIX - 16:
                for _ in home.vault.blobs.stream(sealed):
                    pass

    return act


@dataclass(frozen=True, slots=True)
class Cuts:
    seed: int
    log: bool = False
    most: int = 0

    def cases(self) -> Iterator[Case]:
        world = with_log(self.seed) if self.log else build_world(self.seed)
        try:
            attacks = cuts(world)
            if self.most:
                attacks = random.Random(self.seed).sample(attacks, min(self.most, len(attacks)))
            for some in batches(attacks):
                yield from attacked(world, some)
        finally:
            tear_down(world)


def told_by(name: str, work: Callable[[Path, Tell], None]) -> Iterator[Case]:
    """The cases that `work` tells of, in a child and a folder of its own."""
    with temporary() as root:
        outcome = Child(lambda tell: work(root, tell)).finish(900)
        for one in outcome.told:
            yield Case(one["name"], Verdict.of(one["problem"]), one["problem"])
        if outcome.problem:
            yield Case(name, Verdict.FAILED, outcome.problem)


@dataclass(frozen=True, slots=True)
class Swaps:
    """Twenty blobs of one length; each put in the place of each other."""

    seed: int
    bug: str | None = None
    blobs: int = 20

    def cases(self) -> Iterator[Case]:
        yield from told_by("swaps", self._work)

    def _work(self, root: Path, tell: Tell) -> None:
        world = World(root, self.seed)
        chance = random.Random(self.seed)
        with seeded(self.bug, tell):
            vault = create(world.vault, "Home", (KEYRING,), world.store).vault
            made = [add_object(vault, chance.randbytes(3000)) for _ in range(self.blobs)]
            data = {sealed.id: vault.blobs.path(sealed.id).read_bytes() for _, sealed in made}
            for _, here in made:
                for _, there in made:
                    if here is not there:
                        vault.blobs.path(here.id).write_bytes(data[there.id])
                        problem = self._problem(vault, here)
                        tell("swap", name=f"{there.id} for {here.id}", problem=problem)
                vault.blobs.path(here.id).write_bytes(data[here.id])
            vault.close()

    def _problem(self, vault: Vault, here: Any) -> str | None:
        damage = {one.item for one in checking.verify(vault, deep=True).damage}
        if len(damage) != 1:
            return f"damage named {len(damage)} times"
        try:
            vault.blobs.open(here).close()
        except Integrity:
            return None
        return "a reader accepted it"


@dataclass(frozen=True, slots=True)
class Keys:
    """As `Swaps`, with the key of the other object as well: only the context speaks against it."""

    seed: int
    bug: str | None = None
    blobs: int = 6

    def cases(self) -> Iterator[Case]:
        yield from told_by("keys", self._work)

    def _work(self, root: Path, tell: Tell) -> None:
        world = World(root, self.seed)
        chance = random.Random(self.seed)
        with seeded(self.bug, tell):
            vault = create(world.vault, "Home", (KEYRING,), world.store).vault
            made = [add_object(vault, chance.randbytes(3000))[1] for _ in range(self.blobs)]
            data = {sealed.id: vault.blobs.path(sealed.id).read_bytes() for sealed in made}
            for here in made:
                for there in made:
                    if here is there:
                        continue
                    vault.blobs.path(here.id).write_bytes(data[there.id])
                    problem: str | None = "a blob opened under another object's id"
                    try:
                        vault.blobs.verify(replace(here, key=there.key))
                    except Integrity:
                        problem = None
                    tell("swap", name=f"{there.id} as {here.id}", problem=problem)
                vault.blobs.path(here.id).write_bytes(data[here.id])
            vault.close()


@dataclass(frozen=True, slots=True)
class States:
    """States of the whole vault, each put back while the keyring knows the newest."""

    seed: int
    count: int = 50
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        world = build_world(self.seed)
        try:
            with temporary() as folder:
                self._live(world, folder)
                attacks = [
                    Attack(
                        f"state {number} of {self.count} put back",
                        _put_back(folder / f"{number}"),
                        ("vault-older",),
                    )
                    for number in range(self.count)
                ]
                yield from attacked(world, attacks, self.bug)
        finally:
            tear_down(world)

    def _live(self, world: World, folder: Path) -> None:
        def live(_: Tell) -> None:
            for number in range(self.count):
                shutil.copytree(world.vault, folder / f"{number}")
                vault = open_vault(world.vault, Offer(), world.store)
                if number % 10 == 9:
                    vault.add_way(KEYRING) if len(vault.slots) < 8 else change(vault, "x")
                else:
                    change(vault, f"{number}")
                vault.close()

        problem = in_child(live, patience=300).problem
        require(problem is None, str(problem))


def _put_back(old: Path) -> Change:
    def act(world: World) -> None:
        shutil.rmtree(world.vault)
        shutil.copytree(old, world.vault)

    return act


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages of the catalog as they were before, put back one at a time into the newest."""

    seed: int
    changes: int = 12
    most: int = 0
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        world = build_world(self.seed)
        try:
            with temporary() as folder:
                old = self._live(world, folder)
                newest = (world.vault / "catalog.1.db").read_bytes()
                attacks: dict[tuple[int, bytes], Attack] = {}
                for number, data in enumerate(old):
                    for at in range(0, min(len(data), len(newest)), PAGE):
                        page = data[at : at + PAGE]
                        if page != newest[at : at + PAGE]:
                            name = f"page {at // PAGE} as of change {number}"
                            attacks.setdefault((at, page), Attack(name, _page(at, page)))
                chosen = list(attacks.values())
                if self.most:
                    chosen = random.Random(self.seed).sample(chosen, min(self.most, len(chosen)))
                for some in batches(chosen):
                    yield from attacked(world, some, self.bug)
        finally:
            tear_down(world)

    def _live(self, world: World, folder: Path) -> list[bytes]:
        def live(_: Tell) -> None:
            chance = random.Random(self.seed)
            vault = open_vault(world.vault, Offer(), world.store)
            home = Opened(vault)
            for number in range(self.changes):
                require(vault.catalog.checkpoint(), "busy")
                shutil.copy(world.vault / "catalog.1.db", folder / f"{number}")
                self._change(home, world, number, chance)
            vault.close()

        problem = in_child(live, patience=300).problem
        require(problem is None, str(problem))
        return [(folder / f"{number}").read_bytes() for number in range(self.changes)]

    def _change(self, home: Opened, world: World, number: int, chance: random.Random) -> None:
        """The kinds of changes that somebody would like to undo in silence."""
        ids = home.item_ids()
        match number % 7:
            case 0:
                change(home.vault, f"protective {number}")
            case 1:
                home.library.trash.put(ids[number % 2 : number % 2 + 1])
            case 2:
                home.egress.export_originals(ids[1:2], world.outgoing, screen="test")
            case 3:
                home.library.marks.caption(ids[1], f"picture{number} by the lake")
            case 4:
                add_object(home.vault, chance.randbytes(500), f"picture{number}.jpg")
            case 5:
                home.library.trash.purge(ids[:1])
            case _:
                home.library.albums.create(f"Album {number}")


def _page(at: int, page: bytes) -> Change:
    def act(world: World) -> None:
        with (world.vault / "catalog.1.db").open("r+b") as file:
            file.seek(at)
            file.write(page)

    return act


@dataclass(frozen=True, slots=True)
class Singles:
    """Attacks that are made once: a log taken away, a catalog of another vault, older headers."""

    seed: int
    bug: str | None = None

    def cases(self) -> Iterator[Case]:
        logged = with_log(self.seed)
        try:
            gone = Attack("the log is taken away", _unlink_log, ("vault-older",))
            yield from attacked(logged, [gone], self.bug)
        finally:
            tear_down(logged)
        world, other = build_world(self.seed), build_world(self.seed + 1)
        try:
            with temporary() as folder:
                for name in ("header", "header.copy"):
                    shutil.copy(world.vault / name, folder / name)
                outcome = in_child(lambda _: _add_way(world))
                require(outcome.problem is None, str(outcome.problem))
                foreign = (other.vault / "catalog.1.db").read_bytes()
                attacks = [
                    Attack("another vault's catalog", _file("catalog.1.db", foreign)),
                    Attack("another vault's header", _headers(other.vault)),
                    Attack("the header before", _headers(folder), ("vault-older",)),
                    Attack("an empty catalog", _file("catalog.1.db", b""), ("catalog-damaged",)),
                    Attack("the header's copy before", _old_copy(folder)),
                    Attack("no header, the copy before", _only_old(folder), ("vault-older",)),
                ]
                yield from attacked(world, attacks, self.bug)
        finally:
            tear_down(world)
            tear_down(other)


def _unlink_log(world: World) -> None:
    log_of(world).unlink()


def _add_way(world: World) -> None:
    with opened(world) as home:
        home.vault.add_way(KEYRING)


def _file(name: str, data: bytes) -> Change:
    def act(world: World) -> None:
        (world.vault / name).write_bytes(data)

    return act


def _headers(source: Path) -> Change:
    first, second = (source / "header").read_bytes(), (source / "header.copy").read_bytes()

    def act(world: World) -> None:
        (world.vault / "header").write_bytes(first)
        (world.vault / "header.copy").write_bytes(second)

    return act


def _old_copy(source: Path) -> Change:
    return _file("header.copy", (source / "header.copy").read_bytes())


def _only_old(source: Path) -> Change:
    old = (source / "header.copy").read_bytes()

    def act(world: World) -> None:
        (world.vault / "header").unlink()
        (world.vault / "header.copy").write_bytes(old)

    return act
