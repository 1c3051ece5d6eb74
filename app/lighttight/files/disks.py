"""What can be found out about the disk under a folder: room, whether it is carried about, and
whether it is encrypted.

Only what the system says for sure is answered; everything else is None. On Linux a disk is called
encrypted where each device under it lies behind dm-crypt, where the file system is one of those
that encrypt, or where the folder carries the file system's own mark of encryption; it is called
unencrypted where real devices lie there bare. A disk in a virtual machine, over the network or
behind a loop device may be encrypted by somebody whom this computer cannot see.
"""

from __future__ import annotations

import array
import contextlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lighttight.files.durable import O_BASE, O_DIRECTORY, translating

_SYS: Final = Path("/sys/dev/block")
_MOUNTS: Final = Path("/proc/self/mountinfo")
_ENCRYPTING: Final = frozenset({
    *("ecryptfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.encfs", "fuse.securefs"),
})  # fmt: skip
_UNSEEN: Final = ("loop", "nbd", "zram", "ram", "rbd", "drbd")
"""Devices of which another machine or another file system holds the bytes."""
_VIRTUAL: Final = ("/virtio", "/vmbus", "/xen", "/vbd-")
_CARRIED: Final = ("/usb", "/mmc_host/", "/firewire")
_FLAGS_OF_FILE: Final = 0x80086601
_ENCRYPTED_FLAG: Final = 0x800
_DEEPEST: Final = 16


@dataclass(frozen=True, slots=True)
class Disk:
    """`name` is the name of a disk that was put in, None for what belongs to the computer."""

    free: int
    name: str | None
    removable: bool | None
    encrypted: bool | None


@dataclass(frozen=True, slots=True)
class _Mount:
    point: Path
    device: str
    kind: str
    source: str


def disk_of(folder: Path, *, sys_: Path = _SYS, mounts: Path = _MOUNTS) -> Disk:
    """Raises Refused or Environment where the folder cannot be asked at all."""
    with translating(folder, gone="folder-gone"):
        free = shutil.disk_usage(folder).free
        real = folder.resolve(strict=True)
    mount = _mount_of(real, mounts) if sys.platform == "linux" else None
    if mount is None:
        return Disk(free, None, None, None)
    device = _device(mount, sys_)
    removable = None if device is None else _is_removable(device)
    name = mount.point.name if removable or _is_put_in(mount.point) else ""
    encrypted = True if mount.kind in _ENCRYPTING or _is_marked(real) else None
    if encrypted is None and device is not None:
        encrypted = _is_encrypted(device)
    return Disk(free, name or None, removable, encrypted)


def _mount_of(folder: Path, mounts: Path) -> _Mount | None:
    """The last mount above the folder: a later one at the same place hides those before."""
    found: _Mount | None = None
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
            left, _, right = line.partition(" - ")
            fields, more = left.split(" "), right.split(" ")
            point = Path(_unescaped(fields[4]))
            if folder.is_relative_to(point) and (
                found is None or len(point.parts) >= len(found.point.parts)
            ):
                found = _Mount(point, fields[2], more[0], _unescaped(more[1]))
    return found


def _unescaped(text: str) -> str:
    for sign, octal in ((" ", r"\040"), ("\t", r"\011"), ("\n", r"\012"), ("\\", r"\134")):
        text = text.replace(octal, sign)
    return text


def _device(mount: _Mount, sys_: Path) -> Path | None:
    """The device's place in `/sys`. Btrfs gives its mounts numbers that are no device's."""
    names = [mount.device]
    with contextlib.suppress(OSError, ValueError):
        number = Path(mount.source).stat().st_rdev if mount.source.startswith("/dev/") else 0
        if number:
            names.append(f"{os.major(number)}:{os.minor(number)}")
    for name in names:
        with contextlib.suppress(OSError):
            return (sys_ / name).resolve(strict=True)
    return None


def _is_removable(device: Path) -> bool:
    if any(part in f"{device}/" for part in _CARRIED):
        return True
    if any(_is_removable(one) for one in _below(device)):
        return True
    whole = device.parent if (device / "partition").exists() else device
    return _read(whole / "removable") == "1"


def _is_encrypted(device: Path, depth: int = 0) -> bool | None:
    """Whether all that lies under this device is encrypted. One bare disk is enough for no."""
    if _read(device / "dm" / "uuid").startswith("CRYPT-"):
        return True
    below = _below(device)
    if below and depth < _DEEPEST:
        told = [_is_encrypted(one, depth + 1) for one in below]
        if False in told:
            return False
        return None if None in told else True
    if device.name.startswith(_UNSEEN) or any(part in str(device) for part in _VIRTUAL):
        return None
    return None if device.name.startswith("dm-") else False


def _below(device: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(one.resolve(strict=True) for one in (device / "slaves").iterdir())
    return []


def _read(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip()
    return ""


def _is_put_in(point: Path) -> bool:
    return point.parts[1:2] in (("media",), ("mnt",)) or point.parts[1:3] == ("run", "media")


def _is_marked(folder: Path) -> bool:
    """Whether the file system says of this folder that it encrypts what is in it (fscrypt)."""
    import fcntl

    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | O_DIRECTORY | O_BASE)
        try:
            flags = array.array("L", [0])
            fcntl.ioctl(fd, _FLAGS_OF_FILE, flags)
        finally:
            os.close(fd)
        return bool(flags[0] & _ENCRYPTED_FLAG)
    return False
