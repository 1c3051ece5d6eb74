"""*What left*: damage goes first, what is unanswered stays, after locking nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from unittest import mock

import pytest
from PySide6.QtCore import QModelIndex, Qt, QUrl
from PySide6.QtGui import QAccessible, QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from lighttight.audit import record as records
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.session import Offer, RecordReport, Session, open_session
from lighttight.session.story import Line
from lighttight.ui.controllers.telling import PAGE
from lighttight.ui.pages.left import LeftPage
from lighttight.ui.widgets.sheet import Sheet
from lighttight.ui.widgets.story import DayRow, EntryRow, StoryModel, rows_of
from lighttight.ui.widgets.text import Text
from lighttight.ui.widgets.weeks import Bar, WeekChart, scale
from lighttight.vault.checking import Damage
from tests.gui.desks import RealDesk


@pytest.fixture
def full(desk: RealDesk, folder: Path) -> RealDesk:
    desk.create()
    desk.bring_in(folder)
    return desk


def session(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def go(desk: RealDesk) -> LeftPage:
    desk.window.place_chosen.emit("left")
    return settled(desk)


def settled(desk: RealDesk) -> LeftPage:
    desk.settle()
    page = desk.telling.page
    desk.until(lambda: not desk.jobs.busy() and not page.story.pictures_pending())
    return page


def again(desk: RealDesk) -> LeftPage:
    """As when another process had changed the library."""
    desk.program.changed.emit()
    desk.until(lambda: not desk.telling._later.isActive())
    return settled(desk)


def intend(desk: RealDesk, count: int = 2, place: str = "/media/usb") -> int:
    """An act that stopped in between: its outcome is never written."""
    items = tuple(sorted(ItemId(one) for one in desk.ids()[:count]))
    fields = {
        Field.ITEMS: items,
        Field.PATH: place,
        Field.FORM: "original",
        Field.SCREEN: "test",
    }
    with session(desk).vault.transaction() as tx:
        return records.append(tx, EntryKind.EXPORT_INTENDED, fields)


def words_of(sheet: Sheet) -> list[str]:
    return [part.text() for part in sheet.findChildren(Text)]


def saved(desk: RealDesk, count: int, folder: Path) -> None:
    items = [ItemId(one) for one in desk.ids()[:count]]
    session(desk).egress.export_originals(items, folder, screen="test")


def sentences(page: LeftPage) -> list[str]:
    return [line.sentence for line in page.story.story.lines()]


class TestDamage:
    def test_a_failed_check_turns_red_and_goes_first(self, full: RealDesk) -> None:
        page = go(full)

        with session(full).vault.transaction() as tx:
            tx.record(
                EntryKind.VERIFIED,
                {Field.FORM: "record", Field.RESULT: "damaged", Field.COUNT: 1},
            )
        page = again(full)
        assert page.broken.isVisible()
        assert "missing or changed" in page.broken.words.text()
        assert not page.check_words.isVisible()
        assert page.broken.mapTo(page, page.broken.rect().topLeft()).y() < page.check.y()

    def test_what_the_check_finds_is_said(self, full: RealDesk) -> None:
        page = go(full)
        care = session(full).care
        damaged = RecordReport(3, (Damage("entry-forged"),))

        def verify(*_: object, **__: object) -> RecordReport:
            with session(full).vault.transaction() as tx:
                tx.record(
                    EntryKind.VERIFIED,
                    {Field.FORM: "record", Field.RESULT: "damaged", Field.COUNT: 1},
                )
            return damaged

        with mock.patch.object(care, "verify_record", verify):
            page.check.click()
            assert not page.check.isEnabled(), "not twice at once"
            page = settled(full)
        assert page.check.isEnabled()
        assert page.broken.isVisible()

    def test_a_record_that_cannot_be_read_says_so_and_can_be_tried_again(
        self, full: RealDesk
    ) -> None:
        from lighttight.errors import Environment

        with mock.patch.object(
            session(full).story, "page", side_effect=Environment("workers-hanging")
        ):
            page = go(full)
            assert page.stack.currentWidget() is page.trouble
        if sheet := full.sheet():
            sheet.answer("close")
        page.trouble.acted.emit()
        page = settled(full)
        assert sentences(page)


class TestLocking:
    def test_locked_while_loading(self, full: RealDesk) -> None:
        full.window.place_chosen.emit("left")
        full.window.lock_wanted.emit()
        full.until(lambda: full.program.session is None and not full.jobs.busy())
        page = full.telling.page
        assert sentences(page) == []
        assert page.since.text() == ""

    def test_nothing_stays(self, full: RealDesk, tmp_path: Path) -> None:
        saved(full, 3, tmp_path)
        intend(full)
        page = go(full)
        assert page.story.cards()
        page.grab()
        settled(full)
        assert len(page.story._held)
        full.window.lock_wanted.emit()
        full.until(lambda: full.program.session is None)
        assert sentences(page) == []
        assert page.story.cards() == []
        assert len(page.story._held) == 0
        assert page.chart.accessibleDescription() == "No copy left in these weeks."
        assert page._holders.isEmpty()
        assert full.browsing.remarks == []


class TestUnanswered:
    def test_stays_framed_until_it_is_answered(self, full: RealDesk) -> None:
        intend(full)
        page = go(full)
        [card] = page.story.cards()
        assert "Some may be there" in card.words.text()
        assert page.look.isVisible()
        page = again(full)
        assert len(page.story.cards()) == 1

    @pytest.mark.parametrize(("answer", "left"), [("none", 0), ("some", 2)])
    def test_both_answers(self, full: RealDesk, answer: str, left: int) -> None:
        intent = intend(full)
        page = go(full)
        page.story.cards()[0].checked.click()
        full.asked().answer(answer)
        settled(full)
        full.until(lambda: not page.story.cards())
        newest = session(full).record.entries(limit=1)[0]
        assert newest.kind is EntryKind.LOOKED_INTO
        assert newest.values == {Field.INTENT: intent, Field.RESULT: answer}
        full.until(lambda: not page.look.isVisible())
        assert session(full).story.summary(datetime.now(UTC)).copies == left

    def test_leaving_it_open_writes_nothing(self, full: RealDesk) -> None:
        intend(full)
        page = go(full)
        size = session(full).record.entries(limit=1)[0].sequence
        page.story.cards()[0].checked.click()
        full.asked().answer("later")
        settled(full)
        assert session(full).record.entries(limit=1)[0].sequence == size
        assert page.story.cards()

    def test_the_folder_is_shown(self, full: RealDesk, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[QUrl] = []
        monkeypatch.setattr(QDesktopServices, "openUrl", shown.append)
        intend(full, place="/media/usb")
        go(full).story.cards()[0].folder.click()
        assert [one.toLocalFile() for one in shown] == ["/media/usb"]

    def test_what_is_under_way_is_not_called_stopped(self, full: RealDesk) -> None:
        intent = intend(full)
        session(full).egress.running.add(intent)
        page = go(full)
        assert page.story.cards() == []
        assert sentences(page)[0] == "You are saving 2 originals to “usb”."

    def test_the_buttons_are_reached_by_the_keyboard(self, full: RealDesk) -> None:
        intend(full)
        [card] = go(full).story.cards()
        for button in (card.folder, card.checked):
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert "Some may be there" in card.accessibleName()

    def test_return_goes_to_the_buttons(self, full: RealDesk) -> None:
        intend(full)
        page = go(full)
        full.window.activateWindow()
        page.story.setFocus()
        QTest.keyClick(page.story, Qt.Key.Key_Return)
        assert full.window.focusWidget() is page.story.cards()[0].folder


class TestVeiled:
    def veil(self, desk: RealDesk, item: ItemId) -> None:
        albums = session(desk).library.albums
        private = albums.create("Private")
        albums.add(private, [item])
        albums.veil(private, on=True)
        desk.program.changed.emit()
        desk.settle()
        desk.until(lambda: item in desk.program.sources.veiled)

    def test_its_pictures_are_never_asked_for(self, full: RealDesk, tmp_path: Path) -> None:
        item = ItemId(full.ids()[0])
        self.veil(full, item)
        saved(full, 3, tmp_path)
        page = go(full)
        page.grab()
        settled(full)
        assert page.story._held.get(item) is None
        others = [ItemId(one) for one in full.ids()[1:3]]
        assert all(page.story._held.get(one) is None for one in others) is False

    def test_before_it_is_known_which_are_veiled_none_is_shown(
        self, full: RealDesk, tmp_path: Path
    ) -> None:
        saved(full, 3, tmp_path)
        overview, full.browsing.overview = full.browsing.overview, None
        page = go(full)
        page.grab()
        assert len(page.story._held) == 0
        full.browsing.overview = overview


class TestThePage:
    def test_a_new_library_has_a_beginning(self, desk: RealDesk) -> None:
        desk.create()
        page = go(desk)
        assert sentences(page)[-1].startswith("You made this library")
        assert page.nobody.isVisible()
        assert "Not checked yet" in page.check_words.text()

    def test_a_filter_that_finds_nothing_says_so(self, desk: RealDesk) -> None:
        desk.create()
        page = go(desk)
        page.filter_wanted.emit("pictures")
        page = settled(desk)
        assert page.stack.currentWidget() is page.empty

    def test_only_what_left(self, full: RealDesk, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        session(full).egress.export_originals([ItemId(full.ids()[0])], out, screen="test")
        page = go(full)
        page.filter_wanted.emit("left")
        page = settled(full)
        assert sentences(page)[0] == "You saved 1 original to “out”."
        assert not any("opened" in one for one in sentences(page))
        assert page.chart.accessibleDescription().endswith(": 1")
        assert not page.nobody.isVisible()

    def test_from_the_inspector_about_one_picture(self, full: RealDesk, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        item, other = (ItemId(one) for one in full.ids()[:2])
        session(full).egress.export_originals([item], out, screen="test")
        session(full).egress.export_originals([other], out, screen="test")
        full.window.shell.toolbar.details.setChecked(True)
        full.window.shell.library.grid.select(item)
        full.settle()
        inspector = full.window.shell.inspector
        full.until(lambda: not inspector.nowhere.isVisible())
        inspector.all.click()
        page = settled(full)
        full.until(lambda: "Any picture" not in page.picture.text())
        page = settled(full)
        lines = page.story.story.lines()
        assert [line.kind for line in lines] == ["export-intended", "imported"]
        page.any_picture_wanted.emit()
        assert len(settled(full).story.story.lines()) > 2

    def test_the_inspector_hears_of_another_process(self, full: RealDesk, tmp_path: Path) -> None:
        item = ItemId(full.ids()[0])
        full.window.shell.toolbar.details.setChecked(True)
        full.window.shell.library.grid.select(item)
        full.settle()
        inspector = full.window.shell.inspector
        full.until(inspector.nowhere.isVisible)
        full.program._look_for_changes()
        full.settle()
        path = session(full).vault.path
        with open_session(path, Offer(), full.store) as other:
            other.egress.export_originals([item], tmp_path, screen="elsewhere")
        full.program._look_for_changes()
        full.until(lambda: not inspector.nowhere.isVisible())
        assert inspector.count.text() == "1"

    def test_a_check_says_when_it_was(self, full: RealDesk) -> None:
        page = go(full)
        page.check.click()
        page = settled(full)
        full.until(lambda: page.check_words.text().startswith("Checked today"))
        assert page.check_words.text().endswith("Nothing missing or changed.")
        assert not page.broken.isVisible()

    def test_a_proof_file(self, full: RealDesk, tmp_path: Path) -> None:
        go(full)
        path = tmp_path / "proof.zip"
        full.telling.make_proof(full.telling._asked, path)
        full.until(path.exists)
        assert "The proof file is made" in words_of(full.asked())

    def test_what_is_said_of_a_row_names_its_day(self, full: RealDesk) -> None:
        page = go(full)
        story = page.story.story
        place = next(n for n, row in enumerate(story.rows()) if isinstance(row, EntryRow))
        said = story.data(story.index(place), Qt.ItemDataRole.AccessibleTextRole)
        assert said is not None
        assert said.startswith("Today, ")
        assert not story.flags(story.index(0)), "the day above is passed over"
        named = [
            part
            for part in page.findChildren(QAbstractButton)
            if not QAccessible.queryAccessibleInterface(part).text(QAccessible.Text.Name)
        ]
        assert named == []


class TestLong:
    def test_read_by_pages(self, desk: RealDesk) -> None:
        desk.create()
        with session(desk).vault.transaction() as tx:
            for _ in range(3 * PAGE):
                tx.record(EntryKind.LOCKED, {Field.REASON: "idle"})
        page = go(desk)
        page.filter_wanted.emit("everything")
        page = settled(desk)
        story = page.story.story
        assert len(story.lines()) == PAGE
        story.fetchMore(QModelIndex())
        settled(desk)
        desk.until(lambda: len(story.lines()) == 2 * PAGE)
        numbers = [line.sequence for line in story.lines()]
        assert numbers == sorted(numbers, reverse=True)
        assert len(set(numbers)) == len(numbers)

    def test_where_one_reads_stays_when_something_happens(self, desk: RealDesk) -> None:
        desk.create()
        with session(desk).vault.transaction() as tx:
            for _ in range(PAGE):
                tx.record(EntryKind.LOCKED, {Field.REASON: "idle"})
        page = go(desk)
        page.filter_wanted.emit("everything")
        page = settled(desk)
        bar = page.story.verticalScrollBar()
        bar.setValue(600)
        top = page.story._line_at_top()
        with session(desk).vault.transaction() as tx:
            tx.record(EntryKind.LOCKED, {Field.REASON: "suspend"})
        page = again(desk)
        assert "went to sleep" in sentences(page)[0]
        assert page.story._line_at_top() == top


# ---- without an engine ---------------------------------------------------------------------------

TODAY = date(2026, 11, 16)


def at(year: int, month: int, day: int, hour: int) -> int:
    return round(datetime(year, month, day, hour).astimezone().timestamp() * 1000)


LINE = Line(1, "locked", 0, "You locked the library.")


def days(rows: list[DayRow | EntryRow]) -> list[str]:
    return [row.words for row in rows if isinstance(row, DayRow)]


def say(day: str) -> str:
    return f"Today, {day}"


def test_a_time_that_no_calendar_has() -> None:
    assert days(rows_of([replace(LINE, time=1 << 62)], TODAY, say)) == ["–"]


def test_a_clock_that_was_set_back_makes_a_day_come_twice() -> None:
    times = [at(2026, 11, 16, 9), at(2026, 11, 15, 9), at(2026, 11, 16, 8)]
    rows = rows_of([replace(LINE, time=one) for one in times], TODAY, say)
    assert days(rows) == [
        "Today, Monday 16 November",
        "Sunday 15 November",
        "Today, Monday 16 November",
    ]


def test_a_day_that_goes_on_in_the_next_page_has_one_heading() -> None:
    model = StoryModel()
    model.today = lambda: TODAY
    lines = [replace(LINE, sequence=9 - n, time=at(2026, 11, 16, 9 - n)) for n in range(4)]
    model.set_lines(lines[:2], more=True)
    model.add_lines(lines[2:], more=False)
    rows = list(model.rows())
    assert len(days(rows)) == 1
    entries = [row for row in rows if isinstance(row, EntryRow)]
    assert [(row.first, row.last) for row in entries] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]


@pytest.mark.parametrize("highest", [0, 1, 4, 5, 9, 78, 1000, 4097])
def test_the_highest_bar_is_within_the_scale(highest: int) -> None:
    assert scale(highest) >= highest
    assert scale(highest) % 4 == 0
    assert highest <= 4 or scale(highest) <= 5 * highest


def test_the_chart_is_read_aloud() -> None:
    chart = WeekChart()
    chart.set_bars([Bar(date(2026, 11, 9), 0), Bar(date(2026, 11, 16), 64)])
    assert chart.accessibleDescription() == "week of 16 Nov: 64"
