"""The page of results: what was missed first, then target beside number, then every table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.benchmarks.harness import Table, Taken, Verdict

SCENARIOS = ("seal", "random", "memory", "folder", "items", "scroll", "start")

_HEAD = """# Speed and memory

Measured, not hoped for: `packaging/test bench` runs every scenario and writes this page.
Contenders take turns within one run; the median of seven or more rounds counts, and the least and
the most stand in brackets. Nothing here is part of a test, because a number depends on the machine
and on what else it does; what other programs used of the processors meanwhile is given.
"""


def whole(kept: Sequence[Taken]) -> str:
    verdicts = [(taken, verdict) for taken in kept for verdict in taken.outcome.verdicts]
    parts = [_HEAD, _machines(kept), _missed(verdicts), _all(verdicts)]
    parts += [section(taken) for taken in kept]
    left = [name for name in SCENARIOS if name not in {taken.scenario for taken in kept}]
    if left:
        parts.append(f"Not measured yet: {', '.join(left)}.\n")
    return "\n".join(parts)


def drawn(taken: Taken) -> str:
    """The name of the file that holds the drawing of its curves, beside the page."""
    return f"benchmarks-{taken.scenario}.svg"


def section(taken: Taken) -> str:
    """One scenario: verdicts, tables, notes, and the circumstances."""
    outcome = taken.outcome
    lines = [f"## {taken.title}", ""]
    for table in outcome.tables:
        lines += [*_table(table), ""]
    if outcome.curves:
        lines += [f"![{taken.title}: milliseconds against items]({drawn(taken)})", ""]
    for note in outcome.notes:
        lines += [note, ""]
    quick = " Quick mode: these numbers say only that it runs." if taken.quick else ""
    used = f"other programs used {taken.others:.0%} of the processors meanwhile"
    lines += [f"{taken.when}, {taken.seconds:.0f} s; {used}.{quick}", "", ""]
    return "\n".join(lines)


def _machines(kept: Sequence[Taken]) -> str:
    machines = dict.fromkeys(taken.machine for taken in kept)
    return "".join(f"Machine: {machine}.\n" for machine in machines)


def _missed(verdicts: Sequence[tuple[Taken, Verdict]]) -> str:
    missed = [verdict for _, verdict in verdicts if verdict.met is False]
    if not missed:
        return "## Missed\n\nNothing of what was measured.\n"
    lines = [f"- **{one.what}**: {one.measured} instead of {one.target}." for one in missed]
    return "\n".join(["## Missed", "", *lines, ""])


def _all(verdicts: Sequence[tuple[Taken, Verdict]]) -> str:
    met = {True: "yes", False: "**no**", None: "–"}
    rows = tuple(
        (one.what, one.target, one.measured, met[one.met], f"{taken.others:.0%}")
        for taken, one in sorted(verdicts, key=lambda pair: pair[1].met is not False)
    )
    table = Table(("", "target", "measured", "met", "others"), rows)
    said = "The last column is what other programs used of the processors while this was measured."
    return "\n".join(["## Targets", "", *_table(table), "", said, ""])


def _table(table: Table) -> Iterable[str]:
    yield f"| {' | '.join(table.head)} |"
    yield f"|{'---|' * len(table.head)}"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
