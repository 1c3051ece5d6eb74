"""The time line of *What left*: sentences by the day, newest first, with pictures at the right.

A list that Qt knows as one, so that keys and screen readers work as everywhere; its rows are
painted, and it asks for the next page only when somebody scrolls there. An act of which nobody
knows how it ended is the one row that is made of parts: it has buttons, and keeps its frame until
it is answered.

Length: the model, the rows and the question of one list share every size; apart they would drift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from lighttight.messages import harmless
from lighttight.model import ItemId
from lighttight.ui import days, paint, words
from lighttight.ui.grid.previews import Preview, PreviewCache, PreviewLoader, PreviewSource, Wanted
from lighttight.ui.icons import paint_icon
from lighttight.ui.jobs import Jobs
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.layouts import discard
from lighttight.ui.widgets.text import Text

if TYPE_CHECKING:
    from lighttight.session.story import Line

Index = QModelIndex | QPersistentModelIndex

_EDGE: Final = 12
"""How far the frame of a question stands out on the left."""
_TIME: Final = 48
_DISC: Final = 30
_TEXT: Final = _TIME + _DISC + 12
_THUMB: Final = QSize(42, 30)
_GAP: Final = 4
_LINE: Final = 20
_HEADING: Final = 46
_BUTTONS: Final = 250
_MEMORY: Final = 8 * 1024 * 1024

_ICONS: Final = {
    "unlocked": "unlock",
    "unlock-refused": "alert",
    "locked": "lock",
    "imported": "import",
    "edited": "tag",
    "trashed": "trash",
    "undeleted": "undo",
    "purged": "trash",
    "slot-added": "key",
    "slot-removed": "key",
    "rotated": "key",
    "recovery-shown": "words",
    "recovery-confirmed": "words",
    "backed-up": "copies",
    "restored": "copies",
    "older-accepted": "alert",
    "anchor-overridden": "alert",
    "repaired": "check",
    "verified": "check",
    "weakened": "alert",
    "export-intended": "folder",
    "looked-into": "eye",
    "proof-made": "proof",
    "album-created": "album",
    "album-renamed": "album",
    "album-removed": "album",
    "setting-changed": "settings",
    "vault-created": "library",
}
_OUTWARD: Final = frozenset({"export-intended", "proof-made", "recovery-shown", "backed-up"})


@dataclass(frozen=True, slots=True)
class DayRow:
    """Above the entries of one day."""

    words: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """`time` as it is shown; `first` and `last` are about its day, for the connector."""

    line: Line
    day: str
    time: str
    first: bool
    last: bool


Row = DayRow | EntryRow


def local(ms: int) -> datetime | None:
    """None for a time that no calendar has: a clock may have said anything."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def rows_of(lines: Sequence[Line], today: date, say_today: Callable[[str], str]) -> list[Row]:
    """Lines with their days above them. A clock that was set back makes a day come twice."""
    made: list[Row] = []
    moments = [local(line.time) for line in lines]
    dates = [moment and moment.date() for moment in moments]
    said = ""
    for place, (line, moment) in enumerate(zip(lines, moments, strict=True)):
        first = not place or dates[place - 1] != dates[place]
        last = place + 1 == len(lines) or dates[place + 1] != dates[place]
        if first:
            said = _day(dates[place], today, say_today)
            made.append(DayRow(said))
        time = words.time_of_day(moment) if moment else "–"
        made.append(EntryRow(line, said, time, first, last))
    return made


def _day(day: date | None, today: date, say_today: Callable[[str], str]) -> str:
    if day is None:
        return "–"
    same_year = day.year == today.year
    said = days.day_of_week(day) if same_year else days.day_of_week_and_year(day)
    return say_today(said) if day == today else said


@lru_cache(maxsize=4096)
def _cut(text: str, width: int, most: int) -> tuple[str, ...]:
    """The lines of a sentence at a width; what does not fit into `most` stands in the last."""
    layout = QTextLayout(text, theme().font())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    starts: list[int] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        starts.append(line.textStart())
    layout.endLayout()
    starts = starts[:most]
    ends = [*starts[1:], len(text)]
    return tuple(text[start:end].strip() for start, end in zip(starts, ends, strict=True)) or ("",)


