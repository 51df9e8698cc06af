"""What may be given to a compiled function, and what comes back."""

from typing import NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, GradientError, SideEffectError
from tests.jit.steps import close, versions


def test_trees_of_tensors_go_in_and_come_out():
    @cr.jit
    def f(batch, *rest, scale):
        return {"sum": batch["a"] + batch["b"][0] * scale, "rest": [r * 2 for r in rest], "text": "ok", "none": None}

    a, b, c = cr.tensor([1.0, 2.0]), cr.tensor([3.0, 4.0]), cr.tensor(5.0)
    out = f({"a": a, "b": (b,)}, c, c, scale=2)
    assert out["sum"].tolist() == [7, 10]
    assert [r.tolist() for r in out["rest"]] == [10, 10]
    assert (out["text"], out["none"]) == ("ok", None)
    assert f({"a": a, "b": (b,)}, c, c, scale=3)["sum"].tolist() == [10, 14]
    assert f({"a": a, "b": [b]}, c, c, scale=3)["sum"].tolist() == [10, 14]
    assert versions(f) == 3


def test_a_named_tuple_comes_back_as_one():
    class Pair(NamedTuple):
        first: cr.Tensor
        second: int

    pair = cr.jit(lambda x: Pair(x + 1, 7))(cr.tensor(1.0))
    assert isinstance(pair, Pair)
    assert (pair.first.item(), pair.second) == (2, 7)


def test_arrays_become_tensors_and_are_read_anew_at_each_call():
    @cr.jit
    def f(x):
        assert isinstance(x, cr.Tensor)
        return x * 2

    x = np.arange(6.0).reshape(2, 3)
    assert f(x).dtype == np.float64
    x += 1
    assert (f(x).numpy() == x * 2).all()
    assert (f(x.T).numpy() == x.T * 2).all()
    x += 1
    assert (f(x.T).numpy() == x.T * 2).all()
    assert (f(np.broadcast_to(x[:1], (2, 3))).numpy() == x[:1] * 2).all()
    x.flags.writeable = False
    assert (f(x).numpy() == x * 2).all()
    assert versions(f) == 2


def test_shapes_dtypes_and_empty_tensors():
    @cr.jit
    def f(x):
        return x.sum(), x * 2

    for x in (cr.zeros(0, 3), cr.ones(2, 3), cr.ones(2, 3).double(), cr.ones(2, 3).long(), cr.tensor(True)):
        total, doubled = f(x)
        assert total.item() == x.sum().item()
        assert (doubled.shape, doubled.dtype) == (x.shape, (x * 2).dtype)
    assert versions(f) == 5


def test_views_are_read_as_they_are():
    data = cr.arange(24.0).reshape(4, 6)
    f = cr.jit(lambda x: x + 0)
    for part in (data[:2], data[2:], data.T[:6:3].T[:2], data[1:3, ::3]):
        assert (f(part).numpy() == part.numpy()).all()


def test_other_python_values_are_known_while_tracing():
    @cr.jit
    def power(x, n, name="a"):
        return x**n if name == "a" else x

    x = cr.tensor(3.0)
    assert [power(x, n).item() for n in (1, 2, 2, 1)] == [3, 9, 9, 3]
    assert power(x, True).item() == 3
    assert power(x, 2, name="b").item() == 3
    assert versions(power) == 4


def test_what_cannot_be_hashed_is_an_error():
    with pytest.raises(ArgumentError, match="neither a tensor nor"):
        cr.jit(lambda x, s: x)(cr.tensor(1.0), {1, 2})


def test_methods():
    class Scaler:
        def __init__(self, factor):
            self.factor = factor
            self.seen = cr.tensor(0)

        @cr.jit
        def scale(self, x):
            self.seen.add_(1)
            return x * self.factor

    two, three = Scaler(2), Scaler(3)
    x = cr.tensor([1.0])
    assert [two.scale(x).item(), three.scale(x).item(), two.scale(x).item()] == [2, 3, 2]
    assert (two.seen.item(), three.seen.item()) == (2, 1)
    two.factor = 5
    assert two.scale(x).item() == 5


def test_a_module_is_an_argument_by_identity():
    @cr.jit
    def step(model, x):
        return model(x)

    models = [cr.nn.Linear(2, 2), cr.nn.Linear(2, 2)]
    x = cr.ones(1, 2)
    for model in (*models, *models):
        close(step(model, x).detach().numpy(), model(x).detach().numpy())
    assert versions(step) == 2


