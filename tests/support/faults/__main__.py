"""`python -m tests.support.faults LAYER`: run a layer and print its summary as JSON.

LAYER                 kills, injected, power, hostile, crowds; `bug` with --bug NAME;
                      `table FILE…` prints summaries as the table of app/docs/fault-campaigns.md
--share 0.1           a part of the campaign; 0 is the sample of the suite
--seconds 600         no new case after that; what is counted was tried
--jobs 2              processes
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.support.faults import campaign
from tests.support.faults.bugs import BUGS
from tests.support.faults.layers import LAYERS, with_bug


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.support.faults")
    parser.add_argument("layer")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--bug", choices=sorted(BUGS))
    parser.add_argument("--share", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.layer == "table":
        print(table(chosen.files))
        return 0
    if chosen.layer == "bug":
        plans = with_bug(BUGS[chosen.bug])
    elif chosen.share:
        plans = LAYERS[chosen.layer].whole(chosen.share)
    else:
        plans = LAYERS[chosen.layer].sample()
    enough = 1 if chosen.layer == "bug" else campaign.MOST_FAILURES
    summary = campaign.run(plans, jobs=chosen.jobs, seconds=chosen.seconds, failures=enough)
    print(summary.as_json())
    return 1 if summary.failures else 0


def table(files: list[Path]) -> str:
    lines = [
        "| layer | goal | tried | failed | not reached | minutes | date |",
        "|---|---|---|---|---|---|---|",
    ]
    for path in files:
        summary = json.loads(path.read_bytes())
        goals = LAYERS[path.stem].goals
        for kind, goal in goals.items():
            tried = summary["counts"].get(kind, 0)
            name = path.stem if kind == "main" else f"{path.stem}: {kind}"
            lines.append(
                f"| {name} | {goal:,} | {tried:,} | {len(summary['failures'])} "
                f"| {summary['not_reached']:,} | {summary['seconds'] / 60:.0f} "
                f"| {summary['date']} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
