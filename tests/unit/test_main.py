"""The first door: what answers without a window, a display or a heavy import."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lighttight import __main__, __version__


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lighttight", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def imported(result: subprocess.CompletedProcess[str]) -> set[str]:
    lines = result.stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_without_a_screen_one_line_points_at_the_demo() -> None:
    result = run()
    said = [line for line in result.stderr.splitlines() if not line.startswith("import time:")]
    assert result.returncode == 4
    assert result.stdout == ""
    assert len(said) == 1
    assert "lighttight demo" in said[0]
    assert not {name for name in imported(result) if name.startswith("PySide6")}


def test_version_answers_without_loading_the_program() -> None:
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout == f"lighttight {__version__}\n"
    ours = {name for name in imported(result) if name.startswith("lighttight")}
    assert ours <= {"lighttight", "lighttight.__main__"}
    assert not imported(result) & {"PySide6", "typer", "rich", "cryptography", "keyring", "numpy"}


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`LIGHTTIGHT` in the line is the program."""
    program = f"{shlex.quote(sys.executable)} -m lighttight"
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("LIGHTTIGHT", program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", ["--version", "--help", "list --help"])
@pytest.mark.parametrize("closed", [">&-", "<&- >&-", "<&- >&- 2>&-", "2>&-"])
def test_closed_streams_are_no_trouble(arguments: str, closed: str) -> None:
    result = shell(f"LIGHTTIGHT {arguments} {closed}")
    assert (result.returncode, result.stderr) == (0, "")


def test_with_its_streams_closed_an_error_keeps_its_exit_code(tmp_path: Path) -> None:
    result = shell(
        f"LIGHTTIGHT list --vault {tmp_path / 'nothing'} <&- >&- 2>&-",
        LIGHTTIGHT_HOME=str(tmp_path / "home"),
    )
    assert result.returncode == 3


@pytest.mark.parametrize("arguments", ["--version", "--help", "audit --help"])
def test_a_full_disk_takes_no_answer(arguments: str) -> None:
    result = shell(f"LIGHTTIGHT {arguments} >/dev/full")
    assert result.returncode == 4
    assert len(result.stderr.splitlines()) == 1
    assert "LT-" not in result.stderr


def test_closed_input_holds_no_passphrase(tmp_path: Path) -> None:
    home, words = tmp_path / "home", tmp_path / "words"
    result = shell(
        f"LIGHTTIGHT create {tmp_path / 'v'} --unlock passphrase --passphrase-file -"
        f" --recovery-out {words} <&-",
        LIGHTTIGHT_HOME=str(home),
    )
    assert result.returncode == 3
    assert "Standard input" in result.stderr
    assert not words.exists()


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    held = (
        "import os; from lighttight.__main__ import main; main(['--version']);"
        "raise SystemExit(os.open(os.devnull, os.O_RDONLY))"
    )
    result = shell(f"{shlex.quote(sys.executable)} -c {shlex.quote(held)} <&- >&- 2>&-")
    assert result.returncode == 3


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_a_screen_is_found(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not __main__._has_screen()
    monkeypatch.setenv(variable, "x")
    assert __main__._has_screen()
