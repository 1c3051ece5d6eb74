"""The cells of one view in one grid: the first rows at once, the rest behind them, then changes.

Fetching, and comparing with what the grid shows, happen beside the window; the grid is given what
came, what went and what changed, so that nothing that is seen moves. The longer a comparison takes
the less often it is made: during a long import into a large library it must not be all that this
computer does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer

from lighttight.model import Cell, ItemId, View
from lighttight.ui.controllers.program import Program
from lighttight.ui.grid.view import TimelineGrid
from lighttight.ui.jobs import Job, Order

FIRST: Final = 200
LEAST_PAUSE: Final = 0.4
SHARE: Final = 10
"""A comparison that took a second is made again after ten."""


@dataclass(frozen=True, slots=True)
class Difference:
    """From what a grid shows to what the library holds."""

    came: tuple[Cell, ...]
    went: tuple[ItemId, ...]
    changed: tuple[Cell, ...]
    count: int
    order: Mapping[ItemId, int]
    """The places of what came, and of what has the same time: a burst of pictures shares one."""


def compare(shown: Sequence[Cell], found: Sequence[Cell]) -> Difference:
    before = {cell.id: cell for cell in shown}
    came: list[Cell] = []
    changed: list[Cell] = []
    for cell in found:
        old = before.pop(cell.id, None)
        if old is None:
            came.append(cell)
        elif old != cell:
            changed.append(cell)
    times = {cell.when for cell in came}
    order = {cell.id: place for place, cell in enumerate(found) if cell.when in times}
    return Difference(tuple(came), tuple(before), tuple(changed), len(found), order)


class Listing(QObject):
    """`shown` is called with the number of cells whenever it is known anew."""

    def __init__(
        self,
        program: Program,
        grid: TimelineGrid,
        *,
        first: Callable[[Sequence[Cell]], None],
        shown: Callable[[int], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._program = program
        self._grid = grid
        self._first = first
        self._shown = shown
        self._view: View | None = None
        self._job: Job | None = None
        self._whole = False
        self._again = False
        self._took = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._refresh)

    @property
    def view(self) -> View | None:
        return self._view

    def busy(self) -> bool:
        """Whether anything is still on its way; for tests."""
        return self._job is not None or self._later.isActive()

    def clear(self) -> None:
        self._cancel()
        self._view = None

    def load(self, view: View) -> None:
        """Another view, from the top. What was on its way for the one before is not wanted."""
        self._cancel()
        self._view = view
        self._job = self._program.ask(
            lambda session, _: session.library.timeline(view, limit=FIRST),
            lambda cells: self._got_first(view, cells),
            failed=self._failed,
            order=Order.CLICK,
        )

    def refresh(self) -> None:
        """Something changed: look again, soon."""
        if self._view is None:
            return
        if self._job is not None:
            self._again = True
        elif not self._later.isActive():
            self._later.start(round(1000 * min(10.0, max(LEAST_PAUSE, self._took * SHARE))))

    # ---- inside --------------------------------------------------------------------------------

    def _cancel(self) -> None:
        self._later.stop()
        self._again = False
        self._whole = False
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _failed(self, error: BaseException) -> None:
        self._job = None
        self._program.presenter.present(error)

    def _got_first(self, view: View, cells: Sequence[Cell]) -> None:
        self._job = None
        if view is not self._view:
            return
        self._first(cells)
        self._shown(len(cells))
        if len(cells) < FIRST:
            self._settled()
            return
        after = cells[-1].id
        self._job = self._program.ask(
            lambda session, _: session.library.timeline(view, after=after),
            lambda rest: self._got_rest(view, rest),
            failed=self._failed,
        )

    def _got_rest(self, view: View, cells: Sequence[Cell]) -> None:
        self._job = None
        if view is not self._view:
            return
        self._grid.insert_cells(cells)
        self._shown(len(self._grid.cells()))
        self._settled()

    def _settled(self) -> None:
        self._whole = True
        if self._again:
            self._again = False
            self.refresh()

    def _refresh(self) -> None:
        view = self._view
        if view is None:
            return
        if not self._whole:
            self.load(view)
            return
        shown = list(self._grid.cells())
        began = self._program.clock()

        def done(difference: Difference) -> None:
            self._job = None
            self._took = self._program.clock() - began
            if view is self._view:
                self._apply(difference)
            self._settled()

        self._job = self._program.ask(
            lambda session, _: compare(shown, session.library.timeline(view)),
            done,
            failed=self._failed,
        )

    def _apply(self, difference: Difference) -> None:
        if difference.went:
            self._grid.remove_cells(difference.went)
        # A cell may have been put there meanwhile by what the person did.
        here = {cell.id for cell in self._grid.cells()} if difference.came else set[ItemId]()
        came = [cell for cell in difference.came if cell.id not in here]
        if came and not here:
            self._first(came)
        elif came:
            self._grid.insert_cells(came, difference.order)
        if difference.changed:
            self._grid.replace_cells(difference.changed)
        self._shown(len(self._grid.cells()))
