"""What a model consists of, worked out without numbers."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.config import get_default_dtype
from chainrule.core import tree
from chainrule.core.abstract import shapes_only
from chainrule.core.dtype import DType, DTypeLike, as_dtype, is_floating
from chainrule.core.modes import no_grad, state
from chainrule.core.node import Handle, Node
from chainrule.core.primitive import Params, Primitive, Spec
from chainrule.core.shape import Shape
from chainrule.core.table import quantity, table
from chainrule.errors import ShapeError
from chainrule.nn.scope import LayerScope
from chainrule.nn.unchanged import unchanged

if TYPE_CHECKING:
    from chainrule.nn.module import Module

# The model is run for a batch of two rows and for one of three: what differs is what belongs to a row.
FEWER, MORE = 2, 3


class LayerRow(NamedTuple):
    """A layer's row in the table.

    Attributes:
        name: Its dotted name within the model.
        kind: Its class.
        output: The shape of what it gives, with "N" for the batch; several are given one after another. None if it
            was not called.
        parameters: How many numbers its own weights have; weights that layers share count for the first.
        flops: The floating-point operations it takes a row, forward, in evaluation; a multiplication and an
            addition are two.
    """

    name: str
    kind: str
    output: str | None
    parameters: int
    flops: int


@dataclass(frozen=True)
class Summary:
    """The table of a model's layers; print it.

    Attributes:
        title: The model's class, and the input.
        rows: The layers in the order in which they are called. A module that holds others has a row if it computes
            something or has weights itself.
        trainable: How many numbers are trained.
        frozen: How many weights' numbers are not.
        weight_bytes: The memory of weights and buffers.
        traced: Whether an input was given, so that shapes and FLOPs are known.
    """

    title: str
    rows: tuple[LayerRow, ...]
    trainable: int
    frozen: int
    weight_bytes: int
    traced: bool

    @property
    def parameters(self) -> int:
        """How many numbers all weights have."""
        return self.trainable + self.frozen

    @property
    def flops(self) -> int:
        """The floating-point operations a row takes, forward, in evaluation."""
        return sum(row.flops for row in self.rows)

    def __str__(self) -> str:
        return "\n".join([self.title, self._table(), self._totals()])

    __repr__ = __str__

    def _table(self) -> str:
        head = ["layer", "kind", "output", "parameters", "FLOPs a row"]
        rows = [
            [row.name, row.kind, row.output or "not called", f"{row.parameters:,}", f"{row.flops:,}"]
            for row in self.rows
        ]
        if self.traced:
            return table(head, rows, left=3)
        return table([*head[:2], head[3]], [[*row[:2], row[3]] for row in rows], left=2)

    def _totals(self) -> str:
        counted = f"{self.parameters:,} parameters ({self.trainable:,} trained, {self.frozen:,} frozen)"
        last = f"{self.flops:,} FLOPs a row forward" if self.traced else "shapes and FLOPs: summary(shape of one row)"
        return f"{counted}, {quantity(self.weight_bytes, 'B')}; {last}"


@dataclass
class _Call:
    """What became of a module when the model was run."""

    output: Any = None
    flops: int = 0


@dataclass
class _Trace:
    """A listener that notes every module's output and operations, in the order of the calls."""

    calls: dict[Module, _Call] = field(default_factory=dict)

    def enter(self, module: Module, args: Any) -> None:
        self.calls.setdefault(module, _Call())

    def leave(self, module: Module, args: Any, output: Any) -> None:
        self.calls[module].output = tree.map_leaves(lambda leaf: getattr(leaf, "shape", None), output)

    def operation(self, primitive: Primitive, inputs: tuple[Node, ...], params: Params, out: Spec) -> None:
        specs = [Spec(node.shape, node.dtype) for node in inputs]
        if isinstance(state.scope, LayerScope):
            self.calls[state.scope.module].flops += primitive.flops(out, *specs, **params)


def summarise(model: Module, input_shape: Any, dtype: DTypeLike | None) -> Summary:
    """The table of a model's layers: see `Module.summary`."""
    parameters = list(model.parameters())
    inputs = [] if input_shape is None else _inputs(model, input_shape, dtype)
    title = type(model).__name__
    if inputs:
        title += " for rows of " + " and ".join(str(row.shape) for row in inputs)
    return Summary(
        title=title,
        rows=tuple(_rows(model, _traced(model, inputs) if inputs else {})),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
        frozen=sum(p.numel() for p in parameters if not p.requires_grad),
        weight_bytes=sum(tensor.nbytes for tensor in [*parameters, *model.buffers()]),
        traced=bool(inputs),
    )


