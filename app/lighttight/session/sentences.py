"""An entry of the record as a sentence that a person can read.

The record says what happened in codes and numbers (`app/docs/audit-log.md`); here it says so in
words. Whatever an entry lacks because its readable part was erased, the sentence does without.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final

from lighttight.audit.reading import Entry
from lighttight.messages import counted, moment, size
from lighttight.model import AlbumId
from lighttight.sealed.entries import Value

_FACTORS: Final = {
    "keyring": "this computer’s password store",
    "passphrase": "a passphrase or PIN",
    "recovery": "the recovery words",
    "fido2": "a security key",
}
_LOCKED: Final = {
    "asked": "You locked the library.",
    "idle": "The library locked itself, because nobody used it.",
    "suspend": "The library was locked, because the computer went to sleep.",
    "session-end": "The library was locked, because you signed out.",
    "closing": "The library was closed.",
}
_CHECKED: Final = {
    "quick": "The library was checked by looking at every file",
    "deep": "The library was checked by opening every file",
    "record": "The record was checked",
}
_REPAIRED: Final = {
    "header": "The library’s first page was written again from its second copy.",
    "previews": "Missing previews were made again: {count}.",
    "preview": "A missing preview was made again.",
}


class Narrator:
    """Tells entries one by one. `entries` are all that are told, `albums` the names by id.

    `running` are intents of acts that are under way: they did not stop. `brief` names a folder by
    its last part, where the whole can be looked up beside the sentence.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        albums: Mapping[AlbumId, str],
        *,
        running: Collection[int] = (),
        brief: bool = False,
    ) -> None:
        self._brief = brief
        self._running = running
        self._albums: dict[str, str] = {**albums}
        self._outcomes: dict[int, _Fields] = {}
        self._looked: dict[int, str] = {}
        self._told: set[int] = set()
        for entry in entries:
            fields = _Fields(entry)
            kind = entry.kind.label
            if kind == "album-created" and fields.text("album") and fields.text("name"):
                self._albums.setdefault(fields.text("album"), fields.text("name"))
            if kind in ("export-intended", "proof-made"):
                self._told.add(entry.sequence)
            if kind == "looked-into":
                self._looked[fields.number("intent")] = fields.text("result")
            if kind == "export-finished":
                self._outcomes[fields.number("intent")] = fields

    def sentence(self, entry: Entry) -> str | None:
        """None for an entry that another one's sentence tells already."""
        fields = _Fields(entry)
        kind = entry.kind.label
        if kind == "export-intended":
            return self._export(entry.sequence, fields)
        if kind == "proof-made":
            return self._proof(entry.sequence, fields)
        if kind == "export-finished":
            if fields.number("intent") in self._told:
                return None
            left = counted(fields.number("count"), "copy", "copies")
            return f"Saving ended: {left} left the library."
        if kind == "edited":
            return self._edited(fields)
        tell = _TELL.get(kind)
        return f"{kind}." if tell is None else tell(fields)

    def _export(self, sequence: int, fields: _Fields) -> str:
        clean = fields.text("form").startswith("clean")
        what = counted(
            fields.items,
            "clean copy" if clean else "original",
            "clean copies" if clean else "originals",
        )
        place = self._place(fields.text("path")) or "a folder"
        outcome = self._outcomes.get(sequence)
        if outcome is None and sequence in self._running:
            return f"You are saving {what} to {place}."
        if outcome is None:
            stopped = f"Lighttight stopped while saving {what} to {place}."
            looked = self._looked.get(sequence)
            if looked == "none":
                return f"{stopped} You looked, and none was there."
            if looked == "some":
                return f"{stopped} You looked, and found some: count all {fields.items:,} as sent."
            return (
                f"{stopped} Some may be there. Count all {fields.items:,} as sent until you’ve"
                " looked."
            )
        left = outcome.number("count")
        if outcome.text("result") == "done":
            return f"You saved {what} to {place}."
        ended = "You stopped saving" if outcome.text("result") == "cancelled" else "Saving"
        verb = "" if outcome.text("result") == "cancelled" else " failed"
        return f"{ended} {what} to {place}{verb}: {left:,} of them left the library."

    def _proof(self, sequence: int, fields: _Fields) -> str:
        what = f"a proof file about {counted(fields.number('count'), 'entry', 'entries')}"
        place = self._place(fields.text("path")) or "a file"
        outcome = self._outcomes.get(sequence)
        if outcome is not None:
            if outcome.text("result") == "done":
                return f"You saved {what} to {place}."
            return f"Saving {what} to {place} failed. Nothing left the library."
        looked = self._looked.get(sequence)
        if looked == "none":
            return f"Lighttight stopped while saving {what} to {place}. You looked: it isn’t there."
        end = "You looked: it is there." if looked == "some" else "It may be there."
        return f"Lighttight stopped while saving {what} to {place}. {end}"

    def _place(self, path: str) -> str:
        name = PurePath(path).name if self._brief else ""
        return f"“{name}”" if name else path

    def _edited(self, fields: _Fields) -> str:
        what = counted(fields.items, "item")
        value = fields.text("value")
        sign, name = value[:1], value[1:]
        match fields.text("setting"), sign:
            case "favourite", _:
                state = "favourites" if value == "yes" else "no favourites any more"
                return f"You marked {what} as {state}."
            case "tags", "+":
                return f"You tagged {what} “{name}”."
            case "tags", "-":
                return f"You took the tag “{name}” off {what}."
            case "album", "+":
                return f"You put {what} into {self._album(name)}."
            case "album", "-":
                return f"You took {what} out of {self._album(name)}."
            case "caption", _:
                return f"You wrote a caption for {what}."
            case _:
                return f"You changed {what}."

    def _album(self, album: str) -> str:
        name = self._albums.get(album)
        return "an album" if name is None else f"the album “{name}”"


