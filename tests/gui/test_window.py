"""The window: shortcuts, what it covers, what it forgets, what it asks for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QSize, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lighttight import settings
from lighttight.ui.app import fitted, follow_place, place
from lighttight.ui.grid.view import ZOOM
from lighttight.ui.jobs import Jobs
from lighttight.ui.pages.unlock import UnlockData, Way
from lighttight.ui.shell import Shell
from lighttight.ui.widgets.notes import Banner
from lighttight.ui.widgets.sheet import Answer, Sheet
from lighttight.ui.widgets.sidebar import SidebarData
from lighttight.ui.window import Window
from tests.gui import pictures
from tests.gui.fakes import FakeViewer

pytestmark = pytest.mark.usefixtures("dressed", "still")

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def cells():
    return pictures.cells(60)


@pytest.fixture
def now() -> list[float]:
    """The window's clock, in seconds."""
    return [0.0]


@pytest.fixture
def window(qtbot: QtBot, jobs: Jobs, cells, now: list[float]):
    made = Window(jobs, pictures.FakePreviews(cells, 3), FakeViewer(cells), clock=lambda: now[0])
    qtbot.addWidget(made)
    made.set_cover_when_away(False)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    yield made
    made.forget()
    qtbot.waitUntil(lambda: jobs.busy() == 0, timeout=10_000)


def library(window: Window, cells) -> None:
    window.set_sidebar(SidebarData("Home", len(cells)))
    window.shell.library.show_cells(cells)
    window.show_page(window.shell.library)
    QApplication.processEvents()


def heard(signal) -> list[Any]:
    found: list[Any] = []
    signal.connect(lambda *args: found.append(args[0] if len(args) == 1 else args))
    return found


def test_the_title_gives_nothing_away(window: Window, cells) -> None:
    library(window, cells)
    window.show_viewer([cell.id for cell in cells], 0)
    assert window.windowTitle() == "Lighttight"


def test_control_l_locks_from_everywhere_and_only_when_open(window: Window, cells) -> None:
    locks = heard(window.lock_wanted)
    window.show_unlock(UnlockData("Home", Way.PIN))
    QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert locks == []
    library(window, cells)
    QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    window.show_viewer([cell.id for cell in cells], 0)
    QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert len(locks) == 2


def test_locking_forgets_everything(window: Window, cells, qtbot: QtBot) -> None:
    library(window, cells)
    window.shell.toolbar.search.set_text("harbour")
    window.ask("Really?", "It is.", [Answer("no", "No", safe=True)])
    window.show_viewer([cell.id for cell in cells], 0)
    qtbot.waitUntil(window.viewer.canvas.has_picture, timeout=5000)
    window.show_unlock(UnlockData("Home", Way.PIN))
    assert window.shell.library.grid.cells() == []
    assert len(window.shell.library.grid.cache) == 0
    assert not window.viewer.canvas.has_picture()
    assert window.viewer._held == {}
    assert window.shell.toolbar.search.text() == ""
    assert not any(sheet.isVisible() for sheet in window.findChildren(Sheet))
    assert window.unlock.secret.edit.hasFocus()


def test_search_and_back(window: Window, cells) -> None:
    library(window, cells)
    asked = heard(window.searched)
    QTest.keyClick(window, Qt.Key.Key_F, CTRL)
    edit = window.shell.toolbar.search.edit
    assert edit.hasFocus()
    QTest.keyClicks(edit, "ca?")
    assert asked[-1] == "ca?"
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert asked[-1] == ""
    assert window.shell.library.grid.hasFocus()


def test_the_question_mark_shows_all_keys_once(window: Window, cells) -> None:
    library(window, cells)
    QTest.keyClick(window, Qt.Key.Key_Question)
    QTest.keyClick(window, Qt.Key.Key_Question)
    sheets = [sheet for sheet in window.findChildren(Sheet) if sheet.isVisible()]
    assert len(sheets) == 1
    assert sheets[0].grab().width() == window.width()
    sheets[0].answer("close")


def test_zoom_is_one_thing(window: Window, cells) -> None:
    library(window, cells)
    window.shell.toolbar.zoom.setValue(len(ZOOM) - 1)
    assert window.shell.library.grid.zoom() == len(ZOOM) - 1
    QTest.keyClick(window.shell.library.grid, Qt.Key.Key_Minus, CTRL)
    assert window.shell.toolbar.zoom.value() == len(ZOOM) - 2


