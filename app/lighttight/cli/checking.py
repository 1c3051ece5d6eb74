"""`verify` and `doctor`: what is damaged, item by item, and what could be mended.

Both end with the exit code of integrity when something is damaged. `verify` changes nothing;
`doctor` finishes what was interrupted and writes anew what has a second copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from lighttight.cli import opening
from lighttight.cli.looking import SHORT_ID
from lighttight.cli.options import Common, with_common
from lighttight.cli.screen import Json, Screen, counted
from lighttight.errors import Integrity, Refused
from lighttight.messages import WORDS

if TYPE_CHECKING:
    from lighttight.session import Damage, Session

_TITLES = {
    "header-copy-differs": "The two copies of the library’s first page differ",
}


@with_common
def verify(
    common: Common,
    deep: Annotated[
        bool, typer.Option("--deep", help="Open every file whole, not only look at it.")
    ] = False,
) -> int:
    """Check that everything is there and unchanged."""
    told = common.screen
    session, _ = opening.open_library(common)
    with session:
        opening.tell(session, told)
        with told.progress("Checking", octets=deep) as progress:
            report = session.care.verify(deep=deep, progress=progress)
        told.document(
            {
                "sound": report.sound,
                "deep": report.deep,
                "items": report.items,
                "entries": report.entries,
                "orphans": report.orphans,
                "damage": [_described(session, one) for one in report.damage],
            }
        )
        _say_damage(session, told, report.damage)
        opened = "opened whole" if deep else "there, with the right size"
        told.say(
            f"Checked {counted(report.items, 'item')} and"
            f" {counted(report.entries, 'entry', 'entries')} of the record."
        )
        if report.orphans:
            told.say(
                f"{counted(report.orphans, 'file')} left behind by something interrupted; doctor"
                " removes them."
            )
        if report.sound:
            told.say(f"Everything is as it should be: every file is {opened}.")
    if not report.sound:
        raise Integrity("verified-damaged", count=len(report.damage))
    return 0


@with_common
def doctor(common: Common) -> int:
    """Finish what was interrupted, mend what can be mended, name the rest."""
    from lighttight.session import harden

    told = common.screen
    memory = harden()
    session, _ = opening.open_library(common)
    with session:
        opening.tell(session, told)
        with told.progress("Mending, and reading everything") as progress:
            done = session.care.doctor(progress=progress)
        told.document(
            {
                "sound": done.sound,
                "header_mended": done.header,
                "swept": done.swept,
                "unfinished": done.unfinished,
                "previews": done.previews,
                "no_core": memory.no_core,
                "no_tracing": memory.no_tracing,
                "damage": [_described(session, one) for one in done.damage],
            }
        )
        if done.header:
            told.say("The library’s first page was written again from its second copy.")
        if done.swept is None:
            told.say("Another session has the library open, so nothing was swept.")
        elif done.swept:
            told.say(
                f"{counted(done.swept, 'file')} left behind by something interrupted, removed."
            )
        if done.previews:
            told.say(f"{counted(done.previews, 'preview')} made again.")
        if done.unfinished:
            told.say(
                f"Of {counted(done.unfinished, 'item')} deleted for good something is still on the"
                " disk; it goes when nobody reads it any more."
            )
        if not memory.no_core:
            told.say("If Lighttight crashes here, this computer may save its memory, keys too.")
        if not memory.no_tracing:
            told.say("Other programs of yours can read Lighttight’s memory on this computer.")
        _say_damage(session, told, done.damage)
        if done.sound:
            told.say("Everything is as it should be.")
    if done.damage:
        raise Integrity("verified-damaged", count=len(done.damage))
    return 0


def _described(session: Session, damage: Damage) -> Json:
    return {"code": damage.code, "item": damage.item, "name": _name(session, damage)}


def _say_damage(session: Session, told: Screen, damaged: Iterable[Damage]) -> None:
    for one in damaged:
        title = WORDS[one.code].title if one.code in WORDS else _TITLES.get(one.code, one.code)
        if one.item is None:
            told.say(f"damaged: {title}.")
        else:
            name = _name(session, one) or "?"
            told.say(f"damaged: {name} ({one.item[:SHORT_ID]}): {title}.")


def _name(session: Session, damage: Damage) -> str | None:
    if damage.item is None:
        return None
    try:
        return session.library.item(damage.item).name
    except (Integrity, Refused):
        return None
