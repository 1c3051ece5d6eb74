"""What the programs share that take pictures of the window: their arguments, and no display."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def asked(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the arguments, of which `directory` is the program's own. Before Qt is loaded."""
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="", help="a part of the name of the page")
    given = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_LOGGING_RULES"] = "qt.multimedia.*=false"
    if given.scale != 1.0:
        os.environ["QT_SCALE_FACTOR"] = str(given.scale)
    directory: Path = given.directory
    directory.mkdir(parents=True, exist_ok=True)
    return given
