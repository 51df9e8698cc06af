import gc
import weakref

import pytest

import chainrule as cr
from chainrule.errors import GradientError, ShapeError


def test_a_hook_sees_the_gradient_and_may_replace_it():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.sum().backward()
    assert seen == [[1, 1], [10, 10]]
    assert x.grad.tolist() == [30, 30]


def test_a_hook_sees_the_whole_gradient_once():
    x = cr.tensor(2.0, requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    (y * y + y).backward()
    assert seen == [13]


def test_hooks_on_leaves_stay_from_step_to_step():
    w = cr.tensor([1.0], requires_grad=True)
    handle = w.register_hook(lambda g: g * 0.5)
    for expected in (0.5, 0.5):
        (w * 1).sum().backward()
        assert w.grad.item() == expected
        with cr.no_grad():
            w.sub_(w.grad)
        w.grad = None
    handle.remove()
    handle.remove()
    (w * 1).sum().backward()
    assert w.grad.item() == 1


def test_a_hook_that_changes_its_gradient_in_place_changes_its_own_only():
    a, b = cr.tensor(1.0, requires_grad=True), cr.tensor(1.0, requires_grad=True)
    a.register_hook(lambda g: g.mul_(100))
    (a + b).backward()
    assert (a.grad.item(), b.grad.item()) == (100, 1)


def test_a_hook_cannot_change_the_shape():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(ShapeError, match=r"expected: +\(2,\)"):
        x.sum().backward()


def test_hooks_need_a_gradient_to_come():
    with pytest.raises(GradientError, match="requires_grad"):
        cr.ones(2).register_hook(print)
    with pytest.raises(GradientError, match="requires_grad"):
        cr.ones(2).retain_grad()


def test_retain_grad_keeps_the_gradient_of_what_was_computed():
    x = cr.tensor(2.0, requires_grad=True)
    y = x * x
    y.retain_grad()
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    (3 * y).backward()
    assert y.grad.item() == 6
    assert x.grad.item() == 24


def test_without_retain_grad_it_is_not_kept():
    x = cr.tensor(2.0, requires_grad=True)
    y = x * x
    (3 * y).backward()
    assert y.grad is None


def test_retain_grad_adds_up_like_any_gradient():
    x = cr.tensor(2.0, requires_grad=True)
    y = x * x
    y.retain_grad()
    z = y * 3
    z.backward(retain_graph=True)
    z.backward()
    assert y.grad.item() == 6


def test_retain_grad_does_not_keep_the_tensor_alive():
    x = cr.tensor(2.0, requires_grad=True)
    gc.disable()
    try:
        y = x * x
        y.retain_grad()
        node = weakref.ref(y.node)
        del y
        assert node() is None
    finally:
        gc.enable()
