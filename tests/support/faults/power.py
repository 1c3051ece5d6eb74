"""Layer 3: the current goes while an act is under way.

A kill loses nothing that was written; a power cut loses whatever was not synced, in any part and
any order. So an act is recorded once, call by call, and then every prefix of it is looked at: the
disk as it might be found when the current went there. The model is as unkind as the standard
allows:

- of the bytes written to a file since its last fsync, any of the writes may be there or not, and
  each may be torn at 512 bytes;
- of the names made, moved and removed in a directory since *its* last fsync, any may be there or
  not, so that a file that was synced can still be without a name;
- a file's fsync does nothing for its name;
- what the program told before that moment was promised.

The recording is of the system calls themselves, so it holds what SQLite writes as well as what
Python does. The shared-memory file is written through a mapping and is not in it; a system that
comes up again may find anything there, so rubbish is put there.
The keyring is another program's affair and keeps what it has said that it kept.
"""

from __future__ import annotations

import hashlib
import json
import random
import stat
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from tests.support.faults.acts import ACTS, Act
from tests.support.faults.bugs import seeded
from tests.support.faults.campaign import Case, Verdict
from tests.support.faults.children import Child, Tell
from tests.support.faults.soundness import insist, is_vault, recover
from tests.support.faults.tracing import Call, calls, may_be_traced, run_traced, string
from tests.support.faults.worlds import World, build, tear_down, temporary

SECTOR = 512
BATCH = 64
TRACED = (
    "openat,open,creat,close,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,"
    "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,"
    "sendto,copy_file_range,sendfile,dup,dup2,dup3,lseek"
)
LAYER_ACTS = (
    *("import", "purge", "rotate", "seal-again", "backup", "export"),
    *("backup-again", "restore", "remove-originals", "add-way", "change", "create", "mend"),
)


@dataclass(slots=True, eq=False)
class Node:
    """A file or a directory, whatever its names. `base` is what was on the disk at the start."""

    number: int
    directory: bool
    base: bytes = b""
    names: dict[str, Node] = field(default_factory=dict)
    """Of a directory: what was in it at the start."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change. Of a file: `data` at `offset`, or a new length. Of a directory: names that are
    given a node, or None for taken away."""

    node: Node
    begun: int
    ended: int
    offset: int = 0
    data: bytes | None = None
    names: tuple[tuple[str, Node | None], ...] = ()
    grows: bool = False
    """The length is a least one: room was asked for."""


@dataclass(slots=True)
class Recording:
    """Everything an act did to the disk below one directory, and what it told when."""

    root: Node
    steps: list[Step] = field(default_factory=list)
    syncs: list[tuple[Node, int, int]] = field(default_factory=list)
    told: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)


def record(world: World, act: Act, bug: str | None = None) -> Recording:
    """Run `act` in `world` under strace and read the log."""
    disk = _Disk(world.root)

    def acted(tell: Tell) -> None:
        may_be_traced()
        with seeded(bug, tell):
            act.run(world, tell, lambda: None)

    with temporary() as folder:
        log = folder / "trace"
        options = ["-xx", "-s", "16000000", "-o", str(log), "-e", f"trace={TRACED}"]
        outcome = run_traced(acted, [*options, "-e", "signal=none"])
        if outcome.problem:
            raise AssertionError(f"not even with the current on: {outcome.problem}")
        for call in calls(log):
            disk.see(call)
    if len(disk.recording.told) != len(outcome.told):
        raise AssertionError("what was told is not in the recording")
    return disk.recording


