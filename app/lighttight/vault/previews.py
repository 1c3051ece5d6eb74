"""`previews.db`: thumbnails under a key of their own. May be deleted at any time.

Losing a preview loses nothing, so this store is fast where the catalog is careful
(`synchronous=NORMAL`), and a damaged one is thrown away and made anew. What it must never do is
leave a picture readable, so it is encrypted like the catalog and deletes securely.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import apsw

from lighttight.errors import Environment, Integrity, Refused
from lighttight.files import PART
from lighttight.files import durable as files
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.model import ItemId
from lighttight.vault import schema
from lighttight.vault.catalog import (
    GRACE,
    connect,
    copy_into,
    remove_database,
    translating,
    truncate_log,
)

FAILPOINTS.declare("previews.copied", "previews.committed", "previews.renamed")


class Previews:
    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._lock = threading.RLock()
        self._closed = False
        self._database = self._connect()

    def _connect(self) -> apsw.Connection:
        try:
            return self._prepared()
        except (Integrity, Refused):
            # Damaged, of another vault, or a link to somewhere else: not worth a question.
            remove_database(self._path)
            return self._prepared()

    def _prepared(self) -> apsw.Connection:
        database = connect(self._path, self._key, create=True)
        try:
            with translating(self._path):
                database.pragma("synchronous", 1)
                database.execute(schema.PREVIEWS)
        except BaseException:
            database.close()
            raise
        return database

    def get(self, item: ItemId) -> bytes | None:
        return self.get_many([item]).get(item)

    def get_many(self, items: Iterable[ItemId]) -> dict[ItemId, bytes]:
        """JPEG bytes of those that have a preview, in one look-up."""
        found: dict[ItemId, bytes] = {}
        with self._usable() as database:
            for item in items:
                row = database.execute(
                    "SELECT picture FROM previews WHERE item = ?", (bytes.fromhex(item),)
                ).fetchone()
                if row is not None:
                    found[item] = row[0]
        return found

    def put(self, item: ItemId, picture: bytes) -> None:
        with self._usable() as database:
            database.execute(
                "INSERT INTO previews VALUES (?, ?)"
                " ON CONFLICT (item) DO UPDATE SET picture = excluded.picture",
                (bytes.fromhex(item), picture),
            )

    def remove(self, items: Iterable[ItemId]) -> bool:
        """Remove, and empty the write-ahead log. False while another reader keeps it busy."""
        with self._usable() as database:
            database.executemany(
                "DELETE FROM previews WHERE item = ?", [(bytes.fromhex(one),) for one in items]
            )
            return truncate_log(database)

    def renew(self, key: bytes, commit: Callable[[], None]) -> None:
        """Write everything anew under `key`; `commit` makes it the key that counts.

        Only where no other session has the vault open. A stop between the two leaves a store that
        does not open, which is one that was lost: it is made anew.
        """
        fresh = self._path.with_name(self._path.name + PART)
        with self._usable() as database:
            remove_database(fresh)
            try:
                copy_into(database, fresh, key)
                failpoint("previews.copied")
                commit()
            except BaseException:
                remove_database(fresh)
                raise
            self._key = key
            failpoint("previews.committed")
            database.close()
            try:
                remove_database(self._path)
                with files.translating(self._path):
                    fresh.rename(self._path)
                failpoint("previews.renamed")
            finally:
                self._database = self._connect()

    def items(self) -> set[ItemId]:
        with self._usable() as database:
            return {ItemId(row[0].hex()) for row in database.execute("SELECT item FROM previews")}

    @contextlib.contextmanager
    def _usable(self) -> Generator[apsw.Connection]:
        with self._lock:
            if self._closed:
                raise Environment("vault-locked")
            try:
                with translating(self._path):
                    yield self._database
            finally:
                if self._closed:
                    # It was locked while this thread had its turn, and could not wait for the end.
                    self._database.close()
                    self._key = b""

    def close(self) -> None:
        self._closed = True
        if self._lock.acquire(timeout=GRACE):
            try:
                with contextlib.suppress(apsw.Error):
                    self._database.close()
            finally:
                self._lock.release()
        self._key = b""
