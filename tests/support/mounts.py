"""Disks of their own for a few commands: small ones and read-only ones, really mounted.

In a mount namespace that ends with the test, so nothing stays mounted whatever happens. Where the
system does not let one be made (a container, a hardened kernel) the tests that want it are skipped.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Mounted:
    """`before` goes before a command that is to see the disk; `there` is the same place for us."""

    before: list[str]
    there: Path


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Mounted]:
    """An empty disk of that size at `place`."""
    with _mounted(place, f'mount -t tmpfs -o size={megabytes}m none "$1"') as mounted:
        yield mounted


@contextmanager
def read_only(place: Path) -> Iterator[Mounted]:
    """What is at `place`, on a disk that takes no writing."""
    with _mounted(place, 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"') as mounted:
        yield mounted


@contextmanager
def _mounted(place: Path, mount: str) -> Iterator[Mounted]:
    root = os.geteuid() == 0
    script = f"{mount} && echo ready && exec cat"
    with subprocess.Popen(
        ["unshare", "-m" if root else "-rm", "sh", "-c", script, "sh", str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        if holder.stdout.readline() != "ready\n":
            pytest.skip("mounting is not allowed here")
        enter = ["nsenter", "-t", str(holder.pid), "-m"]
        try:
            yield Mounted(
                enter if root else [*enter, "-U", "--preserve-credentials"],
                Path(f"/proc/{holder.pid}/root{place}"),
            )
        finally:
            holder.stdin.close()
