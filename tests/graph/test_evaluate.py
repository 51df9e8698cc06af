import numpy as np
import pytest

from chainrule.core.dtype import float32
from chainrule.errors import ShapeError
from chainrule.graph import Apply, Constant, Graph, Input, evaluate
from chainrule.ops.arithmetic import ADD, DIV
from chainrule.ops.movement import PERMUTE


def one() -> Constant:
    return Constant((), float32, np.array(1, np.float32))


def counter() -> Graph:
    """Returns what it was given, turned, and adds 1 to it for the next call."""
    x = Input((2, 3), float32, "x")
    turned = Apply((3, 2), float32, PERMUTE, (x,), {"dims": (1, 0)})
    return Graph((x,), (turned,), ((0, Apply((2, 3), float32, ADD, (x, one()), {})),))


def test_results_and_writes_come_from_the_old_inputs():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    (turned,), (written,) = evaluate(counter(), [x])
    np.testing.assert_array_equal(turned, x.T)
    np.testing.assert_array_equal(written, x + 1)


def test_what_comes_out_is_new():
    x = np.zeros((2, 3), np.float32)
    (turned,), _ = evaluate(counter(), [x])
    x += 1
    assert not turned.any()
    assert turned.flags.c_contiguous
    assert turned.flags.writeable


def test_infinities_and_nan_come_without_warnings():
    x = Input((2,), float32, "x")
    graph = Graph((x,), (Apply((2,), float32, DIV, (x, x), {}),))
    assert np.isnan(evaluate(graph, [np.array([0, np.inf], np.float32)])[0][0]).all()


def test_an_array_that_does_not_fit_is_named():
    with pytest.raises(ShapeError, match=r"x: .*fit"):
        evaluate(counter(), [np.zeros((2, 3))])
