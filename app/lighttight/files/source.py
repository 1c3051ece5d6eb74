"""Files that come in: found below what the person gave, and opened without being led astray.

What lies in a folder may have been put there by somebody else: a link to a private file, a pipe
that never answers, a device, a folder that contains itself, a name made to confuse. So:

- A link that the person gave by hand is resolved once, because they chose what it points to. A
  link found inside a folder is reported and left alone.
- Nothing but a regular file is ever read, and opening one never waits.
- A file is read by position through one descriptor. Whether it stayed the same meanwhile is asked
  at the end (`check`), since a camera or a download may still be writing to it.
- Trouble with one file is a value of the walk and stops nothing.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from lighttight.errors import Environment, LighttightError, Refused
from lighttight.files.durable import O_BASE, O_NOFOLLOW, O_NONBLOCK, translating

DEPTH: Final = 64
VAULT_SUFFIX: Final = ".lighttight"
_HEADER: Final = b"lighttight-vault "

# What systems leave in folders of pictures, and never a person.
_LITTER: Final = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".nomedia"})
_LITTER_PREFIX: Final = "._"
_LITTER_FOLDERS: Final = frozenset(
    {
        *(".thumbnails", "@eadir", "$recycle.bin", "system volume information", "lost+found"),
        *(".spotlight-v100", ".fseventsd", ".trashes", ".trash", ".temporaryitems"),
    }
)
_TRASH_PREFIX: Final = ".trash-"


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells whether a file is still the same one, with the same content."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class SourceFile:
    """A file that is being read. Reading by position is safe from several threads."""

    def __init__(self, path: Path, fd: int, found: os.stat_result) -> None:
        self.path = path
        self.fd = fd
        self.identity = _identity(found)
        self.size = found.st_size
        self._closed = False
        self._seeking = threading.Lock()

    @property
    def modified_ns(self) -> int:
        return self.identity.modified_ns

    def read(self, offset: int, count: int) -> bytes:
        """The bytes from `offset`; fewer than `count` only at the end of the file."""
        pieces: list[bytes] = []
        try:
            while count > 0 and (piece := self._read(offset, count)):
                pieces.append(piece)
                offset += len(piece)
                count -= len(piece)
        except OSError as error:
            raise _unreadable(error, self.path) from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`; answers how much, less only at the end of the file."""
        done = 0
        try:
            while done < len(buffer) and (count := self._into(offset + done, buffer[done:])):
                done += count
        except OSError as error:
            raise _unreadable(error, self.path) from error
        return done

    def changed(self) -> bool:
        """Whether the file grew, shrank, was written to, moved or removed since it was opened."""
        try:
            return _identity(os.fstat(self.fd)) != self.identity
        except OSError as error:
            raise _unreadable(error, self.path) from error

    def check(self) -> None:
        """Raise Refused("file-changed") if it did."""
        if self.changed():
            raise Refused("file-changed", path=os.fspath(self.path))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _into(self, offset: int, buffer: memoryview) -> int:
        if sys.platform == "win32":
            data = self._read(offset, len(buffer))
            buffer[: len(data)] = data
            return len(data)
        return os.preadv(self.fd, [buffer], offset)

    def _read(self, offset: int, count: int) -> bytes:
        if sys.platform == "win32":
            with self._seeking:
                os.lseek(self.fd, offset, os.SEEK_SET)
                return os.read(self.fd, count)
        return os.pread(self.fd, count, offset)


