"""What comes in and what goes out: exit codes, documents, and warnings before originals leave."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lighttight.cli.moving import _Imported
from lighttight.cli.screen import Screen
from lighttight.errors import Environment, Integrity, Refused
from lighttight.files import copy_file_durably
from lighttight.library.importing import import_paths
from lighttight.library.storing import RESERVE
from lighttight.session import ImportResult, ImportStatus
from tests.support.libraries import picture
from tests.support.password_store import MemoryBackend
from tests.unit.cli.conftest import Run, StandInDecoder, Terminal

SAME = "for the same reason as above: Not enough room on the disk."
IMPORTED = ImportResult(Path("x"), None, ImportStatus.IMPORTED)
SKIPPED = ImportResult(Path("x"), None, ImportStatus.SKIPPED, "not-media")
FAILED = ImportResult(
    Path("x"), None, ImportStatus.FAILED, "file-unreadable", Environment("file-unreadable")
)
REFUSED = ImportResult(
    Path("x"), None, ImportStatus.FAILED, "file-is-link", Refused("file-is-link")
)
DAMAGED = ImportResult(
    Path("x"), None, ImportStatus.FAILED, "blob-damaged", Integrity("blob-damaged")
)


class TestImport:
    @pytest.mark.parametrize(
        ("results", "code"),
        [
            ([], 0),
            ([IMPORTED], 0),
            ([IMPORTED, SKIPPED], 3),
            ([SKIPPED, REFUSED], 4),
            ([FAILED, SKIPPED], 4),
            ([DAMAGED, FAILED, SKIPPED, IMPORTED], 5),
        ],
    )
    def test_the_worst_decides(self, results: list[ImportResult], code: int) -> None:
        outcome = _Imported(Screen(as_json=True))
        for result in results:
            outcome.add(result)
        assert outcome.exit_code == code

    def test_documents_are_as_specified(
        self, run: Run, library: Path, decoder: StandInDecoder, tmp_path: Path
    ) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "a.jpg").write_bytes(picture(1))
        (folder / "notes.txt").write_text("no picture")
        os.mkfifo(folder / "pipe.jpg")
        ran = run("import", folder, tmp_path / "missing.jpg", "--json")
        assert ran.code == 4
        assert all(list(line) == ["path", "id", "status", "reason"] for line in ran.lines)
        told = {Path(line["path"]).name: (line["status"], line["reason"]) for line in ran.lines}
        assert told == {
            "a.jpg": ("imported", None),
            "notes.txt": ("skipped", "not-media"),
            "pipe.jpg": ("failed", "file-not-regular"),
            "missing.jpg": ("failed", "file-not-found"),
        }
        again = run("import", folder / "a.jpg", "--json").ok().document
        assert again["status"] == "duplicate"
        assert again["id"] == next(one["id"] for one in ran.lines if one["id"])

    def test_for_people_problems_are_named_and_the_rest_is_counted(
        self, run: Run, library: Path, decoder: StandInDecoder, tmp_path: Path
    ) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.jpg").write_bytes(picture(number))
        (folder / "evil\x1b[2J.txt").write_text("x")
        ran = run("import", folder)
        assert ran.code == 3
        assert "3 items imported, 1 skipped." in ran.out
        assert "0.jpg" not in ran.out
        assert "\x1b" not in ran.out + ran.err

    @pytest.mark.parametrize(
        ("free", "told"),
        [
            (RESERVE - 1, ["0 items imported, 1 failed, 59 not tried."]),
            (RESERVE + 1, [f"failed: 59 more files, {SAME}", "0 items imported, 60 failed."]),
        ],
    )
    def test_a_full_disk_is_told_once_and_not_for_each_file(
        self,
        run: Run,
        library: Path,
        decoder: StandInDecoder,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        free: int,
        told: list[str],
    ) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        for number in range(60):
            (folder / f"{number:02}.jpg").write_bytes(picture(number))
        one_worker = {**(import_paths.__kwdefaults__ or {}), "workers": 1}
        monkeypatch.setattr(import_paths, "__kwdefaults__", one_worker)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, free))
        ran = run("import", folder)
        assert ran.code == 4
        first, *rest = ran.out.splitlines()
        assert first.startswith(f"failed: {folder}/00.jpg: To save more, 67.1 MB must be free")
        assert rest == told
        assert ("not saved twice" in ran.err) == (free < RESERVE)
        assert "67.1 MB" not in ran.err, "said above"
        lines = run("import", folder, "--json").lines
        assert len(lines) == 60
        assert {line["status"] for line in lines} == {"failed"}
        monkeypatch.undo()

    def test_an_empty_folder(self, run: Run, library: Path, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        assert "No file was found" in run("import", tmp_path / "in").ok().out

    def test_into_an_album_that_is_made(
        self, run: Run, library: Path, decoder: StandInDecoder, tmp_path: Path
    ) -> None:
        (tmp_path / "a.jpg").write_bytes(picture(1))
        run("import", tmp_path / "a.jpg", "--album", "Lake").ok()
        assert run("list", "--json").ok().document["albums"] == ["Lake"]

    def test_originals_stay_until_everything_speaks_for_it(
        self,
        run: Run,
        library: Path,
        decoder: StandInDecoder,
        tmp_path: Path,
        words_file: Path,
    ) -> None:
        file = tmp_path / "a.jpg"
        file.write_bytes(picture(1))
        remove = ("import", file, "--remove-originals", "--json")
        assert run(*remove).error == "originals-recovery-unconfirmed"
        run("recover", "--confirm", "--words-file", words_file).ok()
        assert run(*remove).error == "originals-no-backup"
        run("import", file).ok()
        run("backup", tmp_path / "backup").ok()
        ran = run("import", file, "--remove-originals").ok()
        assert not file.exists()
        assert "Also still on" in ran.out
        (tmp_path / "new.jpg").write_bytes(picture(2))
        kept = run("import", tmp_path / "new.jpg", "--remove-originals", "--json").ok()
        assert "originals-not-in-backup" in kept.err
        assert (tmp_path / "new.jpg").exists()


class TestExport:
    @pytest.mark.parametrize("more", [["--size", "full"], ["--size", "1280"], ["--keep-names"]])
    def test_an_original_is_as_it_is(
        self, run: Run, filled: list[str], tmp_path: Path, more: list[str]
    ) -> None:
        ran = run("export", filled[0], "--original", "--to", tmp_path, "--json", *more)
        assert (ran.code, ran.error) == (2, "usage")

    def test_no_folder_named(self, run: Run, filled: list[str]) -> None:
        for more in ([], ["--original"], ["--size", "2048"]):
            assert run("export", filled[0], "--json", *more).error == "usage"

    @pytest.mark.parametrize("more", [[], ["--original"]])
    def test_folder_is_not_made(
        self, run: Run, filled: list[str], library: Path, tmp_path: Path, more: list[str]
    ) -> None:
        ran = run("export", filled[0], "--json", "--to", tmp_path / "new", *more)
        assert (ran.code, ran.error) == (3, "folder-missing")
        assert not (tmp_path / "new").exists()
        ran = run("export", filled[0], "--json", "--to", library / "blobs", *more)
        assert (ran.code, ran.error) == (3, "folder-inside")
        assert "export-intended" not in run("audit", "--json").ok().out

    def test_somebody_who_is_asked_and_says_no(
        self, run: Run, filled: list[str], tmp_path: Path, terminal: Terminal
    ) -> None:
        out = tmp_path / "out"
        out.mkdir()
        for answer in ("", "n"):
            terminal.types(answer)
            assert run("export", *filled, "--original", "--to", out).code == 130
        assert terminal.asked == ["Save 3 originals unchanged? [y/N] "] * 2
        assert list(out.iterdir()) == []
        assert "export-intended" not in run("audit", "--json").ok().out
        terminal.types("y")
        run("export", filled[0], "--original", "--to", out).ok()
        run("export", filled[1], "--original", "--to", out, "--yes").ok()
        run("export", filled[2], "--to", out).ok()
        assert len(list(out.iterdir())) == 3
        assert len(terminal.asked) == 3, "clean copies and --yes ask for nothing"

    def test_clean_copies_are_what_leaves(
        self, run: Run, filled: list[str], tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        out.mkdir()
        ran = run("export", *filled, "--json", "--to", out).ok()
        for line in ran.lines:
            assert list(line) == ["id", "path", "error", "removed"]
            assert {"kind": "place", "detail": "48.21 N, 16.37 W"} in line["removed"]
        assert sorted(path.name for path in out.iterdir()) == ["1.jpg", "2.jpg", "3.mp4"]
        assert all(path.read_bytes().startswith(b"clean") for path in out.iterdir())
        [intent] = [
            one for one in run("audit", "--json").ok().lines if one["kind"] == "export-intended"
        ]
        assert intent["values"]["form"] == "clean"
        assert intent["sentence"] == f"You saved 3 clean copies to {out}."
        said = run("export", *filled, "--keep-names", "--to", out).ok().out
        assert "3 clean copies saved" in said
        assert "Not in them: place, device, hidden bytes." in said
        assert (out / "a.jpg").exists()

    def test_one_that_has_no_clean_copy_is_named_and_not_saved(
        self, run: Run, filled: list[str], decoder: StandInDecoder, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        out.mkdir()
        decoder.codec = True
        ran = run("export", filled[0], "--json", "--to", out)
        assert (ran.code, ran.document["error"]) == (6, "copy-impossible")
        ran = run("export", filled[0], "--to", out)
        assert "a.jpg" in ran.err
        assert "--original" in ran.err
        assert list(out.iterdir()) == []

    def test_what_would_be_left_out_is_told_without_saving(
        self, run: Run, filled: list[str], decoder: StandInDecoder, tmp_path: Path
    ) -> None:
        ran = run("export", filled[0], "--dry-run", "--json").ok().document
        assert list(ran) == ["id", "copyable", "error", "findings", "known"]
        assert {"kind": "hidden", "detail": ""} in ran["findings"]
        assert ran["known"]["device"] == "Fotograf Dunkel 7"
        out = run("export", filled[0], "--dry-run").ok().out
        assert "place: 48.21 N, 16.37 W" in out
        assert "hidden bytes" in out
        (tmp_path / "out").mkdir()
        run("export", filled[0], "--dry-run", "--to", tmp_path / "out").ok()
        assert list((tmp_path / "out").iterdir()) == []
        decoder.codec = True
        ran = run("export", filled[0], "--dry-run", "--json")
        assert (ran.code, ran.document["copyable"]) == (6, False)
        assert "export-intended" not in run("audit", "--json").ok().out

    def test_bytes_are_the_same_and_nothing_is_replaced(
        self, run: Run, filled: list[str], tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        out.mkdir()
        (out / "a.jpg").write_bytes(b"mine")
        ran = run("export", *filled, "--original", "--json", "--to", out).ok()
        assert (out / "a.jpg").read_bytes() == b"mine"
        for line in ran.lines:
            assert list(line) == ["id", "path", "error", "removed"]
            assert line["removed"] == []
        in_order = sorted(ran.lines, key=lambda one: one["path"])
        for line, name in zip(in_order, ("a.jpg", "b.jpg", "c.mp4"), strict=True):
            assert Path(line["path"]).read_bytes() == (tmp_path / "from" / name).read_bytes()

    def test_what_is_in_the_trash_is_saved_and_said_to_be_there(
        self, run: Run, filled: list[str], tmp_path: Path
    ) -> None:
        assert "trash" not in run("export", *filled, "--original", "--to", tmp_path).ok().err
        run("delete", filled[0]).ok()
        ran = run("export", *filled, "--original", "--to", tmp_path).ok()
        name = run("show", filled[0], "--json").ok().document["name"]
        assert f"{name} is in the trash, and stays there." in ran.err
        assert "3 originals saved" in ran.out
        run("delete", filled[1]).ok()
        ran = run("export", *filled, "--original", "--to", tmp_path).ok()
        assert "are in the trash, and stay there." in ran.err

    def test_what_an_original_tells_is_said_before(
        self, run: Run, filled: list[str], tmp_path: Path
    ) -> None:
        err = run("export", filled[0], "--original", "--to", tmp_path).ok().err
        assert "48.2082, -16.3738" in err
        assert "4 October 2026" in err
        assert "Fotograf Dunkel 7" in err

    def test_what_many_originals_tell_is_counted(
        self, run: Run, filled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lighttight.cli.moving.NAMED", 2)
        err = run("export", *filled, "--original", "--to", tmp_path).ok().err
        assert "the place in 3, the date in 3, the device in 3" in err

    def test_a_damaged_item_is_named_and_the_others_leave(
        self, run: Run, filled: list[str], library: Path, tmp_path: Path
    ) -> None:
        blob = max(library.glob("blobs/*/*"))
        data = bytearray(blob.read_bytes())
        data[100] ^= 1
        blob.chmod(0o600)
        blob.write_bytes(data)
        out = tmp_path / "out"
        out.mkdir()
        ran = run("export", *filled, "--original", "--json", "--to", out)
        assert ran.code == 5
        assert sorted(str(line["error"]) for line in ran.lines) == ["None", "None", "blob-damaged"]
        assert len(list(out.iterdir())) == 2

    def test_without_a_note_nothing_leaves_unless_asked(
        self, run: Run, filled: list[str], tmp_path: Path, memory: MemoryBackend, words_file: Path
    ) -> None:
        out = tmp_path / "out"
        out.mkdir()
        memory.broken = "keyring-locked"
        command = ("export", filled[0], "--original", "--to", out, "--words-file", words_file)
        ran = run(*command)
        assert ran.code == 4
        assert "--without-anchor" in ran.err
        assert list(out.iterdir()) == []
        run(*command, "--without-anchor").ok()
        assert len(list(out.iterdir())) == 1
        assert "without this computer’s own note" in run("audit", "--words-file", words_file).out


class TestBackup:
    def test_there_and_back(
        self, run: Run, filled: list[str], library: Path, tmp_path: Path
    ) -> None:
        assert run("backup", library / "inside", "--json").error == "backup-inside"
        done = run("backup", tmp_path / "backup", "--json").ok().document
        assert (done["items"], done["copied"]) == (3, 3)
        assert run("backup", tmp_path / "backup", "--json").ok().document["copied"] == 0
        assert run("restore", tmp_path / "backup", "--json").error == "usage"
        taken = run("restore", tmp_path / "backup", "--vault", library, "--json")
        assert (taken.code, taken.error) == (3, "path-exists")
        shutil.rmtree(library)
        run("restore", tmp_path / "backup", "--vault", library).ok()
        assert {one["id"] for one in run("list", "--json").ok().lines} == set(filled)
        assert "restored from the backup" in run("audit").ok().out

    def test_a_file_in_the_way(
        self, run: Run, filled: list[str], library: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("mine")
        ran = run("backup", tmp_path / "file", "--json")
        assert (ran.code, ran.error) == (3, "path-exists")
        run("backup", tmp_path / "backup").ok()
        inside = tmp_path / "file" / "new"
        ran = run("restore", tmp_path / "backup", "--vault", inside, "--json")
        assert (ran.code, ran.error) == (4, "place-impossible")
        assert (tmp_path / "file").read_text() == "mine"

    def test_what_a_full_disk_leaves_is_said(
        self, run: Run, filled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = tmp_path / "backup"
        real, copied = copy_file_durably, list[Path]()

        def second_is_too_much(source: Path, target: Path) -> int:
            if copied:
                raise Environment("disk-full", path=str(target))
            copied.append(target)
            return real(source, target)

        with monkeypatch.context() as patch:
            patch.setattr("lighttight.vault.backup.copy_file_durably", second_is_too_much)
            ran = run("backup", there)
        assert ran.code == 4
        assert f"What was copied so far stays in {there}" in ran.err
        assert f"The disk that holds {there}" in ran.err
        assert run("backup", there, "--json").ok().document["copied"] == 2

    def test_nothing_is_said_of_what_a_full_disk_did_not_leave(
        self, run: Run, filled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(source: Path, target: Path) -> int:
            raise Environment("disk-full", path=str(target))

        monkeypatch.setattr("lighttight.vault.backup.copy_file_durably", full)
        ran = run("backup", tmp_path / "backup")
        assert ran.code == 4
        assert "stays in" not in ran.err
        assert not (tmp_path / "backup").exists()

    def test_what_is_no_backup(self, run: Run, library: Path, tmp_path: Path) -> None:
        ran = run("restore", tmp_path / "nothing", "--vault", tmp_path / "new", "--json")
        assert (ran.code, ran.error) == (3, "vault-missing")
        assert not (tmp_path / "new").exists()

    def test_what_cannot_be_done_is_refused_before_anything_is_asked(
        self, run: Run, path: Path, passphrase_file: Path, words_file: Path, terminal: Terminal
    ) -> None:
        more = ("--passphrase-file", passphrase_file, "--recovery-out", words_file)
        run("create", path, "--unlock", "passphrase", *more).ok()
        terminal.there = True
        ran = run("restore", path, "--vault", path, "--json")
        assert (ran.code, ran.error) == (3, "path-exists")
        assert terminal.asked == []
        for command in (
            ("restore", path, "--vault", path / "new"),
            ("demo", "--keep", path / "new"),
        ):
            ran = run(*command, "--json")
            assert (ran.code, ran.error) == (3, "place-inside")
        assert not (path / "new").exists()
        assert terminal.asked == []

    def test_wrong_passphrase_restores_nothing_and_may_be_tried_again(
        self, run: Run, path: Path, passphrase_file: Path, words_file: Path, tmp_path: Path
    ) -> None:
        by = ("--passphrase-file", passphrase_file)
        more = ("--recovery-out", words_file)
        run("create", path, "--unlock", "passphrase", *by, *more).ok()
        run("backup", tmp_path / "backup", *by).ok()
        (tmp_path / "wrong").write_text("six llamas painted the quiet harbour")
        restore = ("restore", tmp_path / "backup", "--vault", tmp_path / "new")
        ran = run(*restore, "--passphrase-file", tmp_path / "wrong", "--json")
        assert (ran.code, ran.error) == (3, "did-not-open")
        assert not (tmp_path / "new").exists()
        run(*restore, *by).ok()
