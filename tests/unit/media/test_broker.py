"""Whatever a child does, that file alone is affected, the error has a type, the next file works."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from pathlib import Path

import pytest

from lighttight.errors import Cancelled, Environment, LighttightError, Unsupported
from lighttight.media.client import Decoder, Limits
from tests.support import media_files
from tests.support.decoding import attack, colours, hostile_decoder, near
from tests.support.media_files import Bytes


def decodes(decoder: Decoder) -> bool:
    _, pixels = decoder.examine(Bytes(media_files.jpeg()))
    assert pixels is not None
    with pixels:
        return near(colours(pixels), media_files.QUARTERS)


def outcome(decoder: Decoder, name: str, argument: object = "") -> str:
    """The device that the child reports, or the code of the error."""
    try:
        probe, pixels = decoder.examine(attack(name, argument), max_side=64)
    except LighttightError as error:
        return error.code
    if pixels is not None:
        pixels.close()
    return probe.device or ""


@pytest.mark.parametrize("name", ["open", "stat", "list", "readlink", "thread"])
def test_a_child_sees_no_file(hostile: Decoder, name: str) -> None:
    assert outcome(hostile, name, "/proc/self") == "EACCES"
    assert decodes(hostile)


@pytest.mark.parametrize("name", ["unlink", "rename", "chmod", "create"])
def test_a_child_changes_no_file(hostile: Decoder, name: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    if name != "create":
        there.write_bytes(b"precious")
    mode = there.stat().st_mode if there.exists() else None
    assert outcome(hostile, name, there) == "EACCES"
    assert [path.name for path in tmp_path.iterdir()] == ([] if name == "create" else ["there"])
    assert mode is None or there.stat().st_mode == mode


@pytest.mark.parametrize(
    "name",
    [
        "socket", "socket-pair", "connect", "fork", "vfork", "exec", "kill-broker", "unshare",
        "io-uring", "bpf", "keyctl", "x32",
    ],
)  # fmt: skip
def test_a_child_that_reaches_out_is_ended(hostile: Decoder, name: str) -> None:
    hostile.warm()
    assert outcome(hostile, name) == "decoder-died"
    assert decodes(hostile)


@pytest.mark.parametrize("name", ["kill", "ptrace", "read-memory", "pidfd"])
def test_a_child_reaches_no_other_process(hostile: Decoder, name: str) -> None:
    assert outcome(hostile, name, os.getpid()) == "decoder-died"
    assert decodes(hostile)


@pytest.mark.parametrize("path", ["/proc/{pid}/mem", "/proc/self/mem", "/dev/mem"])
def test_a_child_reads_no_other_memory(hostile: Decoder, path: str) -> None:
    assert outcome(hostile, "open", path.format(pid=os.getpid())) == "EACCES"


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("write-code", "EPERM"),
        ("executable", "EPERM"),
        ("window", "EPERM"),
        ("memory-file", "ENOSYS"),
        ("send-descriptor", "ENOSYS"),
    ],
)
def test_a_child_makes_no_memory_that_it_could_misuse(
    hostile: Decoder, name: str, refused: str
) -> None:
    assert outcome(hostile, name) == refused


def test_a_child_cannot_take_its_limits_back(hostile: Decoder) -> None:
    assert outcome(hostile, "raise-limit") in ("ENOSYS", "media-undecodable")
    assert decodes(hostile)


@pytest.mark.parametrize("name", ["segfault", "abort", "exit", "recurse"])
def test_a_crash_is_that_files_error(hostile: Decoder, name: str) -> None:
    assert outcome(hostile, name) in ("decoder-died", "media-undecodable")
    assert decodes(hostile)


def test_eating_memory_ends_at_the_limit(hostile: Decoder) -> None:
    with pytest.raises(Unsupported) as caught:
        hostile.examine(attack("eat"))
    assert caught.value.facts["reason"] == "memory"
    assert decodes(hostile)


def test_the_memory_file_holds_no_more_than_the_picture_asked_for(hostile: Decoder) -> None:
    assert outcome(hostile, "fill") == "EFBIG"
    assert decodes(hostile)


def test_a_hanging_child_is_ended_at_the_deadline() -> None:
    with hostile_decoder(Limits(picture_seconds=1.5, children=1)) as decoder:
        decoder.warm()
        with pytest.raises(Environment, match="decoder-timeout"):
            decoder.examine(attack("hang"))
        # There is room for one child: the next file would wait for ever if it still stood there.
        assert decodes(decoder)


@pytest.mark.parametrize("name", ["read-forever", "never-takes"])
def test_an_endless_conversation_is_ended(name: str) -> None:
    with hostile_decoder(Limits(picture_seconds=1.5)) as decoder:
        decoder.warm()
        assert outcome(decoder, name) == "decoder-timeout"
        assert decodes(decoder)


def test_reading_is_bounded_in_bytes() -> None:
    with hostile_decoder(Limits(picture_seconds=5, bytes_read=10_000)) as decoder:
        assert outcome(decoder, "read-forever") == "decoder-died"


@pytest.mark.parametrize(
    "name",
    [
        "flood", "read-past", "read-far", "read-huge", "read-nothing", "no-tag", "huge-json",
        "not-json", "deep-json", "number-json", "not-a-number", "unknown-field",
        "unknown-reason", "other-kind", "no-kind", "bad-place", "bad-turn", "absurd-size",
        "negative-size", "no-size", "too-wide", "seven-channels", "fewer-pixels", "more-pixels",
        "inline-too",
    ],
)  # fmt: skip
def test_a_lie_is_no_answer(hostile: Decoder, name: str) -> None:
    assert outcome(hostile, name) == "decoder-died"
    assert decodes(hostile)


@pytest.mark.parametrize(
    "name",
    [
        *("copy-nothing", "copy-huge", "copy-of-no-kind", "copy-endless"),
        *("copy-of-nothing", "copy-of-another-kind", "copy-under-a-name"),
    ],
)
def test_a_lie_is_no_clean_copy(hostile: Decoder, name: str) -> None:
    """Endless: a copy says the same with less, so it cannot fill a disk."""
    taken: list[int] = []
    with pytest.raises(Environment, match="decoder-died"):
        hostile.clean(attack(name), lambda piece: taken.append(len(piece)))
    assert sum(taken) <= 8 << 20
    assert decodes(hostile)


def test_only_who_asked_for_a_copy_is_given_one(hostile: Decoder) -> None:
    taken: list[bytes] = []
    assert hostile.clean(attack("copy"), lambda piece: taken.append(bytes(piece))).findings == ()
    assert taken == [b"\xff\xd8\xffcopied"]
    with pytest.raises(Environment, match="decoder-died"):
        hostile.findings(attack("copy"))
    assert outcome(hostile, "copy") == "decoder-died"


def test_kinds_that_a_child_invents_are_not_passed_on(hostile: Decoder) -> None:
    """They would stand in the record, and could make it too long for an entry."""
    found = hostile.clean(attack("copy-with-words"), lambda _: None).findings
    assert {one.kind for one in found} == {"other"}


def test_a_copy_is_cancelled_also_while_a_child_says_nothing() -> None:
    def stop() -> None:
        raise Cancelled

    with hostile_decoder(Limits(picture_seconds=600)) as decoder:
        decoder.warm()
        with pytest.raises(Cancelled):
            decoder.clean(attack("hang"), lambda _: None, tick=stop)


def test_a_full_disk_ends_the_copy_and_the_child(hostile: Decoder) -> None:
    def full(_: memoryview) -> None:
        raise Environment("disk-full")

    with pytest.raises(Environment, match="disk-full"):
        hostile.clean(attack("copy-endless"), full)
    assert decodes(hostile)


def test_text_from_a_picture_is_cleaned(hostile: Decoder) -> None:
    found = outcome(hostile, "escape")
    assert found.startswith("[2J Ol d")
    assert len(found) <= 100
    assert found.isprintable()


def test_a_broker_that_was_killed_is_started_again() -> None:
    with Decoder() as own:
        assert decodes(own)
        first = own.broker_pid
        assert first is not None
        os.kill(first, 9)
        assert decodes(own)
        assert own.broker_pid != first


def test_a_broker_that_dies_during_a_request_costs_that_file_only() -> None:
    with Decoder() as own:
        own.warm()

        class Deadly(Bytes):
            def read(self, offset: int, count: int) -> bytes:
                if len(self.reads) == 1 and own.broker_pid is not None:
                    os.kill(own.broker_pid, 9)
                    # Until it is gone, and the kernel has ended its children with it.
                    os.waitid(os.P_PID, own.broker_pid, os.WEXITED | os.WNOWAIT)
                return super().read(offset, count)

        with pytest.raises(Environment, match="decoder-died"):
            own.examine(Deadly(media_files.jpeg()))
        assert decodes(own)


def test_a_child_that_lied_is_ended_at_once() -> None:
    """Long before its deadline: it would go on with what it had in mind, or take a core."""
    with hostile_decoder(Limits(picture_seconds=600)) as decoder:
        assert outcome(decoder, "lie-and-hang") == "decoder-died"
        pid = decoder.broker_pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        until = time.monotonic() + 10
        while children.read_text() and time.monotonic() < until:
            select.select([], [], [], 0.01)
        assert children.read_text() == ""


def test_the_broker_leaves_no_child_behind() -> None:
    with hostile_decoder(Limits(picture_seconds=1.5)) as decoder:
        decoder.warm()
        pid = decoder.broker_pid
        assert outcome(decoder, "hang") == "decoder-timeout"
        decoder.close()
        assert not Path(f"/proc/{pid}").exists()


def test_children_of_one_broker_are_under_the_filter_and_cannot_be_traced() -> None:
    """What the kernel says of a child while it waits for bytes."""
    seen: dict[str, str] = {}
    with Decoder() as own:
        own.warm()

        class Watching(Bytes):
            def read(self, offset: int, count: int) -> bytes:
                if self.reads:
                    pid = own.broker_pid
                    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                    for line in Path(f"/proc/{children[0]}/status").read_text().splitlines():
                        name, _, value = line.partition(":")
                        seen[name] = value.strip()
                    with suppress(PermissionError):
                        # Root may look, others may not: it is not dumpable.
                        fds = Path(f"/proc/{children[0]}/fd")
                        seen["fds"] = str(len(list(fds.iterdir())))
                return super().read(offset, count)

        own.examine(Watching(media_files.jpeg()))
    assert seen["Seccomp"] == "2"
    assert seen["NoNewPrivs"] == "1"
    assert seen["Threads"] == "1"
    assert seen.get("fds", "5") == "5"
