"""The viewer and its player: preview first, then the picture; cover at once; played from memory."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtMultimedia import QMediaPlayer, QtVideo, QVideoFrame, QVideoFrameFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lighttight.errors import Integrity, LighttightError
from lighttight.model import Kind
from lighttight.ui.canvas import Canvas, Pyramid
from lighttight.ui.frames import reduced
from lighttight.ui.jobs import Jobs
from lighttight.ui.player import Player, SourceDevice
from lighttight.ui.playing import RULE, keep_quiet
from lighttight.ui.transport import TimeBar
from lighttight.ui.viewer import Viewer
from tests.gui import pictures
from tests.gui.fakes import FakeViewer, MemorySource, long_video, small_video

pytestmark = pytest.mark.usefixtures("dressed", "still")


class Shown:
    def __init__(self, qtbot: QtBot, jobs: Jobs) -> None:
        self.cells = pictures.cells(60)
        self.source = FakeViewer(self.cells)
        self.viewer = Viewer(jobs, self.source)
        self.bot = qtbot
        qtbot.addWidget(self.viewer)
        self.viewer.resize(1280, 800)
        self.viewer.show()
        assert QTest.qWaitForWindowActive(self.viewer)
        self.ids = [cell.id for cell in self.cells]
        self.photo = next(
            n
            for n in range(1, 50)
            if {self.cells[n + step].kind for step in (-1, 0, 1)} == {Kind.PHOTO}
        )
        self.video = next(n for n, cell in enumerate(self.cells) if cell.kind is Kind.VIDEO)

    def open(self, place: int) -> None:
        self.viewer.show_items(self.ids, place)

    def sharp(self) -> None:
        self.bot.waitUntil(self.viewer.canvas.sharp, timeout=10_000)

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.viewer, key)

    def playing(self) -> Player:
        self.bot.waitUntil(lambda: self.viewer.is_playing(), timeout=10_000)
        player = self.viewer._player
        assert player is not None
        return player


@pytest.fixture
def shown(qtbot: QtBot, jobs: Jobs):
    made = Shown(qtbot, jobs)
    yield made
    made.viewer.forget()
    QApplication.processEvents()


# ---- pictures ----------------------------------------------------------------------------------


def test_the_preview_comes_first_in_the_same_place(shown: Shown) -> None:
    shown.source.gate = threading.Event()
    shown.open(shown.photo)
    shown.bot.waitUntil(shown.viewer.canvas.has_picture, timeout=5000)
    assert not shown.viewer.canvas.sharp()
    before = shown.viewer.canvas.shown_rect()
    shown.source.gate.set()
    shown.sharp()
    assert shown.viewer.canvas.shown_rect() == before


def test_the_preview_does_not_replace_the_picture(shown: Shown) -> None:
    shown.open(shown.photo)
    shown.sharp()
    facts = shown.source.facts(shown.ids[shown.photo])
    shown.viewer._got_preview(facts, QImage(10, 10, QImage.Format.Format_RGB32))
    assert shown.viewer.canvas.sharp()


def test_neighbours_are_fetched_beforehand(shown: Shown) -> None:
    shown.open(shown.photo)
    wanted = {shown.ids[shown.photo + step] for step in (-1, 0, 1)}
    shown.bot.waitUntil(
        lambda: {item for act, item in shown.source.asked if act == "picture"} == wanted,
        timeout=10_000,
    )
    shown.bot.waitUntil(lambda: not shown.viewer._fetching, timeout=10_000)
    before = len(shown.source.asked)
    shown.key(Qt.Key.Key_Right)
    shown.bot.waitUntil(shown.viewer.canvas.has_picture, timeout=5000)
    assert shown.viewer.canvas._picture is shown.viewer._held[shown.ids[shown.photo + 1]]
    assert "preview" not in [act for act, _ in shown.source.asked[before:]]
    shown.sharp()


def test_arrows_go_and_stop_at_the_ends(shown: Shown) -> None:
    shown.open(0)
    assert not shown.viewer.previous.isEnabled()
    shown.key(Qt.Key.Key_Left)
    assert shown.viewer.item() == shown.ids[0]
    shown.key(Qt.Key.Key_Right)
    assert shown.viewer.item() == shown.ids[1]
    shown.key(Qt.Key.Key_End)
    assert shown.viewer.item() == shown.ids[-1]
    assert not shown.viewer.next.isEnabled()
    shown.key(Qt.Key.Key_Home)
    assert shown.viewer.item() == shown.ids[0]


def test_escape_leaves_and_keeps_no_picture(shown: Shown) -> None:
    shown.open(shown.photo)
    shown.sharp()
    left: list[str] = []
    shown.viewer.closed.connect(left.append)
    shown.key(Qt.Key.Key_Escape)
    assert left == [shown.ids[shown.photo]]
    assert not shown.viewer.canvas.has_picture()
    assert not shown.viewer._held


def test_a_picture_that_fails_is_said_once(shown: Shown, presented: list[BaseException]) -> None:
    shown.source.fail[shown.ids[shown.photo]] = Integrity("item-changed")
    shown.open(shown.photo)
    shown.bot.waitUntil(lambda: bool(presented), timeout=5000)
    assert [getattr(error, "code", "") for error in presented] == ["item-changed"]
    presented.clear()
    shown.key(Qt.Key.Key_Right)
    shown.sharp()


def test_a_neighbour_that_fails_is_not_said(shown: Shown, presented: list[BaseException]) -> None:
    shown.source.fail[shown.ids[shown.photo + 1]] = Integrity("item-changed")
    shown.open(shown.photo)
    shown.sharp()
    shown.bot.waitUntil(lambda: not shown.viewer._fetching, timeout=10_000)
    assert presented == []


def test_what_is_held_keeps_to_its_bytes(shown: Shown) -> None:
    for place in range(shown.photo, shown.photo + 8):
        shown.open(place)
        if shown.cells[place].kind is Kind.PHOTO:
            shown.sharp()
    assert sum(p.octets for p in shown.viewer._held.values()) <= 160 * 1024 * 1024


# ---- cover -------------------------------------------------------------------------------------


def test_cover_hides_at_once_and_stays_on(shown: Shown) -> None:
    shown.open(shown.photo)
    shown.sharp()
    canvas = shown.viewer.canvas
    clear = canvas.grab().toImage()
    shown.key(Qt.Key.Key_C)
    hidden = canvas.grab().toImage()
    assert hidden != clear
    shown.key(Qt.Key.Key_Right)
    shown.sharp()
    assert canvas.hidden_now()
    assert canvas.grab().toImage() == hidden
    shown.key(Qt.Key.Key_C)
    assert canvas.grab().toImage() != hidden


def test_holding_reveals_only_while_held(shown: Shown) -> None:
    shown.open(shown.photo)
    shown.sharp()
    shown.key(Qt.Key.Key_C)
    canvas = shown.viewer.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert not canvas.hidden_now()
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert canvas.hidden_now()
    QTest.keyPress(shown.viewer, Qt.Key.Key_H)
    assert not canvas.hidden_now()
    QTest.keyRelease(shown.viewer, Qt.Key.Key_H)
    assert canvas.hidden_now()


# ---- zoom --------------------------------------------------------------------------------------


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    made.show_picture(Pyramid.of(pictures.picture(1, 4000, 3000)), QSize(4000, 3000))
    return made


def test_it_fits_and_fits_again(canvas: Canvas) -> None:
    assert canvas.fit_scale() == pytest.approx(0.2)
    assert canvas.shown_rect().width() == pytest.approx(800)
    canvas.true_size()
    assert canvas.scale() == 1
    canvas.fit()
    assert canvas.fits()


def test_zoom_keeps_the_point_under_the_pointer(canvas: Canvas) -> None:
    at = QPointF(200, 150)
    before = canvas.shown_rect()
    share = (at.x() - before.x()) / before.width()
    canvas.zoom_by(3, at)
    after = canvas.shown_rect()
    assert (at.x() - after.x()) / after.width() == pytest.approx(share, abs=1e-6)


def test_zoom_has_both_ends(canvas: Canvas) -> None:
    canvas.zoom_by(0.01)
    assert canvas.fits()
    canvas.zoom_by(10_000)
    assert canvas.scale() == 8


def test_a_zoomed_picture_never_leaves_the_view(canvas: Canvas) -> None:
    canvas.zoom_by(4)
    assert canvas.pan_by(99_999, 99_999)
    assert canvas.shown_rect().topLeft() == QPointF(0, 0)
    assert not canvas.pan_by(10, 10)
    canvas.pan_by(-99_999, -99_999)
    assert canvas.shown_rect().right() == pytest.approx(800)


def test_a_double_click_zooms_in_and_out(canvas: Canvas) -> None:
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    assert canvas.scale() == 1
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    assert canvas.fits()


def test_arrows_pan_when_zoomed(shown: Shown) -> None:
    shown.open(shown.photo)
    shown.sharp()
    shown.key(Qt.Key.Key_1)
    before = shown.viewer.canvas.shown_rect()
    shown.key(Qt.Key.Key_Right)
    assert shown.viewer.item() == shown.ids[shown.photo]
    assert shown.viewer.canvas.shown_rect().x() < before.x()
    shown.key(Qt.Key.Key_0)
    shown.key(Qt.Key.Key_Right)
    assert shown.viewer.item() == shown.ids[shown.photo + 1]


def test_drawing_uses_the_smallest_that_is_enough() -> None:
    pyramid = Pyramid.of(pictures.picture(1, 4000, 3000))
    assert [level.width() for level in pyramid.levels] == [4000, 2000, 1000, 500]
    assert pyramid.level(1001).width() == 2000
    assert pyramid.level(1000).width() == 1000
    assert pyramid.level(9000).width() == 4000


def test_a_small_picture_is_not_blown_up(qtbot: QtBot) -> None:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show_picture(Pyramid.of(pictures.picture(1, 100, 80)), QSize(100, 80))
    assert made.shown_rect().width() == 200


def test_it_grows_out_of_its_place(qtbot: QtBot) -> None:
    from lighttight.ui.theme import theme

    theme().set_reduced_motion(False)
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show_picture(Pyramid.of(pictures.picture(1, 400, 300)), QSize(4000, 3000))
    made.open_from(QRect(10, 10, 40, 30))
    assert made._grown == 0.0
    qtbot.waitUntil(lambda: made._grown == 1.0, timeout=5000)


# ---- video -------------------------------------------------------------------------------------


def test_a_video_plays_and_stops(shown: Shown) -> None:
    shown.open(shown.video)
    player = shown.playing()
    shown.bot.waitUntil(lambda: shown.viewer.canvas.has_picture(), timeout=5000)
    assert shown.viewer.transport.isVisible()
    shown.bot.waitUntil(lambda: player.length > 2.9, timeout=5000)
    shown.key(Qt.Key.Key_Space)
    shown.bot.waitUntil(lambda: not player.playing, timeout=5000)
    assert shown.viewer.transport.play.accessibleName() == "Play"
    shown.key(Qt.Key.Key_K)
    shown.bot.waitUntil(lambda: player.playing, timeout=5000)


def test_the_next_picture_ends_the_video(shown: Shown) -> None:
    shown.open(shown.video)
    player = shown.playing()
    shown.viewer.go(1 if shown.cells[shown.video + 1].kind is Kind.PHOTO else -1)
    shown.bot.waitUntil(lambda: not player.playing, timeout=5000)
    shown.bot.waitUntil(lambda: not shown.viewer.transport.isVisible(), timeout=5000)


def test_cover_pauses(shown: Shown) -> None:
    shown.open(shown.video)
    player = shown.playing()
    shown.key(Qt.Key.Key_C)
    shown.bot.waitUntil(lambda: not player.playing, timeout=5000)
    assert shown.viewer.canvas.hidden_now()


def test_leaving_pauses_a_window_that_is_hidden(shown: Shown) -> None:
    shown.open(shown.video)
    player = shown.playing()
    shown.viewer.hide()
    shown.bot.waitUntil(lambda: not player.playing, timeout=5000)


class Frames:
    """A player with the frames that it showed."""

    def __init__(self, qtbot: QtBot) -> None:
        self.bot = qtbot
        self.player = Player()
        self.grey: list[int] = []
        self.failed: list[object] = []
        self.player.frame.connect(self._frame)
        self.player.failed.connect(self.failed.append)

    def _frame(self, image: QImage) -> None:
        self.grey.append(image.pixelColor(20, 100).red())

    def number(self) -> int:
        """Which frame was shown last: each is brighter by three than the one before."""
        return round((self.grey[-1] - 20) / 3)

    def shows(self, number: int) -> None:
        self.bot.waitUntil(lambda: self.number() == number, timeout=5000)


@pytest.fixture
def frames(qtbot: QtBot):
    made = Frames(qtbot)
    yield made
    made.player.close()
    qtbot.waitUntil(lambda: not made.player._retired, timeout=5000)


def opened(frames: Frames, pixels: str = "yuv420p") -> None:
    frames.player.open(MemorySource(small_video(pixels=pixels)), play=False)
    frames.bot.waitUntil(lambda: bool(frames.grey) and frames.player.length > 0, timeout=10_000)


def test_seeking_shows_the_frame_that_was_meant(frames: Frames) -> None:
    opened(frames)
    for number in (15, 47, 16, 70, 3):
        frames.player.seek(number / 25)
        frames.shows(number)


def test_what_phones_film_in_ten_bits_is_seen(frames: Frames) -> None:
    opened(frames, "yuv420p10le")
    frames.player.seek(1.0)
    frames.shows(25)


def test_frames_that_come_too_fast_are_dropped_not_queued(frames: Frames) -> None:
    opened(frames)
    del frames.grey[:]
    for grey in (30, 90, 150, 210):
        image = QImage(640, 480, QImage.Format.Format_RGB32)
        image.fill(QColor(grey, grey, grey))
        frames.player._arrived(QVideoFrame(image))
    assert frames.grey == []
    frames.bot.waitUntil(lambda: bool(frames.grey), timeout=5000)
    assert len(frames.grey) == 1
    assert frames.grey[0] > 190


def test_frames_are_taken_where_they_come_and_do_not_wait_in_the_windows_queue(
    frames: Frames,
) -> None:
    """Sixty a second of twelve megabytes came to half a gigabyte while the window was busy."""
    opened(frames)
    frames.player.play()
    QCoreApplication.processEvents()
    del frames.grey[:]
    frames.player._take()
    until = time.monotonic() + 10
    while frames.player._newest is None and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert frames.player._newest is not None, "taken, although the window did nothing"
    assert frames.grey == []


YUV420 = QVideoFrameFormat.PixelFormat.Format_YUV420P
YUV422 = QVideoFrameFormat.PixelFormat.Format_YUV422P
YUV420_10 = QVideoFrameFormat.PixelFormat.Format_YUV420P10


def planes(format_: QVideoFrameFormat, rows: int) -> QVideoFrame:
    """A grey ramp that is a little red, 640 x 480, as a processor decodes it."""
    made = QVideoFrame(format_)
    assert made.map(QVideoFrame.MapMode.WriteOnly)
    for plane, (width, height) in enumerate(((640, 480), (320, 480 // rows), (320, 480 // rows))):
        line, bits = made.bytesPerLine(plane), cast("memoryview", made.bits(plane))
        ramp = bytes(40 + place * 160 // width for place in range(width))
        row = ramp if plane == 0 else bytes([100 + 50 * (plane - 1)]) * width
        for y in range(height):
            bits[y * line : y * line + len(row)] = row
    made.unmap()
    return made


@pytest.mark.parametrize(("pixel", "rows"), [(YUV420, 2), (YUV422, 1)])
def test_a_frame_is_made_smaller_before_it_gets_its_colours(
    pixel: QVideoFrameFormat.PixelFormat, rows: int
) -> None:
    frame = planes(QVideoFrameFormat(QSize(640, 480), pixel), rows)
    whole = frame.toImage()
    small = reduced(frame, QSize(200, 1000)).toImage()
    assert small.size() == QSize(200, 150)
    for x in (5, 70, 195):
        ours, theirs = small.pixelColor(x, 75), whole.pixelColor(x * 640 // 200, 240)
        for name in ("red", "green", "blue"):
            assert abs(getattr(ours, name)() - getattr(theirs, name)()) <= 3
        assert ours.red() > ours.blue()


@pytest.mark.parametrize("room", [None, QSize(200, 1000)])
def test_ten_bits_get_their_colours_without_a_graphics_card(room: QSize | None) -> None:
    eight = planes(QVideoFrameFormat(QSize(640, 480), YUV420), 2)
    ten = QVideoFrame(QVideoFrameFormat(QSize(640, 480), YUV420_10))
    assert eight.map(QVideoFrame.MapMode.ReadOnly)
    assert ten.map(QVideoFrame.MapMode.WriteOnly)
    for plane in range(3):
        was, now = (cast("memoryview", one.bits(plane)) for one in (eight, ten))
        ours, theirs = eight.bytesPerLine(plane), ten.bytesPerLine(plane)
        for y in range(480 if plane == 0 else 240):
            width = 640 if plane == 0 else 320
            samples = [4 * sample + 3 for sample in was[y * ours : y * ours + width]]
            now[y * theirs : y * theirs + 2 * width] = struct.pack(f"<{width}H", *samples)
    ten.unmap()
    eight.unmap()
    assert reduced(ten, room).toImage() == reduced(eight, room).toImage()


def test_a_frame_that_lies_on_its_side_fits_upright() -> None:
    format_ = QVideoFrameFormat(QSize(640, 480), YUV420)
    format_.setRotation(QtVideo.Rotation.Clockwise90)
    frame = planes(format_, 2)
    assert reduced(frame, QSize(120, 160)).toImage().size() == QSize(120, 160)


def test_a_frame_that_fits_or_cannot_be_taken_apart_is_left_as_it_is() -> None:
    frame = planes(QVideoFrameFormat(QSize(640, 480), YUV420), 2)
    image = QVideoFrame(QImage(640, 480, QImage.Format.Format_RGB32))
    assert reduced(frame, QSize(640, 480)) is frame
    assert reduced(frame, QSize()) is frame
    assert reduced(image, QSize(64, 48)) is image


def test_what_could_not_be_reduced_before_is_made_smaller_afterwards(frames: Frames) -> None:
    image = QImage(3840, 2160, QImage.Format.Format_RGB32)
    assert frames.player._for_screen(image).size() == image.size()
    frames.player.room = lambda: QSize(1280, 720)
    assert frames.player._for_screen(image).size() == QSize(1280, 720)


def test_stepping_goes_frame_by_frame(frames: Frames) -> None:
    opened(frames)
    frames.player.seek(1.0)
    frames.shows(25)
    frames.player.step(1)
    frames.shows(26)
    frames.player.step(-2)
    frames.shows(24)


def test_seeking_before_the_start_is_the_start(frames: Frames) -> None:
    opened(frames)
    frames.player.seek(2.0)
    frames.shows(50)
    frames.player.jump(-10)
    frames.shows(0)


def test_sound_speed_and_loop_are_kept(frames: Frames) -> None:
    opened(frames)
    player = frames.player
    player.set_volume(2)
    assert player.volume() == 1
    player.set_muted(True)
    assert player.muted()
    player.set_loop(True)
    assert player.loops()
    player.set_speed(1.5)
    frames.bot.waitUntil(lambda: player.speed() == 1.5, timeout=5000)


def test_a_file_that_is_no_video_is_refused(frames: Frames) -> None:
    frames.player.open(MemorySource(b"not a video at all" * 500))
    frames.bot.waitUntil(lambda: bool(frames.failed), timeout=10_000)
    assert getattr(frames.failed[0], "code", "") == "video-not-playable"


def test_bytes_that_were_changed_are_named(frames: Frames) -> None:
    broken = MemorySource(small_video(), broken=Integrity("item-changed"), broken_at=2000)
    frames.player.open(broken)
    frames.bot.waitUntil(lambda: bool(frames.failed), timeout=10_000)
    assert getattr(frames.failed[0], "code", "") == "item-changed"


def test_closing_while_it_opens_does_not_hang(frames: Frames) -> None:
    """The demuxer asks for ever while it gets nothing before the end of the file."""
    for _ in range(30):
        frames.player.open(MemorySource(small_video()))
        QApplication.processEvents()
    frames.player.close()
    frames.bot.waitUntil(lambda: not frames.player._retired, timeout=10_000)


class Hanging(MemorySource):
    """A video on a disk that stops answering when `dead` is set, until the gate is open."""

    def __init__(self, content: bytes, *, dead: bool) -> None:
        super().__init__(content)
        self.dead = threading.Event()
        if dead:
            self.dead.set()
        self.gate = threading.Event()
        self.hangs = threading.Event()
        self.waited_in_vain = False

    def read(self, offset: int, count: int) -> bytes:
        if self.dead.is_set():
            self.hangs.set()
            self.waited_in_vain |= not self.gate.wait(20)
        return super().read(offset, count)


@pytest.mark.parametrize("dead", [True, False], ids=["opening", "playing"])
def test_a_disk_that_does_not_answer_does_not_hold_the_window(frames: Frames, dead: bool) -> None:
    """Stopping waits for the demuxer, and that for the disk."""
    source = Hanging(long_video(), dead=dead)
    media = frames.player._media
    try:
        frames.player.open(source)
        if not dead:
            frames.bot.waitUntil(lambda: bool(frames.grey), timeout=10_000)
            source.dead.set()
        frames.bot.waitUntil(source.hangs.is_set, timeout=10_000)
        frames.player.close()
        nothing = QMediaPlayer.MediaStatus.NoMedia
        frames.bot.waitUntil(lambda: media.mediaStatus() is nothing, timeout=15_000)
        assert not source.waited_in_vain
    finally:
        source.gate.set()


class Failing(MemorySource):
    """Its first read fails in a way that no source is known for."""

    def __init__(self, content: bytes, trouble: Exception) -> None:
        super().__init__(content)
        self._trouble: Exception | None = trouble

    def read(self, offset: int, count: int) -> bytes:
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble
        return super().read(offset, count)


def test_nobody_waits_for_a_device_that_is_shut() -> None:
    """Neither who asked nor who stands behind them, as Qt's two threads may."""
    source = Hanging(b"0123456789", dead=True)
    device = SourceDevice(source)
    got: list[object] = []

    def read() -> None:
        got.append(device.readData(4))

    threads = [threading.Thread(target=read, daemon=True) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        assert source.hangs.wait(20)
        device.shut()
        for thread in threads:
            thread.join(15)
        assert got == [b"", b""]
        assert not source.waited_in_vain
    finally:
        source.gate.set()


def test_a_device_that_is_shut_is_at_its_end() -> None:
    device = SourceDevice(MemorySource(b"0123456789"))
    assert not device.isSequential()
    assert device.read(4).data() == b"0123"
    device.seek(8)
    assert device.read(10).data() == b"89"
    assert device.atEnd()
    device.seek(2)
    assert not device.atEnd()
    device.shut()
    assert device.atEnd()
    assert device.read(4).data() == b""


def test_a_device_keeps_the_error_and_ends() -> None:
    error: LighttightError = Integrity("item-changed")
    device = SourceDevice(MemorySource(b"0" * 100, broken=error, broken_at=50))
    assert len(device.read(40).data()) == 40
    assert device.read(40).data() == b""
    assert device.error is error
    assert device.atEnd()


@pytest.mark.parametrize("trouble", [MemoryError(), RuntimeError()])
def test_a_read_that_fails_in_a_way_of_its_own_leaves_nobody_waiting(trouble: Exception) -> None:
    """Neither who asked nor who stands behind them, as Qt's two threads may."""
    source = Failing(b"0123456789", trouble)
    device = SourceDevice(source)
    assert device.readData(4) == b""
    assert device.error is not None
    assert device.error.code == "video-unreadable"
    behind: list[bytes] = []
    thread = threading.Thread(target=lambda: behind.append(device._reading.read(0, 4)), daemon=True)
    thread.start()
    thread.join(15)
    device.shut()
    assert behind == [b"0123"]


def test_qts_own_log_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_LOGGING_RULES", "a.b=true")
    keep_quiet()
    import os

    assert os.environ["QT_LOGGING_RULES"] == f"a.b=true;{RULE}"
    keep_quiet()
    assert os.environ["QT_LOGGING_RULES"].count(RULE) == 1


# ---- the time bar ------------------------------------------------------------------------------


def test_the_time_bar_seeks_where_it_is_pressed(qtbot: QtBot) -> None:
    bar = TimeBar()
    qtbot.addWidget(bar)
    bar.resize(1000, 24)
    bar.show()
    heard: list[float] = []
    bar.wanted.connect(heard.append)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(500, 12))
    assert heard == []
    bar.set_length(100)
    bar.set_place(20)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(500, 12))
    QTest.keyClick(bar, Qt.Key.Key_Right)
    bar.set_place(98)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert heard == [50.0, 25.0, 100.0]


