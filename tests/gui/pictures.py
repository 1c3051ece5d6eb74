"""Colourful synthetic photographs and a library of cells to show them in."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QImageWriter,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QRadialGradient,
)

from lighttight.model import Cell, ItemId, Kind, PreviewState

SHAPES = ((4032, 3024), (4032, 3024), (3024, 4032), (3000, 2000), (1920, 1080), (2000, 3000))


def _sky(painter: QPainter, box: QRectF, dice: random.Random) -> None:
    hue = dice.random()
    gradient = QLinearGradient(box.topLeft(), box.bottomLeft())
    gradient.setColorAt(0, QColor.fromHsvF(hue, 0.65, 0.55 + 0.35 * dice.random()))
    gradient.setColorAt(0.7, QColor.fromHsvF((hue + 0.08) % 1, 0.35, 0.95))
    gradient.setColorAt(1, QColor.fromHsvF((hue + 0.5) % 1, 0.5, 0.5))
    painter.fillRect(box, gradient)


def _hills(painter: QPainter, box: QRectF, dice: random.Random) -> None:
    _sky(painter, box, dice)
    sun = QPointF(box.width() * dice.uniform(0.2, 0.8), box.height() * dice.uniform(0.2, 0.45))
    glow = QRadialGradient(sun, box.height() * 0.4)
    glow.setColorAt(0, QColor(255, 244, 214, 255))
    glow.setColorAt(0.15, QColor(255, 232, 170, 200))
    glow.setColorAt(1, QColor(255, 220, 150, 0))
    painter.fillRect(box, glow)
    base = dice.random()
    for layer in range(4):
        path = QPainterPath(QPointF(0, box.height()))
        height = box.height() * (0.5 + 0.12 * layer)
        phase, speed = dice.random() * 7, dice.uniform(1.5, 5)
        steps = 40
        for step in range(steps + 1):
            x = box.width() * step / steps
            wave = math.sin(phase + speed * step / steps * math.pi)
            path.lineTo(x, height + wave * box.height() * 0.06 * (1 + dice.random() * 0.2))
        path.lineTo(box.width(), box.height())
        painter.fillPath(path, QColor.fromHsvF((base + layer * 0.03) % 1, 0.55, 0.5 - 0.1 * layer))


def _flowers(painter: QPainter, box: QRectF, dice: random.Random) -> None:
    painter.fillRect(box, QColor.fromHsvF(0.3 + dice.random() * 0.1, 0.6, 0.35))
    painter.setPen(Qt.PenStyle.NoPen)
    for _ in range(14):
        hue = dice.random()
        x, y = box.width() * dice.random(), box.height() * dice.random()
        size = box.height() * dice.uniform(0.06, 0.22)
        painter.setBrush(QColor.fromHsvF(hue, 0.75, 0.95))
        for petal in range(6):
            angle = petal * math.pi / 3
            centre = QPointF(x + math.cos(angle) * size * 0.6, y + math.sin(angle) * size * 0.6)
            painter.drawEllipse(centre, size * 0.45, size * 0.45)
        painter.setBrush(QColor(250, 210, 80))
        painter.drawEllipse(QPointF(x, y), size * 0.35, size * 0.35)


def _town(painter: QPainter, box: QRectF, dice: random.Random) -> None:
    _sky(painter, box, dice)
    x = 0.0
    while x < box.width():
        width = box.width() * dice.uniform(0.07, 0.16)
        height = box.height() * dice.uniform(0.3, 0.75)
        wall = QColor.fromHsvF(0.05 + dice.random() * 0.08, 0.4, dice.uniform(0.45, 0.85))
        painter.fillRect(QRectF(x, box.height() - height, width, height), wall)
        for row in range(int(height // (width * 0.4))):
            for column in range(2):
                window = QRectF(
                    x + width * (0.18 + 0.4 * column),
                    box.height() - height + width * (0.2 + 0.4 * row),
                    width * 0.2,
                    width * 0.24,
                )
                painter.fillRect(window, QColor(40, 52, 80))
        x += width


_SCENES: tuple[Callable[[QPainter, QRectF, random.Random], None], ...] = (
    _hills,
    _flowers,
    _town,
    _hills,
)


def picture(seed: int, width: int, height: int) -> QImage:
    dice = random.Random(seed)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _SCENES[seed % len(_SCENES)](painter, QRectF(0, 0, width, height), dice)
    painter.end()
    return image


def jpeg(seed: int, width: int, height: int, longest: int = 512) -> bytes:
    """A preview as the library keeps them."""
    scale = longest / max(width, height)
    image = picture(seed, max(1, round(width * scale)), max(1, round(height * scale)))
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"jpeg"))
    writer.setQuality(82)
    assert writer.write(image)
    return bytes(store.data())


def item_id(number: int) -> ItemId:
    return ItemId(f"{number:032x}")


def cells(
    count: int, *, seed: int = 7, until: datetime | None = None, spread: int = 4 * 86400
) -> list[Cell]:
    """Pictures from `until` backwards, one every `spread` seconds on average."""
    dice = random.Random(seed)
    when = int((until or datetime(2026, 11, 14, 18, 52, tzinfo=UTC)).timestamp())
    made: list[Cell] = []
    for number in range(count):
        width, height = dice.choice(SHAPES)
        video = dice.random() < 0.12
        if video:
            width, height = 1920, 1080
        made.append(
            Cell(
                item_id(number),
                when,
                width,
                height,
                dice.uniform(4, 190) if video else None,
                Kind.VIDEO if video else Kind.PHOTO,
                dice.random() < 0.1,
                PreviewState.READY,
            )
        )
        when -= dice.randint(60, 2 * spread)
    return made


class FakePreviews:
    """A source of previews: a few pictures per shape, drawn once."""

    def __init__(self, made: list[Cell], variety: int = 24) -> None:
        self._shape = {cell.id: (cell.width, cell.height) for cell in made}
        self._variety = variety
        self._drawn: dict[tuple[int, int, int], bytes] = {}
        self.asked: list[ItemId] = []

    def __call__(self, item: ItemId) -> bytes | None:
        self.asked.append(item)
        width, height = self._shape.get(item, SHAPES[0])
        key = (int(item, 16) % self._variety, width, height)
        if key not in self._drawn:
            self._drawn[key] = jpeg(*key)
        return self._drawn[key]
