"""A small world: one vault with a few pictures, its keyring, folders beside it, and what is known.

A world is built once for a seed and copied for every run. All that a person has stands in one
directory, so that a copy is complete: the vault, the keyring's file, pictures to import, a folder
to export to, a backup.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lighttight.audit.reading import Record
from lighttight.library.library import Library
from lighttight.media.client import Pixels, Probe, Source
from lighttight.model import ItemId, Kind
from lighttight.session.care import Care
from lighttight.sharing.egress import Egress
from lighttight.vault.creating import create
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.faults.children import Tell, in_child
from tests.support.faults.keyring_file import FileStore
from tests.support.objects import add_object
from tests.support.vaults import KEYRING

JPEG = b"\xff\xd8\xff\xe0"
SIZES = (5, 300, 4096, 16_383, 16_384, 16_385, 40_000)
LARGE = 1_300_000
"""More than one buffer, so that a kill can come between two of them."""


@dataclass(frozen=True, slots=True)
class World:
    """`items` are in the library: id to digest. `digests` are all contents that exist anywhere."""

    root: Path
    seed: int
    items: dict[str, str] = field(default_factory=dict)
    digests: frozenset[str] = frozenset()
    incoming_digests: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)
    """Digests of the files to import, by name."""
    words: str = field(default="", repr=False)
    fresh: bool = False
    """Nothing of before is in it: the vault is made by the act."""
    may_be_older: bool = False
    """The act is a deliberate roll-back."""

    @property
    def vault(self) -> Path:
        return self.root / "v.lighttight"

    @property
    def incoming(self) -> Path:
        return self.root / "in"

    @property
    def outgoing(self) -> Path:
        return self.root / "out"

    @property
    def backup(self) -> Path:
        return self.root / "backup"

    @property
    def store(self) -> FileStore:
        return FileStore(self.root / "keys.json")

    @contextmanager
    def copied(self) -> Iterator[World]:
        """The same world somewhere else, for one run."""
        with temporary() as root:
            yield self.at(root / "w")

    def at(self, root: Path) -> World:
        shutil.copytree(self.root, root, symlinks=True)
        return replace(self, root=root)


class Stranger:
    """Stands in for the decoder: it has an answer without looking, and a preview."""

    def examine(self, source: Source, *, max_side: int = 512) -> tuple[Probe, Pixels | None]:
        del max_side
        source.read(0, min(source.size, 4096))
        probe = Probe(
            *(Kind.PHOTO, "image/jpeg", "jpeg", 8, 8, 1, None, None, None, None, None, None),
            playable=False,
        )
        return probe, Pixels(8, 8, 3, bytes(192))


class Opened:
    """An open vault with the parts that acts use, without a decoder's process."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.library = Library(vault)
        self.egress = Egress(vault)
        self.record = Record(vault)
        self.care = Care(vault, self.library, Stranger())  # pyright: ignore[reportArgumentType]

    def item_ids(self) -> list[ItemId]:
        rows = self.vault.catalog.query("SELECT id FROM items ORDER BY row")
        return [ItemId(raw.hex()) for (raw,) in rows]


@contextmanager
def opened(
    world: World, *, path: Path | None = None, offer: Offer | None = None, older: bool = False
) -> Iterator[Opened]:
    vault = open_vault(path or world.vault, offer or Offer(), world.store, accept_older=older)
    try:
        yield Opened(vault)
    finally:
        vault.close()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def picture(size: int, chance: random.Random) -> bytes:
    return (JPEG + chance.randbytes(max(0, size - len(JPEG))))[: max(size, 5)]


def build(
    seed: int, *, items: int | None = None, more: Callable[[World, Opened], None] | None = None
) -> World:
    """A new world below a temporary directory; the caller removes it with `tear_down`.

    `more` runs in the open vault at the end. Chance decides sizes and numbers, by `seed`.
    """
    chance = random.Random(seed)
    root = Path(tempfile.mkdtemp(prefix="lt-w", dir=quick_directory())) / "w"
    for name in ("in", "out"):
        (root / name).mkdir(parents=True)
    world = World(root, seed)
    incoming = [picture(chance.choice(SIZES), chance) for _ in range(chance.randint(1, 3))]
    if seed % 5 == 4:
        incoming.append(picture(LARGE, chance))
    names = {f"new{number}.jpg": data for number, data in enumerate(incoming)}
    for name, data in names.items():
        (world.incoming / name).write_bytes(data)
    held = [picture(chance.choice(SIZES), chance) for _ in range(items or chance.randint(1, 3))]

    def furnish(tell: Tell) -> dict[str, Any]:
        made = create(world.vault, "Home", (KEYRING,), world.store)
        try:
            pairs = {add_object(made.vault, data)[0]: digest(data) for data in held}
            made.vault.confirm_recovery(" ".join(made.words))
            home = Opened(made.vault)
            if more is not None:
                more(replace(world, items=dict(pairs), words=" ".join(made.words)), home)
            for item in home.item_ids():
                with home.library.open(item) as reader:
                    pairs[item] = digest(reader.read(0, reader.size))
        finally:
            made.vault.close()
        return {"items": pairs, "words": " ".join(made.words)}

    outcome = in_child(furnish)
    if outcome.problem:
        raise AssertionError(f"the world of seed {seed} was not built: {outcome.problem}")
    coming = frozenset(map(digest, incoming))
    known = coming | frozenset(outcome.answer["items"].values())
    return replace(
        world,
        digests=known,
        incoming_digests=coming,
        names={name: digest(data) for name, data in names.items()},
        **outcome.answer,
    )


def tear_down(world: World) -> None:
    shutil.rmtree(world.root.parent, ignore_errors=True)


def quick_directory() -> str | None:
    """Memory where there is some: a kill does not care where bytes are, and the disk is slow."""
    shared = Path("/dev/shm")
    if os.environ.get("LIGHTTIGHT_FAULTS_ON_DISK"):
        return None
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


@contextmanager
def temporary() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="lt-f", dir=quick_directory()))
    try:
        yield root
    finally:
        with suppress(OSError):
            shutil.rmtree(root)
