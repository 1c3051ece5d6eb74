"""The grid: what is asked for, what keys and pointer do, what stays in place."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QImageWriter, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lighttight.errors import Integrity
from lighttight.model import Cell, ItemId, Kind, PreviewState
from lighttight.ui.controllers.listing import compare
from lighttight.ui.grid.previews import Preview, PreviewCache, decode
from lighttight.ui.grid.view import TimelineGrid
from lighttight.ui.jobs import Jobs
from tests.gui import pictures

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


class Shown:
    def __init__(self, qtbot: QtBot, jobs: Jobs, count: int = 400) -> None:
        self.cells = pictures.cells(count, spread=86400)
        self.source = pictures.FakePreviews(self.cells, 6)
        self.grid = TimelineGrid(jobs, self.source)
        self.bot = qtbot
        qtbot.addWidget(self.grid)
        self.grid.resize(792, 600)
        self.grid.set_cells(self.cells)
        self.grid.show()
        assert QTest.qWaitForWindowActive(self.grid)
        self.grid.setFocus()

    def settle(self) -> None:
        self.bot.waitUntil(lambda: self.grid.pending() == 0, timeout=10_000)

    def at(self, place: int) -> QPoint:
        rect = self.grid.rect_of(self.cells[place].id)
        assert rect is not None
        return rect.center()

    def click(self, place: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.grid.viewport(), LEFT, keys, self.at(place))

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.grid, key, keys)

    def places(self) -> list[int]:
        return [int(item, 16) for item in self.grid.selected()]

    def current(self) -> int:
        item = self.grid.current()
        assert item is not None
        return int(item, 16)


@pytest.fixture
def shown(qtbot: QtBot, jobs: Jobs, still: None) -> Shown:
    return Shown(qtbot, jobs)


# ---- previews ----------------------------------------------------------------------------------


def test_only_what_is_near_is_asked_for(shown: Shown) -> None:
    shown.settle()
    asked = {int(item, 16) for item in shown.source.asked}
    top_to_bottom = 600 * 2
    near = {box.index for box in shown.grid.timeline.boxes_between(0, top_to_bottom + 1)}
    assert {box.index for box in shown.grid.timeline.boxes_between(0, 600)} <= asked <= near
    assert len(shown.source.asked) == len(set(shown.source.asked))


def test_what_was_scrolled_away_is_not_fetched(qtbot: QtBot, jobs: Jobs, still: None) -> None:
    gate = threading.Event()
    asked: list[ItemId] = []

    def source(item: ItemId) -> bytes | None:
        asked.append(item)
        assert gate.wait(10)
        return None

    cells = pictures.cells(2000)
    grid = TimelineGrid(jobs, source)
    qtbot.addWidget(grid)
    grid.resize(792, 600)
    grid.set_cells(cells)
    grid.show()
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=5000)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: not grid._asker.isActive(), timeout=5000)
    gate.set()
    qtbot.waitUntil(lambda: grid.pending() == 0, timeout=10_000)
    later = {int(item, 16) for item in asked[2:]}
    assert min(later) > 1800


def test_the_cache_keeps_to_its_bytes(dressed: QApplication) -> None:
    cache = PreviewCache(budget=10_000)
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    for number in range(30):
        cache.put(pictures.item_id(number), Preview(image, 20, 20))
        cache.get(pictures.item_id(0))
    assert cache.octets <= 10_000
    assert cache.octets == len(cache) * image.sizeInBytes()
    assert cache.get(pictures.item_id(0)) is not None
    assert cache.get(pictures.item_id(1)) is None
    cache.clear()
    assert cache.octets == 0


@pytest.mark.parametrize(
    "encoded",
    [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + bytes(40)],
)
@pytest.mark.qt_log_ignore("JPEG")
def test_a_broken_preview_is_no_picture(dressed: QApplication, encoded: bytes) -> None:
    assert decode(encoded, 100, 100, 4).isNull()


def test_a_png_is_not_let_in(dressed: QApplication, qtbot: QtBot) -> None:
    """Previews are this program's own JPEGs: no other reader of Qt is ever reached."""
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"png")).write(pictures.picture(1, 40, 40))
    assert decode(bytes(store.data()), 40, 40, 0).isNull()


