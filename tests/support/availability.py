"""Say why a test cannot run here, and never let that pass silently where it should run.

A skip on somebody's laptop is information. The same skip on CI means that nobody ran the test at
all, so there it is a failure.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip with a reason; on CI fail instead."""
    if os.environ.get("CI"):
        pytest.fail(f"must not be skipped on CI: {reason}", pytrace=False)
    pytest.skip(reason)


def needs_programs(*names: str) -> None:
    """Skip (on CI: fail) unless every program is on the PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        unavailable(f"not installed: {', '.join(missing)} (packaging/test installs it)")