def test_a_moment_is_shown_above_the_pointer_one_at_a_time(shown: Shown) -> None:
    shown.open(shown.video)
    shown.playing()
    bar = shown.viewer.transport.bar
    for x in range(100, 400, 10):
        QTest.mouseMove(bar, QPoint(x, 12))
    moment = shown.viewer._moment
    shown.bot.waitUntil(lambda: moment._image is not None, timeout=5000)
    assert moment.isVisible()
    middle = moment.geometry().center().x()
    assert abs(middle - shown.viewer.mapFromGlobal(bar.mapToGlobal(QPoint(390, 0))).x()) <= 2
    asked = [1 for act, _ in shown.source.asked if act == "frame"]
    assert len(asked) < 10
    shown.key(Qt.Key.Key_C)
    assert not moment.isVisible()


def test_the_viewer_imports_no_engine() -> None:
    forbidden = {"lighttight.session", "lighttight.library", "lighttight.vault"}
    module = sys.modules["lighttight.ui.viewer"]
    for value in vars(module).values():
        assert getattr(value, "__module__", "") not in forbidden


_PLAY = """
import sys, time
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from lighttight.ui import playing
playing.keep_silent()
from PySide6.QtWidgets import QApplication
app = QApplication([])
from PySide6.QtCore import qWarning
from lighttight.ui.player import Player
from tests.gui.fakes import MemorySource, small_video
video = bytearray(small_video())
for place in range(200, len(video) - 3000, 97):
    video[place] ^= 255
player = Player()
frames = []
player.frame.connect(frames.append)
player.open(MemorySource(bytes(video)))
qWarning("a name")
until = time.monotonic() + 20
while len(frames) < 20 and time.monotonic() < until:
    app.processEvents()
player.close()
print(len(frames) >= 20)
"""


def test_nothing_is_printed_about_a_damaged_video() -> None:
    root = Path(__file__).resolve().parents[2]
    clean = {name: value for name, value in os.environ.items() if name != "QT_LOGGING_RULES"}
    said = subprocess.run(
        [sys.executable, "-c", _PLAY, str(root / "app"), str(root)],
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stdout == "True\n"
    assert said.stderr == ""
