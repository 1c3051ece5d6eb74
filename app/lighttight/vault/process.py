"""What the process does about its own memory: no core file, no onlookers.

A vault's keys are in memory while it is open. Two doors out of it can be closed: a core file after
a crash, and a debugger of the same user. The third, the swap, stays open: locking one buffer would
claim more than it gives, since Python keeps copies of a key that nobody can find. None of this
holds against the superuser or hibernation. The report says what holds, so that no more is claimed.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from dataclasses import dataclass
from typing import Final

PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4
PT_DENY_ATTACH: Final = 31
SEM_FAILCRITICALERRORS: Final = 0x1
SEM_NOGPFAULTERRORBOX: Final = 0x2


@dataclass(frozen=True, slots=True)
class Hardening:
    """What holds in this process, checked after it was asked for; False where it does not."""

    no_core: bool
    """A crash writes no file with the content of memory."""
    no_tracing: bool
    """Other programs of the same user cannot attach and read memory."""


def harden() -> Hardening:
    """Close the doors, once, before any key exists. Never raises: less is reported instead."""
    no_core = _forbid_core()
    if sys.platform == "linux":
        # Also takes core files away from handlers to which the kernel pipes them whatever the
        # limit says.
        hidden = _set_not_dumpable()
        return Hardening(no_core=no_core and hidden, no_tracing=hidden)
    if sys.platform == "darwin":
        return Hardening(no_core=no_core, no_tracing=_deny_attach())
    return Hardening(no_core=no_core, no_tracing=False)


def _forbid_core() -> bool:
    if sys.platform == "win32":
        # No box and no report with memory in it for this process.
        mode = SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.SetErrorMode(mode)
        return kernel.SetErrorMode(mode) & mode == mode
    import resource

    try:
        # The hard limit too: nothing that runs in here can raise it again.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        return False
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _set_not_dumpable() -> bool:
    library = _c_library()
    if library is None:
        return False
    library.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return library.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0


def _deny_attach() -> bool:
    library = _c_library()
    return library is not None and library.ptrace(PT_DENY_ATTACH, 0, None, 0) == 0


@functools.cache
def _c_library() -> ctypes.CDLL | None:
    try:
        # The one already loaded, so that no search of the disk decides which it is.
        return ctypes.CDLL(None, use_errno=True)
    except (OSError, TypeError):
        return None
