"""Blobs: right at every boundary, and wrong in every way that a stream can be wrong.

The wrong ones follow the case list of age's stream vectors (C2SP/CCTV): truncation, a missing,
doubled or full last chunk, garbage behind the end.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.support.sealed_vectors.parts import OBJECT, VAULT, Case, Named, hkdf_expand, stream

CHUNK = 16_384


def padme(length: int) -> int:
    if length < 2:
        return length
    e = 0
    while 2 ** (e + 1) <= length:
        e += 1
    s = 0
    while 2**s <= e:
        s += 1
    step = 2 ** (e - s)
    return -(-length // step) * step


class Blob:
    """The parts of one blob, to be put together rightly or wrongly."""

    def __init__(self, label: str, context: bytes | None = None) -> None:
        self.key = stream(f"{label} key", 32)
        self.salt = stream(f"{label} salt", 24)
        if context is None:
            context = b"lighttight/blob/v1\x00" + VAULT + OBJECT
        info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + self.salt + context
        derived = hkdf_expand(self.key, info, 76)
        self._aead = AESGCM(derived[:32])
        self._base = int.from_bytes(derived[32:44])
        self.head = self.salt + derived[44:]

    def seal(self, index: int, plain: bytes) -> bytes:
        return self._aead.encrypt((self._base ^ index).to_bytes(12), plain, b"")

    def dark(self, index: int, count: int = CHUNK) -> bytes:
        """Plaintext whose ciphertext is zeros, so that the files stay small."""
        return self.seal(index, bytes(count))[:-16]

    def original(self, size: int) -> bytes:
        parts = [
            self.dark(index, min(CHUNK, size - index * CHUNK)) for index in range(-(-size // CHUNK))
        ]
        return b"".join(parts)

    def chunks(self, plain: bytes) -> list[bytes]:
        count = len(plain) // CHUNK + 1
        return [self.seal(at, plain[at * CHUNK : (at + 1) * CHUNK]) for at in range(count)]

    def sealed(self, size: int) -> list[bytes]:
        return self.chunks(self.original(size).ljust(padme(size), b"\x00"))


def blob_cases() -> Iterator[Named]:
    def case(name: str, blob: Blob, size: int, data: bytes, reason: str, **more: Any) -> Named:
        vector: Case = {
            "expect": "blob-damaged",
            "reason": reason,
            "key": blob.key.hex(),
            "vault": VAULT.hex(),
            "object": OBJECT.hex(),
            "size": size,
            "blob": base64.b64encode(zlib.compress(data, 9)).decode(),
        }
        return name, vector | more

    def flipped(data: bytes, place: int) -> bytes:
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    sizes = {
        "empty": 0,
        "one-byte": 1,
        "nine-bytes-padded-to-ten": 9,
        "short": 1000,
        "chunk-less-one": CHUNK - 1,
        "chunk": CHUNK,
        "chunk-and-one": CHUNK + 1,
        "two-chunks-less-one": 2 * CHUNK - 1,
        "two-chunks": 2 * CHUNK,
        "two-chunks-and-one": 2 * CHUNK + 1,
        "264-chunks": 264 * CHUNK,
        "264-chunks-less-five": 264 * CHUNK - 5,
    }
    for name, size in sizes.items():
        blob = Blob(name)
        digest = hashlib.sha256(blob.original(size)).hexdigest()
        data = blob.head + b"".join(blob.sealed(size))
        yield case(
            f"opens-{name}",
            blob,
            size,
            data,
            "a blob as it should be",
            expect="opens",
            sha256=digest,
        )

    one = Blob("one")
    single = one.head + b"".join(one.sealed(1000))
    two = Blob("two")
    size = 2 * CHUNK  # two full chunks and an empty one
    parts = two.sealed(size)
    whole = two.head + b"".join(parts)
    a, b, end = parts

    yield case("no-bytes", one, 1000, b"", "an empty file")
    yield case("short-salt", one, 1000, one.head[:12], "cut inside the salt")
    yield case("no-commitment", one, 1000, one.head[:24], "cut after the salt")
    yield case("short-commitment", one, 1000, one.head[:40], "cut inside the commitment")
    yield case("no-chunks", one, 0, one.head, "not even the last, empty chunk")
    yield case("missing-tag", one, 1000, single[:-16], "the tag of the only chunk is cut off")
    yield case("short-chunk", one, 1000, single[:70], "less than one tag")
    yield case("cut-inside-only-chunk", one, 1000, single[:-1], "the last byte is cut off")
    yield case("bad-salt", one, 1000, flipped(single, 3), "a bit of the salt")
    yield case("bad-commitment", one, 1000, flipped(single, 30), "a bit of the commitment")
    yield case("bad-ciphertext", one, 1000, flipped(single, 60), "a bit of the only chunk")
    yield case("bad-tag", one, 1000, flipped(single, len(single) - 1), "a bit of the only tag")
    yield case("bad-first-chunk", two, size, flipped(whole, 100), "a bit of the first chunk")
    yield case(
        "bad-second-chunk", two, size, flipped(whole, 56 + 16_400 + 5), "a bit of the second chunk"
    )
    yield case(
        "bad-tag-empty-last", two, size, flipped(whole, len(whole) - 1), "a bit of the last tag"
    )
    yield case("no-last", two, size, two.head + a + b, "the empty last chunk is missing")
    yield case("no-last-one-chunk", two, CHUNK, two.head + a, "cut after a full chunk")
    yield case(
        "cut-inside-second-chunk",
        two,
        CHUNK + 1000,
        two.head + a + b[:1040],
        "cut inside a chunk to the size that a shorter original would have",
    )
    yield case("first-chunk-missing", two, CHUNK, two.head + b + end, "the first chunk left out")
    yield case("middle-chunk-missing", two, CHUNK, two.head + a + end, "the second left out")
    yield case("swapped", two, size, two.head + b + a + end, "two chunks change places")
    yield case("duplicated", two, size, two.head + a + a + end, "the first in place of the second")
    yield case("last-first", two, size, two.head + end + a + b, "the last chunk stands in front")
    yield case("two-last", two, size, whole + end, "the last chunk twice")
    yield case(
        "two-last-counted", two, size, whole + two.seal(3, b""), "a second last chunk, numbered on"
    )
    yield case(
        "last-full",
        two,
        size,
        two.head + a + two.seal(1, two.dark(1)),
        "the last chunk is full, so the file may go on",
    )
    yield case("garbage-short", one, 1000, single + bytes(12), "less than a tag behind the end")
    yield case("garbage-long", one, 1000, single + bytes(20), "more than a tag behind the end")
    yield case("garbage-chunk", two, size, whole + bytes(16_400), "a chunk of zeros behind the end")
    yield case(
        "last-chunk-of-other-blob",
        two,
        size,
        two.head + a + b + Blob("three").seal(2, b""),
        "the last chunk comes from another blob",
    )
    other = Blob("other key")
    yield case("wrong-key", other, 1000, single, "sealed under another key")
    yield case(
        "short-key",
        one,
        1000,
        single,
        "31 bytes of key",
        key=one.key[:31].hex(),
        expect="key-damaged",
    )
    yield case(
        "long-key",
        one,
        1000,
        single,
        "33 bytes of key",
        key=(one.key + b"\0").hex(),
        expect="key-damaged",
    )
    yield case("other-object", one, 1000, single, "the blob of another item", object=VAULT.hex())
    yield case("other-vault", one, 1000, single, "the blob of another vault", vault=OBJECT.hex())
    bare = Blob("bare", context=b"")
    yield case(
        "no-context",
        bare,
        1000,
        bare.head + b"".join(bare.sealed(1000)),
        "sealed without saying for which vault and item",
    )
    only = {"refused_by": ["random"]}
    yield case("size-too-small", one, 900, single, "the catalog says 900, the blob 1,000", **only)
    yield case(
        "size-too-large", one, 1100, single, "the catalog says 1,100, the blob 1,000", **only
    )
    yield case("size-negative", one, -1, single, "no original has fewer than no bytes", **only)
    unpadded = Blob("unpadded")
    yield case(
        "not-padded",
        unpadded,
        CHUNK + 1,
        unpadded.head + b"".join(unpadded.chunks(unpadded.original(CHUNK + 1))),
        "the exact size shows: not padded",
        **only,
    )
