"""A vector for each of a number of things: words, letters, users."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.core.dtype import INTEGER, DTypeLike, int64
from chainrule.core.modes import no_grad
from chainrule.errors import ArgumentError, DTypeError, IndexingError
from chainrule.nn.arguments import weight_dtype, whole
from chainrule.nn.initialisers import normal_
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter
from chainrule.ops.compare import where
from chainrule.ops.convert import as_tensor
from chainrule.ops.creation import empty
from chainrule.ops.index import TAKE
from chainrule.ops.movement import cast


class Embedding(Module):
    """A table of vectors, one for each index. The vectors are drawn from N(0, 1), as in PyTorch.

    Y. Bengio et al., "A neural probabilistic language model" (2003).

    Args:
        num_embeddings: How many things there are: the indices go from 0 to `num_embeddings - 1`.
        embedding_dim: The length of each vector.
        padding_idx: An index that stands for nothing: its vector is 0 at first, and no gradient changes it. Negative
            ones count from the end.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (num_embeddings, embedding_dim).

    Shape:
        Integers (...) to (..., embedding_dim).

    Raises:
        IndexingError: When called with an index that is out of range.
        DTypeError: When called with anything but integers.

    >>> cr.nn.Embedding(1000, 16)(cr.tensor([[1, 2, 3], [4, 5, 6]])).shape
    (2, 3, 16)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = whole(self, "num_embeddings", num_embeddings)
        self.embedding_dim = whole(self, "embedding_dim", embedding_dim)
        if padding_idx is not None and whole(self, "padding_idx", padding_idx, -num_embeddings) >= num_embeddings:
            raise ArgumentError(
                "padding_idx is out of range.",
                where="Embedding",
                expected=f"{-num_embeddings} to {num_embeddings - 1}",
                got=padding_idx,
            )
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(empty(num_embeddings, embedding_dim, dtype=weight_dtype(self, dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, input: Tensor) -> Tensor:
        index = as_tensor(input)
        if index.dtype not in INTEGER:
            raise DTypeError("an embedding takes indices.", expected="integers", got=index.dtype, remedy="x.long()")
        try:
            out = TAKE(self.weight, cast(index, int64), axis=0)
        except IndexingError as error:
            error.remedy = "build it with num_embeddings = the largest index + 1, or check how the indices are made"
            raise
        if self.padding_idx is None:
            return out
        return where((index == self.padding_idx).unsqueeze(-1), out.detach(), out)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
