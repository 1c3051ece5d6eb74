"""Items by id, and what a row means."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lighttight.errors import Refused
from lighttight.library import items
from lighttight.library.importing import import_paths
from lighttight.library.library import Library
from lighttight.model import ItemId, Kind, Labels, Place, PreviewState
from tests.support.libraries import StandIn, add, clip


@pytest.mark.parametrize("prefix", ["", "abc", "zzzz", "0" * 33, "%%%%", "a'--", "00 00"])
def test_what_is_no_beginning_of_an_id(library: Library, folder: Path, prefix: str) -> None:
    add(library, folder)
    with pytest.raises(Refused, match="item-id-unclear") as caught:
        library.find(prefix)
    assert caught.value.facts == {"given": prefix}


def test_no_item_begins_so(library: Library, folder: Path) -> None:
    item = add(library, folder)[0]
    with pytest.raises(Refused, match="item-id-unknown"):
        library.find(item[:6] + ("0" if item[6] != "0" else "1"))


@pytest.mark.parametrize("item", ["", "zz", "0" * 32, "00 00"])
def test_unknown_ids_are_refused(library: Library, item: str) -> None:
    with pytest.raises(Refused, match="item-unknown"):
        library.item(ItemId(item))
    with pytest.raises(Refused, match="item-unknown"):
        library.open(ItemId(item))


def test_an_ambiguous_beginning_is_refused(library: Library, folder: Path) -> None:
    first, second = add(library, folder, 2)
    twin = ItemId(first[:6] + ("0" if first[6] != "0" else "1") + first[7:])
    with library.vault.catalog.writing() as tx:
        tx.execute(
            "UPDATE items SET id = ? WHERE id = ?", (bytes.fromhex(twin), bytes.fromhex(second))
        )
        tx.recorded = 1
    with pytest.raises(Refused, match="item-id-ambiguous"):
        library.find(first[:5])
    assert library.find(first[:7].upper()) == first
    assert library.find(f" {twin} ") == twin


def test_an_item_in_the_trash_is_found(library: Library, folder: Path) -> None:
    (item,) = add(library, folder)
    library.trash.put([item])
    assert library.find(item[:4]) == item
    assert library.item(item).trashed is not None


def test_everything_that_is_known_is_told(library: Library, folder: Path) -> None:
    decoder = StandIn()
    decoder.taken = datetime(2024, 9, 14, 18, 30, 5)
    decoder.place = Place(-33.8567844, 151.2152967)
    decoder.device = "Apple iPhone 14"
    (folder / "clip.mp4").write_bytes(clip())
    before = datetime.now(UTC)
    import_paths(library.vault, decoder, [folder])
    (item,) = library.items()
    assert item.name == "clip.mp4"
    assert (item.kind, item.mime, item.size) == (Kind.VIDEO, "video/mp4", 200)
    assert (item.width, item.height, item.duration) == (4, 3, 1.5)
    assert item.taken == item.sort == datetime(2024, 9, 14, 18, 30, 5)
    assert item.place == Place(-33.8567844, 151.2152967)
    assert item.device == "Apple iPhone 14"
    assert item.playable
    assert (item.favourite, item.caption, item.trashed) == (False, "", None)
    assert item.preview is PreviewState.READY
    assert abs((item.imported - before).total_seconds()) < 60
    assert library.item(item.id) == item


def test_pictures_from_before_1970() -> None:
    for moment in (datetime(1969, 12, 31, 23, 59, 58), datetime(1, 1, 1), datetime(9999, 12, 31)):
        assert items.from_wall(items.to_wall(moment)) == moment


def test_the_original_comes_out_as_it_went_in(library: Library, folder: Path) -> None:
    (item,) = add(library, folder)
    (path,) = folder.iterdir()
    with library.open(item) as reader:
        assert reader.read(0, reader.size) == path.read_bytes()


def test_labels_are_in_order_and_for_each(library: Library, folder: Path) -> None:
    first, second = add(library, folder, 2)
    for name in ("Winter", "Lake"):
        library.albums.add(library.albums.create(name), [first])
    library.marks.tag([first, second], "b")
    library.marks.tag([first], "a")
    gone = ItemId("0" * 32)
    assert library.labels([first, second, gone]) == {
        first: Labels(("Lake", "Winter"), ("a", "b")),
        second: Labels((), ("b",)),
        gone: Labels((), ()),
    }
