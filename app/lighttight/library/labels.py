"""What a name may look like: names of albums, tags and captions, and names that come from disk.

What a person types is tidied (composed letters, no stray white space) so that two names that look
the same are the same. What a disk says is evidence and kept as it is, except for what no text can
hold.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from lighttight.errors import Refused

LONGEST_ALBUM: Final = 200
LONGEST_TAG: Final = 64
LONGEST_CAPTION: Final = 1000

# Direction signs and line breaks could make a name read as another one. Joiners stay: Persian
# words and family emoji need them.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")


def album_name(text: str) -> str:
    """Refused("album-name-empty" or "album-name-long") where it cannot be one."""
    name = _line(text)
    if not name:
        raise Refused("album-name-empty")
    if len(name) > LONGEST_ALBUM:
        raise Refused("album-name-long", most=LONGEST_ALBUM)
    return name


def tag_name(text: str) -> str:
    """Refused("tag-empty" or "tag-long") where it cannot be one. A leading # is left away."""
    name = _line(text).lstrip("#").strip()
    if not name:
        raise Refused("tag-empty")
    if len(name) > LONGEST_TAG:
        raise Refused("tag-long", most=LONGEST_TAG)
    return name


def caption_text(text: str) -> str:
    """A caption may have several lines, and may be empty. Refused("caption-long")."""
    lines = [_line(line) for line in text.splitlines()]
    caption = "\n".join(lines).strip()
    if len(caption) > LONGEST_CAPTION:
        raise Refused("caption-long", most=LONGEST_CAPTION)
    return caption


def same(one: str, other: str) -> bool:
    """Whether two names differ in capitals only."""
    return one.casefold() == other.casefold()


def _line(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    seen = "".join(
        sign if unicodedata.category(sign) not in _HIDDEN or sign in _JOINERS else " "
        for sign in composed
    )
    return " ".join(seen.split())
