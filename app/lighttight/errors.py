"""Every error that Lighttight raises on purpose, in one tree.

    LighttightError(code, **facts)
    ├── Refused        the person can fix it: a wrong passphrase, a name that exists
    ├── Environment    disk, keyring, network, another program holding the vault
    ├── Integrity      bytes were changed, cut, swapped or are older than they should be
    └── Unsupported    a newer format, a kind of media this build does not know

    Cancelled          apart from the tree, and silent: the person asked for it

An error carries a `code` (kebab-case, stable, searchable) and `facts`; it holds no prose.
`lighttight.messages` turns a code into words, once, for window and command line alike, and a
test fails when a code has none. Facts may hold ids, numbers, dates and paths that the person
typed; never keys, passphrases or what is inside the vault. They are left out of `repr` and of
`str`, because both end up in logs and tracebacks.

Where a wrong key cannot be told from changed bytes, the code says "did not open", never
"wrong key": claiming more than is known would send a frightened person the wrong way.
"""

from __future__ import annotations

from typing import ClassVar


class LighttightError(Exception):
    """Base of the tree. Raise one of its four branches, never this."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, object] = facts

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r})"


class Refused(LighttightError):
    """Nothing is broken; the request cannot be done as asked and the person can change it."""

    exit_code: ClassVar[int] = 3


class Environment(LighttightError):
    """Something around the program failed: disk, keyring, network, a busy vault."""

    exit_code: ClassVar[int] = 4


class Integrity(LighttightError):
    """Bytes do not verify: changed, truncated, swapped, or older than the anchor."""

    exit_code: ClassVar[int] = 5


class Unsupported(LighttightError):
    """Made by a newer version, or of a kind that this build cannot handle."""

    exit_code: ClassVar[int] = 6


class Cancelled(Exception):
    """The person cancelled; what was finished stays finished, the rest was never begun."""

    exit_code: ClassVar[int] = 130
