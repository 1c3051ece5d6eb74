"""Long work: a bar with counts, the time left, and Cancel. The window stays alive beside it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from lighttight.ui import paint, words
from lighttight.ui.pace import Pace
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.notes import Card
from lighttight.ui.widgets.text import Text


class Bar(QProgressBar):
    """A thin bar; before the total is known, a piece of it wanders (or stands, if still)."""

    def __init__(self, name: str, height: int = 6, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTextVisible(False)
        self.setFixedHeight(height)
        self.setRange(0, 0)
        self._phase = 0.0
        self._ticker = QTimer(self)
        self._ticker.setInterval(40)
        self._ticker.timeout.connect(self._tick)

    def set_fraction(self, fraction: float | None) -> None:
        if fraction is None:
            self.setRange(0, 0)
        else:
            self.setRange(0, 1000)
            self.setValue(round(1000 * min(1.0, max(0.0, fraction))))
        self._wander()

    def _wander(self) -> None:
        moving = self.maximum() == 0 and self.isVisible() and not theme().reduced_motion
        if moving and not self._ticker.isActive():
            self._ticker.start()
        elif not moving:
            self._ticker.stop()
        self.update()

    def showEvent(self, event: object) -> None:
        del event
        self._wander()

    def hideEvent(self, event: object) -> None:
        del event
        self._ticker.stop()

    def _tick(self) -> None:
        self._phase = (self._phase + 0.02) % 1.3
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        radius = self.height() / 2
        paint.rounded(painter, self.rect(), radius, fill=theme().colour("line_strong"))
        accent = theme().colour("accent")
        width = float(self.width())
        if self.maximum() == 0:
            start = (self._phase - 0.3) * width if not theme().reduced_motion else 0.35 * width
            left, right = max(0.0, start), min(width, start + 0.3 * width)
            if right > left:
                box = QRectF(left, 0, right - left, self.height())
                paint.rounded(painter, box, radius, fill=accent)
            return
        share = self.value() / self.maximum()
        if share > 0:
            box = QRectF(0, 0, max(2 * radius, width * share), self.height())
            paint.rounded(painter, box, radius, fill=accent)


class ProgressPanel(Card):
    """One long act. `set_progress` may be called as often as wanted."""

    cancelled = Signal()

    def __init__(self, title: str, parent: QWidget | None = None, pace: Pace | None = None) -> None:
        super().__init__("surface", "line", None, parent)
        self._pace = pace or Pace()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(12)
        self.title = Text(title, strong=True)
        head.addWidget(self.title, 1)
        self.cancel = Button(self.tr("Cancel"), Look.OUTLINE, Size.SMALL)
        self.cancel.clicked.connect(self._cancel)
        head.addWidget(self.cancel)
        layout.addLayout(head)
        self.bar = Bar(title)
        layout.addWidget(self.bar)
        foot = QHBoxLayout()
        self.counts = Text("", "small", "text2")
        self.left = Text("", "small", "text2", align=Qt.AlignmentFlag.AlignRight)
        foot.addWidget(self.counts, 1)
        foot.addWidget(self.left)
        layout.addLayout(foot)
        self.detail = Text("", "small", "text3")
        self.detail.hide()
        layout.addWidget(self.detail)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_progress(0, None)

    def sizeHint(self) -> QSize:
        return QSize(420, super().sizeHint().height())

    def set_progress(self, done: int, total: int | None) -> None:
        if total:
            self.bar.set_fraction(done / total)
            self.counts.setText(
                self.tr("{done} of {total}").format(
                    done=words.number(done), total=words.number(total)
                )
            )
        else:
            self.bar.set_fraction(None)
            self.counts.setText(words.number(done) if done else self.tr("Getting ready"))
        seconds = self._pace.update(done, total)
        if seconds is None:
            self.left.setText("")
        else:
            about = self.tr("About {time} left").format(time=words.spoken(seconds))
            self.left.setText(self.tr("A few seconds left") if seconds < 55 else about)

    def set_detail(self, words_: str) -> None:
        self.detail.setText(words_)
        self.detail.setVisible(bool(words_))

    def _cancel(self) -> None:
        """Pressed once, it says so: what is under way ends cleanly first."""
        self.cancel.setEnabled(False)
        self.left.setText(self.tr("Stopping after this one"))
        self.cancelled.emit()
