"""The start where no list of libraries is kept: there is one, and nothing here says which.

Opening stands first. Whoever has a library and comes here must not make a second one by pressing
what looks like the way on.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from lighttight.ui.widgets.buttons import Button, Look, Size
from lighttight.ui.widgets.hall import Hall
from lighttight.ui.widgets.text import Text


class StartPage(Hall):
    open_wanted = Signal()
    new_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(400, parent)
        centre = Qt.AlignmentFlag.AlignHCenter
        self.above.addSpacing(20)
        self.above.addWidget(Text(self.tr("Open your library"), "title", align=centre), 0, centre)
        inside = self.column
        inside.setSpacing(12)
        self.open = Button(
            self.tr("Choose its folder…"), Look.PRIMARY, Size.HERO, icon="folder", wide=True
        )
        self.open.clicked.connect(self.open_wanted)
        inside.addWidget(self.open)
        inside.addWidget(
            Text(
                self.tr(
                    "A library made here is in your home folder; its name ends in “.lighttight”. "
                    "This computer keeps no list of libraries, so that nobody else reads one "
                    "here. In an open library, Settings can change that."
                ),
                "small",
                "text2",
                wrap=True,
                align=centre,
            )
        )
        inside.addSpacing(24)
        self.new = Button(self.tr("Make a new library…"), Look.RAISED, Size.BIG, wide=True)
        self.new.clicked.connect(self.new_wanted)
        inside.addWidget(self.new)

    def focus_first(self) -> None:
        self.open.setFocus(Qt.FocusReason.OtherFocusReason)
