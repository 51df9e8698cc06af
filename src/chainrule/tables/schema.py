"""What each column of a table is: its type, why, and what it is used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from chainrule.columns import TARGETS, TYPES, column_type, target_type, type_and_way
from chainrule.columns.base import Claim
from chainrule.columns.picture import Picture
from chainrule.data.table import Table, check_column
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError, EmptyDataError, MissingColumnError

# So many rows show of what type a column is; and of so many files one has to be there.
ENOUGH, LOOKED_FOR = 200_000, 100

Role = Literal["input", "target", "group", "time", "ignored"]


@dataclass(frozen=True)
class Field:
    """One column of a table.

    Attributes:
        name: Its name.
        kind: The name of its type.
        role: What it is used for.
        reason: Why it is of this type, or why it is left out.
        way: In which way it is to be encoded; empty where that is not said.
    """

    name: str
    kind: str
    role: Role
    reason: str
    way: str = ""


@dataclass(frozen=True)
class Schema:
    """All columns of a table.

    Attributes:
        fields: In the order of the table.
    """

    fields: tuple[Field, ...]

    def of(self, role: Role) -> tuple[Field, ...]:
        """The columns with this role."""
        return tuple(field for field in self.fields if field.role == role)

    @property
    def inputs(self) -> tuple[Field, ...]:
        """What the model gets."""
        return self.of("input")

    @property
    def targets(self) -> tuple[Field, ...]:
        """What it is to predict."""
        return self.of("target")


def infer_schema(
    table: Table,
    targets: Sequence[str] = (),
    *,
    kinds: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    group: str | None = None,
    time: str | None = None,
) -> Schema:
    """The type of each column, as its values show or as the user says, and its role.

    Args:
        table: The rows.
        targets: The columns to predict.
        kinds: Types that the user has said, by column.
        drop: Columns to leave out.
        group: The column whose rows of one value belong together in a split; not an input, but where it is one of
            pictures.
        time: The column that orders the rows in time. It stays an input.

    Raises:
        UnknownNameError: For a column or a type that does not exist; the nearest is suggested.
        ColumnTypeError: For a column that is of no type.
        EmptyDataError: For a target that is missing in all rows.
    """
    said = dict(kinds or {})
    for name in (*targets, *said, *drop, *filter(None, (group, time))):
        check_column(name, table.names, table.name)
    return Schema(tuple(_field(table, name, targets, said.get(name), drop, group) for name in table.names))


def check_columns(table: Table, schema: Schema) -> None:
    """Raise a `MissingColumnError` where a table lacks an input or a target."""
    missing = [field.name for field in (*schema.inputs, *schema.targets) if field.name not in table.names]
    if missing:
        raise MissingColumnError(missing, table.names, where=table.name)


def check_values(table: Table, schema: Schema) -> None:
    """Look through the inputs and targets for values that are not of their column's type.

    Raises:
        ColumnTypeError: For words among numbers, infinity, what is no date; it names file, row and column.
    """
    for field in (*schema.inputs, *schema.targets):
        try:
            TYPES[field.kind].read(table.column(field.name))
        except ColumnTypeError as error:
            place = f"{table.name}, column {field.name!r}"
            error.locate(place if error.row is None else table.place(error.row, field.name))
            raise


def _field(
    table: Table, name: str, targets: Sequence[str], said: str | None, drop: Sequence[str], group: str | None
) -> Field:
    if name in drop:
        return Field(name, said or "", "ignored", "as you said")
    if name == group and not _is_of_pictures(name, table, said):
        return Field(name, said or "", "group", "as you said")
    role: Role = "target" if name in targets else "input"
    if said is not None:
        kind, way = type_and_way(said)
        (target_type if role == "target" else column_type)(kind)
        return _kept(Field(name, kind, role, "as you said", way))
    values = table.column(name, 0, ENOUGH)
    if values.missing.all():
        values = table.column(name)
    if values.missing.all():
        if role == "target":
            raise EmptyDataError(
                "the target is missing in all rows.",
                where=f"{table.name}, column {name!r}",
                expected="rows of which it is known",
                got=f"none of {len(table):,}",
            )
        return Field(name, "", "ignored", "all values are missing")
    kind, claim = _strongest(name, values, role)
    if claim is None:
        raise ColumnTypeError(
            "this column is of no known type.", where=table.place(0, name), expected="one of " + ", ".join(TYPES)
        )
    return _kept(Field(name, kind, role, claim.reason))


def _is_of_pictures(name: str, table: Table, said: str | None) -> bool:
    """Whether a column is one of pictures: what is seen in one says more than that two rows share it.

    Names of files that are not there only name something.
    """
    if said is not None:
        return type_and_way(said)[0] == Picture.kind
    values = table.column(name, 0, ENOUGH)
    if Picture.claim(name, values) is None:
        return False
    return values.words is None or any(
        ((values.folder or Path()) / text).is_file() for text in values.take(slice(0, LOOKED_FOR)).each_text() if text
    )


def _kept(field: Field) -> Field:
    """The column, left out where there is no way to use it as an input yet."""
    left_out = column_type(field.kind).left_out if field.role == "input" else ""
    return replace(field, role="ignored", reason=f"{field.reason}: {left_out}") if left_out else field


def _strongest(name: str, values: Values, role: Role) -> tuple[str, Claim | None]:
    known = TARGETS if role == "target" else TYPES
    best: tuple[str, Claim | None] = ("", None)
    for kind, one in known.items():
        claim = one.claim(name, values)
        if claim is not None and (best[1] is None or claim.strength > best[1].strength):
            best = kind, claim
    return best
