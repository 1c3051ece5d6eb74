"""Saving outside: what can go wrong first, then that what leaves is what the sheet said."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lighttight.errors import Integrity
from lighttight.files import target
from lighttight.library import items
from lighttight.model import ItemId
from lighttight.session import Session
from lighttight.ui.controllers.exporting import Asking, Wish
from lighttight.ui.widgets.buttons import Look
from lighttight.ui.widgets.leaving import _Row
from lighttight.ui.widgets.progress import ProgressPanel
from tests.gui.desks import RealDesk

PHOTO = "Evening by the lake.jpg"
BROKEN = "broken.jpg"


@pytest.fixture
def full(desk: RealDesk, folder: Path) -> RealDesk:
    desk.create()
    desk.bring_in(folder)
    return desk


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "For printing"
    out.mkdir()
    return out


def session_of(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def names(desk: RealDesk) -> dict[str, ItemId]:
    return {item.name: item.id for item in session_of(desk).library.items()}


def ask(desk: RealDesk, *chosen: str) -> Asking:
    """The sheet, with everything found out."""
    ids = names(desk)
    desk.window.export_wanted.emit([ids[name] for name in chosen])
    desk.until(lambda: desk.exporting.asking is not None)
    asking = desk.exporting.asking
    assert asking is not None
    desk.until(lambda: asking.reveals.complete and not desk.jobs.busy())
    return asking


def choose(desk: RealDesk, asking: Asking, folder: Path) -> None:
    asking._look_at(folder)
    desk.until(lambda: not desk.jobs.busy())


def save(desk: RealDesk, asking: Asking, folder: Path) -> None:
    choose(desk, asking, folder)
    asking.sheet.button("save").click()


def rows(asking: Asking) -> dict[str, tuple[str, str]]:
    found = asking.form.findChildren(_Row)
    return {one.line.key: (one.line.here, one.line.there) for one in found if not one.isHidden()}


def recorded(desk: RealDesk) -> list[str]:
    return [one.kind.label for one in session_of(desk).record.every()]


@contextmanager
def held(desk: RealDesk, monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[threading.Event]:
    """Copies stop before the `at`th until the event is set; yields when they stand there."""
    decoder = session_of(desk).decoder
    gate, reached, clean, seen = threading.Event(), threading.Event(), decoder.clean, []

    def slowly(*arguments: object, **more: object) -> object:
        seen.append(1)
        if len(seen) == at:
            reached.set()
            assert gate.wait(30)
        return clean(*arguments, **more)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(decoder, "clean", slowly)
    desk.reached = reached  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield gate
    finally:
        gate.set()


# --- nothing leaves


def test_nothing_is_there_before_a_folder_is_chosen(full: RealDesk) -> None:
    asking = ask(full, PHOTO)
    assert asking.sheet.button("cancel").hasFocus()
    assert not asking.sheet.button("save").isEnabled()
    asking.sheet.answer("save")
    full.settle()
    assert "export-intended" not in recorded(full)
    assert full.exporting.asking is None


def test_escape_is_the_safe_answer_and_ends_the_looking(
    full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, looked = threading.Event(), []
    told_by = session_of(full).exports.told_by

    def slowly(item: ItemId) -> object:
        looked.append(item)
        assert gate.wait(30)
        return told_by(item)

    monkeypatch.setattr(session_of(full).exports, "told_by", slowly)
    full.window.export_wanted.emit(list(names(full).values()))
    full.until(lambda: len(looked) == 1)
    asking = full.exporting.asking
    assert asking is not None
    full.until(lambda: "0 of 4" in asking.form.looking.text())
    asking._look_at(out)
    full.until(lambda: asking.sheet.button("save").isEnabled())
    QTest.keyClick(asking.sheet.button("cancel"), Qt.Key.Key_Escape)
    gate.set()
    full.settle()
    assert len(looked) == 1
    assert full.sheet() is None
    assert list(out.iterdir()) == []
    assert "export-intended" not in recorded(full)


@pytest.mark.parametrize("wrong", ["missing", "inside", "closed", "full"])
def test_a_folder_that_will_not_do_is_refused_before(
    full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    asking = ask(full, PHOTO)
    choose(full, asking, out)
    assert asking.sheet.button("save").isEnabled()
    folder = out
    if wrong == "missing":
        folder = out / "new"
    elif wrong == "inside":
        folder = session_of(full).vault.path / "blobs"
    elif wrong == "closed":
        monkeypatch.setattr(os, "access", lambda *_: False)
    else:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 1000))
    choose(full, asking, folder)
    assert not asking.sheet.button("save").isEnabled()
    assert asking.form.trouble.isVisible()
    assert asking.form.destination.title.text() == folder.name
    assert "export-intended" not in recorded(full)
    monkeypatch.undo()
    choose(full, asking, out)
    assert not asking.form.trouble.isVisible()
    assert asking.sheet.button("save").isEnabled()


def test_locking_takes_the_sheet_away(full: RealDesk, out: Path) -> None:
    asking = ask(full, PHOTO)
    choose(full, asking, out)
    full.window.lock_wanted.emit()
    full.until(lambda: not full.jobs.busy())
    assert full.sheet() is None
    assert full.exporting.asking is None
    # The dialog for the folder was still open, and answers now.
    asking._look_at(out)
    full.until(lambda: not full.jobs.busy())
    assert list(out.iterdir()) == []


def test_a_slow_stick_does_not_answer_for_another_folder(
    full: RealDesk, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    exports = session_of(full).exports
    destination = exports.destination

    def slowly(chosen: list[ItemId], folder: Path) -> object:
        if folder == tmp_path:
            assert gate.wait(30)
        return destination(chosen, folder)

    monkeypatch.setattr(exports, "destination", slowly)
    asking = ask(full, PHOTO)
    asking._look_at(tmp_path)
    asking._look_at(out)
    full.until(lambda: asking.sheet.button("save").isEnabled())
    gate.set()
    full.until(lambda: not full.jobs.busy())
    asking.sheet.button("save").click()
    full.until(lambda: (out / "1.jpg").exists())
    assert not (tmp_path / "1.jpg").exists()
    full.settle()


def test_on_a_library_that_was_tampered_with_nothing_leaves(
    full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differs() -> None:
        raise Integrity("state-differs")

    asking = ask(full, PHOTO)
    monkeypatch.setattr(session_of(full).vault.catalog, "recompute", differs)
    save(full, asking, out)
    full.until(lambda: full.sheet() is not None)
    assert "changed from outside" in full.asked().accessibleName()
    assert list(out.iterdir()) == []


def test_without_the_note_in_the_password_store_it_asks_again(full: RealDesk, out: Path) -> None:
    asking = ask(full, PHOTO)
    full.memory.memory.broken = "keyring-hanging"
    save(full, asking, out)
    full.until(lambda: (sheet := full.sheet()) is not None and sheet is not asking.sheet)
    sheet = full.asked()
    assert sheet.accessibleName() == "Nothing was saved"
    assert sheet.button("close").hasFocus()
    assert list(out.iterdir()) == []
    sheet.answer("anyway")
    full.until(lambda: list(out.iterdir()))
    full.settle()


# --- not all of it leaves


def test_a_damaged_blob_never_leaves_and_is_named(full: RealDesk, out: Path) -> None:
    vault = session_of(full).vault
    path = vault.blobs.path(items.sealed(vault.catalog, names(full)[PHOTO]).id)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    asking = ask(full, PHOTO, "Waves.mp4")
    save(full, asking, out)
    full.until(lambda: any("1 item saved" in text for text in full.banners()))
    sheet = full.asked()
    assert sheet.accessibleName() == "1 item could not be saved"
    assert PHOTO in spoken(sheet)
    assert [one.name for one in out.iterdir()] == ["2.mp4"]


def spoken(sheet: object) -> str:
    from PySide6.QtWidgets import QLabel, QWidget

    assert isinstance(sheet, QWidget)
    return "\n".join(one.text() for one in sheet.findChildren(QLabel))


def test_what_has_no_clean_copy_leaves_only_by_a_second_act(
    full: RealDesk, folder: Path, out: Path
) -> None:
    asking = ask(full, BROKEN, PHOTO)
    choose(full, asking, out)
    assert "1 of these no clean copy" in asking.form.remark.words.text()
    assert asking.sheet.button("save").text() == "Save 1 photo"
    asking.sheet.button("save").click()
    full.until(lambda: full.sheet() is not None and full.exporting.asking is None)
    offer = full.asked()
    assert offer.accessibleName() == "1 item could not be copied cleanly"
    assert BROKEN in spoken(offer)
    assert offer.button("leave").hasFocus()
    assert [one.name for one in out.iterdir()] == ["2.jpg"]
    offer.answer("unchanged")
    full.until(lambda: full.exporting.asking is not None)
    again = full.exporting.asking
    assert again is not None
    full.until(lambda: again.sheet.button("save").isEnabled())
    assert again.form.original
    assert len(list(out.iterdir())) == 1, "seen first, and saved only then"
    again.sheet.button("save").click()
    full.until(lambda: (out / BROKEN).exists())
    assert (out / BROKEN).read_bytes() == (folder / BROKEN).read_bytes()
    full.settle()


def test_only_what_has_no_clean_copy_cannot_be_saved_as_one(full: RealDesk, out: Path) -> None:
    asking = ask(full, BROKEN)
    choose(full, asking, out)
    assert not asking.sheet.button("save").isEnabled()
    asking.form.form.set_value("original")
    assert asking.sheet.button("save").isEnabled()


def test_cancelled_in_the_middle(
    full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(full, PHOTO, "Waves.mp4")
    with held(full, monkeypatch, 2) as gate:
        save(full, asking, out)
        full.until(lambda: full.reached.is_set())  # pyright: ignore[reportAttributeAccessIssue]
        [panel] = full.window.findChildren(ProgressPanel)
        panel.cancel.click()
        gate.set()
        full.until(lambda: any(text.startswith("Stopped. 1 item") for text in full.banners()))
    assert [one.name for one in out.iterdir()] == ["1.jpg"]
    full.settle()
    finished = next(
        one for one in session_of(full).record.every() if one.kind.label == "export-finished"
    )
    assert {field.label: value for field, value in finished.values.items()}["result"] == "cancelled"


def test_locked_in_the_middle(full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = ask(full, PHOTO, "Waves.mp4")
    with held(full, monkeypatch, 2) as gate:
        save(full, asking, out)
        full.until(lambda: full.reached.is_set())  # pyright: ignore[reportAttributeAccessIssue]
        full.window.lock_wanted.emit()
        full.until(lambda: full.program.session is None)
        assert full.window.findChildren(ProgressPanel) == [] or not any(
            one.isVisible() for one in full.window.findChildren(ProgressPanel)
        )
        gate.set()
        full.until(lambda: not full.jobs.busy())
    assert [one.name for one in out.iterdir()] == ["1.jpg"], "whole copies, and no part of one"
    assert full.banners() == []


def test_the_folder_goes_in_the_middle(
    full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(full, PHOTO, "Waves.mp4", BROKEN)
    with held(full, monkeypatch, 1) as gate:
        save(full, asking, out)
        full.until(lambda: full.reached.is_set())  # pyright: ignore[reportAttributeAccessIssue]
        shutil.rmtree(out)
        gate.set()
        full.until(lambda: full.sheet() is not None)
    assert full.asked().accessibleName() == "That folder cannot be reached"
    assert not out.exists()
    full.settle()


def test_the_disk_is_full_in_the_middle(
    full: RealDesk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write_all = target.write_all

    def write(fd: int, data: bytes) -> None:
        written.append(fd)
        if (out / "1.jpg").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        write_all(fd, data)

    asking = ask(full, PHOTO, "Waves.mp4", "Paper boat.png")
    monkeypatch.setattr(target, "write_all", write)
    save(full, asking, out)
    full.until(lambda: full.sheet() is not None and full.exporting.asking is None)
    assert full.asked().accessibleName() == "The disk is full"
    assert any(text.startswith("Stopped. 1 item saved") for text in full.banners())
    assert [one.name for one in out.iterdir()] == ["1.jpg"]
    full.settle()


# --- what leaves is what was said


def test_a_clean_copy_says_nothing_of_what_the_table_names(full: RealDesk, out: Path) -> None:
    asking = ask(full, PHOTO)
    found = rows(asking)
    assert found["device"] == ("Lighttight Sample camera", "Removed")
    assert found["place"][1] == "Removed"
    assert found["files"] == (PHOTO, "1.jpg")
    spoken_rows = [one.accessibleName() for one in asking.form.findChildren(_Row)]
    assert "Device: Lighttight Sample camera in your library, Removed in the copies" in spoken_rows
    save(full, asking, out)
    full.until(lambda: any("saved to “For printing”" in text for text in full.banners()))
    [copy] = out.iterdir()
    assert copy.name == "1.jpg"
    assert b"Sample camera" not in copy.read_bytes()
    full.settle()


def test_names_can_be_kept_and_sides_be_smaller(full: RealDesk, out: Path) -> None:
    asking = ask(full, PHOTO)
    asking.form.names.click()
    asking.form.side.set_value("1280")
    assert rows(asking)["files"] == (PHOTO, "Stay as they are")
    save(full, asking, out)
    full.until(lambda: (out / PHOTO).exists())
    full.settle()
    intended = next(
        one for one in session_of(full).record.every() if one.kind.label == "export-intended"
    )
    assert "clean-1280" in intended.values.values()


def test_unchanged_says_what_it_reveals_and_is_unchanged(
    full: RealDesk, folder: Path, out: Path
) -> None:
    asking = ask(full, PHOTO)
    assert not asking.form.said.isVisible()
    asking.form.form.set_value("original")
    place = session_of(full).library.item(names(full)[PHOTO]).place
    assert place is not None
    said = asking.form.said.words.text()
    assert f"{abs(place.latitude):.2f}\u00a0N" in said
    assert "with Lighttight Sample camera" in said
    assert asking.sheet.button("save").look is Look.DANGER
    assert {there for _, there in rows(asking).values()} >= {"Stays inside", "Stay as they are"}
    save(full, asking, out)
    full.until(lambda: (out / PHOTO).exists())
    assert (out / PHOTO).read_bytes() == (folder / PHOTO).read_bytes()
    full.settle()


def test_a_copy_stands_in_the_inspector(full: RealDesk, out: Path) -> None:
    item = names(full)[PHOTO]
    full.exporting.export(Wish((item,), out))
    full.until(lambda: any("saved to" in text for text in full.banners()))
    full.window.shell.toolbar.details.setChecked(True)
    full.window.shell.library.grid.select(item)
    full.settle()
    data = full.window.shell.inspector._data
    assert data is not None
    [line] = data.copies
    assert line.title == "For printing"
    assert not line.wants_attention


def test_by_the_keyboard_alone(full: RealDesk, out: Path) -> None:
    window = full.window
    window.shell.library.grid.select(names(full)[PHOTO])
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    full.until(lambda: full.exporting.asking is not None)
    asking = full.exporting.asking
    assert asking is not None
    choose(full, asking, out)
    reached: list[str] = []
    for _ in range(12):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        now = window.focusWidget()
        assert now is not None
        assert asking.sheet.isAncestorOf(now)
        reached.append(now.accessibleName() or getattr(now, "text", lambda: "")())
    for wanted in ("Unchanged", "Clean copy", "Keep file names", "Choose…", "Save 1 photo"):
        assert wanted in reached or wanted == "Unchanged", reached
    QTest.keyClick(asking.sheet.button("cancel"), Qt.Key.Key_Return)
    full.settle()
    assert full.exporting.asking is None
