"""The library against a model of it: whatever is done in whatever order, both say the same.

After every step the state root is recomputed from all rows, the full-text projection is compared
with the items, and the blobs on disk are those that the catalog names.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from lighttight.library import search
from lighttight.library.importing import ImportResult, ImportStatus, import_paths
from lighttight.library.library import Library
from lighttight.model import AlbumId, ItemId, Kind, Scope, View
from lighttight.vault import checking
from tests.support.libraries import StandIn, clip, picture
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault, reopen


@dataclass
class Known:
    """What the model knows of one item."""

    number: int
    kind: Kind
    favourite: bool = False
    caption: str = ""
    trashed: bool = False
    tags: set[str] = field(default_factory=set)


NAMES = st.sampled_from(["lake", "hill", "Old house", "Zoë", "🎉"])
NUMBERS = st.integers(0, 6)
PLACES = st.integers(0, 99)
"""Which of the ids that were ever given out, those of items that are gone among them."""


class LibraryAgainstModel(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="library-"))
        vault = make_vault(self.folder / "V.lighttight", MemoryStore()).vault
        self.library = Library(vault)
        self.known: dict[ItemId, Known] = {}
        self.named: dict[AlbumId, str] = {}
        self.inside: dict[AlbumId, set[ItemId]] = {}
        self.seen: list[ItemId] = []
        self.bring_in([1, 2, 3], 2)
        # Begin with something to lose: from an empty library, few walks get far enough to.
        self.make_album("lake")
        self.file(0, [0, 1], True)
        self.tag([0, 1], "hill", True)

    def picked(self, places: list[int]) -> list[ItemId]:
        return [self.seen[place % len(self.seen)] for place in places] if self.seen else []

    def album(self, place: int) -> AlbumId:
        return list(self.named)[place % len(self.named)]

    def teardown(self) -> None:
        if hasattr(self, "library"):
            self.library.vault.close()
            shutil.rmtree(self.folder)

    # Acts

    @rule(
        numbers=st.lists(NUMBERS, min_size=1, max_size=4),
        workers=st.sampled_from([1, 2]),
    )
    def bring_in(self, numbers: list[int], workers: int) -> None:
        source = self.folder / "in"
        source.mkdir()
        for place, number in enumerate(numbers):
            make = clip if number % 3 == 0 else picture
            (source / f"{number}-{place}.jpg").write_bytes(make(number, 100 + number % 2))
        results: list[ImportResult] = []
        import_paths(
            self.library.vault, StandIn(), [source], report=results.append, workers=workers
        )
        shutil.rmtree(source)
        by_number = {one.number: item for item, one in self.known.items()}
        new: set[ItemId] = set()
        for result in results:
            number = int(result.path.name.split("-")[0])
            assert result.id is not None
            assert by_number.setdefault(number, result.id) == result.id
            if result.id not in self.known:
                kind = Kind.VIDEO if number % 3 == 0 else Kind.PHOTO
                self.known[result.id] = Known(number, kind)
                new.add(result.id)
            if result.status is ImportStatus.DUPLICATE:
                self.known[result.id].trashed = False
        assert sum(one.status is ImportStatus.IMPORTED for one in results) == len(new)
        self.seen += sorted(new)

    @rule(places=st.lists(PLACES, min_size=1, max_size=4))
    def put_in_the_trash(self, places: list[int]) -> None:
        chosen = self.picked(places)
        changed = {one for one in chosen if one in self.known and not self.known[one].trashed}
        assert self.library.trash.put(chosen) == len(changed)
        for one in changed:
            self.known[one].trashed = True

    @rule(places=st.lists(PLACES, min_size=1, max_size=4))
    def take_back(self, places: list[int]) -> None:
        chosen = self.picked(places)
        changed = {one for one in chosen if one in self.known and self.known[one].trashed}
        assert self.library.trash.undelete(chosen) == len(changed)
        for one in changed:
            self.known[one].trashed = False

    @rule(places=st.lists(PLACES, max_size=2))
    def delete_for_good(self, places: list[int]) -> None:
        chosen = self.picked(places)
        self._gone(set(chosen) & self.known.keys(), self.library.trash.purge(chosen).count)

    @rule()
    def empty_the_trash(self) -> None:
        trashed = {one for one, known in self.known.items() if known.trashed}
        self._gone(trashed, self.library.trash.empty().count)

    def _gone(self, gone: set[ItemId], count: int) -> None:
        assert count == len(gone)
        for one in gone:
            del self.known[one]
        for inside in self.inside.values():
            inside -= gone

    @rule(places=st.lists(PLACES, min_size=1, max_size=4), on=st.booleans())
    def mark(self, places: list[int], on: bool) -> None:
        chosen = self.picked(places)
        changed = {one for one in chosen if one in self.known and self.known[one].favourite != on}
        assert self.library.marks.favourite(chosen, on=on) == len(changed)
        for one in changed:
            self.known[one].favourite = on

    @rule(places=st.lists(PLACES, min_size=1, max_size=4), tag=NAMES, on=st.booleans())
    def tag(self, places: list[int], tag: str, on: bool) -> None:
        chosen = self.picked(places)
        act = self.library.marks.tag if on else self.library.marks.untag
        changed = {
            one for one in chosen if one in self.known and (tag in self.known[one].tags) != on
        }
        assert act(chosen, tag.upper()) == len(changed)
        for one in changed:
            (self.known[one].tags.add if on else self.known[one].tags.discard)(tag)

    @rule(place=PLACES, text=NAMES)
    def caption(self, place: int, text: str) -> None:
        for item in set(self.picked([place])) & self.known.keys():
            assert self.library.marks.caption(item, text) == (self.known[item].caption != text)
            self.known[item].caption = text

    @rule(name=NAMES)
    def make_album(self, name: str) -> None:
        if name not in self.named.values():
            album = self.library.albums.create(name)
            self.named[album], self.inside[album] = name, set()

    @precondition(lambda self: self.named)
    @rule(place=PLACES, name=NAMES)
    def rename_album(self, place: int, name: str) -> None:
        album = self.album(place)
        if name not in self.named.values():
            self.library.albums.rename(album, name)
            self.named[album] = name

    @precondition(lambda self: self.named)
    @rule(place=PLACES)
    def remove_album(self, place: int) -> None:
        album = self.album(place)
        self.library.albums.remove(album)
        del self.named[album], self.inside[album]

    @precondition(lambda self: self.named)
    @rule(place=PLACES, places=st.lists(PLACES, min_size=1, max_size=4), on=st.booleans())
    def file(self, place: int, places: list[int], on: bool) -> None:
        album = self.album(place)
        chosen = self.picked(places)
        there = {one for one in chosen if one in self.known}
        changed = {one for one in there if (one in self.inside[album]) != on}
        act = self.library.albums.add if on else self.library.albums.take_out
        assert act(album, chosen) == len(changed)
        self.inside[album] = self.inside[album] | changed if on else self.inside[album] - changed

    @rule()
    def lock_and_open(self) -> None:
        self.library = Library(reopen(self.library.vault))
        assert self.library.begin() == 0

    # What must hold

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "library"):
            return
        library = self.library
        shown = {one: known for one, known in self.known.items() if not known.trashed}
        assert {cell.id for cell in library.timeline()} == shown.keys()
        trashed = {cell.id for cell in library.timeline(View(Scope.TRASH))}
        assert trashed == self.known.keys() - shown.keys()
        for item in library.items():
            known = shown[item.id]
            assert (item.kind, item.favourite, item.caption) == (
                known.kind, known.favourite, known.caption,
            )  # fmt: skip
        counts = library.counts()
        assert counts.favourites == sum(known.favourite for known in shown.values())
        assert counts.videos == sum(known.kind is Kind.VIDEO for known in shown.values())
        assert {album.id: (album.name, album.count) for album in library.albums.all()} == {
            album: (name, len(self.inside[album] & shown.keys()))
            for album, name in self.named.items()
        }
        for album, inside in self.inside.items():
            cells = library.timeline(View(Scope.ALBUM, album))
            assert {cell.id for cell in cells} == inside & shown.keys()
        labels = library.labels(self.known)
        for one, known in self.known.items():
            albums = sorted(self.named[a] for a, inside in self.inside.items() if one in inside)
            found = labels[one]
            assert found.albums == tuple(albums)
            assert {tag.casefold() for tag in found.tags} == {tag.casefold() for tag in known.tags}

    @invariant()
    def search_finds_what_is_there(self) -> None:
        if not hasattr(self, "library"):
            return
        for name in ("lake", "hill", "old hou", "zoe", "🎉"):
            wanted = {"old hou": "Old house", "zoe": "Zoë"}.get(name, name)
            expected = {
                one
                for one, known in self.known.items()
                if not known.trashed
                and (
                    wanted in known.tags
                    or wanted == known.caption
                    or any(self.named[a] == wanted and one in i for a, i in self.inside.items())
                )
            }
            assert {cell.id for cell in self.library.timeline(View(text=name))} == expected

    @invariant()
    def everything_adds_up(self) -> None:
        if not hasattr(self, "library"):
            return
        vault = self.library.vault
        vault.catalog.recompute()
        assert not search.verify_or_rebuild(vault)
        objects = {sealed.id for _, sealed in checking.all_objects(vault)}
        assert set(vault.blobs.ids()) == objects
        assert self.library.trash.unfinished() == 0
        keys = vault.catalog.one("SELECT count(*) FROM objects")
        assert keys == (len(self.known),), "a key without its item is a picture that is not gone"
        assert vault.previews.items() == self.known.keys()


TestLibraryAgainstModel = LibraryAgainstModel.TestCase
TestLibraryAgainstModel.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
