"""How files come in: what is skipped, what fails, what stops everything, and what is saved when."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from lighttight.errors import (
    Cancelled,
    Environment,
    Integrity,
    LighttightError,
    Refused,
    Unsupported,
)
from lighttight.files import failpoints
from lighttight.files.source import SourceFile
from lighttight.library import items, storing
from lighttight.library.importing import (
    ImportResult,
    ImportStatus,
    ImportSummary,
    import_paths,
    sorted_by,
)
from lighttight.library.library import Library
from lighttight.media.client import Decoder
from lighttight.model import AlbumId, Kind, PreviewState, View
from lighttight.progress import Watched
from lighttight.sealed.blob import Opener
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import checking
from lighttight.vault.blobs import BlobStore
from tests.support import media_files
from tests.support.libraries import StandIn, clip, picture
from tests.support.records import entries, size

MEDIA = Path(__file__).resolve().parents[4] / "shared" / "media"


class Imported:
    """One import, and what it told."""

    def __init__(
        self,
        library: Library,
        *paths: Path,
        decoder: StandIn | Decoder | None = None,
        **more: object,
    ) -> None:
        self.results: list[ImportResult] = []
        self.summary: ImportSummary = import_paths(
            library.vault,
            decoder or StandIn(),
            paths,
            report=self.results.append,
            **more,  # pyright: ignore[reportArgumentType]
        )

    @property
    def only(self) -> ImportResult:
        (result,) = self.results
        return result

    @property
    def by_name(self) -> dict[str, ImportResult]:
        return {result.path.name: result for result in self.results}


def fill(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(picture(number, 200 + number))
    return paths


def blobs(library: Library) -> set[str]:
    return set(library.vault.blobs.ids())


def nothing_half_saved(library: Library) -> None:
    objects = {sealed.id for _, sealed in checking.all_objects(library.vault)}
    assert blobs(library) == objects
    assert library.vault.blobs.leftovers() == []


# What is not imported


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x00" * 5000, b"MZ\x90\x00", b"%PDF-1.7", b"\xff\xd8"]
)
def test_what_is_no_picture_is_skipped_and_nothing_is_written(
    library: Library, folder: Path, data: bytes
) -> None:
    before = size(library.vault)
    (folder / "photo.jpg").write_bytes(data)
    result = Imported(library, folder).only
    assert (result.status, result.reason, result.id) == (ImportStatus.SKIPPED, "not-media", None)
    assert size(library.vault) == before
    assert blobs(library) == set()


def test_what_cannot_be_opened_is_reported_and_stops_nothing(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    (target,) = fill(folder, 1)
    (folder / "link.jpg").symlink_to(target)
    os.mkfifo(folder / "pipe.jpg")
    done = Imported(library, folder, tmp_path / "missing.jpg", library.vault.path)
    assert {name: result.reason for name, result in done.by_name.items()} == {
        "000.jpg": None,
        "link.jpg": "file-is-link",
        "pipe.jpg": "file-not-regular",
        "missing.jpg": "file-not-found",
        "Home.lighttight": "path-is-vault",
    }
    assert done.summary == ImportSummary(imported=1, failed=4)


def test_an_unknown_album_is_refused_before_anything(library: Library, folder: Path) -> None:
    fill(folder, 1)
    with pytest.raises(Refused, match="album-unknown"):
        Imported(library, folder, album=AlbumId("0" * 32))
    assert blobs(library) == set()


def test_a_file_that_changes_while_it_is_read_is_not_kept(library: Library, folder: Path) -> None:
    path, other = fill(folder, 2)
    decoder = StandIn()
    real = SourceFile.read_into

    def read_into(self: SourceFile, offset: int, buffer: memoryview) -> int:
        if self.path == path:
            os.utime(path, ns=(1, 1))
        return real(self, offset, buffer)

    path.write_bytes(picture(7, 10_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SourceFile, "read_into", read_into)
        done = Imported(library, folder, decoder=decoder)
    assert done.by_name[path.name].reason == "file-changed"
    assert done.by_name[other.name].status is ImportStatus.IMPORTED
    nothing_half_saved(library)


@pytest.mark.parametrize("raised", [Integrity("blob-damaged"), Environment("blob-unreadable")])
def test_a_copy_that_cannot_be_read_back_is_not_kept(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, raised: LighttightError
) -> None:
    fill(folder, 1)

    def open_again(*_: object) -> int:
        raise raised

    monkeypatch.setattr(Opener, "update_into", open_again)
    result = Imported(library, folder).only
    assert (result.status, result.error) == (ImportStatus.FAILED, raised)
    nothing_half_saved(library)


@pytest.mark.parametrize("error", [Integrity("blob-damaged"), Environment("blob-unreadable")])
def test_a_sealed_copy_that_cannot_be_read_by_the_child_is_not_kept(
    library: Library, folder: Path, error: LighttightError
) -> None:
    fill(folder, 1)
    decoder = StandIn()
    decoder.error = error
    assert Imported(library, folder, decoder=decoder).only.error is error
    nothing_half_saved(library)


# What stops everything


@pytest.mark.parametrize("code", ["disk-full", "disk-failed", "vault-gone", "vault-locked"])
def test_trouble_that_every_file_would_meet_stops_the_act(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    fill(folder, 5)
    real = BlobStore.write
    calls: list[int] = []

    def write(self: BlobStore, *args: object, **more: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise Environment(code, path="x")  # a code of the test's own choosing
        return real(self, *args, **more)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(BlobStore, "write", write)
    done = Imported(library, folder, workers=1)
    reasons = [result.reason for result in done.results]
    assert reasons == [None, None, code, "import-stopped", "import-stopped"]
    assert done.summary.stopped is not None
    assert done.summary.stopped.code == code
    assert (done.summary.imported, done.summary.failed, done.summary.remaining) == (2, 3, 2)
    assert library.count() == 2
    monkeypatch.undo()
    again = Imported(library, folder)
    assert (again.summary.imported, again.summary.duplicates) == (3, 2)


def test_a_file_too_large_for_the_disk_is_refused_before_it_is_read(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, 1)
    (folder / "large.jpg").write_bytes(picture(9, 3 << 20))
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda _: shutil._ntuple_diskusage(1, 1, storing.RESERVE + (1 << 20)),
    )
    done = Imported(library, folder, workers=1)
    assert done.by_name["large.jpg"].reason == "disk-low"
    error = done.by_name["large.jpg"].error
    assert error is not None
    facts = {name: int(str(value)) for name, value in error.facts.items()}
    assert 0 < facts["missing"] == facts["needed"] - facts["free"]
    assert done.by_name["000.jpg"].status is ImportStatus.IMPORTED
    assert done.summary.stopped is None
    nothing_half_saved(library)


def test_a_full_disk_is_not_tried_once_for_each_file(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, 5)
    Imported(library, folder / "003.jpg")
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, storing.RESERVE - 1)
    )
    done = Imported(library, folder, workers=1)
    assert [one.reason for one in done.results] == ["disk-low"] + ["import-stopped"] * 4
    assert done.summary.stopped is not None
    assert done.summary.stopped.code == "disk-low"
    assert (done.summary.failed, done.summary.remaining) == (5, 4)
    nothing_half_saved(library)
    monkeypatch.undo()
    again = Imported(library, folder)
    assert (again.summary.imported, again.summary.duplicates) == (4, 1)


def test_locking_stops_it_at_the_end_of_an_item(library: Library, folder: Path) -> None:
    fill(folder, 5)
    stop = threading.Event()
    decoder = StandIn()
    decoder.before = stop.set
    done = Imported(library, folder, decoder=decoder, stop=stop, workers=1)
    assert done.summary == ImportSummary(imported=1, remaining=4)
    nothing_half_saved(library)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("after", range(0, 12, 3))
def test_cancelling_leaves_nothing_half_saved(
    library: Library, folder: Path, workers: int, after: int
) -> None:
    fill(folder, 4)
    (folder / "large.jpg").write_bytes(picture(9, 3 << 20))
    calls: list[int] = []

    def watch(done: int, total: int | None) -> None:
        calls.append(done)
        if len(calls) > after:
            progress.cancel()

    progress = Watched(watch)
    told: list[ImportResult] = []
    with pytest.raises(Cancelled):
        import_paths(
            library.vault, StandIn(), [folder], progress=progress, report=told.append,
            workers=workers,
        )  # fmt: skip
    saved = {result.id for result in told if result.status is ImportStatus.IMPORTED}
    assert {item.id for item in library.items()} == saved, "what was saved was told, and no more"
    nothing_half_saved(library)
    assert Imported(library, folder).summary.imported == 5 - len(saved)


def test_a_defect_is_not_swallowed(library: Library, folder: Path) -> None:
    fill(folder, 3)
    decoder = StandIn()

    def defect() -> None:
        raise ZeroDivisionError

    decoder.before = defect
    with pytest.raises(ZeroDivisionError):
        Imported(library, folder, decoder=decoder)
    nothing_half_saved(library)


@pytest.mark.parametrize(
    ("code", "kept"), [("catalog-busy", False), ("disk-full", False), ("disk-failed", True)]
)
def test_a_commit_whose_end_is_unknown_keeps_its_blob(
    library: Library, folder: Path, code: str, kept: bool
) -> None:
    """After a failed fsync the row may be there all the same, and then needs its blob."""
    fill(folder, 1)

    def hook(name: str) -> None:
        if name == "catalog.before-commit":
            raise Environment(code, path="x")

    failpoints.arm(hook)
    try:
        result = Imported(library, folder).only
    finally:
        failpoints.disarm()
    assert result.reason == code
    assert len(blobs(library)) == kept
    assert library.count() == 0


# Duplicates


def test_the_same_picture_twice_is_one_item(library: Library, folder: Path) -> None:
    (path,) = fill(folder, 1)
    first = Imported(library, path).only
    before = size(library.vault), blobs(library)
    shutil.copy(path, folder / "other name.jpg")
    again = Imported(library, folder)
    assert {result.status for result in again.results} == {ImportStatus.DUPLICATE}
    assert {result.id for result in again.results} == {first.id}
    assert (size(library.vault), blobs(library)) == before


def test_same_size_is_not_same_picture(library: Library, folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(picture(number))
    assert Imported(library, folder).summary.imported == 3


def test_a_duplicate_of_known_size_is_not_sealed_again(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, 2)
    Imported(library, folder)

    def write(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(BlobStore, "write", write)
    assert Imported(library, folder).summary.duplicates == 2


def test_twins_at_the_same_moment_are_one_item(library: Library, folder: Path) -> None:
    """Two workers are between reading and committing with the same picture."""
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(picture(1))
    together = threading.Barrier(2, timeout=30)
    decoder = StandIn()
    decoder.before = together.wait
    done = Imported(library, folder, decoder=decoder, workers=2)
    assert (done.summary.imported, done.summary.duplicates) == (1, 1)
    assert len({result.id for result in done.results}) == 1
    nothing_half_saved(library)


def test_a_duplicate_in_the_trash_is_brought_back(library: Library, folder: Path) -> None:
    (path,) = fill(folder, 1)
    item = Imported(library, path).only.id
    assert item is not None
    library.trash.put([item])
    result = Imported(library, path).only
    assert (result.status, result.reason) == (ImportStatus.DUPLICATE, "duplicate-restored")
    assert library.count() == 1
    assert entries(library.vault)[-1] == (EntryKind.UNDELETED, {Field.ITEMS: (item,)})


def test_an_album_gets_new_ones_and_duplicates(library: Library, folder: Path) -> None:
    first, _ = fill(folder, 2)
    Imported(library, first)
    album = library.albums.create("Lake")
    Imported(library, folder, album=album)
    assert library.albums.get(album).count == 2
    assert library.count(View(text="lake")) == 2
    before = size(library.vault)
    Imported(library, folder, album=album)
    assert size(library.vault) == before


# What is saved


def test_the_order_of_saving(library: Library, folder: Path) -> None:
    """The child sees the sealed copy, durable and read back, before a row speaks of it."""
    (path,) = fill(folder, 1)
    decoder = StandIn()
    seen: list[tuple[int, int]] = []

    def before() -> None:
        path.write_bytes(b"x" * 200)  # what the child sees does not come from here
        seen.append((len(blobs(library)), library.count()))

    decoder.before = before
    Imported(library, folder, decoder=decoder)
    assert seen == [(1, 0)]
    assert decoder.seen == [picture(0, 200)[:64]]


def test_reported_means_saved(library: Library, folder: Path) -> None:
    fill(folder, 3)
    found: list[bool] = []

    def report(result: ImportResult) -> None:
        assert result.id is not None
        with library.open(result.id) as reader:
            found.append(reader.read(0, reader.size) == result.path.read_bytes())

    import_paths(library.vault, StandIn(), [folder], report=report)
    assert found == [True] * 3


def test_the_record_names_the_picture_for_a_third_party(library: Library, folder: Path) -> None:
    (path,) = fill(folder, 1)
    item = Imported(library, path).only.id
    assert entries(library.vault)[-1] == (
        EntryKind.IMPORTED,
        {
            Field.ITEM: item,
            Field.DIGEST: hashlib.sha256(path.read_bytes()).digest(),
            Field.SIZE: 200,
            Field.NAME: "000.jpg",
        },
    )


def test_the_stored_digest_tells_nobody_which_picture_it_is(library: Library, folder: Path) -> None:
    (path,) = fill(folder, 1)
    Imported(library, path)
    row = library.vault.catalog.one("SELECT digest FROM items")
    assert row is not None
    assert row[0] != hashlib.sha256(path.read_bytes()).digest()


def test_a_name_that_is_no_text(library: Library, folder: Path) -> None:
    path = folder / os.fsdecode(b"\xff\xfe\x80.jpg")
    path.write_bytes(picture())
    Imported(library, folder)
    assert library.items()[0].name == "\ufffd\ufffd\ufffd.jpg"


@pytest.mark.parametrize(
    "error",
    [
        Unsupported("media-undecodable", reason="damaged"),
        Unsupported("media-unknown"),
        Environment("decoder-died"),
    ],
)
def test_what_cannot_be_decoded_is_kept_all_the_same(
    library: Library, folder: Path, error: LighttightError
) -> None:
    (folder / "clip.mp4").write_bytes(clip())
    decoder = StandIn()
    decoder.error = error
    result = Imported(library, folder, decoder=decoder).only
    assert (result.status, result.reason) == (ImportStatus.IMPORTED, "stored-without-preview")
    item = library.items()[0]
    assert (item.kind, item.mime, item.preview) == (Kind.VIDEO, "video/mp4", PreviewState.NONE)
    assert (item.width, item.duration, item.playable) == (None, None, False)


def test_what_is_known_of_a_picture_that_cannot_be_shown(library: Library, folder: Path) -> None:
    fill(folder, 1)
    decoder = StandIn()
    decoder.pixels = False
    decoder.taken = datetime(2020, 1, 1)
    assert Imported(library, folder, decoder=decoder).only.reason == "stored-without-preview"
    item = library.items()[0]
    assert (item.taken, item.width, item.preview) == (datetime(2020, 1, 1), 4, PreviewState.NONE)


def test_a_preview_that_cannot_be_kept_loses_no_item(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, 3)

    def put(*_: object) -> None:
        raise Environment("disk-full", path="x")

    monkeypatch.setattr(library.vault.previews, "put", put)
    done = Imported(library, folder, workers=1)
    assert [result.status.value for result in done.results] == ["imported", "failed", "failed"]
    assert done.summary.stopped is not None


def test_progress_reaches_its_end(library: Library, folder: Path) -> None:
    fill(folder, 3)
    (folder / "note.txt").write_bytes(b"x" * 1000)
    Imported(library, folder / "000.jpg")
    told: list[tuple[int, int | None]] = []
    progress = Watched(lambda done, total: told.append((done, total)))
    Imported(library, folder, progress=progress)
    assert told[-1] == (1603, 1603)
    assert told == sorted(told)


# Undated pictures


def test_undated_pictures_stand_where_their_file_stood() -> None:
    now = 1_700_000_000_000
    hour = 3_600_000
    offset = time.localtime(now // 1000 - 3600).tm_gmtoff
    assert sorted_by(5, now, now) == 5
    assert sorted_by(None, now - hour, now) == now // 1000 - 3600 + offset
    for implausible in (0, -hour, now + 48 * hour):
        assert (
            sorted_by(None, implausible, now) == now // 1000 + time.localtime(now // 1000).tm_gmtoff
        )


def test_an_undated_picture_says_so(library: Library, folder: Path) -> None:
    (path,) = fill(folder, 1)
    os.utime(path, (1_500_000_000, 1_500_000_000))
    Imported(library, path)
    item = library.items()[0]
    assert item.taken is None
    assert items.to_wall(item.sort) == library.timeline()[0].when
    assert library.timeline()[0].when == 1_500_000_000 + time.localtime(1_500_000_000).tm_gmtoff
    assert library.count(View(text="2017-07")) == 1


# The real decoder


@pytest.fixture
def made() -> dict[str, Callable[[], bytes]]:
    return {
        "photo.jpg": lambda: media_files.jpeg(6),
        "screen.png": media_files.png,
        "wrong name.txt": media_files.webp,
    }


def test_the_real_decoder(
    library: Library, folder: Path, made: dict[str, Callable[[], bytes]]
) -> None:
    for name, make in made.items():
        (folder / name).write_bytes(make())
    (folder / "broken.jpg").write_bytes(media_files.jpeg()[:300])
    with Decoder() as decoder:
        done = Imported(library, folder, decoder=decoder)
    assert done.summary.imported == 4
    by_name = {item.name: item for item in library.items()}
    photo = by_name["photo.jpg"]
    assert (photo.width, photo.height) == (96, 64), "as shown, not as stored"
    assert by_name["wrong name.txt"].mime == "image/webp"
    assert done.by_name["broken.jpg"].reason == "stored-without-preview"
    shown = library.previews(item.id for item in library.items())
    assert len(shown) == 3
    assert all(data.startswith(b"\xff\xd8\xff") for data in shown.values())


@pytest.mark.skipif(not MEDIA.is_dir(), reason="the camera files are not here")
def test_camera_files(library: Library) -> None:
    with Decoder() as decoder:
        done = Imported(library, MEDIA, decoder=decoder)
    assert done.summary.failed == 0
    item = next(one for one in library.items() if one.name == "gps_DSCN0010.jpg")
    assert item.taken == datetime(2008, 10, 22, 16, 28, 39)
    assert item.place is not None
    assert abs(item.place.latitude - 43.467) < 0.01
    assert library.count(View(text="october 2008")) >= 1
