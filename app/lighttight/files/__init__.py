"""Durable and safe work with files: what the vault is written with, and what comes and goes.

Five stories, one module each, under one name:

- `durable`: bytes are on the disk when a function returns, or an error says that they are not;
- `failpoints`: named places at which tests stop the process, and where nothing happens otherwise;
- `source`: files that come in, found and opened without being led astray;
- `names`: names that are safe to create and harmless to show;
- `target`: files that go out, created in a folder of the person's and never over another file.

Nothing here knows what a vault is beyond the look of its directory.
"""

from __future__ import annotations

from lighttight.files import failpoints
from lighttight.files.durable import (
    PART,
    copy_file_durably,
    drop_cached_pages,
    read_bounded,
    reserve,
    sync_directory,
    sync_file,
    translate,
    translating,
    write_all,
    write_durably,
)
from lighttight.files.failpoints import failpoint
from lighttight.files.names import display_name, safe_name
from lighttight.files.source import Identity, Problem, SourceFile, open_source, walk
from lighttight.files.target import OpenedFile, create_exclusively

__all__ = [
    "PART",
    "Identity",
    "OpenedFile",
    "Problem",
    "SourceFile",
    "copy_file_durably",
    "create_exclusively",
    "display_name",
    "drop_cached_pages",
    "failpoint",
    "failpoints",
    "open_source",
    "read_bounded",
    "reserve",
    "safe_name",
    "sync_directory",
    "sync_file",
    "translate",
    "translating",
    "walk",
    "write_all",
    "write_durably",
]
