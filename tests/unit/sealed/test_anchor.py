"""The anchor's judgement, line by line. What is no anchor: tests/vectors/anchor."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lighttight.errors import Integrity
from lighttight.model import VaultId
from lighttight.sealed.anchor import Anchor, Verdict, decode, encode, judge

KEY = bytes(range(32))
NOTE = Anchor(
    vault=VaultId("ab" * 16),
    generation=10,
    state=b"\1" * 32,
    audit_size=20,
    audit_root=b"\2" * 32,
    header_sequence=3,
    header_hash=b"\3" * 32,
    date_ms=1_700_000_000_000,
)
NEWER: dict[str, Any] = {
    "generation": 11,
    "state": b"\4" * 32,
    "audit_size": 21,
    "audit_root": b"\5" * 32,
}
OTHER: dict[str, Any] = {"header_hash": b"\7" * 32}


def record(size: int) -> bytes | None:
    return {20: b"\2" * 32, 21: b"\5" * 32}.get(size)


def other_record(size: int) -> bytes | None:
    return b"\6" * 32


def no_record(size: int) -> bytes | None:
    return None


CASES: list[tuple[str, Mapping[str, object], Callable[[int], bytes | None], Verdict]] = [
    ("another vault", {"vault": VaultId("cd" * 16)}, record, Verdict.FORKED),
    ("smaller generation", {"generation": 9}, record, Verdict.OLDER),
    (
        "smaller generation, same state",
        {"generation": 9, "header_sequence": 3},
        record,
        Verdict.OLDER,
    ),
    (
        "smaller generation, larger header",
        {"generation": 9, "header_sequence": 4},
        record,
        Verdict.OLDER,
    ),
    ("old header beside the same catalog", OTHER | {"header_sequence": 2}, record, Verdict.OLDER),
    ("old header beside a newer catalog", NEWER | {"header_sequence": 2}, record, Verdict.OLDER),
    ("another header of the same number", OTHER, record, Verdict.FORKED),
    ("another header of the same number, newer", NEWER | OTHER, record, Verdict.FORKED),
    ("another state of the same generation", {"state": b"\7" * 32}, record, Verdict.FORKED),
    ("newer, but from another past", NEWER, other_record, Verdict.FORKED),
    ("newer, but with a shorter record", NEWER | {"audit_size": 19}, no_record, Verdict.FORKED),
    (
        "newer header, another state",
        {"header_sequence": 4, "state": b"\7" * 32},
        record,
        Verdict.FORKED,
    ),
    ("newer", NEWER, record, Verdict.NEWER),
    ("newer, with a newer header", NEWER | OTHER | {"header_sequence": 4}, record, Verdict.NEWER),
    ("newer header, same state", OTHER | {"header_sequence": 4}, record, Verdict.NEWER),
    ("the same", {}, record, Verdict.CURRENT),
    ("the same, another date", {"date_ms": 5}, record, Verdict.CURRENT),
]


@pytest.mark.parametrize(
    ("changes", "root_at", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_judgement(
    changes: Mapping[str, Any], root_at: Callable[[int], bytes | None], verdict: Verdict
) -> None:
    found = dataclasses.replace(NOTE, **changes)
    assert judge(NOTE, found, root_at) is verdict


def test_the_record_is_asked_at_the_size_of_the_note() -> None:
    asked: list[int] = []

    def root_at(size: int) -> bytes | None:
        asked.append(size)
        return record(size)

    assert judge(NOTE, dataclasses.replace(NOTE, **NEWER), root_at) is Verdict.NEWER
    assert asked == [20]


def test_round_trip() -> None:
    assert decode(encode(NOTE, KEY), KEY, NOTE.vault) == NOTE


@pytest.mark.parametrize("changes", [{"date_ms": -1}, {"generation": -1}, {"header_sequence": 0}])
def test_what_would_read_as_forged_is_not_written(changes: dict[str, int]) -> None:
    with pytest.raises(Integrity, match="anchor-forged"):
        encode(dataclasses.replace(NOTE, **changes), KEY)


def test_every_changed_character_is_noticed() -> None:
    text = encode(NOTE, KEY)
    for place in range(len(text)):
        changed = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        with pytest.raises(Integrity, match="anchor-forged"):
            decode(changed, KEY, NOTE.vault)


def test_keys_of_another_size() -> None:
    with pytest.raises(Integrity, match="key-damaged"):
        encode(NOTE, bytes(31))
    with pytest.raises(Integrity, match="key-damaged"):
        decode("", bytes(31), NOTE.vault)
