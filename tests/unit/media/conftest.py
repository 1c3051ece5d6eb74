"""One real decoder for the whole session, and one with children that were taken over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lighttight.media.client import Decoder
from tests.support.decoding import hostile_decoder


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    with Decoder() as found:
        yield found


@pytest.fixture(scope="session")
def hostile() -> Iterator[Decoder]:
    with hostile_decoder() as found:
        yield found