class _Disk:
    """Reads calls, and knows which file is meant."""

    def __init__(self, root: Path) -> None:
        self._path = root
        self._count = 0
        self.recording = Recording(self._scan(root))
        self._now: dict[int, dict[str, Node]] = {}
        self._files: dict[int, tuple[Node, int]] = {}
        self._folders: dict[int, str] = {}

    def _scan(self, path: Path) -> Node:
        self._count += 1
        if stat.S_ISDIR(path.lstat().st_mode):
            node = Node(self._count, directory=True)
            node.names = {one.name: self._scan(one) for one in path.iterdir()}
            return node
        return Node(self._count, directory=False, base=path.read_bytes())

    def _names(self, directory: Node) -> dict[str, Node]:
        return self._now.setdefault(directory.number, dict(directory.names))

    def _find(self, path: str) -> tuple[Node, str, Node | None] | None:
        """Directory, last part and node of an absolute path; None outside the world."""
        try:
            parts = PurePosixPath(path).relative_to(self._path).parts
        except ValueError:
            return None
        here = self.recording.root
        for part in parts[:-1]:
            inner = self._names(here).get(part)
            if inner is None:
                return None
            here = inner
        if not parts:
            return here, "", here
        return here, parts[-1], self._names(here).get(parts[-1])

    def _absolute(self, directory: str, path: str) -> str:
        text = string(path).decode()
        if text.startswith("/") or directory == "AT_FDCWD":
            return text
        return f"{self._folders.get(int(directory), '/nowhere')}/{text}"

    def see(self, call: Call) -> None:
        handler = getattr(self, f"_{call.name}", None)
        if handler is not None:
            handler(call, *call.arguments)

    # Opening ------------------------------------------------------------------------------

    def _openat(self, call: Call, folder: str, path: str, flags: str, *_: str) -> None:
        where = self._absolute(folder, path)
        found = self._find(where)
        self._files.pop(call.result, None)
        self._folders.pop(call.result, None)
        if found is None:
            return
        parent, name, node = found
        if "O_TMPFILE" in flags:
            self._count += 1
            self._files[call.result] = (Node(self._count, directory=False), 0)
            return
        if node is None:
            self._count += 1
            node = Node(self._count, directory=False)
            self._name(call, parent, ((name, node),))
        elif "O_TRUNC" in flags:
            self._step(call, node, offset=0)
        if node.directory:
            self._folders[call.result] = where
        self._files[call.result] = (node, 0)

    def _close(self, _: Call, fd: str) -> None:
        self._files.pop(int(fd), None)
        self._folders.pop(int(fd), None)

    # Writing ------------------------------------------------------------------------------

    def _step(self, call: Call, node: Node, *, offset: int = 0, data: bytes | None = None) -> None:
        self.recording.steps.append(Step(node, call.begun, call.ended, offset, data))
        self.recording.moments.append(call.ended)

    def _write(self, call: Call, fd: str, data: str, _: str) -> None:
        if int(fd) not in self._files:
            return
        node, at = self._files[int(fd)]
        self._step(call, node, offset=at, data=string(data)[: call.result])
        self._files[int(fd)] = (node, at + call.result)

    def _pwrite64(self, call: Call, fd: str, data: str, _: str, offset: str) -> None:
        if int(fd) in self._files:
            node, _at = self._files[int(fd)]
            self._step(call, node, offset=int(offset), data=string(data)[: call.result])

    def _ftruncate(self, call: Call, fd: str, size: str) -> None:
        if int(fd) in self._files:
            self._step(call, self._files[int(fd)][0], offset=int(size))

    def _fallocate(self, call: Call, fd: str, mode: str, offset: str, size: str) -> None:
        if int(fd) in self._files:
            if mode != "0":
                raise AssertionError(f"fallocate with mode {mode} is not understood here")
            node, end = self._files[int(fd)][0], int(offset) + int(size)
            self.recording.steps.append(Step(node, call.begun, call.ended, end, grows=True))
            self.recording.moments.append(call.ended)

    def _unknown(self, call: Call, fd: str, *_: str) -> None:
        if fd.isdigit() and int(fd) in self._files:
            raise AssertionError(f"{call.name} is not understood here")

    _writev = _pwritev = _sendfile = _copy_file_range = _dup = _dup2 = _unknown

    def _fsync(self, call: Call, fd: str) -> None:
        if int(fd) in self._files:
            self.recording.syncs.append((self._files[int(fd)][0], call.begun, call.ended))
            self.recording.moments.append(call.ended)

    _fdatasync = _fsync

    # Names --------------------------------------------------------------------------------

    def _name(self, call: Call, parent: Node, names: tuple[tuple[str, Node | None], ...]) -> None:
        now = self._names(parent)
        for name, node in names:
            if node is None:
                now.pop(name, None)
            else:
                now[name] = node
        self.recording.steps.append(Step(parent, call.begun, call.ended, names=names))
        self.recording.moments.append(call.ended)

    def _renameat(self, call: Call, d1: str, old: str, d2: str, new: str, *_: str) -> None:
        source, target = self._find(self._absolute(d1, old)), self._find(self._absolute(d2, new))
        if source is None or target is None or source[2] is None:
            return
        if source[0] is target[0]:
            self._name(call, source[0], ((target[1], source[2]), (source[1], None)))
        else:
            self._name(call, target[0], ((target[1], source[2]),))
            self._name(call, source[0], ((source[1], None),))

    _renameat2 = _renameat

    def _rename(self, call: Call, old: str, new: str) -> None:
        self._renameat(call, "AT_FDCWD", old, "AT_FDCWD", new)

    def _unlinkat(self, call: Call, folder: str, path: str, *_: str) -> None:
        found = self._find(self._absolute(folder, path))
        if found is not None and found[2] is not None:
            self._name(call, found[0], ((found[1], None),))

    def _unlink(self, call: Call, path: str) -> None:
        self._unlinkat(call, "AT_FDCWD", path)

    _rmdir = _unlink

    def _mkdirat(self, call: Call, folder: str, path: str, *_: str) -> None:
        found = self._find(self._absolute(folder, path))
        if found is not None:
            self._count += 1
            self._name(call, found[0], ((found[1], Node(self._count, directory=True)),))

    def _mkdir(self, call: Call, path: str, *_: str) -> None:
        self._mkdirat(call, "AT_FDCWD", path)

    def _linkat(self, call: Call, d1: str, old: str, d2: str, new: str, *_: str) -> None:
        text = string(old).decode()
        target = self._find(self._absolute(d2, new))
        if target is None:
            return
        if text.startswith("/proc/self/fd/"):
            node = self._files[int(text.rpartition("/")[2])][0]
        else:
            source = self._find(self._absolute(d1, old))
            if source is None or source[2] is None:
                return
            node = source[2]
        self._name(call, target[0], ((target[1], node),))

    def _link(self, call: Call, old: str, new: str) -> None:
        self._linkat(call, "AT_FDCWD", old, "AT_FDCWD", new)

    # Promises -----------------------------------------------------------------------------

    def _sendto(self, call: Call, _: str, data: str, *__: str) -> None:
        for line in string(data)[: call.result].splitlines():
            words = json.loads(line)
            if "kind" in words:
                self.recording.told.append((call.ended, words))
                self.recording.moments.append(call.ended)


