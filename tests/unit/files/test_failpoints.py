"""Failpoints: inert until armed, complete when armed, and able to kill."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import lighttight
from lighttight import files
from lighttight.files import failpoints


@pytest.fixture(autouse=True)
def inert() -> Iterator[None]:
    yield
    failpoints.disarm()


def test_an_undeclared_name_is_found_when_armed() -> None:
    files.failpoint("nobody-declared-this")
    failpoints.arm(lambda name: None)
    with pytest.raises(LookupError):
        files.failpoint("nobody-declared-this")


def test_a_name_is_declared_once() -> None:
    registry = failpoints.Registry()
    registry.declare("a", "b")
    with pytest.raises(LookupError):
        registry.declare("b")
    assert list(registry) == ["a", "b"]


def test_every_step_of_a_write_is_counted_in_order(tmp_path: Path) -> None:
    seen: list[str] = []
    failpoints.arm(seen.append)
    files.write_durably(tmp_path / "header", b"new")
    failpoints.disarm()
    files.write_durably(tmp_path / "header", b"newer")
    assert seen == [
        "files.created",
        "files.written",
        "files.synced",
        "files.renamed",
        "files.directory-synced",
    ]
    assert failpoints.hits() == dict.fromkeys(seen, 1)
    failpoints.arm(seen.append)
    assert failpoints.hits() == {}


KILLED_AT = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from lighttight import files
    left = int(sys.argv[2])
    def hook(name):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    files.failpoints.arm(hook)
    files.write_durably(Path(sys.argv[1]), b"new")
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", range(1, 6))
def test_a_kill_at_each_step_leaves_the_old_bytes_or_the_new(tmp_path: Path, step: int) -> None:
    path = tmp_path / "header"
    path.write_bytes(b"old")
    child = subprocess.run([sys.executable, "-c", KILLED_AT, str(path), str(step)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert path.read_bytes() == (b"old" if step <= 3 else b"new")
    # What an interrupted write leaves is recognised by its name, and does not stop the next one.
    others = [entry.name for entry in tmp_path.iterdir() if entry != path]
    assert all(name.endswith(files.PART) for name in others)
    files.write_durably(path, b"newest")
    assert path.read_bytes() == b"newest"


PACKAGE = Path(lighttight.__file__).parent


def called(tree: ast.Module, name: str) -> Iterator[str | None]:
    """The arguments of every call of `name` in a module; None for one that is not a literal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {name, f"files.{name}"}:
            for argument in node.args:
                literal = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                yield str(ast.literal_eval(argument)) if literal else None


def unfit(tree: ast.Module) -> set[str | None]:
    """Names that are hit and not declared in the module, declared and never hit, or computed."""
    hit = set(called(tree, "failpoint"))
    declared = set(called(tree, "FAILPOINTS.declare"))
    return hit ^ declared | ({None} & hit)


@pytest.mark.parametrize(
    "text",
    [
        "failpoint('a')",
        "FAILPOINTS.declare('a')",
        "FAILPOINTS.declare('a')\nfailpoint('b')",
        "failpoint(name)\nFAILPOINTS.declare(name)",
        "FAILPOINTS.declare('a')\nfiles.failpoint('a' + b)",
    ],
)
def test_an_unfit_name_is_found(text: str) -> None:
    assert unfit(ast.parse(text))


@pytest.mark.parametrize(
    "path",
    sorted(PACKAGE.rglob("*.py")),
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_every_module_declares_what_it_hits(path: Path) -> None:
    """A campaign kills at every declared name: one that is missing is a step nobody has tried."""
    if path.name != "failpoints.py":
        assert not unfit(ast.parse(path.read_text(encoding="utf-8")))
