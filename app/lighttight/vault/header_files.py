"""The two copies of the header on disk: choosing one, replacing both.

`app/docs/vault-format.md`, section 3. The copy is replaced first, so that at every moment at least
one of the two files is whole, and the larger sequence number says which is meant.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from lighttight.errors import Environment, Integrity, Refused
from lighttight.files import failpoint, read_bounded, write_durably
from lighttight.files.failpoints import FAILPOINTS
from lighttight.sealed.header import LIMIT, Chosen, choose

HEADER: Final = "header"
COPY: Final = "header.copy"

FAILPOINTS.declare("header.before-copy", "header.between", "header.written")


def read(vault: Path) -> Chosen:
    """The header in force. Raises Refused("not-a-vault") where neither file exists."""
    first, second, failed = _both(vault)
    if failed is not None and not first and not second:
        raise failed
    if first is None and second is None:
        if not vault.exists():
            raise Refused("vault-missing", path=str(vault))
        raise Refused("not-a-vault", path=str(vault))
    return choose(first, second)


def exist(vault: Path) -> bool:
    """Whether a library stands here: one of the two is enough to open it. Never raises."""
    try:
        return any((vault / name).exists() for name in (HEADER, COPY))
    except OSError:
        return False


def insist_outside(path: Path) -> None:
    """Refuse a new place inside a library or a backup of one, seen through links.

    Whatever stands there would be taken for a part of it, and swept, copied or restored with it.
    """
    for folder in Path(os.path.realpath(path)).parents:
        # Both, since a folder of somebody's program may well be called “header”.
        if exist(folder) and (folder / "blobs").is_dir():
            raise Refused("place-inside", path=str(path), library=str(folder))


def write(vault: Path, data: bytes) -> None:
    for name in (COPY, HEADER):
        # A link or a pipe is replaced by the file that belongs there; a folder cannot be.
        if (vault / name).is_dir() and not (vault / name).is_symlink():
            raise Refused("vault-has-other", path=str(vault / name))
    failpoint("header.before-copy")
    write_durably(vault / COPY, data)
    failpoint("header.between")
    write_durably(vault / HEADER, data)
    failpoint("header.written")


def are(vault: Path, data: bytes) -> bool:
    """Whether both files still hold exactly `data`: a failed `write` has changed nothing."""
    try:
        return _bytes(vault / HEADER) == _bytes(vault / COPY) == data
    except Environment:
        return False


def differ(vault: Path) -> bool:
    """Whether the two files are not the same whole bytes: something for repair to mend."""
    first, second, failed = _both(vault)
    return failed is not None or first is None or first != second


def _both(vault: Path) -> tuple[bytes | None, bytes | None, Environment | None]:
    """Both files, and what kept one from being read: a bad sector is what there are two for."""
    found: list[bytes | None] = []
    failed: Environment | None = None
    for name in (HEADER, COPY):
        try:
            found.append(_bytes(vault / name))
        except Environment as error:
            found.append(b"")
            failed = failed or error
    return found[0], found[1], failed


def _bytes(path: Path) -> bytes | None:
    """None where the file is missing or is no readable header file at all.

    A file that is too large or a symbolic link counts as unusable, not as fatal: the other copy
    may still be whole, and destroying one of the two must not be enough to lock the owner out.
    """
    try:
        return read_bounded(path, LIMIT)
    except (Refused, Integrity):
        return b""
    except Environment as error:
        if error.code in ("file-missing", "vault-gone"):
            return None
        raise
