"""Importing by drop: what is seen meanwhile, what is said at the end, and stopping."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget

from lighttight.errors import Environment
from lighttight.files.source import SourceFile
from lighttight.library import storing
from lighttight.library.importing import WORKERS
from lighttight.model import ItemId
from lighttight.session import Offer, open_session
from lighttight.ui.controllers import closing, importing
from lighttight.ui.controllers.choosing import forget_history
from lighttight.ui.controllers.importing import Run
from lighttight.ui.jobs import Lane
from lighttight.ui.pages.imported import _Names
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Sheet
from lighttight.vault import vault
from tests.gui.desks import PIN, RealDesk
from tests.support import media_files


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def panels(desk: RealDesk) -> list[ProgressPanel]:
    return [one for one in desk.window.findChildren(ProgressPanel) if not one.isHidden()]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(24):
        (folder / f"{number}.jpg").write_bytes(media_files.jpeg(size=(640 + number, 480)))
    return folder


class Gate:
    """Lets one file through at a time, at a method that each of them passes once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, method: str) -> None:
        self.places = threading.Semaphore(0)
        self.asked = 0
        real = getattr(owner, method)

        def slowly(*arguments: object, **more: object) -> object:
            self.asked += 1
            assert self.places.acquire(timeout=30)
            return real(*arguments, **more)

        monkeypatch.setattr(owner, method, slowly)

    def open(self) -> None:
        self.places.release(1000)


