"""Every vault that an earlier build left here opens, is whole, and is worked with further."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from lighttight.model import Scope, View
from lighttight.session import Offer, Session, open_session
from tests.support.password_store import MemoryStore
from tests.support.vault_of_today import ALBUM, VAULTS
from tests.support.vaults import PASSPHRASE

FOUND = sorted(one for one in VAULTS.iterdir() if one.is_dir())
BY_PASSPHRASE = Offer(passphrase=PASSPHRASE, keyring=False)


def original(session: Session, name: str) -> str:
    """SHA-256 of the original, in the trash or not."""
    everything = [*session.library.items(), *session.library.items(View(Scope.TRASH))]
    item = next(one for one in everything if one.name == name)
    with session.library.open(item.id) as reader:
        return hashlib.sha256(reader.read(0, reader.size)).hexdigest()


def test_there_are_some() -> None:
    assert FOUND


@pytest.mark.parametrize("made", FOUND, ids=lambda path: path.name)
def test_it_opens_and_goes_on(made: Path, tmp_path: Path) -> None:
    path = tmp_path / made.name
    shutil.copytree(made, path)
    with open_session(path, BY_PASSPHRASE, MemoryStore()) as session:
        assert session.care.verify(deep=True).sound
        listed = json.loads(made.with_suffix(".json").read_text())
        assert {name: original(session, name) for name in listed} == listed
        counts = session.library.counts()
        assert (counts.all, counts.favourites, counts.trash) == (3, 1, 1)
        assert [(album.name, album.count) for album in session.library.albums.all()] == [(ALBUM, 2)]
        assert [item.name for item in session.library.items(View(text="tag:snow"))] == [
            "winter.png"
        ]
        session.library.trash.empty()
        assert session.care.settle_in() == 0
    with open_session(path, BY_PASSPHRASE, MemoryStore()) as session:
        assert session.care.verify(deep=True).sound
