"""`create` and `recover`: a new library, and the words that open it when nothing else does.

The words are shown once. They go to a terminal, or to a file that was named for them, and never
into a pipe: where neither is there, nothing is made at all.
"""

from __future__ import annotations

import contextlib
import enum
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lighttight.cli import asking, opening
from lighttight.cli.options import Common, JsonFlag, PassphraseFile, Usage, named_path, with_common
from lighttight.cli.screen import Screen, counted
from lighttight.errors import Cancelled, Environment, LighttightError, Refused
from lighttight.model import Factor

if TYPE_CHECKING:
    from lighttight.session import Offer, Session, WayIn

WARNING = (
    "Anyone with these words and the library’s files can see everything. If you lose every way"
    " in, nobody can open it, including us. Write them by hand; printers can keep copies."
)
QUESTION = "Does anyone else use this computer, or know how to sign in?"
TRIES = 3
WORDS_IN_A_ROW = 4

_NOT_MADE = frozenset({"file-missing", "vault-gone", "disk-error"})
"""What the system's refusal to make a folder is called where the folder is taken for granted."""


class Unlock(enum.Enum):
    """The ways in that can be made, as they are written on the command line."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a factor
    BOTH = "keyring+passphrase"

    @property
    def factors(self) -> tuple[Factor, ...]:
        return tuple(Factor(name) for name in self.value.split("+"))


RecoveryOut = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", parser=named_path, help="Write the recovery words into this new file."
    ),
]
AllowWeak = Annotated[
    bool,
    typer.Option("--allow-weak", help="Take a passphrase that could be guessed. Recorded."),
]


def create(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", parser=named_path, help="A new or empty folder.")
    ],
    name: Annotated[str | None, typer.Option(metavar="N", help="What to call it.")] = None,
    unlock: Annotated[
        Unlock | None,
        typer.Option(help="How it opens: with one click, with a passphrase, or with both."),
    ] = None,
    recovery_out: RecoveryOut = None,
    passphrase_file: PassphraseFile = None,
    allow_weak: AllowWeak = False,
    json: JsonFlag = False,
) -> int:
    """Make a new library, and show its recovery words once."""
    from lighttight.session import SUFFIX, PasswordStore, create_session, harden

    harden()
    told = Screen(as_json=json)
    insist_on_place_for_words(recovery_out, told, path)
    chosen = _asked_unlock(told) if unlock is None else unlock
    way = new_way(chosen, passphrase_file, "--passphrase-file", weak_allowed=allow_weak)
    title = name or path.absolute().name.removesuffix(SUFFIX) or "Library"
    try:
        with making(path):
            created = create_session(path, title, (way,), PasswordStore())
    except Environment as error:
        if error.code == "keyring-absent":
            raise Environment("create-without-store", path=str(path)) from error
        raise
    with created.session as session:
        try:
            saved = hand_over_words(session, created.words, recovery_out, told)
        except LighttightError:
            told.note(
                "words-not-saved",
                f"The library at {path} was made, but its recovery words were not saved. For new"
                " ones: lighttight slots rotate",
            )
            raise
        opening.remember(path, told)
        opening.tell(session, told)
        opening.tell_of_missing_store(session, told)
        told.document(
            {
                "vault": str(path.absolute()),
                "id": session.vault.id,
                "name": title,
                "recovery_out": None if saved is None else str(saved),
            }
        )
        told.say(f"Your library is at {path}. It opens with {_named(way)}.")
        told.say("To show that you have the words: lighttight recover --confirm")
    return 0


@with_common
def recover(
    common: Common,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Show that you wrote the words down. Asked once.")
    ] = False,
    unlock: Annotated[
        Unlock | None, typer.Option(help="Make a new way in at the same time.")
    ] = None,
    new_passphrase_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The new passphrase or PIN, if it needs one.")
    ] = None,
    allow_weak: AllowWeak = False,
) -> int:
    """Open the library with its recovery words; make a new way in, or confirm the words."""
    told = common.screen
    if common.words_file is None and not asking.has_terminal():
        raise Usage("way-in-not-given")
    if common.words_file is not None:
        typed = asking.words_from(common.words_file)
    else:
        typed = asking.line("Recovery words, with a space between them: ")
    from lighttight.session import Offer, PasswordStore, look, open_session

    path = opening.library_path(common)
    look(path)
    way = None
    if unlock is not None:
        way = new_way(unlock, new_passphrase_file, "--new-passphrase-file", weak_allowed=allow_weak)
    offer: Offer = Offer(recovery=typed, keyring=False)
    with open_session(path, offer, PasswordStore(), accept_older=common.accept_older) as session:
        opening.tell(session, told)
        session.care.settle_in()
        if confirm:
            session.ways.confirm_recovery(typed)
        added = None if way is None else session.ways.add(way)
        opening.remember(path, told)
        count = session.library.counts().all
        told.document(
            {
                "vault": str(path.absolute()),
                "confirmed": session.vault.recovery_confirmed,
                "added": None if added is None else added.id,
                "items": count,
            }
        )
        told.say(f"The words are right. {counted(count, 'item')} in your library.")
        if way is not None:
            told.say(f"From now on it opens with {_named(way)} too.")
        elif not confirm:
            told.say("To make a new way in: lighttight recover --unlock keyring")
    return 0


# Ways in ----------------------------------------------------------------------------------


def new_way(unlock: Unlock, file: str | None, option: str, *, weak_allowed: bool) -> WayIn:
    """A way in to be made, with the passphrase that was given or is asked for twice."""
    from lighttight.session import PasswordStore, WayIn

    if Factor.KEYRING in unlock.factors and asking.has_terminal():
        # Somebody is there: the store may ask for its own password now. Making the way in does not.
        PasswordStore().unlock()
    if Factor.PASSPHRASE not in unlock.factors:
        return WayIn(unlock.factors)
    if file is not None:
        passphrase = asking.passphrase_from(file)
    elif asking.has_terminal():
        passphrase = _typed_twice(unlock)
    else:
        raise Usage("new-passphrase-missing", option=option)
    way = WayIn(unlock.factors, passphrase, weak_allowed=weak_allowed)
    way.check()
    return way


def _named(way: WayIn) -> str:
    pin = way.passphrase is not None and way.passphrase.isdecimal()
    return opening.way_named(way.factors, pin=pin)


def _typed_twice(unlock: Unlock) -> str:
    name = "PIN or passphrase, at least 6 signs" if unlock is Unlock.BOTH else "Passphrase"
    for _ in range(TRIES):
        first = asking.secret(f"New {name}: ")
        if asking.secret("The same again: ") == first:
            return first
        sys.stderr.write("They are not the same.\n")
    raise Refused("passphrases-differ")


def _asked_unlock(told: Screen) -> Unlock:
    if not asking.has_terminal():
        raise Usage("unlock-not-chosen")
    from lighttight.session import PasswordStore, StoreState

    answer = asking.choice(
        QUESTION, ["Only me: it opens with one click", "Someone does, or I’m not sure: with a PIN"]
    )
    state = PasswordStore().state()
    if state in {StoreState.ABSENT, StoreState.INSECURE}:
        told.note(
            "anchor-none",
            "This computer has no password store that is safe to use, so your library will open"
            " with a passphrase.",
        )
        return Unlock.PASSPHRASE
    return Unlock.KEYRING if answer == 0 else Unlock.BOTH


# Recovery words ---------------------------------------------------------------------------


@contextlib.contextmanager
def making(path: Path) -> Iterator[None]:
    """What a folder that could not be made at `path` means to the person who named it."""
    try:
        yield
    except Environment as error:
        if error.code in _NOT_MADE and not os.path.lexists(path):
            raise Environment("place-impossible", path=str(path)) from error
        raise


def insist_on_room_of_its_own(path: Path) -> None:
    """A library goes into a folder that is new or empty, and into no other library.

    Raises Refused("path-exists", "place-inside").
    """
    from lighttight.session import insist_outside

    try:
        taken = os.path.lexists(path) and (not path.is_dir() or any(path.iterdir()))
    except OSError as error:
        raise Environment("not-writable", path=str(path)) from error
    if taken:
        raise Refused("path-exists", path=str(path))
    insist_outside(path)


def insist_on_place_for_words(file: Path | None, told: Screen, vault: Path) -> None:
    """Refuse while nothing was made yet what would leave the words nowhere."""
    if file is None:
        if told.as_json or not asking.is_shown():
            raise Usage("recovery-nowhere")
        return
    folder = file.absolute().parent
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise Environment("place-impossible", path=str(file)) from error
    else:
        raise Refused("path-exists", path=str(file))
    if not folder.is_dir():
        raise Refused("words-folder-missing", path=str(folder))
    home = vault.absolute().resolve()
    if home in (folder.resolve(), *folder.resolve().parents):
        raise Refused("folder-inside", path=str(folder))
    if not os.access(folder, os.W_OK):
        raise Environment("not-writable", path=str(folder))


def hand_over_words(
    session: Session, words: tuple[str, ...], file: Path | None, told: Screen
) -> Path | None:
    """Into the file, or onto the terminal; in the record before either."""
    if file is not None:
        saved = session.egress.save_words(words, file.absolute())
        told.say(f"The recovery words are in {saved}.")
        told.say(WARNING)
        return saved
    session.egress.words_shown("screen")
    told.say("Your recovery words:")
    told.say()
    for start in range(0, len(words), WORDS_IN_A_ROW):
        row = enumerate(words[start : start + WORDS_IN_A_ROW], start + 1)
        told.say("  " + "".join(f"{number:2} {word:<12}" for number, word in row).rstrip())
    told.say()
    told.say(WARNING)
    told.say()
    return None


def insist_on_repeated(words: tuple[str, ...]) -> None:
    """Ask for two of the words, so that nobody goes on without having written them down."""
    import secrets

    for position in sorted(secrets.SystemRandom().sample(range(len(words)), 2)):
        typed = asking.line(f"Word {position + 1} on your page: ").lower()
        if not typed:
            raise Cancelled
        if typed != words[position]:
            raise Refused("words-not-repeated")
