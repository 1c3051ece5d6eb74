"""Taking care of an open vault: checking it, repairing what can be repaired, backing it up."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from lighttight.errors import Integrity
from lighttight.library import previewing
from lighttight.library.library import Library
from lighttight.media.client import Decoder
from lighttight.progress import SILENT, Progress
from lighttight.vault import backup, checking
from lighttight.vault.checking import Damage, RecordReport, Report
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
        checking.mend_indexes(self._vault)
        unfinished = self._library.begin()
        checking.sweep(self._vault)
        return unfinished

    def verify(self, *, deep: bool = False, progress: Progress = SILENT) -> Report:
        """Check everything; `deep` opens every blob whole. Changes nothing, records the result."""
        return checking.verify(self._vault, deep=deep, progress=progress)

    def verify_record(self) -> RecordReport:
        """Check that no entry was changed, removed, added or moved; records the result."""
        return checking.verify_record(self._vault)

    def doctor(self, *, progress: Progress = SILENT) -> Repaired:
        """Finish what was interrupted, mend what has a second copy, name the rest.

        A catalog that is not what was last written is only named: whoever put an old page back
        wants the newest pictures to look like left-overs. Every blob is opened whole: whoever is
        sent here wants to know what is broken. Progress counts previews that are made again, and
        then bytes.
        """
        try:
            self._vault.catalog.recompute()
        except Integrity:
            report = checking.verify(self._vault)
            return Repaired(False, 0, 0, 0, report.damage)
        header = checking.mend_header(self._vault)
        checking.mend_indexes(self._vault)
        unfinished = self._library.begin()
        swept = checking.sweep(self._vault)
        previews = self.make_previews(retry=True, progress=progress)
        report = checking.verify(self._vault, deep=True, progress=progress)
        return Repaired(header, swept, unfinished, previews, report.damage)

    def make_previews(self, *, retry: bool = False, progress: Progress = SILENT) -> int:
        """Make previews that are missing; with `retry` also those that could not be made before.

        Answers how many were made. A damaged original is left to `verify`, which names it.
        """
        made = 0
        missing = previewing.missing(self._vault, retry=retry)
        for done, item in enumerate(missing):
            progress.step(done, len(missing))
            with contextlib.suppress(Integrity):
                made += previewing.remake(self._vault, self._decoder, [item]).made
        if made:
            self._vault.settle()
        return made

    def backup(self, target: Path, *, progress: Progress = SILENT) -> backup.BackedUp:
        """Bring the backup at `target` up to date, verified. Progress counts bytes."""
        return backup.backup(self._vault, target, progress=progress)
