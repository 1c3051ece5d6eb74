"""A new blob until a row names it: room for it beforehand, taken back where it came to nothing.

Whoever stores an original (an import, sealing again) does so in these steps, and an error in the
middle of a commit is where a picture could be lost: so they stand here once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lighttight.errors import Environment, LighttightError
from lighttight.sealed.blob import sealed_size
from lighttight.sealed.padme import padme
from lighttight.vault.blobs import SealedObject
from lighttight.vault.vault import Vault

RESERVE: Final = 64 << 20
"""Bytes that are left free: the catalog needs room to note what was saved."""


def insist_on_room(vault: Vault, size: int) -> None:
    """Raise Environment("disk-low") where an object of this size would leave too little free."""
    needed = sealed_size(padme(size)) + RESERVE
    try:
        free = shutil.disk_usage(vault.path).free
    except OSError as error:
        raise Environment("vault-gone", path=os.fspath(vault.path)) from error
    if free < needed:
        raise Environment("disk-low", needed=needed, free=free, missing=needed - free)


def is_full(error: LighttightError) -> bool:
    """Whether "disk-low" means that not even the smallest object fits, and not only this one."""
    free = error.facts.get("free")
    return isinstance(free, int) and free < RESERVE


@dataclass(slots=True)
class Unnamed:
    """A new blob. `naming` is set as the last step before the commit of the row that names it."""

    naming: bool = False


@contextlib.contextmanager
def unnamed(vault: Vault, sealed: SealedObject) -> Iterator[Unnamed]:
    """Removes the blob when the block ends, unless a row names it, or may name it, by then."""
    blob = Unnamed()
    try:
        yield blob
    except BaseException as error:
        if not blob.naming or _surely_undone(error):
            _take_back(vault, sealed)
        raise
    if not blob.naming:
        _take_back(vault, sealed)


def _surely_undone(error: BaseException) -> bool:
    """Whether a commit that failed so cannot be found to have succeeded after all.

    A full disk or a busy catalog is noticed before the commit is written. After anything else,
    a failed fsync above all, the row may stand on the disk, and its blob must too.
    """
    return isinstance(error, Environment) and error.code in {"disk-full", "catalog-busy"}


def _take_back(vault: Vault, sealed: SealedObject) -> None:
    # What cannot be removed is a left-over without a name or a key, and is swept later; the error
    # that brought us here is the one to report.
    with contextlib.suppress(Environment):
        vault.blobs.remove(sealed.id)
