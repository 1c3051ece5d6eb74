"""What a decoding child gives up before it sees the first byte of a file.

In this order, all of it irrevocable:

    1. no new privileges, not dumpable, dies with the broker
    2. landlock     every right that the kernel's version knows, with no exception granted
    3. limits       memory, processor time, descriptors, size of output, no core
    4. seccomp      a list of the calls that decoding needs; nothing else happens

The filter is an allow-list. What is not on it is answered in one of three ways:

    KILL     calls that only an attacker makes: execute, connect, trace, signal, start a process.
             The first try ends the child, so nobody gets a second one.
    EACCES   calls on paths. C libraries look for locale, time zone and processor files in the
             middle of harmless work and go on without; killing would lose honest pictures.
    ENOSYS   all the rest. A C library newer than this list then falls back to an older call,
             which it would not do on EPERM. The call still does not happen.

Memory that is both written and executed is refused, so injected code has nowhere to run; so is
shared writable memory, so that pixels cannot change after the program has looked at them, and
the limit on memory cannot be walked around.

Written with ctypes against the kernel's own interface: a sandbox that needs a C compiler or a
package would be missing exactly where it is needed. Runs on x86-64 and AArch64; elsewhere, and
on kernels without one of the layers, `Hello` says so and the program shows it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

SYS_LANDLOCK_CREATE_RULESET = 444
SYS_LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_CREATE_RULESET_VERSION = 1

RET_KILL = 0x80000000
RET_ALLOW = 0x7FFF0000
RET_ERRNO = 0x00050000

_LD_W_ABS = 0x20
_JEQ_K = 0x15
_JGE_K = 0x35
_JSET_K = 0x45
_RET_K = 0x06

_NR, _ARCH, _ARGS = 0, 4, 16
PROT_EXEC = 4
MAP_SHARED = 1
CLONE_THREAD = 0x00010000
X32_BIT = 0x40000000


@dataclass(frozen=True, slots=True)
class Machine:
    """One processor architecture: the kernel's name for it, and its numbers for calls."""

    audit: int
    allowed: dict[str, int]
    paths: dict[str, int]
    hostile: dict[str, int]
    mmap: int
    mprotect: int
    clone: int


# fmt: off
X86_64 = Machine(
    audit=0xC000003E,
    allowed={
        "read": 0, "write": 1, "lseek": 8, "munmap": 11, "brk": 12, "rt_sigaction": 13,
        "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "pwrite64": 18, "readv": 19,
        "writev": 20, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35,
        "getpid": 39, "sendto": 44, "recvfrom": 45, "exit": 60, "fstat": 5, "close": 3,
        "gettimeofday": 96, "getrusage": 98, "times": 100, "sigaltstack": 131, "gettid": 186,
        "time": 201, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
        "set_robust_list": 273, "getcpu": 309, "getrandom": 318, "rseq": 334,
    },
    paths={
        "open": 2, "stat": 4, "lstat": 6, "access": 21, "rename": 82, "mkdir": 83, "rmdir": 84,
        "creat": 85, "link": 86, "unlink": 87, "symlink": 88, "readlink": 89, "chmod": 90,
        "truncate": 76, "getcwd": 79, "chdir": 80, "statfs": 137, "openat": 257, "mkdirat": 258,
        "newfstatat": 262, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266,
        "readlinkat": 267, "fchmodat": 268, "faccessat": 269, "renameat2": 316, "statx": 332,
        "openat2": 437, "faccessat2": 439,
    },
    hostile={
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53,
        "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101,
        "mount": 165, "reboot": 169, "init_module": 175, "tkill": 200, "tgkill": 234,
        "keyctl": 250, "unshare": 272, "accept4": 288, "perf_event_open": 298, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "execveat": 322,
        "userfaultfd": 323, "pidfd_send_signal": 424, "io_uring_setup": 425, "open_tree": 428,
        "move_mount": 429, "pidfd_open": 434, "pidfd_getfd": 438, "process_madvise": 440,
    },
    mmap=9,
    mprotect=10,
    clone=56,
)

