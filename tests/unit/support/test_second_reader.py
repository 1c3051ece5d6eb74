"""The second reader against a real vault, and against what it must notice."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from lighttight.sealed.blob import CHUNK
from tests.support import second_reader, second_record
from tests.support.objects import add_object, flip
from tests.support.password_store import MemoryStore
from tests.support.vaults import PASSPHRASE, PASSPHRASE_WAY, make_vault

SIZES = (0, 1, 9, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 77)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    path = tmp_path_factory.mktemp("second") / "Home.lighttight"
    created = make_vault(path, MemoryStore(), PASSPHRASE_WAY)
    expected: dict[str, bytes] = {}
    for size in SIZES:
        name = f"{size} \u00e9\n.jpg"
        expected[name] = os.urandom(size)
        add_object(created.vault, expected[name], name)
    created.vault.close()
    return path, expected


@pytest.fixture
def vault(made: tuple[Path, dict[str, bytes]], tmp_path: Path) -> Path:
    path = tmp_path / "Copy.lighttight"
    shutil.copytree(made[0], path)
    return path


@pytest.mark.parametrize("module", [second_reader, second_record])
def test_imports_nothing_of_the_program(module: ModuleType) -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text())
    modules = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(one.name for one in node.names)]
    }
    mine = {"tests.support.second_reader", "Rows", "require"}
    assert not [name for name in modules - mine if name.split(".")[0] in {"lighttight", "tests"}]


def test_every_original(made: tuple[Path, dict[str, bytes]]) -> None:
    path, expected = made
    assert dict(second_reader.originals(path, PASSPHRASE)) == expected


def test_from_the_copy_of_the_header(vault: Path, made: tuple[Path, dict[str, bytes]]) -> None:
    flip(vault / "header", 40)
    assert dict(second_reader.originals(vault, PASSPHRASE)) == made[1]
    (vault / "header").unlink()
    assert dict(second_reader.originals(vault, PASSPHRASE)) == made[1]


def test_another_passphrase(vault: Path) -> None:
    with pytest.raises(ValueError, match="did not open"):
        list(second_reader.originals(vault, PASSPHRASE + "s"))


def newer(vault: Path) -> None:
    for name in ("header", "header.copy"):
        lines = (vault / name).read_bytes().split(b"\n")
        lines[0] = b"lighttight-vault 2"
        lines[2] = b"sha256 " + hashlib.sha256(b"\n".join([*lines[:2], b""])).hexdigest().encode()
        (vault / name).write_bytes(b"\n".join(lines))


def no_header(vault: Path) -> None:
    flip(vault / "header", 3)
    flip(vault / "header.copy", 3)


def forged_header(vault: Path) -> None:
    for name in ("header", "header.copy"):
        flip(vault / name, -10)


def cut_blob(vault: Path) -> None:
    blob = max(vault.glob("blobs/*/*"), key=lambda one: one.stat().st_size)
    blob.write_bytes(blob.read_bytes()[:-17])


def swapped_blobs(vault: Path) -> None:
    one, other = sorted(vault.glob("blobs/*/*"))[:2]
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (newer, "newer format"),
        (no_header, "no usable header"),
        (forged_header, "header"),
        (cut_blob, "another size"),
        (swapped_blobs, "another (size|key)"),
    ],
)
def test_harm_is_noticed(vault: Path, harm: Callable[[Path], None], told: str) -> None:
    harm(vault)
    with pytest.raises(ValueError, match=told):
        list(second_reader.originals(vault, PASSPHRASE))


def bounds(vault: Path) -> None:
    """As a planted header would: whole, and the first slot would take a day."""
    for name in ("header", "header.copy"):
        data = (vault / name).read_bytes().replace(b'"passes":3', b'"passes":99')
        lines = data.split(b"\n")
        lines[2] = b"sha256 " + hashlib.sha256(b"\n".join([*lines[:2], b""])).hexdigest().encode()
        (vault / name).write_bytes(b"\n".join(lines))


def test_nothing_is_derived_outside_the_bounds(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds(vault)
    monkeypatch.setattr(second_reader, "Argon2id", None)
    with pytest.raises(ValueError, match="no usable header"):
        list(second_reader.originals(vault, PASSPHRASE))


def harmed(tmp_path: Path, statement: str) -> Path:
    """Written past the program's own accounts, as nobody without the key could."""
    path = tmp_path / "Other.lighttight"
    created = make_vault(path, MemoryStore(), PASSPHRASE_WAY)
    add_object(created.vault, b"picture")
    created.vault.catalog._writer.execute(statement)
    created.vault.release()
    return path


@pytest.mark.parametrize(
    "statement", ["UPDATE items SET favourite = 1", "UPDATE state SET rows = rows + 1"]
)
def test_changed_rows_are_noticed(tmp_path: Path, statement: str) -> None:
    path = harmed(tmp_path, statement)
    with pytest.raises(ValueError, match="rows were changed"):
        list(second_reader.originals(path, PASSPHRASE))


def test_the_record_is_read_from_its_own_page(made: tuple[Path, dict[str, bytes]]) -> None:
    rows, _ = second_reader.open_catalog(made[0], PASSPHRASE)
    assert second_record.check_record(rows) == len(rows["entries"]) > len(SIZES)


def test_a_record_that_was_cut_is_noticed(tmp_path: Path) -> None:
    path = harmed(tmp_path, "UPDATE state SET frontier = zeroblob(length(frontier))")
    rows, _ = second_reader.open_catalog(path, PASSPHRASE)
    with pytest.raises(ValueError, match="the record was cut"):
        second_record.check_record(rows)


@pytest.mark.parametrize(
    ("place", "told"),
    [("value", "of entry 0 was changed"), ("salt", "of entry 0 was changed"), (None, "half")],
)
def test_a_changed_field_is_noticed(
    made: tuple[Path, dict[str, bytes]], place: str | None, told: str
) -> None:
    rows, _ = second_reader.open_catalog(made[0], PASSPHRASE)
    sequence, name, salt, value = rows["fields"][0]
    changed = {"value": (salt, value + b"x"), "salt": (bytes(16), value), None: (None, value)}
    rows["fields"][0] = (sequence, name, *changed[place])
    with pytest.raises(ValueError, match=told):
        second_record.check_record(rows)
