"""Checkpoints: one spelling, two signatures, and nothing else in the note."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from hashlib import sha256

import pytest

from lighttight.errors import Integrity
from lighttight.sealed.checkpoint import Checkpoint, check, read, sign
from lighttight.sealed.signing import SigningKeys, new_keys

KEYS = SigningKeys(b"e" * 32, b"m" * 32)
OTHER = SigningKeys(b"f" * 32, b"n" * 32)
STATED = Checkpoint(b"\x1d" * 32, 4711, sha256(b"root").digest(), 3, 1_700_000_000_123)
NOTE = sign(STATED, KEYS)
PUBLIC = KEYS.public()
TEXT, SIGNED = NOTE.split(b"\n\n")
ED25519, MLDSA65 = (line + b"\n" for line in SIGNED.splitlines())


def refused(note: bytes) -> None:
    with pytest.raises(Integrity, match="checkpoint-forged"):
        check(note, PUBLIC)


@pytest.mark.parametrize("part", range(8))
def test_every_bit_counts(part: int) -> None:
    """Of the long signature one bit in each byte: checking it takes a millisecond."""
    long = len(NOTE) - len(MLDSA65) + 90
    for byte in range(part, len(NOTE), 8):
        for bit in range(8) if byte < long else (byte * 5 // 8 % 6,):
            data = bytearray(NOTE)
            data[byte] ^= 1 << bit
            refused(bytes(data))


def resigned(old: bytes, new: bytes) -> bytes:
    """Another spelling, with signatures over it that hold: somebody has the keys."""
    text = (TEXT + b"\n").replace(old, new)
    assert text != TEXT + b"\n"
    name = text.split(b"\n")[0]
    public, signatures = KEYS.sign(text, b"lighttight/checkpoint/v1")
    lines = b""
    for kind, key, one in (
        (b"\x01", public.ed25519, signatures.ed25519),
        (b"\xffML-DSA-65", public.mldsa65, signatures.mldsa65),
    ):
        key_id = sha256(name + b"\n" + kind + key).digest()[:4]
        lines += "— ".encode() + name + b" " + base64.b64encode(key_id + one) + b"\n"
    return text + b"\n" + lines


def test_signed_again_as_it_was() -> None:
    note = resigned(b"epoch 3", b"epoch 4")
    assert check(note, PUBLIC).epoch == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n4711\n", b"\n04711\n"),
        (b"\n4711\n", b"\n+4711\n"),
        (b"\n4711\n", b"\n4711 \n"),
        (b"\n4711\n", b"\n-1\n"),
        (b"\n4711\n", b"\n9223372036854775808\n"),
        (b"\n4711\n", b"\n\n"),
        (b"\n4711\n", "\n٤\n".encode()),
        (b"epoch 3", b"epoch 03"),
        (b"epoch 3", b"epoch 4294967296"),
        (b"epoch 3", b"Epoch 3"),
        (b"epoch 3", b"epoch  3"),
        (b"epoch 3\n", b""),
        (b"epoch 3\n", b"epoch 3\nepoch 3\n"),
        (b"time 1700000000123", b"time 01700000000123"),
        (b"time 1700000000123", b"time -1"),
        (b"time 1700000000123", b"time 9999999999999999999"),
        (b"\n", b"\r\n"),
        (b"1d1d", b"1D1D"),
        (b"lighttight.invalid/", b"lighttight.example/"),
        (b"lighttight.invalid/1d", b"lighttight.invalid/"),
        (b"time 1700000000123\n", b"time 1700000000123\nmore\n"),
        (b"lighttight", b"\xef\xbb\xbflighttight"),
    ],
)
def test_another_spelling_is_refused_whoever_signed_it(old: bytes, new: bytes) -> None:
    refused(resigned(old, new))


def test_another_base64_of_the_root_is_refused_whoever_signed_it() -> None:
    root = base64.b64encode(STATED.root)
    for other in (
        root[:-1],
        root[:-2] + bytes([root[-2] + 1]) + b"=",
        root + b"=",
        root.replace(b"+", b"-").replace(b"/", b"_") if b"/" in root or b"+" in root else root[1:],
        base64.b64encode(STATED.root + b"x"),
        STATED.root.hex().encode(),
    ):
        refused(resigned(root, other))


@pytest.mark.parametrize(
    "change",
    [
        lambda: TEXT + b"\n\n",
        lambda: TEXT + b"\n\n" + ED25519,
        lambda: TEXT + b"\n\n" + MLDSA65,
        lambda: TEXT + b"\n\n" + MLDSA65 + ED25519,
        lambda: TEXT + b"\n\n" + ED25519 + ED25519,
        lambda: TEXT + b"\n\n" + MLDSA65 + MLDSA65,
        lambda: NOTE + MLDSA65,
        lambda: NOTE + sign(STATED, OTHER).split(b"\n\n")[1],
        lambda: NOTE + b"\n",
        lambda: NOTE[:-1],
        lambda: TEXT + b"\n" + SIGNED,
        lambda: TEXT + b"\n\n\n" + SIGNED,
        lambda: b"\n" + NOTE,
        lambda: NOTE + NOTE,
        lambda: NOTE.replace("— ".encode(), b"- "),
        lambda: TEXT + b"\n\n" + ED25519.rstrip() + b" \n" + MLDSA65,
        lambda: b"",
        lambda: TEXT + b"\n\n" + ED25519.replace(b"1d", b"1e") + MLDSA65,
        lambda: TEXT + b"\n\n" + ED25519.replace(b"=", b"") + MLDSA65,
    ],
    ids=[
        *("no signatures", "no ML-DSA-65", "no Ed25519", "swapped", "Ed25519 twice"),
        *("ML-DSA-65 twice", "one more", "of another pair too", "line more", "line end cut"),
        *("no empty line", "two empty lines", "line before", "twice", "hyphens", "blank behind"),
        *("nothing", "another name", "no padding"),
    ],
)
def test_other_notes_are_refused(change: Callable[[], bytes]) -> None:
    refused(change())


def test_another_pair_of_keys_is_refused() -> None:
    with pytest.raises(Integrity, match="checkpoint-forged"):
        check(NOTE, new_keys(os.urandom).public())


@pytest.mark.parametrize("stolen", [0, 1])
def test_one_stolen_key_is_not_enough(stolen: int) -> None:
    """The note names the right keys, one signature is right, and the other is the thief's."""
    text = STATED.text()
    _, right = KEYS.sign(text, b"lighttight/checkpoint/v1")
    _, wrong = OTHER.sign(text, b"lighttight/checkpoint/v1")
    bodies = [right.ed25519, wrong.mldsa65] if stolen == 0 else [wrong.ed25519, right.mldsa65]
    lines = b""
    for line, body in zip((ED25519, MLDSA65), bodies, strict=True):
        start, _, signed = line.rstrip().rpartition(b" ")
        lines += start + b" " + base64.b64encode(base64.b64decode(signed)[:4] + body) + b"\n"
    refused(text + b"\n" + lines)


