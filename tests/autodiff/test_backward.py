import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import FreedGraphError, GradientError, ShapeError


def variable(*values: float) -> cr.Tensor:
    return cr.tensor(values if len(values) > 1 else values[0], dtype=cr.float64, requires_grad=True)


def test_the_first_example_of_every_tutorial():
    x = cr.tensor(2.0, requires_grad=True)
    y = x**2 + 3 * x + 1
    y.backward()
    assert x.grad.item() == 7


def test_gradients_add_up_until_they_are_taken_away():
    x = variable(3.0)
    (x * x).backward()
    (x * x).backward()
    assert x.grad.item() == 12
    x.grad = None
    (x * 2).backward()
    assert x.grad.item() == 2
    x.grad.zero_()
    (x * 5).backward()
    assert x.grad.item() == 5


def test_a_value_used_twice_gets_both_gradients():
    x = variable(2.0)
    a = x * 3
    b = a * a
    c = a + b
    (b * c).backward()
    # b c = a²(a + a²) = a³ + a⁴, with a = 3x
    assert x.grad.item() == 3 * (3 * 6**2 + 4 * 6**3)


def test_each_of_two_inputs_has_its_own_gradient_to_change():
    a, b = variable(1.0), variable(2.0)
    (a + b).backward()
    a.grad.mul_(10)
    assert (a.grad.item(), b.grad.item()) == (10, 1)


def test_the_gradient_given_is_not_the_one_kept():
    x, g = variable(1.0, 2.0), cr.tensor([1.0, 1.0], dtype=cr.float64)
    (x * 1).backward(g)
    x.grad.zero_()
    assert g.tolist() == [1, 1]


def test_several_numbers_need_a_gradient():
    x = variable(1.0, 2.0)
    with pytest.raises(GradientError, match=r"single number[\s\S]*shape \(2,\)"):
        (x * x).backward()
    (x * x).backward(cr.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 40]
    assert x.grad.dtype == cr.float64
    with pytest.raises(ShapeError, match=r"expected: +\(2,\)"):
        (x * x).backward(cr.ones(3))


def test_a_tensor_of_one_element_needs_none():
    x = variable(3.0)
    (x * x).reshape(1, 1).backward()
    assert x.grad.item() == 6


def test_backward_where_nothing_requires_it():
    with pytest.raises(GradientError, match="requires_grad=True"):
        cr.tensor(1.0).backward()
    with cr.no_grad():
        y = variable(1.0) * 2
    with pytest.raises(GradientError, match="no_grad"):
        y.backward()


def test_integers_cannot_require_a_gradient():
    with pytest.raises(GradientError, match="floating"):
        cr.tensor(1, requires_grad=True)
    with pytest.raises(GradientError, match="floating"):
        cr.tensor([True]).requires_grad_()


def test_a_second_walk_needs_what_the_first_has_freed():
    x = variable(3.0)
    y = x * x
    y.backward()
    with pytest.raises(FreedGraphError, match="retain_graph"):
        y.backward()
    z = y * 2
    with pytest.raises(FreedGraphError):
        z.backward()
    assert x.grad.item() == 6


def test_retain_graph_keeps_it():
    x = variable(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 18


def test_a_part_that_two_losses_share_is_freed_by_the_first():
    x = variable(1.0)
    shared = x.exp()
    first, second = shared * 2, shared * 3
    first.backward()
    with pytest.raises(FreedGraphError):
        second.backward()


def test_create_graph_makes_gradients_that_can_be_differentiated():
    x = variable(2.0)
    (x**3).backward(create_graph=True)
    first = x.grad
    assert first.requires_grad
    x.grad = None
    first.backward()
    assert x.grad.item() == 12


def test_what_a_result_was_computed_from_is_forgotten_after_backward():
    x = variable(1.0)
    middle = x * 2
    node = weakref.ref(middle.node)
    y = middle * 3
    del middle
    assert node() is not None
    y.backward()
    gc.collect()
    assert node() is None


def test_after_backward_a_result_is_still_no_leaf():
    x = variable(2.0)
    y = x * x
    y.backward()
    assert x.is_leaf
    assert not y.is_leaf
    with pytest.raises(GradientError, match="detach"):
        y.requires_grad_(False)


def test_ten_thousand_operations_in_a_row():
    x = variable(1.0)
    y = x
    for _ in range(10_000):
        y = y + 0.5 * x
    y.backward()
    assert x.grad.item() == 5001
    del y


def test_a_deep_chain_is_taken_apart_without_recursion():
    y = variable(1.0)
    for _ in range(50_000):
        y = -y
    assert y.item() == 1
    del y


def test_inputs_that_are_not_used_get_no_gradient():
    x, unused = variable(1.0), variable(2.0)
    (x * 2).backward()
    assert unused.grad is None


def test_derivatives_stop_at_detach():
    x = variable(3.0)
    (x.detach() * x).backward()
    assert x.grad.item() == 3


def test_operations_without_a_derivative_give_zero_or_nothing():
    x = variable(1.5, 2.5)
    (x.floor() + x).sum().backward()
    assert x.grad.tolist() == [1, 1]
    flat = variable(1.5, 2.5)
    flat.sign().sum().backward()
    assert flat.grad.tolist() == [0, 0]
    assert not x.argmax().requires_grad
    assert not (x > 2).requires_grad
    assert not x.long().requires_grad


def test_mixed_precision_gives_each_input_its_own_dtype():
    single, double = cr.tensor([1.0, 2.0], requires_grad=True), variable(3.0, 4.0)
    (single * double).sum().backward()
    assert (single.grad.dtype, double.grad.dtype) == (cr.float32, cr.float64)
    whole = cr.tensor([1, 2])
    (whole * single).sum().backward()
    assert single.grad.tolist() == [4, 6]


def test_a_gradient_must_fit_its_tensor():
    x = variable(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"expected: +\(2,\), float64"):
        x.grad = cr.ones(3, dtype=cr.float64)
    with pytest.raises(ShapeError, match="float32"):
        x.grad = cr.ones(2)


def test_a_training_loop_by_hand_descends():
    generator = cr.Generator(0)
    x = cr.randn(64, 3, generator=generator)
    truth = cr.tensor([[1.0], [-2.0], [0.5]])
    w, b = cr.zeros(3, 1, requires_grad=True), cr.zeros(1, requires_grad=True)
    for _ in range(200):
        loss = ((x @ w + b - (x @ truth + 3)) ** 2).mean()
        loss.backward()
        with cr.no_grad():
            for parameter in (w, b):
                parameter -= 0.1 * parameter.grad
                parameter.grad = None
    np.testing.assert_allclose(w.detach().numpy(), truth.numpy(), atol=1e-4)
    np.testing.assert_allclose(b.item(), 3, atol=1e-4)
    assert w.requires_grad
    assert w.is_leaf
