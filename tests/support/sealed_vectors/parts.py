"""What all cases are made of: bytes that follow from a label, HKDF by hand, one JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

Case = dict[str, Any]
Named = tuple[str, Case]


def stream(label: str, count: int) -> bytes:
    return hashlib.shake_256(label.encode()).digest(count)


def hkdf_expand(key: bytes, info: bytes, length: int) -> bytes:
    out, block, number = b"", b"", 0
    while len(out) < length:
        number += 1
        block = hmac.digest(key, block + info + bytes([number]), "sha512")
        out += block
    return out[:length]


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return hkdf_expand(hmac.digest(salt, secret, "sha512"), info, length)


VAULT = stream("vault", 16)
OBJECT = stream("object", 16)
MASTER = stream("master", 32)


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()
