"""Originals: kept, unless everything speaks for removing them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lighttight import messages
from lighttight.errors import Environment, LighttightError, Refused
from lighttight.files import failpoints, open_source
from lighttight.library import originals
from lighttight.library.importing import (
    ImportResult,
    ImportStatus,
    Original,
    import_paths,
)
from lighttight.library.library import Library
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import backup
from tests.support.libraries import StandIn, picture
from tests.support.records import entries, size


def meta(library: Library, name: str, value: int | None) -> None:
    with library.vault.catalog.writing() as tx:
        tx.execute("DELETE FROM meta WHERE name = ?", (name,))
        if value is not None:
            tx.execute("INSERT INTO meta VALUES (?, ?)", (name, value))
        tx.recorded = 1


def backed_up(library: Library) -> None:
    """As a verified backup of everything that is inside now would note."""
    newest = library.vault.catalog.query("SELECT max(imported) FROM items")[0][0]
    meta(library, "recovery_confirmed", 1)
    meta(library, "backup", newest or 1)


def once_more(library: Library, *paths: Path) -> list[ImportResult]:
    results: list[ImportResult] = []
    import_paths(
        library.vault, StandIn(), paths, remove_originals=True, report=results.append, workers=1
    )
    return results


@pytest.fixture
def original(library: Library, folder: Path) -> Path:
    """A file whose picture is in the library."""
    path = folder / "picture.jpg"
    path.write_bytes(picture(1, 70_000))
    import_paths(library.vault, StandIn(), [path])
    return path


# Decided before anything is read


def test_without_confirmed_words_nothing_begins(library: Library, original: Path) -> None:
    meta(library, "backup", 1 << 50)
    (original.parent / "new.jpg").write_bytes(picture(2))
    with pytest.raises(Refused, match="originals-recovery-unconfirmed"):
        once_more(library, original.parent)
    assert library.count() == 1
    assert original.exists()


def test_without_a_backup_nothing_begins(library: Library, original: Path) -> None:
    meta(library, "recovery_confirmed", 1)
    with pytest.raises(Refused, match="originals-no-backup"):
        once_more(library, original)
    assert original.exists()


# Decided for each file


def test_what_is_newer_than_the_backup_is_kept(library: Library, original: Path) -> None:
    backed_up(library)
    meta(library, "backup", 1)
    (result,) = once_more(library, original)
    assert (result.status, result.original) == (ImportStatus.DUPLICATE, Original.KEPT)
    assert result.kept_because is not None
    assert result.kept_because.code == "originals-not-in-backup"
    assert original.exists()


def test_what_comes_in_now_is_in_no_backup_yet(library: Library, original: Path) -> None:
    backed_up(library)
    new = original.parent / "new.jpg"
    new.write_bytes(picture(2))
    (result,) = once_more(library, new)
    assert (result.status, result.original) == (ImportStatus.IMPORTED, Original.KEPT)
    assert new.exists()


def test_what_is_no_picture_is_left_alone(library: Library, original: Path) -> None:
    backed_up(library)
    note = original.parent / "note.txt"
    note.write_bytes(b"note")
    (result,) = once_more(library, note)
    assert result.original is Original.NOT_ASKED
    assert note.exists()


def damaged(library: Library, original: Path) -> None:
    (blob,) = (library.vault.blobs.path(one) for one in library.vault.blobs.ids())
    data = bytearray(blob.read_bytes())
    data[30_000] ^= 1
    blob.write_bytes(data)


def missing(library: Library, original: Path) -> None:
    for one in list(library.vault.blobs.ids()):
        library.vault.blobs.path(one).unlink()


@pytest.mark.parametrize(
    ("harm", "code"),
    [(damaged, "blob-damaged"), (missing, "blob-missing")],
    ids=["damaged", "gone"],
)
def test_a_sealed_copy_that_does_not_open_keeps_the_original(
    library: Library, original: Path, harm: Callable[[Library, Path], None], code: str
) -> None:
    backed_up(library)
    harm(library, original)
    (result,) = once_more(library, original)
    assert result.kept_because is not None
    assert result.kept_because.code == code
    assert original.exists()


def raised_by(library: Library, path: Path, between: Callable[[], object]) -> LighttightError:
    """What `remove` says when the world changes between opening the file and unlinking it."""
    (item,) = (one.id for one in library.items())
    with open_source(path) as source:
        between()
        with pytest.raises(LighttightError) as caught:
            originals.Keeper.of(library.vault).remove(source, item)
    return caught.value


def test_another_content_under_the_same_name_is_kept(library: Library, original: Path) -> None:
    backed_up(library)
    stamp = original.stat()
    original.write_bytes(picture(2, 70_000))
    os.utime(original, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    error = raised_by(library, original, lambda: None)
    assert error.code == "file-changed"
    assert original.read_bytes() == picture(2, 70_000)


CHANGES: dict[str, Callable[[Path], object]] = {
    "written to": lambda path: path.write_bytes(picture(2, 70_000)),
    "replaced": lambda path: (path.unlink(), path.write_bytes(picture(1, 70_000))),
    "a link in its place": lambda path: (
        path.rename(path.with_name("moved")), path.symlink_to("moved"),
    ),
    "gone": lambda path: path.rename(path.with_name("moved")),
    "touched": lambda path: os.utime(path, (1, 1)),
    "another link to it": lambda path: path.with_name("twin").hardlink_to(path),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", ["original.checked", "original.recorded"])
def test_a_file_that_changes_at_the_last_moment_is_kept(
    library: Library, original: Path, change: str, moment: str
) -> None:
    backed_up(library)
    before = sum(1 for _ in original.parent.iterdir())

    def hook(name: str) -> None:
        if name == moment:
            CHANGES[change](original)

    failpoints.arm(hook)
    try:
        error = raised_by(library, original, lambda: None)
    finally:
        failpoints.disarm()
    assert error.code in {"file-changed", "file-missing"}
    assert sum(1 for _ in original.parent.iterdir()) >= before


def test_without_the_anchor_the_original_is_kept(
    library: Library, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(library)
    before = size(library.vault)

    def anchor_now() -> bool:
        raise Environment("keyring-locked")

    monkeypatch.setattr(library.vault, "anchor_now", anchor_now)
    error = raised_by(library, original, lambda: None)
    assert error.code == "keyring-locked"
    assert original.exists()
    assert size(library.vault) == before, "the record does not speak of what was not done"


def test_a_folder_that_cannot_be_changed_is_noticed_first(
    library: Library, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(library)
    before = size(library.vault)
    # Said and not done, because root may write anywhere.
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    error = raised_by(library, original, lambda: None)
    assert error.code == "original-not-removable"
    assert size(library.vault) == before


def test_removed_when_everything_speaks_for_it(library: Library, original: Path) -> None:
    backed_up(library)
    other = original.with_name("other.jpg")
    other.write_bytes(picture(3))
    (result,) = once_more(library, original)
    assert result.original is Original.REMOVED
    assert not original.exists()
    assert other.exists()
    assert entries(library.vault)[-1] == (
        EntryKind.ORIGINAL_REMOVED,
        {Field.ITEM: result.id, Field.PATH: str(original)},
    )
    with library.open(library.items()[0].id) as reader:
        assert reader.read(0, reader.size) == picture(1, 70_000)


def test_the_record_and_the_anchor_come_before_the_unlinking(
    library: Library, original: Path
) -> None:
    backed_up(library)
    seen: dict[str, tuple[bool, bool]] = {}

    def hook(name: str) -> None:
        if name.startswith("original."):
            recorded = entries(library.vault)[-1][0] is EntryKind.ORIGINAL_REMOVED
            seen[name] = (recorded, original.exists())

    failpoints.arm(hook)
    try:
        once_more(library, original)
    finally:
        failpoints.disarm()
    assert seen == {
        "original.checked": (False, True),
        "original.anchored": (False, True),
        "original.recorded": (True, True),
        "original.unlinked": (True, False),
    }


def test_import_then_back_up_then_import_again(
    library: Library, original: Path, tmp_path: Path
) -> None:
    """The way that a person goes, with a real backup."""
    meta(library, "recovery_confirmed", 1)
    backup.backup(library.vault, tmp_path / "second")
    new = original.parent / "new.jpg"
    new.write_bytes(picture(2))
    kept = {result.path: result.original for result in once_more(library, original.parent)}
    assert kept == {original: Original.REMOVED, new: Original.KEPT}
    backup.backup(library.vault, tmp_path / "second")
    (result,) = once_more(library, original.parent)
    assert result.original is Original.REMOVED
    assert list(original.parent.iterdir()) == []
    assert library.count() == 2


def test_the_other_places_have_words() -> None:
    assert originals.ALSO_STILL_ON in messages.WORDS
