"""Favourites, captions, tags: what is refused, what is recorded, what is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.errors import Refused
from lighttight.library.library import Library
from lighttight.model import ItemId, Tag, View
from lighttight.sealed.entries import EntryKind, Field
from tests.support.libraries import add
from tests.support.records import newest, size


def test_a_caption_for_nothing_is_refused(library: Library) -> None:
    with pytest.raises(Refused, match="item-unknown"):
        library.marks.caption(ItemId("0" * 32), "x")


def test_refused_marks_leave_no_trace(library: Library, folder: Path) -> None:
    (item,) = add(library, folder)
    before = size(library.vault)
    with pytest.raises(Refused, match="caption-long"):
        library.marks.caption(item, "x" * 2000)
    with pytest.raises(Refused, match="tag-empty"):
        library.marks.tag([item], " # ")
    assert size(library.vault) == before


def test_doing_it_again_changes_and_records_nothing(library: Library, folder: Path) -> None:
    items = add(library, folder, 2)
    library.marks.favourite(items, on=True)
    library.marks.tag(items, "lake")
    library.marks.caption(items[0], "Us")
    before = size(library.vault)
    assert library.marks.favourite(items, on=True) == 0
    assert library.marks.tag(items, "LAKE") == 0
    assert library.marks.untag(items, "hill") == 0
    assert not library.marks.caption(items[0], " Us ")
    assert library.marks.tag([ItemId("0" * 32), ItemId("zz")], "lake") == 0
    assert size(library.vault) == before


def test_favourites(library: Library, folder: Path) -> None:
    first, second = add(library, folder, 2)
    library.marks.favourite([first], on=True)
    assert library.marks.favourite([first, second], on=True) == 1
    assert newest(library.vault) == (
        EntryKind.EDITED,
        {Field.ITEMS: (second,), Field.SETTING: "favourite", Field.VALUE: "yes"},
    )
    assert library.count(View(text="is:favourite")) == 2
    assert library.marks.favourite([first], on=False) == 1
    assert newest(library.vault)[1][Field.VALUE] == "no"
    assert [cell.favourite for cell in library.timeline()].count(True) == 1


def test_captions(library: Library, folder: Path) -> None:
    (item,) = add(library, folder)
    assert library.marks.caption(item, "Us at the lake")
    assert newest(library.vault)[1] == {
        Field.ITEMS: (item,), Field.SETTING: "caption", Field.VALUE: "Us at the lake"
    }  # fmt: skip
    assert library.item(item).caption == "Us at the lake"
    assert library.count(View(text="lak")) == 1
    assert library.marks.caption(item, "")
    assert library.count(View(text="lak")) == 0


def test_a_tag_keeps_its_first_spelling(library: Library, folder: Path) -> None:
    first, second = add(library, folder, 2)
    library.marks.tag([first], "Lake")
    assert library.marks.tag([first, second], "#lake") == 1
    assert newest(library.vault)[1] == {
        Field.ITEMS: (second,), Field.SETTING: "tags", Field.VALUE: "+Lake"
    }  # fmt: skip
    assert library.marks.tags() == [Tag("Lake", 2)]
    assert library.count(View(text="tag:la")) == 2
    assert library.marks.untag([first, second], "LAKE") == 2
    assert newest(library.vault)[1][Field.VALUE] == "-Lake"
    assert library.marks.tags() == []
    assert library.count(View(text="tag:la")) == 0


def test_tags_of_what_is_in_the_trash_are_not_counted(library: Library, folder: Path) -> None:
    items = add(library, folder, 2)
    library.marks.tag(items, "lake")
    library.marks.tag(items[:1], "alone")
    library.trash.put(items[:1])
    assert library.marks.tags() == [Tag("lake", 1)]
