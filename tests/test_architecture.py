"""The house keeps its shape: direction of imports, words for every error, purity, pins, length.

The contracts themselves run in the session `check`. Here each is seen to fail: a violation is
planted in a copy of the package, and the linter has to find it. A contract that nothing can break
protects nothing.
"""

from __future__ import annotations

import ast
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lighttight import errors, messages

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "app" / "lighttight"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {entry["id"]: entry["name"] for entry in CONFIG["tool"]["importlinter"]["contracts"]}
LONGEST_MODULE = 600


@dataclass(frozen=True)
class Module:
    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        parts = ("lighttight", *self.path.relative_to(PACKAGE).with_suffix("").parts)
        return ".".join(parts).removesuffix(".__init__")

    def is_in(self, *packages: str) -> bool:
        return any(
            self.name == package or self.name.startswith(f"{package}.") for package in packages
        )

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every absolute name that is imported, anywhere in the file, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node.lineno
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield node.module, node.lineno
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno

    def where(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


def read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, ast.parse(text, str(path)), text.count("\n"))


MODULES = [read(path) for path in sorted(PACKAGE.rglob("*.py"))]


# --- Contracts, each seen to fail


PLANTS = [
    ("layers", "a room looks up", {"model.py": "import lighttight.progress\n"}),
    (
        "layers",
        "a room looks up, hidden in a function",
        {"vault/planted.py": "def late():\n    from lighttight import session\n", "session.py": ""},
    ),
    (
        "layers",
        "neighbours that must not know each other",
        {"media/planted.py": "import lighttight.sealed.planted\n", "sealed/planted.py": ""},
    ),
    ("layers", "a room that is not in the plan", {"helpers.py": ""}),
    (
        "shells",
        "the window reaches past the session",
        {"ui/planted.py": "import lighttight.vault.planted\n", "vault/planted.py": ""},
    ),
    (
        "shells",
        "the command line reaches past the session",
        {"cli/planted.py": "import lighttight.audit.planted\n", "audit/planted.py": ""},
    ),
    (
        "shells",
        "a room that nobody listed is forbidden too",
        {"cli/planted.py": "from lighttight.response import planted\n", "response/planted.py": ""},
    ),
    ("shells", "one shell uses the other", {"ui/planted.py": "import lighttight.cli\n"}),
    ("qt", "Qt below the window", {"library/planted.py": "from PySide6 import QtCore\n"}),
    ("qt", "Qt in the command line", {"cli/planted.py": "import shiboken6\n"}),
    ("decoders", "Pillow in the library", {"library/planted.py": "from PIL import Image\n"}),
    ("decoders", "a video decoder in the window", {"ui/planted.py": "import av\n"}),
    ("decoders", "the preview decodes", {"media/preview.py": "import rawpy\n"}),
    (
        "relay",
        "the relay looks into the vault",
        {"relay/planted.py": "import lighttight.vault.planted\n", "vault/planted.py": ""},
    ),
    (
        "relay",
        "the relay looks into the library",
        {"relay/planted.py": "import lighttight.library.planted\n", "library/planted.py": ""},
    ),
    ("sealed", "encryption opens a socket", {"sealed/planted.py": "import socket\n"}),
    ("sealed", "encryption looks at the clock", {"sealed/planted.py": "from time import time\n"}),
    (
        "sealed",
        "encryption touches the disk by way of another room",
        {"sealed/planted.py": "import lighttight.files\n", "files.py": "import os\n"},
    ),
]


def lint(contract: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"),
            *("--no-cache", "--contract", contract),
        ],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory / "app"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(PACKAGE, tmp_path / "app" / "lighttight", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("contract", "files"),
    [pytest.param(contract, files, id=f"{contract}: {what}") for contract, what, files in PLANTS],
)
def test_contract_finds_a_planted_violation(
    copy: Path, contract: str, files: dict[str, str]
) -> None:
    for name, text in files.items():
        path = copy / "app" / "lighttight" / name
        if path.name != "__init__.py" and path.parent != copy / "app" / "lighttight":
            path.parent.mkdir(exist_ok=True)
            (path.parent / "__init__.py").touch()
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{text}")
    result = lint(contract, copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{CONTRACTS[contract]} BROKEN" in result.stdout, result.stdout + result.stderr


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _, _ in PLANTS} == set(CONTRACTS)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_contract_holds_without_a_violation(copy: Path, contract: str) -> None:
    result = lint(contract, copy)
    assert result.returncode == 0, result.stdout + result.stderr


# --- The same fences over the syntax tree, where the linter sees only part


FORBIDDEN_IN_SEALED = (
    *("asyncio", "concurrent", "http", "io", "logging", "mmap", "multiprocessing", "os"),
    *("pathlib", "random", "secrets", "select", "selectors", "shutil", "signal", "socket"),
    *("sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid"),
)
CLOCKS = {"now", "utcnow", "today"}


def planted(name: str, text: str) -> Module:
    return Module(PACKAGE / name, ast.parse(text), text.count("\n"))


def impurities(module: Module) -> list[str]:
    found = [
        f"{module.where(line)} imports {name}"
        for name, line in module.imports()
        if name.partition(".")[0] in FORBIDDEN_IN_SEALED
    ]
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ("open", "__import__", "print"):
            found.append(f"{module.where(node.lineno)} calls {node.func.id}")
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            found.append(f"{module.where(node.lineno)} reads a clock")
    return found


@pytest.mark.parametrize(
    "text", ["import os", "import os.path", "from socket import socket", "open('x')", "d.now()"]
)
def test_impurity_is_found(text: str) -> None:
    assert impurities(planted("sealed/planted.py", text))


