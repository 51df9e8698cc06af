"""What a kernel has met, as an error that names the user's layer."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.compiler.expression import Expr, Load, Position, Uniform, Within, parts
from chainrule.compiler.index import Index, Lookup, Quotient, Remainder
from chainrule.compiler.kernel import Contraction, Convolution, Loops, Whole, expressions
from chainrule.errors import ArgumentError, ChainruleError, ClassIndexError, IndexingError
from chainrule.graph import Note
from chainrule.native.convention import Fault
from chainrule.native.executable import ProgramFault


def error_of(found: ProgramFault) -> ChainruleError:
    """The error for bad data, as the reference interpreter has it."""
    where = _where(found.kernel.name, found.kernel.notes)
    if found.fault is Fault.INDEX_OUT_OF_RANGE:
        return _out_of_range(found, where)
    if found.fault is Fault.INTEGER_DIVISION_BY_ZERO:
        remedy = "divide floating numbers, or mask the zeros"
        return ArgumentError("division of integers by zero.", where=where, remedy=remedy)
    return ArgumentError(
        "an integer to a negative power is no integer.",
        where=where,
        got=f"exponent {found.value}",
        remedy="cast first: x.float()",
    )


def _out_of_range(found: ProgramFault, where: str) -> ChainruleError:
    kernel, value = found.kernel, found.value
    expected, notes = None, kernel.notes
    if isinstance(kernel, Whole):
        expected = f"0 to {kernel.params.get('length', kernel.out.shape[0]) - 1}"
    else:
        # The first that the value is no index for.
        looked = next((atom for atom in _lookups(kernel) if not 0 <= value < atom.extent), None)
        if looked is not None:
            expected = f"0 to {looked.extent - 1}"
            if looked.note is not None:
                notes = (looked.note,)
                where = _where(kernel.name, notes)
    if any(note.kind.endswith("Loss") for note in notes):
        remedy = "number the classes from 0, and give the model an output for each"
        return ClassIndexError(f"there is no class {value}.", where=where, expected=expected, got=value, remedy=remedy)
    return IndexingError("an index is out of range.", where=where, expected=expected, got=value)


def _where(name: str, notes: tuple[Note, ...]) -> str:
    note = max(notes, key=lambda note: (bool(note.kind), bool(note.layer)), default=Note())
    return ", ".join(part for part in (note.owner, note.line) if part) or name


def _lookups(kernel: Loops | Contraction | Convolution) -> Iterator[Lookup]:
    """What a kernel looks up."""
    stack: list[Expr] = list(reversed(expressions(kernel)))
    while stack:
        expr = stack.pop()
        if isinstance(expr, (Load, Position, Within, Uniform)):
            yield from _looked_up(expr.index)
        stack.extend(parts(expr))


def _looked_up(index: Index) -> Iterator[Lookup]:
    for atom in index.terms:
        if isinstance(atom, Lookup):
            yield atom
        elif isinstance(atom, (Quotient, Remainder)):
            yield from _looked_up(atom.index)
