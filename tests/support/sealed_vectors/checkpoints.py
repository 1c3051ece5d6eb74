"""Checkpoints and certificates: other spellings of what is signed, and other signatures.

ML-DSA-65 signs with randomness of its own here, so the signatures stand in `signed.json`, under the
digest of what was signed; one that is missing is made.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from tests.support.sealed_vectors.parts import Named, stream

KEPT = Path(__file__).with_name("signed.json")
NOTE = b"lighttight/checkpoint/v1"
EPOCH = b"lighttight/epoch/v1"


class Keys:
    def __init__(self, label: str) -> None:
        self.seed = stream(f"{label} mldsa65", 32)
        self.first = Ed25519PrivateKey.from_private_bytes(stream(f"{label} ed25519", 32))
        self.second = MLDSA65PrivateKey.from_seed_bytes(self.seed)
        self.public = (
            self.first.public_key().public_bytes_raw(),
            self.second.public_key().public_bytes_raw(),
        )

    def sign(self, message: bytes, context: bytes) -> tuple[bytes, bytes]:
        kept: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        name = sha256(self.seed + context + b"\0" + message).hexdigest()
        if name not in kept:
            kept[name] = base64.b64encode(self.second.sign(message, context)).decode()
            KEPT.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")
        return self.first.sign(message), base64.b64decode(kept[name])


def signed_note(text: str, keys: Keys, by: Keys | None = None) -> bytes:
    """The note of a text; `by` signs in the name of `keys`."""
    name = text.split("\n")[0]
    lines = b""
    signatures = (by or keys).sign(text.encode(), NOTE)
    kinds = (b"\x01", b"\xffML-DSA-65")
    for kind, key, one in zip(kinds, keys.public, signatures, strict=True):
        key_id = sha256(name.encode() + b"\n" + kind + key).digest()[:4]
        lines += f"— {name} ".encode() + base64.b64encode(key_id + one) + b"\n"
    return text.encode() + b"\n" + lines


def checkpoint_cases() -> Iterator[Named]:
    keys, thief = Keys("epoch"), Keys("thief")
    root = base64.b64encode(stream("root", 32)).decode()
    name = "lighttight.invalid/" + stream("identity", 32).hex()
    text = f"{name}\n4711\n{root}\nepoch 3\ntime 1700000000123\n"
    right = signed_note(text, keys)
    head, first, second = right.partition(b"\n\n")[0], *right.splitlines(keepends=True)[-2:]

    def case(label: str, note: bytes, reason: str, expect: str = "checkpoint-forged") -> Named:
        return label, {
            "expect": expect,
            "reason": reason,
            "ed25519": keys.public[0].hex(),
            "mldsa65": base64.b64encode(keys.public[1]).decode(),
            "note": base64.b64encode(note).decode(),
        }

    yield case("opens", right, "as it should be", "opens")
    yield case("empty", b"", "nothing")
    yield case("no-signatures", head + b"\n\n", "no signature")
    yield case("no-mldsa65", head + b"\n\n" + first, "the second signature is missing")
    yield case("no-ed25519", head + b"\n\n" + second, "the first signature is missing")
    yield case("swapped", head + b"\n\n" + second + first, "another order")
    yield case("twice", head + b"\n\n" + first + first, "one signature twice")
    yield case("one-more", right + second, "a further signature")
    yield case("thief", signed_note(text, keys, thief), "signed by others in their name")
    theirs = signed_note(text, keys, thief).splitlines(keepends=True)
    yield case("thief-mldsa65", head + b"\n\n" + first + theirs[-1], "one key of two was stolen")
    yield case("thief-ed25519", head + b"\n\n" + theirs[-2] + second, "one key of two was stolen")
    yield case("altered", right.replace(b"\n4711\n", b"\n4712\n"), "another size")
    yield case("epoch-altered", right.replace(b"epoch 3", b"epoch 4"), "another epoch")
    for label, old, new in (
        ("leading-zero", "\n4711\n", "\n04711\n"),
        ("crlf", "\n", "\r\n"),
        ("further-line", "123\n", "123\nmore\n"),
        ("no-time", "time 1700000000123\n", ""),
        ("upper-case", name, name.upper()),
        ("root-unpadded", root, root.rstrip("=")),
    ):
        spelled = signed_note(text.replace(old, new), keys)
        yield case(f"spelled-{label}", spelled, "signed, in another spelling")


def certificate_cases() -> Iterator[Named]:
    identity, epochs = Keys("identity"), [Keys(f"epoch {number}") for number in range(3)]
    fingerprint = sha256(b"lighttight/identity/v1\0" + b"".join(identity.public)).digest()

    def certificate(number: int, size: int, by: Keys, who: bytes = fingerprint) -> bytes:
        stated = b"".join(
            (
                EPOCH + b"\0",
                who,
                number.to_bytes(4),
                size.to_bytes(8),
                stream(f"root {size}", 32),
                (1_700_000_000_000 + number).to_bytes(8),
                *epochs[number].public,
            )
        )
        return stated + b"".join(by.sign(stated, EPOCH))

    def case(
        label: str, chain: list[bytes], reason: str, expect: str = "certificate-forged"
    ) -> Named:
        return label, {
            "expect": expect,
            "reason": reason,
            "ed25519": identity.public[0].hex(),
            "mldsa65": base64.b64encode(identity.public[1]).decode(),
            "certificates": [base64.b64encode(one).decode() for one in chain],
        }

    first = certificate(0, 2, identity)
    second = certificate(1, 5_002, epochs[0])
    yield case("opens", [first, second], "as it should be", "opens")
    yield case("empty", [], "no certificate")
    yield case("first-missing", [second], "the chain does not begin with the identity")
    yield case("swapped", [second, first], "another order")
    yield case("twice", [first, first], "the same epoch twice")
    yield case("left-out", [first, certificate(2, 9_000, epochs[0])], "an epoch is left out")
    yield case("shrinks", [first, certificate(1, 1, epochs[0])], "the tree is smaller than before")
    yield case("itself", [first, certificate(1, 5_002, epochs[1])], "certified by itself")
    yield case("identity-again", [first, certificate(1, 5_002, identity)], "by the identity")
    yield case("other-identity", [certificate(0, 2, identity, bytes(32))], "of another identity")
    yield case("cut", [first[:-1]], "a byte is missing")
    yield case("longer", [first + b"\0"], "a byte too many")
    yield case("altered", [first[:60] + b"\1" + first[61:]], "another tree size")
