"""Names of files: made safe to create, and made harmless to show.

A name comes from a camera, a chat, or from somebody who hopes that it leaves the folder, hides its
ending by turning the reading direction around, becomes an option of a command, or cannot be
deleted again. What is created on export has a name made here, which on Linux, macOS and Windows
is one plain name in one folder.

`safe_name(safe_name(x)) == safe_name(x)`; ordinary names in any script stay as they are.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Final

from lighttight.errors import Refused

LONGEST: Final = 255
"""Bytes of UTF-8 that every usual file system allows in a name."""

UNNAMED: Final = "unnamed"
_LONGEST_ENDING: Final = 16

# Separators of any system, what Windows reserves, and signs that only look like a separator.
_SEPARATORS: Final = frozenset('/\\:*?"<>|\u2044\u2215\u2216\u29f5\u29f8\uff0f\uff3c')
# Needed inside Persian words and family emoji; harmless between two visible signs.
_JOINERS: Final = frozenset("\u200c\u200d")
# Control, format (reading direction, zero width), lone surrogates (bytes that were no text), line
# and paragraph separators. What a newer Unicode assigns is no reason to lose a sign.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE
)


def safe_name(name: str, limit: int = LONGEST) -> str:
    """A single path component that resembles `name`, of at most `limit` bytes."""
    # Cutting can bare a dot at the front, taking away can bring two signs together: until nothing
    # changes any more, which is soon, because every turn only shortens.
    text = name
    while (safe := _safer(text, limit)) != text:
        text = safe
    return text or UNNAMED[:limit]


def _safer(name: str, limit: int) -> str:
    text = unicodedata.normalize("NFC", "".join(map(_safe_sign, name)))
    text = _trimmed(text.lstrip(" .-~" + "".join(_JOINERS)))
    return _cut(f"_{text}" if _DEVICE.match(text) else text, limit)


def numbered(name: str, number: int, limit: int = LONGEST) -> str:
    """`photo.jpg` as `photo (2).jpg`, still within the limit. `name` is a safe one."""
    stem, ending = _split(name)
    mark = f" ({number})"
    room = limit - len(mark.encode()) - len(ending.encode())
    return _shortened(stem, room) + mark + ending


def display_name(name: str) -> str:
    """The name as one line of visible signs, in its own order: only for looking at."""
    return "".join(map(_visible_sign, name))


def disk_text(name: str | Path, limit: int = 4096) -> str:
    """A name or path from the disk as text that the record can hold: at most `limit` bytes.

    Bytes that are no UTF-8 become U+FFFD; what is too long loses its beginning, because the end
    of a path says more.
    """
    text = os.fsencode(name).decode("utf-8", "replace").encode()
    return text[-limit:].decode("utf-8", "ignore")


def insist_on_text(path: Path) -> None:
    """Refuse a place whose name is no text: the catalog's files could not be named in it."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise Refused("path-not-text", path=disk_text(path)) from error


def _safe_sign(sign: str) -> str:
    if sign in _SEPARATORS:
        return "_"
    if sign in _JOINERS:
        return sign
    category = unicodedata.category(sign)
    if category in _UNSAFE or _is_no_character(sign):
        # Nothing at all for what nobody could see, so that no ending is torn apart.
        return "" if category == "Cf" else "_"
    return " " if category == "Zs" else sign


def _visible_sign(sign: str) -> str:
    code = ord(sign)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if sign in _JOINERS:
        return sign
    if unicodedata.category(sign) in _UNSAFE or _is_no_character(sign):
        return "�"
    return sign


def _is_no_character(sign: str) -> bool:
    code = ord(sign)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _trimmed(text: str) -> str:
    # Windows drops dots and spaces at the end, so "x.jpg." would be found as "x.jpg".
    return text.rstrip(" ." + "".join(_JOINERS))


def _split(name: str) -> tuple[str, str]:
    """Stem and ending (with its dot), the ending empty where there is none worth keeping."""
    stem, dot, ending = name.rpartition(".")
    if not stem or not dot or not ending or len(ending.encode()) >= _LONGEST_ENDING:
        return name, ""
    return stem, f".{ending}"


def _cut(text: str, limit: int) -> str:
    if len(text.encode()) <= limit:
        return text
    stem, ending = _split(text)
    ending_size = len(ending.encode())
    if ending_size >= limit:
        stem, ending, ending_size = text, "", 0
    return _trimmed(_shortened(stem, limit - ending_size) + ending)


def _shortened(text: str, room: int) -> str:
    """At most `room` bytes, without half a sign and without a sign's lost accents."""
    data = text.encode()
    if len(data) <= room:
        return text
    cut = data[: max(room, 0)].decode(errors="ignore")
    rest = text[len(cut) :]
    if rest and unicodedata.combining(rest[0]):
        # One sign with hundreds of accents stays, shorter: better than no name.
        cut = cut.rstrip("".join(filter(unicodedata.combining, set(cut))))[:-1] or cut
    return _trimmed(cut)
