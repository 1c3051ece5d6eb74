"""The list of words is the published one. What is read and refused: tests/vectors/words."""

from __future__ import annotations

from hashlib import sha256

import pytest

from lighttight.errors import Integrity, Refused
from lighttight.sealed.wordlist import WORDS
from lighttight.sealed.words import decode, encode

PUBLISHED = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
"""SHA-256 of `bip-0039/english.txt`."""


def test_the_published_list() -> None:
    assert sha256("".join(f"{word}\n" for word in WORDS).encode()).hexdigest() == PUBLISHED
    assert len(WORDS) == len({word[:4] for word in WORDS}) == 2048
    assert list(WORDS) == sorted(WORDS)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_entropy_of_another_size(size: int) -> None:
    with pytest.raises(Integrity, match="key-damaged"):
        encode(bytes(size))


def test_errors_hold_no_word() -> None:
    typed = "secretword " * 24
    with pytest.raises(Refused) as caught:
        decode(typed)
    told = f"{caught.value!r} {caught.value} {caught.value.facts}"
    assert "secretword" not in told
