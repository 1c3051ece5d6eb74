"""Blobs, own cases: what opens, opens in every way of reading; what does not, in none."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from lighttight.errors import Integrity, LighttightError
from lighttight.model import ObjectId, VaultId
from lighttight.sealed.blob import CHUNK, Opener, RandomReader, blob_context
from tests.support.vectors import own

SLICES = (1 << 30, CHUNK + 16, 4096, 1)


def sequential(key: bytes, context: bytes, data: bytes, step: int) -> bytes:
    opener = Opener(key, context)
    parts = [opener.update(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join((*parts, opener.finalize()))


def into(key: bytes, context: bytes, data: bytes, step: int) -> bytes:
    opener = Opener(key, context)
    buffer = bytearray(min(step, len(data)) + 2 * CHUNK)
    parts: list[bytes] = []
    for at in range(0, len(data), step):
        count = opener.update_into(memoryview(data)[at : at + step], buffer)
        parts.append(bytes(buffer[:count]))
    return b"".join((*parts, opener.finalize()))


def anywhere(key: bytes, context: bytes, data: bytes, size: int, step: int) -> bytes:
    reader = RandomReader(key, context, lambda at, count: data[at : at + count], len(data), size)
    # From the end to the front: nothing may depend on what was read before.
    parts = [reader.read(at, step) for at in reversed(range(0, size, step))]
    return b"".join(reversed(parts))


@pytest.mark.parametrize("case", own("blob"))
def test_blob(case: dict[str, Any]) -> None:
    key = bytes.fromhex(case["key"])
    context = blob_context(VaultId(case["vault"]), ObjectId(case["object"]))
    data = zlib.decompress(base64.b64decode(case["blob"]))
    size = case["size"]
    # One byte at a time is slow, and says nothing more of a large blob.
    slices = [step for step in SLICES if len(data) // step < 30_000]
    if case["expect"] == "opens":
        for step in slices:
            for reading in (sequential, into):
                opened = reading(key, context, data, step)
                assert hashlib.sha256(opened[:size]).hexdigest() == case["sha256"]
                assert not any(opened[size:])
            opened = anywhere(key, context, data, size, step)
            assert hashlib.sha256(opened).hexdigest() == case["sha256"]
            assert len(opened) == size
        return
    refused_by = case.get("refused_by", ["sequential", "random"])
    for step in slices:
        if "sequential" in refused_by:
            for reading in (sequential, into):
                with pytest.raises(LighttightError) as caught:
                    reading(key, context, data, step)
                assert caught.value.code == case["expect"]
                assert isinstance(caught.value, Integrity)
        with pytest.raises(LighttightError) as caught:
            anywhere(key, context, data, size, max(step, CHUNK))
        assert caught.value.code == case["expect"]
        assert isinstance(caught.value, Integrity)
