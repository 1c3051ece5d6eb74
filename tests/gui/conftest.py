"""Pages are tested without a screen, and without a word from Qt's media back end.

Set before Qt is loaded, so that `pytest tests/gui` alone behaves as the session does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from tests.gui.desks import RealDesk

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false")

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lighttight.ui import words
from lighttight.ui.focus import FocusFollower
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import Scheme, theme


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Qt says because there is no display, no sound and no graphics card here."""
    usual = ("This plugin does not support", "PulseAudio", "No RHI backend")
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            own = [arg for mark in item.iter_markers("qt_log_ignore") for arg in mark.args]
            item.add_marker(pytest.mark.qt_log_ignore(*usual, *own), append=False)


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> QApplication:
    """The application as it starts: language, theme, focus ring."""
    words.install_language(qapp)
    theme().install(qapp)
    theme().set_scheme(Scheme.DARK)
    follower = FocusFollower(qapp)
    assert follower.parent() is qapp
    return qapp


@pytest.fixture
def still(dressed: QApplication) -> Iterator[None]:
    """Nothing moves: for tests that look at what is there at once."""
    theme().set_reduced_motion(True)
    yield
    theme().set_reduced_motion(None)


class Presented(list[BaseException]):
    """What the one presenter was given."""


@pytest.fixture
def presented() -> Presented:
    return Presented()


@pytest.fixture
def jobs(dressed: QApplication, qtbot: QtBot, presented: Presented) -> Iterator[Jobs]:
    """A bridge of its own; a test that leaves an error unread fails."""
    made = Jobs(presented.append, io_workers=3)
    yield made
    ended = made.shutdown(5)
    dressed.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert ended
    assert presented == []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test's own: libraries are made in it, settings are kept in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LIGHTTIGHT_HOME", str(tmp_path / "settings"))
    return folder


@pytest.fixture
def desk(dressed: QApplication, still: None, home: Path) -> Iterator[RealDesk]:
    """The whole window on a real engine, at its first page."""
    from tests.gui import desks

    with desks.desk(dressed) as made:
        made.begin()
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a person drops in: two pictures, a video, a broken picture, and a text."""
    from lighttight.session.demo import samples
    from tests.support import media_files

    folder = tmp_path / "phone"
    folder.mkdir()
    for sample in samples():
        (folder / sample.name).write_bytes(sample.data)
    (folder / "broken.jpg").write_bytes(media_files.jpeg()[:300])
    (folder / "notes.txt").write_text("not a picture")
    return folder
