"""Opening the library: one thing to do, in the middle, in the same place in all its forms.

The refusal stands where the reassurance stood, so that nothing jumps, and does not say which part
was wrong. Other ways in are always visible.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lighttight.ui import paint
from lighttight.ui.features import Feature, built
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.hall import Hall
from lighttight.ui.widgets.lists import ListRow, RowList
from lighttight.ui.widgets.notes import Card, Glyph, NoteBox
from lighttight.ui.widgets.text import Text


class Way(enum.Enum):
    """How the library is being opened now."""

    ONE_CLICK = "one-click"
    PIN = "pin"
    PASSPHRASE = "passphrase"  # noqa: S105 - a kind of way in, not one
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class UnlockData:
    """What the page shows. On a shared computer `place`, `detail` and `libraries` stay empty."""

    library: str
    way: Way
    detail: str = ""
    store_ready: bool = True
    store_words: str = ""
    ways: Sequence[ListRow] = field(default_factory=tuple)
    libraries: Sequence[ListRow] = field(default_factory=tuple)
    place: str = ""


class _State(QWidget):
    """A line with an icon: the reassurance, or the refusal in the same place."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._row = row
        self._glyph = Glyph("check", "ok", top=2)
        self.words = Text("", "body", "text2", wrap=True)
        row.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def say(self, words: str, *, tone: str, icon: str, ink: str) -> None:
        self._glyph.set_glyph(icon, tone)
        self._glyph.setVisible(bool(words))
        self.words.setText(words)
        self.words.set_tone(ink)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        wide = min(352, paint.text_width(self.words.text(), theme().font()) + 27)
        return QSize(wide, max(20, self.words.heightForWidth(max(1, wide - 24))))


