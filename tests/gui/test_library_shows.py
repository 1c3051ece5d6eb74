"""The library on a real engine: places, search, albums, what is said about a picture, and changes
that come from elsewhere."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QToolTip

from lighttight.errors import Environment, Integrity
from lighttight.model import Album, AlbumId, ItemId
from lighttight.session import Offer, Session, open_session
from lighttight.ui import words
from lighttight.ui.controllers.listing import FIRST
from lighttight.ui.grid.view import TimelineGrid
from tests.gui.desks import RealDesk
from tests.support import libraries, media_files


@pytest.fixture
def full(desk: RealDesk, folder: Path) -> RealDesk:
    desk.create()
    desk.bring_in(folder)
    return desk


def go(desk: RealDesk, place: str) -> None:
    desk.window.place_chosen.emit(place)
    desk.settle()


def session_of(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def type_(desk: RealDesk, text: str) -> None:
    desk.window.shell.toolbar.search.edit.setText(text)
    desk.until(lambda: not desk.browsing._typing.isActive())
    desk.settle()


def album(desk: RealDesk) -> Album:
    assert desk.browsing.overview is not None
    return desk.browsing.overview.albums[0]


def name_of(desk: RealDesk, item: str) -> str:
    return session_of(desk).library.item(ItemId(item)).name


def named(desk: RealDesk, name: str) -> ItemId:
    return next(ItemId(one) for one in desk.ids() if name_of(desk, one) == name)


# --- places


def test_each_place_shows_its_own(full: RealDesk) -> None:
    go(full, "videos")
    assert [name_of(full, one) for one in full.ids()] == ["Waves.mp4"]
    go(full, "favourites")
    assert full.window.shell.library.stack.currentWidget() is not full.window.shell.library.grid
    go(full, "recent")
    assert len(full.ids()) == 4
    go(full, "library")
    assert len(full.ids()) == 4


def test_counts_stand_in_the_sidebar(full: RealDesk) -> None:
    row = full.window.shell.sidebar.row
    assert (row("library")._count, row("videos")._count, row("recent")._count) == (4, 1, 4)


def test_more_than_the_first_rows(desk: RealDesk, tmp_path: Path) -> None:
    desk.create()
    libraries.add(session_of(desk).library, tmp_path / "in", FIRST + 60)
    desk.program.changed.emit()
    go(desk, "library")
    wanted = [cell.id for cell in session_of(desk).library.timeline()]
    assert len(wanted) == FIRST + 60
    desk.until(lambda: len(desk.ids()) == len(wanted))
    assert desk.ids() == wanted


def test_a_place_that_was_left_does_not_come_back(full: RealDesk) -> None:
    """Answers come in any order; only the place that is shown now may fill the grid."""
    full.window.place_chosen.emit("library")
    full.window.place_chosen.emit("videos")
    full.window.place_chosen.emit("favourites")
    full.window.place_chosen.emit("videos")
    full.settle()
    assert len(full.ids()) == 1


# --- search


def test_search_as_one_types(full: RealDesk) -> None:
    type_(full, "wav")
    assert [name_of(full, one) for one in full.ids()] == ["Waves.mp4"]
    type_(full, "")
    assert len(full.ids()) == 4


def test_nothing_found_is_said_and_shows_the_way_back(full: RealDesk) -> None:
    type_(full, "harbour")
    page = full.window.shell.library
    assert page._empty is not None
    assert page._empty.title.text() == "Nothing found for “harbour”"
    page.empty_action.emit()
    full.settle()
    assert len(full.ids()) == 4
    assert full.window.shell.toolbar.search.text() == ""


def test_typing_on_cancels_what_was_typed_before(full: RealDesk) -> None:
    search = full.window.shell.toolbar.search.edit
    for text in ("b", "bo", "boa", "wav"):
        search.setText(text)
    full.until(lambda: not full.browsing._typing.isActive())
    full.settle()
    assert [name_of(full, one) for one in full.ids()] == ["Waves.mp4"]


def test_half_of_what_the_search_understands_is_no_error(full: RealDesk) -> None:
    for text in ('"', "kind:", "tag:", 'a" OR', "*", "year:x", "NEAR(", "x" * 600):
        type_(full, text)
    assert full.errors == []


# --- marks


def test_a_favourite_is_seen_at_once_and_kept(full: RealDesk) -> None:
    first = ItemId(full.ids()[0])
    full.window.favourite_wanted.emit([first], True)
    assert full.window.shell.library.grid.cells()[0].favourite, "before the library answered"
    full.settle()
    assert session_of(full).library.item(first).favourite
    go(full, "favourites")
    assert full.ids() == [first]
    full.window.favourite_wanted.emit([first], False)
    full.until(lambda: full.ids() == [])


@pytest.mark.parametrize(
    ("text", "title", "may"),
    [
        ("lake kind:zebra", "“kind:zebra” is not understood", "photo or video"),
        ("is:foo", "“is:foo” is not understood", "favourite"),
        ("year:20x4", "“year:20x4” is not understood", "2024-09"),
        ("2024-13", "“2024-13” is not understood", "2024-09"),
        ("kind:photo kind:video", "Nothing is both a photo and a video", "one of the two"),
    ],
)
def test_a_search_that_cannot_be_says_which_part(
    full: RealDesk, text: str, title: str, may: str
) -> None:
    type_(full, text)
    empty = full.window.shell.library._empty
    assert empty is not None
    assert empty.title.text() == title
    assert may in empty.sentence.text()


def test_captions_and_tags(full: RealDesk) -> None:
    first = named(full, "Paper boat.png")
    inspector = full.window.shell.inspector
    full.window.shell.toolbar.details.setChecked(True)
    full.window.shell.library.grid.select(first)
    full.settle()
    assert inspector.title.text() == "Paper boat.png"
    inspector.caption.set_text("On the pond")
    inspector.caption.submitted.emit()
    inspector.tags.field.set_text("Summer")
    inspector.tags.field.submitted.emit()
    full.settle()
    assert inspector.title.text() == "On the pond"
    assert inspector.tags.tags() == ("Summer",)
    type_(full, "tag:summer pond")
    assert full.ids() == [first]
    full.window.shell.library.grid.select(first)
    full.settle()
    inspector.tags.chip("Summer").click()
    full.until(lambda: inspector.tags.tags() == ())


def test_a_field_stays_where_it_is_while_its_words_are_added(full: RealDesk) -> None:
    """Whoever types a caption and then presses below it means the field that was there."""
    inspector = full.window.shell.inspector
    full.window.shell.toolbar.details.setChecked(True)
    full.window.shell.library.grid.select(named(full, "Paper boat.png"))
    full.settle()

    def places() -> list[int]:
        QCoreApplication.processEvents()
        fields = (inspector.caption, inspector.tags.field)
        return [one.mapTo(inspector, QPoint(0, 0)).y() for one in fields]

    before = places()
    inspector.caption.set_text("On the pond")
    inspector.caption.submitted.emit()
    inspector.tags.field.set_text("Summer")
    inspector.tags.field.submitted.emit()
    full.until(lambda: inspector.tags.tags() == ("Summer",))
    full.settle()
    assert inspector.title.text() == "On the pond"
    assert places() == before


def test_esc_leaves_a_field_beside_the_pictures_and_changes_nothing(full: RealDesk) -> None:
    inspector, grid = full.window.shell.inspector, full.window.shell.library.grid
    full.window.shell.toolbar.details.setChecked(True)
    boat = named(full, "Paper boat.png")
    grid.select(boat)
    full.settle()
    inspector.caption.edit.setFocus()
    QTest.keyClicks(inspector.caption.edit, "On the pond")
    QTest.keyClick(inspector.caption.edit, Qt.Key.Key_Return)
    full.settle()
    QTest.keyClicks(inspector.caption.edit, ", or not")
    QTest.keyClick(inspector.caption.edit, Qt.Key.Key_Escape)
    assert full.window.focusWidget() is grid
    assert inspector.caption.text() == "On the pond"
    inspector.tags.field.edit.setFocus()
    QTest.keyClicks(inspector.tags.field.edit, "Summ")
    QTest.keyClick(inspector.tags.field.edit, Qt.Key.Key_Escape)
    assert full.window.focusWidget() is grid
    assert inspector.tags.field.text() == ""
    assert grid.selected() == [boat]
    full.settle()
    assert session_of(full).library.item(boat).caption == "On the pond"
    assert session_of(full).library.labels([boat])[boat].tags == ()


def test_esc_in_a_field_beside_the_viewer_leads_to_the_picture(full: RealDesk) -> None:
    full.window.opened.emit(named(full, "Paper boat.png"))
    viewer, inspector = full.window.viewer, full.window.viewer_details
    viewer.info.setChecked(True)
    full.settle()
    inspector.caption.edit.setFocus()
    QTest.keyClicks(inspector.caption.edit, "On")
    QTest.keyClick(inspector.caption.edit, Qt.Key.Key_Escape)
    assert full.window.focusWidget() is viewer
    assert viewer.item() is not None
    assert inspector.caption.text() == ""


def test_a_caption_that_is_too_long_is_said_in_words(full: RealDesk) -> None:
    inspector = full.window.shell.inspector
    full.window.shell.toolbar.details.setChecked(True)
    full.window.shell.library.grid.select(ItemId(full.ids()[0]))
    full.settle()
    inspector.caption.set_text("x" * 100_000)
    inspector.caption.submitted.emit()
    assert full.asked().accessibleName() == "This caption is too long"


def test_what_is_said_about_a_picture(full: RealDesk) -> None:
    inspector = full.window.shell.inspector
    full.window.shell.toolbar.details.setChecked(True)
    full.window.shell.library.grid.select(named(full, "Evening by the lake.jpg"))
    full.settle()
    data = inspector._data
    assert data is not None
    facts = {fact.icon: fact for fact in data.facts}
    assert facts["place"].words == "48.21° N, 16.37° E"
    assert "Sample camera" in facts["camera"].words
    assert facts["library"].words == "JPEG"
    assert "640 × 480" in facts["library"].more
    assert inspector.when.text().endswith("18:30")
    assert inspector.nowhere.isVisibleTo(full.window)
    assert "may still be where it was" in inspector.nowhere.text()


@pytest.mark.parametrize(
    ("saved", "beside", "above"),
    [
        (
            datetime(2019, 9, 14, 12),
            "The picture holds no date. It stands under 14 September 2019, the date of its file.",
            "No date inside, file of 14 September 2019",
        ),
        (
            datetime(1975, 1, 1),
            (
                "Neither the picture nor its file has a date. "
                "It stands under {today}, when it was imported."
            ),
            "No date inside, imported {today}",
        ),
    ],
)
def test_a_picture_without_a_date_says_whose_date_it_stands_under(
    desk: RealDesk, tmp_path: Path, saved: datetime, beside: str, above: str
) -> None:
    boat = tmp_path / "boat.bmp"
    boat.write_bytes(media_files.bmp())
    os.utime(boat, (saved.timestamp(), saved.timestamp()))
    desk.create()
    desk.bring_in(boat)
    desk.window.shell.toolbar.details.setChecked(True)
    item = ItemId(desk.ids()[0])
    desk.window.shell.library.grid.select(item)
    desk.settle()
    today = words.day(datetime.now(UTC).astimezone())
    assert desk.window.shell.inspector.when.text() == beside.format(today=today)
    assert desk.program.sources.facts(item).detail == above.format(today=today)


def test_a_heading_says_whose_time_it_is(full: RealDesk) -> None:
    """A month of "Recently added" is when they came, in the trash when they were thrown away."""

    def said(grid: TimelineGrid) -> str:
        at = QPoint(40, 18)
        point = grid.viewport().mapToGlobal(at)
        QCoreApplication.sendEvent(grid.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, point))
        return QToolTip.text()

    shell = full.window.shell
    assert "date of their file" in said(shell.library.grid)
    go(full, "recent")
    assert "imported" in said(shell.library.grid)
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    go(full, "trash")
    full.settle()
    assert "trash" in said(shell.trash.grid)
    go(full, "library")
    assert "date of their file" in said(shell.library.grid)


def test_several_are_summed(full: RealDesk) -> None:
    full.window.shell.toolbar.details.setChecked(True)
    full.window.shell.library.grid.select_all()
    full.settle()
    assert full.window.shell.inspector.title.text() == "4 items"


# --- albums


def test_an_album_is_made_filled_renamed_and_removed(full: RealDesk) -> None:
    items = [ItemId(one) for one in full.ids()[:2]]
    full.window.album_new_wanted.emit(items)
    sheet = full.asked()
    QTest.keyClicks(sheet.window().focusWidget(), "Lake house")
    sheet.answer("go")
    full.settle()
    assert (album(full).name, album(full).count) == ("Lake house", 2)
    go(full, f"album:{album(full).id}")
    assert set(full.ids()) == set(items)
    full.window.album_remove_wanted.emit(items[:1])
    full.settle()
    assert full.ids() == items[1:]
    full.acting._rename(album(full).id)
    sheet = full.asked()
    QTest.keyClicks(sheet.window().focusWidget(), "Sea")
    sheet.answer("go")
    full.settle()
    assert album(full).name == "Sea"
    full.acting._ask_remove(album(full).id)
    sheet = full.asked()
    assert "“Sea”" in sheet.accessibleName()
    sheet.answer("remove")
    full.settle()
    assert full.browsing.overview is not None
    assert full.browsing.overview.albums == ()
    assert full.browsing.place == "library", "the place that is gone is left"
    assert len(full.ids()) == 4, "its pictures stay"


def test_two_albums_of_one_name_are_refused_in_words(full: RealDesk) -> None:
    for _ in range(2):
        full.window.shell.sidebar.album_wanted.emit()
        sheet = full.asked()
        QTest.keyClicks(sheet.window().focusWidget(), "Lake")
        sheet.answer("go")
        full.settle()
    assert full.asked().accessibleName() == "There is an album of this name"


def test_what_is_in_a_veiled_album_is_veiled_everywhere(full: RealDesk) -> None:
    first = ItemId(full.ids()[0])
    made: list[AlbumId] = []
    full.program.commit(lambda session: session.library.albums.create("Private"), made.append)
    full.settle()
    full.window.album_add_wanted.emit([first], made[0])
    full.acting._veil(made[0], on=True)
    full.settle()
    grid = full.window.shell.library.grid
    assert full.browsing.place == "library"
    assert grid._hidden(grid.cells()[0], 0)
    assert not grid._hidden(grid.cells()[1], 1)
    full.window.shell.toolbar.details.setChecked(True)
    grid.select(first)
    full.settle()
    assert full.window.shell.inspector.preview._image is None
    full.window.opened.emit(first)
    full.settle()
    assert full.window.viewer.canvas.covered()
    full.window.viewer.go(1)
    full.settle()
    assert not full.window.viewer.canvas.covered()
    full.window.viewer.leave()
    full.acting._veil(made[0], on=False)
    full.settle()
    assert not grid._hidden(grid.cells()[0], 0)


def test_the_menu_of_an_album(full: RealDesk) -> None:
    full.program.commit(lambda session: session.library.albums.create("Lake"))
    full.settle()
    full.window.shell.sidebar.album_menu.emit(album(full).id, QPoint(10, 10))
    [menu] = [one for one in full.window.findChildren(QMenu) if one.isVisible()]
    assert [one.text() for one in menu.actions() if one.text()] == [
        "Rename…",
        "Veil until held",
        "Remove the album…",
    ]
    menu.close()


# --- after opening


def test_a_library_that_was_changed_from_outside_is_said_in_red(
    full: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lighttight.session.care import Care

    def differs(_: Care) -> int:
        raise Integrity("state-differs")

    monkeypatch.setattr(Care, "settle_in", differs)
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    full.window.unlock.click.click()
    full.until(lambda: any("changed from outside" in text for text in full.banners()))


def test_previews_that_are_missing_are_made_again(full: RealDesk) -> None:
    session_of(full).vault.previews.remove([ItemId(one) for one in full.ids()])
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    full.window.unlock.click.click()
    full.until(lambda: full.program.session is not None)
    full.settle()
    grid = full.window.shell.library.grid
    full.until(lambda: len([c for c in grid.cells() if grid.cache.get(c.id) is not None]) == 3)


def test_a_preview_that_comes_a_moment_later_is_seen(
    full: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item is committed before its preview is kept, and the grid may look in between."""
    library = session_of(full).library
    preview = library.preview
    late: list[ItemId] = []

    def not_yet(item: ItemId) -> bytes | None:
        late.append(item)
        return None

    grid = full.window.shell.library.grid
    monkeypatch.setattr(library, "preview", not_yet)
    for cell in grid.cells():
        grid.cache.drop(cell.id)
    grid.ask_again()
    full.program.changed.emit()
    go(full, "videos")
    full.until(lambda: late)
    monkeypatch.setattr(library, "preview", preview)
    full.until(lambda: len([c for c in grid.cells() if grid.cache.get(c.id) is not None]) == 1)


