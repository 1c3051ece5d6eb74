"""The command line inside the test's process: a password store in memory, a terminal on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from lighttight import session
from lighttight.cli import asking
from lighttight.cli.main import main
from lighttight.errors import Unsupported
from lighttight.media.client import Clean, Finding, Source, Write
from lighttight.model import Place
from tests.support.libraries import StandIn, clip, picture
from tests.support.password_store import MemoryBackend, MemoryStore
from tests.support.program import Ran
from tests.support.vaults import PASSPHRASE, cheap_derivation

Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "lighttight-home"
    monkeypatch.setenv("LIGHTTIGHT_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryBackend]:
    """The password store of this computer; `broken` makes it fail."""
    backend = MemoryBackend()
    monkeypatch.setattr(session, "PasswordStore", lambda: MemoryStore(backend))
    # The test's own process stays as it is.
    monkeypatch.setattr(session, "harden", lambda: session.Hardening(True, True))
    with cheap_derivation():
        yield backend


class Terminal:
    """Somebody at the keyboard: what is asked, and the answers in order."""

    def __init__(self) -> None:
        self.there = False
        self.answers: list[str] = []
        self.asked: list[str] = []

    def types(self, *answers: str) -> None:
        self.there = True
        self.answers += answers

    def answer(self, prompt: str) -> str:
        self.asked.append(prompt)
        assert self.answers, f"nobody answers: {prompt}"
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr(asking, "has_terminal", lambda: terminal.there)
    monkeypatch.setattr(asking, "secret", terminal.answer)
    monkeypatch.setattr(asking, "line", terminal.answer)
    return terminal


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Home.lighttight"


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\n")
    return file


@pytest.fixture
def words_file(tmp_path: Path) -> Path:
    return tmp_path / "words"


@pytest.fixture
def library(run: Run, path: Path, words_file: Path) -> Path:
    """A new library that opens with one click."""
    run("create", path, "--unlock", "keyring", "--recovery-out", words_file).ok()
    return path


class StandInDecoder(StandIn):
    """Its clean copies are the word “clean” and the length of the original; `codec` has none."""

    def __init__(self) -> None:
        super().__init__()
        self.codec = False

    def close(self) -> None:
        pass

    def findings(self, source: Source, **_: object) -> Clean:
        head = source.read(0, 64)
        if self.codec:
            raise Unsupported("media-undecodable", reason="damaged")
        found = (
            Finding("place", "48.21 N, 16.37 W"),
            Finding("device", "Fotograf Dunkel 7"),
            Finding("hidden", ""),
        )
        return Clean("mp4" if head[4:8] == b"ftyp" else "jpeg", found, remuxed=False)

    def clean(self, source: Source, write: Write, **_: object) -> Clean:
        answer = self.findings(source)
        write(memoryview(b"clean %d" % len(source.read(0, source.size))))
        return answer


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> StandInDecoder:
    """No process apart: tests of the command line are not about decoding."""
    decoder = StandInDecoder()
    monkeypatch.setattr("lighttight.session.session.Decoder", lambda: decoder)
    return decoder


@pytest.fixture
def filled(run: Run, library: Path, tmp_path: Path, decoder: StandInDecoder) -> list[str]:
    """The ids of three items: two photos and a video, from `from/`."""
    folder = tmp_path / "from"
    folder.mkdir()
    decoder.taken, decoder.device = datetime(2026, 10, 4, 21, 10, 5), "Fotograf Dunkel 7"
    decoder.place = Place(48.2082, -16.3738)
    for name, data in (("a.jpg", picture(1)), ("b.jpg", picture(2)), ("c.mp4", clip(3))):
        (folder / name).write_bytes(data)
    ran = run("import", folder, "--json").ok()
    return [line["id"] for line in sorted(ran.lines, key=lambda line: line["path"])]
