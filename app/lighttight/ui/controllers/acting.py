"""Acts on pictures: favourites, the trash, and albums.

Each is committed in turn; what has an effect outside, or cannot be undone, is asked first, with
what will happen, to how many, and whether it can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from lighttight.model import AlbumId, ItemId
from lighttight.ui import words
from lighttight.ui.controllers.browsing import Browsing
from lighttight.ui.controllers.program import Program
from lighttight.ui.icons import icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.notes import Banner
from lighttight.ui.widgets.sheet import Answer

if TYPE_CHECKING:
    from lighttight.session import Purged, Session


class Acting(QObject):
    def __init__(self, program: Program, browsing: Browsing) -> None:
        super().__init__(program)
        self._program = program
        self._browsing = browsing
        self._window = program.window
        window = program.window
        window.favourite_wanted.connect(self.favourite)
        window.trash_wanted.connect(self.throw_away)
        window.shell.trash.restore_wanted.connect(self._restore)
        window.shell.trash.delete_wanted.connect(self._ask_delete)
        window.album_add_wanted.connect(self._add_to_album)
        window.album_remove_wanted.connect(self._take_out)
        window.album_new_wanted.connect(self._new_album)
        window.shell.sidebar.album_wanted.connect(lambda: self._new_album([]))
        window.shell.sidebar.album_menu.connect(self._album_menu)
        program.closed.connect(self._forget)
        self._thrown: Banner | None = None

    def _forget(self) -> None:
        self._thrown = None

    # ---- marks and the trash -------------------------------------------------------------------

    def favourite(self, items: Sequence[ItemId], on: bool) -> None:
        chosen = list(items)
        self._browsing.favourite(chosen, on=on)
        viewer = self._window.viewer
        self._program.commit(
            lambda session: session.library.marks.favourite(chosen, on=on),
            lambda _: self._tell_viewer(viewer.item()),
        )

    def _tell_viewer(self, item: ItemId | None) -> None:
        if item is None:
            return
        self._program.ask(
            lambda _, __: self._program.sources.facts(item), self._window.viewer.update_facts
        )

    def throw_away(self, items: Sequence[ItemId]) -> None:
        """Into the trash: no question, because it can be undone, and how is said."""
        chosen = list(items)

        def done(count: int) -> None:
            self._window.shell.library.grid.remove_cells(chosen)
            self._forget_thrown()
            note = self._window.note(
                self.tr("{items} moved to the trash.").format(items=words.items(count)),
                self.tr("Undo"),
                style="good",
            )
            self._thrown = note
            note.acted.connect(lambda: self._restore(chosen))
            note.closed.connect(self._forget_thrown)

        self._program.commit(lambda session: session.library.trash.put(chosen), done)

    def _forget_thrown(self) -> None:
        """One note at a time says how to undo, and none once something left the trash."""
        if self._thrown is not None:
            self._window.shell.library.remove_banner(self._thrown)
            self._thrown = None

    def _restore(self, items: Sequence[ItemId]) -> None:
        chosen = list(items)
        self._forget_thrown()
        self._program.commit(
            lambda session: session.library.trash.undelete(chosen),
            lambda _: self._window.shell.trash.grid.remove_cells(chosen),
        )

    def _ask_delete(self, items: Sequence[ItemId]) -> None:
        chosen = list(items)
        if not chosen:
            return
        count = words.items(len(chosen))
        keep = self.tr("Keep it") if len(chosen) == 1 else self.tr("Keep them")
        sheet = self._window.ask(
            self.tr("Delete {items} for good?").format(items=count),
            self.tr(
                "What is deleted leaves the trash and the library, and nobody can bring it back. "
                "This cannot be undone. Copies that left before, and backups, stay where they are."
            ),
            [
                Answer("keep", keep, safe=True),
                Answer("delete", self.tr("Delete for good"), danger=True),
            ],
            icon_name="trash",
            danger=True,
        )
        sheet.answered.connect(lambda key: self._delete(chosen) if key == "delete" else None)

    def _delete(self, chosen: list[ItemId]) -> None:
        def done(purged: Purged) -> None:
            self._forget_thrown()
            self._window.shell.trash.grid.remove_cells(chosen)
            self._program.changed.emit()
            self.say_unfinished(purged.unfinished)

        self._program.ask(
            lambda session, watched: session.library.trash.purge(chosen, progress=watched), done
        )

    def say_unfinished(self, count: int) -> None:
        """A reader held something up: what is deleted is not gone from the disk yet."""
        if not count:
            return
        self._window.present(
            self.tr("Not everything is gone from the disk yet"),
            self.tr(
                "{deleted} But something is still reading the library’s files; what is left of "
                "them is removed the next time it opens."
            ).format(deleted=words.counts().unfinished(count)),
            self.tr("Close other Lighttight windows and commands, then lock and open again."),
        )

    # ---- albums --------------------------------------------------------------------------------

    def _add_to_album(self, items: Sequence[ItemId], album: str) -> None:
        chosen = list(items)
        self._program.commit(lambda session: session.library.albums.add(AlbumId(album), chosen))

    def _take_out(self, items: Sequence[ItemId]) -> None:
        chosen = list(items)
        album = AlbumId(self._browsing.place[6:])
        self._program.commit(
            lambda session: session.library.albums.take_out(album, chosen),
            lambda _: self._window.shell.library.grid.remove_cells(chosen),
        )

    def _new_album(self, items: Sequence[ItemId]) -> None:
        chosen = list(items)

        def make(session: Session, name: str) -> AlbumId:
            album = session.library.albums.create(name)
            if chosen:
                session.library.albums.add(album, chosen)
            return album

        self._ask_name(
            self.tr("New album"),
            self.tr("{items} will be in it.").format(items=words.items(len(chosen)))
            if chosen
            else self.tr("An album says nothing about where pictures are kept."),
            "",
            self.tr("Make album"),
            lambda name: self._program.commit(lambda session: make(session, name)),
        )

    def _ask_name(
        self, title: str, sentence: str, now: str, go: str, done: Callable[[str], object]
    ) -> None:
        field = Field(self.tr("Name"))
        field.set_text(now)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(field)
        sheet = self._window.ask(
            title,
            sentence,
            [Answer("close", self.tr("Cancel"), safe=True), Answer("go", go, main=True)],
            icon_name="album",
            body=body,
        )
        field.submitted.connect(lambda: sheet.answer("go"))
        field.edit.selectAll()
        field.edit.setFocus(Qt.FocusReason.OtherFocusReason)

        def answered(key: str) -> None:
            name = field.text().strip()
            if key == "go" and name:
                done(name)

        sheet.answered.connect(answered)

    def _album_menu(self, key: str, at: QPoint) -> None:
        albums = self._browsing.overview.albums if self._browsing.overview else ()
        album = next((one for one in albums if one.id == key), None)
        if album is None:
            return
        menu = QMenu(self._window)
        ink = theme().colour("text2")
        menu.addAction(icon("album", ink), self.tr("Rename…"), lambda: self._rename(album.id))
        menu.addAction(
            icon("eye" if album.veiled else "eye-off", ink),
            self.tr("Lift the veil") if album.veiled else self.tr("Veil until held"),
            lambda: self._veil(album.id, on=not album.veiled),
        )
        menu.addSeparator()
        menu.addAction(
            icon("minus", theme().colour("danger")),
            self.tr("Remove the album…"),
            lambda: self._ask_remove(album.id),
        )
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _album_name(self, album: AlbumId) -> str:
        albums = self._browsing.overview.albums if self._browsing.overview else ()
        return next((one.name for one in albums if one.id == album), "")

    def _rename(self, album: AlbumId) -> None:
        self._ask_name(
            self.tr("Rename the album"),
            "",
            self._album_name(album),
            self.tr("Rename"),
            lambda name: self._program.commit(
                lambda session: session.library.albums.rename(album, name)
            ),
        )

    def _veil(self, album: AlbumId, *, on: bool) -> None:
        self._program.commit(lambda session: session.library.albums.veil(album, on=on))

    def _ask_remove(self, album: AlbumId) -> None:
        sheet = self._window.ask(
            self.tr("Remove the album “{name}”?").format(name=self._album_name(album)),
            self.tr("Its pictures stay in the library. The album itself cannot be brought back."),
            [
                Answer("keep", self.tr("Keep it"), safe=True),
                Answer("remove", self.tr("Remove the album"), danger=True),
            ],
            icon_name="album",
            danger=True,
        )

        def answered(key: str) -> None:
            if key == "remove":
                self._program.commit(lambda session: session.library.albums.remove(album))

        sheet.answered.connect(answered)
