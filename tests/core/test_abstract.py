import pytest

import chainrule as cr
from chainrule.core.abstract import shapes_only
from chainrule.errors import InPlaceError, ShapeError, UntracedValueError


def test_a_whole_step_runs_without_values_and_leaves_no_trace():
    w = cr.ones(3, 2, requires_grad=True)
    moment = cr.zeros(3, 2)
    cr.manual_seed(5)
    with shapes_only():
        x = cr.rand(4, 3)
        loss = ((x @ w).softmax(1)[:, 0] ** 2).mean()
        loss.backward()
        assert w.grad.shape == (3, 2)
        with cr.no_grad():
            moment.mul_(0.9).add_(w.grad)
            w.sub_(0.1 * moment)
        assert loss.shape == ()
    assert w.grad is None
    assert w.tolist() == [[1, 1]] * 3
    assert moment.tolist() == [[0, 0]] * 3
    after = cr.rand(2)
    cr.manual_seed(5)
    assert (cr.rand(2) == after).all()


def test_parts_are_restored_too():
    x = cr.zeros(2, 2)
    part = x[0]
    with shapes_only():
        part.add_(1)
    part.add_(1)
    assert x.tolist() == [[1, 1], [0, 0]]


def test_what_was_restored_can_be_used_and_changed():
    w = cr.ones(2, requires_grad=True)
    y = w * w
    with shapes_only(), cr.no_grad():
        w.add_(1)
    y.sum().backward()
    assert w.grad.tolist() == [2, 2]
    with cr.no_grad():
        w.add_(1)
    with pytest.raises(InPlaceError):
        (z := w * w, w.data.add_(1), z)[2].sum().backward()


def test_values_cannot_be_asked_for():
    with shapes_only():
        x = cr.ones(2) * 2
        for ask in (x.sum().item, x.numpy, x.tolist, lambda: bool(x.sum() > 0), lambda: float(x.sum())):
            with pytest.raises(UntracedValueError, match="only shapes"):
                ask()
        assert repr(x) == "tensor(shape=(2,), dtype=float32)"
        assert f"{x.sum()}" == "tensor(shape=(), dtype=float32)"


def test_shapes_that_do_not_fit_are_errors_there_too():
    with shapes_only(), pytest.raises(ShapeError):
        cr.ones(2, 3) @ cr.ones(2, 3)


def test_errors_within_leave_everything_as_it_was():
    w = cr.ones(2)

    def fails():
        with shapes_only():
            w.add_(1)
            w @ cr.ones(3)

    with pytest.raises(ShapeError):
        fails()
    assert w.tolist() == [1, 1]


def test_a_listener_hears_of_every_operation():
    heard = []
    with shapes_only(lambda primitive, inputs, params, out: heard.append((primitive.name, out.shape))):
        cr.ones(2, 3) @ cr.ones(3, 4)
    assert heard == [("matmul", (2, 4))]
