"""Pages are tested without a screen, and without a word from Qt's media back end.

Set before Qt is loaded, so that `pytest tests/gui` alone behaves as the session does.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false")
