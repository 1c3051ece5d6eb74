"""Files that go out: created in a folder that the person chose, never over what is there.

The folder may be shared, synchronised or hostile: somebody may put a link where the file is about
to be made. So everything is done relative to the folder's own descriptor, the name is one plain
component, and creating means creating: nothing is followed, replaced or appended to.

The bytes go to a file without a name where the system can make one (then a crash leaves nothing
behind), else to one that ends in `.part` and can be seen: a hidden left-over would be a copy of a
private picture that nobody knows of. The name appears only when everything is on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from pathlib import Path
from typing import Final, Self

from lighttight.errors import Refused
from lighttight.files.durable import (
    O_BASE,
    O_DIRECTORY,
    O_NOFOLLOW,
    PART,
    sync_directory_fd,
    sync_file,
    translating,
    write_all,
)
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import numbered, safe_name

MOST_ALIKE: Final = 9_999
SHORT: Final = 140
"""Bytes in a name that file systems with layers of their own (encrypted homes) still allow."""

FAILPOINTS.declare("target.created", "target.synced", "target.named", "target.durable")

_NO_LINKS: Final = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
_NO_UNNAMED: Final = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.ENOSYS}


class OpenedFile:
    """A file on its way out, a context. `commit` gives it its name, `abort` leaves nothing; the
    end of the context aborts what was not committed, or could not be."""

    def __init__(self, directory: Path, folder: int | None, name: str) -> None:
        self._directory = directory
        self._folder = folder
        self._wanted = name
        self._part: str | None = None
        self._named: str | None = None
        self._fd: int | None = self._open()
        self.path: Path | None = None
        """Where the file stands, once it was committed; or could not be taken back."""

    @property
    def fd(self) -> int:
        if self._fd is None:
            raise ValueError("the file is closed")
        return self._fd

    def write(self, data: bytes | bytearray | memoryview) -> None:
        with translating(self._directory / self._wanted, gone="folder-gone"):
            write_all(self.fd, data)

    @property
    def size(self) -> int:
        with translating(self._directory / self._wanted, gone="folder-gone"):
            return os.fstat(self.fd).st_size

    def read(self, offset: int, count: int) -> bytes:
        """What was written, back again."""
        with translating(self._directory / self._wanted, gone="folder-gone"):
            return os.pread(self.fd, count, offset)

    def commit(self, name: str | None = None) -> Path:
        """Everything onto the disk, then the name. Answers the path, whose name may be numbered.

        `name` is for whoever learns only from the content what the file is to be called.
        """
        self._wanted = self._wanted if name is None else safe_name(name)
        with translating(self._directory / self._wanted, gone="folder-gone"):
            sync_file(self.fd)
            failpoint("target.synced")
            given = self._named = self._give_name()
            failpoint("target.named")
            if self._folder is not None:
                sync_directory_fd(self._folder)
            failpoint("target.durable")
            self._named = None
            self._close()
            self._close_folder()
        self.path = self._directory / given
        return self.path

    def abort(self) -> None:
        """Leave nothing behind. Safe in every state; a committed file stays."""
        self._close()
        if self._part is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._at(self._part), dir_fd=self._folder)
            self._part = None
        if self._named is not None:
            # It has its name and may not be durable: whoever is told that it was not saved must
            # not find it there. Where it cannot be taken away, `path` says so.
            try:
                os.unlink(self._at(self._named), dir_fd=self._folder)
            except OSError:
                self.path = self._directory / self._named
            self._named = None
        self._close_folder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.abort()

    def _at(self, name: str) -> str:
        """A name for calls that take `dir_fd`; Windows has no such calls, so a path there."""
        return name if self._folder is not None else os.fspath(self._directory / name)

    def _open(self) -> int:
        unnamed = getattr(os, "O_TMPFILE", None)
        if unnamed is not None and Path("/proc/self/fd").is_dir():
            try:
                return os.open(".", os.O_RDWR | unnamed | O_BASE, 0o600, dir_fd=self._folder)
            except OSError as error:
                if error.errno not in _NO_UNNAMED:
                    raise
        part = f"{safe_name(self._wanted, SHORT)}.{secrets.token_hex(4)}{PART}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | O_NOFOLLOW | O_BASE
        fd = os.open(self._at(part), flags, 0o600, dir_fd=self._folder)
        self._part = part
        return fd

    def _give_name(self) -> str:
        limit = 255
        number = 1
        while number <= MOST_ALIKE:
            wanted = safe_name(self._wanted, limit)
            name = wanted if number == 1 else numbered(wanted, number, limit)
            try:
                self._link(name)
            except FileExistsError:
                number += 1
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG or limit == SHORT:
                    raise
                limit, number = SHORT, 1
            else:
                return name
        raise Refused("name-taken", name=self._wanted)

    def _link(self, name: str) -> None:
        """Give the file `name`; FileExistsError if something, a dangling link even, has it."""
        if sys.platform == "win32":
            # An open file cannot be renamed there, and renaming never replaces.
            self._close()
            if self._part is not None:
                Path(self._at(self._part)).rename(self._at(name))
            self._part = None
            return
        if self._part is None:
            os.link(f"/proc/self/fd/{self.fd}", name, dst_dir_fd=self._folder)
            return
        try:
            os.link(
                *(self._part, name),
                src_dir_fd=self._folder,
                dst_dir_fd=self._folder,
                follow_symlinks=False,
            )
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._rename_over_placeholder(self._part, name)
        else:
            os.unlink(self._part, dir_fd=self._folder)
        self._part = None

    def _rename_over_placeholder(self, part: str, name: str) -> None:
        """For memory sticks, whose file systems have no links: take the name, then fill it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_NOFOLLOW | O_BASE
        os.close(os.open(name, flags, 0o600, dir_fd=self._folder))
        try:
            os.rename(part, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._folder)
            raise

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def _close_folder(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(folder)


def _open_folder(directory: Path) -> int | None:
    if sys.platform == "win32":
        return None
    return os.open(directory, os.O_RDONLY | O_DIRECTORY | O_BASE)


def create_exclusively(directory: Path, name: str) -> OpenedFile:
    """A new file in `directory`, called like `name`, or "name (2)" … where that is taken.

    `name` may be anything; it is made safe here. The folder is one that the person chose, so a
    link to it is followed, and a link inside it is not.
    """
    safe = safe_name(name)
    with translating(directory / safe, gone="folder-gone"):
        folder = _open_folder(directory)
        try:
            opened = OpenedFile(directory, folder, safe)
        except BaseException:
            if folder is not None:
                os.close(folder)
            raise
    failpoint("target.created")
    return opened
