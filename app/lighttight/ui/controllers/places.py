"""Where libraries stand: which one a folder means, and which can be reached."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PATIENCE: Final = 1.0
"""Seconds that disks of other libraries are waited for, all together."""


def library_of(folder: Path) -> Path:
    """The library that somebody means who chose this folder: itself, around it, or alone in it."""
    from lighttight.session import SUFFIX, is_library

    for place in (folder, *folder.parents):
        if place.suffix == SUFFIX and place.is_dir():
            return place
    try:
        inside = [one for one in folder.glob(f"*{SUFFIX}") if one.is_dir()]
    except OSError:
        return folder
    return inside[0] if len(inside) == 1 and not is_library(folder) else folder


def connected(libraries: Sequence[Path]) -> tuple[tuple[Path, bool], ...]:
    """Whether each is there. A disk that does not answer in a moment is as good as not connected,
    and must not hold up a library on another."""
    from lighttight.session import is_library

    there: set[Path] = set()

    def look(place: Path) -> None:
        if is_library(place):
            there.add(place)

    threads = [threading.Thread(target=look, args=(one,), daemon=True) for one in libraries]
    until = time.monotonic() + PATIENCE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return tuple((one, one in there) for one in libraries)
