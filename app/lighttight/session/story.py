"""What the page *What left* shows: the record by pages, as sentences, and what it adds up to.

Nothing is held but which entry settles which act. A page costs the same in a record of a hundred
entries and in one of a hundred thousand; what needs the whole record (`summary`, one picture's
entries) is for a worker thread.
"""

from __future__ import annotations

import enum
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from lighttight.audit.reading import Entry, Record
from lighttight.library.library import Library
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field, decode_value
from lighttight.session.sentences import Narrator
from lighttight.sharing.egress import Egress
from lighttight.vault.vault import Vault

WEEKS: Final = 13
"""In the chart: a quarter of a year."""
THUMBNAILS: Final = 3
PLACES: Final = 6

_ACTS: Final = frozenset({EntryKind.EXPORT_INTENDED, EntryKind.PROOF_MADE})
_SETTLES: Final = frozenset({EntryKind.EXPORT_FINISHED, EntryKind.LOOKED_INTO})
_LEFT: Final = _ACTS | {EntryKind.LOOKED_INTO, EntryKind.RECOVERY_SHOWN, EntryKind.BACKED_UP}
_OPENINGS: Final = frozenset({EntryKind.UNLOCKED, EntryKind.UNLOCK_REFUSED, EntryKind.LOCKED})
_PICTURES: Final = frozenset(
    {
        *(EntryKind.IMPORTED, EntryKind.EDITED, EntryKind.TRASHED, EntryKind.UNDELETED),
        *(EntryKind.PURGED, EntryKind.ORIGINAL_REMOVED, EntryKind.DELETION_FINISHED),
        *(EntryKind.ALBUM_CREATED, EntryKind.ALBUM_REMOVED, EntryKind.ALBUM_RENAMED),
    }
)
_TOLD_ELSEWHERE: Final = frozenset({EntryKind.EXPORT_FINISHED})
"""Told by the sentence of the act that they end."""


class Show(enum.Enum):
    """Which entries. `USUAL` are those that let something or somebody out or in."""

    USUAL = "usual"
    LEFT = "left"
    OPENINGS = "openings"
    PICTURES = "pictures"
    PROTECTION = "protection"
    EVERYTHING = "everything"


