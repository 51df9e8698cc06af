"""What besides tensors decides which operations are done: attributes of modules, settings of optimizers.

A compiled function is traced once and holds as long as these stay what they were. Whoever changes one counts
`changes.steering` up, so that they are compared only when something has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from chainrule.core.node import Handle


# Methods that no operation comes from.
BESIDES = ("__init__", "__repr__", "extra_repr")


class Named(NamedTuple):
    """A tensor with the name that its owner knows it by; `of` is the tensor it belongs to (a moment to its weight)."""

    name: str
    tensor: Handle
    of: Handle | None = None


@runtime_checkable
class Steering(Protocol):
    """An object whose attributes decide which operations are done."""

    def steering(self, named: frozenset[str]) -> dict[str, Any]:
        """What of it decides that, by name, besides the values of tensors.

        Args:
            named: What code outside of it names: its attributes of these names too.
        """

    def steering_parts(self) -> Iterable[tuple[str, Steering]]:
        """Itself and what is within it, with dotted names."""

    def steering_tensors(self) -> Iterator[Named]:
        """Its tensors."""


@cache
def names_in(code: CodeType) -> frozenset[str]:
    """Every global and attribute that a function's code, or a function within it, names."""
    within = [names_in(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return frozenset(code.co_names).union(*within)


@cache
def names_in_methods(kind: type, base: type) -> frozenset[str]:
    """Every name in the methods of a class, and of those between it and `base`; `__init__` only sets them."""
    classes = kind.__mro__[: kind.__mro__.index(base)]
    entries = [entry for each in classes for name, entry in vars(each).items() if name not in BESIDES]
    found = [getattr(entry, "fget", entry) for entry in entries]
    return frozenset().union(*[names_in(entry.__code__) for entry in found if isinstance(entry, FunctionType)])
