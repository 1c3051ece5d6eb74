"""From the phone's folder into the library and out again, by the program that people start."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import media_files
from tests.support.availability import needs_programs
from tests.support.keyring_daemon import KeyringDaemon
from tests.support.program import PROGRAM, Program, Ran

CAMERA_FILES = Path(__file__).resolve().parents[3] / "shared" / "media"
HEADERS = Path(__file__).resolve().parents[1] / "vectors" / "header"
# Dozens of processes in one test: slow on a busy machine, and never waiting for anything else.
pytestmark = pytest.mark.timeout(300)

PASSPHRASE = "seven llamas painted the quiet harbour"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def phone_folder(folder: Path) -> dict[str, bytes]:
    """What is on a phone: eight orientations with place and device, HEIC, MOV, MP4, and trouble."""
    files = {f"IMG_{number:04}.JPG": media_files.jpeg(number) for number in range(1, 9)}
    files["IMG_0009.HEIC"] = media_files.heic(6)
    files["IMG_0010.MOV"] = media_files.video(media_files.CLIPS["mov"])
    files["VID_0011.mp4"] = media_files.video(media_files.CLIPS["mp4"])
    files["Screenshot.png"] = media_files.png()
    files["cut off.jpg"] = media_files.jpeg(size=(192, 128))[:700]
    files["cut off.mp4"] = media_files.video(media_files.CLIPS["m4v"])[:2000]
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def export_all(program: Program, to: Path, *more: str | Path) -> Ran:
    ids = [line["id"] for line in program("list", "--json", *more).ok().lines]
    to.mkdir()
    return program("export", *ids, "--to", to, "--original", "--json", *more).ok()


def contents(folder: Path) -> list[str]:
    return sorted(digest(path.read_bytes()) for path in folder.rglob("*") if path.is_file())


class TestPhoneFolder:
    def test_comes_in_right_side_up_and_leaves_byte_for_byte(
        self, program: Program, library: Path, tmp_path: Path
    ) -> None:
        files = phone_folder(tmp_path / "DCIM")
        told = program("import", tmp_path / "DCIM", "--album", "Phone", "--json").ok().lines
        reasons = {Path(line["path"]).name: line["reason"] for line in told}
        assert {line["status"] for line in told} == {"imported"}
        assert {name for name, reason in reasons.items() if reason} == {
            "cut off.jpg",
            "cut off.mp4",
        }
        items = {line["name"]: line for line in program("list", "--json").ok().lines}
        assert set(items) == set(files)
        for number in range(1, 9):
            item = items[f"IMG_{number:04}.JPG"]
            assert (item["width"], item["height"]) == (96, 64)
            assert item["taken"] == media_files.TAKEN.isoformat()
        assert {item["kind"] for name, item in items.items() if name.lower()[-3:] in "mov mp4"} == {
            "video"
        }
        shown = program("show", items["IMG_0001.JPG"]["id"], "--json").ok().document
        assert shown["place"]["latitude"] == pytest.approx(media_files.LATITUDE, abs=1e-4)
        assert shown["device"] == media_files.DEVICE
        assert shown["albums"] == ["Phone"]

        export_all(program, tmp_path / "out")
        for name, data in files.items():
            assert (tmp_path / "out" / name).read_bytes() == data
        report = program("verify", "--deep", "--json").ok().document
        assert (report["sound"], report["items"], report["orphans"]) == (True, len(files), 0)
        again = program("import", tmp_path / "DCIM", "--json").ok().lines
        assert {line["status"] for line in again} == {"duplicate"}

    @pytest.mark.skipif(not CAMERA_FILES.is_dir(), reason="no folder with camera files here")
    def test_real_camera_files(self, program: Program, library: Path, tmp_path: Path) -> None:
        told = program("import", CAMERA_FILES, "--json", limit=110)
        statuses = {Path(line["path"]).name: line["status"] for line in told.lines}
        assert statuses.pop("README.md") == "skipped"
        assert told.code == 3
        assert set(statuses.values()) <= {"imported", "duplicate"}
        for item in program("list", "--json").ok().lines:
            if item["name"].startswith("landscape_"):
                assert item["width"] > item["height"], item["name"]
            if item["name"].startswith("portrait_"):
                assert item["width"] < item["height"], item["name"]
        export_all(program, tmp_path / "out")
        wanted = {
            digest(path.read_bytes())
            for path in CAMERA_FILES.rglob("*")
            if path.is_file() and path.name != "README.md"
        }
        assert set(contents(tmp_path / "out")) == wanted


class TestWaysIn:
    def test_a_life_with_a_passphrase_and_a_pin(self, program: Program, tmp_path: Path) -> None:
        path, words = tmp_path / "v", tmp_path / "words"
        secret = tmp_path / "passphrase"
        secret.write_text(PASSPHRASE)
        program(
            *("create", path, "--unlock", "passphrase", "--passphrase-file", "-"),
            *("--recovery-out", words),
            given=f"{PASSPHRASE}\n",
        ).ok()
        assert program("list", "--json").error == "way-in-not-given"
        wrong = program("list", "--passphrase-file", "-", "--json", given="some other words\n")
        assert (wrong.code, wrong.error) == (3, "did-not-open")
        assert "1 failed try" in program("unlock", "--passphrase-file", secret).ok().err
        # Both on standard input, in the order in which they are needed.
        program(
            *("slots", "add", "keyring+passphrase", "--passphrase-file", "-"),
            *("--new-passphrase-file", "-"),
            given=f"{PASSPHRASE}\n402971\n",
        ).ok()
        program("list", "--passphrase-file", "-", given="402971\n").ok()
        slots = {"+".join(s["factors"]): s["id"] for s in program("slots", "--json").ok().lines}
        program(
            *("slots", "remove", slots["passphrase"], "--words-file", words),
            *("--also-passphrase-file", "-"),
            given="402971\n",
        ).ok()
        gone = program("list", "--passphrase-file", secret, "--json")
        assert (gone.code, gone.error) == (3, "did-not-open")
        program("list", "--passphrase-file", "-", given="402971\n").ok()
        program("recover", "--words-file", words, "--confirm").ok()

    @pytest.mark.parametrize("state", ["locked", "absent"])
    def test_broken_password_store_loses_nothing(
        self,
        program: Program,
        library: Path,
        tmp_path: Path,
        breakable_secret_service: KeyringDaemon,
        state: str,
    ) -> None:
        breakable_secret_service.lock() if state == "locked" else breakable_secret_service.remove()
        before = contents(library)
        ran = program("list", "--json")
        assert (ran.code, ran.error) == (4, f"keyring-{state}")
        assert contents(library) == before
        program("list", "--words-file", tmp_path / "words").ok()

    def test_backup_and_restore(self, program: Program, library: Path, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(media_files.jpeg())
        program("import", tmp_path / "a.jpg").ok()
        program("backup", tmp_path / "disk").ok()
        shutil.rmtree(library)
        program("restore", tmp_path / "disk", "--vault", library).ok()
        export_all(program, tmp_path / "out")
        assert (tmp_path / "out" / "a.jpg").read_bytes() == media_files.jpeg()


class TestBadInput:
    def test_each_file_is_told_by_itself_and_everything_else_goes_on(
        self, program: Program, library: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        good = media_files.jpeg
        size = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
        imported = {
            b"line\nbreak.jpg": good(1),
            "turned\u202egpj.exe.jpg".encode(): good(2),
            b"a" * 251 + b".jpg": good(3),
            b"no \xff\xfe text.jpg": good(4),
            b"-rf.jpg": good(5),
            b"really a png.jpg": media_files.png(),
            b"good.jpg": good(6),
        }
        unshown = {
            b"huge.png": b"\x89PNG\r\n\x1a\n"
            + media_files.png_chunk(b"IHDR", size)
            + media_files.png_chunk(b"IEND", b""),
            b"cut.jpg": good(7)[:300],
        }
        skipped = {
            b"empty.jpg": b"",
            b"page.jpg": b"<html><script>alert(1)</script>",
            b"program.jpg": b"\x7fELF" + bytes(200),
        }
        for name, data in {**imported, **unshown, **skipped}.items():
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(data)
        os.mkfifo(folder / "pipe.jpg")
        (folder / "loop.jpg").symlink_to("loop.jpg")
        (folder / "link.jpg").symlink_to("good.jpg")
        (folder / "around").symlink_to(folder, target_is_directory=True)
        with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket.jpg")
            ran = program("import", folder, "/dev/zero", tmp_path / "gone.jpg", "--json")
        assert ran.code == 4
        told = {os.fsencode(Path(line["path"]).name): line for line in ran.lines}
        assert len(told) == len(ran.lines)

        def statuses(status: str) -> set[bytes]:
            return {name for name, line in told.items() if line["status"] == status}

        assert statuses("imported") == {*imported, *unshown}
        assert {told[name]["reason"] for name in imported} == {None}
        assert {told[name]["reason"] for name in unshown} == {"stored-without-preview"}
        assert statuses("skipped") == set(skipped)
        assert {name: told[name]["reason"] for name in statuses("failed")} == {
            b"pipe.jpg": "file-not-regular",
            b"loop.jpg": "file-is-link",
            b"link.jpg": "file-is-link",
            b"around": "file-is-link",
            b"socket.jpg": "file-not-regular",
            b"zero": "file-not-regular",
            b"gone.jpg": "file-not-found",
        }
        mimes = {line["name"]: line["mime"] for line in program("list", "--json").ok().lines}
        assert mimes["really a png.jpg"] == "image/png"
        report = program("verify", "--deep", "--json").ok().document
        assert (report["sound"], report["orphans"]) == (True, 0)
        export_all(program, tmp_path / "out")
        wanted = sorted(digest(data) for data in (imported | unshown).values())
        assert contents(tmp_path / "out") == wanted
        for path in (tmp_path / "out").iterdir():
            assert path.parent == tmp_path / "out"
            assert not path.name.startswith(("-", "."))
            assert path.name.isprintable()

    def test_without_the_rights(self, program: Program, tmp_path: Path) -> None:
        own = program
        if os.geteuid() == 0:
            needs_programs("setpriv")
            without = "-dac_override,-dac_read_search"
            own = Program(program.environment, before=["setpriv", f"--bounding-set={without}"])
        unreadable, closed = tmp_path / "unreadable.jpg", tmp_path / "closed"
        unreadable.write_bytes(media_files.jpeg())
        unreadable.chmod(0)
        closed.mkdir(mode=0)
        (tmp_path / "good.jpg").write_bytes(media_files.jpeg(2))
        (tmp_path / "read-only").mkdir(mode=0o555)
        path = tmp_path / "v"
        own("create", path, "--unlock", "keyring", "--recovery-out", tmp_path / "w").ok()
        ran = own("import", unreadable, tmp_path / "good.jpg", closed, "--json")
        assert ran.code == 4
        assert {Path(line["path"]).name: line["reason"] for line in ran.lines} == {
            "unreadable.jpg": "file-unreadable",
            "good.jpg": None,
            "closed": "folder-unreadable",
        }
        [item] = own("list", "--json").ok().lines
        to = ("--original", "--to", tmp_path / "read-only", "--json")
        refused = own("export", item["id"], *to)
        assert refused.code == 4
        assert refused.error == "not-writable"
        assert list((tmp_path / "read-only").iterdir()) == []
        words = tmp_path / "read-only" / "w"
        other = tmp_path / "v2"
        made = own("create", other, "--unlock", "keyring", "--recovery-out", words, "--json")
        assert (made.code, made.error) == (4, "not-writable")
        assert not other.exists()
        closed.chmod(0o700)

    @pytest.mark.parametrize(
        ("code", "exit_code"), [("vault-newer", 6), ("header-costs", 5), ("header-damaged", 5)]
    )
    def test_first_page_from_somebody_else(
        self, program: Program, library: Path, code: str, exit_code: int
    ) -> None:
        for path in sorted(HEADERS.glob("*.json")):
            vector = json.loads(path.read_text())
            if vector["expect"] != code:
                continue
            for name in ("header", "header.copy"):
                (library / name).write_bytes(vector["header"].encode("latin-1"))
            ran = program("list", "--json", "--passphrase-file", "-", given="x\n")
            assert (ran.code, ran.error, ran.out) == (exit_code, code, ""), path.name
            if code == "header-damaged":
                break  # a hundred of these are tried below the command line

    def test_what_is_no_library(self, program: Program, library: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        for path, code in (
            (tmp_path / "nowhere", "vault-missing"),
            (tmp_path, "not-a-vault"),
            (tmp_path / "file", "not-a-vault"),
        ):
            ran = program("list", "--vault", path, "--json")
            assert (ran.code, ran.error) == (3, code)
        (library / "catalog.1.db").unlink()
        ran = program("list", "--json")
        assert (ran.code, ran.error) == (5, "catalog-missing")


class TestStopping:
    FILES = 40

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "in"
        folder.mkdir()
        body = media_files.jpeg()
        for number in range(self.FILES):
            # Behind the end of the picture, so that each differs and none costs time to make.
            (folder / f"{number:03}.jpg").write_bytes(body + os.urandom(100_000))
        return folder

    def acknowledged(self, running: subprocess.Popen[str], count: int) -> list[str]:
        assert running.stdout is not None
        return [json.loads(running.stdout.readline())["id"] for _ in range(count)]

    def assert_nothing_lost(
        self, program: Program, folder: Path, saved: list[str], out: Path
    ) -> None:
        items = program("list", "--json").ok().lines
        assert set(saved) <= {item["id"] for item in items}
        report = program("verify", "--deep", "--json").ok().document
        assert (report["sound"], report["orphans"], report["items"]) == (True, 0, len(items))
        told = program("import", folder, "--json").ok().lines
        statuses = sorted(line["status"] for line in told)
        assert statuses == ["duplicate"] * len(items) + ["imported"] * (self.FILES - len(items))
        export_all(program, out)
        assert contents(out) == contents(folder)

    @pytest.mark.parametrize("after", [1, 17])
    def test_killed_in_the_middle_of_an_import(
        self, program: Program, library: Path, folder: Path, tmp_path: Path, after: int
    ) -> None:
        with program.start("import", folder, "--json") as running:
            saved = self.acknowledged(running, after)
            running.kill()
        assert running.returncode == -signal.SIGKILL
        self.assert_nothing_lost(program, folder, saved, tmp_path / "out")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_stopped_in_the_middle_of_an_import(
        self, program: Program, library: Path, folder: Path, tmp_path: Path, number: signal.Signals
    ) -> None:
        with program.start("import", folder, "--json") as running:
            # On a busy machine it would otherwise be done before this process has its turn.
            os.setpriority(os.PRIO_PROCESS, running.pid, 19)
            saved = self.acknowledged(running, 3)
            running.send_signal(number)
            out, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (130, "")
        saved += [json.loads(line)["id"] for line in out.splitlines()]
        assert len(saved) < self.FILES
        assert set(saved) == {item["id"] for item in program("list", "--json").ok().lines}
        self.assert_nothing_lost(program, folder, saved, tmp_path / "out")

    def test_reader_that_goes_away(self, program: Program, library: Path, folder: Path) -> None:
        program("import", folder).ok()
        with program.start("audit", "--json", "--limit", "0") as running:
            assert running.stdout is not None
            running.stdout.close()
            assert running.stderr is not None
            err = running.stderr.read()
        assert (running.returncode, err) == (130, "")


class TestTerminal:
    def test_a_person_makes_a_library(self, program: Program, tmp_path: Path) -> None:
        path = tmp_path / "Mine.lighttight"
        with in_terminal(program, "create", str(path)) as terminal:
            terminal.wait_for("know how to sign in?")
            terminal.wait_for("1 to 2: ")
            terminal.type("2")
            terminal.wait_for("New PIN")
            terminal.type("402971")
            terminal.wait_for("same again")
            terminal.type("402971")
            shown = terminal.rest()
        assert terminal.code == 0, shown
        assert "402971" not in shown
        assert "can see everything" in shown
        program("list", "--passphrase-file", "-", given="402971\n").ok()
        with in_terminal(program, "list", "--vault", str(path)) as terminal:
            terminal.wait_for("PIN")
            terminal.type("402971")
            shown = terminal.rest()
        assert terminal.code == 0
        assert "Nothing is in there yet" in shown

    def test_ctrl_c_at_a_question_is_silent(self, program: Program, tmp_path: Path) -> None:
        with in_terminal(program, "create", str(tmp_path / "v")) as terminal:
            terminal.wait_for("1 to 2: ")
            terminal.type("\x03", end="")
            assert "Traceback" not in terminal.rest()
        assert terminal.code == 130
        assert not (tmp_path / "v").exists()


class Terminal:
    """A command in a terminal of its own, typed into and read."""

    def __init__(self, running: subprocess.Popen[bytes], fd: int) -> None:
        self._running = running
        self._fd = fd
        self._seen = ""
        self.code: int | None = None

    def wait_for(self, text: str) -> None:
        while text not in self._seen:
            part = self._read()
            assert part, f"ended without {text!r}:\n{self._seen}"
            self._seen += part
        self._seen = self._seen.partition(text)[2]

    def type(self, text: str, end: str = "\n") -> None:
        os.write(self._fd, f"{text}{end}".encode())

    def rest(self) -> str:
        while part := self._read():
            self._seen += part
        self.code = self._running.wait(30)
        return self._seen

    def _read(self) -> str:
        try:
            return os.read(self._fd, 4096).decode()
        except OSError:  # how a terminal says that nobody is on the other side any more
            return ""


@contextlib.contextmanager
def in_terminal(program: Program, *arguments: str) -> Iterator[Terminal]:
    near, far = os.openpty()
    # setsid gives the child no terminal, and the first that it opens becomes its own.
    start = ["setsid", "--ctty", *PROGRAM, *arguments]
    with subprocess.Popen(
        start, stdin=far, stdout=far, stderr=far, env={**program.environment, "TERM": "dumb"}
    ) as running:
        os.close(far)
        try:
            yield Terminal(running, near)
        finally:
            if running.poll() is None:
                running.kill()
            os.close(near)


def test_demo_holds_from_beginning_to_end(program: Program, tmp_path: Path) -> None:
    ran = program("demo", "--keep", tmp_path / "demo", "--json", limit=110).ok()
    assert len(ran.lines) == 13
    assert all(line["held"] for line in ran.lines)
    assert not (tmp_path / "lighttight-home" / "settings.json").exists()
    library = tmp_path / "demo" / "Demo.lighttight"
    assert len(program("list", "--vault", library, "--json").ok().lines) == 3
    assert program("demo", "--keep", tmp_path / "demo", "--json").error == "path-exists"


def test_demo_leaves_nothing_behind(
    program: Program, tmp_path: Path, secret_service: KeyringDaemon
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    before = secret_service.labels()
    ran = program("demo", TMPDIR=str(place), limit=110).ok()
    assert "Every step held." in ran.out
    assert list(place.iterdir()) == []
    assert secret_service.labels() == before
