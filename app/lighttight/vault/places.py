"""What stands in the place of a file or folder of the vault, looked at before it is opened.

Whoever can write the vault's directory can put a link there that leads to somebody's other files,
or a pipe that answers nobody and never. Both are refused, with words that name the place. The
opening itself follows no links either: this look is for the words, and for what would hang.
"""

from __future__ import annotations

import stat
from pathlib import Path

from lighttight.errors import Refused
from lighttight.files import translating


def insist_on_file(path: Path) -> None:
    """Refuse anything in this place that is no file; nothing at all is for the caller to judge."""
    _insist(path, stat.S_IFREG)


def insist_on_folder(path: Path) -> None:
    """As `insist_on_file`, for a folder."""
    _insist(path, stat.S_IFDIR)


def _insist(path: Path, kind: int) -> None:
    with translating(path):
        try:
            found = stat.S_IFMT(path.lstat().st_mode)
        except FileNotFoundError:
            return
    if found == stat.S_IFLNK:
        raise Refused("vault-has-link", path=str(path))
    if found != kind:
        raise Refused("vault-has-other", path=str(path))
