"""The composition root: one open vault and the parts that work on it.

A session exposes parts and forwards nothing: `session.library.trash.put(…)`, never
`session.trash(…)`. Opening, creating and restoring are functions, because before them there is no
session; `lock` ends it, and with it every key in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lighttight.audit.reading import Record
from lighttight.library.library import Library
from lighttight.media.client import Decoder
from lighttight.progress import SILENT, Progress
from lighttight.session.care import Care
from lighttight.session.exports import Exports
from lighttight.session.imports import Imports
from lighttight.session.protection import Protection
from lighttight.session.story import Story
from lighttight.session.ways import Ways
from lighttight.sharing.egress import Egress
from lighttight.vault import backup, creating, header_files, vault
from lighttight.vault.password_store import PasswordStore
from lighttight.vault.vault import Locked, Vault
from lighttight.vault.ways_in import Offer, WayIn


class Session:
    """Parts: `vault`, `library`, `imports`, `ways`, `record`, `egress`, `exports`, `care`,
    `decoder`, `protection`, `story`."""

    def __init__(self, opened: Vault) -> None:
        self.vault = opened
        self.decoder = Decoder()
        self.library = Library(opened)
        self.imports = Imports(opened, self.decoder)
        self.ways = Ways(opened)
        self.protection = Protection(opened)
        self.record = Record(opened)
        self.egress = Egress(opened)
        self.exports = Exports(self.library, self.egress, self.decoder)
        self.story = Story(opened, self.library, self.record, self.egress)
        self.care = Care(opened, self.library, self.decoder)

    def lock(self, reason: str = "asked") -> None:
        """Record it, close everything, drop every key. Safe to call twice, from any thread.

        `reason` is one of `asked`, `idle`, `suspend`, `session-end`, `closing`.
        """
        try:
            self.decoder.close()
        finally:
            self.vault.close(reason)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: object) -> None:
        self.lock("closing")


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """A new vault, open, and its recovery words: shown once, kept nowhere."""

    session: Session
    words: tuple[str, ...] = field(repr=False)


def is_library(path: Path) -> bool:
    """Whether one stands here, in whatever state. It touches the disk: not for the main thread."""
    return header_files.exist(path)


def look(path: Path) -> Locked:
    """What the unlock screen needs of a locked vault; nothing of it is authenticated yet."""
    return vault.look(path)


def create_session(
    path: Path, title: str, ways: tuple[WayIn, ...], store: PasswordStore
) -> CreatedSession:
    created = creating.create(path, title, ways, store)
    return CreatedSession(Session(created.vault), created.words)


def open_session(
    path: Path,
    offer: Offer,
    store: PasswordStore,
    *,
    accept_older: bool = False,
    derived: Callable[[], None] = lambda: None,
) -> Session:
    """Open a vault; see `vault.open_vault` for what it raises."""
    opened = vault.open_vault(path, offer, store, accept_older=accept_older, derived=derived)
    return Session(opened)


def restore_session(
    source: Path, target: Path, offer: Offer, store: PasswordStore, *, progress: Progress = SILENT
) -> Session:
    """Make a vault from a backup where none is, and open it."""
    return Session(backup.restore(source, target, offer, store, progress=progress))
