"""One class for each mistake a user can make.

Every error says four things, as far as they are known: *where* (the layer, argument, column or file),
what was *expected*, what was *got*, and the *remedy*. The text is put together here, so that it reads
the same everywhere; each class also inherits the built-in error that a Python user would catch.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ChainruleError",
    "ShapeError",
    "DTypeError",
    "DeviceError",
    "IndexingError",
    "ArgumentError",
    "UnknownNameError",
    "PicklingError",
    "UntracedValueError",
    "DataDependentShapeError",
    "LeakedTensorError",
    "SideEffectError",
    "RetraceWarning",
    "GradientError",
    "FreedGraphError",
    "InPlaceError",
    "StateDictError",
    "TargetShapeError",
    "TargetDTypeError",
    "ClassIndexError",
    "OutputLayerError",
    "NotCompiledError",
    "NotFittedError",
    "NonFiniteError",
    "SwappedWeightsError",
    "EmptyDataError",
    "NonFiniteDataError",
    "LabelError",
    "SingleClassError",
    "MissingClassError",
    "RareClassError",
    "DataLengthError",
    "ColumnTypeError",
    "MissingColumnError",
    "FileFormatError",
    "MissingFileError",
    "EncodingError",
    "RowLengthError",
    "QuotingError",
    "ColumnNameError",
    "OutputExistsError",
    "WritingError",
    "DiskFullError",
    "OutOfMemoryError",
    "RunFolderError",
    "VersionError",
    "MissingDependencyError",
    "InternalError",
    "nearest",
]


class ChainruleError(Exception):
    """The base of all errors that chainrule raises on purpose.

    Args:
        message: One sentence that says what is wrong.
        where: The layer, argument, column or file concerned, as the user knows it.
        expected: What would have been right.
        got: What came instead.
        remedy: What the user can do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        expected: object = None,
        got: object = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.got = got
        self.remedy = remedy

    def locate(self, where: str) -> None:
        """Say where it happened, unless a place closer to the mistake has been named already."""
        if self.where is None:
            self.where = where

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        parts = [("expected", self.expected), ("got", self.got), ("remedy", self.remedy)]
        return "\n".join([head, *(f"  {label + ':':<10}{value}" for label, value in parts if value is not None)])


# Tensors and operations


class ShapeError(ChainruleError, ValueError):
    """Shapes that do not fit together, or a shape that an operation or layer cannot take."""


class DTypeError(ChainruleError, TypeError):
    """A dtype that chainrule does not have, or that an operation cannot take."""


class DeviceError(ChainruleError, ValueError):
    """A device other than the CPU was asked for."""


class IndexingError(ChainruleError, IndexError):
    """An index out of range, or one that cannot index a tensor."""


class ArgumentError(ChainruleError, ValueError):
    """An argument with a value that makes no sense (a negative rate, a probability above 1, ...)."""


class UnknownNameError(ChainruleError, KeyError, ValueError):
    """A name (of an optimizer, a loss, a model, ...) that does not exist; the nearest is suggested."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        close = nearest(str(name), names)
        super().__init__(
            f"there is no {kind} called {name!r}.",
            expected="one of " + ", ".join(names),
            got=repr(name),
            remedy=f"did you mean {close!r}?" if close else None,
        )

    # KeyError prints its argument quoted; ours prints as a text.
    __str__ = ChainruleError.__str__


class PicklingError(ChainruleError, TypeError):
    """A tensor or model was to be pickled: files hold data, never code."""


class UntracedValueError(ChainruleError, TypeError):
    """A value was asked of a tensor that has only a shape and a dtype (while a step is traced)."""


class DataDependentShapeError(UntracedValueError):
    """While a function is traced, an operation whose result has a shape that depends on values (`nonzero`, ...)."""


class LeakedTensorError(UntracedValueError):
    """A tensor that was made while a function was traced was used after it, when it has no value."""


class SideEffectError(ChainruleError, RuntimeError):
    """A traced function changed something that a compiled program cannot change again at each call."""


class RetraceWarning(UserWarning):
    """A compiled function has been traced anew so often that compiling it does not pay."""


# Derivatives


class GradientError(ChainruleError, RuntimeError):
    """`backward` or a gradient was asked for where there is none (not a scalar, nothing requires it, ...)."""


class FreedGraphError(ChainruleError, RuntimeError):
    """`backward` a second time, after the first has freed what it had remembered."""


class InPlaceError(ChainruleError, RuntimeError):
    """A value that a derivative needs has been changed in place since, or must not be changed so."""


# Layers, losses, training


class StateDictError(ChainruleError, KeyError, ValueError):
    """A `state_dict` with missing, unexpected or misshapen entries."""

    __str__ = ChainruleError.__str__


class TargetShapeError(ShapeError):
    """Targets whose shape does not fit the predictions (such as (N, 1) against (N,))."""


class TargetDTypeError(DTypeError):
    """Targets whose dtype the loss cannot take (such as integers for a loss of numbers)."""


class ClassIndexError(ChainruleError, IndexError, ValueError):
    """A class index below 0 or not below the number of classes."""


class OutputLayerError(ChainruleError, ValueError):
    """An output layer that does not fit the loss (softmax before a loss of logits, ...)."""


class NotCompiledError(ChainruleError, RuntimeError):
    """`fit` or `evaluate` before `compile`."""


class NotFittedError(ChainruleError, RuntimeError):
    """A preprocessor was used before it has learned anything from the training part."""


class NonFiniteError(ChainruleError, ArithmeticError):
    """A loss, value or gradient became NaN or infinite in training."""


class SwappedWeightsError(ChainruleError, RuntimeError):
    """The weights were to be averaged, swapped or saved while their averages stand in their place."""


# Data and files


class EmptyDataError(ChainruleError, ValueError):
    """No rows, no pictures, or nothing left after a split."""


class NonFiniteDataError(ChainruleError, ValueError):
    """NaN or infinity in the inputs or targets."""


class LabelError(ChainruleError, TypeError, ValueError):
    """Labels that are not class indices or numbers (such as strings)."""


class SingleClassError(ChainruleError, ValueError):
    """All rows have the same class: there is nothing to tell apart."""


class MissingClassError(ChainruleError, ValueError):
    """A class that the training part has no row of."""


class RareClassError(ChainruleError, ValueError):
    """A class with a single row: it cannot be both learned and tested."""


class DataLengthError(ChainruleError, ValueError):
    """Inputs, targets or weights with different numbers of rows."""


class ColumnTypeError(ChainruleError, TypeError, ValueError):
    """Values that are not of their column's type: words among numbers, a date that does not parse, ...

    Args:
        row: The first such row, counted from 0; None where that says nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        row: int | None = None,
        where: str | None = None,
        expected: object = None,
        got: object = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, where=where, expected=expected, got=got, remedy=remedy)
        self.row = row


