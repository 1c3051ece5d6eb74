"""Scrolling the timeline of 100,000 items: how long each frame takes while previews come in.

The real grid, fed from a real vault, without a screen. It is flung from rest to a stop, again and
again in other places; a frame is the new position, its painting, and whatever the window has to
take in meanwhile (decoded previews above all). 16 ms is one frame of a usual screen.
"""

from __future__ import annotations

import os
import statistics
import time
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
TARGET_MS, TARGET_MIB = 16, 400
FRAMES = 150
FRAME = 0.016
FASTEST = 12_000
"""Pixels a second at the start of a fling: most of a year's pictures in a second."""
PICTURES = 48


def run(setting: Setting) -> Outcome:
    count = 10_000 if setting.quick else 100_000
    vault = library(count, setting)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "qt.multimedia.*=false",
    }
    with Apart(
        "bench_scroll", "flung", environment=environment, vault=str(vault), rounds=setting.rounds
    ) as other:
        layout = other.hear()
        flings = [other.hear() for _ in range(setting.rounds)]
        memory = other.hear() / MIB
    frames = [[1000 * one for one in fling] for fling in flings]
    p99 = [percentile(fling, 0.99) for fling in frames]
    rows = (
        ("cells to a laid-out grid", f"{1000 * layout:.0f} ms"),
        ("frame, median", spread([statistics.median(fling) for fling in frames], "{:.1f}") + " ms"),
        ("frame, p99", spread(p99, "{:.1f}") + " ms"),
        ("frame, longest", spread([max(fling) for fling in frames], "{:.1f}") + " ms"),
        ("memory of the process", f"{memory:.0f} MiB"),
    )
    found = statistics.median(p99)
    verdicts = (
        Verdict(
            f"{count:,} items, scrolling, p99 of a frame",
            f"≤ {TARGET_MS} ms",
            f"{found:.1f} ms",
            found <= TARGET_MS,
        ),
        Verdict(
            f"{count:,} items, memory with the grid, scrolled",
            f"≤ {TARGET_MIB} MiB",
            f"{memory:.0f} MiB",
            memory <= TARGET_MIB,
        ),
    )
    head = (f"{count:,} items, {FRAMES} frames a fling", "")
    return Outcome(verdicts, (Table(head, rows),))


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
