"""`verify` and `doctor`: damage is named item by item, and ends the command with 5."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.session import Hardening
from tests.support.objects import flip
from tests.unit.cli.conftest import Run


@pytest.fixture
def blob(filled: list[str], library: Path) -> Path:
    return min(library.glob("blobs/*/*"))


def test_sound(run: Run, filled: list[str]) -> None:
    document = run("verify", "--json").ok().document
    assert document["sound"] is True
    assert (document["items"], document["deep"], document["damage"]) == (3, False, [])
    assert "as it should be" in run("verify", "--deep").ok().out


def test_changed_bit_is_found_by_the_deep_check(run: Run, filled: list[str], blob: Path) -> None:
    flip(blob)
    run("verify").ok()
    ran = run("verify", "--deep", "--json")
    assert (ran.code, ran.error) == (5, "verified-damaged")
    [damage] = ran.document["damage"]
    assert damage["code"] == "blob-damaged"
    assert damage["item"] in filled
    assert damage["name"] in {"a.jpg", "b.jpg", "c.mp4"}
    for command in (("verify", "--deep"), ("doctor",)):
        people = run(*command)
        assert people.code == 5
        assert damage["name"] in people.out


def test_missing_file_is_found_and_the_rest_goes_on(
    run: Run, filled: list[str], blob: Path
) -> None:
    blob.unlink()
    ran = run("verify", "--json")
    assert [one["code"] for one in ran.document["damage"]] == ["blob-missing"]
    assert run("doctor", "--json").code == 5
    assert len(run("list", "--json").ok().lines) == 3


def test_doctor_writes_the_first_page_again(run: Run, library: Path) -> None:
    (library / "header").write_bytes(b"gone")
    ran = run("doctor", "--json").ok()
    assert ran.document["header_mended"] is True
    assert (library / "header").read_bytes() == (library / "header.copy").read_bytes()
    assert "written again" not in run("doctor").ok().out


def test_doctor_sweeps_what_was_left_behind(run: Run, library: Path) -> None:
    folder = library / "blobs" / "ab"
    folder.mkdir(exist_ok=True)
    (folder / ("ab" * 16)).write_bytes(b"left behind")
    assert run("verify", "--json").ok().document["orphans"] == 1
    assert run("doctor", "--json").ok().document["swept"] == 1
    assert run("verify", "--json").ok().document["orphans"] == 0


def test_record_alone(run: Run, filled: list[str], blob: Path) -> None:
    blob.unlink()
    document = run("audit", "verify", "--json").ok().document
    assert document["sound"] is True
    assert document["anchor"] == "kept"
    assert "none was changed" in run("audit", "verify").ok().out
    checks = [line for line in run("audit", "--json").ok().lines if line["kind"] == "verified"]
    assert [one["values"]["form"] for one in checks] == ["record", "record"]
    assert checks[0]["sentence"] == "The record was checked: everything was as it should be."


def test_doctor_tells_what_holds_of_its_own_memory(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lighttight.session.harden", lambda: Hardening(True, False))
    ran = run("doctor", "--json").ok()
    assert (ran.document["no_core"], ran.document["no_tracing"]) == (True, False)
    told = run("doctor").ok().out
    assert "can read Lighttight’s memory" in told
    assert "crashes" not in told
