"""The whole window on a real engine: real vaults, the real decoder, a password store in memory."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from lighttight import settings
from lighttight.errors import LighttightError
from lighttight.session import PasswordStore, Session
from lighttight.ui.app import Desk
from lighttight.ui.controllers import listing
from lighttight.ui.widgets.sheet import Sheet
from tests.support.password_store import MemoryStore
from tests.support.vaults import cheap_derivation

PIN = "481516"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class RealDesk(Desk):
    """A desk with what tests ask of it. Errors nobody expected end the test."""

    def __init__(self, app: QApplication, store: PasswordStore, idle: Clock) -> None:
        super().__init__(app, store=lambda: store, idle_clock=idle)
        self.store = store
        self.idle = idle
        self.errors: list[BaseException] = []
        self.traces: list[str] = []
        present = self.presenter.present

        def watch(error: BaseException) -> None:
            self.errors.append(error)
            if not isinstance(error, LighttightError):
                self.traces.append("".join(traceback.format_exception(error)))
            present(error)

        self.presenter.present = watch
        self.jobs._present = watch

    @property
    def memory(self) -> MemoryStore:
        assert isinstance(self.store, MemoryStore)
        return self.store

    def until(self, what: Callable[[], object], limit: float = 20.0) -> None:
        """Let the window live until `what` holds."""
        until = time.monotonic() + limit
        while not what():
            if self.traces:
                raise AssertionError("\n".join(self.traces))
            if time.monotonic() > until:
                codes = [getattr(error, "code", error) for error in self.errors]
                raise AssertionError(f"it did not come to be; errors {codes}")
            QCoreApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            time.sleep(0.002)

    def settle(self) -> None:
        """Until nothing is on its way."""
        grid = self.window.shell.library.grid
        self.until(
            lambda: (
                not self.jobs.busy()
                and not self.browsing.pictures.busy()
                and not self.browsing.thrown.busy()
                and not grid.pending()
            )
        )

    # ---- what a person does --------------------------------------------------------------------

    def create(self, *, pin: str = "", confirm: bool = True) -> Path:
        """Through the welcome, as far as the first pictures."""
        session = self.create_as_far_as_the_words(pin=pin)
        welcome = self.window.welcome
        if confirm:
            self.confirm_words()
        else:
            welcome.show_pictures()
        welcome.pictures.later.emit()
        self.until(lambda: self.program.session is not None)
        self.settle()
        return session.vault.path

    def create_as_far_as_the_words(self, *, pin: str = "") -> Session:
        """The library is made, and its words are on the screen."""
        welcome = self.window.welcome
        self.until(lambda: self.window.stack.currentWidget() is welcome)
        welcome.question.answered.emit("someone" if pin else "only-me")
        if pin:
            welcome.pin.pin.set_text(pin)
            welcome.pin.again.set_text(pin)
            welcome.pin.go.click()
        self.until(lambda: welcome.stack.currentWidget() is welcome.words)
        assert self.welcoming._made is not None
        return self.welcoming._made[0]

    def confirm_words(self) -> None:
        welcome = self.window.welcome
        shown = list(welcome.words._words)
        welcome.words.go.click()
        for place, field in zip(welcome.confirm.asked, welcome.confirm.fields, strict=True):
            field.set_text(shown[place])
        welcome.confirm.go.click()
        self.until(lambda: welcome.stack.currentWidget() is welcome.pictures)
        self.until(lambda: not self.jobs.busy())

    def drop(self, *paths: Path, onto: QWidget | None = None) -> None:
        """Drag and drop, as the desktop does it."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        target = onto or self.window
        event = QDropEvent(
            QPointF(target.rect().center()),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        target.dropEvent(event)

    def bring_in(self, *paths: Path) -> None:
        """Import, and put the results away."""
        self.drop(*paths)
        self.until(lambda: not self.importing.running)
        self.settle()
        if sheet := self.sheet():
            sheet.answer("close")

    def sheet(self) -> Sheet | None:
        """The sheet that is on top."""
        shown = [one for one in self.window.findChildren(Sheet) if one.isVisibleTo(self.window)]
        return shown[-1] if shown else None

    def asked(self) -> Sheet:
        self.until(lambda: self.sheet() is not None)
        sheet = self.sheet()
        assert sheet is not None
        return sheet

    def ids(self) -> list[str]:
        return [cell.id for cell in self.window.shell.library.grid.cells()]

    def banners(self) -> list[str]:
        from lighttight.ui.widgets.notes import Banner

        return [
            one.words.text()
            for one in self.window.shell.stack.findChildren(Banner)
            if not one.isHidden()
        ]


@contextmanager
def desk(app: QApplication, store: PasswordStore | None = None) -> Iterator[RealDesk]:
    """A desk that is shown, and ended whatever happens. Key derivation is cheap inside."""
    # What makes the window calm for a person would make hundreds of tests wait.
    with cheap_derivation(), mock.patch.object(listing, "LEAST_PAUSE", 0.02):
        made = RealDesk(app, store or MemoryStore(), Clock())
        made.window.set_cover_when_away(False)
        made.window.show()
        try:
            yield made
        finally:
            made.end()
            made.window.close()
            made.window.deleteLater()
            made.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QCoreApplication.processEvents()
            settings.change(keep_recent=True, recent=())
