"""Bringing files into an open vault, with the decoder of its session."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from lighttight.library import importing
from lighttight.library.importing import ImportSummary, Report
from lighttight.media.client import Decoder
from lighttight.model import AlbumId
from lighttight.progress import SILENT, Progress
from lighttight.vault.vault import Vault


class Imports:
    def __init__(self, vault: Vault, decoder: Decoder) -> None:
        self._vault = vault
        self._decoder = decoder

    def run(
        self,
        paths: Iterable[Path | str],
        *,
        album: AlbumId | None = None,
        remove_originals: bool = False,
        progress: Progress = SILENT,
        report: Report = lambda _: None,
        stop: threading.Event | None = None,
    ) -> ImportSummary:
        """Import files and folders; see `library.importing.import_paths` for what it raises.

        `report` is called once for each file, one call at a time, from several threads. Setting
        `stop` ends it after the items at hand.
        """
        return importing.import_paths(
            self._vault,
            self._decoder,
            paths,
            album=album,
            remove_originals=remove_originals,
            progress=progress,
            report=report,
            stop=stop,
        )
