"""The second reader against a real vault, and against what it must notice."""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lighttight.sealed.blob import CHUNK
from lighttight.vault.vault import Vault
from tests.support import second_reader
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


def test_imports_nothing_of_the_program() -> None:
    tree = ast.parse(Path(second_reader.__file__).read_text())
    modules = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(one.name for one in node.names)]
    }
    assert not [name for name in modules if name.split(".")[0] in {"lighttight", "tests"}]


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
        lines[2] = b"sha256 " + second_reader.sha256(b"\n".join(lines[:2]), b"\n").hex().encode()
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


def harmed(vault: Vault, statement: str) -> None:
    """Written past the program's own accounts, as nobody without the key could."""
    vault.catalog._writer.execute(statement)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE items SET favourite = 1", "rows were changed"),
        ("UPDATE state SET rows = rows + 1", "rows were changed"),
        ("UPDATE state SET frontier = zeroblob(length(frontier))", "the record was cut"),
    ],
)
def test_changed_rows_are_noticed(tmp_path: Path, statement: str, told: str) -> None:
    path = tmp_path / "Other.lighttight"
    created = make_vault(path, MemoryStore(), PASSPHRASE_WAY)
    add_object(created.vault, b"picture")
    harmed(created.vault, statement)
    created.vault.release()
    with pytest.raises(ValueError, match=told):
        list(second_reader.originals(path, PASSPHRASE))
