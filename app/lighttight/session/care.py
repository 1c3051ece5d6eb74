"""Taking care of an open vault: checking it, repairing what can be repaired, backing it up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lighttight.errors import LighttightError
from lighttight.library.library import Library
from lighttight.media import preview
from lighttight.media.client import Decoder
from lighttight.model import ItemId, PreviewState
from lighttight.progress import SILENT, Progress
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import backup, checking
from lighttight.vault.checking import Damage, Report
from lighttight.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Repaired:
    """What `doctor` did, and what it could only name.

    `swept` is None where another session kept it from sweeping. `unfinished` are deletions for
    good that a reader still holds up. `damage` is what a quick check finds afterwards.
    """

    header: bool
    swept: int | None
    unfinished: int
    previews: int
    damage: tuple[Damage, ...]

    @property
    def sound(self) -> bool:
        return not self.damage and not self.unfinished


class Care:
    def __init__(self, vault: Vault, library: Library, decoder: Decoder) -> None:
        self._vault = vault
        self._library = library
        self._decoder = decoder

    def settle_in(self) -> int:
        """After opening, in the background: sweep, finish deletions, and hash every row again.

        Answers how many deletions remain unfinished. Raises Integrity("state-differs" or
        "record-differs") where the catalog is not what was last written.
        """
        self._vault.catalog.recompute()
        unfinished = self._library.begin()
        checking.sweep(self._vault)
        return unfinished

    def verify(self, *, deep: bool = False, progress: Progress = SILENT) -> Report:
        """Check everything; `deep` opens every blob whole. Changes nothing, records the result."""
        return checking.verify(self._vault, deep=deep, progress=progress)

    def doctor(self, *, progress: Progress = SILENT) -> Repaired:
        """Finish what was interrupted, mend what has a second copy, name the rest.

        Progress counts previews that are made again.
        """
        header = checking.mend_header(self._vault)
        unfinished = self._library.begin()
        swept = checking.sweep(self._vault)
        previews = self._rebuild_previews(progress)
        report = checking.verify(self._vault)
        return Repaired(header, swept, unfinished, previews, report.damage)

    def backup(self, target: Path, *, progress: Progress = SILENT) -> backup.BackedUp:
        """Bring the backup at `target` up to date, verified. Progress counts bytes."""
        return backup.backup(self._vault, target, progress=progress)

    def _rebuild_previews(self, progress: Progress) -> int:
        """Make previews that are missing, and try again where none could be made."""
        there = self._vault.previews.items()
        missing = [cell.id for cell in self._library.timeline() if cell.id not in there]
        made: list[ItemId] = []
        for done, item in enumerate(missing):
            progress.step(done, len(missing))
            if self._made_preview(item):
                made.append(item)
        if made:
            with self._vault.transaction() as tx:
                tx.execute_many(
                    "UPDATE items SET preview = ? WHERE id = ?",
                    [(PreviewState.READY.value, bytes.fromhex(one)) for one in made],
                )
                tx.record(EntryKind.REPAIRED, {Field.REASON: "previews", Field.COUNT: len(made)})
        return len(made)

    def _made_preview(self, item: ItemId) -> bool:
        try:
            with self._library.open(item) as source:
                _, pixels = self._decoder.examine(source)
            if pixels is None:
                return False
            with pixels:
                self._vault.previews.put(item, preview.encode(pixels))
        except LighttightError:
            # Damaged, unreadable or of an unknown kind: `verify` names it where it is damage, and
            # the other previews go on.
            return False
        return True
