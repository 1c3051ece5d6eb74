"""A thousand planted strings, imported by the command line, are nowhere readable afterwards.

They stand in names of files, in EXIF, XMP and comments, in the name of the library, in albums,
tags and captions. Afterwards every file that the program could have written is searched: the
library, its backup, home, settings, caches, the temporary folder, the files of the password store.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.support.canaries import CANARY, canaries, picture, readable
from tests.support.program import Program

# Dozens of processes in one test: slow on a busy machine, and never waiting for anything else.
pytestmark = pytest.mark.timeout(300)

FILES = 100


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
    own("purge", *ids, "--yes", "--json").ok()
    assert own("list", "--json").ok().out == ""
    own("doctor").ok()
    assert readable(*searched) == {}
