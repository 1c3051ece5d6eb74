"""What is said about playing before anything plays, without loading Qt's multimedia.

That takes a third of the time in which the window should be there, and prints what it finds on
this system; so it is loaded with the first video.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Final, Protocol

import PySide6
from PySide6.QtCore import QLoggingCategory

RULE: Final = "qt.multimedia.*=false"
_common: Final[list[str]] = []
"""Rules for Qt's common category; kept, because the player sets the rules once more."""
_FFMPEG_SAYS_NOTHING: Final = -8
SPEEDS: Final = (0.5, 1.0, 1.5, 2.0)


def keep_quiet() -> None:
    """Call before the first player: Qt's own log prints titles and places of what it plays."""
    rules = os.environ.get("QT_LOGGING_RULES", "")
    if RULE not in rules:
        os.environ["QT_LOGGING_RULES"] = f"{rules};{RULE}" if rules else RULE
    QLoggingCategory.setFilterRules("\n".join([RULE, *_common]))


def keep_silent() -> None:
    """For the program, not for tests: nothing from Qt's common category, in which it complains of
    sound servers and graphics cards, and sometimes names a file. What this program has to say it
    says itself; what keeps Qt from starting has categories of its own.

    No message handler: it would be Python, called on threads of Qt's, some of which the main
    thread waits for. Whoever looks for a defect sets QT_LOGGING_RULES, which goes before this.
    """
    _common[:] = [f"default.{kind}=false" for kind in ("debug", "info", "warning", "critical")]
    keep_quiet()


def hush_decoder() -> None:
    """Call after the first player: FFmpeg says what it thinks of a video past Qt, on the terminal.

    The library is the one that Qt brought along and has loaded already; where Qt uses another,
    nothing is changed.
    """
    here = Path(PySide6.__file__).parent
    for pattern in ("Qt/lib/libavutil.so.*", "Qt/lib/libavutil.*.dylib", "avutil-*.dll"):
        for library in here.glob(pattern):
            ctypes.CDLL(str(library)).av_log_set_level(_FFMPEG_SAYS_NOTHING)
            return


class Source(Protocol):
    """A sealed video that can be read anywhere. Both may be called on any thread."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, count: int) -> bytes:
        """Exactly the bytes asked for, fewer only at the end."""
        ...
