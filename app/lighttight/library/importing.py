"""How pictures come in: each file by itself, in the one order in which nothing can be lost.

`app/docs/vault-format.md`, section 10. For every file:

1. It is opened safely and looked at by content; what is no photo or video is skipped.
2. Where the library holds something of the same size, it is hashed first: a duplicate then costs
   one reading and no writing. Otherwise it is sealed and hashed in one reading.
3. The file must not have changed meanwhile. The blob is durable and was read back.
4. The decoding child examines the *sealed* copy: what will be shown is what was sealed. A file
   that cannot be decoded is kept all the same, without a preview.
5. One transaction: object, item, full text, album, entry. It also decides about duplicates, for
   two workers may bring the same picture at the same moment.
6. The preview is kept, the file is reported as saved, and the state is noted in the keyring at
   most once a second.

One bad file never stops the rest. A full or failing disk, and a vault that was locked or taken
away, stop the whole act, because every other file would meet the same; what was reported as saved
stays saved, and importing again goes on with the rest (what is in is found to be a duplicate).

A duplicate of something in the trash is brought back: whoever imports a picture wants to see it.
"""

from __future__ import annotations

import calendar
import enum
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from blake3 import blake3

from lighttight.audit import record
from lighttight.errors import Cancelled, Environment, LighttightError, Unsupported
from lighttight.files.failpoints import FAILPOINTS, failpoint
from lighttight.files.names import disk_text
from lighttight.files.source import Problem, SourceFile, open_source, walk
from lighttight.library import albums, items, originals, search, trash
from lighttight.library.storing import insist_on_room, is_full, unnamed
from lighttight.media import preview, sniff
from lighttight.media.client import Pixels, Probe, Source
from lighttight.model import AlbumId, ItemId, PreviewState
from lighttight.progress import SILENT, Progress
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.blobs import BUFFER, SealedObject
from lighttight.vault.catalog import Transaction
from lighttight.vault.vault import Vault

WORKERS: Final = min(os.cpu_count() or 1, 4) + 1
"""Files at a time: one more than decode at once, because there is always one that waits for the
disk. Not more than five, for each may hold a decoded picture."""

_EARLIEST_MS: Final = 631_152_000_000  # 1990
_DAY_MS: Final = 86_400_000

STOPPING: Final = frozenset({
    *("disk-full", "disk-failed", "disk-error", "not-writable"),
    *("vault-gone", "vault-locked"),
})  # fmt: skip

FAILPOINTS.declare(
    "import.opened",
    "import.sealed",
    "import.examined",
    "import.before-commit",
    "import.committed",
    "import.previewed",
    "import.acknowledged",
)


class Examiner(Protocol):
    """The part of the decoder that importing needs."""

    def examine(self, source: Source, *, max_side: int = 512) -> tuple[Probe, Pixels | None]: ...


class ImportStatus(enum.Enum):
    IMPORTED = "imported"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"


