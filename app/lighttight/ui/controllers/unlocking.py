"""Opening a library: what is offered, what happens then, and every way in which it can fail.

Nothing is asked of a key before the person acts. What can be read of a locked library (its ways
in) and whether the password store answers is found out beside the window; while the key is being
derived the window stays alive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from lighttight import settings
from lighttight.errors import (
    Cancelled,
    Environment,
    Integrity,
    LighttightError,
    Refused,
    Unsupported,
)
from lighttight.messages import Words
from lighttight.messages import window_words as words
from lighttight.model import Factor
from lighttight.ui import words as said
from lighttight.ui.controllers.choosing import choose_folder
from lighttight.ui.controllers.coming import Coming
from lighttight.ui.controllers.places import connected, library_of
from lighttight.ui.controllers.program import Program
from lighttight.ui.jobs import Lane
from lighttight.ui.pages.trouble import TroublePage
from lighttight.ui.pages.unlock import UnlockData, Way
from lighttight.ui.widgets.lists import ListRow
from lighttight.ui.widgets.sheet import Answer
from lighttight.ui.words import store_trouble

if TYPE_CHECKING:
    from lighttight.session import Locked, Session, SlotInfo

_OLDER: Final = frozenset({"vault-older", "vault-forked"})
_ELSEWHERE: Final = frozenset(
    {"not-a-vault", "vault-missing", "vault-gone", "vault-busy", "vault-silent"}
)
"""Nothing that is typed here can help against these."""
_AWAY: Final = frozenset({"vault-missing", "vault-gone"})
"""A disk may have been pulled, and may come back."""
WATCH_MS: Final = 2000
HELPED_AFTER: Final = 3
"""Wrong tries after which more is said. Nobody is kept from trying on: what is derived from a PIN
costs as much each time, and whoever has the files does not ask this window."""
SILENT: Final = 10.0
"""Seconds after which a disk that does not answer is said to be that: it was asked what stands
there, or to close the same library. When it answers later, that is noticed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a locked library, and of other ones. `store` is None where unasked."""

    path: Path
    slots: tuple[SlotInfo, ...]
    store: str | None
    others: tuple[tuple[Path, bool], ...]
    """Other recent libraries, and whether each is connected."""


def ways_of(slots: Sequence[SlotInfo]) -> list[Way]:
    """The ways that the page can offer, the easiest first."""
    found: list[Way] = []
    if any(slot.factors == (Factor.KEYRING,) for slot in slots):
        found.append(Way.ONE_CLICK)
    typed = [slot for slot in slots if Factor.PASSPHRASE in slot.factors]
    if typed:
        found.append(Way.PIN if all(slot.pin for slot in typed) else Way.PASSPHRASE)
    if any(Factor.RECOVERY in slot.factors for slot in slots):
        found.append(Way.RECOVERY)
    return found


def _whole(error: LighttightError) -> str:
    """About the password store, where there is no room for a title of its own."""
    said = words(error)
    return f"{said.title}. {said.sentence}"


def _words(error: BaseException) -> Words:
    """Where no list is kept, a folder on the way to the library tells too much of somebody."""
    if isinstance(error, LighttightError) and not settings.load().settings.keep_recent:
        path = error.facts.get("path")
        if isinstance(path, str):
            error = type(error)(error.code, **{**error.facts, "path": Path(path).name})
    return words(error)


class Unlocking(QObject):
    """`opened_by_words` carries the recovery words that opened it: the usual way in may be lost.

    `back` of `begin` and `choose` is the page that Esc and Back lead to, where there is one.
    """

    opened_by_words = Signal(str)

    def __init__(
        self, program: Program, *, new_library: Callable[[Callable[[], None] | None], None]
    ) -> None:
        super().__init__(program)
        self._program = program
        self._window = program.window
        self._page = program.window.unlock
        self._new_library = new_library
        self._known: Known | None = None
        self._path: Path | None = None
        self._way = Way.ONE_CLICK
        self._locked_at: float | None = None
        self._why = ""
        """Why it was locked, where nobody asked for that."""
        self._wrong = 0
        """Tries that did not open it, in this way, one after the other."""
        self.trouble = TroublePage()
        self._window.add_outside(self.trouble)
        self._back: Callable[[], None] | None = None
        self._retry: Callable[[], None] | None = None
        self._esc = ""
        """What Esc answers to the trouble that is shown."""
        self._page.unlock_wanted.connect(self._open)
        self._page.way_chosen.connect(self._choose_way)
        self._page.library_chosen.connect(
            lambda path: self.begin(Path(path), back=self._return_here())
        )
        self._page.other_library.connect(lambda: self.choose(self._return_here()))
        self._page.left.connect(self._leave)
        self.trouble.answered.connect(self._answered)
        self.trouble.left.connect(lambda: self._answered(self._esc))
        self._minute = QTimer(self)
        self._minute.setInterval(30_000)
        self._minute.timeout.connect(self._tell_since)
        self._watcher = QTimer(self)
        self._watcher.setInterval(WATCH_MS)
        self._watcher.timeout.connect(self._look_whether_back)
        self._watching = False
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._say_silent)
        self._looks = QObject(self)
        """Owns what looks at one library: given up with it, for its disk may be dead."""
        self._opening: Coming | None = None

    @property
    def path(self) -> Path | None:
        return self._path

    @property
    def under_way(self) -> bool:
        """Whether a library is being opened."""
        return self._opening is not None and self._opening is self._program.coming

    def leave(self, reason: str, why: str) -> None:
        """Locking in the middle of opening: nothing of it is shown, whatever comes of it."""
        self._program.leave(reason)
        if self._path is not None:
            self.begin(self._path, locked=why, back=self._back)

    # ---- which library -------------------------------------------------------------------------

    def rest(self) -> None:
        """Another page is shown: what is still found out here must not come before it."""
        self._turn_away()
        self._path = None
        self._back = None

    def begin(
        self,
        path: Path,
        *,
        locked: str | None = None,
        back: Callable[[], None] | None = None,
    ) -> None:
        """Offer to open this one. `locked`: it was this moment, and why, unless that was asked."""
        self._turn_away()
        self._path = path
        self._wrong = 0
        self._why = locked or ""
        self._watcher.stop()
        self._back = back
        self._known = None if self._known is None or self._known.path != path else self._known
        self._locked_at = self._program.clock() if locked is not None else None
        self._minute.start()
        if self._known is not None:
            self._show(self._known)
        else:
            self._window.show_unlock(
                UnlockData(
                    path.stem,
                    Way.ONE_CLICK,
                    self._since(),
                    store_ready=False,
                    place=self._place(path),
                )
            )
            self._page.set_busy(True)
        self._look(path)

    def _turn_away(self) -> None:
        """From the library that was offered: what is asked of its disk may never be answered."""
        if self.under_way:
            self._program.leave("closing")
        self._retry = None
        self._program.jobs.cancel_owned(self._looks)
        self._late.stop()
        self._watching = False

    def say_gone(self, path: Path) -> None:
        """It was open, and its folder is not there any more."""
        self._path = path
        self._back = None
        self._why, self._locked_at = "", None
        self._cannot(Environment("vault-gone", path=str(path)))

    def _look(self, path: Path) -> None:
        def look(_: object) -> Known:
            from lighttight.session import look

            self._wait_until_closed(path)
            locked: Locked = look(path)
            recent = settings.load().settings.recent
            others = tuple(Path(one) for one in recent if one != str(path.absolute()))
            return Known(path, locked.slots, None, connected(others[:3]))

        def found(known: Known) -> None:
            if known.path != self._path or self._program.session is not None:
                return
            self._late.stop()
            before, self._known = self._known, known
            away = self._window.stack.currentWidget() is self.trouble
            if away or before is None or replace(before, store=None) != known:
                self._show(known)
            else:
                # What is shown is right, and somebody may be typing already.
                self._known = before
            self._probe(known)

        def failed(error: BaseException) -> None:
            if path == self._path:
                self._late.stop()
                self._cannot(error)

        self._late.start(round(SILENT * 1000))
        self._program.jobs.run(look, done=found, failed=failed, owner=self._looks)

    def _say_silent(self) -> None:
        if self._program.session is None and not self.under_way:
            self._cannot(Environment("vault-silent"))

    def _probe(self, known: Known) -> None:
        """Whether the password store answers; only where a way in needs it."""
        if not any(Factor.KEYRING in slot.factors for slot in known.slots):
            return

        def probed(state: str) -> None:
            if self._known is not None and self._known.path == known.path:
                self._known = replace(self._known, store=state)
                self._tell_store()

        self._program.jobs.run(
            lambda _: self._program.store().state().value, done=probed, owner=self._looks
        )

    def choose(self, back: Callable[[], None] | None = None) -> None:
        """Another library, by its folder."""
        choose_folder(
            self._window,
            self.tr("Choose the library’s folder"),
            lambda folder: self.begin(library_of(folder), back=back),
        )

    # ---- going back ----------------------------------------------------------------------------

    def _return_here(self) -> Callable[[], None] | None:
        """To what is shown now, for a page that comes after it."""
        path, back = self._path, self._back
        if path is None or self._known is None:
            return back
        return lambda: self.begin(path, back=back)

    def _leave(self) -> None:
        """Esc: from a way in to the usual one, from there to the page before."""
        usual = ways_of(self._known.slots)[0] if self._known is not None else self._way
        if self._way is not usual:
            step = partial(self._choose_way, usual.value)
        elif self._back is not None:
            step = self._back
        else:
            return
        if not self._page.has_words():
            step()
            return
        sheet = self._window.ask(
            self.tr("Leave the words that you typed?"),
            self.tr("They are not kept."),
            [
                Answer("leave", self.tr("Leave them")),
                Answer("stay", self.tr("Go on typing"), safe=True, main=True),
            ],
            icon_name="words",
        )
        sheet.answered.connect(lambda key: step() if key == "leave" else None)

    # ---- what is shown -------------------------------------------------------------------------

    def _show(self, known: Known) -> None:
        ways = ways_of(known.slots)
        if not ways:
            self._cannot(Unsupported("factor-unsupported"))
            return
        self._way = ways[0]
        self._window.show_unlock(self._data(known))
        self._tell_since()

    def _data(self, known: Known) -> UnlockData:
        ready, sentence = self._store_said(known)
        return UnlockData(
            known.path.stem,
            self._way,
            place=self._place(known.path),
            detail=self._since(),
            store_ready=ready,
            store_words=sentence,
            ways=tuple(self._row(way) for way in ways_of(known.slots) if way is not self._way),
            libraries=tuple(
                ListRow(
                    str(path),
                    "library" if there else "disk",
                    path.stem,
                    self.tr("On this computer") if there else self.tr("Not connected"),
                    enabled=there,
                )
                for path, there in known.others
            ),
        )

    def _row(self, way: Way) -> ListRow:
        title, detail, icon = {
            Way.ONE_CLICK: (
                self.tr("Password store"),
                self.tr("One click, on this computer"),
                "unlock",
            ),
            Way.PIN: (self.tr("PIN"), self.tr("The one you chose for this library"), "key"),
            Way.PASSPHRASE: (
                self.tr("Passphrase"),
                self.tr("The one you chose for this library"),
                "key",
            ),
            Way.RECOVERY: (
                self.tr("Recovery words"),
                self.tr("The 24 words you wrote down"),
                "words",
            ),
        }[way]
        return ListRow(way.value, icon, title, detail)

    def _store_said(self, known: Known) -> tuple[bool, str]:
        """Whether what is being tried can work with the store, and what is said about it."""
        needs = [slot for slot in known.slots if Factor.KEYRING in slot.factors]
        if self._way is Way.RECOVERY or not needs:
            return True, ""
        if known.store is None or known.store in ("ready", "locked"):
            # A store that is locked asks for its own password when it is needed.
            return True, "" if known.store == "ready" else self.tr(
                "The system may ask for your sign-in password first."
            ) if known.store == "locked" else self.tr("Looking for this computer’s password store…")
        return False, _whole(store_trouble(known.store))

    def _tell_store(self) -> None:
        if self._known is not None and self._window.stack.currentWidget() is self._page:
            ready, sentence = self._store_said(self._known)
            self._page.set_store(ready=ready, sentence=sentence)

    def _place(self, path: Path) -> str:
        return said.place_of(path) if settings.load().settings.keep_recent else ""

    def _since(self) -> str:
        """When is for nobody else on a shared computer; why tells nothing of anybody."""
        if self._locked_at is None or not settings.load().settings.keep_recent:
            return self._why
        passed = self._program.clock() - self._locked_at
        if passed < 60:
            when = self.tr("{why} · just now") if self._why else self.tr("Locked just now")
            return when.format(why=self._why)
        when = self.tr("{why} · {time} ago") if self._why else self.tr("Locked {time} ago")
        return when.format(why=self._why, time=said.spoken(passed))

    def _tell_since(self) -> None:
        if self._window.stack.currentWidget() is self._page:
            self._page.detail.setText(self._since())
        elif self._program.session is not None:
            self._minute.stop()

    def _choose_way(self, key: str) -> None:
        self._way = Way(key)
        self._wrong = 0
        if self._known is not None:
            self._window.show_unlock(self._data(self._known))

    # ---- opening -------------------------------------------------------------------------------

    def _open(self, typed: str, *, accept_older: bool = False) -> None:
        path, way = self._path, self._way
        if path is None:
            return

        def open_it(coming: Coming) -> Session:
            from lighttight.session import Offer, open_session

            self._wait_until_closed(path)
            if coming.left:
                raise Cancelled
            offer = {
                Way.ONE_CLICK: Offer(),
                Way.PIN: Offer(passphrase=typed),
                Way.PASSPHRASE: Offer(passphrase=typed),
                Way.RECOVERY: Offer(recovery=typed, keyring=False),
            }[way]
            session = open_session(path, offer, self._program.store(), accept_older=accept_older)
            try:
                settings.remember_vault(path)
            except Environment:
                # That a list of recent libraries cannot be written keeps nobody out of theirs.
                return session
            return session

        def opened(session: Session) -> None:
            if opening.left:
                return
            self._retry = None
            self._page.set_busy(False)
            self._program.take(session, path)
            if way is Way.RECOVERY:
                self.opened_by_words.emit(typed)

        def failed(error: BaseException) -> None:
            if not opening.left:
                self._failed(error, lambda: self._open(typed, accept_older=True))

        opening = self._opening = self._program.expect(open_it, done=opened, failed=failed)

    def _failed(self, error: BaseException, accepting: Callable[[], None]) -> None:
        if not isinstance(error, LighttightError):
            self._page.set_busy(False)
            self._program.presenter.present(error)
        elif error.code in _OLDER:
            self._retry = accepting
            self._show_older(error)
        elif error.code in ("way-in-missing", "did-not-open"):
            self._page.show_refusal(words(Refused("did-not-open")).sentence)
            self._wrong += 1
            if self._wrong >= HELPED_AFTER:
                self._page.show_more(self._more_help())
        elif error.code in _ELSEWHERE or isinstance(error, Integrity | Unsupported):
            self._cannot(error)
        elif error.code.startswith("keyring-"):
            self._page.show_refusal(_whole(error))
        else:
            told = _words(error)
            self._page.show_refusal(f"{told.sentence} {told.action}")

    def _more_help(self) -> str:
        """The same however near it was."""
        look = {
            Way.ONE_CLICK: "",
            Way.PIN: self.tr(
                "Look whether Num Lock is off or Caps Lock is on; the eye shows what you type."
            ),
            Way.PASSPHRASE: self.tr(
                "Look whether Caps Lock is on, and at the keyboard’s language; the eye shows what "
                "you type."
            ),
            Way.RECOVERY: self.tr(
                "Look whether your page names another library, and whether you made newer words: "
                "then only those open it."
            ),
        }[self._way]
        others = (
            [way for way in ways_of(self._known.slots) if way is not self._way]
            if (self._known)
            else []
        )
        other = ""
        if Way.RECOVERY in others:
            other = self.tr("Your 24 recovery words open it too: choose them below.")
        elif others:
            other = self.tr("There is another way in below.")
        calm = self.tr("You can try as often as you like.")
        return " ".join(part for part in (look, other, calm) if part)

    def _wait_until_closed(self, path: Path) -> None:
        """On a worker: what was locked a moment ago must be closed before it is opened again."""
        if not self._program.closings.wait(path, SILENT):
            raise Environment("vault-silent")

    # ---- what cannot be opened -----------------------------------------------------------------

    def _show_older(self, error: LighttightError) -> None:
        told = words(error)
        self._forget_typed()
        self.trouble.show_trouble(
            told.title,
            told.sentence,
            "",
            [
                Answer("accept", self.tr("I restored a backup")),
                Answer("close", self.tr("Close"), safe=True, main=True),
            ],
            icon="recent",
        )
        self._esc = "close"
        self._window.stack.setCurrentWidget(self.trouble)
        self.trouble.focus_first()

    def _cannot(self, error: BaseException) -> None:
        """Not this library, not now: what, why, and where to go from here."""
        self._page.set_busy(False)
        if self._program.session is not None:
            self._program.presenter.present(error)
            return
        told = _words(error)
        action = told.action
        away = isinstance(error, LighttightError) and error.code in _AWAY
        if away:
            action = self.tr("Connect its disk: it is noticed here when the library is back.")
        if away or (isinstance(error, LighttightError) and error.code == "vault-silent"):
            self._watcher.start()
        self._forget_typed()
        self._esc = "back" if self._back is not None else "again"
        if isinstance(error, LighttightError) and error.code == "not-a-vault":
            # The same folder will hold no library the next time either.
            answers = [Answer("other", self.tr("Choose another folder…"), safe=True, main=True)]
        else:
            answers = [
                Answer("other", self.tr("Open another library…")),
                Answer("again", self.tr("Try again"), safe=True, main=True),
            ]
        if self._back is not None:
            answers.insert(0, Answer("back", self.tr("Back")))
        elif isinstance(error, LighttightError) and error.code in ("vault-missing", "not-a-vault"):
            answers.insert(0, Answer("new", self.tr("Make a new library…")))
        self.trouble.show_trouble(told.title, told.sentence, action, answers, icon="alert")
        self._window.stack.setCurrentWidget(self.trouble)
        self.trouble.focus_first()

    def _look_whether_back(self) -> None:
        """Beside the window, and never twice at once: a dead disk does not answer."""
        path = self._path
        if path is None or self._window.stack.currentWidget() is not self.trouble:
            self._watcher.stop()
            return
        if self._watching:
            return
        self._watching = True

        def look(_: object) -> bool:
            from lighttight.session import is_library

            return self._program.closings.wait(path, 0) and is_library(path)

        def looked(there: bool) -> None:
            self._watching = False
            here = self._window.stack.currentWidget() is self.trouble
            if there and here and path == self._path and self._watcher.isActive():
                self.begin(path, back=self._back)

        def failed(_: BaseException) -> None:
            self._watching = False

        self._program.jobs.run(look, done=looked, failed=failed, owner=self._looks, lane=Lane.APART)

    def _forget_typed(self) -> None:
        self._page.forget()

    def _answered(self, key: str) -> None:
        retry, self._retry = self._retry, None
        path = self._path
        if key == "accept" and retry is not None:
            self.trouble.set_busy()
            retry()
        elif key == "other":
            self.choose(self._back)
        elif key == "new":
            self._new_library(partial(self.begin, path) if path is not None else None)
        elif key == "back" and self._back is not None:
            self._back()
        elif path is not None:
            self.begin(path, back=self._back)
