"""Opening a library in every way, and every way in which that can go wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lighttight import session as session_package
from lighttight import settings
from lighttight.errors import Environment, Unsupported
from lighttight.session import EntryKind
from lighttight.ui.pages.unlock import Way
from lighttight.vault import vault
from tests.gui.desks import PIN, RealDesk


def locked(desk: RealDesk) -> None:
    desk.window.lock_wanted.emit()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.unlock)
    desk.until(lambda: not desk.jobs.busy())


def give(desk: RealDesk, secret: str) -> None:
    desk.window.unlock.secret.set_text(secret)
    desk.window.unlock.open.click()
    desk.until(lambda: not desk.jobs.busy())


def said(desk: RealDesk) -> str:
    return desk.window.unlock._state.words.text()


def test_a_wrong_pin_is_refused_in_place_and_nothing_jumps(desk: RealDesk) -> None:
    desk.create(pin=PIN)
    locked(desk)
    give(desk, "999999")
    assert said(desk) == "That didn’t open it. Nothing was changed or lost."
    assert desk.program.session is None
    assert desk.window.unlock.secret.text() == ""
    assert desk.window.unlock.secret.edit.hasFocus()


def test_failed_tries_are_told_once_after_opening(desk: RealDesk) -> None:
    desk.create(pin=PIN)
    locked(desk)
    give(desk, "777777")
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)
    assert any("failed tr" in text and "since it was made" in text for text in desk.banners())
    locked(desk)
    give(desk, "999999")
    give(desk, "888888")
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    assert any("; 2 failed tries since." in text for text in desk.banners()), desk.banners()
    locked(desk)
    assert desk.banners() == []
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    assert not any("failed" in text for text in desk.banners())


def test_one_click(desk: RealDesk) -> None:
    desk.create()
    locked(desk)
    assert desk.window.unlock._data.way is Way.ONE_CLICK
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)


@pytest.mark.parametrize("folder", ["Dropbox", "Pictures"])
def test_a_folder_that_a_service_copies_is_said(desk: RealDesk, folder: str) -> None:
    path = desk.create()
    locked(desk)
    moved = Path.home() / folder / path.name
    moved.parent.mkdir()
    path.rename(moved)
    desk.unlocking.begin(moved)
    desk.until(lambda: not desk.jobs.busy())
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    told = "This library stands in a folder that Dropbox copies. Use it on one computer at a time."
    assert (told in desk.banners()) is (folder == "Dropbox")


def test_recovery_words_open_and_what_was_typed_is_gone(desk: RealDesk) -> None:
    desk.create_as_far_as_the_words()
    welcome = desk.window.welcome
    words = " ".join(welcome.words._words)
    desk.confirm_words()
    welcome.pictures.later.emit()
    desk.settle()
    locked(desk)
    page = desk.window.unlock
    page.way_chosen.emit(Way.RECOVERY.value)
    page.recovery.setPlainText(words.replace(" ", "\n"))
    page.open.click()
    desk.until(lambda: desk.program.session is not None)
    assert page.recovery.toPlainText() == ""


def test_words_with_a_mistake_say_what_is_wrong_with_them(desk: RealDesk) -> None:
    desk.create()
    locked(desk)
    page = desk.window.unlock
    page.way_chosen.emit(Way.RECOVERY.value)
    page.recovery.setPlainText("abandon ability")
    page.open.click()
    desk.until(lambda: not desk.jobs.busy())
    assert "You entered 2" in said(desk)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("keyring-absent", "No password store"),
        ("keyring-hanging", "answering"),
        ("keyring-insecure", "not safe"),
        ("keyring-broken", "work right"),
    ],
)
def test_a_store_that_cannot_help_turns_one_click_off_and_says_why(
    desk: RealDesk, code: str, words: str
) -> None:
    desk.create()
    desk.memory.memory.broken = code
    locked(desk)
    desk.until(lambda: not desk.window.unlock.click.isEnabled())
    assert words in desk.window.unlock._click_state.words.text()
    assert Way.RECOVERY.value in desk.window.unlock.ways.keys()  # noqa: SIM118 - not a dict


def test_a_store_that_comes_back_opens(desk: RealDesk) -> None:
    path = desk.create()
    desk.memory.memory.broken = "keyring-hanging"
    locked(desk)
    desk.until(lambda: not desk.window.unlock.click.isEnabled())
    desk.memory.memory.broken = None
    desk.unlocking.begin(path)
    desk.until(lambda: desk.window.unlock.click.isEnabled() and not desk.jobs.busy())
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)


def test_a_key_that_is_gone_from_the_store_is_said(desk: RealDesk) -> None:
    desk.create()
    locked(desk)
    desk.memory.memory.items.clear()
    desk.window.unlock.click.click()
    desk.until(lambda: not desk.jobs.busy())
    assert "gone" in desk.window.unlock._click_state.words.text()
    assert desk.program.session is None


@pytest.fixture
def older(desk: RealDesk, tmp_path: Path) -> Path:
    """The library, put back to how it was before its last changes."""
    path = desk.create()
    locked(desk)
    shutil.copytree(path, tmp_path / "copy")
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    locked(desk)
    shutil.rmtree(path)
    shutil.copytree(tmp_path / "copy", path)
    return path


def test_an_older_version_is_shown_with_both_dates_and_not_opened(
    desk: RealDesk, older: Path
) -> None:
    desk.window.unlock.click.click()
    trouble = desk.unlocking.trouble
    desk.until(lambda: desk.window.stack.currentWidget() is trouble)
    assert "did you restore one? That explains it." in trouble.sentence.text()
    assert trouble.button("close").hasFocus()
    trouble.button("close").click()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.unlock)
    assert desk.program.session is None


def test_a_restored_backup_can_be_accepted_and_that_is_recorded(
    desk: RealDesk, older: Path
) -> None:
    desk.window.unlock.click.click()
    trouble = desk.unlocking.trouble
    desk.until(lambda: desk.window.stack.currentWidget() is trouble)
    trouble.button("accept").click()
    desk.until(lambda: desk.program.session is not None)
    session = desk.program.session
    assert session is not None
    assert session.record.entries(kinds=frozenset({EntryKind.OLDER_ACCEPTED}))


def test_a_damaged_library_says_so_and_offers_a_way_on(desk: RealDesk) -> None:
    path = desk.create()
    locked(desk)
    for name in ("header", "header.copy"):
        (path / name).write_bytes(b"\x00" * 100)
    desk.unlocking._known = None
    desk.unlocking.begin(path)
    trouble = desk.unlocking.trouble
    desk.until(lambda: desk.window.stack.currentWidget() is trouble)
    assert trouble.title.text()
    assert trouble.button("other").isEnabled()


def test_a_library_that_is_gone_offers_a_new_one(desk: RealDesk) -> None:
    path = desk.create()
    locked(desk)
    shutil.rmtree(path)
    desk.window.unlock.click.click()
    trouble = desk.unlocking.trouble
    desk.until(lambda: desk.window.stack.currentWidget() is trouble)
    trouble.button("new").click()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.welcome)


def test_a_newer_library_is_not_touched(desk: RealDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    from lighttight import session

    desk.create()
    locked(desk)

    def newer(*_: object, **__: object) -> None:
        raise Unsupported("vault-newer", version=9)

    monkeypatch.setattr(session, "open_session", newer)
    desk.window.unlock.click.click()
    trouble = desk.unlocking.trouble
    desk.until(lambda: desk.window.stack.currentWidget() is trouble)
    assert "newer" in trouble.title.text()


def test_at_the_next_start_the_last_library_is_offered(desk: RealDesk) -> None:
    path = desk.create()
    assert desk.starting.first() == path


def test_that_the_spare_room_was_used_is_said_after_opening(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.create(pin=PIN)
    assert not any("disk is full" in text for text in desk.banners())
    locked(desk)
    real, tries = vault._open_vault, []

    def full(*arguments: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise Environment("disk-full", path=str(path))
        return real(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(vault, "_open_vault", full)
    monkeypatch.setattr(vault.reserve, "AMPLE", 1 << 60)
    give(desk, PIN)
    desk.until(lambda: desk.program.session is not None)
    assert any("the next opening may fail" in text for text in desk.banners())


@pytest.mark.parametrize("shared", [False, True])
def test_a_full_disk_is_said_with_what_to_do_and_the_place_only_where_it_may_be(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    path = desk.create(pin=PIN)
    settings.change(keep_recent=not shared)
    locked(desk)

    def full(*_: object, **__: object) -> None:
        raise Environment("vault-disk-full", path=str(path), needed=1 << 20)

    monkeypatch.setattr(session_package, "open_session", full)
    give(desk, PIN)
    assert "Free that much on the disk, then open it again" in said(desk)
    assert (str(path) in said(desk)) is not shared
    if shared:
        assert path.name in said(desk)
        assert str(path.parent) not in said(desk)


def test_the_place_of_the_library_is_said_where_a_list_is_kept(desk: RealDesk) -> None:
    path = desk.create()
    locked(desk)
    page = desk.window.unlock
    assert page.place.isVisibleTo(desk.window)
    assert page.place.text() == f"In your home folder: {path.name}"
    settings.change(keep_recent=False)
    page.way_chosen.emit(Way.RECOVERY.value)
    assert page.place.text() == ""


def test_on_a_shared_computer_nothing_is_offered_or_said(desk: RealDesk) -> None:
    desk.create(pin=PIN)
    locked(desk)
    assert desk.starting.first() is None
    assert desk.starting.used_before()
    assert desk.window.unlock.detail.text() == ""
    assert desk.window.unlock.libraries.keys() == []


def test_other_libraries_are_rows_and_one_that_is_not_connected_cannot_be_pressed(
    desk: RealDesk,
) -> None:
    desk.create()
    settings.remember_vault(Path("/nowhere/Work.lighttight"))
    locked(desk)
    rows = desk.window.unlock.libraries
    assert rows.keys() == ["/nowhere/Work.lighttight"]
    assert not rows.button("/nowhere/Work.lighttight").isEnabled()
