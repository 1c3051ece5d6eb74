"""Frames as a processor decoded them, made ready before they get their colours.

Turning a frame in 4K into colours takes a third of a second without help of the graphics card, in
which no key is heard: so it is made smaller first, plane by plane. And without that help Qt cannot
turn ten bits into colours at all, which is what phones film in since 2020: the picture would stay
empty. So the two lowest bits go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtMultimedia import QtVideo, QVideoFrame, QVideoFrameFormat

_GREY: Final = QImage.Format.Format_Grayscale8
_Pixel = QVideoFrameFormat.PixelFormat


@dataclass(frozen=True, slots=True)
class _Planes:
    """Three planes: one of light, two of colour that are half as wide."""

    made: QVideoFrameFormat.PixelFormat
    """The same with one octet for each sample."""
    rows: int
    """How many rows of the picture one row of colour covers."""
    surplus: int = 0
    """Bits that a sample, then of two octets, has above eight."""


_PLANAR: Final = {
    _Pixel.Format_YUV420P: _Planes(_Pixel.Format_YUV420P, 2),
    _Pixel.Format_YUV422P: _Planes(_Pixel.Format_YUV422P, 1),
    _Pixel.Format_YUV420P10: _Planes(_Pixel.Format_YUV420P, 2, surplus=2),
}


def reduced(frame: QVideoFrame, room: QSize | None = None) -> QVideoFrame:
    """The frame with eight bits, and no more pixels than fit into `room`.

    What the graphics card decoded, or is not of three planes, is left as it is.
    """
    was = frame.surfaceFormat()
    planes = _PLANAR.get(was.pixelFormat())
    if planes is None or frame.handleType() is not QVideoFrame.HandleType.NoHandle:
        return frame
    size = _fitting(frame, room)
    if size == frame.size() and not planes.surplus:
        return frame
    now = QVideoFrameFormat(size, planes.made)
    now.setColorSpace(was.colorSpace())
    now.setColorRange(was.colorRange())
    now.setColorTransfer(was.colorTransfer())
    now.setRotation(was.rotation())
    now.setMirrored(was.isMirrored())
    small = QVideoFrame(now)
    if not frame.map(QVideoFrame.MapMode.ReadOnly):
        return frame
    try:
        if not small.map(QVideoFrame.MapMode.WriteOnly):
            return frame
        for plane in range(3):
            _shrink(frame, small, plane, planes)
        small.unmap()
    finally:
        frame.unmap()
    return small


def _fitting(frame: QVideoFrame, room: QSize | None) -> QSize:
    if room is None or room.isEmpty():
        return frame.size()
    upright = frame.surfaceFormat().rotation() in (
        QtVideo.Rotation.None_,
        QtVideo.Rotation.Clockwise180,
    )
    size = frame.size().scaled(
        room if upright else room.transposed(), Qt.AspectRatioMode.KeepAspectRatio
    )
    size = QSize(size.width() & ~1, size.height() & ~1)
    return frame.size() if size.isEmpty() or size.width() >= frame.width() else size


def _shrink(frame: QVideoFrame, small: QVideoFrame, plane: int, planes: _Planes) -> None:
    """One plane, looked at as a grey picture."""
    wide, high = (1, 1) if plane == 0 else (2, planes.rows)
    width, height = frame.width() // wide, frame.height() // high
    # Qt's stubs say bytes; it is memory that can be written.
    samples, line = cast("memoryview", frame.bits(plane)), frame.bytesPerLine(plane)
    if planes.surplus:
        octets = _octets(samples, line, width, height, planes.surplus)
        grey = QImage(octets, width, height, width, _GREY)
    else:
        grey = QImage(samples, width, height, line, _GREY)
    size = QSize(small.width() // wide, small.height() // high)
    if size != grey.size():
        grey = grey.scaled(
            size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        ).convertToFormat(_GREY)
    target = cast("memoryview", small.bits(plane))
    pixels, ours, theirs = grey.constBits(), grey.bytesPerLine(), small.bytesPerLine(plane)
    for row in range(grey.height()):
        start = row * theirs
        target[start : start + grey.width()] = pixels[row * ours : row * ours + grey.width()]


def _octets(plane: memoryview, line: int, width: int, height: int, surplus: int) -> bytes:
    """Samples of two octets, the lower one first, without their lowest bits."""
    import numpy as np

    samples = np.frombuffer(plane, "<u2", count=line // 2 * height).reshape(height, line // 2)
    return (samples[:, :width] >> surplus).astype(np.uint8).tobytes()
