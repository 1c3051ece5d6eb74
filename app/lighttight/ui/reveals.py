"""What originals say besides the picture, in words: for the table of the export sheet.

The catalog answers at once for place, date and device; the rest comes as one file after another is
looked into. Nothing is called absent before everything was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication

from lighttight.model import Item, Kind, Place
from lighttight.ui import words

if TYPE_CHECKING:
    from lighttight.session import Told

ALWAYS: Final = ("place", "date", "device")
"""Rows that stand there also when nothing was found: what people fear first."""
_JPEG: Final = frozenset({
    *("image/jpeg", "image/heic", "image/heif", "image/avif", "image/tiff", "image/bmp"),
})  # fmt: skip
"""Photos whose clean copy is a JPEG for certain."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table. `whole` is what `here` had no room for; `fate` colours `there`."""

    key: str
    icon: str
    name: str
    here: str
    there: str
    fate: str
    whole: str = ""


def tr(text: str) -> str:
    return QCoreApplication.translate("Reveals", text)


def _sorts() -> list[tuple[str, str, str, frozenset[str]]]:
    """(key, icon, name, kinds of findings), in the order of the table."""
    return [
        ("place", "place", tr("Place"), frozenset({"place"})),
        ("date", "date", tr("Date"), frozenset({"date"})),
        ("device", "camera", tr("Device"), frozenset({"device"})),
        ("names", "person", tr("Names"), frozenset({"names"})),
        ("words", "words", tr("Words"), frozenset({"words"})),
        ("software", "settings", tr("Software"), frozenset({"software", "edits"})),
        ("preview", "copies", tr("Previews"), frozenset({"preview"})),
        ("clip", "video", tr("Clips"), frozenset({"clip", "tracks"})),
        ("hidden", "mark", tr("Hidden"), frozenset({"hidden", "other"})),
    ]


def position(place: Place) -> str:
    """`48.86 N, 2.35 E`: to about a kilometre, as findings give it too."""
    down = tr("N") if place.latitude >= 0 else tr("S")
    across = tr("E") if place.longitude >= 0 else tr("W")
    return f"{abs(place.latitude):.2f} {down}, {abs(place.longitude):.2f} {across}"


