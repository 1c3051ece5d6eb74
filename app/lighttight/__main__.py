"""Pick the shell: no arguments, the window; arguments, the command line.

Nothing heavy is imported before it is known to be needed: `--version` must answer at once, and
the command line must not wait for Qt.

A program may be started with its standard streams closed. The system gives the lowest free number
to the next file that is opened, so a library's file would become standard output, and whatever
is printed would be written into it. Closed ones are therefore pointed at nowhere before all else.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from lighttight import __version__

# Where a window can open on Linux; QT_QPA_PLATFORM stands for offscreen and remote screens.
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and answer its exit code."""
    _hold_standard_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        with contextlib.suppress(OSError):
            sys.stdout.write(f"lighttight {__version__}\n")
            sys.stdout.flush()
            return 0
        # Nobody could read it, and the command line has the words for that.
    if given:
        from lighttight.cli.main import main as run

        return run(given)
    if not _has_screen():
        return _say_no_screen()
    from lighttight.ui.app import main as show

    return show()


def _hold_standard_streams() -> None:
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            # Every lower number is taken by now, so this one is what the system gives.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


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
