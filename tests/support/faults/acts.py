"""The acts that are interrupted: everything that writes to a vault, to its keyring or beside it.

Each runs whole, from opening to locking, and tells what it has promised as soon as it has. `ready`
is called where counting begins: after opening, since opening is an act of its own here.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lighttight.library import items
from lighttight.library.importing import ImportResult, ImportStatus, import_paths
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sharing.egress import Exported
from lighttight.vault import backup as backups
from lighttight.vault import checking, rotation
from lighttight.vault.creating import create as create_vault
from lighttight.vault.ways_in import Offer
from tests.support.faults.children import Tell
from tests.support.faults.worlds import (
    Opened,
    Stranger,
    World,
    digest,
    opened,
    picture,
)
from tests.support.objects import add_object
from tests.support.vaults import KEYRING

Ready = Callable[[], None]
Run = Callable[[World, Tell, Ready], Any]


NOTE = "note"
CAPTION = "By the lake"


def preview_of(item: str) -> bytes:
    return b"preview of " + bytes.fromhex(item)


@dataclass(frozen=True, slots=True)
class Act:
    """`furnish` adds to the world when it is built, `prepare` changes files of each copy.

    `again` says that the act, once interrupted and recovered from, can be done again and succeeds.
    `world` changes what is expected.
    """

    name: str
    run: Run
    furnish: Callable[[World, Opened], None] | None = None
    prepare: Callable[[World], None] = lambda _: None
    again: bool = True
    world: dict[str, bool] = field(default_factory=dict)


def _create(world: World, tell: Tell, ready: Ready) -> None:
    ready()
    made = create_vault(world.vault, "Home", (KEYRING,), world.store)
    tell("created", words=" ".join(made.words))
    made.vault.close()


def _open(world: World, tell: Tell, ready: Ready) -> None:
    ready()
    with opened(world) as home:
        home.care.settle_in()


def _add(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        for path in sorted(world.incoming.iterdir()):
            data = path.read_bytes()
            item, _ = add_object(home.vault, data, path.name)
            tell("saved", item=item, digest=digest(data))


def _telling(world: World, tell: Tell) -> Callable[[ImportResult], None]:
    def report(result: ImportResult) -> None:
        if result.status in (ImportStatus.IMPORTED, ImportStatus.DUPLICATE):
            tell("saved", item=result.id, digest=world.names.get(result.path.name))
        elif result.error is not None:
            tell("failed", code=result.error.code, path=str(result.path))

    return report


def _import(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        albums = home.library.albums
        album = albums.named("Summer") or albums.create("Summer") if world.seed % 3 == 0 else None
        ready()
        import_paths(
            home.vault,
            Stranger(),
            [world.incoming],
            album=album,
            report=_telling(world, tell),
            workers=1 + world.seed % 2,
        )


def _import_then_remove(world: World, tell: Tell, ready: Ready) -> None:
    """The files are in the library and in a backup already: now the originals go."""
    with opened(world) as home:
        ready()
        import_paths(
            home.vault,
            Stranger(),
            [world.incoming],
            remove_originals=True,
            report=_telling(world, tell),
            workers=1,
        )


def import_and_back_up(world: World, home: Opened) -> None:
    import_paths(home.vault, Stranger(), [world.incoming], workers=1)
    backups.backup(home.vault, world.backup)


def _objects(home: Opened, chosen: list[ItemId]) -> list[str]:
    return [items.sealed(home.vault.catalog, one).id for one in chosen]


def _purge(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        there = home.item_ids()
        chosen = there[: max(1, len(there) - world.seed % 2)]
        keys = home.vault.catalog.query("SELECT hex(id), hex(key) FROM objects")
        opens = home.vault.catalog._key.hex()
        tell("purging", items=chosen, keys=dict(keys), opens=opens, objects=_objects(home, chosen))
        ready()
        home.library.trash.put(chosen)
        done = home.library.trash.empty() if world.seed % 2 else home.library.trash.purge(chosen)
        tell("purged", items=chosen, unfinished=done.unfinished)


def _previews_of_all(world: World, home: Opened) -> None:
    for item in home.item_ids():
        home.vault.previews.put(item, preview_of(item))


def _add_way(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        slot = home.vault.add_way(KEYRING)
        tell("way", slot=slot.id)


def _rotate(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        rotation.rotate(
            home.vault,
            reason="asked",
            recovery=None if world.seed % 2 else world.words,
            confirm=lambda words: tell("words", words=" ".join(words)),
        )
        tell("rotated", catalog=home.vault.header.catalog)


def _seal_again(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        keys = home.vault.catalog.query("SELECT hex(id), hex(key) FROM objects")
        tell("sealing-again", keys=dict(keys))
        ready()
        done = home.library.resealing.run()
        tell("sealed-again", count=done.count, waiting=done.waiting, damaged=done.damaged)


def _keys_are_known(world: World, home: Opened) -> None:
    _previews_of_all(world, home)
    rotation.rotate(home.vault, reason="asked", recovery=world.words or None)


def _add_a_way(world: World, home: Opened) -> None:
    home.vault.add_way(KEYRING)


def _export(world: World, tell: Tell, ready: Ready) -> None:
    def report(one: Exported) -> None:
        if one.error is None:
            tell("exported", item=one.item, path=str(one.path))
        else:
            tell("failed", code=one.error.code, item=one.item)

    with opened(world) as home:
        ready()
        home.egress.export_originals(home.item_ids(), world.outgoing, screen="test", report=report)
        tell("export-done")


def _backup(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        backups.backup(home.vault, world.backup)
        tell("backed-up", items=home.item_ids())


def _older_backup(world: World, home: Opened) -> None:
    backups.backup(home.vault, world.backup)
    add_object(home.vault, picture(9000, random.Random(world.seed + 1)), "b.jpg")
    if world.seed % 2:
        rotation.rotate(home.vault, reason="asked", recovery=world.words or None)


def _restore(world: World, tell: Tell, ready: Ready) -> None:
    ready()
    vault = backups.restore(world.backup, world.vault, Offer(), world.store)
    tell("restored")
    vault.close()


def _only_a_backup(world: World, home: Opened) -> None:
    backups.backup(home.vault, world.backup)


def _lose_the_vault(world: World) -> None:
    shutil.rmtree(world.vault)


def _mend(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        checking.mend_header(home.vault)
        tell("mended")


def _damage_a_header(world: World) -> None:
    (world.vault / ("header" if world.seed % 2 else "header.copy")).write_bytes(b"damaged")


def _change(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        for number in range(3):
            with home.vault.transaction(interim=number == 1) as tx:
                tx.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (NOTE, str(number)))
                tx.record(
                    EntryKind.SETTING_CHANGED, {Field.SETTING: NOTE, Field.VALUE: str(number)}
                )
            tell("noted", number=number)
        item = home.item_ids()[0]
        home.library.marks.caption(item, CAPTION)
        home.library.marks.tag([item], "lake")
        tell("captioned", item=item, caption=CAPTION)
        home.vault.settle()


def _preview(world: World, tell: Tell, ready: Ready) -> None:
    with opened(world) as home:
        ready()
        for item in home.item_ids():
            home.vault.previews.put(item, preview_of(item))
            tell("previewed", item=item)


def _clear_vault(world: World) -> None:
    shutil.rmtree(world.vault)
    (world.root / "keys.json").unlink()


ACTS = {
    act.name: act
    for act in (
        Act("create", _create, prepare=_clear_vault, again=False, world={"fresh": True}),
        Act("open", _open, furnish=_previews_of_all),
        Act("add", _add, again=False),
        Act("import", _import),
        Act("remove-originals", _import_then_remove, furnish=import_and_back_up),
        Act("purge", _purge, furnish=_previews_of_all),
        Act("add-way", _add_way),
        Act("rotate", _rotate, furnish=_add_a_way),
        Act("seal-again", _seal_again, furnish=_keys_are_known),
        Act("export", _export),
        Act("backup", _backup),
        Act("backup-again", _backup, furnish=_older_backup),
        Act(
            "restore",
            _restore,
            furnish=_only_a_backup,
            prepare=_lose_the_vault,
            again=False,
            world={"may_be_older": True},
        ),
        Act("mend", _mend, prepare=_damage_a_header),
        Act("change", _change),
        Act("preview", _preview),
    )
}
