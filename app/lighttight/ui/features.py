"""What this build can do: the one place that decides which entries of the window exist.

Nothing on the screen may pretend. A row, a button or a sentence that belongs to a part which is
not built yet is left out, not greyed.
"""

from __future__ import annotations

import enum


class Feature(enum.Enum):
    """Parts of the design that the window has a place for."""

    SHARING = "sharing"
    """Share, Shared out, and links in the status line."""
    RECORD = "record"
    """The page What left."""
    HELP = "help"
    """Get help, in the sidebar and on the unlock page."""
    MARKS = "marks"
    """Clean, marked copies, and the note that promises them."""
    PEOPLE = "people"
    """Recipients, and searching for them."""
    PRINTING = "printing"
    """Printing the recovery words without a readable file on the way to the printer."""


BUILT: frozenset[Feature] = frozenset({Feature.RECORD})


def built(feature: Feature) -> bool:
    return feature in BUILT
