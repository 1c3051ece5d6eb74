"""A thousand words that stand nowhere else, planted in pictures, and the search for them."""

from __future__ import annotations

import re
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.support import media_files

COUNT = 1000
MARK = secrets.token_hex(3)
"""New for every run: no file that was there before can hold it."""
CANARY = re.compile(rf"cnry{MARK}[0-9]{{4}}".encode(), re.IGNORECASE)


def canaries() -> Iterator[str]:
    for number in range(COUNT):
        yield f"cnry{MARK}{number:04}"


def picture(words: list[str]) -> bytes:
    """A JPEG with the words in EXIF (description, maker, model), XMP and a comment."""
    described = media_files.tiff(
        [
            [
                (0x010E, 2, f"{words[0]} {words[1]}"),
                (0x010F, 2, words[2]),
                (0x0110, 2, words[3]),
                (0x013B, 2, words[4]),
            ]
        ]
    )
    xmp = f"<x:xmpmeta><dc:title>{words[5]}</dc:title>{words[6]}</x:xmpmeta>".encode()

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    whole = media_files.jpeg()
    return (
        whole[:2]
        + segment(0xE1, b"Exif\0\0" + described)
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
        + segment(0xFE, words[7].encode())
        + whole[2:]
    )


def readable(*places: Path) -> dict[bytes, Path]:
    """Every canary that stands in a file or in the name of one, in 8 or in 16 bits a letter."""
    found: dict[bytes, Path] = {}
    for place in places:
        for path in place.rglob("*"):
            data = path.name.encode(errors="surrogateescape")
            if path.is_file() and not path.is_symlink():
                data += b"\n" + path.read_bytes()
            for seen in (data, data.replace(b"\0", b"")):
                found |= dict.fromkeys(CANARY.findall(seen), path)
    return found
