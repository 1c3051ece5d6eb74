"""A phone folder goes in; a program written from the specification alone gets it out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from lighttight.library.importing import import_paths
from lighttight.session import create_session
from tests.support import media_files, second_reader, second_record
from tests.support.password_store import MemoryStore
from tests.support.vaults import PASSPHRASE, PASSPHRASE_WAY, cheap_derivation

SHARED = Path(__file__).resolve().parents[3] / "shared" / "media"


def phone_folder() -> dict[str, bytes]:
    files = {
        **{f"turned {number}.jpg": media_files.jpeg(number) for number in range(1, 9)},
        "IMG_0001.HEIC": media_files.heic(),
        "Bildschirmfoto \u00e4 2.png": media_files.png(),
        "IMG_0002.MOV": media_files.video(media_files.CLIPS["mov"]),
        "VID_3.mp4": media_files.video(media_files.CLIPS["mp4"]),
        "cut.jpg": media_files.jpeg()[:200],
    }
    if SHARED.is_dir():
        files |= {one.name: one.read_bytes() for one in SHARED.rglob("*.[hjHJ]*") if one.is_file()}
    return files


@pytest.mark.usefixtures("private_home")
def test_every_original_comes_back_byte_for_byte(tmp_path: Path) -> None:
    expected = phone_folder()
    (tmp_path / "DCIM").mkdir()
    for name, data in expected.items():
        (tmp_path / "DCIM" / name).write_bytes(data)
    with cheap_derivation():
        made = create_session(tmp_path / "v", "Home", (PASSPHRASE_WAY,), MemoryStore())
    with made.session as session:
        summary = import_paths(session.vault, session.decoder, [tmp_path / "DCIM"])
        assert (summary.imported, summary.failed) == (len(expected), 0)
    assert dict(second_reader.originals(tmp_path / "v", PASSPHRASE)) == expected
    rows, _ = second_reader.open_catalog(tmp_path / "v", PASSPHRASE)
    assert second_record.check_record(rows) > len(expected)
