"""A thousand planted strings, imported by the command line, are nowhere readable afterwards.

They stand in names of files, in EXIF, XMP and comments, in the name of the library, in albums,
tags and captions. Afterwards every file that the program could have written is searched: the
library, its backup, home, settings, caches, the temporary folder, the files of the password store.
"""

from __future__ import annotations

import itertools
import re
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import media_files
from tests.support.program import Program

# Dozens of processes in one test: slow on a busy machine, and never waiting for anything else.
pytestmark = pytest.mark.timeout(300)

COUNT = 1000
FILES = 100
MARK = secrets.token_hex(3)
"""New for every run: no file that was there before can hold it."""
CANARY = re.compile(rf"cnry{MARK}[0-9]{{4}}".encode(), re.IGNORECASE)


def canaries() -> Iterator[str]:
    for number in range(COUNT):
        yield f"cnry{MARK}{number:04}"


def picture(words: list[str]) -> bytes:
    """A JPEG with the words in EXIF (description, maker, model), XMP and a comment."""
    described = media_files.tiff(
        [
            [
                (0x010E, 2, f"{words[0]} {words[1]}"),
                (0x010F, 2, words[2]),
                (0x0110, 2, words[3]),
                (0x013B, 2, words[4]),
            ]
        ]
    )
    xmp = f"<x:xmpmeta><dc:title>{words[5]}</dc:title>{words[6]}</x:xmpmeta>".encode()

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    whole = media_files.jpeg()
    return (
        whole[:2]
        + segment(0xE1, b"Exif\0\0" + described)
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
        + segment(0xFE, words[7].encode())
        + whole[2:]
    )


def readable(*places: Path) -> dict[bytes, Path]:
    """Every canary that stands in a file or in the name of one, in 8 or in 16 bits a letter."""
    found: dict[bytes, Path] = {}
    for place in places:
        for path in place.rglob("*"):
            data = path.name.encode(errors="surrogateescape")
            if path.is_file() and not path.is_symlink():
                data += b"\n" + path.read_bytes()
            for seen in (data, data.replace(b"\0", b"")):
                found |= dict.fromkeys(CANARY.findall(seen), path)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_the_search_finds_what_is_there(tmp_path: Path, encoding: str) -> None:
    one = next(canaries())
    (tmp_path / "inside").write_bytes(b"\x8f" + one.encode(encoding) + b"\x8f")
    assert set(readable(tmp_path)) == {one.encode()}
    (tmp_path / "inside").unlink()
    (tmp_path / f"a {one}").touch()
    assert set(readable(tmp_path)) == {one.encode()}


def test_planted_strings_are_nowhere_readable(
    program: Program, tmp_path: Path, short_directory: Path
) -> None:
    words = canaries()

    def some(count: int) -> list[str]:
        return list(itertools.islice(words, count))

    outside = tmp_path / "outside"
    outside.mkdir()
    for _ in range(FILES):
        [name, *inside] = some(9)
        (outside / f"{name}.jpg").write_bytes(picture(inside))
    planted = set(readable(outside))
    assert len(planted) == 9 * FILES

    written = tmp_path / "written"
    temporary = written / "tmp"
    temporary.mkdir(parents=True)
    own = Program(
        {
            **program.environment,
            "LIGHTTIGHT_HOME": str(written / "settings"),
            "LIGHTTIGHT_VAULT": str(written / "v"),
            "TMPDIR": str(temporary),
        }
    )
    searched = (written, short_directory)

    title = " ".join(some(20))
    own(
        *("create", written / "v", "--unlock", "keyring", "--name", title),
        *("--recovery-out", tmp_path / "words"),
    ).ok()
    album, *others = (" ".join(some(8)) for _ in range(3))
    own("import", outside, "--album", album, limit=110).ok()
    ids = [line["id"] for line in own("list", "--json").ok().lines]
    for name in others:
        own("albums", "create", name).ok()
        own("albums", "add", name, *ids[:5]).ok()
    tags = [part for _ in range(8) for part in ("--add", " ".join(some(2)))]
    own("tag", *ids[:3], *tags).ok()
    for one in ids[:4]:
        own("caption", one, " ".join(some(10))).ok()
    assert next(words, None) is None

    # They did come in: what is searched for can be found by whom it belongs to.
    shown = own("show", ids[0], "--json").ok().document
    assert CANARY.search(shown["device"].encode())
    assert len(own("list", shown["name"].removesuffix(".jpg"), "--json").ok().lines) == 1
    own("backup", written / "backup").ok()
    own("verify", "--deep").ok()
    assert readable(*searched) == {}

    own("delete", *ids[:50]).ok()
    own("purge", *ids, "--json").ok()
    assert own("list", "--json").ok().out == ""
    own("doctor").ok()
    assert readable(*searched) == {}
