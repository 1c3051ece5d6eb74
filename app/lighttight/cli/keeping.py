"""Keeping order: albums, tags, captions, favourites, the trash, and deleting for good."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from lighttight.cli import asking, opening
from lighttight.cli.looking import album_named
from lighttight.cli.options import Common, Usage, with_common
from lighttight.cli.screen import counted
from lighttight.errors import Cancelled
from lighttight.model import ItemId, Scope, View

if TYPE_CHECKING:
    from lighttight.session import Session

albums = typer.Typer(help="Albums: list, create, add, take-out, rename, remove, veil.")

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="ID…", help="The beginnings of their ids.")
]
AlbumName = Annotated[str, typer.Argument(metavar="ALBUM", help="Its name.")]


def found(session: Session, ids: Iterable[str] | None) -> list[ItemId]:
    """The items that were named, each once. Nothing is done if one of them is not clear."""
    named = list(dict.fromkeys(session.library.find(one) for one in ids or ()))
    if not named:
        raise Usage("nothing-named")
    return named


# Albums -----------------------------------------------------------------------------------


@albums.command("list")
@with_common
def list_albums(common: Common) -> int:
    """The albums, and how many items each holds."""
    told = common.screen
    with opening.opened(common, looking=True) as session:
        every = session.library.albums.all()
        for album in every:
            told.document(
                {
                    "id": album.id,
                    "name": album.name,
                    "count": album.count,
                    "veiled": album.veiled,
                }
            )
            veiled = ", veiled" if album.veiled else ""
            told.say(f"{album.name} ({counted(album.count, 'item')}{veiled})")
        if not every:
            told.say("There are no albums yet.")
    return 0


@albums.command("create")
@with_common
def create_album(common: Common, name: AlbumName) -> int:
    """A new album."""
    with opening.opened(common) as session:
        album = session.library.albums.create(name)
        common.screen.document({"id": album})
        common.screen.say("The album was made.")
    return 0


@albums.command("add")
@with_common
def add_to_album(common: Common, name: AlbumName, ids: Ids = None) -> int:
    """Put photos and videos into an album."""
    with opening.opened(common) as session:
        album = album_named(session, name)
        count = session.library.albums.add(album, found(session, ids))
        common.screen.document({"changed": count})
        common.screen.say(f"{counted(count, 'item')} put into the album.")
    return 0


@albums.command("take-out")
@with_common
def take_out_of_album(common: Common, name: AlbumName, ids: Ids = None) -> int:
    """Take photos and videos out of an album; they stay in the library."""
    with opening.opened(common) as session:
        album = album_named(session, name)
        count = session.library.albums.take_out(album, found(session, ids))
        common.screen.document({"changed": count})
        common.screen.say(f"{counted(count, 'item')} taken out; they are still in the library.")
    return 0


@albums.command("rename")
@with_common
def rename_album(
    common: Common,
    name: AlbumName,
    new_name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
) -> int:
    """Give an album another name."""
    with opening.opened(common) as session:
        album = album_named(session, name)
        session.library.albums.rename(album, new_name)
        common.screen.document({"id": album})
        common.screen.say("The album has its new name.")
    return 0


@albums.command("remove")
@with_common
def remove_album(common: Common, name: AlbumName) -> int:
    """Remove an album; what is in it stays in the library."""
    with opening.opened(common) as session:
        album = album_named(session, name)
        session.library.albums.remove(album)
        common.screen.document({"id": album})
        common.screen.say("The album is gone; everything in it is still in the library.")
    return 0


@albums.command("veil")
@with_common
def veil_album(
    common: Common,
    name: AlbumName,
    off: Annotated[bool, typer.Option("--off", help="Lift the veil for good.")] = False,
) -> int:
    """Show the pictures of an album blurred in the window, until they are held."""
    with opening.opened(common) as session:
        album = album_named(session, name)
        session.library.albums.veil(album, on=not off)
        common.screen.document({"id": album, "veiled": not off})
        common.screen.say("The veil is lifted." if off else "The album is veiled.")
    return 0


# Marks ------------------------------------------------------------------------------------


@with_common
def tag(
    common: Common,
    ids: Ids = None,
    add: Annotated[list[str] | None, typer.Option(metavar="T", help="Give them this tag.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="T", help="Take this tag away.")
    ] = None,
) -> int:
    """Tag photos and videos; without any, show the tags that there are."""
    told = common.screen
    with opening.opened(common, looking=not ids) as session:
        if not ids:
            for one in session.library.marks.tags():
                told.document({"name": one.name, "count": one.count})
                told.say(f"{one.name} ({counted(one.count, 'item')})")
            return 0
        if not add and not remove:
            raise Usage(
                "usage", message="Missing option '--add' or '--remove'", command="lighttight tag"
            )
        chosen = found(session, ids)
        added = sum(session.library.marks.tag(chosen, name) for name in add or ())
        removed = sum(session.library.marks.untag(chosen, name) for name in remove or ())
        told.document({"added": added, "removed": removed})
        told.say(f"{counted(added, 'tag')} given, {counted(removed, 'tag')} taken away.")
    return 0


@with_common
def caption(
    common: Common,
    item_id: Annotated[str, typer.Argument(metavar="ID", help="The beginning of its id.")],
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The caption; - reads standard input.")
    ],
) -> int:
    """Write a caption."""
    with opening.opened(common) as session:
        written = sys.stdin.read(asking.LONGEST) if text == "-" else text
        changed = session.library.marks.caption(session.library.find(item_id), written)
        common.screen.document({"changed": int(changed)})
        common.screen.say("The caption is written." if changed else "It was that already.")
    return 0


@with_common
def favourite(
    common: Common,
    ids: Ids = None,
    off: Annotated[bool, typer.Option("--off", help="No favourites any more.")] = False,
) -> int:
    """Mark favourites."""
    with opening.opened(common) as session:
        count = session.library.marks.favourite(found(session, ids), on=not off)
        common.screen.document({"changed": count})
        state = "no favourites any more" if off else "now favourites"
        common.screen.say(f"{counted(count, 'item')}: {state}.")
    return 0


# The trash --------------------------------------------------------------------------------


@with_common
def delete(common: Common, ids: Ids = None) -> int:
    """Into the trash; undelete brings them back."""
    with opening.opened(common) as session:
        count = session.library.trash.put(found(session, ids))
        common.screen.document({"changed": count})
        common.screen.say(
            f"{counted(count, 'item')} moved to the trash. To bring back: lighttight undelete"
        )
    return 0


@with_common
def undelete(common: Common, ids: Ids = None) -> int:
    """Out of the trash, to where they were."""
    with opening.opened(common) as session:
        count = session.library.trash.undelete(found(session, ids))
        common.screen.document({"changed": count})
        common.screen.say(f"{counted(count, 'item')} brought back from the trash.")
    return 0


@with_common
def purge(
    common: Common,
    ids: Ids = None,
    trash: Annotated[bool, typer.Option("--trash", help="Everything in the trash.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Delete for good. This cannot be undone, except from a backup."""
    told = common.screen
    with opening.opened(common) as session:
        if trash:
            view = View(Scope.TRASH)
            chosen = [cell.id for cell in session.library.timeline(view)]
        else:
            chosen = found(session, ids)
        if chosen and not yes:
            if not asking.has_terminal():
                raise Usage("purge-not-confirmed", count=len(chosen))
            question = (
                f"Delete {counted(len(chosen), 'item')} for good? This cannot be undone. Backups"
                " made before keep what they hold."
            )
            if not asking.agreed(question):
                raise Cancelled
        with told.progress("Deleting for good") as progress:
            purged = session.library.trash.purge(chosen, progress=progress)
        told.document({"purged": purged.count, "unfinished": purged.unfinished})
        told.say(f"{counted(purged.count, 'item')} deleted for good.")
        told.say("Backups and copies of the disk keep what they hold.")
        if purged.unfinished:
            told.note(
                "unfinished",
                f"Of {counted(purged.unfinished, 'item')} something is still on the disk, because"
                " it is being read. It goes when the library is opened next.",
            )
    return 0
