"""Room on the disk that belongs to the vault: given back when there is no other.

Each opening is recorded inside, and SQLite shares memory between processes through a file: on a
disk without a free block a vault could not be opened, not even to delete something from it for
good. So a file of a megabyte stands beside the catalog, of random bytes, because a disk that
compresses would keep nothing for zeros. An opening that finds the disk full removes it and tries
once more; a later one makes it again where there is room for much more than that.

It is never read and means nothing. A crash leaves it there, not there, or unfinished under another
name, which goes when it is made again. (`app/docs/decisions/0057-a-megabyte-for-a-full-disk.md`)
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from lighttight.errors import Environment
from lighttight.files import PART, translating, write_durably

T = TypeVar("T")

NAME: Final = "reserve"
SIZE: Final = 1 << 20
AMPLE: Final = 64 << 20
"""Bytes that stay free beside it when it is made: importing leaves as many."""


def stands(vault: Path) -> bool:
    return os.path.lexists(vault / NAME)


def keep(vault: Path) -> None:
    """Make it where it is missing and there is ample room; an opening never fails over it."""
    place = vault / NAME
    with contextlib.suppress(Environment, OSError):
        if not stands(vault) and shutil.disk_usage(vault).free >= SIZE + AMPLE:
            # Not left to the sweep, which spares everything in a vault that was just restored.
            for unfinished in vault.glob(f"{NAME}.*{PART}"):
                unfinished.unlink(missing_ok=True)
            write_durably(place, secrets.token_bytes(SIZE))


def with_room(vault: Path, attempt: Callable[[], T]) -> T:
    """What `attempt` answers: at the first try, or on a full disk at one without the reserve.

    Raises Environment("vault-disk-full") where there is none to give back any more.
    """
    while True:
        try:
            with translating(vault):
                return attempt()
        except Environment as error:
            if error.code != "disk-full":
                raise
            if not give_back(vault):
                raise Environment("vault-disk-full", path=str(vault), needed=SIZE) from error


def give_back(vault: Path) -> bool:
    """Whether there was one. Its room is free now, for whoever is first."""
    try:
        (vault / NAME).unlink()
    except OSError:
        return False
    return True
