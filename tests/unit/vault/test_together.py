"""Several threads and processes in one vault: what one does must not cost the other anything."""

from __future__ import annotations

import threading

import pytest

from lighttight.errors import Environment, Refused
from lighttight.vault import checking
from lighttight.vault.anchoring import AnchorState
from lighttight.vault.blobs import SealedObject
from lighttight.vault.rotation import rotate
from lighttight.vault.vault import Vault, open_vault
from lighttight.vault.ways_in import Offer
from tests.support.objects import Bytes, add_object, read_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING, reopen

DATA = b"a picture" * 5000


def test_sweeping_leaves_what_another_thread_is_about_to_name(vault: Vault, at) -> None:
    # The lock is the process's: holding it alone says nothing about one's own threads.
    at("blob.durable", lambda: checking.sweep(vault))
    _, sealed = add_object(vault, DATA)
    assert read_object(vault, sealed) == DATA
    assert checking.verify(vault, deep=True).sound


def test_sweeping_leaves_a_blob_that_is_still_written(vault: Vault, at) -> None:
    at("blob.part-written", lambda: checking.sweep(vault))
    _, sealed = add_object(vault, DATA)
    assert read_object(vault, sealed) == DATA


def test_what_was_given_up_is_swept_in_the_same_session(vault: Vault) -> None:
    sealed = vault.blobs.write(Bytes(DATA), watch=lambda _: None)
    vault.blobs.remove(sealed.id)
    vault.blobs.path(sealed.id).write_bytes(b"came back")
    assert checking.sweep(vault) == 1


def test_rotation_keeps_what_another_thread_saves_meanwhile(vault: Vault, at) -> None:
    saved: list[SealedObject] = []
    thread = threading.Thread(target=lambda: saved.append(add_object(vault, DATA)[1]))

    def save_meanwhile() -> None:
        thread.start()
        thread.join(0.5)

    at("rotation.catalog-copied", save_meanwhile)
    rotate(vault, reason="asked")
    thread.join()
    assert saved
    held = {sealed.id for _, sealed in checking.all_objects(vault)}
    assert held == {one.id for one in saved}, "an acknowledged item is in no catalog"
    vault.catalog.recompute()


def test_two_sessions_that_add_a_way_in_both_keep_it(vault: Vault, store: MemoryStore) -> None:
    other = open_vault(vault.path, Offer(), store)
    first = other.add_way(KEYRING)
    second = vault.add_way(KEYRING)
    other.close()
    again = reopen(vault)
    assert {first.id, second.id} <= {slot.id for slot in again.slots}
    again.close()


def test_the_eighth_way_in_is_the_last_whoever_adds_it(vault: Vault, store: MemoryStore) -> None:
    other = open_vault(vault.path, Offer(), store)
    for _ in range(6):
        other.add_way(KEYRING)
    other.close()
    with pytest.raises(Refused, match="slots-full"):
        vault.add_way(KEYRING)
    assert len(reopen(vault).slots) == 8


def test_rotation_knows_a_way_in_that_another_session_added(
    vault: Vault, store: MemoryStore
) -> None:
    other = open_vault(vault.path, Offer(), store)
    other.add_way(KEYRING)
    other.close()
    done = rotate(vault, reason="asked")
    assert len(done.kept) == 3
    assert done.removed == ()


def test_mending_keeps_a_way_in_that_another_session_added(
    vault: Vault, store: MemoryStore
) -> None:
    other = open_vault(vault.path, Offer(), store)
    added = other.add_way(KEYRING)
    other.close()
    (vault.path / "header.copy").write_bytes(b"")
    assert checking.mend_header(vault)
    again = reopen(vault)
    assert added.id in {slot.id for slot in again.slots}
    again.close()


def test_a_note_that_another_session_writes_over_is_no_broken_keyring(
    vault: Vault, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_vault(vault.path, Offer(), MemoryStore(store.memory))
    set_password = store.memory.set_password
    older = store.anchor() or ""
    waiting = ["older", "newer"]

    def interrupted(service: str, username: str, password: str) -> None:
        set_password(service, username, password)
        if username.endswith("/anchor") and waiting:
            match waiting.pop(0):
                case "older":
                    set_password(service, username, older)
                case _:
                    other.keeper.write(other.current_anchor)

    monkeypatch.setattr(store.memory, "set_password", interrupted)
    add_object(vault, DATA)
    assert vault.anchor_now()
    assert not waiting
    assert vault.keeper.state is AnchorState.KEPT
    other.close()


def test_a_keyring_that_keeps_something_else_is_broken(
    vault: Vault, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password = store.memory.set_password
    monkeypatch.setattr(
        *(store.memory, "set_password"),
        lambda service, username, _: set_password(service, username, "something else"),
    )
    add_object(vault, DATA)
    assert vault.keeper.state is AnchorState.FAILING
    with pytest.raises(Environment, match="keyring-broken"):
        vault.anchor_now()


def test_an_opening_beside_a_busy_session_sees_no_older_version(
    vault: Vault, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_password = store.memory.get_password

    def busy(service: str, username: str) -> str | None:
        if username.endswith("/anchor") and waiting:
            waiting.pop()
            vault.add_way(KEYRING)
            add_object(vault, DATA)
        return get_password(service, username)

    waiting = [1]
    monkeypatch.setattr(store.memory, "get_password", busy)
    # Calls of one store take turns; another process has its own.
    other = open_vault(vault.path, Offer(), MemoryStore(store.memory))
    assert not waiting
    assert len(other.slots) == 3
    other.close()


def test_a_session_that_was_locked_meanwhile_writes_nothing(vault: Vault) -> None:
    vault.close()
    with pytest.raises(Environment, match="vault-locked"):
        add_object(vault, DATA)


def test_sweeping_in_one_thread_does_not_end_the_solitude_of_another(vault: Vault) -> None:
    # A rotation that is no longer alone would replace the header under another session.
    sweeping = threading.Thread(target=checking.sweep, args=(vault,))
    with vault.alone() as alone:
        assert alone
        sweeping.start()
        sweeping.join(0.2)
        assert vault.lock.alone
    sweeping.join()
    assert not vault.lock.alone
