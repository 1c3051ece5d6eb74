"""Run scenarios and write the page of what was found. See the package's docstring.

What each scenario found is kept in `build/benchmarks`, so that scenarios can be measured one at a
time, when the machine is quiet, and stand on one page.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import msgspec

from tests.benchmarks import curves, page
from tests.benchmarks.harness import Others, Setting, Taken, machine

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / "build" / "benchmarks"
PAGE = ROOT / "app" / "docs" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="packaging/test bench --", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*page.SCENARIOS, []], default=[])
    parser.add_argument("--quick", action="store_true", help="small amounts, three rounds")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--directory", type=Path, help="on the disk to be measured")
    given = parser.parse_args()
    if not given.page:
        base: Path = given.directory or KEPT
        base.mkdir(parents=True, exist_ok=True)
        for name in given.scenario or page.SCENARIOS:
            taken = measure(name, base, quick=given.quick)
            sys.stdout.write(page.section(taken))
            if not given.quick:
                KEPT.mkdir(parents=True, exist_ok=True)
                (KEPT / f"{name}.json").write_bytes(msgspec.json.encode(taken))
    if not given.quick:
        found = [KEPT / f"{name}.json" for name in page.SCENARIOS]
        kept = [msgspec.json.decode(one.read_bytes(), type=Taken) for one in found if one.exists()]
        PAGE.write_text(page.whole(kept), encoding="utf-8")
        for taken in kept:
            if taken.outcome.curves:
                drawing = curves.drawing("ms", taken.outcome.curves)
                PAGE.with_name(page.drawn(taken)).write_text(drawing, encoding="utf-8")
    return 0


def measure(name: str, base: Path, *, quick: bool) -> Taken:
    scenario = importlib.import_module(f"tests.benchmarks.bench_{name}")
    with tempfile.TemporaryDirectory(dir=base, prefix=f"{name}-") as directory:
        others, start = Others(), time.monotonic()
        outcome = scenario.run(Setting(Path(directory), quick, _say))
        seconds, share = time.monotonic() - start, others.share()
        return Taken(
            scenario=name,
            title=scenario.TITLE,
            outcome=outcome,
            when=datetime.now().astimezone().isoformat(timespec="minutes"),
            quick=quick,
            seconds=seconds,
            machine=machine(Path(directory)),
            others=share,
        )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