# States -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loss:
    """How much survives of what was not synced: of writes, of names; whether writes tear."""

    writes: float
    names: float
    torn: float = 0.0


LOSSES = (
    Loss(0, 0),
    Loss(1, 1),
    Loss(0, 1),
    Loss(1, 0),
    Loss(0.5, 0.5, 0.3),
    Loss(0.8, 0.5, 0.2),
    Loss(0.2, 0.8, 0.5),
    Loss(0.5, 1, 1.0),
)


def write_state(
    recording: Recording, moment: int, loss: Loss, chance: random.Random, target: Path
) -> str:
    """Make at `target` the disk as found after the current went at `moment`; answers its digest."""
    synced: dict[int, int] = {}
    for node, begun, ended in recording.syncs:
        if ended <= moment:
            synced[node.number] = max(begun, synced.get(node.number, -1))
    by_node: dict[int, list[Step]] = {}
    for step in recording.steps:
        if step.ended <= moment:
            by_node.setdefault(step.node.number, []).append(step)
    seal = hashlib.sha256()

    def survives(step: Step) -> bool:
        if step.ended < synced.get(step.node.number, -1):
            return True
        return chance.random() < (loss.names if step.node.directory else loss.writes)

    def content(node: Node) -> bytes:
        data = bytearray(node.base)
        for step in by_node.get(node.number, ()):
            durable = step.ended < synced.get(node.number, -1)
            if not survives(step):
                continue
            if step.data is None:
                if not step.grows:
                    del data[step.offset :]
                data.extend(bytes(step.offset - len(data)))
                continue
            _put(data, step, chance, 0.0 if durable else loss.torn)
        return bytes(data)

    def directory(node: Node) -> dict[str, Node]:
        names = dict(node.names)
        for step in by_node.get(node.number, ()):
            if survives(step):
                for name, inner in step.names:
                    if inner is None:
                        names.pop(name, None)
                    else:
                        names[name] = inner
        return names

    def lay_out(node: Node, path: Path) -> None:
        seal.update(str(path.relative_to(target)).encode() + b"\0")
        if node.directory:
            path.mkdir()
            for name, inner in sorted(directory(node).items()):
                if name.startswith("keys.json"):
                    continue
                lay_out(inner, path / name)
            return
        data = content(node)
        if path.name.endswith("-shm"):
            data = chance.randbytes(32_768) if chance.random() < 0.5 else b""
        else:
            seal.update(len(data).to_bytes(8) + data)
        path.write_bytes(data)

    lay_out(recording.root, target)
    (target / "keys.json").write_bytes(_keyring(recording, moment))
    return seal.hexdigest()


def _put(data: bytearray, step: Step, chance: random.Random, torn: float) -> None:
    written = step.data or b""
    end = step.offset + len(written)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    if chance.random() >= torn:
        data[step.offset : end] = written
        return
    for start in range(0, len(written), SECTOR):
        if chance.random() < 0.5:
            part = written[start : start + SECTOR]
            data[step.offset + start : step.offset + start + len(part)] = part