AARCH64 = Machine(
    audit=0xC00000B7,
    allowed={
        "read": 63, "write": 64, "lseek": 62, "munmap": 215, "brk": 214, "rt_sigaction": 134,
        "rt_sigprocmask": 135, "rt_sigreturn": 139, "pread64": 67, "pwrite64": 68, "readv": 65,
        "writev": 66, "sched_yield": 124, "mremap": 216, "madvise": 233, "nanosleep": 101,
        "getpid": 172, "sendto": 206, "recvfrom": 207, "exit": 93, "fstat": 80, "close": 57,
        "gettimeofday": 169, "getrusage": 165, "times": 153, "sigaltstack": 132, "gettid": 178,
        "futex": 98, "sched_getaffinity": 123, "restart_syscall": 128, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "exit_group": 94, "set_robust_list": 99,
        "getcpu": 168, "getrandom": 278, "rseq": 293,
    },
    paths={
        "openat": 56, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37,
        "renameat": 38, "statfs": 43, "truncate": 45, "faccessat": 48, "chdir": 49,
        "fchmodat": 53, "readlinkat": 78, "newfstatat": 79, "getcwd": 17, "renameat2": 276,
        "statx": 291, "openat2": 437, "faccessat2": 439,
    },
    hostile={
        "socket": 198, "connect": 203, "accept": 202, "bind": 200, "listen": 201,
        "socketpair": 199, "execve": 221, "kill": 129, "ptrace": 117, "mount": 40,
        "reboot": 142, "init_module": 105, "tkill": 130, "tgkill": 131, "keyctl": 219,
        "unshare": 97, "accept4": 242, "perf_event_open": 241, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280, "execveat": 281,
        "userfaultfd": 282, "pidfd_send_signal": 424, "io_uring_setup": 425, "open_tree": 428,
        "move_mount": 429, "pidfd_open": 434, "pidfd_getfd": 438, "process_madvise": 440,
    },
    mmap=222,
    mprotect=226,
    clone=220,
)
# fmt: on

MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}


class SandboxError(Exception):
    """A layer that the trial child had could not be put up. The child must end, unused."""


def _machine() -> Machine | None:
    return MACHINES.get(platform.machine()) if sys.platform == "linux" else None


def filter_program(machine: Machine) -> list[tuple[int, int, int, int]]:
    """The filter as (code, jump if true, jump if false, constant), for one architecture."""

    def load(offset: int) -> tuple[int, int, int, int]:
        return (_LD_W_ABS, 0, 0, offset)

    def ret(value: int) -> tuple[int, int, int, int]:
        return (_RET_K, 0, 0, value)

    def when(number: int, value: int) -> list[tuple[int, int, int, int]]:
        return [(_JEQ_K, 0, 1, number), ret(value)]

    def arg(index: int) -> int:
        return _ARGS + 8 * index

    denied = ret(RET_ERRNO | errno.EPERM)
    program = [load(_ARCH), (_JEQ_K, 1, 0, machine.audit), ret(RET_KILL), load(_NR)]
    if machine is X86_64:
        # The x32 numbers reach the same calls under other names, past every rule below.
        program += [(_JGE_K, 0, 1, X32_BIT), ret(RET_KILL)]
    for number in machine.allowed.values():
        program += when(number, RET_ALLOW)
    program += [
        (_JEQ_K, 0, 6, machine.mmap),
        load(arg(2)),
        (_JSET_K, 3, 0, PROT_EXEC),
        load(arg(3)),
        (_JSET_K, 1, 0, MAP_SHARED),
        ret(RET_ALLOW),
        denied,
    ]
    program += [
        (_JEQ_K, 0, 4, machine.mprotect),
        load(arg(2)),
        (_JSET_K, 1, 0, PROT_EXEC),
        ret(RET_ALLOW),
        denied,
    ]
    # libde265 always works in a second thread, which inherits every layer; a new process is an
    # attack. `clone3` hides its flags behind a pointer: ENOSYS, and the C library uses this one.
    program += [
        (_JEQ_K, 0, 4, machine.clone),
        load(arg(0)),
        (_JSET_K, 0, 1, CLONE_THREAD),
        ret(RET_ALLOW),
        ret(RET_KILL),
    ]
    for number in machine.hostile.values():
        program += when(number, RET_KILL)
    for number in machine.paths.values():
        program += when(number, RET_ERRNO | errno.EACCES)
    program.append(ret(RET_ERRNO | errno.ENOSYS))
    return program


