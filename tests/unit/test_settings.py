"""Machine settings: never in the way, never destroyed, never more than they should say."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from lighttight import settings
from lighttight.errors import Environment, LighttightError
from lighttight.settings import Loaded, Settings, Theme, Trouble, Window, change, load

DAMAGED = [b"{", b"", b"\xff\xfe\x00", b"[]", b"null", b'"x"', b'{"theme": "da', b"[" * 100_000]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "lighttight home"
    monkeypatch.setenv("LIGHTTIGHT_HOME", str(home))
    return home


@pytest.fixture
def file(home: Path) -> Path:
    home.mkdir(mode=0o700)
    return home / "settings.json"


def test_nothing_there_is_no_trouble(home: Path) -> None:
    assert load() == Loaded(Settings(), None)
    assert not home.exists()


@pytest.mark.parametrize("content", [*DAMAGED, b" " * (settings.LONGEST + 1)])
def test_damaged_is_kept_aside_and_said(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    loaded = load()
    assert loaded.settings == Settings()
    assert loaded.trouble is not None
    assert loaded.trouble.kind == "damaged"
    assert loaded.trouble.kept is not None
    assert loaded.trouble.kept.read_bytes() == content
    assert load() == Loaded(), "said once"
    file.write_bytes(content)
    again = load().trouble
    assert again is not None
    assert again.kept != loaded.trouble.kept, "the first one would be lost"
    assert loaded.trouble.kept.read_bytes() == content


@pytest.mark.parametrize("content", DAMAGED)
def test_writing_does_not_destroy_what_is_damaged(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert change(theme=Theme.DARK).theme is Theme.DARK
    (aside,) = file.parent.glob("settings.damaged-*")
    assert aside.read_bytes() == content


def test_damaged_where_nothing_can_be_moved(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"{")

    def fail(*args: object) -> Path:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "rename", fail)
    assert load() == Loaded(Settings(), Trouble("damaged", kept=None))
    assert file.read_bytes() == b"{"


def test_unreadable_is_said_and_not_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('{"theme": "dark"}')
    real = os.open

    def denied(path: Path, flags: int, mode: int = 0o777) -> int:
        if path == file and flags & os.O_ACCMODE == os.O_RDONLY:
            raise PermissionError(13, "no")
        return real(path, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", denied)
        assert load() == Loaded(Settings(), Trouble("unreadable"))
        with pytest.raises(Environment, match="not-writable"):
            change(theme=Theme.LIGHT)
    assert file.read_text() == '{"theme": "dark"}'


def test_a_pipe_does_not_stop_the_start(file: Path) -> None:
    os.mkfifo(file)
    assert load() == Loaded(Settings(), Trouble("unreadable"))
    with pytest.raises(LighttightError, match="file-not-regular"):
        change(theme=Theme.DARK)


def test_a_newer_versions_settings_survive(file: Path) -> None:
    newer = {
        "theme": "sepia",
        "window": {"x": 1, "y": 2, "width": 3, "height": 4, "screen": "left"},
        "grid": {"rows": 7},
        "export_folder": 12,
    }
    file.write_text(json.dumps(newer))
    loaded = load()
    assert loaded.trouble == Trouble("not-understood", names=("export_folder", "theme"))
    assert loaded.settings == Settings(window=Window(1, 2, 3, 4))
    change(keep_recent=True)
    after = json.loads(file.read_text())
    assert after.pop("keep_recent") is True
    assert after == newer
    change(theme=Theme.LIGHT)
    after = json.loads(file.read_text())
    assert after["theme"] == "light"
    assert after["grid"] == {"rows": 7}


def test_what_another_process_changed_survives(file: Path) -> None:
    change(theme=Theme.DARK)
    seen = load().settings
    other = json.loads(file.read_text())
    other["export_folder"] = "/media/stick"
    file.write_text(json.dumps(other))
    after = change(window=Window(0, 0, 1280, 800, maximised=True))
    assert seen.export_folder is None
    assert after == Settings(
        theme=Theme.DARK,
        window=Window(0, 0, 1280, 800, maximised=True),
        export_folder="/media/stick",
    )
    assert load() == Loaded(after)


def test_what_is_no_setting_is_refused(file: Path) -> None:
    with pytest.raises(TypeError):
        change(passphrase="secret")  # type: ignore[call-arg]
    assert not file.exists()


class TestRecent:
    def test_the_last_opened_comes_first_and_once(self, home: Path) -> None:
        for name in ("a", "b", "a"):
            settings.remember_vault(Path("/pictures") / name)
        assert load().settings.recent == ("/pictures/a", "/pictures/b")
        settings.forget_vault(Path("/pictures/a"))
        assert load().settings.recent == ("/pictures/b",)

    def test_only_so_many(self, home: Path) -> None:
        for number in range(settings.MOST_RECENT + 5):
            settings.remember_vault(Path(f"/pictures/{number}"))
        recent = load().settings.recent
        assert len(recent) == settings.MOST_RECENT
        assert recent[0] == f"/pictures/{settings.MOST_RECENT + 4}"

    def test_switched_off_leaves_no_trace(self, home: Path) -> None:
        settings.remember_vault(Path("/pictures/private"))
        change(keep_recent=False)
        settings.remember_vault(Path("/pictures/private"))
        change(recent=("/pictures/private",), export_folder="/x")
        assert load().settings.recent == ()
        for entry in home.rglob("*"):
            assert "private" not in entry.name
            assert entry.is_dir() or b"private" not in entry.read_bytes()

    @pytest.mark.parametrize("kept", [True, False])
    def test_that_there_was_one_is_remembered_either_way(self, kept: bool) -> None:
        assert not change(keep_recent=kept).used
        assert settings.remember_vault(Path("/pictures/private")).used
        assert load().settings.used

    def test_an_old_list_is_not_shown_either(self, file: Path) -> None:
        file.write_text('{"keep_recent": false, "recent": ["/pictures/private"]}')
        assert load().settings.recent == ()


class TestPlaces:
    def test_the_folder_is_private(self, home: Path) -> None:
        change(theme=Theme.DARK)
        assert home.stat().st_mode & 0o777 == 0o700
        assert (home / "settings.json").stat().st_mode & 0o777 == 0o600
        assert settings.state_directory() == home / "state"
        assert (home / "state").stat().st_mode & 0o777 == 0o700

    def test_a_folder_that_the_person_named_is_left_as_it_is(self, home: Path) -> None:
        home.mkdir(mode=0o755)
        home.chmod(0o755)
        change(theme=Theme.DARK)
        assert home.stat().st_mode & 0o777 == 0o755

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have other places")
    def test_the_systems_own_places(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LIGHTTIGHT_HOME", "")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        (tmp_path / "config" / "lighttight").mkdir(parents=True)
        (tmp_path / "config" / "lighttight").chmod(0o755)
        change(theme=Theme.DARK)
        assert load().settings.theme is Theme.DARK
        assert settings.config_directory() == tmp_path / "config" / "lighttight"
        assert settings.config_directory().stat().st_mode & 0o777 == 0o700
        assert settings.state_directory() == tmp_path / "state" / "lighttight"

    def test_a_file_kept_elsewhere_and_linked_here(self, file: Path, tmp_path: Path) -> None:
        real = tmp_path / "dotfiles.json"
        real.write_text('{"theme": "dark"}')
        file.symlink_to(real)
        assert load().settings.theme is Theme.DARK
        change(theme=Theme.LIGHT)
        assert file.is_symlink()
        assert json.loads(real.read_text()) == {"theme": "light"}

    def test_a_place_that_cannot_be_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("LIGHTTIGHT_HOME", str(tmp_path / "file" / "in it"))
        assert load().settings == Settings()
        with pytest.raises(Environment, match="folder-gone"):
            change(theme=Theme.DARK)


def test_what_another_changes_meanwhile_is_not_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = settings.write_durably
    other = threading.Thread(target=change, kwargs={"theme": Theme.DARK})

    def meanwhile(path: Path, data: bytes) -> None:
        if other.ident is None:
            other.start()
            other.join(0.3)
        write(path, data)

    change(used=True)
    monkeypatch.setattr(settings, "write_durably", meanwhile)
    settings.remember_vault(home / "A.lighttight")
    other.join()
    found = load().settings
    assert found.theme is Theme.DARK
    assert found.recent == (str(home / "A.lighttight"),)


def test_a_lock_that_nobody_lets_go_of_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "WAIT", 0.05)
    home.mkdir()
    with FileLock(home / settings.LOCK), pytest.raises(Environment, match="settings-busy"):
        change(theme=Theme.DARK)
    assert change(theme=Theme.DARK).theme is Theme.DARK
