"""Which library and which way in; what is said once it is open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lighttight import settings
from tests.support.password_store import MemoryBackend
from tests.support.vaults import PASSPHRASE
from tests.unit.cli.conftest import Run, Terminal

WRONG = "another passphrase altogether"


@pytest.fixture
def by_passphrase(run: Run, path: Path, passphrase_file: Path, words_file: Path) -> Path:
    run(
        *("create", path, "--unlock", "passphrase", "--passphrase-file", passphrase_file),
        *("--recovery-out", words_file),
    ).ok()
    return path


@pytest.fixture
def by_pin(run: Run, path: Path, tmp_path: Path, words_file: Path) -> Path:
    (tmp_path / "pin").write_text("402971\n")
    run(
        *("create", path, "--unlock", "keyring+passphrase", "--passphrase-file", tmp_path / "pin"),
        *("--recovery-out", words_file),
    ).ok()
    return path


class TestWhichLibrary:
    def test_none_named_and_none_known(self, run: Run) -> None:
        ran = run("list", "--json")
        assert (ran.code, ran.error) == (2, "vault-not-named")

    def test_the_only_one_that_is_known(self, run: Run, library: Path) -> None:
        assert run("unlock", "--json").ok().document["vault"] == str(library)

    def test_two_known_are_not_guessed_between(
        self, run: Run, library: Path, tmp_path: Path
    ) -> None:
        run("create", tmp_path / "v2", "--unlock", "keyring", "--recovery-out", tmp_path / "w2")
        ran = run("list", "--json")
        assert (ran.code, ran.error) == (2, "vault-unclear")
        assert str(library) in ran.err
        assert run("list", "--vault", library).code == 0

    def test_by_variable(
        self, run: Run, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("LIGHTTIGHT_VAULT", str(tmp_path / "elsewhere"))
        assert run("list", "--json").error == "vault-missing"
        assert run("list", "--vault", library).code == 0

    def test_without_a_recent_list_nothing_is_remembered(self, run: Run, library: Path) -> None:
        settings.change(keep_recent=False)
        run("list", "--vault", library).ok()
        assert run("list", "--json").error == "vault-not-named"

    def test_settings_that_cannot_be_written_stop_nothing(
        self, run: Run, library: Path, own_settings: Path
    ) -> None:
        shutil.rmtree(own_settings)
        own_settings.write_text("in the way")
        ran = run("list", "--vault", library).ok()
        assert "recent" in ran.err

    def test_a_refused_opening_is_not_remembered(
        self, run: Run, by_passphrase: Path, tmp_path: Path
    ) -> None:
        settings.change(recent=())
        (tmp_path / "wrong").write_text(WRONG)
        run("list", "--vault", by_passphrase, "--passphrase-file", tmp_path / "wrong")
        assert settings.load().settings.recent == ()


class TestWhichWayIn:
    def test_nothing_given_and_nobody_to_ask(self, run: Run, by_passphrase: Path) -> None:
        ran = run("list", "--json")
        assert (ran.code, ran.error) == (2, "way-in-not-given")

    def test_both_given(self, run: Run, library: Path, words_file: Path) -> None:
        given = ("--words-file", words_file, "--passphrase-file", words_file)
        ran = run("list", "--json", *given)
        assert (ran.code, ran.error) == (2, "ways-in-both")

    def test_wrong_passphrase_is_refused_and_told(
        self, run: Run, by_passphrase: Path, passphrase_file: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "wrong").write_text(WRONG)
        ran = run("list", "--passphrase-file", tmp_path / "wrong", "--json")
        assert (ran.code, ran.error, ran.out) == (3, "did-not-open", "")
        again = run("list", "--passphrase-file", passphrase_file).ok()
        assert "1 failed try" in again.err
        assert run("list", "--passphrase-file", passphrase_file).ok().err == ""

    def test_one_click_asks_nothing(self, run: Run, library: Path, terminal: Terminal) -> None:
        terminal.there = True
        run("list").ok()
        assert terminal.asked == []

    @pytest.mark.parametrize("state", ["keyring-locked", "keyring-hanging", "keyring-absent"])
    def test_keyring_in_trouble_without_a_terminal(
        self, run: Run, library: Path, memory: MemoryBackend, state: str
    ) -> None:
        memory.broken = state
        ran = run("list", "--json")
        assert (ran.code, ran.error) == (4, state)

    def test_keyring_in_trouble_with_a_terminal_leads_to_the_words(
        self, run: Run, library: Path, memory: MemoryBackend, terminal: Terminal, words_file: Path
    ) -> None:
        memory.broken = "keyring-absent"
        words = " ".join(words_file.read_text().split()[1::2])
        terminal.types(words)
        ran = run("list").ok()
        assert "one-click opening is off" in ran.err
        assert "Recovery words" in terminal.asked[0]

    def test_passphrase_is_asked_for(
        self, run: Run, by_passphrase: Path, terminal: Terminal
    ) -> None:
        terminal.types(PASSPHRASE)
        run("list").ok()
        assert terminal.asked[0].startswith("Passphrase")

    def test_pin_is_asked_for(self, run: Run, by_pin: Path, terminal: Terminal) -> None:
        terminal.types("402971")
        run("list").ok()
        assert terminal.asked[0].startswith("PIN")

    def test_enter_leads_to_the_words(
        self, run: Run, by_pin: Path, terminal: Terminal, words_file: Path
    ) -> None:
        terminal.types("", " ".join(words_file.read_text().split()[1::2]))
        run("list").ok()

    def test_words_from_a_file(self, run: Run, by_pin: Path, words_file: Path) -> None:
        run("list", "--words-file", words_file).ok()


class TestOnceOpen:
    def test_older_library_is_refused_unless_asked(
        self, run: Run, library: Path, tmp_path: Path
    ) -> None:
        old = tmp_path / "old.lighttight"
        shutil.copytree(library, old)
        run("albums", "create", "Lake").ok()
        shutil.rmtree(library)
        old.rename(library)
        ran = run("list", "--json")
        assert (ran.code, ran.error) == (5, "vault-older")
        run("list", "--accept-older").ok()
        assert "older" in run("audit").ok().out

    def test_tampered_rows_are_shown_to_who_looks_and_stop_who_changes(
        self, run: Run, filled: list[str], library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from lighttight.errors import Integrity
        from lighttight.vault.catalog import Catalog

        def differs(catalog: Catalog) -> None:
            raise Integrity("state-differs")

        monkeypatch.setattr(Catalog, "recompute", differs)
        looked = run("list", "--json")
        assert (looked.code, looked.error, len(looked.lines)) == (5, "state-differs", 3)
        changed = run("favourite", filled[0], "--json")
        assert (changed.code, changed.error, changed.out) == (5, "state-differs", "")

    def test_folder_that_is_copied_elsewhere_is_told(
        self, run: Run, tmp_path: Path, words_file: Path
    ) -> None:
        (tmp_path / "Dropbox").mkdir()
        ran = run(
            *("create", tmp_path / "Dropbox" / "v", "--unlock", "keyring"),
            *("--recovery-out", words_file),
        ).ok()
        assert "Dropbox" in ran.err

    def test_missing_store_is_said_when_a_library_is_made_and_tried(
        self,
        run: Run,
        path: Path,
        memory: MemoryBackend,
        passphrase_file: Path,
        words_file: Path,
    ) -> None:
        memory.broken = "keyring-absent"
        by = ("--passphrase-file", passphrase_file)
        made = run("create", path, "--unlock", "passphrase", *by, "--recovery-out", words_file).ok()
        assert "no password store" in made.err
        assert "no password store" in run("unlock", *by).ok().err
        assert run("list", *by).ok().err == ""
