"""The inside of the export sheet: what leaves, in which form, what is removed, and where to.

Plain data in, signals out; a controller fills it. Everything stands there before any file does.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.reveals import Line
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button
from lighttight.ui.widgets.choice import Segmented, Switch
from lighttight.ui.widgets.layouts import clear, scrolling
from lighttight.ui.widgets.notes import Card, Glyph, NoteBox
from lighttight.ui.widgets.text import Text

WIDTH = 840
LEFT = 312
MOST_SHOWN = 12
_ROW = 33
_TONES = {"gone": "ok", "stays": "danger", "kept": "text2", "none": "text2"}
_MARKS = {"gone": "check", "stays": "alert"}


class Thumbs(QWidget):
    """Small pictures of what leaves, at most a dozen; the last place counts the others."""

    def __init__(self, count: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._images: list[QImage | None] = [None] * min(count, MOST_SHOWN)
        self._more = count - MOST_SHOWN
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_image(self, place: int, image: QImage | None) -> None:
        if place < len(self._images):
            self._images[place] = image
            self.update()

    def _across(self) -> int:
        return min(3, len(self._images))

    def _box(self, place: int, width: int) -> QRect:
        across = self._across()
        side = (width - 4 * (across - 1)) // across
        high = round(side * (0.62 if across < 3 else 0.75))
        return QRect((place % across) * (side + 4), (place // across) * (high + 4), side, high)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._box(len(self._images) - 1, width).bottom() + 1

    def sizeHint(self) -> QSize:
        return QSize(264, self.heightForWidth(264))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        radius = theme().metrics.radius_picture
        for place, image in enumerate(self._images):
            box = QRectF(self._box(place, self.width()))
            if image is None:
                paint.rounded(painter, box, radius, fill=theme().colour("raised"))
                at = box.center()
                ink = theme().colour("text3")
                paint_icon(painter, "library", round(at.x()) - 8, round(at.y()) - 8, ink, 16)
            else:
                shape = QPainterPath()
                shape.addRoundedRect(box, radius, radius)
                painter.save()
                painter.setClipPath(shape)
                painter.drawImage(box, image, _middle(image, box))
                painter.restore()
            if self._more > 0 and place == MOST_SHOWN - 1:
                paint.rounded(painter, box, radius, fill=theme().colour("scrim"))
                font = theme().font("body", strong=True)
                said = f"+{self._more + 1:,}"
                centre = Qt.AlignmentFlag.AlignCenter
                paint.text(painter, box, said, font, theme().dark_colour("text"), centre)


def _middle(image: QImage, box: QRectF) -> QRectF:
    """The largest part of the picture that has the shape of the box."""
    wide, high = float(image.width()), float(image.height())
    wanted = box.width() / box.height()
    if wide / high > wanted:
        part = high * wanted
        return QRectF((wide - part) / 2, 0, part, high)
    part = wide / wanted
    return QRectF(0, (high - part) / 2, wide, part)


class _Row(QWidget):
    def __init__(self, line: Line, spoken: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = line
        self.setAccessibleName(spoken)
        self.setAccessibleDescription(line.whole)
        self.setFixedHeight(_ROW)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self.line.whole:
            # Words out of a file: never markup.
            said = self.line.whole.replace("&", "&amp;").replace("<", "&lt;")
            lines = said.replace("\n", "<br>")
            QToolTip.showText(event.globalPos(), f"<qt>{lines}</qt>", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        line = self.line
        painter.fillRect(0, 0, self.width(), 1, colour("line"))
        here, there = columns(self.width())
        middle = self.height() / 2
        paint_icon(painter, line.icon, 0, round(middle) - 8, colour("text2"), 16)
        box = QRectF(24, 1, here - 30, self.height() - 1)
        paint.text(painter, box, line.name, theme().font(), colour("text"))
        box = QRectF(here, 1, there - here - 12, self.height() - 1)
        faint = "text3" if line.fate == "none" else "text2"
        paint.text(painter, box, line.here, theme().font(), colour(faint))
        mark = _MARKS.get(line.fate)
        tone = colour(_TONES[line.fate])
        x = float(there)
        if mark is not None:
            paint_icon(painter, mark, there, round(middle) - 8, tone, 16)
            x += 24
        box = QRectF(x, 1, self.width() - x, self.height() - 1)
        paint.text(painter, box, line.there, theme().font(), tone)


def columns(width: int) -> tuple[int, int]:
    """Where the second and the third column begin."""
    return max(112, round(width * 0.26)), max(240, round(width * 0.665))


class _Heads(QWidget):
    def __init__(self, here: str, there: str) -> None:
        super().__init__()
        self._words = (here, there)
        self.setFixedHeight(24)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        font, ink = theme().font("small"), theme().colour("text2")
        places = columns(self.width())
        for x, words in zip(places, self._words, strict=True):
            paint.text(painter, QRectF(x, 0, self.width() - x, 22), words, font, ink)


class _Destination(Card):
    """The folder, or that there is none yet, and the button that asks for one."""

    def __init__(self, choose: str) -> None:
        super().__init__("field", "control_line", theme().metrics.radius_control)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(12, 6, 8, 6)
        inside.setSpacing(10)
        self.glyph = Glyph("folder", "text2", 20)
        inside.addWidget(self.glyph)
        said = QVBoxLayout()
        said.setSpacing(0)
        self.title = Text("")
        self.detail = Text("", "small", "text2")
        said.addWidget(self.title)
        said.addWidget(self.detail)
        inside.addLayout(said, 1)
        self.choose = Button(choose)
        inside.addWidget(self.choose)


class LeavingForm(QWidget):
    """Signals say that something was chosen; what was, is asked of it."""

    changed = Signal()
    folder_wanted = Signal()

    def __init__(
        self,
        count: int,
        size: str,
        *,
        original: bool = False,
        videos: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        columns_ = QHBoxLayout(self)
        columns_.setContentsMargins(0, 0, 0, 0)
        columns_.setSpacing(0)
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(24, 18, 24, 18)
        left.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(Text(self.tr("What leaves"), strong=True), 1)
        head.addWidget(Text(size, "body", "text2"))
        left.addLayout(head)
        self.thumbs = Thumbs(count, self.tr("Pictures of what leaves"))
        left.addWidget(self.thumbs)
        left.addSpacing(10)
        left.addWidget(Text(self.tr("Form"), strong=True))
        self.form = Segmented(
            [("clean", self.tr("Clean copy")), ("original", self.tr("Unchanged"))],
            "original" if original else "clean",
            self.tr("Form"),
        )
        left.addWidget(self.form)
        self.form_said = Text("", "small", "text2", wrap=True)
        left.addWidget(self.form_said)
        left.addSpacing(8)
        self._clean_only = QWidget()
        # Nothing moves under the pointer when the form is changed.
        policy = self._clean_only.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._clean_only.setSizePolicy(policy)
        more = QVBoxLayout(self._clean_only)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(6)
        more.addWidget(Text(self.tr("Longest side"), strong=True))
        self.side = Segmented(
            [("1280", "1280"), ("2048", "2048"), ("full", self.tr("Full size"))],
            "full",
            self.tr("Longest side"),
        )
        more.addWidget(self.side)
        if videos:
            more.addWidget(Text(self.tr("Videos keep their size."), "small", "text2"))
        more.addSpacing(6)
        row = QHBoxLayout()
        row.addWidget(Text(self.tr("Keep file names")), 1)
        self.names = Switch(self.tr("Keep file names"))
        row.addWidget(self.names)
        more.addLayout(row)
        left.addWidget(self._clean_only)
        left.addStretch(1)
        columns_.addWidget(self._left)

        right = QVBoxLayout()
        right.setContentsMargins(24, 18, 24, 18)
        right.setSpacing(4)
        head = QHBoxLayout()
        self.title = Text("", strong=True)
        head.addWidget(self.title, 1)
        self.looking = Text("", "small", "text2")
        head.addWidget(self.looking)
        right.addLayout(head)
        right.addWidget(_Heads(self.tr("In your library"), self.tr("In the copies")))
        self._table = QWidget()
        self._rows = QVBoxLayout(self._table)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.table = scrolling(self._table)
        self.table.setAccessibleName(self.tr("What is in the originals and in the copies"))
        self.table.setMinimumHeight(3 * _ROW)
        right.addWidget(self.table, 1)
        self.said = NoteBox("", "danger", small=True)
        right.addWidget(self.said)
        self.remark = NoteBox("", "warning", small=True)
        right.addWidget(self.remark)
        right.addSpacing(8)
        right.addWidget(Text(self.tr("Where to"), strong=True))
        right.addSpacing(2)
        self.destination = _Destination(self.tr("Choose…"))
        right.addWidget(self.destination)
        right.addSpacing(4)
        self.disk_note = NoteBox("", "warning", small=True)
        right.addWidget(self.disk_note)
        self.trouble = NoteBox("", "danger", small=True)
        right.addWidget(self.trouble)
        columns_.addLayout(right, 1)
        for note in (self.said, self.remark, self.disk_note, self.trouble):
            note.hide()
        self.form.chosen.connect(self._choose_form)
        self.side.chosen.connect(lambda _: self.changed.emit())
        self.names.toggled.connect(lambda _: self.changed.emit())
        self.destination.choose.clicked.connect(self.folder_wanted)
        self._spoken: tuple[str, ...] = ()
        self._dress()

    @property
    def original(self) -> bool:
        return self.form.value() == "original"

    def _choose_form(self, form: str) -> None:
        del form
        self._dress()
        self.changed.emit()

    def _dress(self) -> None:
        self._clean_only.setVisible(not self.original)
        self.form_said.setText(
            self.tr("The file as it is, with everything that it says.")
            if self.original
            else self.tr("The picture and nothing else.")
        )
        self.form_said.set_tone("danger" if self.original else "text2")
        self.title.setText(
            self.tr("What stays inside") if self.original else self.tr("What is removed")
        )

    # ---- what the controller says --------------------------------------------------------------

    def set_lines(self, lines: Sequence[Line]) -> None:
        spoken = tuple(
            self.tr("{name}: {here} in your library, {there} in the copies").format(
                name=line.name, here=line.here, there=line.there or self.tr("nothing")
            )
            for line in lines
        )
        if spoken == self._spoken:
            return
        self._spoken = spoken
        clear(self._rows)
        for line, words in zip(lines, spoken, strict=True):
            row = _Row(line, words)
            self._rows.addWidget(row)
            row.show()
        self._rows.addStretch(1)
        self._table.setMinimumHeight(len(lines) * _ROW)
        self._reach_table()
        self.updateGeometry()

    def _reach_table(self) -> None:
        """The keyboard comes to the table only where there is something to scroll."""
        needed = self._table.minimumHeight() > self.table.height()
        focus = Qt.FocusPolicy.StrongFocus if needed else Qt.FocusPolicy.NoFocus
        self.table.setFocusPolicy(focus)

    def set_note(self, note: NoteBox, words: str) -> None:
        note.words.setText(words)
        note.setVisible(bool(words))

    def set_destination(self, icon: str, title: str, detail: str) -> None:
        self.destination.glyph.set_glyph(icon, "text2")
        self.destination.title.setText(title)
        self.destination.detail.setText(detail)
        self.destination.detail.setVisible(bool(detail))
        self.destination.choose.setAccessibleDescription(title)

    # ---- Qt ------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._left.setFixedWidth(min(LEFT, max(264, round(self.width() * 0.372))))
        self._reach_table()
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:
        rows = len(self._spoken) * _ROW - self.table.sizeHint().height()
        hint = super().sizeHint()
        return QSize(WIDTH, max(self._left.sizeHint().height(), hint.height() + max(0, rows)))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        x = self._left.width()
        QPainter(self).fillRect(x, 0, 1, self.height(), theme().colour("line"))