class MissingColumnError(ChainruleError, KeyError, ValueError):
    """A table without a column that the model was trained on.

    Args:
        missing: The columns that are not there.
        there: Those that are.
        where: The table.
        known: Those that are there and should be: none of them is another one misspelt.
    """

    def __init__(
        self, missing: Iterable[str], there: Iterable[str], where: str | None = None, known: Iterable[str] = ()
    ) -> None:
        names, there, known = list(missing), list(there), set(known)
        close = {name: nearest(name, [other for other in there if other not in known]) for name in names}
        renamed = ", ".join(f"{found!r} for {name!r}" for name, found in close.items() if found)
        super().__init__(
            "columns are missing." if len(names) > 1 else "a column is missing.",
            where=where,
            expected=", ".join(map(repr, names)),
            got=", ".join(map(repr, there)),
            remedy=f"is it {renamed}? Rename it" if renamed else "give the columns that the model was trained on",
        )

    __str__ = ChainruleError.__str__


class FileFormatError(ChainruleError, ValueError):
    """A file that is broken, truncated, or not of the kind it should be."""


class MissingFileError(FileFormatError, FileNotFoundError):
    """A file or folder that is not there; the nearest name is suggested."""

    # OSError would print an errno; ours prints as a text.
    __str__ = ChainruleError.__str__


class EncodingError(FileFormatError):
    """A file that is no text, or is written in another encoding than expected."""


class RowLengthError(FileFormatError):
    """A row with more or fewer columns than the others."""


class QuotingError(FileFormatError):
    """A quotation mark that is not closed, or with text after the one that closes it."""


class ColumnNameError(FileFormatError):
    """Two columns of one name, or files with other columns than the first."""


class OutputExistsError(ChainruleError, FileExistsError):
    """A file that is to be written is there already."""

    __str__ = ChainruleError.__str__


class WritingError(ChainruleError, OSError):
    """A file or folder that cannot be written: the place is read-only, somebody else's, gone, ..."""

    __str__ = ChainruleError.__str__


class DiskFullError(WritingError):
    """The disk was full before everything was written; what is there of rows is whole."""


class OutOfMemoryError(ChainruleError, MemoryError):
    """A table needs more memory than it may have."""


class RunFolderError(ChainruleError, FileNotFoundError):
    """A folder that is no run folder, or one that may not be written to."""

    # OSError would print an errno; ours prints as a text.
    __str__ = ChainruleError.__str__


class VersionError(ChainruleError, RuntimeError):
    """A file or run folder written by a later version of chainrule."""


class MissingDependencyError(ChainruleError, ImportError):
    """An optional package that is needed here is not installed."""


class InternalError(ChainruleError, RuntimeError):
    """A mistake in chainrule, not in the user's program: a stage of the compiler has made what the next cannot take."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, or None if none is close.

    >>> nearest("admm", ["adam", "sgd"])
    'adam'
    """
    by_lower = {item.lower(): item for item in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[close[0]] if close else None
