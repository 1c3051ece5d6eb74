"""Who has a vault open: one advisory lock, shared by sessions, exclusive for what replaces files.

Every session holds the lock shared. Rotation, repair, sweeping and whoever writes a backup hold it
alone, and say who is in the way when they cannot. Restoring shares the lock of what it reads, and
holds what it makes alone until that has its name.

- flock loses the old lock when it cannot give the new one, and a stranger may slip in between. So
  whoever wants to be alone first takes the *intent*, an exclusive lock on the vault's directory:
  one at a time, and only its holder may become exclusive. A failed attempt thereby always gets
  its shared lock back, and no session finds its catalog replaced under it.
- A lock file that was replaced while we waited (by a sync tool, by a restored backup) locks
  nothing: what is locked is compared with what has the name, and tried again.
- Locks end with the process, so that a crash leaves none behind.
- In a folder that is copied between computers the file also carries this machine's name, since no
  lock reaches the other computer. Elsewhere it stays empty: it is one of the few readable things.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lighttight.errors import Environment
from lighttight.files import display_name, translate, translating, write_all
from lighttight.vault.places import insist_on_file

WAIT: Final = 10.0
"""Seconds that opening waits for another process's rotation to end."""

FRESH: Final = 24 * 3600 * 1000
"""A name this young (ms) means that the vault is open there, or was when that computer stopped."""

_REFRESH: Final = FRESH // 24
_POLL: Final = 0.05
NAME: Final = "lock"
_LONGEST_NAME: Final = 64
_LONGEST_NOTE: Final = 1024

if sys.platform == "win32":
    import ctypes
    import ctypes.wintypes
    import msvcrt

    _EXCLUSIVE, _SHARED = 0x2, 0x0
    # Far behind the content: Windows locks are not advisory, and the name must stay readable.
    _LOCK_BYTE, _INTENT_BYTE = 0x7FFF0000, 0x7FFF0001

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", ctypes.wintypes.DWORD),
            ("offset_high", ctypes.wintypes.DWORD),
            ("event", ctypes.wintypes.HANDLE),
        )

    def _lock_byte(fd: int, byte: int, kind: int) -> bool:
        handle = msvcrt.get_osfhandle(fd)
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        place = _Overlapped(offset=byte)
        kernel.UnlockFileEx(handle, 0, 1, 0, ctypes.byref(place))
        return bool(kernel.LockFileEx(handle, kind | 0x1, 0, 1, 0, ctypes.byref(place)))

    def _try_lock(fd: int, kind: int) -> bool:
        return _lock_byte(fd, _LOCK_BYTE, kind)

    def _try_intent(fd: int, directory: Path) -> int | None:
        del directory
        return -1 if _lock_byte(fd, _INTENT_BYTE, _EXCLUSIVE) else None

    def _end_intent(fd: int, intent: int) -> None:
        del intent
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        place = _Overlapped(offset=_INTENT_BYTE)
        kernel.UnlockFileEx(msvcrt.get_osfhandle(fd), 0, 1, 0, ctypes.byref(place))

else:
    import fcntl

    _EXCLUSIVE, _SHARED = fcntl.LOCK_EX, fcntl.LOCK_SH

    def _try_lock(fd: int, kind: int) -> bool:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _try_intent(fd: int, directory: Path) -> int | None:
        """A descriptor that holds the intent, −1 where directories cannot be locked, or None."""
        del fd
        intent = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if _try_lock(intent, _EXCLUSIVE):
                return intent
        except OSError as error:
            # Network file systems that imitate flock want a writable file. One upgrade at a time
            # is then not promised there, which matters only if two rotate at once.
            if error.errno not in {errno.EBADF, errno.ENOTSUP, errno.EINVAL, errno.ENOLCK}:
                raise
            os.close(intent)
            return -1
        except BaseException:
            os.close(intent)
            raise
        os.close(intent)
        return None

    def _end_intent(fd: int, intent: int) -> None:
        del fd
        if intent >= 0:
            os.close(intent)


@dataclass(frozen=True, slots=True)
class Holder:
    """Another process that has the vault open."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another computer that seems to have the same vault open."""

    machine: str
    since_ms: int


