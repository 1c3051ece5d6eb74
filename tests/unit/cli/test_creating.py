"""Making a library: nothing is made where the words would go nowhere, or the way in is weak."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.cli import asking
from lighttight.cli.creating import QUESTION, WARNING
from lighttight.errors import Environment
from tests.support.password_store import MemoryBackend
from tests.support.vaults import PASSPHRASE
from tests.unit.cli.conftest import Run, Terminal


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal."""
    monkeypatch.setattr(asking, "is_shown", lambda: True)


class TestRefused:
    @pytest.mark.parametrize("more", [[], ["--json"]])
    def test_words_into_a_pipe(self, run: Run, path: Path, more: list[str]) -> None:
        ran = run("create", path, "--unlock", "keyring", *more)
        assert ran.code == 2
        assert not path.exists()

    @pytest.mark.usefixtures("shown")
    def test_words_into_a_document(self, run: Run, path: Path) -> None:
        ran = run("create", path, "--unlock", "keyring", "--json")
        assert (ran.code, ran.error) == (2, "recovery-nowhere")
        assert not path.exists()

    def test_no_way_chosen_and_nobody_to_ask(self, run: Run, path: Path, words_file: Path) -> None:
        ran = run("create", path, "--recovery-out", words_file, "--json")
        assert (ran.code, ran.error) == (2, "unlock-not-chosen")
        assert not path.exists()

    def test_passphrase_missing_and_nobody_to_ask(
        self, run: Run, path: Path, words_file: Path
    ) -> None:
        ran = run("create", path, "--unlock", "passphrase", "--recovery-out", words_file, "--json")
        assert (ran.code, ran.error) == (2, "new-passphrase-missing")

    def test_words_never_over_a_file(self, run: Run, path: Path, words_file: Path) -> None:
        words_file.write_text("mine")
        ran = run("create", path, "--unlock", "keyring", "--recovery-out", words_file, "--json")
        assert (ran.code, ran.error) == (3, "path-exists")
        assert words_file.read_text() == "mine"
        assert not path.exists()

    def test_words_never_into_the_library(self, run: Run, path: Path) -> None:
        path.mkdir()
        ran = run("create", path, "--unlock", "keyring", "--recovery-out", path / "words", "--json")
        assert (ran.code, ran.error) == (3, "folder-inside")

    def test_words_into_a_folder_that_is_not_there(
        self, run: Run, path: Path, tmp_path: Path
    ) -> None:
        ran = run(
            *("create", path, "--unlock", "keyring", "--json"),
            *("--recovery-out", tmp_path / "not" / "there"),
        )
        assert (ran.code, ran.error) == (3, "words-folder-missing")
        assert not path.exists()

    @pytest.mark.parametrize("place", ["/proc/x", "/proc/x/y", "long"])
    def test_a_place_that_takes_no_folder(
        self, run: Run, tmp_path: Path, words_file: Path, place: str
    ) -> None:
        path = tmp_path / ("x" * 300) if place == "long" else Path(place)
        more = ("--unlock", "keyring", "--recovery-out", words_file)
        ran = run("create", path, *more, "--json")
        assert (ran.code, ran.error) == (4, "place-impossible")
        assert not words_file.exists()

    def test_a_name_for_the_words_that_is_too_long(
        self, run: Run, path: Path, tmp_path: Path
    ) -> None:
        more = ("--unlock", "keyring", "--recovery-out", tmp_path / ("x" * 300))
        ran = run("create", path, *more, "--json")
        assert (ran.code, ran.error) == (4, "place-impossible")
        assert not path.exists()

    @pytest.mark.parametrize("place", ["/proc/x", "long"])
    def test_a_demo_where_nothing_can_be_made(self, run: Run, tmp_path: Path, place: str) -> None:
        path = tmp_path / ("x" * 300) if place == "long" else Path(place)
        ran = run("demo", "--keep", path, "--json")
        assert (ran.code, ran.error) == (4, "place-impossible")

    def test_weak_passphrase(self, run: Run, path: Path, tmp_path: Path, words_file: Path) -> None:
        (tmp_path / "weak").write_text("password1")
        more = ("--passphrase-file", tmp_path / "weak", "--recovery-out", words_file)
        ran = run("create", path, "--unlock", "passphrase", *more, "--json")
        assert (ran.code, ran.error) == (3, "passphrase-weak")
        assert not path.exists()
        run("create", path, "--unlock", "passphrase", *more, "--allow-weak").ok()
        audit = run("audit", "--passphrase-file", tmp_path / "weak").ok().out
        assert "could be guessed" in audit

    def test_something_is_there_already(self, run: Run, path: Path, words_file: Path) -> None:
        path.mkdir()
        (path / "holiday.jpg").write_bytes(b"mine")
        ran = run("create", path, "--unlock", "keyring", "--recovery-out", words_file, "--json")
        assert (ran.code, ran.error) == (3, "path-exists")
        assert not words_file.exists()

    def test_inside_another_library(
        self, run: Run, library: Path, words_file: Path, tmp_path: Path
    ) -> None:
        before, words = sorted(library.rglob("*")), tmp_path / "other words"
        more = ("--unlock", "keyring", "--recovery-out", words, "--json")
        ran = run("create", library / "blobs" / "zz", *more)
        assert (ran.code, ran.error) == (3, "place-inside")
        assert sorted(library.rglob("*")) == before
        assert not words.exists()

    def test_keyring_in_trouble(
        self, run: Run, path: Path, words_file: Path, memory: MemoryBackend
    ) -> None:
        memory.broken = "keyring-locked"
        ran = run("create", path, "--unlock", "keyring", "--recovery-out", words_file, "--json")
        assert (ran.code, ran.error) == (4, "keyring-locked")
        assert not path.exists()
        assert not words_file.exists()

    def test_words_that_could_not_be_saved_are_said_to_be_lost(
        self, run: Run, path: Path, words_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*arguments: object) -> None:
            raise Environment("disk-full")

        monkeypatch.setattr("lighttight.sharing.egress.create_exclusively", full)
        ran = run("create", path, "--unlock", "keyring", "--recovery-out", words_file)
        assert ran.code == 4
        assert "slots rotate" in ran.err
        run("list", "--vault", path).ok()

    @pytest.mark.usefixtures("shown")
    def test_three_different_pairs_of_passphrases(
        self, run: Run, path: Path, terminal: Terminal
    ) -> None:
        terminal.types("1", "2", "3", "4", "5", "6")
        ran = run("create", path, "--unlock", "passphrase")
        assert ran.code == 3
        assert not path.exists()


