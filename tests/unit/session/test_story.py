"""The record by pages, as sentences: what is settled, what is not, and what it adds up to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lighttight.audit import record
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.session import Session
from lighttight.session.story import WEEKS, Show
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

ITEMS = tuple(sorted(ItemId(os.urandom(16).hex()) for _ in range(5)))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(make_vault(tmp_path / "v.lighttight", MemoryStore()).vault) as session:
        yield session


def append(session: Session, kind: EntryKind, fields: dict[Field, Value]) -> int:
    with session.vault.transaction() as tx:
        return record.append(tx, kind, fields)


def intend(session: Session, *items: ItemId, place: str = "/media/usb") -> int:
    fields: dict[Field, Value] = {
        Field.ITEMS: tuple(sorted(items)),
        Field.PATH: place,
        Field.FORM: "original",
        Field.SCREEN: "test",
    }
    return append(session, EntryKind.EXPORT_INTENDED, fields)


def finish(session: Session, intent: int, count: int = 1) -> int:
    fields: dict[Field, Value] = {
        Field.INTENT: intent,
        Field.RESULT: "done",
        Field.COUNT: count,
    }
    return append(session, EntryKind.EXPORT_FINISHED, fields)


def at(session: Session, moment: datetime) -> None:
    session.vault.catalog._now_ms = lambda: round(moment.timestamp() * 1000)


class TestUnanswered:
    def test_until_its_outcome_is_read(self, session: Session) -> None:
        intent = intend(session, ITEMS[0])
        [line, *_] = session.story.page(Show.LEFT).lines
        assert (line.sequence, line.unanswered, line.place) == (intent, True, "/media/usb")
        assert [one.sequence for one in session.story.unanswered().lines] == [intent]
        finish(session, intent)
        [line, *_] = session.story.page(Show.LEFT).lines
        assert (line.sequence, line.unanswered) == (intent, False)
        assert session.story.unanswered().lines == ()

    def test_an_outcome_pages_away_counts(self, session: Session) -> None:
        intent = intend(session, ITEMS[0])
        for _ in range(20):
            append(session, EntryKind.SETTING_CHANGED, {Field.SETTING: "x"})
        finish(session, intent)
        page = session.story.page(Show.EVERYTHING, limit=5)
        while page.before is not None:
            page = session.story.page(Show.EVERYTHING, before=page.before, limit=5)
            for line in page.lines:
                assert not line.unanswered
        assert session.story.summary(datetime.now(UTC)).unanswered == 0

    @pytest.mark.parametrize("some", [True, False])
    def test_until_the_owner_looked(self, session: Session, some: bool) -> None:
        intent = intend(session, ITEMS[0])
        assert session.story.summary(datetime.now(UTC)).unanswered == 1
        session.record.look_into(intent, some=some)
        assert session.story.summary(datetime.now(UTC)).unanswered == 0
        line = next(one for one in session.story.page().lines if one.sequence == intent)
        assert not line.unanswered
        assert ("found some" in line.sentence) is some

    def test_not_while_it_is_under_way(self, session: Session) -> None:
        intent = intend(session, ITEMS[0])
        session.egress.running.add(intent)
        [line, *_] = session.story.page(Show.LEFT).lines
        assert not line.unanswered
        assert line.sentence == "You are saving 1 original to “usb”."
        assert session.story.unanswered().lines == ()


class TestOfOnePicture:
    def test_ids_that_only_touch_are_not_it(self, session: Session) -> None:
        """The end of one id and the beginning of the next make the bytes of a third."""
        first, second = ItemId("00" * 8 + "aa" * 8), ItemId("bb" * 8 + "cc" * 8)
        between = ItemId("aa" * 8 + "bb" * 8)
        intend(session, first, second)
        assert session.record.about(between) == []
        assert len(session.record.about(second)) == 1

    def test_all_pages_and_nothing_else(self, session: Session) -> None:
        wanted: list[int] = []
        for number in range(12):
            item = ITEMS[number % 3]
            intent = intend(session, item, ITEMS[4])
            finish(session, intent)
            if item == ITEMS[1]:
                wanted.append(intent)
        found: list[int] = []
        before: int | None = None
        while True:
            page = session.story.page(Show.EVERYTHING, item=ITEMS[1], before=before, limit=3)
            found += [line.sequence for line in page.lines]
            if page.before is None:
                break
            before = page.before
        assert found == wanted[::-1]

    def test_the_kind_still_counts(self, session: Session) -> None:
        intend(session, ITEMS[0])
        append(session, EntryKind.TRASHED, {Field.ITEMS: (ITEMS[0],)})
        kinds = [one.kind for one in session.story.page(Show.LEFT, item=ITEMS[0]).lines]
        assert kinds == ["export-intended"]


def test_every_kind_is_in_some_filter() -> None:
    from lighttight.session.story import _KINDS

    parts = (Show.LEFT, Show.OPENINGS, Show.PICTURES, Show.PROTECTION)
    together = [kind for show in parts for kind in _KINDS[show]]
    assert len(together) == len(set(together)), "in one only"
    assert set(together) == set(EntryKind) - {EntryKind.EXPORT_FINISHED}
    assert _KINDS[Show.USUAL] < _KINDS[Show.EVERYTHING]


class TestSummary:
    def test_of_a_new_library(self, session: Session) -> None:
        summary = session.story.summary(datetime.now(UTC))
        assert summary.checked is None
        assert summary.copies == summary.unanswered == 0
        assert summary.holders == ()
        assert [week.copies for week in summary.weeks] == [0] * WEEKS

    def test_what_was_damaged_is_not_sound(self, session: Session) -> None:
        fields: dict[Field, Value] = {Field.FORM: "record", Field.RESULT: "damaged"}
        append(session, EntryKind.VERIFIED, fields)
        checked = session.story.summary(datetime.now(UTC)).checked
        assert checked is not None
        assert checked.damage == 1
        session.care.verify_record()
        checked = session.story.summary(datetime.now(UTC)).checked
        assert checked is not None
        assert checked.damage == 0

    def test_weeks_are_those_of_the_zone(self, session: Session) -> None:
        """Monday 00:30 in Berlin is still Sunday in UTC; and the clocks changed on 25 October."""
        berlin = ZoneInfo("Europe/Berlin")
        at(session, datetime(2026, 10, 26, 0, 30, tzinfo=berlin))
        finish(session, intend(session, ITEMS[0], ITEMS[1]), 2)
        at(session, datetime(2026, 10, 19, 0, 30, tzinfo=berlin))
        finish(session, intend(session, ITEMS[2]))
        summary = session.story.summary(datetime(2026, 11, 1, 12, tzinfo=berlin))
        found = {week.begins.isoformat(): week.copies for week in summary.weeks if week.copies}
        assert found == {"2026-10-19": 1, "2026-10-26": 2}

    def test_copies_of_long_ago_are_with_their_holder_only(self, session: Session) -> None:
        now = datetime(2026, 11, 16, 12, tzinfo=UTC)
        at(session, now - timedelta(weeks=40))
        finish(session, intend(session, ITEMS[0], place="/old"))
        at(session, now)
        finish(session, intend(session, ITEMS[0], ITEMS[1], place="/new"), 2)
        summary = session.story.summary(now)
        assert [week.copies for week in summary.weeks if week.copies] == [2]
        assert [(one.place, one.copies) for one in summary.holders] == [("/new", 2), ("/old", 1)]
        assert summary.copies == 2, "one picture in two places is one picture"
