"""What a traced function cannot do: the error names the user's line, and nothing has been changed."""

import inspect

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import (
    DataDependentShapeError,
    GradientError,
    InPlaceError,
    LeakedTensorError,
    ShapeError,
    SideEffectError,
    UntracedValueError,
)


def here(offset=0):
    frame = inspect.currentframe().f_back
    return f"test_errors.py:{frame.f_lineno + offset}"


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x.sum().item(),
        lambda x: 1 if (x > 0).all() else 0,
        lambda x: float(x.sum()),
        lambda x: int(x.sum()),
        lambda x: x.numpy(),
        lambda x: x.tolist(),
        lambda x: np.asarray(x),
        lambda x: list(range(5))[x.long()[0]],
        lambda x: 3 in x,
        lambda x: cr.tensor(x),
    ],
)
def test_values_of_traced_tensors(ask):
    w = cr.tensor([1.0])

    def f(x):
        w.add_(1)
        return ask(x)

    with pytest.raises(UntracedValueError, match="while the function is traced") as caught:
        cr.jit(f)(cr.tensor([1.0, 2.0]))
    assert caught.value.where == f"test_errors.py:{ask.__code__.co_firstlineno}"
    assert w.item() == 1


@pytest.mark.parametrize(
    "ask", [lambda x: x[x > 0], cr.nonzero, lambda x: x.masked_select(x > 0), lambda x: cr.one_hot(x.long())]
)
def test_shapes_that_depend_on_values(ask):
    with pytest.raises(DataDependentShapeError, match="shape of the result"):
        cr.jit(lambda x: ask(x))(cr.tensor([1.0, 2.0]))


def test_printing_shows_the_shape():
    shown = []

    @cr.jit
    def f(x):
        shown.extend([repr(x * 2), f"{x.sum()}"])
        return x

    with pytest.raises(SideEffectError):
        f(cr.tensor([1.0]))
    assert shown == ["tensor(shape=(1,), dtype=float32)", "tensor(shape=(), dtype=float32)"]


def test_an_attribute_that_is_set():
    class Counting(cr.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = cr.nn.Linear(2, 2)
            self.calls = 0
            self.last = None

        def forward(self, x):
            self.calls += 1
            return self.linear(x)

    model = Counting()
    line = inspect.getsourcelines(Counting.forward)[1] + 1
    with pytest.raises(SideEffectError) as caught:
        cr.jit(lambda x: model(x))(cr.ones(1, 2))
    assert caught.value.where == f"test_errors.py:{line}"
    assert "'calls' of Counting" in str(caught.value)

    @cr.jit
    def keep(x):
        model.last = model.linear(x)
        return model.last

    with pytest.raises(SideEffectError, match="'last' of Counting") as caught:
        keep(cr.ones(1, 2))
    assert caught.value.where == here(-5)


def test_globals_variables_lists_and_objects():
    total, losses = 0, []

    class Holder:
        loss = None

    holder = Holder()
    holder.loss = 1

    def count(x):
        nonlocal total
        total += 1
        return x

    def collect(x):
        losses.append(x * 2)
        return x

    def keep(x):
        holder.loss = x * 2
        return x

    for function, word in ((count, "variable 'total'"), (collect, "losses"), (keep, "holder.loss")):
        with pytest.raises(SideEffectError, match=word):
            cr.jit(function)(cr.tensor(1.0))


def test_a_schedule_within_is_an_error():
    w = cr.tensor([1.0], requires_grad=True)
    optimizer = cr.optim.SGD([w], lr=0.1)
    schedule = cr.optim.lr_scheduler.StepLR(optimizer, 1)

    @cr.jit
    def step():
        (w * 2).sum().backward()
        optimizer.step()
        schedule.step()

    with pytest.raises(SideEffectError, match="last_epoch"):
        step()
    assert (w.item(), w.grad, optimizer.lr) == (1, None, 0.1)


def test_a_tensor_that_leaked_out():
    box = cr.nn.Module()

    @cr.jit
    def f(x):
        box.h = x * 2
        return x

    line = here(-3)
    with pytest.raises(SideEffectError):
        f(cr.tensor(1.0))
    for use in (lambda: box.h + 1, lambda: box.h.item(), lambda: cr.jit(lambda: box.h * 2)()):
        with pytest.raises(LeakedTensorError) as caught:
            use()
        assert caught.value.where == f"made at {line}"
    assert repr(box.h) == "tensor(shape=(), dtype=float32)"


def test_backward_through_what_was_computed_before():
    w = cr.tensor(2.0, requires_grad=True)
    loss = w * w

    @cr.jit
    def step():
        loss.backward()

    with pytest.raises(GradientError, match="before the compiled function was called"):
        step()
    assert w.grad is None
    loss.backward()
    assert w.grad.item() == 4


def test_values_changed_in_place_too_early():
    w = cr.tensor([2.0], requires_grad=True)

    @cr.jit
    def f(x):
        y = x * w
        x.add_(1)
        y.sum().backward()

    with pytest.raises(InPlaceError):
        f(cr.tensor([1.0]))


def test_a_trace_that_fails_changes_nothing():
    model = cr.nn.Sequential(cr.nn.Linear(2, 2), cr.nn.BatchNorm1d(2), cr.nn.Dropout(0.5))
    optimizer = cr.optim.Adam(model.parameters())
    cr.manual_seed(0)

    @cr.jit
    def step(x):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
        return x @ cr.ones(7)

    before = [value.numpy() for value in model.state_dict().values()]
    with pytest.raises(ShapeError):
        step(cr.randn(4, 2))
    for value, old in zip(model.state_dict().values(), before, strict=True):
        assert (value.numpy() == old).all()
    assert all(p.grad is None for p in model.parameters())
    assert all((moment == 0).all() for moments in optimizer.state.values() for moment in moments.values())
    cr.manual_seed(0)
    cr.randn(4, 2)
    first = cr.rand(1).item()
    cr.manual_seed(0)
    with pytest.raises(ShapeError):
        step(cr.randn(4, 2))
    assert cr.rand(1).item() == first


def test_a_dtype_cannot_be_changed():
    model = cr.nn.Linear(2, 2)
    with pytest.raises(SideEffectError, match="dtype"):
        cr.jit(lambda: model.double())()
    assert model.weight.dtype == np.float32
