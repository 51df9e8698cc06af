"""Index arithmetic against plain arithmetic, at all values of all variables."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler.index import Atom, Index, Lookup, Quotient, Remainder, Var, linear, unravelled

Values = Mapping[Var, int]
VARS = [Var("i", 4), Var("j", 6), Var("k", 5)]
I, J, K = (Index.of(var) for var in VARS)  # noqa: E741


def everywhere() -> Iterator[Values]:
    for values in itertools.product(*[range(var.extent) for var in VARS]):
        yield dict(zip(VARS, values, strict=True))


def value(index: Index, at: Values) -> int:
    """What an index is, by the meaning of its parts."""
    return index.constant + sum(factor * _atom(atom, at) for atom, factor in index.terms.items())


def _atom(atom: Atom, at: Values) -> int:
    if isinstance(atom, Quotient):
        return value(atom.index, at) // atom.by
    if isinstance(atom, Remainder):
        return value(atom.index, at) % atom.by
    assert isinstance(atom, Var)
    return at[atom]


class Both(NamedTuple):
    """An index, and what it should be."""

    index: Index
    meaning: Callable[[Values], int]

    def least(self) -> int:
        return min(map(self.meaning, everywhere()))


@st.composite
def indices(draw, depth: int = 4) -> Both:
    """Sums, multiples, quotients and remainders of one another; those of what may be below 0 are not asked for."""
    kind = draw(st.sampled_from(["var", "var", "number"] if depth == 0 else ["var", "+", "+", "-", "*", "//", "%"]))
    if kind == "var":
        var = draw(st.sampled_from(VARS))
        return Both(Index.of(var), lambda at: at[var])
    if kind == "number":
        number = draw(st.integers(0, 9))
        return Both(Index.of(number), lambda at: number)
    index, meaning = draw(indices(depth - 1))
    if kind in "+-":
        other, its = draw(indices(depth - 1))
        if kind == "+":
            return Both(index + other, lambda at: meaning(at) + its(at))
        return Both(index - other, lambda at: meaning(at) - its(at))
    by = draw(st.integers(1, 12))
    if kind == "*":
        return Both(index * by, lambda at: meaning(at) * by)
    lift = -min(Both(index, meaning).least(), 0)
    if kind == "//":
        return Both((index + lift) // by, lambda at: (meaning(at) + lift) // by)
    return Both((index + lift) % by, lambda at: (meaning(at) + lift) % by)


@given(indices())
@settings(max_examples=300)
def test_an_index_is_what_it_should_be_and_within_its_bounds(both):
    low, high = both.index.bounds()
    for at in everywhere():
        expected = both.meaning(at)
        assert value(both.index, at) == expected
        assert low <= expected <= high


@given(indices(), indices(), indices())
@settings(max_examples=100)
def test_variables_are_replaced_everywhere(whole, first, second):
    """By what is within the variable's own bounds, that is."""
    i, j, _ = VARS
    lifts = first.least(), second.least()
    by = {i: (first.index - lifts[0]) % i.extent, j: (second.index - lifts[1]) % j.extent}
    replaced = whole.index.replaced(by)
    for at in everywhere():
        there = {**at, i: (first.meaning(at) - lifts[0]) % i.extent, j: (second.meaning(at) - lifts[1]) % j.extent}
        assert value(replaced, at) == whole.meaning(there)


@given(st.lists(st.sampled_from([1, 2, 3, 4, 6]), max_size=3), st.lists(st.integers(1, 6), max_size=4))
def test_a_position_unravels_within_any_shape_of_as_many_elements(lengths, shape):
    variables = [Var(f"v{d}", n) for d, n in enumerate(lengths)]
    position = linear(map(Index.of, variables), tuple(lengths))
    if math.prod(shape) != math.prod(lengths):
        return
    other = unravelled(position, tuple(shape))
    for values in itertools.product(*map(range, lengths)):
        at = dict(zip(variables, values, strict=True))
        there = [value(index, at) for index in other]
        assert all(0 <= n < length for n, length in zip(there, shape, strict=True))
        assert value(linear(other, tuple(shape)), at) == value(position, at)


# What must not cost a division: movements of tensors come to these.
@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ((I * 6 + J) // 6, I),
        ((I * 6 + J) % 6, J),
        ((I * 12 + J * 2 + 1) // 12, I),
        ((I * 12 + J * 2 + 1) % 2, Index(1)),
        ((J * 4) // 8, J // 2),
        ((J // 2) // 3, Index(0)),
        ((I * 30 + J * 5 + K) // 5 % 6, J),
        ((I + 4) // 4, Index(1)),
        ((I * 6 + J) // 12, I // 2),
        ((I * 6 + J) % 12, (I % 2) * 6 + J),
        ((I * 30 + J * 5 + K) // 15, I * 2 + J // 3),
        (I - I, Index(0)),
    ],
)
def test_what_divides_evenly_is_not_divided(index, expected):
    assert index == expected


def test_zero_times_anything_is_nothing():
    assert I * 0 + J == J
    assert repr(I * 0) == "0"


def test_what_is_looked_up_is_within_its_extent_and_follows_the_replacement():
    index = Index.of(Lookup("row", 7)) * 3 + J
    assert index.bounds() == (0, 6 * 3 + 5)
    assert index // 24 == Index(0)
    replaced = index.replaced({VARS[1]: K}, str.upper)
    assert replaced == Index.of(Lookup("ROW", 7)) * 3 + K
