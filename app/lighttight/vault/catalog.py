"""The encrypted catalog: connections, transactions, and the state root kept up inside them.

`app/docs/vault-format.md`, section 6. The cipher proves that a page was written under the key; it
cannot prove that the page is the newest one. Whoever may write to the disk can put an old page
back, and tried against a plain encrypted database this made a revoked share live again with
`PRAGMA integrity_check` still answering ok. So every row of every authoritative table takes part
in a keyed multiset hash that SQLite's preupdate hook keeps up while a transaction runs. No caller
has to remember it and none can forget it.

Rules of use:
- One writer: `Catalog.writing()` is `BEGIN IMMEDIATE`, so that the frontier and the generation
  read inside belong to this transaction and to no other process.
- A write transaction that changed an authoritative row and recorded no entry is a defect in the
  caller and is rolled back.
- After SQLite reports an I/O error nothing more is written through this object: what a failed
  fsync left in the page cache cannot be known (PostgreSQL's lesson of 2018). Close and open.

Length: connections, transactions and state of one database, which are right only together.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import apsw

from lighttight import __version__
from lighttight.errors import Environment, Integrity, LighttightError, Unsupported
from lighttight.files import durable as files
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.sealed.entries import EntryKind, Field, Value, build
from lighttight.sealed.state import MultisetHash, state_root
from lighttight.sealed.tree import Frontier, leaf_hash
from lighttight.vault import schema
from lighttight.vault.places import insist_on_file

BUSY_SECONDS: Final = 10
GRACE: Final = 1.0
"""Seconds that closing gives a statement of another thread to end once it was interrupted."""
_PAUSE: Final = 0.005
_NEARLY_NOTHING: Final = 256 << 10
PAGE: Final = 4096
_BESIDE: Final = ("-wal", "-shm", "-journal")
_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_NOFOLLOW

Row = tuple[Any, ...]

FAILPOINTS.declare("catalog.before-commit", "catalog.after-commit")


@contextlib.contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, at the place where the library is called."""
    try:
        yield
    except apsw.FullError as error:
        raise Environment("disk-full", path=str(path)) from error
    except (apsw.BusyError, apsw.ProtocolError) as error:
        raise Environment("catalog-busy") from error
    except apsw.ReadOnlyError as error:
        raise Environment("not-writable", path=str(path)) from error
    except apsw.CantOpenError as error:
        raise Environment("vault-gone", path=str(path)) from error
    except apsw.IOError as error:
        # On a full disk SQLite cannot make the memory it shares between processes, and calls that
        # an I/O error. Nobody should be told to throw away a disk that is only full.
        if _is_full(path):
            raise Environment("disk-full", path=str(path)) from error
        raise Environment("disk-failed", path=str(path)) from error
    except apsw.NoMemError as error:
        raise Environment("memory-gone") from error
    except (apsw.InterruptError, apsw.ConnectionClosedError) as error:
        # Another thread locked meanwhile.
        raise Environment("vault-locked") from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise Integrity("catalog-damaged") from error


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NEARLY_NOTHING
    except OSError:
        return False


def connect(path: Path, key: bytes, *, create: bool = False) -> apsw.Connection:
    """One connection under the raw `key`, proven to open the file and to be in WAL mode."""
    for suffix in ("", *_BESIDE):
        insist_on_file(path.with_name(path.name + suffix))
    if create:
        make_private(path)
    with translating(path):
        database = apsw.Connection(str(_unlinked(path)), flags=_FLAGS)
        try:
            database.set_busy_timeout(BUSY_SECONDS * 1000)
            set_cipher(database)
            database.pragma("key", f"x'{key.hex()}'")
            # The answer is fetched and insisted on: SQLite reports a mode it could not set only
            # in this row, and without WAL every reader would stop every writer.
            if database.pragma("journal_mode", "wal") != "wal":
                raise Environment("not-writable", path=str(path))
            database.pragma("synchronous", 2)
            database.pragma("foreign_keys", 1)
            database.pragma("secure_delete", 1)
            database.pragma("temp_store", 2)
            # 16 MiB of pages: with SQLite's 2, searching in a large library decrypts the same
            # pages again and again (45 ms against 2 for a look-up among 100,000 items).
            database.pragma("cache_size", -16_384)
            database.pragma("trusted_schema", 0)
        except BaseException:
            database.close()
            raise
        return database


