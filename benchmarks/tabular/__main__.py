"""Measure ours and scikit-learn on tables, and show the figures: `python -m benchmarks.tabular`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from benchmarks.__main__ import names, whole
from benchmarks.rounds import ProcessFailedError, in_a_process
from benchmarks.tabular import large, tables
from benchmarks.tabular.contestants import CONTESTANTS
from benchmarks.tabular.results import FOLDER, Results, Runs
from benchmarks.tabular.tasks import TASKS, Task
from benchmarks.threads import cores

LARGE = "large"


def main() -> int:
    """Run what was asked for; 1 if something failed."""
    asked = arguments().parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    results = Results.beginning()
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as folder:
        for name in asked.only:
            steps = (
                measure_large(Path(folder), asked.rows, asked.memory, results)
                if name == LARGE
                else measure(TASKS[name], asked.contestants, asked.seeds, Path(folder), results)
            )
            for line in steps:
                console.print(line, highlight=False, markup=False)
    for made in (tables.accuracy(results), tables.large(results)):
        if made.parts:
            made.show(console)
    for line in tables.notes(results):
        console.print(line, highlight=False, markup=False)
    path = asked.output / f"{results.date.replace(':', '').partition('+')[0]}.json"
    results.save(path)
    console.print(f"wrote {path}", highlight=False)
    return 1 if any(one.failed for one in results.runs) else 0


def arguments() -> argparse.ArgumentParser:
    """What can be asked for."""
    known = dict.fromkeys((*TASKS, LARGE))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tabular",
        description="Ours and scikit-learn on real tables, the same splits for everyone; and a large table, made here.",
        epilog=f"tables: {', '.join(known)}; contestants: {', '.join(CONTESTANTS)}",
    )
    parser.add_argument("--only", type=names(known), default=list(known), help="tables (default: all)")
    parser.add_argument("--contestants", type=names(CONTESTANTS), default=list(CONTESTANTS), help="who (default: all)")
    parser.add_argument("--seeds", type=whole, default=5, help="splits of each table (default: 5)")
    parser.add_argument("--rows", type=whole, default=2_000_000, help="of the large table (default: 2000000)")
    parser.add_argument(
        "--memory", type=whole, default=200, help="the limit for reading it once more, in MB (default: 200)"
    )
    parser.add_argument("--output", type=Path, default=FOLDER, help=f"where figures go (default: {FOLDER})")
    return parser


def measure(task: Task, contestants: list[str], seeds: int, folder: Path, results: Results) -> Iterator[str]:
    """Run everyone on every split, in alternation; what was just measured is told."""
    if not task.path.exists():
        results.missing.append(f"{task.title} was left out: there is no {task.path.name} in the folder of real data")
        yield f"{results.missing[-1]}; CHAINRULE_DATA may name it"
        return
    runs = [Runs(contestant, task.name) for contestant in contestants]
    results.runs += runs
    for seed in range(seeds):
        for one in runs:
            what = f"{task.name}, seed {seed}, {CONTESTANTS[one.contestant][0]}: "
            command = ["benchmarks.tabular.process", "run", one.contestant, task.name, str(seed)]
            try:
                figures = in_a_process(command, cores(), folder / one.contestant)
            except ProcessFailedError as error:
                one.failed = str(error)
                yield f"{what}failed: {error}"
                continue
            one.scores.append(figures["score"])
            one.seconds.append(figures["seconds"])
            one.peak_bytes.append(figures["peak_bytes"])
            yield f"{what}{task.measure} {figures['score']:.4f}, {figures['seconds']:.1f} s"


def measure_large(folder: Path, rows: int, memory: int, results: Results) -> Iterator[str]:
    """Make the large table, and read and prepare it without and with a limit of memory."""
    path = folder / "large.csv"
    large.write(path, rows)
    yield f"made a table of {rows:,} rows, {path.stat().st_size / tables.MEGABYTE:,.0f} MB"
    for limit in (None, memory * 10**6):
        command = ["benchmarks.tabular.process", "large", str(path)]
        try:
            figures = in_a_process([*command, "--memory", str(limit)] if limit else command, cores())
        except ProcessFailedError as error:
            results.missing.append(f"the large table, memory limit {limit}: failed: {error}")
            yield results.missing[-1]
            continue
        results.large[str(limit or "none")] = figures
        yield f"read in {figures['read_seconds']:.1f} s, prepared in {figures['prepare_seconds']:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
