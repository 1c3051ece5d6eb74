"""`audit`: what happened to the library, as sentences or as the entries themselves.

Sentences are in the order in which things happened, newest last, so that what matters most stands
where the eye is. An act that sent something out is one sentence, told at the time it began: its
two entries belong together, and where the second is missing that is what must be said.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lighttight.cli import opening, screen
from lighttight.cli.options import Common, Usage, named_path, with_common
from lighttight.cli.screen import Json, counted
from lighttight.errors import Integrity
from lighttight.model import ItemId

if TYPE_CHECKING:
    from lighttight.session import Entry, Session

audit = typer.Typer(
    help="What happened to the library: list (without a name), verify, looked, pack."
)

SHOWN: Final = 100
"""Entries that people are shown unless they ask for more."""

_AGO: Final = re.compile(r"(\d{1,5})([hdw])")
_WHOLE_ID: Final = re.compile("[0-9a-f]{32}")
_HOURS: Final = {"h": 1, "d": 24, "w": 24 * 7}


@audit.command("list")
@with_common
def list_entries(
    common: Common,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A day, a time, or 12h, 7d, 2w.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The newest N; 0 shows all.")
    ] = None,
) -> int:
    """What happened, newest last."""
    from lighttight.session.sentences import Narrator

    told = common.screen
    since_ms = None if since is None else since_when(since, datetime.now(UTC))
    if limit is None and not common.json and since is None:
        limit = SHOWN
    with opening.opened(common, looking=True) as session:
        entries, more = _newest(session, since_ms, limit)
        narrator = Narrator(
            entries, {album.id: album.name for album in session.library.albums.all()}
        )
        for entry in entries:
            sentence = narrator.sentence(entry)
            told.document(_described(entry, sentence))
            if sentence is not None:
                told.say(f"{screen.moment(entry.time)}  {sentence}")
        if more:
            told.say("There is more before this; to see all of it: lighttight audit --limit 0")
    return 0


@audit.command("verify")
@with_common
def verify_record(common: Common) -> int:
    """Check that no entry was changed, removed, added or moved."""
    told = common.screen
    session, _ = opening.open_library(common)
    with session:
        opening.tell(session, told)
        report = session.care.verify_record()
        damage = [one.code for one in report.damage]
        finding = session.vault.finding
        told.document(
            {
                "sound": not damage,
                "entries": report.entries,
                "damage": damage,
                "anchor": finding.state.value,
                "anchored": None
                if finding.anchored_ms is None
                else screen.stamp(finding.anchored_ms),
            }
        )
        if not damage:
            told.say(
                f"The record holds {counted(report.entries, 'entry', 'entries')}, and none was"
                " changed, removed or added."
            )
            told.say(
                "This computer keeps no note about it, so a removed end would not be noticed."
                if finding.anchored_ms is None
                else f"It agrees with this computer’s own note of"
                f" {screen.moment(finding.anchored_ms)}."
            )
    if damage:
        raise Integrity("record-differs")
    return 0


@audit.command("looked")
@with_common
def looked_into(
    common: Common,
    intent: Annotated[
        int, typer.Argument(metavar="ENTRY", help="The number of the entry that began it.")
    ],
    none: Annotated[bool, typer.Option("--none", help="No copy is there.")] = False,
    some: Annotated[bool, typer.Option("--some", help="Copies are there.")] = False,
) -> int:
    """Say what you found where an unfinished act may have left copies. Recorded as your word."""
    if none == some:
        raise Usage("looked-unclear")
    with opening.opened(common) as session:
        session.record.look_into(intent, some=some)
    common.screen.document({"intent": intent, "result": "some" if some else "none"})
    common.screen.say(
        "From now on these copies count as sent."
        if some
        else "From now on nothing of it counts as sent."
    )
    return 0


@audit.command("pack")
@with_common
def make_proof(
    common: Common,
    out: Annotated[str, typer.Option("--out", metavar="F.zip", help="The new file.")],
    item: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only what is about this item.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A day, a time, or 12h, 7d, 2w.")
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="Leave this field closed: path, name, title …"),
    ] = None,
) -> int:
    """Make a proof file: entries of the record that others can check without the library."""
    from lighttight.session import Field

    told = common.screen
    path = named_path(out)
    fields = {one.label: one for one in Field}
    unknown = [one for one in hide or () if one not in fields]
    if unknown:
        raise Usage("field-unknown", field=unknown[0])
    closed = frozenset(fields[one] for one in hide or ())
    since_ms = None if since is None else since_when(since, datetime.now(UTC))
    with opening.opened(common) as session:
        # What was deleted for good is known by its whole id only: to the record, not the library.
        items = [
            ItemId(one) if _WHOLE_ID.fullmatch(one) else session.library.find(one)
            for one in item or ()
        ]
        chosen = session.record.choose(items=items, since_ms=since_ms)
        saved = session.egress.save_proof(
            chosen, path, closed=closed, without_anchor=common.without_anchor
        )
    told.document(
        {
            "path": str(saved.path),
            "entries": saved.entries,
            "sha256": saved.digest,
            "identity": saved.identity,
            "verifier": saved.verifier,
        }
    )
    told.say(f"A proof file about {counted(saved.entries, 'entry', 'entries')}: {saved.path}")
    told.say(f"SHA-256 of the file: {saved.digest}")
    told.say(f"Your library’s identity, which others compare: {saved.identity}")
    told.say(
        f"SHA-256 of the verify.py in it: {saved.verifier}. Whoever checks should take theirs from"
        " elsewhere, since a proof file can bring a forged one."
    )
    return 0


def since_when(text: str, now: datetime) -> int:
    """Milliseconds UTC. Raises Usage("time-unclear")."""
    wanted = text.strip()
    ago = _AGO.fullmatch(wanted)
    try:
        if ago is not None:
            moment = now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
        else:
            # A day or a time without an offset is meant in this computer's zone.
            moment = datetime.fromisoformat(wanted).astimezone()
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Usage("time-unclear", text=text) from error


def _newest(session: Session, since_ms: int | None, limit: int | None) -> tuple[list[Entry], bool]:
    """The newest entries in the order in which they happened, and whether there are older ones."""
    entries: list[Entry] = []
    before: int | None = None
    while page := session.record.entries(since_ms=since_ms, before=before):
        entries += page
        before = page[-1].sequence
        if limit and len(entries) > limit:
            return entries[:limit][::-1], True
    return entries[::-1], False


def _described(entry: Entry, sentence: str | None) -> Json:
    return {
        "sequence": entry.sequence,
        "kind": entry.kind.label,
        "time": screen.stamp(entry.time),
        "sentence": sentence,
        "values": {
            field.label: screen.stamp(value)
            if field.label == "date" and isinstance(value, int)
            else value
            for field, value in entry.values.items()
        },
        "erased": sorted(field.label for field in entry.erased),
    }
