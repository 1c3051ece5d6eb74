"""Machine settings: how the program looks and where it was last used. Nothing that protects.

What protects (auto-lock, veiled albums, deliveries) stands in the catalog, where changing it is
recorded. This file is plain and readable; it names libraries by path, and "no recent list" empties
and ends that.

- `load` never fails: a program that cannot start because of a colour would be absurd. What was
  damaged is kept beside, defaults are used, and the answer says so.
- `change` writes the named settings and leaves everything else in the file as it is: what a newer
  version wrote there, and what another process changed meanwhile: `settings.lock` beside it is held
  from reading to writing.
- `LIGHTTIGHT_HOME` moves the file and the state, for tests and for use from a memory stick.
"""

from __future__ import annotations

import contextlib
import enum
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypedDict, Unpack, get_type_hints

import msgspec
import platformdirs
from filelock import FileLock, Timeout

from lighttight.errors import Environment, LighttightError
from lighttight.files import read_bounded, translating, write_durably

PROGRAM: Final = "lighttight"
FILE: Final = "settings.json"
LOCK: Final = "settings.lock"
LONGEST: Final = 256 * 1024
MOST_RECENT: Final = 10
WAIT: Final = 5.0
"""Seconds that changing waits for another process, which holds the lock for one small file."""

_NOTHING_THERE: Final = frozenset({"file-missing", "vault-gone"})


class Theme(enum.Enum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Motion(enum.Enum):
    SYSTEM = "system"
    FULL = "full"
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True)
class Window:
    """Where the window was, in device-independent pixels."""

    x: int
    y: int
    width: int
    height: int
    maximised: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    theme: Theme = Theme.SYSTEM
    motion: Motion = Motion.SYSTEM
    window: Window | None = None
    keep_recent: bool = True
    recent: tuple[str, ...] = ()
    """Paths of vaults, the last opened first; always empty without `keep_recent`."""
    used: bool = False
    """A vault was made or opened here once; not which, and not where."""
    export_folder: str | None = None


class Changes(TypedDict, total=False):
    """What `change` takes: any of the settings."""

    theme: Theme
    motion: Motion
    window: Window | None
    keep_recent: bool
    recent: tuple[str, ...]
    used: bool
    export_folder: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What was found wrong with the settings. The program goes on all the same."""

    kind: Literal["damaged", "unreadable", "not-understood"]
    kept: Path | None = None
    """Where the damaged file was put, if that was possible."""
    names: tuple[str, ...] = ()
    """The settings whose value this version does not understand; the file keeps them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    settings: Settings = field(default_factory=Settings)
    trouble: Trouble | None = None


_TYPES: Final[Mapping[str, Any]] = get_type_hints(Settings)


def load() -> Loaded:
    """The settings as they stand, or defaults and what the trouble is."""
    path = _path()
    try:
        found = _read(path)
    except msgspec.DecodeError:
        return Loaded(trouble=Trouble("damaged", kept=_keep_aside(path)))
    except LighttightError as error:
        if error.code in _NOTHING_THERE:
            return Loaded()
        if error.code == "file-oversized":
            return Loaded(trouble=Trouble("damaged", kept=_keep_aside(path)))
        return Loaded(trouble=Trouble("unreadable"))
    known: dict[str, Any] = {}
    odd: list[str] = []
    for name in found.keys() & _TYPES.keys():
        try:
            known[name] = msgspec.convert(found[name], _TYPES[name])
        except msgspec.ValidationError:
            odd.append(name)
    if not known.get("keep_recent", True):
        known["recent"] = ()
    trouble = Trouble("not-understood", names=tuple(sorted(odd))) if odd else None
    return Loaded(Settings(**known), trouble)


def change(**changes: Unpack[Changes]) -> Settings:
    """Write these settings and no others; answers all of them. Raises Environment."""
    unknown = changes.keys() - _TYPES.keys()
    if unknown:
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    with _changing():
        return _change(changes)


def _change(changes: Changes) -> Settings:
    # Looks at the file first, so that a damaged one is aside before anything is written.
    before = load().settings
    if not changes.get("keep_recent", before.keep_recent):
        changes["recent"] = ()
    path = _path()
    content: dict[str, Any] = {}
    with contextlib.suppress(msgspec.DecodeError):
        try:
            content = _read(path)
        except LighttightError as error:
            # What cannot be read is not replaced either.
            if error.code not in _NOTHING_THERE:
                raise
    content.update(msgspec.to_builtins(changes))
    write_durably(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return load().settings


def remember_vault(path: Path) -> Settings:
    """Put a vault at the front of the recent ones, if they are kept at all.

    That there was one is kept in any case: without it every start would look like the first, and
    lead to a second vault.
    """
    with _changing():
        before = load().settings
        if not before.keep_recent:
            return before if before.used else _change({"used": True})
        name = os.fspath(path.absolute())
        others = tuple(each for each in before.recent if each != name)
        return _change({"recent": (name, *others)[:MOST_RECENT], "used": True})


def forget_vault(path: Path) -> Settings:
    """Take a vault out of the recent ones."""
    with _changing():
        before = load().settings
        name = os.fspath(path.absolute())
        return _change({"recent": tuple(each for each in before.recent if each != name)})


def config_directory() -> Path:
    """Where the settings stand. It need not exist yet."""
    home = _home()
    return home or platformdirs.user_config_path(PROGRAM, appauthor=False)


def state_directory() -> Path:
    """A private directory for logs and the like; made when it is not there. Raises Environment."""
    home = _home()
    path = home / "state" if home else platformdirs.user_state_path(PROGRAM, appauthor=False)
    _make_private(path)
    return path


def _home() -> Path | None:
    value = os.environ.get("LIGHTTIGHT_HOME", "")
    return Path(value).expanduser().absolute() if value else None


def _path() -> Path:
    # Through a link, if it is one: people keep such files elsewhere and link them here.
    return Path(os.path.realpath(config_directory() / FILE))


@contextlib.contextmanager
def _changing() -> Iterator[None]:
    """Nobody else, in this process or another, changes the settings while the block runs."""
    path = _path().with_name(LOCK)
    _make_private(path.parent)
    lock = FileLock(path, timeout=WAIT, mode=0o600)
    with translating(path, gone="folder-gone"):
        try:
            lock.acquire()
        except Timeout as error:
            raise Environment("settings-busy") from error
    try:
        yield
    finally:
        lock.release()


def _read(path: Path) -> dict[str, Any]:
    return msgspec.json.decode(read_bounded(path, LONGEST), type=dict[str, Any])


def _keep_aside(path: Path) -> Path | None:
    for number in range(1, 100):
        aside = path.with_name(f"settings.damaged-{number}.json")
        if aside.exists():
            continue
        try:
            path.rename(aside)
        except OSError:
            return None
        return aside
    return None


def _make_private(path: Path) -> None:
    with translating(path, gone="folder-gone"):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _home() is None:
            # Ours alone by name, so ours to close. A folder that the person named is left as is.
            with contextlib.suppress(PermissionError):
                path.chmod(0o700)
