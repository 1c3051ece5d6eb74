"""The anchor: a note in the keyring about the newest state this computer saw.

`app/docs/vault-format.md`, section 7. A vault directory can be replaced by an older copy of
itself, which is authentic in every byte. Only something kept elsewhere can notice, so a small
authenticated note stands in the operating system's keyring, where whoever swaps the files usually
cannot write.

There is one note for each vault, and one more for each place to which a backup of it was restored
while this computer knew the vault already. The place is part of the account, so that a restored
copy can be used beside its original, and is still told from it when the two are exchanged.

States of an `AnchorKeeper`:

    KEPT      a usable keyring; the note is written after each act
    NONE      this computer has no keyring at all: there is no anchor, said once, works
    FAILING   there is a keyring but it does not answer: outward acts are refused unless the owner
              overrides, and the override is recorded
"""

from __future__ import annotations

import enum
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from lighttight.errors import Environment, Integrity
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.model import VaultId
from lighttight.sealed.anchor import Anchor, Verdict, decode, encode, judge
from lighttight.vault.password_store import PasswordStore, StoreState

INTERVAL: Final = 1.0
"""Seconds between two keyring writes inside one long act; a write takes 10 to 30 ms."""

TRIES: Final = 8
"""How often a note is written again that another session has just written over."""

FAILPOINTS.declare("anchor.before-write", "anchor.written")

_NO_KEYRING: Final = frozenset({StoreState.ABSENT, StoreState.INSECURE})


class AnchorState(enum.Enum):
    KEPT = "kept"
    NONE = "none"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Finding:
    """What opening learned from the anchor.

    `verdict` is None where there was nothing to compare with: the first time on this computer
    (`state` KEPT), or no keyring. `anchored_ms` and `found_ms` are the dates of the note and of
    the newest entry in the vault.
    """

    state: AnchorState
    verdict: Verdict | None
    anchored_ms: int | None
    forged: bool = False


def accounts(vault: VaultId, place: Path) -> tuple[str, str]:
    """Under which the note stands: the vault's, and that of a copy restored to this place."""
    where = sha256(os.fsencode(place.resolve())).hexdigest()
    return f"{vault}/anchor", f"{vault}/anchor-{where[:32]}"


class AnchorKeeper:
    def __init__(self, store: PasswordStore, vault: VaultId, key: bytes, place: Path) -> None:
        """`place` is where the vault stands, or will: a restored copy is told by it."""
        self._store = store
        self._vault = vault
        self._key = key
        self._account, self._account_here = accounts(vault, place)
        self._lock = threading.Lock()
        self._written: tuple[int, bytes] | None = None
        self._last = float("-inf")
        self.state = AnchorState.NONE

    def check(self, found: Callable[[], Anchor], root_at: Callable[[int], bytes | None]) -> Finding:
        """Compare the vault as found with the note. Never raises for what it finds.

        `found` is asked after the note was read: another session may commit and note meanwhile,
        and a vault read before that would look older than its note.
        """
        store = self._store.state()
        if store in _NO_KEYRING:
            self.state = AnchorState.NONE
            return Finding(self.state, None, None)
        if store is not StoreState.READY:
            self.state = AnchorState.FAILING
            return Finding(self.state, None, None)
        try:
            text = self._store.get(self._account_here)
            if text is not None:
                self._account = self._account_here
            else:
                text = self._store.get(self._account)
        except Environment:
            self.state = AnchorState.FAILING
            return Finding(self.state, None, None)
        self.state = AnchorState.KEPT
        if text is None:
            return Finding(self.state, None, None)
        try:
            note = decode(text, self._key, self._vault)
        except Integrity:
            return Finding(self.state, Verdict.FORKED, None, forged=True)
        return Finding(self.state, judge(note, found(), root_at), note.date_ms)

    def begin(self, current: Anchor) -> None:
        """The first note about a vault that was just restored to its place.

        Where this computer has a note about the vault already, the one that it is about may still
        be there, and goes on by itself: the copy gets a note of its own.
        """
        if self._store.state() in _NO_KEYRING:
            return
        if self._store.get(self._account) is not None:
            self._account = self._account_here
        self.state = AnchorState.KEPT
        self.write(lambda: current)

    def due(self, generation: int) -> bool:
        """Whether a note about `generation` is missing and the interval has passed."""
        with self._lock:
            newer = self._written is None or self._written[0] < generation
            return newer and time.monotonic() - self._last >= INTERVAL

    def write(self, current: Callable[[], Anchor], *, within: float | None = None) -> bool:
        """Write the note for the state that `current` finds. False where none is kept.

        `within` are the seconds that there are for it, when locking.

        Serialised and monotonic within the process: `current` is asked inside the lock, so a
        slower thread cannot put an older note over a newer one. Raises Environment when a keyring
        that should answer does not; the caller decides what that stops.
        """
        if not self._lock.acquire(timeout=-1 if within is None else within):
            raise Environment("keyring-hanging")
        try:
            return self._write(current, within)
        finally:
            self._lock.release()

    def _write(self, current: Callable[[], Anchor], within: float | None) -> bool:
        if self.state is AnchorState.NONE:
            return False
        note = current()
        key = (note.generation, note.header_hash)
        if self._written == key:
            return True
        failpoint("anchor.before-write")
        try:
            self._put(note, within)
        except Environment:
            self.state = AnchorState.FAILING
            raise
        failpoint("anchor.written")
        self.state = AnchorState.KEPT
        self._written = key
        self._last = time.monotonic()
        return True

    def _put(self, note: Anchor, within: float | None) -> None:
        """Store `note`, or find there what another session noted about a state as new.

        The item is one for all sessions. One that writes between another's writing and reading
        back makes the keyring look as if it had kept something else.
        """
        for left in reversed(range(TRIES)):
            try:
                self._store.set(self._account, encode(note, self._key), limit=within)
            except Environment as error:
                if error.code != "keyring-broken" or within is not None:
                    raise
                if self._is_kept(note):
                    return
                if left == 0:
                    raise
            else:
                return

    def _is_kept(self, note: Anchor) -> bool:
        text = self._store.get(self._account)
        if text is None:
            return False
        try:
            found = decode(text, self._key, self._vault)
        except Integrity:
            return False
        newer = found.generation >= note.generation
        return newer and found.header_sequence >= note.header_sequence
