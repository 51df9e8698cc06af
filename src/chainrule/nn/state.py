"""A module's state by name: taking it out, and loading it back whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.errors import ChainruleError, DTypeError, StateDictError, nearest
from chainrule.nn.halves import without_halves
from chainrule.ops.creation import asarray

if TYPE_CHECKING:
    from chainrule.nn.module import Module

# So many names of each kind an error says; a model of other layers has hundreds.
FEW = 5


class LoadReport(NamedTuple):
    """What `load_state_dict(strict=False)` passed over."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def state_of(module: Module, prefix: str = "") -> dict[str, Tensor]:
    """Every weight and persistent buffer of `module` by dotted name, cut off from later changes."""
    return {name: tensor.detach() for name, tensor in _entries(module, prefix)}


def _entries(module: Module, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    for module_name, inner in module.named_modules(prefix.rstrip(".")):
        start = f"{module_name}." if module_name else ""
        for name, parameter in inner._parameters.items():
            if parameter is not None:
                yield start + name, parameter
        for name, buffer in inner._buffers.items():
            if buffer is not None and name not in inner._transient:
                yield start + name, buffer


def check_state(module: Module, state: Mapping[str, Any]) -> None:
    """Raise unless `state` is a dict, of tensors and not of dicts of them."""
    if not isinstance(state, Mapping):
        raise StateDictError(
            "a state is a dict of tensors by name.",
            where=type(module).__name__,
            got=type(state).__name__,
            remedy="model.load_state_dict(chainrule.load(path)), or another model's state_dict()",
        )
    # A checkpoint holds the state among other things, an optimizer's state too: what has most tensors is the weights.
    tensors = {name: _count_tensors(value) for name, value in state.items() if isinstance(value, Mapping)}
    name = max(tensors, key=lambda name: tensors[name], default=None)
    if name is not None and tensors[name]:
        raise StateDictError(
            "the state is wrapped in another dict.",
            where=type(module).__name__,
            expected="a dict of tensors by name",
            got="a dict with the entries " + _few([repr(name) for name in state]),
            remedy=f"take what is in it: state[{name!r}]",
        )


def _count_tensors(entries: Mapping[str, Any]) -> int:
    return sum(hasattr(value, "shape") for value in entries.values())


def load_state(module: Module, state: Mapping[str, Any], strict: bool, called: str = "load_state_dict") -> LoadReport:
    """Take over `state` if all of it fits: see `Module.load_state_dict`. `called` is what the user has called."""
    own = dict(_entries(module))
    check_state(module, state)
    given = {name: entry(name, value) for name, value in state.items()}
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    misshapen = [name for name, tensor in own.items() if name in given and given[name].shape != tensor.shape]
    wrong = [f"{name} has shape {given[name].shape}, this model's has {own[name].shape}" for name in misshapen]
    if wrong or (strict and (missing or unexpected)):
        problems = [*_first(wrong, "of another shape"), *(_names(missing, unexpected) if strict else [])]
        remedy = "build the model with the same arguments as the one that was saved"
        if any(_is_of_pytorch(given[name], own[name]) for name in misshapen):
            remedy = "chainrule.interop.load_pytorch(model, state) takes PyTorch's layouts"
        elif not wrong:
            remedy += f", or {called}(..., strict=False)"
        raise StateDictError(
            "the state does not fit this model: " + "; ".join(problems) + ".",
            where=type(module).__name__,
            expected=f"{len(own)} entries with this model's names and shapes",
            got=f"{len(given)} entries: {len(missing)} missing, {len(unexpected)} unexpected, {len(wrong)} misshapen",
            remedy=remedy,
        )
    with no_grad():
        for name, tensor in own.items():
            if name in given:
                tensor.copy_(given[name])
    return LoadReport(missing, unexpected)


def _is_of_pytorch(given: Tensor, own: Tensor) -> bool:
    """Whether it is a convolution's weight as PyTorch has it, with the input's channels second."""
    return given.ndim > 2 and given.movedim(1, -1).shape == own.shape


def entry(name: str, value: Any) -> Tensor:
    """An entry of a state as a tensor, half precision as float32; errors name it."""
    try:
        return asarray(_plain(value))
    except ChainruleError as error:
        error.locate(f"entry {name!r}")
        raise
    except TypeError as error:
        # Tensors of PyTorch that do not become arrays: on other devices, sparse, quantised.
        raise DTypeError(
            "this tensor cannot be taken.",
            where=f"entry {name!r}",
            expected="a dense tensor of numbers, on the processor",
            got=str(error),
            remedy="convert it first, such as with tensor.float().to_dense().cpu()",
        ) from None


def _plain(value: Any) -> Any:
    """`value` as `asarray` takes it; PyTorch's tensors too, without importing it."""
    if isinstance(value, Tensor):
        return value
    # What still has a gradient, such as a Parameter of PyTorch, does not become an array; nor does bfloat16.
    value = value.detach() if hasattr(value, "detach") else value
    if str(getattr(value, "dtype", None)) == "torch.bfloat16":
        value = value.float()
    return without_halves(np.asarray(value)) if hasattr(value, "__array__") else value


def _names(missing: list[str], unexpected: list[str]) -> list[str]:
    """What is wrong with the names; an unexpected name that is close to a missing one is put beside it."""
    lines = [f"{name} is unexpected" for name in unexpected]
    for number, name in enumerate(unexpected[:FEW]):
        close = nearest(name, missing)
        lines[number] += f" (this model has {close})" if close else ""
    return [*_first([f"{name} is missing" for name in missing], "missing"), *_first(lines, "unexpected")]


def _first(problems: list[str], what: str) -> list[str]:
    """The first few, and how many there are besides."""
    rest = len(problems) - FEW
    return [*problems[:FEW], f"{rest:,} more {'is' if rest == 1 else 'are'} {what}"] if rest > 0 else problems


def _few(names: list[str]) -> str:
    return ", ".join(names[:FEW]) + (", ..." if len(names) > FEW else "")
