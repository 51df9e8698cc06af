"""Groups of parameters with their settings.

A group is a dict, as PyTorch's: `group["lr"]` reads as a number and `group["lr"] = 0.01` writes one. Behind that,
every float is held as a 0-d float64 tensor that is assigned in place, so that a traced step that has read it keeps
reading it: a schedule changes no program. An update sees the numbers in the dtype of the weights (`Hyper`), because a
0-d float64 tensor beside float32 weights would raise them to float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import cached_property, partial
from typing import Any, NamedTuple

from chainrule._tensor import Tensor
from chainrule.core.changes import changes
from chainrule.core.dtype import DType, float64
from chainrule.core.modes import no_grad
from chainrule.core.tree import leaves, map_leaves
from chainrule.ops.creation import tensor
from chainrule.ops.movement import cast
from chainrule.optim.arguments import choice, flag, number, numbers, whole

_not_negative = partial(number, least=0)
_pair = partial(numbers, length=2, least=0, below=1)

# What the settings of optimizers may be. A name means the same everywhere, so it is checked in one place, whether it
# comes from a constructor, a group, a schedule, an assignment or a file.
_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "lr": _not_negative,
    "weight_decay": _not_negative,
    "l1": _not_negative,
    "momentum": _not_negative,
    "dampening": number,
    "betas": _pair,
    "alpha": partial(number, least=0, below=1),
    "eps": _not_negative,
    "lr_decay": _not_negative,
    "momentum_decay": _not_negative,
    "initial_accumulator_value": _not_negative,
    "ns_coefficients": partial(numbers, length=3),
    "ns_steps": partial(whole, least=1),
    "adjust_lr_fn": partial(choice, options=(None, "original", "match_rms_adamw")),
    **dict.fromkeys(
        ("maximize", "nesterov", "centered", "amsgrad", "decoupled_weight_decay"),
        flag,
    ),
}


class ParamGroup(MutableMapping[str, Any]):
    """Some parameters and their settings. See the head of this file.

    Args:
        settings: "params" and every setting of the optimizer.

    Attributes:
        required: The names that it was made with, which a saved state must have too.
        revised: Whether a setting has since been switched on or off (a flag; a number from or to 0), so that other
            things must be remembered of its parameters.
        dtypes: The dtypes that its parameters had when what is remembered of them was made.

    >>> group = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.1).param_groups[0]
    >>> group["lr"] *= 0.5
    >>> group["lr"]
    0.05
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._held: dict[str, Any] = {}
        self._switches: dict[str, Any] = {}
        self.update(settings)
        self.required = frozenset(settings)
        self.revised = True
        self.dtypes: set[DType] = set()

    def __getitem__(self, name: str) -> Any:
        held = self._held[name]
        return map_leaves(Tensor.item, held) if _is_held_as_tensors(held) else held

    def __setitem__(self, name: str, value: Any) -> None:
        value = _CHECKS[name](name, value) if name in _CHECKS else value
        switch = _switch(value)
        if switch != self._switches.get(name, False):
            self.revised = True
            self._switches[name] = switch
            changes.steering += 1
        held = self._held.get(name)
        if _is_held_as_tensors(held):
            self._assign(held, value)
        else:
            self._held[name] = map_leaves(partial(tensor, dtype=float64), value) if _is_floats(value) else value
            changes.steering += 1

    @staticmethod
    def _assign(held: Any, value: Any) -> None:
        pairs = zip(held, value, strict=True) if isinstance(held, tuple) else [(held, value)]
        with no_grad():
            for old, new in pairs:
                old.copy_(new)

    def __delitem__(self, name: str) -> None:
        del self._held[name]
        self._switches.pop(name, None)
        changes.steering += 1

    def __contains__(self, name: object) -> bool:
        # Not by reading it, as a mapping would: a traced step must not depend on the number.
        return name in self._held

    def is_on(self, name: str) -> bool:
        """Whether a setting is other than 0 or False; unlike the number itself it decides which operations are done."""
        return bool(self._switches.get(name))

    def steering(self) -> dict[str, Any]:
        """What decides which operations a step has: see core.steering."""
        found = {name: self.is_on(name) if _is_held_as_tensors(held) else held for name, held in self._held.items()}
        return {**found, "params": tuple(self._held["params"])}

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The numbers that are held as tensors."""
        for name, held in self._held.items():
            if _is_held_as_tensors(held):
                yield from ((name, number) for number in leaves(held))

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"


class Decay(NamedTuple):
    """How a running mean of a group's weights moves.

    Attributes:
        keeps: How much of itself it keeps at each step.
        takes: How much it takes of what is new.
        log: The logarithm of `keeps`.
    """

    keeps: Tensor
    takes: Tensor
    log: Tensor


class Hyper:
    """The settings of a group as attributes; numbers are 0-d tensors of the weights' dtype, cast when asked for."""

    def __init__(self, group: ParamGroup, dtype: DType) -> None:
        self._group = group
        self._dtype = dtype

    def __getattr__(self, name: str) -> Any:
        if name not in self._group:
            raise AttributeError(f"the parameter group has no setting called {name!r}")
        held = self._group._held[name]
        value = map_leaves(lambda number: cast(number, self._dtype), held) if _is_held_as_tensors(held) else held
        setattr(self, name, value)
        return value

    @cached_property
    def decays(self) -> tuple[Decay, ...]:
        """What the betas say of running means; made once for all weights of a step."""
        return tuple([Decay(beta, 1 - beta, beta.log()) for beta in self.betas])


def _is_floats(value: Any) -> bool:
    return isinstance(value, float) or (
        isinstance(value, tuple) and bool(value) and all(isinstance(item, float) for item in value)
    )


def _is_held_as_tensors(held: Any) -> bool:
    return isinstance(held, Tensor) or (isinstance(held, tuple) and held != () and isinstance(held[0], Tensor))


def _switch(value: Any) -> Any:
    """What of a setting decides which operations a step has: flags and words themselves; of numbers, whether 0."""
    return value if isinstance(value, (bool, int, str)) else bool(value)