class Reveals:
    """Gathers what is known about the chosen items."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.looked = 0
        self.impossible: set[str] = set()
        """Items of which no clean copy can be made in full size."""
        self.unread = 0
        """Items that could not be looked into for another reason."""
        self._found: dict[str, dict[str, None]] = {}
        self._having: dict[str, set[str]] = {}
        for item in items:
            if item.place is not None:
                self._add(item.id, "place", position(item.place))
            if item.taken is not None:
                self._add(item.id, "date", f"{item.taken:%Y-%m-%d %H:%M}")
            if item.device:
                self._add(item.id, "device", item.device)

    def add(self, told: Told) -> None:
        self.looked += 1
        if not told.copyable:
            self.impossible.add(told.item)
        elif told.trouble is not None:
            self.unread += 1
        for one in told.findings:
            self._add(told.item, one.kind, one.detail)

    def _add(self, item: str, kind: str, detail: str) -> None:
        self._having.setdefault(kind, set()).add(item)
        if detail:
            self._found.setdefault(kind, {})[detail] = None

    @property
    def complete(self) -> bool:
        return self.looked >= len(self.items)

    # ---- the table -----------------------------------------------------------------------------

    def lines(self, *, clean: bool, keep_names: bool) -> list[Line]:
        there = tr("Removed") if clean else tr("Stays inside")
        fate = "gone" if clean else "stays"
        lines: list[Line] = []
        for key, icon, name, kinds in _sorts():
            having = set().union(*(self._having.get(kind, set()) for kind in kinds))
            if having:
                details = _distinct(
                    detail for kind in sorted(kinds) for detail in self._found.get(kind, ())
                )
                here = self._summary(key, details, len(having))
                lines.append(Line(key, icon, name, here, there, fate, "\n".join(details)))
            elif key in ALWAYS:
                none = tr("None found") if self.complete else tr("Looking…")
                lines.append(Line(key, icon, name, none, "", "none"))
        lines.append(self._names_of_files(clean=clean, keep_names=keep_names))
        if clean:
            lines.append(
                Line(
                    "else",
                    "filter",
                    tr("The rest"),
                    tr("Whatever it may be"),
                    tr("Left out"),
                    "gone",
                    tr("Only what is needed to show the picture is put into a copy."),
                )
            )
        return lines

    def _summary(self, key: str, details: list[str], having: int) -> str:
        if key == "date":
            return self._dates() or (details[0] if details else self._share(having))
        if key == "place":
            exact = [one for one in details if one[:1].isdigit()]
            if len(exact) > 1:
                return words.counts().places(len(exact))
            return exact[0] if exact else self._share(having)
        if not details or (len(self.items) > 1 and key not in ("device", "names", "software")):
            return self._share(having)
        if len(details) == 1:
            return details[0]
        return words.counts().and_more(details[0], len(details) - 1)

    def _share(self, having: int) -> str:
        if len(self.items) == 1:
            return tr("Present")
        return tr("In {some} of {all}").format(
            some=words.number(having), all=words.number(len(self.items))
        )

    def _dates(self) -> str:
        taken = sorted(item.taken for item in self.items if item.taken is not None)
        if not taken:
            return ""
        if len(taken) == 1:
            return f"{words.short_day(taken[0])}, {words.time_of_day(taken[0])}"
        return words.span(taken[0], taken[-1])

    def _names_of_files(self, *, clean: bool, keep_names: bool) -> Line:
        first, count = self.items[0].name, len(self.items)
        here = first if count == 1 else words.counts().and_more(first, count - 1)
        whole = "\n".join(item.name for item in self.items[:12])
        name = tr("File names")
        if not clean or keep_names:
            fate = "stays" if not clean else "kept"
            return Line("files", "tag", name, here, tr("Stay as they are"), fate, whole)
        jpeg = all(item.mime in _JPEG for item in self.items)
        ending = ".jpg" if jpeg else ""
        there = f"1{ending}"
        if count > 1:
            there = tr("{first} to {last}").format(first=there, last=f"{count}{ending}")
        return Line("files", "tag", name, here, there, "gone", whole)

    # ---- unchanged -----------------------------------------------------------------------------

    def sentences(self) -> list[str]:
        """What whoever gets the originals can read in them, worst first."""
        telling = max(self.items, key=_telling)
        example = _said_by(telling)
        if not example:
            return [tr("Whatever is written inside leaves with them.")]
        if len(self.items) == 1:
            return [tr("Whoever gets it can read in it: {what}").format(what=example)]
        placed = sum(item.place is not None for item in self.items)
        said = [tr("Whoever gets these can read in one of them: {what}").format(what=example)]
        if placed > 1:
            said.append(words.counts().placed(placed))
        return said


def _telling(item: Item) -> int:
    return 4 * (item.place is not None) + 2 * bool(item.device) + (item.taken is not None)


def _said_by(item: Item) -> str:
    # Not to be broken in the middle of a number.
    place = "" if item.place is None else position(item.place).replace(" ", "\u00a0")
    device = item.device or ""
    when = "" if item.taken is None else words.day_and_time(item.taken)
    if place and device:
        said = tr("“Taken at {place} with {device}.”")
    elif place:
        said = tr("“Taken at {place}.”")
    elif device:
        said = tr("“Taken with {device}.”")
    elif when:
        said = tr("“Taken on {when}.”")
    else:
        return ""
    return said.format(place=place, device=device, when=when)


def _distinct(details: Iterable[str]) -> list[str]:
    """Each fact once: a model does not stand again beside maker and model."""
    found = list(dict.fromkeys(details))
    return [
        one
        for one in found
        if not any(one != other and one.casefold() in other.casefold() for other in found)
    ]


def what(items: Iterable[Item]) -> str:
    """`photo` or `video` where all are that, else nothing."""
    kinds = {item.kind for item in items}
    if kinds == {Kind.PHOTO}:
        return "photo"
    return "video" if kinds == {Kind.VIDEO} else ""
