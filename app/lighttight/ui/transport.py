"""The lower bar of the viewer while a video plays: time, buttons, and the picture of a moment.

The picture stands above the point under the pointer, not above the playhead; a white tick marks
that point.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from lighttight.ui import paint, words
from lighttight.ui.icons import paint_icon
from lighttight.ui.playing import SPEEDS
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import IconButton
from lighttight.ui.widgets.sliders import ThinSlider

_TICKS_PER_SECOND = 1000


class TimeBar(QSlider):
    """Seek by pressing or dragging; the arrow keys go five seconds."""

    wanted = Signal(float)
    pointed = Signal(float, int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(self.tr("Time"))
        self.setFixedHeight(24)
        self.setMouseTracking(True)
        self.setProperty("focusColour", theme().dark_colour("accent"))
        self._length = 0.0
        self._place = 0.0
        self._over: float | None = None

    def set_length(self, seconds: float) -> None:
        self._length = seconds
        self.setRange(0, round(seconds * _TICKS_PER_SECOND))
        self.update()

    def set_place(self, seconds: float) -> None:
        self._place = seconds
        if not self.isSliderDown():
            self.blockSignals(True)
            self.setValue(round(seconds * _TICKS_PER_SECOND))
            self.blockSignals(False)
        self.update()

    def _at(self, x: float) -> float:
        return min(1.0, max(0.0, x / max(1, self.width()))) * self._length

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._length:
            self.setSliderDown(True)
            self.wanted.emit(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        self._over = x
        seconds = self._at(x)
        if self.isSliderDown():
            self.wanted.emit(seconds)
        if self._length:
            self.pointed.emit(seconds, int(x))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self.setSliderDown(False)

    def leaveEvent(self, event: object) -> None:
        del event
        self._over = None
        self.left.emit()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -5.0, Qt.Key.Key_Right: 5.0}.get(Qt.Key(event.key()))
        if step is None:
            event.ignore()
            return
        self.wanted.emit(min(self._length, max(0.0, self._place + step)))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        middle = self.height() / 2
        width = float(self.width())
        played = theme().viewer_colour("played")
        track = QRectF(0, middle - 2, width, 4)
        paint.rounded(painter, track, 2, fill=theme().viewer_colour("track"))
        share = self._place / self._length if self._length else 0.0
        x = width * min(1.0, share)
        if x > 0:
            paint.rounded(painter, QRectF(0, middle - 2, x, 4), 2, fill=played)
        paint.dot(painter, min(width - 8, max(8, x)), middle, 8, theme().viewer_colour("bar"))
        paint.dot(painter, min(width - 8, max(8, x)), middle, 6, played)
        if self._over is not None:
            tick = QRectF(self._over - 1, middle - 8, 2, 16)
            painter.fillRect(tick, theme().viewer_colour("text"))


class Moment(QWidget):
    """The small picture of one moment with its time."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._image: QImage | None = None
        self._seconds = 0.0
        self.setFixedSize(208, 150)
        self.hide()

    def show_at(self, seconds: float, x: int, bottom: int) -> None:
        self._seconds = seconds
        parent = self.parentWidget()
        room = parent.width() if parent is not None else 0
        left = min(max(8, x - self.width() // 2), max(8, room - self.width() - 8))
        self.move(left, bottom - self.height() - 10)
        self.show()
        self.raise_()
        self.update()

    def seconds(self) -> float:
        return self._seconds

    def set_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        edge = theme().viewer_colour("track")
        paint.rounded(painter, self.rect(), 6, fill=theme().viewer_colour("button"), edge=edge)
        frame = QRectF(5, 5, self.width() - 10, 112)
        painter.fillRect(frame, theme().viewer_colour("backdrop"))
        if self._image is not None and not self._image.isNull():
            size = QSize(self._image.size()).scaled(
                frame.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio
            )
            target = QRectF(QPointF(0, 0), size.toSizeF())
            target.moveCenter(frame.center())
            painter.drawImage(target, self._image)
        box = QRectF(0, 117, self.width(), 30)
        font = theme().font("body", strong=True)
        ink = theme().viewer_colour("text")
        paint.text(painter, box, words.clock(self._seconds), font, ink, _CENTRE)


_CENTRE = Qt.AlignmentFlag.AlignCenter


class PlayButton(QAbstractButton):
    """The one light disc."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(44, 44)
        self.setProperty("focusRadius", 22)
        self.setProperty("focusColour", theme().dark_colour("accent"))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._playing = False
        self.set_playing(False)

    def set_playing(self, playing: bool) -> None:
        self._playing = playing
        name = self.tr("Pause") if playing else self.tr("Play")
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        fill = theme().viewer_colour("text")
        paint.dot(painter, 22, 22, 22, QColor("white") if self.underMouse() else fill)
        name = "pause" if self._playing else "play"
        paint_icon(painter, name, 12, 12, theme().viewer_colour("backdrop"), 20)


class SpeedButton(QAbstractButton):
    """Speeds, one after the other."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(40, 32)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("focusColour", theme().dark_colour("accent"))
        self._speed = 1.0
        self.clicked.connect(self._next)
        self.set_speed(1.0)

    def value(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        self._speed = speed
        self.setText(f"{speed:g}×")
        self.setAccessibleName(self.tr("Speed {speed}").format(speed=self.text()))
        self.setToolTip(self.tr("Speed"))
        self.update()

    def _next(self) -> None:
        place = SPEEDS.index(self._speed) if self._speed in SPEEDS else 0
        self.set_speed(SPEEDS[(place + 1) % len(SPEEDS)])
        self.chosen.emit(self._speed)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        if self.underMouse():
            paint.rounded(painter, self.rect(), 6, fill=theme().dark_colour("hover"))
        font = theme().font("body", strong=True)
        ink = theme().viewer_colour("text")
        paint.text(painter, self.rect(), self.text(), font, ink, _CENTRE)


class Promise(QWidget):
    """The sentence that must not be lost; it goes when there is no room, the buttons stay."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = self.tr("Plays from memory. Nothing is written outside the library.")
        self.setAccessibleName(self._words)
        self.setMinimumWidth(0)
        self.setFixedHeight(24)

    def sizeHint(self) -> QSize:
        return QSize(paint.text_width(self._words, theme().font("small")) + 26, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        ink = theme().viewer_colour("text2")
        font = theme().font("small")
        wide = min(self.width(), self.sizeHint().width())
        left = (self.width() - wide) / 2
        paint_icon(painter, "lock", left, 4, ink, 16)
        paint.text(painter, QRectF(left + 24, 0, wide - 24, 24), self._words, font, ink)


class Transport(QWidget):
    """The whole lower bar. It only tells what was asked for; the viewer acts."""

    play_pressed = Signal()
    jumped = Signal(float)
    seek_wanted = Signal(float)
    moment_wanted = Signal(float)
    volume_wanted = Signal(float)
    mute_toggled = Signal(bool)
    speed_wanted = Signal(float)
    loop_toggled = Signal(bool)
    full_screen_pressed = Signal()
    moment_left = Signal()
    pointed = Signal(float, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(114)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 12, 20, 20)
        outer.setSpacing(14)

        line = QHBoxLayout()
        line.setSpacing(16)
        self._now = _Time(strong=True)
        self._total = _Time(strong=False)
        self.bar = TimeBar()
        self.bar.wanted.connect(self.seek_wanted)
        self.bar.pointed.connect(self._pointed)
        self.bar.left.connect(self.moment_left)
        line.addWidget(self._now)
        line.addWidget(self.bar, 1)
        line.addWidget(self._total)
        outer.addLayout(line)

        row = QHBoxLayout()
        row.setSpacing(8)
        self.play = PlayButton()
        self.play.clicked.connect(self.play_pressed)
        row.addWidget(self.play)
        row.addSpacing(10)
        back = IconButton("back", self.tr("Back ten seconds (J)"), viewer=True)
        back.clicked.connect(lambda: self.jumped.emit(-10.0))
        onward = IconButton("forward", self.tr("On ten seconds (L)"), viewer=True)
        onward.clicked.connect(lambda: self.jumped.emit(10.0))
        row.addWidget(back)
        row.addWidget(onward)
        row.addSpacing(12)
        self.mute = IconButton("volume", self.tr("Sound off (M)"), checkable=True, viewer=True)
        self.mute.toggled.connect(self.mute_toggled)
        row.addWidget(self.mute)
        self.volume = ThinSlider(self.tr("Volume"), 100, 80, viewer=True)
        self.volume.valueChanged.connect(lambda value: self.volume_wanted.emit(value / 100))
        row.addWidget(self.volume)
        row.addWidget(Promise(), 1)
        self.speed = SpeedButton()
        self.speed.chosen.connect(self.speed_wanted)
        row.addWidget(self.speed)
        self.loop = IconButton("loop", self.tr("Again and again"), checkable=True, viewer=True)
        self.loop.toggled.connect(self.loop_toggled)
        row.addWidget(self.loop)
        self.full = IconButton("fullscreen", self.tr("Full screen (F11)"), viewer=True)
        self.full.clicked.connect(self.full_screen_pressed)
        row.addWidget(self.full)
        outer.addLayout(row)

    def set_length(self, seconds: float) -> None:
        self.bar.set_length(seconds)
        self._total.set_seconds(seconds)

    def set_place(self, seconds: float) -> None:
        self.bar.set_place(seconds)
        self._now.set_seconds(seconds)

    def _pointed(self, seconds: float, x: int) -> None:
        self.pointed.emit(seconds, self.bar.mapToGlobal(QPoint(x, 0)))
        self.moment_wanted.emit(seconds)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().viewer_colour("bar"))
        painter.fillRect(0, 0, self.width(), 1, theme().viewer_colour("bar_line"))


class _Time(QWidget):
    def __init__(self, *, strong: bool) -> None:
        super().__init__()
        self._shown = words.clock(0)
        self._strong = strong
        self.setFixedSize(44, 24)

    def set_seconds(self, seconds: float) -> None:
        shown = words.clock(seconds)
        if shown == self._shown:
            return
        self._shown = shown
        self.setFixedWidth(62 if len(shown) > 5 else 44)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        tone = theme().viewer_colour("text" if self._strong else "text2")
        side = Qt.AlignmentFlag.AlignRight if self._strong else Qt.AlignmentFlag.AlignLeft
        align = side | Qt.AlignmentFlag.AlignVCenter
        font = theme().font("body", strong=self._strong)
        paint.text(painter, self.rect(), self._shown, font, tone, align)
