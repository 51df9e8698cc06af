"""Einstein's summation, as permutations around one batched matrix product for each two operands."""

from __future__ import annotations

import string
from collections.abc import Sequence

from chainrule.core import shape as shapes
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.contraction import MATMUL
from chainrule.ops.convert import promote
from chainrule.ops.creation import arange


def einsum(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor:
    """The sum of products that `equation` describes, such as `"bij,bjk->bik"`.

    Args:
        equation: A letter for each dimension of each operand, `->`, and the letters of the result. Letters that are not
            in the result are summed over. `...` stands for dimensions that broadcast. Without `->` the
            result has the letters that occur once, in alphabetical order.
        operands: As many tensors as the equation names.

    Raises:
        ArgumentError: If the equation cannot be read or does not fit the operands.
        ShapeError: If one letter stands for two lengths.

    >>> cr.einsum("ij,j->i", cr.tensor([[1.0, 2.0], [3.0, 4.0]]), cr.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    flat = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    tensors = promote(*flat)
    terms, result = _parse(equation, tensors)
    sizes = _sizes(equation, terms, tensors)
    parts = [_diagonal(term, tensor) for term, tensor in zip(terms, tensors, strict=True)]
    letters, out = parts[0]
    for i, (other_letters, other) in enumerate(parts[1:], start=1):
        later = set(result).union(*[set(term) for term, _ in parts[i + 1 :]])
        letters, out = _contract(letters, out, other_letters, other, later, sizes)
    letters, out = _sum_out(letters, out, keep=set(result))
    return out.permute([letters.index(c) for c in result])


def _parse(equation: str, tensors: list[Tensor]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with letters in place of the dots."""
    inputs, arrow, result = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    allowed = set(string.ascii_letters)
    if len(terms) != len(tensors) or not set("".join([*terms, result]).replace("...", "")) <= allowed:
        raise ArgumentError(f"einsum cannot use {equation!r}.", expected=f"{len(tensors)} terms of letters", got=terms)
    free = [letter for letter in string.ascii_uppercase + string.ascii_lowercase if letter not in equation]
    width = max(
        (t.ndim - len(term.replace("...", "")) for term, t in zip(terms, tensors, strict=True) if "..." in term),
        default=0,
    )
    dots = "".join(free[: max(width, 0)])
    filled = []
    for term, tensor in zip(terms, tensors, strict=True):
        own = tensor.ndim - len(term.replace("...", ""))
        if own < 0 or (own and "..." not in term):
            raise ArgumentError(
                f"the term {term!r} does not fit its operand.", expected=f"{tensor.ndim} letters", got=term
            )
        filled.append(term.replace("...", dots[len(dots) - own :]))
    if not arrow:
        once = sorted(c for c in set("".join(terms)) - {"."} if "".join(terms).count(c) == 1)
        return filled, dots + "".join(once)
    out = result.replace("...", dots)
    if len(set(out)) != len(out) or not set(out) <= set("".join(filled)):
        raise ArgumentError(f"the result {result!r} names a letter twice, or one that no operand has.", got=equation)
    return filled, out


def _sizes(equation: str, terms: list[str], tensors: list[Tensor]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, tensors, strict=True):
        for letter, length in zip(term, tensor.shape, strict=True):
            known = sizes.setdefault(letter, length)
            if known == 1:
                sizes[letter] = length
            elif length not in (1, known):
                raise ShapeError(f"{letter!r} stands for two lengths in {equation!r}.", expected=known, got=length)
    return sizes


def _diagonal(term: str, tensor: Tensor) -> tuple[str, Tensor]:
    """A letter that occurs twice names a diagonal."""
    while len(set(term)) < len(term):
        letter = next(c for c in term if term.count(c) > 1)
        first = term.index(letter)
        second = term.index(letter, first + 1)
        moved = tensor.movedim(second, 0).movedim(first + 1, 1)
        along = arange(moved.shape[0])
        tensor = moved[along, along]
        rest = term[:first] + term[first + 1 : second] + term[second + 1 :]
        term = letter + rest
    return term, tensor


def _contract(
    left: str, a: Tensor, right: str, b: Tensor, later: set[str], sizes: dict[str, int]
) -> tuple[str, Tensor]:
    """The product of two operands, summed over the letters that nobody needs later."""
    left, a = _sum_out(left, a, keep=later | set(right))
    right, b = _sum_out(right, b, keep=later | set(left))
    shared = [c for c in left if c in right]
    batch = [c for c in shared if c in later]
    summed = [c for c in shared if c not in later]
    rows = [c for c in left if c not in shared]
    columns = [c for c in right if c not in shared]
    a = _arrange(left, a, batch + rows + summed, sizes)
    b = _arrange(right, b, batch + summed + columns, sizes)
    lengths, m, k, n = ([sizes[c] for c in group] for group in (batch, rows, summed, columns))
    product = MATMUL(
        a.reshape(*lengths, shapes.size(m), shapes.size(k)),
        b.reshape(*lengths, shapes.size(k), shapes.size(n)),
    )
    return "".join(batch + rows + columns), product.reshape(*lengths, *m, *n)


def _arrange(letters: str, tensor: Tensor, order: list[str], sizes: dict[str, int]) -> Tensor:
    """The dimensions in `order`, stretched to their full lengths."""
    return tensor.permute([letters.index(c) for c in order]).expand([sizes[c] for c in order])


def _sum_out(letters: str, tensor: Tensor, keep: set[str]) -> tuple[str, Tensor]:
    gone = [i for i, c in enumerate(letters) if c not in keep]
    return ("".join(c for c in letters if c in keep), tensor.sum(dim=gone)) if gone else (letters, tensor)
