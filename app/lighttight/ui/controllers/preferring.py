"""The settings: what each switch does, and where it is kept.

How the window looks is kept on this computer; what protects is kept in the library, where changing
it is recorded. Nothing takes effect on the screen before it was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from lighttight import settings
from lighttight.ui import words
from lighttight.ui.controllers.locking import Locking
from lighttight.ui.controllers.program import Program
from lighttight.ui.jobs import Lane, Order
from lighttight.ui.system import SystemEvents
from lighttight.ui.theme import Scheme, theme

if TYPE_CHECKING:
    from lighttight.session import Protecting

_REDUCED = {"system": None, "full": False, "reduced": True}


def apply_look(kept: settings.Settings) -> None:
    theme().set_reduced_motion(_REDUCED[kept.motion.value])
    theme().set_scheme(Scheme(kept.theme.value))


class Preferring(QObject):
    def __init__(self, program: Program, locking: Locking, events: SystemEvents) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._page = program.window.shell.settings
        self._locking = locking
        self._events = events
        self._filling = False
        page = self._page
        page.look_wanted.connect(lambda key: self._keep(theme=settings.Theme(key)))
        page.motion_wanted.connect(lambda key: self._keep(motion=settings.Motion(key)))
        page.recent_wanted.connect(self._remember)
        page.cover_wanted.connect(self._cover)
        page.lock_after_wanted.connect(self._lock_after)
        program.window.place_chosen.connect(self._go)
        program.opened.connect(self._opened)
        program.closed.connect(lambda: self._page.set_place(""))

    def _go(self, place: str) -> None:
        if place == "settings" and self._program.session is not None:
            self._fill(settings.load().settings)
            self._page.set_heard(self._events.heard)
            self._window.show_page(self._page)

    def show(self, section: str) -> None:
        self._page.show_section(section)
        self._window.place_chosen.emit("settings")

    # ---- this computer -------------------------------------------------------------------------

    def _fill(self, kept: settings.Settings) -> None:
        self._filling = True
        self._page.look.set_value(kept.theme.value)
        self._page.motion.set_value(kept.motion.value)
        self._page.recent.setChecked(kept.keep_recent)
        self._filling = False

    def _keep(self, **changes: Any) -> None:
        if self._filling:
            return
        self._program.jobs.run(
            lambda _: settings.change(**changes),
            done=self._kept,
            owner=self,
            lane=Lane.VAULT,
            order=Order.CLICK,
        )

    def _kept(self, kept: settings.Settings) -> None:
        apply_look(kept)
        self._fill(kept)

    def _remember(self, on: bool) -> None:
        if self._filling:
            return
        path = self._program.path

        def write(_: object) -> settings.Settings:
            kept = settings.change(keep_recent=on)
            return settings.remember_vault(Path(path)) if on and path is not None else kept

        self._program.jobs.run(write, done=self._kept, owner=self, lane=Lane.VAULT)

    # ---- this library --------------------------------------------------------------------------

    def _opened(self) -> None:
        if self._program.session is not None:
            self._page.set_place(words.place_of(self._program.session.vault.path))
        self._program.ask(
            lambda session, _: session.protection.now(), self._protect, order=Order.CLICK
        )

    def _protect(self, now: Protecting) -> None:
        self._locking.after = now.lock_after
        self._window.set_cover_when_away(now.cover)
        self._filling = True
        self._page.set_lock_after(now.lock_after)
        self._page.cover.setChecked(now.cover)
        self._filling = False

    def _cover(self, on: bool) -> None:
        if not self._filling:
            self._program.commit(lambda session: session.protection.cover(on=on), self._protect)

    def _lock_after(self, minutes: int) -> None:
        if not self._filling:
            self._program.commit(
                lambda session: session.protection.lock_after(minutes), self._protect
            )
