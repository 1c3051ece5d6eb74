"""The first page, going back by Esc, and leaving in the middle, on a real engine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from lighttight import settings
from lighttight.ui.controllers import unlocking
from lighttight.ui.controllers.places import library_of
from lighttight.ui.pages.unlock import Way
from tests.gui.desks import PIN, RealDesk
from tests.support.password_store import MemoryStore


def esc(desk: RealDesk) -> None:
    QTest.keyClick(desk.window.focusWidget() or desk.window, Qt.Key.Key_Escape)


def shown(desk: RealDesk) -> QWidget | None:
    return desk.window.stack.currentWidget()


def start_again(desk: RealDesk) -> None:
    """As if the program was started once more; what was open is locked."""
    desk.window.lock_wanted.emit()
    desk.until(lambda: not desk.jobs.busy())
    desk.begin()


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What the person chooses in the dialog for folders, one after the other."""
    answers: list[Path] = []

    def choose(_: object, __: str, done: Callable[[Path], None]) -> None:
        if answers:
            done(answers.pop(0))

    monkeypatch.setattr(unlocking, "choose_folder", choose)
    return answers


# ---- where no list is kept ---------------------------------------------------------------------


def test_where_no_list_is_kept_opening_stands_first_and_nothing_is_named(
    desk: RealDesk, choosing: list[Path]
) -> None:
    path = desk.create(pin=PIN)
    kept = settings.load().settings
    assert (kept.used, kept.recent) == (True, ())
    start_again(desk)
    page = desk.starting.page
    assert shown(desk) is page
    assert page.open.hasFocus()
    assert path.stem not in "".join(
        part.accessibleName() + getattr(part, "text", str)() for part in page.findChildren(QWidget)
    )
    choosing.append(path)
    page.open.click()
    desk.until(lambda: not desk.jobs.busy())
    assert shown(desk) is desk.window.unlock
    esc(desk)
    assert shown(desk) is page, "one step back"


def test_a_library_in_its_usual_place_is_enough_to_ask_first(desk: RealDesk) -> None:
    (Path.home() / "Old.lighttight").mkdir()
    desk.begin()
    assert shown(desk) is desk.starting.page
    desk.starting.page.new.click()
    welcome = desk.window.welcome
    assert shown(desk) is welcome
    assert not welcome.question.back_button.isHidden()
    esc(desk)
    assert shown(desk) is desk.starting.page


def test_the_very_first_start_is_the_welcome_and_leads_nowhere_else(desk: RealDesk) -> None:
    assert shown(desk) is desk.window.welcome
    assert desk.window.welcome.question.back_button.isHidden()
    esc(desk)
    assert shown(desk) is desk.window.welcome


# ---- one step back -----------------------------------------------------------------------------


def test_esc_in_the_welcome_goes_back_and_loses_nothing(desk: RealDesk) -> None:
    welcome = desk.window.welcome
    welcome.question.answered.emit("someone")
    welcome.pin.pin.set_text(PIN)
    esc(desk)
    assert welcome.stack.currentWidget() is welcome.question
    welcome.question.answered.emit("someone")
    assert welcome.pin.pin.text() == PIN
    welcome.pin.again.set_text(PIN)
    welcome.pin.go.click()
    desk.until(lambda: welcome.stack.currentWidget() is welcome.words)
    esc(desk)
    assert welcome.stack.currentWidget() is welcome.words, "the library is made"
    welcome.words.go.click()
    welcome.confirm.fields[0].set_text("half")
    esc(desk)
    assert welcome.stack.currentWidget() is welcome.words
    welcome.words.go.click()
    assert welcome.confirm.fields[0].text() == "half"


def test_esc_while_a_library_is_made_does_nothing(desk: RealDesk) -> None:
    welcome = desk.window.welcome
    welcome.question.answered.emit("someone")
    welcome.set_busy(True)
    esc(desk)
    assert welcome.stack.currentWidget() is welcome.pin


def test_words_that_were_typed_are_not_left_without_asking(desk: RealDesk) -> None:
    desk.create(pin=PIN)
    desk.window.lock_wanted.emit()
    desk.until(lambda: not desk.jobs.busy())
    page = desk.window.unlock
    page.way_chosen.emit(Way.RECOVERY.value)
    page.recovery.setPlainText("abandon ability able")
    esc(desk)
    sheet = desk.asked()
    assert sheet.button("stay").hasFocus()
    sheet.answer("stay")
    assert page.recovery.toPlainText() == "abandon ability able"
    esc(desk)
    desk.asked().answer("leave")
    assert page._data.way is Way.PIN
    assert page.recovery.toPlainText() == ""
    esc(desk)
    assert shown(desk) is page, "there is nothing before it"


def test_looking_once_more_takes_nothing_away_from_who_is_typing(desk: RealDesk) -> None:
    path = desk.create(pin=PIN)
    desk.window.lock_wanted.emit()
    desk.until(lambda: not desk.jobs.busy())
    desk.unlocking.begin(path)
    desk.window.unlock.secret.set_text("4815")
    desk.until(lambda: not desk.jobs.busy())
    assert desk.window.unlock.secret.text() == "4815"


