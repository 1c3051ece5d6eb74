"""Cut, flipped and invented files: damage, or a copy of what was there; nothing else, ever."""

from __future__ import annotations

import functools
import random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttight.media.cleaning import png
from lighttight.media.cleaning.base import Damaged
from tests.support import clean_copies, media_files, planted
from tests.support.clean_copies import FORMATS, Memory, cleaned

FLIPS = 150
KINDS = sorted(FORMATS)
MAGIC = {
    "jpg": b"\xff\xd8\xff",
    "png": png.SIGNATURE,
    "webp": b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0",
    "gif": b"GIF89a\x10\0\x10\0\x80\0\0\0\0\0\xff\xff\xff",
}


@functools.cache
def small(kind: str) -> bytes:
    """Everything planted around a picture of a few hundred pixels."""
    tiny = media_files.photo(24, 16, seed=5)
    if kind == "jpg":
        return planted.jpeg(media_files.saved(tiny, "JPEG", progressive=True))
    if kind == "png":
        moving = [media_files.photo(9, 7, seed=n) for n in range(3)]
        still = media_files.saved(moving[0], "PNG", save_all=True, append_images=moving[1:])
        return planted.png(still)
    if kind == "webp":
        alpha = tiny.convert("RGBA")
        alpha.putalpha(tiny.convert("L"))
        return planted.webp(media_files.saved(alpha, "WEBP"))
    return planted.gif(media_files.saved(tiny.quantize(16), "GIF"))


def attempt(data: bytes, module: ModuleType) -> bytes | None:
    """The copy, or None for damage; anything else is an error of the test."""
    original, out = Memory(data), bytearray()
    try:
        told = module.clean(original, out.extend)
    except Damaged:
        with pytest.raises(Damaged):
            module.findings(Memory(data))
        return None
    finally:
        # No stretch is gone over again and again, and none is asked for at once.
        assert original.asked <= 16 * len(data) + (4 << 20)
        assert original.largest <= 8 << 20
    assert module.findings(Memory(data)) == told
    return bytes(out)


@functools.cache
def bare(kind: str) -> bytes:
    """A few hundred bytes that are nothing but picture."""
    tiny = media_files.photo(8, 8, seed=5)
    name = {"jpg": "JPEG"}.get(kind, kind.upper())
    return media_files.saved(tiny.quantize(4) if kind == "gif" else tiny, name)


@pytest.mark.parametrize("kind", KINDS)
def test_cut_anywhere_a_picture_is_damaged(kind: str) -> None:
    data, module = bare(kind), FORMATS[kind]
    assert attempt(data, module) is not None
    assert [n for n in range(len(data)) if attempt(data[:n], module) is not None] == []


@pytest.mark.parametrize("kind", KINDS)
def test_cut_behind_its_end_a_picture_stays_what_it_is(kind: str) -> None:
    data, module = small(kind), FORMATS[kind]
    whole = cleaned(data, module)
    results = [attempt(data[:count], module) for count in range(0, len(data), len(data) // 150)]
    end = next(count for count, copy in enumerate(results) if copy is not None)
    assert end > len(results) // 3
    assert all(copy == whole for copy in results[end:])


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bits_do_no_more_than_they_did(kind: str) -> None:
    dice = random.Random(f"flips {kind}")
    data, module = small(kind), FORMATS[kind]
    copies = 0
    for _ in range(FLIPS):
        changed = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 8))):
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        copy = attempt(bytes(changed), module)
        if copy is None:
            continue
        copies += 1
        before = clean_copies.tried(clean_copies.frames, bytes(changed))
        if before != clean_copies.NOT:
            after = clean_copies.tried(clean_copies.frames, copy)
            assert after != clean_copies.NOT
            assert [frame[-1] for frame in before[:-1]] == [frame[-1] for frame in after[:-1]]
    assert copies


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_pieces_put_together_at_random(kind: str, data: st.DataObject) -> None:
    whole = small(kind)
    cuts = st.tuples(st.integers(0, len(whole)), st.integers(0, 400))
    parts = data.draw(st.lists(st.one_of(cuts, st.binary(max_size=60)), max_size=8))
    made = b"".join(
        part if isinstance(part, bytes) else whole[part[0] : part[0] + part[1]] for part in parts
    )
    attempt(MAGIC[kind] + made, FORMATS[kind])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"", b"\0", b"\xff", b"GIF", b"RIFF\0\0\0\0WEBP", b"\xff" * 5000])
def test_what_is_no_picture_is_damaged(kind: str, data: bytes) -> None:
    with pytest.raises(Damaged):
        cleaned(data, FORMATS[kind])
    with pytest.raises(Damaged):
        cleaned(MAGIC[kind] + data, FORMATS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_an_original_that_ends_before_its_size_is_damaged(kind: str) -> None:
    class Lying(Memory):
        def __init__(self, data: bytes) -> None:
            super().__init__(data[: len(data) // 4])
            self.size = len(data)

    with pytest.raises(Damaged):
        FORMATS[kind].clean(Lying(small(kind)), bytearray().extend)


@pytest.mark.parametrize("kind", KINDS)
def test_short_answers_make_no_difference(kind: str) -> None:
    class Slow(Memory):
        def read(self, offset: int, count: int, /) -> bytes:
            return super().read(offset, min(count, 7))

    out = bytearray()
    FORMATS[kind].clean(Slow(small(kind)), out.extend)
    assert bytes(out) == cleaned(small(kind), FORMATS[kind])
