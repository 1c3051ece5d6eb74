"""Pages are tested without a screen, and without a word from Qt's media back end.

Set before Qt is loaded, so that `pytest tests/gui` alone behaves as the session does.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false")

from collections.abc import Iterator
from pathlib import Path

import pytest
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
