"""Recovery words: the published ones, and what people type instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.sealed_vectors.parts import Named

PUBLISHED = {
    # The 24-word vectors published with BIP-39.
    "00" * 32: "abandon " * 23 + "art",
    "7f" * 32: "legal winner thank year wave sausage worth useful " * 2
    + "legal winner thank year wave sausage worth title",
    "80" * 32: "letter advice cage absurd amount doctor acoustic avoid " * 2
    + "letter advice cage absurd amount doctor acoustic bless",
    "ff" * 32: "zoo " * 23 + "vote",
}


def word_cases() -> Iterator[Named]:
    def case(name: str, text: str, reason: str, expect: str, **more: Any) -> Named:
        return name, {"expect": expect, "reason": reason, "words": text} | more

    for entropy, text in PUBLISHED.items():
        yield case(f"opens-{entropy[:2]}", text, "published with BIP-39", "opens", entropy=entropy)
    entropy, text = "7f" * 32, PUBLISHED["7f" * 32]
    right = text.split()
    more = {"entropy": entropy}
    yield case("opens-upper-case", text.upper(), "any case", "opens", **more)
    yield case(
        "opens-white-space",
        "\n\t " + "\u3000 \r\n".join(right) + "\u00a0",
        "any white space",
        "opens",
        **more,
    )
    yield case(
        "opens-four-letters", " ".join(word[:4] for word in right), "four letters", "opens", **more
    )
    yield case(
        "opens-five-letters", " ".join(word[:5] for word in right), "five letters", "opens", **more
    )
    yield case(
        "opens-three-letter-word",
        "zoo " * 23 + "vote",
        "a whole word of three",
        "opens",
        entropy="ff" * 32,
    )
    unknown, count, checksum = (f"recovery-words-{end}" for end in ("unknown", "count", "checksum"))
    yield case("empty", "", "nothing", count, count=0)
    yield case("23-words", " ".join(right[:23]), "one is missing", count, count=23)
    yield case("25-words", text + " zoo", "one too many", count, count=25)
    yield case("12-words", "abandon " * 11 + "about", "a wallet's phrase", count, count=12)
    yield case("5000-words", "zoo " * 5_000, "a book", count, count=5_000)
    yield case(
        "unknown-word",
        " ".join(["lighttight", *right[1:]]),
        "none of the words",
        unknown,
        position=1,
    )
    yield case(
        "unknown-last", " ".join([*right[:23], "vaults"]), "none of the words", unknown, position=24
    )
    yield case(
        "unknown-behind",
        text + " lighttight",
        "named before the number of words",
        unknown,
        position=25,
    )
    yield case(
        "three-letters",
        " ".join([*right[:2], right[2][:3], *right[3:]]),
        "tha begins thank and that",
        unknown,
        position=3,
    )
    yield case(
        "three-letters-of-one-word",
        " ".join([*right[:4], right[4][:3], *right[5:]]),
        "wav begins only wave; four letters are asked for, so that a slip is not taken for a word",
        unknown,
        position=5,
    )
    yield case(
        "other-ending",
        " ".join(["legalize", *right[1:]]),
        "begins like legal, goes on otherwise",
        unknown,
        position=1,
    )
    yield case(
        "plural",
        " ".join([*right[:1], "winners", *right[2:]]),
        "not a beginning of winner",
        unknown,
        position=2,
    )
    yield case("joined", text.replace(" ", "-"), "not white space", unknown, position=1)
    yield case(
        "accent", text.replace("legal", "l\u00e9gal", 1), "another language", unknown, position=1
    )
    yield case("nul", text.replace("legal", "legal\0", 1), "a zero byte", unknown, position=1)
    yield case("swapped", " ".join([right[1], right[0], *right[2:]]), "two change places", checksum)
    yield case("other-last", " ".join([*right[:23], "zoo"]), "another known word", checksum)
    yield case("all-the-same", "abandon " * 24, "known words, no checksum", checksum)
