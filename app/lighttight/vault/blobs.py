"""Blobs: one immutable sealed file for each original, written so that a crash loses nothing.

`app/docs/vault-format.md`, sections 5 and 10. The order of writing is the contract: temporary file,
every byte written; flushed to the disk while it is read back and verified; rename; fsync of the
directory. Only then may a row name the object, and nothing unverified ever gets its final name
(`app/docs/decisions/0003-flush-while-reading-back.md`). kill -9 sweeps do not notice a missing
fsync, so the order is also checked under simulated power loss (`tests/faults`).

Reading, hashing, sealing, writing, flushing and reading back run in a small pipeline
(`vault.pipeline`), so that one file uses two cores.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lighttight.errors import Environment, Integrity
from lighttight.files import PART, reserve, sync_directory, translating, write_all
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.model import ObjectId, VaultId
from lighttight.progress import SILENT, Progress, Within
from lighttight.sealed.blob import (
    CHUNK,
    SEALED_CHUNK,
    TAG,
    Opener,
    RandomReader,
    Sealer,
    blob_context,
    sealed_size,
)
from lighttight.sealed.padme import padme
from lighttight.vault.pipeline import BUFFER, Chunks, Watch, ahead, aside, syncing
from lighttight.vault.places import insist_on_folder

# Without waiting: a pipe in the place of a blob has no bytes, and is damaged like any other.
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME = re.compile(rf"[0-9a-f]{{32}}({re.escape(PART)})?")

FAILPOINTS.declare(
    "blob.part-created",
    "blob.part-written",
    "blob.before-fsync",
    "blob.fsynced",
    "blob.before-rename",
    "blob.renamed",
    "blob.durable",
    "blob.unlinked",
)


@dataclass(frozen=True, slots=True)
class SealedObject:
    """What the catalog must know of a blob. Losing `key` is losing the object."""

    id: ObjectId
    key: bytes = field(repr=False)
    size: int
    sealed: int


class BlobReader:
    """Random access to an opened object; a `Source` for the decoder and for playback.

    Thread-safe: positional reads only. Closing while a read is under way in another thread is the
    caller's affair; the descriptor is closed once.
    """

    def __init__(self, path: Path, context: bytes, sealed: SealedObject) -> None:
        self.size = sealed.size
        self._lock = threading.Lock()
        with _reaching(path, sealed.id):
            self._fd = os.open(path, _FLAGS)
        try:
            length = os.fstat(self._fd).st_size
            if length != sealed.sealed:
                raise Integrity("blob-damaged", object=sealed.id)
            self._reader = RandomReader(sealed.key, context, self._fetch, length, sealed.size)
        except BaseException:
            self.close()
            raise

    def _fetch(self, offset: int, count: int) -> bytes:
        try:
            return os.pread(self._fd, count, offset)
        except OSError as error:
            raise Environment("blob-unreadable") from error

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes from `offset`; fewer only at the end of the original."""
        if self._fd < 0:
            raise Environment("vault-locked")
        return self._reader.read(offset, count)

    def close(self) -> None:
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class BlobStore:
    def __init__(self, directory: Path, vault: VaultId) -> None:
        self._directory = directory
        self._vault = vault
        self._made: set[ObjectId] = set()
        self._durable: set[str] = set()
        self._keeping = threading.Lock()
        self._keepers = 0

    def path(self, object_id: ObjectId) -> Path:
        return self._directory / object_id[:2] / object_id

    # Writing ------------------------------------------------------------------------------

    def write(
        self,
        source: Chunks,
        *,
        watch: Watch,
        read_back: Watch = lambda _: None,
        progress: Progress = SILENT,
    ) -> SealedObject:
        """Seal `source` into a new blob and read it back.

        `watch` sees every buffer of the original on its way in, `read_back` every one that was
        opened again from the blob; both in helper threads, in order (they compute digests, and the
        time while the disk flushes is free for the slower of them). Progress counts bytes, written
        and read back, so its total is twice the size. On any error, and on Cancelled, nothing of
        the object stays behind.
        """
        object_id = ObjectId(secrets.token_hex(16))
        size = source.size
        sealed = SealedObject(object_id, secrets.token_bytes(32), size, sealed_size(padme(size)))
        final = self.path(object_id)
        part = final.with_name(final.name + PART)
        self._made.add(object_id)
        try:
            self._make_fan(final.parent)
            self._write_part(part, source, sealed, watch, read_back, progress)
            failpoint("blob.before-rename")
            with translating(final):
                part.rename(final)
                failpoint("blob.renamed")
                sync_directory(final.parent)
            failpoint("blob.durable")
        except BaseException:
            for left in (part, final):
                with contextlib.suppress(OSError):
                    left.unlink()
            self._made.discard(object_id)
            raise
        return sealed

    def _make_fan(self, fan: Path) -> None:
        # Synced once by each process even where it is there already: whoever made it may have been
        # stopped before its name was on the disk, and everything in it would go with it.
        # Through a link a blob would land where nobody looks for it or backs it up.
        insist_on_folder(self._directory)
        insist_on_folder(fan)
        with translating(fan):
            fan.mkdir(mode=0o700, exist_ok=True)
        insist_on_folder(fan)
        if fan.name not in self._durable:
            sync_directory(self._directory)
            self._durable.add(fan.name)

    def _write_part(
        self,
        part: Path,
        source: Chunks,
        sealed: SealedObject,
        watch: Watch,
        read_back: Watch,
        progress: Progress,
    ) -> None:
        context = blob_context(self._vault, sealed.id)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with translating(part):
            fd = os.open(part, flags, 0o600)
        try:
            done = 0
            failpoint("blob.part-created")
            with translating(part):
                reserve(fd, sealed.sealed)
            sealer = Sealer(sealed.key, context)
            # One buffer for all: asking the sealer for new bytes each time costs five times more
            # than the sealing itself, for memory that is mapped and thrown away.
            ready = memoryview(bytearray(BUFFER + BUFFER // CHUNK * TAG + 2 * SEALED_CHUNK))
            with ahead(source, watch) as buffers:
                for plain in buffers:
                    made = sealer.update_into(plain, ready)
                    with translating(part):
                        write_all(fd, ready[:made])
                    done += len(plain)
                    progress.step(min(done, source.size), 2 * source.size)
                    failpoint("blob.part-written")
            with translating(part):
                write_all(fd, sealer.finalize())
            failpoint("blob.before-fsync")
            again = Within(progress, source.size, 2 * source.size)
            with syncing(fd, part), aside(read_back) as show:
                for plain in self._stream(part, sealed, again):
                    show(plain)
            failpoint("blob.fsynced")
        finally:
            os.close(fd)

    # Reading ------------------------------------------------------------------------------

    def open(self, sealed: SealedObject) -> BlobReader:
        return BlobReader(self.path(sealed.id), blob_context(self._vault, sealed.id), sealed)

    def verify(self, sealed: SealedObject, *, progress: Progress = SILENT) -> None:
        """Read and open the whole blob. Raises Integrity("blob-damaged" or "blob-missing")."""
        for _ in self.stream(sealed, progress=progress):
            pass

    def stream(self, sealed: SealedObject, *, progress: Progress = SILENT) -> Iterator[memoryview]:
        """The original, front to back, in buffers that are overwritten by the step after the next.

        Bytes come out before the end was seen: a caller that writes them somewhere must take them
        back when the iteration raises. The padding is cut off.
        """
        return self._stream(self.path(sealed.id), sealed, progress)

    def _stream(self, path: Path, sealed: SealedObject, progress: Progress) -> Iterator[memoryview]:
        opener = Opener(sealed.key, blob_context(self._vault, sealed.id))
        # Two, so that one can be looked at while the other is filled.
        plain, other = (bytearray(BUFFER + 2 * CHUNK) for _ in range(2))
        done = 0
        with _reaching(path, sealed.id):
            fd = os.open(path, _FLAGS)
        try:
            if os.fstat(fd).st_size != sealed.sealed:
                raise Integrity("blob-damaged", object=sealed.id)
            buffer = bytearray(BUFFER)
            while count := _read_into(fd, buffer, sealed.id):
                made = opener.update_into(memoryview(buffer)[:count], plain)
                yield memoryview(plain)[: max(0, min(made, sealed.size - done))]
                done += made
                progress.step(min(done, sealed.size), sealed.size)
                plain, other = other, plain
            rest = opener.finalize()
            yield memoryview(rest)[: max(0, min(len(rest), sealed.size - done))]
            if done + len(rest) != padme(sealed.size):
                raise Integrity("blob-damaged", object=sealed.id)
        finally:
            os.close(fd)
            for one in (plain, other):
                one[:] = bytes(len(one))

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """No blob is taken away for another of the same item while the block runs.

        For whoever looks a row up and opens its blob afterwards; deleting for good does not wait.
        """
        with self._keeping:
            self._keepers += 1
        try:
            yield
        finally:
            with self._keeping:
                self._keepers -= 1

    @contextlib.contextmanager
    def replacing(self) -> Iterator[bool]:
        """Whether blobs that no item names any more may be removed: nobody of this process is
        between a row and its blob, nor comes to be while the block runs."""
        with self._keeping:
            yield self._keepers == 0

    # Keeping order ------------------------------------------------------------------------

    def present(self, sealed: SealedObject) -> None:
        """Presence and length only. Raises Integrity("blob-damaged" or "blob-missing")."""
        path = self.path(sealed.id)
        with _reaching(path, sealed.id):
            length = path.lstat().st_size
        if length != sealed.sealed:
            raise Integrity("blob-damaged", object=sealed.id)

    def remove(self, object_id: ObjectId) -> None:
        """Unlink a blob for good; one that is already gone is no error."""
        path = self.path(object_id)
        self._made.discard(object_id)
        with translating(path):
            try:
                path.unlink()
            except FileNotFoundError:
                return
            failpoint("blob.unlinked")
            sync_directory(path.parent)

    def ids(self) -> Iterator[ObjectId]:
        """Every whole blob on disk, in no order."""
        for name in self._names():
            if not name.endswith(PART):
                yield ObjectId(name)

    def unnamed(self, named: Callable[[], set[ObjectId]]) -> list[Path]:
        """Unfinished files, and blobs that `named` does not name: left over by a crash.

        True only for who holds the exclusive lock. That lock is the process's, though, and another
        thread of it may stand between its blob and its row: what this process wrote is left alone
        until a row names it. First the disk is read, then what is under way, then the rows: so a
        blob that is found is found under way or in a row.
        """
        names = list(self._names())
        made = set(self._made)
        known = named()
        self._made -= known

        def is_left_over(name: str) -> bool:
            one = ObjectId(name.removesuffix(PART))
            return one not in made and (name.endswith(PART) or one not in known)

        return [self._directory / name[:2] / name for name in filter(is_left_over, names)]

    def leftovers(self) -> list[Path]:
        """Unfinished files, whoever writes them."""
        return [self._directory / name[:2] / name for name in self._names() if name.endswith(PART)]

    def _names(self) -> Iterator[str]:
        # File managers and sync programs leave files of their own, which are not ours to remove.
        # A list for each of the 256 folders: a scan left half way would keep its folder open.
        # Through a link these would be another vault's blobs, to be swept.
        insist_on_folder(self._directory)
        with translating(self._directory):
            for folder in sorted(self._directory.iterdir()):
                if len(folder.name) == 2 and folder.is_dir() and not folder.is_symlink():
                    for name in [path.name for path in folder.iterdir()]:
                        if name.startswith(folder.name) and _NAME.fullmatch(name):
                            yield name


@contextlib.contextmanager
def _reaching(path: Path, object_id: ObjectId) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        vault = path.parents[2]
        if not vault.exists():
            # A disk was pulled: nothing says that this blob is lost.
            raise Environment("vault-gone", path=os.fspath(vault)) from error
        raise Integrity("blob-missing", object=object_id) from error
    except OSError as error:
        raise Environment("blob-unreadable", object=object_id) from error


def _read_into(fd: int, buffer: bytearray, object_id: ObjectId) -> int:
    try:
        return os.readv(fd, [buffer])
    except OSError as error:
        raise Environment("blob-unreadable", object=object_id) from error
