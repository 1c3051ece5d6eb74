"""Files that hold a passphrase or words: exactly what was written, or a refusal."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from lighttight.cli.asking import LONGEST, passphrase_from, words_from
from lighttight.errors import LighttightError


def code_of(act: object, file: Path | str) -> str:
    with pytest.raises(LighttightError) as caught:
        act(str(file))  # pyright: ignore[reportCallIssue]
    return caught.value.code


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secret"


@pytest.mark.parametrize("act", [passphrase_from, words_from])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, file: Path, act: object) -> None:
    assert code_of(act, file) == "file-not-found"
    assert code_of(act, tmp_path) == "secret-file-unreadable"
    file.write_bytes(b"\xff\xfe")
    assert code_of(act, file) == "passphrase-not-text"
    file.write_bytes(b"x" * (LONGEST + 1))
    assert code_of(act, file) == "secret-file-unreadable"
    assert code_of(act, "with\0zero") == "file-not-found"


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"one two\n", "one two"),
        (b"one two", "one two"),
        (b"one two\r\n", "one two"),
        (b"  spaces count \n", "  spaces count "),
        (b"first\nsecond\n", "first"),
        ("Zoë’s\n".encode(), "Zoë’s"),
    ],
)
def test_the_first_line_is_the_passphrase(file: Path, content: bytes, passphrase: str) -> None:
    file.write_bytes(content)
    assert passphrase_from(str(file)) == passphrase


@pytest.mark.parametrize("act", [passphrase_from, words_from])
def test_nothing_is_no_secret(file: Path, act: object, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"\n")
    assert code_of(act, file) == "secret-empty"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    assert code_of(act, "-") == "secret-empty"


def test_pipe_of_a_shell_is_a_file(file: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"from a pipe\n")
    os.close(write)
    assert passphrase_from(f"/dev/fd/{read}") == "from a pipe"
    os.close(read)


def test_standard_input_is_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(buffer=io.BytesIO(b"first\nsecond\n"))
    monkeypatch.setattr("sys.stdin", given)
    assert [passphrase_from("-"), passphrase_from("-")] == ["first", "second"]


@pytest.mark.parametrize(
    "content",
    [
        "lamp lake boat",
        "lamp\nlake\nboat\n",
        " 1 lamp\n 2 lake\n 3 boat\n",
        "1. lamp 2) lake 3 boat",
    ],
)
def test_words_are_read_however_they_were_written(file: Path, content: str) -> None:
    file.write_text(content)
    assert words_from(str(file)) == "lamp lake boat"
