"""The viewer: one picture or video fills the window, dark in both themes.

The preview is shown at once and replaced by the picture itself when a job has it; the neighbours
are fetched beforehand. Nothing lies over the picture: bars stand above and below it. Cover hides
at once, by button or by C, and stays on from picture to picture until it is taken off.

It knows no engine. A `ViewerSource` answers its questions, on worker threads.

Length: one widget and what it shows; the surface, the player and the bars are modules of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QVBoxLayout, QWidget

from lighttight.errors import Environment, Unsupported
from lighttight.model import ItemId, Kind
from lighttight.progress import Progress
from lighttight.ui import paint, words
from lighttight.ui.canvas import Canvas, Pyramid
from lighttight.ui.features import Feature, built
from lighttight.ui.icons import paint_icon
from lighttight.ui.jobs import Job, Jobs
from lighttight.ui.playing import Source
from lighttight.ui.theme import theme
from lighttight.ui.transport import Moment, Transport
from lighttight.ui.widgets.buttons import Button, IconButton, Look

if TYPE_CHECKING:
    from lighttight.ui.player import Player

_HELD: Final = 160 * 1024 * 1024
"""Bytes of pictures kept: the one that is seen and its neighbours."""
_STEP: Final = 80


@dataclass(frozen=True, slots=True)
class ViewerItem:
    """What the viewer says of an item. `playable` is False for a video nobody probed."""

    id: ItemId
    title: str
    detail: str
    kind: Kind
    width: int
    height: int
    favourite: bool
    duration: float | None = None
    playable: bool = True


class ViewerSource(Protocol):
    """Everything the viewer needs. All run on worker threads and may raise."""

    def facts(self, item: ItemId) -> ViewerItem: ...

    def preview(self, item: ItemId) -> QImage | None: ...

    def picture(self, item: ItemId, progress: Progress) -> QImage:
        """The whole picture, the right way up."""
        ...

    def video(self, item: ItemId) -> Source: ...

    def frame(self, item: ItemId, seconds: float) -> QImage | None:
        """A small picture of one moment, for the time bar."""
        ...


def _undecodable(error: BaseException) -> bool:
    return isinstance(error, Unsupported) or (
        isinstance(error, Environment) and error.code.startswith("decoder-")
    )


class ArrowButton(QAbstractButton):
    """The round ones at the sides."""

    def __init__(self, icon: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(44, 44)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("focusRadius", 22)
        self.setProperty("focusColour", theme().dark_colour("accent"))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        if not self.isEnabled():
            painter.setOpacity(0.35)
        over = self.isEnabled() and self.underMouse()
        fill = theme().dark_colour("selected") if over else theme().viewer_colour("button")
        paint.dot(painter, 22, 22, 22, fill)
        paint_icon(painter, self._icon, 12, 12, theme().viewer_colour("text"), 20)


class _Title(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._title = ""
        self._detail = ""
        self.setFixedHeight(44)

    def set_words(self, title: str, detail: str) -> None:
        self._title, self._detail = title, detail
        self.setAccessibleName(", ".join(part for part in (title, detail) if part))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        strong = theme().font("body", strong=True)
        text, text2 = theme().viewer_colour("text"), theme().viewer_colour("text2")
        width = self.width()
        paint.text(painter, QRect(0, 3, width, 20), self._title, strong, text)
        paint.text(painter, QRect(0, 23, width, 16), self._detail, theme().font("small"), text2)


class Viewer(QWidget):
    """`show_items` opens it; `closed` says that the person wants back to the grid."""

    closed = Signal(str)
    favourite_wanted = Signal(str, bool)
    share_wanted = Signal(str)
    info_toggled = Signal(bool)
    full_screen_wanted = Signal()
    shown = Signal(str)
    playing_changed = Signal(bool)

    def __init__(self, jobs: Jobs, source: ViewerSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._source = source
        self._items: Sequence[ItemId] = ()
        self._place = 0
        self._facts: ViewerItem | None = None
        self._running: list[Job] = []
        self._held: OrderedDict[ItemId, Pyramid] = OrderedDict()
        self._fetching: dict[ItemId, Job] = {}
        self._opening_from: QRect | None = None
        self._moment_job: Job | None = None
        self._moment_next: float | None = None
        self._player: Player | None = None
        self._plays = True
        self.setAccessibleName(self.tr("Viewer"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ownFocus", True)
        self._build()

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        top = QHBoxLayout()
        top.setContentsMargins(16, 0, 16, 0)
        top.setSpacing(8)
        self.back = IconButton("chevron-left", self.tr("Back to the library (Esc)"), viewer=True)
        self.back.clicked.connect(self.leave)
        top.addWidget(self.back)
        self._title = _Title()
        top.addWidget(self._title, 1)
        self.heart = IconButton("heart", self.tr("Favourite (F)"), viewer=True)
        self.heart.clicked.connect(self._toggle_favourite)
        top.addWidget(self.heart)
        top.addSpacing(4)
        self.info = IconButton("inspector", self.tr("Details (I)"), checkable=True, viewer=True)
        self.info.toggled.connect(self.info_toggled)
        top.addWidget(self.info)
        top.addSpacing(10)
        self.cover = Button(self.tr("Cover"), Look.OUTLINE, icon="eye-off", viewer=True)
        self.cover.setCheckable(True)
        self.cover.toggled.connect(self._cover)
        self.cover.setToolTip(self.tr("Hide the picture at once (C)"))
        top.addWidget(self.cover)
        self.share = Button(self.tr("Share"), Look.PRIMARY, icon="share", viewer=True)
        self.share.clicked.connect(self._share)
        self.share.setVisible(built(Feature.SHARING))
        top.addWidget(self.share)
        bar = QWidget()
        bar.setFixedHeight(56)
        bar.setLayout(top)
        outer.addWidget(bar)

        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        self.previous = ArrowButton("chevron-left", self.tr("Previous"))
        self.previous.clicked.connect(lambda: self.go(-1))
        self.next = ArrowButton("chevron-right", self.tr("Next"))
        self.next.clicked.connect(lambda: self.go(1))
        self.canvas = Canvas()
        self.canvas.pressed_twice.connect(self.full_screen_wanted)
        middle.addSpacing(18)
        middle.addWidget(self.previous, 0, Qt.AlignmentFlag.AlignVCenter)
        middle.addSpacing(18)
        middle.addWidget(self.canvas, 1)
        middle.addSpacing(18)
        middle.addWidget(self.next, 0, Qt.AlignmentFlag.AlignVCenter)
        middle.addSpacing(18)
        outer.addLayout(middle, 1)

        self.transport = Transport()
        self.transport.hide()
        outer.addWidget(self.transport)
        self.transport.play_pressed.connect(self._toggle_play)
        self.transport.jumped.connect(self._jump)
        self.transport.seek_wanted.connect(self._seek)
        self.transport.pointed.connect(self._point)
        self.transport.moment_left.connect(self._unpoint)
        self.transport.volume.setValue(70)
        self.transport.volume_wanted.connect(self._set_volume)
        self.transport.mute_toggled.connect(self._set_muted)
        self.transport.speed_wanted.connect(self._set_speed)
        self.transport.loop_toggled.connect(self._set_loop)
        self.transport.full_screen_pressed.connect(self.full_screen_wanted)
        self._moment = Moment(self)
        self._moment_timer = QTimer(self)
        self._moment_timer.setSingleShot(True)
        self._moment_timer.setInterval(40)
        self._moment_timer.timeout.connect(self._fetch_moment)

    # ---- opening and leaving -------------------------------------------------------------------

    def show_items(
        self, items: Sequence[ItemId], place: int, from_rect: QRect | None = None
    ) -> None:
        """Show `items[place]`; it grows from `from_rect` (in this widget's coordinates)."""
        self._items = items
        self._opening_from = from_rect
        self._plays = True
        self._show(place)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def item(self) -> ItemId | None:
        return self._items[self._place] if self._items else None

    def is_playing(self) -> bool:
        return self._player is not None and self._player.playing

    def leave(self) -> None:
        item = self.item()
        self.forget()
        self.closed.emit(item or "")

    def forget(self) -> None:
        """Lock or leave: stop, and hold no picture."""
        self._stop_work()
        for job in self._fetching.values():
            job.cancel()
        self._fetching.clear()
        self._held.clear()
        self._items = ()
        self._facts = None
        self.canvas.show_nothing()
        self._title.set_words("", "")
        self._moment.hide()
        self._moment.set_image(None)

    def _stop_work(self) -> None:
        for job in self._running:
            job.cancel()
        self._running.clear()
        self._moment_timer.stop()
        if self._moment_job is not None:
            self._moment_job.cancel()
            self._moment_job = None
        if self._player is not None:
            self._player.close()

    def go(self, step: int) -> None:
        wanted = self._place + step
        if self._items and 0 <= wanted < len(self._items):
            # Nobody asked for the sound of whatever comes next.
            self._plays = False
            self._show(wanted)

    def _show(self, place: int) -> None:
        self._stop_work()
        self._place = place
        self._facts = None
        item = self._items[place]
        self.previous.setEnabled(place > 0)
        self.next.setEnabled(place + 1 < len(self._items))
        self.canvas.show_nothing()
        self.canvas.fit()
        self._unpoint()
        self._running.append(
            self._jobs.run(lambda _: self._source.facts(item), done=self._got_facts, owner=self)
        )
        self.shown.emit(item)

    # ---- what comes back -----------------------------------------------------------------------

    def _got_facts(self, facts: ViewerItem) -> None:
        if facts.id != self.item():
            return
        self._facts = facts
        self.update_facts(facts)
        video = facts.kind is Kind.VIDEO
        self.transport.setVisible(video)
        held = self._held.get(facts.id)
        if held is not None and not video:
            self._present(facts, held)
            if self.canvas.sharp():
                self._prefetch()
                return
        else:
            self._running.append(
                self._jobs.run(
                    lambda _: self._source.preview(facts.id),
                    done=lambda image: self._got_preview(facts, image),
                    failed=lambda _: None,
                    owner=self,
                )
            )
        if video:
            self._open_video(facts)
        else:
            self._fetch(facts.id, self._failed)

    def update_facts(self, facts: ViewerItem) -> None:
        """New facts of the item that is shown: a heart, a title."""
        if facts.id != self.item():
            return
        self._facts = facts
        count = self.tr("{here} of {all}").format(
            here=words.number(self._place + 1), all=words.number(len(self._items))
        )
        detail = f"{facts.detail} · {count}" if facts.detail else count
        self._title.set_words(facts.title, detail)
        if facts.favourite:
            self.heart.set_icon("heart-filled", "accent_text")
        else:
            self.heart.set_icon("heart")

    def _natural(self, facts: ViewerItem, image: QImage) -> QSize:
        return QSize(facts.width, facts.height) if facts.width and facts.height else image.size()

    def _present(self, facts: ViewerItem, picture: Pyramid) -> None:
        natural = self._natural(facts, picture.levels[0])
        first = not self.canvas.has_picture()
        self.canvas.show_picture(picture, natural, enlarge=facts.kind is Kind.VIDEO)
        if first and self._opening_from is not None:
            origin = self.canvas.mapFrom(self, self._opening_from.topLeft())
            self.canvas.open_from(QRect(origin, self._opening_from.size()))
            self._opening_from = None

    def _got_preview(self, facts: ViewerItem, image: QImage | None) -> None:
        if facts.id != self.item() or image is None or self.canvas.has_picture():
            return
        self._present(facts, Pyramid([image]))

    def _fetch(self, item: ItemId, failed: object) -> None:
        if item in self._fetching:
            return

        def work(progress: Progress) -> Pyramid:
            return Pyramid.of(self._source.picture(item, progress))

        def done(picture: Pyramid) -> None:
            self._fetching.pop(item, None)
            self._keep(item, picture)
            if item == self.item() and self._facts is not None:
                self._present(self._facts, picture)
                self._prefetch()

        def went_wrong(error: BaseException) -> None:
            self._fetching.pop(item, None)
            if item == self.item() and callable(failed):
                failed(error)

        self._fetching[item] = self._jobs.run(
            work,
            done=done,
            failed=went_wrong,
            cancelled=lambda: self._forget_fetch(item),
            owner=self,
        )

    def _forget_fetch(self, item: ItemId) -> None:
        job = self._fetching.get(item)
        if job is not None and job.is_cancelled:
            del self._fetching[item]

    def _keep(self, item: ItemId, picture: Pyramid) -> None:
        self._held[item] = picture
        self._held.move_to_end(item)
        current = self.item()
        if current in self._held and current is not None:
            self._held.move_to_end(current)
        # A neighbour need only fill the view; the whole of it is fetched when it is looked at.
        enough = self.canvas.width() * self.devicePixelRatioF()
        for other, held in self._held.items():
            if other != current and self._octets() > _HELD:
                self._held[other] = held.reduced(enough)
        while len(self._held) > 1 and self._octets() > _HELD:
            self._held.popitem(last=False)

    def _octets(self) -> int:
        return sum(picture.octets for picture in self._held.values())

    def _prefetch(self) -> None:
        """The next and the one before; whatever else is still on its way is not wanted now."""
        wanted = [
            self._items[place]
            for place in (self._place + 1, self._place - 1)
            if 0 <= place < len(self._items)
        ]
        keep = {self.item(), *wanted}
        for item, job in list(self._fetching.items()):
            if item not in keep:
                job.cancel()
        for item in wanted:
            if item in self._held or item in self._fetching:
                continue
            self._running.append(
                self._jobs.run(
                    lambda _, item=item: self._source.facts(item),
                    done=self._prefetch_photo,
                    failed=lambda _: None,
                    owner=self,
                )
            )

    def _prefetch_photo(self, facts: ViewerItem) -> None:
        if facts.kind is Kind.PHOTO and facts.id not in self._held:
            self._fetch(facts.id, None)

    def _failed(self, error: BaseException) -> None:
        """What stands in the place of the picture needs no question over it; a library that was
        damaged, or a disk that fails, is for the one presenter."""
        if not self.canvas.has_picture():
            self.canvas.show_message(self.tr("This picture can't be shown. It is kept safe."))
        if not _undecodable(error):
            raise error

    # ---- video ---------------------------------------------------------------------------------

    def _ready_player(self) -> Player:
        if self._player is None:
            from lighttight.ui.player import Player

            player = Player(self)
            player.room = lambda: self.canvas.size() * self.devicePixelRatioF()
            player.frame.connect(self._got_frame)
            player.moved.connect(self.transport.set_place)
            player.length_changed.connect(self._got_length)
            player.playing_changed.connect(self._got_playing)
            player.failed.connect(self._video_failed)
            player.set_volume(self.transport.volume.value() / 100)
            player.set_muted(self.transport.mute.isChecked())
            player.set_loop(self.transport.loop.isChecked())
            player.set_speed(self.transport.speed.value())
            self._player = player
        return self._player

    def _open_video(self, facts: ViewerItem) -> None:
        self.transport.set_length(facts.duration or 0.0)
        self.transport.set_place(0.0)
        self.transport.setEnabled(facts.playable)
        if not facts.playable:
            self.canvas.show_message(
                self.tr("This kind of video can't be played here. It is kept safe.")
            )
            return

        def opened(source: Source) -> None:
            if facts.id == self.item():
                self._ready_player().open(source, play=self._plays and not self.canvas.covered())

        self._running.append(
            self._jobs.run(
                lambda _: self._source.video(facts.id),
                done=opened,
                failed=self._video_failed,
                owner=self,
            )
        )

    def _got_frame(self, image: QImage) -> None:
        if self._facts is not None and self._facts.kind is Kind.VIDEO:
            natural = self._natural(self._facts, image)
            self.canvas.show_picture(Pyramid([image]), natural, enlarge=True)

    def _got_length(self, seconds: float) -> None:
        if seconds > 0:
            self.transport.set_length(seconds)

    def _got_playing(self, playing: bool) -> None:
        self.transport.play.set_playing(playing)
        self.playing_changed.emit(playing)

    def _video_failed(self, error: object) -> None:
        self.transport.setEnabled(False)
        self.canvas.show_message(self.tr("This video can't be played here. It is kept safe."))
        if isinstance(error, BaseException) and not _undecodable(error):
            raise error

    def _playing_item(self) -> Player | None:
        video = self._facts is not None and self._facts.kind is Kind.VIDEO
        return self._player if video and self.transport.isEnabled() else None

    def _toggle_play(self) -> None:
        if (player := self._playing_item()) is not None:
            player.toggle()

    def _jump(self, seconds: float) -> None:
        if (player := self._playing_item()) is not None:
            player.jump(seconds)

    def _seek(self, seconds: float) -> None:
        if (player := self._playing_item()) is not None:
            player.seek(seconds)
            self.transport.set_place(seconds)

    def _set_volume(self, share: float) -> None:
        if self._player is not None:
            self._player.set_volume(share)

    def _set_muted(self, muted: bool) -> None:
        if self._player is not None:
            self._player.set_muted(muted)

    def _set_speed(self, speed: float) -> None:
        if self._player is not None:
            self._player.set_speed(speed)

    def _set_loop(self, loop: bool) -> None:
        if self._player is not None:
            self._player.set_loop(loop)

    def _point(self, seconds: float, at: QPoint) -> None:
        if self._playing_item() is None or self.canvas.covered():
            return
        x = self.mapFromGlobal(at).x()
        self._moment.show_at(seconds, x, self.transport.y())
        self._moment_next = seconds
        if not self._moment_timer.isActive() and self._moment_job is None:
            self._moment_timer.start()

    def _unpoint(self) -> None:
        self._moment.hide()
        self._moment.set_image(None)
        self._moment_next = None

    def _fetch_moment(self) -> None:
        seconds, self._moment_next = self._moment_next, None
        item = self.item()
        if seconds is None or item is None:
            return
        wanted = seconds
        self._moment_job = self._jobs.run(
            lambda _: self._source.frame(item, wanted),
            done=self._got_moment,
            failed=lambda _: self._got_moment(None),
            cancelled=lambda: self._got_moment(None),
            owner=self,
        )

    def _got_moment(self, image: QImage | None) -> None:
        self._moment_job = None
        if image is not None and self._moment.isVisible():
            self._moment.set_image(image)
        if self._moment_next is not None:
            self._moment_timer.start()

    # ---- acts ----------------------------------------------------------------------------------

    def _toggle_favourite(self) -> None:
        if self._facts is not None:
            self.favourite_wanted.emit(self._facts.id, not self._facts.favourite)

    def _share(self) -> None:
        if (item := self.item()) is not None:
            self.share_wanted.emit(item)

    def _cover(self, covered: bool) -> None:
        if covered:
            self._unpoint()
            if self._player is not None:
                self._player.pause()
        self.canvas.set_covered(covered)
        self.cover.set_icon("eye" if covered else "eye-off")
        self.cover.setText(self.tr("Uncover") if covered else self.tr("Cover"))

    # ---- keyboard ------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._general_key(event) and not self._video_key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_H and not event.isAutoRepeat():
            self.canvas.hold(False)
            return
        super().keyReleaseEvent(event)

    def _general_key(self, event: QKeyEvent) -> bool:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Backspace:
                self.leave()
            case Qt.Key.Key_C:
                self.cover.toggle()
            case Qt.Key.Key_H:
                self.canvas.hold(True)
            case Qt.Key.Key_F:
                self._toggle_favourite()
            case Qt.Key.Key_I:
                self.info.toggle()
            case Qt.Key.Key_F11:
                self.full_screen_wanted.emit()
            case Qt.Key.Key_Home:
                self.go(-self._place)
            case Qt.Key.Key_End:
                self.go(len(self._items) - 1 - self._place)
            case Qt.Key.Key_PageUp:
                self.go(-1)
            case Qt.Key.Key_PageDown:
                self.go(1)
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down:
                self._arrow(event)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.canvas.zoom_by(1.25)
            case Qt.Key.Key_Minus:
                self.canvas.zoom_by(1 / 1.25)
            case Qt.Key.Key_0:
                self.canvas.fit()
            case Qt.Key.Key_1:
                self.canvas.true_size()
            case _:
                return False
        return True

    def _arrow(self, event: QKeyEvent) -> None:
        """Zoomed, an arrow moves the picture; otherwise Left and Right go to another."""
        dx, dy = {
            Qt.Key.Key_Left: (_STEP, 0),
            Qt.Key.Key_Right: (-_STEP, 0),
            Qt.Key.Key_Up: (0, _STEP),
            Qt.Key.Key_Down: (0, -_STEP),
        }[Qt.Key(event.key())]
        if not self.canvas.fits():
            self.canvas.pan_by(dx, dy)
        elif dx:
            self.go(1 if dx < 0 else -1)

    def _video_key(self, event: QKeyEvent) -> bool:
        player = self._playing_item()
        if player is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        match event.key():
            case Qt.Key.Key_Space | Qt.Key.Key_K:
                player.toggle()
            case Qt.Key.Key_J:
                player.jump(-10)
            case Qt.Key.Key_L:
                player.jump(10)
            case Qt.Key.Key_Comma:
                player.step(-1)
            case Qt.Key.Key_Period:
                player.step(1)
            case Qt.Key.Key_M:
                self.transport.mute.toggle()
            case _:
                return False
        return True

    def hideEvent(self, event: QHideEvent) -> None:
        if self._player is not None:
            self._player.pause()
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.forget()
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().viewer_colour("backdrop"))
