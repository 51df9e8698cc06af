"""A module's state by name: taking it out, and loading it back whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.errors import ChainruleError, StateDictError, nearest
from chainrule.ops.creation import asarray

if TYPE_CHECKING:
    from chainrule.nn.module import Module


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
    """Raise unless `state` is a dict."""
    if not isinstance(state, Mapping):
        raise StateDictError(
            "a state is a dict of tensors by name.",
            where=type(module).__name__,
            got=type(state).__name__,
            remedy="model.load_state_dict(chainrule.load(path)), or another model's state_dict()",
        )


def load_state(module: Module, state: Mapping[str, Any], strict: bool) -> LoadReport:
    """Take over `state` if all of it fits: see `Module.load_state_dict`."""
    own = dict(_entries(module))
    check_state(module, state)
    given = {name: _tensor(name, value) for name, value in state.items()}
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    misshapen = [name for name, tensor in own.items() if name in given and given[name].shape != tensor.shape]
    wrong = [f"{name} has shape {given[name].shape}, this model's has {own[name].shape}" for name in misshapen]
    problems = wrong + (_names(missing, unexpected) if strict else [])
    if problems:
        remedy = "build the model with the same arguments as the one that was saved"
        if any(_is_of_pytorch(given[name], own[name]) for name in misshapen):
            remedy = "chainrule.interop.load_pytorch(model, state) takes PyTorch's layouts"
        elif not wrong:
            remedy += ", or load_state_dict(..., strict=False)"
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


def _tensor(name: str, value: Any) -> Tensor:
    try:
        return asarray(value)
    except ChainruleError as error:
        error.locate(f"entry {name!r}")
        raise


def _names(missing: list[str], unexpected: list[str]) -> list[str]:
    """What is wrong with the names; an unexpected name that is close to a missing one is put beside it."""
    lines = [f"{name} is missing" for name in missing]
    for name in unexpected:
        close = nearest(name, missing)
        lines.append(f"{name} is unexpected" + (f" (this model has {close})" if close else ""))
    return lines
