"""One file of 1 GiB, sealed, fsynced, and read back and opened whole; beside four peers.

What counts is `BlobStore.write`, with the two digests that an import computes on the way. The
peers write and sync but do not read back: none of them offers it. The source comes from the page
cache for everybody, and so does our reading back. Before each turn four times the file's size of
free memory is touched, so that nobody pays for memory that the host of a virtual machine took back.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from blake3 import blake3

from lighttight.model import VaultId
from lighttight.vault.blobs import BlobStore
from lighttight.vault.pipeline import Watch
from tests.benchmarks.harness import (
    MIB,
    Outcome,
    Setting,
    Table,
    Turn,
    Verdict,
    interleaved,
    program,
    quietly,
    rates,
    read_through,
    spread,
    sync,
    touch_memory,
    version_of,
)

TITLE = "Sealing one large file"


class FileChunks:
    """A file as an import reads it."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._fd).st_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        return os.preadv(self._fd, [buffer], offset)

    def close(self) -> None:
        os.close(self._fd)


def run(setting: Setting) -> Outcome:
    size = (64 if setting.quick else 1024) * MIB
    source = setting.directory / "source"
    with source.open("wb") as file:
        for _ in range(size // (4 * MIB)):
            file.write(os.urandom(4 * MIB))
    sync(source)
    read_through(source)
    with ExitStack() as stack:
        turns, absent, versions = _contenders(setting.directory, source, stack)
        seconds = interleaved(
            turns, setting.rounds, setting.say, before=lambda: touch_memory(4 * size)
        )
    megabytes = size / MIB
    rows = [
        (name, spread(taken), spread(rates(taken, megabytes), "{:.0f}"))
        for name, taken in seconds.items()
    ]
    rows += [(name, "not installed here", "") for name in absent]
    ours = statistics.median(seconds["Lighttight"])
    verdicts = [
        _verdict("`cp` and fsync", "0.50", ours, seconds.get("cp + fsync"), 0.5),
        _verdict("`age -r`", "1.20", ours, seconds.get("age -r + fsync"), 1.2),
        _verdict(
            "`cp` and fsync, a pipeline over two cores",
            "0.80",
            ours,
            seconds.get("cp + fsync"),
            0.8,
        ),
    ]
    return Outcome(
        tuple(verdicts),
        (Table((f"{megabytes:.0f} MiB", "seconds", "MiB/s"), tuple(rows)),),
        ("Peers: " + "; ".join(versions) + ".",),
    )


def _verdict(
    what: str, target: str, ours: float, peer: list[float] | None, least: float
) -> Verdict:
    text = f"≥ {target} × {what}"
    if peer is None:
        return Verdict(text, target, "peer not installed", None)
    ratio = statistics.median(peer) / ours
    return Verdict(
        f"sealing, speed against {what}", f"≥ {target} ×", f"{ratio:.2f} ×", ratio >= least
    )


def _contenders(
    directory: Path, source: Path, stack: ExitStack
) -> tuple[dict[str, Turn], list[str], list[str]]:
    turns: dict[str, Turn] = {
        "Lighttight": _lighttight(directory / "vault", source, digests=True),
        "Lighttight without digests": _lighttight(directory / "bare", source, digests=False),
        "cp + fsync": _to_file(directory / "copy", lambda target: quietly("cp", source, target)),
    }
    absent: list[str] = []
    versions = [version_of("cp", "--version")]
    if program("age") and program("age-keygen"):
        recipient = _age_recipient(directory)
        turns["age -r + fsync"] = _to_file(
            directory / "age",
            lambda target: quietly("age", "-r", recipient, "-o", target, source),
        )
        versions.append("age " + version_of("age", "--version"))
    else:
        absent.append("age -r + fsync")
    if program("gocryptfs") and program("fusermount") and Path("/dev/fuse").exists():
        mounted = stack.enter_context(_gocryptfs(directory))
        turns["gocryptfs, cp + fsync"] = _to_file(
            mounted / "copy", lambda target: quietly("cp", source, target)
        )
        versions.append(version_of("gocryptfs", "-version"))
    else:
        absent.append("gocryptfs, cp + fsync (or FUSE)")
    if program("rclone"):
        turns["rclone crypt + fsync"] = _rclone(directory, source)
        versions.append(version_of("rclone", "version"))
    else:
        absent.append("rclone crypt + fsync")
    return turns, absent, versions


def _lighttight(directory: Path, source: Path, *, digests: bool) -> Turn:
    (directory / "blobs").mkdir(parents=True)
    store = BlobStore(directory / "blobs", VaultId("ab" * 16))

    def turn() -> float:
        keyed, plain = blake3(key=bytes(32)), hashlib.sha256()
        chunks = FileChunks(source)
        watch: Watch = keyed.update if digests else lambda _: None
        read_back: Watch = plain.update if digests else lambda _: None
        start = time.perf_counter()
        sealed = store.write(chunks, watch=watch, read_back=read_back)
        seconds = time.perf_counter() - start
        chunks.close()
        store.remove(sealed.id)
        return seconds

    return turn


def _to_file(target: Path, write: Callable[[Path], None]) -> Turn:
    def turn() -> float:
        target.unlink(missing_ok=True)
        start = time.perf_counter()
        write(target)
        sync(target)
        seconds = time.perf_counter() - start
        target.unlink()
        return seconds

    return turn


def _age_recipient(directory: Path) -> str:
    identity = directory / "identity"
    quietly("age-keygen", "-o", identity)
    for line in identity.read_text(encoding="ascii").splitlines():
        if line.startswith("# public key: "):
            return line.removeprefix("# public key: ")
    raise LookupError("age-keygen wrote no public key")


@contextmanager
def _gocryptfs(directory: Path) -> Iterator[Path]:
    cipher, plain, password = (directory / name for name in ("cipher", "plain", "password"))
    cipher.mkdir()
    plain.mkdir()
    password.write_text("benchmark\n", encoding="ascii")
    quietly("gocryptfs", "-q", "-init", "-scryptn", "10", "-passfile", password, cipher)
    # In the foreground, so that what it costs counts as ours and not as other programs'.
    daemon = subprocess.Popen(
        ["gocryptfs", "-fg", "-q", "-nosyslog", "-passfile", password, cipher, plain],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not plain.is_mount():
            if daemon.poll() is not None:
                raise ChildProcessError("gocryptfs did not mount")
            time.sleep(0.05)
        yield plain
    finally:
        if plain.is_mount():
            quietly("fusermount", "-u", plain)
        daemon.wait(timeout=10)


def _rclone(directory: Path, source: Path) -> Turn:
    held = directory / "rclone"
    held.mkdir()
    environment = {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_SECRET_TYPE": "crypt",
        "RCLONE_CONFIG_SECRET_REMOTE": os.fspath(held),
        "RCLONE_CONFIG_SECRET_PASSWORD": version_of("rclone", "obscure", "benchmark"),
    }

    def turn() -> float:
        start = time.perf_counter()
        quietly("rclone", "copyto", source, "secret:copy", **environment)
        (target,) = held.iterdir()
        sync(target)
        seconds = time.perf_counter() - start
        target.unlink()
        return seconds

    return turn
