"""A new library: the question, a PIN or a passphrase, the words, the first pictures.

- The password store is tried out before anything is made, beside the window. Where it cannot be
  used the flow says which of its states it is in, and asks for a passphrase instead.
- That the words are shown is in the record before they are on the screen. They are held here from
  then until three of them were typed, and nowhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lighttight import settings
from lighttight.errors import LighttightError
from lighttight.messages import window_words as words
from lighttight.model import Factor
from lighttight.ui.controllers.coming import Coming
from lighttight.ui.controllers.program import Program
from lighttight.ui.pages.welcome import ONLY_ME
from lighttight.ui.window import ClosingQuestion
from lighttight.ui.words import store_trouble

if TYPE_CHECKING:
    from lighttight.session import CreatedSession, Session, StoreState, WayIn


def free_path(folder: Path, title: str, suffix: str) -> Path:
    """A name that nothing has yet."""
    path = folder / f"{title}{suffix}"
    number = 2
    while path.exists():
        path = folder / f"{title} {number}{suffix}"
        number += 1
    return path


class Welcoming(QObject):
    """`left_unfinished` carries the library that was closed in the middle, and whether its words
    were checked."""

    left_unfinished = Signal(object, bool)

    def __init__(self, program: Program, *, have_library: Callable[[], None]) -> None:
        super().__init__(program)
        self._program = program
        self._page = program.window.welcome
        self._words: tuple[str, ...] = ()
        self._coming: Coming | None = None
        self._made: tuple[Session, Path] | None = None
        self._recorded = threading.Event()
        """Set by the worker: the record says that the words were checked."""
        self._answer = ""
        self._page.create_wanted.connect(self._create)
        self._page.passphrase_given.connect(self._with_passphrase)
        self._page.passphrase_typed.connect(self._judge)
        self._back: Callable[[], None] | None = None
        self._noting = False
        self._then: Callable[[], None] | None = None
        window = program.window
        self._page.have_library.connect(lambda: None if self.under_way else have_library())
        self._page.left.connect(self._leave)
        self._page.words_confirmed.connect(self._confirmed)
        self._page.finished.connect(self.finish)
        # First pictures are brought in by the library, once it is the window's.
        self._page.files_wanted.connect(lambda: self.finish(window.files_wanted.emit))
        self._page.folder_wanted.connect(lambda: self.finish(window.folder_wanted.emit))
        self._page.dropped.connect(
            lambda paths: self.finish(lambda: window.dropped.emit(list(paths)))
        )
        window.closing_questions.append(self._before_closing)

    def begin(self, back: Callable[[], None] | None = None) -> None:
        """`back` leads to the page before, where there is one."""
        self._answer = ""
        self._back = back
        self._program.window.show_welcome(back=back is not None)

    def _leave(self) -> None:
        if self._back is not None:
            self._back()

    @property
    def under_way(self) -> bool:
        """Whether there is a library, or will be in a moment, that is not the window's yet."""
        return self._coming is not None and self._coming is self._program.coming

    def leave(self, reason: str) -> None:
        """Locking in the middle: what was made, or is being made, is closed beside the window."""
        made, self._made = self._made, None
        self._words = ()
        self._then = None
        if self.under_way:
            self._program.leave(reason)
        if made is not None:
            self.left_unfinished.emit(made[1], self._recorded.is_set())

    # ---- making --------------------------------------------------------------------------------

    def _create(self, answer: str, pin: str) -> None:
        self._answer = answer
        self._program.jobs.run(
            lambda _: self._probe(),
            done=lambda state: self._probed(state, pin),
            failed=self._failed,
            owner=self,
        )

    def _probe(self) -> StoreState:
        # As unlocking would: the system may ask for the password of its own store.
        return self._program.store().unlock()

    def _probed(self, state: StoreState, pin: str) -> None:
        if state.value == "ready":
            factors = (Factor.KEYRING,) if not pin else (Factor.KEYRING, Factor.PASSPHRASE)
            self._make(factors, pin or None)
            return
        self._page.set_busy(False)
        title = words(store_trouble(state.value)).title
        self._page.ask_passphrase(
            self.tr(
                "{what}. So this library opens with a passphrase; opening with one click can be "
                "added later, in the settings."
            ).format(what=title)
        )

    def _with_passphrase(self, passphrase: str) -> None:
        self._make((Factor.PASSPHRASE,), passphrase)

    def _judge(self, passphrase: str) -> None:
        from lighttight.session import strength

        self._page.passphrase.set_score(strength(passphrase))

    def _make(self, factors: tuple[Factor, ...], secret: str | None) -> None:
        self._page.set_busy(True)
        shared = self._answer != ONLY_ME
        title = self.tr("Home library")
        words: list[tuple[str, ...]] = []

        def create(_: Coming) -> Session:
            from lighttight.session import SUFFIX, WayIn, create_session

            path = free_path(Path.home(), title, SUFFIX)
            way: WayIn = WayIn(factors, secret)
            created: CreatedSession = create_session(path, title, (way,), self._program.store())
            try:
                created.session.egress.words_shown("screen")
                # On a computer that others use too, no list says that there is a library.
                settings.change(keep_recent=not shared)
                settings.remember_vault(path)
            except BaseException:
                created.session.lock("closing")
                raise
            words.append(created.words)
            return created.session

        def made(session: Session) -> None:
            if coming.left:
                self.left_unfinished.emit(session.vault.path, False)
            else:
                self._made_it(session, words.pop())

        coming = self._coming = self._program.expect(create, done=made, failed=self._failed)

    def _failed(self, error: BaseException) -> None:
        self._page.set_busy(False)
        if isinstance(error, LighttightError) and error.code in {"pin-short", "pin-easy"}:
            self._page.set_pin_problem(words(error).sentence)
        elif isinstance(error, LighttightError) and error.code == "passphrase-weak":
            self._page.passphrase.set_problem(words(error).action)
        else:
            self._program.presenter.present(error)

    def _made_it(self, session: Session, shown: tuple[str, ...]) -> None:
        path = session.vault.path
        self._made = (session, path)
        self._words = shown
        self._recorded.clear()
        self._page.pictures.set_place(f"~/{path.name}" if path.parent == Path.home() else str(path))
        self._page.show_words(shown, session.vault.title)

    # ---- words and pictures --------------------------------------------------------------------

    def _confirmed(self) -> None:
        typed, self._words = " ".join(self._words), ()
        if self._made is None:
            return
        session = self._made[0]
        self._noting = True

        def record(_: object) -> None:
            session.ways.confirm_recovery(typed)
            self._recorded.set()

        def noted(_: object) -> None:
            self._noting = False
            if self._then is not None:
                self.finish(self._then)

        def failed(error: BaseException) -> None:
            if self._made is not None:
                self._program.presenter.present(error)
            noted(None)

        self._program.jobs.run(record, done=noted, failed=failed, owner=self)

    def finish(self, then: Callable[[], None] = lambda: None) -> None:
        """Into the library, and `then` on to first pictures."""
        if self._noting:
            # The library would say that the words were never checked.
            self._then = then
            return
        self._then = None
        made, self._made = self._made, None
        if made is not None:
            self._program.take(*made)
            then()

    # ---- leaving in the middle -----------------------------------------------------------------

    def _before_closing(self) -> ClosingQuestion | None:
        """A library whose words nobody has on paper is closed only by who knows that."""
        if self._made is None or not self._words:
            return None
        return ClosingQuestion(
            self.tr("You have not checked your recovery words"),
            self.tr(
                "They are shown only now. If this computer breaks, or you forget how to open the "
                "library, nobody can open it without them. When you open it again, you can "
                "make new ones."
            ),
            stay=self.tr("Back to the words"),
            close=self.tr("Close anyway"),
            icon_name="words",
        )
