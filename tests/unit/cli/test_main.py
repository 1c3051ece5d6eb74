"""What a command ends with: one line, an exit code, and nothing else."""

from __future__ import annotations

import ast
import inspect
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from lighttight import messages
from lighttight.cli import main as entry
from lighttight.cli.options import named_path
from lighttight.errors import (
    Cancelled,
    Environment,
    Integrity,
    LighttightError,
    Refused,
    Unsupported,
)
from tests.unit.cli.conftest import Run

CLI = Path(entry.__file__).parent
WITHOUT_LIBRARY = {"demo", "create"}
COMMON = (
    *("--vault", "--json", "--passphrase-file", "--words-file", "--without-anchor"),
    "--accept-older",
)


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(arguments: list[str]) -> int:
        raise error

    monkeypatch.setattr(entry, "_run", run)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("did-not-open"), 3),
        (Environment("keyring-locked"), 4),
        (Integrity("blob-damaged"), 5),
        (Unsupported("vault-newer", version=9), 6),
        (RuntimeError("private"), 1),
        (OSError(5, "private"), 1),
        (LighttightError("nobody-wrote-words"), 1),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, run: Run, error: Exception, code: int, as_json: bool
) -> None:
    failing(monkeypatch, error)
    ran = run("list", *(["--json"] if as_json else []))
    assert ran.code == code
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert "private" not in ran.err
    assert "Traceback" not in ran.err
    if as_json:
        assert ran.error == (error.code if isinstance(error, LighttightError) else "unexpected")
    else:
        assert ran.err.startswith("lighttight: ")


def test_unexpected_error_can_be_searched_for(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    failing(monkeypatch, ZeroDivisionError("private"))
    assert "LT-" in run("list").err


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt(), BrokenPipeError()])
def test_stopping_is_silent(
    monkeypatch: pytest.MonkeyPatch, run: Run, error: BaseException
) -> None:
    monkeypatch.setattr(entry, "_close_for_good", lambda: None)
    failing(monkeypatch, error)
    ran = run("list")
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_hostile_fact_cannot_make_a_second_line(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    failing(monkeypatch, Refused("vault-missing", path="x\nlighttight: all is well\x1b[2J\u202e"))
    for arguments in (["list"], ["list", "--json"]):
        err = run(*arguments).err
        assert len(err.splitlines()) == 1
        assert not {"\x1b", "\u202e"} & set(err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["list", "--frobnicate"],
        ["show"],
        ["import"],
        ["slots", "frobnicate"],
        ["albums", "add"],
        ["list", "--kind", "zebra"],
        ["list", "--limit", "-1"],
        ["create"],
        ["slots", "add", "fido2"],
        [],
    ],
)
def test_wrong_command_is_a_usage_error(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert "--help" in ran.err
    assert run(*arguments, "--json").error == "usage"


def test_help_is_a_command_too(run: Run) -> None:
    assert run("help").ok().out == run("--help").ok().out
    assert run("help", "list").ok().out == run("list", "--help").ok().out
    assert "rotate" in run("help", "slots").ok().out


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["slots", "add", "pin"], "lighttight slots add --help"),
        (["albums", "rename"], "lighttight albums rename --help"),
        (["slots", "foo"], "lighttight slots --help"),
        (["show"], "lighttight show --help"),
        (["foo"], "lighttight --help"),
    ],
)
def test_the_help_that_is_named_is_the_one_that_helps(
    run: Run, arguments: list[str], command: str
) -> None:
    said = run(*arguments).err
    assert said.endswith(f"{command}\n")
    assert "Value error" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", ""],
        ["import", "a.jpg", ""],
        ["list", "--vault", ""],
        ["export", "abcd", "--original", "--to", ""],
        ["backup", ""],
        ["restore", "", "--vault", "x"],
        ["restore", "x", "--vault", ""],
        ["create", ""],
        ["create", "x", "--unlock", "keyring", "--recovery-out", ""],
        ["list", "--passphrase-file", ""],
        ["list", "--words-file", ""],
        ["demo", "--keep", ""],
    ],
)
def test_an_empty_name_is_not_the_folder_that_one_is_in(
    run: Run, library: Path, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "here"
    empty.mkdir()
    monkeypatch.chdir(empty)
    ran = run(*arguments, "--json")
    assert (ran.code, ran.error) == (2, "path-empty")
    assert list(empty.iterdir()) == []


def test_help_names_the_version_and_what_to_type_in_a_checkout(run: Run) -> None:
    ran = run("--help").ok()
    assert "--version" in ran.out
    assert "packaging/run" in ran.out
    assert run("--version").ok().out.startswith("lighttight ")


def test_a_file_name_is_no_command_in_the_hint(run: Run) -> None:
    assert "frob" not in run("frob").err.rpartition("lighttight")[2]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["albums"], ["albums", "list"]),
        (["audit", "--json"], ["audit", "list", "--json"]),
        (["audit", "verify", "--json"], ["audit", "verify", "--json"]),
        (["slots", "add", "keyring"], ["slots", "add", "keyring"]),
        (["slots", "--help"], ["slots", "--help"]),
        (["list", "albums"], ["list", "albums"]),
        ([], []),
    ],
)
def test_a_group_without_an_action_lists(given: list[str], meant: list[str]) -> None:
    assert entry._with_listing(given) == meant


