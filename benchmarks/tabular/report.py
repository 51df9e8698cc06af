"""Write docs/results-tables.md from a run: `python -m benchmarks.tabular.report [build/bench/tabular/....json]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.tabular import tables
from benchmarks.tabular.results import FOLDER, Results

DOCUMENT = Path("docs") / "results-tables.md"

TEXT = """\
# Tables: how good, how fast

*{machine}. {date}. {versions}.*

Written by `python -m benchmarks.tabular.report` from the figures of `python -m benchmarks.tabular`. Everyone learns
from the same four fifths of the rows and is tested on the others, for {seeds} seeds, each run in a process of its own.
chainrule runs as `cr.train(table, target=...)` does by default, and its seconds hold all that this does: looking for
mistakes in the data, preparing, training, the test, and the baselines. The first run has to compile, too; the others
find most of that done. scikit-learn's perceptron has the usual preparation (medians and the most frequent category for
gaps, standardised numbers, one-hot categories, a standardised target); its trees take the columns as they are.

{notes}
{body}"""


def main() -> None:
    """Write the document of a run, the newest if none is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tabular.report", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, help=f"the figures (default: the newest in {FOLDER})")
    path = parser.parse_args().results or newest()
    DOCUMENT.write_text(document(Results.load(path)), encoding="utf-8")
    print(f"wrote {DOCUMENT}")


def newest() -> Path:
    """The figures of the last run."""
    runs = sorted(FOLDER.glob("*.json"))
    if not runs:
        sys.exit(f"There are no figures in {FOLDER} yet: python -m benchmarks.tabular")
    return runs[-1]


def document(results: Results) -> str:
    """The page, in Markdown."""
    made = [table for table in (tables.accuracy(results), tables.large(results)) if table.parts]
    load = results.machine["load"]
    return TEXT.format(
        machine=f"{results.machine['processor']}, {results.machine['cores']} cores, {results.machine['system']}, "
        f"Python {results.machine['python']}" + (f", load {load} as it began" if load is not None else ""),
        date=results.date[:10],
        versions=", ".join(f"{package} {version}" for package, version in results.versions.items()),
        seeds=max((len(one.scores) for one in results.runs), default=0),
        notes="".join(f"- {line}\n" for line in tables.notes(results)),
        body="\n".join(f"## {table.title}\n\n{table.markdown()}\n" for table in made),
    )


if __name__ == "__main__":
    main()
