"""The tensor as an object: what it is asked for, copied, converted and compared by."""

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError, GradientError, PicklingError, ShapeError


def test_what_it_is():
    x = cr.zeros(2, 3, dtype=cr.float64)
    assert (x.shape, x.size(), x.size(0), x.size(-1), x.dim(), x.ndim) == ((2, 3), (2, 3), 2, 3, 2, 2)
    assert (x.numel(), x.nbytes, len(x)) == (6, 48, 2)
    assert x.is_floating_point()
    assert not x.long().is_floating_point()
    assert x.is_leaf
    assert x.grad_fn is None
    assert (x.exp().requires_grad, x.requires_grad_().exp().grad_fn) == (False, "exp")


def test_every_function_that_takes_a_tensor_first_is_a_method_of_the_same_name():
    functions = "sum mean exp log relu softmax reshape permute gather topk clamp sort norm where matmul cumsum".split()  # noqa: SIM905
    assert [name for name in functions if not hasattr(cr.Tensor, name) or not hasattr(cr, name)] == []


def test_numbers():
    x = cr.tensor([[2.5]])
    assert (x.item(), float(x), int(x), x.tolist()) == (2.5, 2.5, 2, [[2.5]])
    assert isinstance(cr.tensor(3).item(), int)
    assert isinstance(cr.tensor(True).item(), bool)
    with pytest.raises(ShapeError, match="tolist"):
        cr.ones(2).item()
    assert [10, 20, 30][cr.tensor(1)] == 20
    assert list(range(cr.tensor(2))) == [0, 1]
    with pytest.raises(DTypeError, match=r"x\.long\(\)"):
        _ = [10, 20][cr.tensor(1.0)]


def test_zero_dimensions_have_no_length():
    with pytest.raises(ShapeError, match="length"):
        len(cr.tensor(1.0))
    with pytest.raises(ShapeError, match="gone through"):
        iter(cr.tensor(1.0))


def test_dtypes():
    x = cr.tensor([0.0, 1.7])
    assert [x.double().dtype, x.int().dtype, x.long().dtype, x.byte().dtype, x.bool().dtype] == [
        cr.float64,
        cr.int32,
        cr.int64,
        cr.uint8,
        cr.bool,
    ]
    assert x.float() is x
    assert x.to(cr.float64).dtype == x.to(dtype=cr.float64).dtype == x.to("cpu", cr.float64).dtype == cr.float64
    assert x.to(cr.tensor([1])).dtype == x.type(cr.int64).dtype == x.type_as(cr.tensor([1])).dtype == cr.int64
    assert x.to("cpu") is x.cpu() is x.to(device="cpu", non_blocking=True) is x
    assert x.long().tolist() == [0, 1]
    with pytest.raises(DTypeError, match="float16"):
        x.to("float16")


def test_derivatives_pass_through_casts():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    (x.double() * 3).sum().backward()
    assert x.grad.dtype == cr.float32
    assert x.grad.tolist() == [3, 3]


def test_two_are_different_keys_however_equal():
    a, b = cr.ones(2), cr.ones(2)
    assert len({a, b}) == 2
    assert {a: 1}[a] == 1


class TestCopies:
    def test_of_leaves_stand_on_their_own(self):
        w = cr.tensor([1.0, 2.0], requires_grad=True)
        (w * w).sum().backward()
        for copied in (copy.deepcopy(w), copy.copy(w)):
            assert copied.requires_grad
            assert copied.is_leaf
            with cr.no_grad():
                copied.add_(1)
            (copied * 2).sum().backward()
            assert w.tolist() == [1, 2]
            assert w.grad.tolist() == [2, 4]
        assert copy.deepcopy(w).grad.tolist() == [2, 4]

    def test_of_what_holds_the_same_tensor_twice_hold_one_copy(self):
        w = cr.ones(2)
        first, second = copy.deepcopy([w, w])
        assert first is second is not w

    def test_of_computed_tensors_are_refused(self):
        y = cr.ones(2, requires_grad=True) * 2
        for copying in (copy.copy, copy.deepcopy):
            with pytest.raises(GradientError, match=r"x\.detach\(\)\.clone\(\)"):
                copying(y)
        assert copy.deepcopy(y.detach()).tolist() == [2, 2]

    def test_pickles_are_refused(self):
        with pytest.raises(PicklingError, match=r"never code[\s\S]*safetensors"):
            pickle.dumps(cr.ones(2))


def test_leaves_can_change_their_mind():
    x = cr.ones(2)
    x.requires_grad = True
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]
    x.requires_grad_(False)
    assert not (x * 2).requires_grad
    with pytest.raises(GradientError, match="detach"):
        (x.requires_grad_() * 2).requires_grad_(False)


def test_values_go_out_as_copies():
    x = cr.ones(2, requires_grad=True)
    x.detach().numpy()[:] = 7
    assert x.tolist() == [1, 1]
    assert np.asarray(x).tolist() == [1, 1]
    assert np.array(x, dtype=np.float64).dtype == np.float64
    with pytest.raises(GradientError, match=r"x\.detach\(\)\.numpy\(\)"):
        x.numpy()


def test_data_is_assigned():
    w = cr.ones(2, requires_grad=True)
    w.data = cr.tensor([5.0, 6.0])
    assert w.tolist() == [5, 6]
    assert w.requires_grad
    assert w.is_leaf
