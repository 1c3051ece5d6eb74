"""What every command that opens a library takes, and the error of a command that was put wrongly.

`with_common` adds these options to a command, which gets them as one value. So they are written
down once, and no command can forget one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from lighttight.cli.screen import Screen
from lighttight.errors import Refused


class Usage(Refused):
    """The command cannot be understood, or lacks something that cannot be asked for here."""

    exit_code: ClassVar[int] = 2


def named_path(text: str) -> Path:
    """A path as it was given; Usage("path-empty") for none.

    `Path("")` is the folder that one is in: with a variable that is not set, `import "$FOLDER"`
    would take in, and perhaps remove, whatever is there. Whether it can be read is ours to say,
    with words of our own, and for one file of many it is no reason to refuse the rest.
    """
    if not text:
        raise Usage("path-empty")
    return Path(text)


JsonFlag = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
PassphraseFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Its first line is the passphrase or PIN; - is standard input."
    ),
]
WordsFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="It holds the recovery words; - is standard input."),
]
WithoutAnchor = Annotated[
    bool,
    typer.Option(
        "--without-anchor",
        help="Go on although this computer's password store cannot take a note. Recorded.",
    ),
]
AcceptOlder = Annotated[
    bool,
    typer.Option("--accept-older", help="Open an older version of the library. Recorded."),
]


@dataclass(frozen=True, slots=True)
class Common:
    """What was given with the command."""

    vault: Path | None = None
    json: bool = False
    passphrase_file: str | None = None
    words_file: str | None = None
    without_anchor: bool = False
    accept_older: bool = False

    @property
    def screen(self) -> Screen:
        return Screen(as_json=self.json)


def _shared(
    vault: Annotated[
        Path | None,
        typer.Option(
            "--vault",
            metavar="PATH",
            envvar="LIGHTTIGHT_VAULT",
            parser=named_path,
            help="The library.",
        ),
    ] = None,
    json: JsonFlag = False,
    passphrase_file: PassphraseFile = None,
    words_file: WordsFile = None,
    without_anchor: WithoutAnchor = False,
    accept_older: AcceptOlder = False,
) -> None:
    del vault, json, passphrase_file, words_file, without_anchor, accept_older


def with_common(command: Callable[..., int]) -> Callable[..., int]:
    """The command as typer sees it: its own parameters, and the shared ones for its `common`."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    shared = list(inspect.signature(_shared, eval_str=True).parameters.values())

    @functools.wraps(command)
    def outer(**given: Any) -> int:
        from lighttight.session import harden

        harden()
        common = Common(**{one.name: given.pop(one.name) for one in shared})
        return command(common, **given)

    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *shared)]
    # typer reads both, and would follow the wrapped function back to its own parameters.
    del outer.__dict__["__wrapped__"]
    outer.__dict__["__signature__"] = inspect.Signature(parameters)
    outer.__annotations__ = {one.name: one.annotation for one in parameters}
    return outer
