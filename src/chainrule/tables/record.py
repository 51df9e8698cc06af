"""What is kept of a run: where its data came from, how it was trained, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chainrule.tables.choosing import Plan
from chainrule.tables.model import TableModel
from chainrule.tables.schema import Field
from chainrule.tables.settings import Settings
from chainrule.tables.tested import Result
from chainrule.training import History


@dataclass(frozen=True)
class Record:
    """What was trained, on what, and how.

    Attributes:
        data: The files or folders it was read from; "digits" for the bundled ones; empty where it came from Python.
        test_data: The file or folder of the test; None where its rows were held out.
        settings: What was asked for.
        fields: The columns.
        plan: How it was trained.
        parts: The number of rows of each part.
        seconds: How long it took.
        interrupted: Whether training was ended by hand.
    """

    data: tuple[str, ...]
    test_data: str | None
    settings: Settings
    fields: tuple[Field, ...]
    plan: Plan
    parts: dict[str, int]
    seconds: float
    interrupted: bool = False


@dataclass(frozen=True)
class Run:
    """A run folder's contents, read back.

    Attributes:
        folder: Where it stands.
        record: What was trained, on what, and how.
        model: The trained model.
        history: Every epoch.
        results: What the test has shown, a target each.
        versions: What ran it.
    """

    folder: Path
    record: Record
    model: TableModel
    history: History
    results: tuple[Result, ...]
    versions: Mapping[str, str]
