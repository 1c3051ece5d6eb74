"""Durable and safe work with files: what the vault is written with, and what comes and goes.

Three stories, one module each, under one name:

- `durable`: bytes are on the disk when a function returns, or an error says that they are not;
- `failpoints`: named places at which tests stop the process, and where nothing happens otherwise.

Nothing here knows what a vault is beyond a directory's look.
"""

from __future__ import annotations

from lighttight.files import failpoints
from lighttight.files.durable import (
    PART,
    copy_file_durably,
    drop_cached_pages,
    read_bounded,
    sync_directory,
    sync_file,
    translate,
    translating,
    write_all,
    write_durably,
)
from lighttight.files.failpoints import failpoint

__all__ = [
    "PART",
    "copy_file_durably",
    "drop_cached_pages",
    "failpoint",
    "failpoints",
    "read_bounded",
    "sync_directory",
    "sync_file",
    "translate",
    "translating",
    "write_all",
    "write_durably",
]
