"""The full-text projection: found by everything, never stale, made anew when tampered with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from lighttight.audit import record
from lighttight.library import search
from lighttight.library.library import Library
from lighttight.model import View
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault.catalog import Transaction
from tests.support.libraries import add
from tests.support.records import newest, size


def count(library: Library, text: str) -> int:
    return library.count(View(text=text))


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "a' OR 1=1 --", "NEAR(", "a AND", "NOT", "*", "^a", "a*b", "{name} : x", "-a",
        "name:", "(((", '""" ""', "\x00", "a\x00b", "\ud800", "%", "_", "\\", "shared:%", "🎉%_",
        "tag:*", 'tag:"a" OR "b"', "year:99999999999999999999", "+", "col:umn:s", ":" * 50,
    ],
)  # fmt: skip
def test_nothing_that_is_typed_breaks_out(library: Library, folder: Path, text: str) -> None:
    add(library, folder)
    library.timeline(View(text=text))
    library.items(View(text=text))


@pytest.mark.parametrize("wild", ["%", "_", "\\%", "🎉%", "湖_"])
def test_wildcards_are_signs_like_others(library: Library, folder: Path, wild: str) -> None:
    (item,) = add(library, folder)
    library.marks.caption(item, "湖x 🎉")
    assert count(library, f"shared:{wild}") == 0
    if not wild.isascii():
        assert count(library, wild) == 0


def test_found_by_everything_that_is_known(library: Library, folder: Path) -> None:
    (item,) = add(
        library, folder, taken=datetime(2024, 9, 14), device="Fairphone 5", name="DSC_{:04}.jpg"
    )
    add(library, folder, taken=datetime(2019, 1, 1))
    library.marks.caption(item, "Zoë am See 🎉 夏の湖")
    library.marks.tag([item], "Big Sur")
    library.albums.add(library.albums.create("Old house"), [item])
    for text in (
        *("dsc", "DSC_0", "zoe", "ZOË", "see", "fairph", "big", "house", "september", "sept 2024"),
        *("2024-09", "2024-09-14", "year:2024", '"am see"', 'tag:"big sur"', "album:old"),
        *("🎉", "湖", "の湖", "tag:big album:house zoe year:2024"),
    ):
        assert count(library, text) == 1, text
    for text in ("ouse", '"see am"', "tag:house", "album:sur", "year:2023", "湖の", "kind:video"):
        assert count(library, text) == 0, text


def test_found_by_where_copies_went(library: Library, folder: Path) -> None:
    item, _ = add(library, folder, 2)
    fields = {
        Field.ITEMS: (item,), Field.PATH: "/media/Maya's disk", Field.FORM: "original",
        Field.SCREEN: "cli",
    }  # fmt: skip
    with library.vault.transaction() as tx:
        record.append(tx, EntryKind.EXPORT_INTENDED, fields)
    assert count(library, "shared:maya") == 1
    assert count(library, "is:shared") == 1
    assert count(library, "shared:tom") == 0


def test_many_changes_at_once_leave_the_index_as_it_was(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = add(library, folder, 5)
    monkeypatch.setattr(search, "MANY", 2)
    library.marks.tag(items, "lake")
    assert count(library, "tag:lake") == 5
    library.marks.untag(items[:4], "lake")
    assert count(library, "tag:lake") == 1
    assert library.vault.catalog.one("SELECT v FROM search_config WHERE k = 'secure-delete'") == (
        1,
    )
    assert not search.verify_or_rebuild(library.vault)


def test_a_true_projection_is_left_alone(library: Library, folder: Path) -> None:
    add(library, folder)
    before = size(library.vault)
    assert not search.verify_or_rebuild(library.vault)
    assert size(library.vault) == before


TAMPERINGS: dict[str, Callable[[Transaction], object]] = {
    "an item hidden": lambda tx: tx.execute("DELETE FROM search WHERE rowid = 1"),
    "an item that is gone": lambda tx: tx.execute(
        "INSERT INTO search (rowid, name, caption, albums, tags, device, day)"
        " VALUES (99, 'ghost', '', '', '', '', '')"
    ),
    "another name": lambda tx: tx.execute("UPDATE search SET name = 'other' WHERE rowid = 1"),
    "its own copy of the text": lambda tx: tx.execute(
        "UPDATE search_content SET c0 = 'other' WHERE id = 1"
    ),
    "words taken from the index": lambda tx: tx.execute("DELETE FROM search_data WHERE id > 10"),
    "everything": lambda tx: tx.execute("DELETE FROM search_content"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_tampered_projection_is_made_anew(library: Library, folder: Path, tampering: str) -> None:
    add(library, folder, 2)
    with library.vault.catalog.writing() as tx:
        TAMPERINGS[tampering](tx)
    assert search.verify_or_rebuild(library.vault)
    assert newest(library.vault) == (
        EntryKind.REPAIRED, {Field.REASON: "search", Field.COUNT: 2}
    )  # fmt: skip
    assert count(library, "img") == 2
    assert count(library, "ghost") == 0
    assert not search.verify_or_rebuild(library.vault)
    library.trash.put([item.id for item in library.items()])
    library.trash.empty()
    assert not search.verify_or_rebuild(library.vault)


def test_the_rebuilt_table_is_the_one_of_the_schema(library: Library) -> None:
    """And it deletes securely: otherwise words of deleted items stay in its pages."""

    def shape() -> tuple[str, object]:
        catalog = library.vault.catalog
        row = catalog.one("SELECT sql FROM sqlite_schema WHERE name = 'search'")
        secure = catalog.one("SELECT v FROM search_config WHERE k = 'secure-delete'")
        assert row is not None
        return " ".join(row[0].split()), secure

    before = shape()
    with library.vault.catalog.writing() as tx:
        tx.execute("DELETE FROM search_data WHERE id > 10")
        tx.execute("INSERT INTO search_content VALUES (5, 'x', '', '', '', '', '')")
    assert search.verify_or_rebuild(library.vault)
    assert shape() == before
    assert before[1] == (1,)
