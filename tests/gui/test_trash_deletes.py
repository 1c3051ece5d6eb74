"""The trash: in, back, and for good, with what that means said before."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.model import ItemId
from lighttight.session import Purged
from lighttight.ui.widgets.notes import Banner, EmptyState
from tests.gui.desks import RealDesk


@pytest.fixture
def full(desk: RealDesk, folder: Path) -> RealDesk:
    desk.create()
    desk.bring_in(folder)
    return desk


def thrown(desk: RealDesk) -> list[str]:
    return [cell.id for cell in desk.window.shell.trash.grid.cells()]


def to_trash(desk: RealDesk) -> None:
    desk.window.place_chosen.emit("trash")
    desk.settle()


def test_what_is_thrown_away_leaves_the_grid_and_can_be_undone(full: RealDesk) -> None:
    first = ItemId(full.ids()[0])
    full.window.trash_wanted.emit([first])
    full.settle()
    assert first not in full.ids()
    assert full.window.shell.sidebar.row("trash")._count == 1
    [banner] = [one for one in full.window.findChildren(Banner) if "trash" in one.words.text()]
    banner.acted.emit()
    full.settle()
    full.until(lambda: first in full.ids())


def test_put_back_from_the_trash(full: RealDesk) -> None:
    first = ItemId(full.ids()[0])
    full.window.trash_wanted.emit([first])
    full.settle()
    to_trash(full)
    assert thrown(full) == [first]
    full.window.shell.trash.restore.click()
    full.settle()
    assert thrown(full) == []
    full.window.place_chosen.emit("library")
    full.settle()
    assert first in full.ids()


def notes(desk: RealDesk) -> list[str]:
    return [text for text in desk.banners() if "trash" in text]


def test_what_was_put_back_is_not_offered_to_be_undone(full: RealDesk) -> None:
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    assert notes(full) == ["1 item moved to the trash."], "one note, for the last act"
    to_trash(full)
    full.window.shell.trash.restore.click()
    full.settle()
    full.window.place_chosen.emit("library")
    full.settle()
    assert notes(full) == []


def test_what_was_deleted_for_good_is_not_offered_to_be_undone(full: RealDesk) -> None:
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    to_trash(full)
    full.window.shell.trash.delete.click()
    sheet = full.asked()
    assert sheet.button("keep").text() == "Keep it"
    sheet.answer("delete")
    full.until(lambda: thrown(full) == [])
    full.settle()
    assert notes(full) == []


def test_a_library_that_was_thrown_away_whole_is_not_a_new_one(full: RealDesk) -> None:
    shell = full.window.shell
    full.window.trash_wanted.emit([ItemId(one) for one in full.ids()])
    full.settle()
    full.until(lambda: full.ids() == [])
    assert shell.stack.currentWidget() is shell.library
    empty = shell.library.stack.currentWidget()
    assert isinstance(empty, EmptyState)
    assert empty.title.text() == "Everything is in the trash"
    empty.acted.emit()
    full.settle()
    assert shell.stack.currentWidget() is shell.trash
    shell.trash.delete.click()
    full.asked().answer("delete")
    full.until(lambda: thrown(full) == [])
    full.settle()
    full.window.place_chosen.emit("library")
    full.settle()
    assert shell.stack.currentWidget() is shell.empty


def test_deleting_for_good_asks_how_many_and_keeps_by_default(full: RealDesk) -> None:
    items = [ItemId(one) for one in full.ids()[:2]]
    full.window.trash_wanted.emit(items)
    full.settle()
    to_trash(full)
    full.window.shell.trash.delete.click()
    sheet = full.asked()
    assert sheet.accessibleName() == "Delete 2 items for good?"
    assert "cannot be undone" in sheet.sentence.text()
    assert sheet.button("keep").hasFocus()
    sheet.answer("keep")
    full.settle()
    assert len(thrown(full)) == 2


def test_deleted_for_good_is_gone_with_its_blob(full: RealDesk) -> None:
    session = full.program.session
    assert session is not None
    before = {one for one in (session.vault.path / "blobs").rglob("*") if one.is_file()}
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    to_trash(full)
    full.window.shell.trash.delete.click()
    full.asked().answer("delete")
    full.until(lambda: thrown(full) == [])
    full.settle()
    after = {one for one in (session.vault.path / "blobs").rglob("*") if one.is_file()}
    assert len(before - after) == 1
    assert session.library.counts().trash == 0
    assert full.window.shell.trash.stack.currentWidget() is not full.window.shell.trash.grid


def test_what_is_not_gone_from_the_disk_yet_is_said(
    full: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = full.program.session
    assert session is not None
    monkeypatch.setattr(session.library.trash, "purge", lambda *_, **__: Purged(1, 1))
    full.window.trash_wanted.emit([ItemId(full.ids()[0])])
    full.settle()
    to_trash(full)
    full.window.shell.trash.delete.click()
    full.asked().answer("delete")
    full.until(
        lambda: (sheet := full.sheet()) is not None and "Delete" not in sheet.accessibleName()
    )
    assert full.asked().accessibleName() == "Not everything is gone from the disk yet"
