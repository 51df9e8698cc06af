"""The figures as pictures: everyone's speed on every workload, and how the cost grows with the work."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants import BY_MODULE
from benchmarks.results import Results
from benchmarks.scaling import CURVES, TITLES, value
from benchmarks.table import measured, micro, times
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "chainrule_jit": "#c1272d",
    "chainrule_fit": "#e8837f",
    "torch_eager": "#7a8a99",
    "torch_fused": "#465a6b",
    "torch_last": "#8f86a8",
    "torch_fused_last": "#5a4f7a",
    "torch_compiled": "#aab6c0",
    "jax_optax": "#2a7f8e",
    "keras_jax": "#8cc3cc",
    "scikit_learn": "#d9a441",
}
# Behind a bar's figures, so that the dashed line does not cross them out.
LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def speeds(results: Results, threads: int, of_pictures: bool) -> Figure | None:
    """Bars: everyone's speed, the fastest peer's being 1; None if nothing was measured."""
    workloads = [workload for workload in measured(results, threads) if workload.of_pictures == of_pictures]
    if not workloads:
        return None
    figure = _figure((11, 2.1 * -(-len(workloads) // 2) + 0.8))
    grid = figure.subplots(-(-len(workloads) // 2), 2, squeeze=False).flatten()
    for axes, workload in zip(grid, workloads, strict=False):
        _bars(axes, results, workload, threads)
    for axes in grid[len(workloads) :]:
        axes.axis("off")
    figure.suptitle(
        f"Speed of a step beside the fastest peer's (1, dashed), logarithmic; threads: {threads}. Longer is faster."
    )
    return _explained(figure, results)


def _bars(axes: Axes, results: Results, workload: Workload, threads: int) -> None:
    steps, peer = results.steps(workload.name, threads), results.fastest_peer(workload.name, threads)
    axes.set_title(workload.title, fontsize=9, loc="left")
    fastest = peer or min(time for _, time in steps)
    speed = [fastest / time for _, time in steps]
    axes.barh(range(len(steps)), speed, color=[COLOURS[one] for one, _ in steps])
    axes.set_yticks(range(len(steps)), [BY_MODULE[one].title for one, _ in steps], fontsize=7)
    axes.invert_yaxis()
    axes.set_xscale("log")
    # Room for the figures behind the longest bar, as a share of the axis.
    axes.set_xlim(min(speed) / 1.5, max(speed) * 2 * (max(speed) / min(speed)) ** 0.35)
    axes.tick_params(axis="x", which="both", labelbottom=False)
    axes.axvline(1, color="black", linewidth=0.8, linestyle="--")
    for at, (_, time) in enumerate(steps):
        axes.text(
            fastest / time * 1.05, at, f"{micro(time)} µs  {times(peer, time)}", va="center", fontsize=7, bbox=LABEL
        )


def scaling(results: Results, threads: int) -> Figure | None:
    """Curves of a step's time, three beside one another; None if nothing was measured."""
    known = {one.workload for one in results.measurements if one.threads == threads}
    shown = [axis for axis, points in CURVES.items() if any(point.name in known for point in points)]
    if not shown:
        return None
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure = _figure((4 * columns, 3.2 * rows + 0.8))
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, axis in zip(grid, shown, strict=False):
        _curves(axes, results, axis, threads)
        axes.legend(fontsize=7)
    for axes in grid[len(shown) :]:
        axes.axis("off")
    figure.suptitle(f"Time of a training step as the work grows; threads: {threads}. Lower is faster.")
    return _explained(figure, results)


def _curves(axes: Axes, results: Results, axis: str, threads: int) -> None:
    lines: dict[str, list[tuple[int, float]]] = {}
    for point in CURVES[axis]:
        for one, time in results.steps(point.name, threads):
            lines.setdefault(one, []).append((value(point.name), time * 1e6))
    for one, points in lines.items():
        axes.plot(*zip(*points, strict=True), "o-", label=BY_MODULE[one].title, color=COLOURS[one], markersize=3)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel(TITLES[axis], fontsize=8)
    axes.set_ylabel("µs a step", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)


def _figure(size: tuple[float, float]) -> Figure:
    # Not through pyplot, which would look for a screen.
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def _explained(figure: Figure, results: Results) -> Figure:
    """With the machine, the date and who is missing."""
    parts = [f"{results.machine['processor']}, {results.machine['cores']} cores", results.date[:10]]
    for reason, absent in (("not installed", results.missing), ("not asked for", results.left_out)):
        if absent:
            parts.append(f"{reason}: {'; '.join(BY_MODULE[one].title for one in absent)}")
    figure.supxlabel(textwrap.fill(" · ".join(parts), int(22 * figure.get_figwidth())), fontsize=7)
    return figure


def save(results: Results, stem: Path) -> list[Path]:
    """Write, of what was measured on N threads, `STEM-speeds-N.png`, `STEM-pictures-N.png` and `STEM-scaling-N.png`."""
    figures: dict[str, Figure | None] = {}
    for n in sorted({one.threads for one in results.measurements}):
        figures[f"speeds-{n}"] = speeds(results, n, of_pictures=False)
        figures[f"pictures-{n}"] = speeds(results, n, of_pictures=True)
        figures[f"scaling-{n}"] = scaling(results, n)
    stem.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in figures.items():
        if figure is not None:
            written.append(stem.with_name(f"{stem.name}-{name}.png"))
            figure.savefig(written[-1], dpi=100)
    return written
