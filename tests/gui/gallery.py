"""Renders every page in both themes to PNG files, to be looked at beside the design.

    python tests/gui/gallery.py DIRECTORY [--scale 1.5] [--font Inter] [--only library]

Without a display. The photographs are drawn; nothing else is loaded.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from lighttight.ui.inspector import InspectorData
    from lighttight.ui.pages.unlock import UnlockData
    from lighttight.ui.widgets.sidebar import SidebarData

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "app"), str(ROOT)]

WORDS = (
    *("harbour", "cotton", "maple", "violin", "lantern", "gravel", "orbit", "pepper"),
    *("window", "saddle", "meadow", "copper", "thimble", "glacier", "ribbon", "walnut"),
    *("ferry", "candle", "juniper", "basket", "marble", "anchor", "willow", "ticket"),
)


def main() -> int:
    from tests.gui import offscreen

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--font")
    asked = offscreen.asked(parser)
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    Gallery(app, asked.directory, asked.font, asked.only).render()
    return 0


class Gallery:
    def __init__(self, app: QApplication, directory: Path, font: str | None, only: str) -> None:
        from PySide6.QtCore import QPoint
        from PySide6.QtGui import QCursor

        from lighttight.ui import words
        from lighttight.ui.focus import FocusFollower
        from lighttight.ui.jobs import Jobs
        from lighttight.ui.theme import theme
        from lighttight.ui.window import Window
        from tests.gui import pictures
        from tests.gui.fakes import FakeViewer

        self.app = app
        self.directory = directory
        self.only = only
        words.install_language(app)
        theme().install(app)
        theme().set_family(font)
        FocusFollower(app)
        self.jobs = Jobs(self._boom)
        self.cells = pictures.cells(2000, spread=86400 // 3)
        self.previews = pictures.FakePreviews(self.cells)
        self.window = Window(self.jobs, self.previews, FakeViewer(self.cells))
        self.window.set_cover_when_away(False)
        self.window.resize(1280, 800)
        self.window.show()
        QCursor.setPos(self.window.mapToGlobal(QPoint(640, 796)))

    def _boom(self, error: BaseException) -> None:
        raise error

    def settle(self, seconds: float = 0.35) -> None:
        until = time.monotonic() + seconds
        grid = self.window.shell.library.grid
        while time.monotonic() < until or grid.pending():
            self.app.processEvents()
            time.sleep(0.002)

    def save(self, name: str) -> None:
        self.settle()
        self.window.grab().save(str(self.directory / f"{name}.png"))

    def render(self) -> None:
        from lighttight.ui.theme import Scheme, theme

        for scheme in (Scheme.DARK, Scheme.LIGHT):
            theme().set_scheme(scheme)
            for name in dir(self):
                if name.startswith("page_") and self.only in name:
                    act: Callable[[], None] = getattr(self, name)
                    act()
                    self.save(f"{name.removeprefix('page_')}-{scheme.value}")
        self.jobs.shutdown()

    # ---- data ----------------------------------------------------------------------------------

    def sidebar(self, *, empty: bool = False) -> SidebarData:
        from lighttight.model import Album, AlbumId
        from lighttight.ui.widgets.sidebar import SidebarData

        if empty:
            return SidebarData("Home library")
        names = (("Lake house", 86), ("France by train", 412), ("Kitchen & cats", 233))
        albums = [Album(AlbumId(f"{n:032x}"), name, c, False) for n, (name, c) in enumerate(names)]
        albums.append(Album(AlbumId("f" * 32), "Private", 58, True))
        return SidebarData(
            "Home library", 12408, 214, 682, 46, 12, tuple(albums), links_live=3, unusual=1
        )

    def inspector(self) -> InspectorData:
        from lighttight.ui.inspector import Fact, InspectorData
        from lighttight.ui.widgets.copies import CopyLine

        return InspectorData(
            self.cells[1].id,
            "Canoes at dusk",
            "Saturday 19 September 2026, 18:52",
            True,
            (
                Fact("place", "54.58° N, 3.14° W"),
                Fact("camera", "Phone camera", "26 mm, f/1.6"),
                Fact("library", "HEIC", "4032 × 3024 · 3.1 MB"),
                Fact("album", "Lake house"),
            ),
            (
                CopyLine("a", "Maya", "Link · opened 2 of 3 times", "3 days left", remaining=0.66),
                CopyLine(
                    "b",
                    "USB disk",
                    "4 October · may have left",
                    "Check",
                    person=False,
                    wants_attention=True,
                ),
                CopyLine("c", "Tom", "Link ended · opened once", "2 Nov"),
            ),
            3,
        )

    def library(self, *, inspector: bool) -> None:
        window, grid = self.window, self.window.shell.library.grid
        window.set_sidebar(self.sidebar())
        window.shell.sidebar.set_here("library")
        if list(grid.cells()) != self.cells:
            window.shell.library.show_cells(self.cells)
        grid.verticalScrollBar().setValue(0)
        window.show_page(window.shell.library)
        window.shell.toolbar.set_pictures(any_=True, sharing=True)
        window.shell.toolbar.details.setChecked(inspector)
        window.set_status(["12,408 items", "3 links live"], "Locks in 4 min")
        self.settle(0.1)
        if inspector:
            from tests.gui import pictures

            grid.select(self.cells[1].id)
            window.shell.inspector.set_data(self.inspector())
            window.shell.inspector.set_image(pictures.picture(1, 496, 330))
        else:
            grid.clear_selection()

    # ---- pages ---------------------------------------------------------------------------------

    def page_01_library(self) -> None:
        self.library(inspector=True)

    def page_02_library_note(self) -> None:
        self.library(inspector=False)
        self.window.shell.toolbar.zoom.setValue(1)
        self.banner = self.window.note(
            "Last opened today, 09:14. Two failed tries since.", "See when"
        )
        self.window.shell.library.grid.verticalScrollBar().setValue(0)

    def page_02b_library_progress(self) -> None:
        self.window.shell.library.remove_banner(self.banner)
        self.library(inspector=False)
        self.window.shell.toolbar.zoom.setValue(2)
        self.panel = self.window.add_progress("Importing from “Phone”")
        self.panel.set_progress(1204, 3310)
        self.panel.left.setText("About 4 minutes left")
        self.panel.set_detail("2 found already in the library · 1 could not be read")

    def page_02c_search_empty(self) -> None:
        self.window.remove_progress(self.panel)
        self.library(inspector=False)
        self.window.shell.library.show_empty(
            "search", "Nothing found for “harbour”", "Try fewer or other words.", "Show all"
        )

    def page_02d_question(self) -> None:
        from lighttight.ui.widgets.sheet import Answer

        self.library(inspector=False)
        self.sheet = self.window.ask(
            "Delete 12 items for good?",
            "They leave the trash and the library, and nobody can bring them back. "
            "Copies that left before stay where they are.",
            [
                Answer("keep", "Keep them", safe=True),
                Answer("delete", "Delete for good", danger=True),
            ],
            icon_name="trash",
            danger=True,
        )

    def page_02e_shortcuts(self) -> None:
        from lighttight.ui.shortcuts import show_shortcuts

        self.sheet.answer("keep")
        self.sheet = show_shortcuts(self.window)

    def page_03_welcome(self) -> None:
        self.sheet.answer("close")
        self.window.show_welcome()

    def page_03b_how_it_works(self) -> None:
        self.window.show_welcome()
        self.window.welcome.question.how.setChecked(True)

    def page_03c_pin(self) -> None:
        self.window.welcome.question.how.setChecked(False)
        self.window.welcome.question.answered.emit("someone")
        self.window.welcome.pin.pin.set_text("12")
        self.window.welcome.pin.set_problem("Too easy to guess. Use six or more.")

    def page_04_words(self) -> None:
        self.window.welcome.show_words(WORDS, "Home library")

    def page_04b_confirm(self) -> None:
        self.window.welcome.words.written.emit()

    def page_04c_first_pictures(self) -> None:
        self.window.welcome.show_pictures()

    def unlock_data(self) -> UnlockData:
        from lighttight.ui.pages.unlock import UnlockData, Way
        from lighttight.ui.widgets.lists import ListRow

        return UnlockData(
            "Home library",
            Way.PIN,
            "Locked 12 minutes ago",
            ways=(
                ListRow("key", "security-key", "Security key and PIN", "Plug it in, then touch it"),
                ListRow("words", "words", "Recovery words", "The 24 words you wrote down"),
            ),
        )

    def page_05_unlock(self) -> None:
        self.window.show_unlock(self.unlock_data())
        self.window.unlock.secret.set_text("12345")

    def page_05b_unlock_wrong(self) -> None:
        self.window.show_unlock(self.unlock_data())
        self.window.unlock.show_refusal()

    def page_05c_one_click(self) -> None:
        from lighttight.ui.pages.unlock import Way
        from lighttight.ui.widgets.lists import ListRow

        data = self.unlock_data()
        self.window.show_unlock(
            replace(
                data,
                way=Way.ONE_CLICK,
                ways=data.ways[1:],
                libraries=(
                    ListRow("w", "library", "Work", "On this computer · opened 3 November"),
                    ListRow("s", "disk", "Second copy of Home", "On “Blue disk” · not connected"),
                ),
            )
        )

    def page_05d_store_missing(self) -> None:
        from lighttight.ui.pages.unlock import Way

        data = self.unlock_data()
        self.window.show_unlock(replace(data, way=Way.ONE_CLICK, store_ready=False))

    def page_05e_recovery(self) -> None:
        from lighttight.ui.pages.unlock import Way

        data = self.unlock_data()
        self.window.show_unlock(replace(data, way=Way.RECOVERY, ways=data.ways[:1]))
        self.window.unlock.recovery.setPlainText(" ".join(WORDS[:9]))

    def page_06_viewer_photo(self) -> None:
        ids = [cell.id for cell in self.cells]
        self.window.show_viewer(ids, 1)

    def page_06b_viewer_video(self) -> None:
        from PySide6.QtCore import QPoint

        from lighttight.model import Kind

        ids = [cell.id for cell in self.cells]
        place = next(n for n, cell in enumerate(self.cells) if cell.kind is Kind.VIDEO)
        self.window.show_viewer(ids, place)
        viewer = self.window.viewer
        self.settle(0.3)
        viewer.transport.set_place(42)
        viewer.transport.play.set_playing(True)
        bar = viewer.transport.bar
        viewer.transport.setEnabled(True)
        x = bar.width() * 6 // 10
        bar._over = float(x)
        viewer._moment.show_at(
            85.0, viewer.mapFromGlobal(bar.mapToGlobal(QPoint(x, 0))).x(), viewer.transport.y()
        )
        from tests.gui import pictures

        viewer._moment.set_image(pictures.picture(0, 400, 226))

    def page_06c_viewer_covered(self) -> None:
        self.window.viewer._moment.hide()
        self.window.viewer.cover.setChecked(True)

    def page_07_empty(self) -> None:
        from lighttight.ui.pages.empty import FirstStep

        self.window.viewer.cover.setChecked(False)
        window = self.window
        window.set_sidebar(self.sidebar(empty=True))
        window.shell.sidebar.set_here("library")
        window.shell.toolbar.set_pictures(any_=False, sharing=False)
        window.shell.toolbar.details.setChecked(False)
        window.shell.empty.set_steps(
            [
                FirstStep(
                    "words", "words", "Recovery words", "Written down and checked today.", done=True
                ),
                FirstStep(
                    "import",
                    "import",
                    "Bring in pictures",
                    "Start with the ones that matter most.",
                    "Import…",
                ),
                FirstStep(
                    "copy",
                    "copies",
                    "Keep a second copy",
                    "On another disk, locked just the same.",
                    "Choose a disk…",
                ),
                FirstStep(
                    "lock",
                    "recent",
                    "Choose when it locks",
                    "After 5 minutes without you, or sooner.",
                    "Set…",
                ),
            ]
        )
        window.show_page(window.shell.empty)
        window.set_status(["No items yet", "No links"], "Locks in 4 min")
        window.shell.empty.focus_first()

    def page_08_trash(self) -> None:
        window = self.window
        window.set_sidebar(self.sidebar())
        window.shell.sidebar.set_here("trash")
        window.shell.trash.show_cells(self.cells[:12])
        window.show_page(window.shell.trash)
        self.settle(0.8)

    def page_08b_trash_empty(self) -> None:
        self.window.shell.trash.show_cells([])

    def page_09_settings_ways(self) -> None:
        from lighttight.ui.pages.settings import WayIn

        window = self.window
        window.shell.sidebar.set_here("settings")
        window.shell.settings.set_ways(
            [
                WayIn("a", "unlock", "Password store and PIN", "This computer · since 3 October"),
                WayIn("b", "words", "Recovery words", "Confirmed on 3 October", removable=False),
            ]
        )
        window.shell.settings.show_section("ways")
        window.show_page(window.shell.settings)

    def page_09b_settings_locking(self) -> None:
        self.window.shell.settings.show_section("locking")

    def page_09c_settings_privacy(self) -> None:
        self.window.shell.settings.cover.setChecked(True)
        self.window.shell.settings.show_section("privacy")

    def page_09d_settings_appearance(self) -> None:
        self.window.shell.settings.show_section("appearance")


if __name__ == "__main__":
    sys.exit(main())