class TestMade:
    def test_words_are_in_a_file_for_the_owner_alone(
        self, run: Run, path: Path, words_file: Path
    ) -> None:
        ran = run(
            *("create", path, "--unlock", "keyring", "--name", "Mine", "--json"),
            *("--recovery-out", words_file),
        ).ok()
        assert ran.document == {
            "vault": str(path),
            "id": ran.document["id"],
            "name": "Mine",
            "recovery_out": str(words_file),
        }
        assert words_file.stat().st_mode & 0o777 == 0o600
        assert len(words_file.read_text().splitlines()) == 24
        assert "saved to a file" in run("audit").ok().out

    @pytest.mark.usefixtures("shown")
    def test_words_are_shown_once_and_recorded(
        self, run: Run, path: Path, terminal: Terminal
    ) -> None:
        ran = run("create", path, "--unlock", "keyring").ok()
        assert WARNING in ran.out
        assert "shown on the screen" in run("audit").ok().out
        words = [part for line in ran.out.splitlines()[2:8] for part in line.split()[1::2]]
        terminal.types(" ".join(words))
        run("recover", "--confirm").ok()

    @pytest.mark.usefixtures("shown")
    @pytest.mark.parametrize(
        ("answers", "factors"),
        [(["1"], ["keyring"]), (["x", "0", "2", "402971", "402971"], ["keyring", "passphrase"])],
    )
    def test_the_question_decides(
        self,
        run: Run,
        path: Path,
        terminal: Terminal,
        answers: list[str],
        factors: list[str],
    ) -> None:
        terminal.types(*answers)
        ran = run("create", path).ok()
        assert QUESTION in ran.err
        assert run("slots", "--json").lines[0]["factors"] == factors

    def test_one_click_without_a_store_says_what_to_choose(
        self, run: Run, path: Path, memory: MemoryBackend, words_file: Path
    ) -> None:
        memory.broken = "keyring-absent"
        more = ("--unlock", "keyring", "--recovery-out", words_file)
        ran = run("create", path, *more, "--json")
        assert (ran.code, ran.error) == (4, "create-without-store")
        assert "--unlock passphrase" in ran.err
        assert not path.exists()

    @pytest.mark.usefixtures("shown")
    def test_without_a_store_the_question_leads_to_a_passphrase(
        self, run: Run, path: Path, terminal: Terminal, memory: MemoryBackend
    ) -> None:
        memory.broken = "keyring-absent"
        terminal.types("1", PASSPHRASE, PASSPHRASE)
        ran = run("create", path).ok()
        assert "no password store" in ran.err
        assert run("slots", "--json").lines[0]["factors"] == ["passphrase"]


class TestRecover:
    def test_words_are_needed(self, run: Run, library: Path) -> None:
        ran = run("recover", "--json")
        assert (ran.code, ran.error) == (2, "way-in-not-given")

    def test_wrong_words(self, run: Run, library: Path, tmp_path: Path) -> None:
        (tmp_path / "wrong").write_text("lamp lake boat")
        ran = run("recover", "--words-file", tmp_path / "wrong")
        assert ran.code == 3
        assert "word" in ran.err

    def test_confirming_is_remembered(self, run: Run, library: Path, words_file: Path) -> None:
        assert not run("unlock", "--json").document["recovery_confirmed"]
        run("recover", "--words-file", words_file, "--confirm").ok()
        assert run("unlock", "--json").document["recovery_confirmed"]

    def test_a_new_way_in_after_the_keyring_was_wiped(
        self, run: Run, library: Path, words_file: Path, memory: MemoryBackend
    ) -> None:
        memory.items.clear()
        assert run("list", "--json").error == "keyring-stale"
        run("recover", "--words-file", words_file, "--unlock", "keyring").ok()
        run("list").ok()