def test_a_preview_fills_its_place(dressed: QApplication) -> None:
    image = decode(pictures.jpeg(1, 4000, 3000), 120, 120, 6)
    assert (image.width(), image.height()) == (120, 120)
    assert image.pixelColor(0, 0).alpha() < 128
    assert image.pixelColor(60, 60).alpha() == 255


def test_a_source_that_fails_leaves_the_frame(qtbot: QtBot, jobs: Jobs, still: None) -> None:
    asked: list[ItemId] = []

    def source(item: ItemId) -> bytes | None:
        asked.append(item)
        raise Integrity("item-changed")

    grid = TimelineGrid(jobs, source)
    qtbot.addWidget(grid)
    grid.resize(792, 600)
    grid.set_cells(pictures.cells(3))
    grid.show()
    qtbot.waitUntil(lambda: len(asked) == 3 and grid.pending() == 0, timeout=5000)
    grid.resize(700, 600)
    qtbot.waitUntil(lambda: grid.pending() == 0, timeout=5000)
    assert len(asked) == 3


def test_an_old_preview_stays_until_the_new_one_is_there(shown: Shown) -> None:
    shown.settle()
    before = shown.grid.cache.get(shown.cells[9].id)
    assert before is not None
    shown.grid.set_zoom(4)
    assert shown.grid.cache.get(shown.cells[9].id) is before
    shown.settle()
    after = shown.grid.cache.get(shown.cells[9].id)
    assert after is not None
    assert after.height > before.height


def test_pictures_fade_in_once(qtbot: QtBot, jobs: Jobs) -> None:
    shown = Shown(qtbot, jobs, 20)
    qtbot.waitUntil(lambda: len(shown.grid._born) > 0, timeout=5000)
    qtbot.waitUntil(lambda: not shown.grid._born and not shown.grid.pending(), timeout=5000)
    shown.grid.set_zoom(4)
    shown.settle()
    assert shown.grid._born == {}
    assert not shown.grid._fader.isActive()


def test_nothing_fades_when_movement_is_reduced(shown: Shown) -> None:
    shown.settle()
    assert shown.grid._born == {}


def test_no_preview_is_not_asked_for(qtbot: QtBot, jobs: Jobs, still: None) -> None:
    asked: list[ItemId] = []

    def source(item: ItemId) -> bytes | None:
        asked.append(item)
        return None

    when = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    cells = [
        Cell(pictures.item_id(n), when, 4, 3, None, Kind.PHOTO, favourite=False, preview=state)
        for n, state in enumerate(PreviewState)
    ]
    grid = TimelineGrid(jobs, source)
    qtbot.addWidget(grid)
    grid.resize(792, 600)
    grid.set_cells(cells)
    grid.show()
    qtbot.waitUntil(lambda: bool(asked) and grid.pending() == 0, timeout=5000)
    assert asked == [pictures.item_id(1)]
    ready = [
        Cell(
            pictures.item_id(0),
            when,
            4,
            3,
            None,
            Kind.PHOTO,
            favourite=False,
            preview=PreviewState.READY,
        )
    ]
    grid.replace_cells(ready)
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=5000)
    assert asked[1] == pictures.item_id(0)
    qtbot.waitUntil(lambda: grid.pending() == 0, timeout=5000)


# ---- keyboard ----------------------------------------------------------------------------------


def test_arrows_move_and_shift_extends(shown: Shown) -> None:
    shown.key(Qt.Key.Key_Right)
    assert shown.places() == [0]
    shown.key(Qt.Key.Key_Right)
    shown.key(Qt.Key.Key_Right, SHIFT)
    shown.key(Qt.Key.Key_Right, SHIFT)
    assert shown.places() == [1, 2, 3]
    shown.key(Qt.Key.Key_Left, SHIFT)
    assert shown.places() == [1, 2]
    shown.key(Qt.Key.Key_Left)
    assert shown.places() == [1]


def test_down_and_up_come_back(shown: Shown) -> None:
    shown.click(1)
    shown.key(Qt.Key.Key_Down)
    below = shown.current()
    assert below > 1
    shown.key(Qt.Key.Key_Up)
    assert shown.grid.timeline.row_of(shown.current()) == 0