def test_f_makes_favourites_of_all_or_takes_all_back(window: Window, cells) -> None:
    library(window, cells)
    wanted = heard(window.favourite_wanted)
    grid = window.shell.library.grid
    mixed = [next(c for c in cells if c.favourite), next(c for c in cells if not c.favourite)]
    for cell in mixed:
        place = cells.index(cell)
        grid._selection.toggle(place)
    QTest.keyClick(grid, Qt.Key.Key_F)
    grid.select(mixed[0].id)
    QTest.keyClick(grid, Qt.Key.Key_F)
    ids, on = wanted[0]
    assert set(ids) == {cell.id for cell in mixed}
    assert on is True
    assert wanted[1] == ([mixed[0].id], False)


def test_delete_asks_for_the_trash_and_only_with_a_selection(window: Window, cells) -> None:
    library(window, cells)
    wanted = heard(window.trash_wanted)
    grid = window.shell.library.grid
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert wanted == []
    grid.select(cells[2].id)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert wanted == [[cells[2].id]]


def test_leaving_the_viewer_stands_where_it_was(window: Window, cells) -> None:
    library(window, cells)
    window.show_viewer([cell.id for cell in cells], 0)
    QTest.keyClick(window.viewer, Qt.Key.Key_End)
    QTest.keyClick(window.viewer, Qt.Key.Key_Escape)
    assert window.shell.library.grid.current() == cells[-1].id
    assert window.shell.library.grid.hasFocus()
    assert window.shell.library.grid.rect_of(cells[-1].id) is not None


