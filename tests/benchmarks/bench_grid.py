"""The grid alone: laying out, painting, flinging, without a vault behind it.

    python -m tests.benchmarks.bench_grid [--quick]

Previews are JPEGs in memory, decoded by two workers while the grid is flung; so this measures the
window's own part, and bench_scroll the whole. A frame is a new position, its painting, and what
the event loop has to do meanwhile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.apart import Apart, Line
from tests.benchmarks.harness import Outcome, Setting, Table, Verdict, percentile, spread

TITLE = "The grid alone"
LAYOUT_MS, PAINT_MS, FLING_MS = 25, 8, 16
WIDTHS = ((712, 112), (992, 112), (992, 184), (1500, 92))
FRAMES = 300


def run(setting: Setting) -> Outcome:
    count = 10_000 if setting.quick else 100_000
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with Apart("bench_grid", "measured", environment, count=count, rounds=setting.rounds) as other:
        prepared = other.hear()
        layouts = [other.hear() for _ in WIDTHS]
        paints = [1000 * one for one in other.hear()]
        flings = [[1000 * one for one in other.hear()] for _ in range(setting.rounds)]
    usual = 1000 * statistics.median(layouts[1])
    p99 = [percentile(fling, 0.99) for fling in flings]
    rows = [("cells to running sums and months", spread([1000 * t for t in prepared], "{:.0f}"))]
    for (width, height), taken in zip(WIDTHS, layouts, strict=True):
        name = f"rows laid out, {width} px wide, {height} px high"
        rows.append((name, spread([1000 * t for t in taken], "{:.1f}")))
    rows += [
        ("painting a view, median", f"{statistics.median(paints):.1f}"),
        ("painting a view, p99", f"{percentile(paints, 0.99):.1f}"),
        ("frame of a fling, median", spread([statistics.median(f) for f in flings], "{:.1f}")),
        ("frame of a fling, p99", spread(p99, "{:.1f}")),
    ]
    painting, flinging = percentile(paints, 0.99), statistics.median(p99)
    verdicts = (
        Verdict(
            f"{count:,} cells laid out anew", f"≤ {LAYOUT_MS} ms", f"{usual:.1f} ms",
            usual <= LAYOUT_MS,
        ),
        Verdict(
            "painting a view, p99", f"≤ {PAINT_MS} ms", f"{painting:.1f} ms", painting <= PAINT_MS
        ),
        Verdict(
            "frame of a fling, p99", f"≤ {FLING_MS} ms", f"{flinging:.1f} ms", flinging <= FLING_MS
        ),
    )  # fmt: skip
    return Outcome(verdicts, (Table((f"{count:,} cells", "milliseconds"), tuple(rows)),))


def measured(line: Line, count: int, rounds: int) -> None:
    """In a process of its own."""
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from lighttight.ui import words
    from lighttight.ui.grid.layout import Spacing, Timeline
    from lighttight.ui.grid.view import TimelineGrid
    from lighttight.ui.jobs import Jobs
    from lighttight.ui.theme import theme
    from tests.gui import pictures

    def fail(error: BaseException) -> None:
        raise error

    cells = pictures.cells(count, spread=3 * 3600)
    spacings = [Spacing(width, height) for width, height in WIDTHS]
    prepared: list[float] = []
    timeline = Timeline([], spacings[0])
    for _ in range(rounds):
        start = time.perf_counter()
        timeline = Timeline(cells, Spacing(10**9, 10))
        prepared.append(time.perf_counter() - start)
    line.tell(prepared)
    for spacing in spacings:
        taken: list[float] = []
        for _ in range(rounds):
            start = time.perf_counter()
            timeline.arrange(spacing)
            taken.append(time.perf_counter() - start)
        line.tell(taken)

    app = QApplication([])
    words.install_language(app)
    theme().install(app)
    jobs = Jobs(fail)
    grid = TimelineGrid(jobs, pictures.FakePreviews(cells, 24))
    grid.resize(1072, 720)
    grid.set_cells(cells)
    grid.show()
    bar = grid.verticalScrollBar()

    def settle() -> None:
        until = time.monotonic() + 30
        while grid.pending() and time.monotonic() < until:
            app.processEvents()

    view = grid.viewport()
    target = QImage(view.size(), QImage.Format.Format_RGB32)
    paints: list[float] = []
    for place in range(0, 20_000, 400):
        bar.setValue(place)
        settle()
        for _ in range(4):
            start = time.perf_counter()
            view.render(target, sourceRegion=QRect(view.rect()))
            paints.append(time.perf_counter() - start)
    line.tell(paints)
    for number in range(rounds):
        bar.setValue(bar.maximum() * number // (rounds + 1))
        settle()
        frames: list[float] = []
        for frame in range(FRAMES):
            start = time.perf_counter()
            speed = 12_000 * (1 - frame / FRAMES) ** 2 / 60
            bar.setValue(bar.value() + max(1, round(speed)))
            app.processEvents()
            frames.append(time.perf_counter() - start)
            time.sleep(max(0.0, 1 / 60 - frames[-1]))
        line.tell(frames)
    jobs.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        outcome = run(Setting(Path(directory), asked.quick, lambda _: None))
    for table in outcome.tables:
        for row in (table.head, *table.rows):
            sys.stdout.write("  ".join((row[0].ljust(44), *row[1:])) + "\n")
    for verdict in outcome.verdicts:
        met = "met" if verdict.met else "MISSED"
        sys.stdout.write(f"{verdict.what}: {verdict.measured} ({verdict.target}) {met}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
