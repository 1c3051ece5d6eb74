"""Public vectors that lie beside the checkout are run where they are; nothing is skipped."""

from __future__ import annotations

from tests.support.vectors import SHARED

# The sets belong to others and are not copied. A clone without them has no such tests, instead of
# some hundred that look skipped.
collect_ignore = [] if SHARED.is_dir() else ["test_shared.py"]
