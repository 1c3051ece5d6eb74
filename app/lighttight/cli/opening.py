"""Which library, which way in, and what is said once it is open.

Which way in: recovery words or a passphrase that were given in a file; else one click, where the
library has such a way; else what its ways in ask for is asked in the terminal. Without a terminal
nothing is asked and the command ends as one that lacks something (exit code 2).

Once open, what was left behind is finished and every row is hashed again (`care.settle_in`) before
anything else is done. A command that only looks shows what it found all the same, and ends with
the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lighttight.cli import asking, screen
from lighttight.cli.options import Common, Usage
from lighttight.cli.screen import Screen, counted
from lighttight.errors import Environment, Integrity, LighttightError
from lighttight.messages import words
from lighttight.model import Factor

if TYPE_CHECKING:
    from lighttight.session import Locked, Offer, PasswordStore, Session

_FACTORS = {
    Factor.KEYRING: "this computer’s password store",
    Factor.PASSPHRASE: "a passphrase",
    Factor.RECOVERY: "the recovery words",
    Factor.FIDO2: "a security key",
}


def way_named(factors: tuple[Factor, ...], *, pin: bool = False) -> str:
    """A way in as a person would say it: `this computer’s password store and a PIN`."""
    named = ["a PIN" if pin and one is Factor.PASSPHRASE else _FACTORS[one] for one in factors]
    return " and ".join(named)


@contextmanager
def opened(common: Common, *, looking: bool = False) -> Iterator[Session]:
    """The library, open for one command, and locked after it."""
    with opened_by(common, looking=looking) as (session, _):
        yield session


@contextmanager
def opened_by(common: Common, *, looking: bool = False) -> Iterator[tuple[Session, Offer]]:
    """The same, with what opened it."""
    session, offer = open_library(common)
    with session:
        tell(session, common.screen)
        damage: Integrity | None = None
        try:
            session.care.settle_in()
        except Integrity as error:
            if not looking:
                raise
            damage = error
        yield session, offer
    if damage is not None:
        raise damage


def open_library(common: Common) -> tuple[Session, Offer]:
    """Find the library, choose a way in, open it, and remember where it was."""
    from lighttight.session import PasswordStore, look

    path = library_path(common)
    locked = look(path)
    session, offer = unlock(locked, common, PasswordStore())
    remember(path, common.screen)
    return session, offer


def library_path(common: Common) -> Path:
    """The library that was named, or the only one that is known here."""
    if common.vault is not None:
        return common.vault
    from lighttight import settings

    known = settings.load().settings.recent
    if not known:
        raise Usage("vault-not-named")
    if len(known) > 1:
        raise Usage("vault-unclear", known=", ".join(known))
    return Path(*known)


def remember(path: Path, told: Screen) -> None:
    """Put the library first among the recent ones; that it cannot be written stops nothing."""
    from lighttight import settings

    before = settings.load().settings
    if before.recent[:1] == (str(path.absolute()),):
        return
    try:
        settings.remember_vault(path)
    except Environment as error:
        told.note("not-remembered", f"The list of recent libraries stays as it was. {_what(error)}")


# Choosing a way in ------------------------------------------------------------------------


def unlock(locked: Locked, common: Common, store: PasswordStore) -> tuple[Session, Offer]:
    """Open by what was given, by one click, or by what is asked for. Raises as opening does."""
    from lighttight.session import Offer, open_session

    def by(offer: Offer) -> tuple[Session, Offer]:
        session = open_session(locked.path, offer, store, accept_older=common.accept_older)
        return session, offer

    given = offered(common)
    if given is not None:
        return by(given)
    trouble: Environment | None = None
    if any(slot.factors == (Factor.KEYRING,) for slot in locked.slots):
        try:
            return by(Offer())
        except Environment as error:
            if not error.code.startswith("keyring-") or not asking.has_terminal():
                raise
            trouble = error
            common.screen.note(error.code, words(error).sentence)
    return by(asked(locked, trouble))


def offered(common: Common) -> Offer | None:
    """What the files hold that were given with the command."""
    from lighttight.session import Offer

    if common.passphrase_file is not None and common.words_file is not None:
        raise Usage("ways-in-both")
    if common.words_file is not None:
        return Offer(recovery=asking.words_from(common.words_file), keyring=False)
    if common.passphrase_file is not None:
        return Offer(passphrase=asking.passphrase_from(common.passphrase_file))
    return None


def asked(locked: Locked, trouble: LighttightError | None) -> Offer:
    """Ask for what a way in needs; for the words where nothing else could help, or on Enter."""
    from lighttight.session import Offer

    if not asking.has_terminal():
        raise Usage("way-in-not-given")
    typed = [
        slot
        for slot in locked.slots
        if Factor.PASSPHRASE in slot.factors
        and not (trouble is not None and Factor.KEYRING in slot.factors)
    ]
    if typed:
        kinds = {slot.pin for slot in typed}
        asks = {frozenset({True}): "PIN", frozenset({False}): "Passphrase"}
        name = asks.get(frozenset(kinds), "Passphrase or PIN")
        passphrase = asking.secret(f"{name} (Enter to use your recovery words): ")
        if passphrase:
            return Offer(passphrase=passphrase)
    return Offer(recovery=asking.line("Recovery words, with a space between them: "), keyring=False)


# What is said once it is open -------------------------------------------------------------


def tell(session: Session, told: Screen) -> None:
    """What happened while it was closed, and what does not protect it now: only if there is any."""
    from lighttight.session import AnchorState

    since = session.vault.since
    if tries := since.failed_tries + since.unreadable_tries:
        last = "" if since.last_opened is None else f" since {screen.moment(since.last_opened)}"
        told.note("failed-tries", f"{counted(tries, 'failed try', 'failed tries')}{last}.")
    pending = session.library.resealing.pending()
    if pending.begun:
        told.note(
            "sealing-unfinished",
            f"Sealing everything again has not ended: {counted(pending.items, 'item')} to go. It"
            " goes on with: lighttight slots seal-again",
        )
    finding = session.vault.finding
    if finding.forged:
        told.note("anchor-forged", _explained("anchor-forged"))
    if finding.state is AnchorState.FAILING:
        told.note(
            "anchor-failing",
            "This computer’s password store isn’t answering, so nothing can leave the library"
            " unless you say --without-anchor.",
        )
    lock = session.vault.lock
    if lock.elsewhere is not None:
        told.note(
            "open-elsewhere",
            f"This library seems to be open on “{lock.elsewhere.machine}” too. Use it on one"
            " computer at a time.",
        )
    elif lock.synchronised is not None:
        told.note(
            "in-sync-folder",
            f"This library stands in a folder that {lock.synchronised} copies. Use it on one"
            " computer at a time, and let it finish copying in between.",
        )


def tell_of_missing_store(session: Session, told: Screen) -> None:
    """Said once, when a library is made or its way in is tried out."""
    from lighttight.session import AnchorState

    if session.vault.finding.state is AnchorState.NONE:
        told.note(
            "anchor-none",
            "This computer has no password store, so Lighttight cannot notice here if someone"
            " puts an older version of your library in its place.",
        )


def _what(error: LighttightError) -> str:
    return words(error).sentence


def _explained(code: str) -> str:
    from lighttight.messages import WORDS

    return f"{WORDS[code].sentence} {WORDS[code].action}"
