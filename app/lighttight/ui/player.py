"""Video from memory: Qt decodes, this program reads and paints.

`SourceDevice` gives Qt's demuxer the bytes of a sealed video as they are asked for; nothing is
ever written. Qt calls `readData` on two threads of its own.

Stopping waits for the demuxer, in the window's own thread. So the demuxer must never wait for a
disk: a third thread reads, and whoever waits for it is let go when the device is shut. On a dead
disk that thread stays behind, with a source that gives nothing any more.

The player is never called directly, only through queued signals. Many of its calls wait for the
demuxer's thread; that thread may be waiting for Python's lock, to run `readData`; and a direct
call holds that lock while it waits: both would wait for ever. A queued call is made by the event
loop, which does not hold it.

Frames come through a `QVideoSink`, on a thread of Qt's, and are taken there: a frame in 4K has
twelve megabytes, and as many as come while the window is busy would wait in its queue. Only the
newest is turned into an image, when everything that waited before it (keys, painting) had its
turn: a computer that is too slow for a video drops frames, and does not fall behind.

Asking for a frame's own time shows, more often than not, the frame before it; so every seek goes to
the middle of a frame.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QIODevice, QObject, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QImage
from PySide6.QtMultimedia import (
    QAudioOutput,
    QMediaMetaData,
    QMediaPlayer,
    QVideoFrame,
    QVideoSink,
)

from lighttight.errors import Environment, LighttightError, Unsupported
from lighttight.ui.frames import reduced
from lighttight.ui.playing import Source, hush_decoder, keep_quiet

_USUAL_FRAME: Final = 1000 / 30


class _Reading:
    """Reads for others, one read at a time, in a thread that nobody has to wait for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._changed = threading.Condition()
        self._begun = False
        self._taken = False
        self._wanted: tuple[int, int] | None = None
        self._answer: bytes | LighttightError | None = None
        self.ended = False

    def read(self, offset: int, count: int) -> bytes:
        """Nothing once it has ended, also for who is waiting then."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended or not self._taken)
            if self.ended:
                return b""
            if not self._begun:
                self._begun = True
                # A daemon: a program that ends does not wait for a dead disk either.
                threading.Thread(target=self._serve, name="video", daemon=True).start()
            self._taken = True
            self._wanted, self._answer = (offset, count), None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.ended or self._answer is not None)
            if self.ended:
                return b""
            answer, self._answer = self._answer, None
            self._taken = False
            self._changed.notify_all()
        if isinstance(answer, LighttightError):
            raise answer
        return answer or b""

    def end(self) -> None:
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self.ended or self._wanted is not None)
                wanted, self._wanted = self._wanted, None
                if self.ended or wanted is None:
                    return
            try:
                answer: bytes | LighttightError = self._source.read(*wanted)
            except LighttightError as error:
                answer = error
            except Exception:  # noqa: BLE001 - whoever waits is answered, and so is who reads next
                answer = Environment("video-unreadable")
            with self._changed:
                self._answer = None if self.ended else answer
                self._changed.notify_all()
            # Neither bytes of a picture nor what an error leads to are kept until the next read.
            del answer


class SourceDevice(QIODevice):
    """A random-access device over a `Source`."""

    def __init__(self, source: Source, parent: QObject | None = None) -> None:
        super().__init__()
        self.setParent(parent)
        self._reading = _Reading(source)
        self._size = source.size
        self.error: LighttightError | None = None
        self.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered)

    def isSequential(self) -> bool:
        return False

    def size(self) -> int:
        return self._size

    def bytesAvailable(self) -> int:
        return max(0, self._size - self.pos())

    def atEnd(self) -> bool:
        # The demuxer asks again and again, for ever, while it gets nothing before the end.
        return self._reading.ended or self.error is not None or self.pos() >= self._size

    def shut(self) -> None:
        """From now on there is nothing to read, and nobody waits for what is being read."""
        self._reading.end()

    def readData(self, maxlen: int) -> object:
        offset = self.pos()
        count = min(maxlen, self._size - offset)
        if self.error is not None or count <= 0:
            return b""
        try:
            return self._reading.read(offset, count)
        except LighttightError as error:
            self.error = error
            return b""

    def writeData(self, data: object, length: int) -> int:
        del data, length
        return -1


class Player(QObject):
    """One video at a time. Times are in seconds."""

    frame = Signal(QImage)
    moved = Signal(float)
    length_changed = Signal(float)
    playing_changed = Signal(bool)
    failed = Signal(object)
    ended = Signal()

    _waiting = Signal()
    _load = Signal(QIODevice, QUrl)
    _unload = Signal(QUrl)
    _play = Signal()
    _pause = Signal()
    _stop = Signal()
    _go = Signal("qlonglong")  # pyright: ignore[reportArgumentType] - a C++ type by its name
    _rate = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        keep_quiet()
        self._device: SourceDevice | None = None
        self._start_ms = 0.0
        self._media = QMediaPlayer(self)
        hush_decoder()
        self._sound = QAudioOutput(self)
        self._sink = QVideoSink(self)
        self._media.setAudioOutput(self._sound)
        self._media.setVideoSink(self._sink)
        later = Qt.ConnectionType.QueuedConnection
        self._load.connect(self._media.setSourceDevice, later)
        self._unload.connect(self._media.setSource, later)
        self._play.connect(self._media.play, later)
        self._pause.connect(self._media.pause, later)
        self._stop.connect(self._media.stop, later)
        self._go.connect(self._media.setPosition, later)
        self._rate.connect(self._media.setPlaybackRate, later)
        self._retired: list[SourceDevice] = []
        self._media.sourceChanged.connect(self._dispose, later)
        self._newest: QVideoFrame | None = None
        self._taking = threading.Lock()
        self._told = False
        self._deliver = QTimer(self)
        self._deliver.setSingleShot(True)
        self._deliver.setInterval(0)
        self._deliver.timeout.connect(self._show_newest)
        self._waiting.connect(self._deliver.start, later)
        self._sink.videoFrameChanged.connect(self._arrived, Qt.ConnectionType.DirectConnection)
        self.room: Callable[[], QSize] = lambda: QSize()
        """How many pixels are there to fill; nothing while that is not known."""
        self._media.positionChanged.connect(self._position)
        self._media.durationChanged.connect(self._duration)
        self._media.playbackStateChanged.connect(self._state)
        self._media.mediaStatusChanged.connect(self._status)
        self._media.errorOccurred.connect(self._error)

    # ---- what is played ------------------------------------------------------------------------

    def open(self, source: Source, *, play: bool = True) -> None:
        self.close()
        self._device = SourceDevice(source)
        self._load.emit(self._device, QUrl())
        if play:
            self._play.emit()
        else:
            self._pause.emit()

    def close(self) -> None:
        """Stop, and let go of the source."""
        device, self._device = self._device, None
        self._take()
        self._deliver.stop()
        if device is None:
            return
        device.shut()
        self._retired.append(device)
        self._stop.emit()
        self._unload.emit(QUrl())

    def _dispose(self) -> None:
        """The player let go: the devices before the one that is open are not used any more."""
        for device in self._retired:
            device.deleteLater()
        self._retired.clear()

    # ---- moving about --------------------------------------------------------------------------

    @property
    def length(self) -> float:
        return self._media.duration() / 1000

    @property
    def position(self) -> float:
        return self._media.position() / 1000

    @property
    def playing(self) -> bool:
        return self._media.playbackState() is QMediaPlayer.PlaybackState.PlayingState

    def toggle(self) -> None:
        if self.playing:
            self._pause.emit()
        else:
            self.play()

    def play(self) -> None:
        if self._media.mediaStatus() is QMediaPlayer.MediaStatus.EndOfMedia:
            self._go.emit(0)
        self._play.emit()

    def pause(self) -> None:
        self._pause.emit()

    def seek(self, seconds: float) -> None:
        """To the middle of the frame that is shown at `seconds`."""
        length = self._frame_ms()
        number = max(0, int(seconds * 1000 / length + 1e-6))
        end = self._media.duration()
        wanted = (number + 0.5) * length
        if end:
            wanted = min(wanted, end - length / 2)
        self._go.emit(max(0, round(wanted)))

    def jump(self, seconds: float) -> None:
        self.seek(max(0.0, self.position + seconds))

    def step(self, frames: int) -> None:
        """Pause, and go some frames on or back."""
        self._pause.emit()
        length = self._frame_ms()
        number = round(self._start_ms / length) + frames
        self.seek(max(0, number) * length / 1000)

    def _frame_ms(self) -> float:
        rate = self._media.metaData().value(QMediaMetaData.Key.VideoFrameRate)
        if isinstance(rate, int | float) and 1 <= rate <= 1000:
            return 1000 / float(rate)
        return _USUAL_FRAME

    # ---- how it is played ----------------------------------------------------------------------

    def set_volume(self, share: float) -> None:
        self._sound.setVolume(min(1.0, max(0.0, share)))

    def volume(self) -> float:
        return self._sound.volume()

    def set_muted(self, muted: bool) -> None:
        self._sound.setMuted(muted)

    def muted(self) -> bool:
        return self._sound.isMuted()

    def set_speed(self, speed: float) -> None:
        self._rate.emit(speed)

    def speed(self) -> float:
        return self._media.playbackRate()

    def set_loop(self, loop: bool) -> None:
        self._media.setLoops(QMediaPlayer.Loops.Infinite if loop else QMediaPlayer.Loops.Once)

    def loops(self) -> bool:
        return self._media.loops() == QMediaPlayer.Loops.Infinite.value

    # ---- what Qt says --------------------------------------------------------------------------

    def _arrived(self, frame: QVideoFrame) -> None:
        """On any thread, and quick: a frame that was not shown yet is replaced."""
        with self._taking:
            if not frame.isValid() or self._device is None:
                return
            self._newest = frame
            told, self._told = self._told, True
        if not told:
            self._waiting.emit()

    def _take(self) -> QVideoFrame | None:
        with self._taking:
            frame, self._newest, self._told = self._newest, None, False
        return frame

    def _show_newest(self) -> None:
        frame = self._take()
        if frame is None or self._device is None:
            return
        self._start_ms = max(0.0, frame.startTime() / 1000)
        if not self.playing:
            image = reduced(frame).toImage()  # one that stands keeps every pixel
        else:
            image = self._for_screen(reduced(frame, self.room()).toImage())
        if not image.isNull():
            self.frame.emit(image)

    def _for_screen(self, image: QImage) -> QImage:
        """What could not be made smaller before is at least not kept larger than it is seen."""
        room = self.room()
        if room.isEmpty() or not image.width() > room.width() or not image.height() > room.height():
            return image
        return image.scaled(
            room,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )

    def _position(self, value: int) -> None:
        self.moved.emit(value / 1000)

    def _duration(self, value: int) -> None:
        self.length_changed.emit(value / 1000)

    def _state(self, state: QMediaPlayer.PlaybackState) -> None:
        playing = state is QMediaPlayer.PlaybackState.PlayingState
        if not playing:
            # The frame that stands now, with every pixel.
            self._arrived(self._sink.videoFrame())
        self.playing_changed.emit(playing)

    def _status(self, status: QMediaPlayer.MediaStatus) -> None:
        if status is QMediaPlayer.MediaStatus.EndOfMedia:
            self._report_source()
            self.ended.emit()

    def _report_source(self) -> bool:
        if self._device is None or self._device.error is None:
            return False
        self.failed.emit(self._device.error)
        return True

    def _error(self, error: QMediaPlayer.Error, message: str) -> None:
        del message
        if error is QMediaPlayer.Error.NoError or self._report_source():
            return
        self.failed.emit(Unsupported("video-not-playable"))
