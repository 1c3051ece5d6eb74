"""Anchors: notes that someone else wrote, or spelled otherwise."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from tests.support.sealed_vectors.parts import OBJECT, VAULT, Case, Named, compact, stream


def anchor_cases() -> Iterator[Named]:
    key = stream("anchor", 32)
    base: Case = {
        "vault": VAULT.hex(),
        "generation": 12,
        "state": stream("state", 32).hex(),
        "audit_size": 9,
        "audit_root": stream("audit", 32).hex(),
        "header_sequence": 3,
        "header_hash": stream("header", 32).hex(),
        "date": 1_700_000_000_000,
    }

    def signed(text: bytes, with_key: bytes = key) -> str:
        return (text + b"." + hmac.digest(with_key, text, "sha256").hex().encode()).decode(
            "latin-1"
        )

    def case(name: str, text: str, reason: str, expect: str = "anchor-forged") -> Named:
        return name, {
            "expect": expect,
            "reason": reason,
            "key": key.hex(),
            "vault": VAULT.hex(),
            "text": text,
        }

    text = compact(base)
    right = signed(text)
    yield case("opens", right, "as it should be", "opens")
    yield case(
        "opens-zeros",
        signed(compact(base | {"generation": 0, "audit_size": 0, "date": 0})),
        "the smallest numbers",
        "opens",
    )
    yield case("empty", "", "nothing")
    yield case("dot", ".", "a dot")
    yield case("no-mac", text.decode(), "no MAC")
    yield case("empty-mac", text.decode() + ".", "an empty MAC")
    yield case("mac-only", right[right.rindex(".") :], "no note")
    yield case("mac-upper-case", right[:-64] + right[-64:].upper(), "upper-case hex")
    yield case("mac-cut", right[:-1], "a digit is missing")
    yield case("mac-longer", right + "0", "a digit too many")
    yield case("newline", right + "\n", "a line end behind")
    yield case("other-key", signed(text, bytes(32)), "a MAC under another key")
    yield case(
        "other-vault", signed(compact(base | {"vault": OBJECT.hex()})), "another vault's note"
    )
    yield case(
        "older-generation", right.replace('"generation":12', '"generation":11'), "made older"
    )
    yield case("not-ascii", right.replace('"date"', '"d\u00e4te"'), "not ASCII")
    yield case("not-ascii-mac", right[:-1] + "\u0430", "a letter that looks like a digit's")
    yield case("surrogate", right[:-1] + "\ud800", "half a pair")
    for name, old, new in (
        ("space", b",", b", "),
        ("leading-zero", b":12", b":012"),
        ("fraction", b":12", b":12.0"),
        ("negative", b":12", b":-12"),
        ("quoted", b":12", b':"12"'),
        ("sequence-0", b":3,", b":0,"),
        ("unknown-member", b"{", b'{"a":1,'),
        ("duplicate", b'"date"', b'"date":1,"date"'),
        ("upper-case", base["state"].encode(), base["state"].upper().encode()),
        ("missing", b'"generation":12,', b""),
        ("date-negative", b":17", b":-17"),
        ("too-large", b":12", b":9223372036854775808"),
    ):
        yield case(
            f"spelled-{name}",
            signed(text.replace(old, new, 1)),
            "a MAC of its own, another spelling",
        )
    yield case("spelled-order", signed(compact(dict(reversed(base.items())))), "another order")
    yield case("spelled-list", signed(b"[" + text + b"]"), "not an object")
