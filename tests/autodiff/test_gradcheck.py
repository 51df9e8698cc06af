import numpy as np
import pytest

import chainrule as cr
from chainrule.core.primitive import PRIMITIVES
from chainrule.errors import DTypeError, GradientError
from chainrule.ops.elementwise import Unary


@pytest.fixture
def made():
    """Makes primitives that are forgotten after the test."""
    names = []

    def make(name, *rules):
        names.append(name)
        return Unary(name, *rules)

    yield make
    for name in names:
        del PRIMITIVES[name]


def test_finds_a_wrong_derivative(made):
    wrong = made("wrong square", np.square, lambda g, y, x: g * x)
    with pytest.raises(GradientError) as caught:
        cr.gradcheck(wrong, cr.tensor([1.0, 3.0], dtype=cr.float64))
    assert "input 0, element (0,)" in str(caught.value)
    assert "2 of 2 differ" in str(caught.value)


def test_finds_a_wrong_second_derivative(made):
    # The first derivative is right in value, but cut off: the second would be 0.
    cut_off = made("cut-off cube", lambda x: x**3, lambda g, y, x: g * (3 * x * x).detach())
    x = cr.tensor([1.0, 3.0], dtype=cr.float64)
    assert cr.gradcheck(cut_off, x)
    with pytest.raises(GradientError, match="second derivative"):
        cr.gradcheck(cut_off, x, order=2)


def test_finds_a_derivative_that_is_missing(made):
    constant = made("constant square", np.square, None)
    with pytest.raises(GradientError):
        cr.gradcheck(lambda x: constant(x) + x, cr.tensor([2.0], dtype=cr.float64))


def test_names_the_input():
    x, y = (cr.tensor([v], dtype=cr.float64) for v in (1.0, 2.0))
    with pytest.raises(GradientError, match="input 2"):
        cr.gradcheck(lambda x, i, y: x * y.detach(), [x, cr.tensor([1]), y])


def test_takes_several_inputs_and_results():
    x, y = cr.tensor([1.0, 2.0], dtype=cr.float64), cr.tensor(3.0, dtype=cr.float64)
    assert cr.gradcheck(lambda x, i, y: [x * y, {"a": x.take(i)}, i, "text"], [x, cr.tensor([1, 0]), y], order=2)


def test_needs_double_precision_and_something_to_check():
    with pytest.raises(DTypeError, match=r"x\.double\(\)"):
        cr.gradcheck(cr.exp, cr.ones(2))
    with pytest.raises(GradientError, match="float64 input"):
        cr.gradcheck(cr.sum, cr.tensor([1, 2]))
    with pytest.raises(GradientError, match="no floating tensor"):
        cr.gradcheck(cr.argmax, cr.ones(2, dtype=cr.float64))
