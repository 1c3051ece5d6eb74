"""The inspector: what a picture is, and the one question it answers, *Where copies went*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from lighttight.ui import paint, words
from lighttight.ui.features import Feature, built
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, IconButton, Look, Size
from lighttight.ui.widgets.copies import CopyLine, CopyRow
from lighttight.ui.widgets.fields import PassingField
from lighttight.ui.widgets.layouts import clear
from lighttight.ui.widgets.notes import NoteBox
from lighttight.ui.widgets.tags import TagEditor
from lighttight.ui.widgets.text import Rule, Text


@dataclass(frozen=True, slots=True)
class Fact:
    """A line with an icon: what it is, and at the right a little more of it."""

    icon: str
    words: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class InspectorData:
    """One item, or several (`title` says how many and `item` is empty)."""

    item: str
    title: str
    when: str
    favourite: bool = False
    facts: Sequence[Fact] = field(default_factory=tuple)
    copies: Sequence[CopyLine] = field(default_factory=tuple)
    copies_count: int = 0
    caption: str = ""
    tags: Sequence[str] = field(default_factory=tuple)


class _FactRow(QWidget):
    def __init__(self, fact: Fact) -> None:
        super().__init__()
        self._fact = fact
        self.setFixedHeight(24)
        self.setAccessibleName(", ".join(part for part in (fact.words, fact.more) if part))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        paint_icon(painter, self._fact.icon, 0, 4, colour("text2"), 16)
        font = theme().font()
        taken = min(paint.text_width(self._fact.words, font), self.width() - 24)
        box = QRectF(24, 0, taken + 1, 24)
        paint.text(painter, box, self._fact.words, font, colour("text"))
        room = QRectF(24 + taken + 12, 0, self.width() - taken - 36, 24)
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        paint.text(painter, room, self._fact.more, font, colour("text2"), align)


class _Preview(QWidget):
    """The picture, as wide as the panel, never higher than a square."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._veiled = False
        self.setFixedHeight(165)

    def set_image(self, image: QImage | None) -> None:
        self._image = image
        height = 165
        if image is not None and not image.isNull():
            height = round(248 * image.height() / max(1, image.width()))
        self.setFixedHeight(min(248, max(120, height)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        radius = theme().metrics.radius_picture
        box = QRectF(self.rect())
        paint.rounded(painter, box, radius, fill=theme().colour("raised"))
        if self._image is None or self._image.isNull():
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        path = QPainterPath()
        path.addRoundedRect(target, radius, radius)
        painter.setClipPath(path)
        ratio = self.devicePixelRatioF()
        scaled = self._image.scaled(
            (size.toSizeF() * ratio).toSize(),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        painter.drawImage(target, scaled)


class Inspector(QWidget):
    favourite_wanted = Signal(str, bool)
    copy_chosen = Signal(str)
    caption_wanted = Signal(str, str)
    tag_wanted = Signal(str, str)
    untag_wanted = Signal(str, str)
    see_all = Signal()
    left = Signal()
    """Esc in one of its fields: the focus goes back to the pictures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(theme().metrics.inspector)
        self.setAccessibleName(self.tr("Details"))
        self._data: InspectorData | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(self._scroll, 1)
        inside = QWidget()
        self._inside = QVBoxLayout(inside)
        self._inside.setContentsMargins(16, 16, 15, 16)
        self._inside.setSpacing(0)
        self._scroll.setWidget(inside)
        # The panel's own colour shows through; QScrollArea.setWidget had filled both.
        inside.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        self.preview = _Preview()
        self._inside.addWidget(self.preview)
        self._inside.addSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(4)
        self.title = Text("", "heading")
        head.addWidget(self.title, 1)
        self.heart = IconButton("heart", self.tr("Favourite (F)"), size=32)
        self.heart.clicked.connect(self._toggle)
        head.addWidget(self.heart)
        self._inside.addLayout(head)
        self.when = Text("", "body", "text2", wrap=True)
        self._inside.addWidget(self.when)
        self._inside.addSpacing(12)
        # Above the facts, which become more and less with what is typed here: a field must not
        # move from under the pointer.
        self.caption = PassingField(self.tr("Caption"), placeholder=self.tr("Add a caption"))
        self.caption.submitted.connect(self._write_caption)
        self.caption.edit.editingFinished.connect(self._write_caption)
        self._inside.addWidget(self.caption)
        self._inside.addSpacing(8)
        self.tags = TagEditor()
        self.tags.added.connect(lambda name: self._tell(self.tag_wanted, name))
        self.tags.removed.connect(lambda name: self._tell(self.untag_wanted, name))
        self._inside.addWidget(self.tags)
        for typed in (self.caption, self.tags.field):
            typed.left.connect(self.left)
        self._inside.addSpacing(12)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(0)
        self._inside.addLayout(self._facts)
        self._inside.addSpacing(14)
        self._inside.addWidget(Rule())
        self._inside.addSpacing(12)
        copies_head = QHBoxLayout()
        copies_head.addWidget(Text(self.tr("Where copies went"), strong=True), 1)
        self.count = Text("", "body", "text3")
        copies_head.addWidget(self.count)
        self._inside.addLayout(copies_head)
        self._inside.addSpacing(8)
        self._copies = QVBoxLayout()
        self._copies.setSpacing(0)
        self._inside.addLayout(self._copies)
        self.nowhere = Text(
            self.tr(
                "No copy was made from here. The file you brought in may still be where it was."
            ),
            "body",
            "text2",
            wrap=True,
        )
        self._inside.addWidget(self.nowhere)
        row = QHBoxLayout()
        row.setContentsMargins(32, 4, 0, 0)
        self.all = Button(self.tr("See all in What left"), Look.LINK, Size.SMALL)
        self.all.clicked.connect(self.see_all)
        row.addWidget(self.all)
        row.addStretch(1)
        self._inside.addLayout(row)
        self._inside.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 8, 16, 16)
        self.note = NoteBox(
            self.tr(
                "Copies leave without place, date and device, "
                "and carry a hidden mark for their person."
            ),
            "plain",
            small=True,
        )
        foot.addWidget(self.note)
        self.note.setVisible(built(Feature.MARKS))
        outer.addLayout(foot)
        self.set_data(None)

    def set_data(self, data: InspectorData | None) -> None:
        """None: nothing is selected."""
        before, self._data = self._data, data
        changed = (before.item if before else "") != (data.item if data else "")
        for layout in (self._facts, self._copies):
            clear(layout)
        self.title.setText(data.title if data else self.tr("No picture selected"))
        self.when.setText(data.when if data else self.tr("Select one to see its details."))
        self.heart.setVisible(bool(data and data.item))
        if data and data.favourite:
            self.heart.set_icon("heart-filled", "accent_text")
            self.heart.set_name(self.tr("Favourite, set (F)"))
        else:
            self.heart.set_icon("heart")
            self.heart.set_name(self.tr("Favourite (F)"))
        if data is None:
            self.set_image(None)
        one = bool(data and data.item)
        self.caption.setVisible(one)
        self.tags.setVisible(one)
        if data is None or not self.caption.edit.hasFocus() or changed:
            self.caption.set_text(data.caption if data else "")
        self.tags.set_tags(data.tags if data else ())
        for fact in data.facts if data else ():
            self._facts.addWidget(_FactRow(fact))
        for line in data.copies if data else ():
            row = CopyRow(line)
            row.clicked.connect(lambda _=False, key=line.key: self.copy_chosen.emit(key))
            self._copies.addWidget(row)
        count = data.copies_count or len(data.copies) if data else 0
        self.count.setText(words.number(count) if count else "")
        self.nowhere.setVisible(bool(data) and not count)
        self.all.setVisible(bool(count) and built(Feature.RECORD))

    def set_image(self, image: QImage | None) -> None:
        self.preview.set_image(image)

    def _tell(self, signal: SignalInstance, words_: str) -> None:
        if self._data is not None and self._data.item:
            signal.emit(self._data.item, words_)

    def _write_caption(self) -> None:
        data, text = self._data, self.caption.text().strip()
        if data is not None and data.item and text != data.caption:
            # Known from now on: leaving the field after Return must not write it twice.
            self._data = replace(data, caption=text)
            self.caption.keep()
            self.caption_wanted.emit(data.item, text)

    def _toggle(self) -> None:
        if self._data is not None:
            self.favourite_wanted.emit(self._data.item, not self._data.favourite)

    def sizeHint(self) -> QSize:
        return QSize(theme().metrics.inspector, 600)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("sidebar"))
        painter.fillRect(0, 0, 1, self.height(), theme().colour("line"))
