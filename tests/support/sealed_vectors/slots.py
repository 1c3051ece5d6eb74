"""Slots: every combination of factors, and everything that must not open one."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.support.sealed_vectors.parts import (
    MASTER,
    OBJECT,
    VAULT,
    Case,
    Named,
    compact,
    hkdf,
    stream,
)

TYPES = {"keyring": 1, "passphrase": 2, "recovery": 3, "fido2": 4}
SECRETS = {name: stream(name, 32) for name in TYPES}


def argon2(passphrase: str, costs: Case) -> bytes:
    return Argon2id(
        salt=bytes.fromhex(costs["salt"]),
        length=32,
        iterations=costs["passes"],
        lanes=costs["lanes"],
        memory_cost=costs["memory"],
    ).derive(unicodedata.normalize("NFKC", passphrase).encode())


def costs(label: str) -> Case:
    return {"salt": stream(label, 16).hex(), "memory": 65_536, "passes": 3, "lanes": 4}


def described(slot: Case, vault: bytes = VAULT) -> bytes:
    return compact(
        {
            "format": 1,
            "vault": vault.hex(),
            "slot": slot["id"],
            "factors": slot["factors"],
            "argon2": slot["argon2"],
            "credential": slot["credential"],
            "flags": slot["flags"],
        }
    )


def keyed(slot: Case, outputs: dict[str, bytes], vault: bytes = VAULT) -> tuple[bytes, bytes]:
    ikm = b"".join(bytes([TYPES[one], 0, 32]) + outputs[one] for one in slot["factors"])
    info = b"lighttight/slot/v1\x00" + hashlib.sha512(described(slot, vault)).digest()
    okm = hkdf(ikm, bytes.fromhex(slot["salt"]), info, 64)
    return okm[:32], okm[32:]


def slot_of(label: str, outputs: dict[str, bytes], flags: int = 0, **more: Any) -> Case:
    slot: Case = {
        "id": stream(f"{label} id", 8).hex(),
        "factors": list(outputs),
        "argon2": costs(f"{label} argon2") if "passphrase" in outputs else None,
        "credential": "",
        "flags": flags,
        "salt": stream(f"{label} salt", 32).hex(),
    } | more
    kek, commitment = keyed(slot, outputs)
    nonce = stream(f"{label} nonce", 12)
    wrapped = nonce + AESGCM(kek).encrypt(nonce, MASTER, described(slot))
    return slot | {"commitment": commitment.hex(), "wrapped": wrapped.hex()}


def multiply(one: int, other: int) -> int:
    """In GF(2^128) as GCM counts bits: the first bit is the highest power's opposite."""
    product = 0
    for place in range(127, -1, -1):
        if other >> place & 1:
            product ^= one
        one = (one >> 1) ^ ((0xE1 << 120) if one & 1 else 0)
    return product


