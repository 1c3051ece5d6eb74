"""Pictures of every page of the real program: a real library of drawn pictures, both themes.

    python tests/gui/screens.py [DIRECTORY] [--scale 1.5] [--only library]

Into resources/screenshots unless told otherwise; the README shows some of them. Nothing is faked:
the pictures are drawn, given a day, a place and a device, imported, and shown.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lighttight.model import ItemId
    from lighttight.session import Session
    from tests.gui.desks import RealDesk

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "app"), str(ROOT)]

LARGEST = 250_000
NOW = datetime(2026, 11, 16, 14, 0)
COUNT = 64


def main() -> int:
    from tests.gui import offscreen

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, nargs="?", default=ROOT / "resources/screenshots")
    asked = offscreen.asked(parser)
    with tempfile.TemporaryDirectory(prefix="lt-") as folder:
        os.environ["HOME"] = folder
        os.environ["LIGHTTIGHT_HOME"] = f"{folder}/settings"
        os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        from PySide6.QtWidgets import QApplication

        from lighttight.ui import app as program
        from tests.gui import desks

        app = QApplication([])
        program.dress(app)
        with desks.desk(app) as desk:
            Screens(desk, Path(folder), asked.directory, asked.only).render()
    return 0


def _exif(taken: datetime, device: tuple[str, str], place: tuple[float, float] | None) -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = device
    exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    if place is not None:
        gps = exif.get_ifd(0x8825)
        for first, signs, value in ((1, "NS", place[0]), (3, "EW", place[1])):
            whole = abs(value)
            minutes = (whole - int(whole)) * 60
            gps[first] = signs[value < 0]
            gps[first + 1] = (float(int(whole)), float(int(minutes)), (minutes % 1) * 60)
    return exif.tobytes()


def _jpeg(number: int, width: int, height: int, exif: bytes) -> bytes:
    from PIL import Image

    from tests.gui.landscapes import photograph

    # Drawn at half the size: it takes a second otherwise.
    drawn = Image.fromarray(photograph(number, width // 2, height // 2))
    store = io.BytesIO()
    drawn.resize((width, height)).save(store, "JPEG", quality=88, exif=exif)
    return store.getvalue()


def _video(number: int, seconds: int) -> bytes:
    import av
    import numpy as np

    from tests.gui.landscapes import photograph

    wide = photograph(number, 1400, 720)
    store = io.BytesIO()
    store.name = "video.mp4"
    with av.open(store, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        container.metadata["creation_time"] = f"2026-11-0{number % 10 + 4}T17:20:00Z"
        for frame in range(seconds * 10):
            left = (frame * 2) % 120
            part = np.ascontiguousarray(wide[:, left : left + 1280])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
        container.mux(stream.encode())
    return store.getvalue()


def make_folder(folder: Path) -> None:
    """What comes from the phone: a year of drawn pictures and two videos."""
    folder.mkdir()
    dice = random.Random(7)
    shapes = ((1600, 1200), (1600, 1200), (1200, 1600), (1500, 1000), (1600, 900))
    taken = NOW - timedelta(hours=20)
    for number in range(COUNT):
        width, height = dice.choice(shapes)
        place = (54.58 + dice.random(), -3.14 + dice.random()) if number % 3 else None
        exif = _exif(taken, ("Phone", "camera"), place)
        name = folder / f"IMG_{4000 - number}.jpg"
        name.write_bytes(_jpeg(number, width, height, exif))
        taken -= timedelta(hours=dice.choice((1, 3, 20, 40, 90, 200)))
        taken = taken.replace(hour=dice.randint(8, 21), minute=dice.randint(0, 59))
    for number, seconds in ((90, 42), (91, 9)):
        path = folder / f"VID_{number}.mp4"
        path.write_bytes(_video(number, seconds))
        stamp = (NOW - timedelta(days=number - 80)).timestamp()
        os.utime(path, (stamp, stamp))
    damaged = folder / "IMG_0001.jpg"
    damaged.write_bytes((folder / "IMG_3999.jpg").read_bytes()[:400])
    os.utime(damaged, (1.6e9, 1.6e9))
    (folder / "notes.txt").write_text("not a picture")


class Screens:
    def __init__(self, desk: RealDesk, home: Path, directory: Path, only: str) -> None:
        self.desk = desk
        self.window = desk.window
        self.home = home
        self.directory = directory
        self.only = only
        self.words = ""
        self.window.resize(1280, 800)

    # ---- taking pictures -----------------------------------------------------------------------

    def take(self, name: str) -> None:
        from lighttight.ui.theme import Scheme, theme

        if self.only not in name:
            return
        for scheme in (Scheme.DARK, Scheme.LIGHT):
            theme().set_scheme(scheme)
            self.pause()
            save(self.window.grab().toImage(), self.directory / f"{name}-{scheme.value}.png")

    def pause(self, rounds: int = 60) -> None:
        from PySide6.QtCore import QPoint
        from PySide6.QtGui import QCursor

        QCursor.setPos(self.window.mapToGlobal(QPoint(640, 796)))
        left = iter(range(rounds))
        self.desk.until(lambda: next(left, None) is None)
        grid = self.window.shell.library.grid
        self.desk.until(lambda: not grid.pending())

    def until_still(self) -> None:
        self.desk.settle()
        self.pause()

    def session(self) -> Session:
        assert self.desk.program.session is not None
        return self.desk.program.session

    def commit(self, act: Callable[[Session], object]) -> None:
        self.desk.program.commit(act)
        self.until_still()

    # ---- the story -----------------------------------------------------------------------------

    def render(self) -> None:
        from lighttight.ui.theme import Scheme, theme

        make_folder(self.home / "Phone")
        self.desk.begin()
        theme().set_scheme(Scheme.DARK)
        self.welcome()
        self.first_pictures()
        self.library()
        self.viewer()
        self.what_left()
        self.trash()
        self.settings()
        self.unlock()

    def welcome(self) -> None:
        from tests.gui.desks import PIN

        flow = self.window.welcome
        self.until_still()
        self.take("welcome")
        self.desk.starting.show()
        self.take("start")
        self.desk.unlocking.begin(self.home / "Phone", back=self.desk.starting.show)
        trouble = self.desk.unlocking.trouble
        self.desk.until(lambda: self.window.stack.currentWidget() is trouble)
        self.take("not-a-library")
        self.desk._new_library()
        flow.question.answered.emit("someone")
        flow.pin.pin.set_text(PIN)
        flow.pin.again.set_text(PIN)
        self.take("welcome-pin")
        self.desk.create_as_far_as_the_words(pin=PIN)
        self.take("recovery-words")
        self.words = " ".join(flow.words._words)
        self.desk.confirm_words()
        self.take("first-pictures")
        flow.ask_passphrase(
            "No password store on this computer. So this library opens with a passphrase; opening "
            "with one click can be added later, in the settings."
        )
        flow.passphrase.first.set_text("seven llamas painted the quiet harbour")
        flow.passphrase.set_score(4)
        self.take("welcome-passphrase")
        flow.forget()
        flow.pictures.later.emit()
        self.desk.until(lambda: self.desk.program.session is not None)
        self.until_still()
        self.take("library-empty")

    def first_pictures(self) -> None:
        import threading

        from lighttight import settings

        settings.change(keep_recent=True)
        gate = threading.Event()
        decoder = self.session().decoder
        examine = decoder.examine
        seen: list[object] = []

        def held(*arguments: object, **more: object) -> object:
            seen.append(arguments)
            if len(seen) > 40:
                gate.wait(60)
            return examine(*arguments, **more)  # pyright: ignore[reportArgumentType]

        decoder.examine = held  # pyright: ignore[reportAttributeAccessIssue]
        self.desk.drop(self.home / "Phone")
        self.desk.until(lambda: len(self.desk.ids()) >= 38, limit=60)
        self.take("import")
        gate.set()
        self.desk.until(lambda: not self.desk.importing.running, limit=60)
        self.until_still()
        self.take("import-results")
        self.desk.asked().answer("close")
        self.commit(self.file_away)

    def file_away(self, session: Session) -> None:
        items = [item.id for item in session.library.items()]
        for name, chosen in (
            ("Lake house", items[3:17]),
            ("France by train", items[20:40]),
            ("Kitchen & cats", items[41:48]),
            ("Private", items[50:53]),
        ):
            session.library.albums.add(session.library.albums.create(name), chosen)
        private = session.library.albums.named("Private")
        assert private is not None
        session.library.albums.veil(private, on=True)
        session.library.marks.favourite([items[4], items[9], items[22]], on=True)
        lake = next(item.id for item in session.library.items() if item.name == "IMG_3995.jpg")
        session.library.marks.favourite([lake], on=True)
        session.library.marks.caption(lake, "By the lake")
        for tag in ("evening", "summer", "to print"):
            session.library.marks.tag([lake], tag)
        session.library.trash.put(items[-6:])

    def library(self) -> None:
        out = self.home / "USB disk"
        out.mkdir()
        item = next(one for one in self.session().library.items() if one.caption)
        self.session().egress.export_originals([item.id], out, screen="library")
        self.desk.program.changed.emit()
        self.until_still()
        grid = self.window.shell.library.grid
        self.take("library")
        self.window.shell.toolbar.details.setChecked(True)
        grid.select(item.id)
        self.until_still()
        self.take("library-details")
        self.window.shell.toolbar.details.setChecked(False)
        grid.clear_selection()
        self.export(out)
        search = self.window.shell.toolbar.search
        search.edit.setText("album:lake")
        self.desk.until(lambda: not self.desk.browsing._typing.isActive())
        self.until_still()
        self.take("search")
        search.clear()
        self.desk.until(lambda: not self.desk.browsing._typing.isActive())
        assert self.desk.browsing.overview is not None
        private = next(one for one in self.desk.browsing.overview.albums if one.veiled)
        self.window.place_chosen.emit(f"album:{private.id}")
        self.until_still()
        self.take("album-veiled")
        self.window.place_chosen.emit("library")
        self.until_still()

    def export(self, out: Path) -> None:
        """A dozen, one of which is too damaged for a clean copy."""
        from lighttight.model import Scope, View
        from lighttight.ui.widgets.notes import Banner

        found = self.session().library.items()
        thrown = self.session().library.items(View(Scope.TRASH))
        damaged = next(one.id for one in [*found, *thrown] if one.name == "IMG_0001.jpg")
        chosen = [one.id for one in found if one.device][:11]
        self.window.export_wanted.emit([*chosen, damaged])
        self.desk.until(lambda: self.desk.exporting.asking is not None)
        asking = self.desk.exporting.asking
        assert asking is not None
        asking._look_at(out)
        self.until_still()
        self.take("export")
        asking.form.form.set_value("original")
        self.take("export-unchanged")
        asking.form.form.set_value("clean")
        self.desk.asked().answer("save")
        self.desk.asked()
        self.until_still()
        self.take("export-not-clean")
        self.desk.asked().answer("leave")
        for note in self.window.shell.stack.findChildren(Banner):
            self.window.shell.library.remove_banner(note)

    def viewer(self) -> None:
        session = self.session()
        item = next(one for one in session.library.items() if one.caption)
        self.window.opened.emit(item.id)
        self.desk.until(self.window.viewer.canvas.sharp)
        self.take("viewer")
        self.window.viewer.leave()
        video = next(one for one in session.library.items() if one.name == "VID_90.mp4")
        self.window.opened.emit(video.id)
        viewer = self.window.viewer
        self.desk.until(viewer.is_playing)
        player = viewer._player
        assert player is not None
        self.desk.until(lambda: player.position > 0.5)
        player.pause()
        viewer._seek(18.0)
        self.desk.until(lambda: abs(player.position - 18) < 0.2)
        self.take("viewer-video")
        viewer.cover.setChecked(True)
        self.take("viewer-covered")
        viewer.cover.setChecked(False)
        viewer.leave()
        self.until_still()

    def what_left(self) -> None:
        """A quarter of a year in which copies were made, one of them in the night."""
        session = self.session()
        items = [one.id for one in session.library.items()]
        now = datetime.now().astimezone()
        catalog = session.vault.catalog
        usual = catalog._now_ms
        disk, folder = self.home / "Stick", self.home / "For printing"
        for one in (disk, folder):
            one.mkdir()

        def at(days: int, hour: int, minute: int) -> None:
            moment = (now - timedelta(days=days)).replace(hour=hour, minute=minute)
            catalog._now_ms = lambda: round(moment.timestamp() * 1000)

        for number, days in enumerate((83, 66, 60, 47, 33, 26, 19)):
            at(days, 18 + number % 3, 7 * number)
            chosen = items[number * 3 : number * 3 + 1 + number % 4]
            session.egress.export_originals(chosen, (disk, folder)[number % 2], screen="grid")
        at(11, 21, 10)
        self.stop_while_saving(session, items[12:15], disk)
        at(4, 11, 26)
        session.protection.lock_after(10)
        at(1, 2, 47)
        session.egress.export_originals(items[20:48], folder, screen="grid")
        at(0, 0, 2)
        session.care.verify_record()
        session.egress.export_originals(items[2:5], disk, screen="grid")
        catalog._now_ms = usual
        self.window.place_chosen.emit("left")
        self.until_still()
        story = self.desk.telling.page.story
        self.desk.until(lambda: not story.pictures_pending())
        self.take("what-left")
        self.window.place_chosen.emit("library")
        self.until_still()

    def stop_while_saving(self, session: Session, items: list[ItemId], folder: Path) -> None:
        from lighttight.audit import record
        from lighttight.sealed.entries import EntryKind, Field

        chosen = tuple(sorted(items))
        with session.vault.transaction() as tx:
            record.append(
                tx,
                EntryKind.EXPORT_INTENDED,
                {
                    Field.ITEMS: chosen,
                    Field.PATH: str(folder),
                    Field.FORM: "clean",
                    Field.SCREEN: "grid",
                },
            )

    def trash(self) -> None:
        self.window.place_chosen.emit("trash")
        self.until_still()
        grid = self.window.shell.trash.grid
        self.desk.until(lambda: not grid.pending())
        self.take("trash")
        self.window.shell.trash.delete.click()
        self.desk.asked()
        self.take("trash-delete")
        self.desk.asked().answer("keep")

    def settings(self) -> None:
        self.window.place_chosen.emit("settings")
        self.until_still()
        for section in ("ways", "copy", "locking", "privacy", "appearance"):
            self.window.shell.settings.show_section(section)
            self.take(f"settings-{section}")
        self.window.shell.settings.show_section("ways")
        self.window.shell.settings.way_add_wanted.emit()
        self.desk.asked()
        self.take("way-in-add")
        self.desk.asked().answer("close")
        self.window.shell.settings.someone_knows.emit()
        self.desk.asked()
        self.take("keys-change")
        self.desk.asked().answer("keep")
        self.window.shell.settings.new_words_wanted.emit()
        self.take("words-new")
        self.desk.asked().answer("keep")

    def unlock(self) -> None:
        from lighttight import settings
        from lighttight.errors import Integrity
        from lighttight.ui.controllers.welcoming import free_path
        from tests.gui.desks import PIN

        path = self.session().vault.path
        settings.remember_vault(free_path(self.home, "Work", ".lighttight"))
        settings.remember_vault(path)
        self.window.lock_wanted.emit()
        self.desk.until(lambda: not self.desk.jobs.busy())
        self.window.unlock.secret.set_text("48151")
        self.take("unlock")
        self.window.unlock.secret.set_text("999999")
        self.window.unlock.open.click()
        self.desk.until(lambda: not self.desk.jobs.busy())
        self.take("unlock-wrong")
        self.window.unlock.way_chosen.emit("recovery")
        self.take("unlock-recovery")
        self.desk.unlocking._show_older(
            Integrity(
                "vault-older",
                anchored=datetime(2026, 10, 3, 21, 10),
                found=datetime(2026, 9, 28, 9, 2),
            )
        )
        self.take("older-version")
        self.desk.unlocking.trouble.answered.emit("close")
        self.desk.until(lambda: not self.desk.jobs.busy())
        self.window.unlock.secret.set_text(PIN)
        self.window.unlock.open.click()
        self.desk.until(lambda: self.desk.program.session is not None)
        self.until_still()
        self.take("library-since")
        self.window.lock_wanted.emit()
        self.desk.until(lambda: not self.desk.jobs.busy())
        self.window.unlock.way_chosen.emit("recovery")
        self.window.unlock.recovery.setPlainText(self.words)
        self.window.unlock.open.click()
        self.desk.asked()
        self.take("pin-new")


def save(image: object, path: Path) -> None:
    """As small as it goes; with fewer colours where it would be too large for the repository."""
    from PIL import Image
    from PySide6.QtGui import QImage

    assert isinstance(image, QImage)
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = bytes(plain.constBits())
    size = (plain.width(), plain.height())
    picture = Image.frombytes("RGB", size, rows, "raw", "RGB", plain.bytesPerLine(), 1)
    for colours in (None, 256, 192, 128, 96, 64):
        store = io.BytesIO()
        made = picture
        if colours is not None:
            # Twice: Pillow dithers only towards a palette that is there already.
            palette = picture.quantize(colours, kmeans=1)
            made = picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        made.save(store, "PNG", optimize=True)
        if len(store.getvalue()) < LARGEST:
            break
    path.write_bytes(store.getvalue())


if __name__ == "__main__":
    sys.exit(main())