def test_home_end_and_pages_scroll_along(shown: Shown) -> None:
    shown.key(Qt.Key.Key_End)
    assert shown.current() == 399
    bar = shown.grid.verticalScrollBar()
    assert bar.value() == bar.maximum()
    shown.key(Qt.Key.Key_PageUp)
    assert shown.current() < 399
    shown.key(Qt.Key.Key_Home, SHIFT)
    assert bar.value() <= 4
    assert shown.places()[0] == 0
    shown.key(Qt.Key.Key_PageDown)
    place = shown.current()
    rect = shown.grid.rect_of(shown.cells[place].id)
    assert rect is not None
    assert rect.top() >= 0
    assert rect.bottom() <= shown.grid.height()
    assert rect.top() > 200


def test_the_ends_are_the_ends(shown: Shown) -> None:
    shown.key(Qt.Key.Key_Home)
    shown.key(Qt.Key.Key_Left)
    shown.key(Qt.Key.Key_Up)
    assert shown.current() == 0
    shown.key(Qt.Key.Key_End)
    shown.key(Qt.Key.Key_Right)
    shown.key(Qt.Key.Key_Down)
    assert shown.current() == 399


def test_enter_opens_the_current_one(shown: Shown) -> None:
    opened: list[str] = []
    shown.grid.opened.connect(opened.append)
    shown.key(Qt.Key.Key_Return)
    assert opened == []
    shown.key(Qt.Key.Key_Right)
    shown.key(Qt.Key.Key_Return)
    assert opened == [shown.cells[0].id]


def test_enter_opens_the_first_of_a_selection_without_a_current_one(shown: Shown) -> None:
    opened: list[str] = []
    shown.grid.opened.connect(opened.append)
    shown.key(Qt.Key.Key_A, CTRL)
    assert shown.grid.current() is None
    shown.key(Qt.Key.Key_Return)
    assert opened == [shown.cells[0].id]


def press(shown: Shown, at: QPoint, milliseconds: int) -> None:
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        held = LEFT if kind is QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
        place = QPointF(at)
        event = QMouseEvent(kind, place, place, LEFT, held, Qt.KeyboardModifier.NoModifier)
        event.setTimestamp(milliseconds)
        QApplication.sendEvent(shown.grid.viewport(), event)


@pytest.mark.parametrize(
    ("later", "aside", "opens"), [(600, 0, True), (300, 8, True), (900, 0, False), (300, 14, False)]
)
def test_a_slow_hand_opens_too(shown: Shown, later: int, aside: int, opens: bool) -> None:
    """Beyond what the system takes for a double click."""
    opened: list[str] = []
    shown.grid.opened.connect(opened.append)
    press(shown, shown.at(2), 1000)
    press(shown, shown.at(2) + QPoint(aside, 0), 1000 + later)
    assert opened == ([shown.cells[2].id] if opens else [])


def test_pictures_that_come_in_between_two_presses_do_not_change_what_opens(shown: Shown) -> None:
    opened: list[str] = []
    shown.grid.opened.connect(opened.append)
    at = shown.at(2)
    press(shown, at, 1000)
    wanted = shown.cells[2].id
    shown.grid.remove_cells([shown.cells[0].id, shown.cells[1].id])
    press(shown, at, 1200)
    assert opened == [wanted]
    assert not QRect(shown.grid.rect_of(wanted) or QRect()).contains(at)


def test_two_presses_with_a_key_held_choose_and_do_not_open(shown: Shown) -> None:
    opened: list[str] = []
    shown.grid.opened.connect(opened.append)
    shown.click(2, CTRL)
    shown.click(2, CTRL)
    assert opened == []


def test_all_and_none(shown: Shown) -> None:
    shown.key(Qt.Key.Key_A, CTRL)
    assert len(shown.places()) == 400
    shown.key(Qt.Key.Key_Escape)
    assert shown.places() == []


def test_control_walks_and_space_picks(shown: Shown) -> None:
    shown.key(Qt.Key.Key_Home)
    shown.key(Qt.Key.Key_Right, CTRL)
    shown.key(Qt.Key.Key_Right, CTRL)
    assert shown.places() == [0]
    shown.key(Qt.Key.Key_Space, CTRL)
    assert shown.places() == [0, 2]
    shown.key(Qt.Key.Key_Space, CTRL)
    assert shown.places() == [0]


