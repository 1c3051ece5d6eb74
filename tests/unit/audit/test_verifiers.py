"""Both verifiers of a proof file over good and altered ones: one says what the other says."""

from __future__ import annotations

import ast
import html.parser
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lighttight.audit import packs
from lighttight.sealed.entries import FIELDS, KINDS
from tests.support import altered_packs, proof_page
from tests.support.altered_packs import Material, javascript, material, pack_of, spelled
from tests.support.proof_page import PAGE, VERIFIER

DOCS = Path(__file__).resolve().parents[3] / "app" / "docs" / "audit-log.md"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return material(tmp_path_factory.mktemp("packs"))


def ran(*arguments: str | Path, prelude: str = "") -> tuple[int, str]:
    """As a stranger runs it: nothing of the program on the path."""
    code = f"import runpy, sys; sys.argv = sys.argv[1:]; {prelude}\n"
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code, *map(str, (VERIFIER, *arguments))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def file(good: Material, tmp_path: Path) -> Path:
    path = tmp_path / "proof.zip"
    path.write_bytes(good.good)
    return path


class TestAltered:
    def test_none_passes(self) -> None:
        found = altered_packs.campaign(250, seed=4)
        assert found["passed"] == []
        assert sum(found["python"].values()) == 250
        assert found["python"]["fails"] > 200
        assert found["javascript"]["fails"] > 200

    @pytest.mark.parametrize("name", ["good", "foreign"])
    def test_the_ones_they_are_made_from_pass(self, good: Material, name: str) -> None:
        """Without this, verifiers that refuse everything would look good."""
        archive = getattr(good, name)
        verdict, lines = altered_packs.python_verifier().judge(archive)
        assert (verdict, lines[-1].split()[0]) == ("PASSES", "What")
        proof = spelled(pack_of(archive))
        [(verdict, reason, fingerprint, count, _)] = javascript([proof])
        assert (verdict, reason) == ("passes", "")
        assert f"identity {fingerprint}" == lines[0]
        assert count == len(lines) - 3

    def test_less_of_a_proof_is_a_proof(self, good: Material) -> None:
        pack = pack_of(good.good)
        pack["entries"] = pack["entries"][1::2]
        pack["entries"][0]["fields"].clear()
        verdict, lines = altered_packs.python_verifier().judge(spelled(pack))
        assert verdict == "PASSES"
        assert any("(closed)" in line for line in lines)


class TestIncomplete:
    def test_a_browser_without_the_second_signature(self, good: Material) -> None:
        [found] = javascript([spelled(pack_of(good.good))], without=True)
        assert found[0] == "incomplete"

    @pytest.mark.parametrize(
        "prelude",
        [
            "sys.modules['cryptography.hazmat.primitives.asymmetric.mldsa'] = None",
            "sys.modules['cryptography'] = None",
            (
                "import cryptography.exceptions as e\n"
                "from cryptography.hazmat.primitives.asymmetric import mldsa\n"
                "def no(data): raise e.UnsupportedAlgorithm('not here')\n"
                "mldsa.MLDSA65PublicKey.from_public_bytes = no"
            ),
        ],
        ids=["older cryptography", "none", "other backend"],
    )
    def test_a_computer_without_the_second_signature(self, file: Path, prelude: str) -> None:
        code, out = ran(file, prelude=prelude)
        assert code == 3
        assert "INCOMPLETE" in out
        assert "PASSES" not in out

    @pytest.mark.parametrize("name", ["README.html", "verify.py"])
    def test_a_page_or_verifier_of_another_version(
        self, good: Material, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resource = packs._resource

        def newer(asked: str) -> bytes:
            return resource(asked) + (b"\n" if asked == name else b"")

        monkeypatch.setattr(packs, "_resource", newer)
        archive = packs.archive(spelled(pack_of(good.good)))
        verdict, lines = altered_packs.python_verifier().judge(archive)
        assert verdict == "INCOMPLETE"
        assert f"not checked: {name}" in lines[-1]


class TestRun:
    def test_passes(self, file: Path, good: Material) -> None:
        code, out = ran(file)
        assert code == 0
        assert out.endswith("PASSES\n")
        assert f"identity {good.identity}" in out
        assert "until an outsider first saw the checkpoint" in out
        assert "\u202e" not in out
        assert ran(file, good.identity)[0] == 0

    def test_fails(self, file: Path) -> None:
        code, out = ran(file, "0" * 64)
        assert (code, out) == (1, "another identity than the one you expect\nFAILS\n")
        file.write_bytes(file.read_bytes()[:-1])
        assert ran(file)[0] == 1

    def test_needs_to_be_told_what(self) -> None:
        assert ran()[0] == 2

    def test_the_proof_alone(self, good: Material, tmp_path: Path) -> None:
        path = tmp_path / "pack.json"
        path.write_bytes(spelled(pack_of(good.good)))
        assert ran(path)[0] == 0

    def test_it_is_python_3_9(self) -> None:
        ast.parse(VERIFIER.read_text(encoding="utf-8"), feature_version=(3, 9))

    def test_it_needs_nothing_but_cryptography(self) -> None:
        tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
        found = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            for name in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        }
        assert found - set(sys.stdlib_module_names) == {"cryptography"}