class VaultLock:
    """The lock of the vault at `path`. `shared` and `exclusive` are for one thread at a
    time; the rest is for any."""

    def __init__(
        self,
        path: Path,
        *,
        machine: str | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._directory = path
        self._file = path / NAME
        self._machine = display_name(platform.node() if machine is None else machine)
        self._machine = self._machine[:_LONGEST_NAME]
        self._now_ms = now_ms
        self._fd: int | None = None
        self._intent: int | None = None
        self._noted = False
        self._written_ms = 0
        # A refresh must not write to a descriptor whose number is another file's by now, and who
        # becomes alone must not keep the intent of a lock that another thread lets go of.
        self._descriptor = threading.RLock()
        self.synchronised: str | None = None
        """The sync service in whose folder the vault stands, once the lock was taken."""
        self.elsewhere: Elsewhere | None = None
        """The computer that had it open when the lock was taken, where that is known."""

    @property
    def held(self) -> bool:
        return self._fd is not None

    @property
    def alone(self) -> bool:
        """Whether the lock is held exclusively."""
        return self._intent is not None

    def shared(self, timeout: float = WAIT) -> None:
        """Hold the lock with others; Environment("vault-busy") while somebody holds it alone."""
        if self.alone:
            self.downgrade()
        if self._fd is not None:
            return
        self._take(_SHARED, timeout)
        self._note()

    def try_exclusive(self) -> bool:
        """Hold the lock alone, or answer False and hold what was held before."""
        with self._descriptor, translating(self._directory):
            if self.alone:
                return True
            if self._fd is not None and not self._is_current(self._fd) and not self._follow():
                return False
            before = self._fd
            fd = self._open() if before is None else before
            try:
                intent = _try_intent(fd, self._directory)
                if intent is None:
                    return False
                try:
                    if _try_lock(fd, _EXCLUSIVE) and self._is_current(fd):
                        self._fd, self._intent = fd, intent
                        return True
                    if before is not None:
                        # Never contended: nobody else can be exclusive while the intent is ours.
                        _until(time.monotonic() + WAIT, lambda: _try_lock(fd, _SHARED))
                finally:
                    if self._intent is None:
                        _end_intent(fd, intent)
            finally:
                if before is None and self._fd is None:
                    os.close(fd)
        return False

    def exclusive(self, timeout: float = WAIT) -> None:
        """Hold the lock alone; Environment("vault-busy", holders=…) when it does not get free."""
        if not _until(time.monotonic() + timeout, self.try_exclusive):
            raise self.busy()
        self._note()

    def downgrade(self) -> None:
        """From alone to shared, with nobody in between."""
        with self._descriptor, translating(self._file):
            if self._fd is None or self._intent is None:
                return
            intent, self._intent = self._intent, None
            try:
                _try_lock(self._fd, _SHARED)
            finally:
                _end_intent(self._fd, intent)

    def release(self) -> None:
        """Let go. Safe in every state, and never an error: the process's end would do the same."""
        with self._descriptor:
            fd, intent = self._fd, self._intent
            self._fd = self._intent = None
        if fd is None:
            return
        if self._noted:
            self._noted = False
            with contextlib.suppress(OSError):
                if (found := _parse(_content(fd))) and found.machine == self._machine:
                    os.ftruncate(fd, 0)
        if intent is not None:
            _end_intent(fd, intent)
        os.close(fd)

    def refresh(self) -> None:
        """Write this machine's name anew, so that it stays fresh in a long session.

        For any thread, after each write; it does something once an hour at most.
        """
        with self._descriptor:
            young = self._now_ms() - self._written_ms < _REFRESH
            if self._noted and self._fd is not None and not young:
                with translating(self._file):
                    self._write_note(self._fd)

    def holders(self) -> tuple[Holder, ...]:
        """The other processes that hold the lock, where the system tells (Linux)."""
        try:
            wanted = self._file.stat()
            table = Path("/proc/locks").read_text(encoding="ascii")
        except OSError:
            return ()
        pids = _holding(table, wanted.st_dev, wanted.st_ino) - {os.getpid(), 0, -1}
        return tuple(Holder(pid, _process_name(pid)) for pid in sorted(pids))

    def busy(self) -> Environment:
        """The error for who needed to be alone and was not."""
        who = ", ".join(str(holder) for holder in self.holders())
        return Environment("vault-busy", holders=who or "another program")

    def _open(self) -> int:
        insist_on_file(self._file)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        return os.open(self._file, flags, 0o600)

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), os.lstat(self._file))
        except FileNotFoundError:
            return False

    def _follow(self) -> bool:
        """Share the lock file that has replaced ours; ours is kept where that is not possible."""
        with self._descriptor:
            ours, self._fd = self._fd, None
        try:
            self._take(_SHARED, 0)
        except Environment:
            self._fd = ours
            return False
        if ours is not None:
            os.close(ours)
        return True

    def _take(self, kind: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fd = self._open()
            except OSError as error:
                raise translate(error, self._file) from error
            try:
                with translating(self._file):
                    locked = _until(deadline, lambda fd=fd: _try_lock(fd, kind))
                    if locked and self._is_current(fd):
                        self._fd = fd
                        return
            finally:
                if self._fd is None:
                    os.close(fd)
            if not locked or time.monotonic() > deadline:
                raise self.busy()

    # The name of this machine -------------------------------------------------------------

    def _note(self) -> None:
        self.synchronised = sync_folder(self._directory)
        if self.synchronised is None or self._fd is None or self._noted:
            return
        with translating(self._file):
            found = _parse(_content(self._fd))
            # A clock that runs ahead there makes a date in the future: fresh as well.
            young = found is not None and self._now_ms() - found.since_ms < FRESH
            if found is not None and young and found.machine != self._machine:
                self.elsewhere = found
            self._write_note(self._fd)
        self._noted = True

    def _write_note(self, fd: int) -> None:
        self._written_ms = self._now_ms()
        note = json.dumps({"machine": self._machine, "since": self._written_ms})
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
        write_all(fd, note.encode())


def sync_folder(path: Path) -> str | None:
    """The name of the service that copies the folder of `path` to other computers, or None.

    Told by the names that the services give their folders and by the marks that they leave in
    them. It may miss one, and a folder may only be called so: it decides about a warning.
    """
    with contextlib.suppress(OSError):
        path = path.resolve()
    for folder in (path, *path.parents):
        name = folder.name.casefold()
        for service, names in _FOLDER_NAMES.items():
            if any(name == known or name.startswith(_with_account(known)) for known in names):
                return service
        for service, marks in _MARKS.items():
            if any(os.path.lexists(folder / mark) for mark in marks):
                return service
    return None


_FOLDER_NAMES: Final = {
    "Dropbox": ("dropbox",),
    "OneDrive": ("onedrive",),
    "Google Drive": ("google drive", "googledrive", "google drive stream"),
    "iCloud Drive": ("com~apple~clouddocs", "mobile documents", "icloud drive", "iclouddrive"),
    "Nextcloud": ("nextcloud",),
    "ownCloud": ("owncloud",),
    "pCloud": ("pcloud drive", "pclouddrive"),
    "MEGA": ("megasync",),
}
_MARKS: Final = {
    "Syncthing": (".stfolder", ".stignore"),
    "Dropbox": (".dropbox", ".dropbox.cache"),
    "Nextcloud": (".nextcloudsync.log", ".sync-exclude.lst"),
    "ownCloud": (".owncloudsync.log",),
}


def _with_account(name: str) -> tuple[str, ...]:
    return (f"{name} (", f"{name} - ", f"{name}-")


def _until(deadline: float, succeeds: Callable[[], bool]) -> bool:
    while not succeeds():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(_POLL, left))
    return True


def _content(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    return os.read(fd, _LONGEST_NOTE)


def _parse(note: bytes) -> Elsewhere | None:
    """What stands in the file: written by another program perhaps, so anything is possible."""
    try:
        match json.loads(note):
            case {"machine": str(machine), "since": int(since)}:
                return Elsewhere(display_name(machine)[:_LONGEST_NAME], since)
            case _:
                return None
    except (ValueError, RecursionError):
        return None


def _holding(table: str, device: int, inode: int) -> set[int]:
    """The processes in /proc/locks that hold (not wait for) a flock on a file.

    Some file systems show another device number there than stat does; then the inode decides.
    """
    exact: set[int] = set()
    alike: set[int] = set()
    for line in table.splitlines():
        match line.split():
            case [_, "FLOCK", _, _, pid, place, *_] if place.count(":") == 2:
                major, minor, number = place.split(":")
                if int(number) != inode:
                    continue
                alike.add(int(pid))
                if os.makedev(int(major, 16), int(minor, 16)) == device:
                    exact.add(int(pid))
            case _:
                continue
    return exact or alike


def _process_name(pid: int) -> str:
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "another program"
    return name or "another program"
