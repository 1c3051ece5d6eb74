"""Settings: sections at the left, rows with one control each at the right.

The frame and the sections that depend on nothing but this window; the rest is added from outside
with `add_section`. Whatever weakens protection says so in its row, and is applied outside.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.choice import Segmented, Switch
from lighttight.ui.widgets.layouts import clear
from lighttight.ui.widgets.notes import Card, Glyph, NoteBox
from lighttight.ui.widgets.text import Rule, Text

_SLIM = 640
"""A page narrower than this shows its sections by icons alone."""


class SettingRow(QWidget):
    """What it is, what it means, and the one control that changes it."""

    def __init__(
        self,
        title: str,
        detail: str,
        control: QWidget | None = None,
        *,
        icon: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 12)
        outer.setSpacing(16)
        if icon is not None:
            outer.addWidget(Glyph(icon, "text2", 20))
        layout = self._line = QHBoxLayout()
        layout.setSpacing(16)
        outer.addLayout(layout, 1)
        self._control = control
        said = QVBoxLayout()
        said.setSpacing(0)
        self.title = Text(title, wrap=True)
        said.addWidget(self.title)
        self.detail = Text(detail, "small", "text3", wrap=True)
        if not detail:
            self.detail.hide()
        said.addWidget(self.detail)
        layout.addLayout(said, 1)
        if control is not None:
            layout.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A control that takes more than half of the row goes below the words."""
        if self._control is not None:
            wide = self._control.sizeHint().width() > self.width() / 2
            way = QBoxLayout.Direction
            self._line.setDirection(way.TopToBottom if wide else way.LeftToRight)
            self._line.setSpacing(8 if wide else 16)
        super().resizeEvent(event)


