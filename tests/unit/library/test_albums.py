"""Albums: refusals first, then what is recorded and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.errors import Refused
from lighttight.library.library import Library
from lighttight.model import AlbumId, ItemId, View
from lighttight.sealed.entries import EntryKind, Field
from tests.support.libraries import add
from tests.support.records import entries, newest, size

NOBODY = AlbumId("0" * 32)


def test_unknown_albums_are_refused_and_nothing_is_recorded(library: Library, folder: Path) -> None:
    items = add(library, folder)
    before = size(library.vault)
    for album in (NOBODY, AlbumId("x"), AlbumId("00 00")):
        for act in (
            lambda one: library.albums.rename(one, "New"),
            lambda one: library.albums.remove(one),
            lambda one: library.albums.veil(one, on=True),
            lambda one: library.albums.add(one, items),
            lambda one: library.albums.take_out(one, items),
            lambda one: library.albums.get(one),
        ):
            with pytest.raises(Refused, match="album-unknown"):
                act(album)
    assert size(library.vault) == before


@pytest.mark.parametrize("name", ["Lake", "LAKE", " lake "])
def test_a_name_that_is_taken_is_refused(library: Library, name: str) -> None:
    library.albums.create("Lake")
    other = library.albums.create("Hill")
    before = size(library.vault)
    with pytest.raises(Refused, match="album-exists"):
        library.albums.create(name)
    with pytest.raises(Refused, match="album-exists"):
        library.albums.rename(other, name)
    assert size(library.vault) == before


def test_an_album_may_change_its_own_capitals(library: Library) -> None:
    album = library.albums.create("lake")
    library.albums.rename(album, "Lake")
    assert library.albums.get(album).name == "Lake"


def test_the_life_of_an_album(library: Library, folder: Path) -> None:
    first, second = add(library, folder, 2)
    album = library.albums.create("Lake")
    assert newest(library.vault) == (
        EntryKind.ALBUM_CREATED, {Field.ALBUM: album, Field.NAME: "Lake"}
    )  # fmt: skip
    assert library.albums.named("LAKE") == album
    assert library.albums.named("Hill") is None
    assert library.albums.add(album, [first, second, ItemId("0" * 32)]) == 2
    assert newest(library.vault) == (
        EntryKind.EDITED,
        {
            Field.ITEMS: tuple(sorted([first, second])),
            Field.SETTING: "album",
            Field.VALUE: f"+{album}",
        },
    )
    library.trash.put([second])
    assert library.albums.get(album).count == 1
    library.albums.rename(album, "River")
    assert newest(library.vault)[0] is EntryKind.ALBUM_RENAMED
    assert library.count(View(text="album:lake")) == 0
    assert library.count(View(text="album:river")) == 1
    assert library.albums.take_out(album, [first]) == 1
    assert newest(library.vault)[1][Field.VALUE] == f"-{album}"
    assert library.count(View(text="river")) == 0
    library.albums.remove(album)
    assert newest(library.vault) == (
        EntryKind.ALBUM_REMOVED, {Field.ALBUM: album, Field.NAME: "River"}
    )  # fmt: skip
    assert library.albums.all() == []
    library.trash.undelete([second])
    assert library.labels([second])[second].albums == ()
    assert library.count() == 2


def test_doing_it_again_changes_and_records_nothing(library: Library, folder: Path) -> None:
    items = add(library, folder, 2)
    album = library.albums.create("Lake")
    library.albums.add(album, items)
    before = size(library.vault)
    assert library.albums.add(album, items) == 0
    assert library.albums.take_out(album, []) == 0
    library.albums.rename(album, " Lake ")
    library.albums.veil(album, on=False)
    assert size(library.vault) == before


def test_lifting_a_veil_is_recorded_as_weakening(library: Library) -> None:
    album = library.albums.create("Lake")
    library.albums.veil(album, on=True)
    assert library.albums.get(album).veiled
    assert newest(library.vault)[0] is EntryKind.SETTING_CHANGED
    library.albums.veil(album, on=False)
    assert not library.albums.get(album).veiled
    kind, fields = newest(library.vault)
    assert kind is EntryKind.WEAKENED
    assert fields == {Field.SETTING: "album-veiled", Field.VALUE: f"off {album}"}


def test_more_items_than_one_entry_holds(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lighttight.audit.record.MAX_ITEMS", 2)
    album = library.albums.create("Lake")
    items = add(library, folder, 5)
    before = size(library.vault)
    library.albums.add(album, items)
    made = entries(library.vault)[before:]
    assert [len(fields[Field.ITEMS]) for _, fields in made] == [2, 2, 1]
    assert sorted(item for _, fields in made for item in fields[Field.ITEMS]) == sorted(items)
