"""The filter, call by call, for both architectures; and each layer by itself."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lighttight.media import sandbox
from lighttight.media.sandbox import AARCH64, MACHINES, RET_ALLOW, RET_ERRNO, RET_KILL, Machine
from tests.support.availability import unavailable

BOTH = pytest.mark.parametrize("machine", [X := sandbox.X86_64, AARCH64], ids=["x86_64", "aarch64"])
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def verdict(machine: Machine, number: int, *args: int, audit: int | None = None) -> int:
    """What the kernel would do: the filter run by a small machine of our own."""
    values = {0: number, 4: machine.audit if audit is None else audit}
    for index, value in enumerate(args):
        values[16 + 8 * index] = value & 0xFFFFFFFF
    program = sandbox.filter_program(machine)
    at, held = 0, 0
    while True:
        code, yes, no, constant = program[at]
        at += 1
        if code == 0x20:
            held = values.get(constant, 0)
        elif code == 0x15:
            at += yes if held == constant else no
        elif code == 0x35:
            at += yes if held >= constant else no
        elif code == 0x45:
            at += yes if held & constant else no
        else:
            assert code == 0x06
            return constant


@BOTH
def test_hostile_calls_end_the_child(machine: Machine) -> None:
    for name, number in machine.hostile.items():
        assert verdict(machine, number) == RET_KILL, name


@BOTH
def test_calls_on_paths_are_denied(machine: Machine) -> None:
    for name, number in machine.paths.items():
        assert verdict(machine, number) == RET_ERRNO | errno.EACCES, name


@BOTH
def test_whatever_is_not_listed_does_not_happen(machine: Machine) -> None:
    listed = {
        *machine.allowed.values(), *machine.paths.values(), *machine.hostile.values(),
        machine.mmap, machine.mprotect, machine.clone,
    }  # fmt: skip
    for number in set(range(1024)) - listed:
        assert verdict(machine, number) == RET_ERRNO | errno.ENOSYS, number


@BOTH
def test_no_call_is_in_two_lists(machine: Machine) -> None:
    numbers = [
        *machine.allowed.values(), *machine.paths.values(), *machine.hostile.values(),
        machine.mmap, machine.mprotect, machine.clone,
    ]  # fmt: skip
    assert len(numbers) == len(set(numbers))


@BOTH
def test_another_architecture_ends_the_child(machine: Machine) -> None:
    other = 0x40000003
    assert verdict(machine, machine.allowed["read"], audit=other) == RET_KILL


@BOTH
def test_memory_is_never_both_written_and_run(machine: Machine) -> None:
    anonymous = 0x22
    assert verdict(machine, machine.mmap, 0, 4096, 3, anonymous) == RET_ALLOW
    for protection in (4, 5, 7):
        assert verdict(machine, machine.mmap, 0, 4096, protection, anonymous) == (
            RET_ERRNO | errno.EPERM
        )
        assert verdict(machine, machine.mprotect, 0, 4096, protection) == RET_ERRNO | errno.EPERM
    assert verdict(machine, machine.mprotect, 0, 4096, 1) == RET_ALLOW


@BOTH
@pytest.mark.parametrize("flags", [0x01, 0x21, 0x03])
def test_no_memory_is_shared(machine: Machine, flags: int) -> None:
    assert verdict(machine, machine.mmap, 0, 4096, 3, flags) == RET_ERRNO | errno.EPERM


@BOTH
def test_a_thread_is_allowed_and_a_process_is_not(machine: Machine) -> None:
    thread = 0x3D0F00
    assert verdict(machine, machine.clone, thread) == RET_ALLOW
    for process in (17, 0x4100 | 17, 0x01200011):
        assert verdict(machine, machine.clone, process) == RET_KILL


def test_x32_names_do_not_pass() -> None:
    for number in (0, 2, 59):
        assert verdict(X, sandbox.X32_BIT | number) == RET_KILL


@BOTH
def test_jumps_stay_inside(machine: Machine) -> None:
    program = sandbox.filter_program(machine)
    for at, (code, yes, no, _) in enumerate(program):
        if code in (0x15, 0x35, 0x45):
            assert at + 1 + max(yes, no) < len(program)
    assert len(program) < 4096


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_numbers_are_the_kernels(name: str) -> None:
    header = HEADERS[name]
    if not header.exists():
        # Needs a C compiler's headers, which a person who runs the tests need not have.
        pytest.skip(f"no {header}")
    text = header.read_text()
    known = {m[1]: int(m[2]) for m in re.finditer(r"__NR(?:3264)?_(\w+)\s+(\d+)", text)}
    known.setdefault("newfstatat", known.get("fstatat", 0))
    machine = MACHINES[name]
    ours = {
        **machine.allowed, **machine.paths, **machine.hostile,
        "mmap": machine.mmap, "mprotect": machine.mprotect, "clone": machine.clone,
    }  # fmt: skip
    assert {call: known.get(call) for call in ours} == ours


def alone(layer: str, attempt: str) -> str:
    """One layer by itself, in a process of its own: what an attempt meets."""
    code = (
        "import errno, os, socket, sys\n"
        f"sys.path.insert(0, {str(Path(sandbox.__file__).parents[2])!r})\n"
        "from lighttight.media.sandbox import Sandbox\n"
        "box = Sandbox()\n"
        "box.no_privileges()\n"
        f"{layer}\n"
        "try:\n"
        f"    {attempt}\n"
        "    print('done')\n"
        "except OSError as error:\n"
        "    print(errno.errorcode[error.errno])\n"
        "except MemoryError:\n"
        "    print('memory')\n"
    )
    found = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or f"ended {found.returncode}"


LISTEN = "s = socket.socket(); s.bind(('127.0.0.1', 0))"
ENTER = "box.seccomp = False; box.landlock = 0; box.enter(memory=1 << 30, processor=5, "


@pytest.mark.parametrize(
    "attempt", ["os.open('/', 0)", "open('/etc/passwd')", "open('/tmp/lighttight-x', 'w')", LISTEN]
)
def test_landlock_alone_refuses(attempt: str) -> None:
    if sandbox.Sandbox().landlock < (4 if attempt is LISTEN else 1):
        unavailable("this kernel has no landlock, or an old one")
    assert alone("", attempt) == "done" or attempt.startswith("open('/tmp")
    assert alone("box.shut_files()", attempt) == "EACCES"


@pytest.mark.parametrize(
    ("attempt", "met"),
    [
        ("bytearray(1100 << 20)", "memory"),
        ("import mmap; mmap.mmap(-1, 3 << 30, mmap.MAP_SHARED)", "ENOMEM"),
        ("open('/dev/null'); open('/dev/null'); [os.dup(1) for _ in range(9)]", "EMFILE"),
        ("os.write(os.memfd_create('x'), bytes(2 << 20)); os.write(3, b'x')", "EFBIG"),
    ],
)
def test_limits_alone_hold(attempt: str, met: str) -> None:
    layer = f"{ENTER} output=1 << 20, descriptors=8)"
    assert alone(layer, attempt) == met


def test_a_layer_that_fails_is_an_error() -> None:
    # Without the promise of no new privileges the kernel takes no filter from ordinary people,
    # and one that is not well-formed from nobody.
    broken = "box._filter = b'\\0' * 16; box.enter(memory=0, processor=5, output=1, descriptors=8)"
    assert alone(broken, "pass").startswith("ended 1")
