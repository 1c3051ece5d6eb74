"""Files that go out: never over another file, never outside the folder, never half."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from lighttight.errors import Environment, Refused
from lighttight.files import create_exclusively, target


@pytest.fixture(params=["unnamed", "named", "no links"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system that makes files without names, one that does not, and a memory stick."""
    if request.param != "unnamed":
        monkeypatch.setattr(os, "O_TMPFILE", None, raising=False)
    if request.param == "no links":

        def no_links(*args: object, **kwargs: object) -> None:
            raise OSError(errno.EPERM, "this file system has no links")

        monkeypatch.setattr(os, "link", no_links)
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def export(folder: Path, name: str, data: bytes = b"new") -> Path:
    with create_exclusively(folder, name) as file:
        file.write(data)
        return file.commit()


def test_what_is_there_is_never_replaced(tmp_path: Path, disk: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"old")
    assert export(tmp_path, "photo.jpg", b"1") == tmp_path / "photo (2).jpg"
    assert export(tmp_path, "photo.jpg", b"2") == tmp_path / "photo (3).jpg"
    assert (tmp_path / "photo.jpg").read_bytes() == b"old"
    assert (tmp_path / "photo (3).jpg").read_bytes() == b"2"
    assert names(tmp_path) == ["photo (2).jpg", "photo (3).jpg", "photo.jpg"]


def test_links_in_the_folder_are_not_followed(tmp_path: Path, disk: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "victim").write_bytes(b"untouched")
    (folder / "photo.jpg").symlink_to(tmp_path / "victim")
    (folder / "photo (2).jpg").symlink_to(tmp_path / "not there")
    (folder / "photo (3).jpg").mkdir()
    assert export(folder, "photo.jpg") == folder / "photo (4).jpg"
    assert (tmp_path / "victim").read_bytes() == b"untouched"
    assert not (tmp_path / "not there").exists()


def test_the_folder_is_the_one_that_was_opened(tmp_path: Path, disk: str) -> None:
    """Exchanged for another while the bytes are on their way: they go where they were meant to."""
    chosen, trap = tmp_path / "chosen", tmp_path / "trap"
    chosen.mkdir()
    trap.mkdir()
    with create_exclusively(chosen, "photo.jpg") as file:
        chosen.rename(tmp_path / "moved")
        chosen.symlink_to(trap)
        file.write(b"new")
        file.commit()
    assert names(trap) == []
    assert names(tmp_path / "moved") == ["photo.jpg"]


def test_a_link_to_a_folder_may_be_chosen(tmp_path: Path, disk: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "chosen").symlink_to(tmp_path / "real")
    export(tmp_path / "chosen", "photo.jpg")
    assert names(tmp_path / "real") == ["photo.jpg"]


@pytest.mark.parametrize("end", ["abort", "error", "neither"])
def test_what_was_not_committed_leaves_nothing(tmp_path: Path, disk: str, end: str) -> None:
    def act() -> None:
        with create_exclusively(tmp_path, "photo.jpg") as file:
            file.write(b"half of a private pict")
            if end == "abort":
                file.abort()
            if end == "error":
                raise KeyError

    if end == "error":
        with pytest.raises(KeyError):
            act()
    else:
        act()
    assert names(tmp_path) == []


def test_nothing_has_its_name_before_it_is_whole(tmp_path: Path, disk: str) -> None:
    with create_exclusively(tmp_path, "photo.jpg") as file:
        file.write(b"half")
        left = names(tmp_path)
        # Where the half file has a name at all it is one that can be seen and understood.
        assert left == [] if disk == "unnamed" else left[0].startswith("photo.jpg.")
        assert all(name.endswith(".part") for name in left)
        file.write(b" and half")
        assert file.commit().read_bytes() == b"half and half"
    assert names(tmp_path) == ["photo.jpg"]


def test_abort_after_commit_changes_nothing(tmp_path: Path, disk: str) -> None:
    with create_exclusively(tmp_path, "photo.jpg") as file:
        path = file.commit()
        file.abort()
    assert path.exists()
    assert file.path == path


