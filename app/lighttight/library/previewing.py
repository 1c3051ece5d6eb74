"""Previews that are missing: made again from the sealed originals.

`previews.db` may be deleted at any time, and a crash may fall between an item and its preview. An
item whose preview is said to be there and is not gets it made again; `retry` also tries those that
could not be decoded when they came in, which a newer build may be able to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lighttight.audit import record
from lighttight.errors import Environment, Unsupported
from lighttight.library import items, search
from lighttight.library.importing import Examiner
from lighttight.media import preview
from lighttight.media.client import Probe
from lighttight.model import ItemId, PreviewState
from lighttight.progress import SILENT, Progress
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Remade:
    """`made` previews are there now; `failed` items could not be decoded."""

    made: int
    failed: int


def missing(vault: Vault, *, retry: bool = False) -> list[ItemId]:
    """Items that should have a preview and have none, newest first."""
    # In this order: a preview is written after its item, so one that is seen here has its item.
    there = vault.previews.items()
    rows = vault.catalog.query("SELECT id, preview FROM items ORDER BY row DESC")
    wanted = {PreviewState.READY.value, *([PreviewState.NONE.value] if retry else ())}
    orphans = there - {ItemId(raw.hex()) for raw, _ in rows}
    if orphans:
        vault.previews.remove(orphans)
    return [
        item
        for item, state in ((ItemId(raw.hex()), state) for raw, state in rows)
        if state in wanted and item not in there
    ]


def remake(
    vault: Vault, decoder: Examiner, chosen: Iterable[ItemId], *, progress: Progress = SILENT
) -> Remade:
    """Make the previews of these items. One that cannot be made stops nothing.

    Raises Integrity where an original is damaged, Environment where the disk fails, Cancelled.
    """
    wanted = list(chosen)
    made = failed = 0
    for done, item in enumerate(wanted):
        progress.step(done, len(wanted))
        probe, picture = _examined(vault, decoder, item)
        if probe is None or picture is None:
            failed += 1
            continue
        _now_ready(vault, item, probe)
        vault.previews.put(item, picture)
        made += 1
    progress.step(len(wanted), len(wanted))
    return Remade(made, failed)


def _examined(vault: Vault, decoder: Examiner, item: ItemId) -> tuple[Probe | None, bytes | None]:
    with vault.blobs.kept():
        opened = vault.blobs.open(items.sealed(vault.catalog, item))
    with opened as reader:
        try:
            probe, pixels = decoder.examine(reader)
        except Unsupported:
            return None, None
        except Environment as error:
            if not error.code.startswith("decoder-"):
                raise
            return None, None
    if pixels is None:
        return probe, None
    with pixels:
        return probe, preview.encode(pixels)


def _now_ready(vault: Vault, item: ItemId, probe: Probe) -> None:
    """An item that could not be decoded before: what it is like is known only now."""
    taken = None if probe.taken is None else items.to_wall(probe.taken)
    with vault.transaction(interim=True) as tx:
        changed = tx.execute(
            "UPDATE items SET preview = ?, width = ?, height = ?, duration = ?, orientation = ?,"
            " playable = ?, device = coalesce(device, ?), taken = coalesce(taken, ?),"
            " sort = coalesce(taken, ?, sort)"
            " WHERE id = ? AND preview != ? RETURNING row",
            (
                PreviewState.READY.value,
                probe.width,
                probe.height,
                None if probe.duration is None else round(probe.duration * 1000),
                probe.orientation,
                int(probe.playable),
                probe.device,
                taken,
                taken,
                bytes.fromhex(item),
                PreviewState.READY.value,
            ),
        )
        if changed:
            search.index(tx, [changed[0][0]])
            record.append(tx, EntryKind.REPAIRED, {Field.REASON: "preview", Field.COUNT: 1})
