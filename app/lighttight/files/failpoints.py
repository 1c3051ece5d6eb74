"""Named places at which a test may stop the process; inert in normal use.

A crash test is only as good as the places it can crash at. So every step of the storage that
leaves the disk in a new state is followed by `failpoint("what-just-happened")`. A campaign runs
an act once to count the hits, then again and again in a child that kills itself at hit 1, 2, …
end, and opens what is left.

- Every name is declared once, next to the code that uses it: `FAILPOINTS.declare("blob.synced")`.
  Declaring it a second time is an error, and so is hitting an undeclared name while armed: a
  campaign that believes it has seen every step must not be wrong about what the steps are.
- Only `arm` changes anything, and only tests call it. No environment variable, setting or file
  arms a failpoint: a vault must not have a switch that stops it in the middle of a write.
- The hook runs in the thread that hit the point and may raise, or never return.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator


class Registry:
    """The names of all failpoints of the modules imported so far."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def declare(self, *names: str) -> None:
        for name in names:
            if name in self._names:
                raise LookupError(f"failpoint {name!r} is declared twice")
            self._names.add(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)


FAILPOINTS = Registry()

_hook: Callable[[str], None] | None = None
_hits: dict[str, int] = {}
_counting = threading.Lock()


def failpoint(name: str) -> None:
    """Here a test may stop the process. Costs one comparison otherwise."""
    if _hook is not None:
        _reached(name)


def arm(hook: Callable[[str], None]) -> None:
    """Call `hook(name)` at every failpoint from now on, with all counts at zero. Tests only."""
    global _hook
    with _counting:
        _hits.clear()
    _hook = hook


def disarm() -> None:
    """Back to inert. The counts stay, to be read."""
    global _hook
    _hook = None


def hits() -> dict[str, int]:
    """How often each failpoint was reached since `arm`; their sum is the number of steps."""
    with _counting:
        return dict(_hits)


def _reached(name: str) -> None:
    if name not in FAILPOINTS:
        raise LookupError(f"failpoint {name!r} was never declared")
    with _counting:
        _hits[name] = _hits.get(name, 0) + 1
    hook = _hook
    if hook is not None:
        hook(name)
