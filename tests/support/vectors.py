"""Test vectors as parameters: own ones beside the harnesses, public ones beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "vectors"
SHARED = ROOT.parent / "shared" / "vectors"
"""Wycheproof, Argon2 and Merkle sets: not part of the repository, so they may be missing."""


def own(kind: str) -> list[Any]:
    """Every case of a kind, refusals first: what must not open matters most."""
    cases = [
        (path.stem, json.loads(path.read_text())) for path in sorted((OWN / kind).glob("*.json"))
    ]
    if not cases:
        raise AssertionError(f"no vectors of {kind}")
    cases.sort(key=lambda case: case[1]["expect"] == "opens")
    return [pytest.param(case, id=name) for name, case in cases]


def shared(name: str) -> Any:
    return json.loads((SHARED / name).read_text())
