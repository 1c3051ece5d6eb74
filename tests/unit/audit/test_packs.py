"""Proof files: what is chosen, what is opened, and the one form of the bytes."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lighttight.audit import packs
from lighttight.errors import Refused
from lighttight.model import ItemId
from lighttight.sealed import entries, tree
from lighttight.sealed.checkpoint import check
from lighttight.sealed.entries import EntryKind, Field, OpenField, check_field, parse_leaf
from lighttight.sealed.signing import PublicKeys, verify_chain
from lighttight.vault import epochs
from lighttight.vault.vault import Vault
from tests.support import records
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault

ONE, OTHER, THIRD = (ItemId(digit * 32) for digit in "123")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", MemoryStore()).vault
    with vault.transaction() as tx:
        tx.record(EntryKind.IMPORTED, {Field.ITEM: ONE, Field.NAME: "lake.jpg", Field.SIZE: 7})
        tx.record(EntryKind.TRASHED, {Field.ITEMS: (ONE, OTHER)})
        tx.record(EntryKind.UNDELETED, {Field.ITEMS: (OTHER,)})
        intent = tx.record(EntryKind.EXPORT_INTENDED, {Field.ITEMS: (OTHER,), Field.PATH: "/usb"})
        tx.record(EntryKind.EXPORT_FINISHED, {Field.INTENT: intent, Field.RESULT: "done"})
    yield vault
    vault.close()


def made(vault: Vault, chosen: tuple[int, ...], closed: frozenset[Field] = frozenset()) -> Any:
    with vault.transaction() as tx:
        pack = packs.make(tx, chosen, "/usb/p.zip", closed=closed)
    with zipfile.ZipFile(io.BytesIO(pack.data)) as archive:
        assert archive.testzip() is None
        return json.loads(archive.read("pack.json"))


class TestChoosing:
    @pytest.mark.parametrize(
        ("items", "chosen"),
        [((ONE,), (3, 4)), ((OTHER,), (4, 5, 6, 7)), ((ONE, OTHER), (3, 4, 5, 6, 7))],
    )
    def test_by_item_with_the_end_of_what_began(
        self, vault: Vault, items: tuple[ItemId, ...], chosen: tuple[int, ...]
    ) -> None:
        assert packs.choose(vault.catalog, items=items) == chosen

    def test_an_id_across_two_others_is_none_of_them(self, vault: Vault) -> None:
        straddling = ItemId("1" * 16 + "2" * 16)
        with pytest.raises(Refused, match="proof-nothing"):
            packs.choose(vault.catalog, items=[straddling])

    def test_all_or_since(self, vault: Vault) -> None:
        assert packs.choose(vault.catalog) == tuple(range(8))
        newest = vault.newest_entry_ms()
        assert newest is not None
        assert packs.choose(vault.catalog, since_ms=newest)[-1] == 7
        for items in ((), (ONE,), (THIRD,)):
            with pytest.raises(Refused, match="proof-nothing"):
                packs.choose(vault.catalog, items=items, since_ms=newest + 1)

    def test_too_many(self, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(packs, "MOST", 7)
        with pytest.raises(Refused, match="proof-too-long"):
            packs.choose(vault.catalog)


class TestMaking:
    def test_what_it_holds_is_in_the_record_it_names(self, vault: Vault) -> None:
        pack = made(vault, (3, 6))
        identity = PublicKeys(
            *(base64.b64decode(pack["identity"][one]) for one in ("ed25519", "mldsa65"))
        )
        chain = verify_chain(identity, [base64.b64decode(one) for one in pack["certificates"]])
        stated = check(base64.b64decode(pack["checkpoint"]), chain[-1].keys)
        # What it says of itself comes behind what it proves.
        assert stated.size == 8 == records.size(vault) - 1
        for entry, sequence in zip(pack["entries"], (3, 6), strict=True):
            leaf = base64.b64decode(entry["leaf"])
            proof = [base64.b64decode(one) for one in entry["proof"]]
            tree.verify_inclusion(tree.leaf_hash(leaf), sequence, 8, stated.root, proof)
            found = parse_leaf(leaf)
            labels = {one.label: one for one in Field}
            assert set(entry["fields"]) == {one.label for one in found.digests}
            for name, opened in entry["fields"].items():
                salt, value = (base64.b64decode(opened[one]) for one in ("salt", "value"))
                check_field(found, OpenField(labels[name], salt, value))

    def test_closed_and_erased_fields_are_not_in_it(self, vault: Vault) -> None:
        vault.catalog._writer.execute(
            "UPDATE fields SET salt = NULL, value = NULL WHERE name = 'size'"
        )
        pack = made(vault, (3,), frozenset({Field.NAME}))
        assert set(pack["entries"][0]["fields"]) == {"item"}
        assert base64.b64encode(b"lake.jpg").decode() not in json.dumps(pack)

    def test_it_is_recorded_and_both_states_are_signed(self, vault: Vault) -> None:
        with vault.transaction() as tx:
            pack = packs.make(tx, (0, 1), "/usb/p.zip")
        kind, values = records.newest(vault)
        assert kind is EntryKind.PROOF_MADE
        assert values == {
            Field.COUNT: 2,
            Field.DIGEST: sha256(pack.data).digest(),
            Field.PATH: "/usb/p.zip",
        }
        assert pack.intent == records.size(vault) - 1
        assert epochs.check_all(vault.catalog) == 2
        vault.catalog.recompute()

    def test_a_new_epoch_goes_into_it(self, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(epochs, "DAY_MS", 0)
        monkeypatch.setattr(epochs, "LENGTH", 3)
        pack = made(vault, (3,))
        assert len(pack["certificates"]) == 2


class TestForm:
    def test_archive_is_the_same_every_time_and_bare(self) -> None:
        data = packs.archive(b"{}")
        assert data == packs.archive(b"{}")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            assert [one.filename for one in infos] == ["README.html", "pack.json", "verify.py"]
            for one in infos:
                assert one.date_time == (1980, 1, 1, 0, 0, 0)
                assert (one.extra, one.comment, one.flag_bits) == (b"", b"", 0)
                assert one.compress_type == zipfile.ZIP_STORED
            assert archive.comment == b""
            assert archive.read("verify.py") == packs.verifier()
            assert b'id="pack">{}</script>' in archive.read("README.html")

    def test_no_escapes_and_no_other_sign_than_those_of_base64(self, vault: Vault) -> None:
        with vault.transaction() as tx:
            pack = packs.make(tx, packs.choose(vault.catalog), "/usb/\u202e\u00e4.zip")
        with zipfile.ZipFile(io.BytesIO(pack.data)) as archive:
            text = archive.read("pack.json")
        assert text.isascii()
        assert b"\\" not in text
        assert b" " not in text

    def test_a_pack_does_not_show_itself(self, vault: Vault) -> None:
        with vault.transaction() as tx:
            pack = packs.make(tx, (0,), "/usb/p.zip")
        assert "data" not in repr(pack)

    def test_every_kind_has_its_number(self) -> None:
        """The verifiers count: a gap would give every later kind another name."""
        assert sorted(entries.KINDS) == list(range(1, len(entries.KINDS) + 1))
        assert sorted(entries.FIELDS) == list(range(1, len(entries.FIELDS) + 1))
