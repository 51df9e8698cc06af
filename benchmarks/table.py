"""The figures as tables: worked out once, shown on a terminal, in plain lines or in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.catalogue import contestants_of
from benchmarks.contestants import BY_MODULE
from benchmarks.results import Measurement, Results
from benchmarks.workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from rich.console import Console

Row = tuple[str, ...]

# From this load on a run is said to be disturbed, and from this ratio of its rounds on a figure.
BUSY_LOAD = 0.5
APART = 2


@dataclass(frozen=True)
class Table:
    """Rows of text under one heading, in parts that belong together."""

    title: str
    columns: Row
    parts: list[list[Row]]

    def markdown(self) -> str:
        """As Markdown has it: texts on the left, figures on the right, the heads of parts in bold."""
        rows = [row if any(row[1:]) else (f"**{row[0]}**", *row[1:]) for part in self.parts for row in part]
        lines = [self.columns, ("---", *["---:"] * (len(self.columns) - 1)), *rows]
        return "\n".join(f"| {' | '.join(cell.strip() for cell in line)} |" for line in lines)

    def show(self, console: Console) -> None:
        """On a terminal with rules; elsewhere without, and as wide as it is."""
        from rich import box
        from rich.table import Table as Drawn

        drawn = Drawn(title=self.title, box=box.SIMPLE_HEAD if console.is_terminal else None, title_justify="left")
        for at, column in enumerate(self.columns):
            drawn.add_column(column, justify="right" if at else "left", no_wrap=not console.is_terminal)
        for part in self.parts:
            for row in part:
                drawn.add_row(*row)
            drawn.add_section()
        console.print(drawn)


def overview(results: Results, threads: int) -> Table:
    """Ours beside the fastest peer, a line a workload."""
    columns = (
        "workload",
        "cr.jit µs",
        "fit µs",
        "fastest peer µs",
        "cr.jit faster by",
        "goal",
        "fit faster by",
        "cr.jit of limit",
    )
    rows: list[Row] = []
    for workload in measured(results, threads):
        steps = dict(results.steps(workload.name, threads))
        jit, fit = steps.get("chainrule_jit"), steps.get("chainrule_fit")
        peer = results.fastest_peer(workload.name, threads)
        whose = next((BY_MODULE[one].title for one, time in steps.items() if time == peer), "")
        rows.append(
            (
                workload.title,
                micro(jit),
                micro(fit),
                f"{micro(peer)} {whose}".strip(),
                times(peer, jit),
                # Goals are set for two threads.
                f"{workload.goal:g}×" if workload.goal and threads == 2 else "",
                times(peer, fit),
                share(workload, jit, results.limit(threads)),
            )
        )
    return Table(f"A training step, threads: {threads}", columns, [rows])


def details(results: Results, threads: int) -> Table:
    """Everyone's figures, a part a workload."""
    columns = (
        "",
        "µs a step",
        "least to most",
        "of fastest peer's speed",
        "of limit",
        "first call s",
        "and again s",
        "import s",
        "peak MiB",
    )
    parts: list[list[Row]] = []
    for workload in measured(results, threads):
        part: list[Row] = [(workload.title, *[""] * (len(columns) - 1))]
        entries = {
            one.contestant: one
            for one in results.measurements
            if (one.workload, one.threads) == (workload.name, threads)
        }
        for contestant in contestants_of(workload):
            title = f"  {contestant.title}"
            if contestant.module in results.missing:
                part.append((title, "missing", *[""] * (len(columns) - 2)))
            elif contestant.module in entries:
                part.append((title, *figures(entries[contestant.module], workload, results)))
        parts.append(part)
    return Table(f"Everyone, threads: {threads}", columns, parts)