def test_a_signature_of_a_certificate_is_none_of_a_checkpoint() -> None:
    text = STATED.text()
    _, right = KEYS.sign(text, b"lighttight/epoch/v1")
    start, _, signed = MLDSA65.rstrip().rpartition(b" ")
    line = start + b" " + base64.b64encode(base64.b64decode(signed)[:4] + right.mldsa65) + b"\n"
    refused(text + b"\n" + ED25519 + line)


def test_what_no_reader_accepts_is_never_written() -> None:
    for wrong in (
        Checkpoint(STATED.identity, 1, b"short", 0, 0),
        Checkpoint(STATED.identity, -1, STATED.root, 0, 0),
        Checkpoint(b"short", 1, STATED.root, 0, 0),
        Checkpoint(STATED.identity, 1, STATED.root, 0, -1),
        Checkpoint(STATED.identity, 1, STATED.root, 1 << 32, 0),
    ):
        with pytest.raises(Integrity, match="checkpoint-forged"):
            sign(wrong, KEYS)


@pytest.mark.parametrize(
    "stated",
    [
        STATED,
        Checkpoint(bytes(32), 0, bytes(32), 0, 0),
        Checkpoint(b"\xff" * 32, 2**63 - 1, b"\xff" * 32, 2**32 - 1, 2**63 - 1),
    ],
    ids=["usual", "smallest", "largest"],
)
def test_signed_and_checked(stated: Checkpoint) -> None:
    note = sign(stated, KEYS)
    assert read(note) == stated
    assert check(note, PUBLIC) == stated
    assert note.startswith(stated.text() + b"\n")
