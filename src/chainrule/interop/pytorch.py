"""PyTorch's weights in our layers: the names are the same, layouts are turned."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.nn.state import LoadReport, check_state, entry, load_state

Turn = Callable[[Tensor], Tensor]
# What `torch.compile` and DataParallel put before all names.
WRAPPERS = ("_orig_mod.", "module.")


def load_pytorch(model: nn.Module, state_dict: Mapping[str, Any], strict: bool = True) -> LoadReport:
    """Give a model the weights of a PyTorch model of the same architecture, whose layers have the same names.

    The channels of convolutions come last here, in the weight too. Pictures are flattened row by row with the channels
    together, where PyTorch has them channel by channel; so the columns of the first `Linear` behind convolutions change
    places.

    PyTorch is not needed, and no file of its own is opened, since those can hold code. `torch.load(path,
    weights_only=True)` and `safetensors.torch.load_file` give such a dict, and so does `chainrule.load(path)` of a
    safetensors file that PyTorch has written.

    Half precision (float16, bfloat16) becomes float32, which has all its numbers. `module.` and `_orig_mod.`, which
    DataParallel and `torch.compile` put before all names, are taken away. Weights that are NaN are warned of.

    Args:
        model: Takes the weights; its layers must be made in the order in which `forward` calls them.
        state_dict: PyTorch's tensors, or arrays, by name. BatchNorm's `num_batches_tracked`, which old files lack, may
            be missing.
        strict: Whether missing and unexpected names are errors; misshapen entries always are.

    Returns:
        The names that were missing and unexpected.

    Raises:
        StateDictError: It names what is missing, unexpected or misshapen, with the shapes, turned; or the entry of a
            checkpoint that holds the weights.
        DTypeError: If an entry is no dense tensor of numbers; it is named.

    >>> model = cr.nn.Conv2d(3, 8, 5)
    >>> theirs = {"weight": np.zeros((8, 3, 5, 5)), "bias": np.zeros(8)}
    >>> cr.interop.load_pytorch(model, theirs)
    LoadReport(missing_keys=[], unexpected_keys=[])
    """
    check_state(model, state_dict)
    turns, own = dict(_turns(model)), model.state_dict()
    ours = {name: value for name, value in own.items() if name.endswith("num_batches_tracked")}
    for name, value in _unwrapped(state_dict, own).items():
        weight = entry(name, value)
        if np.isnan(weight.numpy()).any():
            warnings.warn(f"the weights of {name!r} hold NaN, and so will all answers.", RuntimeWarning, stacklevel=2)
        ours[name] = turns[name](weight) if name in turns else weight
    return load_state(model, ours, strict, called="load_pytorch")


def _unwrapped(state: Mapping[str, Any], own: Collection[str]) -> Mapping[str, Any]:
    """The state without a prefix that all its names have, where the model has the names behind it."""
    inner = state
    # Each may be around the other.
    for prefix in (*WRAPPERS, *WRAPPERS):
        if all(name.startswith(prefix) for name in inner):
            inner = {name.removeprefix(prefix): value for name, value in inner.items()}
    return inner if any(name in own for name in inner) else state


def _turns(model: nn.Module) -> Iterator[tuple[str, Turn]]:
    """What to do with the weights that are laid out otherwise, by name."""
    channels = None
    for path, layer in model.named_modules():
        name = f"{path}.weight" if path else "weight"
        if isinstance(layer, (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)):
            channels = layer.out_channels
            yield name, _channels_last
        elif isinstance(layer, nn.Linear) and channels is not None:
            yield name, _flattened(channels)
            channels = None


def _channels_last(weight: Tensor) -> Tensor:
    return weight.movedim(1, -1) if weight.ndim > 2 else weight


def _flattened(channels: int) -> Turn:
    """Columns that go channel by channel become columns that go pixel by pixel."""

    def turn(weight: Tensor) -> Tensor:
        if weight.ndim != 2 or weight.shape[1] % channels:
            return weight
        return weight.reshape(weight.shape[0], channels, -1).transpose(1, 2).reshape(weight.shape)

    return turn
