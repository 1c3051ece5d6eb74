"""The record as sentences: every kind has one, whatever was erased, in the order of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from lighttight.cli.record import since_when
from lighttight.model import AlbumId, ItemId
from lighttight.session import Entry, EntryKind, Field, Value
from lighttight.session.sentences import Narrator
from tests.unit.cli.conftest import Run

NOW = datetime(2026, 10, 4, 12, 0, tzinfo=UTC)
ITEMS = (ItemId("0" * 32), ItemId("1" * 32), ItemId("2" * 32))
NO_SENTENCE_ALONE = EntryKind.EXPORT_FINISHED


def entry(kind: EntryKind, values: dict[Field, Value] | None = None, sequence: int = 7) -> Entry:
    return Entry(sequence, kind, 0, values or {}, frozenset())


def told(*entries: Entry, albums: dict[AlbumId, str] | None = None) -> list[str | None]:
    narrator = Narrator(entries, albums or {})
    return [narrator.sentence(one) for one in entries]


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_has_a_sentence_even_with_everything_erased(kind: EntryKind) -> None:
    [sentence] = told(entry(kind))
    assert sentence is not None
    assert sentence.endswith(".")
    assert sentence != f"{kind.label}."
    assert "None" not in sentence
    assert "{" not in sentence


class TestWhatLeft:
    intended = entry(
        EntryKind.EXPORT_INTENDED,
        {Field.ITEMS: ITEMS, Field.PATH: "/media/usb", Field.FORM: "original"},
        3,
    )

    def finished(self, result: str, count: int) -> Entry:
        values: dict[Field, Value] = {
            Field.INTENT: 3,
            Field.RESULT: result,
            Field.COUNT: count,
        }
        return entry(EntryKind.EXPORT_FINISHED, values, 4)

    def test_saved(self) -> None:
        assert told(self.intended, self.finished("done", 3)) == [
            "You saved 3 originals to /media/usb.",
            None,
        ]

    def test_may_have_left(self) -> None:
        [sentence] = told(self.intended)
        assert sentence is not None
        assert "Count all 3 as sent" in sentence

    @pytest.mark.parametrize("result", ["failed", "cancelled"])
    def test_partly(self, result: str) -> None:
        sentence, nothing = told(self.intended, self.finished(result, 1))
        assert nothing is None
        assert sentence is not None
        assert "1 of them left" in sentence

    def test_end_without_its_beginning_is_told(self) -> None:
        [sentence] = told(self.finished("done", 3))
        assert sentence == "Saving ended: 3 copies left the library."


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("favourite", "yes", "You marked 3 items as favourites."),
        ("favourite", "no", "You marked 3 items as no favourites any more."),
        ("tags", "+lake", "You tagged 3 items “lake”."),
        ("tags", "-lake", "You took the tag “lake” off 3 items."),
        ("album", "+" + "a" * 32, "You put 3 items into the album “Sea”."),
        ("album", "-" + "b" * 32, "You took 3 items out of an album."),
        ("caption", "private", "You wrote a caption for 3 items."),
        ("something newer", "x", "You changed 3 items."),
    ],
)
def test_edits(setting: str, value: str, sentence: str) -> None:
    edited = entry(
        EntryKind.EDITED, {Field.ITEMS: ITEMS, Field.SETTING: setting, Field.VALUE: value}
    )
    assert told(edited, albums={AlbumId("a" * 32): "Sea"}) == [sentence]


def test_failed_tries_are_told() -> None:
    [sentence] = told(
        entry(EntryKind.UNLOCKED, {Field.FACTORS: "keyring+passphrase", Field.COUNT: 2})
    )
    assert sentence == (
        "The library was opened with this computer’s password store and a passphrase or PIN."
        " 2 failed tries came before."
    )


@pytest.mark.parametrize("text", ["yesterday", "7", "7y", "", "2026-13-01", "0000-01-01"])
def test_unclear_time(text: str, run: Run, library: Path) -> None:
    ran = run("audit", "--since", text, "--json")
    assert (ran.code, ran.error) == (2, "time-unclear")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-10-01T08:00:00Z", datetime(2026, 10, 1, 8, tzinfo=UTC)),
        ("2026-10-01T08:00:00+02:00", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        ("2026-10-01", datetime(2026, 10, 1).astimezone()),
    ],
)
def test_clear_time(text: str, moment: datetime) -> None:
    assert since_when(text, NOW) == round(moment.timestamp() * 1000)


def test_documents_are_whole_and_in_order(run: Run, filled: list[str], tmp_path: Path) -> None:
    run("export", filled[0], "--original", "--to", tmp_path).ok()
    lines = run("audit", "--json").ok().lines
    assert [line["sequence"] for line in lines] == list(range(len(lines)))
    assert all(
        list(line) == ["sequence", "kind", "time", "sentence", "values", "erased"] for line in lines
    )
    left = next(line for line in lines if line["kind"] == "export-intended")
    assert left["values"]["items"] == [filled[0]]
    assert left["sentence"] == f"You saved 1 original to {tmp_path}."
    unlocked = [line for line in lines if "date" in line["values"]]
    assert datetime.fromisoformat(unlocked[-1]["values"]["date"]).tzinfo is not None


def test_newest_are_shown_last_and_the_rest_is_mentioned(run: Run, filled: list[str]) -> None:
    out = run("audit", "--limit", "2").ok().out.splitlines()
    assert len(out) == 3
    assert "opened" in out[1]
    assert "--limit 0" in out[2]
    assert "--limit 0" not in run("audit", "--limit", "0").ok().out


def test_what_was_deleted_for_good_has_no_name_any_more(run: Run, filled: list[str]) -> None:
    run("purge", filled[0], "--yes").ok()
    out = run("audit").ok().out
    assert "a.jpg" not in out
    assert "b.jpg" in out
    assert "later deleted for good" in out
    erased = [line for line in run("audit", "--json").ok().lines if line["erased"]]
    assert erased


class TestLooked:
    @pytest.mark.parametrize("said", [[], ["--none", "--some"]])
    def test_has_to_be_clear(self, said: list[str], run: Run, library: Path) -> None:
        ran = run("audit", "looked", "3", *said, "--json")
        assert (ran.code, ran.error) == (2, "looked-unclear")

    def test_what_began_nothing(self, run: Run, library: Path) -> None:
        ran = run("audit", "looked", "0", "--none", "--json")
        assert (ran.code, ran.error) == (3, "intent-unknown")

    def test_what_ended(self, run: Run, filled: list[str], tmp_path: Path) -> None:
        run("export", filled[0], "--original", "--to", tmp_path).ok()
        lines = run("audit", "--json").ok().lines
        [began] = [one["sequence"] for one in lines if one["kind"] == "export-intended"]
        ran = run("audit", "looked", str(began), "--none", "--json")
        assert (ran.code, ran.error) == (3, "intent-settled")

    def test_sentences_go_by_it(self) -> None:
        for result, said in (("none", "none was there"), ("some", "count all 3 as sent")):
            sentence, looked = told(
                TestWhatLeft.intended,
                entry(EntryKind.LOOKED_INTO, {Field.INTENT: 3, Field.RESULT: result}),
            )
            assert sentence is not None
            assert said in sentence
            assert looked is not None


class TestProofFile:
    def test_nothing_to_prove(self, run: Run, library: Path, tmp_path: Path) -> None:
        out = ("--out", tmp_path / "p.zip", "--json")
        assert run("audit", "pack", "--since", "2999-01-01", *out).error == "proof-nothing"
        assert run("audit", "pack", "--item", "0" * 32, *out).error == "proof-nothing"
        assert run("audit", "pack", "--hide", "colour", *out).error == "field-unknown"
        assert run("audit", "pack", "--out", "", "--json").error == "path-empty"
        assert not (tmp_path / "p.zip").exists()

    def test_about_one_item(self, run: Run, filled: list[str], tmp_path: Path) -> None:
        run("export", filled[0], "--original", "--to", tmp_path).ok()
        made = run(
            "audit", "pack", "--out", tmp_path / "p.zip", "--item", filled[0], "--hide", "path",
            "--json",
        ).ok().lines[0]  # fmt: skip
        assert list(made) == ["path", "entries", "sha256", "identity", "verifier"]
        # Imported, on its way out, and out.
        assert made["entries"] == 3
        assert sha256((tmp_path / "p.zip").read_bytes()).hexdigest() == made["sha256"]
        [line] = [one for one in run("audit", "--json").ok().lines if one["kind"] == "proof-made"]
        assert line["sentence"] == (
            f"You saved a proof file about 3 entries to {tmp_path / 'p.zip'}."
        )

    def test_never_over_anything(self, run: Run, library: Path, tmp_path: Path) -> None:
        (tmp_path / "p.zip").write_text("mine")
        ran = run("audit", "pack", "--out", tmp_path / "p.zip", "--json")
        assert (ran.code, ran.error) == (3, "path-exists")
        assert (tmp_path / "p.zip").read_text() == "mine"
