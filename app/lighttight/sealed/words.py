"""Recovery words: 256 random bits as 24 words that a person can write down.

The words of BIP-39 with its checksum, and nothing else of it: the entropy itself is the factor
output, because 256 random bits need no stretching. Reading is forgiving where it cannot be
ambiguous (case, white space, four letters of a word), since the words are typed on a bad day, from
paper. Errors name a position, never the word: errors end in logs.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from lighttight.errors import Refused
from lighttight.sealed.keys import KEY, check_key
from lighttight.sealed.wordlist import WORDS

COUNT: Final = 24

_BITS: Final = 11
_PREFIX: Final = 4
_EXACT: Final = {word: number for number, word in enumerate(WORDS)}
_PREFIXES: Final = {word[:_PREFIX]: number for number, word in enumerate(WORDS)}


def encode(entropy: bytes) -> tuple[str, ...]:
    """The 24 words of 32 bytes."""
    check_key(entropy)
    number = int.from_bytes(entropy + sha256(entropy).digest()[:1])
    return tuple(
        WORDS[number >> _BITS * place & (1 << _BITS) - 1] for place in reversed(range(COUNT))
    )


def decode(text: str) -> bytes:
    """The 32 bytes of 24 words as a person types them.

    Raises Refused: `recovery-words-unknown` (position, from 1), `recovery-words-count` (count) or
    `recovery-words-checksum`, in that order, so that the first thing to look at is named first.
    """
    typed = text.lower().split()
    number = 0
    for position, word in enumerate(typed, start=1):
        found = _number(word)
        if found is None:
            raise Refused("recovery-words-unknown", position=position)
        # Not kept for words beyond the 24th: a pasted book must not become a huge number.
        number = (number << _BITS | found) if position <= COUNT else 0
    if len(typed) != COUNT:
        raise Refused("recovery-words-count", count=len(typed))
    data = number.to_bytes(KEY + 1)
    entropy = data[:KEY]
    if sha256(entropy).digest()[:1] != data[KEY:]:
        raise Refused("recovery-words-checksum")
    return entropy


def _number(word: str) -> int | None:
    """A whole word, or its beginning from four letters on."""
    exact = _EXACT.get(word)
    if exact is not None:
        return exact
    begun = _PREFIXES.get(word[:_PREFIX])
    return begun if begun is not None and WORDS[begun].startswith(word) else None