def test_the_same_tensor_twice():
    @cr.jit
    def f(x, y):
        y.add_(1)
        return x + y

    a, b = cr.tensor([1.0]), cr.tensor([1.0])
    assert f(a, b).item() == 3
    assert (a.item(), b.item()) == (1, 2)
    assert f(a, a).item() == 4
    assert a.item() == 2
    assert f(a, b).item() == 5
    assert versions(f) == 2


def test_an_argument_that_the_function_reaches_by_itself():
    w = cr.tensor([1.0, 2.0])

    @cr.jit
    def f(x):
        w.mul_(2)
        return x + w

    other = cr.tensor([10.0, 10.0])
    assert f(w).tolist() == [4, 8]
    assert f(other).tolist() == [14, 18]
    assert f(w).tolist() == [16, 32]
    assert w.tolist() == [8, 16]
    assert f(other).tolist() == [26, 42]
    assert versions(f) == 2


def test_arguments_changed_in_place():
    @cr.jit
    def f(x, y):
        x[0] = y
        y.zero_()

    for _ in range(2):
        x, y = cr.ones(3), cr.tensor(5.0)
        before = x.detach()
        f(x, y)
        assert x.tolist() == [5, 1, 1]
        assert y.item() == 0
        assert before.tolist() == [1, 1, 1]


def test_a_part_that_is_changed_in_place_is_an_error():
    x = cr.ones(4)
    f = cr.jit(lambda part: part.add_(1))
    f(cr.ones(2))
    with pytest.raises(SideEffectError, match="part of another tensor"):
        f(x[:2])
    assert x.tolist() == [1, 1, 1, 1]


def test_gradients_of_arguments():
    @cr.jit
    def f(x):
        loss = (x**2).sum()
        loss.backward()
        return loss

    for value in (1.0, 2.0):
        x = cr.tensor([value, 3.0], requires_grad=True)
        f(x)
        assert x.grad.tolist() == [2 * value, 6]
        f(x)
        assert x.grad.tolist() == [4 * value, 12]
    assert versions(f) == 2


def test_an_argument_that_was_computed_from_others():
    w = cr.tensor(2.0, requires_grad=True)
    f = cr.jit(lambda x: x * 2)
    assert f(w * 3).item() == 12

    def back(x):
        (x * 2).backward()

    with pytest.raises(GradientError, match="computed on the other side"):
        cr.jit(back)(w * 3)
    assert w.grad is None


def test_results_that_are_arguments_or_state():
    w = cr.tensor([1.0])
    f = cr.jit(lambda x, a: (x, w, x, a))
    x = cr.tensor([2.0])
    for _ in range(2):
        first, second, third, array = f(x, np.ones(1))
        assert first is x
        assert second is w
        assert third is x
        assert array.tolist() == [1]


def test_the_same_result_twice_and_values_that_stay():
    w = cr.tensor([1.0])

    @cr.jit
    def f(x):
        y = x + w
        w.add_(1)
        return y, y, w.detach(), cr.zeros(2), cr.ones(2000) * x

    results = [f(cr.tensor([float(i)])) for i in range(3)]
    for i, (first, second, state, zeros, large) in enumerate(results):
        assert first is second
        assert first.item() == 2 * i + 1
        assert state.item() == i + 2
        assert zeros.tolist() == [0, 0]
        assert (large.numpy() == i).all()
    results[0][3].add_(1)
    assert f(cr.tensor([1.0]))[3].tolist() == [0, 0]


def test_results_lead_no_derivatives_out():
    w = cr.tensor(2.0, requires_grad=True)
    y = cr.jit(lambda x: w * x)(cr.tensor(3.0))
    assert y.requires_grad
    for ask in (y.backward, (y * 2).backward, lambda: cr.autograd.grad(y, w)):
        with pytest.raises(GradientError, match="compiled function"):
            ask()
    with pytest.raises(GradientError, match="compiled function"):
        cr.grad(cr.jit(lambda x: x**2))(cr.tensor(3.0))
    assert cr.jit(cr.grad(lambda x: x**2))(cr.tensor(3.0)).item() == 6
    with cr.no_grad():
        assert not cr.jit(lambda x: w * x)(cr.tensor(3.0)).requires_grad


def test_an_argument_that_lies_in_the_memory_of_another_program():
    w = cr.tensor([1.0])
    grow, double = cr.jit(lambda: w.add_(1)), cr.jit(lambda x: x * 2)
    found = []
    for look in (False, False, True, True, False, False):
        grow()
        found.append(double(w).item())
        if look:
            found.append(w.item())
    assert found == [4, 6, 8, 4, 10, 5, 12, 14]