class StoryModel(QAbstractListModel):
    """Rows as far as they were read; `more_wanted` asks for the next page."""

    more_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._rows: list[Row] = []
        self._more = False
        self._asked = False
        self.today: Callable[[], date] = date.today

    def rows(self) -> Sequence[Row]:
        return self._rows

    def lines(self) -> Sequence[Line]:
        return self._lines

    def set_lines(self, lines: Sequence[Line], *, more: bool) -> None:
        self.beginResetModel()
        self._lines = list(lines)
        self._rows = self._made(self._lines)
        self._more, self._asked = more, False
        self.endResetModel()

    def add_lines(self, lines: Sequence[Line], *, more: bool) -> None:
        self._more, self._asked = more, False
        if not lines:
            return
        held = len(self._rows)
        whole = self._made([*self._lines[-1:], *lines])
        # The last line known is told again with its successor: its day may go on.
        old = len(self._made(self._lines[-1:]))
        fresh = whole[old:]
        self.beginInsertRows(QModelIndex(), held, held + len(fresh) - 1)
        if self._lines and isinstance(last := self._rows[-1], EntryRow):
            again = whole[old - 1]
            assert isinstance(again, EntryRow)  # noqa: S101 - a day is never the last of its rows
            self._rows[-1] = EntryRow(last.line, last.day, last.time, last.first, again.last)
        self._lines += lines
        self._rows += fresh
        self.endInsertRows()

    def _made(self, lines: Sequence[Line]) -> list[Row]:
        today = self.tr("Today, {day}")
        return rows_of(lines, self.today(), lambda day: today.format(day=day))

    # ---- what Qt asks --------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words if isinstance(row, DayRow) else row.line.sentence
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if isinstance(row, DayRow):
                return row.words
            return ", ".join((row.day, row.time, row.line.sentence))
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, EntryRow):
            return "\n".join(part for part in (row.line.sentence, harmless(row.line.place)) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._rows[index.row()], DayRow):
            # Passed over by the arrow keys; what is read of an entry names its day.
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._more and not self._asked

    def fetchMore(self, parent: Index) -> None:
        del parent
        self._asked = True
        self.more_wanted.emit()