def test_a_list_without_pictures_bears_every_key(qtbot: QtBot, jobs: Jobs) -> None:
    grid = TimelineGrid(jobs, lambda item: None)
    qtbot.addWidget(grid)
    grid.show()
    grid.grab()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(grid, key)
    QTest.keyClick(grid, Qt.Key.Key_A, CTRL)
    QTest.mouseClick(grid.viewport(), LEFT, pos=QPoint(100, 100))
    assert grid.selected() == []


def test_what_is_current_is_said(shown: Shown) -> None:
    shown.key(Qt.Key.Key_Home)
    said = shown.grid.accessibleDescription()
    assert "1 of 400" in said
    assert "November 2026" in said
    assert "selected" in said


def test_tab_shows_where_one_is(shown: Shown) -> None:
    shown.grid.clearFocus()
    shown.grid.setFocus(Qt.FocusReason.TabFocusReason)
    assert shown.current() == 0
    assert shown.places() == []
    assert "1 of 400" in shown.grid.accessibleDescription()


# ---- pointer -----------------------------------------------------------------------------------


def test_clicks_select(shown: Shown) -> None:
    heard: list[int] = []
    shown.grid.selection_changed.connect(lambda: heard.append(len(shown.grid.selected())))
    shown.click(1)
    shown.click(3, SHIFT)
    shown.click(2, CTRL)
    assert shown.places() == [1, 3]
    assert heard == [1, 3, 2]
    QTest.mouseClick(shown.grid.viewport(), LEFT, pos=QPoint(4, 300))
    assert shown.places() == []


def test_a_double_click_opens(shown: Shown) -> None:
    opened: list[str] = []
    shown.grid.opened.connect(opened.append)
    QTest.mouseDClick(shown.grid.viewport(), LEFT, pos=shown.at(2))
    assert opened == [shown.cells[2].id]


def test_the_rubber_band_takes_what_it_touches(shown: Shown) -> None:
    view = shown.grid.viewport()
    first, last = shown.at(0), shown.at(2)
    QTest.mousePress(view, LEFT, pos=QPoint(6, first.y()))
    QTest.mouseMove(view, QPoint(first.x(), first.y()))
    QTest.mouseMove(view, QPoint(last.x(), first.y() + 2))
    assert shown.places() == [0, 1, 2]
    QTest.mouseMove(view, QPoint(first.x(), first.y() + 2))
    assert shown.places() == [0]
    QTest.mouseRelease(view, LEFT, pos=first)
    assert shown.places() == [0]
    assert shown.grid._band is None


def test_the_heading_that_sticks_is_no_picture(shown: Shown) -> None:
    shown.grid.verticalScrollBar().setValue(90)
    QTest.mouseClick(shown.grid.viewport(), LEFT, pos=QPoint(60, 10))
    assert shown.places() == []


