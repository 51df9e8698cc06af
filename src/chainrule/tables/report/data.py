"""All that a report shows, as plain data of bounded size: gathered once, kept as JSON, written as a page any time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chainrule.errors import FileFormatError
from chainrule.tables.report.plain import as_plain

# Numbers that can be missing, or be none: a validation that was not made, the R² of one row.
Number = float | None


@dataclass(frozen=True)
class Distribution:
    """How often the values of a column occur.

    Attributes:
        labels: A range of numbers or dates each ("20 to 30"), or a value.
        counts: The rows of each.
        ends: The smallest and the largest value, where the labels follow one another; None where they do not.
        others: Rows with values that have no label of their own.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    ends: tuple[str, str] | None = None
    others: int = 0


@dataclass(frozen=True)
class ColumnEntry:
    """A column of the table.

    Attributes:
        name: Its name.
        kind: The name of its type.
        role: What it is used for: "input", "target", "group", "time" or "ignored".
        reason: Why it is of this type, or why it is left out.
        missing: The rows that have no value.
        summary: Its values in a few words: "0.42 to 80, median 28".
        treatment: What is done to it before the network gets it.
        distribution: How often its values occur; None where that says nothing.
    """

    name: str
    kind: str
    role: str
    reason: str
    missing: int
    summary: str = ""
    treatment: str = ""
    distribution: Distribution | None = None


@dataclass(frozen=True)
class FindingEntry:
    """Something about the data that a person should know.

    Attributes:
        severity: How bad it is: "error", "warning" or "note".
        columns: The columns it is about.
        text: What was found.
        remedy: What was done about it, or can be.
    """

    severity: str
    columns: tuple[str, ...]
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class DataPart:
    """The table.

    Attributes:
        name: What it is called: the name of its file.
        rows: How many rows it has.
        notes: What was found while reading, a line each.
        columns: Its columns, the first of them.
        more_columns: How many others there are.
        findings: What a person should know, the worst first.
    """

    name: str
    rows: int
    notes: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]
    more_columns: int
    findings: tuple[FindingEntry, ...]


