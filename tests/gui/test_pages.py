"""The pages: what they ask, in which order, and what they forget."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from lighttight.ui import paint
from lighttight.ui.jobs import Jobs
from lighttight.ui.pages.empty import EmptyPage, FirstStep
from lighttight.ui.pages.first import WelcomeFlow
from lighttight.ui.pages.library import LibraryPage
from lighttight.ui.pages.settings import SettingsPage, WayIn
from lighttight.ui.pages.trash import TrashPage
from lighttight.ui.pages.unlock import UnlockData, UnlockPage, Way
from lighttight.ui.pages.welcome import NOT_SURE, ONLY_ME, SOMEONE
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button
from lighttight.ui.widgets.lists import ListRow
from lighttight.ui.widgets.notes import Banner
from tests.gui import pictures
from tests.gui.gallery import WORDS

pytestmark = pytest.mark.usefixtures("dressed", "still")


# ---- welcome -----------------------------------------------------------------------------------


@pytest.fixture
def flow(qtbot: QtBot) -> WelcomeFlow:
    made = WelcomeFlow()
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    assert QTest.qWaitForWindowActive(made)
    return made


def made_libraries(flow: WelcomeFlow) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    flow.create_wanted.connect(lambda answer, pin: heard.append((answer, pin)))
    return heard


def test_the_safe_answer_is_chosen_beforehand(flow: WelcomeFlow) -> None:
    assert flow.question.choice.value() == NOT_SURE
    assert flow.question.go.hasFocus()


def test_not_sure_asks_for_a_pin_before_anything_is_made(flow: WelcomeFlow) -> None:
    heard = made_libraries(flow)
    flow.question.go.click()
    assert heard == []
    assert flow.stack.currentWidget() is flow.pin
    QTest.keyClicks(flow.pin.pin.edit, "482915")
    QTest.keyClick(flow.pin.pin.edit, Qt.Key.Key_Return)
    QTest.keyClicks(flow.pin.again.edit, "482914")
    QTest.keyClick(flow.pin.again.edit, Qt.Key.Key_Return)
    assert heard == []
    assert flow.pin.problem.text() == "The two are not the same."
    QTest.keyClicks(flow.pin.again.edit, "482915")
    QTest.keyClick(flow.pin.again.edit, Qt.Key.Key_Return)
    assert heard == [(NOT_SURE, "482915")]
    assert not flow.pin.go.isEnabled()


def test_only_me_needs_no_pin(flow: WelcomeFlow) -> None:
    heard = made_libraries(flow)
    flow.question.answered.emit(ONLY_ME)
    assert heard == [(ONLY_ME, "")]


def tabbed(start: QWidget, stops: int) -> list[QWidget | None]:
    """Where Tab goes from here."""
    found: list[QWidget | None] = []
    start.setFocus()
    for _ in range(stops):
        here = start.window().focusWidget()
        assert here is not None
        QTest.keyClick(here, Qt.Key.Key_Tab)
        found.append(start.window().focusWidget())
    return found


def test_tab_goes_through_both_pins_to_what_acts_on_them(flow: WelcomeFlow) -> None:
    flow.question.answered.emit(SOMEONE)
    pin, again = flow.pin.pin, flow.pin.again
    assert pin.edit.hasFocus(), "where one begins to type"
    assert tabbed(pin.edit, 4) == [pin.eye, again.edit, again.eye, flow.pin.go]


def test_tab_goes_through_both_passphrases_and_the_asked_words(flow: WelcomeFlow) -> None:
    flow.ask_passphrase("")
    first, again = flow.passphrase.first, flow.passphrase.again
    assert first.edit.hasFocus()
    assert tabbed(first.edit, 4) == [first.eye, again.edit, again.eye, flow.passphrase.go]
    flow.show_words(WORDS, "Home")
    flow.words.go.click()
    one, two, three = flow.confirm.fields
    assert one.edit.hasFocus()
    assert tabbed(one.edit, 3) == [two.edit, three.edit, flow.confirm.go]


def test_an_empty_pin_is_no_pin(flow: WelcomeFlow) -> None:
    heard = made_libraries(flow)
    flow.question.answered.emit(SOMEONE)
    flow.pin.go.click()
    assert heard == []


def test_a_weak_pin_comes_back_with_the_reason(flow: WelcomeFlow) -> None:
    flow.question.answered.emit(SOMEONE)
    flow.set_pin_problem("Too easy to guess.")
    assert flow.stack.currentWidget() is flow.pin
    assert flow.pin.go.isEnabled()
    assert flow.pin.problem.text() == "Too easy to guess."


def test_the_words_stand_in_columns_of_six(flow: WelcomeFlow) -> None:
    flow.show_words(WORDS, "Home")
    QApplication.processEvents()
    first, seventh = flow.words.cells[0], flow.words.cells[6]
    assert flow.words.cells[1].x() == first.x()
    assert flow.words.cells[1].y() > first.y()
    assert seventh.y() == first.y()
    assert seventh.x() > first.x()
    assert flow.words.cells[23].accessibleName() == "24 ticket"


@pytest.mark.parametrize("width", [720, 880, 1280])
def test_no_word_is_cut_however_narrow_the_window(flow: WelcomeFlow, width: int) -> None:
    flow.resize(width, 480)
    flow.show_words(WORDS, "Home")
    QApplication.processEvents()
    longest = paint.text_width("mushroom", theme().font("heading"))
    for cell in flow.words.cells:
        assert cell.width() - 42 >= longest


def test_covering_takes_the_words_from_screen_and_reader(flow: WelcomeFlow) -> None:
    flow.show_words(WORDS, "Home")
    QApplication.processEvents()
    open_ = flow.words.grab().toImage()
    flow.words.cover.click()
    assert flow.words.cells[0].accessibleName() == ""
    assert flow.words.grab().toImage() != open_


def test_the_words_hide_when_the_window_is_left(flow: WelcomeFlow, qtbot: QtBot) -> None:
    flow.show_words(WORDS, "Home")
    other = QLineEdit()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    assert QTest.qWaitForWindowActive(other)
    assert flow.words.cells[0].accessibleName() == ""


def test_no_text_can_be_selected_or_copied_from_the_words(flow: WelcomeFlow) -> None:
    flow.show_words(WORDS, "Home")
    assert flow.words.findChildren(QLineEdit) == []
    assert not any("opy" in button.text() for button in flow.words.findChildren(Button))


def confirm(flow: WelcomeFlow, typed: list[str]) -> None:
    for field, word in zip(flow.confirm.fields, typed, strict=True):
        field.clear()
        QTest.keyClicks(field.edit, word)
    flow.confirm.go.click()


def test_three_words_are_asked_for_and_a_wrong_one_is_named(flow: WelcomeFlow) -> None:
    heard: list[bool] = []
    flow.words_confirmed.connect(lambda: heard.append(True))
    flow.show_words(WORDS, "Home")
    flow.words.go.click()
    asked = flow.confirm.asked
    assert len(set(asked)) == 3
    assert asked == sorted(asked)
    right = [WORDS[place] for place in asked]
    confirm(flow, [right[0], "wrong", right[2]])
    assert heard == []
    assert str(asked[1] + 1) in flow.confirm.problem.text()
    assert right[1] not in flow.confirm.problem.text()
    confirm(flow, ["", right[1], right[2]])
    assert heard == []
    confirm(flow, [right[0].upper(), f" {right[1]} ", right[2]])
    assert heard == [True]
    assert flow.stack.currentWidget() is flow.pictures


def test_the_words_are_forgotten_once_confirmed(flow: WelcomeFlow) -> None:
    flow.show_words(WORDS, "Home")
    flow.words.go.click()
    confirm(flow, [WORDS[place] for place in flow.confirm.asked])
    assert flow.words._words == []
    assert flow.confirm._words == []
    assert all(cell._word == "" for cell in flow.words.cells)
    assert all(field.text() == "" for field in flow.confirm.fields)


def test_one_may_look_at_the_words_again(flow: WelcomeFlow) -> None:
    flow.show_words(WORDS, "Home")
    flow.words.go.click()
    flow.confirm.back.emit()
    assert flow.stack.currentWidget() is flow.words
    assert flow.words.cells[0].accessibleName() == "1 harbour"


# ---- unlock ------------------------------------------------------------------------------------


@pytest.fixture
def unlock(qtbot: QtBot) -> UnlockPage:
    made = UnlockPage()
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    assert QTest.qWaitForWindowActive(made)
    return made


WAYS = (ListRow("words", "words", "Recovery words", "The 24 words you wrote down"),)


def tried(unlock: UnlockPage) -> list[str]:
    heard: list[str] = []
    unlock.unlock_wanted.connect(lambda typed: heard.append(typed))
    return heard


def test_a_pin_opens_by_return_and_only_once(unlock: UnlockPage) -> None:
    heard = tried(unlock)
    unlock.set_data(UnlockData("Home", Way.PIN, ways=WAYS))
    QTest.keyClick(unlock.secret.edit, Qt.Key.Key_Return)
    assert heard == []
    QTest.keyClicks(unlock.secret.edit, "482915")
    QTest.keyClick(unlock.secret.edit, Qt.Key.Key_Return)
    unlock.open.click()
    assert heard == ["482915"]


def test_tab_goes_from_the_pin_to_what_opens_and_then_to_other_ways(unlock: UnlockPage) -> None:
    unlock.set_data(UnlockData("Home", Way.PIN, ways=WAYS))
    row = unlock.ways.button(unlock.ways.keys()[0])
    assert tabbed(unlock.secret.edit, 3) == [unlock.secret.eye, unlock.open, row]
    unlock.set_data(UnlockData("Home", Way.RECOVERY, ways=WAYS))
    assert unlock.recovery.hasFocus()
    assert tabbed(unlock.recovery, 1) == [unlock.open]


def test_a_refusal_does_not_jump_and_does_not_say_which(unlock: UnlockPage) -> None:
    unlock.set_data(UnlockData("Home", Way.PIN, ways=WAYS))
    QApplication.processEvents()
    before = (unlock.open.mapTo(unlock, unlock.open.rect().topLeft()), unlock.ways.pos())
    QTest.keyClicks(unlock.secret.edit, "000000")
    unlock.open.click()
    unlock.show_refusal()
    QApplication.processEvents()
    assert (unlock.open.mapTo(unlock, unlock.open.rect().topLeft()), unlock.ways.pos()) == before
    assert unlock._state.words.text() == "That didn’t open it. Nothing was changed or lost."
    assert unlock.secret.text() == ""
    assert unlock.secret.edit.hasFocus()
    assert unlock.open.isEnabled()


def test_one_click_is_one_click(unlock: UnlockPage) -> None:
    heard = tried(unlock)
    unlock.set_data(UnlockData("Home", Way.ONE_CLICK, ways=WAYS))
    assert unlock.click.hasFocus()
    QTest.keyClick(unlock.click, Qt.Key.Key_Space)
    assert heard == [""]


def test_a_store_that_does_not_answer_turns_one_click_off_and_points_on(
    unlock: UnlockPage,
) -> None:
    unlock.set_data(UnlockData("Home", Way.ONE_CLICK, store_ready=False, ways=WAYS))
    assert not unlock.click.isEnabled()
    assert "isn’t answering" in unlock._click_state.words.text()
    assert unlock.ways.button("words").hasFocus()


def test_recovery_words_may_be_typed_over_lines(unlock: UnlockPage) -> None:
    heard = tried(unlock)
    unlock.set_data(UnlockData("Home", Way.RECOVERY))
    assert unlock.recovery.hasFocus()
    unlock.recovery.setPlainText("harbour  cotton\nmaple")
    assert unlock._state.words.text() == "3 of 24 words"
    QTest.keyClick(unlock.recovery, Qt.Key.Key_Return)
    assert heard == ["harbour cotton maple"]


def test_other_ways_are_always_there(unlock: UnlockPage) -> None:
    heard: list[str] = []
    unlock.way_chosen.connect(lambda key: heard.append(key))
    for way in (Way.ONE_CLICK, Way.PIN, Way.PASSPHRASE):
        unlock.set_data(UnlockData("Home", way, ways=WAYS))
        assert unlock.ways.isVisible()
    unlock.ways.button("words").click()
    assert heard == ["words"]


def test_nothing_typed_is_left_behind(unlock: UnlockPage) -> None:
    unlock.set_data(UnlockData("Home", Way.PIN, ways=WAYS))
    unlock.secret.set_text("482915")
    unlock.forget()
    assert unlock.secret.text() == ""
    assert not unlock.secret.edit.isUndoAvailable()


# ---- library, empty, trash, settings -----------------------------------------------------------


def test_a_banner_takes_a_row_of_its_own(qtbot: QtBot, jobs: Jobs) -> None:
    page = LibraryPage(jobs, lambda item: None)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show_cells(pictures.cells(20))
    page.show()
    QApplication.processEvents()
    before = page.grid.height()
    banner = Banner("Last opened today, 09:14.")
    page.add_banner(banner)
    QApplication.processEvents()
    assert page.grid.height() < before - 36
    banner.closed.emit()
    QApplication.processEvents()
    assert page.grid.height() == before


def test_nothing_found_offers_the_way_back(qtbot: QtBot, jobs: Jobs) -> None:
    page = LibraryPage(jobs, lambda item: None)
    qtbot.addWidget(page)
    heard: list[bool] = []
    page.empty_action.connect(lambda: heard.append(True))
    page.show_empty("search", "Nothing found", "Try fewer words.", "Show all")
    page.show_empty("search", "Nothing found", "Try other words.", "Show all")
    shown = page.stack.currentWidget()
    assert shown is not None
    button = shown.findChild(Button)
    assert button is not None
    button.click()
    assert heard == [True]


def test_first_steps_disappear_one_by_one(qtbot: QtBot) -> None:
    page = EmptyPage()
    qtbot.addWidget(page)
    page.resize(1000, 800)
    page.show()
    heard: list[str] = []
    page.step_chosen.connect(lambda key: heard.append(key))
    steps = [
        FirstStep("words", "words", "Recovery words", "Written down.", done=True),
        FirstStep("import", "import", "Bring in pictures", "Start.", "Import…"),
    ]
    page.set_steps(steps)
    button = next(b for b in page.findChildren(Button) if b.text() == "Import…")
    button.click()
    assert heard == ["import"]
    page.set_steps([])
    assert not page._head.isVisible()
    assert not button.isVisible()


def test_the_trash_says_how_many_and_acts_on_them(qtbot: QtBot, jobs: Jobs) -> None:
    cells = pictures.cells(12)
    page = TrashPage(jobs, pictures.FakePreviews(cells, 2))
    qtbot.addWidget(page)
    heard: list[tuple[str, int]] = []
    page.restore_wanted.connect(lambda ids: heard.append(("restore", len(ids))))
    page.delete_wanted.connect(lambda ids: heard.append(("delete", len(ids))))
    page.show_cells(cells)
    assert page.delete.text() == "Empty the trash"
    page.restore.click()
    page.grid.select(cells[3].id)
    assert page.delete.text() == "Delete 1 item for good"
    page.delete.click()
    assert heard == [("restore", 12), ("delete", 1)]
    page.show_cells([])
    assert page.delete.isHidden()


def test_settings_are_walked_by_arrows(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    assert QTest.qWaitForWindowActive(page)
    shown: list[str] = []
    page.section_shown.connect(lambda key: shown.append(key))
    page.focus_first()
    tab = page._tabs["ways"]
    assert tab.hasFocus()
    second = list(page._tabs)[1]
    QTest.keyClick(tab, Qt.Key.Key_Up)
    QTest.keyClick(tab, Qt.Key.Key_Down)
    assert shown == [second]
    assert page._tabs[second].hasFocus()


def test_the_last_way_in_has_no_remove_button(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    heard: list[str] = []
    page.way_remove_wanted.connect(lambda key: heard.append(key))
    page.set_ways(
        [
            WayIn("a", "unlock", "Password store", "This computer"),
            WayIn("b", "words", "Recovery words", "Confirmed", removable=False),
        ]
    )
    removes = [b for b in page.findChildren(Button) if b.text() == "Remove…"]
    assert [button.accessibleName() for button in removes] == ["Remove Password store"]
    removes[0].click()
    assert heard == ["a"]


def test_appearance_is_only_asked_for(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    heard: list[str] = []
    page.look_wanted.connect(lambda key: heard.append(key))
    page.motion_wanted.connect(lambda key: heard.append(key))
    page.look.set_value("light")
    page.motion.set_value("reduced")
    assert heard == ["light", "reduced"]
