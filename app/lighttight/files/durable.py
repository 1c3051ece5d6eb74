"""Bytes are on the disk when a function here returns, or an error says that they are not.

A write is done in one order, because any other can lose what was there before: a new file beside
the old one → all bytes, every return value checked → fsync → rename over the old name → fsync of
the directory. After a power cut one finds the old bytes or the new ones, whole.

After a failed fsync nothing is tried again. The system may have thrown the unwritten pages away
and will call the next fsync a success: a second try would report as saved what is not there.

Errors of the operating system leave here translated (`translate`), so that nobody above looks at
`errno`, and a full disk is called a full disk wherever it shows.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import stat
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final, Literal

from lighttight.errors import Environment, Integrity, Refused
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.progress import SILENT, Progress

Gone = Literal["vault-gone", "folder-gone"]
"""Which words fit when a directory is missing: the library itself, or a folder of the person."""

PART: Final = ".part"
"""How the name of an unfinished file ends. Whoever holds the vault alone may sweep them."""

BUFFER: Final = 1 << 20

# Absent on Windows, where a link cannot be opened by accident (making one needs privileges), a
# device is no path, and text mode has to be asked away.
O_NOFOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0)
O_NONBLOCK: Final[int] = getattr(os, "O_NONBLOCK", 0)
O_DIRECTORY: Final[int] = getattr(os, "O_DIRECTORY", 0)
O_BASE: Final[int] = (
    getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
)

FAILPOINTS.declare(
    "files.created",
    "files.written",
    "files.synced",
    "files.renamed",
    "files.directory-synced",
)

_NO_RESERVE = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINTR, errno.EINVAL}
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}
# A drive that was pulled out, a network folder that went away: the path is there, its disk is not.
_AWAY = {errno.ENOTDIR, errno.ENODEV, errno.ENXIO} | {
    getattr(errno, name)
    for name in ("ESTALE", "ENOTCONN", "ENOMEDIUM", "ESHUTDOWN")
    if hasattr(errno, name)
}


def translate(
    error: OSError, path: Path | str, *, gone: Gone = "vault-gone"
) -> Environment | Refused:
    """What the operating system said, in the program's words.

    `gone` tells which words fit when the directory itself is missing.
    """
    code = error.errno
    where = os.fspath(path)
    if code in _FULL:
        return Environment("disk-full", path=where)
    if code in _DENIED:
        return Environment("not-writable", path=where)
    if code == errno.ENOENT:
        # Which of the two is missing makes all the difference to the person.
        if Path(where).parent.is_dir():
            return Environment("file-missing", path=where)
        return _away(where, gone)
    if code in _AWAY:
        return _away(where, gone)
    if code == errno.EIO:
        return Environment("disk-failed", path=where)
    if code == errno.EFBIG:
        return Environment("disk-file-limit", path=where)
    if code == errno.ELOOP:
        return Refused("file-is-link", path=where)
    return Environment("disk-error", path=where, errno=code)


@contextlib.contextmanager
def translating(path: Path | str, *, gone: Gone = "vault-gone") -> Generator[None]:
    """Any OSError inside leaves as an Environment (or, for a link, Refused) about `path`."""
    try:
        yield
    except OSError as error:
        raise translate(error, path, gone=gone) from error


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte. The system may take fewer than it was given; that is not an error yet."""
    with memoryview(data).cast("B") as rest:
        done = 0
        while done < len(rest):
            written = os.write(fd, rest[done:])
            if written <= 0:
                # No system should; a loop that waits for it to change would never end.
                raise OSError(errno.EIO, "nothing was written")
            done += written


def reserve(fd: int, size: int) -> None:
    """Have the disk set room aside: a full one shows now, and writing goes faster.

    Only where the file system does it itself. The C library's `posix_fallocate` would write a byte
    into each block instead where it cannot, so the system is asked directly.
    """
    if sys.platform != "linux" or size == 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(fd, 0, ctypes.c_int64(0), ctypes.c_int64(size)) != 0:
        code = ctypes.get_errno()
        if code not in _NO_RESERVE:
            raise OSError(code, os.strerror(code))


def sync_file(fd: int) -> None:
    """Return when the bytes are on the disk itself."""
    if sys.platform == "darwin":
        import fcntl

        # There fsync ends at the drive's cache; F_FULLFSYNC does not. Some file systems lack it.
        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in {errno.ENOTSUP, errno.EINVAL, errno.ENOTTY}:
                raise
        else:
            return
    os.fsync(fd)


