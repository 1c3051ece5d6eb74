"""The decoder as the rest of the program sees it."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lighttight.errors import Environment, Integrity, Unsupported
from lighttight.media import client, wire
from lighttight.media.client import Decoder, Limits, Pixels
from lighttight.media.process import Launch, Protection
from lighttight.model import Kind
from tests.support import media_files
from tests.support.availability import needs_programs
from tests.support.decoding import colours, near
from tests.support.media_files import Bytes

ROOT = Path(__file__).parents[3]


def test_what_is_no_media_starts_no_child(decoder: Decoder) -> None:
    source = Bytes(b"a shopping list" * 1000)
    with pytest.raises(Unsupported, match="media-unknown"):
        decoder.examine(source)
    assert source.reads == [(0, 4096)]


def test_media_that_is_kept_but_not_decoded(decoder: Decoder) -> None:
    with pytest.raises(Unsupported, match="media-undecodable") as caught:
        decoder.examine(Bytes(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100)))
    assert caught.value.facts["reason"] == "codec"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff" + bytes(5000)])
def test_damage_is_said(decoder: Decoder, data: bytes) -> None:
    with pytest.raises(Unsupported):
        decoder.examine(Bytes(data))


def test_an_error_of_the_source_comes_through_unchanged(decoder: Decoder) -> None:
    class Tampered(Bytes):
        def read(self, offset: int, count: int) -> bytes:
            if self.reads:
                raise Integrity("blob-changed")
            return super().read(offset, count)

    with pytest.raises(Integrity, match="blob-changed"):
        decoder.examine(Tampered(media_files.jpeg()))
    decoder.picture(Bytes(media_files.jpeg()), max_side=64).close()


def test_a_source_that_shrinks_is_said(decoder: Decoder) -> None:
    class Shrinking(Bytes):
        def read(self, offset: int, count: int) -> bytes:
            return super().read(offset, count)[: 500 if self.reads[1:] else None]

    with pytest.raises(Environment, match="media-source-short"):
        decoder.examine(Shrinking(media_files.jpeg()))


def test_a_broker_that_cannot_start_is_said() -> None:
    with (
        Decoder(launch=Launch(worker="no_such_worker")) as own,
        pytest.raises(Environment, match="decoder-unavailable"),
    ):
        own.examine(Bytes(media_files.jpeg()))


def test_nothing_is_decoded_after_closing() -> None:
    own = Decoder()
    own.warm()
    own.close()
    own.close()
    with pytest.raises(Environment, match="decoder-unavailable"):
        own.examine(Bytes(media_files.jpeg()))


@pytest.mark.parametrize("side", [0, -1, 20_000])
def test_sides_out_of_range(decoder: Decoder, side: int) -> None:
    with pytest.raises(ValueError, match="max_side"):
        decoder.picture(Bytes(media_files.jpeg()), max_side=side)


def test_a_frame_of_a_photo_is_refused(decoder: Decoder) -> None:
    with pytest.raises(Unsupported, match="media-undecodable"):
        decoder.frame(Bytes(media_files.jpeg()), seconds=1, max_side=64)


def test_one_child_tells_everything(decoder: Decoder) -> None:
    probe, pixels = decoder.examine(Bytes(media_files.jpeg(size=(192, 128))), max_side=96)
    assert probe.kind is Kind.PHOTO
    assert (probe.mime, probe.container) == ("image/jpeg", "jpeg")
    assert (probe.width, probe.height) == (192, 128)
    assert pixels is not None
    with pixels:
        assert (pixels.width, pixels.height, pixels.channels) == (96, 64, 3)
        assert len(pixels.data) == 96 * 64 * 3
        assert near(colours(pixels), media_files.QUARTERS)


def test_pixels_are_read_only_and_go_with_close(decoder: Decoder) -> None:
    pixels = decoder.picture(Bytes(media_files.jpeg()), max_side=64)
    assert pixels.data.readonly
    pixels.close()
    with pytest.raises(ValueError, match="released"):
        pixels.data[0]


def test_a_picture_is_never_made_larger(decoder: Decoder) -> None:
    with decoder.picture(Bytes(media_files.jpeg()), max_side=8192) as pixels:
        assert (pixels.width, pixels.height) == (96, 64)


def test_all_layers_stand_here(decoder: Decoder) -> None:
    # On CI this is the machine on which the sandbox is tested; a kernel without is no such one.
    found = decoder.protection
    if found.missing and not os.environ.get("CI"):
        pytest.skip(f"this kernel lacks {found.missing}")
    assert found.missing == ()


def test_missing_layers_are_named() -> None:
    assert Protection(landlock=0, seccomp=False, limits=True, sealed_memory=False).missing == (
        "seccomp", "landlock", "sealed-memory",
    )  # fmt: skip


def test_without_a_memory_file_pixels_come_through_the_socket(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_memory_file", lambda: None)
    with decoder.picture(Bytes(media_files.jpeg(size=(640, 480))), max_side=640) as pixels:
        assert near(colours(pixels), media_files.QUARTERS)


# --- what a child holds on to


def received(width: int, height: int, memory: int) -> Pixels | None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        request = wire.Request(1, wire.Op.PICTURE, 1, 64)
        described = wire.PixelsWire(width=width, height=height, channels=3)
        return client._receive(ours, described, 0, memory, request, time.monotonic() + 5)


def test_pixels_cannot_change_after_they_were_received() -> None:
    memory = os.memfd_create("pixels", os.MFD_ALLOW_SEALING)
    childs = os.dup(memory)
    os.write(childs, b"\1" * 12)
    pixels = received(2, 2, memory)
    assert pixels is not None
    with pixels:
        with pytest.raises(PermissionError):
            os.pwrite(childs, b"\2", 0)
        for size in (0, 100):
            with pytest.raises(PermissionError):
                os.ftruncate(childs, size)
        assert bytes(pixels.data) == b"\1" * 12
    os.close(memory)
    os.close(childs)


def test_a_window_kept_open_on_the_pixels_is_noticed() -> None:
    import mmap

    memory = os.memfd_create("pixels", os.MFD_ALLOW_SEALING)
    os.write(memory, b"\1" * 12)
    with mmap.mmap(memory, 12), pytest.raises(wire.Malformed):
        received(2, 2, memory)
    os.close(memory)


def test_a_file_sealed_by_the_child_is_refused() -> None:
    memory = os.memfd_create("pixels", os.MFD_ALLOW_SEALING)
    os.write(memory, b"\1" * 12)
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL)
    with pytest.raises(wire.Malformed):
        received(2, 2, memory)
    os.close(memory)


# --- many at once, and what is left behind


def test_several_threads_each_have_a_child() -> None:
    files = [media_files.MAKERS[name]() for name in ("jpeg", "png", "webp", "mp4")]
    wrong: list[object] = []

    def work(data: bytes) -> None:
        for _ in range(5):
            try:
                with own.picture(Bytes(data), max_side=96) as pixels:
                    if not near(colours(pixels), media_files.QUARTERS):
                        wrong.append(colours(pixels))
            except Exception as error:  # noqa: BLE001
                wrong.append(error)

    with Decoder(limits=Limits(children=4)) as own:
        threads = [threading.Thread(target=work, args=(data,)) for data in files]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_is_left_open() -> None:
    with Decoder() as own:
        own.warm()
        before = open_descriptors()
        for data in (media_files.jpeg(), media_files.jpeg()[:700], b"\xff\xd8\xff", b"no"):
            for _ in range(3):
                try:
                    _, pixels = own.examine(Bytes(data))
                except Unsupported:
                    continue
                if pixels is not None:
                    pixels.close()
        assert open_descriptors() == before
    assert open_descriptors() == before - 1


def test_large_files_are_read_in_few_pieces(decoder: Decoder) -> None:
    out = media_files.photo(1600, 1200)
    data = media_files.saved(out, "JPEG", quality=97)
    assert len(data) > 1 << 20
    source = Bytes(data)
    decoder.picture(source, max_side=512).close()
    assert len(source.reads) <= 6


def test_a_tag_in_a_huge_file_costs_little(decoder: Decoder) -> None:
    """The index of this video lies behind 64 MiB of nothing: it must not be read through."""
    clip = media_files.video(media_files.CLIPS["mp4"])
    at = clip.index(b"moov") - 4
    padded = clip[:at] + (64 << 20).to_bytes(4, "big") + b"free" + bytes((64 << 20) - 8) + clip[at:]
    source = Bytes(padded)
    probe, pixels = decoder.examine(source)
    assert pixels is not None
    pixels.close()
    assert probe.duration == pytest.approx(3, abs=0.1)
    assert sum(count for _, count in source.reads) < 4 << 20


# --- nothing is written


WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
HARMLESS = re.compile(r'"/dev/null"|"/proc/self/task"|ENOENT|"/dev/urandom"')

SCRIPT = """
import sys
sys.path[:0] = [{app!r}, {root!r}]
sys.dont_write_bytecode = True
from lighttight.media.client import Decoder
from tests.support.media_files import Bytes
from pathlib import Path
print("begin", flush=True)
with Decoder() as decoder:
    for path in sorted(Path(sys.argv[1]).iterdir()):
        _, pixels = decoder.examine(Bytes(path.read_bytes()))
        assert pixels is not None, path
        pixels.close()