def power(base: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = multiply(result, base)
        base = multiply(base, base)
        exponent >>= 1
    return result


def collision(keys: tuple[bytes, bytes], nonce: bytes, associated: bytes) -> bytes:
    """32 bytes of ciphertext and a tag that AES-GCM accepts under both keys.

    GHASH is linear in the ciphertext: with the second block given, the first solves
    (H1^3 + H2^3) * C1 = everything else of both sides. Grubbs, Len, Ristenpart 2021.
    """

    def block(key: bytes, data: bytes) -> int:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return int.from_bytes(encryptor.update(data))

    second = int.from_bytes(stream("collision", 16))
    lengths = len(associated) * 8 << 64 | 256
    padded = associated + bytes(-len(associated) % 16)
    blocks = [int.from_bytes(padded[at : at + 16]) for at in range(0, len(padded), 16)]
    sums, cubes = [], []
    for key in keys:
        point = block(key, bytes(16))
        hashed = 0
        for one in blocks:
            hashed = multiply(hashed ^ one, point)
        # Three more blocks follow: C1, C2, lengths. C1 is left out and counted in `cubes`.
        rest = multiply(hashed, power(point, 3)) ^ multiply(second, power(point, 2))
        rest ^= multiply(lengths, point) ^ block(key, nonce + b"\0\0\0\1")
        sums.append(rest)
        cubes.append(power(point, 3))
    inverse = power(cubes[0] ^ cubes[1], 2**128 - 2)
    first = multiply(sums[0] ^ sums[1], inverse)
    tag = sums[0] ^ multiply(first, cubes[0])
    return b"".join(one.to_bytes(16) for one in (first, second, tag))


def slot_cases() -> Iterator[Named]:
    def case(name: str, slot: Case, outputs: dict[str, str], reason: str, **more: Any) -> Named:
        vector = {
            "expect": "did-not-open",
            "reason": reason,
            "vault": VAULT.hex(),
            "master": MASTER.hex(),
            "slot": slot,
            "outputs": outputs,
        }
        return name, vector | more

    def secret(*names: str) -> dict[str, bytes]:
        return {name: SECRETS[name] for name in names}

    def hexed(outputs: dict[str, bytes]) -> dict[str, str]:
        return {name: one.hex() for name, one in outputs.items()}

    right = {"expect": "opens"}
    combinations = {
        "keyring": secret("keyring"),
        "recovery": secret("recovery"),
        "keyring-passphrase": secret("keyring", "passphrase"),
        "passphrase-recovery": secret("passphrase", "recovery"),
        "keyring-recovery": secret("keyring", "recovery"),
        "three": secret("keyring", "passphrase", "recovery"),
    }
    for name, outputs in combinations.items():
        slot = slot_of(name, outputs)
        yield case(f"opens-{name}", slot, hexed(outputs), "all its factors are there", **right)
        for left_out in outputs if len(outputs) > 1 else ():
            fewer = {one: two for one, two in outputs.items() if one != left_out}
            yield case(f"{name}-without-{left_out}", slot, hexed(fewer), "one factor is missing")
        wrong = {one: stream(f"wrong {one}", 32) for one in outputs}
        for one in outputs:
            mixed = outputs | {one: wrong[one]}
            yield case(f"{name}-wrong-{one}", slot, hexed(mixed), "one factor is another")
    pin = slot_of("pin", secret("keyring", "passphrase"), flags=1)
    both = hexed(secret("keyring", "passphrase"))
    yield case("opens-pin", pin, both, "a PIN beside the keyring", **right)
    one = slot_of("keyring", secret("keyring"))
    keyring = hexed(secret("keyring"))
    extra = hexed(secret("keyring", "recovery"))
    yield case("extra-factor", one, extra, "a factor that the slot does not ask for")
    yield case("no-factor", one, {}, "nothing was given")
    yield case(
        "renamed-factor",
        one,
        {"recovery": keyring["keyring"]},
        "the right 32 bytes, as another factor",
    )
    yield case(
        "swapped-factors",
        slot_of("keyring-recovery", secret("keyring", "recovery")),
        {"keyring": extra["recovery"], "recovery": extra["keyring"]},
        "both secrets are right, in each other's place",
    )
    yield case("short-output", one, {"keyring": keyring["keyring"][:62]}, "31 bytes of a factor")
    yield case("other-vault", one, keyring, "a slot of another vault", vault=OBJECT.hex())

    def bit(text: str, place: int) -> str:
        data = bytearray.fromhex(text)
        data[place] ^= 1
        return data.hex()

    def changed(member: str, value: Any, slot: Case = one) -> Case:
        return slot | {member: value}

    yield case("other-id", changed("id", stream("other", 8).hex()), keyring, "another slot id")
    yield case("other-salt", changed("salt", bit(one["salt"], 0)), keyring, "a bit of the salt")
    yield case(
        "other-commitment",
        changed("commitment", bit(one["commitment"], 31)),
        keyring,
        "a bit of the commitment: what is wrapped would open",
    )
    for place, what in ((0, "nonce"), (12, "ciphertext"), (59, "tag")):
        yield case(
            f"other-{what}",
            changed("wrapped", bit(one["wrapped"], place)),
            keyring,
            f"a bit of the wrapped {what}: only AES-GCM notices",
        )
    stretched = slot_of("keyring-passphrase", secret("keyring", "passphrase"))
    for member, value in (("memory", 131_072), ("passes", 4), ("lanes", 5)):
        lower = changed("argon2", stretched["argon2"] | {member: value}, stretched)
        yield case(
            f"other-{member}",
            lower,
            both,
            "costs are part of the key, even when the factor output is right",
        )
    yield case("other-flags", changed("flags", 0, pin), both, "the PIN flag was taken away")
    yield case(
        "other-factors",
        changed("factors", ["recovery"]),
        {"recovery": keyring["keyring"]},
        "the kind of factor was changed in the header",
    )
    crossed = changed("factors", ["keyring"], stretched) | {"argon2": None}
    yield case("crossed-out-factor", crossed, keyring, "the passphrase was crossed out")

    # One `wrapped` that AES-GCM opens under two keys: only the commitment stands in the way.
    owner, planted = SECRETS["keyring"], stream("planted", 32)
    shell = slot_of("collision", {"keyring": owner})
    keys = keyed(shell, {"keyring": owner})[0], keyed(shell, {"keyring": planted})[0]
    nonce = stream("collision nonce", 12)
    double = nonce + collision(keys, nonce, described(shell))
    two = shell | {"wrapped": double.hex()}
    yield case(
        "collision-first",
        two,
        keyring,
        "wrapped opens under two keys; the commitment is to this one",
        expect="opens",
        master=AESGCM(keys[0]).decrypt(nonce, double[12:], described(shell)).hex(),
    )
    yield case(
        "collision-second",
        two,
        {"keyring": planted.hex()},
        "wrapped opens under two keys; the commitment is to the other one",
        gcm_alone_opens=keys[1].hex(),
    )

    hard = slot_of("fido2", secret("keyring", "fido2"), credential="00ff")
    yield case(
        "fido2",
        hard,
        hexed(secret("keyring", "fido2")),
        "a factor of a later version",
        expect="factor-unsupported",
    )

    for name, sealed, typed in (
        ("plain", "correct horse battery staple", "correct horse battery staple"),
        ("composed", "Stra\u00dfe \u00e9t\u00e9", "Stra\u00dfe e\u0301te\u0301"),
        ("wide", "PIN \uff11\uff12\uff13", "PIN 123"),
    ):
        own = costs(f"passphrase-{name} argon2")
        slot = slot_of(f"passphrase-{name}", {"passphrase": argon2(sealed, own)})
        yield case(
            f"opens-passphrase-{name}",
            slot,
            {},
            "NFKC makes both spellings one",
            passphrase=typed,
            **right,
        )
    yield case(
        "passphrase-case",
        slot_of(
            "passphrase-plain",
            {
                "passphrase": argon2(
                    "correct horse battery staple", costs("passphrase-plain argon2")
                )
            },
        ),
        {},
        "case matters",
        passphrase="Correct horse battery staple",
    )
