"""Headers: the frame, the one spelling of the body, the bounds of every slot."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from tests.support.sealed_vectors.parts import MASTER, VAULT, Case, Named, compact, hkdf, stream
from tests.support.sealed_vectors.slots import SECRETS, costs, slot_of


def framed(body: bytes, version: bytes = b"1", master: bytes = MASTER) -> bytes:
    hashed = b"lighttight-vault " + version + b"\n" + body + b"\n"
    covered = hashed + b"sha256 " + hashlib.sha256(hashed).hexdigest().encode() + b"\n"
    key = hkdf(master, VAULT, b"lighttight/header/v1", 32)
    return covered + b"mac " + hmac.digest(key, covered, "sha256").hex().encode() + b"\n"


def header_cases() -> Iterator[Named]:
    keyring = slot_of("keyring", {"keyring": SECRETS["keyring"]})
    stretched = slot_of(
        "keyring-passphrase", {name: SECRETS[name] for name in ("keyring", "passphrase")}
    )
    recovery = slot_of("recovery", {"recovery": SECRETS["recovery"]})
    pin = slot_of("pin", {name: SECRETS[name] for name in ("keyring", "passphrase")}, flags=1)
    hard = slot_of(
        "fido2", {name: SECRETS[name] for name in ("keyring", "fido2")}, credential="00ff"
    )
    base: Case = {
        "vault": VAULT.hex(),
        "sequence": 7,
        "catalog": 2,
        "journal": stream("journal", 32).hex(),
        "slots": [keyring, stretched, recovery],
    }

    def case(name: str, data: bytes, reason: str, expect: str = "header-damaged") -> Named:
        return name, {
            "expect": expect,
            "reason": reason,
            "master": MASTER.hex(),
            "header": data.decode("latin-1"),
        }

    def body(**changes: Any) -> bytes:
        return compact(base | changes)

    def slot(which: Case, **changes: Any) -> bytes:
        return framed(body(slots=[which | changes, recovery]))

    right = framed(body())
    yield case("opens-three-slots", right, "as it should be", "opens")
    yield case("opens-one-slot", framed(body(slots=[recovery])), "the fewest slots", "opens")
    eight = [keyring | {"id": stream(f"slot {number}", 8).hex()} for number in range(8)]
    yield case("opens-eight-slots", framed(body(slots=eight)), "the most slots", "opens")
    yield case("opens-pin", framed(body(slots=[pin])), "the PIN flag", "opens")
    yield case(
        "opens-fido2", framed(body(slots=[hard])), "listed, though it cannot be used", "opens"
    )
    yield case(
        "opens-largest-numbers",
        framed(body(sequence=2**63 - 1, catalog=2**32 - 1)),
        "the largest numbers",
        "opens",
    )
    ceiling = stretched["argon2"] | {"memory": 4_194_304, "passes": 16, "lanes": 16}
    yield case("opens-costs-ceiling", slot(stretched, argon2=ceiling), "the largest costs", "opens")

    # The frame
    yield case("empty", b"", "no bytes")
    yield case("no-final-newline", right[:-1], "the last line is not ended")
    yield case("trailing-byte", right + b"\n", "a byte behind the last line")
    yield case(
        "five-lines", right + b"mac " + bytes(64).hex().encode()[:64] + b"\n", "a fifth line"
    )
    yield case("three-lines", right[: right.rindex(b"mac ")], "the MAC is missing")
    yield case("crlf", right.replace(b"\n", b"\r\n"), "line ends of another system")
    yield case("byte-order-mark", b"\xef\xbb\xbf" + right, "a byte order mark")
    yield case("leading-newline", b"\n" + right, "an empty line in front")
    yield case("version-0", framed(body(), b"0"), "no such version")
    yield case("version-01", framed(body(), b"01"), "a leading zero")
    yield case("version-text", framed(body(), b"one"), "not a number")
    yield case("version-huge", framed(body(), b"9" * 5000), "a number of 5,000 digits")
    yield case("version-2", framed(body(), b"2"), "a newer version", "vault-newer")
    yield case("version-2-other-body", framed(b"anything", b"2"), "a newer version", "vault-newer")
    yield case(
        "version-2-too-large", framed(b"x" * 65_536, b"2"), "no version has so large a header"
    )
    yield case(
        "version-2-damaged",
        right.replace(b"vault 1\n", b"vault 3\n"),
        "one bit makes 3 of 1: the checksum tells damage from a newer version",
    )
    yield case("magic", right.replace(b"lighttight-vault", b"lighttight-fault"), "another name")
    yield case(
        "sha256-upper-case",
        right.replace(
            right.split(b"\n")[2], right.split(b"\n")[2].upper().replace(b"SHA256", b"sha256")
        ),
        "upper-case hex",
    )
    yield case("sha256-wrong", right.replace(b"\nsha256 ", b"\nsha256 0")[:-1] + b"\n", "65 digits")
    yield case(
        "body-flipped", right.replace(b'"sequence":7', b'"sequence":6'), "not the checksum's"
    )
    wrong = bytearray(right)
    wrong[-2] = ord("0") if wrong[-2] != ord("0") else ord("1")
    yield case("mac-wrong", bytes(wrong), "one digit of the MAC", "header-forged")
    yield case(
        "mac-of-other-master",
        framed(body(), master=stream("other", 32)),
        "written by someone without the master key",
        "header-forged",
    )
    yield case(
        "mac-zero",
        right[: right.rindex(b"mac ")] + b"mac " + b"0" * 64 + b"\n",
        "no MAC",
        "header-forged",
    )
    for name, old, new in (
        ("sequence", b'"sequence":7', b'"sequence":8'),
        ("catalog", b'"catalog":2', b'"catalog":1'),
        ("journal", base["journal"].encode(), stream("planted", 32).hex().encode()),
    ):
        forged = framed(body().replace(old, new), master=bytes(32))
        yield case(
            f"forged-{name}",
            forged,
            f"another {name}, a checksum that fits, no key",
            "header-forged",
        )
    yield case(
        "forged-slot-removed",
        framed(body(slots=[keyring]), master=bytes(32)),
        "a slot was taken out",
        "header-forged",
    )
    yield case("too-large", framed(body() + b" " * 65_536), "more than 65,536 bytes")

    # One spelling
    text = body()
    yield case("space", framed(text.replace(b",", b", ", 1)), "white space")
    yield case("space-behind", framed(text + b" "), "white space behind")
    yield case("tab-in-front", framed(b"\t" + text), "white space in front")
    yield case(
        "upper-case-vault",
        framed(text.replace(VAULT.hex().encode(), VAULT.hex().upper().encode())),
        "upper-case hex",
    )
    yield case("upper-case-salt", slot(keyring, salt=keyring["salt"].upper()), "upper-case hex")
    yield case(
        "upper-case-wrapped", slot(keyring, wrapped=keyring["wrapped"].upper()), "upper-case"
    )
    yield case("reordered", framed(compact(dict(reversed(base.items())))), "another order")
    yield case(
        "slot-reordered", framed(body(slots=[dict(reversed(keyring.items()))])), "another order"
    )
    yield case(
        "duplicate-member",
        framed(text.replace(b'"sequence":7', b'"sequence":7,"sequence":7')),
        "a member twice",
    )
    yield case(
        "duplicate-member-differs",
        framed(text.replace(b'"sequence":7', b'"sequence":9,"sequence":7')),
        "two readers would see two numbers",
    )
    yield case("unknown-member", framed(text[:-1] + b',"note":1}'), "a member of no specification")
    yield case("missing-member", framed(text.replace(b'"catalog":2,', b"")), "no catalog")
    for name, number in (
        ("leading-zero", b"07"),
        ("fraction", b"7.0"),
        ("exponent", b"7e0"),
        ("minus-zero", b"-0"),
        ("negative", b"-7"),
        ("plus", b"+7"),
        ("quoted", b'"7"'),
        ("null", b"null"),
        ("true", b"true"),
        ("zero", b"0"),
        ("too-large-a-number", str(2**63).encode()),
        ("huge-number", b"9" * 6000),
        ("infinity", b"Infinity"),
    ):
        spelled = text.replace(b'"sequence":7', b'"sequence":' + number)
        yield case(f"sequence-{name}", framed(spelled), "not one spelling of a number from 1")
    yield case("escaped", framed(text.replace(b'"vault"', b'"v\\u0061ult"')), "an escape")
    yield case(
        "escaped-value", framed(text.replace(b'"keyring"', b'"\\u006beyring"', 1)), "an escape"
    )
    yield case("not-utf-8", framed(text.replace(b'"keyring"', b'"\xff\xfe"', 1)), "not UTF-8")
    yield case("not-json", framed(text[:-1]), "the last brace is missing")
    yield case("two-documents", framed(text + text), "a second document behind")
    yield case("nested", framed(b"[" * 5_000), "5,000 brackets")
    yield case("list", framed(b"[" + text + b"]"), "a list around it")
    yield case("catalog-0", framed(body(catalog=0)), "catalogs count from 1")
    yield case("catalog-too-large", framed(body(catalog=2**32)), "does not fit u32")
    yield case("journal-short", framed(body(journal="00" * 31)), "31 bytes of key")
    yield case("vault-short", framed(body(vault=VAULT.hex()[:30])), "15 bytes of id")
    yield case(
        "vault-newline",
        framed(text.replace(VAULT.hex().encode(), VAULT.hex().encode() + b"\\n")),
        "a line end after the digits",
    )

    # Slots
    yield case("no-slots", framed(body(slots=[])), "no way in")
    yield case("nine-slots", framed(body(slots=[*eight, recovery])), "more than eight")
    yield case(
        "same-id",
        framed(body(slots=[keyring, recovery | {"id": keyring["id"]}])),
        "two slots with one id",
    )
    yield case("factors-none", slot(keyring, factors=[]), "a slot that asks for nothing")
    yield case("factors-twice", slot(keyring, factors=["keyring", "keyring"]), "a factor twice")
    yield case("factors-order", slot(keyring, factors=["recovery", "keyring"]), "another order")
    yield case("factors-unknown", slot(keyring, factors=["face"]), "a factor of no specification")
    yield case("factors-five", slot(keyring, factors=["keyring"] * 5), "five factors")
    yield case("factors-text", slot(keyring, factors="keyring"), "not a list")
    yield case("passphrase-without-costs", slot(stretched, argon2=None), "how is it stretched?")
    yield case("costs-without-passphrase", slot(keyring, argon2=costs("x")), "nothing to stretch")
    yield case("flags-unknown", slot(stretched, flags=2), "a flag of no specification")
    yield case("flags-pin-without-passphrase", slot(keyring, flags=1), "a PIN without a passphrase")
    yield case("credential-without-fido2", slot(keyring, credential="00"), "reserved for fido2")
    yield case(
        "credential-too-long",
        framed(body(slots=[hard | {"credential": "00" * 1024}])),
        "more than 1,023 bytes",
    )
    yield case("credential-odd", framed(body(slots=[hard | {"credential": "0"}])), "half a byte")
    yield case("slot-id-short", slot(keyring, id="00" * 7), "7 bytes of id")
    yield case("commitment-short", slot(keyring, commitment="00" * 31), "31 bytes")
    yield case("wrapped-short", slot(keyring, wrapped=keyring["wrapped"][:-2]), "a byte is missing")
    yield case("wrapped-long", slot(keyring, wrapped=keyring["wrapped"] + "00"), "a byte too many")
    for name, member, value in (
        ("memory-8-kib", "memory", 8),
        ("memory-below", "memory", 65_535),
        ("memory-above", "memory", 4_194_305),
        ("memory-1-tib", "memory", 2**30),
        ("memory-0", "memory", 0),
        ("memory-largest", "memory", 2**63 - 1),
        ("passes-below", "passes", 2),
        ("passes-above", "passes", 17),
        ("passes-0", "passes", 0),
        ("lanes-below", "lanes", 3),
        ("lanes-above", "lanes", 17),
        ("lanes-0", "lanes", 0),
    ):
        bad = stretched["argon2"] | {member: value}
        yield case(
            f"costs-{name}",
            slot(stretched, argon2=bad),
            "outside the bounds: not derived",
            "header-costs",
        )
    last = framed(
        body(slots=[keyring, recovery, stretched | {"argon2": stretched["argon2"] | {"memory": 8}}])
    )
    yield case(
        "costs-last-slot", last, "every slot is checked, not only the one used", "header-costs"
    )
    yield case(
        "costs-memory-too-large",
        slot(stretched, argon2=stretched["argon2"] | {"memory": 2**63}),
        "no number of the format",
    )
    yield case(
        "costs-salt-short",
        slot(stretched, argon2=stretched["argon2"] | {"salt": "00" * 15}),
        "15 bytes of salt",
    )
