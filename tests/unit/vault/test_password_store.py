"""The password store in each of its states, against the real daemon wherever there is one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import cast

import keyring.backends.null
import keyring.errors
import pytest
import secretstorage
from secretstorage.defines import SS_PATH, SS_PREFIX
from secretstorage.util import DBusAddressWrapper

from lighttight.errors import Environment
from lighttight.vault import password_store, secret_service
from lighttight.vault.password_store import SERVICE, Backend, Make, PasswordStore, StoreState
from tests.support.keyring_daemon import KeyringDaemon

ACCOUNT = "0123456789abcdef0123456789abcdef/fedcba9876543210"
SECRET = "q8Fh2m0c3p5r7t9v1x3z5B7D9F1H3J5L7N9P1R3T5V7"


@pytest.fixture
def store() -> PasswordStore:
    return PasswordStore(limit=5, probe_limit=5)


def made(backend: Backend) -> Make:
    return lambda limit, ask: nullcontext(backend)


def stored_accounts() -> set[str]:
    """Every account of this service that the real daemon holds, asked without our code."""
    with closing(secretstorage.dbus_init()) as connection:
        items = secretstorage.search_items(connection, {"service": SERVICE})
        return {item.get_attributes()["username"] for item in items}


def refused(store: PasswordStore, code: str) -> None:
    """Every operation says the same, in time, and with nothing of what it was given."""
    for act in (
        lambda: store.get(ACCOUNT),
        lambda: store.set(ACCOUNT, SECRET),
        lambda: store.delete(ACCOUNT),
    ):
        with pytest.raises(Environment) as caught:
            act()
        assert caught.value.code == code
        chain: BaseException | None = caught.value
        while chain is not None:
            assert SECRET not in repr(chain) + str(chain)
            chain = chain.__cause__ or chain.__context__


class TestAbsent:
    def test_no_bus(self, store: PasswordStore) -> None:
        assert store.state() is StoreState.ABSENT
        refused(store, "keyring-absent")

    @pytest.mark.parametrize(
        "address",
        ["unix:path=/nonexistent/bus", "tcp:host=127.0.0.1,port=1", "nonsense", "unix:abstract=x"],
    )
    def test_a_bus_that_is_not_there(
        self, store: PasswordStore, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert store.state() is StoreState.ABSENT
        refused(store, "keyring-absent")

    def test_nobody_offers_secrets(
        self, store: PasswordStore, breakable_secret_service: KeyringDaemon
    ) -> None:
        store.set(ACCOUNT, SECRET)
        breakable_secret_service.remove()
        assert store.state() is StoreState.ABSENT
        refused(store, "keyring-absent")
        breakable_secret_service.restore()
        assert store.get(ACCOUNT) == SECRET

    def test_unknown_system(self, store: PasswordStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "plan9")
        assert store.state() is StoreState.ABSENT


class TestLocked:
    def test_no_question_is_asked_and_nothing_changes(
        self,
        store: PasswordStore,
        breakable_secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        store.set(ACCOUNT, SECRET)
        breakable_secret_service.lock()

        def asked(*args: object, **kwargs: object) -> bool:
            raise AssertionError("the desktop's question was opened")

        with monkeypatch.context() as patch:
            patch.setattr(secretstorage.Collection, "unlock", asked)
            patch.setattr(secretstorage, "create_collection", asked)
            assert store.state() is StoreState.LOCKED
            with pytest.raises(Environment, match="keyring-locked"):
                store.get(ACCOUNT, ask=0)
            with pytest.raises(Environment, match="keyring-locked"):
                store.set(ACCOUNT, "other")
            with pytest.raises(Environment, match="keyring-locked"):
                store.delete(ACCOUNT)
        breakable_secret_service.unlock()
        assert store.get(ACCOUNT) == SECRET

    def test_a_question_that_is_dismissed(
        self, store: PasswordStore, breakable_secret_service: KeyringDaemon
    ) -> None:
        """No prompter runs here, which the daemon treats as dismissed."""
        breakable_secret_service.lock()
        assert store.unlock(within=5) is StoreState.LOCKED
        refused(store, "keyring-locked")

    def test_a_question_that_is_answered(
        self,
        store: PasswordStore,
        breakable_secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        store.set(ACCOUNT, SECRET)
        breakable_secret_service.lock()

        def answered(collection: secretstorage.Collection) -> bool:
            breakable_secret_service.unlock()
            return False

        monkeypatch.setattr(secretstorage.Collection, "unlock", answered)
        assert store.get(ACCOUNT) == SECRET

    def test_a_person_gets_longer_than_the_service(
        self,
        breakable_secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        breakable_secret_service.lock()
        left: list[float] = []

        def watched(collection: secretstorage.Collection) -> bool:
            connection = collection.connection
            assert isinstance(connection, secret_service.BoundedConnection)
            left.append(connection.deadline - time.monotonic())
            return True

        monkeypatch.setattr(secretstorage.Collection, "unlock", watched)
        with pytest.raises(Environment, match="keyring-locked"):
            PasswordStore(limit=5).get(ACCOUNT, ask=1000)
        assert 900 < left[0] < 1006


class TestHanging:
    def test_it_is_given_up_and_recovers(self, breakable_secret_service: KeyringDaemon) -> None:
        store = PasswordStore(limit=0.3, probe_limit=0.3)
        PasswordStore().set(ACCOUNT, SECRET)
        breakable_secret_service.hang()
        before = {thread for thread in threading.enumerate() if thread.name == "password store"}
        assert store.state() is StoreState.HANGING
        refused(store, "keyring-hanging")
        # The deadline stands in the connection itself: no thread and no socket stays behind.
        for thread in set(threading.enumerate()) - before:
            if thread.name == "password store":
                thread.join(10)
                assert not thread.is_alive()
        breakable_secret_service.resume()
        assert PasswordStore().get(ACCOUNT) == SECRET

    def test_the_program_can_still_end(self, breakable_secret_service: KeyringDaemon) -> None:
        breakable_secret_service.hang()
        program = textwrap.dedent(
            """
            from lighttight.vault.password_store import PasswordStore
            print(PasswordStore(probe_limit=0.3).state().value)
            """
        )
        run_to_the_end(program, "hanging\n")

    def test_the_program_can_end_while_a_backend_never_answers(self) -> None:
        program = textwrap.dedent(
            """
            import contextlib, threading
            from lighttight.vault.password_store import PasswordStore
            class Silent:
                def get_password(self, service, username):
                    threading.Event().wait()
            silent = lambda limit, ask: contextlib.nullcontext(Silent())
            store = PasswordStore(limit=0.1, backend=silent)
            try:
                store.get("a", ask=0)
            except Exception as error:
                print(error.code)
            """
        )
        run_to_the_end(program, "keyring-hanging\n")

    def test_an_old_value_is_not_written_after_a_newer_one(self) -> None:
        """Else a note about an older state would stand over a newer one: a false roll-back."""
        backend = Held()
        store = PasswordStore(limit=0.1, backend=made(backend))
        with pytest.raises(Environment, match="keyring-hanging"):
            store.set(ACCOUNT, "first")
        with pytest.raises(Environment, match="keyring-hanging"):
            store.set(ACCOUNT, "second, which waited for its turn")
        backend.release.set()
        store._limit = 30
        store.set(ACCOUNT, "third")
        assert backend.written == ["first", "third"]


def run_to_the_end(program: str, expected: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert (ended.stdout, ended.stderr) == (expected, "")


class Held:
    """A backend that takes its time with the first write."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.release = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.release.wait(60)
        self.written.append(password)

    def get_password(self, service: str, username: str) -> str | None:
        return self.written[-1] if self.written else None

    def delete_password(self, service: str, username: str) -> None:
        raise AssertionError