def test_sealed_is_pure() -> None:
    found = [
        line
        for module in MODULES
        if module.is_in("lighttight.sealed")
        for line in impurities(module)
    ]
    assert not found


def importers(modules: list[Module], *packages: str) -> list[str]:
    return [
        module.where(line)
        for module in modules
        for name, line in module.imports()
        if name in packages or name.startswith(tuple(f"{package}." for package in packages))
    ]


def test_qt_in_the_window_only() -> None:
    bad = planted("vault/planted.py", "def f():\n    import PySide6.QtCore")
    assert importers([bad], "PySide6")
    below = [module for module in MODULES if not module.is_in("lighttight.ui")]
    assert not importers(below, "PySide6", "shiboken6")


def test_nobody_imports_the_decoding_processes() -> None:
    """They are exec'd. Whoever imports them has decoders in a process that may hold keys."""
    apart = ("lighttight.media.worker", "lighttight.media.broker")
    bad = planted("media/planted.py", "from lighttight.media import worker")
    assert importers([bad], *apart)
    others = [module for module in MODULES if not module.is_in(*apart)]
    assert not importers(others, *apart)


def test_errors_and_values_use_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names
    ground = [module for module in MODULES if module.is_in("lighttight.errors", "lighttight.model")]
    assert len(ground) == 2
    found = [
        f"{module.where(line)} imports {name}"
        for module in ground
        for name, line in module.imports()
        if name.partition(".")[0] not in allowed
    ]
    assert not found


# --- Errors have words


BRANCHES = {"Refused", "Environment", "Integrity", "Unsupported"}


@dataclass(frozen=True)
class Raised:
    where: str
    codes: tuple[str, ...] | None  # None: not a literal
    facts: frozenset[str] | None  # None: cannot be told (**facts)


def literal_codes(node: ast.expr) -> tuple[str, ...] | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.IfExp):
        either = literal_codes(node.body)
        other = literal_codes(node.orelse)
        return either + other if either is not None and other is not None else None
    return None


def raised_in(module: Module) -> list[Raised]:
    found: list[Raised] = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        where = module.where(node.lineno)
        if name == "LighttightError":
            found.append(Raised(where, None, None))
        if name not in BRANCHES:
            continue
        codes = literal_codes(node.args[0]) if node.args else None
        keywords = [keyword.arg for keyword in node.keywords]
        told = frozenset(key for key in keywords if key is not None)
        found.append(Raised(where, codes, None if None in keywords else told))
    return found


RAISED = [raised for module in MODULES for raised in raised_in(module)]


@pytest.mark.parametrize(
    "text",
    [
        "Refused(code)",
        "errors.Refused(f'{x}')",
        "LighttightError('x')",
        "Integrity('a' if b else c)",
    ],
)
def test_code_that_is_not_a_literal_is_found(text: str) -> None:
    assert raised_in(planted("planted.py", text))[0].codes is None


def test_branches_are_the_tree() -> None:
    tree = {branch.__name__ for branch in errors.LighttightError.__subclasses__()}
    assert tree == BRANCHES


def test_codes_are_literals() -> None:
    assert RAISED
    assert not [raised.where for raised in RAISED if raised.codes is None]


def test_codes_are_kebab_case() -> None:
    codes = {*messages.WORDS, *(code for raised in RAISED for code in raised.codes or ())}
    bad = [code for code in codes if not code.replace("-", "").isalnum() or code != code.lower()]
    assert not bad


def test_every_error_has_words() -> None:
    silent = [
        f"{raised.where} {code}"
        for raised in RAISED
        for code in raised.codes or ()
        if code not in messages.WORDS
    ]
    assert not silent


def test_every_text_gets_the_facts_that_it_names() -> None:
    missing = [
        f"{raised.where} {code}: {', '.join(sorted(lacking))}"
        for raised in RAISED
        for code in raised.codes or ()
        if raised.facts is not None and code in messages.WORDS
        if (lacking := messages.placeholders(messages.WORDS[code]) - raised.facts)
    ]
    assert not missing


def test_no_code_stands_in_two_sections() -> None:
    assert sum(len(section) for section in messages.SECTIONS) == len(messages.WORDS)


# --- Length


def too_long(module: Module) -> bool:
    docstring = ast.get_docstring(module.tree) or ""
    said_why = any(line.startswith("Length:") for line in docstring.splitlines())
    return module.lines > LONGEST_MODULE and not said_why


def test_long_modules_say_why() -> None:
    assert too_long(planted("planted.py", '"""Much."""\n' + "\n" * LONGEST_MODULE))
    assert not too_long(planted("planted.py", '"""Much.\n\nLength: a table."""\n' + "\n" * 700))
    assert not [module.name for module in MODULES if too_long(module)]


def test_every_module_says_what_it_is() -> None:
    assert not [module.name for module in MODULES if ast.get_docstring(module.tree) is None]


# --- Pins


@pytest.mark.parametrize("package", ["PySide6-Essentials", "PySide6-Addons", "shiboken6"])
def test_qt_is_the_version_that_counts_references_right(package: str) -> None:
    """6.12.0 loses a reference to None at every call without a result; see tests/gui."""
    assert importlib.metadata.version(package) == "6.11.2"


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-test.txt"):
        lock = (ROOT / "packaging" / name).read_text(encoding="utf-8")
        assert "://" not in lock
        assert "--index" not in lock
        packages = [block for block in lock.split("\n") if block[:1].isalnum()]
        assert packages
        assert all(line.endswith("\\") for line in packages)
        assert lock.count("--hash=sha256:") >= len(packages)
