"""Clean copies through the one exit: never the original instead, and recorded as such."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from lighttight.audit.reading import Record
from lighttight.errors import Cancelled, Refused
from lighttight.library import items
from lighttight.media.client import Decoder
from lighttight.model import ItemId
from lighttight.progress import Watched
from lighttight.sealed.entries import EntryKind, Field
from lighttight.sharing import renditions
from lighttight.sharing.egress import Egress
from lighttight.sharing.renditions import Size
from lighttight.vault.vault import Vault
from tests.support import media_files
from tests.support.decoding import attack, hostile_decoder
from tests.support.objects import add_object
from tests.support.password_store import MemoryStore
from tests.support.vaults import make_vault


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as found:
        yield found


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = make_vault(tmp_path / "v", MemoryStore()).vault
    yield vault
    vault.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "usb"
    folder.mkdir()
    return folder


def forms(vault: Vault) -> list[str]:
    found = Record(vault).entries(kinds=frozenset({EntryKind.EXPORT_INTENDED}))
    return [str(one.values[Field.FORM]) for one in found]


def export(vault: Vault, decoder: Decoder, chosen: list[ItemId], folder: Path, **more: object):
    return Egress(vault).export_copies(chosen, folder, decoder, screen="test", **more)  # pyright: ignore[reportArgumentType]


def test_a_damaged_original_is_never_saved_instead(
    vault: Vault, decoder: Decoder, folder: Path
) -> None:
    good, _ = add_object(vault, media_files.jpeg(), "good.jpg")
    bad, _ = add_object(vault, media_files.jpeg()[:100], "bad.jpg")
    text, _ = add_object(vault, b"no picture at all " * 50, "odd.jpg")
    done = export(vault, decoder, [bad, text, good], folder)
    assert [one.error.code if one.error else None for one in done] == [
        "copy-impossible",
        "copy-impossible",
        None,
    ]
    assert [path.name for path in folder.iterdir()] == ["3.jpg"]


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("make", ["jpeg", "png", "gif", "webp", "bmp", "tiff_picture", "heic"])
def test_what_was_cut_short_does_not_leave(
    vault: Vault, decoder: Decoder, folder: Path, make: str, size: Size
) -> None:
    """However it is taken apart: nobody can say where its picture would have ended."""
    whole: bytes = getattr(media_files, make)()
    item, _ = add_object(vault, whole[: len(whole) * 2 // 5])
    [done] = export(vault, decoder, [item], folder, size=size)
    assert done.error is not None
    assert done.error.code == "copy-impossible"
    assert list(folder.iterdir()) == []


def test_a_child_that_wrote_and_then_gave_up_leaves_nothing(vault: Vault, folder: Path) -> None:
    """What it wrote, with a decoded picture behind it, would pass for one clean copy."""
    item, _ = add_object(vault, attack("copy-then-codec").data)
    with hostile_decoder() as hostile:
        [done] = export(vault, hostile, [item], folder)
    assert done.error is not None
    assert list(folder.iterdir()) == []


def test_an_animation_is_not_made_a_still(vault: Vault, decoder: Decoder, folder: Path) -> None:
    item, _ = add_object(vault, media_files.webp(animated=True), "dance.webp")
    [done] = export(vault, decoder, [item], folder, size=Size.SMALL)
    assert done.error is not None
    assert done.error.code == "copy-impossible"
    [done] = export(vault, decoder, [item], folder)
    assert done.path == folder / "1.webp"


def test_what_is_transparent_stands_on_white_in_a_smaller_copy(
    vault: Vault, decoder: Decoder, folder: Path
) -> None:
    item, _ = add_object(vault, media_files.saved(Image.new("RGBA", (2000, 10)), "PNG"))
    [done] = export(vault, decoder, [item], folder, size=Size.SMALL)
    assert done.path is not None
    with Image.open(done.path) as image:
        assert image.convert("RGB").getpixel((5, 3)) == (255, 255, 255)


def test_what_the_library_knows_is_said_of_a_decoded_copy(
    vault: Vault, decoder: Decoder, folder: Path
) -> None:
    item, _ = add_object(vault, media_files.heic())
    with vault.catalog.writing() as tx:
        tx.execute("UPDATE items SET device = 'Dunkel 7', taken = 0")
        tx.recorded = 1
    [done] = export(vault, decoder, [item], folder)
    assert {one.kind for one in done.removed} == {"date", "device"}


def test_nothing_of_the_camera_is_in_a_copy(vault: Vault, decoder: Decoder, folder: Path) -> None:
    item, _ = add_object(vault, media_files.jpeg(), "IMG_2041.jpg")
    [done] = export(vault, decoder, [item], folder)
    assert done.path == folder / "1.jpg"
    data = (folder / "1.jpg").read_bytes()
    for trace in (media_files.MAKE, media_files.MODEL, "2026:07:04", "IMG_2041"):
        assert trace.encode() not in data
    assert forms(vault) == ["clean"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_smaller_copy_stands_upright(
    vault: Vault, decoder: Decoder, folder: Path, orientation: int
) -> None:
    item, _ = add_object(vault, media_files.jpeg(orientation, (3000, 2000)))
    [done] = export(vault, decoder, [item], folder, size=Size.SMALL)
    assert done.path is not None
    with Image.open(done.path) as image:
        assert image.size == (1280, 853)
        assert not image.getexif()
        middle = image.convert("RGB").getpixel((320, 213))
    assert isinstance(middle, tuple)
    assert all(abs(a - b) < 12 for a, b in zip(middle, media_files.RED, strict=True))
    assert forms(vault) == ["clean-1280"]


def test_a_small_original_is_not_made_larger(vault: Vault, decoder: Decoder, folder: Path) -> None:
    item, _ = add_object(vault, media_files.jpeg())
    [done] = export(vault, decoder, [item], folder, size=Size.LARGE)
    assert done.path is not None
    with Image.open(done.path) as image:
        assert image.size == (96, 64)


def test_names_are_numbers_unless_asked_for(vault: Vault, decoder: Decoder, folder: Path) -> None:
    names = ("b.heic", "../../a.heic", "..")
    chosen = [
        add_object(vault, media_files.heic(size=(64 + 32 * number, 64)), name)[0]
        for number, name in enumerate(names)
    ]
    export(vault, decoder, chosen, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["1.jpg", "2.jpg", "3.jpg"]
    kept = folder / "kept"
    kept.mkdir()
    export(vault, decoder, chosen, kept, keep_names=True)
    assert sorted(path.name for path in kept.iterdir()) == ["a.jpg", "b.jpg", "unnamed.jpg"]


def test_nothing_is_overwritten(vault: Vault, decoder: Decoder, folder: Path) -> None:
    (folder / "1.jpg").write_bytes(b"mine")
    item, _ = add_object(vault, media_files.heic())
    [done] = export(vault, decoder, [item], folder)
    assert done.path == folder / "1 (2).jpg"
    assert (folder / "1.jpg").read_bytes() == b"mine"


def test_stopping_in_the_middle_leaves_whole_copies_only(
    vault: Vault, decoder: Decoder, folder: Path
) -> None:
    chosen = [
        add_object(vault, media_files.heic(size=(64 + 32 * number, 64)))[0] for number in range(3)
    ]
    watched = Watched()
    with pytest.raises(Cancelled):
        export(
            *(vault, decoder, chosen, folder),
            progress=watched,
            report=lambda _: watched.cancel(),
        )
    assert [path.name for path in folder.iterdir()] == ["1.jpg"]


def test_a_copy_into_the_library_itself_is_refused(vault: Vault, decoder: Decoder) -> None:
    item, _ = add_object(vault, media_files.jpeg())
    with pytest.raises(Refused, match="folder-inside"):
        export(vault, decoder, [item], vault.path)
    assert forms(vault) == []


def test_what_was_taken_out_is_said_and_recorded(
    vault: Vault, decoder: Decoder, folder: Path
) -> None:
    original = media_files.jpeg()
    item, _ = add_object(vault, original)
    [done] = export(vault, decoder, [item], folder)
    assert done.path is not None
    with Image.open(done.path) as copy, Image.open(io.BytesIO(original)) as first:
        assert copy.tobytes() == first.tobytes()
    said = {finding.kind: finding.detail for finding in done.removed}
    assert media_files.MODEL in said["device"]
    assert "48.2" in said["place"]
    [entry] = Record(vault).entries(kinds=frozenset({EntryKind.EXPORT_FINISHED}))
    assert {"date", "device", "place"} <= set(str(entry.values[Field.REMOVED]).split("+"))
    with vault.blobs.open(items.sealed(vault.catalog, item)) as source:
        item_ = items.item(vault.catalog, item)
        assert renditions.findings(decoder, source, item_) == done.removed


@pytest.mark.parametrize(
    "name",
    ["mp4", "mov", "m4v", "3gp", "hevc", "av1", "mkv", "webm", "vp8", "avi", "avi-mjpeg", "mpegts"],
)
def test_a_video_leaves_with_every_frame_and_nothing_else(
    vault: Vault, decoder: Decoder, folder: Path, name: str
) -> None:
    clip = replace(
        media_files.CLIPS[name], metadata=(("title", "CANARY"), ("comment", "CANARY too"))
    )
    original = media_files.video(clip)
    item, _ = add_object(vault, original, "DSC_0007.MP4")
    [done] = export(vault, decoder, [item], folder)
    assert done.error is None
    assert done.path is not None
    shown, before = frames(done.path.read_bytes()), frames(original)
    assert [pixels for _, pixels in shown] == [pixels for _, pixels in before]
    # A transport stream begins at any time, a copy at zero.
    start = before[0][0] - shown[0][0]
    assert [time for time, _ in shown] == pytest.approx([time - start for time, _ in before])
    assert b"CANARY" not in done.path.read_bytes()


def test_a_video_that_cannot_be_cleaned_does_not_leave(
    vault: Vault, decoder: Decoder, folder: Path
) -> None:
    cut_short = media_files.video(media_files.CLIPS["avi"])[:-100]
    item, _ = add_object(vault, cut_short, "a.avi")
    with vault.catalog.writing() as tx:
        tx.execute("UPDATE items SET kind = 'video'")
        tx.recorded = 1
    [done] = export(vault, decoder, [item], folder)
    assert done.error is not None
    assert done.error.code == "copy-impossible"
    assert list(folder.iterdir()) == []


def frames(data: bytes) -> list[tuple[float, bytes]]:
    container: Any
    with av.open(io.BytesIO(data)) as container:
        return [
            (frame.time, hashlib.sha256(frame.to_ndarray().tobytes()).digest())
            for frame in container.decode(video=0)
        ]
