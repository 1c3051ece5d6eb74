"""The real program, which also says what is on its screen: for journeys that press its keys.

    python -m tests.support.driven_window

Everything is as with `python -m lighttight`. A line on standard input is a question and gets one
line of JSON: what page is shown, which words are asked for, how many pictures there are, how many
colours the screen has. Nothing can be done through it; that is left to the keyboard.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lighttight.ui.app import Desk


def answer(desk: Desk, question: str) -> object:
    from PySide6.QtGui import QAccessible
    from PySide6.QtWidgets import QApplication

    window = desk.window
    match question:
        case "page":
            page = window.stack.currentWidget()
            if page is window.welcome:
                page = window.welcome.stack.currentWidget()
            elif page is window.shell:
                page = window.shell.stack.currentWidget()
            return type(page).__name__
        case "words":
            confirm = window.welcome.confirm
            return [confirm._words[place] for place in confirm.asked]
        case "items":
            return len(window.shell.library.grid.cells())
        case "previews":
            return len(window.shell.library.grid.cache)
        case "importing":
            return desk.importing.running
        case "position":
            player = window.viewer._player
            return player.position if player is not None and player.playing else 0
        case "focus":
            # As a screen reader would be told it: a dialog of its own counts too.
            focus = QApplication.focusWidget()
            if focus is None:
                return None
            return QAccessible.queryAccessibleInterface(focus).text(QAccessible.Text.Name)
        case "sheet":
            from lighttight.ui.widgets.sheet import Sheet

            shown = [one for one in window.findChildren(Sheet) if one.isVisible()]
            return shown[-1].accessibleName() if shown else ""
        case "busy":
            return desk.jobs.busy()
        case "pid":
            return os.getpid()
        case "colours":
            image = window.screen().grabWindow(0).toImage()
            return len(
                {
                    image.pixel(x, y)
                    for x in range(0, image.width(), 7)
                    for y in range(0, image.height(), 7)
                }
            )
        case _:
            raise ValueError(question)


def main() -> int:
    from PySide6.QtCore import QSocketNotifier

    from lighttight import __main__
    from lighttight.ui import app

    begin = app.Desk.begin

    def begin_and_listen(desk: Desk) -> None:
        begin(desk)
        notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, desk)

        def asked() -> None:
            line = os.read(sys.stdin.fileno(), 4096).decode()
            if not line:
                notifier.setEnabled(False)
                return
            for question in line.split():
                said = json.dumps(answer(desk, question)) + "\n"
                os.write(sys.stdout.fileno(), said.encode())

        notifier.activated.connect(asked)

    app.Desk.begin = begin_and_listen  # pyright: ignore[reportAttributeAccessIssue]
    return __main__.main([])


if __name__ == "__main__":
    sys.exit(main())
