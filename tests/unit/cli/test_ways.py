"""Ways in: none is lost without having been said, and none stays that was taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.cli import asking
from lighttight.model import Factor, SlotId
from lighttight.session import SlotInfo
from tests.support.objects import flip
from tests.unit.cli.conftest import Run, Terminal

PIN = "402971"


@pytest.fixture
def pin_file(tmp_path: Path) -> Path:
    (tmp_path / "pin").write_text(PIN)
    return tmp_path / "pin"


@pytest.fixture
def two_ways(run: Run, library: Path, pin_file: Path) -> Path:
    """One click, and a PIN."""
    run("slots", "add", "keyring+passphrase", "--new-passphrase-file", pin_file).ok()
    return library


def ids(run: Run) -> dict[str, str]:
    return {"+".join(one["factors"]): one["id"] for one in run("slots", "--json").ok().lines}


def test_list_needs_no_key(run: Run, library: Path) -> None:
    before = library.joinpath("catalog.1.db").read_bytes()
    assert [one["factors"] for one in run("slots", "list", "--json").ok().lines] == [
        ["keyring"],
        ["recovery"],
    ]
    assert library.joinpath("catalog.1.db").read_bytes() == before


def test_short_pin_is_refused(run: Run, library: Path, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("12345")
    ran = run(
        *("slots", "add", "keyring+passphrase", "--json"),
        *("--new-passphrase-file", tmp_path / "short"),
    )
    assert (ran.code, ran.error) == (3, "pin-short")


def test_added_way_opens(run: Run, two_ways: Path, pin_file: Path) -> None:
    run("list", "--passphrase-file", pin_file).ok()
    assert "A way in was added" in run("audit").ok().out


class TestRemoving:
    def test_unknown(self, run: Run, two_ways: Path) -> None:
        assert run("slots", "remove", "ffffffff", "--json").error == "slot-unknown"

    def test_a_number_in_the_list_is_not_the_beginning_of_an_id(
        self, run: Run, two_ways: Path, tmp_path: Path
    ) -> None:
        before = ids(run)
        for wrong in (before["keyring"][0], before["keyring"][:3], "keyring", "%"):
            more = ("--drop-others", "--recovery-out", tmp_path / "new")
            ran = run("slots", "remove", wrong, "--json", *more)
            assert (ran.code, ran.error) == (3, "slot-unclear"), wrong
        assert ids(run) == before
        said = run("slots", "remove", "1").err
        assert "“1”" in said
        assert "lighttight slots list" in said

    def test_what_fits_two_is_refused(
        self, run: Run, two_ways: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = SlotInfo(SlotId("abcd0000" * 2), (Factor.KEYRING,), pin=False)
        two = SlotInfo(SlotId("abcd1111" * 2), (Factor.KEYRING,), pin=False)
        monkeypatch.setattr("lighttight.vault.vault.Vault.slots", (one, two))
        assert run("slots", "remove", "abcd", "--json").error == "slot-ambiguous"

    def test_the_words_stay(self, run: Run, two_ways: Path) -> None:
        recovery = ids(run)["recovery"]
        ran = run("slots", "remove", recovery, "--json")
        assert (ran.code, ran.error) == (3, "recovery-stays")
        assert "recovery" in ids(run)

    def test_what_goes_is_named_before_anything_is_asked(
        self, run: Run, two_ways: Path, terminal: Terminal
    ) -> None:
        keyring = ids(run)["keyring"]
        ran = run("slots", "remove", keyring[:4].upper())
        assert ran.code == 2
        assert f"To be removed: this computer’s password store ({keyring})" in ran.err

    def test_the_only_way_stays(self, run: Run, library: Path, tmp_path: Path) -> None:
        ran = run(
            *("slots", "remove", ids(run)["keyring"], "--json"),
            *("--recovery-out", tmp_path / "new"),
        )
        assert (ran.code, ran.error) == (3, "last-way-in")

    def test_a_way_that_was_not_presented_is_not_lost_silently(
        self, run: Run, two_ways: Path, tmp_path: Path, pin_file: Path
    ) -> None:
        keyring = ids(run)["keyring"]
        ran = run("slots", "remove", keyring, "--json", "--recovery-out", tmp_path / "new")
        assert (ran.code, ran.error) == (2, "slots-not-presented")
        run("list").ok()
        run("list", "--passphrase-file", pin_file).ok()
        assert not (tmp_path / "new").exists()

    def test_wrong_passphrase_changes_nothing(
        self, run: Run, two_ways: Path, tmp_path: Path, pin_file: Path
    ) -> None:
        (tmp_path / "wrong").write_text("402972")
        before = ids(run)
        ran = run(
            *("slots", "remove", before["keyring"], "--json"),
            *("--also-passphrase-file", tmp_path / "wrong", "--recovery-out", tmp_path / "new"),
        )
        assert (ran.code, ran.error) == (3, "did-not-open")
        assert ids(run) == before

    def test_removed_way_opens_nothing_and_the_other_does(
        self, run: Run, two_ways: Path, tmp_path: Path, pin_file: Path, words_file: Path
    ) -> None:
        ran = run(
            *("slots", "remove", ids(run)["keyring"], "--passphrase-file", pin_file),
            *("--recovery-out", tmp_path / "new", "--json"),
        ).ok()
        assert [len(ran.document["removed"]), ran.document["new_words"]] == [1, True]
        assert set(ids(run)) == {"keyring+passphrase", "recovery"}
        run("list", "--passphrase-file", pin_file).ok()
        assert run("list", "--words-file", words_file, "--json").error == "did-not-open"
        run("list", "--words-file", tmp_path / "new").ok()

    def test_words_that_were_given_stay(
        self, run: Run, two_ways: Path, pin_file: Path, words_file: Path
    ) -> None:
        run(
            *("slots", "remove", ids(run)["keyring"], "--words-file", words_file),
            *("--also-passphrase-file", pin_file),
        ).ok()
        run("list", "--words-file", words_file).ok()


class TestRotating:
    def test_words_into_a_pipe(self, run: Run, library: Path) -> None:
        ran = run("slots", "rotate", "--json")
        assert (ran.code, ran.error) == (2, "new-words-nowhere")

    def test_what_is_advised_for_keeping_the_words_works(
        self, run: Run, two_ways: Path, pin_file: Path, words_file: Path
    ) -> None:
        rotate = ("slots", "rotate")
        said = run(*rotate, "--passphrase-file", pin_file).err
        assert "--words-file FILE instead of --passphrase-file" in said
        assert "--also-passphrase-file FILE" in said
        run(*rotate, "--words-file", words_file, "--also-passphrase-file", pin_file).ok()
        run("list", "--words-file", words_file).ok()
        run("list", "--passphrase-file", pin_file).ok()

    def test_everything_is_renewed(
        self, run: Run, library: Path, tmp_path: Path, words_file: Path
    ) -> None:
        before = ids(run)
        run("slots", "rotate", "--recovery-out", tmp_path / "new").ok()
        assert not set(before.values()) & set(ids(run).values())
        run("list").ok()
        run("list", "--words-file", tmp_path / "new").ok()
        assert run("list", "--words-file", words_file).code == 3

    def test_new_words_that_were_not_repeated_change_nothing(
        self,
        run: Run,
        library: Path,
        terminal: Terminal,
        words_file: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(asking, "is_shown", lambda: True)
        before = ids(run)
        terminal.types("wrong")
        assert run("slots", "rotate").code == 3
        assert ids(run) == before
        run("list", "--words-file", words_file).ok()

    def test_words_file_of_a_rotation_that_failed_is_taken_back(
        self, run: Run, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from lighttight.errors import Environment
        from lighttight.vault import rotation

        def full(*arguments: object) -> None:
            raise Environment("disk-full")

        monkeypatch.setattr(rotation, "_copy_catalog", full)
        ran = run("slots", "rotate", "--recovery-out", tmp_path / "new", "--json")
        assert (ran.code, ran.error) == (4, "disk-full")
        assert not (tmp_path / "new").exists()

    def test_asked_way_may_be_let_go(
        self, run: Run, two_ways: Path, terminal: Terminal, words_file: Path
    ) -> None:
        terminal.types("")
        ran = run("slots", "rotate", "--words-file", words_file).ok()
        assert "Removed: this computer’s password store and a PIN" in ran.out
        assert set(ids(run)) == {"keyring", "recovery"}


def test_unlock_tells_and_locks(run: Run, library: Path) -> None:
    ran = run("unlock", "--json").ok()
    assert ran.document["items"] == 0
    assert ran.document["failed_tries"] == 0
    assert "0 items" in run("unlock").ok().out


@pytest.mark.parametrize("named", ["", " "])
def test_a_way_in_without_a_number_is_not_looked_for(run: Run, library: Path, named: str) -> None:
    ran = run("slots", "remove", named, "--vault", library, "--json")
    assert (ran.code, ran.error) == (2, "slot-not-named")


class TestSealingAgain:
    @pytest.fixture
    def rotated(self, run: Run, filled: list[str], tmp_path: Path) -> list[str]:
        ran = run("slots", "rotate", "--recovery-out", tmp_path / "new").ok()
        assert "lighttight slots seal-again" in ran.out
        return filled

    def blobs(self, library: Path) -> set[str]:
        return {one.name for one in library.glob("blobs/*/*")}

    def test_nothing_to_do(self, run: Run, filled: list[str], library: Path) -> None:
        before = self.blobs(library)
        document = run("slots", "seal-again", "--json").ok().document
        assert document == {"sealed": 0, "damaged": [], "waiting": 0, "previews": True}
        assert self.blobs(library) == before

    def test_everything(self, run: Run, rotated: list[str], library: Path) -> None:
        before = self.blobs(library)
        ran = run("slots", "seal-again", "--json").ok()
        assert ran.document == {"sealed": 3, "damaged": [], "waiting": 0, "previews": True}
        assert len(self.blobs(library)) == 3
        assert not before & self.blobs(library)
        assert run("verify", "--deep", "--json").ok().document["orphans"] == 0
        assert "Everything was sealed again: 3 items" in run("audit").ok().out
        assert "has a key from after" in run("slots", "seal-again").ok().out

    def test_stopped_and_gone_on_with(
        self, run: Run, rotated: list[str], library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from lighttight.errors import Cancelled
        from lighttight.library.resealing import Resealing

        seal, sealed = Resealing._seal, list[object]()

        def once(self, old, progress):
            if sealed:
                raise Cancelled
            sealed.append(old)
            return seal(self, old, progress)

        with monkeypatch.context() as patch:
            patch.setattr(Resealing, "_seal", once)
            assert run("slots", "seal-again").code == 130
        ran = run("list", "--json").ok()
        assert "sealing-unfinished" in ran.err
        assert "2 items to go" in ran.err
        assert run("slots", "seal-again", "--json").ok().document["sealed"] == 2
        assert "sealing-unfinished" not in run("list", "--json").ok().err

    def test_damage_is_named(self, run: Run, rotated: list[str], library: Path) -> None:
        flip(min(library.glob("blobs/*/*")))
        ran = run("slots", "seal-again", "--json")
        assert (ran.code, ran.error) == (5, "verified-damaged")
        assert ran.document["sealed"] == 2
        assert set(ran.document["damaged"]) < set(rotated)
        assert run("list").code == 0