def examining(desk: RealDesk, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """A gate behind sealing: what passes it is saved whatever is cancelled."""
    assert desk.program.session is not None
    return Gate(monkeypatch, desk.program.session.decoder, "examine")


def test_what_is_dropped_is_seen_with_its_previews(desk: RealDesk, folder: Path) -> None:
    desk.create()
    desk.drop(folder)
    desk.until(lambda: not desk.importing.running)
    desk.settle()
    assert len(desk.ids()) == 4
    grid = desk.window.shell.library.grid
    assert len([cell for cell in grid.cells() if grid.cache.get(cell.id) is not None]) == 3
    assert desk.window.shell.stack.currentWidget() is desk.window.shell.library


def test_the_results_name_each_file_that_is_not_in_and_say_where_else_they_are(
    desk: RealDesk, folder: Path
) -> None:
    desk.create()
    desk.drop(folder)
    sheet = desk.asked()
    assert sheet.accessibleName() == "4 items imported"
    said = texts(sheet)
    assert "notes.txt" in said
    assert "Not a photo or video" in said
    assert "broken.jpg" in said
    assert "Saved, but it cannot be shown" in said
    assert "iCloud or Google Photos" in said
    assert sheet.button("close").hasFocus(), "Enter puts it away"
    assert (folder / "broken.jpg").exists()


def test_the_same_again_is_found_to_be_there(desk: RealDesk, folder: Path) -> None:
    desk.create()
    desk.bring_in(folder)
    desk.drop(folder)
    sheet = desk.asked()
    assert sheet.accessibleName() == "All of it was here already"
    assert "4 were in the library already" in sheet.sentence.text()


def test_an_import_into_an_album_stands_in_it(desk: RealDesk, folder: Path) -> None:
    desk.create()
    desk.program.commit(lambda session: session.library.albums.create("Lake house"))
    desk.settle()
    assert desk.browsing.overview is not None
    [album] = desk.browsing.overview.albums
    desk.window.place_chosen.emit(f"album:{album.id}")
    desk.settle()
    desk.bring_in(folder)
    assert len(desk.ids()) == 4
    assert desk.browsing.overview.albums[0].count == 4


def test_pictures_appear_while_others_are_still_coming(
    desk: RealDesk, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    gate = examining(desk, monkeypatch)
    desk.drop(many)
    gate.places.release(3)
    desk.until(lambda: len(desk.ids()) >= 3)
    assert desk.importing.running
    [panel] = panels(desk)
    desk.until(lambda: panel.counts.text().startswith("3 items · "))
    gate.open()
    desk.until(lambda: not desk.importing.running)


def test_cancelling_keeps_what_was_saved(
    desk: RealDesk, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    gate = examining(desk, monkeypatch)
    desk.drop(many)
    gate.places.release(3)
    desk.until(lambda: len(desk.ids()) >= 3)
    panels(desk)[0].cancel.click()
    gate.open()
    desk.until(lambda: not desk.importing.running)
    desk.settle()
    assert "You stopped it" in desk.asked().sentence.text()
    assert 3 <= len(desk.ids()) < 24
    assert not panels(desk)


def test_what_is_dropped_meanwhile_waits_its_turn(
    desk: RealDesk, many: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    gate = examining(desk, monkeypatch)
    desk.drop(many)
    desk.until(lambda: gate.asked)
    desk.drop(folder)
    assert "1 more waiting" in panels(desk)[0].detail.text()
    gate.open()
    desk.until(lambda: not desk.importing.running and not desk.importing._waiting)
    desk.settle()
    assert len(desk.ids()) == 28


def test_locking_stops_after_the_items_at_hand_and_the_rest_comes_another_time(
    desk: RealDesk, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.create(pin=PIN)
    session = desk.program.session
    assert session is not None
    # While they are sealed: there, cancelling instead of stopping would drop them.
    gate = Gate(monkeypatch, SourceFile, "read_into")
    desk.drop(many)
    desk.until(lambda: gate.asked == WORKERS)
    desk.window.lock_wanted.emit()
    assert desk.window.stack.currentWidget() is desk.window.unlock, "hidden at once"
    assert not session.vault.closed, "the items at hand come to their end first"
    gate.open()
    desk.until(lambda: session.vault.closed)
    assert desk.sheet() is None, "nothing is said of it on the locked screen"
    desk.until(lambda: not desk.jobs.busy())
    desk.window.unlock.secret.set_text(PIN)
    desk.window.unlock.open.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    assert desk.program.path == path
    saved = len(desk.ids())
    assert 2 <= saved < 24
    assert said_of_the_rest(desk) == ["Locking stopped the import."]
    desk.drop(many)
    sheet = desk.asked()
    assert sheet.accessibleName() == f"{24 - saved} items imported"
    assert said_of_the_rest(desk) == []
    sheet.answer("close")
    lock_and_open(desk)
    assert said_of_the_rest(desk) == [], "said once, and only while something is missing"


def said_of_the_rest(desk: RealDesk) -> list[str]:
    """First sentences of what is said about an import that did not come to its end."""
    return [text.split(".")[0] + "." for text in desk.banners() if "already is skipped" in text]


def lock_and_open(desk: RealDesk) -> None:
    session = desk.program.session
    assert session is not None
    desk.window.lock_wanted.emit()
    desk.until(lambda: session.vault.closed and not desk.jobs.busy())
    open_again(desk)


def open_again(desk: RealDesk) -> None:
    desk.window.unlock.secret.set_text(PIN)
    desk.window.unlock.open.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A picture in front of eight megabytes of nothing."""
    path = tmp_path / "large.jpg"
    path.write_bytes(media_files.jpeg() + bytes(8 << 20))
    return path


def blobs(path: Path) -> list[Path]:
    return [one for one in (path / "blobs").rglob("*") if one.is_file()]


def test_locking_takes_back_what_would_take_longer(
    desk: RealDesk, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "UNHURRIED", 0.0)
    path = desk.create(pin=PIN)
    session = desk.program.session
    assert session is not None
    gate = Gate(monkeypatch, SourceFile, "read_into")
    desk.drop(large)
    gate.places.release(2)
    desk.until(lambda: gate.asked == 3)
    desk.window.lock_wanted.emit()
    gate.open()
    desk.until(lambda: session.vault.closed and not desk.jobs.busy())
    assert blobs(path) == []
    monkeypatch.undo()
    held = [(one._coming, one._ending) for one in desk.program.closings._under_way]
    assert held == [(None, None)], "the import's job knows the session"
    open_again(desk)
    assert desk.ids() == []
    assert said_of_the_rest(desk) == ["Locking stopped the import."]
    desk.drop(large)
    assert desk.asked().accessibleName() == "1 item imported"


def test_an_import_that_hangs_does_not_keep_the_keys(
    desk: RealDesk, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "UNHURRIED", 0.0)
    monkeypatch.setattr(importing, "TAKEN_BACK", 0.0)
    path = desk.create(pin=PIN)
    session = desk.program.session
    assert session is not None
    gate = Gate(monkeypatch, SourceFile, "read_into")
    desk.drop(large)
    desk.until(lambda: gate.asked == 1)
    desk.window.lock_wanted.emit()
    desk.until(lambda: session.vault._master is None)
    assert session.vault._secrets == {}
    assert gate.asked == 1, "it still hangs"
    held = [job for job in desk.jobs._pools[Lane.IO]._at_hand.values() if job and job.given_up]
    assert len(held) == 1, "another may do the work of its thread"
    gate.open()
    desk.until(lambda: not desk.jobs.busy())
    assert blobs(path) == []


def test_before_sleep_and_after_the_keys_are_gone_in_time() -> None:
    """Logind waits five seconds, and the vault itself may need two."""
    assert importing.TAKEN_BACK + vault.PATIENCE < 5
    assert closing.UNHURRIED + importing.TAKEN_BACK <= 3


def test_after_a_kill_it_is_said_that_some_may_be_missing(
    desk: RealDesk, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.create(pin=PIN)
    desk.bring_in(many)
    session = desk.program.session
    assert session is not None
    # As a kill leaves it: no entry of locking.
    monkeypatch.setattr(session.vault, "close", lambda _: session.vault.release())
    lock_and_open(desk)
    assert desk.program.path == path
    assert said_of_the_rest(desk) == [
        "Lighttight ended last time without locking, after pictures came in."
    ]
    lock_and_open(desk)
    assert said_of_the_rest(desk) == []


def test_closing_the_window_while_importing_loses_nothing_that_was_saved(
    desk: RealDesk, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    session = desk.program.session
    assert session is not None
    gate = examining(desk, monkeypatch)
    desk.drop(many)
    gate.places.release(3)
    desk.until(lambda: len(desk.ids()) >= 3)
    saved = [ItemId(one) for one in desk.ids()]
    gate.open()
    desk.end()
    assert session.vault.closed
    with open_session(session.vault.path, Offer(), desk.memory) as again:
        assert set(saved) <= {item.id for item in again.library.items()}
        assert not again.care.verify(deep=True).damage


def test_a_full_disk_is_said_in_words_and_the_window_goes_on(
    desk: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    session = desk.program.session
    assert session is not None

    def full(*_: object, **__: object) -> None:
        raise Environment("disk-full", path=str(session.vault.path))

    monkeypatch.setattr(session.imports, "run", full)
    desk.drop(folder)
    sheet = desk.asked()
    assert sheet.accessibleName() == "The disk is full"
    assert not panels(desk)
    assert not desk.importing.running


def test_originals_go_only_as_the_engine_allows(desk: RealDesk, folder: Path) -> None:
    desk.create()
    desk.drop(folder)
    sheet = desk.asked()
    sheet.answer("remove")
    question = desk.asked()
    assert question.button("keep").hasFocus()
    question.answer("remove")
    refused = desk.asked()
    assert refused.accessibleName() == "There is no second copy yet"
    assert len(list(folder.iterdir())) == 5


def test_with_a_second_copy_the_originals_go(desk: RealDesk, folder: Path, tmp_path: Path) -> None:
    desk.create()
    desk.bring_in(folder)
    desk.keeping.back_up(tmp_path / "copy.lighttight")
    assert desk.asked().accessibleName() == "The second copy is up to date"
    desk.asked().answer("close")
    desk.settle()
    desk.drop(folder)
    desk.asked().answer("remove")
    desk.asked().answer("remove")
    sheet = desk.asked()
    assert sheet.accessibleName() == "4 items removed outside"
    assert [one.name for one in folder.iterdir()] == ["notes.txt"]


def test_removing_originals_files_nothing_anywhere_else(
    desk: RealDesk, folder: Path, tmp_path: Path
) -> None:
    """The album that is looked at by then has nothing to do with it."""
    desk.create()
    desk.program.commit(lambda session: session.library.albums.create("Lake house"))
    desk.bring_in(folder)
    desk.keeping.back_up(tmp_path / "copy.lighttight")
    desk.asked().answer("close")
    desk.settle()
    desk.drop(folder)
    results = desk.asked()
    assert desk.browsing.overview is not None
    [album] = desk.browsing.overview.albums
    desk.window.place_chosen.emit(f"album:{album.id}")
    desk.settle()
    results.answer("remove")
    desk.asked().answer("remove")
    assert desk.asked().accessibleName() == "4 items removed outside"
    desk.settle()
    assert desk.browsing.overview.albums[0].count == 0
    assert desk.ids() == []


def traces(home: Path) -> set[Path]:
    """Every file that could tell what was chosen."""
    places = (home, Path(os.environ["XDG_CONFIG_HOME"]), Path(os.environ["XDG_DATA_HOME"]))
    found = {one for place in places for one in place.rglob("*") if one.is_file()}
    return {one for one in found if ".lighttight" not in str(one)}


def test_the_choosing_dialogs_leave_no_history(
    desk: RealDesk, folder: Path, home: Path, dressed: QApplication
) -> None:
    forget_history()
    desk.create()
    before = traces(home)
    desk.window.folder_wanted.emit()
    [dialog] = desk.window.findChildren(QFileDialog)
    assert dialog.testOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setDirectory(str(folder.parent))
    dialog.selectFile(str(folder))
    dialog.accept()
    desk.until(lambda: desk.importing.running or desk.sheet() is not None)
    desk.until(lambda: not desk.importing.running)
    desk.settle()
    assert len(desk.ids()) == 4
    assert traces(home) == before


def test_closing_during_an_import_is_asked_once_and_keeps_going(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run((), None, remove_originals=False)
    run.imported, run.duplicates, run.others = 3, 1, 7
    desk.create()
    monkeypatch.setattr(desk.importing, "_run", run)
    closed: list[bool] = []
    desk.window.closing.connect(lambda: closed.append(True))
    assert not desk.window.close()
    assert not desk.window.close()
    sheets = [one for one in desk.window.findChildren(Sheet) if not one.isHidden()]
    assert len(sheets) == 1
    assert "4 items of it are in the library and stay there." in sheets[0].sentence.text()
    assert sheets[0].button("stay").hasFocus()
    sheets[0].answer("stay")
    assert closed == []
    assert not desk.window.close()
    desk.asked().answer("close")
    assert closed == [True]
    monkeypatch.undo()


def test_equal_reasons_are_one_line_with_the_names_behind_it(
    desk: RealDesk, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    (many / "notes.txt").write_text("not a picture")
    real = shutil.disk_usage
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: real("/")._replace(free=storing.RESERVE - 1)
    )
    desk.drop(many)
    sheet = desk.asked()
    monkeypatch.undo()
    assert sheet.accessibleName() == "Nothing was imported"
    heads = {one.head.text(): one for one in sheet.findChildren(_Names)}
    waiting = [head for head in heads if head.startswith("Not imported yet · ")]
    assert len(waiting) == 1
    assert len(heads) <= 2, heads.keys()
    untried = int(waiting[0].split(" · ")[1].split()[0])
    assert untried >= 24 - WORKERS
    assert f"{untried} were not begun" in sheet.sentence.text()
    behind = heads[waiting[0]]
    assert behind.names.isHidden()
    assert sheet.button("close").hasFocus(), "Enter puts it away"
    behind.head.setFocus()
    QTest.keyClick(behind.head, Qt.Key.Key_Space)
    assert not behind.names.isHidden()
    assert "23.jpg" in texts(behind)
    QTest.keyClick(behind.head, Qt.Key.Key_Space)
    assert behind.names.isHidden()
