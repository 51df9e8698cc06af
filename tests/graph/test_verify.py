import numpy as np
import pytest

from chainrule.core.dtype import bool_, float32
from chainrule.errors import InternalError
from chainrule.graph import Apply, Constant, Graph, Input, Note, verify
from chainrule.ops.arithmetic import ADD, NEG
from tests.graph.recorder import training_step

X = Input((3,), float32, "x")


def added(*shape: int) -> Apply:
    return Apply(shape, float32, ADD, (X, X), {}, Note("fc1", "Linear"))


def writeable() -> Constant:
    return Constant((2,), float32, np.zeros(2, np.float32))


def of_another_dtype() -> Constant:
    return Constant((), bool_, Constant.of(np.float32(1)).array)


WRONG = {
    "a shape": Graph((X,), (added(4),)),
    "inputs that do not go together": Graph((X,), (Apply((3,), float32, ADD, (X, Input((2,), float32, "y")), {}),)),
    "parameters": Graph((X,), (Apply((3,), float32, NEG, (X,), {"dim": 0}),)),
    "an input": Graph((), (added(3),)),
    "a constant": Graph((), (of_another_dtype(),)),
    "a constant that can be changed": Graph((), (writeable(),)),
    "a write's shape": Graph((X,), (), ((0, Constant.of(np.float32(1))),)),
    "a write to nothing": Graph((X,), (), ((1, added(3)),)),
    "two writes to one input": Graph((X,), (), ((0, added(3)), (0, X))),
}


@pytest.mark.parametrize("graph", WRONG.values(), ids=WRONG)
def test_what_does_not_hold_is_found(graph):
    with pytest.raises(InternalError, match=r"after fusing: [^$]*a mistake in chainrule, not in your program"):
        verify(graph, "fusing")


def test_the_neighbouring_lines_are_shown_and_the_wrong_one_is_marked():
    below = Apply.of(NEG, X)
    wrong = Apply((4,), float32, ADD, (below, below), {}, Note("fc1", "Linear"))
    with pytest.raises(InternalError) as caught:
        verify(Graph((X,), (wrong,)))
    assert "  %1  neg(x)" in str(caught.value)
    assert "> %2  add(%1, %1)  float32 (4,)  # Linear 'fc1', forward" in str(caught.value)


def test_a_real_step_is_whole():
    graph, _ = training_step()
    assert verify(graph) is graph
