import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.errors import ShapeError


def draw(*shape):
    return cr.tensor(np.random.RandomState(0).standard_normal(shape))


def test_second_derivatives():
    assert cr.gradcheck(F.linear, [draw(2, 3), draw(4, 3), draw(4)], order=2)
    assert cr.gradcheck(F.normalize, draw(2, 3), order=2)
    assert cr.gradcheck(F.cosine_similarity, [draw(4, 3), draw(4, 3) + 1], order=2)


def test_vectors_of_zero_have_no_direction_and_no_nan():
    x = cr.zeros(2, 3, requires_grad=True)
    y = F.cosine_similarity(x, cr.ones(2, 3))
    y.sum().backward()
    assert y.tolist() == [0.0, 0.0]
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(
    ("x", "w", "b"),
    [((2, 3), (4, 5), None), ((), (4, 3), None), ((2, 3), (4, 3, 1), None), ((2, 3), (4, 3), (3,)), ((3,), (), None)],
)
def test_linear_says_what_does_not_fit(x, w, b):
    with pytest.raises(ShapeError, match=r"linear: .*does not fit"):
        F.linear(cr.zeros(x), cr.zeros(w), None if b is None else cr.zeros(b))
