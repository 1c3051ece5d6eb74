"""Scrolling the timeline of up to 100,000 items: how long each frame takes while previews come in.

The real grid, fed from a real vault, without a screen. It is flung from rest to a stop, again and
again in other places; a frame is the new position, its painting, and whatever the window has to
take in meanwhile (decoded previews above all). 16 ms is one frame of a usual screen.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.apart import Apart, Line
from tests.benchmarks.harness import (
    MIB,
    Outcome,
    Setting,
    Table,
    Verdict,
    percentile,
    resident,
    spread,
)
from tests.benchmarks.synthetic import library

TITLE = "Scrolling"
SIZES = (1_000, 10_000, 30_000, 100_000)
TARGET_MS, TARGET_MIB = 16, 400
FRAMES = 150
FRAME = 0.016
FASTEST = 12_000
"""Pixels a second at the start of a fling: most of a year's pictures in a second."""
PICTURES = 48


def run(setting: Setting) -> Outcome:
    sizes = SIZES[:2] if setting.quick else SIZES
    measured = {count: _measured(count, setting) for count in sizes}
    largest = measured[max(sizes)]
    p99 = statistics.median(largest.p99)
    verdicts = (
        Verdict(
            f"{max(sizes):,} items, scrolling, p99 of a frame",
            f"≤ {TARGET_MS} ms",
            f"{p99:.1f} ms",
            p99 <= TARGET_MS,
        ),
        Verdict(
            f"{max(sizes):,} items, memory with the grid, scrolled",
            f"≤ {TARGET_MIB} MiB",
            f"{largest.memory:.0f} MiB",
            largest.memory <= TARGET_MIB,
        ),
    )
    head = (
        f"items, {FRAMES} frames a fling",
        *("cells to a laid-out grid, ms", "frame, median, ms", "p99, ms", "longest, ms"),
        "memory, MiB",
    )
    rows = tuple(
        (
            f"{count:,}",
            f"{one.layout:.0f}",
            *(spread(values, "{:.1f}") for values in (one.middle, one.p99, one.longest)),
            f"{one.memory:.0f}",
        )
        for count, one in measured.items()
    )
    drawn = {
        "cells to a laid-out grid": tuple((count, one.layout) for count, one in measured.items()),
        "frame, median": _medians(measured, lambda one: one.middle),
        "frame, p99": _medians(measured, lambda one: one.p99),
    }
    return Outcome(verdicts, (Table(head, rows),), curves=drawn)


def _medians(
    measured: dict[int, _Measured], which: Callable[[_Measured], list[float]]
) -> tuple[tuple[int, float], ...]:
    return tuple((count, statistics.median(which(one))) for count, one in measured.items())


@dataclass(frozen=True, slots=True)
class _Measured:
    """Milliseconds, one for each fling, and MiB."""

    layout: float
    middle: list[float]
    p99: list[float]
    longest: list[float]
    memory: float


def _measured(count: int, setting: Setting) -> _Measured:
    vault = library(count, setting)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "qt.multimedia.*=false",
    }
    with Apart(
        "bench_scroll", "flung", environment=environment, vault=str(vault), rounds=setting.rounds
    ) as other:
        layout = 1000 * other.hear()
        flings = [[1000 * one for one in other.hear()] for _ in range(setting.rounds)]
        memory = other.hear() / MIB
    setting.say(f"{count}: p99 " + ", ".join(f"{percentile(one, 0.99):.1f}" for one in flings))
    return _Measured(
        layout,
        [statistics.median(one) for one in flings],
        [percentile(one, 0.99) for one in flings],
        [max(one) for one in flings],
        memory,
    )


def flung(line: Line, vault: str, rounds: int) -> None:
    """In a process of its own."""
    from PySide6.QtWidgets import QApplication

    from lighttight.library.library import Library
    from lighttight.model import ItemId
    from lighttight.ui.grid.view import TimelineGrid
    from lighttight.ui.jobs import Jobs
    from lighttight.ui.theme import theme
    from lighttight.vault.vault import open_vault
    from tests.support.password_store import MemoryStore
    from tests.support.vaults import BY_PASSPHRASE

    held = open_vault(Path(vault), BY_PASSPHRASE, MemoryStore())
    shown = Library(held)
    cells = shown.timeline()
    kept = [cell.id for cell in cells[:PICTURES]]
    for item, picture in zip(kept, _pictures(), strict=True):
        held.previews.put(item, picture)

    def preview(item: ItemId) -> bytes | None:
        # A few are kept and stand for all: read from the encrypted store and decoded each time.
        return shown.preview(kept[int(item[:8], 16) % PICTURES])

    application = QApplication([])
    theme().install(application)
    jobs = Jobs(_never)
    grid = TimelineGrid(jobs, preview)
    grid.resize(1072, 760)
    grid.show()
    start = time.perf_counter()
    grid.set_cells(cells)
    application.processEvents()
    line.tell(time.perf_counter() - start)
    bar = grid.verticalScrollBar()
    for number in range(rounds):
        bar.setValue(bar.maximum() * (number + 1) // (rounds + 2))
        _settle(application, 0.5)
        frames: list[float] = []
        for frame in range(FRAMES):
            speed = FASTEST * (1 - frame / FRAMES) ** 2
            start = time.perf_counter()
            bar.setValue(bar.value() + max(1, round(speed * FRAME)))
            grid.viewport().repaint()
            application.processEvents()
            frames.append(time.perf_counter() - start)
            _settle(application, FRAME - frames[-1])
        line.tell(frames)
    line.tell(resident(os.getpid()))
    jobs.shutdown(5)
    held.close()


def _settle(application: object, seconds: float) -> None:
    from PySide6.QtWidgets import QApplication

    assert isinstance(application, QApplication)
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        application.processEvents()
        time.sleep(min(0.001, left))


def _never(error: BaseException) -> None:
    raise error


def _pictures() -> list[bytes]:
    """Previews as the library makes them: 512 pixels on the long side."""
    from PySide6.QtCore import QBuffer, QIODevice
    from PySide6.QtGui import QColor, QImage, QPainter

    made: list[bytes] = []
    for number in range(PICTURES):
        image = QImage(512, 384, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        for band in range(96):
            hue = (number * 37 + band * 5) % 360
            painter.fillRect(0, 4 * band, 512, 4, QColor.fromHsv(hue, 90, 40 + band * 2))
        for spot in range(60):
            x, y = (spot * 97 + number * 13) % 500, (spot * 61) % 370
            painter.fillRect(x, y, 30, 20, QColor.fromHsv((spot * 23) % 360, 160, 200))
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "JPEG", 85)  # pyright: ignore[reportCallIssue, reportArgumentType]
        made.append(bytes(buffer.data().data()))
    return made