def test_a_new_library_is_not_interrupted_by_the_one_that_was_locked_for_it(
    desk: RealDesk,
) -> None:
    desk.create()
    desk.locking._leave_for(desk.locking._new_library)
    desk.until(lambda: not desk.jobs.busy())
    assert shown(desk) is desk.window.welcome
    esc(desk)
    desk.until(lambda: not desk.jobs.busy())
    assert shown(desk) is desk.window.unlock


def test_a_wrong_folder_is_said_whole_and_esc_goes_back(
    desk: RealDesk, choosing: list[Path]
) -> None:
    wrong = Path.home() / "Pictures from the long summer holiday" / "of the year before the last"
    wrong.mkdir(parents=True)
    choosing.append(wrong)
    desk.window.welcome.question.have.click()
    trouble = desk.unlocking.trouble
    desk.until(lambda: shown(desk) is trouble)
    desk.window.resize(880, 600)
    desk.until(lambda: not desk.jobs.busy())
    for text in (trouble.sentence, trouble.action):
        assert text.height() >= text.heightForWidth(text.width())
    for key in ("back", "other"):
        button = trouble.button(key)
        assert button.width() >= button.sizeHint().width()
    esc(desk)
    assert shown(desk) is desk.window.welcome


def test_esc_goes_back_from_another_library_to_the_one_before(
    desk: RealDesk, choosing: list[Path], tmp_path: Path
) -> None:
    path = desk.create()
    desk.window.lock_wanted.emit()
    desk.until(lambda: not desk.jobs.busy())
    choosing.append(tmp_path)
    desk.window.unlock.other.click()
    desk.until(lambda: shown(desk) is desk.unlocking.trouble)
    desk.unlocking.trouble.button("back").click()
    desk.until(lambda: not desk.jobs.busy())
    assert shown(desk) is desk.window.unlock
    assert desk.unlocking.path == path


def test_the_folder_around_a_library_and_one_inside_it_mean_the_library(tmp_path: Path) -> None:
    library = tmp_path / "Home library.lighttight"
    (library / "blobs").mkdir(parents=True)
    assert library_of(tmp_path) == library
    assert library_of(library / "blobs") == library
    assert library_of(library) == library
    (tmp_path / "Other.lighttight").mkdir()
    assert library_of(tmp_path) == tmp_path, "which of the two is not for the program to say"


def test_a_library_of_which_only_the_second_copy_of_its_first_page_is_left(tmp_path: Path) -> None:
    """It opens as any other: a folder beside it does not make it less of a library."""
    (tmp_path / "Older.lighttight").mkdir()
    assert library_of(tmp_path) == tmp_path / "Older.lighttight"
    (tmp_path / "header.copy").write_bytes(b"")
    assert library_of(tmp_path) == tmp_path


# ---- first pictures, and leaving ---------------------------------------------------------------


def test_what_is_dropped_on_the_first_pictures_is_brought_in(desk: RealDesk, folder: Path) -> None:
    desk.create_as_far_as_the_words()
    welcome = desk.window.welcome
    desk.confirm_words()
    desk.drop(folder, onto=welcome.pictures.drop)
    desk.until(desk.ids)
    desk.until(lambda: not desk.importing.running)


def test_going_on_at_once_does_not_say_that_the_words_were_never_checked(desk: RealDesk) -> None:
    desk.create_as_far_as_the_words()
    welcome = desk.window.welcome
    welcome._confirmed()
    welcome.pictures.later.emit()
    assert desk.program.session is None, "what was confirmed is written first"
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    assert not any("never checked" in text for text in desk.banners())


def test_closing_before_the_words_were_checked_asks_once_and_is_said_at_the_next_opening(
    desk: RealDesk,
) -> None:
    path = desk.create_as_far_as_the_words().vault.path
    welcome = desk.window.welcome
    for _ in range(2):
        assert not desk.window.close()
        assert desk.asked().accessibleName() == "You have not checked your recovery words"
    assert desk.asked().button("stay").hasFocus()
    desk.asked().answer("stay")
    welcome.words.go.click()
    assert not desk.window.close(), "nor while they are being typed"
    desk.asked().answer("stay")
    welcome.forget()
    desk.welcoming.leave("closing")
    desk.unlocking.begin(path)
    desk.until(lambda: not desk.jobs.busy())
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    assert any("never checked" in text for text in desk.banners())


def test_closing_anyway_closes(desk: RealDesk) -> None:
    desk.create_as_far_as_the_words()
    closed: list[bool] = []
    desk.window.closing.connect(lambda: closed.append(True))
    desk.window.close()
    desk.asked().answer("close")
    assert closed == [True]
    assert not desk.window.isVisible()


def test_the_password_store_is_made_once(desk: RealDesk) -> None:
    """Workers ask for it at the same time; a second one would not know what the first unlocked."""
    both = threading.Barrier(2)
    made: list[MemoryStore] = []

    def make() -> MemoryStore:
        made.append(MemoryStore())
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        return made[-1]

    desk.settle()
    desk.program._store = None
    desk.program._make_store = make
    got: list[object] = []
    for _ in range(2):
        desk.jobs.run(lambda _: desk.program.store(), done=got.append)
    desk.until(lambda: len(got) == 2)
    assert len(made) == 1
    assert got[0] is got[1]