class SettingGroup(Card):
    """Rows on one card, with dividers."""

    def __init__(self, rows: Sequence[QWidget] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.set_rows(rows)

    def set_rows(self, rows: Sequence[QWidget]) -> None:
        clear(self._layout)
        for number, row in enumerate(rows):
            if number:
                self._layout.addWidget(Rule())
            self._layout.addWidget(row)


class Section(QWidget):
    """A page of settings: a title, then groups and sentences below each other."""

    def __init__(self, title: str, lead: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(8)
        self.layout_.addWidget(Text(title, "title"))
        if lead:
            self.layout_.addWidget(Text(lead, "body", "text2", wrap=True))
        self.layout_.addSpacing(8)
        self.layout_.addStretch(1)

    def add(self, widget: QWidget, *, heading: str = "") -> None:
        at = self.layout_.count() - 1
        if heading:
            self.layout_.insertSpacing(at, 8)
            self.layout_.insertWidget(at + 1, Text(heading, strong=True))
            at += 2
        self.layout_.insertWidget(at, widget)


class _Tab(QAbstractButton):
    stepped = Signal(int)

    def __init__(self, icon: str, words: str) -> None:
        super().__init__()
        self._icon = icon
        self.setText(words)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(theme().metrics.sidebar_row)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def nextCheckState(self) -> None:
        """Lit by the page, not by the click."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Up:
            self.stepped.emit(-1)
        elif event.key() == Qt.Key.Key_Down:
            self.stepped.emit(1)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(176, theme().metrics.sidebar_row)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        chosen = self.isChecked()
        fill = colour("selected") if chosen else colour("hover") if self.underMouse() else None
        paint.rounded(painter, self.rect(), theme().metrics.radius_control, fill=fill)
        ink = colour("text" if chosen else "text2")
        glyph = colour("accent_text" if chosen else "text2")
        paint_icon(painter, self._icon, 8, 6, glyph, 20)
        font = theme().font("body", strong=chosen)
        paint.text(painter, QRectF(38, 0, self.width() - 44, self.height()), self.text(), font, ink)


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way in as the settings show it."""

    key: str
    icon: str
    title: str
    detail: str
    removable: bool = True


class SettingsPage(QWidget):
    look_wanted = Signal(str)
    motion_wanted = Signal(str)
    cover_wanted = Signal(bool)
    recent_wanted = Signal(bool)
    lock_after_wanted = Signal(int)
    way_add_wanted = Signal()
    way_remove_wanted = Signal(str)
    someone_knows = Signal()
    new_words_wanted = Signal()
    sealing_wanted = Signal()
    copy_wanted = Signal()
    section_shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._side = QWidget()
        self._rail = QVBoxLayout(self._side)
        self._rail.setSpacing(0)
        self._rail.addStretch(1)
        outer.addWidget(self._side)
        self.stack = QStackedWidget()
        outer.addWidget(self.stack, 1)
        self._tabs: dict[str, _Tab] = {}
        self._pages: dict[str, QWidget] = {}
        self._add_ways()
        self._add_copy()
        self._add_locking()
        self._add_privacy()
        self._add_appearance()
        self._set_rail()
        self.show_section("ways")

    def _set_rail(self) -> None:
        """Where there is no room for names, icons."""
        slim = self.width() < _SLIM
        self._side.setFixedWidth(60 if slim else 208)
        self._rail.setContentsMargins(12 if slim else 24, 32, 8, 24)
        for tab in self._tabs.values():
            tab.setToolTip(tab.text() if slim else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._set_rail()
        super().resizeEvent(event)

    def add_section(self, key: str, icon: str, name: str, page: QWidget) -> None:
        tab = _Tab(icon, name)
        tab.clicked.connect(lambda: self.show_section(key))
        tab.stepped.connect(lambda step: self._step(key, step))
        self._rail.insertWidget(self._rail.count() - 1, tab)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(16, 28, 24, 32)
        page.setMaximumWidth(680)
        row.addWidget(page, 100)
        row.addStretch(1)
        scroll.setWidget(holder)
        self.stack.addWidget(scroll)
        self._tabs[key] = tab
        self._pages[key] = scroll

    def show_section(self, key: str) -> None:
        for name, tab in self._tabs.items():
            tab.setChecked(name == key)
            policy = Qt.FocusPolicy.TabFocus if name == key else Qt.FocusPolicy.NoFocus
            tab.setFocusPolicy(policy)
        self.stack.setCurrentWidget(self._pages[key])
        self.section_shown.emit(key)

    def focus_first(self) -> None:
        for tab in self._tabs.values():
            if tab.isChecked():
                tab.setFocus(Qt.FocusReason.OtherFocusReason)

    def _step(self, key: str, step: int) -> None:
        keys = list(self._tabs)
        at = keys.index(key) + step
        if 0 <= at < len(keys):
            self.show_section(keys[at])
            self._tabs[keys[at]].setFocus(Qt.FocusReason.TabFocusReason)

    # ---- the sections of the window itself -----------------------------------------------------

    def _add_ways(self) -> None:
        page = Section(
            self.tr("Ways in"),
            self.tr("Each of these opens the library by itself. Keep at least two."),
        )
        self._ways = SettingGroup()
        page.add(self._ways)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(8)
        add = Button(self.tr("Add a way in…"), Look.RAISED, icon="plus")
        add.clicked.connect(self.way_add_wanted)
        line.addWidget(add)
        renew = Button(self.tr("New recovery words…"), Look.OUTLINE, icon="words")
        renew.clicked.connect(self.new_words_wanted)
        line.addWidget(renew)
        line.addStretch(1)
        page.add(row)
        knows = Button(self.tr("Change every key…"), Look.DANGER)
        knows.clicked.connect(self.someone_knows)
        page.add(
            SettingGroup(
                [
                    SettingRow(
                        self.tr("Someone may know my way in"),
                        self.tr(
                            "Makes new keys and ends every old way in, on this computer "
                            "and in every copy that is updated from it."
                        ),
                        knows,
                        icon="key",
                    )
                ]
            ),
            heading=self.tr("If you are worried"),
        )
        self.seal = Button(self.tr("Seal again"), Look.RAISED)
        self.seal.clicked.connect(self.sealing_wanted)
        self.seal_row = SettingRow(self.tr("Seal everything again"), " ", self.seal, icon="sealed")
        self._sealing = SettingGroup([self.seal_row])
        page.add(self._sealing)
        self.set_sealing("")
        self.add_section("ways", "key", self.tr("Ways in"), page)

    def set_sealing(self, detail: str) -> None:
        """What is sealed under older keys; hidden where nothing is."""
        self.seal_row.detail.setText(detail)
        self._sealing.setVisible(bool(detail))

    def set_ways(self, ways: Sequence[WayIn]) -> None:
        rows: list[QWidget] = []
        for way in ways:
            remove: Button | None = None
            if way.removable:
                remove = Button(self.tr("Remove…"), Look.OUTLINE, Size.SMALL)
                remove.setAccessibleName(self.tr("Remove {way}").format(way=way.title))
                remove.clicked.connect(
                    lambda _=False, key=way.key: self.way_remove_wanted.emit(key)
                )
            rows.append(SettingRow(way.title, way.detail, remove, icon=way.icon))
        self._ways.set_rows(rows)

    def _add_copy(self) -> None:
        page = Section(
            self.tr("Second copy"),
            self.tr(
                "The whole library once more, on another disk, locked just the same. A disk that "
                "breaks then takes nothing with it."
            ),
        )
        self.copy = Button(self.tr("Choose a folder…"), Look.RAISED)
        self.copy.clicked.connect(self.copy_wanted)
        self._copy_row = SettingRow(
            self.tr("Make or update the second copy"), " ", self.copy, icon="copies"
        )
        self.place = SettingRow(self.tr("This library"), " ", icon="folder")
        page.add(SettingGroup([self.place, self._copy_row]))
        page.add(
            NoteBox(
                self.tr(
                    "Choose the folder of the copy itself to update it. What you delete for good "
                    "here is still in the copy until then."
                )
            )
        )
        self.add_section("copy", "copies", self.tr("Second copy"), page)
        self.set_copy(False)

    def set_place(self, place: str) -> None:
        """Where the library is; nothing while it is locked."""
        self.place.detail.setText(place)

    def set_copy(self, made: bool) -> None:
        """Whether there has ever been one."""
        self._copy_row.detail.setText(
            self.tr("Each file is read back after it was copied.")
            if made
            else self.tr("There is none yet.")
        )

    def _add_locking(self) -> None:
        page = Section(self.tr("Locking"))
        self.lock_after = Segmented(
            [
                ("1", self.tr("1 min")),
                ("5", self.tr("5 min")),
                ("15", self.tr("15 min")),
                ("60", self.tr("1 hour")),
            ],
            "5",
            self.tr("Lock after"),
        )
        self.lock_after.chosen.connect(lambda key: self.lock_after_wanted.emit(int(key)))
        self._always = SettingRow(self.tr("Always locks"), " ")
        page.add(
            SettingGroup(
                [
                    SettingRow(
                        self.tr("Lock when you are away"),
                        self.tr("Playing a video counts as being here."),
                        self.lock_after,
                    ),
                    self._always,
                ]
            )
        )
        self._unheard = NoteBox("", "warning")
        self._unheard.hide()
        page.add(self._unheard)
        self.add_section("locking", "lock", self.tr("Locking"), page)

    def set_lock_after(self, minutes: int) -> None:
        """The nearest choice that is not longer: a command may have set any number."""
        choices = [int(key) for key in self.lock_after.keys()]  # noqa: SIM118 - not a dict
        self.lock_after.set_value(str(max([c for c in choices if c <= minutes], default=1)))

    def set_heard(self, heard: Container[str]) -> None:
        """Which events this system tells the program of: `sleep`, `screen`."""
        known = [self.tr("When you sign out, and with Ctrl+L.")]
        if "sleep" in heard:
            known.insert(0, self.tr("Before the computer sleeps."))
        if "screen" in heard:
            known.insert(0, self.tr("When the screen is locked."))
        self._always.detail.setText(" ".join(known))
        unheard = {
            (False, False): self.tr(
                "This computer does not say when it sleeps or when its screen is locked. "
                "Lock with Ctrl+L before you leave it."
            ),
            (False, True): self.tr(
                "This computer does not say when it goes to sleep. Lock with Ctrl+L before you "
                "close it."
            ),
            (True, False): self.tr(
                "This computer does not say when its screen is locked. Lock with Ctrl+L as well."
            ),
        }.get(("sleep" in heard, "screen" in heard), "")
        self._unheard.words.setText(unheard)
        self._unheard.setVisible(bool(unheard))

    def _add_privacy(self) -> None:
        page = Section(self.tr("Privacy"))
        self.cover = Switch(self.tr("Cover the pictures when the window is not in front"))
        self.cover.toggled.connect(self.cover_wanted)
        self.recent = Switch(self.tr("Remember which libraries were opened"))
        self.recent.toggled.connect(self.recent_wanted)
        page.add(
            SettingGroup(
                [
                    SettingRow(
                        self.tr("Cover the pictures when the window is not in front"),
                        self.tr("They come back when you do."),
                        self.cover,
                    ),
                    SettingRow(
                        self.tr("Remember which libraries were opened"),
                        self.tr("Off on a computer that others use."),
                        self.recent,
                    ),
                ]
            )
        )
        page.add(
            NoteBox(
                self.tr(
                    "Any program here can take a picture of the screen. Linux has no way to keep "
                    "a window out of it."
                )
                if sys.platform == "linux"
                else self.tr("Any program here can take a picture of the screen.")
            )
        )
        self.add_section("privacy", "eye-off", self.tr("Privacy"), page)

    def _add_appearance(self) -> None:
        page = Section(self.tr("Appearance"))
        self.look = Segmented(
            [
                ("system", self.tr("System")),
                ("light", self.tr("Light")),
                ("dark", self.tr("Dark")),
            ],
            "system",
            self.tr("Colours"),
        )
        self.look.chosen.connect(self.look_wanted)
        self.motion = Segmented(
            [
                ("system", self.tr("System")),
                ("full", self.tr("Full")),
                ("reduced", self.tr("Less")),
            ],
            "system",
            self.tr("Movement"),
        )
        self.motion.chosen.connect(self.motion_wanted)
        page.add(
            SettingGroup(
                [
                    SettingRow(
                        self.tr("Colours"), self.tr("The viewer is always dark."), self.look
                    ),
                    SettingRow(
                        self.tr("Movement"),
                        self.tr("With less of it, pictures appear at once."),
                        self.motion,
                    ),
                ]
            )
        )
        self.add_section("appearance", "eye", self.tr("Appearance"), page)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        QPainter(self).fillRect(self.rect(), theme().colour("bg"))
