"""The files are what their generator makes, and there is no file that it does not make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sealed_vectors.__main__ import KINDS, files
from tests.support.vectors import OWN

MADE = dict(files())


def test_no_other_files() -> None:
    found = {path.relative_to(OWN) for kind in KINDS for path in (OWN / kind).glob("**/*.json")}
    assert found == set(MADE)


@pytest.mark.parametrize("kind", KINDS)
def test_same_bytes(kind: str) -> None:
    for relative, text in MADE.items():
        if relative.parts[0] == kind:
            assert (OWN / Path(relative)).read_text() == text, relative
