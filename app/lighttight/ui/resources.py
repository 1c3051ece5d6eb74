"""Where the files that are not code lie: tokens, icons, translations.

An installed wheel carries them inside the package; in a checkout they stand at the top level,
where designers look for them. One function knows both.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lighttight.errors import Environment


@cache
def _root() -> Path:
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "resources", package.parent.parent / "resources"):
        if (candidate / "tokens.json").is_file():
            return candidate
    raise Environment("resources-missing")


def resource_path(name: str) -> Path:
    """The file `name` (`tokens.json`, `icons/lock.svg`); its existence is not checked."""
    return _root() / name
