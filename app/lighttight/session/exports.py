"""What can be known before anything leaves: what the originals say, and what they would land on.

Nothing here lets anything out; that is `egress`, and nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lighttight.errors import LighttightError, Unsupported
from lighttight.files.disks import Disk, disk_of
from lighttight.library.library import Library
from lighttight.media.client import Decoder, Finding
from lighttight.model import ItemId
from lighttight.sharing import renditions
from lighttight.sharing.egress import Egress


@dataclass(frozen=True, slots=True)
class Told:
    """What one original says besides the picture, as far as it could be looked into.

    With a `trouble` it could not. `copyable` is False where it is known already that no clean copy
    in full size can be made.
    """

    item: ItemId
    findings: tuple[Finding, ...] = ()
    trouble: LighttightError | None = None

    @property
    def copyable(self) -> bool:
        return not isinstance(self.trouble, Unsupported)


class Exports:
    def __init__(self, library: Library, egress: Egress, decoder: Decoder) -> None:
        self._library = library
        self._egress = egress
        self._decoder = decoder

    def told_by(self, item: ItemId) -> Told:
        """The same walk as that of a clean copy, by a child of its own. Changes nothing.

        Where only decoding could tell (HEIC, RAW, TIFF) it is what the catalog knows: place, date
        and device.
        """
        try:
            with self._library.open(item) as original:
                known = self._library.item(item)
                return Told(item, renditions.findings(self._decoder, original, known))
        except LighttightError as error:
            # One bad file is told of when it is its turn, and hides nothing of the others.
            return Told(item, trouble=error)

    def destination(self, chosen: Sequence[ItemId], folder: Path) -> Disk:
        """What an export would refuse at once, refused now: Refused("export-nothing",
        "folder-missing", "folder-inside"), Environment("folder-full", "not-writable")."""
        self._egress.check(chosen, folder)
        return disk_of(folder)