class _Fields:
    """The open fields of an entry by name, with something to say where one is missing."""

    def __init__(self, entry: Entry) -> None:
        self._values: dict[str, Value] = {
            field.label: value for field, value in entry.values.items()
        }

    def text(self, name: str) -> str:
        value = self._values.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        value = self._values.get(name, 0)
        return value if isinstance(value, int) else 0

    @property
    def items(self) -> int:
        value = self._values.get("items", ())
        return len(value) if isinstance(value, tuple) else 0

    def date(self, name: str) -> str | None:
        value = self._values.get(name)
        if not isinstance(value, int):
            return None
        try:
            return moment(datetime.fromtimestamp(value / 1000, UTC))
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def way(self) -> str:
        # Several ways stand side by side in the entry that begins the record.
        ways = [
            " and ".join(_FACTORS.get(one, one) for one in way.split("+"))
            for way in self.text("factors").split()
        ]
        return ", or ".join(ways) or "a way in"


def _opened(fields: _Fields) -> str:
    tries = fields.number("count")
    since = f" {counted(tries, 'failed try', 'failed tries')} came before." if tries else ""
    return f"The library was opened with {fields.way}.{since}"


def _refused(fields: _Fields) -> str:
    date = fields.date("date")
    when = "" if date is None else f" on {date}"
    return f"Someone tried to open the library with {fields.way}{when}. It did not open."


def _imported(fields: _Fields) -> str:
    name = fields.text("name")
    if not name:
        return "You imported something that was later deleted for good."
    return f"You imported {name} ({size(fields.number('size'))})."


def _original_removed(fields: _Fields) -> str:
    path = fields.text("path")
    return f"The file {path or 'outside'} was removed, after it was safe in the library."


def _album_created(fields: _Fields) -> str:
    return f"You made the album “{fields.text('name')}”."


def _album_removed(fields: _Fields) -> str:
    return f"You removed the album “{fields.text('name')}”; what was in it stayed."


def _album_renamed(fields: _Fields) -> str:
    return f"You named an album “{fields.text('name')}”."


def _verified(fields: _Fields) -> str:
    how = _CHECKED.get(fields.text("form"), "The library was checked")
    if fields.text("result") == "sound":
        return f"{how}: everything was as it should be."
    return f"{how}: damaged in {counted(fields.number('count'), 'place')}."


def _weakened(fields: _Fields) -> str:
    return (
        _set(fields) or f"You made something less protected: {fields.text('setting') or 'unnamed'}."
    )


