import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import FreedGraphError, GradientError, ShapeError


def test_gives_gradients_and_leaves_grad_alone():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    w = cr.tensor(3.0, requires_grad=True)
    middle = x * w
    gx, gw, gm = cr.autograd.grad((middle * middle).sum(), [x, w, middle])
    np.testing.assert_allclose(gx.numpy(), [18.0, 36.0])
    assert gw.item() == 30.0
    np.testing.assert_allclose(gm.numpy(), [6.0, 12.0])
    assert x.grad is None
    assert w.grad is None


def test_second_derivative_and_several_outputs():
    x = cr.tensor(2.0, requires_grad=True)
    (first,) = cr.autograd.grad([x**3, x**2], x, create_graph=True)
    assert first.item() == 16.0
    assert cr.autograd.grad(first, x)[0].item() == 14.0


def test_gradient_of_outputs_that_are_no_numbers():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    (g,) = cr.autograd.grad(x * x, x, grad_outputs=cr.tensor([1.0, 10.0]))
    np.testing.assert_allclose(g.numpy(), [2.0, 40.0])


def test_unused_inputs():
    x, other = cr.tensor(1.0, requires_grad=True), cr.tensor(1.0, requires_grad=True)
    with pytest.raises(GradientError, match="do not depend"):
        cr.autograd.grad(x * 2, [x, other])
    assert cr.autograd.grad(x * 2, [x, other], allow_unused=True)[1] is None
    with pytest.raises(GradientError, match="requires no gradient"):
        cr.autograd.grad(x * 2, cr.tensor(1.0))
    with pytest.raises(ShapeError, match="one gradient for each"):
        cr.autograd.grad([x * 2, x * 3], x, grad_outputs=[None])


def test_frees_unless_told_to_keep():
    x = cr.tensor(1.0, requires_grad=True)
    y = x.exp()
    cr.autograd.grad(y, x, retain_graph=True)
    cr.autograd.grad(y, x)
    with pytest.raises(FreedGraphError):
        cr.autograd.grad(y, x)


def test_each_input_has_its_own_gradient_and_a_flat_way_gives_zero():
    a, b = cr.tensor(1.0, requires_grad=True), cr.tensor(2.5, requires_grad=True)
    first, second = cr.autograd.grad(a + b, (a, b))
    first.mul_(10)
    assert (first.item(), second.item()) == (10, 1)
    assert cr.autograd.grad(b.floor(), b)[0].item() == 0
