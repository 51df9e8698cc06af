"""All that can be said of a run: in a file, on the command line, or as arguments."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

from chainrule import augment
from chainrule.columns import type_and_way
from chainrule.data.harder import check_skip
from chainrule.errors import ArgumentError, ChainruleError, FileFormatError, UnknownNameError
from chainrule.files import missing


@dataclass(frozen=True)
class Settings:
    """What is to be trained, on what, and how. What is None is chosen by the data.

    Attributes:
        target: The columns to predict.
        columns: The types of columns, where they are not what their values look like; with the way in which they are
            to be encoded, if it is to be another: "number:robust".
        missing: Texts that stand for a missing value, beside the usual ones.
        separator: What stands between the columns of a CSV file.
        header: Whether its first row holds the names of the columns.
        encoding: How its characters are written: "utf-8", "latin-1", "cp1251", ...
        decimal: What stands before decimals: "." or ",".
        skip_broken: Whether pictures that cannot be read are left out, and counted, rather than being an error.
        drop: Columns to leave out.
        keep: Columns to keep that a check would leave out.
        group: The column whose rows of one value stay together in every split.
        time: The column by which rows follow one another: the last are the test.
        test_share: The share of rows held out for the test, where no test table is given.
        validation_share: The share of the other rows held out for the validation.
        folds: How many times to train on all but one part of the rows, and to test on that part, before the training
            proper; None for not at all.
        model: "mlp", "linear", or for pictures the name of a model of `chainrule.models`.
        augment: How pictures are changed in training: see `chainrule.augment.get`.
        flip_average: Whether what is said of a picture is the mean with what is said of its mirror image.
        shift_average: By so many pixels pictures are moved, both ways, for two further looks; 0 for none.
        optimizer: Its name.
        lr: Its learning rate; of a schedule the highest.
        momentum: The optimizer's momentum, where it has one.
        nesterov: Whether that looks ahead, as Nesterov's.
        weight_decay: The optimizer's weight decay, where it has one.
        norm_bias_factor: How many times as fast the biases of BatchNorm learn, and how many times less they decay.
        schedule: "one-cycle" leads the learning rate up and far down again, "cosine" down to 0 along half a cosine,
            "linear" in a straight line, batch by batch over all epochs. None: it falls, and training ends, where the
            validation does not get better.
        label_smoothing: How much of each row is taken to be evenly of all classes, from 0 to 1.
        batch_size: Rows an update; 0 for all at once.
        skip_easy: The share of the rows that each epoch from the second on leaves out, of the easier half.
        epochs: At most so many.
        patience: Epochs without improvement before training stops.
        class_weight: "balanced", for every class to count the same in all.
        time_limit: Seconds after which training stops; a schedule goes its whole way in what fits.
        memory: Bytes beyond which data is kept in files.
        seed: What all random numbers come from.
    """

    # For pydantic: a key that is none is an error.
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "strict": False}

    target: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    separator: str | None = None
    header: bool | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    skip_broken: bool = False
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    test_share: float = 0.2
    validation_share: float = 0.15
    folds: int | None = None
    model: str | None = None
    augment: tuple[str, ...] = ()
    flip_average: bool = False
    shift_average: int = 0
    optimizer: str | None = None
    lr: float | None = None
    momentum: float | None = None
    nesterov: bool | None = None
    weight_decay: float | None = None
    norm_bias_factor: float = 1.0
    schedule: Literal["one-cycle", "cosine", "linear"] | None = None
    label_smoothing: float = 0.0
    batch_size: int | None = None
    skip_easy: float = 0.0
    epochs: int | None = None
    patience: int | None = None
    class_weight: Literal["balanced"] | None = None
    time_limit: float | None = None
    memory: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("test_share", "validation_share"):
            if not 0 < getattr(self, name) < 1:
                raise ArgumentError("a share lies between 0 and 1.", where=name, expected=0.2, got=getattr(self, name))
        for name, least in (
            ("folds", 2),
            ("batch_size", 0),
            ("epochs", 1),
            ("patience", 1),
            ("memory", 1),
            ("shift_average", 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ArgumentError("this number is too small.", where=name, expected=f"{least} or more", got=value)
        for name in ("lr", "time_limit", "norm_bias_factor"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ArgumentError("this is a number above 0.", where=name, got=value)
        if not 0 <= self.label_smoothing < 1:
            raise ArgumentError(
                "this is no share.", where="label_smoothing", expected="0 to 1, as 0.1", got=self.label_smoothing
            )
        if self.momentum is not None and not 0 <= self.momentum < 1:
            raise ArgumentError(
                "so much momentum never comes to rest.",
                where="momentum",
                expected="0 or more and below 1, as 0.9",
                got=self.momentum,
            )
        check_skip(self.skip_easy, "skip_easy")
        for said in self.augment:
            with _located("augment"):
                augment.get(said)
        for column, said in self.columns.items():
            with _located(f"column {column!r}"):
                type_and_way(said)

    @property
    def reading(self) -> dict[str, Any]:
        """How data is read: see `chainrule.data.Options`."""
        names = ("missing", "separator", "header", "encoding", "decimal", "skip_broken", "memory")
        kinds = {name: type_and_way(said)[0] for name, said in self.columns.items()}
        return {"kinds": kinds} | {name: getattr(self, name) for name in names}


@contextmanager
def _located(where: str) -> Iterator[None]:
    try:
        yield
    except ChainruleError as error:
        error.locate(where)
        raise


@contextmanager
def as_size(setting: str) -> Iterator[None]:
    """Within the block, the size of a part that cannot be split off is called what the user calls it."""
    try:
        yield
    except ArgumentError as error:
        if error.where == "test_size":
            error.where = setting
        raise


def parse(given: Mapping[str, Any], where: str, besides: Sequence[str] = ()) -> Settings:
    """Settings out of a mapping, such as a file's.

    Args:
        given: The mapping.
        where: Where it comes from.
        besides: What else can be said there, for the list of names in an error.

    Raises:
        UnknownNameError: For a key or a type of column that there is not; the nearest is suggested.
        FileFormatError: For a value that the setting cannot have.
        ArgumentError: For a value that makes no sense.
    """
    from pydantic import TypeAdapter, ValidationError

    known = [each.name for each in fields(Settings)]
    for key in given:
        if key not in known:
            error = UnknownNameError("setting", key, [*known, *besides])
            error.locate(where)
            raise error
        if isinstance(given[key], bool) and _kind(key) in ("int", "float"):
            # Python, and so pydantic, would take it for 1 or 0.
            raise _unfitting(where, [key], given[key])
    lists = {key: [value] if key in _SEVERAL and isinstance(value, str) else value for key, value in given.items()}
    try:
        return TypeAdapter(Settings).validate_python(lists)
    except ValidationError as error:
        first = error.errors()[0]
        own = first.get("ctx", {}).get("error")
        if isinstance(own, ChainruleError):
            own.where = f"{where}, {own.where}"
            raise own from None
        raise _unfitting(where, first["loc"], first["input"], first.get("ctx", {}).get("expected")) from None


def _unfitting(where: str, path: Sequence[int | str], value: Any, expected: str | None = None) -> FileFormatError:
    """The error of a value that is not of its setting's type; `path` leads to it, within the setting too."""
    # What stands within others is texts.
    kind = _kind(path[0]) if len(path) == 1 else "str"
    return FileFormatError(
        "this value does not fit the setting.",
        where=f"{where}, {'.'.join(map(str, path))}",
        expected=expected or _WORDS[kind],
        got=repr(value),
    )


