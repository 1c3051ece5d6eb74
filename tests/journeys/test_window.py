"""The real program on a real screen, with a real password store, by keyboard alone.

A library is made, pictures come in by the command line while the window is open, a video plays,
the key locks, and the program ends as it should. The same once more under strace: nothing is
opened for writing outside the library and the places named here.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttight.session.demo import samples
from tests.support import media_files
from tests.support.availability import needs_programs
from tests.support.canaries import canaries, picture, readable
from tests.support.keyring_daemon import KeyringDaemon
from tests.support.program import Program
from tests.support.screens import PROGRAMS, Driven, Screen

PIN = "481516"

ALLOWED = (
    "/dev/null",
    "/dev/tty",
    # Memory that is shared with the X server and the decoding child; never on a disk.
    "/dev/shm/",
    "/proc/self/",
    # Fontconfig's own list of fonts, where the system's is older than the fonts.
    "{cache}/fontconfig",
    # Compiled shaders of the graphics driver: code, no pictures.
    "{cache}/mesa_shader_cache",
    # Where the sound server's socket would be.
    "{runtime}/pulse",
    # Settings and state of this program.
    "{settings}",
    "{home}/Home library.lighttight",
)


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    needs_programs(*PROGRAMS)
    with Screen() as screen:
        yield screen


@pytest.fixture
def environment(secret_service: KeyringDaemon, tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    for name in ("home", "cache"):
        (tmp_path / name).mkdir(mode=0o700)
    return {
        "DBUS_SESSION_BUS_ADDRESS": secret_service.bus_address,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "LIGHTTIGHT_HOME": str(tmp_path / "settings"),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "phone"
    folder.mkdir()
    for sample in samples():
        (folder / sample.name).write_bytes(sample.data)
    return folder


def create(program: Driven) -> None:
    """Through the welcome without touching the mouse."""
    screen = program.screen
    program.focus()
    program.wait("page", "QuestionPage")
    screen.press("space")
    program.wait("page", "PinPage")
    screen.type(PIN)
    screen.press("Return")
    screen.type(PIN)
    screen.press("Return")
    program.wait("page", "WordsPage")
    screen.press("space")
    program.wait("page", "ConfirmPage")
    for word in program.ask("words"):
        screen.type(word)
        screen.press("Return")
    program.wait("page", "FirstPicturesPage")
    # From the first button round to "Later".
    until_focus(program, "Later", "shift+Tab")
    screen.press("space")
    program.wait("page", "EmptyPage")


def until_focus(program: Driven, name: str, key: str = "Tab") -> None:
    for _ in range(40):
        said = program.ask("focus")
        if said and name in said:
            return
        program.screen.press(key)
    raise AssertionError(f"the keyboard does not reach {name}: at {program.ask('focus')}")


def unlock(program: Driven) -> None:
    program.wait("page", "UnlockPage")
    program.wait("busy", 0)
    program.screen.type(PIN)
    program.screen.press("Return")
    program.wait("page", "LibraryPage")


def play(program: Driven) -> None:
    """The samples lie as they were taken: the video is among them."""
    screen = program.screen
    program.wait("previews", lambda count: count >= 3)
    until_focus(program, "Pictures by month")
    screen.press("Home")
    for _ in range(3):
        screen.press("Return")
        program.wait("page", "QWidget")
        try:
            program.wait("position", lambda seconds: seconds > 0, limit=4)
        except AssertionError:
            screen.press("Escape")
            program.wait("page", "LibraryPage")
            screen.press("Right")
        else:
            return
    raise AssertionError("no video played")


def test_by_keyboard_alone(
    screen: Screen, environment: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    home = Path(environment["HOME"])
    with Driven(screen, environment) as program:
        create(program)
        assert program.ask("colours") > 20, "the screen is not blank"
        [path] = home.glob("*.lighttight")
        secret = tmp_path / "pin"
        secret.write_text(PIN)
        beside = Program(environment)
        beside("import", "--vault", path, "--passphrase-file", secret, folder).ok()
        program.wait("items", 3)
        program.wait("page", "LibraryPage")
        play(program)
        assert program.ask("colours") > 20
        screen.press("ctrl+l")
        program.wait("page", "UnlockPage")
        unlock(program)
        program.wait("items", 3)
        code, errors = program.tell_to_end()
        assert code == 0
        assert "Traceback" not in errors
    # Locked when it ended, and recorded: the next one to open says since when.
    ran = Program(environment)("audit", "--vault", path, "--passphrase-file", secret, "--json")
    assert "closing" in ran.out


@pytest.mark.timeout(300)
def test_planted_strings_are_nowhere_readable_while_a_video_plays(
    screen: Screen, environment: dict[str, str], tmp_path: Path
) -> None:
    words = canaries()

    def some(count: int) -> list[str]:
        return list(itertools.islice(words, count))

    outside = tmp_path / "outside"
    outside.mkdir()
    for _ in range(100):
        [name, *inside] = some(9)
        still = outside / f"{name}.jpg"
        still.write_bytes(picture(inside))
        os.utime(still, (1e9, 1e9))
    [name] = some(1)
    title = (("title", " ".join(some(10))),)
    clip = media_files.Clip("mp4", "libx264", seconds=30, metadata=title)
    behind = media_files.box(b"free", " ".join(some(10)).encode())
    (outside / f"{name}.mp4").write_bytes(media_files.video(clip) + behind)
    assert len(readable(outside)) == 921
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment["TMPDIR"] = str(temporary)
    names = ("HOME", "XDG_CACHE_HOME", "LIGHTTIGHT_HOME", "TMPDIR")
    searched = [
        *(Path(environment[name]) for name in names),
        Path(
            environment["DBUS_SESSION_BUS_ADDRESS"].partition("path=")[2].partition(",")[0]
        ).parent,
    ]
    with Driven(screen, environment) as program:
        create(program)
        [path] = Path(environment["HOME"]).glob("*.lighttight")
        secret = tmp_path / "pin"
        secret.write_text(PIN)
        beside = Program(environment)
        way = ("--vault", path, "--passphrase-file", secret)
        album = " ".join(some(10))
        beside("import", *way, outside, "--album", album, limit=110).ok()
        ids = [line["id"] for line in beside("list", *way, "--json").ok().lines]
        assert len(ids) == 101
        for one in ids[:4]:
            beside("caption", *way, one, " ".join(some(12))).ok()
        tags = [part for _ in range(7) for part in ("--add", " ".join(some(3)))]
        beside("tag", *way, *ids[:3], *tags).ok()
        assert next(words, None) is None
        program.wait("items", 101)
        play(program)
        assert readable(*searched) == {}
        assert program.ask("position") > 0, "it played all the while"
        screen.press("ctrl+l")
        program.wait("page", "UnlockPage")
        program.wait("busy", 0)
        assert readable(*searched) == {}
        code, _ = program.tell_to_end()
        assert code == 0
    assert readable(*searched) == {}


def test_the_program_itself_starts_and_ends(screen: Screen, environment: dict[str, str]) -> None:
    with Driven(screen, environment, module="lighttight") as program:
        program.focus()
        code, errors = program.tell_to_end()
    assert code == 0
    assert errors == ""


OPENED = re.compile(r'(?:open|openat|creat)\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)", ([A-Z_|]+)')
NAMED = re.compile(
    r'(?:mkdir|mkdirat|rename|renameat2?|link|linkat|symlink|symlinkat)\([^"]*"((?:[^"\\]|\\.)*)"'
)


def written(log: Path) -> set[str]:
    """Every absolute path that was opened for writing, or made, by any process of the program."""
    found: set[str] = set()
    for line in log.read_text(errors="replace").splitlines():
        if " = -1 " in line:
            continue
        opened = OPENED.search(line)
        if opened and re.search(r"O_WRONLY|O_RDWR|O_CREAT", opened[2]):
            found.add(opened[1])
        elif named := NAMED.search(line):
            found.add(named[1])
    return found


def test_nothing_is_written_anywhere_else(
    screen: Screen, environment: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    needs_programs("strace")
    log = tmp_path / "strace.log"
    calls = ("open,openat,creat,mkdir,mkdirat", "rename,renameat,renameat2", "link,linkat")
    traced = ",".join((*calls, "symlink,symlinkat"))
    under = ("strace", "-f", "-qq", "-s", "4096", "-o", str(log), "-e", f"trace={traced}")
    with Driven(screen, environment, under=under) as program:
        create(program)
        screen.press("ctrl+o")
        program.wait("focus", lambda said: said and "ile name" in said)
        screen.type(str(folder / "Waves.mp4"))
        screen.press("Return")
        program.wait("items", 1)
        program.wait("importing", wanted=False)
        program.wait("sheet", "1 item imported")
        # A window manager would have given the keyboard back when the dialog closed.
        program.focus()
        screen.press("Escape")
        program.wait("sheet", "")
        program.wait("previews", 1)
        until_focus(program, "Pictures by month")
        screen.press("Home", "Return")
        program.wait("position", lambda seconds: seconds > 0)
        screen.press("ctrl+l")
        program.wait("page", "UnlockPage")
        program.wait("busy", 0)
        code, _ = program.tell_to_end()
        assert code == 0
    names = {
        "home": environment["HOME"],
        "cache": environment["XDG_CACHE_HOME"],
        "settings": environment["LIGHTTIGHT_HOME"],
        "runtime": os.environ["XDG_RUNTIME_DIR"],
    }
    allowed = tuple(one.format(**names) for one in ALLOWED)
    everything = written(log)
    assert any("/blobs/" in one for one in everything), "the log shows nothing"
    # A relative name is one below a folder that was opened before: only the library does that.
    stray = [one for one in everything if one.startswith("/") and not one.startswith(allowed)]
    assert stray == [], "\n".join(stray)
