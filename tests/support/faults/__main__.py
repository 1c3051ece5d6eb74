"""`python -m tests.support.faults LAYER …`: run a campaign and print its summary as JSON."""

from __future__ import annotations

import argparse
import sys

from tests.support.faults import campaign, kills


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("layer")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--recoveries", type=int, default=0)
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--most", type=int, default=1 << 40)
    chosen = parser.parse_args()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    plans = kills.plans(seeds, chosen.steps, chosen.recoveries, chosen.only)
    summary = campaign.run(plans, jobs=chosen.jobs, seconds=chosen.seconds, most=chosen.most)
    print(summary.as_json())
    return 1 if summary.failures else 0


if __name__ == "__main__":
    sys.exit(main())
