"""Everything that derivatives can do, within a compiled function."""

import pytest

import chainrule as cr
from chainrule.errors import FreedGraphError
from tests.jit.steps import close, copied

X = cr.tensor([[0.5, -1.0], [2.0, 0.25], [1.5, -0.5]])


def layer():
    cr.manual_seed(0)
    return cr.nn.Linear(2, 2)


def retained(x):
    model = layer()
    h = model(x)
    h.retain_grad()
    (h**2).sum().backward()
    return h.grad


def hooked(x):
    model = layer()
    h = model(x)
    seen = []
    h.register_hook(lambda g: seen.append(g) or g * 2)
    h.tanh().sum().backward()
    return seen[0], model.weight.grad


def hooked_module(x):
    model = cr.nn.Sequential(layer(), cr.nn.Tanh(), layer())
    seen = []
    model[1].register_full_backward_hook(lambda module, gin, gout: seen.append((gin[0], gout[0])))
    model(x).sum().backward()
    return seen, model[0].weight.grad


def twice(x):
    model = layer()
    loss = model(x).sin().sum()
    loss.backward(retain_graph=True)
    loss.backward()
    return model.weight.grad


def cut_off(x):
    model = layer()
    with cr.no_grad():
        h = model(x)
    (model(h.detach()) * model(x).data).sum().backward()
    return model.weight.grad


def in_place(x):
    model = layer()
    h = model(x)
    h[0] = 1.0
    h.mul_(h.detach())
    row = h[1]
    row.add_(5)
    h.sum().backward()
    return h, model.weight.grad


def transformed(x):
    w = layer().weight.detach()

    def loss(v):
        return (x @ v).tanh().sum()

    value, pull_back = cr.vjp(loss, w)
    moved = cr.jvp(loss, (w,), (w * 2,))
    return value, pull_back(cr.tensor(2.0)), moved, cr.hessian(loss)(w), cr.jacobian(lambda v: x @ v)(w)


def of_a_gradient(x):
    w = cr.nn.Parameter(layer().weight.detach())
    (g,) = cr.autograd.grad((x @ w).exp().sum(), w, create_graph=True)
    (g**2).sum().backward()
    return w.grad


@pytest.mark.parametrize(
    "function", [retained, hooked, hooked_module, twice, cut_off, in_place, transformed, of_a_gradient]
)
def test_as_eagerly(function):
    compiled = cr.jit(function)
    for x in (X, X * 0.5):
        close(copied(compiled(x)), copied(function(x)))


def test_backward_a_second_time_is_an_error_there_too():
    def f(x):
        loss = layer()(x).sum()
        loss.backward()
        loss.backward()

    with pytest.raises(FreedGraphError):
        cr.jit(f)(X)


def test_gradient_mode_within():
    w = cr.tensor([1.0, 2.0], requires_grad=True)

    @cr.jit
    def f(x):
        with cr.no_grad():
            a = x @ w
            with cr.enable_grad():
                b = x @ w
        return a.requires_grad, b.requires_grad, b

    with cr.no_grad():
        assert f(X)[:2] == (False, True)
    assert f(X)[:2] == (False, True)
