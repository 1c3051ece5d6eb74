"""What someone with the key can read of a catalog's pages, in the file and in its log.

Written from `app/docs/vault-format.md`, section 6, without the library that writes them:
AES-256-CBC with the initialisation vector and the authentication code at the end of each page.
Freed pages and old frames of the log are read as well: there a deleted key would survive.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
RESERVED = 80
SALT = 16
LOG_HEADER = 32
FRAME_HEADER = 24


def readable_pages(path: Path, key: bytes) -> bytes:
    """All pages of the database at `path`, decrypted and joined, then all frames of its log."""
    data = path.read_bytes()
    pages = [data[start : start + PAGE] for start in range(0, len(data) - PAGE + 1, PAGE)]
    opened = [_plain(page, key, first=number == 0) for number, page in enumerate(pages)]
    log = path.with_name(path.name + "-wal")
    frames = log.read_bytes()[LOG_HEADER:] if log.exists() else b""
    step = FRAME_HEADER + PAGE
    for start in range(0, len(frames) - step + 1, step):
        frame = frames[start : start + step]
        number = int.from_bytes(frame[:4])
        opened.append(_plain(frame[FRAME_HEADER:], key, first=number == 1))
    return b"\x00\xff".join(opened)


def _plain(page: bytes, key: bytes, *, first: bool) -> bytes:
    start = SALT if first else 0
    vector = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(vector)).decryptor()
    return decryptor.update(page[start : PAGE - RESERVED]) + decryptor.finalize()
