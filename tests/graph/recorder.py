"""Graphs of real tensor code, for the tests: the code runs, and each operation becomes a value."""

from collections.abc import Callable, Sequence

import numpy as np

import chainrule as cr
from chainrule.core import modes
from chainrule.core.node import Node
from chainrule.core.primitive import Params, Primitive, Spec
from chainrule.graph import Apply, Constant, Graph, Input, Note, Value


class _Recorder(modes.Evaluate):
    """Evaluates, and keeps which value each array belongs to."""

    def __init__(self, state: Sequence[cr.Tensor]) -> None:
        self._arrays: list[np.ndarray] = []  # kept alive, so that their ids stay theirs
        self._values: dict[int, Value] = {}
        self.inputs = tuple(Input(tensor.shape, tensor.dtype, f"state{i}") for i, tensor in enumerate(state))
        for tensor, value in zip(state, self.inputs, strict=True):
            self._keep(tensor.node.value, value)

    def _keep(self, array: np.ndarray, value: Value) -> Value:
        self._arrays.append(array)
        return self._values.setdefault(id(array), value)

    def value(self, node: Node) -> Value:
        return self._values.get(id(node.value)) or self._keep(node.value, Constant.of(node.value))

    def run(self, primitive: Primitive, inputs: tuple[cr.Tensor, ...], params: Params, out: Spec) -> np.ndarray:
        array = super().run(primitive, inputs, params, out)
        note = Note(layer=modes.state.scope.label() if modes.state.scope else "")
        self._keep(array, Apply(*out, primitive, tuple(self.value(tensor.node) for tensor in inputs), params, note))
        return array


def record(function: Callable[[], Sequence[cr.Tensor]], state: Sequence[cr.Tensor]) -> tuple[Graph, list[np.ndarray]]:
    """The graph of `function`, whose inputs are the tensors of `state`, and the arrays these held before.

    What the function assigns to a tensor of `state` is written; everything else it touches is a constant.
    """
    before = [tensor.node.value.copy() for tensor in state]
    recorder = _Recorder(state)
    nodes = [tensor.node for tensor in state]
    with modes.interpreter(recorder):
        results = tuple(recorder.value(tensor.node) for tensor in function())
    writes = [
        (index, recorder.value(tensor.node))
        for index, (tensor, node) in enumerate(zip(state, nodes, strict=True))
        if tensor.node is not node
    ]
    return Graph(recorder.inputs, results, tuple(writes)), before


def training_step(hidden: int = 5) -> tuple[Graph, list[np.ndarray]]:
    """A step of Adam on a multilayer perceptron with ReLU and cross entropy."""
    cr.manual_seed(0)
    model = cr.nn.Sequential(cr.nn.Linear(4, hidden), cr.nn.ReLU(), cr.nn.Linear(hidden, 3))
    optimizer = cr.optim.Adam(model.parameters(), lr=0.01)
    x, y = cr.randn(8, 4), cr.randint(0, 3, (8,))

    def step() -> list[cr.Tensor]:
        optimizer.zero_grad()
        loss = cr.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return [loss]

    step()  # makes the optimizer's state
    moments = [tensor for param in model.parameters() for tensor in optimizer.state[param].values()]
    return record(step, [x, y, *model.parameters(), *moments])
