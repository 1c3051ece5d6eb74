"""How every scenario measures: interleaved, warmed up, medians with their spread, and said aloud.

Rules, so that a number means something:

- Contenders take turns within one round, and each round begins with another one, so that a machine
  that gets slower does so for all of them.
- One round is thrown away as a warm-up. Dirty pages are written out before each turn, so that
  nobody pays for what the one before left behind.
- Seven rounds or more; the median counts, and the least and the most are printed beside it.
- What the processors did for other programs meanwhile is measured too, and printed.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import platform
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

MIB = 1 << 20
GIB = 1 << 30

Turn = Callable[[], float]
"""Does the work once and answers the seconds that count."""


class Verdict(msgspec.Struct, frozen=True):
    """A number that was promised, beside the one that was found. `met` is None without one."""

    what: str
    target: str
    measured: str
    met: bool | None


class Table(msgspec.Struct, frozen=True):
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Outcome(msgspec.Struct, frozen=True):
    verdicts: tuple[Verdict, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    curves: dict[str, tuple[tuple[int, float], ...]] = {}
    """Milliseconds against the number of items."""


class Taken(msgspec.Struct, frozen=True):
    """An outcome with where and when it was measured; what is kept between runs."""

    scenario: str
    title: str
    outcome: Outcome
    when: str
    quick: bool
    seconds: float
    machine: str
    others: float
    """Share of all processors that other programs used meanwhile, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a scenario is given. `directory` is its own, empty, on the disk that is measured."""

    directory: Path
    quick: bool
    say: Callable[[str], None]

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 7


def interleaved(
    turns: dict[str, Turn],
    rounds: int,
    say: Callable[[str], None],
    before: Callable[[], None] = lambda: None,
) -> dict[str, list[float]]:
    """Seconds of each contender in each round, after one round of warming up.

    Each round has an order of its own, always the same for the same round: whoever always came
    after the heaviest one would pay for what that one left behind. `before` is done ahead of each
    turn, whosever it is, and does not count.
    """
    names = list(turns)
    found: dict[str, list[float]] = {name: [] for name in names}
    for index in range(rounds + 1):
        for name in random.Random(index).sample(names, len(names)):
            os.sync()
            before()
            seconds = turns[name]()
            if index:
                found[name].append(seconds)
        if index:
            said = ", ".join(f"{name} {found[name][-1]:.3f}" for name in names)
            say(f"round {index}/{rounds}: {said} s")
    return found


@contextlib.contextmanager
def timed(into: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        into.append(time.perf_counter() - start)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """Median, and in brackets the least and the most."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{form.format(middle)} ({form.format(low)}–{form.format(high)})"


def rates(seconds: Sequence[float], amount: float) -> list[float]:
    return [amount / one for one in seconds]


def program(name: str) -> str | None:
    """Where a peer is installed; None, and the table says so, where it is not."""
    return shutil.which(name)


def quietly(*command: str | os.PathLike[str], **environment: str) -> None:
    """Run a peer; its failure ends the scenario, since a number without work is worse than none."""
    subprocess.run(
        [os.fspath(part) for part in command],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        timeout=170,
    )


def sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_through(path: Path) -> None:
    """Bring a file into the page cache, so that every contender reads it from there."""
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(4 * MIB)
        while file.readinto(buffer):
            pass


def touch_memory(size: int) -> None:
    """Have `size` bytes of free memory be there in truth, not only by name.

    A virtual machine's host takes back what the guest has freed (free page reporting), and giving
    it again costs at the first touch: more than a second for 1 GiB on the machine measured. Without
    this, whoever happens to be given such pages pays for them, cp as well as we.
    """
    room = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        for offset in range(0, size, mmap.PAGESIZE):
            room[offset] = 1
    finally:
        room.close()


def version_of(*command: str) -> str:
    """The first line that a program says of itself."""
    found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return (found.stdout or found.stderr).strip().splitlines()[0]


# The machine ------------------------------------------------------------------------------


def machine(directory: Path) -> str:
    """One line: processor, memory, file system, kernel, Python."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB memory, {file_system(directory)}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def file_system(directory: Path) -> str:
    """The type of the file system that a folder is on, as the kernel lists it."""
    place = directory.resolve()
    best, kind = "", "unknown file system"
    with contextlib.suppress(OSError):
        for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
            _, mounted, type_, *_ = line.split()
            if place.is_relative_to(mounted) and len(mounted) >= len(best):
                best, kind = mounted, type_
    return kind


class Others:
    """How much of the processors other programs used while a scenario ran."""

    def __init__(self) -> None:
        self._busy, self._own, self._start = _busy(), _own(), time.monotonic()

    def share(self) -> float:
        passed = (time.monotonic() - self._start) * (os.cpu_count() or 1)
        used = (_busy() - self._busy) - (_own() - self._own)
        return max(0.0, used / passed) if passed else 0.0


def _busy() -> float:
    """Seconds spent in programs. Not in the kernel, which writes out what we wrote."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    except OSError:
        return _own()
    user, nice, *_ = (int(one) for one in fields)
    return (user + nice) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Seconds of this process and of the children that it has waited for."""
    spent = os.times()
    return spent.user + spent.children_user


# Memory -----------------------------------------------------------------------------------


def resident(pid: int) -> int:
    """Resident bytes of a process, shared pages included; 0 when it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> list[int]:
    """A process and everything that descends from it."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def family_resident(pid: int) -> int:
    return sum(resident(one) for one in family(pid))
