"""Questions in a terminal, and files that hold the answer to one.

A passphrase is never an argument or a variable: other programs of the same user can read both.
Questions go to standard error, so that an answer on standard output stays clean.
"""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Sequence
from typing import Final

from lighttight.cli.options import named_path
from lighttight.errors import Cancelled, Environment, Refused

LONGEST: Final = 64 * 1024
"""Bytes of a file with a secret; more is some other file."""

_NUMBERING: Final = re.compile(r"^\W*\d*\W*$")


def has_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def is_shown() -> bool:
    """Whether what is answered goes to a terminal, and to nobody else."""
    return sys.stdout is not None and sys.stdout.isatty()


def secret(prompt: str) -> str:
    """Something that is typed unseen."""
    try:
        return getpass.getpass(prompt)
    except EOFError as error:
        raise Cancelled from error


def line(prompt: str) -> str:
    """Something that is typed for all to see."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    typed = sys.stdin.readline()
    if not typed:
        raise Cancelled
    return typed.strip()


def agreed(question: str) -> bool:
    """The safe answer is no, and is what Enter means."""
    return line(f"{question} [y/N] ").lower() in {"y", "yes"}


def choice(question: str, answers: Sequence[str]) -> int:
    """The number of the answer that was chosen, from 0."""
    sys.stderr.write(f"{question}\n")
    for number, answer in enumerate(answers, 1):
        sys.stderr.write(f"  {number}  {answer}\n")
    while True:
        typed = line(f"1 to {len(answers)}: ")
        if typed.isdecimal() and 1 <= int(typed) <= len(answers):
            return int(typed) - 1


def passphrase_from(file: str) -> str:
    """The first line of a file, or the next line of standard input."""
    text = _text(sys.stdin.buffer.readline(LONGEST) if file == "-" else _read(file))
    passphrase = text.partition("\n")[0].rstrip("\r")
    if not passphrase:
        raise Refused("secret-empty", source=_source(file))
    return passphrase


def words_from(file: str) -> str:
    """Recovery words, one a line or all in one, numbered or not."""
    text = _text(sys.stdin.buffer.read(LONGEST) if file == "-" else _read(file))
    words = " ".join(part for part in text.split() if not _NUMBERING.match(part))
    if not words:
        raise Refused("secret-empty", source=_source(file))
    return words


def _source(file: str) -> str:
    return "Standard input" if file == "-" else file


def _read(file: str) -> bytes:
    path = named_path(file)
    try:
        if not path.exists():
            raise Refused("file-not-found", path=file)
        # Bounded, and a pipe is fine: <(…) of a shell is one.
        with path.open("rb") as opened:
            data = opened.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        raise Environment("secret-file-unreadable", path=file) from error
    if len(data) > LONGEST:
        raise Environment("secret-file-unreadable", path=file)
    return data


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused("passphrase-not-text") from error
