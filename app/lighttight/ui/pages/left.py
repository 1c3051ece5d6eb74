"""*What left*: what happened, in sentences; what it adds up to; and whether it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lighttight.model import ItemId
from lighttight.ui import paint, words
from lighttight.ui.grid.previews import PreviewSource
from lighttight.ui.icons import paint_icon
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look
from lighttight.ui.widgets.layouts import clear
from lighttight.ui.widgets.notes import EmptyState, Glyph, NoteBox
from lighttight.ui.widgets.story import StoryView
from lighttight.ui.widgets.text import Rule, Text
from lighttight.ui.widgets.weeks import Bar, WeekChart

if TYPE_CHECKING:
    from lighttight.session.story import Line

_PANEL: Final = 320
_NARROW: Final = 860
"""Of this page. Below it what stands beside the time line stands under it."""


@dataclass(frozen=True, slots=True)
class CheckData:
    """What the last check found. Without `sound` nothing was checked yet."""

    words: str
    sound: bool | None


@dataclass(frozen=True, slots=True)
class HolderData:
    name: str
    path: str
    right: str


class _Holder(QWidget):
    """Who or what has copies: an icon, a name, how many and until when."""

    def __init__(self, data: HolderData) -> None:
        super().__init__()
        self._data = data
        self.setFixedHeight(39)
        self.setAccessibleName(f"{data.name}, {data.right}")
        self.setToolTip(data.path)

    def sizeHint(self) -> QSize:
        return QSize(260, 39)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        paint.dot(painter, 14, 19, 14, colour("raised"))
        paint_icon(painter, "folder", 6, 11, colour("text2"), 16)
        font = theme().font()
        right = paint.text_width(self._data.right, font) + 2
        box = QRectF(self.width() - right, 9, right, 20)
        paint.text(painter, box, self._data.right, font, colour("text2"))
        box = QRectF(40, 9, self.width() - 48 - right, 20)
        paint.text(painter, box, self._data.name, font, colour("text"))


class LeftPage(QWidget):
    """`filter_wanted` carries one of the keys of `SHOWS`."""

    filter_wanted = Signal(str)
    any_picture_wanted = Signal()
    chosen_picture_wanted = Signal()
    check_wanted = Signal()
    proof_wanted = Signal()
    unanswered_wanted = Signal()
    retry_wanted = Signal()

    def __init__(
        self,
        jobs: Jobs,
        source: PreviewSource,
        veiled: Callable[[], frozenset[ItemId] | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What left"))
        self._shows = {
            "usual": self.tr("Copies and openings"),
            "left": self.tr("Only what left"),
            "openings": self.tr("Opened and locked"),
            "pictures": self.tr("Pictures and albums"),
            "protection": self.tr("Protection and checks"),
            "everything": self.tr("Everything"),
            "unanswered": self.tr("To look at"),
        }
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.broken = NoteBox("", "danger")
        self._broken_row = QWidget()
        holder = QHBoxLayout(self._broken_row)
        holder.setContentsMargins(24, 16, 24, 0)
        holder.addWidget(self.broken)
        outer.addWidget(self._broken_row)
        self._broken_row.hide()
        outer.addLayout(self._head())
        outer.addWidget(Rule())
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(0)
        outer.addLayout(self._sides, 1)
        self._sides.addLayout(self._main(jobs, source, veiled), 1)
        self._sides.addWidget(self._beside())
        self.set_filter("usual", "")
        self.show_loading()

    # ---- parts ---------------------------------------------------------------------------------

    def _head(self) -> QBoxLayout:
        head = self._across = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        head.setContentsMargins(24, 16, 24, 14)
        head.setSpacing(8)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(Text(self.tr("What left"), "title"))
        said.addWidget(Text(self.tr("Every copy that ever left this library."), "body", "text2"))
        head.addLayout(said, 1)
        right = QHBoxLayout()
        right.setSpacing(8)
        head.addLayout(right, 2)
        right.addStretch(1)
        self._check_glyph = Glyph("check", "ok", 20)
        right.addWidget(self._check_glyph)
        self.check_words = Text("", "body", "ok", wrap=True)
        self.check_words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Minimum)
        right.addWidget(self.check_words, 0, Qt.AlignmentFlag.AlignVCenter)
        right.addSpacing(8)
        self.check = Button(self.tr("Check again"), Look.RAISED)
        self.check.clicked.connect(self.check_wanted)
        right.addWidget(self.check)
        self.proof = Button(self.tr("Make a proof file…"), Look.RAISED)
        self.proof.clicked.connect(self.proof_wanted)
        right.addWidget(self.proof)
        return head

    def _main(
        self,
        jobs: Jobs,
        source: PreviewSource,
        veiled: Callable[[], frozenset[ItemId] | None],
    ) -> QVBoxLayout:
        main = QVBoxLayout()
        main.setContentsMargins(0, 16, 0, 0)
        main.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(24, 0, 24, 0)
        row.setSpacing(8)
        self.picture = Button("", Look.OUTLINE, trailing="chevron-down")
        self.picture.clicked.connect(self._picture_menu)
        row.addWidget(self.picture)
        self.show_ = Button("", Look.OUTLINE, trailing="chevron-down")
        self.show_.clicked.connect(self._show_menu)
        row.addWidget(self.show_)
        self.since = Text("", "body", "text2", align=Qt.AlignmentFlag.AlignRight)
        row.addWidget(self.since, 1)
        main.addLayout(row)
        self.stack = QStackedWidget()
        main.addWidget(self.stack, 1)
        self.story = StoryView(jobs, source, veiled)
        listed = QWidget()
        around = QHBoxLayout(listed)
        around.setContentsMargins(12, 0, 8, 0)
        around.addWidget(self.story)
        self.stack.addWidget(listed)
        self._listed = listed
        self.empty = EmptyState(
            "left",
            self.tr("Nothing to tell here"),
            self.tr("What leaves the library is written down here before it leaves."),
        )
        self.stack.addWidget(self.empty)
        self.loading = EmptyState("left", self.tr("Reading the record…"), "")
        self.stack.addWidget(self.loading)
        self.trouble = EmptyState(
            "alert",
            self.tr("The record cannot be read"),
            self.tr("Your pictures are not touched by this."),
            self.tr("Try again"),
        )
        self.trouble.acted.connect(self.retry_wanted)
        self.stack.addWidget(self.trouble)
        return main

    def _beside(self) -> QWidget:
        self._panel = QScrollArea()
        self._panel.setFrameShape(QFrame.Shape.NoFrame)
        self._panel.setWidgetResizable(True)
        self._panel.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._panel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = _Beside()
        self._panel.setWidget(inside)
        inside.setAutoFillBackground(False)
        self._panel.viewport().setAutoFillBackground(False)
        column = QVBoxLayout(inside)
        column.setContentsMargins(21, 20, 20, 20)
        column.setSpacing(0)
        self.above = QVBoxLayout()
        self.above.setSpacing(12)
        column.addLayout(self.above)
        self.look = Button("", Look.OUTLINE, icon="alert", wide=True)
        self.look.clicked.connect(self.unanswered_wanted)
        column.addWidget(self.look)
        self._look_space = QWidget()
        self._look_space.setFixedHeight(20)
        column.addWidget(self._look_space)
        head = QHBoxLayout()
        head.addWidget(Text(self.tr("Copies out, by week"), strong=True), 1)
        self.weeks_count = Text("", "body", "text2")
        head.addWidget(self.weeks_count)
        column.addLayout(head)
        column.addSpacing(6)
        self.chart = WeekChart()
        column.addWidget(self.chart)
        column.addSpacing(24)
        column.addWidget(Text(self.tr("Who has copies now"), strong=True))
        column.addSpacing(6)
        self._holders = QVBoxLayout()
        self._holders.setSpacing(0)
        column.addLayout(self._holders)
        self.nobody = Text(self.tr("Nobody, as far as this record knows."), "body", "text2")
        column.addWidget(self.nobody)
        column.addStretch(1)
        return self._panel

    # ---- what is shown -------------------------------------------------------------------------

    def focus_first(self) -> None:
        if self.stack.currentWidget() is self._listed:
            self.story.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_loading(self) -> None:
        self.stack.setCurrentWidget(self.loading)

    def show_trouble(self) -> None:
        self.stack.setCurrentWidget(self.trouble)

    def show_lines(self, lines: Sequence[Line], *, more: bool) -> None:
        self.story.show_lines(lines, more=more)
        self.stack.setCurrentWidget(self._listed if lines else self.empty)

    def refresh_lines(self, lines: Sequence[Line], *, more: bool) -> None:
        self.story.refresh(lines, more=more)
        self.stack.setCurrentWidget(self._listed if lines else self.empty)

    def set_filter(self, show: str, picture: str) -> None:
        """`picture` is the name of the one that is asked about; none, and any is."""
        self.show_.setText(self._shows[show])
        self.show_.setAccessibleName(self.tr("Show: {what}").format(what=self._shows[show]))
        said = picture or self.tr("Any picture")
        self.picture.setText(said if len(said) <= 28 else f"{said[:27]}…")
        self.picture.setAccessibleName(self.tr("About: {what}").format(what=said))

    def set_check(self, data: CheckData) -> None:
        """What is not as it was goes first."""
        broken = data.sound is False
        self._broken_row.setVisible(broken)
        self.broken.words.setText(data.words if broken else "")
        for part in (self._check_glyph, self.check_words):
            part.setVisible(not broken)
        tone = "ok" if data.sound else "text2"
        self._check_glyph.set_glyph("check" if data.sound else "info", tone)
        self.check_words.set_tone(tone)
        self.check_words.setText("" if broken else data.words)

    def set_checking(self, *, on: bool) -> None:
        self.check.setEnabled(not on)

    def set_since(self, said: str) -> None:
        self.since.setText(said)

    def set_unanswered(self, count: int) -> None:
        self.look.setText(self.tr("May have left: {count}").format(count=words.number(count)))
        self.look.setVisible(bool(count))
        self._look_space.setVisible(bool(count))

    def set_weeks(self, bars: Sequence[Bar]) -> None:
        self.chart.set_bars(bars)
        total = sum(bar.copies for bar in bars)
        self.weeks_count.setText(
            self.tr("{count} in {weeks} weeks").format(
                count=words.number(total), weeks=words.number(len(bars))
            )
            if bars
            else ""
        )

    def set_holders(self, holders: Sequence[HolderData]) -> None:
        clear(self._holders)
        for one in holders:
            self._holders.addWidget(_Holder(one))
        self.nobody.setVisible(not holders)

    def forget(self) -> None:
        self.story.forget()
        self.set_filter("usual", "")
        self.set_check(CheckData("", None))
        self.set_checking(on=False)
        self.set_since("")
        self.set_unanswered(0)
        self.set_weeks([])
        self.set_holders([])
        clear(self.above)
        self.show_loading()

    # ---- menus ---------------------------------------------------------------------------------

    def show_menu(self) -> QMenu:
        menu = QMenu(self)
        for key, said in self._shows.items():
            menu.addAction(said, lambda key=key: self.filter_wanted.emit(key))
        return menu

    def picture_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Any picture"), self.any_picture_wanted.emit)
        menu.addAction(
            self.tr("The picture selected in the library"), self.chosen_picture_wanted.emit
        )
        return menu

    def _show_menu(self) -> None:
        self._popup(self.show_menu(), self.show_)

    def _picture_menu(self) -> None:
        self._popup(self.picture_menu(), self.picture)

    def _popup(self, menu: QMenu, below: Button) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(below.mapToGlobal(QPoint(0, below.height() + 4)))

    # ---- the widget itself ---------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = self.width() < _NARROW
        direction = QBoxLayout.Direction
        for parts in (self._sides, self._across):
            parts.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        if narrow:
            self._panel.setMinimumHeight(60)
            self._panel.setMaximumHeight(max(60, self.height() // 3))
            self._panel.setMinimumWidth(0)
            self._panel.setMaximumWidth(16777215)
        else:
            self._panel.setMinimumHeight(0)
            self._panel.setMaximumHeight(16777215)
            self._panel.setFixedWidth(_PANEL)
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))


class _Beside(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("sidebar"))
        painter.fillRect(0, 0, 1, self.height(), theme().colour("line"))
