"""Losses by name, as `compile(loss="mse")` takes them.

A new loss is a class in the file of its family and an entry in `_FORMS` here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from chainrule.errors import UnknownNameError
from chainrule.nn.losses.base import Loss, Takes
from chainrule.nn.losses.binary import BCELoss, BCEWithLogitsLoss, HingeLoss
from chainrule.nn.losses.classes import (
    CategoricalCrossEntropy,
    CrossEntropyLoss,
    KLDivergence,
    KLDivLoss,
    NLLLoss,
)
from chainrule.nn.losses.numbers import CosineSimilarityLoss, HuberLoss, L1Loss, MSELoss, SmoothL1Loss

Forms = Mapping[Takes, Callable[[], Loss]]

_BINARY: Forms = {"probabilities": BCELoss, "logits": BCEWithLogitsLoss}
_CLASSES: Forms = {"probabilities": CategoricalCrossEntropy, "logits": CrossEntropyLoss}

# What each name may mean, by what the predictions are; the first is what it means in Keras.
_FORMS: dict[str, Forms] = {
    "mse": {"numbers": MSELoss},
    "mae": {"numbers": L1Loss},
    "huber": {"numbers": HuberLoss},
    "smooth_l1": {"numbers": SmoothL1Loss},
    "cosine_similarity": {"numbers": CosineSimilarityLoss},
    "binary_crossentropy": _BINARY,
    "hinge": {"logits": HingeLoss},
    "categorical_crossentropy": _CLASSES,
    "sparse_categorical_crossentropy": _CLASSES,
    "nll": {"log_probabilities": NLLLoss},
    "kl_divergence": {"probabilities": KLDivergence, "log_probabilities": partial(KLDivLoss, "batchmean")},
}
_ALIASES = {
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
    "l1": "mae",
    "bce": "binary_crossentropy",
    "binary_cross_entropy": "binary_crossentropy",
    "cross_entropy": "sparse_categorical_crossentropy",
    "crossentropy": "sparse_categorical_crossentropy",
    "categorical_cross_entropy": "categorical_crossentropy",
    "kld": "kl_divergence",
    "kl_div": "kl_divergence",
}


def loss_names() -> list[str]:
    """The names that `get` takes, sorted.

    >>> cr.nn.losses.loss_names()[:3]
    ['bce', 'binary_cross_entropy', 'binary_crossentropy']
    """
    return sorted([*_FORMS, *_ALIASES])


def forms(name: str) -> Forms:
    """The losses that a name may mean, by what the predictions are; the first is what it means in Keras.

    Raises:
        UnknownNameError: If there is no such name; the nearest is suggested.
    """
    key = str(name).lower()
    found = _FORMS.get(_ALIASES.get(key, key))
    if found is None:
        raise UnknownNameError("loss", str(name), loss_names())
    return found


def get(name: str, takes: Takes | None = None) -> Loss:
    """A loss by its name in Keras (or in PyTorch's functions).

    Args:
        name: "mse", "binary_crossentropy", "sparse_categorical_crossentropy", ...: one of `loss_names()`.
        takes: What the predictions are, where the name has several meanings: "logits", "probabilities" or
            "log_probabilities". None means what it means in Keras: probabilities.

    Raises:
        UnknownNameError: If there is no such name (or no such form of it); the nearest is suggested.

    >>> cr.nn.losses.get("binary_crossentropy"), cr.nn.losses.get("binary_crossentropy", "logits")
    (BCELoss(), BCEWithLogitsLoss())
    """
    known = forms(name)
    if takes is not None and takes not in known:
        raise UnknownNameError(f"form of the loss {name!r}", takes, known)
    return (known[takes] if takes is not None else next(iter(known.values())))()
