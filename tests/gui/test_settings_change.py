"""The settings on a real engine: what protects is kept in the library and recorded."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lighttight import settings
from lighttight.model import Factor
from lighttight.session import EntryKind, Field, Offer, Session, WayIn
from lighttight.ui.pages.settings import SettingRow
from lighttight.ui.theme import Scheme, theme
from lighttight.ui.widgets.buttons import Button
from lighttight.ui.widgets.choice import ChoiceCard
from lighttight.ui.widgets.fields import Field as TextField
from lighttight.ui.widgets.forms import Form
from lighttight.ui.widgets.notes import Glyph
from lighttight.ui.widgets.progress import ProgressPanel
from lighttight.ui.widgets.sheet import Sheet
from tests.gui.desks import PIN, RealDesk
from tests.support import media_files


@pytest.fixture
def full(desk: RealDesk) -> RealDesk:
    desk.create(pin=PIN)
    desk.window.place_chosen.emit("settings")
    desk.settle()
    return desk


def session_of(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def newest(desk: RealDesk, kind: EntryKind) -> tuple[object, object]:
    entry = session_of(desk).record.entries(kinds=frozenset({kind}))[0]
    return entry.values[Field.SETTING], entry.values[Field.VALUE]


def titles(desk: RealDesk) -> list[str]:
    page = desk.window.shell.settings
    return [row.title.text() for row in page._ways.findChildren(SettingRow) if not row.isHidden()]


def reopen(desk: RealDesk) -> None:
    desk.window.lock_wanted.emit()
    desk.until(lambda: not desk.jobs.busy())
    desk.window.unlock.secret.set_text(PIN)
    desk.window.unlock.open.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()


def test_locking_later_is_kept_in_the_library_and_recorded(full: RealDesk) -> None:
    full.window.shell.settings.lock_after.set_value("60")
    full.settle()
    assert newest(full, EntryKind.WEAKENED) == ("lock-after", "60")
    reopen(full)
    assert full.locking.after == 60


def test_the_cover_is_kept_in_the_library_and_recorded(full: RealDesk) -> None:
    full.window.shell.settings.cover.click()
    full.settle()
    assert newest(full, EntryKind.WEAKENED) == ("cover-when-away", "off")
    reopen(full)
    assert not full.window.shell.settings.cover.isChecked()
    assert not full.window._cover_when_away


def test_looking_at_the_settings_changes_nothing(full: RealDesk) -> None:
    before = session_of(full).record.entries(limit=1)[0].sequence
    page = full.window.shell.settings
    for section in ("locking", "privacy", "appearance", "copy", "ways"):
        page.show_section(section)
    full.window.place_chosen.emit("library")
    full.window.place_chosen.emit("settings")
    full.settle()
    assert session_of(full).record.entries(limit=1)[0].sequence == before


@pytest.mark.parametrize("before", ["library", "trash"])
def test_the_settings_stay_and_are_marked_whatever_changes(full: RealDesk, before: str) -> None:
    full.window.place_chosen.emit(before)
    full.settle()
    full.window.place_chosen.emit("settings")
    full.program.changed.emit()
    full.settle()
    shell = full.window.shell
    assert shell.sidebar.here() == "settings"
    assert shell.stack.currentWidget() is shell.settings
    full.window.place_chosen.emit(before)
    full.settle()
    assert shell.sidebar.here() == before
    assert shell.stack.currentWidget() is not shell.settings


def test_the_theme_is_kept_on_this_computer(full: RealDesk) -> None:
    full.window.shell.settings.look.set_value("light")
    full.settle()
    assert settings.load().settings.theme is settings.Theme.LIGHT
    assert theme().scheme is Scheme.LIGHT
    full.window.shell.settings.motion.set_value("reduced")
    full.settle()
    assert theme().reduced_motion
    full.window.shell.settings.look.set_value("dark")
    full.settle()


def test_remembering_libraries_can_be_turned_on_and_off(full: RealDesk) -> None:
    switch = full.window.shell.settings.recent
    assert not switch.isChecked()
    switch.click()
    full.settle()
    assert settings.load().settings.recent == (str(session_of(full).vault.path),)
    switch.click()
    full.settle()
    assert settings.load().settings.recent == ()


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (set(), "when it sleeps or when its screen is locked"),
        ({"screen"}, "when it goes to sleep"),
        ({"sleep"}, "when its screen is locked"),
    ],
)
def test_it_says_what_this_computer_does_not_tell(
    full: RealDesk, heard: set[str], said: str
) -> None:
    page = full.window.shell.settings
    page.set_heard(heard)
    assert said in page._unheard.words.text()
    page.set_heard({"sleep", "screen"})
    assert page._unheard.isHidden()


# --- ways in


def test_ways_in_are_named_and_the_last_cannot_be_removed(full: RealDesk) -> None:
    assert titles(full) == ["Password store and PIN", "Recovery words"]
    rows = full.window.shell.settings._ways
    assert [one for one in rows.findChildren(Button) if not one.isHidden()] == []


def test_a_passphrase_that_could_be_guessed_is_refused_in_words(full: RealDesk) -> None:
    full.keeping._add("passphrase", "password1")
    assert full.asked().accessibleName() == "That passphrase could be guessed"
    full.settle()
    assert titles(full) == ["Password store and PIN", "Recovery words"]


def form_of(sheet: Sheet) -> Form:
    [form] = sheet.findChildren(Form)
    return form


def test_a_way_in_is_added_only_when_both_are_typed_and_the_same(full: RealDesk) -> None:
    full.window.shell.settings.way_add_wanted.emit()
    sheet = full.asked()
    form = form_of(sheet)
    add = sheet.button("add")
    first, again = form.fields
    assert not add.isEnabled()
    assert "twice" in form.said.text()
    first.set_text("192837")
    assert form.said.text() == "Now the same once more."
    again.set_text("192838")
    assert form.said.text() == "The two are not the same."
    assert not add.isEnabled()
    cards = sheet.findChildren(ChoiceCard)
    cards[2].click()
    assert add.isEnabled(), "nothing is typed for one click"
    cards[0].click()
    assert not add.isEnabled()
    again.set_text("192837")
    QTest.keyClick(again.edit, Qt.Key.Key_Return)
    full.settle()
    assert len(session_of(full).ways.all()) == 3


def test_new_words_say_what_must_be_typed_and_nothing_happens_without_it(full: RealDesk) -> None:
    full.window.shell.settings.new_words_wanted.emit()
    sheet = full.asked()
    form = form_of(sheet)
    [pin] = form.fields
    assert pin.edit.hasFocus()
    assert pin.edit.accessibleName() == "PIN"
    assert not sheet.button("go").isEnabled()
    assert form.said.text() == "Type your PIN: it is the only way in that stays."
    assert "the old words open nothing any more" in sheet.sentence.text()
    lead = "All keys change with it. Type your PIN, so that it still opens the library afterwards."
    assert form.lead.text() == lead
    QTest.keyClick(pin.edit, Qt.Key.Key_Return)
    assert full.sheet() is sheet
    pin.set_text(PIN)
    assert form.said.text() == ""
    QTest.keyClick(pin.edit, Qt.Key.Key_Return)
    finish_words(full)
    full.until(lambda: (sheet := full.sheet()) is not None and sheet.accessibleName() == "Done")
    [glyph] = full.asked().findChildren(Glyph)
    assert glyph._name == "check"


def test_a_way_in_that_would_end_is_named_before(full: RealDesk) -> None:
    session_of(full).ways.add(WayIn((Factor.PASSPHRASE,), "seven llamas painted the quiet harbour"))
    full.keeping.look()
    full.settle()
    full.keeping.new_words()
    sheet = full.asked()
    form = form_of(sheet)
    assert "each of these that is to open the library" in form.lead.text()
    assert "at least one" in form.said.text()
    form.fields[0].set_text(PIN)
    assert form.said.text() == "Left empty, and so ended: Passphrase"
    assert sheet.button("go").isEnabled()


def test_words_that_were_checked_are_not_called_unchecked_any_more(desk: RealDesk) -> None:
    desk.create(confirm=False)
    assert any("never checked" in text for text in desk.banners())
    desk.keeping._rotate({}, None, None)
    finish_words(desk)
    desk.until(lambda: (sheet := desk.sheet()) is not None and sheet.accessibleName() == "Done")
    desk.settle()
    desk.asked().answer("close")
    desk.window.place_chosen.emit("library")
    desk.settle()
    assert not any("never checked" in text for text in desk.banners())


def test_one_more_way_in_opens(full: RealDesk) -> None:
    full.window.shell.settings.way_add_wanted.emit()
    full.asked().answer("close")
    full.keeping._add("one-click", "")
    full.settle()
    assert "Password store" in titles(full)
    path = session_of(full).vault.path
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    full.unlocking.begin(path)
    full.until(lambda: not full.jobs.busy())
    full.window.unlock.way_chosen.emit("one-click")
    full.window.unlock.click.click()
    full.until(lambda: full.program.session is not None)


def add_one_click(desk: RealDesk) -> str:
    slot = session_of(desk).ways.add(WayIn((Factor.KEYRING,)))
    desk.keeping.look()
    desk.settle()
    return slot.id


def finish_words(desk: RealDesk) -> list[str]:
    """Write down and check the words that a rotation shows."""
    renew = desk.keeping.renew
    desk.until(lambda: desk.window.stack.currentWidget() is renew and renew.words._words)
    shown = list(renew.words._words)
    renew.words.go.click()
    for place, field in zip(renew.confirm.asked, renew.confirm.fields, strict=True):
        field.set_text(shown[place])
    renew.confirm.go.click()
    return shown


def test_removing_asks_for_what_stays_and_ends_the_way_in(full: RealDesk) -> None:
    one_click = add_one_click(full)
    full.window.shell.settings.way_remove_wanted.emit(one_click)
    sheet = full.asked()
    assert "can still read what they copied" in sheet.sentence.text()
    pin, recovery = sheet.findChildren(TextField)
    assert pin.edit.hasFocus()
    pin.set_text(PIN)
    assert recovery.edit.placeholderText() == "Leave empty to get new ones"
    sheet.answer("go")
    shown = finish_words(full)
    full.until(lambda: (sheet := full.sheet()) is not None and sheet.accessibleName() == "Done")
    assert "new recovery words are in force" in full.asked().sentence.text()
    full.settle()
    assert titles(full) == ["Password store and PIN", "Recovery words"]
    session = session_of(full)
    assert session.vault.recovery_confirmed
    session.ways.try_out(Offer(recovery=" ".join(shown), keyring=False))
    assert full.keeping.renew.words._words == []


def test_giving_up_at_the_words_changes_nothing(full: RealDesk) -> None:
    before = session_of(full).ways.all()
    pin = next(slot.id for slot in before if Factor.PASSPHRASE in slot.factors)
    full.keeping._rotate({pin: PIN}, None, None)
    renew = full.keeping.renew
    full.until(lambda: full.window.stack.currentWidget() is renew and renew.words._words)
    renew.words.back_button.click()
    full.until(lambda: not full.jobs.busy())
    assert session_of(full).ways.all() == before
    assert renew.words._words == []
    assert full.window.stack.currentWidget() is full.window.shell
    assert full.window.shell.stack.currentWidget() is full.window.shell.settings


@pytest.mark.parametrize("page", ["words", "confirm"])
def test_the_key_locks_where_new_words_are_on_the_screen(full: RealDesk, page: str) -> None:
    pin = next(slot.id for slot in session_of(full).ways.all() if Factor.PASSPHRASE in slot.factors)
    full.keeping._rotate({pin: PIN}, None, None)
    renew = full.keeping.renew
    full.until(lambda: full.window.stack.currentWidget() is renew and renew.words._words)
    if page == "confirm":
        renew.words.go.click()
    QTest.keyClick(full.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert full.window.stack.currentWidget() is full.window.unlock
    assert renew.words._words == []
    full.until(lambda: not full.jobs.busy())
    assert full.window.stack.currentWidget() is full.window.unlock


def test_locking_while_the_words_are_shown_changes_nothing(full: RealDesk) -> None:
    session = session_of(full)
    before = session.ways.all()
    pin = next(slot.id for slot in before if Factor.PASSPHRASE in slot.factors)
    full.keeping._rotate({pin: PIN}, None, None)
    renew = full.keeping.renew
    full.until(lambda: full.window.stack.currentWidget() is renew and renew.words._words)
    full.window.lock_wanted.emit()
    assert full.window.stack.currentWidget() is full.window.unlock
    assert renew.words._words == []
    full.until(lambda: session.vault.closed)
    full.until(lambda: not full.jobs.busy())
    full.window.unlock.secret.set_text(PIN)
    full.window.unlock.open.click()
    full.until(lambda: full.program.session is not None)
    assert {slot.factors for slot in session_of(full).ways.all()} == {
        slot.factors for slot in before
    }


def test_a_wrong_pin_costs_no_way_in(full: RealDesk) -> None:
    before = session_of(full).ways.all()
    pin = next(slot.id for slot in before if Factor.PASSPHRASE in slot.factors)
    full.keeping._rotate({pin: "000000"}, None, None)
    assert full.asked().accessibleName() == "That didn’t open it"
    full.until(lambda: not full.jobs.busy())
    assert session_of(full).ways.all() == before


def test_while_importing_no_key_changes(full: RealDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(full.importing), "running", True)
    full.keeping._rotate({}, None, None)
    assert full.asked().accessibleName() == "An import is still running"


@pytest.mark.parametrize("what", ["remove", "change", "words"])
def test_after_a_wrong_pin_it_is_asked_again(full: RealDesk, what: str) -> None:
    one_click = add_one_click(full)
    page = full.window.shell.settings
    if what == "remove":
        page.way_remove_wanted.emit(one_click)
    elif what == "change":
        page.someone_knows.emit()
    else:
        page.new_words_wanted.emit()
    title = full.asked().accessibleName()
    full.asked().findChildren(TextField)[0].set_text("000000")
    full.asked().answer("go")
    full.until(lambda: (top := full.sheet()) is not None and top.accessibleName() != title)
    assert full.asked().accessibleName() == "That didn’t open it"
    full.asked().answer("close")
    assert full.asked().accessibleName() == title
    assert full.asked().findChildren(TextField)[0].text() == ""
    full.asked().findChildren(TextField)[0].set_text(PIN)
    full.asked().answer("go")
    finish_words(full)
    full.until(lambda: (top := full.sheet()) is not None and top.accessibleName() == "Done")
    clicks = [slot for slot in session_of(full).ways.all() if slot.factors == (Factor.KEYRING,)]
    assert len(clicks) == (0 if what == "remove" else 1)


def bars(desk: RealDesk) -> list[str]:
    return [
        one.title.text() for one in desk.window.findChildren(ProgressPanel) if not one.isHidden()
    ]


def test_no_key_changes_beside_a_second_copy(full: RealDesk) -> None:
    gate, ended = threading.Event(), list[object]()
    full.keeping._acts.run("Making the second copy", lambda *_: gate.wait(20), ended.append)
    full.keeping._rotate({}, None, None)
    assert full.asked().accessibleName() == "“Making the second copy” is still running"
    full.asked().answer("close")
    gate.set()
    full.until(lambda: ended)
    full.settle()
    assert bars(full) == []


def test_nothing_long_begins_beside_a_change_of_keys(full: RealDesk, tmp_path: Path) -> None:
    pin = next(slot.id for slot in session_of(full).ways.all() if Factor.PASSPHRASE in slot.factors)
    full.keeping._rotate({pin: PIN}, None, None)
    renew = full.keeping.renew
    full.until(lambda: full.window.stack.currentWidget() is renew and renew.words._words)
    for begin in (
        lambda: full.keeping._rotate({pin: PIN}, None, None),
        lambda: full.keeping.back_up(tmp_path / "copy"),
        full.keeping.seal_again,
    ):
        begin()
        assert full.asked().accessibleName() == "“Changing every key” is still running"
        full.asked().answer("close")
    assert bars(full) == ["Changing every key"]
    assert not (tmp_path / "copy").exists()
    renew.words.back_button.click()
    full.settle()
    assert bars(full) == []


def test_after_locking_nothing_is_in_the_way(full: RealDesk) -> None:
    pin = next(slot.id for slot in session_of(full).ways.all() if Factor.PASSPHRASE in slot.factors)
    full.keeping._rotate({pin: PIN}, None, None)
    renew = full.keeping.renew
    full.until(lambda: full.window.stack.currentWidget() is renew and renew.words._words)
    reopen(full)
    assert bars(full) == []
    full.keeping._rotate({pin: PIN}, None, None)
    full.until(lambda: full.window.stack.currentWidget() is renew and renew.words._words)
    renew.words.back_button.click()
    full.settle()


# --- the second copy


def test_where_the_library_is_stands_in_the_settings_while_it_is_open(full: RealDesk) -> None:
    """Also on a computer that others use, where no page says it before."""
    path, page = session_of(full).vault.path, full.window.shell.settings
    assert page.place.detail.text() == f"In your home folder: {path.name}"
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    assert path.stem not in page.place.detail.text()


def test_a_second_copy_is_made_and_said(full: RealDesk, tmp_path: Path) -> None:
    disk = tmp_path / "Blue disk"
    disk.mkdir()
    full.keeping._back_up_into(disk)
    assert full.asked().accessibleName() == "The second copy is up to date"
    [copy] = disk.iterdir()
    assert (copy / "header").is_file()
    full.asked().answer("close")
    full.settle()
    assert "read back" in full.window.shell.settings._copy_row.detail.text()
    full.keeping._back_up_into(copy)
    assert full.asked().accessibleName() == "The second copy is up to date"
    assert [one.name for one in disk.iterdir()] == [copy.name]


def test_a_second_copy_inside_the_library_is_refused_in_words(full: RealDesk) -> None:
    full.keeping._back_up_into(session_of(full).vault.path / "blobs")
    assert full.asked().accessibleName() == "A backup can’t be inside the library"


# --- everything again


def test_nothing_to_seal_again_is_not_offered(full: RealDesk) -> None:
    assert not full.window.shell.settings._sealing.isVisibleTo(full.window.shell.settings.stack)


def test_after_new_keys_everything_can_be_sealed_again(full: RealDesk, tmp_path: Path) -> None:
    session = session_of(full)
    (tmp_path / "a.jpg").write_bytes(media_files.jpeg())
    session.imports.run([tmp_path / "a.jpg"])
    before = set(session.vault.blobs.ids())
    pin = next(slot.id for slot in session.ways.all() if slot.pin)
    session.ways.rotate(passphrases={pin: PIN}, confirm=lambda _: None)
    page = full.window.shell.settings
    page.show_section("ways")
    full.settle()
    assert page._sealing.isVisibleTo(page.stack)
    assert "1 item" in page.seal_row.detail.text()
    page.seal.click()
    assert full.asked().accessibleName() == "Everything was sealed again"
    full.asked().answer("close")
    full.settle()
    assert not before & set(session.vault.blobs.ids())
    assert not page._sealing.isVisibleTo(page.stack)