def open_source(path: Path) -> SourceFile:
    """Open a file for reading, if it is one: never a link, a pipe, a device or a folder.

    Raises Refused("file-not-found", "file-is-link", "file-not-regular") or
    Environment("file-unreadable").
    """
    try:
        # Looked at first because opening some devices does something; looked at again below,
        # because what is there may have been exchanged in between.
        _insist_on_regular(os.lstat(path), path)
        fd = os.open(path, os.O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_BASE)
    except OSError as error:
        raise _unreadable(error, path) from error
    try:
        with translating(path):
            found = os.fstat(fd)
        _insist_on_regular(found, path)
        if sys.platform == "linux":
            _announce_reading(fd)
    except BaseException:
        os.close(fd)
        raise
    return SourceFile(path, fd, found)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something below the given paths that is not handed on, and why."""

    path: Path
    error: LighttightError


def walk(paths: Iterable[Path | str]) -> Iterator[Path | Problem]:
    """The regular files given, and all those below the folders given, in a steady order.

    Folders are entered in the order of their names, each once however it is reached. Libraries of
    ours and the litter of systems are passed over.
    """
    entered: set[tuple[int, int]] = set()
    for given in paths:
        path = Path(given)
        try:
            # The person's own link, resolved once; what is below it is held to the rules.
            path = Path(os.path.realpath(path, strict=True))
            found = os.lstat(path)
        except ValueError:  # a zero byte: no system can have such a path
            yield Problem(Path(given), Refused("file-not-found", path=os.fspath(given)))
            continue
        except OSError as error:
            yield Problem(Path(given), _unreadable(error, Path(given)))
            continue
        if stat.S_ISDIR(found.st_mode):
            if _is_vault(path):
                yield Problem(path, Refused("path-is-vault", path=os.fspath(path)))
            else:
                yield from _below(path, entered)
        else:
            yield from _only_regular(path, found)


def _below(top: Path, entered: set[tuple[int, int]]) -> Iterator[Path | Problem]:
    # A stack of our own: a folder thousands deep must not end in a RecursionError.
    waiting: list[tuple[Path, int, bool]] = [(top, 0, True)]
    while waiting:
        path, depth, is_folder = waiting.pop()
        try:
            found = os.lstat(path)
            if not is_folder:
                yield from _only_regular(path, found)
                continue
            if not stat.S_ISDIR(found.st_mode):
                # Exchanged since its parent was read.
                yield from _only_regular(path, found)
                continue
            if (found.st_dev, found.st_ino) in entered:
                continue
            if depth > DEPTH:
                yield Problem(path, Refused("folder-too-deep", path=os.fspath(path)))
                continue
            entered.add((found.st_dev, found.st_ino))
            with os.scandir(path) as entries:
                inside = sorted(
                    ((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries),
                    key=lambda pair: os.fsencode(pair[0]),
                    reverse=True,
                )
        except OSError as error:
            yield Problem(path, _unreadable(error, path, folder=is_folder))
            continue
        for name, inner_is_folder in inside:
            inner = path / name
            if not _is_passed_over(inner, name.lower(), is_folder=inner_is_folder):
                waiting.append((inner, depth + 1, inner_is_folder))


def _only_regular(path: Path, found: os.stat_result) -> Iterator[Path | Problem]:
    try:
        _insist_on_regular(found, path)
    except Refused as error:
        yield Problem(path, error)
    else:
        yield path


def _insist_on_regular(found: os.stat_result, path: Path) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise Refused("file-is-link", path=os.fspath(path))
    if not stat.S_ISREG(found.st_mode):
        raise Refused("file-not-regular", path=os.fspath(path))


def _is_passed_over(path: Path, name: str, *, is_folder: bool) -> bool:
    if is_folder:
        return name in _LITTER_FOLDERS or name.startswith(_TRASH_PREFIX) or _is_vault(path)
    return name in _LITTER or name.startswith(_LITTER_PREFIX)


def _is_vault(path: Path) -> bool:
    """By its name and a header; by what one of the two headers begins with under any other name.

    Less would do for whoever wants a folder of pictures to be passed over unnoticed.
    """
    if path.suffix.lower() == VAULT_SUFFIX and os.path.lexists(path / "header"):
        return True
    return any(_begins_as_header(path / name) for name in ("header", "header.copy"))


def _begins_as_header(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | O_BASE | O_NOFOLLOW | O_NONBLOCK)
    except OSError:
        return False
    try:
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
        return regular and os.read(fd, len(_HEADER)) == _HEADER
    except OSError:
        return False
    finally:
        os.close(fd)


def _unreadable(error: OSError, path: Path, *, folder: bool = False) -> LighttightError:
    where = os.fspath(path)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return Refused("file-not-found", path=where)
    if error.errno == errno.ELOOP:
        return Refused("file-is-link", path=where)
    if error.errno in {errno.ENXIO, errno.EISDIR}:  # a socket; a folder that took a file's place
        return Refused("file-not-regular", path=where)
    if folder:
        return Environment("folder-unreadable", path=where)
    return Environment("file-unreadable", path=where)


def _identity(found: os.stat_result) -> Identity:
    return Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _announce_reading(fd: int) -> None:
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    except OSError:
        # Only advice; a file system without it reads as well.
        return
