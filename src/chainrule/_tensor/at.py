"""Changed copies: `x.at[index].set(value)`."""

from __future__ import annotations

from typing import Any

from chainrule.core.types import Tensor
from chainrule.ops import indexing
from chainrule.ops.convert import TensorLike


class At:
    """`x.at[index]`: where a changed copy of `x` shall differ."""

    def __init__(self, tensor: Tensor, index: Any = ...) -> None:
        self._tensor = tensor
        self._index = index

    def __getitem__(self, index: Any) -> At:
        return At(self._tensor, index)

    def set(self, value: TensorLike) -> Tensor:
        """A copy with `value` there; where an index is named twice, the last value stands."""
        return indexing.put(self._tensor, self._index, value)

    def add(self, value: TensorLike) -> Tensor:
        """A copy with `value` added there; an index named twice is added to twice."""
        return indexing.put_add(self._tensor, self._index, value)