def _unlinked(path: Path) -> Path:
    """The same file below its real folder.

    SQLite refuses a link anywhere in the path. Inside the vault that is wanted, in place of the
    file or of its log; above it is where the person keeps it, and /home itself may be a link.
    """
    return path.parent.resolve() / path.name


def _insist_on_pages(path: Path) -> None:
    """SQLite takes a file without a whole page for a new database, and begins to write one."""
    try:
        length = path.stat().st_size
    except OSError:
        return  # opening it says what is wrong
    if length < PAGE:
        raise Integrity("catalog-damaged")


def _partial_indexes(database: apsw.Connection) -> list[tuple[str, str, str]]:
    """Name, table and condition of each. SQLite's own check finds that one lacks an entry, and
    not that it has one too many."""
    rows = database.execute("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index'")
    return [
        (name, table, sql.rpartition(" WHERE ")[2])
        for name, table, sql in rows
        if sql is not None and " WHERE " in sql
    ]


def _counted(database: apsw.Connection, index: str | None, table: str, where: str) -> int:
    by = "NOT INDEXED" if index is None else f"INDEXED BY {index}"
    query = f"SELECT count(*) FROM {table} {by} WHERE {where}"  # noqa: S608
    return next(iter(database.execute(query)))[0]


def make_private(path: Path) -> None:
    """An empty file for the owner alone; SQLite would make one that the whole computer may read."""
    with files.translating(path):
        flags = os.O_RDWR | os.O_CREAT | files.O_NOFOLLOW | files.O_BASE
        os.close(os.open(path, flags, 0o600))


def remove_database(path: Path) -> None:
    """Unlink a database and what SQLite keeps beside it; never raises for one that is gone."""
    # The database last: a log without one would be found by nobody, and stay.
    for suffix in (*_BESIDE, ""):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def set_cipher(database: apsw.Connection) -> None:
    """The sqlcipher scheme, so that its own tools are a way out; before the key, always."""
    database.pragma("cipher", "sqlcipher")
    database.pragma("legacy", 4)


def cipher_uri(path: Path, key: bytes) -> str:
    """The name under which `VACUUM INTO` writes a copy encrypted with another key."""
    return f"{_unlinked(path).as_uri()}?cipher=sqlcipher&legacy=4&key=x'{key.hex()}'"


def copy_into(database: apsw.Connection, path: Path, key: bytes) -> None:
    """Write a compact, consistent copy under `key`, over nothing. The caller makes it durable."""
    make_private(path)
    failed: LighttightError | None = None
    try:
        with translating(path):
            database.execute("VACUUM INTO ?", (cipher_uri(path, key),))
    except LighttightError as error:
        failed = error
    if failed is not None:
        # SQLite's own message repeats the name of the copy, and the key is a part of it.
        failed.__cause__ = failed.__context__ = None
        raise failed


def truncate_log(database: apsw.Connection) -> bool:
    """Move the write-ahead log into its file and empty it. False while a reader keeps it busy.

    SQLite does not wait for the disk to know that the log is empty; after a power cut it would be
    there again, with the key of what was deleted for good.
    """
    row = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row is None or row[0] != 0:
        return False
    log = Path(database.filename_wal)
    with files.translating(log), contextlib.suppress(FileNotFoundError):
        # No lock is lost by closing this one: SQLite's stand on the database and its shared memory.
        fd = os.open(log, os.O_RDWR | files.O_NOFOLLOW | files.O_BASE)
        try:
            files.sync_file(fd)
        finally:
            os.close(fd)
    return True


class State:
    """The `state` row: what the state root is computed from. Immutable outside a transaction."""

    __slots__ = ("frontier", "generation", "hash")

    def __init__(self, generation: int, multiset: MultisetHash, frontier: Frontier) -> None:
        self.generation = generation
        self.hash = multiset
        self.frontier = frontier

    def root(self, key: bytes) -> bytes:
        return state_root(
            key,
            self.generation,
            self.hash.rows,
            self.hash.encode(),
            self.frontier.size,
            self.frontier.root(),
        )