def figures(one: Measurement, workload: Workload, results: Results) -> Row:
    """The columns of `details` behind the name."""
    step = one.step_seconds
    if step is None:
        return ("cannot" if one.cannot else "failed" if one.failed else "not measured", *[""] * 7)
    least, most = one.spread
    cold, warm = one.first_call
    return (
        micro(step),
        f"{micro(least)} to {micro(most)}",
        times(results.fastest_peer(workload.name, one.threads), step),
        share(workload, step, results.limit(one.threads)),
        seconds(cold),
        seconds(warm),
        seconds(one.import_seconds),
        f"{one.peak_bytes / 2**20:,.0f}" if one.peak_bytes else "",
    )


def measured(results: Results, threads: int) -> list[Workload]:
    """The workloads of the table that are among the results."""
    names = {one.workload for one in results.measurements if one.threads == threads}
    return [workload for workload in WORKLOADS if workload.name in names]


def notes(results: Results) -> list[str]:
    """What a reader must know beside the figures: who is missing, the limit, who agrees, what failed."""
    lines = [
        f"{BY_MODULE[module].title} is missing: {', '.join(packages)} not installed."
        for module, packages in results.missing.items()
    ]
    if results.left_out:
        lines.append(f"Not asked for in this run: {'; '.join(BY_MODULE[one].title for one in results.left_out)}.")
    cannot = {
        f"{BY_MODULE[one.contestant].title} cannot express {one.workload}: {one.cannot}."
        for one in results.measurements
        if one.cannot
    }
    lines += sorted(cannot)
    for threads in sorted({one.threads for one in results.measurements}):
        limit = results.limit(threads)
        figure = "not measured" if limit is None else f"{limit / 1e9:,.0f} GFLOP/s"
        lines.append(f"The machine's limit of fused multiply-adds, threads: {threads}: {figure}.")
    lines += disturbed(results)
    if results.no_agreement:
        lines.append(f"Whether the losses agree was not checked: {results.no_agreement}.")
    elif results.agreements:
        steps, worst = results.agreements[0].steps, max(one.difference for one in results.agreements)
        lines.append(
            f"The losses after {steps} steps were compared with PyTorch's, {len(results.agreements)} in all; "
            f"the largest difference is {worst:.1e} of it."
        )
    return lines + [f"{text}." for text in results.broken]


def disturbed(results: Results) -> list[str]:
    """What says that other work had the machine too: its load, and figures that no two rounds agree on."""
    lines = []
    load = results.machine["load"]
    if load is not None and load >= BUSY_LOAD:
        lines.append(
            f"The machine was busy with other work as the run began (load {load}): times are too long, and those of "
            "frameworks whose threads spin while they wait are up to a hundred times too long."
        )
    apart = [
        f"{BY_MODULE[one.contestant].title} on {one.workload} (threads: {one.threads})"
        for one in results.measurements
        if one.rounds and one.spread[1] > APART * one.spread[0]
    ]
    if apart:
        lines.append(f"Not to be trusted, as their rounds are more than {APART} times apart: {'; '.join(apart)}.")
    return lines


def micro(seconds: float | None) -> str:
    """Seconds as microseconds with three digits that count.

    >>> micro(0.0000123456), micro(0.0012)
    ('12.3', '1,200')
    """
    if seconds is None:
        return ""
    return f"{seconds * 1e6:,.{0 if seconds >= 1e-4 else 1 if seconds >= 1e-5 else 2}f}"


def seconds(value: float | None) -> str:
    """Seconds to the hundredth.

    >>> seconds(0.125)
    '0.12'
    """
    return "" if value is None else f"{value:.2f}"


def times(peer: float | None, own: float | None) -> str:
    """How often `own` fits into the peer's time: more than 1 is faster.

    >>> times(0.003, 0.001), times(0.001, 0.003)
    ('3.0×', '0.33×')
    """
    if peer is None or own is None:
        return ""
    return f"{peer / own:.1f}×" if peer >= own else f"{peer / own:.2f}×"


def share(workload: Workload, step: float | None, limit: float | None) -> str:
    """The share of the machine's limit that the matrix products of a step reach."""
    return "" if step is None or limit is None else f"{workload.flops / step / limit:.1%}"
