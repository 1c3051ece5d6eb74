"""An emptied log is empty on the disk too, before anybody is told that something is gone."""

from __future__ import annotations

import errno
import os

import pytest

from lighttight.errors import Environment
from lighttight.files import durable
from lighttight.model import ItemId
from lighttight.vault.vault import Vault
from tests.support.objects import add_object

Synced = list[tuple[str, int]]


@pytest.fixture
def synced(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Synced:
    """Name and length of each file that was synced by us, in order."""
    seen: Synced = []
    sync = durable.sync_file

    def noted(fd: int) -> None:
        found = os.fstat(fd)
        for path in vault.path.iterdir():
            if path.stat().st_ino == found.st_ino:
                seen.append((path.name, found.st_size))
        sync(fd)

    monkeypatch.setattr(durable, "sync_file", noted)
    return seen


def test_the_log_of_the_catalog(vault: Vault, synced: Synced) -> None:
    add_object(vault, b"a picture")
    assert (vault.path / "catalog.1.db-wal").stat().st_size > 0
    assert vault.catalog.checkpoint()
    assert synced == [("catalog.1.db-wal", 0)]


def test_the_log_of_the_previews(vault: Vault, synced: Synced) -> None:
    item = ItemId("00" * 16)
    vault.previews.put(item, b"JPEG")
    assert vault.previews.remove([item])
    assert synced == [("previews.db-wal", 0)]


def test_one_that_a_reader_holds_up_is_not_called_empty(vault: Vault, synced: Synced) -> None:
    with vault.catalog.reading() as database:
        database.execute("SELECT * FROM items").fetchall()
        add_object(vault, b"a picture")
        vault.catalog._writer.set_busy_timeout(1)
        assert not vault.catalog.checkpoint()
    assert synced == []


def test_a_disk_that_fails_at_it_is_named(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "worn out")

    with monkeypatch.context() as broken:
        broken.setattr(durable, "sync_file", fail)
        with pytest.raises(Environment, match="disk-failed"):
            vault.catalog.checkpoint()
