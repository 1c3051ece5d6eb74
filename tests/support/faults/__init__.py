"""Fault campaigns: a vault is hurt in many ways, and what is left of it is looked at.

Five layers, one module each; `tests/faults` runs a sample of every layer in the suite and all of it
with `packaging/test faults`.

- `kills`: the process is killed at each named step of each act, and killed again while it recovers;
- `injected`: the system's own calls fail or kill, by strace;
- `power`: the current goes: of what was not synced, any part may be lost or torn;
- `hostile`: bytes changed, cut, swapped, put back as they were before;
- `crowds`: several processes in one vault, and clocks that are wrong.

`bugs` holds defects on purpose. A campaign that does not notice one of them proves nothing, so each
of them has a layer that must find it.

A campaign runs in a process of its own (`python -m tests.support.faults`), which never opens a
vault and has one thread: everything that is hurt happens in children forked from it.
"""
