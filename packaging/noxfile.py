"""The sessions of the test-suite; `packaging/test` sets up and runs them.

Everything runs in the checkout's own `.venv`, which `packaging/setup` filled from the lock file,
so that a session never installs anything. Below the window the suite runs without the pytest
plug-in for Qt: those tests have to pass where PySide6 is missing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent.parent
PYTHON_FILES = ["app", "tests", "packaging/noxfile.py"]

nox.needs_version = ">=2025.10"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["check", "test", "gui"]
nox.options.stop_on_first_error = False


def python(session: nox.Session, *arguments: str, **environment: str) -> None:
    session.chdir(ROOT)
    session.run(sys.executable, *arguments, env=environment, external=True)


@nox.session
def check(session: nox.Session) -> None:
    """Style, types, and the direction of imports."""
    python(session, "-m", "ruff", "check", *PYTHON_FILES)
    python(session, "-m", "ruff", "format", "--check", *PYTHON_FILES)
    # The wrapper would ask the package index for a newer version of itself.
    python(session, "-m", "pyright", PYRIGHT_PYTHON_IGNORE_WARNINGS="1")
    session.run("lint-imports", "--no-cache", external=True)


@nox.session
def test(session: nox.Session) -> None:
    """Everything below the window."""
    python(
        session,
        *("-m", "pytest", "-p", "no:pytest-qt", "-n", "2", "--dist", "worksteal"),
        *("-m", "not campaign", "--ignore=tests/gui", "--ignore=tests/benchmarks"),
        *session.posargs,
    )


@nox.session
def gui(session: nox.Session) -> None:
    """The window, page by page, without a screen."""
    python(
        session,
        *("-m", "pytest", "tests/gui", *session.posargs),
        QT_QPA_PLATFORM="offscreen",
        QT_LOGGING_RULES="qt.multimedia.*=false",
    )


@nox.session
def faults(session: nox.Session) -> None:
    """The whole campaigns of kills, full disks and flipped bits: many minutes."""
    python(
        session,
        *("-m", "pytest", "-p", "no:pytest-qt", "-n", "2", "--dist", "worksteal"),
        *("tests/faults", "--timeout=3600", *session.posargs),
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Speed and memory, measured beside other programs; never part of a test.

    The peers are not set up: on Debian `apt-get install age rclone gocryptfs fuse3`. One that is
    missing is named in the table.
    """
    python(session, "-m", "tests.benchmarks", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """A wheel in dist/, made with the locked build tools."""
    python(session, "-m", "hatchling", "build", "-t", "wheel", "-d", os.fspath(ROOT / "dist"))