# --- others


def test_what_the_command_line_brings_in_appears(full: RealDesk, tmp_path: Path) -> None:
    other = open_session(session_of(full).vault.path, Offer(), full.memory)
    with other:
        full.until(lambda: full.program._seen_version is not None)
        libraries.add(other.library, tmp_path / "in", 2)
        full.until(lambda: len(full.ids()) == 6)
    assert full.window.shell.sidebar.row("library")._count == 6


def test_a_job_that_fails_shows_words_and_no_traceback(
    full: RealDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_: Session) -> None:
        raise Environment("disk-failed", path="/somewhere")

    full.program.commit(failing)
    assert full.asked().accessibleName() == "The disk reports an error"
    full.program.commit(failing)
    full.settle()
    full.asked().answer("close")
    full.settle()
    assert full.sheet() is None, "the same is not said twice at once"
    out = capsys.readouterr()
    assert "Traceback" not in out.err + out.out


def test_the_window_is_worked_by_keyboard_alone(full: RealDesk) -> None:
    window = full.window
    grid = window.shell.library.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_F)
    full.settle()
    assert grid.cells()[0].favourite
    QTest.keyClick(grid, Qt.Key.Key_Return)
    full.settle()
    assert window.viewer.item() == grid.cells()[0].id
    QTest.keyClick(window.viewer, Qt.Key.Key_Escape)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    full.settle()
    assert len(full.ids()) == 3


def test_the_status_counts_what_is_shown(full: RealDesk) -> None:
    def said() -> str:
        return full.window.shell.status._left[0]

    all_ = len(full.ids())
    assert said() == f"{all_} items"
    full.window.shell.toolbar.search.set_text("zzzz")
    full.until(lambda: said() == "0 items found")
    full.window.place_chosen.emit("videos")
    full.settle()
    videos = len(full.ids())
    assert 0 < videos < all_
    assert said() == f"{videos} item" + ("s" if videos > 1 else "")
    full.window.place_chosen.emit("library")
    full.settle()
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    full.window.place_chosen.emit("trash")
    full.settle()
    assert said() == "1 item in the trash"
    full.window.place_chosen.emit("favourites")
    full.settle()
    assert said() == "No items"
