"""Which pictures are selected, and what clicks and keys do to that. No Qt.

Selected pictures are kept by id, because pictures come and go while a selection stands; the
anchor and the current picture are ids too, and are turned into places when a range is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lighttight.model import Cell, ItemId


class Selection:
    """Give it the cells with `set_cells`; every act returns whether anything changed."""

    def __init__(self) -> None:
        self._cells: Sequence[Cell] = ()
        self._places: dict[ItemId, int] | None = None
        self.ids: set[ItemId] = set()
        self.current: ItemId | None = None
        self._anchor: ItemId | None = None
        self._base: set[ItemId] = set()

    def set_cells(self, cells: Sequence[Cell]) -> bool:
        """The list changed: forget what is no longer in it."""
        self._cells = cells
        self._places = None
        if not self.ids and self.current is None and self._anchor is None:
            return False
        places = self._all_places()
        before = len(self.ids)
        self.ids = {item for item in self.ids if item in places}
        self._base = {item for item in self._base if item in places}
        if self.current not in places:
            self.current = None
        if self._anchor not in places:
            self._anchor = None
        return len(self.ids) != before

    def _all_places(self) -> dict[ItemId, int]:
        if self._places is None:
            self._places = {cell.id: place for place, cell in enumerate(self._cells)}
        return self._places

    def place_of(self, item: ItemId) -> int | None:
        return self._all_places().get(item)

    @property
    def current_place(self) -> int | None:
        return None if self.current is None else self.place_of(self.current)

    def in_order(self) -> list[ItemId]:
        """The selected ids as they stand in the timeline."""
        if len(self.ids) == len(self._cells):
            return [cell.id for cell in self._cells]
        return sorted(self.ids, key=self._all_places().__getitem__)

    def _become(self, ids: set[ItemId]) -> bool:
        changed = ids != self.ids
        self.ids = ids
        return changed

    def only(self, place: int) -> bool:
        """A plain click or arrow key."""
        item = self._cells[place].id
        self.current = self._anchor = item
        self._base = set()
        return self._become({item})

    def toggle(self, place: int) -> bool:
        """Ctrl and a click."""
        item = self._cells[place].id
        self.current = self._anchor = item
        changed = set(self.ids)
        changed ^= {item}
        self._base = set(changed)
        return self._become(changed)

    def move(self, place: int) -> bool:
        """Ctrl and an arrow key: go there and select nothing."""
        self.current = self._cells[place].id
        return False

    def extend(self, place: int) -> bool:
        """Shift and a click or key: from the anchor to here, on top of what Ctrl had added."""
        anchor = place if self._anchor is None else self.place_of(self._anchor)
        start = place if anchor is None else anchor
        self._anchor = self._cells[start].id
        self.current = self._cells[place].id
        low, high = min(start, place), max(start, place)
        chosen = {cell.id for cell in self._cells[low : high + 1]}
        return self._become(self._base | chosen)

    def sweep(self, places: Iterable[int], base: set[ItemId]) -> bool:
        """The rubber band: what it touches, on top of `base`."""
        touched = {self._cells[place].id for place in places}
        return self._become(base | touched)

    def everything(self) -> bool:
        return self._become({cell.id for cell in self._cells})

    def nothing(self) -> bool:
        self._base = set()
        return self._become(set())
