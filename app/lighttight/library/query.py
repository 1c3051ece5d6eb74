"""What a person typed into the search, as conditions. Pure, and total: every text means something.

    lake summer        both words, each the beginning of a word, in name, caption, album, tag,
                       device or day ("september" finds a month)
    "summer lake"      exactly these words, next to each other
    tag:la  album:la   the beginning of a tag, of an album's name
    kind:video         or kind:photo
    year:2024          also year:2024-09, and 2024-09 or 2024-09-14 by themselves
    is:favourite       also is:photo, is:video, is:shared
    shared:maya        a copy went to a place of this name, or may have

Half-typed words mean what they would become: `kind:v` is video, `year:2024-1` the year until its
month is known, and a quote that was not closed yet matches beginnings. A condition that cannot be
met (`kind:zebra`) finds nothing, and `Conditions.impossible` says which. Nothing that is typed
reaches SQL or the full-text syntax other than quoted or as a value.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass, field
from typing import Final

from lighttight.errors import Refused
from lighttight.model import Kind

LONGEST: Final = 500
MOST_WORDS: Final = 20

_WORD = re.compile(
    r"(?P<bare>[A-Za-z]+):(?=\s|$)"
    r'|(?:(?P<key>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)(?P<closed>"?)|(?P<plain>[^\s"]+))'
)
_DAY = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_HALF = re.compile(r"(\d{4})-[01]|(\d{4}-\d{2})-[0-3]")
_YEAR = re.compile(r"\d{1,4}")
# Written without spaces between words: the full-text index sees a whole sentence as one word, so
# these are looked for anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")

_IS: Final = ("favourite", "photo", "shared", "video")
_KEYS: Final = frozenset({"tag", "album", "kind", "year", "is", "shared"})


@dataclass(frozen=True, slots=True)
class Conditions:
    """All of these at once."""

    match: str = ""
    """An expression for the full-text index; empty for none."""
    contains: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    """Wall-clock seconds, from and up to but not including."""
    kinds: tuple[Kind, ...] = ()
    favourite: bool = False
    shared: tuple[str, ...] = ()
    """Beginnings or parts of the names of places; empty text for any place."""
    impossible: Refused | None = None
    """Why nothing can meet them: the first part that cannot be. To be shown, never raised."""

    @property
    def empty(self) -> bool:
        return self == Conditions()


@dataclass
class _Reading:
    match: list[str] = field(default_factory=list)
    contains: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    favourite: bool = False
    shared: list[str] = field(default_factory=list)
    part: str = ""
    """What is being read, as it was typed."""
    impossible: Refused | None = None

    def refuse(self, error: Refused) -> None:
        self.impossible = self.impossible or error

    def word(self, text: str, *, exact: bool = False) -> None:
        day = _DAY.fullmatch(text)
        if day is not None and not exact:
            self.span(text)
        elif _UNSPACED.search(text):
            self.contains.append(text)
        elif any(sign.isalnum() for sign in text):
            self.match.append(_phrase(text, exact=exact))
        elif not text.isascii():
            # An emoji is no word to the index, but people name albums with them.
            self.contains.append(text)

    def column(self, name: str, text: str, *, exact: bool) -> None:
        if any(sign.isalnum() for sign in text):
            self.match.append(f"{{{name}}} : {_phrase(text, exact=exact)}")
        elif text:
            self.contains.append(text)

    def kind(self, text: str) -> None:
        chosen = [kind for kind in Kind if kind.value.startswith(text.lower())]
        if len(chosen) == 1:
            self.kinds.append(chosen[0])
        elif not chosen:
            self.refuse(Refused("search-kind-unknown", part=self.part))

    def being(self, text: str) -> None:
        text = "favourite" if "favorite".startswith(text.lower()) else text.lower()
        chosen = [name for name in _IS if name.startswith(text)]
        match chosen:
            case ["favourite"]:
                self.favourite = True
            case ["shared"]:
                self.shared.append("")
            case ["photo" | "video"]:
                self.kinds.append(Kind(chosen[0]))
            case []:
                self.refuse(Refused("search-being-unknown", part=self.part))
            case _:
                pass

    def span(self, text: str) -> None:
        half = _HALF.fullmatch(text)
        found = _span((half[1] or half[2]) if half else text.rstrip("-"))
        if found is None:
            self.refuse(Refused("search-time-unknown", part=self.part))
        else:
            self.spans.append(found)


def parse(text: str) -> Conditions:
    """Read what was typed. Never raises; text beyond 500 signs or 20 words is not looked at."""
    reading = _Reading()
    clean = text.replace("\x00", " ").encode("utf-8", "replace").decode()
    for count, found in enumerate(_WORD.finditer(clean[:LONGEST])):
        if count == MOST_WORDS:
            break
        reading.part = found[0]
        if found["bare"]:
            if found["bare"].lower() not in _KEYS:
                reading.word(found["bare"])
            continue
        key = (found["key"] or "").lower()
        quoted = found["quoted"]
        value = found["plain"] if quoted is None else quoted
        exact = quoted is not None and bool(found["closed"])
        if key and key not in _KEYS:
            reading.word(f"{found['key']}:{value}", exact=exact)
        elif not key:
            reading.word(value, exact=exact)
        elif value:
            _keyed(reading, key, value, exact=exact)
    if len(set(reading.kinds)) > 1:
        reading.refuse(Refused("search-kinds-contradict"))
    return Conditions(
        " AND ".join(reading.match),
        tuple(reading.contains),
        tuple(reading.spans),
        tuple(reading.kinds),
        reading.favourite,
        tuple(reading.shared),
        reading.impossible,
    )


def _keyed(reading: _Reading, key: str, value: str, *, exact: bool) -> None:
    match key:
        case "tag":
            reading.column("tags", value, exact=exact)
        case "album":
            reading.column("albums", value, exact=exact)
        case "kind":
            reading.kind(value)
        case "year":
            reading.span(value)
        case "is":
            reading.being(value)
        case _:
            reading.shared.append(value)


def _phrase(text: str, *, exact: bool) -> str:
    quoted = '"' + text.replace('"', " ") + '"'
    return quoted if exact else quoted + " *"


def _span(text: str) -> tuple[int, int] | None:
    """The seconds of a year, of a month, of a day, or of all years that begin so."""
    if _YEAR.fullmatch(text):
        first, last = int(text.ljust(4, "0")), int(text.ljust(4, "9"))
        return _start(first, 1, 1), _start(last + 1, 1, 1)
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    start = _start(year, month, day)
    if found[3]:
        return start, start + 86_400
    return start, _start(year + month // 12, month % 12 + 1, 1)


def _start(year: int, month: int, day: int) -> int:
    """Midnight before that day; of years that the calendar does not have, the nearest end."""
    if year > datetime.MAXYEAR:
        return calendar.timegm((datetime.MAXYEAR, 12, 31, 24, 0, 0))
    return calendar.timegm((max(year, datetime.MINYEAR), month, day, 0, 0, 0))
