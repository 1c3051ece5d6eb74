"""Blobs: C2SP chunked-encryption v1, AEAD_AES_256_GCM with SHA-512 ("Cobblestone-256").

    salt 24 | commitment 32 | chunk 0 | chunk 1 | … | last chunk

A chunk is 16,384 bytes of plaintext and a tag; the last is always shorter, possibly empty, so that
a file cut between two chunks does not pass for a shorter one. The commitment binds the blob to one
key and one context: no blob can be made that opens under two keys, and one that is moved to another
object or another vault does not open.

`Sealer` and `Opener` run from the front to the end, over the library's own implementation.
`RandomReader` answers any range, for video seeking and decoding, over AES-GCM itself. Both accept
exactly the same blobs; every published vector goes through both.

What is padded is decided here only by the reader: whoever seals appends zeros up to `padme(length)`
itself, because only it knows when the original has ended.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import AlreadyFinalized, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.utils import Buffer

from lighttight.errors import Integrity, Refused
from lighttight.model import ObjectId, VaultId
from lighttight.sealed.keys import KEY, check_key
from lighttight.sealed.padme import padme

CHUNK = 16_384
"""Bytes of plaintext in every chunk but the last."""
TAG = 16
SEALED_CHUNK = CHUNK + TAG
SALT = 24
COMMITMENT = 32
OVERHEAD = SALT + COMMITMENT
"""Bytes before the first chunk."""

_NONCE = 12
_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_CONTEXT = b"lighttight/blob/v1\x00"

Fetch = Callable[[int, int], bytes]
"""`fetch(offset, count)` answers that range of the sealed bytes. Called from any thread."""


def blob_context(vault: VaultId, object: ObjectId) -> bytes:  # noqa: A002 - the format's noun
    """What a blob is bound to besides its key."""
    return _CONTEXT + bytes.fromhex(vault) + bytes.fromhex(object)


def sealed_size(plain: int) -> int:
    """Bytes of the blob whose plaintext, padding included, has `plain` bytes."""
    return OVERHEAD + plain + TAG * (plain // CHUNK + 1)


def plain_size(sealed: int) -> int:
    """Bytes of plaintext, padding included, in a blob of `sealed` bytes.

    A file cut inside a chunk has a size that looks possible. Only opening its last chunk shows it.
    """
    full, last = divmod(sealed - OVERHEAD, SEALED_CHUNK)
    if full < 0 or last < TAG:
        raise Integrity("blob-damaged")
    return full * CHUNK + last - TAG


class Sealer:
    """Seals one blob from the front to the end. Draws its salt itself."""

    __slots__ = ("_encryptor",)

    def __init__(self, key: bytes, context: bytes) -> None:
        check_key(key)
        self._encryptor = Cobblestone256Encryptor(key, context)

    def update(self, data: Buffer) -> bytes:
        return self._encryptor.update(data)

    def update_into(self, data: Buffer, buffer: Buffer) -> int:
        """Write what is complete into `buffer` and answer how much that is.

        `len(data) + OVERHEAD + TAG * (len(data) // CHUNK + 1) + CHUNK` bytes are always enough;
        a smaller buffer than needed is a mistake of the caller (ValueError).
        """
        return self._encryptor.update_into(data, buffer)

    def finalize(self) -> bytes:
        return self._encryptor.finalize()


class Opener:
    """Opens one blob from the front to the end.

    What `update` answers was authenticated, but until `finalize` the end is not known: a cut file
    answers its first chunks before it is refused.
    """

    __slots__ = ("_decryptor",)

    def __init__(self, key: bytes, context: bytes) -> None:
        check_key(key)
        self._decryptor = Cobblestone256Decryptor(key, context)

    def update(self, data: Buffer) -> bytes:
        try:
            return self._decryptor.update(data)
        except (InvalidTag, AlreadyFinalized):
            raise Integrity("blob-damaged") from None

    def update_into(self, data: Buffer, buffer: Buffer) -> int:
        """As `update`, into a buffer of at least `len(data) + CHUNK` bytes."""
        try:
            return self._decryptor.update_into(data, buffer)
        except (InvalidTag, AlreadyFinalized):
            # The library leaves what it decrypted before it saw that the tag is wrong. Bytes that
            # an attacker chose must not be found there by someone who reads on after the error.
            _wipe(buffer)
            raise Integrity("blob-damaged") from None

    def finalize(self) -> bytes:
        try:
            return self._decryptor.finalize()
        except (InvalidTag, AlreadyFinalized):
            raise Integrity("blob-damaged") from None


class ChunkReader:
    """Answers any range of the plaintext of a blob, padding included.

    Made only when the commitment holds and the *last* chunk opens: without the second, a file cut
    inside a chunk opens with a wrong size. Holds no state that changes, so that the threads of a
    video player may share it.
    """

    __slots__ = ("_aead", "_base", "_fetch", "_sealed", "length")

    def __init__(self, key: bytes, context: bytes, fetch: Fetch, sealed: int) -> None:
        check_key(key)
        self._fetch = fetch
        self._sealed = sealed
        self.length = plain_size(sealed)
        prefix = self._fetched(0, OVERHEAD)
        material = HKDFExpand(
            SHA512(), KEY + _NONCE + COMMITMENT, _LABEL + prefix[:SALT] + context
        ).derive(key)
        if not hmac.compare_digest(material[KEY + _NONCE :], prefix[SALT:]):
            raise Integrity("blob-damaged")
        self._aead = AESGCM(material[:KEY])
        self._base = int.from_bytes(material[KEY : KEY + _NONCE])
        last = self.length // CHUNK
        self._opened(last, last + 1)

    def read(self, start: int, stop: int) -> bytes:
        """Plaintext from `start` to `stop`, both inside it, `start` < `stop`. One fetch."""
        first = start // CHUNK
        chunks = self._opened(first, (stop - 1) // CHUNK + 1)
        with memoryview(chunks) as view:
            return bytes(view[start - first * CHUNK : stop - first * CHUNK])

    def _opened(self, first: int, end: int) -> bytearray:
        begin = OVERHEAD + first * SEALED_CHUNK
        sealed = self._fetched(begin, min(OVERHEAD + end * SEALED_CHUNK, self._sealed) - begin)
        plain = bytearray(len(sealed) - (end - first) * TAG)
        decrypt_into = self._aead.decrypt_into
        base = self._base
        with memoryview(sealed) as source, memoryview(plain) as target:
            try:
                for index in range(end - first):
                    decrypt_into(
                        (base ^ (first + index)).to_bytes(_NONCE),
                        source[index * SEALED_CHUNK : (index + 1) * SEALED_CHUNK],
                        None,
                        target[index * CHUNK : (index + 1) * CHUNK],
                    )
            except InvalidTag:
                _wipe(plain)
                raise Integrity("blob-damaged") from None
        return plain

    def _fetched(self, offset: int, count: int) -> bytes:
        data = self._fetch(offset, count)
        if len(data) != count:
            raise Integrity("blob-damaged")
        return data


class RandomReader:
    """Answers any range of an original, straight from its blob. Safe to share between threads.

    `size` is the true length, out of the catalog. The blob must hold exactly that, padded: so it
    was neither cut nor made longer, whatever the size of the file says.
    """

    __slots__ = ("_chunks", "size")

    def __init__(
        self, key: bytes, context: bytes, fetch: Fetch, sealed_size: int, size: int
    ) -> None:
        self._chunks = ChunkReader(key, context, fetch, sealed_size)
        self.size = size
        if size < 0 or self._chunks.length != padme(size):
            raise Integrity("blob-damaged")

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; fewer at the end, none after it."""
        # Ranges come from a decoder that a hostile picture may have taken over.
        if offset < 0 or count < 0:
            raise Refused("range-refused")
        stop = min(offset + count, self.size)
        return self._chunks.read(offset, stop) if offset < stop else b""


def _wipe(buffer: Buffer) -> None:
    with memoryview(buffer) as view:
        view[:] = bytes(len(view))
