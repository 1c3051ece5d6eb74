"""How the broker is started: with nothing of the program's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lighttight.media.client import Decoder
from lighttight.media.process import Launch
from tests.support import media_files
from tests.support.media_files import Bytes


def told_by_kernel(decoder: Decoder, name: str) -> bytes:
    """As root one may look even at a process that is not dumpable."""
    try:
        return Path(f"/proc/{decoder.broker_pid}/{name}").read_bytes()
    except PermissionError:
        pytest.skip("the broker shows itself to root only")


def test_nothing_of_the_programs_environment_reaches_the_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_SECRET", "canary-in-the-environment")
    with Decoder() as own:
        own.warm()
        environment = told_by_kernel(own, "environ")
    assert b"canary" not in environment
    assert b"HOME" not in environment
    assert b"PYTHON" not in environment


def test_no_descriptor_of_the_program_reaches_the_broker() -> None:
    fd = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(fd, True)
    try:
        with Decoder() as own:
            own.warm()
            told_by_kernel(own, "environ")
            links = [str(link.readlink()) for link in Path(f"/proc/{own.broker_pid}/fd").iterdir()]
    finally:
        os.close(fd)
    assert [link for link in links if not link.startswith(("/dev/null", "socket:", "pipe:"))] == []


def test_the_folder_of_the_day_is_not_searched_for_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIL", "numpy", "json", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    with Decoder() as own:
        own.picture(Bytes(media_files.jpeg()), max_side=32).close()


def test_the_broker_writes_no_bytecode_and_reads_no_start_up_file() -> None:
    flags = Launch().command(9)[1:4]
    assert flags == ["-I", "-S", "-B"]


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert Launch().command(9) == [sys.executable, "--decoder-broker", "9"]


def test_the_broker_has_one_thread_and_no_core() -> None:
    with Decoder() as own:
        own.warm()
        status = told_by_kernel(own, "status").decode()
        assert "Threads:\t1\n" in status
        assert "NoNewPrivs:\t1\n" in status
