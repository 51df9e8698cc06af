import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError

LENGTHS = {"a": 2, "b": 3, "c": 1, "d": 4}


@st.composite
def equations(draw):
    """Up to three terms of up to three letters (some twice: diagonals), and some of them in the result."""
    terms = draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    result = "".join(draw(st.permutations(used))[: draw(st.integers(0, len(used)))])
    return ",".join(terms) + "->" + result


@given(equations())
def test_values_and_gradients_are_numpys(equation):
    terms = equation.partition("->")[0].split(",")
    rng = np.random.RandomState(0)
    arrays = [rng.standard_normal([LENGTHS[c] for c in term]) for term in terms]
    expected = np.einsum(equation, *arrays)
    variables = [cr.tensor(array, requires_grad=True) for array in arrays]
    got = cr.einsum(equation, *variables)
    np.testing.assert_allclose(got.detach().numpy(), expected, atol=1e-12, strict=True)
    # It is linear in each operand: the gradient, times the operand, is the result again.
    weights = rng.standard_normal(expected.shape)
    (got * cr.tensor(weights)).sum().backward()
    for variable, array in zip(variables, arrays, strict=True):
        np.testing.assert_allclose((variable.grad.numpy() * array).sum(), (weights * expected).sum(), atol=1e-10)


@pytest.mark.parametrize("equation", ["...a,...a->...", "...ab->...ba", "a...,...->a...", "...,...", "a...b"])
def test_dots_broadcast(equation):
    shapes = {"...a,...a->...": ((2, 3, 4), (3, 4)), "a...,...->a...": ((2, 3), (3,)), "...,...": ((3,), (2, 3))}
    rng = np.random.RandomState(0)
    arrays = [rng.standard_normal(shape) for shape in shapes.get(equation, ((2, 3, 4),))]
    np.testing.assert_allclose(
        cr.einsum(equation, *map(cr.tensor, arrays)).numpy(), np.einsum(equation, *arrays), strict=True
    )


def test_operands_may_come_as_a_list_and_dtypes_are_promoted():
    a, b = cr.ones(2, 3), cr.ones(3, 2, dtype=cr.float64)
    assert cr.einsum("ij,jk", [a, b]).dtype == cr.float64
    assert cr.einsum("ij->j", cr.tensor([[1, 2], [3, 4]])).tolist() == [4, 6]


@pytest.mark.parametrize(
    ("equation", "shapes", "error"),
    [
        ("ij,jk->ik", ((2, 3),), ArgumentError),
        ("ij->ij", ((2, 3, 4),), ArgumentError),
        ("ij->k", ((2, 3),), ArgumentError),
        ("ij->ii", ((2, 3),), ArgumentError),
        ("i1->i", ((2, 3),), ArgumentError),
        ("ij,jk->ik", ((2, 3), (4, 5)), ShapeError),
        ("ii->i", ((2, 3),), ShapeError),
    ],
)
def test_what_does_not_fit(equation, shapes, error):
    with pytest.raises(error):
        cr.einsum(equation, *[cr.ones(shape) for shape in shapes])