def _changed(fields: _Fields) -> str:
    return _set(fields) or f"You changed a setting: {fields.text('setting') or 'unnamed'}."


def _set(fields: _Fields) -> str:
    """Settings that have words of their own."""
    value = fields.text("value")
    match fields.text("setting"):
        case "passphrase":
            return "You chose a passphrase that could be guessed."
        case "lock-after" if value.isdigit():
            minutes = counted(int(value), "minute")
            return f"You set the library to lock after {minutes} without anybody."
        case "cover-when-away" if value:
            does = "covers" if value == "on" else "no longer covers"
            return f"You chose that Lighttight {does} pictures when you look elsewhere."
        case "album-veiled" if value:
            does = "covers" if value.startswith("on") else "no longer covers"
            return f"You chose that Lighttight {does} the pictures of an album."
        case _:
            return ""


def _rotated(fields: _Fields) -> str:
    why = " after a way in was removed" if fields.text("reason") == "removed" else ""
    return f"All keys were changed{why}."


def _shown(fields: _Fields) -> str:
    where = "saved to a file" if fields.text("form") == "file" else "shown on the screen"
    return f"The recovery words were {where}."


def _looked(fields: _Fields) -> str:
    found = "none was there" if fields.text("result") == "none" else "some are there"
    return f"You looked where copies may have been left: {found}."


def _older(fields: _Fields) -> str:
    date = fields.date("date")
    known = "" if date is None else f" This computer had seen changes from {date}."
    return f"You opened an older or different version of the library.{known}"


_TELL: Final[Mapping[str, Callable[[_Fields], str]]] = {
    "vault-created": lambda fields: f"You made this library. It opens with {fields.way}.",
    "unlocked": _opened,
    "unlock-refused": _refused,
    "locked": lambda fields: _LOCKED.get(fields.text("reason"), "The library was locked."),
    "imported": _imported,
    "trashed": lambda fields: f"You moved {counted(fields.items, 'item')} to the trash.",
    "undeleted": lambda fields: f"You brought {counted(fields.items, 'item')} back from the trash.",
    "purged": lambda fields: f"You deleted {counted(fields.number('count'), 'item')} for good.",
    "deletion-finished": lambda fields: (
        "The last traces of"
        f" {counted(fields.number('count'), 'deleted item')} were removed from the disk."
    ),
    "sealed-again": lambda _: "An item was sealed again with a new key.",
    "all-sealed-again": lambda fields: (
        f"Everything was sealed again: {counted(fields.number('count'), 'item')} and the previews"
        " have keys that no older copy of the library holds."
    ),
    "replaced-removed": lambda fields: (
        f"The older sealed files of {counted(fields.number('count'), 'item')} were removed."
    ),
    "slot-added": lambda fields: f"A way in was added: {fields.way}.",
    "slot-removed": lambda fields: f"A way in was removed: {fields.way}.",
    "rotated": _rotated,
    "recovery-shown": _shown,
    "recovery-confirmed": lambda _: "You showed that you have the recovery words.",
    "backed-up": lambda fields: (
        f"You backed up {counted(fields.number('count'), 'item')} to"
        f" {fields.text('path') or 'a folder'}."
    ),
    "restored": lambda fields: (
        f"The library was restored from the backup at {fields.text('path') or 'a folder'}."
    ),
    "older-accepted": _older,
    "anchor-overridden": lambda _: (
        "You went on without this computer’s own note about the library."
    ),
    "migrated": lambda _: "The library was brought to the format of a newer Lighttight.",
    "repaired": lambda fields: _REPAIRED.get(fields.text("reason"), "Something was mended.").format(
        count=fields.number("count")
    ),
    "verified": _verified,
    "weakened": _weakened,
    "original-removed": _original_removed,
    "album-created": _album_created,
    "album-removed": _album_removed,
    "album-renamed": _album_renamed,
    "identity-made": lambda _: "The library got the identity by which others know what it signed.",
    "epoch-began": lambda _: "From here on new keys sign the record.",
    "looked-into": _looked,
    "setting-changed": _changed,
}