class UnlockPage(Hall):
    """`unlock_wanted` carries what was typed (nothing for one click)."""

    unlock_wanted = Signal(str)
    way_chosen = Signal(str)
    library_chosen = Signal(str)
    other_library = Signal()
    help_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(400, parent)
        self._data = UnlockData("", Way.ONE_CLICK)
        self._refused = False
        centre = Qt.AlignmentFlag.AlignHCenter
        outer = self.above
        outer.addSpacing(20)
        self.title = Text("", "title", align=centre)
        outer.addWidget(self.title, 0, centre)
        outer.addSpacing(2)
        self.place = Text("", "body", "text2", align=centre)
        outer.addWidget(self.place, 0, centre)
        self.detail = Text("", "body", "text2", align=centre)
        self.detail.setMinimumHeight(20)
        outer.addWidget(self.detail, 0, centre)
        inside = self.column
        self._build_card(inside)
        self.more = NoteBox("", "quiet", small=True)
        self.more.hide()
        self._above_more = QWidget()
        self._above_more.setFixedHeight(12)
        self._above_more.hide()
        inside.addWidget(self._above_more)
        inside.addWidget(self.more)
        inside.addSpacing(24)
        self._ways_head = Text(self.tr("Other ways in"), "small", "text3")
        inside.addWidget(self._ways_head)
        inside.addSpacing(8)
        self.ways = RowList()
        self.ways.chosen.connect(self.way_chosen)
        inside.addWidget(self.ways)
        self._between = QWidget()
        self._between.setFixedHeight(24)
        inside.addWidget(self._between)
        self._libraries_head = Text(self.tr("Other libraries"), "small", "text3")
        inside.addWidget(self._libraries_head)
        inside.addSpacing(8)
        self.libraries = RowList()
        self.libraries.chosen.connect(self.library_chosen)
        inside.addWidget(self.libraries)

        foot = self.foot
        self.other = Button(self.tr("Open another library"), Look.PLAIN, icon="folder")
        self.other.clicked.connect(self.other_library)
        foot.addWidget(self.other)
        foot.addStretch(1)
        self.help = Button(self.tr("Get help"), Look.HELP, icon="help")
        self.help.clicked.connect(self.help_wanted)
        self.help.setVisible(built(Feature.HELP))
        foot.addWidget(self.help)

    def _build_card(self, inside: QVBoxLayout) -> None:
        self._one_click = QWidget()
        single = QVBoxLayout(self._one_click)
        single.setContentsMargins(0, 0, 0, 0)
        single.setSpacing(10)
        self.click = Button(
            self.tr("Open library"), Look.PRIMARY, Size.HERO, icon="unlock", wide=True
        )
        self.click.clicked.connect(lambda: self._submit(""))
        single.addWidget(self.click)
        self._click_state = _State()
        holder = QHBoxLayout()
        holder.addStretch(1)
        holder.addWidget(self._click_state)
        holder.addStretch(1)
        single.addLayout(holder)
        inside.addWidget(self._one_click)

        self._card = Card()
        form = QVBoxLayout(self._card)
        form.setContentsMargins(24, 24, 24, 24)
        form.setSpacing(0)
        self._label = Text("", strong=True)
        form.addWidget(self._label)
        form.addSpacing(8)
        self.secret = Field(self.tr("PIN"), secret=True, height=44)
        self.secret.submitted.connect(self._press)
        self.secret.edited.connect(self._calm)
        form.addWidget(self.secret)
        self.recovery = _WordsEdit()
        self.recovery.submitted.connect(self._press)
        self.recovery.textChanged.connect(self._count_words)
        form.addWidget(self.recovery)
        form.addSpacing(8)
        self._state = _State()
        form.addWidget(self._state)
        form.addSpacing(16)
        self.open = Button(
            self.tr("Open library"), Look.PRIMARY, Size.UNLOCK, icon="unlock", wide=True
        )
        self.open.clicked.connect(self._press)
        form.addWidget(self.open)
        inside.addWidget(self._card)

    # ---- what is shown -------------------------------------------------------------------------

    def set_data(self, data: UnlockData) -> None:
        self._data = data
        self.title.setText(data.library)
        self.place.setText(data.place)
        self.place.setVisible(bool(data.place))
        self.detail.setText(data.detail)
        one_click = data.way is Way.ONE_CLICK
        recovery = data.way is Way.RECOVERY
        self._one_click.setVisible(one_click)
        self._card.setVisible(not one_click)
        self.secret.setVisible(not recovery)
        self.recovery.setVisible(recovery)
        label = {
            Way.PIN: self.tr("PIN"),
            Way.PASSPHRASE: self.tr("Passphrase"),
            Way.RECOVERY: self.tr("Your 24 recovery words, in order"),
            Way.ONE_CLICK: "",
        }[data.way]
        self._label.setText(label)
        self.secret.edit.setAccessibleName(label)
        self.secret.clear()
        self.recovery.clear()
        for head, rows, entries in (
            (self._ways_head, self.ways, data.ways),
            (self._libraries_head, self.libraries, data.libraries),
        ):
            rows.set_rows(entries)
            head.setVisible(bool(entries))
            rows.setVisible(bool(entries))
        self._between.setVisible(bool(data.libraries) and bool(data.ways))
        rows = [*self.ways.buttons(), *self.libraries.buttons()]
        stops = [self.click, self.open, *rows, self.other, self.help]
        for before, after in itertools.pairwise(stops):
            self.setTabOrder(before, after)
        self.set_busy(False)
        self._calm()
        self.show_more("")
        self.focus_first()

    def set_store(self, *, ready: bool, sentence: str) -> None:
        """What was found out about the password store, while somebody may be typing already."""
        self._data = replace(self._data, store_ready=ready, store_words=sentence)
        if self.open.isEnabled() and not self._refused:
            self._calm()

    def _store_line(self) -> tuple[str, str, str, str]:
        """(words, icon colour, icon, words' colour) about this computer's password store."""
        if self._data.way in (Way.PASSPHRASE, Way.RECOVERY):
            return self._data.store_words, "text2", "info", "text2"
        if self._data.store_ready:
            words = self._data.store_words or self.tr("This computer’s password store is ready.")
            return words, "ok", "check", "text2"
        words = self._data.store_words or self.tr(
            "This computer’s password store isn’t answering, so one-click opening is off. "
            "Your pictures are untouched."
        )
        return words, "accent_text", "alert", "text"

    def _calm(self) -> None:
        self._refused = False
        words, tone, icon, ink = self._store_line()
        for state in (self._state, self._click_state):
            state.say(words, tone=tone, icon=icon, ink=ink)
        self.secret.set_refused(False)
        self.click.setEnabled(self._data.store_ready)
        if self._data.way is Way.RECOVERY:
            self._count_words()

    def _count_words(self) -> None:
        count = len(self.recovery.toPlainText().split())
        words = self.tr("{count} of 24 words").format(count=count) if count else ""
        self._state.say(words, tone="text3", icon="words", ink="text2")

    def show_refusal(self, sentence: str = "") -> None:
        """That didn't open it. What was typed is gone; the place to type has the focus."""
        self.set_busy(False)
        self._refused = True
        words = sentence or self.tr("That didn’t open it. Nothing was changed or lost.")
        self.secret.clear()
        for state in (self._state, self._click_state):
            state.say(words, tone="danger", icon="alert", ink="danger")
        self.secret.set_refused(self._data.way in (Way.PIN, Way.PASSPHRASE))
        self.focus_first()

    def show_more(self, words: str) -> None:
        """Help after some tries, below the card: what is pressed again and again stays there."""
        self.more.words.setText(words)
        self.more.setAccessibleName(words)
        for part in (self.more, self._above_more):
            part.setVisible(bool(words))

    def set_busy(self, busy: bool) -> None:
        words = self.tr("Opening…") if busy else self.tr("Open library")
        for button in (self.open, self.click):
            button.setEnabled(not busy)
            button.setText(words)
        self.secret.setEnabled(not busy)
        self.recovery.setEnabled(not busy)
        if not busy:
            self.click.setEnabled(self._data.store_ready)

    def has_words(self) -> bool:
        """Whether there is something here that took long to type."""
        return bool(self.recovery.toPlainText().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc asks to go back one step, unless the library is being opened."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.open.isEnabled():
            self.left.emit()

    def forget(self) -> None:
        """Leave nothing of what was typed."""
        self.secret.clear()
        self.recovery.clear()

    def focus_first(self) -> None:
        target: QWidget = self.secret.edit
        if self._data.way is Way.ONE_CLICK:
            target = self.click
            if not self._data.store_ready and self.ways.keys():
                target = self.ways.button(self.ways.keys()[0])
        elif self._data.way is Way.RECOVERY:
            target = self.recovery
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _press(self) -> None:
        if self._data.way is Way.RECOVERY:
            typed = " ".join(self.recovery.toPlainText().split())
        else:
            typed = self.secret.text()
        if typed:
            self._submit(typed)
        else:
            self.focus_first()

    def _submit(self, typed: str) -> None:
        if not self.open.isEnabled():
            return
        self.set_busy(True)
        self.unlock_wanted.emit(typed)


class _WordsEdit(QPlainTextEdit):
    """Where the recovery words are typed; Return opens, as in a field."""

    submitted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(104)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)
        self.setAccessibleName(self.tr("Your 24 recovery words, in order"))
        self.setProperty("ownFocus", True)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhSensitiveData
        )
        self.setObjectName("words")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submitted.emit()
            return
        super().keyPressEvent(event)
