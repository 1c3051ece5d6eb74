"""Locking: by key, when nobody is there, when the computer sleeps or locks, and on leaving.

The screen comes first: pages are emptied and the unlock page stands there before anything else is
done. Then, beside the window, an import gets two seconds for the items at hand, the session is
recorded as locked, and its keys go. Before sleep there is no time for items at hand
(`app/docs/decisions/0056-locking-does-not-wait-for-an-import.md`).

Idle time is measured by a clock that goes on while the computer sleeps, where the system has one:
a lid that was closed for an hour counts as an hour.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication, QDialog, QMenu

from lighttight import settings
from lighttight.ui import words
from lighttight.ui.controllers.browsing import Browsing
from lighttight.ui.controllers.importing import Importing
from lighttight.ui.controllers.program import Program
from lighttight.ui.controllers.unlocking import Unlocking
from lighttight.ui.controllers.welcoming import Welcoming
from lighttight.ui.icons import icon
from lighttight.ui.system import SystemEvents
from lighttight.ui.theme import theme
from lighttight.ui.widgets.sheet import Answer

TICK_MS: Final = 1000


def clock_through_sleep() -> float:
    """Seconds that also pass while the computer sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def drop_caches() -> None:
    """What Qt and Python still hold of pictures that no page shows any more."""
    QPixmapCache.clear()
    gc.collect()


class Locking(QObject):
    """`after` is the number of minutes without anybody after which it locks."""

    def __init__(
        self,
        program: Program,
        browsing: Browsing,
        importing: Importing,
        unlocking: Unlocking,
        welcoming: Welcoming,
        events: SystemEvents,
        *,
        new_library: Callable[[Callable[[], None]], None],
        clock: Callable[[], float] = clock_through_sleep,
    ) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._browsing = browsing
        self._importing = importing
        self._unlocking = unlocking
        self._welcoming = welcoming
        welcoming.left_unfinished.connect(self._left_unfinished)
        self._welcome_left = ""
        self._new_library = new_library
        self._clock = clock
        self.after = 5
        self._active_at = clock()
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self.tick)
        window = program.window
        window.lock_wanted.connect(lambda: self.lock("asked"))
        window.active.connect(self.somebody_is_here)
        window.shell.sidebar.library_menu.connect(self._library_menu)
        browsing.surveyed.connect(self._tell)
        browsing.listed.connect(self._tell)
        program.opened.connect(self._opened)
        program.closed.connect(self._ticker.stop)
        program.gone.connect(self._gone)
        events.sleeping.connect(
            lambda: self._stopping("suspend", self.tr("Locked because the computer went to sleep"))
        )
        # Whoever writes recovery words down may be away from the keyboard: those stay, behind the
        # system's own lock.
        events.screen_locked.connect(
            lambda: self.lock("suspend", self.tr("Locked because the screen was locked"))
        )
        events.leaving.connect(
            lambda: self._stopping("session-end", self.tr("Locked because you were signing out"))
        )

    def _opened(self) -> None:
        self.somebody_is_here()
        self._ticker.start()
        self._tell()

    # ---- who is there --------------------------------------------------------------------------

    def somebody_is_here(self) -> None:
        self._active_at = self._clock()

    def tick(self) -> None:
        if self._program.session is None:
            return
        if self._window.viewer.is_playing():
            self.somebody_is_here()
        if self._clock() - self._active_at >= self.after * 60:
            self.lock("idle", self._unused())
        else:
            self._tell()

    def _unused(self) -> str:
        hours, minutes = divmod(self.after, 60)
        long = words.minutes(self.after) if minutes else words.spoken(hours * 3600)
        return self.tr("Locked after {time} without use").format(time=long)

    def _tell(self) -> None:
        left = self.after * 60 - (self._clock() - self._active_at)
        self._window.set_status(
            self._browsing.status(), self.tr("Locks in {time}").format(time=words.spoken(left))
        )

    # ---- other libraries -----------------------------------------------------------------------

    def library_menu(self) -> QMenu:
        """Other libraries: going to one locks this one."""
        menu = QMenu(self._window)
        ink = theme().colour("text2")
        menu.addAction(icon("lock", ink), self.tr("Lock"), lambda: self.lock("asked"))
        menu.addSeparator()
        here = str(self._program.path)
        for name in settings.load().settings.recent:
            if name != here:
                path = Path(name)
                menu.addAction(
                    icon("library", ink),
                    path.stem,
                    lambda path=path: self._leave_for(
                        lambda back: self._unlocking.begin(path, back=back)
                    ),
                )
        menu.addAction(
            icon("folder", ink),
            self.tr("Open another library…"),
            lambda: self._leave_for(self._unlocking.choose),
        )
        menu.addAction(
            icon("plus", ink),
            self.tr("Make a new library…"),
            lambda: self._leave_for(self._new_library),
        )
        return menu

    def _library_menu(self, at: QPoint) -> None:
        menu = self.library_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _leave_for(self, there: Callable[[Callable[[], None]], None]) -> None:
        """`there` is told how to come back to this library, which is locked then."""
        path = self._program.path
        if path is not None:
            self.lock("asked")
            there(lambda: self._unlocking.begin(path))

    # ---- locking -------------------------------------------------------------------------------

    def lock(self, reason: str, why: str = "", *, wait: bool = False, gone: bool = False) -> None:
        """`reason` is for the record, `why` for the person, who needs none where they asked.

        `wait`: the computer is about to stop; only when this returns are the keys gone, also
        those of a library that was locked a moment before, or is being opened. `gone`: there is
        nothing to open.
        """
        path = self._program.path
        opening = self._unlocking.under_way
        if self._program.session is not None or opening:
            self._window.cover_at_once()
            self._close_what_stands_above()
        ending = self._importing.stop()
        session = self._program.give_up()
        if session is not None and path is not None:
            self.hide_everything()
            self._program.closings.begin(session, reason, ending)
            if gone:
                self._unlocking.say_gone(path)
            else:
                self._unlocking.begin(path, locked=why)
        elif opening:
            self.hide_everything()
            self._unlocking.leave(reason, why)
        if session is not None or opening:
            self._window.uncover()
            drop_caches()
        if wait:
            self._program.closings.hurry()

    def _gone(self) -> None:
        """Nothing can be shown of it any more: said once, where each picture would say it else."""
        self.lock("closing", gone=True)

    def _stopping(self, reason: str, why: str) -> None:
        """Also a library that is being made is closed, before its words were seen or checked."""
        self._welcome_left = why
        if self._welcoming.under_way:
            self._window.cover_at_once()
            self._welcoming.leave(reason)
            self._window.uncover()
        self.lock(reason, why, wait=True)

    def _left_unfinished(self, path: Path, checked: bool) -> None:
        self.hide_everything()
        self._unlocking.begin(path, locked=self._welcome_left)
        if not checked:
            self._window.ask(
                self.tr("Your recovery words are not checked yet"),
                self.tr(
                    "Your library was made, and is locked now. Its words cannot be shown again: "
                    "open it, and choose “New words…” above the pictures. What you wrote down "
                    "so far ends when you have the new ones."
                ),
                [Answer("close", self.tr("Close"), safe=True)],
                icon_name="words",
            )

    def hide_everything(self) -> None:
        self._close_what_stands_above()
        clipboard = QApplication.clipboard()
        if clipboard.ownsClipboard():
            clipboard.clear()
        self._window.forget()

    def _close_what_stands_above(self) -> None:
        """The cover does not hide it, and it may say a name."""
        for menu in self._window.findChildren(QMenu):
            menu.close()
            menu.deleteLater()
        for dialog in self._window.findChildren(QDialog):
            dialog.reject()