class TestInsecure:
    @pytest.mark.parametrize(
        "name",
        [
            "keyrings.alt.file.PlaintextKeyring",
            "keyring.backends.null.Keyring",
            "keyring.backends.fail.Keyring",
            "somebody.elses.Keyring",
        ],
    )
    @pytest.mark.parametrize("where", ["variable", "file"])
    def test_what_was_configured_is_not_used_and_not_ignored(
        self,
        store: PasswordStore,
        secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        name: str,
        where: str,
    ) -> None:
        if where == "variable":
            monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
        else:
            monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
            (tmp_path / "python_keyring").mkdir()
            (tmp_path / "python_keyring" / "keyringrc.cfg").write_text(
                f"[backend]\ndefault-keyring={name}\n"
            )
        assert store.state() is StoreState.INSECURE
        refused(store, "keyring-insecure")

    def test_the_systems_own_by_name_is_fine(
        self,
        store: PasswordStore,
        secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.SecretService.Keyring")
        assert store.state() is StoreState.READY

    def test_a_damaged_configuration_decides_nothing(
        self,
        store: PasswordStore,
        secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        (tmp_path / "python_keyring").mkdir()
        (tmp_path / "python_keyring" / "keyringrc.cfg").write_bytes(b"\xff\xfe[[[")
        assert store.state() is StoreState.READY

    def test_a_collection_without_a_password_is_plain_text(
        self,
        store: PasswordStore,
        passwordless: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # Another program stores something, and it stands on the disk to be read …
        with closing(secretstorage.dbus_init()) as connection:
            collection = secretstorage.get_default_collection(connection)
            collection.create_item("x", {"service": SERVICE, "username": ACCOUNT}, b"CANARY")
        data = Path(passwordless.environment["XDG_DATA_HOME"])
        assert any(b"CANARY" in path.read_bytes() for path in data.rglob("*.keyring"))
        # … so nothing of ours goes there, and what is there can still be read and removed.
        assert store.state() is StoreState.INSECURE
        with pytest.raises(Environment, match="keyring-insecure"):
            store.set(ACCOUNT, SECRET)
        assert not any(SECRET.encode() in path.read_bytes() for path in data.rglob("*.keyring"))
        assert store.get(ACCOUNT) == "CANARY"
        store.delete(ACCOUNT)
        assert store.get(ACCOUNT) is None

    def test_a_collection_that_the_session_forgets(
        self,
        store: PasswordStore,
        secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(
            secretstorage,
            "get_collection_by_alias",
            lambda connection, alias: secretstorage.Collection(
                connection, "/org/freedesktop/secrets/collection/session"
            ),
        )
        assert store.state() is StoreState.INSECURE


@pytest.fixture
def passwordless(
    breakable_secret_service: KeyringDaemon, monkeypatch: pytest.MonkeyPatch
) -> KeyringDaemon:
    """The default collection has an empty password, as on computers that sign in by themselves."""
    monkeypatch.setenv("XDG_DATA_HOME", breakable_secret_service.environment["XDG_DATA_HOME"])
    with closing(secretstorage.dbus_init()) as connection:
        service = DBusAddressWrapper(SS_PATH, f"{SS_PREFIX}Service", connection)
        _, session = service.call("OpenSession", "sv", "plain", ("s", ""))
        internal = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
        (path,) = DBusAddressWrapper(SS_PATH, internal, connection).call(
            "CreateWithMasterPassword",
            "a{sv}(oayays)",
            {f"{SS_PREFIX}Collection.Label": ("s", "Open house")},
            (session, b"", b"", "text/plain"),
        )
        service.call("SetAlias", "so", "default", path)
    return breakable_secret_service


class Wrong:
    """A store that answers something else than what was stored."""

    def __init__(self, answer: str | None = "something else") -> None:
        self.answer = answer
        self.deleted: list[str] = []

    def set_password(self, service: str, username: str, password: str) -> None:
        pass

    def get_password(self, service: str, username: str) -> str | None:
        return self.answer

    def delete_password(self, service: str, username: str) -> None:
        self.deleted.append(username)


class Raising:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def delete_password(self, service: str, username: str) -> None:
        raise self.error


class TestBroken:
    @pytest.mark.parametrize("answer", ["something else", "", None])
    def test_another_value_comes_back(self, answer: str | None) -> None:
        store = PasswordStore(backend=made(Wrong(answer)))
        assert store.state() is StoreState.BROKEN
        with pytest.raises(Environment, match="keyring-broken"):
            store.set(ACCOUNT, SECRET)

    def test_an_item_that_cannot_be_removed(self) -> None:
        store = PasswordStore(backend=made(Wrong()))
        with pytest.raises(Environment, match="keyring-broken"):
            store.delete(ACCOUNT)

    def test_the_null_backend_itself(self) -> None:
        store = PasswordStore(backend=made(cast(Backend, keyring.backends.null.Keyring())))
        assert store.state() is StoreState.BROKEN

    def test_bytes_that_are_no_text(
        self, store: PasswordStore, secret_service: KeyringDaemon
    ) -> None:
        with closing(secretstorage.dbus_init()) as connection:
            collection = secretstorage.get_default_collection(connection)
            attributes = {"service": SERVICE, "username": "no-text"}
            collection.create_item("x", attributes, b"\xff\xfe\x00", replace=True)
        with pytest.raises(Environment, match="keyring-broken"):
            store.get("no-text")

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (keyring.errors.KeyringLocked("x"), "keyring-locked"),
            (keyring.errors.NoKeyringError("x"), "keyring-absent"),
            (keyring.errors.InitError("x"), "keyring-absent"),
            (keyring.errors.PasswordSetError("x"), "keyring-broken"),
            (keyring.errors.KeyringError("x"), "keyring-broken"),
            (TimeoutError(), "keyring-hanging"),
            (ConnectionResetError(), "keyring-broken"),
            (ZeroDivisionError(), "keyring-broken"),
        ],
    )
    def test_whatever_a_backend_raises_has_one_of_six_names(
        self, error: Exception, code: str
    ) -> None:
        store = PasswordStore(backend=made(Raising(error)))
        refused(store, code)
        assert f"keyring-{store.state().value}" == code


class TestStale:
    def test_a_missing_item_is_no_failure(
        self, store: PasswordStore, breakable_secret_service: KeyringDaemon
    ) -> None:
        store.set(ACCOUNT, SECRET)
        breakable_secret_service.wipe()
        assert store.get(ACCOUNT) is None
        assert store.state() is StoreState.READY
        store.delete(ACCOUNT)


class TestReady:
    def test_a_value_lives_until_it_is_deleted(
        self, store: PasswordStore, secret_service: KeyringDaemon
    ) -> None:
        assert store.get(ACCOUNT) is None
        store.set(ACCOUNT, "first")
        store.set(ACCOUNT, SECRET)
        store.set(ACCOUNT + "0", "neighbour")
        assert PasswordStore().get(ACCOUNT) == SECRET
        store.delete(ACCOUNT)
        assert store.get(ACCOUNT) is None
        assert store.get(ACCOUNT + "0") == "neighbour"
        store.delete(ACCOUNT + "0")

    def test_a_probe_leaves_nothing_behind(
        self, store: PasswordStore, secret_service: KeyringDaemon
    ) -> None:
        before = stored_accounts()
        assert store.state() is StoreState.READY
        assert stored_accounts() == before

    def test_other_tools_find_what_was_stored(
        self, store: PasswordStore, secret_service: KeyringDaemon
    ) -> None:
        store.set("seen-from-outside", SECRET)
        assert "seen-from-outside" in stored_accounts()
        store.delete("seen-from-outside")

    def test_without_the_variable_the_usual_socket_is_found(
        self,
        store: PasswordStore,
        secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
        monkeypatch.setenv("XDG_RUNTIME_DIR", secret_service.environment["XDG_RUNTIME_DIR"])
        assert store.state() is StoreState.READY

    def test_one_connection_for_an_act_and_none_left_open(
        self,
        store: PasswordStore,
        breakable_secret_service: KeyringDaemon,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        opened: list[secret_service.BoundedConnection] = []
        real = secret_service.BoundedConnection.__init__

        def watched(
            connection: secret_service.BoundedConnection, address: str, deadline: float
        ) -> None:
            opened.append(connection)
            real(connection, address, deadline)

        monkeypatch.setattr(secret_service.BoundedConnection, "__init__", watched)
        assert store.state() is StoreState.READY
        assert len(opened) == 1
        breakable_secret_service.lock()
        assert store.state() is StoreState.LOCKED
        assert [connection.sock.fileno() for connection in opened] == [-1, -1]

    def test_many_threads_take_turns(
        self, store: PasswordStore, secret_service: KeyringDaemon
    ) -> None:
        errors: list[Exception] = []

        def work(number: int) -> None:
            try:
                store.set(f"thread/{number}", str(number))
                assert store.get(f"thread/{number}") == str(number)
                store.delete(f"thread/{number}")
            except (Environment, AssertionError) as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors


def test_other_systems_take_their_own_backend_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backends.macOS

    monkeypatch.setattr(sys, "platform", "darwin")
    with password_store.system_backend(1, 0) as backend:
        assert isinstance(backend, keyring.backends.macOS.Keyring)
