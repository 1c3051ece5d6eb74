"""The first door: what answers without a window, a display or a heavy import."""

from __future__ import annotations

import os
import subprocess
import sys

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


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_a_screen_is_found(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not __main__._has_screen()
    monkeypatch.setenv(variable, "x")
    assert __main__._has_screen()
