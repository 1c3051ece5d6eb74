"""Defects on purpose: what a hurried change could make of the program.

Each replaces one step by a plausible wrong one, for as long as the context lasts and in this
process only. `Bug.layer` names the campaign that must notice.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import apsw

from lighttight.files import durable
from lighttight.library import importing
from lighttight.sealed.anchor import Verdict
from lighttight.sharing import egress
from lighttight.vault import anchoring, blobs, catalog, rotation
from lighttight.vault import vault as vaults
from tests.support.faults.children import Tell

Install = Callable[[Tell], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Bug:
    """`act` is the act in which it shows, where the layer has acts."""

    name: str
    layer: str
    act: str
    install: Install


def _acknowledged_before_commit(tell: Tell) -> AbstractContextManager[object]:
    insert = importing._insert

    def early(vault: Any, tx: Any, coming: Any, album: Any) -> None:
        insert(vault, tx, coming, album)
        tell("saved", item=coming.item)

    return mock.patch.object(importing, "_insert", early)


@contextlib.contextmanager
def _row_before_blob(_: Tell) -> Iterator[None]:
    """The blob gets its name only after the transaction that speaks of it."""
    rename = blobs.Path.rename
    waiting: list[tuple[Any, Any]] = []
    writing = catalog.Catalog.writing

    def later(path: Any, target: Any) -> Any:
        if target.parent.parent.name == "blobs":
            waiting.append((path, target))
            return target
        return rename(path, target)

    @contextlib.contextmanager
    def then(self: Any) -> Iterator[Any]:
        with writing(self) as tx:
            yield tx
        while waiting:
            rename(*waiting.pop())

    with (
        mock.patch.object(blobs.Path, "rename", later),
        mock.patch.object(blobs.BlobStore, "verify"),
        mock.patch.object(catalog.Catalog, "writing", then),
    ):
        yield


def _no_checkpoint_at_purge(_: Tell) -> AbstractContextManager[object]:
    return mock.patch.object(catalog.Catalog, "checkpoint", return_value=True)


def _header_before_catalog(_: Tell) -> AbstractContextManager[object]:
    """Rotation names the new catalog before it is a catalog."""
    copy = rotation._copy_catalog

    def late(vault: Any, target: Any, key: bytes) -> Any:
        vault.replace_header(vault.header.slots, vault.header.catalog + 1, vault.master)
        return copy(vault, target, key)

    return mock.patch.object(rotation, "_copy_catalog", late)


def _old_removed_first(_: Tell) -> AbstractContextManager[object]:
    """Rotation removes the old catalog before the header names the new one."""
    durable = rotation._make_durable

    def early(fresh: Any, path: Any) -> None:
        durable(fresh, path)
        old = path.with_name(f"catalog.{int(path.name.split('.')[1]) - 1}.db")
        rotation.remove_database(old)

    return mock.patch.object(rotation, "_make_durable", early)


def _intent_after_the_bytes(_: Tell) -> AbstractContextManager[object]:
    save, intend = egress._save_original, egress._intend
    waiting: list[Callable[[], object]] = []

    def later(*args: Any, **more: Any) -> int:
        waiting.append(lambda: intend(*args, **more))
        return 0

    def first(*args: Any, **more: Any) -> Any:
        saved = save(*args, **more)
        while waiting:
            waiting.pop()()
        return saved

    return _both(
        mock.patch.object(egress, "_intend", later),
        mock.patch.object(egress, "_save_original", first),
    )


def _original_removed_unchecked(_: Tell) -> AbstractContextManager[object]:
    """Imports with removing take the original away before the row is there."""
    insert = importing._insert

    def early(vault: Any, tx: Any, coming: Any, album: Any) -> None:
        coming.source.path.unlink()
        insert(vault, tx, coming, album)

    return mock.patch.object(importing, "_insert", early)


@contextlib.contextmanager
def _both(*patches: AbstractContextManager[object]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        yield


def _no_fsync(of_directories: bool) -> Install:
    sync = os.fsync

    def some(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode) != of_directories:
            sync(fd)

    return lambda _: mock.patch.object(os, "fsync", some)


def _synchronous_off(_: Tell) -> AbstractContextManager[object]:
    connect = catalog.connect

    def careless(*args: Any, **more: Any) -> apsw.Connection:
        database = connect(*args, **more)
        database.pragma("synchronous", 0)
        return database

    return mock.patch.object(catalog, "connect", careless)


def _header_not_synced(_: Tell) -> AbstractContextManager[object]:
    return mock.patch.object(durable, "sync_file")


def _no_read_back(_: Tell) -> AbstractContextManager[object]:
    stream = blobs.BlobStore._stream

    def unread(self: Any, path: Any, *args: Any) -> Iterator[memoryview]:
        return iter(()) if path.name.endswith(blobs.PART) else stream(self, path, *args)

    return mock.patch.object(blobs.BlobStore, "_stream", unread)


def _anchor_not_checked(_: Tell) -> AbstractContextManager[object]:
    return mock.patch.object(anchoring, "judge", return_value=Verdict.CURRENT)


def _root_not_recomputed(_: Tell) -> AbstractContextManager[object]:
    return mock.patch.object(catalog.Catalog, "recompute", catalog.Catalog.state)


def _context_ignored(_: Tell) -> AbstractContextManager[object]:
    return mock.patch.object(blobs, "blob_context", return_value=b"the same for all")


def _stale_header(_: Tell) -> AbstractContextManager[object]:
    return mock.patch.object(vaults.Vault, "catch_up")


def _deferred_begin(_: Tell) -> AbstractContextManager[object]:
    """The state is read before the lock for writing is held."""
    writing = catalog.Catalog.writing

    @contextlib.contextmanager
    def hasty(self: Any) -> Iterator[Any]:
        read = self._read_state
        seen = self.state()
        self._read_state = lambda *_: seen
        try:
            with writing(self) as tx:
                self._read_state = read
                yield tx
        finally:
            self._read_state = read

    return mock.patch.object(catalog.Catalog, "writing", hasty)


BUGS = {
    bug.name: bug
    for bug in (
        Bug("acknowledged before the commit", "kills", "import", _acknowledged_before_commit),
        Bug("row before the blob", "kills", "add", _row_before_blob),
        Bug("no checkpoint at purge", "kills", "purge", _no_checkpoint_at_purge),
        Bug("header before its catalog", "kills", "rotate", _header_before_catalog),
        Bug("old catalog removed first", "kills", "rotate", _old_removed_first),
        Bug("intent after the bytes", "kills", "export", _intent_after_the_bytes),
        Bug("original removed too soon", "kills", "import", _original_removed_unchecked),
        Bug("files not synced", "power", "import", _no_fsync(False)),
        Bug("directories not synced", "power", "import", _no_fsync(True)),
        Bug("header not synced", "power", "rotate", _header_not_synced),
        Bug("catalog with synchronous off", "power", "import", _synchronous_off),
        Bug("no read-back", "injected", "import", _no_read_back),
        Bug("anchor not checked", "hostile", "states", _anchor_not_checked),
        Bug("state root not recomputed", "hostile", "pages", _root_not_recomputed),
        Bug("context not bound", "hostile", "keys", _context_ignored),
        Bug("stale header", "crowds", "ways", _stale_header),
        Bug("state read before the lock", "crowds", "work", _deferred_begin),
    )
}


@contextlib.contextmanager
def seeded(name: str | None, tell: Tell) -> Iterator[None]:
    """Run the block with one defect, or with none."""
    with contextlib.nullcontext() if name is None else BUGS[name].install(tell):
        yield
