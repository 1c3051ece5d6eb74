"""Fields below each other in a sheet, and one line that says what is still missing.

The button that acts cannot be pressed before everything is there: an empty field is never taken
for an answer, and nobody gets an error for what the form could have said.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lighttight.ui.widgets.buttons import Button
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.text import Text


class Form(QWidget):
    """Return goes to the next field, and from the last one presses the guarded button."""

    def __init__(self, lead: str = "") -> None:
        super().__init__()
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(6)
        self.fields: list[Field] = []
        self._look: Callable[[], None] = lambda: None
        self.said = Text("", "small", "text2", wrap=True)
        self.lead = Text(lead, "body", "text2", wrap=True)
        self.rows.addWidget(self.lead)
        # Not before it has a parent: it would be a window of its own, and cover this one.
        self.lead.setVisible(bool(lead))

    def field(self, name: str, *, secret: bool = True, placeholder: str = "") -> Field:
        field = Field(name, secret=secret, placeholder=placeholder)
        self.rows.addWidget(Text(name, strong=True))
        self.rows.addWidget(field)
        self.rows.addSpacing(4)
        self.fields.append(field)
        return field

    def twice(self, name: str, again: str) -> Callable[[], str]:
        """Two fields for a new secret; answers what is missing, or nothing."""
        first, second = self.field(name), self.field(again)

        def missing() -> str:
            if not first.text():
                return self.tr("Type it twice, so that a slip is noticed.")
            if not second.text():
                return self.tr("Now the same once more.")
            return "" if first.text() == second.text() else self.tr("The two are not the same.")

        return missing

    def guard(
        self,
        button: Button,
        missing: Callable[[], str],
        remark: Callable[[], str] = lambda: "",
    ) -> None:
        """`button` can be pressed when nothing is `missing`; a `remark` does not hold it up."""

        def look() -> None:
            wanted = missing()
            button.setEnabled(not wanted)
            self.said.setText(wanted or remark())
            self.said.set_tone("text2" if wanted else "accent_text")

        self._look = look
        if self.fields:
            self.rows.addWidget(self.said)
        for place, field in enumerate(self.fields):
            field.edit.textChanged.connect(look)
            last = place + 1 == len(self.fields)
            field.submitted.connect(button.click if last else self.fields[place + 1].setFocus)
        look()

    def look_again(self) -> None:
        """Something besides the fields has changed."""
        self._look()
