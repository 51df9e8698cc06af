"""A graph as text: one line a value, numbered from the top, with the user's layer and line beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.graph.graph import Apply, Constant, Graph, Input, Note, Value

# Constants of at most this many elements are shown where they are used.
_INLINE = 4
# What is longer does not push the other columns further to the right.
_WIDEST = 60


def text(graph: Graph, places: Collection[Note] | None = None) -> str:
    """The whole program: its inputs, a line for each value, and at the end what it returns and writes back.

    A line reads `%12  maximum(%11, 0.0)  float32 (64, 128)  # Linear 'fc1', forward, train.py:12`.

    Args:
        graph: The program.
        places: Show only the lines of values that come from these places.
    """
    names = named(graph)
    if places is not None:
        rows = _rows(names).items()
        return "\n".join(_aligned([row for value, row in rows if isinstance(value, Apply) and value.note in places]))
    return "\n".join(
        [
            "inputs:",
            *_aligned([(given.name, _spec(given)) for given in graph.inputs]),
            "values:",
            *_aligned(list(_rows(names).values())),
            "results:",
            *[f"  {names[value]}" for value in graph.results],
            "writes:",
            *[f"  {graph.inputs[index].name} <- {names[value]}" for index, value in graph.writes],
        ]
    )


def named(graph: Graph) -> dict[Value, str]:
    """What each value is called in the text: inputs by name, small constants by what they are, others by number."""
    names: dict[Value, str] = {given: given.name for given in graph.inputs}
    number = 0
    for value in graph.order():
        if isinstance(value, Input):
            names[value] = value.name
        elif isinstance(value, Constant) and value.array.size <= _INLINE:
            names[value] = np.array2string(value.array, separator=", ", formatter={"all": str}, max_line_width=_WIDEST)
        else:
            number += 1
            names[value] = f"%{number}"
    return names


def around(graph: Graph, value: Value, lines: int = 3) -> str:
    """The lines of the text that stand about that of `value`, which is marked."""
    rows = _rows(named(graph))
    place = list(rows).index(value) if value in rows else 0
    shown = list(rows)[max(place - lines, 0) : place + lines + 1]
    aligned = zip(shown, _aligned([rows[each] for each in shown]), strict=True)
    return "\n".join((">" if each is value else " ") + line[1:] for each, line in aligned)


def _rows(names: Mapping[Value, str]) -> dict[Value, tuple[str, ...]]:
    """The columns of every value that has a number: the number, what is done, shape and dtype, where it comes from."""
    rows: dict[Value, tuple[str, ...]] = {}
    for value, name in names.items():
        if isinstance(value, Apply):
            arguments = [*(names[each] for each in value.inputs), *_shown(value.params)]
            call = f"{value.primitive.name}({', '.join(arguments)})"
            rows[value] = (name, call, _spec(value), f"# {value.note}")
        elif isinstance(value, Constant) and name.startswith("%"):
            rows[value] = (name, "constant", _spec(value), "")
    return rows


def _spec(value: Value) -> str:
    return f"{value.dtype} {value.shape}"


def _shown(params: Mapping[str, Any]) -> Iterator[str]:
    for name, value in params.items():
        yield f"{name}={value if isinstance(value, np.dtype) else repr(value)}"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows with their columns below one another."""
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
