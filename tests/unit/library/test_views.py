"""Which items a view shows, in which order, whatever way it is found."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from lighttight.errors import Refused
from lighttight.library import views
from lighttight.library.library import Library
from lighttight.model import AlbumId, Counts, ItemId, Kind, Scope, View
from tests.support.libraries import add, clip, picture


def ids(library: Library, view: View) -> list[ItemId]:
    """The same items in the same order, asked for in both ways."""
    cells = [cell.id for cell in library.timeline(view)]
    assert [item.id for item in library.items(view)] == cells
    assert library.count(view) == len(cells)
    return cells


@pytest.fixture(params=["few", "many"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test once with look-ups and once along the index: they must agree."""
    monkeypatch.setattr(views, "FEW", 200 if request.param == "few" else 0)


def test_a_view_of_an_album_names_it() -> None:
    with pytest.raises(ValueError, match="album"):
        View(Scope.ALBUM)
    with pytest.raises(ValueError, match="album"):
        View(Scope.ALL, AlbumId("0" * 32))


def test_going_on_after_an_item_that_is_gone_is_refused(library: Library, folder: Path) -> None:
    (item,) = add(library, folder)
    library.trash.purge([item])
    with pytest.raises(Refused, match="item-unknown"):
        library.timeline(after=item)


@pytest.mark.usefixtures("either_way")
def test_views_show_what_they_say(library: Library, folder: Path) -> None:
    old = add(library, folder, 2, taken=datetime(2001, 5, 1))
    (video,) = add(library, folder, make=clip, taken=datetime(2010, 5, 1))
    (loved,) = add(library, folder, taken=datetime(2020, 5, 1))
    (trashed,) = add(library, folder, taken=datetime(2021, 5, 1))
    library.marks.favourite([loved, trashed], on=True)
    album = library.albums.create("Lake")
    library.albums.add(album, [old[0], video, trashed])
    library.trash.put([trashed])
    assert ids(library, View()) == [loved, video, old[1], old[0]]
    assert ids(library, View(Scope.FAVOURITES)) == [loved]
    assert ids(library, View(Scope.VIDEOS)) == [video]
    assert ids(library, View(kind=Kind.PHOTO)) == [loved, old[1], old[0]]
    assert ids(library, View(Scope.ALBUM, album)) == [video, old[0]]
    assert ids(library, View(Scope.ALBUM, AlbumId("0" * 32))) == []
    assert ids(library, View(Scope.RECENT)) == [loved, video, old[1], old[0]]
    assert ids(library, View(Scope.TRASH)) == [trashed]
    assert library.counts() == Counts(4, 1, 1, 4, 1, 1)


@pytest.mark.usefixtures("either_way")
def test_search_narrows_any_view(library: Library, folder: Path) -> None:
    old, new = add(library, folder, taken=datetime(2001, 5, 1)), add(library, folder)
    library.marks.tag([*old, *new], "lake")
    library.marks.tag(new, "snow")
    album = library.albums.create("Winter")
    library.albums.add(album, [*old, *new])
    assert ids(library, View(text="lake")) == [*new, *old]
    assert ids(library, View(text="lake sno")) == new
    assert ids(library, View(text="lake year:2001")) == old
    assert ids(library, View(Scope.ALBUM, album, "snow")) == new
    assert ids(library, View(text="lake", kind=Kind.VIDEO)) == []
    assert ids(library, View(text="kind:zebra")) == []
    library.trash.put(new)
    assert ids(library, View(text="lake")) == old
    assert ids(library, View(Scope.TRASH, text="lake")) == new
    assert ids(library, View(Scope.RECENT, text="lake")) == old


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.RECENT, Scope.TRASH])
def test_pages_meet_without_gap_or_repetition(library: Library, folder: Path, scope: Scope) -> None:
    # All in one second: the order must hold even where the time says nothing.
    added = add(library, folder, 7, taken=datetime(2024, 1, 1))
    if scope is Scope.TRASH:
        library.trash.put(added)
    whole = ids(library, View(scope))
    assert sorted(whole) == sorted(added)
    pages: list[ItemId] = []
    after: ItemId | None = None
    while page := library.timeline(View(scope), after=after, limit=3):
        pages += [cell.id for cell in page]
        after = pages[-1]
    assert pages == whole
    paged = [
        item.id for start in (0, 3, 6) for item in library.items(View(scope), limit=3, offset=start)
    ]
    assert paged == whole


@pytest.mark.parametrize("text", ["a", "lake", "kind:photo a", "a is:favourite", "a lake", "b"])
def test_the_first_screen_is_the_beginning_of_everything(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """However many match, and whether those are the newest: nothing is passed over."""
    monkeypatch.setattr(views, "FEW", 3)
    added = [
        item
        for year in range(2000, 2020)
        for item in add(
            library, folder, make=clip if year % 7 == 0 else picture, taken=datetime(year, 5, 1)
        )
    ]
    # Everything is an "a" but the one in the middle, and the older half are of the lake.
    for number, item in enumerate(added):
        lake = "a lake" if number < 10 else "a"
        library.marks.caption(item, "b" if number == 15 else lake)
    library.marks.favourite(added[::3], on=True)
    album = library.albums.create("Some")
    library.albums.add(album, added[::2])
    for view in (
        View(text=text),
        View(Scope.FAVOURITES, text=text),
        View(Scope.ALBUM, album, text),
    ):
        whole = [cell.id for cell in library.timeline(view)]
        for limit in (1, 2, 3, 4):
            first = [cell.id for cell in library.timeline(view, limit=limit)]
            assert first == whole[:limit]


def test_cells_tell_the_time_by_which_they_stand(library: Library, folder: Path) -> None:
    (item,) = add(library, folder, taken=datetime(2001, 1, 1))
    assert library.timeline()[0].when == 978_307_200
    local = time.time() + time.localtime().tm_gmtoff
    assert abs(library.timeline(View(Scope.RECENT))[0].when - local) < 60
    library.trash.put([item])
    assert abs(library.timeline(View(Scope.TRASH))[0].when - local) < 60


def test_recently_added_ends(library: Library, folder: Path) -> None:
    old, new = add(library, folder, 2)
    with library.vault.catalog.writing() as tx:
        past = tx.now - (views.RECENT_SECONDS + 60) * 1000
        tx.execute("UPDATE items SET imported = ? WHERE id = ?", (past, bytes.fromhex(old)))
        tx.recorded = 1
    assert ids(library, View(Scope.RECENT)) == [new]
    assert library.counts().recent == 1


def test_the_timeline_is_read_along_its_index(library: Library) -> None:
    """In order as it stands, without sorting: what makes 100,000 items fast."""
    with library.vault.catalog.reading() as database:
        plan = list(
            database.execute(
                "EXPLAIN QUERY PLAN SELECT id, sort, width, height, duration, kind, favourite,"
                " preview FROM items INDEXED BY items_timeline WHERE trashed IS NULL"
                " ORDER BY sort DESC, row DESC LIMIT 200"
            )
        )
    assert "INDEX items_timeline" in plan[0][3]
    assert len(plan) == 1
