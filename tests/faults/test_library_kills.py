"""kill -9 at every kind of step of importing, deleting for good, and removing an original.

Each kill is followed by what the program does at the next opening; then nothing that was reported
as saved may be missing, nothing may be half there, and what was begun must be finishable. Each step
is hit at its first and its last occurrence.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lighttight.library.importing import ImportResult, ImportStatus, Original, import_paths
from lighttight.library.library import Library
from lighttight.model import ItemId
from lighttight.vault import checking
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import open_vault
from lighttight.vault.ways_in import Offer
from tests.support.killing import Act, Child, Ended, first_and_last, run_killed
from tests.support.libraries import StandIn, picture
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

COUNT = 3


class Scene:
    """A vault and a folder of pictures, to be copied for each kill.

    The password store is the parent's: what a child notes in it is lost, as on a computer that was
    cut off before its keyring was written.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.store = MemoryStore()
        self.source = base / "pictures"
        self.source.mkdir()
        for number in range(COUNT):
            # The first is more than one buffer, so that a kill falls in the middle of a blob.
            size = (1 << 20) + 50_000 if number == 0 else 5_000 + number
            (self.source / f"{number}.jpg").write_bytes(picture(number, size))
        self.vault = base / "Template.lighttight"
        make_vault(self.vault, self.store).vault.close()
        self._copies = 0

    @contextmanager
    def opened(self, path: Path) -> Iterator[Library]:
        # What one copy notes in the password store is not about the next copy.
        store = MemoryStore()
        store.memory.items.update(self.store.memory.items)
        vault = open_vault(path, Offer(), store)
        try:
            yield Library(vault)
        finally:
            vault.close()

    def copy(self) -> tuple[Path, Path]:
        """A fresh vault and a fresh folder of pictures."""
        self._copies += 1
        place = self.base / str(self._copies)
        shutil.copytree(self.vault, place / "V.lighttight")
        shutil.copytree(self.source, place / "pictures")
        return place / "V.lighttight", place / "pictures"

    def kills(self, act: Callable[[Path, Path], Act]) -> Iterator[tuple[Ended, Path, Path]]:
        """Run the act once whole, then once for each chosen step, with what each left behind."""
        whole = run_killed(act(*self.copy()))
        assert not whole.killed
        steps = first_and_last(whole.reached)
        survived = 0
        for step in steps:
            vault, source = self.copy()
            ended = run_killed(act(vault, source), step)
            if ended.killed:
                yield ended, vault, source
            else:
                # The anchor goes by the clock, and threads take turns: some runs are shorter.
                survived += 1
            shutil.rmtree(vault.parent)
        assert survived <= len(steps) // 4

    def fill(self) -> list[ItemId]:
        with self.opened(self.vault) as library:
            return sorted(one.id for one in bring_in(library, self.source) if one.id is not None)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def bring_in(
    library: Library,
    source: Path,
    say: Callable[[str], None] = lambda _: None,
    *,
    workers: int = 1,
    remove_originals: bool = False,
) -> list[ImportResult]:
    results: list[ImportResult] = []

    def report(result: ImportResult) -> None:
        results.append(result)
        if result.id is not None:
            say(result.id)

    import_paths(
        library.vault,
        StandIn(),
        [source],
        report=report,
        workers=workers,
        remove_originals=remove_originals,
    )
    return results


def sound(library: Library) -> None:
    """Everything verifies, and after a sweep nothing is left over."""
    checking.sweep(library.vault)
    report = checking.verify(library.vault, deep=True)
    assert report.sound, report.damage
    assert report.orphans == 0
    assert library.vault.blobs.leftovers() == []


@pytest.mark.parametrize("workers", [1, 2])
def test_importing(scene: Scene, workers: int) -> None:
    def act(vault: Path, source: Path) -> Act:
        def run(child: Child) -> None:
            with scene.opened(vault) as library:
                child.begin()
                bring_in(library, source, child.say, workers=workers)
                child.end()

        return run

    for ended, vault, source in scene.kills(act):
        with scene.opened(vault) as library:
            assert library.begin() == 0
            found = {item.id for item in library.items()}
            assert set(ended.said) <= found, "reported as saved, and not there"
            sound(library)
            again = bring_in(library, source)
            duplicates = sum(one.status is ImportStatus.DUPLICATE for one in again)
            assert (duplicates, library.count()) == (len(found), COUNT)


