"""Write docs/benchmarks.md and its pictures from a run: `python -m benchmarks.report [build/bench/....json]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import picture, table
from benchmarks.results import FOLDER, Results

DOCUMENT = Path("docs") / "benchmarks.md"
PICTURES = Path("docs") / "images" / "benchmarks"

TEXT = """\
# Benchmarks: the last run

*{machine}. {date}. {versions}.*

One training step (forward, loss, backward, Adam), or forward alone (`predict`), float32: the median over the rounds
({rounds}) of a process's median step, with the least and the most. [Performance](performance.md) says how it is
measured and how to read it. This page is written by `python -m benchmarks.report` from the figures of `make bench`.

{notes}
{body}"""


def main() -> None:
    """Write the document of a run, the newest if none is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, help=f"the figures (default: the newest in {FOLDER})")
    path = parser.parse_args().results or newest()
    results = Results.load(path)
    pictures = picture.save(results, PICTURES)
    DOCUMENT.write_text(document(results, pictures), encoding="utf-8")
    print("\n".join(f"wrote {file}" for file in (DOCUMENT, *pictures)))


def newest() -> Path:
    """The figures of the last run."""
    runs = sorted(FOLDER.glob("*.json"))
    if not runs:
        sys.exit(f"There are no figures in {FOLDER} yet: make bench")
    return runs[-1]


def document(results: Results, pictures: list[Path]) -> str:
    """The page, in Markdown."""
    parts = []
    for threads in sorted({one.threads for one in results.measurements}, reverse=True):
        for made in (table.overview(results, threads), table.details(results, threads)):
            if any(made.parts):
                parts.append(f"## {made.title}\n\n{made.markdown()}\n")
        parts += shown([file for file in pictures if file.stem.endswith(f"-{threads}")])
    load = results.machine["load"]
    return TEXT.format(
        machine=f"{results.machine['processor']}, {results.machine['cores']} cores, {results.machine['system']}, "
        f"Python {results.machine['python']}" + (f", load {load} as it began" if load is not None else ""),
        date=results.date[:10],
        versions=", ".join(f"{package} {version}" for package, version in results.versions.items()),
        rounds=max((len(one.rounds) for one in results.measurements), default=0),
        notes="\n".join(f"- {line}" for line in table.notes(results)) + "\n",
        body="\n".join(parts),
    )


def shown(pictures: list[Path]) -> list[str]:
    """The pictures, as the document shows them."""
    return [f"![{file.stem.replace('-', ' ')}](images/{file.name})\n" for file in pictures]


if __name__ == "__main__":
    main()