def test_only_the_owner_can_read_it(tmp_path: Path, disk: str) -> None:
    assert export(tmp_path, "photo.jpg").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EIO, "disk-failed"),
        (errno.EROFS, "not-writable"),
        (errno.ENODEV, "folder-gone"),
        (errno.EFBIG, "disk-file-limit"),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link", "open"])
def test_errors_are_named_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, code: str
) -> None:
    def fail(*args: object, **kwargs: object) -> int:
        raise OSError(number, "no")

    def act() -> None:
        monkeypatch.setattr(os, call, fail)
        export(tmp_path, "photo.jpg")

    with pytest.raises(Environment) as caught:
        act()
    monkeypatch.undo()
    assert caught.value.code == code
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Environment, match="folder-gone"):
        create_exclusively(tmp_path / "gone", "photo.jpg")
    (tmp_path / "file").touch()
    with pytest.raises(Environment, match="folder-gone"):
        create_exclusively(tmp_path / "file", "photo.jpg")


@pytest.mark.parametrize("disk", ["no links"], indirect=True)
def test_an_error_on_a_memory_stick_takes_the_placeholder_away(
    tmp_path: Path, disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EIO, "no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", fail)
        with pytest.raises(Environment, match="disk-failed"):
            export(tmp_path, "photo.jpg")
    assert names(tmp_path) == []


def test_shorter_names_where_the_disk_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def encrypted_home(source: str, name: str, dst_dir_fd: int) -> None:
        if len(name.encode()) > 143:
            raise OSError(errno.ENAMETOOLONG, "too long")
        real(source, name, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "link", encrypted_home)
    long = "ä" * 200 + ".jpg"
    first, second = export(tmp_path, long), export(tmp_path, long)
    assert first.name.endswith("ä.jpg")
    assert second.name.endswith("ä (2).jpg")
    assert len(second.name.encode()) <= 143


def test_thousands_alike_end_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "MOST_ALIKE", 3)
    for _ in range(3):
        export(tmp_path, "photo.jpg")
    with pytest.raises(Refused, match="name-taken"):
        export(tmp_path, "photo.jpg")
    assert len(names(tmp_path)) == 3


def test_no_descriptor_is_lost(tmp_path: Path, disk: str) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell")
    acts: list[Callable[[], object]] = [
        lambda: export(tmp_path, "photo.jpg"),
        lambda: create_exclusively(tmp_path, "photo.jpg").abort(),
        lambda: create_exclusively(tmp_path, "photo.jpg").commit(),
    ]
    before = len(list(Path("/proc/self/fd").iterdir()))
    for act in acts:
        act()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


KILLED_AT = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from lighttight import files
    if sys.argv[2] == "named":
        os.O_TMPFILE = None
    def hook(name):
        if name == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)
    files.failpoints.arm(hook)
    with files.create_exclusively(Path(sys.argv[1]), "photo.jpg") as file:
        file.write(b"whole")
        file.commit()
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="kills and files without names are Linux's")
@pytest.mark.parametrize("kind", ["named", "unnamed"])
@pytest.mark.parametrize("step", ["created", "synced", "named", "durable"])
def test_a_kill_leaves_a_whole_file_or_one_that_says_that_it_is_not(
    tmp_path: Path, kind: str, step: str
) -> None:
    child = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(tmp_path), kind, f"target.{step}"], check=False
    )
    assert child.returncode == -signal.SIGKILL
    left = names(tmp_path)
    if step in {"named", "durable"}:
        assert left == ["photo.jpg"]
        assert (tmp_path / "photo.jpg").read_bytes() == b"whole"
    elif kind == "unnamed":
        assert left == []
    else:
        assert [name.endswith(".part") for name in left] == [True]


def _fail(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, "the disk is gone")


def _saved(folder: Path, before: Callable[[], None] = lambda: None) -> target.OpenedFile:
    def save() -> None:
        with made:
            before()
            made.commit()

    made = create_exclusively(folder, "a")
    with pytest.raises(Environment, match="disk-failed"):
        save()
    return made


def test_a_name_that_could_not_be_made_durable_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "sync_directory_fd", _fail)
    assert _saved(tmp_path).path is None
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_taken_back_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "sync_directory_fd", _fail)
    made = _saved(tmp_path, lambda: monkeypatch.setattr(os, "unlink", _fail))
    assert made.path == tmp_path / "a"
