"""`unlock` and `slots`: trying a way in, and adding, removing and renewing them.

Removing and renewing change every key. A way in survives that only if what opens it is given at
the same time, so each is asked for by name; what is not given is let go only when that was said.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lighttight.cli import asking, creating, opening, screen
from lighttight.cli.creating import AllowWeak, RecoveryOut, Unlock
from lighttight.cli.looking import SHORT_ID
from lighttight.cli.options import Common, Usage, with_common
from lighttight.cli.screen import Screen, counted
from lighttight.errors import Integrity, Refused
from lighttight.messages import size
from lighttight.model import Factor, SlotId

if TYPE_CHECKING:
    from lighttight.session import Offer, Resealed, Rotated, Session, SlotInfo

AFTERWARDS = (
    "Whoever copied the library’s files before, together with an old way in, can still read what"
    " they copied."
)

slots = typer.Typer(help="Ways in: list, add, remove, rotate, seal-again.")

AlsoPassphraseFile = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="What opens another way in that is to stay."),
]
DropOthers = Annotated[
    bool, typer.Option("--drop-others", help="Let ways in go that nothing was given for.")
]


@with_common
def unlock(common: Common) -> int:
    """Try a way in, and lock again."""
    told = common.screen
    with opening.opened(common, looking=True) as session:
        opening.tell_of_missing_store(session, told)
        since = session.vault.since
        told.document(
            {
                "vault": str(session.vault.path.absolute()),
                "id": session.vault.id,
                "name": session.vault.title,
                "items": session.library.counts().all,
                "last_opened": None
                if since.last_opened is None
                else screen.stamp(since.last_opened),
                "failed_tries": since.failed_tries + since.unreadable_tries,
                "recovery_confirmed": session.vault.recovery_confirmed,
            }
        )
        count = session.library.counts().all
        told.say(f"It opens: {session.vault.title}, {counted(count, 'item')}.")
        if since.last_opened is not None:
            told.say(f"Last opened {screen.moment(since.last_opened)}.")
        if not session.vault.recovery_confirmed:
            told.say("To show that you wrote the recovery words down: lighttight recover --confirm")
    return 0


@slots.command("list")
@with_common
def list_slots(common: Common) -> int:
    """The ways in, without opening the library."""
    from lighttight.session import look

    told = common.screen
    for slot in look(opening.library_path(common)).slots:
        told.document(_described(slot))
        told.say(f"{slot.id}  {opening.way_named(slot.factors, pin=slot.pin)}")
    return 0


@slots.command("add")
@with_common
def add_slot(
    common: Common,
    way: Annotated[Unlock, typer.Argument(metavar="WAY", help="What it asks for.")],
    new_passphrase_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The new passphrase or PIN.")
    ] = None,
    allow_weak: AllowWeak = False,
) -> int:
    """One more way in: keyring, passphrase or keyring+passphrase."""
    with opening.opened(common) as session:
        wanted = creating.new_way(
            way, new_passphrase_file, "--new-passphrase-file", weak_allowed=allow_weak
        )
        added = session.ways.add(wanted)
        common.screen.document(_described(added))
        common.screen.say(f"Added {added.id}: {opening.way_named(added.factors, pin=added.pin)}.")
    return 0


@slots.command("remove")
@with_common
def remove_slot(
    common: Common,
    slot: Annotated[str, typer.Argument(metavar="SLOT", help="The beginning of its number.")],
    also_passphrase_file: AlsoPassphraseFile = None,
    drop_others: DropOthers = False,
    recovery_out: RecoveryOut = None,
) -> int:
    """Take a way in away. All keys change, so that it opens nothing made later."""
    if not slot.strip():
        raise Usage("slot-not-named")
    with opening.opened_by(common) as (session, offer):
        going = session.ways.find(slot)
        if Factor.RECOVERY in going.factors:
            raise Refused("recovery-stays")
        staying = [one for one in _typed_or_not(session) if one.id != going.id]
        if not staying:
            raise Refused("last-way-in")
        common.screen.note(
            "removing",
            f"To be removed: {opening.way_named(going.factors, pin=going.pin)} ({going.id}). All"
            " keys change, so that it opens nothing any more.",
        )
        given = _Presented(session, offer, also_passphrase_file or [])
        passphrases = given.passphrases(staying, drop_others=drop_others)
        with _NewWords(session, common, given, recovery_out) as confirm:
            rotated = session.ways.remove(
                going.id, passphrases=passphrases, recovery=given.recovery, confirm=confirm
            )
        _report(rotated, common.screen)
    return 0


@slots.command("rotate")
@with_common
def rotate_slots(
    common: Common,
    also_passphrase_file: AlsoPassphraseFile = None,
    drop_others: DropOthers = False,
    recovery_out: RecoveryOut = None,
) -> int:
    """Someone may know a way in: change every key.

    With --words-file the recovery words stay as they are; without it there are new ones.
    """
    with opening.opened_by(common) as (session, offer):
        given = _Presented(session, offer, also_passphrase_file or [])
        passphrases = given.passphrases(_typed_or_not(session), drop_others=drop_others)
        with _NewWords(session, common, given, recovery_out) as confirm:
            rotated = session.ways.rotate(
                passphrases=passphrases, recovery=given.recovery, confirm=confirm
            )
        _report(rotated, common.screen)
    return 0


@slots.command("seal-again")
@with_common
def seal_again(common: Common) -> int:
    """After rotate: give every item a new key, so that an older copy of the keys opens nothing.

    It reads and writes the whole library, one item after another. It can be stopped at any time;
    the same command goes on.
    """
    told = common.screen
    with opening.opened(common) as session:
        pending = session.library.resealing.pending()
        if pending.items:
            told.note(
                "sealing-again",
                f"{counted(pending.items, 'item')}, {size(pending.size)}. Ctrl+C stops it; the same"
                " command goes on.",
            )
        with told.progress("Sealing again", octets=True) as progress:
            done = session.library.resealing.run(progress=progress)
        told.document(
            {
                "sealed": done.count,
                "damaged": list(done.damaged),
                "waiting": done.waiting,
                "previews": done.previews,
            }
        )
        _say_sealed(session, done, told)
    if done.damaged:
        raise Integrity("verified-damaged", count=len(done.damaged))
    return 0


def _say_sealed(session: Session, done: Resealed, told: Screen) -> None:
    if not done.count and not done.damaged:
        told.say("Every item has a key from after the last change of all keys.")
    else:
        told.say(f"{counted(done.count, 'item')} sealed again with new keys.")
    for item in done.damaged:
        name = session.library.item(item).name
        told.say(f"damaged: {name} ({item[:SHORT_ID]}): left as it is.")
    if done.waiting or not done.previews:
        told.say(
            "Another session has the library open, so something older is still on the disk. Close"
            " it and give the same command again."
        )
    if done.count:
        told.say("Backups keep the older files until you back up to them again.")


class _Presented:
    """What was given to keep ways in: with the command, when opening, or now."""

    def __init__(self, session: Session, offer: Offer, files: list[str]) -> None:
        self._session = session
        self.recovery = offer.recovery
        self._given = [] if offer.passphrase is None else [offer.passphrase]
        self._given += [asking.passphrase_from(file) for file in files]

    def passphrases(self, staying: list[SlotInfo], *, drop_others: bool) -> dict[SlotId, str]:
        """A passphrase for each way in that asks for one; asks for those that nobody gave."""
        wanted = {slot.id: slot for slot in staying if Factor.PASSPHRASE in slot.factors}
        found: dict[SlotId, str] = {}
        for passphrase in self._given:
            slot = self._opens(passphrase)
            if slot in wanted:
                found[slot] = passphrase
        missing = [slot for one, slot in wanted.items() if one not in found]
        if missing and not drop_others:
            if not asking.has_terminal():
                raise Usage("slots-not-presented", slots=", ".join(one.id for one in missing))
            found |= self._asked(missing)
        return found

    def _opens(self, passphrase: str) -> SlotId:
        from lighttight.session import Offer

        return self._session.ways.try_out(Offer(passphrase=passphrase)).id

    def _asked(self, missing: list[SlotInfo]) -> dict[SlotId, str]:
        found: dict[SlotId, str] = {}
        for slot in missing:
            name = opening.way_named(slot.factors, pin=slot.pin)
            typed = asking.secret(f"{slot.id}, {name} (Enter to let it go): ")
            if typed:
                found[slot.id] = typed
        return found


def _typed_or_not(session: Session) -> list[SlotInfo]:
    """Every way in but the recovery words."""
    return [slot for slot in session.ways.all() if Factor.RECOVERY not in slot.factors]


class _NewWords:
    """Shows new recovery words before they are in force; takes them back if they never will be."""

    def __init__(
        self, session: Session, common: Common, given: _Presented, file: Path | None
    ) -> None:
        self._session = session
        self._told = common.screen
        self._file = file
        self._saved: Path | None = None
        if given.recovery is None:
            shown = asking.is_shown() and asking.has_terminal() and not self._told.as_json
            if file is None and not shown:
                raise Usage("new-words-nowhere")
            creating.insist_on_place_for_words(file, self._told, session.vault.path)

    def __call__(self, words: tuple[str, ...]) -> None:
        self._saved = creating.hand_over_words(self._session, words, self._file, self._told)
        if self._saved is None:
            sys.stdout.flush()
            creating.insist_on_repeated(words)

    def __enter__(self) -> _NewWords:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and self._saved is not None:
            # Words that open nothing would be worse than none.
            self._saved.unlink(missing_ok=True)


def _report(rotated: Rotated, told: Screen) -> None:
    told.document(
        {
            "removed": [slot.id for slot in rotated.removed],
            "kept": [_described(slot) for slot in rotated.kept],
            "new_words": rotated.words is not None,
        }
    )
    told.say("All keys were changed.")
    for slot in rotated.removed:
        told.say(f"Removed: {opening.way_named(slot.factors, pin=slot.pin)} ({slot.id}).")
    for slot in rotated.kept:
        told.say(f"It opens with {opening.way_named(slot.factors, pin=slot.pin)} ({slot.id}).")
    if rotated.words is not None:
        told.say("Your old recovery words open nothing any more; the new ones do.")
    told.say(AFTERWARDS)
    told.say("To take from them what they have no files of yet: lighttight slots seal-again")


def _described(slot: SlotInfo) -> screen.Json:
    return {
        "id": slot.id,
        "factors": [factor.value for factor in slot.factors],
        "pin": slot.pin,
    }
