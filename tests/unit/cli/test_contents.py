"""Looking and keeping order: exact documents, and nothing done where something is unclear."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.libraries import picture
from tests.unit.cli.conftest import Run, StandInDecoder, Terminal

KEYS = [
    *("id", "name", "kind", "mime", "size", "width", "height", "duration", "taken", "imported"),
    *("albums", "tags", "favourite"),
]


def listed(run: Run, *arguments: str) -> list[dict[str, Any]]:
    return run("list", *arguments, "--json").ok().lines


def names(run: Run, *arguments: str) -> set[str]:
    return {one["name"] for one in listed(run, *arguments)}


class TestList:
    def test_empty(self, run: Run, library: Path) -> None:
        assert run("list", "--json").ok().out == ""
        assert "Nothing is in there yet" in run("list").ok().out
        assert "Nothing found" in run("list", "lake").ok().out

    def test_all_in_the_trash_is_not_called_an_empty_library(
        self, run: Run, filled: list[str]
    ) -> None:
        assert "Nothing is in the trash" in run("list", "--trash").ok().out

    @pytest.mark.parametrize("asked", ["is:purple", "year:abc"])
    def test_what_nothing_can_meet_is_said(self, run: Run, filled: list[str], asked: str) -> None:
        ran = run("list", asked).ok()
        assert "Nothing found." in ran.out
        assert f"“{asked}” is not understood" in ran.err
        ran = run("list", asked, "--json").ok()
        assert ran.out == ""
        assert json.loads(ran.err)["note"].startswith("search-")
        assert run("list", "no such lake", "--json").ok().err == ""

    def test_documents_are_as_specified(self, run: Run, filled: list[str]) -> None:
        for one in listed(run):
            assert list(one) == KEYS
        by_name = {one["name"]: one for one in listed(run)}
        video = by_name["c.mp4"]
        assert video["id"] == filled[2]
        assert (video["kind"], video["mime"], video["duration"]) == ("video", "video/mp4", 1.5)
        assert (video["width"], video["height"], video["size"]) == (4, 3, 200)
        assert video["taken"] == "2026-10-04T21:10:05"
        assert datetime.fromisoformat(video["imported"]).tzinfo is not None
        assert (video["albums"], video["tags"], video["favourite"]) == ([], [], False)

    def test_narrowed(self, run: Run, filled: list[str]) -> None:
        assert names(run, "--kind", "video") == {"c.mp4"}
        assert names(run, "--kind", "photo") == {"a.jpg", "b.jpg"}
        assert names(run, "kind:v") == {"c.mp4"}
        assert len(listed(run, "--limit", "2")) == 2
        assert len(listed(run, "--limit", "0")) == 3
        assert run("list", "--album", "Lake", "--json").error == "album-not-found"

    def test_pages_are_put_together(
        self, run: Run, filled: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lighttight.cli.looking.PAGE", 2)
        assert {one["id"] for one in listed(run)} == set(filled)
        assert len(listed(run, "--limit", "3")) == 3

    def test_hostile_name_is_inert(
        self, run: Run, library: Path, decoder: StandInDecoder, tmp_path: Path
    ) -> None:
        name = "a\nb\x1b[2J\u202egpj.jpg"
        (tmp_path / name).write_bytes(picture())
        run("import", tmp_path / name).ok()
        assert listed(run)[0]["name"] == name
        for command in (["list"], ["audit"], ["show", listed(run)[0]["id"]]):
            out = run(*command).ok().out
            assert not {"\x1b", "\u202e"} & set(out)
        assert len(run("list").out.splitlines()) == 1


class TestShow:
    def test_unclear_ids(self, run: Run, filled: list[str]) -> None:
        for wrong in ("abc", "", "../..", "%", "a.jpg"):
            ran = run("show", wrong, "--json")
            assert (ran.code, ran.error) == (3, "item-id-unclear"), wrong
        assert run("show", "ffffffff", "--json").error == "item-id-unknown"
        said = run("show", "ab").err
        assert "“ab”" in said
        assert "at least four" in said

    def test_everything_about_one(self, run: Run, filled: list[str], tmp_path: Path) -> None:
        run("caption", filled[0], "By the lake").ok()
        run("export", filled[0], "--to", tmp_path, "--original").ok()
        document = run("show", filled[0][:8], "--json").ok().document
        assert list(document)[: len(KEYS)] == KEYS
        assert document["caption"] == "By the lake"
        assert document["place"] == {"latitude": 48.2082, "longitude": -16.3738}
        assert document["device"] == "Fotograf Dunkel 7"
        [copy] = document["copies"]
        assert (copy["form"], copy["place"], copy["state"]) == ("original", str(tmp_path), "left")
        out = run("show", filled[0]).ok().out
        assert "By the lake" in out
        assert str(tmp_path) in out


class TestOrder:
    def test_one_unclear_id_and_nothing_is_done(self, run: Run, filled: list[str]) -> None:
        for command in ("favourite", "delete", "purge"):
            ran = run(command, filled[0], "ffffffff", "--json")
            assert (ran.code, ran.error) == (3, "item-id-unknown")
        assert len(listed(run)) == 3
        assert not any(one["favourite"] for one in listed(run))

    def test_an_album_that_is_not_there_is_named(self, run: Run, filled: list[str]) -> None:
        for command in (
            ["list", "--album", "Lake"],
            ["albums", "add", "Lake", filled[0]],
            ["albums", "remove", "Lake"],
        ):
            ran = run(*command, "--json")
            assert (ran.code, ran.error) == (3, "album-not-found")
            assert "Lake" in run(*command).err

    def test_a_tag_that_nobody_named(self, run: Run, filled: list[str]) -> None:
        ran = run("tag", filled[0])
        assert ran.code == 2
        assert "--add" in ran.err

    @pytest.mark.parametrize("command", ["favourite", "delete", "undelete", "purge"])
    def test_nothing_named(self, run: Run, filled: list[str], command: str) -> None:
        ran = run(command, "--json")
        assert (ran.code, ran.error) == (2, "nothing-named")

    def test_favourites(self, run: Run, filled: list[str]) -> None:
        assert run("favourite", *filled[:2], "--json").ok().document == {"changed": 2}
        assert names(run, "is:favourite") == {"a.jpg", "b.jpg"}
        assert run("favourite", filled[0], "--off", "--json").ok().document == {"changed": 1}

    def test_tags(self, run: Run, filled: list[str]) -> None:
        assert run("tag", filled[0], "--add", "", "--json").error == "tag-empty"
        run("tag", *filled[:2], "--add", "Lake", "--add", "Summer").ok()
        run("tag", filled[0], "--remove", "Summer").ok()
        assert {one["name"]: one["count"] for one in run("tag", "--json").ok().lines} == {
            "Lake": 2,
            "Summer": 1,
        }
        assert names(run, "tag:sum") == {"b.jpg"}

    def test_albums(self, run: Run, filled: list[str]) -> None:
        assert run("albums", "add", "Lake", filled[0], "--json").error == "album-not-found"
        run("albums", "create", "Lake").ok()
        assert run("albums", "create", "lake", "--json").error == "album-exists"
        run("albums", "add", "Lake", *filled[:2]).ok()
        run("albums", "take-out", "lake", filled[0]).ok()
        run("albums", "rename", "Lake", "Sea").ok()
        run("albums", "veil", "Sea").ok()
        [album] = run("albums", "--json").ok().lines
        assert (album["name"], album["count"], album["veiled"]) == ("Sea", 1, True)
        assert listed(run, "--album", "sea")[0]["albums"] == ["Sea"]
        assert "veiled" in run("albums").ok().out
        run("albums", "remove", "Sea").ok()
        assert run("albums", "--json").ok().out == ""
        assert len(listed(run)) == 3

    def test_caption_from_standard_input(
        self, run: Run, filled: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Given:
            def read(self, most: int) -> str:
                return "not in the list of processes\n"

        monkeypatch.setattr("sys.stdin", Given())
        run("caption", filled[0], "-").ok()
        document = run("show", filled[0], "--json").ok().document
        assert document["caption"] == "not in the list of processes"


class TestTrash:
    def test_there_and_back(self, run: Run, filled: list[str]) -> None:
        run("delete", filled[0]).ok()
        assert names(run) == {"b.jpg", "c.mp4"}
        assert names(run, "--trash") == {"a.jpg"}
        run("undelete", filled[0]).ok()
        assert len(listed(run)) == 3

    def test_for_good(self, run: Run, filled: list[str], library: Path) -> None:
        before = list(library.glob("blobs/*/*"))
        purged = run("purge", filled[0], "--yes", "--json").ok().document
        assert purged == {"purged": 1, "unfinished": 0}
        assert len(list(library.glob("blobs/*/*"))) == len(before) - 1
        assert run("show", filled[0], "--json").error == "item-id-unknown"

    def test_the_whole_trash(self, run: Run, filled: list[str]) -> None:
        run("delete", *filled[:2]).ok()
        assert run("purge", "--trash", "--yes", "--json").ok().document["purged"] == 2
        assert names(run) == {"c.mp4"}

    def test_nothing_goes_where_nobody_can_be_asked(self, run: Run, filled: list[str]) -> None:
        run("delete", filled[1]).ok()
        for named in ([filled[0]], ["--trash"]):
            refused = run("purge", *named, "--json")
            assert (refused.code, refused.error) == (2, "purge-not-confirmed")
        assert run("undelete", filled[1]).ok()
        assert len(listed(run)) == 3

    def test_a_person_is_asked_and_enter_means_no(
        self, run: Run, filled: list[str], terminal: Terminal
    ) -> None:
        terminal.types("", "no", "y")
        assert run("purge", filled[0]).code == 130
        assert run("purge", filled[0]).code == 130
        assert len(listed(run)) == 3
        run("purge", filled[0]).ok()
        assert "1 item for good" in terminal.asked[0]
        assert "cannot be undone" in terminal.asked[0]
        run("purge", filled[1], "--yes").ok()
        assert len(terminal.asked) == 3