def sync_directory(path: Path) -> None:
    """Return when the names in a directory are on the disk. Windows has no such call."""
    if sys.platform == "win32":
        return
    try:
        fd = os.open(path, os.O_RDONLY | O_DIRECTORY | O_BASE)
    except FileNotFoundError as error:
        raise Environment("vault-gone", path=os.fspath(path)) from error
    except OSError as error:
        raise translate(error, path) from error
    try:
        with translating(path):
            sync_directory_fd(fd)
    finally:
        os.close(fd)


def sync_directory_fd(fd: int) -> None:
    """As `sync_directory`, for an open one; untranslated."""
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network and FUSE file systems have no fsync for directories and say so with these
        # two. There is nothing to wait for then; every other error is one.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by a file with exactly `data`, or leave it as it was."""
    with translating(path):
        part = _part_beside(path)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_NOFOLLOW | O_BASE, mode)
        try:
            try:
                failpoint("files.created")
                write_all(fd, data)
                failpoint("files.written")
                sync_file(fd)
            finally:
                os.close(fd)
            failpoint("files.synced")
            part.replace(path)
        except BaseException:
            _discard(part)
            raise
    failpoint("files.renamed")
    sync_directory(path.parent)
    failpoint("files.directory-synced")


def copy_file_durably(source: Path, target: Path, progress: Progress = SILENT) -> int:
    """Copy a file so that it survives a power cut; answers its length.

    The bytes are read and written, never shared: a copy-on-write clone would be called a backup
    and stand on the same damaged sectors. Cancelling leaves `target` as it was.
    """
    with translating(source, gone="folder-gone"):
        read_fd = os.open(source, os.O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_BASE)
    try:
        size = _regular_size(read_fd, source)
        with translating(target, gone="folder-gone"):
            part = _part_beside(target)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_NOFOLLOW | O_BASE, 0o600)
            try:
                try:
                    failpoint("files.created")
                    done = _pour(read_fd, fd, source, size, progress)
                    failpoint("files.written")
                    sync_file(fd)
                finally:
                    os.close(fd)
                failpoint("files.synced")
                part.replace(target)
            except BaseException:
                _discard(part)
                raise
    finally:
        os.close(read_fd)
    failpoint("files.renamed")
    sync_directory(target.parent)
    failpoint("files.directory-synced")
    return done


def read_bounded(path: Path, limit: int) -> bytes:
    """The whole of a small file. What is longer than `limit` is not read and not trusted.

    A link, a pipe or a device in its place is refused: whoever can write the vault's directory
    could otherwise make the program read anything, or wait for ever.
    """
    with translating(path):
        fd = os.open(path, os.O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_BASE)
    try:
        _regular_size(fd, path)
        pieces: list[bytes] = []
        room = limit + 1
        with translating(path):
            while room > 0 and (piece := os.read(fd, min(room, BUFFER))):
                pieces.append(piece)
                room -= len(piece)
    finally:
        os.close(fd)
    if room == 0:
        raise Integrity("file-oversized", path=os.fspath(path), limit=limit)
    return b"".join(pieces)


def drop_cached_pages(fd: int) -> bool:
    """Ask that the next read comes from the disk and not from memory; False where none can.

    Only pages that were written out are dropped: sync first.
    """
    if sys.platform == "linux":
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            return False
        return True
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(fd, fcntl.F_NOCACHE, 1)
        except OSError:
            return False
        return True
    return False


def _away(where: str, gone: Gone) -> Environment:
    return Environment("folder-gone" if gone == "folder-gone" else "vault-gone", path=where)


def _part_beside(path: Path) -> Path:
    # A fixed name would let one left-over of a crash stop every later write.
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")


def _discard(part: Path) -> None:
    # The first error is the one to report; a left-over is swept later.
    with contextlib.suppress(OSError):
        part.unlink()


def _regular_size(fd: int, path: Path) -> int:
    with translating(path):
        found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise Refused("file-not-regular", path=os.fspath(path))
    return found.st_size


def _pour(read_fd: int, fd: int, source: Path, size: int, progress: Progress) -> int:
    done = 0
    while True:
        progress.step(done, size)
        with translating(source, gone="folder-gone"):
            piece = os.read(read_fd, BUFFER)
        if not piece:
            return done
        write_all(fd, piece)
        done += len(piece)
