"""Locking: by key, idle, on sleep and sign-out; and nothing of a picture or a name is left."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage, QPixmap, QPixmapCache
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu, QPlainTextEdit, QWidget

from lighttight.model import Cell, Item, ItemId
from lighttight.session import EntryKind, Field, Offer, Session, open_session
from lighttight.ui.canvas import Pyramid
from lighttight.ui.grid.previews import Preview
from lighttight.ui.viewer import ViewerItem
from lighttight.ui.widgets.sheet import Sheet
from tests.gui.desks import PIN, RealDesk
from tests.gui.fakes import small_video

CANARIES = ("Waves", "Paper boat", "Evening by the lake", "Private album", "summer tag", "caption")


@pytest.fixture
def full(desk: RealDesk, folder: Path) -> RealDesk:
    desk.create(pin=PIN)
    desk.bring_in(folder)
    return desk


def reason(desk: RealDesk, path: Path) -> object:
    """Why it was locked the last time, from the record."""
    with open_session(path, Offer(passphrase=PIN), desk.memory) as session:
        return session.record.entries(kinds=frozenset({EntryKind.LOCKED}))[0].values[Field.REASON]


def session_of(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def everything_said(window: QWidget) -> Iterator[str]:
    """What the window, its parts and the accessible tree still say."""
    for part in (window, *window.findChildren(QWidget)):
        yield part.accessibleName()
        yield part.accessibleDescription()
        yield part.toolTip()
        yield part.windowTitle()
        for name in ("text", "toPlainText", "title"):
            said = getattr(part, name, None)
            if callable(said):
                try:
                    yield str(said())
                except TypeError:
                    continue


def alive(*kinds: type) -> list[object]:
    gc.collect()
    return [one for one in gc.get_objects() if type(one) in kinds]


def holders(one: object, depth: int = 4) -> list[str]:
    """Who still holds it, for the message of a failure."""
    found: list[str] = []
    for holder in gc.get_referrers(one):
        if type(holder).__name__ == "frame" or holder is found:
            continue
        found.append(f"{type(holder).__name__} {str(holder)[:200]}")
        if depth and type(holder).__name__ not in ("module", "type"):
            found += [f"  {line}" for line in holders(holder, depth - 1)[:6]]
    return found


# --- who locks


def test_the_key_hides_at_once_and_is_recorded(full: RealDesk) -> None:
    path = session_of(full).vault.path
    session = session_of(full)
    QTest.keyClick(full.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert full.window.stack.currentWidget() is full.window.unlock
    assert full.program.session is None
    full.until(lambda: session.vault.closed)
    full.until(lambda: not full.jobs.busy())
    assert reason(full, path) == "asked"


def test_the_picture_is_off_the_screen_before_anything_waits(
    full: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    stop = full.importing.stop

    def watched() -> object:
        seen.append(full.window.covered())
        return stop()

    monkeypatch.setattr(full.importing, "stop", watched)
    full.locking.lock("asked")
    assert seen == [True]
    assert not full.window.covered()
    full.until(lambda: not full.jobs.busy())


def test_idle_locks_and_not_a_moment_before(full: RealDesk) -> None:
    session = session_of(full)
    path = session.vault.path
    full.idle.now += 5 * 60 - 1
    full.locking.tick()
    assert full.program.session is session
    assert full.window.shell.status._right == "Locks in a few seconds"
    full.idle.now += 1
    full.locking.tick()
    assert full.program.session is None
    full.until(lambda: not full.jobs.busy())
    assert reason(full, path) == "idle"


def test_somebody_who_is_there_keeps_it_open(full: RealDesk) -> None:
    full.idle.now += 4 * 60
    full.window._active_at = 0.0
    QTest.keyClick(full.window, Qt.Key.Key_Shift)
    full.idle.now += 4 * 60
    full.locking.tick()
    assert full.program.session is not None


def test_playing_counts_as_being_there(full: RealDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full.window.viewer, "is_playing", lambda: True)
    full.idle.now += 60 * 60
    full.locking.tick()
    assert full.program.session is not None
    monkeypatch.setattr(full.window.viewer, "is_playing", lambda: False)
    full.idle.now += 5 * 60
    full.locking.tick()
    assert full.program.session is None


def test_the_time_is_the_librarys_own(full: RealDesk) -> None:
    full.window.shell.settings.lock_after_wanted.emit(15)
    full.settle()
    full.idle.now += 14 * 60
    full.locking.tick()
    assert full.program.session is not None
    full.idle.now += 60
    full.locking.tick()
    assert full.program.session is None


@pytest.mark.parametrize(("signal", "why"), [("sleeping", "suspend"), ("leaving", "session-end")])
def test_before_sleep_and_at_the_end_the_keys_are_gone_when_it_returns(
    full: RealDesk, signal: str, why: str
) -> None:
    session = session_of(full)
    path = session.vault.path
    getattr(full.events, signal).emit()
    assert session.vault.closed
    full.until(lambda: not full.jobs.busy())
    assert reason(full, path) == why


def test_a_locked_screen_locks(full: RealDesk) -> None:
    full.events.screen_locked.emit()
    assert full.program.session is None


def test_a_clock_that_slept_counts(full: RealDesk) -> None:
    """The lid was closed for an hour and nobody said so: the first tick after it locks."""
    full.idle.now += 3600
    full.locking.tick()
    assert full.program.session is None


def test_the_real_clock_goes_through_sleep() -> None:
    from lighttight.ui.controllers.locking import clock_through_sleep

    before = clock_through_sleep()
    assert clock_through_sleep() >= before
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert abs(before - time.clock_gettime(time.CLOCK_BOOTTIME)) < 5


# --- what is left


def fill_with_names(desk: RealDesk) -> None:
    """Everything that can hold a name or a picture, does."""
    window = desk.window
    first, second = (ItemId(one) for one in desk.ids()[:2])

    def mark(session: Session) -> None:
        album = session.library.albums.create("Private album")
        session.library.albums.add(album, [first, second])
        session.library.marks.tag([first], "summer tag")
        session.library.marks.caption(first, "a caption")

    desk.program.commit(mark)
    desk.settle()
    window.shell.toolbar.details.setChecked(True)
    window.shell.library.grid.select(first)
    window.shell.toolbar.search.edit.setText("caption")
    desk.until(lambda: not desk.browsing._typing.isActive())
    desk.settle()
    window.trash_wanted.emit([second])
    desk.settle()
    window.place_chosen.emit("trash")
    desk.settle()
    window.place_chosen.emit("library")
    desk.settle()
    window.opened.emit(desk.ids()[0])
    window.viewer.info.setChecked(True)
    desk.settle()


def test_no_name_and_no_picture_is_left(full: RealDesk) -> None:
    icons = {id(one) for one in alive(QImage)}
    fill_with_names(full)
    said = "\n".join(everything_said(full.window))
    assert "Private album" in said, "the search below would find nothing"
    assert alive(Item, Cell, Preview, Pyramid)
    QPixmapCache.insert("a picture", QPixmap(10, 10))
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    full.settle()
    said = "\n".join(everything_said(full.window))
    for canary in CANARIES:
        assert canary not in said
    for one in alive(Item, Cell, Preview, Pyramid, ViewerItem):
        pytest.fail("\n".join([repr(one), *holders(one)]))
    assert QPixmapCache.find("a picture", QPixmap()) is False
    left = [one for one in alive(QImage) if isinstance(one, QImage) and id(one) not in icons]
    assert [(one.width(), one.height()) for one in left if one.width() != one.height()] == []
    assert [edit.text() for edit in full.window.findChildren(QLineEdit) if edit.text()] == []


def test_what_was_typed_and_opened_goes_with_it(full: RealDesk) -> None:
    full.window.shell.sidebar.album_wanted.emit()
    full.asked().findChildren(QLineEdit)[0].setText("Private album")
    full.window.shell.library.grid.select(ItemId(full.ids()[0]))
    full.window.shell.library.grid.menu_wanted.emit(full.window.pos())
    full.window.folder_wanted.emit()
    full.window.lock_wanted.emit()
    full.settle()
    assert full.sheet() is None
    assert [one for one in full.window.findChildren(QMenu) if one.isVisible()] == []
    assert [one for one in full.window.findChildren(QFileDialog) if one.isVisible()] == []
    assert full.window.findChildren(QPlainTextEdit)[0].toPlainText() == ""


@pytest.mark.parametrize("ours", [True, False])
def test_only_what_was_copied_here_leaves_the_clipboard(
    full: RealDesk, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    class Clipboard:
        cleared = False

        def ownsClipboard(self) -> bool:
            return ours

        def clear(self) -> None:
            self.cleared = True

    clipboard = Clipboard()
    monkeypatch.setattr(QApplication, "clipboard", lambda: clipboard)
    full.window.lock_wanted.emit()
    assert clipboard.cleared is ours


@pytest.mark.parametrize("lasting", [False, True])
def test_what_comes_back_after_locking_is_dropped(full: RealDesk, lasting: bool) -> None:
    """A job that was under way answers with names; nobody may show them any more."""
    session = session_of(full)
    seen: list[object] = []
    gate = threading.Event()

    def slow(asked: Session, _: object) -> list[Item]:
        items = asked.library.items()
        assert gate.wait(20)
        return items

    full.program.ask(slow, seen.append, cancelled=lambda: seen.append("cancelled"), lasting=lasting)
    full.window.shell.library.grid.select(ItemId(full.ids()[0]))
    full.window.lock_wanted.emit()
    gate.set()
    full.until(lambda: session.vault.closed)
    full.until(lambda: not full.jobs.busy())
    assert seen == []
    assert full.errors == []


def test_a_video_stops_and_its_bytes_end(full: RealDesk, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(small_video(3))
    full.bring_in(tmp_path / "clip.mp4")
    session = session_of(full)
    clip = next(item for item in session.library.items() if item.name == "clip.mp4")
    full.window.opened.emit(clip.id)
    full.until(full.window.viewer.is_playing)
    reader = full.sources._video
    assert reader is not None
    full.window.lock_wanted.emit()
    assert reader._closed
    full.until(lambda: not full.window.viewer.is_playing())
    full.until(lambda: session.vault.closed)


def test_the_window_says_nothing_in_its_title(full: RealDesk) -> None:
    assert full.window.windowTitle() == "Lighttight"


def test_the_cover_when_the_window_is_not_in_front(full: RealDesk) -> None:
    full.window.set_cover_when_away(True)
    other = QWidget()
    other.show()
    other.activateWindow()
    full.until(lambda: QApplication.activeWindow() is other)
    other.close()
    full.until(lambda: QApplication.activeWindow() is None or full.window.isActiveWindow())
    if QApplication.activeWindow() is None:
        full.until(full.window.covered)


@pytest.mark.parametrize("noticed", ["by looking", "by an error"])
def test_a_library_that_was_pulled_away_is_said_once_and_locked(
    full: RealDesk, tmp_path: Path, noticed: str
) -> None:
    session = session_of(full)
    path = session.vault.path
    items = full.ids()
    path.rename(tmp_path / "away")
    if noticed == "by looking":
        full.program._look_for_changes()
    else:
        full.program._poll.stop()
        full.window.opened.emit(items[0])
    full.until(lambda: full.window.stack.currentWidget() is full.unlocking.trouble)
    full.until(lambda: session.vault._master is None)
    full.settle()
    assert full.window.findChildren(Sheet) == []
    assert full.unlocking.trouble.title.text() == "Your library cannot be reached"
    (tmp_path / "away").rename(path)
    full.unlocking.begin(path)
    full.until(lambda: not full.jobs.busy())
    full.window.unlock.secret.set_text(PIN)
    full.window.unlock.open.click()
    full.until(lambda: full.program.session is not None)
    full.settle()
    assert full.ids() == items


def test_every_flow_lets_go(full: RealDesk) -> None:
    """The session itself is gone too, not only what it showed."""
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    full.settle()
    # A thread of the pool may be on its way back from its last work.
    full.until(lambda: not alive(Session))
    assert [one for one in full.program.children() if isinstance(one, QObject)]
