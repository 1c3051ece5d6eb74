"""What is not built yet is not on the screen, and one place decides it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from lighttight.ui import features
from lighttight.ui.features import Feature
from lighttight.ui.jobs import Jobs
from lighttight.ui.window import Window
from tests.gui import pictures
from tests.gui.fakes import FakeViewer

_EXPLICIT = Qt.WidgetAttribute.WA_WState_ExplicitShowHide

PROMISES = {
    Feature.SHARING: ("Share", "Shared out"),
    Feature.HELP: ("Get help",),
    Feature.MARKS: ("hidden mark",),
    Feature.PEOPLE: ("people",),
    Feature.PRINTING: ("Print",),
}


@pytest.fixture
def window(jobs: Jobs, dressed: QApplication) -> Iterator[Window]:
    cells = pictures.cells(3)
    made = Window(jobs, pictures.FakePreviews(cells), FakeViewer(cells))
    made.shell.toolbar.details.setChecked(True)
    made.viewer_details.show()
    yield made
    made.deleteLater()


def said(window: Window) -> list[str]:
    """The words of every part that would be seen on its page."""
    found: list[str] = []
    for part in window.findChildren(QWidget):
        if _hidden_inside(part):
            continue
        for name in ("text", "placeholderText", "accessibleName"):
            words = getattr(part, name, None)
            if callable(words):
                found.append(str(words()))
    return found


def _hidden_inside(part: QWidget) -> bool:
    """Hidden by name, itself or something around it; pages that are only not in front count."""
    here: QWidget | None = part
    while here is not None and not here.isWindow():
        parent = here.parentWidget()
        stacked = parent is not None and type(parent).__name__ == "QStackedWidget"
        if here.testAttribute(_EXPLICIT) and here.isHidden() and not stacked:
            return True
        here = parent
    return False


@pytest.mark.parametrize("feature", [one for one in Feature if not features.built(one)])
def test_nothing_promises_what_is_not_built(window: Window, feature: Feature) -> None:
    words = said(window)
    assert "Import" in words, "the search finds what is there"
    for promise in PROMISES[feature]:
        exact = promise in ("Share", "Print")
        hits = [text for text in words if (text == promise if exact else promise in text)]
        assert hits == []


def test_the_keyboard_does_not_reach_what_is_not_there(window: Window) -> None:
    order = window.shell.sidebar._order()
    assert order == ["library", "favourites", "videos", "recent", "left", "trash", "settings"]


def test_a_feature_that_is_built_appears(
    monkeypatch: pytest.MonkeyPatch, jobs: Jobs, dressed: QApplication
) -> None:
    monkeypatch.setattr(features, "BUILT", frozenset(Feature))
    cells = pictures.cells(3)
    made = Window(jobs, pictures.FakePreviews(cells), FakeViewer(cells))
    assert not made.shell.toolbar.share.isHidden()
    assert "help" in made.shell.sidebar._order()
    made.deleteLater()
