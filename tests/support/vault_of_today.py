"""Makes the small vault that every later build must open: `tests/fixtures/vaults/<name>`.

    python -m tests.support.vault_of_today NAME

Run once when a piece of work changed the format, and commit the folder and the list beside it:
SHA-256 of every original by name, since another build's encoders would make other bytes.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from lighttight.library.importing import import_paths
from lighttight.session import create_session
from lighttight.vault import reserve
from tests.support import media_files
from tests.support.password_store import MemoryStore
from tests.support.vaults import PASSPHRASE_WAY, cheap_derivation

VAULTS = Path(__file__).resolve().parents[1] / "fixtures" / "vaults"
ALBUM = "Lake house"
CONTENT = {
    "lake.jpg": lambda: media_files.jpeg(6),
    "winter.png": media_files.png,
    "boat.mp4": lambda: media_files.video(media_files.CLIPS["mp4"]),
    "broken.jpg": lambda: media_files.jpeg()[:300],
}


def make(path: Path) -> None:
    store = MemoryStore()
    # No keyring: the vault must open on another computer, with its passphrase alone.
    store.memory.broken = "keyring-absent"
    with tempfile.TemporaryDirectory() as folder, cheap_derivation():
        listed: dict[str, str] = {}
        for name, made in CONTENT.items():
            data = made()
            (Path(folder) / name).write_bytes(data)
            listed[name] = hashlib.sha256(data).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps(listed, indent=1) + "\n")
        with create_session(path, "Fixture", (PASSPHRASE_WAY,), store).session as session:
            import_paths(session.vault, session.decoder, [Path(folder)])
            items = {item.name: item.id for item in session.library.items()}
            album = session.library.albums.create(ALBUM)
            session.library.albums.add(album, [items["lake.jpg"], items["boat.mp4"]])
            session.library.marks.tag([items["winter.png"]], "snow")
            session.library.marks.favourite([items["lake.jpg"]], on=True)
            session.library.trash.put([items["broken.jpg"]])
            (Path(folder) / "out").mkdir()
            session.egress.export_originals(
                [items["winter.png"]], Path(folder) / "out", screen="export"
            )
    for left in (*path.glob("*-shm"), path / reserve.NAME):
        left.unlink()


if __name__ == "__main__":
    make(VAULTS / sys.argv[1])
