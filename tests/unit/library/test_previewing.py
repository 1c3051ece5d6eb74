"""Previews that were lost, could not be made, or belong to nothing any more."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from lighttight.errors import Environment, Integrity, Unsupported
from lighttight.library import previewing
from lighttight.library.importing import import_paths
from lighttight.library.library import Library
from lighttight.library.previewing import Remade
from lighttight.model import ItemId, PreviewState, View
from lighttight.sealed.entries import EntryKind
from tests.support.libraries import StandIn, add, picture
from tests.support.records import newest, size


@pytest.fixture
def undecoded(library: Library, folder: Path) -> ItemId:
    decoder = StandIn()
    decoder.error = Unsupported("media-undecodable", reason="codec")
    (folder / "strange.jpg").write_bytes(picture(1))
    import_paths(library.vault, decoder, [folder])
    return library.items()[0].id


def test_a_damaged_original_is_not_passed_over(library: Library, folder: Path) -> None:
    items = add(library, folder)
    library.vault.previews.remove(items)
    decoder = StandIn()
    decoder.error = Integrity("blob-damaged")
    with pytest.raises(Integrity, match="blob-damaged"):
        previewing.remake(library.vault, decoder, items)


@pytest.mark.parametrize("error", [Unsupported("media-unknown"), Environment("decoder-died")])
def test_what_cannot_be_decoded_stops_nothing(
    library: Library, undecoded: ItemId, error: Unsupported | Environment
) -> None:
    decoder = StandIn()
    decoder.error = error
    before = size(library.vault)
    assert previewing.remake(library.vault, decoder, [undecoded]) == Remade(0, 1)
    assert size(library.vault) == before


def test_lost_previews_are_made_again_without_a_word_in_the_record(
    library: Library, folder: Path
) -> None:
    items = add(library, folder, 3)
    library.vault.previews.remove(items[:2])
    wanted = previewing.missing(library.vault)
    assert sorted(wanted) == sorted(items[:2])
    before = size(library.vault)
    assert previewing.remake(library.vault, StandIn(), wanted) == Remade(2, 0)
    assert library.previews(items).keys() == set(items)
    assert previewing.missing(library.vault) == []
    assert size(library.vault) == before


def test_previews_of_nothing_are_taken_away(library: Library, folder: Path) -> None:
    (item,) = add(library, folder)
    ghost = ItemId("ab" * 16)
    library.vault.previews.put(ghost, b"ghost")
    assert previewing.missing(library.vault) == []
    assert library.vault.previews.items() == {item}


def test_what_could_not_be_decoded_is_tried_when_asked(library: Library, undecoded: ItemId) -> None:
    assert previewing.missing(library.vault) == []
    assert previewing.missing(library.vault, retry=True) == [undecoded]
    decoder = StandIn()
    decoder.taken, decoder.device = datetime(2020, 6, 1), "Fairphone"
    assert previewing.remake(library.vault, decoder, [undecoded]) == Remade(1, 0)
    item = library.item(undecoded)
    assert (item.preview, item.width, item.taken) == (PreviewState.READY, 4, datetime(2020, 6, 1))
    assert library.count(View(text="june fairphone year:2020")) == 1
    assert newest(library.vault)[0] is EntryKind.REPAIRED
