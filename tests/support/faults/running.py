"""Starting a layer from a test: in an interpreter of its own, without threads or pytest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SECONDS = float(os.environ.get("LIGHTTIGHT_CAMPAIGN_SECONDS", "1800"))
"""For each layer of a campaign."""
SHARE = float(os.environ.get("LIGHTTIGHT_CAMPAIGN_SHARE", "1"))
RESULTS = os.environ.get("LIGHTTIGHT_CAMPAIGN_RESULTS")
"""A folder in which each layer of a campaign leaves its summary."""


def run(layer: str, *options: str, patience: float = 290.0) -> dict[str, Any]:
    """The summary of a layer; its last words where it has none."""
    command = [sys.executable, "-m", "tests.support.faults", layer, *options]
    paths = os.pathsep.join((str(ROOT), str(ROOT / "app")))
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )
    if not done.stdout.strip():
        raise AssertionError(f"{layer} did not run: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def sample(layer: str) -> dict[str, Any]:
    return run(layer)


def campaign(layer: str) -> dict[str, Any]:
    """The whole layer, as far as the time allows."""
    options = ["--share", str(SHARE), "--seconds", str(SECONDS)]
    summary = run(layer, *options, patience=SECONDS + 900)
    if RESULTS:
        folder = Path(RESULTS)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{layer}.json").write_text(json.dumps(summary, indent=1))
    return summary


def insist(summary: dict[str, Any], **least: int) -> None:
    """Nothing failed, and as many cases of each kind happened as were meant to."""
    assert summary["failures"] == []
    for kind, count in least.items():
        assert summary["counts"].get(kind, 0) >= count, summary["counts"]