class Transaction:
    """A write in progress. Every change of the vault takes one of these."""

    def __init__(
        self,
        database: apsw.Connection,
        path: Path,
        state: State,
        random: Callable[[int], bytes],
        now_ms: Callable[[], int],
    ) -> None:
        self._database = database
        self._path = path
        self._state = state
        self._random = random
        self._now = now_ms()
        self.recorded = 0
        self.changed = False
        self.broken = False

    @property
    def generation(self) -> int:
        """The generation that this transaction will commit as."""
        return self._state.generation + 1

    @property
    def now(self) -> int:
        """Claimed time, milliseconds UTC: one for everything in this transaction."""
        return self._now

    @property
    def frontier(self) -> Frontier:
        """The tree with the entries that this transaction has recorded so far."""
        return self._state.frontier

    @property
    def random(self) -> Callable[[int], bytes]:
        return self._random

    def execute(self, sql: str, values: tuple[Any, ...] | Mapping[str, Any] = ()) -> list[Row]:
        with self._unbroken(), translating(self._path):
            return list(self._database.execute(sql, values))

    def execute_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        with self._unbroken(), translating(self._path):
            self._database.executemany(sql, rows)

    @contextlib.contextmanager
    def _unbroken(self) -> Iterator[None]:
        # A statement that fails half way is undone by SQLite, but the rows it had already shown to
        # the hook stay in the sum. Such a transaction may not commit, even if its caller caught
        # the error and went on.
        try:
            yield
        except BaseException:
            self.broken = True
            raise

    def note(self, name: str, value: int) -> None:
        """Write down in `meta` what is no setting and no item, over what was there."""
        self.execute(
            "INSERT INTO meta VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def record(self, kind: EntryKind, fields: Mapping[Field, Value]) -> int:
        """Append an entry in this transaction; returns its sequence number.

        Rooms above the vault call `audit.append`, which also keeps up the projections.
        """
        frontier = self._state.frontier
        now = self.now
        leaf, opened = build(
            frontier.size, kind, frontier.root(), now, __version__, fields, self._random
        )
        self.execute(
            "INSERT INTO entries (sequence, kind, claimed, leaf) VALUES (?, ?, ?, ?)",
            (frontier.size, kind.number, now, leaf),
        )
        self.execute_many(
            "INSERT INTO fields (sequence, name, salt, value) VALUES (?, ?, ?, ?)",
            [(frontier.size, one.field.label, one.salt, one.value) for one in opened],
        )
        self._state.frontier = frontier.append(leaf_hash(leaf))
        self.recorded += 1
        return frontier.size


class Catalog:
    """One open `catalog.<n>.db`. Thread-safe: readers from a pool, one writer at a time."""

    def __init__(
        self,
        path: Path,
        key: bytes,
        *,
        random: Callable[[int], bytes],
        now_ms: Callable[[], int],
        create: bool = False,
    ) -> None:
        self.path = path
        self._key = key
        self._random = random
        self._now_ms = now_ms
        self._idle: list[apsw.Connection] = []
        self._reading: dict[apsw.Connection, Path] = {}
        self._pool = threading.Lock()
        self._until: float | None = None
        self._write = threading.RLock()
        self._failed = False
        self._closed = False
        self._state_key: bytes | None = None
        self._committed = 0
        self._hashing: MultisetHash | None = None
        self._transaction: Transaction | None = None
        if not create:
            insist_on_file(path)
            _insist_on_pages(path)
            # A catalog in WAL mode never has one; SQLite would play a planted one before anything.
            journal = path.with_name(path.name + "-journal")
            insist_on_file(journal)
            with files.translating(path):
                journal.unlink(missing_ok=True)
        self._writer = connect(path, key, create=create)
        try:
            with translating(self.path):
                version = int(str(self._writer.pragma("user_version")))
                if version > schema.VERSION:
                    raise Unsupported("vault-newer", version=version)
                self._writer.preupdate_hook(self._observe)
                self._writer.set_busy_handler(self._patience())
        except BaseException:
            self._writer.close()
            raise

    @property
    def version(self) -> int:
        with translating(self.path):
            return int(str(self._writer.pragma("user_version")))

    # Reading ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection of one's own, in one snapshot, for the length of the block."""
        database = self._take()
        sound = False
        try:
            with translating(self.path):
                database.execute("BEGIN")
                yield database
                if database.in_transaction:
                    database.execute("COMMIT")
            sound = True
        finally:
            with self._pool:
                current = self._reading.pop(database) == self.path
                keep = sound and current and not self._closed and len(self._idle) < 4
                if keep:
                    self._idle.append(database)
            if not keep:
                # Whatever state it is in: one that was left open would outlive locking.
                database.close(True)

    def _take(self) -> apsw.Connection:
        """A connection to the file of this moment, known to whoever locks or goes on with another
        file meanwhile."""
        while True:
            with self._pool:
                if self._closed:
                    raise Environment("vault-locked")
                path, key = self.path, self._key
                if self._idle:
                    database = self._idle.pop()
                    self._reading[database] = path
                    return database
            try:
                database = connect(path, key)
            except LighttightError:
                if path == self.path and not self._closed:
                    raise
                continue
            database.set_busy_handler(self._patience())
            with self._pool:
                if path == self.path and not self._closed:
                    self._reading[database] = path
                    return database
            database.close()

    def query(self, sql: str, values: tuple[Any, ...] | Mapping[str, Any] = ()) -> list[Row]:
        with self.reading() as database, translating(self.path):
            return list(database.execute(sql, values))

    def one(self, sql: str, values: tuple[Any, ...] | Mapping[str, Any] = ()) -> Row | None:
        rows = self.query(sql, values)
        return rows[0] if rows else None

    def data_version(self) -> int:
        """Grows when *another* connection committed; the window polls it."""
        with self._turn(), translating(self.path):
            return int(str(self._writer.pragma("data_version")))

    # Writing ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Commit everything in the block, with its entries and its state, or nothing of it."""
        with self._turn():
            self._ensure_writable()
            with translating(self.path):
                self._writer.execute("BEGIN IMMEDIATE")
            try:
                state = self._read_state(self._writer, self._committed)
                transaction = Transaction(
                    self._writer, self.path, state, self._random, self._now_ms
                )
                self._transaction, self._hashing = transaction, state.hash
                yield transaction
                if transaction.broken:
                    raise AssertionError("a statement failed and the transaction went on")
                if transaction.changed and not transaction.recorded:
                    raise AssertionError("a write transaction without an entry in the record")
                if transaction.changed:
                    state.generation += 1
                    self._store_state(state)
                if self._closed:
                    raise Environment("vault-locked")
                failpoint("catalog.before-commit")
                with translating(self.path):
                    self._writer.execute("COMMIT")
            except BaseException as error:
                self._roll_back(error)
                raise
            finally:
                self._transaction = self._hashing = None
            self._committed = state.generation
            failpoint("catalog.after-commit")

    @property
    def is_writing(self) -> bool:
        """Whether a write transaction is open, and with it the lock that all sessions share."""
        return self._transaction is not None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """No write of another thread begins while the block runs, and no other file is gone on
        with: what was committed to the old one meanwhile would be lost."""
        with self._turn():
            yield

    def go_on_with(self, fresh: Catalog) -> None:
        """Read and write the file of `fresh` from now on; `fresh` itself is spent. While `held`.

        Who reads the old file ends in peace: a rotation must not tell anybody that the vault was
        locked. Their connections close as they are given back, or when the vault is locked.
        """
        with self._pool, fresh._pool:
            if self._closed:
                raise Environment("vault-locked")
            spent = (self._writer, *self._idle, *fresh._idle)
            fresh._closed = True
            self.path, self._key = fresh.path, fresh._key
            self._writer, self._failed = fresh._writer, fresh._failed
            self._committed = fresh._committed
            self._idle, fresh._idle, fresh._key, fresh._state_key = [], [], b"", None
            self._writer.preupdate_hook(self._observe)
            self._writer.set_busy_handler(self._patience())
        for database in spent:
            with contextlib.suppress(apsw.Error):
                database.close(True)

    def stop_writing(self) -> None:
        """What is on the disk cannot be known any more: reading goes on, writing does not."""
        self._failed = True

    def _ensure_writable(self) -> None:
        if self._closed:
            raise Environment("vault-locked")
        if self._failed:
            raise Environment("disk-failed", path=str(self.path))
        if self._transaction is not None:
            raise AssertionError("a write transaction inside another")

    def _roll_back(self, error: BaseException) -> None:
        if isinstance(error, LighttightError) and error.code == "disk-failed":
            self._failed = True
        with contextlib.suppress(apsw.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    def _observe(self, update: apsw.PreUpdate) -> None:
        """Called by SQLite for each row it changes, in the middle of the statement."""
        if self._hashing is None or update.table_name not in schema.COLUMNS:
            return
        if self._transaction is not None:
            self._transaction.changed = True
        if update.old is not None:
            self._hashing.remove(update.table_name, update.old)
        if update.new is not None:
            self._hashing.add(update.table_name, update.new)

    # State --------------------------------------------------------------------------------

    def begin_state(
        self, secrets: Mapping[str, bytes], fill: Callable[[Transaction], None]
    ) -> None:
        """Make the tables of a new catalog and run `fill` as its first write transaction."""
        with self._turn(), translating(self.path):
            self._state_key = secrets["state"]
            empty = State(0, MultisetHash(self._state_key), Frontier.empty())
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                for step in schema.STEPS:
                    self._writer.execute(step)
                self._writer.pragma("user_version", schema.VERSION)
                self._store_state(empty)
                self._writer.execute("COMMIT")
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
        with self.writing() as transaction:
            for name, value in sorted(secrets.items()):
                transaction.execute("INSERT INTO secrets VALUES (?, ?)", (name, value))
            fill(transaction)

    def load_state(self) -> None:
        """After opening an existing catalog: take its state key and state from it."""
        try:
            row = self.one("SELECT value FROM secrets WHERE name = 'state'")
        except apsw.SQLError as error:
            # Authentic, and from the moment before it had tables.
            raise Integrity("catalog-damaged") from error
        if row is None or not isinstance(row[0], bytes) or len(row[0]) != 32:
            raise Integrity("catalog-damaged")
        self._state_key = row[0]
        self._committed = self.state().generation

    @property
    def state_key(self) -> bytes:
        if self._state_key is None:
            raise AssertionError("state used before it was begun or loaded")
        return self._state_key

    def state(self) -> State:
        """The newest committed state, whichever process committed it."""
        least = self._committed
        with self.reading() as database:
            return self._read_state(database, least)

    def _read_state(self, database: apsw.Connection, least: int) -> State:
        with translating(self.path):
            row = database.execute(
                "SELECT generation, rows, sum, tree_size, frontier FROM state"
            ).fetchone()
        if row is None:
            raise Integrity("catalog-damaged")
        generation, rows, total, size, nodes = row
        if generation < least:
            # Files swapped under an open session: the anchor is compared only when opening.
            raise Integrity("state-differs")
        return State(
            generation,
            MultisetHash.decode(self.state_key, total, rows),
            Frontier.decode(size, nodes),
        )

    def _store_state(self, state: State) -> None:
        with translating(self.path):
            self._writer.execute(
                "INSERT INTO state (id, generation, rows, sum, tree_size, frontier)"
                " VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " generation = excluded.generation, rows = excluded.rows, sum = excluded.sum,"
                " tree_size = excluded.tree_size, frontier = excluded.frontier",
                (
                    state.generation,
                    state.hash.rows,
                    state.hash.encode(),
                    state.frontier.size,
                    state.frontier.encode(),
                ),
            )

    def recompute(self) -> State:
        """Hash every authoritative row again, in one snapshot, and insist on the stored sum.

        Raises Integrity("state-differs") when a row was changed behind the catalog's back. Costs
        about half a second for 100,000 rows, so it runs in the background after opening and
        before anything leaves.
        """
        least = self._committed
        with self.reading() as database, translating(self.path):
            stored = self._read_state(database, least)
            fresh = MultisetHash(self.state_key)
            leaves: list[bytes] = []
            for table, columns in schema.COLUMNS.items():
                rows = database.execute(schema.whole(table, columns))
                fresh.add_many(table, rows)
            for (leaf,) in database.execute("SELECT leaf FROM entries ORDER BY sequence"):
                leaves.append(leaf_hash(leaf))
        if fresh.encode() != stored.hash.encode() or fresh.rows != stored.hash.rows:
            raise Integrity("state-differs")
        if Frontier.of(leaves).encode() != stored.frontier.encode():
            raise Integrity("record-differs")
        return stored

    def root_at(self, size: int) -> bytes | None:
        """Root of the tree over the first `size` entries; None where there are fewer."""
        with self.reading() as database, translating(self.path):
            leaves = [
                leaf_hash(leaf)
                for (leaf,) in database.execute(
                    "SELECT leaf FROM entries WHERE sequence < ? ORDER BY sequence", (size,)
                )
            ]
        return Frontier.of(leaves).root() if len(leaves) == size else None

    # Whole-file work ----------------------------------------------------------------------

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it. False while a reader is open.

        Until this has succeeded, a deleted row, and the key in it, is still in the log.
        """
        with self._turn(), translating(self.path):
            self._drain()
            return truncate_log(self._writer)

    def check_pages(self) -> None:
        """Let SQLite and its cipher read every page. Raises Integrity("catalog-damaged")."""
        # On a connection of its own: FTS5 checks the index against what it cached on an older
        # connection, and would call a sound catalog damaged after any write from elsewhere.
        with self._pool:
            path, key = self.path, self._key
        database = connect(path, key)
        try:
            with translating(path):
                answer = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
        finally:
            database.close()
        if answer != ["ok"]:
            raise Integrity("catalog-damaged")

    def indexes_differ(self) -> bool:
        """Whether an index says something else than its table: an old page of it was put back.

        The sum covers rows; an index repeats some of their columns, and the timeline is read from
        one alone. Full text has a comparison of its own.
        """
        tables = [*schema.COLUMNS, *(one for one in schema.PROJECTIONS if one != "search")]
        with self.reading() as database, translating(self.path):
            answers = {
                row[0]
                for table in tables
                for row in database.execute(f"PRAGMA integrity_check({table})")
            }
            return answers != {"ok"} or any(
                _counted(database, index, table, where) != _counted(database, None, table, where)
                for index, table, where in _partial_indexes(database)
            )

    def copy_into(self, path: Path, key: bytes) -> None:
        """Write a compact, consistent copy under `key`. The caller makes it durable."""
        with self._turn():
            copy_into(self._writer, path, key)

    def _drain(self) -> None:
        with self._pool:
            idle, self._idle = self._idle, []
        for database in idle:
            database.close()

    # Ending -------------------------------------------------------------------------------

    def hurry(self, seconds: float) -> None:
        """From now on nothing here waits longer than that: the vault is being locked."""
        self._until = time.monotonic() + seconds

    def left(self) -> float | None:
        """Seconds until waiting ends; None while nobody is in a hurry."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """The writing connection, for one thread at a time."""
        left = self.left()
        if not self._write.acquire(timeout=-1 if left is None else left):
            raise Environment("catalog-busy")
        try:
            yield
        finally:
            if self._closed:
                # It was closed while this thread had its turn, and could not wait for the end.
                self._close_writer()
            self._write.release()

    def _patience(self) -> Callable[[int], bool]:
        """What one connection does while another program is in its way."""
        until = 0.0

        def wait(tries: int) -> bool:
            nonlocal until
            if tries == 0:
                until = time.monotonic() + BUSY_SECONDS
            if time.monotonic() >= min(until, self._until or until):
                return False
            time.sleep(_PAUSE)
            return True

        return wait

    def close(self) -> None:
        """Close every connection and drop the key.

        Who reads is interrupted. Who writes ends in its own time, as far as nobody is in a hurry;
        then it is interrupted too, and what it wrote is rolled back.
        """
        with self._pool:
            self._closed = True
            for database in self._reading:
                database.interrupt()
        self._drain()
        left = self.left()
        if self._write.acquire(timeout=-1 if left is None else left) or self._interrupted():
            self._close_writer()
            self._write.release()
        self._key = b""
        self._state_key = None

    def _interrupted(self) -> bool:
        with self._pool, contextlib.suppress(apsw.Error):
            self._writer.interrupt()
        return self._write.acquire(timeout=GRACE)

    def _close_writer(self) -> None:
        # Under the same lock as interrupting it, which SQLite allows while it is open only.
        with self._pool, contextlib.suppress(apsw.Error):
            self._writer.close()