class QuestionCard(QWidget):
    """An act that stopped in between: where to look, and what was found there."""

    def __init__(self, row: EntryRow, parent: QWidget) -> None:
        super().__init__(parent)
        self._row = row
        self.setAccessibleName(", ".join((row.day, row.time, row.line.sentence)))
        self.setToolTip(harmless(row.line.place))
        self._current = False
        across = QHBoxLayout(self)
        across.setContentsMargins(_EDGE + _TEXT, 12, 12, 12)
        across.setSpacing(8)
        self.words = Text(row.line.sentence, wrap=True)
        across.addWidget(self.words, 1, Qt.AlignmentFlag.AlignTop)
        self.folder = Button(self.tr("Show folder"), Look.RAISED, Size.SMALL)
        self.checked = Button(self.tr("I checked"), Look.RAISED, Size.SMALL)
        for button in (self.folder, self.checked):
            across.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    @property
    def sequence(self) -> int:
        return self._row.line.sequence

    def set_current(self, *, on: bool) -> None:
        self._current = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        box = self.rect().adjusted(0, 0, 0, -4)
        radius = theme().metrics.radius_card
        width = 3 if self._current else 1
        paint.rounded(painter, box, radius, fill=colour("bg"), edge=colour("accent"), width=width)
        box = QRectF(_EDGE, 12, _TIME, _LINE)
        paint.text(painter, box, self._row.time, theme().font(), colour("text2"))
        _paint_disc(painter, _EDGE + _TIME, 7, "folder", amber=True)


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: StoryView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option
        return QSize(100, self._view.height_of(index.row()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        paint.prepare(painter)
        focused = self._view.hasFocus() and index == self._view.currentIndex()
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        self._view.paint_row(painter, rect, index.row(), focused=focused, over=over)
        painter.restore()


class StoryView(QListView):
    """`folder_wanted` and `checked` carry a line; `pictures_wanted` the item of a thumbnail."""

    folder_wanted = Signal(object)
    checked = Signal(object)

    def __init__(
        self,
        jobs: Jobs,
        source: PreviewSource,
        veiled: Callable[[], frozenset[ItemId] | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.story = StoryModel(self)
        self._veiled = veiled
        """None: not known yet, and so nothing is shown."""
        self._held = PreviewCache(_MEMORY)
        self._none: set[ItemId] = set()
        self._cards: list[QuestionCard] = []
        self._loader = PreviewLoader(jobs, source, self._arrived, parent=self)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(0)
        self._asking.timeout.connect(self._want)
        self._seen: dict[ItemId, None] = {}
        self._heights: dict[int, int] = {}
        self._reckoned = 0
        self.setAccessibleName(self.tr("What happened, newest first"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setModel(self.story)
        self.setItemDelegate(_Delegate(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setMouseTracking(True)
        self.setProperty("ownFocus", True)
        # Always: rows must not change their width when the bar comes.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().rangeChanged.connect(self._show_bar)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().setSingleStep(_LINE * 2)
        self.story.modelAboutToBeReset.connect(self._heights.clear)
        self.story.modelReset.connect(self._place_cards)
        self.story.rowsInserted.connect(lambda _, first, last: self._place_cards(first, last))
        theme().changed.connect(self._redress)

    # ---- what is shown -------------------------------------------------------------------------

    def show_lines(self, lines: Sequence[Line], *, more: bool) -> None:
        """Another story, from the top."""
        self._forget_cards()
        self.story.set_lines(lines, more=more)
        self.scrollToTop()

    def refresh(self, lines: Sequence[Line], *, more: bool) -> None:
        """The same story, a little later: what is looked at stays where it is."""
        if list(lines) == list(self.story.lines()):
            return
        bar = self.verticalScrollBar()
        top = self._line_at_top() if bar.value() > 0 else None
        current = self._sequence(self.currentIndex().row())
        had_focus = self.hasFocus() or self.isAncestorOf(self.focusWidget() or self)
        self._forget_cards()
        self.story.set_lines(lines, more=more)
        for place, row in enumerate(self.story.rows()):
            if isinstance(row, EntryRow):
                index = self.story.index(place)
                if row.line.sequence == current:
                    self.setCurrentIndex(index)
                if row.line.sequence == top:
                    self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)
        if had_focus and not self.hasFocus() and self.isVisible():
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Lock: no sentence and no picture stays."""
        self._forget_cards()
        self.story.set_lines([], more=False)
        self._loader.forget()
        self._held.clear()
        self._none.clear()
        self._seen.clear()
        _cut.cache_clear()

    def cards(self) -> Sequence[QuestionCard]:
        return self._cards

    def _sequence(self, place: int) -> int | None:
        rows = self.story.rows()
        row = rows[place] if 0 <= place < len(rows) else None
        return row.line.sequence if isinstance(row, EntryRow) else None

    def _line_at_top(self) -> int | None:
        first = self.indexAt(self.viewport().rect().topLeft()).row()
        return self._sequence(first) or self._sequence(first + 1)

    # ---- questions -----------------------------------------------------------------------------

    def _forget_cards(self) -> None:
        for card in self._cards:
            card.hide()
            discard(card)
        self._cards = []

    def _place_cards(self, first: int = 0, last: int | None = None) -> None:
        rows = self.story.rows()
        for place in range(first, len(rows) if last is None else last + 1):
            row = rows[place]
            if not isinstance(row, EntryRow) or not row.line.unanswered:
                continue
            index = self.story.index(place)
            card = QuestionCard(row, self.viewport())
            line = row.line
            card.folder.clicked.connect(lambda _=False, line=line: self.folder_wanted.emit(line))
            card.checked.clicked.connect(lambda _=False, line=line: self.checked.emit(line))
            self.setIndexWidget(index, card)
            self._cards.append(card)

    # ---- the keyboard --------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        if not self.currentIndex().isValid():
            first = next(
                (n for n, row in enumerate(self.story.rows()) if isinstance(row, EntryRow)), None
            )
            if first is not None:
                self.setCurrentIndex(self.story.index(first))
        super().focusInEvent(event)
        self._mark_cards()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._mark_cards()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self._mark_cards()

    def _mark_cards(self) -> None:
        here = self._sequence(self.currentIndex().row()) if self.hasFocus() else None
        for card in self._cards:
            card.set_current(on=card.sequence == here)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return goes to the buttons of a question."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            here = self._sequence(self.currentIndex().row())
            for card in self._cards:
                if card.sequence == here:
                    card.folder.setFocus(Qt.FocusReason.TabFocusReason)
                    return
        super().keyPressEvent(event)

    # ---- sizes and strokes ---------------------------------------------------------------------

    def height_of(self, place: int) -> int:
        """Asked of every row whenever one comes: so each is reckoned once for each width."""
        width = self.viewport().width()
        if self._reckoned != width:
            self._heights.clear()
            self._reckoned = width
        found = self._heights.get(place)
        if found is None:
            found = self._heights[place] = self._height(place)
        return found

    def _height(self, place: int) -> int:
        row = self.story.rows()[place]
        if isinstance(row, DayRow):
            return _HEADING if place else _HEADING - 12
        if row.line.unanswered:
            room = self.viewport().width() - _EDGE - _TEXT - _BUTTONS
            return max(58, len(_cut(row.line.sentence, room, 8)) * _LINE + 30)
        # Most fit: whether one does is quicker to tell than where it would break.
        if paint.text_width(row.line.sentence, theme().font()) < self._room(row):
            return 20 + _LINE
        return 20 + _LINE * len(self._sentence(row))

    def _sentence(self, row: EntryRow) -> tuple[str, ...]:
        return _cut(row.line.sentence, round(self._room(row)), 2)

    def _room(self, row: EntryRow) -> float:
        shown = len(row.line.items)
        thumbs = shown * (_THUMB.width() + _GAP) + 12 if shown else 12
        return self.viewport().width() - _EDGE - _TEXT - thumbs - 4

    def paint_row(
        self, painter: QPainter, rect: QRect, place: int, *, focused: bool, over: bool
    ) -> None:
        row = self.story.rows()[place]
        colour = theme().colour
        left, top = float(rect.x() + _EDGE), float(rect.y())
        if isinstance(row, DayRow):
            box = QRectF(left, rect.bottom() - 31, rect.width() - 2 * _EDGE, 22)
            font = theme().font(strong=True)
            paint.text(painter, box, row.words, font, colour("text"))
            return
        if row.line.unanswered:
            return
        if over or focused:
            edge = colour("accent") if focused else None
            fill = colour("hover") if over else None
            box = rect.adjusted(2, 1, -2, -1)
            radius = theme().metrics.radius_control
            paint.rounded(painter, box, radius, fill=fill, edge=edge, width=2)
        centre = left + _TIME + _DISC / 2
        line = colour("line_strong")
        if not row.first:
            painter.fillRect(QRectF(centre - 0.5, top, 1, 5), line)
        if not row.last:
            painter.fillRect(QRectF(centre - 0.5, top + 35, 1, rect.height() - 35), line)
        box = QRectF(left, top + 10, _TIME, _LINE)
        paint.text(painter, box, row.time, theme().font(), colour("text2"))
        icon = _ICONS.get(row.line.kind, "recent")
        _paint_disc(painter, left + _TIME, top + 5, icon, amber=row.line.kind in _OUTWARD)
        for number, words_ in enumerate(self._sentence(row)):
            box = QRectF(left + _TEXT, top + 10 + number * _LINE, self._room(row) + 2, _LINE)
            paint.text(painter, box, words_, theme().font(), colour("text"))
        self._paint_thumbs(painter, rect, row)

    def _paint_thumbs(self, painter: QPainter, rect: QRect, row: EntryRow) -> None:
        veiled = self._veiled()
        colour = theme().colour
        x = rect.right() - 4 - len(row.line.items) * (_THUMB.width() + _GAP)
        for item in row.line.items:
            box = QRectF(x, rect.y() + 5, _THUMB.width(), _THUMB.height())
            x += _THUMB.width() + _GAP
            held = None if veiled is None or item in veiled else self._held.get(item)
            if held is not None:
                painter.drawImage(box, held.image)
                continue
            paint.rounded(painter, box, 3, fill=colour("raised"))
            if veiled is None:
                continue
            if item in veiled:
                paint_icon(painter, "album-veiled", box.x() + 13, box.y() + 7, colour("text3"), 16)
            elif item not in self._none:
                self._seen[item] = None
                self._asking.start()

    # ---- pictures ------------------------------------------------------------------------------

    def _want(self) -> None:
        ratio = self.devicePixelRatioF()
        width, height = round(_THUMB.width() * ratio), round(_THUMB.height() * ratio)
        self._loader.radius = 3 * ratio
        wanted = [Wanted(item, width, height) for item in self._seen]
        self._seen = {}
        self._loader.want(wanted)

    def _arrived(self, made: Sequence[tuple[Wanted, QImage | None]]) -> None:
        for one, image in made:
            if image is None:
                # Deleted for good, or never had one: the frame stays empty.
                self._none.add(one.item)
            else:
                self._held.put(one.item, Preview(image, one.width, one.height))
        self.viewport().update()

    def pictures_pending(self) -> int:
        return self._loader.pending() + self._asking.isActive()

    def look_again(self) -> None:
        """Items may have become veiled, or not be; previews may be there now."""
        self._none.clear()
        self.viewport().update()

    # ---- the widget itself ---------------------------------------------------------------------

    def _redress(self) -> None:
        _cut.cache_clear()
        self._heights.clear()
        self.doItemsLayout()

    def _show_bar(self, least: int, most: int) -> None:
        """Its room stays, so that rows keep their width; its handle has nothing to say then."""
        empty = "QScrollBar::handle { background: transparent; }"
        self.verticalScrollBar().setStyleSheet("" if most > least else empty)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.doItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            _cut.cache_clear()
            self._heights.clear()


def _paint_disc(painter: QPainter, x: float, y: float, icon: str, *, amber: bool) -> None:
    colour = theme().colour
    fill, ink = ("accent_soft", "accent_text") if amber else ("raised", "text2")
    paint.dot(painter, x + _DISC / 2, y + _DISC / 2, _DISC / 2, colour(fill))
    paint_icon(painter, icon, x + 7, y + 7, colour(ink), 16)