def _inputs(model: Module, given: Any, dtype: DTypeLike | None) -> list[Spec]:
    """The shape and dtype of one row of each input."""
    several = isinstance(given, (list, tuple)) and any(isinstance(item, (list, tuple, Tensor)) for item in given)
    weights = next((p.dtype for p in model.parameters()), get_default_dtype())
    return [_input(item, as_dtype(dtype) if dtype else weights) for item in (given if several else [given])]


def _input(given: Any, dtype: DType) -> Spec:
    if isinstance(given, (Tensor, np.ndarray)):
        if not given.shape:
            raise ShapeError("an example must be a batch.", where="summary", expected="(N, ...)", got=given.shape)
        # Arrays of Python numbers are float64; a model takes them in the dtype of its weights.
        return Spec(tuple(given.shape[1:]), dtype if is_floating(given.dtype) else given.dtype)
    lengths = tuple(given) if isinstance(given, Sequence) else (given,)
    # Keras writes None for the batch.
    lengths = lengths[1:] if lengths and lengths[0] is None else lengths
    try:
        shape = tuple(operator.index(length) for length in lengths)
    except TypeError:
        shape = (-1,)
    if any(length < 1 for length in shape):
        raise ShapeError(
            "summary takes the shape of one row.", where="summary", expected="lengths such as (28, 28, 1)", got=given
        )
    return Spec(shape, dtype)


def _traced(model: Module, rows: list[Spec]) -> dict[Module, LayerRow]:
    """The row of every module that is called, in the order of the calls."""
    few, more = (_run(model, rows, count).calls for count in (FEWER, MORE))
    names = {module: name for name, module in model.named_modules()}
    return {
        module: LayerRow(
            names.get(module, ""),
            type(module).__name__,
            _shown(call.output, more[module].output),
            0,
            more[module].flops - call.flops,
        )
        for module, call in few.items()
    }


def _run(model: Module, rows: list[Spec], count: int) -> _Trace:
    """What happens when the model is called with `count` rows, in evaluation."""
    trace = _Trace()
    with unchanged(model):
        model.eval()
        hooks = [module.register_forward_pre_hook(trace.enter) for module in model.modules()]
        hooks += [module.register_forward_hook(trace.leave) for module in model.modules()]
        try:
            with shapes_only(trace.operation), no_grad():
                model(*[Handle.of(Node((count, *row.shape), row.dtype, None)) for row in rows])
        except ShapeError as error:
            note = "summary() takes the shape of one row, without the batch"
            error.remedy = f"{error.remedy}; {note}" if error.remedy else note
            raise
        finally:
            for hook in hooks:
                hook.remove()
    return trace


def _shown(fewer: Any, more: Any) -> str:
    """Shapes as text; a length that grows with the batch is N, or a multiple of it."""
    if isinstance(fewer, dict):
        return ", ".join(f"{key}: {_shown(shape, more[key])}" for key, shape in fewer.items())
    if not isinstance(fewer, tuple) or not all(isinstance(length, int) for length in fewer):
        return ", ".join(_shown(a, b) for a, b in zip(fewer, more, strict=True)) if fewer else "nothing"
    return _shape(fewer, more)


def _shape(fewer: Shape, more: Shape) -> str:
    lengths = [str(a) if a == b else "N" if a == FEWER else f"{a // FEWER}N" for a, b in zip(fewer, more, strict=True)]
    return "(" + ", ".join(lengths) + ("," if len(lengths) == 1 else "") + ")"


def _rows(model: Module, called: dict[Module, LayerRow]) -> Iterator[LayerRow]:
    """The rows of all modules that compute or hold something; the ones that were not called come last."""
    silent = {
        module: LayerRow(name, type(module).__name__, None, 0, 0)
        for name, module in model.named_modules()
        if module not in called
    }
    counted: set[int] = set()
    for module, row in {**called, **silent}.items():
        own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, own))
        is_leaf = not list(module.children())
        if own or row.flops or is_leaf:
            yield row._replace(parameters=sum(p.numel() for p in own))
