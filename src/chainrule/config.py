"""What a user sets for the whole process: the default dtype."""

from __future__ import annotations

import numpy as np

from chainrule.errors import DTypeError

_default_dtype: np.dtype = np.dtype(np.float32)


def get_default_dtype() -> np.dtype:
    """The floating dtype of tensors made from Python numbers (float32 unless changed).

    >>> get_default_dtype()
    dtype('float32')
    """
    return _default_dtype


def set_default_dtype(dtype: np.dtype | type | str) -> None:
    """Make `dtype` the floating dtype of tensors made from Python numbers.

    Args:
        dtype: float32 or float64.

    Raises:
        DTypeError: If `dtype` is not one of the two.

    >>> set_default_dtype("float64")
    >>> cr.tensor(0.5).dtype
    dtype('float64')
    >>> set_default_dtype("float32")
    """
    global _default_dtype
    chosen = np.dtype(dtype)
    if chosen not in (np.float32, np.float64):
        raise DTypeError("the default dtype must be a floating one.", expected="float32 or float64", got=chosen)
    _default_dtype = chosen
