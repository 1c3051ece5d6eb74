"""Locking reaches the vault, whatever becomes of the decoder."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from lighttight.session import create_session
from tests.support.password_store import MemoryStore
from tests.support.vaults import KEYRING


def test_a_decoder_that_does_not_end_leaves_no_vault_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = create_session(tmp_path / "v", "Home", (KEYRING,), MemoryStore()).session

    def fails() -> None:
        raise ChildProcessError

    monkeypatch.setattr(session.decoder, "close", fails)
    with contextlib.suppress(ChildProcessError):
        session.lock()
    assert session.vault.closed
