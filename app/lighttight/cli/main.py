"""Start a command, and turn what it raised into one line and an exit code.

    0 done · 1 unexpected · 2 usage · 3 refused · 4 environment · 5 integrity · 6 unsupported
    130 cancelled: Ctrl+C, an end asked for by the system, or nobody reads the answer any more

Nothing is left half done by stopping: what is inside a transaction is rolled back, and what was
acknowledged stays.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Annotated, Final

import typer
from typer.main import get_command

from lighttight import __version__
from lighttight.cli import checking, creating, demo, keeping, looking, moving, record, screen, ways
from lighttight.cli.options import Usage
from lighttight.cli.screen import Screen
from lighttight.errors import Cancelled, Environment, LighttightError

UNEXPECTED: Final = 1
CANCELLED: Final = Cancelled.exit_code

COMMANDS: Final = {
    "demo": demo.demo,
    "create": creating.create,
    "unlock": ways.unlock,
    "import": moving.import_files,
    "list": looking.list_items,
    "show": looking.show,
    "export": moving.export,
    "tag": keeping.tag,
    "caption": keeping.caption,
    "favourite": keeping.favourite,
    "delete": keeping.delete,
    "undelete": keeping.undelete,
    "purge": keeping.purge,
    "recover": creating.recover,
    "backup": moving.backup,
    "restore": moving.restore,
    "verify": checking.verify,
    "doctor": checking.doctor,
}
GROUPS: Final = {"albums": keeping.albums, "slots": ways.slots, "audit": record.audit}
"""Commands with actions, which list when they are named without one."""


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lighttight {__version__}")
        raise typer.Exit


def program() -> typer.Typer:
    """Every command, in the order of the help."""
    app = typer.Typer(
        help="Photos and videos, locked on this computer.",
        epilog="In a checkout that is not installed, say packaging/run instead of lighttight.",
        add_completion=False,
        # Plain help answers in a third of the time, and reads well through a pipe.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_whole_program)
    for name, command in COMMANDS.items():
        app.command(name)(command)
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    return app


def _whole_program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_say_version, help="Say which version this is."
        ),
    ] = False,
) -> None:
    del version


def main(arguments: Sequence[str]) -> int:
    """Run one command and answer its exit code."""
    _make_streams_forgiving()
    told = Screen(as_json="--json" in arguments)
    try:
        with _ending_politely():
            code = _run(list(arguments))
            sys.stdout.flush()
            return code
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        return CANCELLED
    except (BrokenPipeError, SystemExit):
        # typer ends the program by itself when nobody reads.
        _close_for_good()
        return CANCELLED
    except typer.TyperException as error:
        told.error(_usage(error, arguments))
        return error.exit_code
    except LighttightError as error:
        _finish_answer()
        told.error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last one who could say anything
        if isinstance(error, OSError) and _came_from_answering(error):
            _close_for_good()
            lost = Environment("answer-lost")
            told.error(lost)
            return lost.exit_code
        _finish_answer()
        told.error(error)
        return UNEXPECTED


def _run(arguments: list[str]) -> int:
    command = get_command(program())
    answer = command.main(_with_listing(arguments), prog_name="lighttight", standalone_mode=False)
    return answer if isinstance(answer, int) else 0


def _with_listing(arguments: list[str]) -> list[str]:
    """`albums --json` means `albums list --json`, and `help list` means `list --help`."""
    if arguments[:1] == ["help"]:
        return [*arguments[1:], "--help"]
    if not arguments or arguments[0] not in GROUPS:
        return arguments
    rest = arguments[1:]
    if not rest or (rest[0].startswith("-") and rest[0] not in {"-h", "--help"}):
        return [arguments[0], "list", *rest]
    return arguments


def _usage(error: typer.TyperException, arguments: Sequence[str]) -> Usage:
    first, second = [*arguments[:2], "", ""][:2]
    named = [first] if first in {*COMMANDS, *GROUPS} else []
    if first in GROUPS and second in {one.name for one in GROUPS[first].registered_commands}:
        named.append(second)
    message = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
    return Usage("usage", message=message, command=" ".join(["lighttight", *named]))


def _make_streams_forgiving() -> None:
    """A name that this terminal's encoding cannot show must not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def _ending_politely() -> Iterator[None]:
    """Being told to end (closing the terminal, shutting down) stops like Ctrl+C does."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in map(_number, names)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _number(name: str) -> signal.Signals:
    return signal.Signals[name]


def _finish_answer() -> None:
    """What was answered so far comes before the line that says why there is no more."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()


def _came_from_answering(error: OSError) -> bool:
    """Whether the error arose where only answers are written, and not where files are.

    The stream itself cannot be asked: it forgets what it failed to write.
    """
    trace, inner = error.__traceback__, ""
    while trace is not None:
        inner, trace = str(trace.tb_frame.f_globals.get("__name__", "")), trace.tb_next
    return inner in {__name__, screen.__name__} or inner.partition(".")[0] in {"typer", "click"}


def _close_for_good() -> None:
    """Nobody reads any more; the interpreter must not try again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
