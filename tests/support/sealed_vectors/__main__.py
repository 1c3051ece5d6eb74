"""Write the files below `tests/vectors`, and remove those that no case makes any more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.sealed_vectors import (
    anchors,
    blobs,
    checkpoints,
    entries,
    headers,
    slots,
    words,
)
from tests.support.sealed_vectors.parts import Named

VECTORS = Path(__file__).parents[2] / "vectors"
KINDS: dict[str, Callable[[], Iterator[Named]]] = {
    "blob": blobs.blob_cases,
    "slots": slots.slot_cases,
    "header": headers.header_cases,
    "words": words.word_cases,
    "entries": entries.entry_cases,
    "anchor": anchors.anchor_cases,
    "checkpoint": checkpoints.checkpoint_cases,
    "certificate": checkpoints.certificate_cases,
}


def files() -> Iterator[tuple[Path, str]]:
    """Every file below `tests/vectors`, relative, with its text."""
    for kind, cases in KINDS.items():
        for name, case in cases():
            yield Path(kind) / f"{name}.json", json.dumps(case, indent=1) + "\n"


def main() -> None:
    kept: set[Path] = set()
    for relative, text in files():
        path = VECTORS / relative
        if path in kept:
            raise SystemExit(f"two cases of one name: {relative}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        kept.add(path)
    for kind in KINDS:
        for path in (VECTORS / kind).glob("*.json"):
            if path not in kept:
                path.unlink()


if __name__ == "__main__":
    main()