def test_what_is_dropped_is_named_and_copied(window: Window, cells) -> None:
    dropped = heard(window.dropped)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/phone")])

    def drop() -> None:
        event = QDropEvent(
            QPointF(20, 20),
            Qt.DropAction.CopyAction | Qt.DropAction.MoveAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        event.setDropAction(Qt.DropAction.MoveAction)
        window.dropEvent(event)
        if dropped:
            assert event.dropAction() is Qt.DropAction.CopyAction

    window.show_unlock(UnlockData("Home", Way.PIN))
    drop()
    assert dropped == []
    library(window, cells)
    drop()
    assert dropped == [["/phone"]]


def test_pictures_are_covered_while_another_window_is_in_front(
    window: Window, cells, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(window, cells)
    window.set_cover_when_away(True)
    assert not window.covered()
    clear = window.grab().toImage()
    monkeypatch.setattr(window, "_away", lambda: True)
    QApplication.sendEvent(window, QEvent(QEvent.Type.ActivationChange))
    qtbot.waitUntil(window.covered, timeout=5000)
    assert window.grab().toImage() != clear
    monkeypatch.undo()
    QApplication.sendEvent(window, QEvent(QEvent.Type.ActivationChange))
    qtbot.waitUntil(lambda: not window.covered(), timeout=5000)
    window.show_unlock(UnlockData("Home", Way.PIN))
    monkeypatch.setattr(window, "_away", lambda: True)
    window.set_cover_when_away(True)
    assert not window.covered()


def test_what_is_asked_while_covered_is_covered_too(
    window: Window, cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(window, cells)
    window.cover_at_once()
    covered = window.grab().toImage()
    sheet = window.present("IMG_1.jpg could not be read", "Evening by the lake")
    assert window.grab().toImage() == covered
    assert sheet.isVisible()


def test_a_dialog_of_its_own_does_not_cover(window: Window, cells, qtbot: QtBot) -> None:
    library(window, cells)
    window.set_cover_when_away(True)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    assert QTest.qWaitForWindowActive(other)
    QApplication.processEvents()
    assert not window.covered()


def test_being_here_is_told_once_a_second(window: Window, cells, now: list[float]) -> None:
    library(window, cells)
    told = heard(window.active)
    now[0] = 10.0
    for _ in range(5):
        QTest.keyClick(window, Qt.Key.Key_Right)
    assert len(told) == 1
    now[0] = 11.5
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert len(told) == 2


def test_progress_stands_below_and_goes(window: Window, cells) -> None:
    library(window, cells)
    grid = window.shell.library.grid
    before = grid.height()
    panel = window.add_progress("Importing")
    QApplication.processEvents()
    assert panel.isVisible()
    assert grid.height() < before
    window.remove_progress(panel)
    QApplication.processEvents()
    assert grid.height() == before


def test_an_error_has_one_button_that_does_nothing(window: Window, cells) -> None:
    library(window, cells)
    sheet = window.present("The disk is full", "Nothing was lost.", "Make room, then try again.")
    assert sheet.accessibleName() == "The disk is full"
    answers = heard(sheet.answered)
    QTest.keyClick(sheet.button("close"), Qt.Key.Key_Escape)
    assert answers == ["close"]


def test_the_menu_of_the_pictures_sends_nothing_out_by_itself(window: Window, cells) -> None:
    library(window, cells)
    window.shell.library.grid.select(cells[1].id)
    exports = heard(window.export_wanted)
    menu = window.grid_menu()
    names = [action.text() for action in menu.actions() if action.text()]
    assert "Save outside the library…" in names
    assert "To the trash" in names
    next(a for a in menu.actions() if a.text() == "Save outside the library…").trigger()
    assert exports == [[cells[1].id]]
    menu.deleteLater()


def test_notes_are_seen_on_the_empty_library_too(qtbot: QtBot, jobs: Jobs) -> None:
    shell = Shell(jobs, pictures.FakePreviews(pictures.cells(3), 3))
    qtbot.addWidget(shell)
    shell.show()
    banner = Banner("3 failed tries since.", "")
    shell.library.add_banner(banner)
    for page in (shell.empty, shell.library, shell.empty):
        shell.stack.setCurrentWidget(page)
        assert banner.isVisible()
        assert page.isAncestorOf(banner)
    shell.library.remove_banner(banner)
    assert banner.isHidden()


@pytest.mark.parametrize("width", [720, 780, 880, 1000, 1280])
def test_nothing_in_the_toolbar_lies_over_another(window: Window, cells, width: int) -> None:
    library(window, cells)
    window.resize(width, 600)
    QApplication.processEvents()
    toolbar = window.shell.toolbar
    parts = [
        one
        for one in toolbar.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if one.isVisible()
    ]
    boxes = sorted((one.geometry() for one in parts), key=lambda box: box.left())
    assert boxes[0].left() >= 0
    assert boxes[-1].right() < toolbar.width()
    for left, right in itertools.pairwise(boxes):
        assert left.right() < right.left()
    for one in parts:
        assert one.width() >= one.minimumSizeHint().width()
    assert toolbar.zoom.isVisible() == (width > 800)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (QRect(100, 100, 900, 640), QRect(100, 100, 900, 640)),
        (QRect(0, 0, 1280, 800), QRect(0, 40, 853, 493)),
        (QRect(-300, -200, 800, 480), QRect(0, 40, 800, 480)),
        (QRect(5000, 5000, 800, 480), QRect(53, 53, 800, 480)),
        (QRect(10, 60, 10, 10), QRect(10, 53, 720, 480)),
    ],
)
def test_the_window_opens_on_the_screen(wanted: QRect, expected: QRect) -> None:
    room = QRect(0, 40, 853, 493) if wanted.x() != 100 else QRect(0, 40, 1920, 1000)
    assert fitted(wanted, room, QSize(720, 480)) == expected


def test_the_window_stays_where_it_was_from_start_to_start(
    window: Window, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIGHTTIGHT_HOME", str(tmp_path))
    window.setGeometry(20, 60, 730, 500)
    remember = follow_place(window)
    window.closing.emit()
    remember()
    kept = settings.load().settings.window
    assert kept is not None
    for _ in range(3):
        place(window)
        window.closing.emit()
        remember()
    assert settings.load().settings.window == kept


def test_closing_does_not_wait_for_who_holds_the_settings(
    window: Window, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIGHTTIGHT_HOME", str(tmp_path))
    monkeypatch.setattr(settings, "WAIT", 0.05)
    asked: list[object] = []
    change = settings.change
    monkeypatch.setattr(settings, "change", lambda **more: asked.append(more) or change(**more))
    remember = follow_place(window)
    with FileLock(tmp_path / settings.LOCK):
        window.closing.emit()
        assert asked == []
        remember()
    assert len(asked) == 1, "tried, and said nothing"
    remember()
    assert settings.load().settings.window is not None


def test_enter_in_the_search_goes_to_what_was_found_and_opens_it(window: Window, cells) -> None:
    library(window, cells)
    opened = heard(window.opened)
    edit = window.shell.toolbar.search.edit
    edit.setFocus()
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert opened == []
    assert window.shell.library.grid.hasFocus()
    QTest.keyClick(window.shell.library.grid, Qt.Key.Key_Return)
    assert opened == [cells[0].id]