def commands() -> list[list[str]]:
    groups = [
        [name, str(command.name)]
        for name, group in entry.GROUPS.items()
        for command in group.registered_commands
    ]
    return [*([name] for name in entry.COMMANDS), *groups]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_and_the_common_options(run: Run, command: list[str]) -> None:
    ran = run(*command, "--help").ok()
    assert ran.err == ""
    if command[0] not in WITHOUT_LIBRARY:
        assert all(option in ran.out for option in COMMON)


def path_options() -> list[tuple[str, Any]]:
    groups = [one for group in entry.GROUPS.values() for one in group.registered_commands]
    callbacks = [*entry.COMMANDS.values(), *(one.callback for one in groups)]
    return [
        (f"{callback.__name__} {one.name}", one.annotation.__metadata__[0])
        for callback in callbacks
        if callback is not None
        for one in inspect.signature(callback, eval_str=True).parameters.values()
        if "Path" in str(one.annotation)
    ]


def test_the_parser_judges_no_file_and_takes_no_empty_name() -> None:
    """One unreadable file among many would be a usage error, and stop the rest; an empty name
    would be the folder that one is in."""
    assert len(path_options()) > 20
    assert not [name for name, option in path_options() if option.parser is not named_path]


def test_no_secret_can_be_an_argument() -> None:
    """Other programs of the same user read arguments and the environment."""
    for path in CLI.glob("*.py"):
        text = path.read_text()
        assert "LIGHTTIGHT_PASSPHRASE" not in text
        assert '"--passphrase"' not in text


def test_help_does_not_load_the_program() -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lighttight", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"lighttight.session", "cryptography", "apsw", "rich", "keyring", "msgspec"}


def usage_codes() -> list[tuple[str, str, frozenset[str]]]:
    found: list[tuple[str, str, frozenset[str]]] = []
    for path in CLI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id != "Usage":
                    continue
                [code] = node.args
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno}"
                facts = frozenset(str(keyword.arg) for keyword in node.keywords)
                found.append((f"{path.name}:{node.lineno}", str(code.value), facts))
    return found


def test_every_usage_error_has_words_and_the_facts_they_name() -> None:
    assert usage_codes()
    for where, code, facts in usage_codes():
        assert code in messages.WORDS, where
        assert messages.placeholders(messages.WORDS[code]) <= facts, where


def test_end_asked_for_by_the_system_stops_like_the_keyboard(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def told_to_end(arguments: list[str]) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.sigtimedwait([], 5)
        return 0

    monkeypatch.setattr(entry, "_run", told_to_end)
    ran = run("list")
    assert (ran.code, ran.out, ran.err) == (130, "", "")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    # Nothing of it stays behind, also for the one that did not come.
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def options() -> list[tuple[str, Any]]:
    """Every option of every command, with the command."""

    def of(command: Any, name: str) -> list[tuple[str, Any]]:
        if hasattr(command, "commands"):
            parts = command.commands.items()
            return [one for part, below in parts for one in of(below, f"{name} {part}")]
        return [(name, option) for option in command.params]

    return of(get_command(entry.program()), "lighttight")


def test_no_secret_is_typed_where_others_can_read_it() -> None:
    """The command line and the environment of a process can be seen by other programs."""
    secret = re.compile("pass|pin|phrase|words|secret|recovery|key")
    seen = 0
    for command, option in options():
        for name in option.opts:
            if secret.search(name) and not option.is_flag:
                seen += 1
                assert option.metavar == "FILE", f"{command} {name}"
        assert option.envvar in {None, "LIGHTTIGHT_VAULT"}, f"{command} {option.opts}"
    assert seen > 20