def _kind(name: int | str) -> str:
    return _TYPES[str(name)].removesuffix(" | None")


_SEVERAL = ("target", "missing", "drop", "keep", "augment")
# As they are written above, and in words.
_TYPES = {each.name: str(each.type) for each in fields(Settings)}
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "tuple[str, ...]": "a text, or a list of texts",
    "dict[str, str]": "the types of columns by their names",
}


def read_settings(path: Path) -> dict[str, Any]:
    """The contents of a file of settings, not checked yet: `data` and `out` are in it too.

    Raises:
        MissingFileError: If there is no such file.
        FileFormatError: If it is no TOML.
    """
    if not path.is_file():
        raise missing(path)
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError("the file is no TOML.", where=str(path), got=str(error)) from None


def as_toml(settings: Settings, data: Sequence[str], test: str | None) -> str:
    """A file of settings that says what differs from the defaults."""
    default = asdict(Settings())
    said: dict[str, Any] = {"data": list(data)} | ({} if test is None else {"test": test})
    said |= {key: value for key, value in asdict(settings).items() if value != default[key]}
    # Tables come last.
    plain = [f"{key} = {toml_value(value)}" for key, value in said.items() if key != "columns"]
    types = [f"{toml_key(name)} = {toml_value(kind)}" for name, kind in said.get("columns", {}).items()]
    return "\n".join([*plain, *(["", "[columns]", *types] if types else [])]) + "\n"


def toml_value(value: Any) -> str:
    """A text, a number, or a list of them; JSON's are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def toml_key(name: str) -> str:
    """A key of TOML: bare where it may be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
