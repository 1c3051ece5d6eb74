"""The real program with a real password store and a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.keyring_daemon import KeyringDaemon
from tests.support.program import Program


@pytest.fixture
def program(secret_service: KeyringDaemon, tmp_path: Path) -> Program:
    return Program(
        {
            "DBUS_SESSION_BUS_ADDRESS": secret_service.bus_address,
            "LIGHTTIGHT_HOME": str(tmp_path / "lighttight-home"),
        }
    )


@pytest.fixture
def library(program: Program, tmp_path: Path) -> Path:
    """A new library that opens with one click."""
    path = tmp_path / "Home.lighttight"
    words = tmp_path / "words"
    program("create", path, "--unlock", "keyring", "--recovery-out", words).ok()
    return path
