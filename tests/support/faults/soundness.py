"""What must hold whatever happened: the promises that were told, and a vault that is in order.

`recover` does what the program does after opening. `insist` looks at everything, in the recovered
vault, and raises AssertionError with what is wrong. Both run in a child of their own.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from lighttight.errors import LighttightError
from lighttight.model import Factor, ItemId
from lighttight.sealed.anchor import Verdict
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import checking, header_files, reserve
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer, open_header
from tests.support.faults.acts import NOTE, preview_of
from tests.support.faults.keyring_file import FileStore
from tests.support.faults.pages import readable_pages
from tests.support.faults.worlds import Opened, World, digest, opened

Told = list[dict[str, Any]]
FILES = ("header", "header.copy", "previews.db", "lock", "refused", "blobs")


def require(holds: bool, words: str) -> None:
    if not holds:
        raise AssertionError(words)


def is_vault(path: Path) -> bool:
    return (path / header_files.HEADER).exists() or (path / header_files.COPY).exists()


def recover(world: World) -> None:
    """Open, settle in, mend: what the program does by itself after a crash."""
    if not is_vault(world.vault):
        return
    with opened(world, older=world.may_be_older) as home:
        require(home.care.settle_in() == 0, "deletions stay unfinished")
        checking.mend_header(home.vault)


def insist(world: World, act: str, told: Told, *, keyring: bool = True) -> None:
    """Every promise of `told` was kept, and nothing is there that should not be."""
    kinds = {one["kind"] for one in told}
    if not is_vault(world.vault):
        require(not kinds & {"created", "restored"}, "an acknowledged vault is none")
        require(act in ("create", "restore"), "the vault is gone")
        return
    with opened(world, older=world.may_be_older) as home:
        look = _Look(home, world, told)
        look.at_opening()
        look.at_order()
        look.at_contents()
        look.at_acts()
        look.at_originals()
        look.at_exports()
        look.at_words()
        if keyring:
            look.at_keyring()
    insist_on_backup(world, told)


@dataclass(slots=True)
class _Look:
    home: Opened
    world: World
    told: Told

    def each(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.told if one["kind"] == kind]

    @property
    def vault(self) -> Vault:
        return self.home.vault

    def at_opening(self) -> None:
        verdict = self.vault.finding.verdict
        allowed = (None, Verdict.CURRENT, Verdict.NEWER)
        if self.world.may_be_older:
            return
        require(verdict in allowed, f"the anchor says {verdict}")

    def at_order(self) -> None:
        """State root, pages, record, every blob whole, and no file that nobody names."""
        vault = self.vault
        report = checking.verify(vault, deep=True)
        require(report.sound, f"verify finds {[one.code for one in report.damage]}")
        require(report.orphans == 0, "blobs without a row")
        require(self.home.library.trash.unfinished() == 0, "deletions unfinished")
        named = {sealed.id for _, sealed in checking.all_objects(vault)}
        require(set(vault.blobs.ids()) == named, "blobs and rows differ")
        require(not vault.blobs.leftovers(), "unfinished blobs are left over")
        allowed = {*FILES, reserve.NAME, vault.catalog.path.name}
        allowed |= {f"{name}{suffix}" for name in allowed for suffix in ("-wal", "-shm")}
        strange = {one.name for one in vault.path.iterdir()} - allowed
        require(not strange, f"left over: {sorted(strange)}")
        require(vault.previews.items() <= set(self.home.item_ids()), "a preview without an item")

    def at_contents(self) -> None:
        """Every item is one of the contents that exist, and every promised one is there."""
        doomed = {item for one in self.each("purging") for item in one["items"]}
        gone = {item for one in self.each("purged") for item in one["items"]}
        found = {item: digest(read(self.home, item)) for item in self.home.item_ids()}
        for item, value in found.items():
            require(value in self.world.digests, "an item that nobody made")
            require(self.world.items.get(item, value) == value, "an item has other bytes")
        require(not gone & found.keys(), "an item is back after it was deleted for good")
        if not self.world.fresh:
            missing = self.world.items.keys() - found.keys() - doomed
            require(not missing, f"{len(missing)} items of before are lost")
        for one in self.each("saved"):
            require(one["item"] in found, "an acknowledged item is lost")
            wanted = one.get("digest", found[one["item"]])
            require(found[one["item"]] == wanted, "an acknowledged item has other bytes")

    def at_acts(self) -> None:
        for one in self.each("way"):
            slots = {slot.id for slot in self.vault.slots}
            require(one["slot"] in slots, "an acknowledged way in is gone")
        for one in self.each("rotated"):
            require(self.vault.header.catalog >= one["catalog"], "the rotation is undone")
        for one in self.each("noted"):
            row = self.vault.catalog.one("SELECT value FROM settings WHERE name = ?", (NOTE,))
            require(row is not None and int(row[0]) >= one["number"], "a change is lost")
        for one in self.each("captioned"):
            item = self.home.library.item(one["item"])
            require(item.caption == one["caption"], "a caption is lost")
        for one in self.each("previewed"):
            found = self.vault.previews.get(one["item"])
            require(found in (None, preview_of(one["item"])), "a wrong preview")
        for one in [*self.each("purging"), *self.each("sealing-again")]:
            self._at_keys_of(one)
        for one in self.each("sealed-again"):
            require(not one["damaged"], "not everything was sealed again")
            resealing = self.home.library.resealing
            require(not resealing.pending().anything, "something is sealed under an older key")
            # An older file that could not be removed then was said to wait, and is gone by now.
            require(resealing.finish() == 0, "an older sealed file is still there")

    def _at_keys_of(self, purging: dict[str, Any]) -> None:
        """After recovery nothing of the key of an object that went is left in catalog and log."""
        there = {raw.hex().upper() for (raw,) in self.vault.catalog.query("SELECT id FROM objects")}
        doomed = [bytes.fromhex(key) for one, key in purging["keys"].items() if one not in there]
        _insist_on_no_trace(self.vault.catalog.path, self.vault.catalog._key, doomed)

    def at_originals(self) -> None:
        """A picture that is gone outside is inside, and in the backup."""
        outside = {digest(path.read_bytes()) for path in self.world.incoming.iterdir()}
        inside = {digest(read(self.home, item)) for item in self.home.item_ids()}
        lost = self.world.incoming_digests - outside - inside
        require(not lost, "a picture is neither in the vault nor outside")

    def at_exports(self) -> None:
        entries = self.home.record.entries(kinds=frozenset({EntryKind.EXPORT_INTENDED}))
        intended = {
            item
            for entry in entries
            for item in cast("tuple[ItemId, ...]", entry.values.get(Field.ITEMS, ()))
        }
        contents = {digest(read(self.home, item)): item for item in self.home.item_ids()}
        for path in self.world.outgoing.iterdir():
            require(bool(intended), "a file left and the record does not know of it")
            if path.suffix == ".part":
                continue
            item = contents.get(digest(path.read_bytes()))
            require(item is not None, "a file left that is not what the item is")
            require(item in intended, "a file left without an intent")
            copies = {copy.item for copy in self.home.record.copies_of(cast(ItemId, item))}
            require(item in copies, "a copy that the inspector does not know of")
        for one in self.each("exported"):
            require(Path(one["path"]).exists(), "an acknowledged copy is gone")

    def at_words(self) -> None:
        """Of the recovery words that the person was given, the newest or those before open it."""
        given = _words(self.told)
        if self.world.fresh and not given:
            # Killed before they were shown: the keyring opens, and rotating makes new ones.
            return
        for words in [*given, self.world.words]:
            offer = Offer(recovery=words, keyring=False)
            with contextlib.suppress(LighttightError):
                open_header(self.vault.header, offer, self.world.store)
                return
        raise AssertionError("no recovery words open the vault")

    def at_keyring(self) -> None:
        vault = self.vault
        named = {f"{vault.id}/{one.id}" for one in vault.slots if Factor.KEYRING in one.factors}
        kept = {name for name in self.world.store.accounts() if name.startswith(vault.id)}
        require(named <= kept, "the keyring lacks a slot's item")
        anchors = {name for name in kept if name.startswith(f"{vault.id}/anchor")}
        strange = kept - named - anchors
        require(not strange, f"{len(strange)} left-over items in the keyring")


def read(home: Opened, item: ItemId) -> bytes:
    with home.library.open(item) as reader:
        return reader.read(0, reader.size)


def insist_at_once(world: World, told: Told) -> None:
    """What must hold before anybody opens the vault again: opening alone would put it right."""
    # What was told to be unfinished is gone on with at the next opening.
    done = [one for one in told if one["kind"] == "purged" and not one["unfinished"]]
    for one in told:
        if one["kind"] == "purging" and done:
            keys = [bytes.fromhex(one["keys"][name.upper()]) for name in one["objects"]]
            path = world.vault / "catalog.1.db"
            _insist_on_no_trace(path, bytes.fromhex(one["opens"]), keys)
            for name in one["objects"]:
                blob = world.vault / "blobs" / name[:2] / name
                require(not blob.exists(), "a purged blob is still there")


def _insist_on_no_trace(path: Path, opens: bytes, keys: Iterable[bytes]) -> None:
    pages = readable_pages(path, opens)
    for key in keys:
        require(key not in pages, "the key of an object that went is still readable")


def insist_on_backup(world: World, told: Told) -> None:
    """A backup is a vault or not one yet, and holds what it was acknowledged for."""
    promised = [one for one in told if one["kind"] == "backed-up"]
    if not is_vault(world.backup):
        require(not promised, "an acknowledged backup is none")
        return
    with tempfile.TemporaryDirectory() as elsewhere:
        # Another computer: the ways in are known there, and nothing of the anchor.
        lonely = FileStore(Path(elsewhere) / "keys.json")
        known = world.store.file.items().items()
        lonely.file.write({name: value for name, value in known if "anchor" not in name})
        vault = _opened_somehow(world.backup, lonely, [world.words, *_words(told)])
    home = Opened(vault)
    try:
        vault.catalog.recompute()
        found = set(home.item_ids())
        for item in found:
            require(digest(read(home, item)) in world.digests, "the backup has other bytes")
        for one in promised:
            require(set(one["items"]) <= found, "the backup lacks an item")
    finally:
        vault.release()


def _words(told: Told) -> list[str]:
    return [one["words"] for one in told if "words" in one]


def _opened_somehow(path: Path, store: FileStore, words: list[str]) -> Vault:
    problem: LighttightError | None = None
    for offer in (Offer(), *(Offer(recovery=one, keyring=False) for one in words if one)):
        try:
            return open_vault(path, offer, store)
        except LighttightError as error:
            problem = error
    raise AssertionError(f"the backup does not open: {problem}")