"""


def test_no_file_is_written_and_no_child_opens_one(tmp_path: Path) -> None:
    """Under strace, over one file of each kind. A child that fetched a module at first use would
    fail outside the tests, too, as soon as the sandbox stands."""
    needs_programs("strace")
    media, log = tmp_path / "media", tmp_path / "log"
    media.mkdir()
    for name, make in media_files.MAKERS.items():
        (media / name).write_bytes(make())
    script = SCRIPT.format(app=str(ROOT / "app"), root=str(ROOT))
    calls = "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,"
    calls += "link,linkat,symlink,symlinkat,mknod,mknodat,truncate,prctl,execve,socket,connect"
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}",
         sys.executable, "-c", script, str(media)],
        check=True, capture_output=True,
    )  # fmt: skip
    filtered: set[str] = set()
    opened_to_write: list[str] = []
    by_children: list[str] = []
    for line in log.read_text(errors="replace").splitlines():
        pid, _, call = line.partition(" ")
        if " resumed>" in call:
            # The second half of a line that began further up.
            continue
        if "PR_SET_SECCOMP" in call:
            filtered.add(pid)
        elif pid in filtered:
            by_children.append(line)
        elif not call.lstrip().startswith(("prctl", "execve", "+++", "---")) and (
            WRITING.search(call) or not call.lstrip().startswith("open")
        ):
            opened_to_write.append(line)
    assert len(filtered) > len(media_files.MAKERS)
    assert [line for line in opened_to_write if not HARMLESS.search(line)] == []
    assert [line for line in by_children if "+++" not in line] == []