class TestSame:
    def test_values_are_told_alike(self, good: Material) -> None:
        pack = pack_of(good.good)
        _, lines = altered_packs.python_verifier().judge(spelled(pack))
        [(_, _, _, _, entries)] = javascript([spelled(pack)])
        for line, values in zip(lines[2:-1], entries, strict=True):
            for name, value in values:
                shown = value if value.isprintable() else ascii(value)
                assert f"{name}: {shown}" in line

    @pytest.mark.parametrize("place", [VERIFIER, PAGE], ids=["python", "javascript"])
    def test_tables_are_those_of_the_program(self, place: Path) -> None:
        text = re.sub(r'" \+\s*"', "", place.read_text(encoding="utf-8"))
        found = re.findall(
            r'(?:FIELDS|KINDS) = \(?"+(vault-created.*?|item:id.*?)"', text, re.DOTALL
        )
        fields, kinds = (one.split() for one in found)
        assert fields == [f"{one.label}:{one.type.value}" for _, one in sorted(FIELDS.items())]
        for told, (_, kind) in zip(kinds, sorted(KINDS.items()), strict=True):
            label, _, names = told.partition(":")
            assert label == kind.label
            assert set(names.split(",")) == {one.label for one in kind.fields}

    def test_what_it_does_not_show_is_said_by_all(self) -> None:
        sentences = (
            "or when it was written: whoever held the unlocked vault could have written it until",
            "ning of a link may have been the owner",
        )
        for place in (VERIFIER, PAGE, DOCS):
            text = " ".join(place.read_text(encoding="utf-8").split())
            for sentence in sentences:
                assert sentence in text, place


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


class TestPage:
    def test_stamps_are_right(self) -> None:
        page, verifier = proof_page.stamped()
        assert PAGE.read_text(encoding="utf-8") == page
        assert VERIFIER.read_text(encoding="utf-8") == verifier

    def test_it_loads_nothing_and_sends_nothing(self) -> None:
        tags = _Tags()
        tags.feed(PAGE.read_text(encoding="utf-8"))
        for name, attributes in tags.seen:
            assert not attributes.keys() & {"src", "href", "action", "srcset", "onload", "style"}
            assert name not in {"a", "form", "iframe", "img", "link", "object", "base", "input"}
        [policy] = [
            one["content"]
            for _, one in tags.seen
            if one.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "unsafe" not in policy
        assert "*" not in policy
        text = PAGE.read_text(encoding="utf-8")
        for word in ("fetch(", "XMLHttpRequest", "innerHTML", "eval(", "import(", "WebSocket"):
            assert word not in text

    def test_the_documentation_names_the_verifier(self) -> None:
        assert sha256(packs.verifier()).hexdigest() in DOCS.read_text(encoding="utf-8")
