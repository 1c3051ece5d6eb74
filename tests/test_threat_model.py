"""The threat model says what the code does: what it names exists, and it promises what we promise.

Whether a sentence is true a person has to judge. That it names a test nobody wrote, or a section
that moved, or promises more than the README does, is found here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "app" / "docs"
PAGE = (DOCS / "threat-model.md").read_text(encoding="utf-8")


def sections(page: Path) -> set[str]:
    return set(re.findall(r"^## (\d+)\. ", page.read_text(encoding="utf-8"), re.MULTILINE))


def promises(page: str) -> list[str]:
    """The three paragraphs, with their line breaks taken out."""
    paragraphs = (" ".join(one.split()) for one in page.split("\n\n"))
    return [
        one for one in paragraphs if one.startswith(("**Promised.", "**With limits.", "**Not p"))
    ]


def test_no_named_test_is_missing() -> None:
    named = set(re.findall(r"`([a-z_/]+/test_[a-z_]+\.py|test_[a-z_]+\.py)`", PAGE))
    assert named
    missing = [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()]
    assert missing == []


@pytest.mark.parametrize(
    ("pattern", "page"),
    [
        (r"(?<!record )§(\d+)", "vault-format.md"),
        (r"record §(\d+)(?:, §(\d+))?", "audit-log.md"),
    ],
)
def test_no_named_section_is_missing(pattern: str, page: str) -> None:
    # "record §3, §6" names two of the record; elsewhere a bare § is the vault's.
    text = PAGE if page == "audit-log.md" else re.sub(r"record §\d+(, §\d+)?", "", PAGE)
    found = {
        number
        for groups in re.findall(pattern, text)
        for number in ([groups] if isinstance(groups, str) else groups)
        if number
    }
    assert found
    assert found <= sections(DOCS / page)


def test_the_promises_are_those_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(promises(PAGE)) == 3
    assert promises(PAGE) == promises(readme)


def test_every_measure_has_a_test_or_says_that_it_has_none() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == 4]
    bare = [
        row
        for row in rows
        if not row.startswith(("| What Lighttight does", "| **Planned**"))
        and not re.search(r"`[a-z_/]*test_[a-z_]+\.py`|\*\*Planned\*\*|\*\*No test yet\*\*", row)
    ]
    assert len(rows) > 30
    assert bare == []
