"""Durable writing: what an error leaves behind, and in which order the disk is asked."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lighttight import files
from lighttight.errors import Cancelled, Environment, Integrity, LighttightError, Refused
from lighttight.files import durable

WRITE_ERRORS = [
    (errno.ENOSPC, "disk-full"),
    (errno.EDQUOT, "disk-full"),
    (errno.EROFS, "not-writable"),
    (errno.EACCES, "not-writable"),
    (errno.EPERM, "not-writable"),
    (errno.EIO, "disk-failed"),
    (errno.ENODEV, "vault-gone"),
    (errno.ESTALE, "vault-gone"),
    (errno.EFBIG, "disk-file-limit"),
    (errno.EBADF, "disk-error"),
]


def left_overs(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize(("number", "code"), WRITE_ERRORS)
def test_a_failed_call_is_named_and_leaves_the_old_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, code: str
) -> None:
    path = tmp_path / "header"
    path.write_bytes(b"old")

    def fail(*args: object, **kwargs: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if call == "replace":
            patch.setattr(Path, "replace", fail)
        else:
            patch.setattr(os, call, fail)
        with pytest.raises(Environment) as caught:
            files.write_durably(path, b"new")

    assert caught.value.code == code
    assert caught.value.facts["path"] == str(path)
    assert path.read_bytes() == b"old"
    assert left_overs(tmp_path) == ["header"]


def test_a_failed_fsync_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fail_once(fd: int) -> None:
        calls.append(fd)
        if len(calls) == 1:
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(Environment, match="disk-failed"):
        files.write_durably(tmp_path / "header", b"new")
    assert len(calls) == 1


def test_a_failed_fsync_of_the_directory_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, 0

    def fail_second(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.EIO, "gone")
        real(fd)

    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(Environment, match="disk-failed"):
        files.write_durably(tmp_path / "header", b"new")


def test_the_disk_is_asked_in_the_only_safe_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_write, real_fsync, real_replace = os.write, os.fsync, Path.replace

    def write(fd: int, data: memoryview) -> int:
        steps.append("write")
        return real_write(fd, data[:3])

    def fsync(fd: int) -> None:
        kind = "directory" if Path(f"/proc/self/fd/{fd}").is_dir() else "file"
        steps.append(f"fsync {kind}")
        real_fsync(fd)

    def replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    files.write_durably(tmp_path / "header", b"new bytes")
    if sys.platform == "linux":
        assert steps == ["write", "write", "write", "fsync file", "rename", "fsync directory"]
    assert (tmp_path / "header").read_bytes() == b"new bytes"


def test_a_system_that_writes_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", lambda fd, data: 0)
    with pytest.raises(Environment, match="disk-failed"):
        files.write_durably(tmp_path / "header", b"new")


def test_the_vault_pulled_away_is_not_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Environment, match="vault-gone"):
        files.write_durably(tmp_path / "gone" / "header", b"new")
    with pytest.raises(Environment, match="vault-gone"):
        files.sync_directory(tmp_path / "gone")
    with pytest.raises(Environment, match="vault-gone"):
        files.read_bounded(tmp_path / "gone" / "header", 10)
    with pytest.raises(Environment, match="file-missing"):
        files.read_bounded(tmp_path / "header", 10)
    with (
        pytest.raises(Environment, match="folder-gone"),
        files.translating(tmp_path / "gone" / "picture.jpg", gone="folder-gone"),
    ):
        (tmp_path / "gone" / "picture.jpg").read_bytes()


def test_errors_of_the_program_itself_pass_untouched(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="as-it-was"), files.translating(tmp_path):
        raise Refused("as-it-was")


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A limit on file size is the one full disk that needs no privileges."""
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from lighttight import files
        from lighttight.errors import Environment
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        path = Path(sys.argv[1])
        files.write_durably(path, b"a" * 1000)
        try:
            files.write_durably(path, b"b" * 1001)
        except Environment as error:
            print(error.code, path.read_bytes() == b"a" * 1000, len(list(path.parent.iterdir())))
        """
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "header")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "disk-file-limit True 1\n"


def test_only_the_owner_can_read_what_is_written(tmp_path: Path) -> None:
    files.write_durably(tmp_path / "header", b"new")
    assert (tmp_path / "header").stat().st_mode & 0o777 == 0o600


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"untouched")
    path = tmp_path / "header"
    path.symlink_to(elsewhere)
    files.write_durably(path, b"new")
    assert elsewhere.read_bytes() == b"untouched"
    assert not path.is_symlink()


class TestReadBounded:
    def test_too_long_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "header"
        path.write_bytes(b"x" * 11)
        with pytest.raises(Integrity, match="file-oversized"):
            files.read_bounded(path, 10)
        assert files.read_bounded(path, 11) == b"x" * 11

    def test_endless_is_refused(self) -> None:
        with pytest.raises(Refused, match="file-not-regular"):
            files.read_bounded(Path("/dev/zero"), 10)

    def test_link_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_bytes(b"x")
        (tmp_path / "header").symlink_to(tmp_path / "real")
        with pytest.raises(Refused, match="file-is-link"):
            files.read_bounded(tmp_path / "header", 10)

    def test_pipe_is_refused_and_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "header")
        with pytest.raises(Refused, match="file-not-regular"):
            files.read_bounded(tmp_path / "header", 10)

    def test_socket_and_directory_are_refused(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "header"))
            with pytest.raises(LighttightError):
                files.read_bounded(tmp_path / "header", 10)
        with pytest.raises(Refused, match="file-not-regular"):
            files.read_bounded(tmp_path, 10)

    def test_empty_is_empty(self, tmp_path: Path) -> None:
        (tmp_path / "header").touch()
        assert files.read_bounded(tmp_path / "header", 10) == b""


class TestCopy:
    def test_cancelling_leaves_the_target_as_it_was(self, tmp_path: Path) -> None:
        source, target = tmp_path / "source", tmp_path / "to" / "target"
        target.parent.mkdir()
        source.write_bytes(b"n" * (durable.BUFFER + 5))
        target.write_bytes(b"old")

        class Impatient:
            def step(self, done: int, total: int | None = None) -> None:
                if done:
                    raise Cancelled

        with pytest.raises(Cancelled):
            files.copy_file_durably(source, target, Impatient())
        assert target.read_bytes() == b"old"
        assert left_overs(target.parent) == ["target"]

    def test_an_error_names_the_side_that_failed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source, target = tmp_path / "source", tmp_path / "target"
        with pytest.raises(Environment, match="file-missing") as caught:
            files.copy_file_durably(source, target)
        assert caught.value.facts["path"] == str(source)
        source.write_bytes(b"new")
        with pytest.raises(Environment, match="folder-gone"):
            files.copy_file_durably(source, tmp_path / "gone" / "target")

        def fail(fd: int, data: object) -> int:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "write", fail)
        with pytest.raises(Environment, match="disk-full") as caught:
            files.copy_file_durably(source, target)
        assert caught.value.facts["path"] == str(target)
        assert left_overs(tmp_path) == ["source"]

    def test_every_byte_arrives(self, tmp_path: Path) -> None:
        seen: list[tuple[int, int | None]] = []

        class Watching:
            def step(self, done: int, total: int | None = None) -> None:
                seen.append((done, total))

        data = os.urandom(durable.BUFFER * 2 + 17)
        (tmp_path / "source").write_bytes(data)
        done = files.copy_file_durably(tmp_path / "source", tmp_path / "target", Watching())
        assert done == len(data)
        assert (tmp_path / "target").read_bytes() == data
        assert seen[-1] == (len(data), len(data))


def test_cached_pages_are_dropped_and_the_file_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    files.write_durably(path, b"sealed" * 10_000)
    with path.open("rb") as stream:
        assert files.drop_cached_pages(stream.fileno()) is (sys.platform in {"linux", "darwin"})
        assert stream.read() == b"sealed" * 10_000