@dataclass(frozen=True)
class SplitPart:
    """Which rows were used for what.

    Attributes:
        how: How the rows were divided, in a line.
        parts: The number of rows of each part by its name.
        notes: What else is to be said, a line each.
    """

    how: str
    parts: dict[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerEntry:
    """A layer: its name within the model, its class, the shape of what it gives, and how many numbers it learns."""

    name: str
    kind: str
    output: str
    parameters: int


@dataclass(frozen=True)
class ModelPart:
    """The network.

    Attributes:
        choices: How it is trained and why so, a line each.
        layers: In the order in which they are called, the first of them.
        more_layers: How many others there are.
        parameters: How many numbers it learns.
        weight_bytes: The memory of its weights.
    """

    choices: tuple[str, ...]
    layers: tuple[LayerEntry, ...]
    more_layers: int
    parameters: int
    weight_bytes: int


@dataclass(frozen=True)
class Curve:
    """A measure over the epochs, in training and, where there was one, in the validation."""

    name: str
    training: tuple[Number, ...]
    validation: tuple[Number, ...]


@dataclass(frozen=True)
class TrainingPart:
    """How the training went.

    Attributes:
        epochs: The numbers of the epochs that the curves show, from 1.
        curves: The loss and the metrics.
        best: The epoch whose weights were kept, from 1; None if it was the last.
        seconds: How long all epochs took.
    """

    epochs: tuple[int, ...]
    curves: tuple[Curve, ...]
    best: int | None
    seconds: float


@dataclass(frozen=True)
class Measure:
    """One measure of the test.

    Attributes:
        name: Its name, as `tables.measures` has it.
        value: What the model reaches.
        baselines: What the simpler models reach, by their names.
        higher_is_better: Whether more of it is better.
        spread: The standard deviation over the folds, where there were some.
    """

    name: str
    value: Number
    baselines: dict[str, Number]
    higher_is_better: bool
    spread: Number = None


@dataclass(frozen=True)
class RocCurve:
    """A class against the rest, at every threshold.

    Attributes:
        name: The class.
        area: The area under the curve.
        false_positives: The share of other rows that are taken for it.
        true_positives: The share of its rows that are.
    """

    name: str
    area: Number
    false_positives: tuple[float, ...]
    true_positives: tuple[float, ...]


@dataclass(frozen=True)
class Calibration:
    """Whether the model is right as often as it says.

    Attributes:
        event: What the probability is of: a class, or that the prediction is right.
        said: The mean probability of each bin.
        right: The share of its rows where it came true.
        rows: How many these are.
        error: The mean distance of the two.
    """

    event: str
    said: tuple[float, ...]
    right: tuple[float, ...]
    rows: tuple[int, ...]
    error: float


@dataclass(frozen=True)
class ClassEntry:
    """A class: its rows in the test, and how well it is found among the others."""

    name: str
    rows: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ClassesPart:
    """The test of a target with classes.

    Attributes:
        classes: The classes, the most frequent where there are very many.
        more_classes: How many others there are.
        confusion: How many rows of each class (row) were taken for each (column); where there are more classes, the
            last row and column are those of all others.
        curves: The ROC curve of each class, or of the second of two.
        calibration: Whether the model is right as often as it says.
    """

    classes: tuple[ClassEntry, ...]
    more_classes: int
    confusion: tuple[tuple[int, ...], ...]
    curves: tuple[RocCurve, ...]
    calibration: Calibration | None


@dataclass(frozen=True)
class NumbersPart:
    """The test of a target with numbers.

    Attributes:
        truth: The true numbers, of some rows where there are very many.
        predicted: What was predicted of the same rows.
        edges: The edges of the bins of the residuals, truth minus prediction.
        counts: The rows in each bin, of all rows.
    """

    truth: tuple[float, ...]
    predicted: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Drop:
    """How much worse the model becomes when a column is shuffled: the mean over repeats, and their deviation."""

    column: str
    mean: float
    spread: float


@dataclass(frozen=True)
class ImportancePart:
    """What the model relies on.

    Attributes:
        measure: What becomes worse.
        rows: How many rows of the test were shuffled.
        repeats: How often.
        drops: The columns, the most important first.
    """

    measure: str
    rows: int
    repeats: int
    drops: tuple[Drop, ...]


@dataclass(frozen=True)
class Mistake:
    """A row that the model has wrong.

    Attributes:
        place: Where it stands in the user's data.
        truth: What is true of it.
        predicted: What was predicted.
        error: How wrong that is: the distance, or how sure it was.
        cells: The values of its columns.
        name: What its picture is called: the path of its file as it stands in the data, or "row 17".
        picture: A picture of it, as JPEG in base64.
    """

    place: str
    truth: str
    predicted: str
    error: str
    cells: tuple[str, ...]
    name: str = ""
    picture: str | None = None


@dataclass(frozen=True)
class MistakesPart:
    """The worst mistakes: the columns that are shown, paths of pictures first, and the rows, the worst first."""

    columns: tuple[str, ...]
    rows: tuple[Mistake, ...]


@dataclass(frozen=True)
class TargetPart:
    """What the test has shown of one target.

    Attributes:
        name: Its column.
        task: "binary", "multiclass" or "regression".
        rows: How many rows were tested.
        measures: The most telling first.
        classes: For classes; None for numbers.
        numbers: For numbers; None for classes.
        importance: What the model relies on, where it was measured.
        mistakes: The worst of them.
    """

    name: str
    task: str
    rows: int
    measures: tuple[Measure, ...]
    classes: ClassesPart | None
    numbers: NumbersPart | None
    importance: ImportancePart | None
    mistakes: MistakesPart


@dataclass(frozen=True)
class RunPart:
    """How to do it again.

    Attributes:
        command: The command line.
        settings: The file of settings, run.toml.
        versions: What ran it, by name.
        seed: What every random number came from.
        started: When.
        seconds: How long all of it took.
    """

    command: str
    settings: str
    versions: dict[str, str]
    seed: int
    started: str
    seconds: float


@dataclass(frozen=True)
class Report:
    """All that a report shows."""

    data: DataPart
    split: SplitPart
    model: ModelPart
    training: TrainingPart
    targets: tuple[TargetPart, ...]
    run: RunPart

    def to_json(self) -> dict[str, Any]:
        """Plain values, for JSON: numbers that are not finite become None, texts what can be written and read."""
        plain: dict[str, Any] = as_plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, value: Any) -> Report:
        """The report that `to_json` has written.

        Raises:
            FileFormatError: If it is not what `to_json` writes.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise FileFormatError(
                "this is not the data of a report.",
                where=".".join(map(str, first["loc"])),
                expected=first["msg"],
                got=repr(first["input"])[:100],
            ) from None
