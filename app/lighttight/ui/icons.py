"""The program's own icons: drawn once per size, colour and pixel ratio, then kept.

The SVGs say `currentColor`, which Qt draws black. So each is rendered and its shape filled with
the wanted colour (`SourceIn`), which also serves every theme with one file.
"""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from lighttight.ui.resources import resource_path

_FILLED = "-filled"


@cache
def _renderer(name: str) -> QSvgRenderer:
    """`heart-filled` is `heart` with its outline filled; the only shape that needs it."""
    source = resource_path(f"icons/{name.removesuffix(_FILLED)}.svg").read_bytes()
    if name.endswith(_FILLED):
        source = source.replace(b'fill="none"', b'fill="currentColor"', 1)
    return QSvgRenderer(QByteArray(source))


@lru_cache(maxsize=512)
def _pixmap(name: str, rgba: int, size: int, ratio: float) -> QPixmap:
    pixels = max(1, round(size * ratio))
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(name).render(painter, QRectF(0, 0, pixels, pixels))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), QColor.fromRgba(rgba))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def icon_pixmap(name: str, colour: QColor, size: int = 20, ratio: float = 1.0) -> QPixmap:
    """The icon `name` in one colour, `size` logical pixels square."""
    return _pixmap(name, colour.rgba(), size, ratio)


def paint_icon(
    painter: QPainter, name: str, x: float, y: float, colour: QColor, size: int = 20
) -> None:
    """Draw an icon with its top left corner at (x, y), sharp on the painter's own device."""
    ratio = painter.device().devicePixelRatioF()
    pixmap = icon_pixmap(name, colour, size, ratio)
    painter.drawPixmap(QRectF(x, y, size, size), pixmap, QRectF(pixmap.rect()))


def icon(name: str, colour: QColor, size: int = 20) -> QIcon:
    """For Qt's own widgets (menus, window); parts of this program call `paint_icon`."""
    made = QIcon()
    for ratio in (1.0, 1.5, 2.0, 3.0):
        made.addPixmap(icon_pixmap(name, colour, size, ratio))
    return made
