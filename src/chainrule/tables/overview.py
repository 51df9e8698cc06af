"""What is in a table, column by column: plain data for the report, and lines of text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainrule.data.table import Table
from chainrule.data.values import Values
from chainrule.tables.findings.base import Facts, Finding, Sample, is_ordered, percent
from chainrule.tables.report.data import ColumnEntry, DataPart, Distribution, FindingEntry
from chainrule.tables.report.gather import data_part
from chainrule.tables.schema import Field, Schema
from chainrule.tables.settings import Settings
from chainrule.tables.telling import columns

# So many bars has a histogram, and so many values are counted by name.
BARS, NAMED = 12, 10
# So many of them are told on a line, each of so many letters.
_TOLD, _LETTERS = 3, 20
BLOCKS, ASCII = " ▁▂▃▄▅▆▇█", " .:-=+*#%@"


def overview(table: Table, schema: Schema, settings: Settings, findings: Sequence[Finding]) -> DataPart:
    """What each column is and holds, and what was found.

    Args:
        table: The rows. Of many, all but the gaps, the least and the greatest is that of a sample, which a note says.
        schema: Its columns.
        settings: What the user wants; the seed chooses the sample.
        findings: What the checks have found; the worst come first.
    """
    sample = Sample(table, schema, settings)
    part = data_part(table, [column_entry(sample, field) for field in schema.fields], finding_entries(findings))
    if sample.whole:
        return part
    note = f"values are counted in {len(sample.rows):,} of the {len(table):,} rows, chosen by seed {settings.seed}"
    return DataPart(part.name, part.rows, (*part.notes, note), part.columns, part.more_columns, part.findings)


def finding_entries(findings: Sequence[Finding]) -> list[FindingEntry]:
    """Findings as the report keeps them, the worst first."""
    order = ("error", "warning", "note")
    by_severity = sorted(findings, key=lambda finding: order.index(finding.severity))
    return [FindingEntry(each.severity, each.columns, each.message, each.remedy) for each in by_severity]


def column_entry(sample: Sample, field: Field) -> ColumnEntry:
    """What a column is and holds; what is done to it is not known here."""
    values, facts = sample.values(field.name), sample.facts(field.name)
    present = values.take(~values.missing)
    summary, distribution = _held(present, facts, field.kind) if len(present) else ("", None)
    return ColumnEntry(
        name=field.name,
        kind=field.kind,
        role=field.role,
        reason=field.reason,
        missing=facts.missing,
        summary=summary,
        distribution=distribution,
    )


def overview_lines(part: DataPart, *, ascii: bool = False) -> list[str]:
    """The overview as lines of text.

    Args:
        part: The overview.
        ascii: Whether the terminal shows ASCII alone.
    """
    lines = [f"{part.name}: {part.rows:,} rows, {len(part.columns) + part.more_columns:,} columns"]
    lines += [f"  {note}" for note in part.notes]
    head = ["column", "type", "missing", "histogram", "values", "why"]
    rows = [_cells(column, part.rows, ASCII if ascii else BLOCKS) for column in part.columns]
    lines += ["", *columns([head, *rows])]
    if part.more_columns:
        lines.append(f"... and {part.more_columns:,} more columns")
    lines += ["", "findings:" if part.findings else "findings: none"]
    for each in part.findings:
        lines.append(f"  {each.severity}: {each.text}" + (f" ({each.remedy})" if each.remedy else ""))
    return lines


def bars(counts: Sequence[int], blocks: str) -> str:
    """Counts as a row of blocks, each as high as its count; what is not empty is never shown as empty.

    Example:
        >>> bars([0, 1, 50, 100], BLOCKS)
        ' ▁▄█'
    """
    most = max(counts, default=0)
    steps = len(blocks) - 1
    return "".join(blocks[max(count * steps // max(most, 1), count > 0)] for count in counts)


def _cells(column: ColumnEntry, rows: int, blocks: str) -> list[str]:
    kind = column.kind if column.role == "input" else f"{column.kind} ({column.role})".strip()
    missing = percent(column.missing / max(rows, 1)) if column.missing else ""
    shape = bars(column.distribution.counts, blocks) if column.distribution else ""
    return [column.name, kind, missing, shape, column.summary, column.reason]


def _held(present: Values, facts: Facts, kind: str) -> tuple[str, Distribution | None]:
    """The values in a few words, and how often each occurs."""
    if present.array.ndim > 1:
        return "pictures of " + "×".join(map(str, present.array.shape[1:3])), None
    codes, counts = np.unique(present.array, return_counts=True)
    different = f"{len(codes):,} different"
    if kind == "picture":
        return different, None
    if is_ordered(present) and kind in ("number", "date"):
        return _range(present, facts, different), _ranges(present.array)
    named = np.argsort(-counts, kind="stable")[:NAMED]
    labels = Values(codes[named], np.zeros(len(named), dtype=bool), present.words).each_text()
    told = [
        f"{_short(label)} {percent(counts[each] / len(present))}" for label, each in zip(labels, named, strict=True)
    ]
    others = int(len(present) - counts[named].sum())
    summary = ", ".join(told[:_TOLD]) + (f", ... ({different})" if len(codes) > _TOLD else "")
    return summary, Distribution(tuple(labels), tuple(counts[named].tolist()), others=others)


def _range(present: Values, facts: Facts, different: str) -> str:
    array = present.array
    lowest, highest = (array.min(), array.max()) if facts.lowest is None else (facts.lowest, facts.highest)
    if array.dtype.kind == "M":
        return f"{_instant(lowest)} to {_instant(highest)}; {different}"
    return f"{lowest:.6g} to {highest:.6g}, median {np.median(array):.6g}; {different}"


def _ranges(array: NDArray[np.generic]) -> Distribution | None:
    """Bars of equal width; where there are few whole numbers, one for each."""
    x = array.astype(np.int64 if array.dtype.kind == "M" else np.float64).astype(np.float64)
    low, high = float(x.min()), float(x.max())
    if not np.isfinite([low, high]).all() or low == high:
        return None
    if array.dtype.kind != "M" and high - low < BARS and (x == np.rint(x)).all():
        edges = np.arange(low, high + 2)
        labels = [f"{edge:.0f}" for edge in edges[:-1]]
        ends = labels[0], labels[-1]
    else:
        edges = np.linspace(low, high, BARS + 1)
        texts = _edge_texts(edges, array.dtype.kind == "M")
        labels = [f"{start} to {stop}" for start, stop in pairwise(texts)]
        ends = texts[0], texts[-1]
    counts, _ = np.histogram(x, edges)
    return Distribution(tuple(labels), tuple(counts.tolist()), ends=ends)


def _edge_texts(edges: NDArray[np.float64], dates: bool) -> list[str]:
    """Each edge with as many digits as tell it from the next."""
    if dates:
        return [_instant(np.datetime64(round(edge), "us")) for edge in edges]
    digits = int(np.clip(1 - np.floor(np.log10(edges[1] - edges[0])), 0, 12))
    return [f"{edge:.{digits}f}" if abs(edge) < 1e15 else f"{edge:.6g}" for edge in edges]


def _instant(instant: np.datetime64) -> str:
    return str(instant.astype("datetime64[m]")).replace("T", " ").removesuffix(" 00:00")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= _LETTERS else line[: _LETTERS - 1] + "…")
