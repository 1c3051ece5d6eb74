"""Pick the shell: no arguments, the window; arguments, the command line.

Nothing heavy is imported before it is known to be needed: `--version` must answer at once, and
the command line must not wait for Qt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from lighttight import __version__

# Where a window can open on Linux; QT_QPA_PLATFORM stands for offscreen and remote screens.
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and answer its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        sys.stdout.write(f"lighttight {__version__}\n")
        return 0
    if given:
        from lighttight.cli.main import main as run

        return run(given)
    if not _has_screen():
        return _say_no_screen()
    from lighttight.ui.app import main as show

    return show()


def _has_screen() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in _SCREENS)


def _say_no_screen() -> int:
    from lighttight.errors import Environment
    from lighttight.messages import words

    error = Environment("no-display")
    said = words(error)
    sys.stderr.write(f"lighttight: {said.sentence} {said.action}\n")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
