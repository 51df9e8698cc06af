"""The figures as tables, for a terminal and for the document."""

from __future__ import annotations

from benchmarks.table import Row, Table
from benchmarks.tabular.contestants import CONTESTANTS
from benchmarks.tabular.results import Results, Runs
from benchmarks.tabular.tasks import TASKS, Task

MEGABYTE = 1e6


def accuracy(results: Results) -> Table:
    """How good everyone is, and how long it takes, a part a table."""
    columns = ("", "mean", "from seed to seed", "seconds, first", "seconds, others", "peak MiB")
    parts: list[list[Row]] = []
    for task in TASKS.values():
        found = {title: results.of(name, task.name) for name, (title, _) in CONTESTANTS.items()}
        rows = [(f"  {title}", *figures(runs)) for title, runs in found.items() if runs is not None]
        if rows:
            parts.append([(f"{task.title}: {task.measure}, {better(task)}", *[""] * (len(columns) - 1)), *rows])
    return Table("How good, and how long", columns, parts)


def figures(runs: Runs) -> Row:
    """The columns of `accuracy` behind the name."""
    known = [each for each in runs.peak_bytes if each is not None]
    others = sorted(runs.seconds[1:])
    return (
        f"{runs.score:.4f}",
        f"±{runs.spread:.4f}",
        f"{runs.seconds[0]:.1f}",
        f"{others[0]:.1f} to {others[-1]:.1f}" if others else "",
        f"{max(known) / 2**20:,.0f}" if known else "",
    )


def better(task: Task) -> str:
    """Which way is up."""
    return "less is better" if task.measure == "mae" else "more is better"


def large(results: Results) -> Table:
    """How fast the large table is read and prepared, a line a limit of memory."""
    columns = ("memory limit", "read MB/s", "prepare MB/s", "both MB/s", "peak MB", "peak, of the file")
    rows: list[Row] = []
    for limit, one in results.large.items():
        megabytes = one["file_bytes"] / MEGABYTE
        peak = one["peak_bytes"]
        rows.append(
            (
                limit if limit == "none" else f"{int(limit) / MEGABYTE:,.0f} MB",
                f"{megabytes / one['read_seconds']:,.0f}",
                f"{megabytes / one['prepare_seconds']:,.0f}",
                f"{megabytes / (one['read_seconds'] + one['prepare_seconds']):,.0f}",
                f"{peak / MEGABYTE:,.0f}" if peak else "",
                f"{peak / one['file_bytes']:.2f}×" if peak else "",
            )
        )
    return Table(large_title(results), columns, [rows] if rows else [])


def large_title(results: Results) -> str:
    """What the large table is."""
    if not results.large:
        return "A large table"
    one = next(iter(results.large.values()))
    return f"A large table: {one['rows']:,} rows, 30 columns, {one['file_bytes'] / MEGABYTE:,.0f} MB of CSV"


def notes(results: Results) -> list[str]:
    """What ours shall reach, where it does, and where it loses."""
    lines = [f"{line}." for line in results.missing]
    for task in TASKS.values():
        ours = results.of("chainrule", task.name)
        if ours is not None:
            lines += [against_goal(task, ours), *losses(results, task, ours)]
    lines += [f"{one.contestant} failed on {one.task}: {one.failed}." for one in results.runs if one.failed]
    return lines


def against_goal(task: Task, ours: Runs) -> str:
    """The goal, beside what was reached."""
    reached = "reached" if task.better(ours.score, task.goal) else "**missed**"
    line = f"{task.title}: {task.measure} {ours.score:.4f}, the goal {task.goal:.2f} is {reached}"
    if task.seconds is None:
        return f"{line}."
    longest = max(ours.seconds)
    within = "within" if longest <= task.seconds else "**beyond**"
    return f"{line}; the longest run {longest:.1f} s, {within} {task.seconds:g} s."


def losses(results: Results, task: Task, ours: Runs) -> list[str]:
    """Whom we lose against."""
    lines = []
    for name, (title, _) in CONTESTANTS.items():
        peer = results.of(name, task.name)
        if peer is not None and not task.better(ours.score, peer.score):
            by = abs(ours.score - peer.score)
            within = ", less than from seed to seed" if by < max(ours.spread, peer.spread) else ""
            lines.append(f"{task.title}: {title} is better, by {by:.4f}{within}.")
    return lines
