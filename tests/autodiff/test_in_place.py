"""Changes in place: an error where a derivative needs the old value, as in PyTorch, and never a wrong gradient."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError, FreedGraphError, InPlaceError, ShapeError


def leaf(*values: float) -> cr.Tensor:
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


def test_a_leaf_is_changed_under_no_grad_only():
    w = leaf(1.0, 2.0)
    for change in (lambda: w.add_(1), lambda: w.zero_(), lambda: w[0].fill_(1)):
        with pytest.raises(InPlaceError, match="no_grad"):
            change()
    with pytest.raises(InPlaceError):
        w[0] = 5.0
    assert w.tolist() == [1, 2]
    with cr.no_grad():
        w += 1
        w[0] = 7
    assert w.tolist() == [7, 3]
    assert w.requires_grad
    assert w.is_leaf


def test_gradients_arrive_after_a_leaf_has_been_changed():
    w = leaf(1.0, 2.0)
    (w * w).sum().backward()
    with cr.no_grad():
        w.sub_(w.grad)
    w.grad = None
    (w * w).sum().backward()
    assert w.tolist() == [-1, -2]
    assert w.grad.tolist() == [-2, -4]


# Each changes a value that the derivative of the operation needs: PyTorch has an error in these places.
NEEDED = {
    "the result of exp": lambda x: (y := x.exp(), y.add_(1), y)[-1],
    "the result of sqrt": lambda x: (y := x.sqrt(), y.mul_(2), y)[-1],
    "the result of tanh": lambda x: (y := x.tanh(), z := y * 3, y.zero_(), z)[1],
    "a factor": lambda x: (a := x * 2, y := a * x, a.add_(1), y)[1],
    "the divisor": lambda x: (a := x + 2, y := x / a, a.add_(1), y)[1],
    "the base": lambda x: (a := x + 2, y := a**3, a.add_(1), y)[1],
    "the argument of log": lambda x: (a := x + 2, y := a.log(), a.add_(1), y)[1],
    "the argument of sin": lambda x: (a := x + 2, y := a.sin(), a.add_(1), y)[1],
    "a part of a factor": lambda x: (a := x * 2, y := a * x, a[0].fill_(0), y)[1],
    "an element of a factor": lambda x: (a := x * 2, y := a * x, a.__setitem__(0, 0.0), y)[1],
    "a matrix": lambda x: (a := (x * 2).reshape(1, 2), y := a @ x.reshape(2, 1), a.add_(1), y)[1],
}


@pytest.mark.parametrize("name", NEEDED)
def test_a_value_that_a_derivative_needs_was_changed(name):
    x = leaf(0.5, 1.5)
    y = NEEDED[name](x).sum()
    with pytest.raises(InPlaceError, match="x = x \\+ 1"):
        y.backward()
    assert x.grad is None


# Each changes a value that no derivative needs: PyTorch goes on, and so do we, with the right gradient.
NOT_NEEDED = {
    "the result of a sum": (lambda x: (y := x + 1, y.mul_(3), y)[-1], [3, 3]),
    "an argument of a sum": (lambda x: (a := x * 2, y := a + x, a.zero_(), y)[1], [3, 3]),
    "the argument of exp": (lambda x: (a := x * 1, y := a.exp(), a.zero_(), y)[1], list(np.exp([0.5, 1.5]))),
    "the argument of relu": (lambda x: (a := x - 1, y := a.relu(), a.zero_(), y)[1], [0, 1]),
    "the result of rsqrt's argument": (
        lambda x: (a := x * 1, y := a.rsqrt(), a.zero_(), y)[1],
        [-0.5 * 0.5**-1.5, -0.5 * 1.5**-1.5],
    ),
    "something detached": (lambda x: (a := x * 2, a.detach().clamp_(0, 0.1), a)[-1], [2, 2]),
    "in place, several times": (lambda x: (y := x * 1, y.mul_(2), y.add_(x), y.sub_(1), y)[-1], [3, 3]),
    "a factor, by the product itself": (lambda x: (y := x * 1, y.mul_(x), y)[-1], [1, 3]),
    "a constant, by the product itself": (lambda x: (y := x.detach() * 0 + 1, y.mul_(x), y)[-1], [1, 1]),
    "the argument of log, by the logarithm itself": (lambda x: (y := x * 1, y.log_(), y)[-1], [2, 1 / 1.5]),
    "overwritten by a constant": (lambda x: (y := x * 2, y.zero_(), y + x)[-1], [1, 1]),
    "nothing but a constant left": (lambda x: (y := x.square(), y.zero_(), y)[-1], [0, 0]),
    "an element": (lambda x: (y := x * 2, y.__setitem__(0, 0.0), y)[-1], [0, 2]),
    "an element, from the inputs": (lambda x: (y := x * 2, y.__setitem__(0, x[1] * 5), y)[-1], [0, 7]),
}


@pytest.mark.parametrize("name", NOT_NEEDED)
def test_a_value_that_no_derivative_needs_was_changed(name):
    function, expected = NOT_NEEDED[name]
    x = leaf(0.5, 1.5)
    function(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), expected)


def test_pytorch_has_errors_in_the_same_places():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for function in NEEDED.values():
        x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
        y = function(x).sum()
        with pytest.raises(RuntimeError):
            y.backward()
    for name, (function, expected) in NOT_NEEDED.items():
        x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
        function(x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), expected, err_msg=name)


def test_a_change_that_is_not_remembered_is_passed_by_derivatives():
    x = leaf(0.5, 1.5)
    y = x * 2
    with cr.no_grad():
        y.clamp_(0, 0.1)
    assert y.tolist() == [0.1, 0.1]
    assert y.requires_grad
    (y * y).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [0.4, 0.4])


def test_what_was_computed_before_a_change_stays():
    x = cr.tensor([1.0, 2.0])
    y = x * 1
    before = y.detach().clone()
    y += 1
    assert before.tolist() == [1, 2]
    assert y.tolist() == [2, 3]


def test_copying_a_computed_tensor_leaves_the_source_free():
    w = leaf(1.0, 2.0)
    a = w * 2
    b = cr.zeros(2, dtype=cr.float64)
    b.copy_(a)
    a.add_(1)
    assert b.tolist() == [2, 4]
    b.sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_in_place_after_backward():
    w = leaf(1.0, 2.0)
    loss = (w * w).sum()
    loss.backward()
    loss /= 2
    assert loss.item() == 2.5
    with pytest.raises(FreedGraphError):
        loss.backward()


class TestParts:
    """A part of a tensor that is changed changes the whole."""

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda x: x[0].fill_(9), [[9, 9, 9], [3, 4, 5]]),
            (lambda x: x[0][1].fill_(9), [[0, 9, 2], [3, 4, 5]]),
            (lambda x: x[0].__setitem__(1, 9.0), [[0, 9, 2], [3, 4, 5]]),
            (lambda x: x[:, ::2].add_(1), [[1, 1, 3], [4, 4, 6]]),
            (lambda x: x.view(-1).__setitem__(4, 9.0), [[0, 1, 2], [3, 9, 5]]),
            (lambda x: x.T[0].zero_(), [[0, 1, 2], [0, 4, 5]]),
            (lambda x: x.t().mul_(2), [[0, 2, 4], [6, 8, 10]]),
            (lambda x: x.unsqueeze(0).squeeze(0)[1].neg_(), [[0, 1, 2], [-3, -4, -5]]),
            (lambda x: x.data.fill_(1), [[1, 1, 1], [1, 1, 1]]),
            (lambda x: x.data[0].fill_(7), [[7, 7, 7], [3, 4, 5]]),
            (lambda x: x.detach()[1].fill_(7), [[0, 1, 2], [7, 7, 7]]),
            (lambda x: x.narrow(1, 1, 2).clip_(max=3), [[0, 1, 2], [3, 3, 3]]),
            (lambda x: x.unbind(0)[1].zero_(), [[0, 1, 2], [0, 0, 0]]),
            (lambda x: x.chunk(3, dim=1)[2].zero_(), [[0, 1, 0], [3, 4, 0]]),
        ],
    )
    def test_reaches_the_whole(self, change, expected):
        x = cr.arange(6.0).reshape(2, 3).clone()
        change(x)
        assert x.tolist() == expected

    @pytest.mark.parametrize(
        "copy",
        [
            lambda x: x.clone(),
            lambda x: x.detach().clone(),
            lambda x: x[[0, 1]],
            lambda x: x[x >= 0],
            lambda x: x.flip(0),
            lambda x: x.repeat(1, 1),
            lambda x: x.roll(0, 0),
            lambda x: x.double(),
            lambda x: cr.cat([x]),
            lambda x: cr.tensor(x),
        ],
    )
    def test_copies_do_not(self, copy):
        x = cr.arange(6.0).reshape(2, 3).clone()
        copy(x).add_(1)
        assert x.tolist() == [[0, 1, 2], [3, 4, 5]]

    def test_derivatives_follow(self):
        w = leaf(1.0, 2.0, 3.0)
        x = w * 2
        x[:2].mul_(w[2])
        x.sum().backward()
        # 2 w0 w2 + 2 w1 w2 + 2 w2
        assert w.grad.tolist() == [6, 6, 8]

    def test_the_weights_of_a_layer_through_data(self):
        w = leaf(1.0, 2.0)
        w.data.sub_(cr.tensor([0.5, 0.5]))
        w.data -= 1
        w.data[0] = 4
        assert w.tolist() == [4, 0.5]
        assert w.requires_grad
        (w * w).sum().backward()
        w.grad.data.zero_()
        assert w.grad.tolist() == [0, 0]

    def test_a_part_that_is_out_of_date_is_an_error(self):
        x = cr.zeros(2, 2)
        part = x[0]
        x.add_(1)
        with pytest.raises(InPlaceError, match="take the part again"):
            part.add_(1)
        assert x.tolist() == [[1, 1], [1, 1]]

    def test_a_part_outlives_what_it_was_detached_from(self):
        part = cr.zeros(2).detach()
        part.add_(1)
        assert part.tolist() == [1, 1]

    def test_a_part_can_be_changed_again(self):
        x = cr.zeros(2, 2)
        part = x[0]
        part.add_(1)
        part.add_(1)
        assert x.tolist() == [[2, 2], [0, 0]]


def test_shape_and_dtype_stay():
    x = cr.zeros(2, 3)
    with pytest.raises(ShapeError, match=r"expected: +\(2, 3\)"):
        x.add_(cr.ones(4, 2, 3))
    with pytest.raises(ShapeError):
        x.copy_(cr.ones(2))
    whole = cr.tensor([1, 2])
    for change in (lambda: whole.add_(0.5), lambda: whole.div_(2), lambda: whole.mul_(cr.ones(2))):
        with pytest.raises(DTypeError, match=r"expected: +int64"):
            change()
    with pytest.raises(DTypeError):
        cr.tensor([True]).add_(1)
    assert whole.tolist() == [1, 2]
    x.add_(cr.ones(3, dtype=cr.float64))
    assert x.dtype == cr.float32
    whole.copy_(cr.tensor([1.7, -1.7]))
    assert whole.tolist() == [1, -1]


def test_methods_in_place_say_what_the_functions_say():
    start = [[0.3, -0.6], [0.9, 0.1]]
    calls = {
        "add": (2.0,),
        "sub": (2.0,),
        "mul": (2.0,),
        "div": (2.0,),
        "pow": (2,),
        "neg": (),
        "abs": (),
        "clip": (-0.5, 0.5),
        "clamp": (-0.5, 0.5),
        "exp": (),
        "sqrt": (),
        "log": (),
        "sigmoid": (),
        "tanh": (),
        "floor": (),
        "round": (),
        "relu": (),
        "masked_fill": (cr.tensor([[True, False], [False, True]]), 5.0),
        "scatter": (0, cr.tensor([[1, 0]]), 5.0),
        "scatter_add": (0, cr.tensor([[1, 0]]), cr.ones(1, 2)),
    }
    for name, arguments in calls.items():
        x = cr.tensor(start)
        expected = getattr(x, name)(*arguments)
        got = getattr(x, f"{name}_")(*arguments)
        assert got is x, name
        np.testing.assert_array_equal(x.numpy(), expected.numpy(), name)


def test_random_numbers_in_place():
    x = cr.zeros(1000)
    x.uniform_(2, 4, generator=cr.Generator(0))
    assert 2 <= x.min().item() < 2.1
    assert 3.9 < x.max().item() < 4
    x.normal_(10, 0.5, generator=cr.Generator(0))
    assert abs(x.mean().item() - 10) < 0.1
    assert abs(x.std().item() - 0.5) < 0.1
