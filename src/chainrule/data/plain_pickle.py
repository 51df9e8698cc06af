"""Pickles that hold data alone: arrays, texts, numbers, lists and dictionaries.

A pickle is a program, which may call whatever Python can. Here it can call nothing: the only names that it may speak of
are those that NumPy writes for arrays, and they stand for classes of this file that keep bytes and check them.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FileFormatError

__all__ = ["read_plain_pickle"]

# What a pickle may remember by number; others could ask for a list of any length.
_REMEMBERING = ("PUT", "BINPUT", "LONG_BINPUT")


def read_plain_pickle(path: str | Path) -> Any:
    """What a pickle of plain data holds: arrays of numbers as NumPy's, texts that Python 2 wrote as bytes.

    Args:
        path: The file.

    Raises:
        FileFormatError: If it is no pickle, is cut off, or holds anything but plain data: nothing of it is run.

    Example:
        >>> path = getfixture("tmp_path") / "batch"
        >>> _ = path.write_bytes(pickle.dumps({"labels": [1, 2], "data": np.zeros((2, 3), np.uint8)}))
        >>> read_plain_pickle(path)["data"].shape
        (2, 3)
        >>> _ = path.write_bytes(pickle.dumps(print))
        >>> read_plain_pickle(path)
        Traceback (most recent call last):
            ...
        chainrule.errors.FileFormatError: ...batch: this pickle holds more than data.
          expected: arrays of numbers, texts, lists and dictionaries
          got:      builtins.print
          remedy:   take it for hostile unless you know who wrote it: chainrule runs nothing of it
    """
    content = Path(path).read_bytes()
    try:
        _check_memory(content)
        return _arrays(_Unpickler(io.BytesIO(content), encoding="bytes").load())
    except _ForeignError as foreign:
        raise FileFormatError(
            "this pickle holds more than data.",
            where=str(path),
            expected="arrays of numbers, texts, lists and dictionaries",
            got=str(foreign),
            remedy="take it for hostile unless you know who wrote it: chainrule runs nothing of it",
        ) from None
    except Exception as error:  # what a broken pickle raises is of any class
        raise FileFormatError(
            "this is no pickle, or a broken one.",
            where=str(path),
            expected="a pickle of arrays",
            got=f"{type(error).__name__}: {error}",
            remedy="get the file again: it may have been cut off or changed on its way",
        ) from None


class _ForeignError(Exception):
    """A name that is none of those of arrays."""


class _DType:
    """Stands for `numpy.dtype`: of numbers alone."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self._code = code.decode() if isinstance(code, bytes) else code
        if not re.fullmatch(r"[|<>=]?[biuf][1248]", self._code):
            raise _ForeignError(f"an array of dtype {self._code!r}")
        self.dtype = np.dtype(self._code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """The second of these is the order of the bytes."""
        if state[1] in (">", b">"):
            self.dtype = self.dtype.newbyteorder(">")


class _Array:
    """Stands for `numpy.ndarray`: shape and bytes, which must fit."""

    def __init__(self) -> None:
        self.array: NDArray[Any] = np.zeros(0, np.uint8)

    def __setstate__(self, state: tuple[int, tuple[int, ...], _DType, bool, bytes]) -> None:
        _, shape, kind, columns_first, content = state
        if not (isinstance(kind, _DType) and isinstance(content, bytes)):
            raise ValueError("an array of something else than bytes")
        self.array = np.frombuffer(content, kind.dtype).reshape(shape, order="F" if columns_first else "C")


def _known(name: str) -> Callable[..., Any] | None:
    """What a name stands for; a new function each time, since a pickle may change what it gets."""
    module, _, own = name.rpartition(".")
    if module in ("numpy.core.multiarray", "numpy._core.multiarray") and own == "_reconstruct":
        return lambda *_: _Array()
    known: dict[str, Callable[..., Any]] = {
        "numpy.ndarray": _Array,
        "numpy.dtype": _DType,
        # How bytes are written by protocols that have none.
        "_codecs.encode": lambda text, encoding: text.encode("latin-1"),
        "__builtin__.bytes": lambda: b"",
    }
    return known.get(name)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = _known(f"{module}.{name}")
        if found is None:
            raise _ForeignError(f"{module}.{name}")
        return found

    def persistent_load(self, number: object) -> Any:
        raise _ForeignError(f"an object of number {number!r}")


def _check_memory(content: bytes) -> None:
    """Raise a ValueError where a pickle is cut off, or asks for more memory than what it holds."""
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name in _REMEMBERING and int(argument or 0) > len(content):
            raise ValueError(f"it remembers {argument} things in {len(content):,} bytes")


def _arrays(value: Any) -> Any:
    """The same with the arrays in place of what stood for them."""
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, dict):
        return {key: _arrays(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_arrays(each) for each in value]
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    raise _ForeignError(f"a {type(value).__name__}")
