"""`list` and `show`: what is in the library, and where copies of it went."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from lighttight.cli import opening
from lighttight.cli.options import Common, with_common
from lighttight.cli.screen import Json, Screen, clock, moment, stamp
from lighttight.errors import Refused
from lighttight.messages import size, words
from lighttight.model import AlbumId, Item, Kind, Labels, Scope, View

if TYPE_CHECKING:
    from lighttight.session import Copy, Session

SHORT_ID = 10
"""Digits of an id that are shown: among 100,000 items two begin alike once in 200 libraries."""
PAGE = 1000


class KindName(enum.Enum):
    PHOTO = "photo"
    VIDEO = "video"


@with_common
def list_items(
    common: Common,
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="Words, tag:…, year:…, is:favourite, …")
    ] = None,
    album: Annotated[str | None, typer.Option(metavar="A", help="Only this album.")] = None,
    kind: Annotated[KindName | None, typer.Option(help="Only photos or only videos.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The newest N; 0 shows all.")
    ] = None,
    trash: Annotated[bool, typer.Option("--trash", help="What is in the trash.")] = False,
) -> int:
    """What is inside, newest first."""
    told = common.screen
    with opening.opened(common, looking=True) as session:
        scope, where = Scope.TRASH if trash else Scope.ALL, None
        if album is not None:
            scope, where = Scope.ALBUM, album_named(session, album)
        view = View(scope, where, query or "", None if kind is None else Kind(kind.value))
        shown = 0
        for item, labels in _pages(session, view, limit or None):
            shown += 1
            told.document(listed(item, labels))
            told.say(_line(item))
        if not shown:
            _say_nothing(session, view, told)
    return 0


@with_common
def show(
    common: Common,
    item_id: Annotated[str, typer.Argument(metavar="ID", help="The beginning of its id.")],
) -> int:
    """Everything about one photo or video, and where copies of it went."""
    told = common.screen
    with opening.opened(common, looking=True) as session:
        one = session.library.find(item_id)
        item = session.library.item(one)
        labels = session.library.labels([one])[one]
        copies = session.record.copies_of(one)
        told.document(_described(item, labels, copies))
        _say_all(told, item, labels, copies)
    return 0


def album_named(session: Session, name: str) -> AlbumId:
    """The album of this name. Raises Refused("album-not-found")."""
    found = session.library.albums.named(name)
    if found is None:
        raise Refused("album-not-found", name=name)
    return found


def listed(item: Item, labels: Labels) -> Json:
    """An item as `list --json` answers it."""
    return {
        "id": item.id,
        "name": item.name,
        "kind": item.kind.value,
        "mime": item.mime,
        "size": item.size,
        "width": item.width,
        "height": item.height,
        "duration": item.duration,
        "taken": None if item.taken is None else stamp(item.taken),
        "imported": stamp(item.imported),
        "albums": list(labels.albums),
        "tags": list(labels.tags),
        "favourite": item.favourite,
    }


def _pages(session: Session, view: View, limit: int | None) -> Iterator[tuple[Item, Labels]]:
    """Read in pages: a library of 100,000 is never held at once."""
    offset = 0
    while limit is None or offset < limit:
        wanted = PAGE if limit is None else min(PAGE, limit - offset)
        items = session.library.items(view, limit=wanted, offset=offset)
        labels = session.library.labels(item.id for item in items)
        for item in items:
            yield item, labels[item.id]
        if len(items) < wanted:
            return
        offset += wanted


def _say_nothing(session: Session, view: View, told: Screen) -> None:
    why = session.library.why_nothing(view.text)
    if why is not None:
        said = words(why)
        told.note(why.code, f"{said.title}. {said.sentence} {said.action}")
    if view.text or view.album or view.kind:
        told.say("Nothing found.")
    elif view.scope is Scope.TRASH:
        told.say("Nothing is in the trash.")
    else:
        told.say("Nothing is in there yet.")


def _line(item: Item) -> str:
    when = "-" if item.taken is None else f"{item.taken:%Y-%m-%d %H:%M}"
    star = "*" if item.favourite else " "
    kind = item.kind.value
    return f"{item.id[:SHORT_ID]}  {when:<16}  {kind}  {size(item.size):>9} {star} {item.name}"


def _described(item: Item, labels: Labels, copies: list[Copy]) -> Json:
    place = item.place
    return {
        **listed(item, labels),
        "caption": item.caption,
        "place": None
        if place is None
        else {"latitude": place.latitude, "longitude": place.longitude},
        "device": item.device,
        "playable": item.playable,
        "preview": item.preview.value,
        "trashed": None if item.trashed is None else stamp(item.trashed),
        "copies": [
            {
                "form": copy.form,
                "place": copy.place,
                "state": copy.state.value,
                "since": stamp(copy.since),
            }
            for copy in copies
        ],
    }


def _say_all(told: Screen, item: Item, labels: Labels, copies: list[Copy]) -> None:
    from lighttight.session import CopyState

    told.say(item.name)
    if item.caption:
        for line in item.caption.splitlines():
            told.say(f"  {line}")
    facts = [
        ("id", item.id),
        ("kind", f"{item.kind.value}, {item.mime}, {size(item.size)}"),
        ("pixels", f"{item.width} × {item.height}" if item.width and item.height else ""),
        ("length", "" if item.duration is None else clock(item.duration)),
        ("taken", "" if item.taken is None else moment(item.taken)),
        ("imported", moment(item.imported)),
        ("device", item.device or ""),
        (
            "place",
            "" if item.place is None else f"{item.place.latitude:.5f}, {item.place.longitude:.5f}",
        ),
        ("albums", ", ".join(labels.albums)),
        ("tags", ", ".join(labels.tags)),
        ("favourite", "yes" if item.favourite else ""),
        ("in the trash since", "" if item.trashed is None else moment(item.trashed)),
    ]
    for name, value in facts:
        if value:
            told.say(f"  {name}: {value}")
    told.say("Where copies of this went" if copies else "No copy of this left the library.")
    for copy in copies:
        may = "may be in" if copy.state is CopyState.MAY_HAVE_LEFT else "in"
        form = "a clean copy" if copy.form.startswith("clean") else "the original"
        told.say(f"  {moment(copy.since)}: {form}, {may} {copy.place}")
