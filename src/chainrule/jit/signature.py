"""What of a call's arguments decides which program it runs."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.config import get_default_dtype
from chainrule.core.dtype import DType, as_dtype
from chainrule.core.modes import state
from chainrule.core.node import Handle
from chainrule.core.shape import Shape
from chainrule.errors import ArgumentError
from chainrule.jit.compare import same, shown
from chainrule.jit.streams import Stream

if TYPE_CHECKING:
    from chainrule.jit.trace import Trace


class TensorSpec(NamedTuple):
    """A tensor or array among the arguments.

    Attributes:
        shape: Its shape.
        dtype: Its dtype.
        tracked: Whether it requires a gradient.
        is_leaf: Whether it was not computed from others that do.
        hooks: What is called with its gradient.
        first: The number of the leaf where the same tensor came first.
        stream: Whether each turn takes the next of many.
    """

    shape: Shape
    dtype: DType
    tracked: bool
    is_leaf: bool
    hooks: tuple[Any, ...]
    first: int
    stream: bool = False


class Static(NamedTuple):
    """A Python value among the arguments, which is known while the function is traced."""

    kind: type
    value: Any


@dataclass(frozen=True)
class Signature:
    """What decides which program a call runs, besides what is guarded.

    Attributes:
        form: How the arguments are put together.
        specs: What each of their leaves is.
        grad_enabled: Whether derivatives are remembered.
        default_dtype: What Python numbers become.
    """

    form: Any
    specs: tuple[TensorSpec | Static, ...]
    grad_enabled: bool
    default_dtype: DType


def flatten(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Any]:
    """The leaves of the arguments, and their form."""
    leaves: list[Any] = []

    def form(value: Any) -> Any:
        if isinstance(value, dict):
            return (dict, tuple([(key, form(item)) for key, item in value.items()]))
        if isinstance(value, (list, tuple)):
            return (type(value), tuple([form(item) for item in value]))
        leaves.append(value)
        return None

    return leaves, (tuple([form(value) for value in args]), tuple([(key, form(kwargs[key])) for key in kwargs]))


def signature_of(name: str, leaves: Sequence[Any], form: Any) -> Signature:
    """The signature of a call.

    Raises:
        ArgumentError: For a Python value that cannot be compared by its hash.
    """
    first: dict[int, int] = {}
    specs = tuple([_spec(name, leaf, first.setdefault(id(leaf), i)) for i, leaf in enumerate(leaves)])
    return Signature(form, specs, state.grad_enabled, get_default_dtype())


def _spec(name: str, leaf: Any, first: int) -> TensorSpec | Static:
    if isinstance(leaf, Handle):
        node = leaf.node
        return TensorSpec(node.shape, node.dtype, node.tracked, node.is_leaf, tuple(node.hooks), first)
    if isinstance(leaf, Stream):
        return TensorSpec(leaf.shape, as_dtype(leaf.dtype), False, True, (), first, stream=True)
    if isinstance(leaf, np.ndarray):
        return TensorSpec(leaf.shape, as_dtype(leaf.dtype), False, True, (), first)
    try:
        hash(leaf)
    except TypeError:
        raise ArgumentError(
            f"{name} cannot take this argument: it is neither a tensor nor a value that can be hashed.",
            where=name,
            expected="tensors, arrays, modules, optimizers, hashable values; lists, tuples and dicts of them",
            got=f"a {type(leaf).__name__}",
            remedy="give its tensors, or make it an attribute of an object",
        ) from None
    return Static(type(leaf), leaf)


class Quick:
    """Whether a call has a signature, found out quickly: only for positional tensors, arrays and Python values.

    Where it says no, the signature must be made and compared. This runs before every call, so all is laid out flat.

    Args:
        signature: The signature.
        trace: Of the function, whose own tensors no argument may be.
    """

    __slots__ = ("_alike", "_count", "_default_dtype", "_grad_enabled", "_reached", "_tensors", "_values")

    def __init__(self, signature: Signature, trace: Trace) -> None:
        specs = signature.specs
        tensors = [(i, spec) for i, spec in enumerate(specs) if isinstance(spec, TensorSpec)]
        usable = signature.form == ((None,) * len(specs), ()) and not any(
            spec.tracked or spec.stream or spec.first != i for i, spec in tensors
        )
        # No call has -1 arguments.
        self._count = len(specs) if usable else -1
        self._tensors = [(i, spec.shape, spec.dtype) for i, spec in tensors]
        self._values = [(i, spec.value) for i, spec in enumerate(specs) if isinstance(spec, Static)]
        # Only what is of one shape and dtype can be one tensor; those of touched tensors are guarded.
        kinds = Counter([(spec.shape, spec.dtype) for _, spec in tensors])
        touched = {id(handle) for handle, _ in trace.touched}
        self._alike = [i for i, spec in tensors if kinds[spec.shape, spec.dtype] > 1]
        self._reached = frozenset(
            id(handle)
            for handle in trace.holders()
            if id(handle) not in touched or (handle.node.shape, handle.node.dtype) in kinds
        )
        self._grad_enabled = signature.grad_enabled
        self._default_dtype = signature.default_dtype

    def fits(self, args: tuple[Any, ...]) -> bool:
        """Whether a call with these arguments, and none by name, has the signature."""
        if len(args) != self._count:
            return False
        for index, shape, dtype in self._tensors:
            arg = args[index]
            if isinstance(arg, Handle):
                arg = arg.node  # which has a shape and a dtype, as an array has
                if arg.tracked:
                    return False
            elif not isinstance(arg, np.ndarray):
                return False
            if arg.shape != shape or (arg.dtype is not dtype and arg.dtype != dtype):
                return False
        for index, value in self._values:
            if args[index] is not value:
                return False
        if self._alike and len({id(args[index]) for index in self._alike}) != len(self._alike):
            return False
        if self._reached and not self._reached.isdisjoint(map(id, args)):
            return False
        return state.grad_enabled is self._grad_enabled and get_default_dtype() is self._default_dtype


def leaf_names(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """The name of each leaf, such as `x` or `batch['image']`."""
    names: list[str] = []

    def visit(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                visit(item, f"{name}[{key!r}]")
        elif isinstance(value, (list, tuple)):
            for number, item in enumerate(value):
                visit(item, f"{name}[{number}]")
        else:
            names.append(name)

    parameters = list(inspect.signature(function).parameters.values())
    starred = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for number, value in enumerate(args):
        star = f"{starred.name if starred else 'args'}[{number - len(positional)}]"
        visit(value, positional[number] if number < len(positional) else star)
    for key, value in kwargs.items():
        visit(value, key)
    return names


def difference(names: Sequence[str], new: Signature, old: Signature) -> str:
    """What two signatures differ in, in words."""
    if new.form != old.form:
        return "the arguments are put together in another way"
    for name, now, was in zip(names, new.specs, old.specs, strict=True):
        if now != was:
            return f"argument {name!r} {_change(now, was)}"
    if new.grad_enabled != old.grad_enabled:
        return f"derivatives are {'' if new.grad_enabled else 'not '}remembered, " + (
            "were not" if new.grad_enabled else "were"
        )
    return f"the default dtype is {new.default_dtype}, was {old.default_dtype}"


def _change(now: TensorSpec | Static, was: TensorSpec | Static) -> str:
    if isinstance(now, TensorSpec) and isinstance(was, TensorSpec):
        for what in ("shape", "dtype"):
            new, old = getattr(now, what), getattr(was, what)
            if new != old:
                return f"has {what} {new}, was {old}"
        if now.tracked != was.tracked:
            return (
                f"{'requires' if now.tracked else 'does not require'} a gradient, {'did not' if now.tracked else 'did'}"
            )
        return "is the same tensor as another argument, was not" if now.first != was.first else "has other hooks"
    if isinstance(now, Static) and isinstance(was, Static) and not same(now.value, was.value):
        return f"is {shown(now.value)}, was {shown(was.value)}"
    return f"is {_kind(now)}, was {_kind(was)}"


def _kind(spec: TensorSpec | Static) -> str:
    return "a tensor" if isinstance(spec, TensorSpec) else f"a {spec.kind.__name__}"
