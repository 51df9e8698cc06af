"""What a kernel has met, as an error that names the user's layer."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.compiler.expression import Expr, Load, Position, Uniform, Within, parts
from chainrule.compiler.index import Index, Lookup, Quotient, Remainder
from chainrule.compiler.kernel import Kernel, Whole, expressions
from chainrule.errors import ArgumentError, ChainruleError, ClassIndexError, IndexingError
from chainrule.native.convention import Fault
from chainrule.native.executable import ProgramFault


def error_of(found: ProgramFault) -> ChainruleError:
    """The error for bad data, as the reference interpreter has it."""
    where = _where(found.kernel)
    if found.fault is Fault.INDEX_OUT_OF_RANGE:
        lengths = sorted(length for length in _lengths(found.kernel) if not 0 <= found.value < length)
        expected = f"0 to {lengths[-1] - 1}" if lengths else None
        if any(note.kind.endswith("Loss") for note in found.kernel.notes):
            return ClassIndexError(
                f"there is no class {found.value}.", where=where, expected=expected, got=found.value,
                remedy="number the classes from 0, and give the model an output for each",
            )  # fmt: skip
        return IndexingError("an index is out of range.", where=where, expected=expected, got=found.value)
    if found.fault is Fault.INTEGER_DIVISION_BY_ZERO:
        remedy = "divide floating numbers, or mask the zeros"
        return ArgumentError("division of integers by zero.", where=where, remedy=remedy)
    return ArgumentError(
        "an integer to a negative power is no integer.",
        where=where,
        got=f"exponent {found.value}",
        remedy="cast first: x.float()",
    )


def _where(kernel: Kernel) -> str:
    note = max(kernel.notes, key=lambda note: (bool(note.kind), bool(note.layer)), default=None)
    if note is None:
        return kernel.name
    return ", ".join(part for part in (note.owner, note.line) if part) or kernel.name


def _lengths(kernel: Kernel) -> Iterator[int]:
    """The lengths that indices must stay below in a kernel."""
    if isinstance(kernel, Whole):
        yield kernel.params.get("length", kernel.out.shape[0])
        return
    stack: list[Expr] = list(expressions(kernel))
    while stack:
        expr = stack.pop()
        if isinstance(expr, (Load, Position, Within, Uniform)):
            yield from _looked_up(expr.index)
        stack.extend(parts(expr))


def _looked_up(index: Index) -> Iterator[int]:
    for atom in index.terms:
        if isinstance(atom, Lookup):
            yield atom.extent
        elif isinstance(atom, (Quotient, Remainder)):
            yield from _looked_up(atom.index)
