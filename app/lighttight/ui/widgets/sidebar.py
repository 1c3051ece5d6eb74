"""The sidebar: where one can go, how many are there, and Get help pinned to its foot.

One stop of the Tab key for all rows (Up and Down move among them) and one for Get help, which
is never scrolled away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lighttight.model import Album
from lighttight.ui import paint, words
from lighttight.ui.features import Feature, built
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme
from lighttight.ui.widgets.buttons import IconButton
from lighttight.ui.widgets.layouts import discard
from lighttight.ui.widgets.text import Rule, Text


@dataclass(frozen=True, slots=True)
class SidebarData:
    """What the sidebar shows. A count of None is left out (an empty or a locked library)."""

    library: str
    items: int | None = None
    favourites: int | None = None
    videos: int | None = None
    recent: int | None = None
    trash: int | None = None
    albums: Sequence[Album] = field(default_factory=tuple)
    links_live: int = 0
    unusual: int = 0
    show_albums: bool = True


class SidebarRow(QAbstractButton):
    """A place one can go. `count` is grey at the right, `badge` an amber one, `remark` a dot."""

    stepped = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(
        self, icon: str, words_: str, *, help_row: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setText(words_)
        self._icon = icon
        self._help = help_row
        self._count: int | None = None
        self._badge = ""
        self._remark = ""
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        metrics = theme().metrics
        self.setFixedHeight(metrics.get_help_row if help_row else metrics.sidebar_row)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty("focusRadius", metrics.radius_control)
        self._name()

    def set_count(self, count: int | None) -> None:
        self._count = count
        self._name()

    def set_badge(self, badge: str) -> None:
        self._badge = badge
        self._name()

    def set_remark(self, remark: str) -> None:
        self._remark = remark
        self._name()

    def _name(self) -> None:
        parts = [self.text()]
        if self._count:
            parts.append(words.items(self._count))
        parts += [part for part in (self._badge, self._remark) if part]
        self.setAccessibleName(", ".join(parts))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().metrics.sidebar - 16, self.height())

    def nextCheckState(self) -> None:
        """The sidebar decides which row is lit, not the click."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Up:
                self.stepped.emit(-1)
            case Qt.Key.Key_Down:
                self.stepped.emit(1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.click()
            case _:
                super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        metrics = theme().metrics
        chosen = self.isChecked()
        ink = colour("text") if chosen else colour("text2")
        quiet = colour("text2") if chosen or self.underMouse() else colour("text3")
        glyph = colour("accent_text") if chosen else colour("text2")
        fill = colour("selected") if chosen else colour("hover") if self.underMouse() else None
        edge = None
        if self._help:
            fill, ink, glyph = colour("danger_soft"), colour("danger"), colour("danger")
            edge = colour("danger") if chosen or self.underMouse() else None
        paint.rounded(
            painter,
            self.rect(),
            metrics.radius_control,
            fill=fill,
            edge=edge,
            width=1.5 if chosen else 1,
        )
        middle = self.height() / 2
        paint_icon(painter, self._icon, 8, round(middle - metrics.icon / 2), glyph, metrics.icon)
        right = float(self.width() - 8)
        small = theme().font("small")
        if self._badge:
            strong = theme().font("small", strong=True)
            width = max(22, paint.text_width(self._badge, strong) + 14)
            box = QRectF(right - width, middle - 9, width, 18)
            paint.rounded(painter, box, 6, fill=colour("accent_soft"))
            centre = Qt.AlignmentFlag.AlignCenter
            paint.text(painter, box, self._badge, strong, colour("accent_text"), centre)
            right -= width + 8
        elif self._remark:
            width = paint.text_width(self._remark, small)
            box = QRectF(right - width, 0, width + 1, self.height())
            paint.text(painter, box, self._remark, small, colour("accent_text"))
            paint.dot(painter, right - width - 7, middle + 0.5, 3, colour("accent_text"))
            right -= width + 18
        elif self._count is not None and self._count > 0:
            shown = words.number(self._count)
            font = theme().font("body") if self.width() > 180 else small
            width = paint.text_width(shown, font)
            box = QRectF(right - width, 0, width + 1, self.height())
            paint.text(painter, box, shown, font, quiet)
            right -= width + 8
        strong_words = chosen or self._help
        font = theme().font("body", strong=strong_words)
        box = QRectF(38, 0, max(0.0, right - 38), self.height())
        paint.text(painter, box, self.text(), font, ink)


class _AlbumScroll(QScrollArea):
    """As high as its rows where there is room; three rows at least."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_rows(self, rows: int) -> None:
        self._rows = rows
        self.setMaximumHeight(rows * theme().metrics.sidebar_row)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(theme().metrics.sidebar - 16, self._rows * theme().metrics.sidebar_row)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, min(3, self._rows) * theme().metrics.sidebar_row)


class LibrarySwitch(QAbstractButton):
    """The head of the sidebar: which library this is; opens the list of others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(40)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = theme().colour
        if self.underMouse():
            radius = theme().metrics.radius_control
            paint.rounded(painter, self.rect(), radius, fill=colour("hover"))
        paint_icon(painter, "lighttight", 7, 8, colour("accent_text"), 24)
        strong = theme().font("body", strong=True)
        box = QRectF(38, 0, self.width() - 68, self.height())
        paint.text(painter, box, self.text(), strong, colour("text"))
        paint_icon(painter, "chevron-down", self.width() - 24, 12, colour("text2"), 16)


class Sidebar(QWidget):
    """Keys: library, favourites, videos, recent, album:ID, shared, left, trash, settings, help."""

    chosen = Signal(str)
    album_wanted = Signal()
    album_menu = Signal(str, QPoint)
    library_menu = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(theme().metrics.sidebar)
        self.setAccessibleName(self.tr("Places"))
        self._rows: dict[str, SidebarRow] = {}
        self._here = "library"
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 8, 9, 12)
        outer.setSpacing(0)
        self.switch = LibrarySwitch()
        self.switch.clicked.connect(self._open_libraries)
        outer.addWidget(self.switch)
        outer.addSpacing(8)

        for key, icon, name in (
            ("library", "library", self.tr("Library")),
            ("favourites", "heart", self.tr("Favourites")),
            ("videos", "video", self.tr("Videos")),
            ("recent", "recent", self.tr("Recently added")),
        ):
            outer.addWidget(self._row(key, icon, name))

        self._albums_box = QWidget()
        box = QVBoxLayout(self._albums_box)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(8, 8, 0, 0)
        head.addWidget(Text(self.tr("Albums"), "small", "text3"), 1)
        add = IconButton("plus", self.tr("New album"), size=32, icon_size=16)
        add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        add.clicked.connect(self.album_wanted)
        head.addWidget(add)
        box.addLayout(head)
        self._no_albums = Text(self.tr("Albums you make appear here."), "small", "text3", wrap=True)
        self._no_albums.setContentsMargins(8, 0, 8, 0)
        holder = QHBoxLayout()
        holder.setContentsMargins(8, 0, 8, 0)
        holder.addWidget(self._no_albums)
        box.addLayout(holder)
        self._scroll = _AlbumScroll()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list = QWidget()
        self._album_rows = QVBoxLayout(self._list)
        self._album_rows.setContentsMargins(0, 0, 0, 0)
        self._album_rows.setSpacing(0)
        self._scroll.setWidget(self._list)
        # The sidebar's own colour shows through; QScrollArea.setWidget had filled both.
        self._list.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        box.addWidget(self._scroll)
        outer.addWidget(self._albums_box, 0)

        copies = Text(self.tr("Copies"), "small", "text3")
        self._copies_head = QHBoxLayout()
        self._copies_head.setContentsMargins(8, 16, 0, 4)
        self._copies_head.addWidget(copies)
        outer.addLayout(self._copies_head)
        outer.addWidget(self._row("shared", "link", self.tr("Shared out")))
        outer.addWidget(self._row("left", "left", self.tr("What left")))
        copies.setVisible(built(Feature.SHARING) or built(Feature.RECORD))
        outer.addStretch(1)
        outer.addWidget(self._row("trash", "trash", self.tr("Trash")))
        outer.addWidget(self._row("settings", "settings", self.tr("Settings")))
        outer.addSpacing(8)
        rule = Rule()
        outer.addWidget(rule)
        outer.addSpacing(8)
        help_row = self._row("help", "help", self.tr("Get help"), help_row=True)
        outer.addWidget(help_row)
        rule.setVisible(built(Feature.HELP))
        for key, feature in (
            ("shared", Feature.SHARING),
            ("left", Feature.RECORD),
            ("help", Feature.HELP),
        ):
            self._rows[key].setVisible(built(feature))
        self.set_here("library")

    def _row(self, key: str, icon: str, name: str, *, help_row: bool = False) -> SidebarRow:
        row = SidebarRow(icon, name, help_row=help_row)
        row.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
        row.stepped.connect(lambda step, key=key: self._step(key, step))
        self._rows[key] = row
        return row

    def _open_libraries(self) -> None:
        corner = self.switch.mapToGlobal(QPoint(0, self.switch.height()))
        self.library_menu.emit(corner)

    def _order(self) -> list[str]:
        albums = [key for key in self._rows if key.startswith("album:")]
        order = [
            *("library", "favourites", "videos", "recent"),
            *albums,
            *("shared", "left", "trash", "settings", "help"),
        ]
        return [key for key in order if not self._rows[key].isHidden()]

    def _step(self, key: str, step: int) -> None:
        order = self._order()
        wanted = order.index(key) + step
        if 0 <= wanted < len(order):
            row = self._rows[order[wanted]]
            row.setFocus(Qt.FocusReason.TabFocusReason)
            if order[wanted].startswith("album:"):
                self._scroll.ensureWidgetVisible(row)

    def row(self, key: str) -> SidebarRow:
        return self._rows[key]

    def here(self) -> str:
        return self._here

    def set_here(self, key: str) -> None:
        """Light the row of the place that is shown; it is also where Tab enters."""
        self._here = key
        for name, row in self._rows.items():
            row.setChecked(name == key)
            tab = name in (key, "help")
            row.setFocusPolicy(Qt.FocusPolicy.TabFocus if tab else Qt.FocusPolicy.NoFocus)

    def set_data(self, data: SidebarData) -> None:
        self.switch.setText(data.library)
        self.switch.setAccessibleName(self.tr("Library: {name}").format(name=data.library))
        for key, count in (
            ("library", data.items),
            ("favourites", data.favourites),
            ("videos", data.videos),
            ("recent", data.recent),
            ("trash", data.trash),
        ):
            self._rows[key].set_count(count)
        self._rows["shared"].set_badge(words.number(data.links_live) if data.links_live else "")
        remark = self.tr("%Ln unusual", "", data.unusual) if data.unusual else ""
        self._rows["left"].set_remark(remark)
        self._set_albums(data.albums)
        self._albums_box.setVisible(data.show_albums)
        self.set_here(self._here if self._here in self._rows else "library")

    def _set_albums(self, albums: Sequence[Album]) -> None:
        for key in [key for key in self._rows if key.startswith("album:")]:
            discard(self._rows.pop(key))
        for album in albums:
            key = f"album:{album.id}"
            row = self._row(key, "album-veiled" if album.veiled else "album", album.name)
            row.set_count(album.count)
            row.menu_wanted.connect(lambda at, key=key: self.album_menu.emit(key[6:], at))
            self._album_rows.addWidget(row)
        self._no_albums.setVisible(not albums)
        self._scroll.setVisible(bool(albums))
        self._scroll.set_rows(len(albums))
        self._list.setMinimumHeight(len(albums) * theme().metrics.sidebar_row)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("sidebar"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme().colour("line"))
