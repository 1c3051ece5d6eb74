"""Keeping a way in and a second copy: ways in, changing every key, new words, the backup.

Rotation shows new recovery words before they are in force. The worker that rotates waits for the
person, and ends without a change when they give up or the library is locked.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from lighttight.errors import Cancelled, Refused
from lighttight.messages import window_words as error_words
from lighttight.model import Factor, SlotId
from lighttight.progress import Progress
from lighttight.ui import words
from lighttight.ui.controllers.acts import Acts
from lighttight.ui.controllers.browsing import Browsing
from lighttight.ui.controllers.choosing import choose_folder
from lighttight.ui.controllers.importing import Importing
from lighttight.ui.controllers.preferring import Preferring
from lighttight.ui.controllers.program import Program
from lighttight.ui.pages.renew import RenewPage
from lighttight.ui.pages.settings import WayIn as WayRow
from lighttight.ui.widgets.choice import ChoiceGroup
from lighttight.ui.widgets.fields import Field
from lighttight.ui.widgets.forms import Form
from lighttight.ui.widgets.sheet import Answer

if TYPE_CHECKING:
    from lighttight.session import BackedUp, Pending, Resealed, Rotated, Session, SlotInfo

_TRY: float = 0.2


@dataclass(frozen=True, slots=True)
class Ways:
    slots: tuple[SlotInfo, ...]
    confirmed: bool
    pending: Pending


def _typed(slot: SlotInfo) -> bool:
    return Factor.PASSPHRASE in slot.factors


class Keeping(QObject):
    _words_made = Signal(object)

    def __init__(
        self,
        program: Program,
        browsing: Browsing,
        importing: Importing,
        preferring: Preferring,
    ) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._preferring = preferring
        self._importing = importing
        self._page = program.window.shell.settings
        self._ways: Ways | None = None
        self._answers: queue.SimpleQueue[bool] | None = None
        self._acts = Acts(program, self.look, self)
        self.renew = RenewPage()
        self._window.stack.addWidget(self.renew)
        self.renew.confirmed.connect(lambda: self._answer(yes=True))
        self.renew.given_up.connect(lambda: self._answer(yes=False))
        self.renew.left.connect(self._ask_give_up)
        self._words_made.connect(self._show_words, Qt.ConnectionType.QueuedConnection)
        page = self._page
        page.section_shown.connect(self._section)
        page.way_add_wanted.connect(self._ask_add)
        page.way_remove_wanted.connect(self._ask_remove)
        page.someone_knows.connect(self._ask_rotate)
        page.new_words_wanted.connect(self.new_words)
        page.sealing_wanted.connect(self.seal_again)
        page.copy_wanted.connect(self.choose_backup)
        browsing.step_chosen.connect(self._step)
        browsing.surveyed.connect(lambda: self._tell_copy(browsing))
        program.opened.connect(self.look)
        program.closed.connect(self._closed)

    def _closed(self) -> None:
        self._answer(yes=False)
        self._ways = None
        self._page.set_ways([])
        self._page.set_sealing("")
        self._answers = None
        self._program.rekeying = False
        self._acts.closed()

    # ---- what there is -------------------------------------------------------------------------

    def _section(self, key: str) -> None:
        if key == "ways":
            self.look()

    def look(self) -> None:
        self._program.ask(
            lambda session, _: Ways(
                session.ways.all(),
                session.vault.recovery_confirmed,
                session.library.resealing.pending(),
            ),
            self._show,
        )

    def _show(self, ways: Ways) -> None:
        self._ways = ways
        openers = [slot for slot in ways.slots if Factor.RECOVERY not in slot.factors]
        self._page.set_ways([self._row(slot, ways, len(openers) > 1) for slot in ways.slots])
        self._page.set_sealing(self._told_of(ways.pending))

    def name_of(self, slot: SlotInfo) -> str:
        if Factor.RECOVERY in slot.factors:
            return self.tr("Recovery words")
        secret = self.tr("PIN") if slot.pin else self.tr("passphrase")
        if not _typed(slot):
            return self.tr("Password store")
        if Factor.KEYRING in slot.factors:
            return self.tr("Password store and {secret}").format(secret=secret)
        return self.tr("PIN") if slot.pin else self.tr("Passphrase")

    def _row(self, slot: SlotInfo, ways: Ways, removable: bool) -> WayRow:
        if Factor.RECOVERY in slot.factors:
            detail = self.tr("Written down and checked")
            if not ways.confirmed:
                detail = self.tr("Never checked: make new ones")
            return WayRow(slot.id, "words", self.name_of(slot), detail, removable=False)
        if not _typed(slot):
            detail = self.tr("One click, for whoever is signed in on this computer")
        elif Factor.KEYRING in slot.factors:
            detail = self.tr("On this computer only, with what only you know")
        else:
            detail = self.tr("On any computer that has the library’s files")
        icon = "unlock" if Factor.KEYRING in slot.factors else "key"
        return WayRow(slot.id, icon, self.name_of(slot), detail, removable=removable)

    def _slot(self, key: str) -> SlotInfo | None:
        slots = self._ways.slots if self._ways else ()
        return next((slot for slot in slots if slot.id == key), None)

    # ---- one more ------------------------------------------------------------------------------

    def _ask_add(self) -> None:
        form = Form()
        choice = ChoiceGroup(
            [
                (
                    "pin",
                    self.tr("Password store and PIN"),
                    self.tr("Only here, only for who knows the PIN."),
                ),
                (
                    "passphrase",
                    self.tr("Passphrase"),
                    self.tr("Works anywhere. Four or more words."),
                ),
                (
                    "one-click",
                    self.tr("Password store"),
                    self.tr("One click, for whoever is signed in here."),
                ),
            ],
            "pin",
            self.tr("Which way in"),
        )
        form.rows.addWidget(choice)
        form.rows.addSpacing(8)
        unmatched = form.twice(self.tr("PIN or passphrase"), self.tr("The same again"))
        sheet = self._window.ask(
            self.tr("Add a way in"),
            self.tr("Each way in opens the library by itself."),
            [
                Answer("close", self.tr("Cancel"), safe=True),
                Answer("add", self.tr("Add it"), main=True),
            ],
            icon_name="key",
            body=form,
        )
        form.guard(
            sheet.button("add"), lambda: "" if choice.value() == "one-click" else unmatched()
        )

        def chosen(key: str) -> None:
            for field in form.fields:
                field.setEnabled(key != "one-click")
            form.look_again()

        choice.chosen.connect(chosen)

        def answered(key: str) -> None:
            if key == "add":
                self._add(choice.value(), form.fields[0].text())

        sheet.answered.connect(answered)

    def _add(self, kind: str, secret: str) -> None:
        factors = {
            "pin": (Factor.KEYRING, Factor.PASSPHRASE),
            "passphrase": (Factor.PASSPHRASE,),
            "one-click": (Factor.KEYRING,),
        }[kind]

        def add(session: Session) -> SlotInfo:
            from lighttight.session import WayIn

            return session.ways.add(WayIn(factors, None if kind == "one-click" else secret))

        self._program.commit(add, lambda _: self.look())

    # ---- changing every key --------------------------------------------------------------------

    def _ask_remove(self, key: str) -> None:
        slot = self._slot(key)
        if slot is None:
            return
        self._ask_keys(
            self.tr("Remove “{way}”?").format(way=self.name_of(slot)),
            self.tr(
                "All keys change, so that it opens nothing made from now on. Whoever copied the "
                "library’s files and knows this way in can still read what they copied."
            ),
            self.tr("Remove it"),
            drop=slot.id,
        )

    def _ask_rotate(self) -> None:
        self._ask_keys(
            self.tr("Change every key?"),
            self.tr(
                "Every old way in ends, also for copies of the library that are updated from it. "
                "Whoever copied the files before and knows a way in can still read what they "
                "copied."
            ),
            self.tr("Change every key"),
            drop=None,
        )

    def new_words(self) -> None:
        self._ask_keys(
            self.tr("Make new recovery words?"),
            self.tr(
                "You get 24 new words to write down, and type three of them. From then on the old "
                "words open nothing any more; until then they stay as they are."
            ),
            self.tr("Make new words"),
            drop=None,
            new_words=True,
        )

    def _ask_keys(
        self,
        title: str,
        sentence: str,
        go: str,
        *,
        drop: SlotId | None,
        new_words: bool = False,
    ) -> None:
        """What stays must be presented; what is not, ends, and that is said beforehand."""
        slots = self._ways.slots if self._ways else ()
        staying = [slot for slot in slots if _typed(slot) and slot.id != drop]
        # These present themselves, from the password store.
        others = any(slot.factors == (Factor.KEYRING,) and slot.id != drop for slot in slots)
        form = Form(self._still_opens(staying))
        fields: dict[SlotId, Field] = {}

        def called(slot: SlotInfo) -> str:
            if len(staying) > 1:
                return self.name_of(slot)
            return self.tr("PIN") if slot.pin else self.tr("Passphrase")

        for slot in staying:
            fields[slot.id] = form.field(called(slot))
        recovery: Field | None = None
        if not new_words:
            recovery = form.field(
                self.tr("Recovery words"),
                placeholder=self.tr("Leave empty to get new ones"),
            )

        def missing() -> str:
            if others or any(field.text() for field in fields.values()):
                return ""
            if len(staying) == 1:
                if staying[0].pin:
                    return self.tr("Type your PIN: it is the only way in that stays.")
                return self.tr("Type your passphrase: it is the only way in that stays.")
            return self.tr("Type at least one: a library needs a way in besides its words.")

        def ending() -> str:
            left = [slot for slot in staying if not fields[slot.id].text()]
            names = ", ".join(called(slot) for slot in left)
            return self.tr("Left empty, and so ended: {ways}").format(ways=names) if left else ""

        sheet = self._window.ask(
            title,
            sentence,
            [
                Answer("keep", self.tr("Cancel"), safe=True),
                Answer("go", go, danger=drop is not None, main=drop is None),
            ],
            icon_name="key",
            danger=drop is not None,
            body=form,
        )
        form.guard(sheet.button("go"), missing, ending)

        def answered(key: str) -> None:
            typed = {slot: field.text() for slot, field in fields.items() if field.text()}
            given = " ".join(recovery.text().split()) if recovery is not None else ""
            if key == "go":
                self._rotate(
                    typed,
                    given or None,
                    drop,
                    again=lambda: self._ask_keys(
                        title, sentence, go, drop=drop, new_words=new_words
                    ),
                )

        sheet.answered.connect(answered)

    def _still_opens(self, staying: Sequence[SlotInfo]) -> str:
        """What has to be typed, and what for; never "this" where the words are spoken of."""
        if not staying:
            return ""
        if len(staying) > 1:
            return self.tr(
                "All keys change with it. Type each of these that is to open the library "
                "afterwards."
            )
        if staying[0].pin:
            return self.tr(
                "All keys change with it. Type your PIN, so that it still opens the library "
                "afterwards."
            )
        return self.tr(
            "All keys change with it. Type your passphrase, so that it still opens the library "
            "afterwards."
        )

    def _rotate(
        self,
        passphrases: Mapping[SlotId, str],
        recovery: str | None,
        drop: SlotId | None,
        *,
        again: Callable[[], None] = lambda: None,
    ) -> None:
        """`again` asks once more, after what was typed turned out to be wrong."""
        if self._importing.running:
            self._window.present(
                self.tr("An import is still running"),
                self.tr("Changing the keys has to be alone with the library. Nothing was changed."),
                self.tr("Try again when the import is done."),
            )
            return
        running = self._acts.begin(self.tr("Changing every key"))
        if running is None:
            return
        running.panel.cancel.hide()
        self._program.rekeying = True
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers = answers
        shown: list[str] = []

        def confirm(session: Session, watched: Progress, made: tuple[str, ...]) -> None:
            session.egress.words_shown("screen")
            shown.append(" ".join(made))
            self._words_made.emit(made)
            while True:
                watched.step(0)
                try:
                    if answers.get(timeout=_TRY):
                        return
                    raise Cancelled
                except queue.Empty:
                    continue

        def act(session: Session, watched: Progress) -> Rotated:
            def ask(made: tuple[str, ...]) -> None:
                confirm(session, watched, made)

            if drop is not None:
                done = session.ways.remove(
                    drop, passphrases=passphrases, recovery=recovery, confirm=ask
                )
            else:
                done = session.ways.rotate(passphrases=passphrases, recovery=recovery, confirm=ask)
            if shown:
                session.ways.confirm_recovery(shown[0])
            return done

        def ended() -> None:
            self._answers = None
            self._program.rekeying = False
            self.renew.forget()
            self._acts.end(running)
            if self._window.stack.currentWidget() is self.renew:
                self._preferring.show("ways")

        def done(rotated: Rotated) -> None:
            ended()
            self.look()
            self._program.changed.emit()
            self._tell_rotated(rotated)

        def failed(error: BaseException) -> None:
            ended()
            if isinstance(error, Refused):
                said = error_words(error)
                sheet = self._window.present(said.title, said.sentence, said.action)
                sheet.answered.connect(lambda _: again())
            else:
                self._program.presenter.present(error)

        self._program.ask(act, done, failed=failed, cancelled=ended)

    def _show_words(self, made: Sequence[str]) -> None:
        session = self._program.session
        if session is None or self._answers is None:
            return
        self.renew.show_words(made, self._window.shell.sidebar.switch.text())
        self._window.stack.setCurrentWidget(self.renew)

    def _answer(self, *, yes: bool) -> None:
        self.renew.forget()
        if self._answers is not None:
            self._answers.put(yes)

    def _ask_give_up(self) -> None:
        sheet = self._window.ask(
            self.tr("Keep the old recovery words?"),
            self.tr("Nothing is changed then, and the words shown here will open nothing."),
            [
                Answer("old", self.tr("Keep the old ones")),
                Answer("new", self.tr("Back to the new words"), safe=True, main=True),
            ],
            icon_name="words",
        )
        sheet.answered.connect(lambda key: self._answer(yes=False) if key == "old" else None)

    def _tell_rotated(self, rotated: Rotated) -> None:
        parts = [self.tr("Every key was changed.")]
        for slot in rotated.removed:
            parts.append(self.tr("Ended: {way}.").format(way=self.name_of(slot)))
        if rotated.words is not None:
            parts.append(self.tr("The new recovery words are in force; the old ones open nothing."))
        if rotated.leftovers:
            parts.append(
                self.tr(
                    "An old key could not be removed from this computer’s password store. It "
                    "opens nothing any more."
                )
            )
        self._window.tell(self.tr("Done"), " ".join(parts))

    # ---- the second copy -----------------------------------------------------------------------

    def _step(self, key: str) -> None:
        match key:
            case "words":
                self.new_words()
            case "import":
                self._window.files_wanted.emit()
            case "copy":
                self.choose_backup()
            case _:
                self._preferring.show("locking")

    def _tell_copy(self, browsing: Browsing) -> None:
        if browsing.overview is not None:
            self._page.set_copy(browsing.overview.backed_up)

    def choose_backup(self) -> None:
        choose_folder(
            self._window,
            self.tr("Choose a disk or folder for the second copy"),
            self._back_up_into,
        )

    def _back_up_into(self, folder: Path) -> None:
        from lighttight.session import is_library

        path = self._program.path
        if path is not None:
            # The folder of an earlier copy itself, or one to put a copy into.
            self.back_up(folder if is_library(folder) else folder / path.name)

    def back_up(self, target: Path) -> None:
        def done(copied: BackedUp) -> None:
            self._window.tell(
                self.tr("The second copy is up to date"),
                self.tr(
                    "It holds {items}, was read back, and opens with the same ways in. What is "
                    "deleted for good here stays in it until it is updated again."
                ).format(items=words.items(copied.items)),
                self.tr("Keep it somewhere else, and update it from time to time."),
            )

        self._acts.run(
            self.tr("Making the second copy"),
            lambda session, watched: session.care.backup(target, progress=watched),
            done,
        )

    # ---- everything again ----------------------------------------------------------------------

    def _told_of(self, pending: Pending) -> str:
        """What the settings say about it; nothing where every item has a new key."""
        if pending.items == 0 and not (pending.begun and pending.previews):
            return ""
        how_much = self.tr("{items}, {size}").format(
            items=words.items(pending.items), size=words.size(pending.size)
        )
        if pending.begun:
            return self.tr("Begun and not finished. Still to do: {what}.").format(what=how_much)
        return self.tr(
            "Whoever copied the library’s files together with an old way in still has the keys of "
            "{what}. This gives them new ones. It takes a while, and can be stopped at any time."
        ).format(what=how_much)

    def seal_again(self) -> None:
        def done(sealed: Resealed) -> None:
            parts = [
                self.tr("New keys: {items}.").format(items=words.items(sealed.count)),
                self.tr("Second copies keep the old ones until they are updated."),
            ]
            if sealed.damaged:
                parts.append(
                    self.tr("Could not be read, and stay as they are: {items}.").format(
                        items=words.items(len(sealed.damaged))
                    )
                )
            if sealed.waiting or not sealed.previews:
                parts.append(
                    self.tr(
                        "Another Lighttight has this library open, so something older is still on "
                        "the disk. Close it, then do this again."
                    )
                )
            self._window.tell(self.tr("Everything was sealed again"), " ".join(parts))

        self._acts.run(
            self.tr("Sealing everything again"),
            lambda session, watched: session.library.resealing.run(progress=watched),
            done,
        )