class Original(enum.Enum):
    """What became of the file outside."""

    NOT_ASKED = "not-asked"
    KEPT = "kept"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of one file. `id` is the item that holds it now, or None.

    `reason` is a code with words: why it was skipped or failed, "stored-without-preview" for an
    item that cannot be shown, "duplicate-restored" for one that was brought back from the trash.
    `error` is there where something went wrong, with the facts for its words. `kept_because` says
    why an original that was to be removed was not.
    """

    path: Path
    id: ItemId | None
    status: ImportStatus
    reason: str | None = None
    error: LighttightError | None = None
    original: Original = Original.NOT_ASKED
    kept_because: LighttightError | None = None


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """How many of each. `stopped` is what ended the act early; `remaining` were not begun."""

    imported: int = 0
    duplicates: int = 0
    skipped: int = 0
    failed: int = 0
    originals_removed: int = 0
    originals_kept: int = 0
    remaining: int = 0
    stopped: LighttightError | None = None


Report = Callable[[ImportResult], None]


def import_paths(
    vault: Vault,
    decoder: Examiner,
    paths: Iterable[Path | str],
    *,
    album: AlbumId | None = None,
    remove_originals: bool = False,
    progress: Progress = SILENT,
    report: Report = lambda _: None,
    workers: int = WORKERS,
    stop: threading.Event | None = None,
) -> ImportSummary:
    """Import files and folders; `report` is called for each file, one call at a time.

    When `report` is called with IMPORTED, the item survives a crash. Progress counts bytes, from
    several threads but one at a time. `stop` ends the act after the items at hand (the vault is to
    be locked); the rest can be imported another time.

    Raises Cancelled, leaving nothing half saved; Refused("originals-recovery-unconfirmed" or
    "originals-no-backup") before anything is read; Refused("album-unknown").
    """
    if album is not None:
        albums.Albums(vault).get(album)
    keeper = originals.Keeper.of(vault) if remove_originals else None
    found = list(walk(paths))
    run = _Run(vault, decoder, album, keeper, report, stop or threading.Event())
    files = [one for one in found if isinstance(one, Path)]
    run.meter = _Meter(progress, sum(map(_size, files)))
    for problem in found:
        if isinstance(problem, Problem):
            run.tell(ImportResult(
                problem.path, None, ImportStatus.FAILED, problem.error.code, problem.error
            ))  # fmt: skip
    run.queue = iter(files)
    threads = [
        threading.Thread(target=run.work, name=f"import-{number}", daemon=True)
        for number in range(max(1, min(workers, len(files))))
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        # Interrupted from the keyboard: let the workers take back what they have begun.
        run.cancelled = True
        for thread in threads:
            thread.join()
        raise
    finally:
        vault.settle()
    return run.summary()


class _Run:
    """One import: what its workers share."""

    def __init__(
        self,
        vault: Vault,
        decoder: Examiner,
        album: AlbumId | None,
        keeper: originals.Keeper | None,
        report: Report,
        stop: threading.Event,
    ) -> None:
        self.vault = vault
        self.decoder = decoder
        self.album = album
        self.keeper = keeper
        self.stop = stop
        self.queue: Iterator[Path] = iter(())
        self.meter = _Meter(SILENT, 0)
        self.cancelled = False
        self._report = report
        self._lock = threading.Lock()
        self._key = vault.secret("duplicates")
        self._sizes = {row[0] for row in vault.catalog.query("SELECT DISTINCT size FROM items")}
        self._counts: dict[ImportStatus, int] = dict.fromkeys(ImportStatus, 0)
        self._originals: dict[Original, int] = dict.fromkeys(Original, 0)
        self._stopped: LighttightError | None = None
        self._unexpected: BaseException | None = None

    # Workers ------------------------------------------------------------------------------

    def work(self) -> None:
        try:
            while (path := self._next()) is not None:
                part = self.meter.part(_size(path), lambda: self.cancelled)
                # Told before the bar moves: moving it may raise Cancelled, and what was saved
                # is to be known even then.
                self.tell(self._one(path, part))
                failpoint("import.acknowledged")
                part.finish()
        except Cancelled:
            self.cancelled = True
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            with self._lock:
                self._unexpected = self._unexpected or error

    def _next(self) -> Path | None:
        with self._lock:
            if self.cancelled or self._stopped or self._unexpected or self.stop.is_set():
                return None
            return next(self.queue, None)

    def tell(self, result: ImportResult) -> None:
        with self._lock:
            self._counts[result.status] += 1
            self._originals[result.original] += 1
            self._report(result)

    def summary(self) -> ImportSummary:
        """After all workers are done; raises what they met."""
        if self._unexpected is not None:
            raise self._unexpected
        if self.cancelled:
            raise Cancelled
        left = list(self.queue)
        if self._stopped is not None:
            for path in left:
                error = Environment("import-stopped", path=os.fspath(path))
                self.tell(ImportResult(path, None, ImportStatus.FAILED, error.code, error))
        counts = self._counts
        return ImportSummary(
            imported=counts[ImportStatus.IMPORTED],
            duplicates=counts[ImportStatus.DUPLICATE],
            skipped=counts[ImportStatus.SKIPPED],
            failed=counts[ImportStatus.FAILED],
            originals_removed=self._originals[Original.REMOVED],
            originals_kept=self._originals[Original.KEPT],
            remaining=len(left),
            stopped=self._stopped,
        )

    def _one(self, path: Path, part: _Part) -> ImportResult:
        try:
            with open_source(path) as source:
                failpoint("import.opened")
                result = self._import(source, part)
                return self._dispose(source, result)
        except Unsupported as error:
            return ImportResult(path, None, ImportStatus.SKIPPED, error.code, error)
        except LighttightError as error:
            if _stops(error) and error.facts.get("path") != os.fspath(path):
                self._stopped = self._stopped or error
            return ImportResult(path, None, ImportStatus.FAILED, error.code, error)

    # One file -----------------------------------------------------------------------------

    def _import(self, source: SourceFile, part: _Part) -> ImportResult:
        sniffed = sniff.sniff(source.read(0, min(source.size, sniff.HEAD_BYTES)))
        if sniffed is None:
            raise Unsupported("not-media", path=os.fspath(source.path))
        if self._seen(source.size):
            digest = self._hashed(source, part)
            source.check()
            known = self._duplicate(source, digest)
            if known is not None:
                return known
        insist_on_room(self.vault, source.size)
        # The keyed digest finds duplicates and says nothing to anybody else. The plain SHA-256
        # stands in the record, behind a salt: opened in a proof file, it lets a third party check
        # which picture this was without the vault. It is that of what came back from the blob.
        keyed, plain = blake3(key=self._key), hashlib.sha256()
        sealed = self.vault.blobs.write(
            source, watch=keyed.update, read_back=plain.update, progress=part
        )
        with unnamed(self.vault, sealed) as blob:
            failpoint("import.sealed")
            source.check()
            coming = _Coming(source, sealed, keyed.digest(), plain.digest(), sniffed)
            picture = self._examine(coming, part)
            failpoint("import.examined")
            with self.vault.transaction(interim=True) as tx:
                result = _known(tx, coming.digest, source.path, self.album)
                if result is None:
                    _insert(self.vault, tx, coming, self.album)
                    failpoint("import.before-commit")
                    blob.naming = True
        if result is not None:
            return result
        failpoint("import.committed")
        self._keep_preview(coming.item, picture)
        failpoint("import.previewed")
        reason = None if coming.preview is PreviewState.READY else "stored-without-preview"
        return ImportResult(source.path, coming.item, ImportStatus.IMPORTED, reason)

    def _seen(self, size: int) -> bool:
        """Whether something of this size is in the library or on its way; it is from now on."""
        with self._lock:
            seen = size in self._sizes
            self._sizes.add(size)
            return seen

    def _hashed(self, source: SourceFile, part: _Part) -> bytes:
        hasher = blake3(key=self._key)
        offset = 0
        while offset < source.size:
            part.check()
            data = source.read(offset, min(BUFFER, source.size - offset))
            if not data:
                break
            hasher.update(data)
            offset += len(data)
        return hasher.digest()

    def _duplicate(self, source: SourceFile, digest: bytes) -> ImportResult | None:
        row = self.vault.catalog.one("SELECT 1 FROM items WHERE digest = ?", (digest,))
        if row is None:
            return None
        with self.vault.transaction(interim=True) as tx:
            return _known(tx, digest, source.path, self.album)

    def _examine(self, coming: _Coming, part: _Part) -> bytes | None:
        """Fill in what the child could tell; answers the preview."""
        try:
            with self.vault.blobs.open(coming.sealed) as reader:
                coming.probe, pixels = self.decoder.examine(reader)
        except Unsupported:
            return None
        except Environment as error:
            # The decoder failed on this file, or cannot run at all; the file itself is whole.
            if not error.code.startswith("decoder-"):
                raise
            # Locking ends the decoder too. A picture that only that kept from being looked at is
            # imported another time, whole.
            part.check()
            return None
        if pixels is None:
            return None
        with pixels:
            picture = preview.encode(pixels)
        coming.preview = PreviewState.READY
        return picture

    def _keep_preview(self, item: ItemId, picture: bytes | None) -> None:
        if picture is None:
            return
        try:
            self.vault.previews.put(item, picture)
        except Environment as error:
            # The item is saved; a preview that is missing is made again when it is wanted.
            if _stops(error):
                self._stopped = self._stopped or error

    def _dispose(self, source: SourceFile, result: ImportResult) -> ImportResult:
        if self.keeper is None or result.id is None:
            return result
        try:
            self.keeper.remove(source, result.id)
        except LighttightError as error:
            return _with_original(result, Original.KEPT, error)
        return _with_original(result, Original.REMOVED, None)


def _stops(error: LighttightError) -> bool:
    """Whether every other file would meet the same."""
    return error.code in STOPPING or (error.code == "disk-low" and is_full(error))


@dataclass(slots=True)
class _Coming:
    """A file on its way in: sealed, and not yet an item."""

    source: SourceFile
    sealed: SealedObject
    digest: bytes
    """Keyed BLAKE3."""
    sha256: bytes
    sniffed: sniff.Sniffed
    item: ItemId = field(default_factory=lambda: ItemId(secrets.token_hex(16)))
    probe: Probe | None = None
    preview: PreviewState = PreviewState.NONE


def _known(
    tx: Transaction, digest: bytes, path: Path, album: AlbumId | None
) -> ImportResult | None:
    """The result for a file that the library holds already: shown again, and in the album."""
    rows = tx.execute("SELECT id, trashed FROM items WHERE digest = ?", (digest,))
    if not rows:
        return None
    item = ItemId(rows[0][0].hex())
    restored = trash.bring_back(tx, [item]) > 0
    if album is not None:
        albums.put_into(tx, album, [item])
    reason = "duplicate-restored" if restored else None
    return ImportResult(path, item, ImportStatus.DUPLICATE, reason)


def _insert(vault: Vault, tx: Transaction, coming: _Coming, album: AlbumId | None) -> None:
    sealed, probe, sniffed = coming.sealed, coming.probe, coming.sniffed
    vault.name_object(tx, sealed)
    now = tx.now
    taken = None if probe is None or probe.taken is None else items.to_wall(probe.taken)
    place = None if probe is None else probe.place
    name = disk_text(coming.source.path.name)
    duration = None if probe is None or probe.duration is None else round(probe.duration * 1000)
    row = tx.execute(
        "INSERT INTO items (id, object, name, kind, mime, size, digest, width, height, duration,"
        " orientation, taken, imported, favourite, caption, latitude, longitude, device, playable,"
        " preview, trashed, sort)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?, ?, ?, ?, NULL, ?)"
        " RETURNING row",
        (
            bytes.fromhex(coming.item),
            bytes.fromhex(sealed.id),
            name,
            (probe or sniffed).kind.value,
            (probe or sniffed).mime,
            sealed.size,
            coming.digest,
            probe.width if probe else None,
            probe.height if probe else None,
            duration,
            probe.orientation if probe else 1,
            taken,
            now,
            round(place.latitude * items.DEGREES) if place else None,
            round(place.longitude * items.DEGREES) if place else None,
            probe.device if probe else None,
            int(probe.playable) if probe else 0,
            coming.preview.value,
            sorted_by(taken, coming.source.modified_ns // 1_000_000, now),
        ),
    )[0][0]
    record.append(
        tx,
        EntryKind.IMPORTED,
        {
            Field.ITEM: coming.item,
            Field.DIGEST: coming.sha256,
            Field.SIZE: sealed.size,
            Field.NAME: name,
        },
    )
    search.index(tx, [row])
    if album is not None:
        albums.put_into(tx, album, [coming.item])


def sorted_by(taken: int | None, modified_ms: int, now_ms: int) -> int:
    """The place in the timeline, in seconds of a wall clock.

    A screenshot or a picture from a chat says nothing about its time. The file's own time is then
    the best there is, unless it lies in the future or before there were digital pictures: that is
    a wrong clock, or no time at all, and the time of import is used.
    (`app/docs/decisions/0031-undated-pictures-sort-by-file-time.md`)
    """
    if taken is not None:
        return taken
    plausible = _EARLIEST_MS <= modified_ms <= now_ms + _DAY_MS
    return calendar.timegm(time.localtime((modified_ms if plausible else now_ms) // 1000))


def _with_original(
    result: ImportResult, original: Original, because: LighttightError | None
) -> ImportResult:
    return ImportResult(
        result.path, result.id, result.status, result.reason, result.error, original, because
    )


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0  # only for the bar; opening it will say what is wrong


class _Meter:
    """Bytes of all files together, told from several workers one at a time."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def part(self, size: int, cancelled: Callable[[], bool]) -> _Part:
        return _Part(self, size, cancelled)

    def advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._progress.step(min(self._done, self._total), self._total)


class _Part:
    """The progress of one file; a blob counts each byte twice, once written and once read back."""

    def __init__(self, meter: _Meter, size: int, cancelled: Callable[[], bool]) -> None:
        self._meter = meter
        self._size = size
        self._told = 0
        self._cancelled = cancelled

    def check(self) -> None:
        if self._cancelled():
            raise Cancelled
        self._meter.advance(0)

    def step(self, done: int, total: int | None = None) -> None:
        if self._cancelled():
            raise Cancelled
        reached = min(self._size, done * self._size // total) if total else self._told
        advance, self._told = max(0, reached - self._told), max(reached, self._told)
        self._meter.advance(advance)

    def finish(self) -> None:
        """Whatever became of it, the file is behind us."""
        rest, self._told = self._size - self._told, self._size
        if rest > 0 and not self._cancelled():
            self._meter.advance(rest)
