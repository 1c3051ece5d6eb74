"""Where the keyboard is: one ring that follows the focus through the whole window.

A control that is not a round rectangle of the usual radius says so with the property
`focusRadius`; one that shows focus by itself (fields, the grid) with `ownFocus`.
"""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFocusFrame,
    QProxyStyle,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QStylePainter,
    QWidget,
)

from lighttight.ui import paint
from lighttight.ui.theme import theme

_MARGINS = (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin)


class FocusStyle(QProxyStyle):
    """Paints the ring: two pixels of amber after a gap of two, outside the control."""

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        if metric in _MARGINS:
            return theme().metrics.focus + theme().metrics.focus_offset
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,  # noqa: N803 - Qt's own name
    ) -> int:
        if hint == QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1
        return super().styleHint(hint, option, widget, returnData)

    def drawControl(
        self,
        element: QStyle.ControlElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if element != QStyle.ControlElement.CE_FocusFrame or not isinstance(widget, FocusRing):
            super().drawControl(element, option, painter, widget)
            return
        metrics = theme().metrics
        radius = float(metrics.radius_control)
        colour = theme().colour("accent")
        shown = widget.widget()
        if shown is not None:
            asked = shown.property("focusRadius")
            radius = radius if asked is None else float(asked)
            tint = shown.property("focusColour")
            colour = tint if isinstance(tint, QColor) else colour
        rect: QRect = option.rect
        painter.save()
        paint.prepare(painter)
        outer = radius + metrics.focus + metrics.focus_offset
        paint.rounded(painter, rect, outer, edge=colour, width=metrics.focus)
        painter.restore()


class FocusRing(QFocusFrame):
    """Qt's focus frame, which stays above its widget and follows it, painted by `FocusStyle`."""

    def __init__(self, style: FocusStyle) -> None:
        super().__init__()
        self.setStyle(style)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        option = QStyleOption()
        option.initFrom(self)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_FocusFrame, option)


class FocusFollower(QObject):
    """Puts the ring around whatever has the focus. Keep one per application."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._style = FocusStyle("Fusion")
        self._style.setParent(self)
        self._ring: FocusRing | None = None
        app.focusChanged.connect(self.follow)
        # Qt hides its focus frame when a style sheet is set.
        theme().changed.connect(self._again)

    def _again(self) -> None:
        self.follow(None, QApplication.focusWidget())

    def follow(self, old: QWidget | None, new: QWidget | None) -> None:
        del old
        # The ring is a child of the window it is in, and may be gone with it.
        if self._ring is not None and shiboken6.isValid(self._ring):
            self._ring.setWidget(None)  # pyright: ignore[reportArgumentType]
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = None
        if new is None or new.property("ownFocus") or new.isWindow():
            return
        self._ring = FocusRing(self._style)
        self._ring.setWidget(new)
