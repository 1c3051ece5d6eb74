"""Files that come in: everything that is not a plain, steady file is told apart and not read."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from lighttight.errors import Environment, LighttightError, Refused
from lighttight.files import Problem, open_source, source, walk

CODES = dict[str, str]


def found(paths: Iterable[Path | str], top: Path) -> tuple[list[str], CODES]:
    """Names of the files below `top` in the order of the walk, and the codes of the problems."""
    names: list[str] = []
    problems: CODES = {}
    for each in walk(paths):
        if isinstance(each, Problem):
            problems[str(each.path.relative_to(top))] = each.error.code
        else:
            names.append(str(each.relative_to(top)))
    return names, problems


def tree(top: Path, *names: str) -> None:
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def unprivileged() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() != 0


class TestOpening:
    def test_link_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "private").write_bytes(b"secret")
        (tmp_path / "photo.jpg").symlink_to(tmp_path / "private")
        with pytest.raises(Refused, match="file-is-link"):
            open_source(tmp_path / "photo.jpg")

    def test_link_that_takes_the_files_place_at_the_last_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "photo.jpg"
        path.write_bytes(b"x")
        (tmp_path / "private").write_bytes(b"secret")
        real = os.lstat

        def exchanged(name: Path) -> os.stat_result:
            seen = real(name)
            path.unlink()
            path.symlink_to(tmp_path / "private")
            return seen

        monkeypatch.setattr(os, "lstat", exchanged)
        with pytest.raises(Refused, match="file-is-link"):
            open_source(path)

    def test_pipe_is_refused_without_waiting(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "photo.jpg")
        with pytest.raises(Refused, match="file-not-regular"):
            open_source(tmp_path / "photo.jpg")

    def test_pipe_that_takes_the_files_place_at_the_last_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "photo.jpg"
        path.write_bytes(b"x")
        real = os.lstat

        def exchanged(name: Path) -> os.stat_result:
            seen = real(name)
            path.unlink()
            os.mkfifo(path)
            return seen

        monkeypatch.setattr(os, "lstat", exchanged)
        with pytest.raises(Refused, match="file-not-regular"):
            open_source(path)

    @pytest.mark.parametrize("path", ["/dev/zero", "/dev/tty", "/dev"])
    def test_device_and_folder_are_refused(self, path: str) -> None:
        with pytest.raises(Refused, match="file-not-regular"):
            open_source(Path(path))

    def test_a_device_is_not_even_opened(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Opening alone does something to some: a tape rewinds, a port hangs up."""
        monkeypatch.delattr(os, "open")
        with pytest.raises(Refused, match="file-not-regular"):
            open_source(Path("/dev/null"))

    def test_socket_is_refused(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "photo.jpg"))
            with pytest.raises(Refused, match="file-not-regular"):
                open_source(tmp_path / "photo.jpg")

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(Refused, match="file-not-found"):
            open_source(tmp_path / "photo.jpg")
        tree(tmp_path, "file")
        with pytest.raises(Refused, match="file-not-found"):
            open_source(tmp_path / "file" / "photo.jpg")

    def test_unreadable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tree(tmp_path, "photo.jpg")

        def denied(*args: object) -> int:
            raise PermissionError(13, "no")

        monkeypatch.setattr(os, "open", denied)
        with pytest.raises(Environment, match="file-unreadable"):
            open_source(tmp_path / "photo.jpg")

    def test_unreadable_for_real(self, tmp_path: Path) -> None:
        if not unprivileged():
            pytest.skip("the superuser may read everything")
        tree(tmp_path, "photo.jpg")
        (tmp_path / "photo.jpg").chmod(0)
        with pytest.raises(Environment, match="file-unreadable"):
            open_source(tmp_path / "photo.jpg")

    def test_a_failing_disk_while_reading(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree(tmp_path, "photo.jpg")

        def failing(*args: object) -> bytes:
            raise OSError(5, "no")

        with open_source(tmp_path / "photo.jpg") as opened:
            monkeypatch.setattr(os, "pread", failing)
            with pytest.raises(Environment, match="file-unreadable"):
                opened.read(0, 1)

    def test_no_refusal_leaves_a_descriptor(self, tmp_path: Path) -> None:
        if not Path("/proc/self/fd").exists():
            pytest.skip("this system does not tell")
        before = len(list(Path("/proc/self/fd").iterdir()))
        os.mkfifo(tmp_path / "pipe")
        for name in ("pipe", "missing", "."):
            with pytest.raises(LighttightError):
                open_source(tmp_path / name)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestReading:
    def test_by_position(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        data = os.urandom(100_000)
        (tmp_path / "photo.jpg").write_bytes(data)
        real = os.pread
        # A system may answer less than was asked for.
        monkeypatch.setattr(os, "pread", lambda fd, count, at: real(fd, min(count, 999), at))
        with open_source(tmp_path / "photo.jpg") as opened:
            assert opened.size == len(data)
            assert opened.read(70_000, 20_000) == data[70_000:90_000]
            assert opened.read(0, 100_000) == data
            assert opened.read(99_990, 100) == data[99_990:]
            assert opened.read(100_000, 1) == b""
            assert opened.read(0, 0) == b""
            assert not opened.changed()
            opened.check()
        opened.close()

    @pytest.mark.parametrize("change", ["grow", "shrink", "rewrite", "remove", "move"])
    def test_a_file_that_changes_is_noticed(self, tmp_path: Path, change: str) -> None:
        path = tmp_path / "video.mp4"
        path.write_bytes(b"begin")
        # The clock of a file system moves in steps; what is old shows every change.
        os.utime(path, ns=(1, 1))
        with open_source(path) as opened:
            assert opened.read(0, 5) == b"begin"
            match change:
                case "grow":
                    with path.open("ab") as file:
                        file.write(b"more")
                case "shrink":
                    os.truncate(path, 2)
                case "rewrite":
                    path.write_bytes(b"other")
                case "remove":
                    os.link(path, tmp_path / "kept")
                    path.unlink()
                case _:
                    path.rename(tmp_path / "moved")
            if change in {"remove", "move"}:
                # Content and times of modification are as before; only the change time tells.
                assert os.fstat(opened.fd).st_mtime_ns == 1
            with pytest.raises(Refused, match="file-changed"):
                opened.check()


class TestWalk:
    def test_what_is_not_a_file_is_reported_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        tree(tmp_path, "a.jpg", "z.jpg", "elsewhere/private.jpg")
        inside = tmp_path / "folder"
        tree(inside, "b.jpg", "y.jpg")
        os.mkfifo(inside / "pipe")
        (inside / "link.jpg").symlink_to(tmp_path / "a.jpg")
        (inside / "dangling").symlink_to(tmp_path / "nothing")
        (inside / "linked").symlink_to(tmp_path / "elsewhere")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(inside / "socket"))
            names, problems = found([inside], inside)
        assert names == ["b.jpg", "y.jpg"]
        assert problems == {
            "pipe": "file-not-regular",
            "socket": "file-not-regular",
            "link.jpg": "file-is-link",
            "linked": "file-is-link",
            "dangling": "file-is-link",
        }

    def test_loops_end(self, tmp_path: Path) -> None:
        tree(tmp_path, "deep/er/a.jpg")
        (tmp_path / "deep/er/up").symlink_to(tmp_path)
        (tmp_path / "self").symlink_to(tmp_path / "self")
        names, problems = found([tmp_path, tmp_path], tmp_path)
        assert names == ["deep/er/a.jpg"]
        assert problems == {"deep/er/up": "file-is-link", "self": "file-is-link"}
        assert [p.error.code for p in walk([tmp_path / "self"]) if isinstance(p, Problem)] == [
            "file-is-link"
        ]

    def test_the_persons_own_link_is_resolved_once(self, tmp_path: Path) -> None:
        tree(tmp_path, "real/a.jpg", "b.jpg")
        (tmp_path / "Pictures").symlink_to(tmp_path / "real")
        (tmp_path / "b-link.jpg").symlink_to(tmp_path / "b.jpg")
        (tmp_path / "real" / "inner").symlink_to(tmp_path / "b.jpg")
        names, problems = found([tmp_path / "Pictures", tmp_path / "b-link.jpg"], tmp_path)
        assert names == ["real/a.jpg", "b.jpg"]
        assert problems == {"real/inner": "file-is-link"}

    def test_missing_and_impossible_paths(self, tmp_path: Path) -> None:
        tree(tmp_path, "a.jpg")
        given = [tmp_path / "missing", tmp_path / "nul\0byte", tmp_path / "a.jpg"]
        outcomes = list(walk(given))
        assert [o.error.code for o in outcomes if isinstance(o, Problem)] == ["file-not-found"] * 2
        assert outcomes[-1] == tmp_path / "a.jpg"

    @pytest.mark.parametrize("special", ["/dev/null", "/dev/zero"])
    def test_a_device_given_by_hand(self, special: str) -> None:
        (outcome,) = walk([special])
        assert isinstance(outcome, Problem)
        assert outcome.error.code == "file-not-regular"

    def test_depth_is_bounded(self, tmp_path: Path) -> None:
        path = tmp_path
        for _ in range(source.DEPTH + 3):
            path = path / "d"
            path.mkdir()
        tree(path, "lost.jpg")
        tree(tmp_path / "/".join("d" * source.DEPTH), "reached.jpg")
        names, problems = found([tmp_path], tmp_path)
        assert [Path(name).name for name in names] == ["reached.jpg"]
        assert list(problems.values()) == ["folder-too-deep"]

    def test_a_folder_that_cannot_be_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
        real = os.scandir

        def denied(path: Path) -> object:
            if path.name == "b":
                raise PermissionError(13, "no")
            return real(path)

        monkeypatch.setattr(os, "scandir", denied)
        names, problems = found([tmp_path], tmp_path)
        assert names == ["a/1.jpg", "c/3.jpg"]
        assert problems == {"b": "folder-unreadable"}

    def test_what_disappears_meanwhile(self, tmp_path: Path) -> None:
        tree(tmp_path, "a.jpg", "b.jpg", "c/d.jpg")
        walking = walk([tmp_path])
        assert next(walking) == tmp_path / "a.jpg"
        (tmp_path / "b.jpg").unlink()
        (tmp_path / "c" / "d.jpg").unlink()
        (tmp_path / "c").rmdir()
        assert [o.error.code for o in walking if isinstance(o, Problem)] == ["file-not-found"] * 2

    def test_libraries_and_litter_are_passed_over(self, tmp_path: Path) -> None:
        tree(
            tmp_path,
            *("a.jpg", ".DS_Store", "Thumbs.db", "._a.jpg", "desktop.ini", ".nomedia"),
            *(".thumbnails/1.jpg", "@eaDir/a.jpg/SYNOPHOTO.jpg", ".Trash-1000/files/x.jpg"),
            *("$RECYCLE.BIN/x.jpg", "System Volume Information/x"),
            *("Mine.lighttight/header", "Mine.lighttight/blobs/ab/abcd"),
            # Only looks like one, and holds somebody's pictures.
            "Not.lighttight/b.jpg",
            ".hidden.jpg",
        )
        names, problems = found([tmp_path], tmp_path)
        assert names == [".hidden.jpg", "Not.lighttight/b.jpg", "a.jpg"]
        assert problems == {}
        _, problems = found([tmp_path / "Mine.lighttight"], tmp_path)
        assert problems == {"Mine.lighttight": "path-is-vault"}

    @pytest.mark.parametrize("name", ["header", "header.copy"])
    def test_a_library_under_any_name_is_one(self, tmp_path: Path, name: str) -> None:
        tree(tmp_path, "mine/blobs/ab/abc", "a.jpg")
        (tmp_path / "mine" / name).write_bytes(b"lighttight-vault 1\n")
        assert found([tmp_path / "mine"], tmp_path) == ([], {"mine": "path-is-vault"})
        assert found([tmp_path], tmp_path) == (["a.jpg"], {})

    def test_a_folder_with_any_other_header_is_read(self, tmp_path: Path) -> None:
        tree(tmp_path, "mine/blobs/ab.jpg", "mine/header", "other/header/a.jpg", "pipe/a.jpg")
        os.mkfifo(tmp_path / "pipe" / "header")
        names, problems = found([tmp_path], tmp_path)
        assert names == ["mine/blobs/ab.jpg", "mine/header", "other/header/a.jpg", "pipe/a.jpg"]
        assert problems == {"pipe/header": "file-not-regular"}

    def test_the_order_is_that_of_names_and_of_the_person(self, tmp_path: Path) -> None:
        tree(tmp_path, "2/b.jpg", "2/a.jpg", "1/z.jpg", "10/x.jpg", "é.jpg", "B.jpg", "a.jpg")
        names, _ = found([tmp_path], tmp_path)
        assert names == ["1/z.jpg", "10/x.jpg", "2/a.jpg", "2/b.jpg", "B.jpg", "a.jpg", "é.jpg"]
        names, _ = found([tmp_path / "a.jpg", tmp_path / "2", tmp_path / "1"], tmp_path)
        assert names == ["a.jpg", "2/a.jpg", "2/b.jpg", "1/z.jpg"]

    def test_a_folder_given_twice_is_entered_once(self, tmp_path: Path) -> None:
        tree(tmp_path, "in/a.jpg")
        names, _ = found([tmp_path, tmp_path / "in"], tmp_path)
        assert names == ["in/a.jpg"]

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
    def test_names_that_are_no_text(self, tmp_path: Path) -> None:
        hostile = [b"\xff\xfe.jpg", b"new\nline.jpg", b"-rf.jpg", b"\xe2\x80\xaegpj.exe"]
        for name in hostile:
            Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"x")  # noqa: PTH118
        outcomes = [each for each in walk([tmp_path]) if isinstance(each, Path)]
        assert [os.fsencode(path.name) for path in outcomes] == sorted(hostile)
        for path in outcomes:
            with open_source(path) as opened:
                assert opened.read(0, 10) == b"x"

    def test_a_thousand_folders_deep_is_no_stack_overflow(self, tmp_path: Path) -> None:
        # Made in another process, because the path is longer than any call takes.
        program = "import os, sys\nos.chdir(sys.argv[1])\n"
        program += "for _ in range(1200): os.mkdir('d'); os.chdir('d')"
        subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
        _, problems = found([tmp_path], tmp_path)
        assert list(problems.values()) == ["folder-too-deep"]
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