class Sandbox:
    """The layers of this system, prepared once in the broker and put on by each child."""

    def __init__(self) -> None:
        self._machine = _machine()
        self._libc: ctypes.CDLL | None = (
            ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        )
        self.landlock = self._landlock_version()
        self.seccomp = self._machine is not None
        if self._machine is not None:
            program = filter_program(self._machine)
            packed = b"".join(struct.pack("<HBBI", *step) for step in program)
            self._steps = ctypes.create_string_buffer(packed, len(packed))
            self._filter = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(self._steps))

    def _landlock_version(self) -> int:
        if self._libc is None:
            return 0
        found = self._libc.syscall(
            SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION
        )
        return max(0, int(found))

    def _prctl(self, option: int, value: int, pointer: bytes | None = None) -> None:
        if self._libc is None:
            return
        if self._libc.prctl(option, ctypes.c_ulong(value), pointer, None, None) != 0:
            raise SandboxError(f"prctl {option}")

    def shut_files(self) -> None:
        """Landlock: no file, no network port, no signal or abstract socket out of this domain."""
        if not self.landlock or self._libc is None:
            return
        version = self.landlock
        rights = (1 << 13) - 1
        if version >= 2:
            rights |= 1 << 13
        if version >= 3:
            rights |= 1 << 14
        if version >= 5:
            rights |= 1 << 15
        attributes = struct.pack("<Q", rights)
        if version >= 4:
            attributes += struct.pack("<Q", 0b11)
        if version >= 6:
            attributes += struct.pack("<Q", 0b11)
        ruleset = self._libc.syscall(
            SYS_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0
        )
        if ruleset < 0:
            raise SandboxError("landlock ruleset")
        try:
            if self._libc.syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
                raise SandboxError("landlock")
        finally:
            os.close(ruleset)

    def no_privileges(self) -> None:
        """Before landlock and seccomp, which the kernel grants to the unprivileged only then."""
        self._prctl(PR_SET_NO_NEW_PRIVS, 1)
        self._prctl(PR_SET_DUMPABLE, 0)

    def die_with(self, parent: int) -> None:
        """End when the broker ends. Asked again afterwards: it may have ended in between."""
        self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    def enter(self, *, memory: int, processor: int, output: int, descriptors: int) -> None:
        """Give everything up. Raises when a layer that this system has cannot be put on."""
        self.no_privileges()
        self.shut_files()
        limits: list[tuple[int, int]] = [
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, processor),
            (resource.RLIMIT_FSIZE, output),
            (resource.RLIMIT_NOFILE, descriptors),
        ]
        if not self.seccomp and sys.platform != "linux":
            # Linux counts threads here too, and all of the person's other programs; there the
            # filter forbids processes.
            limits.append((resource.RLIMIT_NPROC, 0))
        if memory:
            limits.append((resource.RLIMIT_DATA, memory))
            if sys.platform == "linux":
                # Address space also holds the codecs' own code, which DATA does not count.
                limits.append((resource.RLIMIT_AS, memory + (1 << 30)))
        for which, value in limits:
            hard = resource.getrlimit(which)[1]
            lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
            try:
                resource.setrlimit(which, (lowered, lowered))
            except (OSError, ValueError) as error:
                raise SandboxError(f"limit {which}") from error
        if self.seccomp:
            self._prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self._filter)
