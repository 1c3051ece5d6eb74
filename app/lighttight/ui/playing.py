"""What is said about playing before anything plays, without loading Qt's multimedia.

That takes a third of the time in which the window should be there, and prints what it finds on
this system; so it is loaded with the first video.
"""

from __future__ import annotations

import os
from typing import Final, Protocol

from PySide6.QtCore import QLoggingCategory

RULE: Final = "qt.multimedia.*=false"
SPEEDS: Final = (0.5, 1.0, 1.5, 2.0)


def keep_quiet() -> None:
    """Call before the first player: Qt's own log prints titles and places of what it plays."""
    rules = os.environ.get("QT_LOGGING_RULES", "")
    if RULE not in rules:
        os.environ["QT_LOGGING_RULES"] = f"{rules};{RULE}" if rules else RULE
    QLoggingCategory.setFilterRules(RULE)


class Source(Protocol):
    """A sealed video that can be read anywhere. Both may be called on any thread."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, count: int) -> bytes:
        """Exactly the bytes asked for, fewer only at the end."""
        ...
