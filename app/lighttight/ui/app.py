"""The window's start and its end.

The window is there before anything heavy is: the engine is loaded beside it, and no library is
opened before the person acts. The doors of the process (core files, debuggers) are closed in the
same job, before there is a key or a PIN to protect.

At the end: everything that runs is cancelled and waited for, the library is locked last.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtWidgets import QApplication

from lighttight import settings
from lighttight.errors import Environment
from lighttight.ui import words
from lighttight.ui.controllers.acting import Acting
from lighttight.ui.controllers.browsing import Browsing
from lighttight.ui.controllers.choosing import forget_history
from lighttight.ui.controllers.details import Details
from lighttight.ui.controllers.exporting import Exporting
from lighttight.ui.controllers.importing import Importing
from lighttight.ui.controllers.keeping import Keeping
from lighttight.ui.controllers.locking import Locking, clock_through_sleep, drop_caches
from lighttight.ui.controllers.preferring import Preferring, apply_look
from lighttight.ui.controllers.presenter import Presenter
from lighttight.ui.controllers.program import Program
from lighttight.ui.controllers.regaining import Regaining
from lighttight.ui.controllers.sources import Sources
from lighttight.ui.controllers.starting import Starting
from lighttight.ui.controllers.telling import Telling
from lighttight.ui.controllers.unlocking import Unlocking
from lighttight.ui.controllers.viewing import Viewing
from lighttight.ui.controllers.welcoming import Welcoming
from lighttight.ui.focus import FocusFollower
from lighttight.ui.jobs import Jobs
from lighttight.ui.playing import keep_silent
from lighttight.ui.system import SystemEvents
from lighttight.ui.theme import theme
from lighttight.ui.window import Window

if TYPE_CHECKING:
    from lighttight.session import PasswordStore

DEADLINE = 5.0
"""Seconds that work under way gets to end when the window closes."""
TITLE_BAR = 40
"""Left free above the window: its frame is drawn by the desktop, and only later."""
_MMAP_THRESHOLD = -3
"""As `malloc.h` has it."""


def system_store() -> PasswordStore:
    from lighttight.session import PasswordStore

    return PasswordStore()


def load_engine(progress: object) -> None:
    """On a worker, once: the heavy imports, and then the doors."""
    del progress
    from lighttight.session import harden

    harden()


class Desk(QObject):
    """The window with all its flows. Tests make one with a store and clocks of their own."""

    def __init__(
        self,
        app: QApplication,
        *,
        store: Callable[[], PasswordStore] = system_store,
        clock: Callable[[], float] = time.monotonic,
        idle_clock: Callable[[], float] = clock_through_sleep,
    ) -> None:
        super().__init__()
        self.presenter = Presenter()
        self.jobs = Jobs(self.presenter.present, parent=self)
        self.sources = Sources()
        self.window = Window(self.jobs, self.sources, self.sources)
        self.presenter.attach(self.window)
        self.events = SystemEvents(app)
        self.program = Program(
            self.window, self.jobs, self.sources, self.presenter, store=store, clock=clock
        )
        self.browsing = Browsing(self.program)
        self.details = Details(self.program)
        self.telling = Telling(self.program, self.browsing)
        self.details.story_wanted.connect(self.telling.show_item)
        self.viewing = Viewing(self.program)
        self.acting = Acting(self.program, self.browsing)
        self.exporting = Exporting(self.program)
        self.importing = Importing(self.program, self.browsing)
        self.unlocking = Unlocking(self.program, new_library=self._new_library)
        self.welcoming = Welcoming(self.program, have_library=self._have_library)
        self.starting = Starting(
            self.program,
            open_library=lambda: self.unlocking.choose(self._start),
            new_library=lambda: self._new_library(self._start),
        )
        self.locking = Locking(
            self.program,
            self.browsing,
            self.importing,
            self.unlocking,
            self.welcoming,
            self.events,
            new_library=self._new_library,
            clock=idle_clock,
        )
        self.preferring = Preferring(self.program, self.locking, self.events)
        self.keeping = Keeping(self.program, self.browsing, self.importing, self.preferring)
        self.regaining = Regaining(self.program)
        self.unlocking.opened_by_words.connect(self.regaining.offer)
        self.regaining.regained.connect(self.keeping.look)
        self.starting.words_wanted.connect(self.keeping.new_words)
        self.starting.unfinished.connect(self.acting.say_unfinished)
        self.events.told_to_end.connect(self.window.close_unasked)
        self._ended = False

    def _new_library(self, back: Callable[[], None] | None = None) -> None:
        self.unlocking.rest()
        self.welcoming.begin(back)

    def _have_library(self) -> None:
        self.unlocking.choose(self._new_library)

    def _start(self) -> None:
        self.unlocking.rest()
        self.starting.show()

    def begin(self) -> None:
        """The first page. Nothing of a library is read yet, but its first page, beside."""
        self.jobs.run(load_engine, owner=self)
        path = self.starting.first()
        if path is not None:
            self.unlocking.begin(path)
        elif self.starting.used_before():
            self._start()
        else:
            self._new_library()

    def end(self, reason: str = "closing") -> None:
        """Cancel, wait, lock. Safe to call twice."""
        if self._ended:
            return
        self._ended = True
        ending = self.importing.stop()
        self.welcoming.leave(reason)
        self.program.leave(reason)
        session = self.program.give_up()
        self.window.forget()
        if ending is not None:
            ending.wait(0)
        self.program.closings.hurry()
        self.jobs.shutdown(DEADLINE)
        if session is not None:
            session.lock(reason)
        drop_caches()
        self.events.end()


def dress(app: QApplication) -> None:
    """Names, language, look, and what Qt must not write or print."""
    forget_history()
    app.setApplicationName("lighttight")
    app.setApplicationDisplayName("Lighttight")
    app.setDesktopFileName("lighttight")
    words.install_language(app)
    apply_look(settings.load().settings)
    theme().install(app)
    FocusFollower(app)


def place(window: Window) -> None:
    """Where the window was, as far as that is on a screen; never larger than one, nor off it."""
    kept = settings.load().settings.window
    wanted = QRect(QPoint(0, 0), window.size())
    screen = None
    if kept is not None:
        wanted = QRect(kept.x, kept.y, kept.width, kept.height)
        screen = QApplication.screenAt(wanted.center())
    free = (screen or QApplication.primaryScreen()).availableGeometry()
    inside = fitted(wanted, free.adjusted(0, TITLE_BAR, 0, 0), window.minimumSize())
    if screen is None:
        # Where a new window stands best, the desktop knows.
        window.resize(inside.size())
    else:
        window.setGeometry(inside)
    if kept is not None and kept.maximised:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)


def fitted(wanted: QRect, room: QRect, least: QSize) -> QRect:
    """`wanted`, made smaller and moved until it is within `room`; not smaller than `least`."""
    size = wanted.size().expandedTo(least).boundedTo(room.size())
    x = max(room.left(), min(wanted.left(), room.right() + 1 - size.width()))
    y = max(room.top(), min(wanted.top(), room.bottom() + 1 - size.height()))
    return QRect(QPoint(x, y), size)


def follow_place(window: Window) -> Callable[[], None]:
    """Looks where the window is when it closes; what is answered writes that down.

    To be called when the library is locked: another process may hold the settings for seconds,
    and until then the window would stand there with the keys in memory.
    """
    places: list[settings.Window] = []

    def look() -> None:
        # Without the frame, as `setGeometry` takes it: moving a window by its frame to where its
        # inside was would bring it further down with each start.
        box = window.normalGeometry()
        places.append(
            settings.Window(
                box.x(), box.y(), box.width(), box.height(), maximised=window.isMaximized()
            )
        )

    def remember() -> None:
        # Where the window stood is not worth a word to somebody who is leaving.
        with contextlib.suppress(Environment):
            if places:
                settings.change(window=places[-1])

    window.closing.connect(look)
    return remember


def keep_large_blocks_apart() -> None:
    """A picture's memory goes back to the system when it is let go, not into a store for later.

    The usual C library puts blocks of up to 32 megabytes there once one of that size was freed:
    frames of a video stayed in the process after locking, and half as many again while it played.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 1 << 20)


def main() -> int:
    """Run the window and answer the program's exit code."""
    keep_silent()
    keep_large_blocks_apart()
    # Compiled shaders would be kept beside the fonts: harmless, but not this program's to leave.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DisableShaderDiskCache)
    app = QApplication(sys.argv[:1])
    dress(app)
    desk = Desk(app)
    sys.excepthook = desk.presenter.hook
    place(desk.window)
    desk.window.show()
    desk.events.hear_signals()
    desk.begin()
    QTimer.singleShot(0, desk, desk.events.listen)
    remember_place = follow_place(desk.window)
    app.commitDataRequest.connect(lambda _: desk.end("session-end"))
    try:
        return app.exec()
    finally:
        desk.end()
        remember_place()
