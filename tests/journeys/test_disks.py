"""Disks that are full, read-only or pulled out: said in words, and nothing that was saved is lost.

These commands run without a password store: it could not be reached from another namespace.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from lighttight.library.importing import WORKERS
from lighttight.library.storing import RESERVE
from tests.support import media_files
from tests.support.availability import needs_programs
from tests.support.mounts import read_only, small_disk
from tests.support.program import Program

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
]

PASSPHRASE = "seven llamas painted the quiet harbour\n"
MEGABYTES = (RESERVE >> 20) + 12


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    needs_programs("unshare", "nsenter")
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    return {
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/nowhere",
        "LIGHTTIGHT_HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def by(tmp_path: Path) -> tuple[str, Path]:
    return "--passphrase-file", tmp_path / "passphrase"


@pytest.fixture
def library(environment: dict[str, str], tmp_path: Path, by: tuple[str, Path]) -> Path:
    """Three pictures in a folder of its own."""
    (tmp_path / "disk").mkdir()
    path = tmp_path / "disk" / "Home.lighttight"
    make(Program(environment), path, by)
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(media_files.jpeg(number + 1))
    Program(environment)("import", *sorted(tmp_path.glob("*.jpg")), *by).ok()
    return path


def make(program: Program, path: Path, by: tuple[str, Path]) -> None:
    words = path.parent.parent / "words"
    program("create", path, "--unlock", "passphrase", *by, "--recovery-out", words).ok()


def files(path: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_disk_that_fills_up(
    environment: dict[str, str], tmp_path: Path, by: tuple[str, Path]
) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(media_files.jpeg(number + 1))
    with small_disk(place, MEGABYTES) as disk:
        program = Program(environment, before=disk.before)
        make(program, place / "Home.lighttight", by)
        program("import", tmp_path / "0.jpg", *by).ok()
        before = files(disk.there / "Home.lighttight" / "blobs")

        (disk.there / "holiday").write_bytes(os.urandom(12 << 20))
        ran = program("import", tmp_path / "1.jpg", "--json", *by)
        assert (ran.code, ran.document["reason"]) == (4, "disk-low")
        program("list", *by).ok()

        fill(disk.there / "more")
        (disk.there / "Home.lighttight" / "reserve").unlink()
        fill(disk.there / "still more")
        for command in (["list"], ["import", tmp_path / "1.jpg"], ["verify"], ["doctor"]):
            ran = program(*command, "--json", *by)
            assert (ran.code, ran.error, ran.out) == (4, "vault-disk-full", ""), command
        assert "1.0 MB" in ran.err
        assert files(disk.there / "Home.lighttight" / "blobs") == before

        (disk.there / "holiday").unlink()
        (disk.there / "more").unlink()
        (disk.there / "still more").unlink()
        report = program("verify", "--deep", "--json", *by).ok().document
        assert (report["sound"], report["items"], report["orphans"]) == (True, 1, 0)
        program("import", tmp_path / "1.jpg", *by).ok()


def test_on_a_full_disk_one_can_look_save_elsewhere_and_delete(
    environment: dict[str, str], tmp_path: Path, by: tuple[str, Path]
) -> None:
    place, out = tmp_path / "disk", tmp_path / "out"
    place.mkdir()
    out.mkdir()
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(media_files.jpeg(number + 1))
    with small_disk(place, MEGABYTES) as disk:
        program = Program(environment, before=disk.before)
        make(program, place / "Home.lighttight", by)
        program("import", *sorted(tmp_path.glob("*.jpg")), *by).ok()
        reserve = disk.there / "Home.lighttight" / "reserve"
        fill(disk.there / "holiday")
        free = shutil.disk_usage(disk.there).free
        assert (free, reserve.stat().st_size) == (0, 1 << 20)

        ids = [one["id"] for one in program("list", "--json", *by).ok().lines]
        assert len(ids) == 3
        assert not reserve.exists()
        program("export", *ids, "--original", "--to", out, *by).ok()
        assert len(list(out.iterdir())) == 3
        stays = program("import", tmp_path / "0.jpg", "--json", *by)
        assert stays.document["status"] == "duplicate"
        program("purge", *ids[:2], "--yes", *by).ok()
        assert len(list(disk.there.glob("Home.lighttight/blobs/*/*"))) == 1
        assert program("verify", "--deep", "--json", *by).ok().document["sound"]
        assert not reserve.exists(), "there is not room for it yet"

        (disk.there / "holiday").unlink()
        program("list", *by).ok()
        assert reserve.stat().st_size == 1 << 20


def test_a_library_on_a_read_only_disk_is_restored_and_not_opened(
    environment: dict[str, str], library: Path, tmp_path: Path, by: tuple[str, Path]
) -> None:
    before = files(library)
    with read_only(library.parent) as disk:
        program = Program(environment, before=disk.before)
        for command in ("list", "verify", "unlock"):
            ran = program(command, "--json", *by)
            assert (ran.code, ran.error) == (4, "vault-read-only"), command
        assert len(program("slots", "list", "--json").ok().lines) == 2
        copy = tmp_path / "Copy.lighttight"
        assert (
            program("restore", library, "--vault", copy, "--json", *by).ok().document["items"] == 3
        )
        assert len(program("list", "--vault", copy, "--json", *by).ok().lines) == 3
        ran = program("backup", library.parent / "backup", "--vault", copy, "--json", *by)
        assert (ran.code, ran.error) == (4, "not-writable")
    assert files(library) == before


def test_a_library_that_is_pulled_away_in_the_middle(
    environment: dict[str, str], library: Path, tmp_path: Path, by: tuple[str, Path]
) -> None:
    program = Program(environment)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(90):
        (folder / f"{number:02}.jpg").write_bytes(media_files.jpeg() + os.urandom(100_000))
    away = library.with_name("elsewhere")
    arguments = [str(one) for one in ("import", folder, "--json", *by)]
    with program.start(*arguments) as running:
        assert running.stdout is not None
        saved = [json.loads(running.stdout.readline())["id"]]
        library.rename(away)
        rest, said = running.communicate(timeout=60)
    told = [json.loads(line) for line in rest.splitlines()]
    saved += [line["id"] for line in told if line["status"] == "imported"]
    assert running.returncode == 4, said
    assert {line["reason"] for line in told if line["status"] == "failed"} == {
        "vault-gone",
        "import-stopped",
    }
    assert not library.exists()
    away.rename(library)
    report = program("verify", "--deep", "--json", *by).ok().document
    assert report["sound"]
    # One that was committed in that very moment was reported as failed, and is there.
    assert 0 <= report["items"] - 3 - len(saved) <= WORKERS
    assert set(saved) < {line["id"] for line in program("list", "--json", *by).ok().lines}
