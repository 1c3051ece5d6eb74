"""Hardening, in a process of its own: what is reported is what holds."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lighttight.vault import process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux only")


def run(program: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_is_reported_holds() -> None:
    ended = run(
        """
        import resource
        from pathlib import Path
        from lighttight.vault.process import harden
        def dumpable():
            import ctypes
            return ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
        assert dumpable() == 1
        first = harden()
        print(first, harden() == first, dumpable(), resource.getrlimit(resource.RLIMIT_CORE))
        """
    )
    assert ended.stdout == "Hardening(no_core=True, no_tracing=True) True 0 (0, 0)\n", ended.stderr


def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    ended = run(
        """
        import os, resource, signal
        from lighttight.vault.process import harden
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        harden()
        os.kill(os.getpid(), signal.SIGSEGV)
        """,
        cwd=tmp_path,
    )
    assert ended.returncode == -signal.SIGSEGV
    assert list(tmp_path.iterdir()) == []


def test_a_crash_without_hardening_may_leave_one(tmp_path: Path) -> None:
    """The test above means something only where the system writes cores at all."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if pattern.startswith("|") or "/" in pattern or hard == 0:
        pytest.skip(f"this system would not write a core here: {pattern!r}, limit {hard}")
    ended = run(
        """
        import os, resource, signal
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        os.kill(os.getpid(), signal.SIGSEGV)
        """,
        cwd=tmp_path,
    )
    assert ended.returncode == -signal.SIGSEGV
    assert list(tmp_path.iterdir()) != []


def test_less_is_reported_where_the_system_refuses() -> None:
    ended = run(
        """
        import resource
        from lighttight.vault import process
        class Refusing:
            def prctl(self, *arguments):
                return -1
        process._c_library = lambda: Refusing()
        def denied(*arguments):
            raise ValueError
        resource.setrlimit = denied
        print(process.harden())
        process._c_library = lambda: None
        print(process.harden())
        """
    )
    assert ended.stdout == (
        "Hardening(no_core=False, no_tracing=False)\nHardening(no_core=False, no_tracing=False)\n"
    ), ended.stderr


def test_a_hardened_process_still_exports(tmp_path: Path) -> None:
    """Naming a file without a name goes through /proc/self, which hardening hides from others."""
    program = """
        import os, resource  # while the library can still be read
        from pathlib import Path
        from lighttight.files import create_exclusively
        from lighttight.vault.process import harden
        if os.geteuid() == 0:
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        harden()
        with create_exclusively(Path("."), "photo.jpg") as file:
            file.write(b"x")
            print(file.commit())
        """
    tmp_path.chmod(0o777)
    ended = run(program, cwd=tmp_path)
    assert ended.stdout == "photo.jpg\n", ended.stderr


def test_nothing_is_looked_up_twice() -> None:
    assert process._c_library() is process._c_library()
