"""A whole run: read, look, split, train, test; and what `cr.train` is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.readers import is_archive, read_parts
from chainrule.data.readers.pictures import CLASS, PICTURE
from chainrule.data.table import Table, check_column
from chainrule.errors import ArgumentError
from chainrule.tables.broken import readable
from chainrule.tables.findings import Finding, look_at_columns, look_at_parts
from chainrule.tables.findings.base import ENOUGH_ROWS
from chainrule.tables.model import TableModel
from chainrule.tables.schema import Schema, check_columns, check_values, infer_schema
from chainrule.tables.settings import Settings, parse
from chainrule.tables.splits import fold_rows, split_rows
from chainrule.tables.telling import Say, columns, heading, shown, silent
from chainrule.tables.training import Trained, train_on


@dataclass(eq=False)
class Ran:
    """A run, from the data to the test.

    Attributes:
        table: The rows.
        test: The table of the test, where there was one apart.
        findings: What was found in the data.
        trained: What came of it.
        folds: The measures of each fold, where there were some, by target.
    """

    table: Table
    test: Table | None
    findings: list[Finding]
    trained: Trained
    folds: list[dict[str, Mapping[str, float]]]


def run(source: Any, test_source: Any, settings: Settings, say: Say) -> Ran:
    """Every stage, told as it happens.

    Args:
        source: Whatever `read_table` takes.
        test_source: The same, for the test; None for rows held out.
        settings: What was asked for.
        say: Tells the user.
    """
    say(heading("Data"))
    for path in (source, test_source):
        if isinstance(path, str | Path) and is_archive(Path(path)):
            say(f"{path} is being unpacked ...")
    table, test = read_parts(source, **settings.reading)
    if test_source is not None:
        test, _ = read_parts(test_source, **settings.reading)
    settings = with_target(settings, table)
    say(f"{table.name}: {len(table):,} rows, {len(table.names)} columns")
    for line in table.notes:
        say(f"  {line}")
    for name in settings.keep:
        check_column(name, table.names, table.name)
    schema = infer_schema(
        table,
        settings.target,
        kinds=settings.columns,
        drop=settings.drop,
        group=settings.group,
        time=settings.time,
    )
    check_values(table, schema)
    table, test = readable(table, test, schema, settings, say)
    schema, findings = look_at_columns(table, schema, settings)
    if test is not None:
        check_columns(test, schema)
    for line in schema_lines(schema):
        say(line)
    parts = split_rows(table, schema, settings, test)
    findings += look_at_parts(table, schema, settings, parts, test) if schema.inputs else []
    for line in parts.notes:
        say(line)
    if findings:
        say(heading("Findings"))
        if len(table) > ENOUGH_ROWS:
            say(f"(judged by {ENOUGH_ROWS:,} of the rows, chosen by seed {settings.seed})")
        for finding in findings:
            say(str(finding))
    folds = _folds(table, schema, settings, say) if settings.folds else []
    return Ran(table, test, findings, train_on(table, test, schema, parts, settings, say), folds)


def with_target(settings: Settings, table: Table) -> Settings:
    """The settings with the target: the one that was said, or the class of a folder of pictures."""
    if settings.target:
        return settings
    if CLASS in table.names and PICTURE in table.names:
        return replace(settings, target=(CLASS,), columns={CLASS: "category", **settings.columns})
    if table.names == (PICTURE,):
        raise ArgumentError(
            "nothing says which class these pictures are of.",
            where=table.name,
            expected="a folder with a folder for each class: pets/cat/1.jpg, pets/dog/1.jpg",
            got="pictures without classes",
            remedy="give the folder above those of the classes; or a CSV with a column of paths and one of classes",
        )
    raise ArgumentError(
        "which column is to be predicted?",
        where=table.name,
        expected="the name of one of " + ", ".join(table.names[:20]) + (", ..." if len(table.names) > 20 else ""),
        remedy="say --target NAME; in Python, cr.train(table, target=NAME)",
    )


def schema_lines(schema: Schema) -> list[str]:
    """What each column is, why, and what it is used for."""
    rows = []
    for field in schema.fields:
        role = {"input": "", "target": "to be predicted", "ignored": "left out"}.get(field.role, field.role)
        rows.append([f"  {field.name}", field.kind, role, field.reason])
    return columns(rows)


def _folds(table: Table, schema: Schema, settings: Settings, say: Say) -> list[dict[str, Mapping[str, float]]]:
    """Train on all but one part, and test on that, for each part; say mean and spread."""
    each: list[dict[str, Mapping[str, float]]] = []
    say(heading("Folds"))
    for number, parts in enumerate(fold_rows(table, schema, settings), start=1):
        tested = train_on(table, None, schema, parts, settings, silent).tested
        each.append({one.target: one.measured for one in tested})
        first = tested[0]
        name, value = next(iter(first.measured.items()))
        say(f"fold {number} of {settings.folds}: {first.target}: {name} {shown(name, value)}")
    for target, measured in each[0].items():
        for name in measured:
            values = np.array([fold[target].get(name, np.nan) for fold in each])
            say(f"{target}: {name} {shown(name, float(values.mean()))}, from fold to fold ±{values.std(ddof=1):.2g}")
    return each


def train(
    data: Any,
    target: str | Sequence[str] | None = None,
    *,
    test: Any = None,
    verbose: bool = True,
    **settings: Any,
) -> TableModel:
    """Train a model that predicts a column of a table from the others, and test it.

    All that the command `chainrule train` does, but for the run folder: types of columns are inferred, rows split,
    columns prepared by what the training rows show, a network chosen, trained and tested.

    Args:
        data: A file (CSV, TSV, Parquet, JSON lines, also gzipped), several, a folder of pictures; or a table: a dict of
            arrays, a list of dicts, of pandas, polars or Arrow.
        target: The column to predict, or several.
        test: The same as `data`, for the test. Default: a fifth of the rows.
        verbose: Whether every stage is told.
        **settings: See `chainrule.tables.Settings`: `columns={"zip": "category"}`, `drop=["alive"]`,
            `time_limit=60`, `seed=1`, ...

    Returns:
        The model: `predict`, `predict_proba`, `evaluate`; its network is an ordinary module.

    Raises:
        ChainruleError: Before training, for what cannot be read or learned from; it names file, row and column.

    Example:
        >>> import numpy as np
        >>> hours = np.arange(200.0)
        >>> table = {"hours": hours, "passed": np.where(hours > 100, "yes", "no")}
        >>> model = cr.train(table, target="passed", verbose=False)
        >>> model.predict({"hours": [10.0, 190.0]})
        array(['no', 'yes'], dtype=object)
    """
    given = dict(settings)
    if target is not None:
        given["target"] = [target] if isinstance(target, str) else list(target)
    ran = run(data, test, parse(given, "cr.train"), print if verbose else silent)
    return ran.trained.model
