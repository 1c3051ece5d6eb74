"""The lock of a vault, between real processes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from lighttight.errors import Environment, Refused
from lighttight.vault import lock_file
from lighttight.vault.lock_file import Elsewhere, VaultLock, sync_folder
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, make_vault

OTHER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from lighttight.errors import Environment
    from lighttight.vault.lock_file import VaultLock
    lock = VaultLock(Path(sys.argv[1]))
    print("ready", flush=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        try:
            answer = getattr(lock, name)(*map(float, arguments))
        except Environment as error:
            answer = f"{error.code} {error.facts['holders']}"
        print(answer, flush=True)
    """
)


class Other:
    """Another process with a lock of its own; `other.ask("shared", 0)` calls a method there."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, method: str, *arguments: float) -> str:
        self.send(method, *arguments)
        return self.answer()

    def send(self, method: str, *arguments: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join((method, *map(str, arguments))) + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "Pictures.lighttight"
    path.mkdir()
    return path


@pytest.fixture
def lock(path: Path) -> Iterator[VaultLock]:
    lock = VaultLock(path)
    yield lock
    lock.release()


@pytest.fixture
def other(path: Path) -> Iterator[Other]:
    with Other(path) as other:
        yield other


@pytest.fixture
def third(path: Path) -> Iterator[Other]:
    with Other(path) as third:
        yield third


def busy(act: Callable[[], object]) -> str:
    with pytest.raises(Environment) as caught:
        act()
    assert caught.value.code == "vault-busy"
    return str(caught.value.facts["holders"])


class TestTwoProcesses:
    def test_sharing_keeps_the_other_from_being_alone(self, lock: VaultLock, other: Other) -> None:
        assert other.ask("shared", 0) == "None"
        lock.shared(0)
        assert other.ask("try_exclusive") == "False"
        assert lock.try_exclusive() is False
        assert lock.held
        assert not lock.alone

    def test_being_alone_keeps_everybody_out(
        self, lock: VaultLock, other: Other, third: Other
    ) -> None:
        assert other.ask("exclusive", 0) == "None"
        busy(lambda: lock.shared(0))
        busy(lambda: lock.exclusive(0.1))
        assert third.ask("try_exclusive") == "False"
        assert not lock.held
        other.ask("release")
        lock.exclusive(0)
        assert lock.alone

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
    def test_whoever_is_in_the_way_is_named(
        self, lock: VaultLock, other: Other, third: Other
    ) -> None:
        lock.shared(0)
        other.ask("shared", 0)
        third.ask("shared", 0)
        told = busy(lambda: lock.exclusive(0))
        for process in (other.process, third.process):
            assert f"(process {process.pid})" in told
        assert f"(process {os.getpid()})" not in told
        assert {holder.pid for holder in lock.holders()} == {other.process.pid, third.process.pid}

    def test_a_failed_attempt_keeps_what_was_held(self, lock: VaultLock, other: Other) -> None:
        other.ask("shared", 0)
        lock.shared(0)
        for _ in range(20):
            assert other.ask("try_exclusive") == "False"
            assert lock.try_exclusive() is False
        other.ask("release")
        # Ours is still held: nobody else can be alone …
        assert other.ask("try_exclusive") == "False"
        # … and the attempts of the other left nothing that keeps us from it.
        assert lock.try_exclusive() is True

    def test_only_one_may_want_to_be_alone(
        self, lock: VaultLock, other: Other, third: Other
    ) -> None:
        """The gap of a failed conversion: whoever is not first must not get through it."""
        for process in (other, third):
            process.ask("shared", 0)
        intent = lock_file._try_intent(-1, lock._directory)
        assert intent is not None
        third.ask("release")
        assert other.ask("try_exclusive") == "False"
        lock_file._end_intent(-1, intent)
        assert other.ask("try_exclusive") == "True"

    def test_back_to_sharing(self, lock: VaultLock, other: Other) -> None:
        lock.exclusive(0)
        lock.downgrade()
        assert lock.held
        assert not lock.alone
        assert other.ask("shared", 0) == "None"
        assert other.ask("try_exclusive") == "False"
        lock.release()
        assert other.ask("try_exclusive") == "True"

    def test_a_killed_process_holds_nothing(self, lock: VaultLock, other: Other) -> None:
        assert other.ask("exclusive", 0) == "None"
        other.process.kill()
        other.process.wait()
        lock.exclusive(0)

    def test_waiting_ends_when_the_other_is_done(self, lock: VaultLock, other: Other) -> None:
        lock.exclusive(0)
        other.send("shared", 30)
        lock.release()
        assert other.answer() == "None"


class TestOneProcess:
    def test_two_sessions_exclude_each_other_too(self, path: Path, lock: VaultLock) -> None:
        second = VaultLock(path)
        lock.shared(0)
        second.shared(0)
        assert second.try_exclusive() is False
        lock.release()
        assert second.try_exclusive() is True
        busy(lambda: lock.shared(0))
        second.release()

    def test_asking_twice_changes_nothing(self, lock: VaultLock) -> None:
        lock.shared(0)
        lock.shared(0)
        assert lock.try_exclusive()
        assert lock.try_exclusive()
        lock.shared(0)
        assert not lock.alone
        lock.release()
        lock.release()
        assert not lock.held

    def test_no_descriptor_is_lost(self, path: Path, lock: VaultLock) -> None:
        def open_now() -> int:
            return len(list(Path("/proc/self/fd").iterdir()))

        if not Path("/proc/self/fd").exists():
            pytest.skip("this system does not tell")
        before = open_now()
        second = VaultLock(path)
        for _ in range(3):
            lock.exclusive(0)
            busy(lambda: second.shared(0))
            busy(lambda: second.exclusive(0))
            lock.downgrade()
            second.shared(0)
            assert second.try_exclusive() is False
            lock.release()
            second.release()
        assert open_now() == before

    def test_letting_go_in_the_middle_leaves_no_intent(
        self, path: Path, lock: VaultLock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock.shared()
        wanted = lock_file._try_intent

        def then_released(fd: int, directory: Path) -> int | None:
            intent = wanted(fd, directory)
            lock.release()
            return intent

        monkeypatch.setattr(lock_file, "_try_intent", then_released)
        with pytest.raises(Environment):
            lock.try_exclusive()
        monkeypatch.undo()
        assert not lock.held
        assert not lock.alone
        another = VaultLock(path)
        assert another.try_exclusive()
        another.release()

    def test_another_thread_lets_go_before_or_after_becoming_alone(
        self, path: Path, lock: VaultLock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock.shared()
        wanted = lock_file._try_intent
        releasing = threading.Thread(target=lock.release)

        def meanwhile(fd: int, directory: Path) -> int | None:
            releasing.start()
            releasing.join(0.1)
            return wanted(fd, directory)

        monkeypatch.setattr(lock_file, "_try_intent", meanwhile)
        assert lock.try_exclusive()
        releasing.join()
        monkeypatch.undo()
        assert not lock.held
        assert not lock.alone
        another = VaultLock(path)
        assert another.try_exclusive()
        another.release()

    def test_a_replaced_lock_file_is_noticed(self, path: Path, lock: VaultLock) -> None:
        lock.shared(0)
        (path / "lock").rename(path / "lock.conflict")
        second = VaultLock(path)
        second.shared(0)
        assert lock.try_exclusive() is False, "alone on a file that nobody looks at"
        second.release()
        assert lock.try_exclusive() is True
        busy(lambda: second.shared(0))

    def test_a_file_replaced_at_the_last_moment_is_not_held(
        self, path: Path, lock: VaultLock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = lock_file._try_lock

        def replaced(fd: int, kind: int) -> bool:
            if os.path.samestat(os.fstat(fd), (path / "lock").stat()):
                (path / "lock").rename(path / "lock.conflict")
                (path / "lock").touch()
            return real(fd, kind)

        monkeypatch.setattr(lock_file, "_try_lock", replaced)
        assert lock.try_exclusive() is False
        assert not lock.held

    def test_the_vault_pulled_away(self, tmp_path: Path) -> None:
        with pytest.raises(Environment, match="vault-gone"):
            VaultLock(tmp_path / "gone").shared(0)

    def test_a_link_in_its_place_is_refused(self, path: Path, lock: VaultLock) -> None:
        (path / "elsewhere").write_text("untouched")
        (path / "lock").symlink_to(path / "elsewhere")
        with pytest.raises(Refused, match="vault-has-link"):
            lock.shared(0)

    def test_where_directories_cannot_be_locked(
        self, lock: VaultLock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = lock_file._try_lock

        def refuses(fd: int, kind: int) -> bool:
            if Path(f"/proc/self/fd/{fd}").is_dir():
                raise OSError(errno.EBADF, "not on this file system")
            return real(fd, kind)

        monkeypatch.setattr(lock_file, "_try_lock", refuses)
        lock.exclusive(0)
        assert lock.alone
        lock.downgrade()
        assert not lock.alone


class TestMachineName:
    NOW = 1_800_000_000_000

    def at(self, path: Path, machine: str, now: int = NOW) -> VaultLock:
        return VaultLock(path, machine=machine, now_ms=lambda: now)

    @pytest.fixture
    def synchronised(self, tmp_path: Path) -> Path:
        path = tmp_path / "Dropbox" / "Pictures.lighttight"
        path.mkdir(parents=True)
        return path

    def test_nothing_is_readable_where_nothing_is_synchronised(
        self, path: Path, lock: VaultLock
    ) -> None:
        lock.shared(0)
        assert lock.synchronised is None
        assert (path / "lock").read_bytes() == b""

    def test_the_name_stands_there_while_the_vault_is_open(self, synchronised: Path) -> None:
        lock = self.at(synchronised, "laptop")
        lock.shared(0)
        assert lock.synchronised == "Dropbox"
        assert json.loads((synchronised / "lock").read_text()) == {
            "machine": "laptop",
            "since": self.NOW,
        }
        lock.release()
        assert (synchronised / "lock").read_bytes() == b""

    def test_another_machine_is_told(self, synchronised: Path) -> None:
        first, second = self.at(synchronised, "desktop"), self.at(synchronised, "laptop")
        first.shared(0)
        second.shared(0)
        assert first.elsewhere is None
        assert second.elsewhere == Elsewhere("desktop", self.NOW)
        # The other's name is not ours to remove.
        first.release()
        assert json.loads((synchronised / "lock").read_text())["machine"] == "laptop"
        second.release()

    @pytest.mark.parametrize(
        ("age", "told"),
        [(0, True), (lock_file.FRESH - 1, True), (lock_file.FRESH, False), (-1, True)],
    )
    def test_only_a_fresh_name_is_told(self, synchronised: Path, age: int, told: bool) -> None:
        note = {"machine": "desktop", "since": self.NOW - age}
        (synchronised / "lock").write_text(json.dumps(note))
        lock = self.at(synchronised, "laptop")
        lock.shared(0)
        assert (lock.elsewhere is not None) is told
        lock.release()

    def test_a_long_session_stays_fresh(self, synchronised: Path) -> None:
        now = self.NOW
        lock = VaultLock(synchronised, machine="laptop", now_ms=lambda: now)
        lock.shared(0)
        now += lock_file.FRESH
        lock.refresh()
        assert json.loads((synchronised / "lock").read_text())["since"] == now
        lock.release()

    @pytest.mark.parametrize(
        "note",
        [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"machine": 1, "since": 2}', b"[" * 512,
         b"[" * 1024,
         b'{"machine": "x"}', b'{"machine": "x", "since": "y"}', b"\0" * 100_000],
    )  # fmt: skip
    def test_anything_may_stand_there(self, synchronised: Path, note: bytes) -> None:
        (synchronised / "lock").write_bytes(note)
        lock = self.at(synchronised, "laptop")
        lock.shared(0)
        assert lock.elsewhere is None
        assert json.loads((synchronised / "lock").read_text())["machine"] == "laptop"
        lock.release()

    def test_a_name_speaks_to_no_terminal(self, synchronised: Path) -> None:
        note = {"machine": "\x1b]0;mine\x07\u202eptop", "since": self.NOW}
        (synchronised / "lock").write_text(json.dumps(note))
        lock = self.at(synchronised, "laptop")
        lock.shared(0)
        assert lock.elsewhere is not None
        assert lock.elsewhere.machine.isprintable()
        lock.release()

    def test_a_long_name_still_parses(self, synchronised: Path) -> None:
        first = self.at(synchronised, "😀" * 300)
        first.shared(0)
        second = self.at(synchronised, "laptop")
        second.shared(0)
        assert second.elsewhere is not None
        first.release()
        second.release()


class TestSyncFolder:
    @pytest.mark.parametrize(
        ("folder", "service"),
        [
            ("Dropbox", "Dropbox"),
            ("Dropbox (Personal)/Photos", "Dropbox"),
            ("OneDrive - Example", "OneDrive"),
            ("Google Drive/My Drive", "Google Drive"),
            ("Library/CloudStorage/GoogleDrive-someone@example.org", "Google Drive"),
            ("Library/Mobile Documents/com~apple~CloudDocs", "iCloud Drive"),
            ("nextcloud/Photos", "Nextcloud"),
            ("Pictures", None),
            ("Not my Dropbox", None),
            ("Dropboxes", None),
        ],
    )
    def test_by_name(self, tmp_path: Path, folder: str, service: str | None) -> None:
        path = tmp_path / folder / "Pictures.lighttight"
        path.mkdir(parents=True)
        assert sync_folder(path) == service

    @pytest.mark.parametrize(
        ("mark", "service"),
        [(".stfolder", "Syncthing"), (".dropbox", "Dropbox"), (".nextcloudsync.log", "Nextcloud")],
    )
    def test_by_mark(self, tmp_path: Path, mark: str, service: str) -> None:
        path = tmp_path / "stuff" / "deep" / "Pictures.lighttight"
        path.mkdir(parents=True)
        assert sync_folder(path) is None
        (tmp_path / "stuff" / mark).touch()
        assert sync_folder(path) == service

    def test_through_a_link(self, tmp_path: Path) -> None:
        real = tmp_path / "Dropbox" / "Pictures.lighttight"
        real.mkdir(parents=True)
        (tmp_path / "link").symlink_to(real)
        assert sync_folder(tmp_path / "link") == "Dropbox"


def test_the_table_of_locks_is_read_line_by_line() -> None:
    table = textwrap.dedent(
        """\
        1: FLOCK  ADVISORY  READ 101 08:01:500 0 EOF
        2: FLOCK  ADVISORY  WRITE 102 08:01:500 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 103 08:01:500 0 EOF
        3: POSIX  ADVISORY  WRITE 104 08:01:500 0 EOF
        4: FLOCK  ADVISORY  READ 105 08:01:501 0 EOF
        5: FLOCK  ADVISORY  READ 106 00:2a:500 0 EOF
        nonsense
        """
    )
    assert lock_file._holding(table, os.makedev(8, 1), 500) == {101, 102}
    assert lock_file._holding(table, os.makedev(0, 0x2A), 500) == {106}
    # A file system that shows stat another device: the inode decides.
    assert lock_file._holding(table, os.makedev(0, 99), 501) == {105}
    assert lock_file._holding(table, os.makedev(8, 1), 502) == set()


def test_each_write_keeps_the_name_fresh(
    tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dropbox").mkdir()
    vault = make_vault(tmp_path / "Dropbox" / "v", store, KEYRING).vault
    note = vault.path / "lock"
    first = json.loads(note.read_text())["since"]
    add_object(vault, b"a moment later")
    assert json.loads(note.read_text())["since"] == first
    tomorrow = first + lock_file.FRESH + 1
    monkeypatch.setattr(vault.lock, "_now_ms", lambda: tomorrow)
    add_object(vault, b"the day after")
    assert json.loads(note.read_text())["since"] == tomorrow
    vault.close()
    assert note.read_bytes() == b""