def test_the_wheel_with_control_zooms(shown: Shown) -> None:
    def turn(delta: int) -> None:
        event = QWheelEvent(
            QPointF(200, 200),
            QPointF(200, 200),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            CTRL,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(shown.grid.viewport(), event)

    zooms: list[int] = []
    shown.grid.zoom_changed.connect(zooms.append)
    turn(120)
    turn(-120)
    turn(-120)
    turn(-120)
    turn(-120)
    assert zooms == [3, 2, 1, 0]


def test_the_year_strip_goes_there(shown: Shown) -> None:
    strip = shown.grid._strip
    assert strip.current_year() == 2026
    QTest.mouseClick(strip, LEFT, pos=QPoint(20, strip.height() - 30))
    assert shown.grid.verticalScrollBar().value() > shown.grid.verticalScrollBar().maximum() * 0.8
    assert strip.current_year() != 2026


# ---- changes -----------------------------------------------------------------------------------


def place_on_screen(shown: Shown, item: ItemId) -> int:
    rect = shown.grid.rect_of(item)
    assert rect is not None
    return rect.top()


def test_what_is_seen_stays_while_pictures_come_in_above(shown: Shown) -> None:
    shown.grid.verticalScrollBar().setValue(1500)
    seen = next(box.index for box in shown.grid.timeline.boxes_between(1540, 2000) if box.y > 1540)
    item = shown.cells[seen].id
    before = place_on_screen(shown, item)
    newer = pictures.cells(40, seed=3, until=datetime(2026, 11, 20, tzinfo=UTC))
    fresh = [
        Cell(ItemId("a" + c.id[1:]), c.when, c.width, c.height, None, c.kind, False, c.preview)
        for c in newer
    ]
    shown.grid.insert_cells(fresh[:3])
    shown.grid.insert_cells(fresh[3:])
    assert len(shown.grid.cells()) == 440
    assert abs(place_on_screen(shown, item) - before) <= 140
    whens = [cell.when for cell in shown.grid.cells()]
    assert whens == sorted(whens, reverse=True)


@pytest.mark.parametrize("many", [3, 100])
def test_a_burst_of_one_second_stands_as_the_library_has_it(shown: Shown, many: int) -> None:
    """Pieces of it come in at different times, newest first, as after opening anew."""
    first = shown.grid.cells()[0]
    burst = [replace(first, id=ItemId(f"d{place:031x}")) for place in range(many * 2)]
    for piece in (burst[many:], burst[:many]):
        here = [*piece, *shown.grid.cells()]
        difference = compare(shown.grid.cells(), here)
        assert len(difference.order) < len(piece) * 2 + 5, "only what has the same time"
        shown.grid.insert_cells(difference.came, difference.order)
        assert [cell.id for cell in shown.grid.cells()] == [cell.id for cell in here]


def test_older_pictures_are_appended_and_many_are_sorted_in(shown: Shown) -> None:
    older = pictures.cells(100, seed=9, until=datetime(1999, 1, 1, tzinfo=UTC))
    fresh = [
        Cell(ItemId("b" + c.id[1:]), c.when, c.width, c.height, None, c.kind, False, c.preview)
        for c in older
    ]
    mixed = [
        Cell(ItemId("c" + c.id[1:]), c.when, c.width, c.height, None, c.kind, False, c.preview)
        for c in pictures.cells(100, seed=11)
    ]
    shown.grid.insert_cells(fresh)
    shown.grid.insert_cells(mixed)
    shown.grid.insert_cells([])
    whens = [cell.when for cell in shown.grid.cells()]
    assert len(whens) == 600
    assert whens == sorted(whens, reverse=True)


def test_removing_keeps_the_keyboards_place(shown: Shown) -> None:
    shown.click(2)
    shown.grid.remove_cells([shown.cells[2].id, shown.cells[1].id])
    assert shown.grid.selected() == []
    assert len(shown.grid.cells()) == 398
    assert shown.grid.current() == shown.cells[4].id
    shown.grid.remove_cells([cell.id for cell in shown.cells])
    assert shown.grid.current() is None
    assert shown.grid.grab().width() == 792


def test_a_heart_changes_nothing_else(shown: Shown) -> None:
    shown.click(1)
    height = shown.grid.timeline.height
    cell = shown.cells[1]
    shown.grid.replace_cells(
        [
            Cell(
                cell.id,
                cell.when,
                cell.width,
                cell.height,
                cell.duration,
                cell.kind,
                not cell.favourite,
                cell.preview,
            )
        ]
    )
    assert shown.grid.cells()[1].favourite is not cell.favourite
    assert shown.grid.timeline.height == height
    assert shown.places() == [1]


def test_resizing_keeps_the_picture_at_the_top(shown: Shown) -> None:
    shown.grid.verticalScrollBar().setValue(2000)
    top = next(iter(shown.grid.timeline.boxes_between(2000, 2600)))
    item = shown.cells[top.index].id
    before = place_on_screen(shown, item)
    shown.grid.resize(1100, 600)
    assert place_on_screen(shown, item) == before


def test_locking_leaves_no_picture(shown: Shown) -> None:
    shown.settle()
    assert len(shown.grid.cache) > 0
    shown.grid.forget_everything()
    assert shown.grid.cells() == []
    assert len(shown.grid.cache) == 0
    assert shown.grid.selected() == []


def test_a_veil_hides_until_held(shown: Shown) -> None:
    shown.settle()
    rect = shown.grid.rect_of(shown.cells[0].id)
    assert rect is not None

    shown.grid.clear_selection()
    clear = shown.grid.grab(rect).toImage()
    shown.grid.set_veiled(True)
    veiled = shown.grid.grab(rect).toImage()
    assert veiled != clear
    QTest.keyPress(shown.grid, Qt.Key.Key_H)
    assert shown.grid.grab(rect).toImage() == clear
    QTest.keyRelease(shown.grid, Qt.Key.Key_H)
    assert shown.grid.grab(rect).toImage() == veiled
