"""What stands above the page: the cover of a window that is not in front, and a word in between.

Whoever drops files onto the window must see at once that they were taken, or why not. A drop
usually comes from another window, which is in front then: so the cover itself says how far it is,
and names nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.theme import theme
from lighttight.ui.widgets.glow import paint_box, paint_glow
from lighttight.ui.widgets.notes import Card, Glyph
from lighttight.ui.widgets.progress import Bar
from lighttight.ui.widgets.text import Text

_BOX = 110
_BAR = 280
STAYS_MS = 8000
"""Long enough to read two lines slowly."""


class CoverPane(QWidget):
    """Stands over everything while the window is not in front. It says nothing of a library but
    that work goes on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._work = QWidget(self)
        inside = QVBoxLayout(self._work)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        self.words = Text("", "body", "text2", align=Qt.AlignmentFlag.AlignHCenter)
        inside.addWidget(self.words)
        self.bar = Bar("")
        self.bar.setFixedWidth(_BAR)
        inside.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignHCenter)
        self._work.hide()

    def say(self, words: str, fraction: float | None = None, *, ended: bool = False) -> None:
        """How far the work is; nothing, and nothing is said."""
        if words != self.words.text():
            self.words.setText(words)
            self.bar.setAccessibleName(words)
            self.setAccessibleName(words)
        self.bar.set_fraction(fraction)
        self.bar.setVisible(not ended)
        self._work.setVisible(bool(words))
        self._place()

    def seen(self) -> None:
        """Somebody came back: what ended is not said again."""
        if self.bar.isHidden():
            self.say("")

    def _place(self) -> None:
        top = self.height() // 2 + _BOX // 2 + 36
        self._work.setGeometry(0, top, self.width(), self._work.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        painter.fillRect(self.rect(), theme().colour("bg"))
        centre = QPointF(self.rect().center())
        if theme().dark:
            paint_glow(painter, centre, 260, 0.5)
        box = QRectF(0, 0, _BOX, _BOX)
        box.moveCenter(centre)
        paint_box(painter, box)


class Toast(Card):
    """One or two lines near the upper edge, over whatever is shown; it goes by itself.

    Nothing of it can be pressed, and nothing below it is kept from being pressed.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__("raised", "accent", None, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 20, 12)
        row.setSpacing(10)
        self._glyph = Glyph("import", "accent_text", top=2)
        row.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        self.words = Text("", wrap=True)
        row.addWidget(self.words, 1)
        self._leaving = QTimer(self)
        self._leaving.setSingleShot(True)
        self._leaving.setInterval(STAYS_MS)
        self._leaving.timeout.connect(self.hide)
        self.hide()

    def say(self, words: str, icon: str = "import", *, stays: bool = False) -> None:
        """`stays`: until it is hidden."""
        self._glyph.set_glyph(icon, "accent_text")
        self.words.setText(words)
        self.setAccessibleName(words)
        self.place()
        self.show()
        self.raise_()
        if stays:
            self._leaving.stop()
        else:
            self._leaving.start()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def place(self) -> None:
        """In the middle, where a page has its quiet upper edge."""
        room = self.parentWidget()
        if room is None:
            return
        around = 16 + 16 + 10 + 20
        text = min(self.words.sizeHint().width(), room.width() - 32 - around, 420)
        height = self.words.heightForWidth(text) + 24
        width = text + around
        self.setGeometry((room.width() - width) // 2, 20, width, height)
