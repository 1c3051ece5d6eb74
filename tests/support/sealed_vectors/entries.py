"""Entries of the record: leaves and opened fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.support.sealed_vectors.parts import OBJECT, VAULT, Case, Named, stream

NAMES = tuple(
    """
    item items count name title digest size album tag reason result setting value slot factors
    catalog generation date path form screen intent person share
    """.split()  # noqa: SIM905 - as the table reads
)


def leaf(
    fields: list[tuple[int, bytes]],
    *,
    label: bytes = b"lighttight/entry/v1\0",
    sequence: int = 4,
    kind: int = 5,
    root: bytes = stream("root", 32),
    claimed: int = 1_700_000_000_000,
    program: bytes = b"0.1.0",
    length: int | None = None,
    count: int | None = None,
) -> bytes:
    parts = [label, sequence.to_bytes(8), kind.to_bytes(2), root, claimed.to_bytes(8, signed=True)]
    parts += [bytes([len(program) if length is None else length]), program]
    parts += [bytes([len(fields) if count is None else count])]
    parts += [bytes([number]) + digest for number, digest in fields]
    return b"".join(parts)


def entry_cases() -> Iterator[Named]:
    def opened(number: int, value: bytes, name: str | None = None) -> tuple[Case, bytes]:
        name = NAMES[number - 1] if name is None else name
        salt = stream(f"field {number}", 16)
        digest = hashlib.sha256(
            b"lighttight/field/v1\0"
            + bytes([len(name)])
            + name.encode()
            + salt
            + len(value).to_bytes(4)
            + value
        ).digest()
        return {"field": number, "salt": salt.hex(), "value": value.hex()}, digest

    def case(
        name: str, data: bytes, reason: str, fields: list[Case] | None = None, **more: Any
    ) -> Named:
        vector: Case = {"expect": "entry-forged", "reason": reason, "leaf": data.hex()}
        return name, vector | {"open": fields or []} | more

    item, item_digest = opened(1, OBJECT)
    name, name_digest = opened(4, b"Lake.jpg")
    sha, sha_digest = opened(6, stream("digest", 32))
    size, size_digest = opened(7, (4096).to_bytes(8))
    digests = [(1, item_digest), (4, name_digest), (6, sha_digest), (7, size_digest)]
    right = leaf(digests)
    good: Case = {"expect": "opens"}
    yield case(
        "opens-imported",
        right,
        "as it should be",
        [item, name, sha, size],
        **good,
        sequence=4,
        kind="imported",
        claimed=1_700_000_000_000,
        program="0.1.0",
        root=stream("root", 32).hex(),
    )
    yield case("opens-some-fields", leaf(digests[:2]), "a field may be missing", [name], **good)
    yield case("opens-no-fields", leaf([], kind=4), "no fields", **good)
    yield case("opens-closed-fields", right, "no field is opened", **good)
    yield case("opens-before-1970", leaf([], claimed=-1), "a clock that is wrong", **good)
    yield case("opens-last-sequence", leaf([], sequence=2**64 - 1), "the largest number", **good)
    yield case("opens-long-program", leaf([], program=b"~" * 32), "32 bytes", **good)

    yield case("empty", b"", "no bytes")
    yield case("label", leaf(digests, label=b"lighttight/entry/v2\0"), "another label")
    yield case("label-only", b"lighttight/entry/v1\0", "nothing behind the label")
    for cut in (1, 33, 60, len(right) - 40):
        yield case(f"cut-by-{cut}", right[:-cut], "bytes are missing")
    yield case("cut-before-count", right[: 20 + 8 + 2 + 32 + 8 + 1 + 5], "no number of fields")
    yield case("byte-behind", right + b"\0", "a byte left over")
    yield case("field-behind", right + bytes([8]) + bytes(32), "a field that is not counted")
    yield case("count-too-large", leaf(digests, count=5), "a field is missing")
    yield case("count-too-small", leaf(digests, count=3), "a field left over")
    yield case("kind-0", leaf([], kind=0), "no such kind")
    yield case("kind-1000", leaf([], kind=1000), "no such kind")
    yield case("kind-65535", leaf([], kind=65_535), "no such kind")
    yield case("field-0", leaf([(0, bytes(32))]), "no such field")
    yield case("field-200", leaf([(200, bytes(32))]), "no such field")
    yield case("field-of-other-kind", leaf([(14, bytes(32))]), "imported has no slot")
    yield case("fields-order", leaf([digests[1], digests[0]]), "out of order")
    yield case("field-twice", leaf([digests[0], digests[0]]), "named twice")
    yield case("program-empty", leaf([], program=b""), "no program version")
    yield case("program-33", leaf([], program=b"1" * 33), "more than 32 bytes")
    yield case("program-length", leaf([], length=200), "a length beyond the end")
    yield case("program-space", leaf([], program=b"0.1 0"), "white space")
    yield case("program-newline", leaf([], program=b"0.1.0\n"), "a line end")
    yield case("program-utf-8", leaf([], program="0.1\u00e9".encode()), "not ASCII")

    yield case("other-value", right, "another value", [item | {"value": VAULT.hex()}])
    yield case("other-salt", right, "another salt", [item | {"salt": "00" * 16}])
    short = item["salt"][:-2]
    yield case("short-salt", right, "15 bytes of salt", [item | {"salt": short}])
    # With salts of any length, one digest would have two openings: the end of the salt read as a
    # length, and the length as the beginning of the value.
    value = b"Lake.jpg"
    salt = stream("shifted", 12) + (4 + len(value)).to_bytes(4)
    label = b"lighttight/field/v1\0\4name"
    shifted_digest = hashlib.sha256(label + salt + len(value).to_bytes(4) + value).digest()
    longer = {
        "field": 4,
        "salt": salt[:12].hex(),
        "value": (len(value).to_bytes(4) + value).hex(),
    }
    yield case(
        "shifted-salt", leaf([(4, shifted_digest)]), "12 bytes of salt, the digest fits", [longer]
    )
    yield case("field-not-there", leaf(digests[:2]), "the leaf has no such field", [size])
    yield case(
        "field-renamed",
        leaf([(4, item_digest)]),
        "a digest under another number",
        [item | {"field": 4}],
    )
    shifted = {"field": 4, "salt": name["salt"], "value": name["value"] + "00"}
    yield case("value-longer", right, "a byte more", [shifted])

    ids = sorted(stream(f"id {number}", 16) for number in range(3))
    typed: list[tuple[str, int, int, bytes, str]] = [
        ("id-short", 5, 1, bytes(15), "15 bytes of id"),
        ("id-long", 5, 1, bytes(17), "17 bytes of id"),
        ("digest-short", 5, 6, bytes(31), "31 bytes of digest"),
        ("number-short", 5, 7, bytes(7), "7 bytes of number"),
        ("number-long", 5, 7, bytes(9), "9 bytes of number"),
        ("number-empty", 5, 7, b"", "no bytes of number"),
        ("number-text", 5, 7, b"4096", "digits"),
        ("time-short", 3, 18, bytes(4), "4 bytes of time"),
        ("slot-long", 14, 14, bytes(16), "16 bytes of slot"),
        ("text-not-utf-8", 5, 4, b"\xff", "not UTF-8"),
        ("text-overlong", 5, 4, b"\xc0\xaf", "a slash in two bytes"),
        ("text-surrogate", 5, 4, b"\xed\xa0\x80", "half a pair"),
        ("text-too-long", 5, 4, b"a" * 4097, "4,097 bytes"),
        ("ids-empty", 7, 2, b"", "no id"),
        ("ids-partial", 7, 2, ids[0] + bytes(8), "half an id"),
        ("ids-order", 7, 2, ids[1] + ids[0], "descending"),
        ("ids-twice", 7, 2, ids[0] + ids[0], "one id twice"),
    ]
    for title, kind, number, value, reason in typed:
        one, digest = opened(number, value)
        yield case(f"value-{title}", leaf([(number, digest)], kind=kind), reason, [one])
    for title, kind, number, value, shown in (
        ("ids", 7, 2, b"".join(ids), [one.hex() for one in ids]),
        ("time", 3, 18, (-5).to_bytes(8, signed=True), -5),
        ("number", 5, 7, bytes([255] * 8), 2**64 - 1),
        ("slot", 14, 14, bytes(range(8)), bytes(range(8)).hex()),
        ("text", 5, 4, "\u00e9 e\u0301 \0\n".encode(), "\u00e9 e\u0301 \0\n"),
        ("text-empty", 5, 4, b"", ""),
        ("text-longest", 5, 4, b"a" * 4096, "a" * 4096),
    ):
        one, digest = opened(number, value)
        yield case(
            f"opens-{title}",
            leaf([(number, digest)], kind=kind),
            "one of each type",
            [one],
            **good,
            value=shown,
        )
    swapped, digest = opened(4, b"x", name="title")
    yield case("digest-of-other-name", leaf([(4, digest)]), "hashed under another name", [swapped])