def _keyring(recording: Recording, moment: int) -> bytes:
    """The keyring's file as of `moment`: its own program keeps what it has confirmed."""
    names = dict(recording.root.names)
    contents = {node.number: bytearray(node.base) for node in names.values() if not node.directory}
    for step in recording.steps:
        if step.ended > moment:
            break
        if step.node is recording.root:
            for name, node in step.names:
                if node is None:
                    names.pop(name, None)
                else:
                    names[name] = node
        elif step.data is not None and not step.node.directory:
            data = contents.setdefault(step.node.number, bytearray(step.node.base))
            _put(data, step, random.Random(0), 0.0)
    node = names.get("keys.json")
    return b"{}" if node is None else bytes(contents.get(node.number, b"")) or b"{}"


# Cases ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """`states` of one act in one world, spread over all its moments; 0 is every moment with every
    loss."""

    act: Act
    seed: int
    states: int = 0
    bug: str | None = None
    rounds: int = 1

    def cases(self) -> Iterator[Case]:
        base = build(self.seed, more=self.act.furnish)
        try:
            with base.copied() as copy:
                self.act.prepare(copy)
                world = replace(copy, **self.act.world)
                recording = record(world, self.act, self.bug)
                yield from self._looked_at(world, recording)
        finally:
            tear_down(base)

    def _looked_at(self, world: World, recording: Recording) -> Iterator[Case]:
        chance = random.Random(f"{self.act.name} {self.seed}")
        moments = [-1, *sorted(set(recording.moments))]
        wanted = [
            (moment, loss, turn)
            for turn in range(self.rounds)
            for moment in moments
            for loss in LOSSES
            if turn == 0 or 0 < loss.writes < 1
        ]
        if self.states:
            wanted = sorted(
                chance.sample(wanted, min(self.states, len(wanted))), key=lambda one: one[0]
            )
        seen: set[str] = set()
        for start in range(0, len(wanted), BATCH):
            yield from self._batch(world, recording, wanted[start : start + BATCH], seen)

    def _batch(
        self,
        world: World,
        recording: Recording,
        wanted: list[tuple[int, Loss, int]],
        seen: set[str],
    ) -> Iterator[Case]:
        def look(tell: Tell) -> list[str]:
            for moment, loss, turn in wanted:
                name = f"{self.act.name} seed {self.seed} moment {moment} {loss} turn {turn}"
                with temporary() as folder:
                    chance = random.Random(name)
                    seal = write_state(recording, moment, loss, chance, folder / "w")
                    told = [words for ended, words in recording.told if ended <= moment]
                    key = f"{seal} {len(told)}"
                    if key in seen:
                        continue
                    seen.add(key)
                    tell("begun", name=name)
                    problem = _look(replace(world, root=folder / "w"), self.act, told)
                    tell("looked", name=name, problem=problem)
            return sorted(seen)

        outcome = Child(look).finish(600)
        for one in outcome.told:
            if one["kind"] == "looked":
                yield Case(one["name"], Verdict.of(one["problem"]), one["problem"])
        if outcome.problem:
            last = outcome.told[-1]["name"] if outcome.told else "the first state"
            yield Case(last, Verdict.FAILED, outcome.problem)
        else:
            seen.update(outcome.answer)


def _look(world: World, act: Act, told: list[dict[str, Any]]) -> str | None:
    told = [_at_home(words, world) for words in told]
    try:
        if act.name == "restore" and not is_vault(world.vault):
            act.run(world, lambda _, **facts: None, lambda: None)
        recover(world)
        insist(world, act.name, told)
    except Exception as error:  # noqa: BLE001 - reported as the problem of this state
        last = traceback.format_exc().strip().splitlines()[-6:]
        return f"{type(error).__name__}({error}): " + " | ".join(line.strip() for line in last)
    return None


def _at_home(words: dict[str, Any], world: World) -> dict[str, Any]:
    """Paths in what was told lead into the world as it is laid out now."""
    if "path" not in words:
        return words
    inner = PurePosixPath(words["path"]).parts[-2:]
    return {**words, "path": str(world.root.joinpath(*inner))}


def plans(seeds: range, states: int, only: str | None = None, rounds: int = 1) -> list[Plan]:
    return [
        Plan(ACTS[name], seed, states, rounds=rounds)
        for seed in seeds
        for name in LAYER_ACTS
        if only in (None, name)
    ]
