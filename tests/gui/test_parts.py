"""The painted parts: keyboard, names, and what they promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from lighttight.model import Album, AlbumId
from lighttight.ui.focus import FocusRing
from lighttight.ui.pace import Pace
from lighttight.ui.theme import Scheme, theme
from lighttight.ui.widgets.buttons import Button, IconButton, Look
from lighttight.ui.widgets.choice import ChoiceGroup, Segmented, Switch
from lighttight.ui.widgets.copies import CopyLine, CopyRow, avatar_colour
from lighttight.ui.widgets.drop import DropArea
from lighttight.ui.widgets.fields import Field, SearchField
from lighttight.ui.widgets.forms import Form
from lighttight.ui.widgets.layouts import Fitting
from lighttight.ui.widgets.lists import ListRow, RowList
from lighttight.ui.widgets.notes import Banner, NoteBox, StatusLine
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Answer, Sheet
from lighttight.ui.widgets.sidebar import Sidebar, SidebarData
from lighttight.ui.widgets.sliders import ThinSlider
from lighttight.ui.widgets.stepper import Stepper
from lighttight.ui.widgets.text import Text

pytestmark = pytest.mark.usefixtures("dressed", "still")


KEPT: list[QWidget] = []
"""Python would delete a window that no test holds."""


@pytest.fixture(autouse=True)
def dropped_after_the_test() -> Iterator[None]:
    yield
    KEPT.clear()


def window(qtbot: QtBot, *parts: QWidget) -> QWidget:
    holder = QWidget()
    KEPT.append(holder)
    layout = QHBoxLayout(holder)
    for part in parts:
        layout.addWidget(part)
    holder.resize(900, 700)
    qtbot.addWidget(holder)
    holder.show()
    holder.activateWindow()
    assert QTest.qWaitForWindowActive(holder)
    return holder


# ---- focus -------------------------------------------------------------------------------------


def test_the_ring_follows_the_focus(qtbot: QtBot) -> None:
    one, two, field = Button("One"), Button("Two"), Field("Name")
    holder = window(qtbot, one, two, field)

    def rings() -> list[FocusRing]:
        return [ring for ring in holder.findChildren(FocusRing) if ring.isVisible()]

    one.setFocus()
    assert [ring.widget() for ring in rings()] == [one]
    around = rings()[0].geometry()
    assert around == one.geometry().adjusted(-4, -4, 4, 4)
    two.setFocus()
    assert [ring.widget() for ring in rings()] == [two]
    field.setFocus()
    assert rings() == []


def test_the_ring_stays_when_the_colours_change(qtbot: QtBot) -> None:
    """Qt hides it with each new style sheet; the colours are changed by keyboard as well."""
    one = Button("One")
    holder = window(qtbot, one)
    one.setFocus()
    try:
        for scheme in (Scheme.LIGHT, Scheme.DARK):
            theme().set_scheme(scheme)
            QApplication.processEvents()
            rings = [ring for ring in holder.findChildren(FocusRing) if ring.isVisible()]
            assert [ring.widget() for ring in rings] == [one]
    finally:
        theme().set_scheme(Scheme.DARK)


@pytest.mark.parametrize("refused", [False, True])
def test_a_field_shows_the_focus_also_where_it_was_refused(qtbot: QtBot, refused: bool) -> None:
    field, other = Field("PIN"), Button("One")
    holder = window(qtbot, field, other)
    field.set_refused(refused)
    inner = field.geometry().adjusted(0, 1, 0, 0)

    def line() -> str:
        return holder.grab().toImage().pixelColor(inner.center().x(), inner.top()).name()

    other.setFocus()
    before = line()
    field.edit.setFocus()
    assert line() != before


def test_a_window_may_go_with_the_ring_in_it(qtbot: QtBot) -> None:
    """Qt deletes the children of a window one by one; the ring may be before what has the focus."""
    one, two = Button("One"), Button("Two")
    holder = window(qtbot, one, two)
    one.setFocus()
    ring = holder.findChild(FocusRing)
    assert ring is not None
    shiboken6.delete(ring)
    with qtbot.captureExceptions() as raised:
        two.setFocus()
    assert raised == []
    rings = [ring for ring in holder.findChildren(FocusRing) if ring.isVisible()]
    assert [ring.widget() for ring in rings] == [two]


def test_the_ring_is_amber_outside_the_button(qtbot: QtBot) -> None:
    button = Button("One")
    holder = window(qtbot, button)
    button.setFocus()
    image = holder.grab().toImage()
    edge = button.geometry()
    ring = image.pixelColor(edge.center().x(), edge.top() - 3)
    gap = image.pixelColor(edge.center().x(), edge.top() - 1)
    assert ring.name() == "#e8a33d"
    assert gap.name() != ring.name()


# ---- buttons and choices -----------------------------------------------------------------------


@pytest.mark.parametrize("look", list(Look))
def test_every_button_works_by_key_and_has_a_name(qtbot: QtBot, look: Look) -> None:
    button = Button("Import", look, icon="import", trailing="chevron-right", hint="Ctrl+O")
    window(qtbot, button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert pressed == [True]
    button.setEnabled(False)
    assert not button.grab().isNull()


def test_an_icon_says_its_name(qtbot: QtBot) -> None:
    button = IconButton("lock", "Lock")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Lock"
    assert button.toolTip() == "Lock"


def test_the_safe_card_is_chosen_and_arrows_choose(qtbot: QtBot) -> None:
    group = ChoiceGroup([("a", "Only me", "One"), ("b", "Someone", "Two")], "b", "Who")
    window(qtbot, group)
    assert group.value() == "b"
    heard: list[str] = []
    group.chosen.connect(heard.append)
    card = group.findChildren(QAbstractButton)[1]
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Up)
    assert group.value() == "a"
    assert heard == ["a"]
    assert card.accessibleDescription() == "Two"


def test_a_chosen_card_keeps_its_size(qtbot: QtBot) -> None:
    group = ChoiceGroup([("a", "Only me", "One"), ("b", "Someone", "Two")], "b", "Who")
    window(qtbot, group)
    cards = group.findChildren(QAbstractButton)
    before = [card.geometry() for card in cards]
    cards[0].click()
    assert [card.geometry() for card in cards] == before


def test_segments_move_by_arrows_round_the_corner(qtbot: QtBot) -> None:
    part = Segmented([("s", "System"), ("l", "Light"), ("d", "Dark")], "s", "Colours")
    window(qtbot, part)
    heard: list[str] = []
    part.chosen.connect(heard.append)
    QTest.keyClick(part, Qt.Key.Key_Right)
    QTest.keyClick(part, Qt.Key.Key_Left)
    QTest.keyClick(part, Qt.Key.Key_Left)
    assert heard == ["l", "s", "d"]
    part.set_value("l")
    assert part.value() == "l"


def test_a_switch_stands_where_it_was_put(qtbot: QtBot) -> None:
    switch = Switch("Cover")
    window(qtbot, switch)
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()
    assert switch._place == 1.0
    assert switch.accessibleName() == "Cover"


def test_a_slider_goes_where_it_is_pressed(qtbot: QtBot) -> None:
    slider = ThinSlider("Size", 5)
    window(qtbot, slider)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 7, 12))
    assert slider.value() == 5
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.value() == 4


# ---- fields ------------------------------------------------------------------------------------


def test_a_secret_is_hidden_and_cannot_be_copied_out(qtbot: QtBot) -> None:
    field = Field("PIN", secret=True)
    window(qtbot, field)
    field.set_text("123456")
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password
    QApplication.clipboard().clear()
    field.edit.selectAll()
    field.edit.copy()
    assert QApplication.clipboard().text() == ""


@pytest.mark.parametrize("height", [300, 800])
def test_a_sheet_cuts_nothing_and_keeps_its_answers_in_sight(qtbot: QtBot, height: int) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(720, height)
    window.show()
    form = Form("A sentence that is long enough to need a second line in a sheet. " * 3)
    fields = [form.field(f"Field {number}") for number in range(4)]
    told = ["", "Something is missing, and that is said in so many words. " * 2]
    answers = [Answer("no", "No", safe=True), Answer("yes", "Yes", main=True)]
    sheet = Sheet("A title", "A sentence. " * 12, answers, body=form, parent=window)
    form.guard(sheet.button("yes"), lambda: told.pop())
    for _ in range(3):
        QApplication.processEvents()
    for text in (sheet.sentence, form.lead, form.said):
        assert text.height() >= text.heightForWidth(text.width())
    button = sheet.button("yes")
    assert window.rect().contains(button.mapTo(window, button.rect().bottomRight()))
    for field in fields:
        field.setFocus(Qt.FocusReason.TabFocusReason)
        assert field.height() == field.minimumHeight()
    [area] = sheet.findChildren(Fitting)
    assert (area.verticalScrollBar().maximum() > 0) == (height == 300)
    assert area.verticalScrollBar().isVisible() == (height == 300)


def test_making_a_form_shows_no_window_of_its_own(
    dressed: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[QWidget] = []
    plain = Text.setVisible

    def watched(part: Text, on: bool) -> None:
        if on and part.isWindow():
            shown.append(part)
        plain(part, on)

    monkeypatch.setattr(Text, "setVisible", watched)
    form = Form("What has to be said first.")
    KEPT.append(form)
    assert not form.lead.isHidden()
    assert shown == []


def test_the_eye_shows_and_clearing_closes_it(qtbot: QtBot) -> None:
    field = Field("PIN", secret=True)
    window(qtbot, field)
    eye = field.findChild(IconButton)
    assert eye is not None
    field.set_text("123456")
    eye.click()
    assert field.edit.echoMode() is QLineEdit.EchoMode.Normal
    assert eye.accessibleName() == "Hide what is typed"
    field.clear()
    assert field.text() == ""
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password


def test_a_refusal_goes_with_the_first_key(qtbot: QtBot) -> None:
    field = Field("PIN", secret=True)
    window(qtbot, field)
    field.set_refused(True)
    field.setFocus()
    refused = field.grab().toImage()
    QTest.keyClick(field.edit, Qt.Key.Key_1)
    assert not field._refused
    assert field.grab().toImage() != refused


def test_escape_empties_the_search_and_leaves_it(qtbot: QtBot) -> None:
    field = SearchField()
    window(qtbot, field)
    heard: list[str] = []
    left: list[bool] = []
    field.searched.connect(heard.append)
    field.left.connect(lambda: left.append(True))
    QTest.keyClicks(field.edit, "sea")
    QTest.keyClick(field.edit, Qt.Key.Key_Escape)
    assert heard == ["s", "se", "sea", ""]
    assert left == [True]


# ---- notes, lists, progress --------------------------------------------------------------------


def test_notes_grow_with_their_words(qtbot: QtBot) -> None:
    note = NoteBox("It cannot stop a camera. " * 12, "warning")
    qtbot.addWidget(note)
    assert note.heightForWidth(900) < note.heightForWidth(300)


def test_a_banner_acts_and_goes(qtbot: QtBot) -> None:
    banner = Banner("Two failed tries since.", "See when")
    window(qtbot, banner)
    heard: list[str] = []
    banner.acted.connect(lambda: heard.append("acted"))
    banner.closed.connect(lambda: heard.append("closed"))
    for button in banner.findChildren(QAbstractButton):
        button.click()
    assert heard == ["acted", "closed"]


def test_the_status_line_is_spoken(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.set_texts(["12 items", "No links"], "Locks in 4 min")
    assert line.accessibleName() == "12 items, No links, Locks in 4 min"


def test_the_stepper_says_where_one_is(qtbot: QtBot) -> None:
    steps = Stepper(["What it does", "Recovery words"], 0)
    qtbot.addWidget(steps)
    steps.set_here(1)
    assert steps.accessibleName() == "Step 2 of 2: Recovery words"


def test_rows_of_a_list_are_buttons(qtbot: QtBot) -> None:
    rows = RowList([ListRow("w", "words", "Recovery words", "24"), ListRow("k", "key", "Key", "")])
    window(qtbot, rows)
    heard: list[str] = []
    rows.chosen.connect(heard.append)
    button = rows.button("k")
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert heard == ["k"]
    rows.set_rows([ListRow("x", "key", "Other", "")])
    assert rows.keys() == ["x"]
    assert not button.isVisible()


def test_progress_counts_tells_time_and_stops_once(qtbot: QtBot) -> None:
    now = [0.0]
    panel = ProgressPanel("Importing", pace=Pace(lambda: now[0]))
    window(qtbot, panel)
    assert panel.counts.text() == "Getting ready"
    for done in range(1, 41):
        now[0] += 1
        panel.set_progress(done * 100, 16_000)
    assert panel.counts.text() == "4,000 of 16,000"
    assert panel.left.text() == "About 2 minutes left"
    assert panel.bar.value() == 250
    heard: list[bool] = []
    panel.cancelled.connect(lambda: heard.append(True))
    panel.cancel.click()
    panel.cancel.click()
    assert heard == [True]
    assert panel.left.text() == "Stopping after this one"


def test_a_copy_is_said_in_one_breath(qtbot: QtBot) -> None:
    row = CopyRow(CopyLine("a", "Maya", "Link · opened 2 of 3 times", "3 days left", remaining=0.5))
    qtbot.addWidget(row)
    assert row.accessibleName() == "Maya, Link · opened 2 of 3 times, 3 days left"
    assert avatar_colour("Maya") == avatar_colour("Maya")


# ---- dropping ----------------------------------------------------------------------------------


def drop(area: QWidget, data: QMimeData) -> QDropEvent:
    event = QDropEvent(
        QPointF(20, 20),
        Qt.DropAction.MoveAction | Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.setDropAction(Qt.DropAction.MoveAction)
    area.dropEvent(event)
    return event


def test_a_drop_never_moves_the_originals(qtbot: QtBot) -> None:
    area = DropArea()
    window(qtbot, area)
    heard: list[list[str]] = []
    area.dropped.connect(heard.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a/b.jpg"), QUrl("https://example.org/c.jpg")])
    event = drop(area, data)
    assert heard == [["/a/b.jpg"]]
    assert event.dropAction() is Qt.DropAction.CopyAction


def test_a_drop_from_the_web_is_not_taken(qtbot: QtBot) -> None:
    area = DropArea()
    window(qtbot, area)
    heard: list[list[str]] = []
    area.dropped.connect(heard.append)
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/c.jpg")])
    drop(area, data)
    assert heard == []


# ---- sheets ------------------------------------------------------------------------------------


ANSWERS = [Answer("keep", "Keep", safe=True), Answer("delete", "Delete", danger=True)]


def asked(qtbot: QtBot) -> tuple[QWidget, Sheet, list[str]]:
    below = Button("Below")
    holder = window(qtbot, below)
    below.setFocus()
    sheet = Sheet("Delete?", "It cannot be undone.", ANSWERS, parent=holder)
    heard: list[str] = []
    sheet.answered.connect(heard.append)
    return holder, sheet, heard


def test_the_safe_answer_has_the_focus(qtbot: QtBot) -> None:
    _, sheet, heard = asked(qtbot)
    assert sheet.button("keep").hasFocus()
    QTest.keyClick(sheet.button("keep"), Qt.Key.Key_Return)
    assert heard == ["keep"]


def test_escape_never_does_harm(qtbot: QtBot) -> None:
    holder, sheet, heard = asked(qtbot)
    sheet.button("delete").setFocus()
    QTest.keyClick(sheet.button("delete"), Qt.Key.Key_Escape)
    assert heard == ["keep"]
    assert not sheet.isVisible()
    below = holder.findChild(Button)
    assert below is not None
    assert below.hasFocus()


def test_tab_stays_inside_the_sheet(qtbot: QtBot) -> None:
    holder, sheet, _ = asked(qtbot)
    for _ in range(5):
        QTest.keyClick(holder.focusWidget(), Qt.Key.Key_Tab)
        assert sheet.isAncestorOf(holder.focusWidget())


def test_nothing_below_takes_the_focus_from_the_sheet(qtbot: QtBot) -> None:
    holder, sheet, heard = asked(qtbot)
    below = next(one for one in holder.findChildren(Button) if not sheet.isAncestorOf(one))
    below.setFocus()
    assert sheet.isAncestorOf(holder.focusWidget())
    QTest.keyClick(holder.focusWidget(), Qt.Key.Key_Return)
    assert len(heard) == 1
    assert below.hasFocus()


def test_return_presses_the_button_that_has_the_focus(qtbot: QtBot) -> None:
    button = Button("Go on")
    window(qtbot, button)
    button.setFocus()
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert len(pressed) == 1


def test_a_click_beside_the_sheet_does_nothing(qtbot: QtBot) -> None:
    holder, sheet, heard = asked(qtbot)
    QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    holder.resize(700, 500)
    assert heard == []
    assert sheet.size() == holder.size()


# ---- sidebar -----------------------------------------------------------------------------------


def albums(count: int) -> tuple[Album, ...]:
    return tuple(
        Album(AlbumId(f"{n:032x}"), f"Album {n}", n + 1, veiled=False) for n in range(count)
    )


def test_the_sidebar_counts_and_says_so(qtbot: QtBot) -> None:
    bar = Sidebar()
    window(qtbot, bar)
    bar.set_data(SidebarData("Home", 12_408, 214, albums=albums(2), links_live=3, unusual=1))
    assert bar.row("library").accessibleName() == "Library, 12,408 items"
    assert bar.row("shared").accessibleName() == "Shared out, 3"
    assert bar.row("left").accessibleName() == "What left, 1 unusual"
    assert bar.row(f"album:{1:032x}").accessibleName() == "Album 1, 2 items"
    assert bar.switch.accessibleName() == "Library: Home"


def test_the_sidebar_is_walked_by_arrows(qtbot: QtBot) -> None:
    bar = Sidebar()
    window(qtbot, bar)
    bar.set_data(SidebarData("Home", albums=albums(2)))
    heard: list[str] = []
    bar.chosen.connect(heard.append)
    QApplication.processEvents()
    bar.row("library").setFocus()
    for _ in range(4):
        QTest.keyClick(bar.window().focusWidget(), Qt.Key.Key_Down)
    assert bar.window().focusWidget() is bar.row(f"album:{0:032x}")
    QTest.keyClick(bar.window().focusWidget(), Qt.Key.Key_Return)
    assert heard == [f"album:{0:032x}"]
    assert bar.here() == "library"


def test_only_the_lit_row_is_a_stop_of_tab(qtbot: QtBot) -> None:
    bar = Sidebar()
    window(qtbot, bar)
    bar.set_data(SidebarData("Home", albums=albums(3)))
    bar.set_here("videos")
    stops = [
        key
        for key in ("library", "favourites", "videos", "trash", "settings")
        if bar.row(key).focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert stops == ["videos"]
    assert bar.row("videos").isChecked()


def test_many_albums_scroll_and_push_nothing_out(qtbot: QtBot) -> None:
    bar = Sidebar()
    holder = window(qtbot, bar)
    holder.resize(900, 600)
    bar.set_data(SidebarData("Home", albums=albums(80)))
    QApplication.processEvents()
    settings = bar.row("settings")
    assert settings.mapTo(holder, settings.rect().bottomRight()).y() < holder.height()
    bar.set_data(SidebarData("Home"))
    QApplication.processEvents()
    assert bar._no_albums.isVisible()
