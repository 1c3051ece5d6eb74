"""Files dropped onto the window: taken or refused, and that is seen at once, whatever is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from lighttight.library.importing import ImportSummary
from lighttight.session import imports
from tests.gui.desks import PIN, RealDesk
from tests.gui.test_import_brings_in import examining

REFUSED_WHILE_LOCKED = "Open your library first, then drop the files again."
REFUSED_MEANWHILE = "The keys are being changed. Drop the files again when that is done."


def enter(desk: RealDesk, *urls: str) -> QDragEnterEvent:
    """Files are held over the window."""
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    event = QDragEnterEvent(
        QPointF(20, 20).toPoint(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    desk.window.dragEnterEvent(event)
    return event


def told(desk: RealDesk) -> str:
    """What stands above everything else."""
    toast = desk.window.toast
    return toast.words.text() if toast.isVisible() else ""


def on_the_cover(desk: RealDesk) -> list[str]:
    cover = desk.window._cover
    return [one.text() for one in cover.findChildren(QLabel) if one.isVisible() and one.text()]


@pytest.fixture
def away(desk: RealDesk, monkeypatch: pytest.MonkeyPatch) -> RealDesk:
    """The window is covered, because another one is in front."""
    desk.create(pin=PIN)
    monkeypatch.setattr(desk.window, "_away", lambda: True)
    desk.window.set_cover_when_away(True)
    assert desk.window.covered()
    return desk


def test_while_locked_it_is_refused_in_words_at_once(desk: RealDesk, folder: Path) -> None:
    desk.create(pin=PIN)
    desk.window.lock_wanted.emit()
    desk.settle()
    event = enter(desk, folder.as_uri())
    assert not event.isAccepted()
    assert told(desk) == REFUSED_WHILE_LOCKED
    desk.window.dragLeaveEvent(QDragLeaveEvent())
    assert told(desk) == REFUSED_WHILE_LOCKED, "a refused drop only leaves: it stays to be read"
    desk.window.toast.hide()
    desk.drop(folder)
    assert told(desk) == REFUSED_WHILE_LOCKED
    assert not desk.importing.running


def test_before_there_is_a_library_it_is_refused_in_words(desk: RealDesk, folder: Path) -> None:
    desk.drop(folder)
    assert told(desk) == "Make your library first, or open one; then drop the files again."


def test_what_is_no_file_of_this_computer_is_refused_in_words(desk: RealDesk) -> None:
    desk.create()
    event = enter(desk, "https://example.org/picture.jpg")
    assert not event.isAccepted()
    assert told(desk) == "That is not a file on this computer. Save it first, then drop the file."


def test_held_over_the_cover_it_says_that_it_may_be_dropped(away: RealDesk, folder: Path) -> None:
    assert enter(away, folder.as_uri()).isAccepted()
    assert told(away) == "Drop to bring in"
    away.window.dragLeaveEvent(QDragLeaveEvent())
    assert told(away) == ""


def test_dropped_onto_the_cover_it_is_seen_at_once_and_names_nothing(
    away: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = examining(away, monkeypatch)
    enter(away, folder.as_uri())
    away.drop(folder)
    assert told(away) == ""
    assert on_the_cover(away) == ["Bringing in your files"]
    assert away.window.covered(), "nobody asked to see the pictures"
    gate.open()
    away.until(lambda: not away.importing.running)
    assert on_the_cover(away) == ["The import is done. Come back to this window to see it."]
    monkeypatch.setattr(away.window, "_away", lambda: False)
    away.window._cover_if_away()
    assert not away.window.covered()
    monkeypatch.setattr(away.window, "_away", lambda: True)
    away.window._cover_if_away()
    assert on_the_cover(away) == [], "it was seen"


def test_locking_takes_it_off_the_cover(
    away: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = examining(away, monkeypatch)
    away.drop(folder)
    away.window.lock_wanted.emit()
    assert on_the_cover(away) == []
    gate.open()
    away.until(lambda: not away.jobs.busy())
    assert on_the_cover(away) == []


def test_dropped_onto_a_sheet_it_is_seen_at_once(
    desk: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    desk.window.tell("Done", "It is done.")
    gate = examining(desk, monkeypatch)
    desk.drop(folder)
    assert told(desk) == "Bringing in your files"
    gate.open()
    desk.until(lambda: not desk.importing.running)


def test_in_the_viewer_it_is_taken_and_seen_at_once(
    desk: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    desk.bring_in(folder)
    desk.window.opened.emit(desk.ids()[0])
    desk.until(lambda: desk.window.viewer.item() is not None)
    gate = examining(desk, monkeypatch)
    desk.drop(folder)
    assert told(desk) == "Bringing in your files"
    gate.open()
    desk.until(lambda: not desk.importing.running)


def test_in_sight_the_bar_says_it_and_nothing_stands_above(
    desk: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    gate = examining(desk, monkeypatch)
    enter(desk, folder.as_uri())
    desk.drop(folder)
    assert told(desk) == ""
    assert desk.importing.running
    gate.open()
    desk.until(lambda: not desk.importing.running)


def test_while_the_keys_are_being_changed_it_is_refused_in_words(
    desk: RealDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    asked: list[object] = []
    monkeypatch.setattr(imports.Imports, "run", lambda *_, **__: asked.append(1) or ImportSummary())
    desk.keeping._rotate({}, None, None)
    assert not enter(desk, folder.as_uri()).isAccepted()
    desk.drop(folder)
    assert told(desk) == REFUSED_MEANWHILE
    desk.until(lambda: desk.window.stack.currentWidget() is desk.keeping.renew)
    desk.window.toast.hide()
    desk.drop(folder)
    assert told(desk) == REFUSED_MEANWHILE
    desk.window.toast.hide()
    desk.importing.bring_in([folder])
    assert told(desk) == REFUSED_MEANWHILE, "chosen in the dialog, too"
    assert not asked
    desk.keeping.renew.given_up.emit()
    desk.settle()
    desk.drop(folder)
    desk.until(lambda: bool(asked))


def test_a_lock_in_the_middle_of_changing_keys_refuses_nothing_later(
    desk: RealDesk, folder: Path
) -> None:
    desk.create(pin=PIN)
    ways = desk.keeping._ways
    assert ways is not None
    desk.keeping._rotate({ways.slots[0].id: PIN}, None, None)
    desk.window.lock_wanted.emit()
    desk.settle()
    desk.window.unlock.secret.set_text(PIN)
    QTest.keyClick(desk.window.unlock.secret.edit, Qt.Key.Key_Return)
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    desk.bring_in(folder)
    assert len(desk.ids()) == 4
