"""What every test stands on: a private home, no session bus but its own, and a real keyring.

No test ever sees the home, the settings, the display or the password store of the person who runs
the tests. A test that needs a password store asks for `secret_service` (healthy) or
`breakable_secret_service` (put right again after the test).
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.availability import needs_programs
from tests.support.keyring_daemon import PROGRAMS, KeyringDaemon

PRIVATE_FOLDERS = {
    "HOME": "home",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "XDG_CACHE_HOME": "cache",
    "XDG_RUNTIME_DIR": "runtime",
    "LIGHTTIGHT_HOME": "lighttight",
}
OF_THE_PERSON = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "GNOME_KEYRING_CONTROL",
    "LIGHTTIGHT_VAULT",
    "PYTHON_KEYRING_BACKEND",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    # Below the window the plug-in for Qt is not loaded, and its options would be unknown.
    if not pluginmanager.has_plugin("pytest-qt"):
        for option in ("qt_api", "qt_log_level_fail"):
            parser.addini(option, "of pytest-qt, which is not loaded")


@pytest.fixture(scope="session")
def short_directory() -> Iterator[Path]:
    """A folder with a short name (sockets allow 107 bytes), mode 700, gone after the session."""
    directory = Path(tempfile.mkdtemp(prefix="lt-"))
    yield directory
    # A test may have taken a folder's write permission; that must not leave litter.
    for folder, names, _ in os.walk(directory):
        for name in names:
            with suppress(OSError):
                (Path(folder) / name).chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """A shell that starts the tests in the background has them, and all children, ignore these."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def private_home(short_directory: Path) -> Iterator[Path]:
    """HOME, the XDG folders and LIGHTTIGHT_HOME in a temporary folder; no display, no bus."""
    base = short_directory / "p"
    with pytest.MonkeyPatch.context() as patch:
        for variable, name in PRIVATE_FOLDERS.items():
            folder = base / name
            folder.mkdir(mode=0o700, parents=True)
            patch.setenv(variable, str(folder))
        for variable in OF_THE_PERSON:
            patch.delenv(variable, raising=False)
        yield base


@pytest.fixture(scope="session")
def keyring_daemon(short_directory: Path) -> Iterator[KeyringDaemon]:
    """One daemon for each worker. Tests take one of the two fixtures below instead."""
    needs_programs(*PROGRAMS)
    with KeyringDaemon(short_directory / "k") as daemon:
        yield daemon


@pytest.fixture
def secret_service(keyring_daemon: KeyringDaemon, monkeypatch: pytest.MonkeyPatch) -> KeyringDaemon:
    """A running, unlocked password store; the environment points at it during the test.

    What a test stores stays for the next one in the same worker: use names of your own.
    """
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", keyring_daemon.bus_address)
    return keyring_daemon


@pytest.fixture
def breakable_secret_service(secret_service: KeyringDaemon) -> Iterator[KeyringDaemon]:
    """The same, for tests that lock, hang, remove or wipe it: empty and healthy afterwards."""
    try:
        yield secret_service
    finally:
        secret_service.wipe()