_EVERY: Final = frozenset(EntryKind) - _TOLD_ELSEWHERE
_PROTECTION: Final = _EVERY - _LEFT - _OPENINGS - _PICTURES
_KINDS: Final = {
    Show.USUAL: _LEFT
    | {
        *(EntryKind.UNLOCKED, EntryKind.UNLOCK_REFUSED, EntryKind.WEAKENED),
        *(EntryKind.SLOT_ADDED, EntryKind.SLOT_REMOVED, EntryKind.RESTORED),
        *(EntryKind.OLDER_ACCEPTED, EntryKind.ANCHOR_OVERRIDDEN, EntryKind.VAULT_CREATED),
    },
    Show.LEFT: _LEFT,
    Show.OPENINGS: _OPENINGS,
    Show.PICTURES: _PICTURES,
    Show.PROTECTION: _PROTECTION,
    Show.EVERYTHING: _EVERY,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry for people. `time` is milliseconds UTC, by the clock of that moment.

    `items` are the first of `count` pictures. `unanswered`: an act that never ended and that
    nobody looked into; copies at `place` may have left.
    """

    sequence: int
    kind: str
    time: int
    sentence: str
    items: tuple[ItemId, ...] = ()
    count: int = 0
    place: str = ""
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first. `before` is where the next page begins; None: there is none."""

    lines: tuple[Line, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class Week:
    """Copies that left, or may have left, in the week that begins on this Monday."""

    begins: date
    copies: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Where copies are now, as far as the record knows."""

    place: str
    copies: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The newest check that looked at the record. `damage` counts what was found."""

    time: int
    damage: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What the record adds up to. `copies` and `holders` count pictures, not files: what went
    to the same folder twice counts once."""

    entries: int
    since: int | None
    checked: Checked | None
    weeks: tuple[Week, ...]
    holders: tuple[Holder, ...]
    copies: int
    unanswered: int


class Story:
    """The record of one open vault, told."""

    def __init__(self, vault: Vault, library: Library, record: Record, egress: Egress) -> None:
        self._vault = vault
        self._library = library
        self._record = record
        self._egress = egress
        self._lock = threading.Lock()
        self._settled: dict[int, tuple[int, ...]] = {}
        self._known = -1

    def page(
        self,
        show: Show = Show.USUAL,
        *,
        item: ItemId | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Page:
        """At most `limit` lines, newest first; only of `item`, where one is given."""
        kinds = _KINDS[show]
        if item is None:
            entries = self._record.entries(before=before, kinds=kinds, limit=limit)
        else:
            about = self._record.about(item)
            wanted = [one for one in about if before is None or one < before]
            entries = self._of(wanted, kinds, limit)
        more = entries[-1].sequence if len(entries) == limit else None
        return Page(self._told(entries), more)

    def unanswered(self) -> Page:
        """Acts that never ended and that nobody looked into, all of them, newest first."""
        return Page(self._told(self._record.those(self._open())), None)

    def summary(self, now: datetime) -> Summary:
        """`now` is aware; weeks are those of its zone."""
        catalog = self._vault.catalog
        first = catalog.one("SELECT claimed FROM entries WHERE sequence = 0")
        found = self._record.entries(kinds=frozenset({EntryKind.VERIFIED}), limit=1)
        rows = catalog.query(
            "SELECT place, count(DISTINCT item) FROM copies GROUP BY place ORDER BY 2 DESC, 1"
        )
        total = catalog.one("SELECT count(DISTINCT item) FROM copies")
        return Summary(
            catalog.state().frontier.size,
            None if first is None else first[0],
            _checked(found[0]) if found else None,
            self._weeks(now),
            tuple(Holder(place, copies) for place, copies in rows[:PLACES]),
            0 if total is None else total[0],
            len(self._open()),
        )

    # ---- inside --------------------------------------------------------------------------------

    def _of(self, wanted: Sequence[int], kinds: frozenset[EntryKind], limit: int) -> list[Entry]:
        found: list[Entry] = []
        for start in range(0, len(wanted), limit):
            found += [
                one
                for one in self._record.those(wanted[start : start + limit])
                if one.kind in kinds
            ]
            if len(found) >= limit:
                break
        return found[:limit]

    def _told(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        settled = self._settles()
        later = self._record.those(
            other for one in entries for other in settled.get(one.sequence, ())
        )
        albums = {album.id: album.name for album in self._library.albums.all()}
        running = frozenset(self._egress.running)
        narrator = Narrator((*entries, *later), albums, running=running, brief=True)
        lines: list[Line] = []
        for entry in entries:
            sentence = narrator.sentence(entry)
            if sentence is not None:
                acts = entry.kind in _ACTS and entry.sequence not in settled
                lines.append(_line(entry, sentence, acts and entry.sequence not in running))
        return tuple(lines)

    def _settles(self) -> dict[int, tuple[int, ...]]:
        """Which entries say how an act ended, by the act. Each is read once."""
        with self._lock:
            for sequence, value in self._vault.catalog.query(
                "SELECT sequence, value FROM entries JOIN fields USING (sequence)"
                " WHERE kind IN (?, ?) AND sequence > ? AND name = ? AND value IS NOT NULL",
                (*(one.number for one in _SETTLES), self._known, Field.INTENT.label),
            ):
                intent = decode_value(Field.INTENT, value)
                if isinstance(intent, int):
                    self._settled[intent] = (*self._settled.get(intent, ()), sequence)
                self._known = max(self._known, sequence)
            return dict(self._settled)

    def _open(self) -> list[int]:
        settled = self._settles()
        running = self._egress.running
        acts = self._vault.catalog.query(
            "SELECT sequence FROM entries WHERE kind IN (?, ?) ORDER BY sequence DESC",
            tuple(one.number for one in _ACTS),
        )
        return [row[0] for row in acts if row[0] not in settled and row[0] not in running]

    def _weeks(self, now: datetime) -> tuple[Week, ...]:
        this = now.date() - timedelta(days=now.weekday())
        begins = [this - timedelta(weeks=back) for back in reversed(range(WEEKS))]
        # A day more: which day it was is decided by the zone, below.
        since = datetime(begins[0].year, begins[0].month, begins[0].day, tzinfo=UTC)
        rows = self._vault.catalog.query(
            "SELECT since, count(*) FROM copies WHERE since >= ? GROUP BY intent, since",
            (round((since - timedelta(days=1)).timestamp() * 1000),),
        )
        copies: Counter[date] = Counter()
        local = _days_of(now)
        for ms, count in rows:
            day = local(ms)
            if day is not None:
                copies[day - timedelta(days=day.weekday())] += count
        return tuple(Week(one, copies[one]) for one in begins)


def _days_of(now: datetime) -> Callable[[int], date | None]:
    """The day of a time, in the zone of `now`; this computer's, where that is a bare offset."""
    zone = now.tzinfo

    def day(ms: int) -> date | None:
        try:
            moment = datetime.fromtimestamp(ms / 1000, UTC)
            # A bare offset knows nothing of summer time: ask the system for that day's own.
            named = getattr(zone, "key", None)
            return (moment.astimezone(zone) if named else moment.astimezone()).date()
        except (ValueError, OverflowError, OSError):
            return None

    return day


def _line(entry: Entry, sentence: str, unanswered: bool) -> Line:
    items: Iterable[ItemId] = ()
    match entry.values.get(Field.ITEMS), entry.values.get(Field.ITEM):
        case tuple() as several, _:
            items = several
        case _, str() as one:
            items = (ItemId(one),)
        case _:
            pass
    all_items = tuple(items)
    place = entry.values.get(Field.PATH, "")
    return Line(
        entry.sequence,
        entry.kind.label,
        entry.time,
        sentence,
        all_items[:THUMBNAILS],
        len(all_items),
        place if isinstance(place, str) else "",
        unanswered,
    )


def _checked(entry: Entry) -> Checked:
    count = entry.values.get(Field.COUNT, 0)
    sound = entry.values.get(Field.RESULT) == "sound"
    return Checked(entry.time, 0 if sound else max(1, count if isinstance(count, int) else 1))
