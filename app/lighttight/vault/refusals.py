"""The file of failed unlocks: capped, sealed to a key that only the open vault has.

`app/docs/vault-format.md`, section 9. Whoever can write the file can also empty it; it tells the
owner of a clumsy try, not of a careful one.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from lighttight.errors import Environment, LighttightError
from lighttight.files import read_bounded, write_durably
from lighttight.model import Factor, VaultId
from lighttight.sealed.header import Header
from lighttight.sealed.refused import MAX_RECORDS, RECORD, FailedUnlock, open_all, seal

NAME: Final = "refused"


def note(vault: Path, header: Header, factors: tuple[Factor, ...], time_ms: int) -> None:
    """Add one failed try; the oldest stay when the file is full. Never raises.

    A disk that cannot take the note must not change what the person is told about the try.
    """
    try:
        data = _read(vault)
        if len(data) < MAX_RECORDS * RECORD:
            record = seal(header.journal, header.vault, time_ms, factors)
            write_durably(vault / NAME, data + record)
    except LighttightError:
        return


def read(vault: Path, private: bytes, vault_id: VaultId) -> tuple[list[FailedUnlock], int]:
    """Failed tries since the last opening, and how many records could not be read."""
    try:
        data = _read(vault)
    except LighttightError:
        # Overlong or not a file: somebody's doing, worth telling, never worth not opening.
        return [], 1
    return open_all(private, vault_id, data)


def clear(vault: Path) -> None:
    """Empty the file, if it can be: one that anybody can write must not keep the owner out.

    What stays is told, and recorded, once more at the next opening.
    """
    if os.path.lexists(vault / NAME):
        with contextlib.suppress(LighttightError):
            write_durably(vault / NAME, b"")


def _read(vault: Path) -> bytes:
    try:
        return read_bounded(vault / NAME, MAX_RECORDS * RECORD)
    except Environment as error:
        if error.code == "file-missing":
            return b""
        raise
