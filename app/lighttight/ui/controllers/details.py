"""What is said about what is selected, and the words that the owner adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from lighttight.model import Item, ItemId, Kind, Labels
from lighttight.ui import words
from lighttight.ui.controllers.program import Program
from lighttight.ui.controllers.sources import title_of, when_of
from lighttight.ui.inspector import Fact, Inspector, InspectorData
from lighttight.ui.jobs import Job, Order
from lighttight.ui.widgets.copies import CopyLine

if TYPE_CHECKING:
    from lighttight.session import Copy, Session

MOST_SUMMED = 500
"""Of more selected items only the number is told."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a job found out about the selection."""

    items: tuple[Item, ...]
    labels: tuple[Labels, ...]
    copies: tuple[Copy, ...]
    image: QImage | None
    veiled: bool


class Details(QObject):
    """Fills both inspectors: beside the grid, and beside the viewer.

    `story_wanted` carries the item of which everything that happened is to be shown.
    """

    story_wanted = Signal(str)

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._chosen: dict[Inspector, tuple[ItemId, ...]] = {}
        self._jobs: dict[Inspector, Job] = {}
        window = program.window
        beside_grid, beside_viewer = window.shell.inspector, window.viewer_details
        window.selection_changed.connect(lambda items: self._show(beside_grid, items))
        trash = window.shell.trash.grid
        trash.selection_changed.connect(lambda: self._show(beside_grid, trash.selected()))
        window.shell.stack.currentChanged.connect(lambda _: self._other_page())
        window.viewer_shown.connect(lambda item: self._show(beside_viewer, [ItemId(item)]))
        window.shell.toolbar.details_toggled.connect(lambda _: self._again(beside_grid))
        window.viewer.info_toggled.connect(lambda _: self._again(beside_viewer))
        program.changed.connect(self._changed)
        program.closed.connect(self._closed)
        for inspector in (beside_grid, beside_viewer):
            tell = partial(self._tell_story, inspector)
            inspector.copy_chosen.connect(lambda _, tell=tell: tell())
            inspector.see_all.connect(tell)
            inspector.caption_wanted.connect(self._caption)
            inspector.tag_wanted.connect(self._tag)
            inspector.untag_wanted.connect(self._untag)

    def _closed(self) -> None:
        self._chosen.clear()
        self._jobs.clear()

    def _changed(self) -> None:
        for inspector in list(self._chosen):
            self._again(inspector)

    def _other_page(self) -> None:
        shell = self._window.shell
        page = shell.stack.currentWidget()
        if page in (shell.library, shell.trash):
            grid = shell.library.grid if page is shell.library else shell.trash.grid
            self._show(shell.inspector, grid.selected())

    def _again(self, inspector: Inspector) -> None:
        self._show(inspector, self._chosen.get(inspector, ()))

    def _show(self, inspector: Inspector, items: Sequence[ItemId]) -> None:
        """Only what is seen is asked for: walking through the grid must cost nothing."""
        chosen = tuple(items)
        self._chosen[inspector] = chosen
        running = self._jobs.pop(inspector, None)
        if running is not None:
            running.cancel()
        if not inspector.isVisibleTo(self._window):
            return
        if not chosen:
            inspector.set_data(None)
            return
        job = self._program.ask(
            lambda session, _: self._look(session, chosen),
            lambda found: self._found(inspector, chosen, found),
            failed=lambda _: inspector.set_data(None),
            order=Order.CLICK,
        )
        if job is not None:
            self._jobs[inspector] = job

    def _look(self, session: Session, chosen: tuple[ItemId, ...]) -> Found:
        items = tuple(session.library.item(one) for one in chosen[:MOST_SUMMED])
        first = chosen[0]
        if len(chosen) > 1:
            return Found(items, (), (), None, False)
        labels = session.library.labels([first])
        return Found(
            items,
            (labels.get(first, Labels((), ())),),
            tuple(session.record.copies_of(first)),
            self._program.sources.preview(first),
            first in self._program.sources.veiled,
        )

    def _found(self, inspector: Inspector, chosen: tuple[ItemId, ...], found: Found) -> None:
        if self._chosen.get(inspector) != chosen:
            return
        if len(chosen) > 1:
            inspector.set_data(self._several(len(chosen), found))
            inspector.set_image(None)
            return
        inspector.set_data(self._one(found))
        inspector.set_image(None if found.veiled else found.image)

    def _several(self, count: int, found: Found) -> InspectorData:
        facts: list[Fact] = []
        if count <= MOST_SUMMED:
            facts.append(Fact("disk", words.size(sum(item.size for item in found.items))))
            videos = sum(item.kind is Kind.VIDEO for item in found.items)
            if videos:
                facts.append(Fact("video", words.videos(videos)))
        return InspectorData("", words.items(count), self.tr("Selected"), facts=facts)

    def _one(self, found: Found) -> InspectorData:
        item, labels = found.items[0], found.labels[0]
        facts: list[Fact] = []
        if item.place is not None:
            north = self.tr("N") if item.place.latitude >= 0 else self.tr("S")
            east = self.tr("E") if item.place.longitude >= 0 else self.tr("W")
            facts.append(
                Fact(
                    "place",
                    f"{abs(item.place.latitude):.2f}° {north}, "
                    f"{abs(item.place.longitude):.2f}° {east}",
                )
            )
        if item.device:
            facts.append(Fact("camera", item.device))
        size = words.size(item.size)
        if item.width and item.height:
            size = f"{item.width} × {item.height} · {size}"
        format_ = item.mime.partition("/")[2].removeprefix("x-").upper()
        facts.append(Fact("video" if item.kind is Kind.VIDEO else "library", format_, size))
        if item.duration is not None:
            facts.append(Fact("recent", words.clock(item.duration)))
        if item.caption and item.name != title_of(item):
            facts.append(Fact("folder", item.name))
        facts += [Fact("album", album) for album in labels.albums]
        return InspectorData(
            item.id,
            title_of(item),
            when_of(item),
            item.favourite,
            facts,
            [self._line(copy) for copy in found.copies],
            len(found.copies),
            caption=item.caption,
            tags=labels.tags,
        )

    def _line(self, copy: Copy) -> CopyLine:
        unsure = copy.state.value == "may-have-left"
        when = words.short_day(datetime.fromtimestamp(copy.since / 1000, UTC).astimezone())
        if unsure:
            said = self.tr("{when} · may have left")
        elif copy.form.startswith("clean"):
            said = self.tr("{when} · clean copy")
        else:
            said = self.tr("{when} · unchanged")
        return CopyLine(
            str(copy.intent),
            Path(copy.place).name or copy.place,
            said.format(when=when),
            self.tr("Check") if unsure else "",
            person=False,
            icon="folder",
            wants_attention=unsure,
        )

    # ---- copies --------------------------------------------------------------------------------

    def _tell_story(self, inspector: Inspector) -> None:
        chosen = self._chosen.get(inspector, ())
        if len(chosen) == 1:
            self.story_wanted.emit(chosen[0])

    # ---- words ---------------------------------------------------------------------------------

    def _caption(self, item: str, text: str) -> None:
        self._program.commit(lambda session: session.library.marks.caption(ItemId(item), text))

    def _tag(self, item: str, name: str) -> None:
        self._program.commit(lambda session: session.library.marks.tag([ItemId(item)], name))

    def _untag(self, item: str, name: str) -> None:
        self._program.commit(lambda session: session.library.marks.untag([ItemId(item)], name))
