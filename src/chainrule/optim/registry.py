"""Optimizers by name, as `compile(optimizer="adam")` takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from chainrule.errors import ArgumentError, UnknownNameError
from chainrule.optim.adagrad import Adagrad
from chainrule.optim.adam import Adam
from chainrule.optim.adamw import AdamW
from chainrule.optim.lion import Lion
from chainrule.optim.multi import MultiOptimizer
from chainrule.optim.muon import Muon
from chainrule.optim.nadam import NAdam
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.params import Params, read_groups, read_params
from chainrule.optim.rmsprop import RMSprop
from chainrule.optim.sgd import SGD


def _muon(
    params: Params, lr: float, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True
) -> Optimizer:
    """Muon for matrices and filters and AdamW for the rest, at one learning rate that fits both."""
    matrices: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for group in read_groups(params):
        tensors, names = read_params(group["params"])
        items = list(zip(names, tensors, strict=True)) if names else tensors
        for part, is_matrix in ((matrices, True), (others, False)):
            chosen = [item for item, tensor in zip(items, tensors, strict=True) if (tensor.ndim >= 2) == is_matrix]
            part.append({**group, "params": chosen})
    made: list[Optimizer] = []
    if any(group["params"] for group in matrices):
        made.append(Muon(matrices, lr, weight_decay, momentum, nesterov, adjust_lr_fn="match_rms_adamw"))
    if any(group["params"] for group in others):
        made.append(AdamW(others, lr=lr, weight_decay=weight_decay))
    return MultiOptimizer(*made)


# Keras's names and learning rates.
_OPTIMIZERS: dict[str, tuple[Callable[..., Optimizer], float]] = {
    "sgd": (SGD, 0.01),
    "adagrad": (Adagrad, 0.001),
    "rmsprop": (RMSprop, 0.001),
    "adam": (Adam, 0.001),
    "adamw": (AdamW, 0.001),
    "nadam": (NAdam, 0.001),
    "lion": (Lion, 0.001),
    "muon": (_muon, 0.001),
}


def optimizer_names() -> list[str]:
    """The names that `get` takes.

    >>> cr.optim.optimizer_names()
    ['adagrad', 'adam', 'adamw', 'lion', 'muon', 'nadam', 'rmsprop', 'sgd']
    """
    return sorted(_OPTIMIZERS)


def get(name: str, params: Params, lr: float | None = None, **settings: Any) -> Optimizer:
    """An optimizer by Keras's name for it, in capitals or not.

    Learning rates are Keras's where none is given, because that is whose names these are: 0.01 for "sgd", 0.001 for all
    others. (The classes have PyTorch's.) All other settings are those of the class. "muon" is `Muon` for matrices and
    the filters of convolutions, and `AdamW` for all other parameters, with "match_rms_adamw" and one weight decay, so
    that one learning rate fits both; to leave a matrix to AdamW too, such as an embedding, make the `MultiOptimizer`
    yourself.

    Args:
        name: One of `optimizer_names()`.
        params: See `Optimizer`.
        lr: The learning rate. Default: Keras's.
        **settings: Others of the class's: `momentum=0.9`, `weight_decay=1e-4`, ...

    Raises:
        UnknownNameError: If there is no such optimizer; the nearest is suggested.
        ArgumentError: If the name is no string, a setting makes no sense, or the optimizer does not have it.

    >>> optimizer = cr.optim.get("Adam", [cr.zeros(2, requires_grad=True)])
    >>> type(optimizer).__name__, optimizer.lr
    ('Adam', 0.001)
    """
    if not isinstance(name, str):
        raise ArgumentError("the name of an optimizer is a string.", where="optimizer", got=repr(name)[:60])
    if name.lower() not in _OPTIMIZERS:
        raise UnknownNameError("optimizer", name, _OPTIMIZERS)
    make, usual = _OPTIMIZERS[name.lower()]
    for setting in settings:
        if setting not in inspect.signature(make).parameters:
            having = [
                known for known in optimizer_names() if setting in inspect.signature(_OPTIMIZERS[known][0]).parameters
            ]
            raise ArgumentError(
                f"the optimizer {name!r} has no {setting}.",
                where=setting,
                expected=", ".join(sorted(inspect.signature(make).parameters.keys() - {"params"})),
                remedy=f"{', '.join(having)} have one" if having else None,
            )
    return make(params, lr=usual if lr is None else lr, **settings)
