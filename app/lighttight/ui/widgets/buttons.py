"""Buttons. At most one `PRIMARY` per window; `DANGER_FILL` is Quick exit and nothing else."""

from __future__ import annotations

import enum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from lighttight.ui import paint
from lighttight.ui.icons import paint_icon
from lighttight.ui.theme import theme


class Look(enum.Enum):
    PRIMARY = enum.auto()
    RAISED = enum.auto()
    OUTLINE = enum.auto()
    PLAIN = enum.auto()
    LINK = enum.auto()
    DANGER = enum.auto()
    DANGER_FILL = enum.auto()
    HELP = enum.auto()


class Size(enum.Enum):
    SMALL = 28
    NORMAL = 32
    BIG = 40
    UNLOCK = 44
    HERO = 50


_PADDING = {Size.SMALL: 10, Size.NORMAL: 13, Size.BIG: 17, Size.UNLOCK: 17, Size.HERO: 17}


class Button(QAbstractButton):
    """Words, with an icon before them or an arrow after them."""

    def __init__(
        self,
        words: str,
        look: Look = Look.RAISED,
        size: Size = Size.NORMAL,
        *,
        icon: str | None = None,
        trailing: str | None = None,
        hint: str = "",
        viewer: bool = False,
        wide: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._colour = theme().dark_colour if viewer else theme().colour
        self._dark = viewer
        self.look = look
        self._size = size
        self._icon = icon
        self._trailing = trailing
        self._hint = hint
        self.setText(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if viewer else Qt.FocusPolicy.StrongFocus)
        if viewer:
            self.setProperty("focusColour", theme().dark_colour("accent"))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        across = QSizePolicy.Policy.Expanding if wide else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self.setProperty("focusRadius", theme().metrics.radius_control)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.updateGeometry()

    def set_icon(self, name: str | None) -> None:
        self._icon = name
        self.update()

    @property
    def _icon_size(self) -> int:
        big = self._size in (Size.UNLOCK, Size.HERO)
        return theme().metrics.icon if big else theme().metrics.icon_small

    def _content_width(self) -> int:
        width = paint.text_width(self.text(), theme().font("body", strong=True))
        width += self._icon_size + 8 if self._icon else 0
        width += self._icon_size + 6 if self._trailing else 0
        width += paint.text_width(self._hint, theme().font("body")) + 8 if self._hint else 0
        return width

    def _side(self) -> int:
        if self.look in (Look.LINK, Look.PLAIN):
            return 8 if self._icon or self._size is not Size.SMALL else 6
        return _PADDING[self._size]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return presses what has the focus, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(self._content_width() + 2 * self._side() + 2, self._size.value)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _colours(self) -> tuple[QColor | None, QColor | None, QColor]:
        """Fill, edge and ink for the state the button is in."""
        colour = self._colour
        dark = self._dark or theme().dark
        over = self.isEnabled() and (self.underMouse() or self.isDown())
        pressed = self.isDown() or self.isChecked()
        match self.look:
            case Look.PRIMARY:
                return colour("accent_hover" if over else "accent"), None, colour("on_accent")
            case Look.RAISED:
                # In the dark theme `hover` is `raised` itself.
                fill = colour(("selected" if dark else "hover") if over else "raised")
                return fill, colour("line_strong"), colour("text")
            case Look.OUTLINE:
                fill = colour("selected") if pressed else colour("hover") if over else None
                return fill, colour("line_strong"), colour("text")
            case Look.PLAIN:
                return (colour("hover") if over else None), None, colour("text2")
            case Look.LINK:
                return (colour("hover") if over else None), None, colour("accent_text")
            case Look.DANGER:
                return (colour("danger_soft") if over else None), colour("danger"), colour("danger")
            case Look.DANGER_FILL:
                return colour("danger_fill"), None, colour("on_danger")
            case Look.HELP:
                edge = colour("danger") if over else None
                return colour("danger_soft"), edge, colour("danger")

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        fill, edge, ink = self._colours()
        if not self.isEnabled():
            painter.setOpacity(0.45)
            if self.look is Look.PRIMARY:
                fill, edge = self._colour("raised"), self._colour("line_strong")
                ink = self._colour("text")
        paint.rounded(painter, self.rect(), theme().metrics.radius_control, fill=fill, edge=edge)
        side = float(self._side())
        free = self.width() - self._content_width()
        x = max(side, free / 2)
        middle = self.height() / 2
        size = self._icon_size
        if self._icon:
            paint_icon(painter, self._icon, round(x), round(middle - size / 2), ink, size)
            x += size + 8
        font = theme().font("body", strong=True)
        after = (size + 6 if self._trailing else 0) + (
            paint.text_width(self._hint, theme().font("body")) + 8 if self._hint else 0
        )
        room = self.width() - x - side - after
        box = QRectF(x, 0, max(0.0, room + 1), self.height())
        x += paint.text(painter, box, self.text(), font, ink)
        if self._hint:
            x += 8
            quiet = QColor(ink)
            quiet.setAlphaF(0.85)
            box = QRectF(x, 0, self.width() - x, self.height())
            x += paint.text(painter, box, self._hint, theme().font("body"), quiet)
        if self._trailing:
            paint_icon(painter, self._trailing, round(x + 6), round(middle - size / 2), ink, size)


class IconButton(QAbstractButton):
    """A square with an icon; its name is spoken and shown as a tip."""

    def __init__(
        self,
        icon: str,
        name: str,
        *,
        checkable: bool = False,
        outline: bool = False,
        size: int = 32,
        icon_size: int | None = None,
        viewer: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._colour = theme().dark_colour if viewer else theme().colour
        if viewer:
            self.setProperty("focusColour", theme().dark_colour("accent"))
        self._tone: str | None = None
        self._icon = icon
        self._outline = outline
        self._icon_size = icon_size or theme().metrics.icon
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("focusRadius", theme().metrics.radius_control)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        self.setAccessibleName(name)
        self.setToolTip(name)

    def set_icon(self, icon: str, tone: str | None = None) -> None:
        """`tone` colours the icon for good; without it the state of the button does."""
        self._icon = icon
        self._tone = tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        paint.prepare(painter)
        colour = self._colour
        if not self.isEnabled():
            painter.setOpacity(0.45)
        over = self.isEnabled() and (self.underMouse() or self.isDown())
        fill = colour("selected") if self.isChecked() else colour("hover") if over else None
        edge = colour("line_strong") if self._outline else None
        paint.rounded(painter, self.rect(), theme().metrics.radius_control, fill=fill, edge=edge)
        ink = colour(self._tone or ("text" if self.isChecked() or over else "text2"))
        offset = (self.width() - self._icon_size) / 2
        paint_icon(painter, self._icon, round(offset), round(offset), ink, self._icon_size)
