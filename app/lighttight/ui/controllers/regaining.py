"""After recovery words opened the library: a usual way in again, while they are at hand.

Whoever types 24 words has lost the usual way: the PIN was forgotten, or the key is gone from this
computer's password store. So the next thing offered is a new one.

- A forgotten secret is replaced, and all keys change with it, where nothing else would end by
  that. Where another way in could not be kept (it belongs to another computer, or asks for a secret
  of its own), the new one is added and nothing ends.
- The words are held from the opening until the offer is answered or the library is locked, so that
  they stay in force without being typed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lighttight.errors import Refused
from lighttight.messages import window_words as words
from lighttight.model import Factor, SlotId
from lighttight.ui.controllers.program import Program
from lighttight.ui.widgets.forms import Form
from lighttight.ui.widgets.sheet import Answer

if TYPE_CHECKING:
    from lighttight.session import Session, SlotInfo

_TOO_WEAK = frozenset({"pin-short", "passphrase-weak"})


@dataclass(frozen=True, slots=True)
class Regain:
    """The way in to offer: its factors, and the one that it takes the place of, if it does."""

    factors: tuple[Factor, ...]
    instead: SlotId | None = None

    @property
    def pin(self) -> bool:
        return len(self.factors) == 2


def what_to_offer(
    slots: tuple[SlotInfo, ...], here: frozenset[SlotId], *, ready: bool
) -> Regain | None:
    """`here` are the slots whose key this computer's password store has; `ready` if it works."""
    usual = [slot for slot in slots if Factor.RECOVERY not in slot.factors]
    clicks = [slot for slot in usual if slot.factors == (Factor.KEYRING,)]
    if any(slot.id in here for slot in clicks):
        return None
    forgotten = [
        slot
        for slot in usual
        if Factor.PASSPHRASE in slot.factors
        and (Factor.KEYRING not in slot.factors or slot.id in here)
    ]
    # The others would end: what they need is not here to be presented.
    alone = len(forgotten) == 1 and len(usual) == 1
    instead = forgotten[0].id if alone else None
    guarded = any(len(slot.factors) > 1 for slot in usual)
    if ready and guarded:
        return Regain((Factor.KEYRING, Factor.PASSPHRASE), instead)
    if ready and not forgotten:
        return Regain((Factor.KEYRING,))
    return Regain((Factor.PASSPHRASE,), instead)


class Regaining(QObject):
    """`regained` says that there is a new way in."""

    regained = Signal()

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._words = ""
        program.closed.connect(self._forget)

    def _forget(self) -> None:
        self._words = ""

    def offer(self, typed: str) -> None:
        """The library was just opened with these recovery words."""
        self._words = typed

        def look(session: Session, _: object) -> Regain | None:
            ready = self._program.store().state().value == "ready"
            here = frozenset(slot.id for slot in session.ways.here())
            return what_to_offer(session.ways.all(), here, ready=ready)

        def looked(found: Regain | None) -> None:
            if found is None:
                self._forget()
            else:
                self._ask(found)

        def failed(error: BaseException) -> None:
            self._forget()
            self._program.presenter.present(error)

        self._program.ask(look, looked, failed=failed)

    def _texts(self, offer: Regain) -> tuple[str, str, str]:
        """Title, sentence, and the button."""
        replaced = self.tr(
            "You opened the library with your recovery words. The old one opens nothing from then "
            "on; your recovery words stay the same."
        )
        added = self.tr(
            "You opened the library with your recovery words. This is a way in besides them; every "
            "other way in stays as it is."
        )
        sentence = replaced if offer.instead else added
        if Factor.PASSPHRASE not in offer.factors:
            return (
                self.tr("Let this computer open it again?"),
                self.tr(
                    "You opened the library with your recovery words, for this computer’s password "
                    "store has no key for it. With a new one it opens with one click, for whoever "
                    "is signed in here. Every other way in stays as it is."
                ),
                self.tr("Open with one click"),
            )
        if offer.pin:
            return (
                self.tr("Set a new PIN?") if offer.instead else self.tr("Set a PIN for here?"),
                sentence,
                self.tr("Set the PIN"),
            )
        return self.tr("Set a new passphrase?"), sentence, self.tr("Set the passphrase")

    def _ask(self, offer: Regain, problem: str = "") -> None:
        title, sentence, go = self._texts(offer)
        form = Form(problem)
        unmatched = None
        if offer.pin:
            unmatched = form.twice(self.tr("New PIN"), self.tr("The same PIN again"))
        elif Factor.PASSPHRASE in offer.factors:
            unmatched = form.twice(self.tr("New passphrase"), self.tr("The same passphrase again"))
        sheet = self._window.ask(
            title,
            sentence,
            [Answer("later", self.tr("Not now"), safe=True), Answer("set", go, main=True)],
            icon_name="key",
            body=form,
        )
        form.guard(sheet.button("set"), unmatched or (lambda: ""))

        def answered(key: str) -> None:
            if key == "set":
                self._set(offer, form.fields[0].text() if form.fields else None)
            else:
                self._forget()

        sheet.answered.connect(answered)

    def _set(self, offer: Regain, secret: str | None) -> None:
        typed = self._words

        def act(session: Session, _: object) -> None:
            from lighttight.session import WayIn

            way = WayIn(offer.factors, secret)
            if offer.instead is None:
                session.ways.add(way)
                return

            def never(_: tuple[str, ...]) -> None:
                raise AssertionError("new words where the old ones were given")

            session.ways.rotate(
                recovery=typed, drop=frozenset({offer.instead}), add=(way,), confirm=never
            )

        def done(_: object) -> None:
            self._forget()
            self.regained.emit()
            self._program.changed.emit()
            self._window.tell(
                self.tr("Done"), self.tr("From now on the library opens this way on this computer.")
            )

        def failed(error: BaseException) -> None:
            if isinstance(error, Refused) and error.code in _TOO_WEAK:
                said = words(error)
                self._ask(offer, f"{said.sentence} {said.action}")
                return
            self._forget()
            self._program.presenter.present(error)

        self._program.ask(act, done, failed=failed)
