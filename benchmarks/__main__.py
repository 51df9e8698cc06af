"""Measure ours and all peers, and show the figures: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks import agreement, picture, table
from benchmarks.catalogue import PARTS
from benchmarks.contestants import BY_MODULE, CONTESTANTS
from benchmarks.results import FOLDER, Results
from benchmarks.rounds import Plan, run
from benchmarks.scaling import CURVES
from benchmarks.threads import cores
from benchmarks.workloads import WORKLOADS


def main() -> int:
    """Run what was asked for; 1 if a contestant failed or does not train as PyTorch does."""
    asked = arguments().parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    contestants = [BY_MODULE[name] for name in asked.contestants]
    results = Results.beginning(contestants, asked.seconds)
    for line in table.notes(results):
        console.print(line, highlight=False)

    # A curve shows its own noise, from one point to the next: once is enough.
    rows = [workload for name in asked.only if name not in CURVES for workload in PARTS[name]]
    points = [workload for name in asked.only if name in CURVES for workload in PARTS[name]]
    for text in agreement.check(rows, contestants, results):
        console.print(text, highlight=False)
    for workloads, rounds in ((rows, asked.rounds), (points, 1)):
        if workloads:
            progress(console, Plan(workloads, contestants, asked.threads, rounds, asked.seconds), results)

    for threads in asked.threads:
        for made in (table.details(results, threads), table.overview(results, threads)):
            if any(made.parts):
                made.show(console)
    for line in table.notes(results):
        console.print(line, highlight=False)
    stem = asked.output / results.date.replace(":", "").partition("+")[0]
    results.save(stem.with_suffix(".json"))
    for file in (stem.with_suffix(".json"), *picture.save(results, stem)):
        console.print(f"wrote {file}", highlight=False)
    return 1 if results.broken else 0


def arguments() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="A training step of ours and of the peers, in processes of their own, in alternation.",
        epilog=f"workloads: {', '.join(workload.name for workload in WORKLOADS)}; curves: {', '.join(CURVES)}; "
        f"contestants: {', '.join(BY_MODULE)}",
    )
    parser.add_argument("--only", type=names(PARTS), default=list(PARTS), help="workloads and curves (default: all)")
    parser.add_argument(
        "--contestants", type=names(BY_MODULE), default=[one.module for one in CONTESTANTS], help="who (default: all)"
    )
    parser.add_argument("--rounds", type=whole, default=5, help="processes of each, in alternation (default: 5)")
    parser.add_argument(
        "--threads",
        type=counts,
        default=sorted({1, min(2, cores())}),
        help="such as 2, or 1,2 (default: 1,2, as far as there are cores)",
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="how long a process measures (default: 1)")
    parser.add_argument("--output", type=Path, default=FOLDER, help=f"where figures go (default: {FOLDER})")
    return parser


def names(known: Mapping[str, object]) -> Callable[[str], list[str]]:
    """A reader of names with commas between them."""

    def read(text: str) -> list[str]:
        for name in text.split(","):
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return text.split(",")

    return read


def whole(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def counts(text: str) -> list[int]:
    """Numbers of threads with commas between them, each no more than there are cores."""
    threads = [whole(part) for part in text.split(",")]
    if max(threads) > cores():
        raise argparse.ArgumentTypeError(f"this process may use {cores()} cores, fewer than {max(threads)} threads")
    return threads


def progress(console: Console, plan: Plan, results: Results) -> None:
    """Run a plan, saying at each step what was measured: above a bar on a terminal, with what is left elsewhere."""
    start = time.monotonic()
    columns = (BarColumn(), TextColumn("{task.completed} of {task.total}"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        for done, total, text in run(plan, results):
            bar.update(task, completed=done, total=total)
            left = (time.monotonic() - start) / done * (total - done) / 60
            console.print(f"[{done} of {total}, {left:.0f} min left] {text}", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