def purging(scene: Scene, items: list[ItemId]) -> Callable[[Path, Path], Act]:
    def act(vault: Path, source: Path) -> Act:
        del source

        def run(child: Child) -> None:
            with scene.opened(vault) as library:
                child.begin()
                purged = library.trash.purge(items[:2])
                child.say(f"purged {purged.count}, unfinished {purged.unfinished}")
                child.end()

        return run

    return act


def test_deleting_for_good(scene: Scene) -> None:
    items = scene.fill()
    for ended, vault, _ in scene.kills(purging(scene, items)):
        with scene.opened(vault) as library:
            assert library.begin() == 0
            left = {item.id for item in library.items()}
            assert left in ({*items}, {items[2]}), "wholly or not at all"
            assert not ended.said, "said before it was over"
            keys = library.vault.catalog.one("SELECT count(*) FROM objects")
            assert keys == (len(left),)
            assert library.vault.previews.items() == left
            sound(library)


def test_deleting_for_good_killed_again_while_it_is_finished(scene: Scene) -> None:
    items = scene.fill()
    purge = purging(scene, items)
    whole = run_killed(purge(*scene.copy()))
    stuck, source = scene.copy()
    assert run_killed(purge(stuck, source), whole.reached.index("purge.committed") + 1).killed
    shutil.rmtree(scene.vault)
    shutil.copytree(stuck, scene.vault)

    def act(vault: Path, source: Path) -> Act:
        del source

        def run(child: Child) -> None:
            with scene.opened(vault) as library:
                assert library.trash.unfinished() == 2
                child.begin()
                library.begin()
                child.end()

        return run

    for _, vault, _ in scene.kills(act):
        with scene.opened(vault) as library:
            assert library.begin() == 0
            assert {item.id for item in library.items()} == {items[2]}
            sound(library)


def test_removing_an_original_never_leaves_neither_copy(scene: Scene) -> None:
    scene.fill()
    with scene.opened(scene.vault) as library, library.vault.catalog.writing() as tx:
        tx.execute("INSERT INTO meta VALUES ('recovery_confirmed', 1), ('backup', ?)", (tx.now,))
        tx.recorded = 1
    contents = {path.name: path.read_bytes() for path in scene.source.iterdir()}

    def act(vault: Path, source: Path) -> Act:
        def run(child: Child) -> None:
            with scene.opened(vault) as library:
                child.begin()
                for result in bring_in(library, source, remove_originals=True):
                    assert result.original is Original.REMOVED
                child.end()

        return run

    for _, vault, source in scene.kills(act):
        outside = {path.name: path.read_bytes() for path in source.iterdir()}
        with scene.opened(vault) as library:
            inside: set[bytes] = set()
            for item in library.items():
                with library.open(item.id) as reader:
                    inside.add(reader.read(0, reader.size))
        for name, content in contents.items():
            assert outside.get(name, content) == content
            assert content in inside


def test_sealing_everything_again(scene: Scene) -> None:
    items = scene.fill()
    # In the store that every copy is opened with: the way in has another secret afterwards.
    with closing(open_vault(scene.vault, Offer(), scene.store)) as vault:
        rotate(vault, reason="asked", confirm=lambda _: None)
        library = Library(vault)
        shown = library.previews(items)
        before = {item: read(library, item) for item in items}
        old = set(vault.blobs.ids())
    assert len(shown) == COUNT

    def act(vault: Path, source: Path) -> Act:
        del source

        def run(child: Child) -> None:
            with scene.opened(vault) as library:
                child.begin()
                assert library.resealing.run().count == COUNT
                child.end()

        return run

    for _, vault, _ in scene.kills(act):
        with scene.opened(vault) as library:
            assert library.begin() == 0
            assert {item: read(library, item) for item in items} == before
            # Between the new key of the previews and their new file they are lost, and made again.
            assert library.previews(items) in (shown, {})
            sound(library)
            library.resealing.run()
            assert not library.resealing.pending().anything
            assert {item: read(library, item) for item in items} == before
            assert not old & set(library.vault.blobs.ids())
            assert library.vault.catalog.query("SELECT * FROM removals") == []
            sound(library)


def read(library: Library, item: ItemId) -> bytes:
    with library.open(item) as reader:
        return reader.read(0, reader.size)
